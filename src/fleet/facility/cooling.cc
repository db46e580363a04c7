#include "fleet/facility/cooling.h"

#include <algorithm>

#include "fleet/facility/limits.h"

namespace freehold::fleet::facility {
namespace {

std::string watts(int64_t mw) { return humanize(mw, Dimension::power); }

}  // namespace

std::string subject_of(const CoolingView& unit) { return "site/" + unit.site + "/" + unit.name; }

CoolingChains::CoolingChains(const Facility& facility) : facility_(facility) {
  for (uint32_t i = 0; i < facility.cooling.size(); ++i)
    by_name_.try_emplace({facility.cooling[i].site, facility.cooling[i].name}, i);
}

std::vector<uint32_t> CoolingChains::of(const RackView& rack) const {
  std::vector<uint32_t> out;
  std::string_view name;
  if (rack.rack != nullptr) name = rack.rack->spec.cooling.unit;
  for (int depth = 0; depth < deepest_cooling && !name.empty(); ++depth) {
    const auto at = by_name_.find({rack.site, name});
    if (at == by_name_.end() || std::ranges::find(out, at->second) != out.end()) break;
    out.push_back(at->second);
    name = facility_.cooling[at->second].supplied_by;
  }
  return out;
}

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
      findings.push_back(
          {Severity::error,
           "site/" + unit.site,
           "cooling unit " + unit.name + " carries " + watts(unit.heat_mw) + " of " +
               watts(unit.capacity_mw) + "; move racks to another unit, or cap machines",
           {{FindingKind::cooling_overloaded, subject_of(unit), unit.heat_mw - unit.capacity_mw}}});
  find_circles(findings);
}

size_t Cooling::behind(size_t unit) const {
  const auto at = by_name_.find(std::pair{units_[unit].site, units_[unit].supplied_by});
  return at == by_name_.end() ? units_.size() : at->second;
}

void Cooling::find_circles(std::vector<Finding>& findings) const {
  std::vector<size_t> walk_of(units_.size(), 0);  // 0: no walk came by yet
  for (size_t start = 0; start < units_.size(); ++start) {
    size_t at = start;
    for (; at < units_.size() && walk_of[at] == 0; at = behind(at)) walk_of[at] = start + 1;
    if (at == units_.size() || walk_of[at] != start + 1) continue;
    size_t first = at;  // told of the first by name, wherever the walk came in
    std::string names = units_[at].name;
    for (size_t next = behind(at); next != at; next = behind(next)) {
      if (units_[next].name < units_[first].name) first = next;
      names += ", " + units_[next].name;
    }
    findings.push_back({Severity::error,
                        "site/" + units_[first].site,
                        "cooling units supply each other: " + names +
                            "; the step that closes the circle is not counted: correct suppliedBy "
                            "in spec.cooling",
                        {{FindingKind::cooling_circle, subject_of(units_[first]), 0}}});
  }
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
    findings.push_back(
        {Severity::error,
         about,
         "gives off " + watts(rack.load_mw) + ", its cooling carries away " +
             watts(rack.cooling_limit_mw) + "; move or cap machines",
         {{FindingKind::rack_too_hot, about, rack.load_mw - rack.cooling_limit_mw}}});
  if (cooling.unit.empty()) return;
  const auto unit = by_name_.find(std::pair{rack.site, cooling.unit});
  if (unit == by_name_.end())
    findings.push_back({Severity::warning,
                        about,
                        "spec.cooling.unit names \"" + cooling.unit + "\", which site " +
                            rack.site + " does not have; add it to spec.cooling of the site",
                        {{FindingKind::unknown_cooling_unit, about, 0}}});
  else if (units_[unit->second].type != cooling.type)
    findings.push_back({Severity::warning,
                        about,
                        "is cooled by " + api::enum_text(cooling.type) + ", but its cooling unit " +
                            cooling.unit + " by " + api::enum_text(units_[unit->second].type),
                        {{FindingKind::other_cooling, about, 0}}});
}

}  // namespace freehold::fleet::facility
