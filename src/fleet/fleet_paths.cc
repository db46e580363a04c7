// Fleet::path: ways between nodes, devices on them, and storage pools.
#include <algorithm>
#include <array>

#include "fleet/fleet.h"

namespace freehold::fleet {
namespace {

using Legs = std::array<Network::Leg, Network::most_legs>;

int64_t narrower(int64_t a, int64_t b) { return a < 0 || b < 0 ? -1 : std::min(a, b); }

bool is_nic(const MachineGraph& machine, size_t device) {
  const api::DeviceClass cls = machine.device_class(device);
  return cls == api::DeviceClass::nic || cls == api::DeviceClass::rdma_nic;
}

// What the links of a scale-up domain carry from a device, now and at best.
struct ScaleUp {
  bool is_there = false;
  int64_t now = -1, max = -1;
};
ScaleUp scale_up_of(const NodeState& node, size_t device) {
  const MachineGraph* machine = node.interior().machine();
  if (machine == nullptr || device >= machine->devices()) return {};
  if (machine->device_class(device) != api::DeviceClass::gpu) return {};
  const PathOverlay* overlay = node.overlay();
  const int64_t max = machine->scale_up_mbps(device);
  return {true, overlay != nullptr ? overlay->scale_up_mbps(device) : max, max};
}
// Of its best device.
ScaleUp scale_up_of(const NodeState& node) {
  ScaleUp best;
  const MachineGraph* machine = node.interior().machine();
  for (size_t d = 0; machine != nullptr && d < machine->devices(); ++d) {
    const ScaleUp own = scale_up_of(node, d);
    if (own.is_there && (!best.is_there || own.now > best.now)) best = own;
  }
  return best;
}

FleetPath through_domain(const ScaleUp& a, const ScaleUp& b) {
  FleetPath path;
  path.cls = PathClass::nvl;
  path.hops = 2;
  path.tiers = 1;
  path.now_mbps = narrower(a.now, b.now);
  path.max_mbps = narrower(a.max, b.max);
  return path;
}

std::span<const Network::Leg> legs_of_node(std::span<const Network::Port> ports, FabricKinds kinds,
                                           Legs& legs) {
  size_t count = 0;
  for (const Network::Port& port : ports)
    if ((kinds & kinds_of({port.kind})) != 0 && count < legs.size())
      legs[count++] = {&port, port.now, port.max, 1};
  return {legs.data(), count};
}

// From a device to the ports: through the NICs that have them. A NIC has its own ports alone. Where
// a port names no device that is known, it counts as if it were the device's own.
std::span<const Network::Leg> legs_of_device(const DeviceAt& from,
                                             std::span<const Network::Port> ports,
                                             FabricKinds kinds, Legs& legs) {
  const MachineGraph* machine = from.node.interior().machine();
  if (machine == nullptr || from.device >= machine->devices())
    return legs_of_node(ports, kinds, legs);
  const bool is_own = is_nic(*machine, from.device);
  size_t count = 0;
  for (const Network::Port& port : ports) {
    if ((kinds & kinds_of({port.kind})) == 0 || count == legs.size()) continue;
    const size_t nic = port.device == 0 ? machine->devices() : machine->find_device(port.device);
    Network::Leg leg{&port, port.now, port.max, 1};
    if (nic < machine->devices() && nic != from.device) {
      if (is_own) continue;
      const Path now = from.node.path(from.device, nic);
      if (now.cls >= PathClass::net) continue;
      leg.now = narrower(leg.now, now.usable_mbps);
      leg.max = narrower(leg.max, from.node.interior().paths()->at(from.device, nic).usable_mbps);
      leg.hops = static_cast<uint8_t>(std::min(UINT8_MAX, now.hops + 1));
    }
    legs[count++] = leg;
  }
  return {legs.data(), count};
}

constexpr FabricKinds scale_up_alone = kinds_of({api::FabricKind::scale_up});

FleetPath within_node(const DeviceAt& from, size_t to) {
  const Path now = from.node.path(from.device, to);
  const PathTable* paths = from.node.interior().paths();
  FleetPath path;
  path.cls = now.cls;
  path.hops = now.hops;
  path.confidence = now.confidence;
  path.now_mbps = now.usable_mbps;
  if (paths != nullptr && now.cls != PathClass::unknown)
    path.max_mbps = paths->at(from.device, to).usable_mbps;
  return path;
}

}  // namespace

const Network& Fleet::network() const {
  if (!network_) {
    std::vector<std::shared_ptr<const FabricFacts>> all;
    for (const std::string& name : fabrics_.keys()) all.push_back(*fabrics_.find(name));
    network_ = std::make_shared<const Network>(std::move(all), network_places_);
  }
  return *network_;
}

const Wan& Fleet::wan() const {
  if (!wan_) {
    std::vector<Wan::Site> all;
    for (const std::string& name : sites_.keys()) all.push_back({name, sites_.find(name)->links});
    wan_ = std::make_shared<const Wan>(all);
  }
  return *wan_;
}

FleetPath Fleet::beyond_fabrics(const NodeState& from, const NodeState& to) const {
  const auto site_hash = [&](const NodeState& node) -> uint64_t {
    if (node.site_hash() != 0) return node.site_hash();
    const std::string& site = site_of(node);  // of its rack
    return site.empty() ? 0 : name_hash(site);
  };
  const uint64_t here = site_hash(from), there = site_hash(to);
  const bool is_between_sites = here != 0 && there != 0 && here != there;
  FleetPath path;
  if (is_between_sites) path = wan().between(here, there);
  if (path.cls != PathClass::dis) return path;
  const auto mine = network().ports_of(from.name_hash()),
             theirs = network().ports_of(to.name_hash());
  path.is_too_wide = Network::is_too_wide(mine, theirs, scale_up_alone | between_machines);
  const bool is_known = is_between_sites || (!mine.empty() && !theirs.empty());
  path.cls = is_known && !path.is_too_wide ? PathClass::dis : PathClass::unknown;
  return path;
}

FleetPath Fleet::path(const NodeState& from, const NodeState& to) const {
  const Network& ways = network();
  ways.prefetch(from.name_hash());
  ways.prefetch(to.name_hash());
  if (from.is_of_name_of(to)) {
    FleetPath same;
    same.cls = PathClass::loc;
    return same;
  }
  if (from.shares_domain_with(to)) return through_domain(scale_up_of(from), scale_up_of(to));
  Legs a, b;
  const auto here = ways.ports_of(from.name_hash()), there = ways.ports_of(to.name_hash());
  if (!Network::may_join(here, there)) return beyond_fabrics(from, to);
  for (const FabricKinds kinds : {scale_up_alone, between_machines}) {
    if ((ways.kinds() & kinds) == 0) continue;
    const FleetPath path =
        ways.between(legs_of_node(here, kinds, a), legs_of_node(there, kinds, b));
    if (path.cls != PathClass::dis) return path;
  }
  return beyond_fabrics(from, to);
}

std::vector<std::string> Fleet::sites_between(const NodeState& from, const NodeState& to) const {
  const std::string &here = site_of(from), &there = site_of(to);
  if (here.empty() || there.empty() || here == there) return {};
  const FleetPath way = wan().between(here, there);
  if (way.cls != PathClass::net || way != path(from, to)) return {};
  return wan().way(here, there);
}

FleetPath Fleet::path(const DeviceAt& from, const DeviceAt& to) const {
  const Network& ways = network();
  ways.prefetch(from.node.name_hash());
  ways.prefetch(to.node.name_hash());
  if (from.node.is_of_name_of(to.node)) return within_node(from, to.device);
  const auto here = ways.ports_of(from.node.name_hash()),
             there = ways.ports_of(to.node.name_hash());
  const ScaleUp a = scale_up_of(from.node, from.device), b = scale_up_of(to.node, to.device);
  const bool may_scale_up = a.is_there && b.is_there;
  if (may_scale_up && from.node.shares_domain_with(to.node)) return through_domain(a, b);
  Legs from_here, from_there;
  if (may_scale_up && (ways.kinds() & scale_up_alone) != 0) {
    FleetPath path = ways.between(legs_of_node(here, scale_up_alone, from_here),
                                  legs_of_node(there, scale_up_alone, from_there));
    if (path.cls != PathClass::dis) {
      // The device's own links together: a fabric tells them one by one, or not at all.
      path.now_mbps = narrower(a.now, b.now);
      path.max_mbps = narrower(a.max, b.max);
      return path;
    }
  }
  if (!Network::may_join(here, there)) return beyond_fabrics(from.node, to.node);
  const FleetPath path = ways.between(legs_of_device(from, here, between_machines, from_here),
                                      legs_of_device(to, there, between_machines, from_there));
  return path.cls != PathClass::dis ? path : beyond_fabrics(from.node, to.node);
}

FleetPath Fleet::path(const NodeState& from, const PoolFacts& pool) const {
  constexpr FabricKinds to_storage = between_machines | kinds_of({api::FabricKind::storage});
  const auto ports = network().ports_of(from.name_hash());
  Legs mine, theirs;
  const auto here = legs_of_node(ports, to_storage, mine);
  FleetPath best;
  for (const std::string& name : pool.nodes) {
    if (name == from.name()) {
      FleetPath same;
      same.cls = PathClass::loc;
      return same;
    }
    const FleetPath path =
        network().between(here, legs_of_node(network().ports_of(name), to_storage, theirs));
    if (path.cls == PathClass::dis) continue;
    if (best.cls == PathClass::dis ||
        std::pair(-path.now_mbps, path.hops) < std::pair(-best.now_mbps, best.hops))
      best = path;
  }
  if (best.cls != PathClass::dis) return best;
  for (const Network::Leg& leg : here) {
    if (!network().reaches(*leg.port, pool.fabric)) continue;
    if (best.cls == PathClass::net && best.now_mbps >= leg.now) continue;
    best.cls = PathClass::net;
    best.hops = leg.hops;  // up to the fabric; where the pool hangs on it, it does not say
    best.now_mbps = leg.now;
    best.max_mbps = leg.max;
    best.confidence = api::Confidence::inferred;
  }
  if (best.cls != PathClass::dis) return best;
  const std::string& site = site_of(from);
  if (!site.empty() && site != pool.site) return wan().between(site, pool.site);
  best.cls = PathClass::unknown;
  return best;
}

}  // namespace freehold::fleet
