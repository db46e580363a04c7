// What of a machine may be given away.
#include <algorithm>
#include <set>

#include "base/strings.h"
#include "discover/machine.h"

namespace freehold::discover {

namespace {

constexpr int64_t mebibyte = 1 << 20;

std::vector<uint32_t> numbers(std::string_view list) {
  return parse_cpu_list(list).value_or(std::vector<uint32_t>{});
}

// Hardware threads of each core that may be used, lowest CPU first.
std::vector<std::vector<uint32_t>> usable_cores(const Machine& machine) {
  const auto allowed = numbers(machine.allowed_cpus);
  std::vector<std::vector<uint32_t>> cores;
  for (const std::string& core : machine.profile.cores) {
    std::vector<uint32_t> threads;
    const auto all = numbers(core);
    std::set_intersection(all.begin(), all.end(), allowed.begin(), allowed.end(),
                          std::back_inserter(threads));
    if (!threads.empty()) cores.push_back(std::move(threads));
  }
  std::sort(cores.begin(), cores.end());
  return cores;
}

int64_t total(const std::vector<api::MemoryShare>& memory) {
  int64_t bytes = 0;
  for (const auto& share : memory) bytes += share.bytes;
  return bytes;
}

void take(api::MemoryShare& share, int64_t& wanted) {
  const int64_t taken = std::min(share.bytes, wanted);
  share.bytes -= taken;
  wanted -= taken;
}

// Memory on a device is as good as the device.
bool is_on_a_faulty_device(const Machine& machine, const api::NumaNode& node) {
  return !node.device.empty() && std::ranges::none_of(machine.devices, [&](const auto& device) {
    return device.id == node.device && device.health == api::Health::healthy;
  });
}

std::vector<api::MemoryShare> free_memory(const Machine& machine,
                                          const std::set<int64_t>& kept_nodes, int64_t keep) {
  std::vector<api::MemoryShare> out;
  for (const auto& node : machine.profile.numa) {
    const bool general =
        (node.cls == api::NumaClass::cpu_memory || node.cls == api::NumaClass::memory_only) &&
        !is_on_a_faulty_device(machine, node);
    for (const auto& share : machine.memory)
      if (general && share.node == node.id) out.push_back(share);
  }
  if (keep < 0) keep = std::clamp(total(out) / 32, 256 * mebibyte, 8192 * mebibyte);
  for (auto& share : out)
    if (kept_nodes.contains(share.node)) take(share, keep);
  for (auto& share : out) take(share, keep);
  for (auto& share : out) share.bytes -= share.bytes % mebibyte;
  std::erase_if(out, [](const auto& share) { return share.bytes == 0; });
  return out;
}

}  // namespace

api::Allocatable allocatable(const Machine& machine, const Reserve& reserve) {
  const auto cores = usable_cores(machine);
  int64_t keep = reserve.cpus;
  if (keep < 0) keep = cores.size() > 1 ? 1 : 0;
  std::vector<uint32_t> free, kept;
  for (const auto& core : cores) {
    auto& to = static_cast<int64_t>(kept.size()) < keep ? kept : free;
    to.insert(to.end(), core.begin(), core.end());
  }
  std::sort(free.begin(), free.end());
  std::set<int64_t> kept_nodes;
  for (const auto& node : machine.profile.numa)
    for (const uint32_t cpu : numbers(node.cpus))
      if (std::find(kept.begin(), kept.end(), cpu) != kept.end()) kept_nodes.insert(node.id);

  api::Allocatable out;
  out.cpus = format_cpu_list(free);
  out.memory = free_memory(machine, kept_nodes, reserve.memory_bytes);
  for (size_t i = 0; i < machine.devices.size(); ++i) {
    const bool free_to_use = i >= machine.access.size() || machine.access[i].used_by_system.empty();
    if (machine.devices[i].health == api::Health::healthy && free_to_use)
      out.devices.push_back(machine.devices[i].id);
  }
  std::sort(out.devices.begin(), out.devices.end());
  return out;
}

}  // namespace freehold::discover
