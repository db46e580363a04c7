#include "sim/taken.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"

namespace freehold::sim {

namespace {

std::vector<uint32_t> numbers(std::string_view list) {
  return parse_cpu_list(list).value_or(std::vector<uint32_t>{});
}

template <class Key, class Text>
void take(std::map<Key, std::string>& held, const Key& key, const std::string& who, Text text,
          std::string& twice) {
  const auto [other, fresh] = held.emplace(key, who);
  if (!fresh && twice.empty()) twice = text + " is held by " + other->second + " and by " + who;
}

}  // namespace

bool is_live(const ledger::View& view, const api::Allocation& a) {
  if (a.spec.owner != "freehold") return true;
  const auto* offer = view.get<api::Offer>(a.metadata.ns, a.spec.offer);
  return offer != nullptr && api::counts(offer->status.phase);
}

Taken count_taken(const ledger::View& view, std::string& twice) {
  Taken taken;
  for (const api::Allocation* a : view.all<api::Allocation>()) {
    if (!is_live(view, *a)) continue;
    const std::string who = "allocation " + a->metadata.ns + "/" + a->metadata.name;
    for (const api::AllocatedMember& m : a->spec.members) {
      TakenOnNode& on = taken[m.node];
      for (const uint32_t cpu : numbers(m.cpus))
        take(on.cpus, cpu, who, "CPU " + std::to_string(cpu) + " of " + m.node, twice);
      for (const std::string& device : m.devices)
        take(on.devices, device, who, "device " + device + " of " + m.node, twice);
      for (const api::MemoryShare& share : m.memory) on.memory[share.node] += share.bytes;
    }
  }
  return taken;
}

std::string exceeds(const TakenOnNode& taken, const api::Allocatable& there) {
  const std::vector<uint32_t> cpus = numbers(there.cpus);
  for (const auto& [cpu, who] : taken.cpus)
    if (!std::binary_search(cpus.begin(), cpus.end(), cpu))
      return fmt::format("{} holds CPU {}, which is not there to be given", who, cpu);
  for (const auto& [device, who] : taken.devices)
    if (std::find(there.devices.begin(), there.devices.end(), device) == there.devices.end())
      return fmt::format("{} holds device {}, which is not there to be given", who, device);
  for (const auto& [node, bytes] : taken.memory) {
    int64_t most = 0;
    for (const api::MemoryShare& share : there.memory)
      if (share.node == node) most = share.bytes;
    if (bytes > most)
      return std::to_string(bytes) + " bytes are taken on memory node " + std::to_string(node) +
             " of " + std::to_string(most);
  }
  return {};
}

std::map<std::string, const api::Instance*> by_uid(const ledger::View& view) {
  std::map<std::string, const api::Instance*> found;
  for (const api::Instance* i : view.all<api::Instance>()) found.emplace(i->metadata.uid, i);
  return found;
}

std::string not_allocated(const ledger::View& view, const api::Instance& i, const std::string& node,
                          const agent::LimitsWanted& limits) {
  if (i.spec.node != node) return "runs, and belongs on " + i.spec.node;
  const auto* a = view.get<api::Allocation>(i.metadata.ns, i.spec.allocation);
  if (a == nullptr) return "runs, and its allocation " + i.spec.allocation + " is gone";
  if (!is_live(view, *a))
    return "runs, and its allocation " + i.spec.allocation + " has been given back";
  for (const api::AllocatedMember& m : a->spec.members) {
    if (m.role != i.spec.role || m.index != i.spec.member) continue;
    const std::vector<uint32_t> held = numbers(m.cpus), used = numbers(limits.cpus);
    if (m.node == node && !used.empty() &&
        std::includes(held.begin(), held.end(), used.begin(), used.end()))
      return {};
    return "runs on CPUs " + limits.cpus + ", and holds " + m.cpus + " of " + m.node;
  }
  return "runs, and its allocation " + i.spec.allocation + " has no such member";
}

}  // namespace freehold::sim
