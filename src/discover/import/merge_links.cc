#include "discover/import/merge_links.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "discover/import/merge_devices.h"

namespace freehold::discover {

namespace {

using Ids = std::set<std::string, std::less<>>;

Ids ids_of(const HostFacts& facts, api::DeviceClass cls) {
  Ids out;
  for (const api::Device& device : facts.profile.devices)
    if (device.cls == cls) out.insert(device.id);
  return out;
}

// One switch that nothing is known of stands for however many there are.
bool is_stand_in(const HostFacts& facts) {
  const api::Device* only = nullptr;
  for (const api::Device& device : facts.profile.devices) {
    if (device.cls != api::DeviceClass::nvswitch) continue;
    if (only != nullptr) return false;
    only = &device;
  }
  if (only == nullptr || !only->address.empty() || !only->slot.empty() || !only->model.empty())
    return false;
  const api::NodeDevice* seen = find_seen(facts, only->id);
  return seen == nullptr || seen->identity.empty();
}

int64_t links_to(const api::Device& device, const Ids& ends) {
  int64_t count = 0;
  for (const api::DeviceLink& link : device.links)
    if (link.kind == api::LinkKind::nvlink && ends.contains(link.to)) count += link.count;
  return count;
}

bool has_switches(const HostFacts& facts) {
  const Ids switches = ids_of(facts, api::DeviceClass::nvswitch);
  return !is_stand_in(facts) && std::ranges::any_of(facts.profile.devices, [&](const auto& device) {
    return device.cls == api::DeviceClass::gpu && links_to(device, switches) > 0;
  });
}

// Of a source that knows no switches, "NV12" to a peer is what the GPU has to switches.
void set_aside(HostClaim& claim) {
  HostFacts& facts = claim.facts;
  const Ids switches = ids_of(facts, api::DeviceClass::nvswitch);
  if (!switches.empty() && !is_stand_in(facts)) return;
  Ids ends = ids_of(facts, api::DeviceClass::gpu);
  ends.insert(switches.begin(), switches.end());
  for (api::Device& device : facts.profile.devices) {
    int64_t most = 0;
    for (const api::DeviceLink& link : device.links)
      if (link.kind == api::LinkKind::nvlink && ends.contains(link.to))
        most = std::max(most, link.count);
    if (most == 0) continue;
    claim.switch_links[device.id] = most;
    std::erase_if(device.links, [&](const api::DeviceLink& link) {
      return link.kind == api::LinkKind::nvlink && ends.contains(link.to);
    });
  }
  if (!claim.switch_links.empty())
    std::erase_if(facts.profile.devices,
                  [&](const auto& device) { return switches.contains(device.id); });
}

// Which package a memory node is of, by its name as the end of a link.
std::map<std::string, std::string> packages_of_nodes(const std::vector<HostClaim>& claims) {
  std::map<std::string, std::string> out;
  for (const HostClaim& claim : claims)
    for (const api::NumaNode& node : claim.facts.profile.numa)
      if (node.package >= 0)
        out.emplace("numa" + std::to_string(node.id), "package" + std::to_string(node.package));
  return out;
}

}  // namespace

void settle_links(std::vector<HostClaim>& claims) {
  const bool is_known =
      std::ranges::any_of(claims, [](const HostClaim& claim) { return has_switches(claim.facts); });
  Ids ends;
  for (HostClaim& claim : claims) {
    if (is_known) set_aside(claim);
    for (const api::Device& device : claim.facts.profile.devices)
      for (const api::DeviceLink& link : device.links) ends.insert(link.to);
  }
  for (const auto& [node, package] : packages_of_nodes(claims)) {
    if (!ends.contains(package) || !ends.contains(node)) continue;
    for (HostClaim& claim : claims)
      for (api::Device& device : claim.facts.profile.devices)
        for (api::DeviceLink& link : device.links)
          if (link.to == node && links_to(device, {package}) == 0) link.to = package;
  }
}

void compare_switch_links(const std::vector<HostClaim>& claims, FieldMerge& merge) {
  const auto words = [](int64_t count) { return std::to_string(count) + " NVLink to switches"; };
  for (const HostClaim& claim : claims)
    for (const auto& [id, said] : claim.switch_links) {
      const Speaker* who = nullptr;
      int64_t known = 0;
      for (const HostClaim& other : claims) {
        if (!has_switches(other.facts)) continue;
        const auto at = std::ranges::find(other.facts.profile.devices, id, &api::Device::id);
        who = &other.speaker;
        if (at == other.facts.profile.devices.end()) continue;
        known = links_to(*at, ids_of(other.facts, api::DeviceClass::nvswitch));
        if (known > 0) break;
      }
      if (who != nullptr && known != said)
        merge.contradict("devices[" + id + "].links", *who, words(known), claim.speaker,
                         words(said));
    }
}

}  // namespace freehold::discover
