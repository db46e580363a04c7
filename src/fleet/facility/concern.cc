#include "fleet/facility/concern.h"

#include <algorithm>
#include <set>
#include <string>

#include "fleet/facility/cooling.h"

namespace freehold::fleet::facility {
namespace {

// Those that its feeds and the feeds of its machines name, and all behind them.
void add_domains(const Facility& facility, const RackView& rack, std::set<std::string>& subjects) {
  const auto& domains = facility.supply->domains();
  std::vector<uint32_t> reached;
  std::vector<uint8_t> is_reached(domains.size(), 0);
  const auto reach = [&](uint32_t domain) {
    if (domain == none || is_reached[domain] != 0) return;
    is_reached[domain] = 1;
    reached.push_back(domain);
  };
  if (rack.rack != nullptr)
    for (const std::string& feed : rack.rack->spec.feeds) reach(facility.supply->find(feed));
  for (const uint32_t machine : rack.machines)
    if (const uint32_t group = facility.supply->group_of()[machine]; group != none)
      for (const Supply::Group::Feed& feed : facility.supply->groups()[group].feeds)
        reach(feed.domain);
  for (size_t i = 0; i < reached.size(); ++i) {
    subjects.insert("powerdomain/" + domains[reached[i]].name);
    for (const uint32_t supplier : domains[reached[i]].suppliers) reach(supplier);
  }
}

void add_cooling(const Facility& facility, const RackView& rack, std::set<std::string>& subjects) {
  if (rack.rack == nullptr) return;
  std::string name = rack.rack->spec.cooling.unit;
  while (!name.empty()) {
    const auto unit = std::ranges::find_if(facility.cooling, [&](const CoolingView& view) {
      return view.site == rack.site && view.name == name;
    });
    if (unit == facility.cooling.end() || !subjects.insert(subject_of(*unit)).second) return;
    name = unit->supplied_by;
  }
}

}  // namespace

std::vector<const Finding*> findings_of(const Facility& facility, const RackView& rack) {
  std::set<std::string> subjects{"rack/" + rack.name};
  for (const uint32_t machine : rack.machines)
    subjects.insert("node/" + facility.machines[machine].node->metadata.name);
  add_domains(facility, rack, subjects);
  add_cooling(facility, rack, subjects);
  std::vector<const Finding*> out;
  for (const Finding& finding : facility.findings)
    // A note that stands for many says nothing of one rack in particular.
    if (subjects.contains(finding.about) ||
        ((finding.severity != Severity::note || finding.measures.size() == 1) &&
         std::ranges::any_of(finding.measures,
                             [&](const Measure& m) { return subjects.contains(m.subject); })))
      out.push_back(&finding);
  return out;
}

}  // namespace freehold::fleet::facility
