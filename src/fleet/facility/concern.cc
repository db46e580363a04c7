#include "fleet/facility/concern.h"

#include <algorithm>
#include <set>
#include <string>

#include "fleet/facility/cooling.h"

namespace freehold::fleet::facility {
namespace {

// The domains that the given ones hang on, up to the grid, and themselves.
class Domains {
 public:
  explicit Domains(const Facility& facility)
      : supply_(*facility.supply), is_reached_(supply_.domains().size(), 0) {}

  void reach(uint32_t domain) {
    if (domain == none || is_reached_[domain] != 0) return;
    is_reached_[domain] = 1;
    reached_.push_back(domain);
  }
  // Those that its feeds name.
  void reach_from(const RackView& rack) {
    if (rack.rack == nullptr) return;
    for (const std::string& feed : rack.rack->spec.feeds) reach(supply_.find(feed));
  }
  void reach_from_machine(uint32_t machine) {
    if (const uint32_t group = supply_.group_of()[machine]; group != none)
      for (const Supply::Group::Feed& feed : supply_.groups()[group].feeds) reach(feed.domain);
  }
  void add_to(std::set<std::string>& subjects) {
    for (size_t i = 0; i < reached_.size(); ++i) {
      const Supply::Domain& domain = supply_.domains()[reached_[i]];
      subjects.insert("powerdomain/" + domain.name);
      for (const uint32_t supplier : domain.suppliers) reach(supplier);
    }
  }

 private:
  const Supply& supply_;
  std::vector<uint32_t> reached_;
  std::vector<uint8_t> is_reached_;
};

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

const std::string& site_of(const Facility& facility, const Machine& machine) {
  return machine.rack == none ? machine.node->spec.site : facility.racks[machine.rack].site;
}

// All that stands at a site, and the domains that it hangs on.
std::set<std::string> subjects_at(const Facility& facility, const Estate& estate,
                                  std::string_view site) {
  std::set<std::string> subjects{"site/" + std::string(site)};
  Domains domains(facility);
  for (uint32_t d = 0; d < facility.domains.size(); ++d)
    if (const api::PowerDomain* domain = facility.domains[d].domain;
        domain != nullptr && domain->spec.site == site)
      domains.reach(d);
  for (const RackView& rack : facility.racks) {
    if (rack.site != site) continue;
    subjects.insert("rack/" + rack.name);
    domains.reach_from(rack);
  }
  for (uint32_t m = 0; m < facility.machines.size(); ++m) {
    if (site_of(facility, facility.machines[m]) != site) continue;
    subjects.insert("node/" + facility.machines[m].node->metadata.name);
    domains.reach_from_machine(m);
  }
  domains.add_to(subjects);
  for (const CoolingView& unit : facility.cooling)
    if (unit.site == site) subjects.insert(subject_of(unit));
  for (const auto& [name, pool] : estate.pools)
    if (pool->spec.site == site) subjects.insert("storagepool/" + std::string(name));
  return subjects;
}

// What a measure is of: a subject that takes two things names the first before a blank.
std::string first_of(const std::string& subject) { return subject.substr(0, subject.find(' ')); }

}  // namespace

std::vector<const Finding*> findings_of(const Facility& facility, const RackView& rack) {
  std::set<std::string> subjects{"rack/" + rack.name};
  Domains domains(facility);
  domains.reach_from(rack);
  for (const uint32_t machine : rack.machines) {
    subjects.insert("node/" + facility.machines[machine].node->metadata.name);
    domains.reach_from_machine(machine);
  }
  domains.add_to(subjects);
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

std::vector<const Finding*> findings_at(const Facility& facility, const Estate& estate,
                                        std::string_view site) {
  const std::set<std::string> subjects = subjects_at(facility, estate, site);
  std::vector<const Finding*> out;
  for (const Finding& finding : facility.findings)
    // What the whole facility cannot be told counts for each site.
    if (finding.about == "powerdomains" && finding.severity == Severity::error)
      out.push_back(&finding);
    else if (subjects.contains(finding.about) ||
             std::ranges::any_of(finding.measures, [&](const Measure& m) {
               return subjects.contains(first_of(m.subject));
             }))
      out.push_back(&finding);
  return out;
}

}  // namespace freehold::fleet::facility
