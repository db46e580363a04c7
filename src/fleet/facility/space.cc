#include "fleet/facility/space.h"

#include <algorithm>

#include "base/strings.h"

namespace freehold::fleet::facility {
namespace {

std::string span_text(int64_t unit, int64_t height) {
  return height == 1 ? "unit " + std::to_string(unit)
                     : "units " + std::to_string(unit) + "-" + std::to_string(unit + height - 1);
}

// One more unit that two machines take.
void add_unit(Finding& taken, std::string pair) {
  const auto at = std::ranges::find(taken.measures, pair, &Measure::subject);
  if (at == taken.measures.end())
    taken.measures.push_back({FindingKind::unit_taken_twice, std::move(pair), 1});
  else
    ++at->amount;
}

void measure_weight(RackView& rack, const std::vector<Machine>& machines,
                    std::vector<Finding>& findings) {
  const std::string about = "rack/" + rack.name;
  for (const uint32_t index : rack.machines) {
    const api::DeviceModel* type = machines[index].type;
    const int64_t weight_kg = type == nullptr ? 0 : type->spec.weight_kg;
    rack.weight_kg += weight_kg;
    rack.without_weight += weight_kg == 0 ? 1 : 0;
  }
  if (rack.rack == nullptr || rack.rack->spec.weight_limit_kg == 0) return;
  rack.weight_room_kg = rack.rack->spec.weight_limit_kg - rack.weight_kg;
  if (rack.weight_room_kg >= 0 && rack.without_weight > 0)
    findings.push_back({Severity::warning,
                        about,
                        "of " + std::to_string(rack.without_weight) +
                            " of its machines no weight is known, so it may carry more than its " +
                            std::to_string(rack.rack->spec.weight_limit_kg) +
                            " kg; set weightKg of their DeviceModel",
                        {{FindingKind::without_weight, about, rack.without_weight}}});
  if (rack.weight_room_kg >= 0) return;
  findings.push_back({Severity::error,
                      about,
                      "its machines weigh " + std::to_string(rack.weight_kg) + " kg, it carries " +
                          std::to_string(rack.rack->spec.weight_limit_kg) + " kg; move machines",
                      {{FindingKind::too_heavy, about, -rack.weight_room_kg}}});
  rack.weight_room_kg = 0;
}

// By the units that machines say. What comes to a rack stands in one piece.
struct Gaps {
  int64_t largest = 0;  // between machines with a unit
  int64_t without_unit = 0, machines_without_unit = 0;
};

void measure_gaps(RackView& rack, const std::vector<Machine>& machines, const Gaps& gaps,
                  std::vector<Finding>& findings) {
  rack.largest_gap = std::min(gaps.largest, rack.free_units);
  // At the worst all of them stand in the largest gap, and leave as many pieces and one more.
  const int64_t left = std::max<int64_t>(0, gaps.largest - gaps.without_unit),
                pieces = gaps.machines_without_unit + 1;
  rack.certain_gap = std::min(rack.largest_gap, (left + pieces - 1) / pieces);
  if (rack.taken_units > rack.units) return;  // which is told
  for (const uint32_t index : rack.machines) {
    const Machine& machine = machines[index];
    if (machine.node->spec.unit > 0 || machine.height <= gaps.largest) continue;
    const std::string& name = machine.node->metadata.name;
    findings.push_back(
        {Severity::error,
         "rack/" + rack.name,
         "node " + name + " is " + std::to_string(machine.height) +
             " units high, and no more than " + std::to_string(gaps.largest) +
             " free ones are in one piece; move machines together",
         {{FindingKind::higher_than_gaps, "node/" + name, machine.height - gaps.largest}}});
  }
}

}  // namespace

void measure_space(RackView& rack, const std::vector<Machine>& machines,
                   std::vector<Finding>& findings) {
  const std::string about = "rack/" + rack.name;
  if (rack.rack == nullptr) {  // which is told; of its units nothing can be said
    measure_weight(rack, machines, findings);
    return;
  }
  std::vector<const Machine*> by_unit(static_cast<size_t>(rack.units) + 1, nullptr);
  int64_t standing = 0;
  Gaps gaps;
  for (const uint32_t index : rack.machines) {
    const Machine& machine = machines[index];
    const std::string& name = machine.node->metadata.name;
    const int64_t height = std::max<int64_t>(machine.height, 1), unit = machine.node->spec.unit;
    if (unit == 0) {
      gaps.without_unit += machine.height;
      gaps.machines_without_unit += machine.height > 0 ? 1 : 0;
      continue;
    }
    if (unit + height - 1 > rack.units)
      findings.push_back(
          {Severity::error,
           about,
           "node " + name + " takes " + span_text(unit, height) + " of " +
               std::to_string(rack.units) +
               "; correct spec.unit or spec.height of the node, or spec.units",
           {{FindingKind::beyond_the_rack, "node/" + name, unit + height - 1 - rack.units}}});
    Finding taken{Severity::error, about, {}, {}};
    for (int64_t u = unit; u < unit + height && u <= rack.units; ++u) {
      const Machine*& there = by_unit[static_cast<size_t>(u)];
      if (there == nullptr) {
        there = &machine;
        ++standing;
        continue;
      }
      const std::string& other = there->node->metadata.name;
      if (taken.text.empty())
        taken.text = "nodes " + other + " and " + name + " both take unit " + std::to_string(u) +
                     "; correct spec.unit or spec.height of one";
      add_unit(taken, other < name ? other + " " + name : name + " " + other);
    }
    if (!taken.measures.empty()) findings.push_back(std::move(taken));
  }
  rack.taken_units = standing + gaps.without_unit;
  rack.free_units = std::max<int64_t>(0, rack.units - rack.taken_units);
  int64_t gap = 0;
  for (int64_t u = 1; u <= rack.units; ++u) {
    gap = by_unit[static_cast<size_t>(u)] == nullptr ? gap + 1 : 0;
    gaps.largest = std::max(gaps.largest, gap);
  }
  measure_gaps(rack, machines, gaps, findings);
  if (gaps.without_unit > 0 && rack.taken_units > rack.units)
    findings.push_back({Severity::error,
                        about,
                        "its machines are " + std::to_string(rack.taken_units) +
                            " units high together, it has " + std::to_string(rack.units),
                        {{FindingKind::too_high, about, rack.taken_units - rack.units}}});
  measure_weight(rack, machines, findings);
}

}  // namespace freehold::fleet::facility
