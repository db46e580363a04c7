// The few pairs of ports that Network::between looks at, against all of them.
#include <gtest/gtest.h>

#include <tuple>

#include "base/random.h"
#include "fleet/fleet.h"
#include "fleet/generate.h"
#include "fleet/objects.h"

namespace freehold::fleet {
namespace {

using Leg = Network::Leg;

FleetPath best_of_all(const Network& network, const std::vector<Leg>& from,
                      const std::vector<Leg>& to) {
  const auto rank = [](const FleetPath& p) {
    return std::tuple(-p.now_mbps, p.hops, -p.max_mbps, p.tiers, p.oversubscription_permille,
                      p.confidence, p.cls);
  };
  FleetPath best;
  for (const Leg& a : from)
    for (const Leg& b : to) {
      const FleetPath path = network.join(a, b, network.between(*a.port, *b.port));
      if (path.cls == PathClass::dis) continue;
      if (best.cls == PathClass::dis || rank(path) < rank(best)) best = path;
    }
  return best;
}

// Links and ports that run slower, that are down, or of which nothing is known.
void wear(api::Fabric& fabric, Random& random) {
  const auto worn = [&](Quantity& now) {
    if (!random.percent(10)) return;
    now = random.percent(20)
              ? Quantity()
              : Quantity::of(random.in(0, 3) * 100'000'000'000, Dimension::bandwidth);
  };
  for (api::FabricLink& link : fabric.spec.links) worn(link.bandwidth);
  for (api::FabricAdapter& adapter : fabric.spec.adapters) worn(adapter.bandwidth);
  std::erase_if(fabric.spec.links, [&](const auto&) { return random.percent(5); });
}

Fleet worn_fleet(std::string_view mix, Random& random, bool is_worn) {
  Fleet fleet;
  generate({parse_mix(mix).value(), 2, random.next()}, [&](api::Object object) {
    if (auto* fabric = object.as<api::Fabric>(); fabric != nullptr && is_worn)
      wear(*fabric, random);
    put_object(fleet, object);
  });
  return fleet;
}

// From some device to the ports of its machine: some are near, some far, some out of reach.
std::vector<Leg> random_legs(std::span<const Network::Port> ports, Random& random) {
  std::vector<Leg> legs;
  for (const Network::Port& port : ports) {
    if (random.percent(10) || legs.size() == Network::most_legs) continue;
    Leg leg{&port, port.now, port.max, 1};
    if (random.percent(50)) {
      const int64_t most = random.in(0, 4) * 100'000;
      leg.now = std::min(leg.now, random.percent(10) ? -1 : most);
      leg.max = std::min(leg.max, most + random.in(0, 1) * 100'000);
      leg.hops = static_cast<uint8_t>(random.in(1, 4));
    }
    legs.push_back(leg);
  }
  return legs;
}

TEST(Network, few_pairs_of_ports_find_what_all_of_them_would) {
  Random random(5);
  size_t joined = 0, apart = 0;
  for (const bool is_worn : {false, true}) {
    for (const char* mix : {"h100=40,cpu=9", "h200=20,b200=20", "gb200=40", "mi300x=40,edge=20"}) {
      const Fleet fleet = worn_fleet(mix, random, is_worn);
      const Network& network = fleet.network();
      const auto any = [&]() -> const std::string& {
        const auto last = static_cast<int64_t>(fleet.size()) - 1;
        return fleet.node(static_cast<size_t>(random.in(0, last))).name();
      };
      for (int i = 0; i < 2'000; ++i) {
        const std::string &a = any(), &b = any();
        const auto from = random_legs(network.ports_of(a), random),
                   to = random_legs(network.ports_of(b), random);
        const FleetPath path = network.between(from, to);
        ASSERT_EQ(path, best_of_all(network, from, to)) << mix << ": " << a << " to " << b;
        joined += path.cls == PathClass::dis ? 0 : 1;
        if (!Network::may_join(network.ports_of(a), network.ports_of(b))) {
          ASSERT_EQ(path.cls, PathClass::dis) << mix << ": " << a << " to " << b;
          ++apart;
        }
      }
    }
  }
  EXPECT_GT(joined, 6'000u);
  EXPECT_GT(apart, 2'000u);
}

}  // namespace
}  // namespace freehold::fleet
