#include "fleet/facility/stranded.h"

#include <algorithm>
#include <array>
#include <limits>
#include <map>

namespace freehold::fleet::facility {
namespace {

constexpr int64_t no_limit = std::numeric_limits<int64_t>::max();

struct Density {
  int64_t mw = 0, kg = 0, units = 0;

  void add(const Machine& machine) {
    const Watts most = machine.watts.most();
    if (machine.height == 0 || !most.is_known()) return;
    mw += most.mw;
    kg += machine.type == nullptr ? 0 : machine.type->spec.weight_kg;
    units += machine.height;
  }
  int64_t mw_per_unit() const { return units == 0 ? 0 : mw / units; }
};

struct Densities {
  std::map<uint32_t, Density> racks;
  std::map<std::string, Density> sites;
  Density all;

  explicit Densities(const Facility& facility) {
    for (const Machine& machine : facility.machines) {
      all.add(machine);
      if (machine.rack == none) continue;
      racks[machine.rack].add(machine);
      sites[facility.racks[machine.rack].site].add(machine);
    }
  }
  Density at(uint32_t rack, const std::string& site) const {
    if (const auto at = racks.find(rack); at != racks.end() && at->second.mw > 0) return at->second;
    if (const auto at = sites.find(site); at != sites.end() && at->second.mw > 0) return at->second;
    return all;
  }
};

void strand(RackView& rack, const Density& density, const std::vector<Machine>& machines) {
  if (rack.power.mw < 0) return;
  int64_t growth = 0;  // of machines that are there
  for (const uint32_t i : rack.machines)
    growth += std::max<int64_t>(0, machines[i].watts.most().mw - machines[i].counted.mw);
  const int64_t per_unit = density.mw_per_unit();
  const auto watts_in = [&](int64_t units) {
    if (units == 0) return growth;
    return per_unit == 0 ? no_limit : growth + units * per_unit;
  };
  const int64_t cooling = rack.cooling_room_mw < 0 ? no_limit : rack.cooling_room_mw;
  int64_t bearable = rack.free_units;
  if (rack.weight_room_kg >= 0 && density.kg > 0)
    bearable = std::min(bearable, rack.weight_room_kg * density.units / density.kg);
  struct Bound {
    Strander by;
    int64_t mw;
  };
  const std::array<Bound, 4> bounds{{
      {Strander::space, watts_in(rack.free_units)},
      {Strander::weight, bearable < rack.free_units ? watts_in(bearable) : no_limit},
      {Strander::cooling, cooling},
      {Strander::network, rack.is_networked ? no_limit : growth},
  }};
  rack.usable_mw = rack.power.mw;
  for (const Bound& bound : bounds) rack.usable_mw = std::min(rack.usable_mw, bound.mw);
  rack.stranded_mw = rack.power.mw - rack.usable_mw;
  const auto add = [&](Strander by) {
    if (std::find(rack.why.begin(), rack.why.end(), by) == rack.why.end()) rack.why.push_back(by);
  };
  if (rack.stranded_mw > 0)
    for (const Bound& bound : bounds)
      if (bound.mw == rack.usable_mw) {
        add(bound.by);
        if (bound.by == Strander::space && rack.gpus > 0 && rack.free_gpus == 0)
          add(Strander::gpus);
      }
  const int64_t fed = std::min(rack.power.mw, cooling);
  const int64_t for_new = std::max<int64_t>(0, fed - growth);
  const int64_t feedable = per_unit > 0 ? for_new / per_unit : for_new > 0 ? rack.free_units : 0;
  const int64_t most_units = std::min(bearable, feedable);
  rack.stranded_units = std::max<int64_t>(0, rack.free_units - most_units);
  if (rack.stranded_units == 0) return;
  if (bearable < rack.free_units && bearable <= feedable)
    add(Strander::weight);
  else
    add(cooling < rack.power.mw ? Strander::cooling : Strander::power);
}

bool is_behind(const Supply& supply, uint32_t domain, uint32_t behind) {
  std::vector<uint32_t> seen{domain};
  for (size_t i = 0; i < seen.size(); ++i) {
    if (seen[i] == behind) return true;
    for (const uint32_t s : supply.domains()[seen[i]].suppliers)
      if (std::find(seen.begin(), seen.end(), s) == seen.end()) seen.push_back(s);
  }
  return false;
}

// What keeps a rack from taking more out of `domain`.
Strander limit_of(const RackView& rack, uint32_t domain, const Supply& supply) {
  if (rack.stranded_mw > 0 && !rack.why.empty()) return rack.why.front();
  const uint32_t by = rack.power.domain;
  const bool apart = by != none && by != domain && !is_behind(supply, domain, by) &&
                     !is_behind(supply, by, domain);
  return apart ? Strander::balance : Strander::power;
}

}  // namespace

std::string_view strander_text(Strander strander) {
  static constexpr std::array<std::string_view, 7> texts{"space",   "power",   "cooling", "weight",
                                                         "balance", "network", "gpus"};
  return texts[static_cast<size_t>(strander)];
}

void find_stranded(Facility& facility) {
  const Densities densities(facility);
  const Supply& supply = *facility.supply;
  std::vector<int64_t> usable(facility.domains.size(), 0);
  for (uint32_t r = 0; r < facility.racks.size(); ++r) {
    RackView& rack = facility.racks[r];
    strand(rack, densities.at(r, rack.site), facility.machines);
    for (const auto& [domain, weight] : rack.power.weights)
      usable[domain] += rack.usable_mw / 1000 * weight + rack.usable_mw % 1000 * weight / 1000;
  }
  std::vector<std::map<Strander, int>> limits(facility.domains.size());
  for (uint32_t d = 0; d < facility.domains.size(); ++d) {
    DomainView& view = facility.domains[d];
    if (view.domain == nullptr || supply.domains()[d].stands_by) continue;
    view.stranded_mw = std::max<int64_t>(0, view.headroom_mw - usable[d]);
  }
  for (const RackView& rack : facility.racks)
    for (const auto& [domain, weight] : rack.power.weights)
      if (weight > 0 && facility.domains[domain].stranded_mw > 0)
        ++limits[domain][limit_of(rack, domain, supply)];
  for (size_t d = 0; d < limits.size(); ++d) {
    std::vector<std::pair<int, Strander>> order;
    for (const auto& [by, racks] : limits[d]) order.emplace_back(-racks, by);
    std::sort(order.begin(), order.end());
    for (const auto& [racks, by] : order) facility.domains[d].why.push_back(by);
  }
}

}  // namespace freehold::fleet::facility
