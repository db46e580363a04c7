#include "discover/import/edit_facts.h"

#include <algorithm>
#include <utility>

namespace freehold::discover {

namespace {

void rename(std::string& id, const Renamed& to) {
  if (const auto at = to.find(id); at != to.end()) id = at->second;
}

}  // namespace

void rename_all(HostClaim& claim, const Renamed& to) {
  HostFacts& facts = claim.facts;
  std::map<std::string, int64_t> switch_links;
  for (const auto& [id, count] : claim.switch_links) {
    std::string name = id;
    rename(name, to);
    switch_links.emplace(std::move(name), count);
  }
  claim.switch_links = std::move(switch_links);
  for (api::Device& device : facts.profile.devices) {
    rename(device.id, to);
    for (api::DeviceLink& link : device.links) rename(link.to, to);
  }
  for (api::NumaNode& node : facts.profile.numa) rename(node.device, to);
  for (api::NodeDevice& device : facts.devices) {
    rename(device.id, to);
    for (api::LinkNow& link : device.links) rename(link.to, to);
  }
  for (api::DegradedLink& link : facts.degraded) rename(link.at, to);
  for (DeviceDistance& distance : facts.distances) {
    rename(distance.a, to);
    rename(distance.b, to);
  }
}

void forget_seen(HostFacts& facts, const std::string& id) {
  std::erase_if(facts.devices, [&](const auto& seen) { return seen.id == id; });
  std::erase_if(facts.degraded, [&](const auto& link) { return link.at == id; });
  std::erase_if(facts.distances, [&](const auto& one) { return one.a == id || one.b == id; });
  for (api::NumaNode& node : facts.profile.numa)
    if (node.device == id) node.device.clear();
}

void leave_out(HostFacts& facts, const std::string& id) {
  forget_seen(facts, id);
  std::erase_if(facts.profile.devices, [&](const auto& device) { return device.id == id; });
  for (api::Device& device : facts.profile.devices)
    std::erase_if(device.links, [&](const auto& link) { return link.to == id; });
  for (api::NodeDevice& seen : facts.devices)
    std::erase_if(seen.links, [&](const auto& link) { return link.to == id; });
}

std::string bad_words(const HostFacts& facts, const std::vector<std::string>& ids) {
  std::string out;
  for (const api::NodeDevice& seen : facts.devices) {
    const bool is_bad = seen.health == api::Health::failed || seen.health == api::Health::degraded;
    if (is_bad && std::ranges::find(ids, seen.id) != ids.end())
      out += (out.empty() ? " (" : ", ") + seen.id +
             (seen.health == api::Health::failed ? " is failed there" : " is degraded there");
  }
  return out.empty() ? out : out + ")";
}

}  // namespace freehold::discover
