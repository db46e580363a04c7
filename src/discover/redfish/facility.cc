#include "discover/redfish/facility.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "base/strings.h"
#include "discover/import/rack_names.h"
#include "discover/parse.h"
#include "discover/redfish/inventory.h"

namespace freehold::discover::redfish {

namespace {

constexpr size_t feeds_of_a_rack = 8;  // the schema's
constexpr size_t domains_behind = 64;  // the schema's

api::PowerDomainType type_of_equipment(const std::string& type) {
  if (type == "PowerShelf") return api::PowerDomainType::shelf;
  if (type == "Bus") return api::PowerDomainType::busway;
  if (type == "BatteryShelf") return api::PowerDomainType::ups;
  return api::PowerDomainType::pdu;
}

// Whether it stays on the main that it is on when that fails: turned by hand, or kept from turning.
bool is_held(const Distribution& distribution) {
  const bool is_switch =
      distribution.type.ends_with("TransferSwitch") || !distribution.active_main.empty();
  return is_switch && (distribution.type == "ManualTransferSwitch" ||
                       distribution.transfers == false || distribution.is_inhibited == true);
}

// What may supply it: all of its mains, or the one that it is held on, where it says which.
std::vector<const Circuit*> mains_in_use(const Distribution& distribution) {
  std::vector<const Circuit*> out;
  for (const Circuit& main : distribution.mains) {
    if (is_held(distribution) && !main.key.empty() && main.key == distribution.active_main)
      return {&main};
    out.push_back(&main);
  }
  return out;
}

// How many of its mains in use must be up; 0: nobody says, so all. A transfer switch takes one or
// the other; held on one that it does not name, it may need any of them.
int64_t mains_needed(const Distribution& distribution) {
  if (is_held(distribution)) return 0;
  if (distribution.mains_needed > 0) return distribution.mains_needed;
  return distribution.type.ends_with("TransferSwitch") ? 1 : 0;
}

// Mains that take one another's place, and others that do not although there are several.
void tell_mains(const std::string& name, const Distribution& distribution,
                const std::vector<const Circuit*>& mains, size_t unknown, Inventory& into) {
  const size_t all = distribution.mains.size(), used = mains.size();
  if (all < 2) return;
  if (is_held(distribution))
    into.notes.push_back(
        name + ": does not change over by itself" +
        (used == 1 ? "; its active main " + mains[0]->key + " alone supplies it"
                   : ", and which of its mains is active is not known: each may be needed"));
  const int64_t needed = mains_needed(distribution);
  if (needed > 0 && needed < static_cast<int64_t>(used) && unknown > 0 && unknown < used)
    into.notes.push_back(name + ": what is behind " + std::to_string(unknown) + " of its " +
                         std::to_string(used) + " mains is not known here, so that it counts as " +
                         "down when only the others fail; complete its spec.suppliedBy");
}

api::PowerDomain make_domain(const std::string& name, const std::string& site,
                             api::PowerDomainType type, double capacity,
                             std::optional<double> load) {
  api::PowerDomain domain;
  domain.metadata.name = name;
  domain.spec.site = site;
  domain.spec.type = type;
  domain.spec.capacity = watts(capacity);
  if (!load) return domain;
  domain.status.load = watts(load);
  domain.status.basis = api::PowerBasis::measured;
  domain.status.meter = {watts(load), "redfish", {}};
  return domain;
}

}  // namespace

Quantity watts(std::optional<double> number) {
  if (!number) return {};
  return Quantity::of(static_cast<int64_t>(std::llround(*number * 1000)), Dimension::power);
}

std::string unique(std::string name, std::set<std::string>& taken, size_t most) {
  const std::string base = name;
  for (int n = 2; !taken.insert(name).second; ++n) {
    const std::string number = "-" + std::to_string(n);
    name = base.substr(0, most - number.size());
    while (name.ends_with('-') || name.ends_with('.')) name.pop_back();
    name += number;
  }
  return name;
}

std::optional<double> rated_watts(const Circuit& circuit) {
  std::string_view voltage = circuit.nominal_voltage;
  if (!circuit.amps || (!voltage.starts_with("AC") && !voltage.starts_with("DC")))
    return std::nullopt;
  voltage.remove_prefix(2);
  const auto volts = parse_int(voltage.substr(0, voltage.find_first_not_of("0123456789")));
  if (!volts || *volts <= 0) return std::nullopt;
  const double phases = circuit.wiring.starts_with("ThreePhase") ? std::sqrt(3.0) : 1;
  return *circuit.amps * static_cast<double>(*volts) * phases;
}

Facility::Facility(const Survey& survey, const ImportOptions& options)
    : survey_(survey), options_(options) {
  RackNames names;
  const auto name_rack = [&](const Place& place) {
    if (const std::string label = label_of(place.rack); !label.empty())
      rack_names_.emplace(
          std::array{label, place.row, place.room},
          names.name_of(label, clean_text(place.row, 63), clean_text(place.room, 63)));
  };
  for (const Chassis& one : survey.chassis) {
    chassis_.emplace(one.id, &one);
    name_rack(one.place);
  }
  // Equipment and its chassis are told twice; a row that differs is no second rack.
  const auto name_rack_of_equipment = [&](const Place& place) {
    const std::string label = label_of(place.rack);
    std::set<std::string> same;
    for (const auto& [at, name] : rack_names_)
      if (at[0] == label) same.insert(name);
    if (same.size() != 1) return name_rack(place);
    rack_names_.emplace(std::array{label, place.row, place.room}, *same.begin());
  };
  for (const CoolingUnit& one : survey.cooling_units) name_rack_of_equipment(one.place);
  for (const Distribution& one : survey.distributions) {
    name_rack_of_equipment(one.place);
    for (const auto* circuits : {&one.mains, &one.branches, &one.feeders})
      for (const Circuit& circuit : *circuits) {
        circuits_.emplace(circuit.id, &circuit);
        owner_.emplace(circuit.id, &one);
      }
    for (const Outlet& outlet : one.outlets) {
      outlets_.emplace(outlet.id, &outlet);
      owner_.emplace(outlet.id, &one);
    }
  }
}

const Chassis* Facility::chassis(std::string_view id) const {
  const auto at = chassis_.find(id);
  return at == chassis_.end() ? nullptr : at->second;
}

std::string Facility::rack_of(const Place& place) const {
  const auto at = rack_names_.find({label_of(place.rack), place.row, place.room});
  return at == rack_names_.end() ? std::string() : at->second;
}

Place Facility::place(std::string_view chassis_id) const {
  const Chassis* at = chassis(chassis_id);
  for (int depth = 0; at != nullptr && depth < 16; ++depth) {
    if (!at->place.rack.empty()) return at->place;
    at = chassis(at->contained_by);
  }
  return {};
}

api::NodePower Facility::power(const System& system) const {
  api::NodePower out;
  for (const std::string& id : system.chassis) {
    const Chassis* own = chassis(id);
    if (own == nullptr) continue;
    if (!out.nameplate.is_set()) out.nameplate = watts(own->capacity_watts);
    if (!out.measured.is_set()) out.measured = watts(own->consumed_watts);
    for (const PowerLimit& limit : survey_.limits)
      if (limit.owner == id && limit.mode != "Disabled" && !out.limit.is_set())
        out.limit = watts(limit.set_point);
  }
  if (out.nameplate.is_set() || out.measured.is_set() || out.limit.is_set()) out.source = "redfish";
  return out;
}

std::string Facility::name_of(std::string_view type, std::string_view id) const {
  std::string name = options_.name;
  if (!type.empty()) name += "-" + std::string(type);
  return label_of(name + "-" + last_part(id));
}

Place Facility::place_of_equipment(Place own, const std::vector<std::string>& ids) const {
  for (const std::string& id : ids) {
    const Place more = place(id);
    if (own.rack.empty()) own.rack = more.rack;
    if (own.row.empty()) own.row = more.row;
    if (own.room.empty()) own.room = more.room;
  }
  return own;
}

// What the mains may carry: of those that must be up, the weakest.
std::optional<double> Facility::capacity_of_mains(const Distribution& distribution) const {
  std::vector<double> ratings;
  for (const Circuit* main : mains_in_use(distribution)) {
    auto rating = rated_watts(*main);
    for (const std::string& source : main->sources)
      if (const auto at = circuits_.find(source); !rating && at != circuits_.end())
        rating = rated_watts(*at->second);
    if (!rating) return std::nullopt;
    ratings.push_back(*rating);
  }
  if (ratings.empty()) return std::nullopt;
  std::ranges::sort(ratings);
  const auto needed =
      is_held(distribution) ? size_t{1} : static_cast<size_t>(mains_needed(distribution));
  if (needed > 0 && needed < ratings.size()) ratings.resize(needed);
  double sum = 0;
  for (const double rating : ratings) sum += rating;
  return sum;
}

std::optional<double> Facility::capacity(const Distribution& distribution, const std::string& name,
                                         Inventory& into) const {
  const auto mains = capacity_of_mains(distribution);
  const auto told = capacity_told(distribution, name, into);
  if (!told || !mains || *told <= *mains) return told ? told : mains;
  into.notes.push_back(name + ": is said to carry " + std::to_string(std::llround(*told)) +
                       " W, and its mains carry " + std::to_string(std::llround(*mains)) +
                       " W by their ratings; the smaller value counts");
  return mains;
}

std::optional<double> Facility::capacity_told(const Distribution& distribution,
                                              const std::string& name, Inventory& into) const {
  if (distribution.capacity_va) {
    into.notes.push_back(name +
                         ": says volt-amperes; its capacity in watts holds at a power factor of 1");
    return distribution.capacity_va;
  }
  for (const std::string& id : distribution.chassis)
    if (const Chassis* own = chassis(id); own != nullptr && own->capacity_watts)
      return own->capacity_watts;
  return std::nullopt;
}

// Branches are domains of their own: a full branch trips before the whole unit does.
void Facility::branches(const Distribution& distribution, const std::string& name,
                        const std::string& above, Inventory& into) {
  for (const auto* circuits : {&distribution.branches, &distribution.feeders})
    for (const Circuit& circuit : *circuits) {
      const auto rating = rated_watts(circuit);
      if (!rating) continue;
      const std::string own = unique(label_of(name + "-" + last_part(circuit.id)), domain_names_);
      auto domain = make_domain(own, options_.site, type_of_equipment(distribution.type), *rating,
                                circuit.watts);
      if (!above.empty()) domain.spec.supplied_by.domains.push_back(above);
      domains_.emplace(circuit.id, own);
      into.power_domains.push_back(std::move(domain));
    }
}

void Facility::domain(const Distribution& distribution, Inventory& into) {
  const std::string name = unique(name_of(distribution.type, distribution.id), domain_names_);
  const auto capacity_watts = capacity(distribution, name, into);
  if (capacity_watts) {
    domains_.emplace(distribution.id, name);
    into.power_domains.push_back(make_domain(name, options_.site,
                                             type_of_equipment(distribution.type), *capacity_watts,
                                             distribution.load_watts));
  } else {
    into.notes.push_back(name + ": neither it nor its mains say how much they carry: left out");
  }
  branches(distribution, name, capacity_watts ? name : std::string(), into);
}

// The domain that an outlet or circuit hangs on: its branch's, or its unit's.
std::string Facility::domain_behind(const std::string& source) const {
  std::string at = source;
  if (const auto outlet = outlets_.find(source); outlet != outlets_.end()) {
    if (const auto branch = domains_.find(outlet->second->branch); branch != domains_.end())
      return branch->second;
  }
  if (const auto own = domains_.find(at); own != domains_.end()) return own->second;
  const auto unit = owner_.find(at);
  if (unit == owner_.end()) return {};
  const auto whole = domains_.find(unit->second->id);
  return whole == domains_.end() ? std::string() : whole->second;
}

void Facility::supply(const Distribution& distribution, Inventory& into) const {
  const auto own = domains_.find(distribution.id);
  if (own == domains_.end()) return;
  std::set<std::string> behind;
  const auto mains = mains_in_use(distribution);
  size_t unknown = 0;
  for (const Circuit* main : mains) {
    bool is_known = false;
    for (const std::string& source : main->sources) {
      std::string name = domain_behind(source);
      if (name.empty() || name == own->second) continue;
      is_known = true;
      if (behind.size() < domains_behind) behind.insert(std::move(name));
    }
    if (!is_known) ++unknown;
  }
  tell_mains(own->second, distribution, mains, unknown, into);
  if (behind.empty()) return;
  for (api::PowerDomain& domain : into.power_domains) {
    if (domain.metadata.name != own->second) continue;
    domain.spec.supplied_by.domains.assign(behind.begin(), behind.end());
    const auto count = static_cast<int64_t>(behind.size());
    const int64_t needed = mains_needed(distribution);
    domain.spec.supplied_by.required = needed > 0 ? std::min(needed, count) : count;
  }
}

// A service that shows neither systems nor power equipment, only a case with power supplies: that
// delivers power, as the controllers of some power shelves show themselves.
void Facility::lone_shelves(Inventory& into) {
  if (!survey_.systems.empty() || !survey_.distributions.empty()) return;
  for (const Chassis& one : survey_.chassis) {
    const auto supplies = std::ranges::count(survey_.power_supplies, one.id, &PowerSupply::owner);
    if (supplies == 0) continue;
    const std::string name = unique(name_of({}, one.id), domain_names_);
    if (!one.capacity_watts) {
      into.notes.push_back(name + ": does not say how much it delivers: left out");
      continue;
    }
    into.notes.push_back(name + ": a chassis with " + std::to_string(supplies) +
                         " power supplies and no system: taken as a power shelf");
    domains_.emplace(one.id, name);
    into.power_domains.push_back(make_domain(name, options_.site, api::PowerDomainType::shelf,
                                             *one.capacity_watts, one.consumed_watts));
  }
}

void Facility::cooling(Inventory& into) {
  for (const CoolingUnit& one : survey_.cooling_units) {
    const std::string name = unique(name_of(one.type, one.id), cooler_names_);
    const Quantity capacity = watts(one.capacity_watts);
    std::string text = "cooling unit " + name;
    text += capacity.is_set() ? ": of " + capacity.text() : ": does not say its capacity";
    if (one.heat_kw)
      text += ", carries " + humanize(std::llround(*one.heat_kw * 1e6), Dimension::power) + " now";
    text += "; list it in spec.cooling of the Site";
    if (const std::string rack = rack_of(one.place); !rack.empty())
      text += ", then name it in spec.cooling.unit of Rack " + rack;
    into.notes.push_back(std::move(text));
    for (const std::string& leak : one.leaks) into.notes.push_back(name + ": leak: " + leak);
  }
}

void Facility::racks(Inventory& into) const {
  std::map<std::string, api::Rack> racks;
  const auto rack = [&](const Place& place) -> api::Rack* {
    const std::string name = rack_of(place);
    if (name.empty()) return nullptr;
    api::Rack& out = racks[name];
    out.metadata.name = name;
    out.spec.site = options_.site;
    const std::string row = clean_text(place.row, 63);
    if (!row.empty() && !out.spec.row.empty() && out.spec.row != row)
      into.notes.push_back("rack " + name + ": row is " + out.spec.row + ", and " + row +
                           " is told, too");
    if (out.spec.row.empty()) out.spec.row = row;
    if (out.spec.room.empty()) out.spec.room = clean_text(place.room, 63);
    return &out;
  };
  for (const Chassis& one : survey_.chassis) {
    api::Rack* in = rack(one.place);
    if (in != nullptr && one.is_liquid_cooled) in->spec.cooling.type = api::CoolingType::liquid;
  }
  for (const Distribution& one : survey_.distributions) {
    api::Rack* in = rack(place_of_equipment(one.place, one.chassis));
    const auto domain = domains_.find(one.id);
    if (in == nullptr || domain == domains_.end()) continue;
    auto& feeds = in->spec.feeds;
    const bool is_feed = one.type == "RackPDU" || one.type == "PowerShelf";
    if (is_feed && feeds.size() < feeds_of_a_rack &&
        std::ranges::find(feeds, domain->second) == feeds.end())
      feeds.push_back(domain->second);
  }
  for (const CoolingUnit& one : survey_.cooling_units) {
    api::Rack* in = rack(one.place);
    if (in != nullptr) in->spec.cooling.type = api::CoolingType::liquid;
  }
  for (const auto& [at, name] : rack_names_)
    if (name != at[0])
      into.notes.push_back("rack " + at[0] + (at[1].empty() ? "" : " in row " + at[1]) +
                           (at[2].empty() ? "" : " in room " + at[2]) +
                           " is another than the one of that label; it is called " + name +
                           " here");
  for (auto& [name, one] : racks) into.racks.push_back(std::move(one));
}

void Facility::write(Inventory& into) {
  for (const Distribution& one : survey_.distributions) domain(one, into);
  for (const Distribution& one : survey_.distributions) supply(one, into);
  lone_shelves(into);
  cooling(into);
  racks(into);
  std::ranges::sort(into.power_domains, {}, [](const auto& d) { return d.metadata.name; });
}

void Facility::feed(const System* system, HostFacts& host) const {
  std::set<std::string> own(system->chassis.begin(), system->chassis.end());
  std::set<std::string> domains;
  const auto add = [&](const std::string& outlet) {
    if (std::string name = domain_behind(outlet); !name.empty()) domains.insert(std::move(name));
  };
  for (const PowerSupply& supply : survey_.power_supplies) {
    if (!own.contains(supply.owner)) continue;
    for (const std::string& outlet : supply.outlets) add(outlet);
    own.insert(supply.id);
  }
  for (const auto& [id, outlet] : outlets_)
    if (std::ranges::any_of(outlet->loads, [&](const auto& load) { return own.contains(load); }))
      add(id);
  for (const std::string& name : domains) {
    if (host.feeds.size() == feeds_of_a_rack) break;
    api::Feed feed;
    feed.domain = name;
    const auto count = static_cast<int64_t>(domains.size());
    // Whole percents that add up: the first takes what division leaves over.
    feed.share_percent = 100 / count + (host.feeds.empty() ? 100 % count : 0);
    host.feeds.push_back(std::move(feed));
  }
}

}  // namespace freehold::discover::redfish
