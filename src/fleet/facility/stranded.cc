#include "fleet/facility/stranded.h"

#include <algorithm>
#include <array>
#include <limits>
#include <map>

#include "fleet/facility/limits.h"

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

// What more a rack could use of what its feeds could give it alone, and what is in the way of more.
struct Use {
  int64_t growth = 0;    // of the machines that are there
  int64_t per_unit = 0;  // watts that a unit takes here; 0: nobody knows
  int64_t bearable = 0;  // free units by weight
  std::vector<Strander> bounds;
};

Use find_use(RackView& rack, const Density& density, const std::vector<Machine>& machines) {
  Use use;
  for (const uint32_t i : rack.machines)
    use.growth += std::max<int64_t>(0, machines[i].watts.most().mw - machines[i].counted.mw);
  use.per_unit = density.mw_per_unit();
  use.bearable = rack.free_units;
  if (rack.weight_room_kg >= 0 && density.kg > 0)
    use.bearable = std::min(use.bearable, rack.weight_room_kg * density.units / density.kg);
  const auto watts_in = [&](int64_t units) {
    if (units == 0) return use.growth;
    return use.per_unit == 0 ? no_limit : use.growth + units * use.per_unit;
  };
  struct Bound {
    Strander by;
    int64_t mw;
  };
  const std::array<Bound, 5> bounds{{
      {Strander::power, std::max<int64_t>(rack.power.mw, 0)},
      {Strander::space, watts_in(rack.free_units)},
      {Strander::weight, use.bearable < rack.free_units ? watts_in(use.bearable) : no_limit},
      {Strander::cooling, rack.cooling_room_mw < 0 ? no_limit : rack.cooling_room_mw},
      {Strander::network, rack.is_networked ? no_limit : use.growth},
  }};
  rack.usable_mw = no_limit;
  for (const Bound& bound : bounds) rack.usable_mw = std::min(rack.usable_mw, bound.mw);
  for (const Bound& bound : bounds)
    if (bound.mw == rack.usable_mw) use.bounds.push_back(bound.by);
  return use;
}

// Of what racks want together, the part that the domains between them and the grid have. No watt is
// given to two racks.
class Shares {
 public:
  explicit Shares(const Facility& facility) {
    for (const DomainView& domain : facility.domains)
      left_.push_back(domain.domain == nullptr ? no_limit
                                               : std::max<int64_t>(0, domain.headroom_mw));
  }
  static int64_t on_domain(int64_t mw, int64_t weight) {
    return mw / 1000 * weight + mw % 1000 * weight / 1000;
  }
  // Scales `wanted`, in order of the racks, to what there is, and takes it.
  void take(const std::vector<RackView>& racks, std::vector<int64_t>& wanted) {
    std::vector<int64_t> sums(left_.size(), 0);
    for (size_t r = 0; r < racks.size(); ++r)
      for (const auto& [domain, weight] : racks[r].power.weights)
        sums[domain] = std::min(no_limit / 2, sums[domain] + on_domain(wanted[r], weight));
    for (size_t r = 0; r < racks.size(); ++r) {
      double share = 1;
      for (const auto& [domain, weight] : racks[r].power.weights)
        if (weight > 0 && sums[domain] > left_[domain])
          share = std::min(share,
                           static_cast<double>(left_[domain]) / static_cast<double>(sums[domain]));
      if (share < 1) wanted[r] = static_cast<int64_t>(share * static_cast<double>(wanted[r]));
    }
    for (size_t r = 0; r < racks.size(); ++r)
      for (const auto& [domain, weight] : racks[r].power.weights)
        if (left_[domain] != no_limit)
          left_[domain] = std::max<int64_t>(0, left_[domain] - on_domain(wanted[r], weight));
  }
  int64_t left(uint32_t domain) const { return material(left_[domain]); }
  static int64_t material(int64_t mw) { return mw < least_watts_mw ? 0 : mw; }

 private:
  std::vector<int64_t> left_;
};

void name_reasons(RackView& rack, const Use& use, int64_t used) {
  const auto add = [&](Strander by) {
    if (std::find(rack.why.begin(), rack.why.end(), by) == rack.why.end()) rack.why.push_back(by);
  };
  if (rack.stranded_mw > 0)
    for (const Strander by : use.bounds) {
      add(by);
      if (by == Strander::space && rack.gpus > 0 && rack.free_gpus == 0) add(Strander::gpus);
    }
  const int64_t for_new = std::max<int64_t>(0, used - use.growth);
  const int64_t fed = use.per_unit > 0 ? (for_new + 1'000) / use.per_unit
                      : for_new > 0    ? rack.free_units
                                       : 0;
  rack.stranded_units = std::max<int64_t>(0, rack.free_units - fed);
  if (rack.stranded_units == 0) return;
  // Where space is no bound, the others keep units empty whatever the neighbours take.
  if (std::find(use.bounds.begin(), use.bounds.end(), Strander::space) == use.bounds.end())
    for (const Strander by : use.bounds) add(by);
  if (used < rack.usable_mw) add(Strander::power);  // the neighbours want it, too
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

// What keeps a rack from taking more out of `domain`: its own line of supply has no more for it, or
// only the lines beside it have not.
Strander limit_of(const RackView& rack, uint32_t domain, const Facility& facility) {
  if (rack.stranded_mw > 0 && !rack.why.empty()) return rack.why.front();
  for (const auto& [d, weight] : rack.power.weights) {
    const DomainView& view = facility.domains[d];
    if (view.domain == nullptr || weight <= 0) continue;
    const int64_t spare = std::max<int64_t>(0, view.headroom_mw);
    if (spare - least_watts_mw > Shares::on_domain(rack.power.mw, weight)) continue;
    if (is_behind(*facility.supply, domain, d) || is_behind(*facility.supply, d, domain))
      return Strander::power;
  }
  return Strander::balance;
}

// By domain: whether what hangs on it can draw no more, because something that it hangs on, too,
// has no more.
std::vector<uint8_t> find_exhausted(const Facility& facility) {
  const auto& domains = facility.supply->domains();
  const auto& order = facility.supply->order();
  std::vector<uint8_t> out(domains.size(), 0);
  for (auto d = order.rbegin(); d != order.rend(); ++d) {
    const DomainView& view = facility.domains[*d];
    out[*d] = view.domain != nullptr && view.headroom_mw < least_watts_mw ? 1 : 0;
    for (const uint32_t s : domains[*d].suppliers) out[*d] |= out[s];
  }
  for (const uint32_t d : order)
    for (const uint32_t c : domains[d].consumers)
      if (facility.domains[c].is_used) out[d] |= out[c];
  return out;
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
  std::vector<Use> uses;
  std::vector<int64_t> used, idle;
  for (uint32_t r = 0; r < facility.racks.size(); ++r) {
    RackView& rack = facility.racks[r];
    uses.push_back(find_use(rack, densities.at(r, rack.site), facility.machines));
    used.push_back(rack.usable_mw);
    idle.push_back(std::max<int64_t>(0, rack.power.mw - rack.usable_mw));
  }
  Shares shares(facility);
  shares.take(facility.racks, used);
  for (uint32_t d = 0; d < facility.domains.size(); ++d)
    if (facility.domains[d].is_used && facility.domains[d].domain != nullptr &&
        !supply.domains()[d].stands_by)
      facility.domains[d].stranded_mw = shares.left(d);
  shares.take(facility.racks, idle);
  std::vector<std::map<Strander, int>> limits(facility.domains.size());
  for (size_t r = 0; r < facility.racks.size(); ++r) {
    RackView& rack = facility.racks[r];
    if (rack.power.mw < 0) continue;
    rack.stranded_mw = Shares::material(idle[r]);
    name_reasons(rack, uses[r], used[r]);
    for (const auto& [domain, weight] : rack.power.weights)
      if (weight > 0 && facility.domains[domain].stranded_mw > 0)
        ++limits[domain][limit_of(rack, domain, facility)];
  }
  // Where no rack hangs on a domain, nothing more has a place there.
  const std::vector<uint8_t> exhausted = find_exhausted(facility);
  for (size_t d = 0; d < limits.size(); ++d) {
    DomainView& view = facility.domains[d];
    if (limits[d].empty() && view.stranded_mw > 0)
      view.why.push_back(exhausted[d] != 0 ? Strander::power : Strander::space);
    std::vector<std::pair<int, Strander>> order;
    for (const auto& [by, racks] : limits[d]) order.emplace_back(-racks, by);
    std::sort(order.begin(), order.end());
    for (const auto& [racks, by] : order) view.why.push_back(by);
  }
}

}  // namespace freehold::fleet::facility
