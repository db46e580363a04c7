// facility: racks with power, cooling, space and GPUs, what is stranded, and what-ifs; from a
// control plane or from files.
#include "cli/facility.h"

#include <map>

#include "api/registry.h"
#include "base/strings.h"
#include "cli/cli.h"
#include "cli/connect.h"
#include "cli/documents.h"
#include "cli/objects.h"
#include "json/patch.h"

namespace freehold::cli {

namespace {

namespace ff = fleet::facility;

// The objects, kept where the estate points to. A copy shares them.
struct Stock {
  std::map<std::string, api::Object> objects;  // by key: what is told anew replaces
  ff::Estate estate;

  void take(std::vector<api::Object> more) {
    for (api::Object& object : more) {
      estate.put(object);
      objects.insert_or_assign(object.key(), std::move(object));
    }
    estate.allocations.clear();
    for (const auto& [key, object] : objects)
      if (const auto* allocation = object.as<api::Allocation>();
          allocation != nullptr && takes_capacity(*allocation))
        estate.allocations.push_back(&allocation->spec);
  }

  bool takes_capacity(const api::Allocation& allocation) const {
    if (allocation.spec.owner != "freehold") return true;
    const auto offer =
        objects.find(api::kind_of<api::Offer>().key(allocation.metadata.ns, allocation.spec.offer));
    return offer != objects.end() && api::counts(offer->second.as<api::Offer>()->status.phase);
  }
};

// An object that is told twice in different words is a mistake that only its author can decide; the
// same words twice, as where a folder and a file of it are given, are none.
Result<std::vector<api::Object>> from_files(const std::vector<std::string>& files) {
  std::vector<api::Object> out;
  const std::vector<Document> documents = TRY(read_documents(files, "default"));
  std::map<std::string, const Document*> known;
  for (const Document& document : documents) {
    api::Object object = TRY(object_of(document));
    const auto [at, is_new] =
        known.try_emplace(document.kind->key(document.ns, document.name), &document);
    if (is_new)
      out.push_back(std::move(object));
    else if (at->second->body != document.body)
      return Error{Reason::bad_request, std::string(document.kind->singular) + "/" + document.name +
                                            " is given twice, and not alike; keep one of them"};
  }
  return out;
}

Result<std::vector<api::Object>> from_server(const ClientOptions& client) {
  const auto session = TRY(Session::open(client));
  std::vector<api::Object> out;
  for (const api::Kind* kind :
       {&api::kind_of<api::Site>(), &api::kind_of<api::Rack>(), &api::kind_of<api::PowerDomain>(),
        &api::kind_of<api::HardwareProfile>(), &api::kind_of<api::DeviceModel>(),
        &api::kind_of<api::Fabric>(), &api::kind_of<api::StoragePool>(), &api::kind_of<api::Node>(),
        &api::kind_of<api::Offer>(), &api::kind_of<api::Allocation>()}) {
    auto objects = TRY(session->list({kind, {}, {}}));
    std::move(objects.begin(), objects.end(), std::back_inserter(out));
  }
  return out;
}

// What a change makes of an object, refused where `apply` would refuse it.
Result<api::Object> as_read(const api::Object& object) {
  const api::ObjectMeta& meta = object.meta();
  return object_of({&object.kind(), meta.ns, meta.name, api::to_json(object)});
}

// "a=1,b=2" with known keys.
Result<std::map<std::string, std::string>> pairs_of(const std::string& text,
                                                    std::initializer_list<std::string_view> keys) {
  std::map<std::string, std::string> out;
  std::string known;
  for (const std::string_view key : keys) known += (known.empty() ? "" : ", ") + std::string(key);
  for (const std::string_view part : split(text, ',')) {
    const size_t at = part.find('=');
    const std::string_view key = part.substr(0, at);
    if (at == std::string_view::npos || std::find(keys.begin(), keys.end(), key) == keys.end())
      return Error{Reason::bad_request,
                   "\"" + std::string(part) + "\" is not KEY=VALUE with a key out of " + known};
    if (!out.emplace(key, part.substr(at + 1)).second)
      return Error{Reason::bad_request, "\"" + std::string(key) + "\" is given twice"};
  }
  return out;
}

Result<int64_t> number_in(const std::map<std::string, std::string>& pairs, const std::string& key) {
  const auto at = pairs.find(key);
  if (at == pairs.end()) return int64_t{0};
  const auto number = parse_int(at->second);
  if (!number || *number < 0 || *number > 1'000'000)
    return Error{Reason::bad_request, key + " must be a number that is not negative"};
  return *number;
}

// As a Rack would be refused, and in the same words.
Result<void> check_rack(const std::string& name, const api::RackSpec& spec) {
  api::Rack rack;
  rack.metadata.name = name;
  rack.spec = spec;
  if (rack.spec.site.empty()) rack.spec.site = "any";
  TRY(as_read(api::Object::of(std::move(rack))));
  return {};
}

Result<ff::RackAsk> ask_of(const std::string& text, const std::string& site) {
  const auto pairs = TRY(pairs_of(text, {"power", "units", "cooling", "weight"}));
  ff::RackAsk ask;
  ask.site = site;
  const auto power = pairs.find("power");
  if (power == pairs.end())
    return Error{Reason::bad_request, "--place-rack needs the power of the rack: power=40kW"};
  const auto watts = Quantity::parse(power->second, Dimension::power);
  if (!watts) return Error{Reason::bad_request, "power: " + watts.error().message};
  ask.power_mw = watts->value();
  if (ask.power_mw <= 0) return Error{Reason::bad_request, "power must be more than 0 W"};
  ask.units = TRY(number_in(pairs, "units"));
  ask.weight_kg = TRY(number_in(pairs, "weight"));
  api::RackSpec spec;
  if (pairs.contains("units")) spec.units = ask.units;
  spec.weight_limit_kg = ask.weight_kg;
  TRY(check_rack("new", spec));
  const auto cooling = pairs.find("cooling");
  if (cooling == pairs.end()) return ask;
  if (cooling->second != "air" && cooling->second != "liquid")
    return Error{Reason::bad_request, "cooling is air or liquid"};
  ask.cooling = cooling->second == "air" ? api::CoolingType::air : api::CoolingType::liquid;
  return ask;
}

Result<ff::RackMove> move_of(const std::string& rack, const std::string& to) {
  const auto pairs =
      TRY(pairs_of(to, {"site", "room", "row", "position", "feeds", "cooling-unit"}));
  ff::RackMove move;
  move.rack = rack;
  const auto take = [&](const char* key, std::optional<std::string>& into) {
    if (const auto at = pairs.find(key); at != pairs.end()) into = at->second;
  };
  take("site", move.site);
  take("room", move.room);
  take("row", move.row);
  take("position", move.position);
  take("cooling-unit", move.cooling_unit);
  if (const auto feeds = pairs.find("feeds"); feeds != pairs.end()) {
    move.feeds.emplace();
    for (const std::string_view feed : split(feeds->second, '+')) move.feeds->emplace_back(feed);
  }
  api::RackSpec spec;
  spec.site = move.site.value_or("");
  spec.room = move.room.value_or("");
  spec.row = move.row.value_or("");
  spec.position = move.position.value_or("");
  spec.cooling.unit = move.cooling_unit.value_or("");
  if (move.feeds) spec.feeds = *move.feeds;
  TRY(check_rack(rack, spec));
  return move;
}

// As `apply` would: documents change the object of their name, or are new.
Result<std::vector<api::Object>> changed_by(const std::vector<std::string>& files,
                                            const Stock& stock) {
  std::map<std::string, api::Object> known = stock.objects;  // as far as it is changed
  std::vector<api::Object> out;
  for (Document& document : TRY(read_documents(files, "default"))) {
    const std::string key = document.kind->key(document.ns, document.name);
    if (const auto at = known.find(key); at != known.end())
      document.body = json::merge_patch(api::to_json(at->second), document.body);
    out.push_back(TRY(object_of(document)));
    known.insert_or_assign(key, out.back());
  }
  return out;
}

int show_difference(const Stock& stock, std::vector<api::Object> changed,
                    const FacilityOptions& o) {
  Stock fork = stock;
  fork.take(std::move(changed));
  const ff::Footing footing = o.basis == "now" ? ff::Footing::now : ff::Footing::most;
  const ff::Facility before = ff::survey(stock.estate, footing);
  const ff::Facility after = ff::survey_change(fork.estate, before);
  const Output output = o.output;
  put(output == Output::json || output == Output::yaml
          ? document(difference_json(before, after), output)
          : difference_text(before, after, terminal(stdout)));
  const ff::Difference difference = ff::compare(before, after);
  return difference.holds_after && difference.is_known() ? done : refused;
}

// What the options ask for, read before anything is looked at.
struct Asked {
  ff::RackMove move;
  ff::RackAsk place;
};
Result<Asked> asked_for(const FacilityOptions& o) {
  Asked asked;
  if (!o.move_rack.empty()) asked.move = TRY(move_of(o.move_rack, o.to));
  if (!o.place_rack.empty()) asked.place = TRY(ask_of(o.place_rack, o.site));
  return asked;
}

Result<int> run_facility(const ClientOptions& client, const FacilityOptions& o,
                         const Asked& asked) {
  Stock stock;
  stock.take(o.files.empty() ? TRY(from_server(client)) : TRY(from_files(o.files)));
  const Terminal t = terminal(stdout);
  const bool is_document = o.output == Output::json || o.output == Output::yaml;
  if (!o.site.empty() && !stock.estate.sites.contains(o.site))
    return Error{Reason::not_found, "there is no site \"" + o.site + "\""};
  if (!o.what_if.empty()) return show_difference(stock, TRY(changed_by(o.what_if, stock)), o);
  if (!o.move_rack.empty())
    return show_difference(stock, TRY(ff::move_rack(stock.estate, asked.move)), o);
  if (!o.place_rack.empty()) {
    const ff::Footing footing = o.basis == "now" ? ff::Footing::now : ff::Footing::most;
    const auto places = ff::place_rack(stock.estate, asked.place, footing);
    put(is_document ? document(places_json(places), o.output)
                    : places_text(places, o.output == Output::wide, t));
    return places.fitting > 0 ? done : refused;
  }
  const ff::Footing footing = o.basis == "most" ? ff::Footing::most : ff::Footing::now;
  const ff::Facility facility = ff::survey(stock.estate, footing);
  if (!o.rack.empty() && facility.rack(o.rack) == nullptr)
    return Error{Reason::not_found, "there is no rack \"" + o.rack + "\""};
  const FacilityView view{o.site, o.rack, o.output == Output::wide};
  if (o.is_plan)
    put(facility_plan(facility, view));
  else if (is_document)
    put(document(facility_json(stock.estate, facility, view), o.output));
  else
    put(facility_text(stock.estate, facility, view, t));
  return done;
}

}  // namespace

int facility(const ClientOptions& client, const FacilityOptions& options) {
  const auto asked = asked_for(options);
  if (!asked) return complain_usage(asked.error());
  const auto code = run_facility(client, options, *asked);
  return code ? *code : complain(code.error());
}

}  // namespace freehold::cli
