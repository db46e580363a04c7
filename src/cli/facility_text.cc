// A facility as tables.
#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "base/strings.h"
#include "cli/facility.h"
#include "fleet/facility/concern.h"
#include "fleet/facility/overhead.h"

namespace freehold::cli {

namespace {

using namespace fleet::facility;  // NOLINT: every name here is of it

constexpr size_t most_rows = 40;  // of a table, unless all are asked for

std::string of(const std::string& used, const std::string& all) { return used + "/" + all; }

std::string rows_left(size_t rows, std::string_view what) {
  return rows <= most_rows ? ""
                           : "… and " + std::to_string(rows - most_rows) + " more " +
                                 std::string(what) + "; -o wide shows all\n";
}

std::string count(int64_t number, std::string_view one, std::string_view many) {
  return std::to_string(number) + " " + std::string(number == 1 ? one : many);
}

bool is_shown(const RackView& rack, const FacilityView& view) {
  return (view.site.empty() || rack.site == view.site) &&
         (view.rack.empty() || rack.name == view.rack);
}

std::string room_limit(const Room& room, const Supply& supply) {
  if (room.domain == none) return "-";
  std::string out = supply.domains()[room.domain].name;
  if (room.failed != none) out += " if " + supply.domains()[room.failed].name + " fails";
  return out;
}

std::string heading(std::string_view text, const Terminal& t) {
  return "\n" + paint(text, Colour::bold, t) + "\n";
}

// What machines draw together; those that are not there yet are told apart.
class Draw {
 public:
  void add(const Machine& machine) {
    const int64_t mw = std::max<int64_t>(0, machine.counted.mw);
    load_mw_ += mw;
    if (machine.watts.is_absent()) {
      ++absent_;
      absent_mw_ += mw;
    }
    if (machine.counted.origin == Origin::absent) return;
    is_drawn_ = true;
    is_at_least_ = is_at_least_ || machine.counted.is_at_least();
    basis_ = std::min(basis_, machine.counted.basis());
  }
  std::string text(Footing footing) const {
    std::string out;
    if (is_drawn_)
      out += (footing == Footing::now ? "; they draw " : "; they may draw ") +
             std::string(is_at_least_ ? "at least " : "") + watts_text(load_mw_) + " (" +
             api::enum_text(basis_) + ")";
    if (absent_ == 0) return out;
    if (footing == Footing::most)
      return out + ", of it " + watts_text(absent_mw_) + " once " +
             count(absent_, "machine that is ordered is", "machines that are ordered are") +
             " there";
    return out + "; " +
           count(absent_, "is ordered and draws nothing yet", "are ordered and draw nothing yet");
  }

 private:
  int64_t load_mw_ = 0, absent_mw_ = 0, absent_ = 0;
  bool is_drawn_ = false, is_at_least_ = false;
  api::PowerBasis basis_ = api::PowerBasis::capped;
};

// What there is, in one paragraph.
std::string summary(const Estate& estate, const Facility& f, const FacilityView& view) {
  int64_t racks = 0, machines = 0, gpus = 0, free_gpus = 0, stranded = 0, units = 0;
  Draw draw;
  std::array<int64_t, 7> by{};
  for (const RackView& rack : f.racks) {
    if (!is_shown(rack, view)) continue;
    ++racks;
    stranded += rack.stranded_mw;
    units += rack.stranded_units;
    if (rack.stranded_mw > 0 && !rack.why.empty())
      by[static_cast<size_t>(rack.why.front())] += rack.stranded_mw;
  }
  for (const Machine& machine : f.machines) {
    const RackView* rack = machine.rack == none ? nullptr : &f.racks[machine.rack];
    if (rack != nullptr
            ? !is_shown(*rack, view)
            : !view.rack.empty() || (!view.site.empty() && machine.node->spec.site != view.site))
      continue;
    ++machines;
    gpus += machine.gpus;
    free_gpus += machine.free_gpus;
    draw.add(machine);
  }
  std::string out =
      count(static_cast<int64_t>(view.site.empty() ? estate.sites.size() : 1), "site", "sites") +
      ", " + count(racks, "rack", "racks") + ", " + count(machines, "machine", "machines") + ", " +
      count(gpus, "GPU", "GPUs") + " (" + std::to_string(free_gpus) + " free)" +
      draw.text(f.footing) + ".\n";
  if (stranded == 0 && units == 0) return out;
  out += "Stranded: ";
  if (stranded > 0) {
    std::string causes;
    for (size_t i = 0; i < by.size(); ++i)
      if (by[i] > 0)
        causes += (causes.empty() ? "" : ", ") + watts_text(by[i]) + " by " +
                  std::string(strander_text(static_cast<Strander>(i)));
    out += watts_text(stranded) + " (" + causes + ")" + (units > 0 ? ", " : "");
  }
  if (units > 0) out += count(units, "rack unit", "rack units");
  return out + ".\n";
}

// "260", "260+" where some of its machines are not weighed.
std::string weight_text(const RackView& rack) {
  if (rack.weight_kg == 0 && rack.without_weight > 0) return "?";
  return std::to_string(rack.weight_kg) + (rack.without_weight > 0 ? "+" : "");
}

std::string racks_text(const Facility& f, const FacilityView& view, const Terminal& t) {
  std::vector<std::string> headers{"RACK",    "ROW",        "POWER",     "",         "LEFT",
                                   "COOLING", "UNITS FREE", "GPUS FREE", "STRANDED", "WHY"};
  if (view.whole)
    headers.insert(headers.end(), {"SITE", "ROOM", "POSITION", "BASIS", "LIMITED BY", "KG"});
  Table table(headers);
  size_t rows = 0;
  for (const RackView& rack : f.racks) {
    if (!is_shown(rack, view) || (++rows > most_rows && !view.whole)) continue;
    std::string stranded = rack.stranded_mw > 0 ? watts_text(rack.stranded_mw) : "";
    if (rack.stranded_units > 0)
      stranded += (stranded.empty() ? "" : ", ") + std::to_string(rack.stranded_units) + "U";
    std::vector<std::string> row{
        rack.name,
        rack.row.empty() ? "-" : rack.row,
        of(watts_text(rack.load_mw), watts_text(rack.capacity_mw)),
        rack.capacity_mw < 0 ? "" : bar(rack.load_mw, rack.capacity_mw),
        watts_text(rack.power.mw),
        rack.cooling_limit_mw < 0 ? watts_text(rack.cooling_room_mw) + " left"
                                  : of(watts_text(rack.load_mw), watts_text(rack.cooling_limit_mw)),
        of(std::to_string(rack.free_units), std::to_string(rack.units)),
        of(std::to_string(rack.free_gpus), std::to_string(rack.gpus)),
        stranded.empty() ? "-" : stranded,
        why_text(rack.why)};
    if (rack.cooling_limit_mw < 0 && rack.cooling_room_mw < 0) row[5] = "-";
    if (view.whole)
      row.insert(row.end(), {rack.site, rack.room, rack.position, api::enum_text(rack.basis),
                             room_limit(rack.power, *f.supply), weight_text(rack)});
    table.add(std::move(row));
  }
  if (table.empty()) return "No racks found.\n";
  return table.text(t) + (view.whole ? "" : rows_left(rows, "racks"));
}

std::string machines_text(const Facility& f, const RackView& rack, const Terminal& t) {
  Table table({"UNIT", "NODE", "HIGH", "GPUS FREE", "MEASURED", "CONTRACTS", "LIMIT", "NAMEPLATE",
               "NAMEPLATE BY"});
  for (const uint32_t i : rack.machines) {
    const Machine& m = f.machines[i];
    table.add({m.node->spec.unit == 0 ? "-" : std::to_string(m.node->spec.unit),
               m.node->metadata.name, m.height == 0 ? "-" : std::to_string(m.height),
               of(std::to_string(m.free_gpus), std::to_string(m.gpus)),
               watts_text(m.watts.measured.mw), watts_text(m.watts.model.mw),
               watts_text(m.watts.limit.mw), watts_text(m.watts.nameplate.mw),
               std::string(origin_text(m.watts.nameplate.origin))});
  }
  return table.empty() ? "" : heading("Machines", t) + table.text(t);
}

// Of those whose watts somebody knows. Alike neighbours share a row; each draws what it says.
std::string devices_text(const Estate& estate, const Facility& f, const RackView& rack,
                         const FacilityView& view, const Terminal& t) {
  const Models models(estate.models);
  Table table({"NODE", "DEVICES", "FROM", "TO", "MODEL", "MEASURED", "LIMIT", "NAMEPLATE"});
  size_t rows = 0;
  for (const uint32_t i : rack.machines) {
    const api::Node& node = *f.machines[i].node;
    const std::vector<DeviceWatts> all = device_watts(node, estate, models);
    for (auto at = all.begin(); at != all.end();) {
      const auto end = std::find_if_not(at, all.end(), [&](const DeviceWatts& other) {
        return other.model == at->model && other.measured.mw == at->measured.mw &&
               other.limit.mw == at->limit.mw && other.nameplate.mw == at->nameplate.mw;
      });
      const auto number = end - at;
      const DeviceWatts& first = *std::exchange(at, end);
      if (!first.measured.is_known() && !first.limit.is_known() && !first.nameplate.is_known())
        continue;
      if (++rows > most_rows && !view.whole) continue;
      table.add({node.metadata.name, std::to_string(number), first.id, std::prev(end)->id,
                 first.model, watts_text(first.measured.mw), watts_text(first.limit.mw),
                 watts_text(first.nameplate.mw)});
    }
  }
  if (table.empty()) return "";
  return heading("Devices, watts of each", t) + table.text(t) +
         (view.whole ? "" : rows_left(rows, "rows"));
}

bool is_shown(const DomainView& domain, const FacilityView& view) {
  return view.site.empty() || (domain.domain != nullptr && domain.domain->spec.site == view.site);
}

// Which of the loads count more than what hangs on them.
std::string overheads_text(const std::vector<const DomainView*>& shown) {
  std::string out;
  size_t number = 0;
  for (const DomainView* d : shown) {
    const std::string with = with_pue_text(d->pue_milli);
    if (with.empty() || !d->is_used || ++number > most_rows) continue;
    out += (out.empty() ? "Counted" : ",") + std::string(out.empty() ? ": " : " ") +
           printable(d->name) + with;
  }
  if (number > most_rows) out += " and " + std::to_string(number - most_rows) + " more";
  return out.empty() ? "" : out + ".\n";
}

std::string domains_text(const Facility& f, const FacilityView& view, const Terminal& t) {
  std::vector<const DomainView*> shown;
  for (const DomainView& domain : f.domains)
    if (is_shown(domain, view)) shown.push_back(&domain);
  // The tightest first: that is what a person looks for.
  const auto share = [](const DomainView* d) {
    const int64_t capacity = d->domain == nullptr ? 0 : d->domain->spec.capacity.value();
    return capacity <= 0 ? 2.0
                         : static_cast<double>(d->headroom_mw) / static_cast<double>(capacity);
  };
  std::stable_sort(shown.begin(), shown.end(),
                   [&](const auto* a, const auto* b) { return share(a) < share(b); });
  Table table(
      {"POWER DOMAIN", "TYPE", "LOAD", "", "BASIS", "AT WORST", "IF", "LEFT", "STRANDED", "WHY"});
  size_t rows = 0;
  for (const DomainView* d : shown) {
    if (++rows > most_rows && !view.whole) continue;
    const bool is_known = d->domain != nullptr, is_loaded = d->is_used || d->meter_mw >= 0;
    const int64_t capacity = is_known ? d->domain->spec.capacity.value() : -1;
    const std::string left = !is_known             ? "-"
                             : d->headroom_mw >= 0 ? watts_text(d->headroom_mw)
                                                   : "-" + watts_text(-d->headroom_mw);
    table.add(
        {d->name, is_known ? api::enum_text(d->domain->spec.type) : "unknown",
         of(is_loaded ? watts_text(d->load_mw) : "-", watts_text(capacity)),
         is_known ? bar(d->load_mw, capacity) : "", api::enum_text(d->basis),
         is_loaded ? watts_text(d->worst.load_mw) : "-",
         d->worst.failed == none ? "now" : f.supply->domains()[d->worst.failed].name + " fails",
         left, d->stranded_mw > 0 ? watts_text(d->stranded_mw) : "-", why_text(d->why)});
  }
  if (table.empty()) return "";
  return heading("Power: load, and at worst with any one other domain failed", t) + table.text(t) +
         (view.whole ? "" : rows_left(rows, "domains")) + overheads_text(shown);
}

std::string cooling_text(const Facility& f, const FacilityView& view, const Terminal& t) {
  Table table({"COOLING UNIT", "SITE", "BY", "HEAT", "", "BEHIND IT"});
  for (const CoolingView& unit : f.cooling)
    if (view.site.empty() || unit.site == view.site)
      table.add({unit.name, unit.site, api::enum_text(unit.type),
                 of(watts_text(unit.heat_mw), watts_text(unit.capacity_mw)),
                 unit.capacity_mw < 0 ? "" : bar(unit.heat_mw, unit.capacity_mw),
                 unit.supplied_by.empty() ? "-" : unit.supplied_by});
  return table.empty() ? "" : heading("Cooling", t) + table.text(t);
}

std::string pools_text(const Estate& estate, const FacilityView& view, const Terminal& t) {
  Table table(
      {"STORAGE POOL", "SITE", "BY", "CAPACITY FREE", "READ FREE", "WRITE FREE", "HELD BY"});
  for (const auto& [name, pool] : estate.pools) {
    const api::StoragePoolSpec& spec = pool->spec;
    if (!view.site.empty() && spec.site != view.site) continue;
    int64_t bytes = 0, read = 0, write = 0;
    const auto add = [](int64_t& sum, const Quantity& more) {
      sum = more.value() > INT64_MAX - sum ? INT64_MAX : sum + more.value();
    };
    for (const api::StorageCommitment& held : spec.commitments) {
      add(bytes, held.capacity);
      add(read, held.read_throughput);
      add(write, held.write_throughput);
    }
    const auto free = [](const Quantity& all, int64_t held, Dimension dimension) {
      if (!all.is_set()) return std::string("-");
      return humanize(std::max<int64_t>(0, all.value() - held), dimension) + " of " +
             humanize(all.value(), dimension);
    };
    table.add({std::string(name), spec.site, spec.technology.empty() ? "-" : spec.technology,
               free(spec.capacity, bytes, Dimension::bytes),
               free(spec.read_throughput, read, Dimension::bandwidth),
               free(spec.write_throughput, write, Dimension::bandwidth),
               std::to_string(spec.commitments.size())});
  }
  return table.empty() ? "" : heading("Storage", t) + table.text(t);
}

std::string links_text(const Estate& estate, const FacilityView& view, const Terminal& t) {
  Table table({"SITE", "TO", "BANDWIDTH", "ROUND TRIP", "PRICE"});
  for (const auto& [name, site] : estate.sites)
    for (const api::SiteLink& link : site->spec.links)
      if (view.site.empty() || name == view.site || link.site == view.site) {
        const auto text = [](const Quantity& q) {
          return q.is_set() ? q.text() : std::string("-");
        };
        table.add({std::string(name), link.site, text(link.bandwidth), text(link.latency),
                   text(link.price_per_gb)});
      }
  return table.empty() ? "" : heading("Links to other sites", t) + table.text(t);
}

std::string finding_line(const Finding& finding, const Terminal& t) {
  static constexpr std::array<std::string_view, 3> words{"note", "warning", "error"};
  static constexpr std::array<Colour, 3> colours{Colour::dim, Colour::busy, Colour::bad};
  const auto at = static_cast<size_t>(finding.severity);
  return paint(words[at], colours[at], t) + "  " + printable(finding.about) + ": " +
         printable(finding.text) + "\n";
}

std::string not_listed(size_t findings) {
  return findings <= most_findings
             ? ""
             : "… and " + std::to_string(findings - most_findings) + " more that are not listed\n";
}

// Under a heading of their own.
std::string findings_under(std::string_view title, const std::vector<Finding>& findings,
                           const Terminal& t) {
  if (findings.empty()) return "";
  std::string out = heading(title, t);
  for (size_t i = 0; i < std::min(findings.size(), most_findings); ++i)
    out += finding_line(findings[i], t);
  return out + not_listed(findings.size());
}

std::string findings_text(const Estate& estate, const Facility& f, const FacilityView& view,
                          const Terminal& t) {
  std::string out;
  size_t rows = 0;
  for (const Finding* finding : findings_in(estate, f, view))
    if (++rows <= most_rows || (view.whole && rows <= most_findings))
      out += finding_line(*finding, t);
  if (out.empty()) return "";
  out = heading("Findings", t) + out;
  return out + (view.whole ? not_listed(rows) : rows_left(rows, "findings"));
}

}  // namespace

std::string watts_text(int64_t mw) { return mw < 0 ? "-" : humanize(mw, Dimension::power); }

std::vector<const Finding*> findings_in(const Estate& estate, const Facility& facility,
                                        const FacilityView& view) {
  if (const RackView* rack = view.rack.empty() ? nullptr : facility.rack(view.rack))
    return findings_of(facility, *rack);
  if (!view.site.empty()) return findings_at(facility, estate, view.site);
  std::vector<const Finding*> all;
  for (const Finding& finding : facility.findings) all.push_back(&finding);
  return all;
}

std::string why_text(const std::vector<Strander>& why) {
  std::string out;
  for (const Strander by : why) out += (out.empty() ? "" : ", ") + std::string(strander_text(by));
  return out.empty() ? "-" : out;
}

std::string bar(int64_t used, int64_t all) {
  static constexpr std::array<std::string_view, 8> parts{" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const double share =
      all <= 0 ? (used > 0 ? 1 : 0) : static_cast<double>(used) / static_cast<double>(all);
  const auto eighths = static_cast<size_t>(std::clamp(share, 0.0, 1.0) * 80);
  std::string out;
  for (size_t i = 0; i < 10; ++i)
    out += eighths >= 8 * (i + 1) ? "█" : eighths > 8 * i ? parts[eighths - 8 * i] : "·";
  return out;
}

std::string facility_text(const Estate& estate, const Facility& facility, const FacilityView& view,
                          const Terminal& t) {
  std::string out = summary(estate, facility, view) + "\n" + racks_text(facility, view, t);
  if (!view.rack.empty()) {
    if (const RackView* rack = facility.rack(view.rack)) {
      out += machines_text(facility, *rack, t) + devices_text(estate, facility, *rack, view, t);
      out += "\nOne more watt is limited by " +
             printable(room_limit(rack->power, *facility.supply)) +
             (rack->cooling_by.empty() ? "" : "; heat by " + rack->cooling_by) +
             ". Largest gap: " + count(rack->largest_gap, "unit", "units") + ".\n";
      const std::vector<const Finding*> findings = findings_in(estate, facility, view);
      if (!findings.empty()) out += heading("Findings of it and of what feeds and cools it", t);
      for (size_t i = 0; i < std::min(findings.size(), most_findings); ++i)
        out += finding_line(*findings[i], t);
      out += not_listed(findings.size());
    }
    return out;
  }
  return out + domains_text(facility, view, t) + cooling_text(facility, view, t) +
         pools_text(estate, view, t) + links_text(estate, view, t) +
         findings_text(estate, facility, view, t);
}

// ---- what-ifs

namespace {

// What nobody says of machines and now counts, with the remedy: "what m draws; set spec.nameplate".
std::string unknown_of(const Difference& difference) {
  struct Unknown {
    const std::vector<std::string>& nodes;
    std::string_view before, one, many, remedy;
  };
  std::vector<std::string> out;
  for (const Unknown& u :
       {Unknown{difference.without_watts, "what ", " draws", " draw", "spec.nameplate"},
        Unknown{difference.without_height, "how high ", " is", " are", "spec.height"},
        Unknown{difference.without_weight, "what ", " weighs", " weigh",
                "spec.expectedModel, and weightKg of the DeviceModel"},
        Unknown{difference.without_feeds, "what feeds ", "", "",
                "spec.feeds of the node or of its rack"}})
    if (!u.nodes.empty())
      out.push_back(std::string(u.before) +
                    (u.nodes.size() == 1
                         ? u.nodes.front() + std::string(u.one)
                         : std::to_string(u.nodes.size()) + " machines" + std::string(u.many)) +
                    "; set " + std::string(u.remedy));
  return join(out, "; nor ");
}

// Whether it holds, in one line.
std::string verdict(const Difference& difference, const Facility& after, const Terminal& t) {
  const auto errors = [](const std::vector<Finding>& findings) {
    return std::ranges::count(findings, Severity::error, &Finding::severity);
  };
  if (!difference.holds_after)
    return paint("It does not hold", Colour::bad, t) + ": " +
           count(errors(difference.new_findings), "error is", "errors are") + " new or worse.\n";
  if (!difference.is_known())
    return paint("It is not known whether it holds", Colour::busy, t) + ": nobody says " +
           unknown_of(difference) + ".\n";
  if (holds(after)) return paint("It holds", Colour::good, t) + ": no finding is an error.\n";
  const int64_t eased = errors(difference.eased), same = errors(after.findings) - eased;
  std::vector<std::string> stay;
  if (same > 0) stay.push_back(count(same, "stays as it was", "stay as they were"));
  if (eased > 0) stay.push_back(count(eased, "is less than it was", "are less than they were"));
  return paint("It holds", Colour::good, t) + ": no error is new; " + join(stay, ", ") + ".\n";
}

}  // namespace

std::string difference_text(const Facility& before, const Facility& after, const Terminal& t) {
  const Difference difference = compare(before, after);
  std::string out = verdict(difference, after, t);
  out += "Stranded: " + watts_text(difference.stranded_before_mw) + " before, " +
         watts_text(difference.stranded_after_mw) + " after.\n";
  const auto load = [](const DomainView* v) { return v == nullptr ? "-" : watts_text(v->load_mw); };
  const auto worst = [](const DomainView* v) {
    return v == nullptr ? "-" : watts_text(v->worst.load_mw);
  };
  const auto left = [](const DomainView* v) {
    if (v == nullptr || v->domain == nullptr) return std::string("-");
    return v->headroom_mw >= 0 ? watts_text(v->headroom_mw) : "-" + watts_text(-v->headroom_mw);
  };
  Table domains({"POWER DOMAIN", "LOAD", "THEN", "AT WORST", "THEN", "LEFT", "THEN", "IF"});
  for (const DomainChange& c : difference.domains)
    domains.add({c.domain, load(c.before), load(c.after), worst(c.before), worst(c.after),
                 left(c.before), left(c.after),
                 c.after == nullptr || c.after->worst.failed == none
                     ? "now"
                     : after.supply->domains()[c.after->worst.failed].name + " fails"});
  if (!domains.empty()) out += "\n" + domains.text(t);
  Table racks(
      {"RACK", "POWER", "THEN", "LEFT", "THEN", "COOLING LEFT", "THEN", "UNITS FREE", "THEN"});
  for (const std::string& name : difference.racks) {
    const RackView *b = before.rack(name), *a = after.rack(name);
    racks.add({name, b == nullptr ? "-" : watts_text(b->load_mw), watts_text(a->load_mw),
               b == nullptr ? "-" : watts_text(b->power.mw), watts_text(a->power.mw),
               b == nullptr ? "-" : watts_text(b->cooling_room_mw), watts_text(a->cooling_room_mw),
               b == nullptr ? "-" : std::to_string(b->free_units), std::to_string(a->free_units)});
  }
  if (!racks.empty()) out += "\n" + racks.text(t);
  if (domains.empty() && racks.empty()) out += "Nothing changes for any rack or domain.\n";
  return out + findings_under("New or worse", difference.new_findings, t) +
         findings_under("Less than before", difference.eased, t) +
         findings_under("No longer", difference.solved, t);
}

std::string places_text(const RackPlaces& places, bool whole, const Terminal& t) {
  Table table({"SITE", "ROOM", "ROW", "POSITION", "PLACE", "FEEDS", "FITS", "MARGIN", "BECAUSE"});
  size_t rows = 0;
  const size_t most = whole ? places.best.size() : 10;
  for (const RackPlace& place : places.best) {
    if (++rows > most) continue;
    table.add(
        {place.site, place.room.empty() ? "-" : place.room, place.row.empty() ? "-" : place.row,
         place.position.empty() ? "-" : place.position,
         place.rack.empty()    ? "new, like " + place.like
         : place.machines == 0 ? "rack " + place.rack
                               : "in rack " + place.rack,
         (place.with_own_feeds ? "new, like " : "") + join(place.feeds, "+"),
         !place.fits      ? "False"
         : place.is_known ? "True"
                          : "Unknown",
         place.margin_mw < 0 ? "-" + watts_text(-place.margin_mw) : watts_text(place.margin_mw),
         place.reason});
  }
  if (table.empty())
    return "There is no place to try: no rack stands empty, and no row has numbered positions.\n";
  const auto fitting = static_cast<int64_t>(places.fitting);
  const bool is_whole = places.best.size() == places.tried;
  return count(fitting, "place fits", "places fit") + " of " + std::to_string(places.tried) +
         " that were tried" +
         (places.unknown > 0 ? "; of " + std::to_string(places.unknown) + " it is not known" : "") +
         (is_whole ? "" : "; the best " + std::to_string(places.best.size()) + " are kept") +
         ".\n" +
         (places.is_cut ? "There are more places, which were not tried; ask for one --site.\n"
                        : "") +
         "\n" + table.text(t) +
         (rows > most ? "… and " + std::to_string(rows - most) + " more; -o wide shows " +
                            (is_whole ? "all" : "those that are kept") + "\n"
                      : "");
}

}  // namespace freehold::cli
