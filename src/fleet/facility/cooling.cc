#include "fleet/facility/cooling.h"

#include <algorithm>

#include "fleet/facility/limits.h"

namespace freehold::fleet::facility {
namespace {

std::string watts(int64_t mw) { return humanize(mw, Dimension::power); }

}  // namespace

Cooling::Cooling(const Estate& estate, const std::vector<RackView>& racks,
                 std::vector<Finding>& findings) {
  for (const auto& [name, site] : estate.sites)
    for (const api::CoolingUnit& unit : site->spec.cooling) {
      CoolingView view{std::string(name), unit.name, unit.supplied_by, unit.type, -1, 0};
      if (unit.capacity.is_set())
        view.capacity_mw = std::clamp<int64_t>(unit.capacity.value(), 0, most_capacity_mw);
      by_name_.emplace(std::pair{view.site, view.name}, units_.size());
      units_.push_back(std::move(view));
    }
  for (const RackView& rack : racks) {
    if (rack.rack == nullptr) continue;
    for (const size_t unit : chain(rack.site, rack.rack->spec.cooling.unit))
      units_[unit].heat_mw += rack.load_mw;
    check(rack, findings);
  }
  for (const CoolingView& unit : units_)
    if (unit.capacity_mw >= 0 && unit.heat_mw > unit.capacity_mw)
      findings.push_back({Severity::error, "site/" + unit.site,
                          "cooling unit " + unit.name + " carries " + watts(unit.heat_mw) + " of " +
                              watts(unit.capacity_mw) +
                              "; move racks to another unit, or cap machines"});
}

std::vector<size_t> Cooling::chain(std::string_view site, std::string_view unit) const {
  std::vector<size_t> out;
  std::string at(unit);
  for (int depth = 0; depth < deepest_cooling && !at.empty(); ++depth) {
    const auto found = by_name_.find(std::pair{std::string(site), at});
    if (found == by_name_.end() || std::find(out.begin(), out.end(), found->second) != out.end())
      break;
    out.push_back(found->second);
    at = units_[found->second].supplied_by;
  }
  return out;
}

CoolingRoom Cooling::room(std::string_view site, std::string_view unit) const {
  CoolingRoom room;
  for (const size_t i : chain(site, unit)) {
    if (units_[i].capacity_mw < 0) continue;
    const int64_t spare = std::max<int64_t>(0, units_[i].capacity_mw - units_[i].heat_mw);
    if (room.mw < 0 || spare < room.mw) room = {spare, units_[i].name};
  }
  return room;
}

CoolingRoom Cooling::room(const RackView& rack) const {
  if (rack.rack == nullptr) return {};
  CoolingRoom room = this->room(rack.site, rack.rack->spec.cooling.unit);
  if (rack.cooling_limit_mw < 0) return room;
  const int64_t spare = std::max<int64_t>(0, rack.cooling_limit_mw - rack.load_mw);
  if (room.mw < 0 || spare < room.mw) room = {spare, "its own limit"};
  return room;
}

void Cooling::check(const RackView& rack, std::vector<Finding>& findings) const {
  const api::Cooling& cooling = rack.rack->spec.cooling;
  const std::string about = "rack/" + rack.name;
  if (rack.cooling_limit_mw >= 0 && rack.load_mw > rack.cooling_limit_mw)
    findings.push_back({Severity::error, about,
                        "gives off " + watts(rack.load_mw) + ", its cooling carries away " +
                            watts(rack.cooling_limit_mw) + "; move or cap machines"});
  if (cooling.unit.empty()) return;
  const auto unit = by_name_.find(std::pair{rack.site, cooling.unit});
  if (unit == by_name_.end())
    findings.push_back({Severity::warning, about,
                        "spec.cooling.unit names \"" + cooling.unit + "\", which site " +
                            rack.site + " does not have; add it to spec.cooling of the site"});
  else if (units_[unit->second].type != cooling.type)
    findings.push_back({Severity::warning, about,
                        "is cooled by " + api::enum_text(cooling.type) + ", but its cooling unit " +
                            cooling.unit + " by " + api::enum_text(units_[unit->second].type)});
}

}  // namespace freehold::fleet::facility
