// World: a small random fleet with some of it taken, and a random request, as the objects that they
// are made of. The same seed gives the same world. For property tests against the oracle.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "api/site.h"
#include "base/random.h"
#include "fleet/testing/fleet_of.h"
#include "place/place.h"

namespace freehold::place::testing {

struct World {
  std::vector<api::HardwareProfile> profiles;
  std::vector<api::Node> nodes;
  std::vector<api::PowerDomain> domains;
  std::vector<api::AllocationSpec> allocations;
  Request request;

  // Puts everything, in an order that depends on `shuffle`.
  fleet::Fleet build(uint64_t shuffle) const {
    Random random(shuffle);
    const size_t count = profiles.size() + nodes.size() + domains.size() + allocations.size();
    std::vector<size_t> order(count);
    for (size_t i = 0; i < count; ++i) order[i] = i;
    for (size_t i = count; shuffle != 0 && i > 1; --i)
      std::swap(order[i - 1],
                order[static_cast<size_t>(random.in(0, static_cast<int64_t>(i) - 1))]);
    fleet::Fleet fleet;
    for (size_t i : order) {
      if (i < profiles.size()) {
        fleet.put(profiles[i]);
      } else if ((i -= profiles.size()) < nodes.size()) {
        fleet.put(nodes[i]);
      } else if ((i -= nodes.size()) < domains.size()) {
        fleet.put(domains[i]);
      } else {
        i -= domains.size();
        fleet.occupy("a" + std::to_string(i), allocations[i]);
      }
    }
    return fleet;
  }
};

inline std::string pick(Random& random, std::vector<std::string> values) {
  return values[static_cast<size_t>(random.in(0, static_cast<int64_t>(values.size()) - 1))];
}

inline void random_nodes(Random& random, World& world) {
  const bool has_power = random.percent(20);
  const int64_t kinds = random.in(1, 2);
  for (int64_t k = 0; k < kinds; ++k) {
    fleet::testing::Machine m;
    m.numa = random.in(1, 2);
    m.cores = random.in(1, 4);
    m.threads = random.percent(30) ? 2 : 1;
    m.packages = random.percent(30) ? 1 : 0;
    m.memory_bytes = random.in(1, 4) << 30;
    m.roots_apart = random.percent(30);
    if (random.percent(70))
      m.devices.push_back(
          {random.in(1, 3), api::DeviceClass::gpu, "gpu", pick(random, {"A", "B"}), 0});
    if (random.percent(20))
      m.devices.push_back({random.in(1, 2), api::DeviceClass::gpu, "big", "B", 0});
    if (random.percent(20))
      m.devices.push_back({random.in(1, 2), api::DeviceClass::nic, "nic", "", 0});
    world.profiles.push_back(fleet::testing::profile_of(m));
    for (int64_t n = random.in(1, kinds == 1 ? 4 : 2); n > 0; --n) {
      m.rack = pick(random, {"", "r1", "r2", "r3"});
      m.site = m.rack.empty() ? "" : m.rack == "r3" ? "s2" : "s1";
      m.is_ready = !random.percent(5);
      if (has_power) {
        m.power = random.percent(80) ? Quantity::of(random.in(1, 4) * 1'000, Dimension::power)
                                     : Quantity();
        m.feeds = {{pick(random, {"p1", "p2"}), 100, api::FeedFailure::shift}};
        if (random.percent(30)) {
          const auto on_failure = static_cast<api::FeedFailure>(random.in(0, 2));
          m.feeds = {{"p1", 50, on_failure}, {"p2", random.percent(80) ? 50 : 0, on_failure}};
        }
      }
      world.nodes.push_back(
          fleet::testing::node_of(m, "n" + std::to_string(world.nodes.size() + 1)));
    }
  }
  for (const char* name : {"p1", "p2", "ups"}) {
    if (!has_power || random.percent(20)) continue;
    api::PowerDomain& domain = world.domains.emplace_back();
    domain.metadata.name = name;
    domain.spec.capacity = Quantity::of(random.in(1, 6) * 1'000, Dimension::power);
    if (std::string_view(name) != "ups" && random.percent(50))
      domain.spec.supplied_by = {1, random.percent(50) ? std::vector<std::string>{"ups"}
                                                       : std::vector<std::string>{"ups", "grid"}};
  }
}

inline void random_role(Random& random, World& world, const std::string& name, int64_t most) {
  api::ContractRole& role = world.request.spec.roles.emplace_back();
  role.name = name;
  role.count = random.in(1, most);
  role.each.cpu = Quantity::of(random.in(0, random.percent(30) ? 4 : 2) * 1000, Dimension::number);
  role.each.memory = Quantity::of(random.in(0, random.percent(30) ? 4 : 1) << 30, Dimension::bytes);
  if (!world.domains.empty() && random.percent(70))
    role.each.power = Quantity::of(random.in(1, 3) * 500, Dimension::power);
  if (random.percent(35)) {
    role.each.devices.push_back({"gpu", api::DeviceClass::gpu, random.percent(30) ? 2 : 1, {}});
    if (random.percent(15)) role.each.devices[0].where.model = {pick(random, {"A", "B"})};
    if (random.percent(15))
      role.each.devices.push_back({"more", api::DeviceClass::gpu, 1, {"", {"B"}}});
    else if (random.percent(10))
      role.each.devices.push_back({"nic", api::DeviceClass::nic, 1, {}});
  }
  for (int64_t n = random.percent(40) ? random.in(1, 2) : 0; n > 0; --n) {
    api::Align align;
    align.within = pick(random, {"numa-node", "package"});
    for (const auto& device : role.each.devices)
      if (random.percent(60)) align.devices.push_back(device.name);
    if (!align.devices.empty() && random.percent(30)) align.within = "pcie-root";
    if (random.percent(60)) align.devices.emplace_back("cpu");
    if (random.percent(40)) align.devices.emplace_back("memory");
    // Without a device there is no root to be within.
    if (!align.devices.empty()) role.align.push_back(std::move(align));
  }
  auto mode = [&] { return random.percent(80) ? api::Mode::required : api::Mode::preferred; };
  if (random.percent(25))
    role.together = api::Together{pick(random, {"node", "rack", "site"}), mode()};
  if (random.percent(25)) role.apart = api::Apart{pick(random, {"node", "rack", "site"}), mode()};
}

inline World random_world(uint64_t seed) {
  Random random(seed);
  World world;
  random_nodes(random, world);
  const int64_t roles = random.in(1, 3);
  for (int64_t r = 0; r < roles; ++r)
    random_role(random, world, "role" + std::to_string(r), roles == 1 ? 4 : 2);
  fleet::Fleet fleet = world.build(0);
  for (int64_t n = random.in(0, 5); n > 0; --n) {
    api::AllocationSpec spec;
    api::AllocatedMember& member = spec.members.emplace_back();
    const api::Node& node =
        world
            .nodes[static_cast<size_t>(random.in(0, static_cast<int64_t>(world.nodes.size()) - 1))];
    member.node = node.metadata.name;
    member.cpus = std::to_string(random.in(0, 3));
    member.memory = {{0, random.in(0, 1) << 30}};
    const auto& devices = node.status.allocatable.devices;
    if (!devices.empty() && random.percent(50)) member.devices = {devices[0]};
    if (node.status.allocatable.power.is_set() && random.percent(50))
      member.power = Quantity::of(500, Dimension::power);
    if (!fleet.check(spec).ok()) continue;
    fleet.occupy("a" + std::to_string(world.allocations.size()), spec);
    world.allocations.push_back(std::move(spec));
  }
  return world;
}

}  // namespace freehold::place::testing
