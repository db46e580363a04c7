#include "fleet/facility/what_if.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

#include "fleet/facility/cooling.h"
#include "fleet/facility/limits.h"
#include "fleet/facility/uncounted.h"

namespace freehold::fleet::facility {
namespace {

Result<void> check(const Estate& estate, const RackMove& move, const api::Rack& rack) {
  const std::string& site = move.site ? *move.site : rack.spec.site;
  if (move.site && !estate.sites.contains(*move.site))
    return Error{Reason::not_found, "there is no site \"" + *move.site + "\""};
  if (move.feeds)
    for (const std::string& feed : *move.feeds) {
      if (!estate.domains.contains(feed))
        return Error{Reason::not_found, "there is no PowerDomain \"" + feed + "\""};
      if (std::ranges::count(*move.feeds, feed) > 1)
        return Error{Reason::bad_request, "feeds names \"" + feed + "\" twice"};
    }
  if (move.cooling_unit && !move.cooling_unit->empty()) {
    const auto at = estate.sites.find(site);
    if (at == estate.sites.end() ||
        std::ranges::find(at->second->spec.cooling, *move.cooling_unit, &api::CoolingUnit::name) ==
            at->second->spec.cooling.end())
      return Error{Reason::not_found,
                   "site " + site + " has no cooling unit \"" + *move.cooling_unit + "\""};
  }
  return {};
}

// What moves along with a rack: machines and strips by what each hangs on.
class Wiring {
 public:
  Wiring(const Estate& estate, const std::string& rack, const std::vector<std::string>& before,
         const std::vector<std::string>& after)
      : estate_(estate), rack_(rack), before_(before), after_(after) {
    find_strips();
  }

  // Domains that hang on a feed of the rack, and carry machines of this rack alone: power strips.
  std::vector<api::PowerDomain> strips() const {
    std::vector<api::PowerDomain> out;
    for (const std::string_view name : strips_) {
      api::PowerDomain strip = *estate_.domains.at(name);
      auto& [required, domains] = strip.spec.supplied_by;
      const auto is_of_feed = [&](const std::string& d) { return is_old(d); };
      if (is_matched()) {
        for (std::string& domain : domains)
          if (is_old(domain)) domain = in_place_of(domain);
      } else if (std::erase_if(domains, is_of_feed) > 0) {
        domains.insert(domains.end(), after_.begin(), after_.end());
      }
      required = std::min(required, static_cast<int64_t>(domains.size()));
      out.push_back(std::move(strip));
    }
    return out;
  }

  // The machine as it would hang on the new feeds; false when nothing changes for it.
  bool rehang(api::Node& node) const {
    if (node.spec.feeds.empty()) return false;
    bool is_changed = false;
    for (api::Feed& feed : node.spec.feeds) {
      if (strips_.contains(feed.domain)) continue;
      if (!is_old(feed.domain) || !is_matched()) {
        node.spec.feeds.clear();
        return true;
      }
      feed.domain = in_place_of(feed.domain);
      is_changed = true;
    }
    return is_changed;
  }

 private:
  bool is_matched() const { return before_.size() == after_.size(); }
  bool is_old(std::string_view domain) const {
    return std::ranges::find(before_, domain) != before_.end();
  }
  const std::string& in_place_of(const std::string& domain) const {
    const auto at = std::ranges::find(before_, domain);
    return after_[static_cast<size_t>(at - before_.begin())];
  }

  // From the machines up, as far as this rack alone hangs on it; of that, what only the rack's
  // feeds supply, at whatever depth.
  void find_strips() {
    std::set<std::string_view> used_here, used_elsewhere{before_.begin(), before_.end()};
    used_elsewhere.insert(after_.begin(), after_.end());
    for (const auto& [name, node] : estate_.nodes)
      for (const api::Feed& feed : node->spec.feeds)
        (node->spec.rack == rack_ ? used_here : used_elsewhere).insert(feed.domain);
    for (const auto& [name, rack] : estate_.racks)
      used_elsewhere.insert(rack->spec.feeds.begin(), rack->spec.feeds.end());
    std::map<std::string_view, std::vector<std::string_view>> below;
    for (const auto& [name, domain] : estate_.domains)
      for (const std::string& by : domain->spec.supplied_by.domains) below[by].push_back(name);

    std::map<std::string_view, size_t> open;  // of what hangs on it, how much is of other racks yet
    for (const auto& [name, names] : below) open[name] = names.size();
    std::vector<std::string_view> queue(used_here.begin(), used_here.end());
    while (!queue.empty()) {
      const std::string_view name = queue.back();
      queue.pop_back();
      const auto at = estate_.domains.find(name);
      if (at == estate_.domains.end() || at->second->spec.supplied_by.domains.empty() ||
          used_elsewhere.contains(name) || open[name] > 0 || !strips_.insert(at->first).second)
        continue;
      for (const std::string& by : at->second->spec.supplied_by.domains)
        if (--open[by] == 0) queue.push_back(by);
    }
    for (const std::string_view name : std::vector(strips_.begin(), strips_.end()))
      if (!is_within(name)) queue.push_back(name);
    while (!queue.empty()) {
      const std::string_view name = queue.back();
      queue.pop_back();
      if (strips_.erase(name) > 0)
        queue.insert(queue.end(), below[name].begin(), below[name].end());
    }
  }
  bool is_within(std::string_view name) const {
    return std::ranges::all_of(
        estate_.domains.at(name)->spec.supplied_by.domains,
        [&](const std::string& d) { return is_old(d) || strips_.contains(d); });
  }

  const Estate& estate_;
  const std::string& rack_;
  const std::vector<std::string>&before_, &after_;
  std::set<std::string_view> strips_;  // keys of the estate
};

int64_t stranded(const Facility& facility) {
  int64_t sum = 0;
  for (const RackView& rack : facility.racks) sum += rack.stranded_mw;
  return sum;
}

// What a survey measured; of what is measured twice, the more.
class Amounts {
 public:
  explicit Amounts(const Facility& facility) {
    for (const Finding& finding : facility.findings)
      for (const Measure& measure : finding.measures) {
        const auto [at, is_new] = amounts_.try_emplace(key(measure), measure.amount);
        if (!is_new) at->second = std::max(at->second, measure.amount);
      }
  }
  bool has(const Measure& measure) const { return amounts_.contains(key(measure)); }
  bool has_less(const Measure& measure) const {
    const auto at = amounts_.find(key(measure));
    return at == amounts_.end() || measure.amount > at->second + rounding(measure.kind);
  }
  bool has_more(const Measure& measure) const {
    const auto at = amounts_.find(key(measure));
    return at != amounts_.end() && at->second > measure.amount + rounding(measure.kind);
  }

 private:
  using Key = std::pair<FindingKind, std::string_view>;  // views of the facility's subjects
  static Key key(const Measure& measure) { return {measure.kind, measure.subject}; }
  // Parts of a load are rounded up, one by one: the same load in other parts is no other load.
  static int64_t rounding(FindingKind kind) {
    const bool is_split =
        kind == FindingKind::overloaded || kind == FindingKind::overloaded_if_one_fails;
    return is_split ? least_watts_mw : 0;
  }
  std::map<Key, int64_t> amounts_;
};

void compare_findings(const Facility& before, const Facility& after, Difference& out) {
  const Amounts then(before), now(after);
  for (const Finding& finding : after.findings)
    if (std::ranges::any_of(finding.measures, [&](const auto& m) { return then.has_less(m); }))
      out.new_findings.push_back(finding);
    else if (std::ranges::any_of(finding.measures, [&](const auto& m) { return then.has_more(m); }))
      out.eased.push_back(finding);
  for (const Finding& finding : before.findings)
    if (std::ranges::none_of(finding.measures, [&](const auto& m) { return now.has(m); }))
      out.solved.push_back(finding);
}

using Feeds = std::vector<std::pair<std::string_view, int64_t>>;  // domain and share

// By name: the feeds of machines that count for nothing, or too little.
std::map<std::string_view, Feeds> feeds_of_unknown(const Facility& facility) {
  std::map<std::string_view, Feeds> out;
  const Supply& supply = *facility.supply;
  for (size_t i = 0; i < facility.machines.size(); ++i) {
    const Machine& machine = facility.machines[i];
    if (!is_uncounted(machine)) continue;
    Feeds& feeds = out[machine.node->metadata.name];
    if (const uint32_t group = supply.group_of()[i]; group != none)
      for (const Supply::Group::Feed& feed : supply.groups()[group].feeds)
        feeds.emplace_back(supply.domains()[feed.domain].name, feed.share);
  }
  return out;
}

// Where something stands that counts for nothing there: a rack, and its first unit or what it may
// weigh.
using Spot = std::pair<std::string_view, int64_t>;

std::map<std::string_view, Spot> spots_without_height(const Facility& facility) {
  std::map<std::string_view, Spot> out;
  for (const Machine& machine : facility.machines)
    if (machine.rack != none && machine.height == 0 && facility.racks[machine.rack].rack != nullptr)
      out[machine.node->metadata.name] = {facility.racks[machine.rack].name,
                                          machine.node->spec.unit};
  return out;
}

std::map<std::string_view, Spot> spots_without_weight(const Facility& facility) {
  std::map<std::string_view, Spot> out;
  for (const Machine& machine : facility.machines) {
    if (machine.rack == none || (machine.type != nullptr && machine.type->spec.weight_kg > 0))
      continue;
    const RackView& rack = facility.racks[machine.rack];
    if (rack.rack != nullptr && rack.rack->spec.weight_limit_kg > 0)
      out[machine.node->metadata.name] = {rack.name, rack.rack->spec.weight_limit_kg};
  }
  return out;
}

// Those that were not there before, or hung or stood elsewhere.
template <class T>
std::vector<std::string> moved(const std::map<std::string_view, T>& before,
                               const std::map<std::string_view, T>& after) {
  std::vector<std::string> out;
  for (const auto& [name, where] : after)
    if (const auto at = before.find(name); at == before.end() || at->second != where)
      out.emplace_back(name);
  return out;
}

// Where power is described at all.
std::map<std::string_view, int64_t> without_feeds(const Facility& facility) {
  std::map<std::string_view, int64_t> out;
  if (facility.domains.empty()) return out;
  for (size_t i = 0; i < facility.machines.size(); ++i)
    if (facility.supply->group_of()[i] == none) out[facility.machines[i].node->metadata.name] = 0;
  return out;
}

// What was there and is not known, where something else came.
class Beside {
 public:
  Beside(const Facility& before, const Facility& after) : before_(before), after_(after) {
    for (const Machine& machine : before.machines)
      machines_.emplace(machine.node->metadata.name, &machine);
    for (const RackView& rack : before.racks) racks_.emplace(rack.name, &rack);
  }

  void add_to(Difference& out) const {
    add_below_what_has_less_left(out.without_watts);
    for (const RackView& rack : after_.racks) {
      if (rack.rack == nullptr) continue;
      add_by_height(rack, out.without_height);
      add_by_weight(rack, out.without_weight);
    }
    for (auto* names : {&out.without_watts, &out.without_height, &out.without_weight}) {
      std::ranges::sort(*names);
      names->erase(std::ranges::unique(*names).begin(), names->end());
    }
  }

 private:
  static const std::string& name_of(const Machine& machine) { return machine.node->metadata.name; }
  static int64_t weight_of(const Machine& machine) {
    return machine.type == nullptr ? 0 : machine.type->spec.weight_kg;
  }
  static std::string_view unit_of(const RackView& rack) {
    return rack.rack == nullptr ? std::string_view() : rack.rack->spec.cooling.unit;
  }
  // The machine as it stood in this rack; null when it did not.
  const Machine* stood(const RackView& rack, const Machine& machine) const {
    const auto at = machines_.find(name_of(machine));
    if (at == machines_.end() || at->second->rack == none) return nullptr;
    return before_.racks[at->second->rack].name == rack.name ? at->second : nullptr;
  }
  const RackView* rack_before(const RackView& rack) const {
    const auto at = racks_.find(rack.name);
    return at == racks_.end() ? nullptr : at->second;
  }

  void add_below_what_has_less_left(std::vector<std::string>& names) const {
    std::vector<uint32_t> domains;
    for (uint32_t d = 0; d < after_.domains.size(); ++d) {
      const uint32_t then = before_.supply->find(after_.domains[d].name);
      const DomainView* was = then == none ? nullptr : &before_.domains[then];
      if (was == nullptr || was->domain == nullptr ||
          is_beyond(was->headroom_mw, after_.domains[d].headroom_mw))
        domains.push_back(d);
    }
    for (const uint32_t machine : uncounted_below(after_, domains))
      names.push_back(name_of(after_.machines[machine]));
    add_by_heat(names);
  }

  void add_by_heat(std::vector<std::string>& names) const {
    std::map<std::pair<std::string_view, std::string_view>, const CoolingView*> units;
    for (const CoolingView& unit : before_.cooling)
      units.try_emplace({unit.site, unit.name}, &unit);
    const auto is_warmer = [&](const CoolingView& unit) {
      const auto at = units.find({unit.site, unit.name});
      return unit.capacity_mw >= 0 &&
             (at == units.end() || unit.heat_mw > at->second->heat_mw ||
              at->second->capacity_mw < 0 || unit.capacity_mw < at->second->capacity_mw);
    };
    const CoolingChains chains(after_);
    for (const RackView& rack : after_.racks) {
      const RackView* was = rack_before(rack);
      const bool is_moved = was != nullptr && was->rack != nullptr &&
                            (was->site != rack.site || unit_of(*was) != unit_of(rack));
      bool counts = rack.cooling_limit_mw >= 0 &&
                    (was == nullptr || rack.load_mw > was->load_mw || was->cooling_limit_mw < 0 ||
                     rack.cooling_limit_mw < was->cooling_limit_mw);
      for (const uint32_t u : chains.of(rack)) {
        const CoolingView& unit = after_.cooling[u];
        counts = counts || is_warmer(unit) || (is_moved && unit.capacity_mw >= 0);
      }
      if (!counts) continue;
      for (const uint32_t machine : rack.machines)
        if (is_uncounted(after_.machines[machine]))
          names.push_back(name_of(after_.machines[machine]));
    }
  }

  // A machine without a height ends below the next one that stood above it before.
  void add_by_height(const RackView& rack, std::vector<std::string>& names) const {
    std::vector<int64_t> came, stayed;  // units, ascending as the machines are
    for (const uint32_t m : rack.machines) {
      const Machine& machine = after_.machines[m];
      const Machine* was = stood(rack, machine);
      const int64_t unit = machine.node->spec.unit;
      const bool is_new =
          was == nullptr || was->node->spec.unit != unit || machine.height > was->height;
      (is_new ? came : stayed).push_back(unit);
    }
    const RackView* was = rack_before(rack);
    const bool is_smaller = was == nullptr || was->rack == nullptr || rack.units < was->units;
    if (came.empty() && !is_smaller) return;
    for (const uint32_t m : rack.machines) {
      const Machine& machine = after_.machines[m];
      if (machine.height > 0) continue;
      const int64_t unit = machine.node->spec.unit;
      const auto next = std::ranges::upper_bound(came, unit),
                 end = std::ranges::upper_bound(stayed, unit);
      const bool is_met = next != came.end() && (end == stayed.end() || *next < *end);
      const bool is_anywhere = !came.empty() && (unit == 0 || came.front() == 0);
      if (is_smaller || is_met || is_anywhere) names.push_back(name_of(machine));
    }
  }

  void add_by_weight(const RackView& rack, std::vector<std::string>& names) const {
    if (rack.rack->spec.weight_limit_kg == 0) return;
    const bool is_heavier = std::ranges::any_of(rack.machines, [&](uint32_t m) {
      const Machine& machine = after_.machines[m];
      const Machine* was = stood(rack, machine);
      return was == nullptr || weight_of(machine) > weight_of(*was);
    });
    if (!is_heavier) return;
    for (const uint32_t m : rack.machines)
      if (weight_of(after_.machines[m]) == 0) names.push_back(name_of(after_.machines[m]));
  }

  const Facility &before_, &after_;
  std::map<std::string_view, const Machine*> machines_;  // of before
  std::map<std::string_view, const RackView*> racks_;    // of before
};

bool is_error(const Finding& finding) { return finding.severity == Severity::error; }

}  // namespace

Result<std::vector<api::Object>> move_rack(const Estate& estate, const RackMove& move) {
  const auto found = estate.racks.find(move.rack);
  if (found == estate.racks.end())
    return Error{Reason::not_found, "there is no rack \"" + move.rack + "\""};
  TRY(check(estate, move, *found->second));
  api::Rack rack = *found->second;
  const std::vector<std::string> before = rack.spec.feeds;
  if (move.site) rack.spec.site = *move.site;
  if (move.room) rack.spec.room = *move.room;
  if (move.row) rack.spec.row = *move.row;
  if (move.position) rack.spec.position = *move.position;
  if (move.cooling_unit) rack.spec.cooling.unit = *move.cooling_unit;
  if (move.feeds) rack.spec.feeds = *move.feeds;
  std::vector<api::Object> out;
  std::optional<Wiring> wiring;
  if (move.feeds) wiring.emplace(estate, move.rack, before, *move.feeds);
  if (wiring)
    for (api::PowerDomain& strip : wiring->strips()) {
      if (move.site) strip.spec.site = *move.site;
      out.push_back(api::Object::of(std::move(strip)));
    }
  for (const auto& [name, there] : estate.nodes) {
    if (there->spec.rack != move.rack) continue;
    api::Node node = *there;
    bool is_changed = wiring && wiring->rehang(node);
    if (move.site && !node.spec.site.empty() && node.spec.site != *move.site) {
      node.spec.site = *move.site;
      is_changed = true;
    }
    if (is_changed) out.push_back(api::Object::of(std::move(node)));
  }
  out.push_back(api::Object::of(std::move(rack)));
  return out;
}

bool holds(const Facility& facility) { return std::ranges::none_of(facility.findings, is_error); }

Difference compare(const Facility& before, const Facility& after) {
  Difference out;
  std::map<std::string, DomainChange> domains;
  for (const DomainView& view : before.domains) domains[view.name].before = &view;
  for (const DomainView& view : after.domains) domains[view.name].after = &view;
  for (auto& [name, change] : domains) {
    const auto facts = [](const DomainView* view) {
      return view == nullptr ? std::tuple<int64_t, int64_t, int64_t>(-1, -1, -1)
                             : std::tuple(view->load_mw, view->worst.load_mw, view->headroom_mw);
    };
    if (facts(change.before) == facts(change.after)) continue;
    change.domain = name;
    out.domains.push_back(change);
  }
  std::map<std::string_view, const RackView*> racks;
  for (const RackView& rack : before.racks) racks.emplace(rack.name, &rack);
  for (const RackView& rack : after.racks) {
    const auto facts = [](const RackView& r) {
      return std::tuple(r.load_mw, r.power.mw, r.cooling_room_mw, r.free_units, r.site, r.room,
                        r.row, r.position);
    };
    const auto at = racks.find(rack.name);
    if (at == racks.end() || facts(*at->second) != facts(rack)) out.racks.push_back(rack.name);
  }
  compare_findings(before, after, out);
  out.holds_after = std::ranges::none_of(out.new_findings, is_error);
  out.without_watts = moved(feeds_of_unknown(before), feeds_of_unknown(after));
  out.without_height = moved(spots_without_height(before), spots_without_height(after));
  out.without_weight = moved(spots_without_weight(before), spots_without_weight(after));
  out.without_feeds = moved(without_feeds(before), without_feeds(after));
  Beside(before, after).add_to(out);
  out.stranded_before_mw = stranded(before);
  out.stranded_after_mw = stranded(after);
  return out;
}

}  // namespace freehold::fleet::facility
