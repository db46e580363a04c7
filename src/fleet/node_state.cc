#include "fleet/node_state.h"

#include <algorithm>
#include <limits>

#include "base/strings.h"
#include "fleet/hash.h"

namespace freehold::fleet {
namespace {

// Sums stay far from the ends of their range, whatever an allocation claims to take.
constexpr int64_t most_counted = std::numeric_limits<int64_t>::max() / 4;

void add_to(int64_t& sum, int64_t amount) {
  sum = std::min(most_counted, sum + std::clamp<int64_t>(amount, 0, most_counted));
}

Readiness readiness_of(const NodeFacts& facts) {
  if (!facts.is_known) return Readiness::unknown;
  if (facts.lifecycle != api::Lifecycle::in_service) return Readiness::not_in_service;
  if (!facts.is_schedulable) return Readiness::unschedulable;
  if (!facts.is_ready) return Readiness::not_ready;
  return facts.interior->is_complete() ? Readiness::ready : Readiness::no_profile;
}

bool is_before(const Holding& a, const Holding& b) {
  if (a.occupant->key != b.occupant->key) return a.occupant->key < b.occupant->key;
  return a.member < b.member;
}

}  // namespace

std::string_view readiness_text(Readiness readiness) {
  switch (readiness) {
    case Readiness::ready:
      return "is ready";
    case Readiness::unknown:
      return "is not known";
    case Readiness::no_profile:
      return "has no known hardware profile";
    case Readiness::not_ready:
      return "is not ready";
    case Readiness::unschedulable:
      return "is not schedulable";
    case Readiness::not_in_service:
      return "is not in service";
    case Readiness::not_yet:
      return "is not available yet";
  }
  return "is not ready";
}

Taken compile(const Interior& interior, const api::AllocatedMember& member) {
  Taken taken;
  taken.cpus = Bits::of_list(member.cpus);
  taken.memory.resize(interior.cells().size());
  for (const api::MemoryShare& share : member.memory)
    if (const auto cell = interior.find_cell(share.node)) add_to(taken.memory[*cell], share.bytes);
  for (const std::string& id : member.devices)
    if (const auto device = interior.find_device(id)) taken.devices.add(*device);
  add_to(taken.power_mw, member.power.value());
  return taken;
}

void Taken::add(const Taken& other) {
  cpus |= other.cpus;
  devices |= other.devices;
  if (memory.size() < other.memory.size()) memory.resize(other.memory.size());
  for (size_t c = 0; c < other.memory.size(); ++c) add_to(memory[c], other.memory[c]);
  add_to(power_mw, other.power_mw);
}

NodeState::NodeState(std::shared_ptr<const NodeFacts> facts) { set_facts(std::move(facts)); }

Path NodeState::path(size_t from, size_t to) const {
  const PathTable* paths = interior_->paths();
  if (paths == nullptr || std::max(from, to) >= paths->ends()) {
    Path none;
    none.cls = PathClass::unknown;
    return none;
  }
  return overlay_ != nullptr ? overlay_->at(*paths, from, to) : paths->at(from, to);
}

bool NodeState::is_over_occupied() const {
  const NodeFacts& f = *facts_;
  if (!f.cpus.contains(taken_.cpus) || !f.devices.contains(taken_.devices)) return true;
  for (size_t c = 0; c < f.memory.size(); ++c)
    if (taken_.memory[c] > f.memory[c]) return true;
  if (f.power_mw >= 0 && taken_.power_mw > f.power_mw) return true;
  // Twice the same CPU or device leaves the sums as they are.
  Taken seen;
  for (const Holding& holding : holdings_) {
    if (seen.cpus.overlaps(holding.taken.cpus) || seen.devices.overlaps(holding.taken.devices))
      return true;
    seen.cpus |= holding.taken.cpus;
    seen.devices |= holding.taken.devices;
  }
  return false;
}

void NodeState::set_facts(std::shared_ptr<const NodeFacts> facts) {
  facts_ = std::move(facts);
  interior_ = facts_->interior.get();
  overlay_ = facts_->overlay.get();
  name_hash_ = facts_->name_hash;
  const std::string& domain = facts_->scale_up_domain;
  domain_hash_ = domain.empty() ? 0 : fleet::name_hash(domain);
  site_hash_ = facts_->site.empty() ? 0 : fleet::name_hash(facts_->site);
  readiness_ = readiness_of(*facts_);
  available_from_ = facts_->available_from;
  for (Holding& holding : holdings_)
    holding.taken = compile(*interior_, holding.occupant->spec.members[holding.member]);
  recount();
}

void NodeState::hold(std::shared_ptr<const Occupant> occupant, uint32_t member) {
  Taken taken = compile(*interior_, occupant->spec.members[member]);
  taken_.add(taken);
  Holding holding{std::move(occupant), member, std::move(taken)};
  holdings_.insert(std::upper_bound(holdings_.begin(), holdings_.end(), holding, is_before),
                   std::move(holding));
  refresh();
}

void NodeState::drop(std::string_view key) {
  std::erase_if(holdings_, [&](const Holding& h) { return h.occupant->key == key; });
  recount();
}

void NodeState::drop_all() {
  holdings_.clear();
  recount();
}

// From the start, because CPUs that two allocations claim stay taken when one of them goes.
void NodeState::recount() {
  taken_ = {};
  taken_.memory.resize(facts_->memory.size());
  for (const Holding& holding : holdings_) taken_.add(holding.taken);
  refresh();
}

void NodeState::refresh() {
  const NodeFacts& f = *facts_;
  free_cpus_ = f.cpus - taken_.cpus;
  free_devices_ = f.devices - taken_.devices;
  free_memory_ = f.memory;
  for (size_t c = 0; c < free_memory_.size(); ++c)
    free_memory_[c] = std::max<int64_t>(0, free_memory_[c] - taken_.memory[c]);
  free_power_mw_ = f.power_mw < 0 ? -1 : std::max<int64_t>(0, f.power_mw - taken_.power_mw);
  room_ = Room(*f.interior, free_cpus_, free_memory_, free_devices_, free_power_mw_);
  Hash h(f.interior->hash());
  h.add(free_cpus_.hash()).add(free_devices_.hash()).add(free_power_mw_);
  for (const int64_t bytes : free_memory_) h.add(bytes);
  free_hash_ = h.value();
}

}  // namespace freehold::fleet
