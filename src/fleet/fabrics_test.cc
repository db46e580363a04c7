#include "fleet/fabrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "api/storage.h"
#include "base/random.h"
#include "base/strings.h"
#include "fleet/fleet.h"
#include "fleet/testing/fleet_of.h"
#include "fleet/testing/read_yaml.h"
#include "fleet/wan.h"

namespace freehold::fleet {
namespace {

using testing::fleet_of;
using testing::read_yaml;

// "NET 400000/400000 4 hops 2 tiers 2:1": bandwidth now and at best.
std::string told(const FleetPath& path) {
  std::string out(path_word(path.cls));
  const auto rate = [](int64_t mbps) { return mbps < 0 ? "?" : std::to_string(mbps); };
  out += " " + rate(path.now_mbps) + "/" + rate(path.max_mbps);
  if (path.hops > 0) out += " " + std::to_string(path.hops) + " hops";
  if (path.tiers > 0) out += " " + std::to_string(path.tiers) + " tiers";
  if (path.oversubscription_permille != 1'000)
    out += " " + std::to_string(path.oversubscription_permille) + " permille";
  if (path.latency_ns >= 0) out += " " + std::to_string(path.latency_ns / 1'000'000) + " ms";
  return out;
}
std::string told(const Fleet& fleet, std::string_view a, std::string_view b) {
  return told(fleet.path(*fleet.find(a), *fleet.find(b)));
}

// Two leaves with two machines each, two spines; one link of leaf2 is at half its rate.
constexpr std::string_view leaf_and_spine = R"(
metadata: {name: ib}
spec:
  kind: rdma
  site: fra
  technology: infiniband
  tiers: [{name: leaf, bandwidth: 400Gbps, oversubscription: 2}, {name: spine, bandwidth: 800Gbps}]
  switches:
    - {name: leaf1, tier: leaf, nodes: [n1, n2]}
    - {name: leaf2, tier: leaf, nodes: [n3]}
    - {name: leaf3, tier: leaf, nodes: [n5]}
    - {name: spine1, tier: spine}
    - {name: spine2, tier: spine}
  adapters:
    - {identity: "0x1", node: n4, device: rdma-nic0, switch: leaf2, bandwidth: 200Gbps}
    - {identity: "0x2", switch: spine1, aggregation: true}
  links:
    - {from: leaf1, to: spine1, count: 2}
    - {from: leaf1, to: spine2, count: 2}
    - {from: leaf2, to: spine1, bandwidth: 100Gbps, maximum: 800Gbps}
    - {from: leaf2, to: spine2, bandwidth: 300Gbps, maximum: 800Gbps}
)";

TEST(Fabrics, the_way_between_two_machines_is_the_widest_now) {
  Fleet fleet = fleet_of("6 nodes: 1 numa x 1 cpus, site fra");
  fleet.put(read_yaml<api::Fabric>(leaf_and_spine));
  EXPECT_EQ(told(fleet, "n1", "n1"), "LOC ?/?");
  EXPECT_EQ(told(fleet, "n1", "n2"), "NET 400000/400000 2 hops 1 tiers");
  EXPECT_EQ(told(fleet, "n1", "n3"), "NET 300000/400000 4 hops 2 tiers 2000 permille");
  EXPECT_EQ(told(fleet, "n3", "n4"), "NET 200000/400000 2 hops 1 tiers") << "the port runs slow";
  EXPECT_EQ(told(fleet, "n1", "n5"), "DIS ?/?") << "leaf3 hangs on nothing";
  EXPECT_EQ(told(fleet, "n1", "n6"), "? ?/?") << "of n6 nobody says where it hangs";
}

TEST(Fabrics, ways_in_no_table_are_told_from_those_that_are_not_there) {
  const auto facts = std::make_shared<const FabricFacts>(read_yaml<api::Fabric>(leaf_and_spine));
  const Network whole({facts}), part({facts}, 1);
  const auto is_too_wide = [](const Network& network, std::string_view from, std::string_view to) {
    return Network::is_too_wide(network.ports_of(from), network.ports_of(to), between_machines);
  };
  EXPECT_FALSE(is_too_wide(whole, "n1", "n3"));
  EXPECT_TRUE(is_too_wide(part, "n1", "n3")) << "leaf2 is the second group";
  EXPECT_FALSE(is_too_wide(part, "n1", "n2")) << "on one switch";
  EXPECT_FALSE(is_too_wide(part, "n1", "n5")) << "leaf3 hangs on nothing";
  EXPECT_EQ(part.between(part.ports_of("n1")[0], part.ports_of("n3")[0]).now.hops, 0);
}

TEST(Fabrics, a_way_in_no_table_is_unknown_unless_sites_have_a_link) {
  Fleet fleet(1);
  const auto node = [&](const std::string& name, const std::string& site) {
    fleet.put(read_yaml<api::Node>("metadata: {name: " + name + "}\nspec: {site: " + site + "}"));
  };
  const auto site = [&](const std::string& name, const std::string& links) {
    fleet.put(read_yaml<api::Site>("metadata: {name: " + name +
                                   "}\nspec: {jurisdiction: {country: DE}, links: [" + links +
                                   "]}"));
  };
  for (const char* name : {"n1", "n2", "n5"}) node(name, "fra");
  node("n3", "par");
  node("n4", "fra");
  site("fra", "");
  site("par", "");
  fleet.put(read_yaml<api::Fabric>(leaf_and_spine));
  const auto is_too_wide = [](const Fleet& of, std::string_view a, std::string_view b) {
    return of.path(*of.find(a), *of.find(b)).is_too_wide;
  };
  EXPECT_EQ(told(fleet, "n1", "n3"), "? ?/?") << "joined, and no table says how";
  EXPECT_TRUE(is_too_wide(fleet, "n1", "n3"));
  EXPECT_TRUE(is_too_wide(fleet.fork(), "n3", "n1"));
  EXPECT_EQ(told(fleet, "n1", "n2"), "NET 400000/400000 2 hops 1 tiers") << "on one switch";
  EXPECT_EQ(told(fleet, "n1", "n5"), "DIS ?/?") << "leaf3 hangs on nothing";
  EXPECT_FALSE(is_too_wide(fleet, "n1", "n5"));
  site("fra", "{site: par, bandwidth: 40Gbps, latency: 10ms}");
  EXPECT_EQ(told(fleet, "n1", "n3"), "NET 40000/40000 1 hops 10 ms");
  EXPECT_FALSE(is_too_wide(fleet, "n1", "n3"));
}

TEST(Fabrics, links_lead_to_switches_of_other_fabrics_whichever_comes_first) {
  constexpr std::string_view pod =
      "metadata: {name: pod%}\nspec: {kind: rdma, switches: [{name: leaf, nodes: [n%]}],"
      " links: [{from: leaf, to: core/spine, bandwidth: 100Gbps}]}";
  const auto numbered = [&](char n) {
    std::string text(pod);
    std::replace(text.begin(), text.end(), '%', n);
    return read_yaml<api::Fabric>(text);
  };
  const auto core = read_yaml<api::Fabric>(
      "metadata: {name: core}\nspec: {kind: rdma, switches: [{name: spine}]}");
  Fleet early = fleet_of("2 nodes: 1 numa x 1 cpus"), late = early.fork();
  early.put(core);
  early.put(numbered('1'));
  early.put(numbered('2'));
  late.put(numbered('2'));
  late.put(numbered('1'));
  EXPECT_EQ(told(late, "n1", "n2"), "DIS ?/?");
  late.put(core);
  for (const Fleet* fleet : {&early, &late})
    EXPECT_EQ(told(*fleet, "n1", "n2"), "NET ?/? 4 hops 2 tiers")
        << "the ports are of unknown rate";
  EXPECT_EQ(early.hash(), late.hash());
  late.remove_fabric("core");
  EXPECT_EQ(told(late, "n1", "n2"), "DIS ?/?");
}

TEST(Fabrics, forks_do_not_see_each_other) {
  Fleet fleet = fleet_of("3 nodes: 1 numa x 1 cpus");
  fleet.put(read_yaml<api::Fabric>(leaf_and_spine));
  EXPECT_EQ(told(fleet, "n1", "n2"), "NET 400000/400000 2 hops 1 tiers");
  Fleet fork = fleet.fork();
  EXPECT_EQ(&fork.network(), &fleet.network()) << "shared until one changes";
  fork.remove_fabric("ib");
  EXPECT_EQ(told(fork, "n1", "n2"), "? ?/?");
  EXPECT_EQ(told(fleet, "n1", "n2"), "NET 400000/400000 2 hops 1 tiers");
  EXPECT_NE(fork.hash(), fleet.hash());
  fork.put(read_yaml<api::Fabric>(leaf_and_spine));
  EXPECT_EQ(fork.hash(), fleet.hash());
}

TEST(Fabrics, a_fabric_that_tells_no_links_is_still_one_network) {
  Fleet fleet = fleet_of("2 nodes: 1 numa x 1 cpus");
  fleet.put(read_yaml<api::Fabric>(
      "metadata: {name: eth}\nspec: {switches: [{name: a, nodes: [n1]}, {name: b, nodes: [n2]}]}"));
  const FleetPath path = fleet.path(*fleet.find("n1"), *fleet.find("n2"));
  EXPECT_EQ(path.cls, PathClass::net);
  EXPECT_EQ(path.now_mbps, -1);
  EXPECT_EQ(path.confidence, api::Confidence::inferred);
}

TEST(Fabrics, a_link_that_is_down_is_no_way_now) {
  Fleet fleet = fleet_of("2 nodes: 1 numa x 1 cpus");
  fleet.put(read_yaml<api::Fabric>(R"(
metadata: {name: eth}
spec:
  tiers: [{name: leaf, bandwidth: 10Gbps}]
  switches: [{name: a, tier: leaf, nodes: [n1]}, {name: b, tier: leaf, nodes: [n2]}]
  links: [{from: a, to: b, bandwidth: 0bps, maximum: 10Gbps}]
)"));
  EXPECT_EQ(told(fleet, "n1", "n2"), "NET 0/10000 3 hops 1 tiers");
}

// ---- scale-up

api::HardwareProfile with_nvlink() {
  return read_yaml<api::HardwareProfile>(R"(
metadata: {name: hp-tray}
spec:
  numa: [{id: 0, cpus: 0-3}]
  devices:
    - {id: gpu0, class: gpu, model: NVIDIA GB200, numa: 0, links: [{to: sw, count: 18}]}
    - {id: gpu1, class: gpu, model: NVIDIA GB200, numa: 0, links: [{to: sw, count: 18}]}
    - {id: mlx5_0, class: rdma-nic, numa: 0}
    - {id: sw, class: nvswitch}
)");
}
api::Node tray(const std::string& name, const std::string& domain) {
  return read_yaml<api::Node>("metadata: {name: " + name +
                              "}\nstatus: {profile: hp-tray, scaleUpDomain: " + domain + "}");
}

TEST(Fabrics, gpus_of_one_scale_up_domain_are_nvl) {
  Fleet fleet;
  fleet.put(tray("a", "rack1"));
  fleet.put(tray("b", "rack1"));
  fleet.put(tray("c", "rack2"));
  fleet.put(with_nvlink());  // known late
  EXPECT_EQ(told(fleet, "a", "b"), "NVL 5774400/5774400 2 hops 1 tiers");
  EXPECT_EQ(told(fleet, "a", "c"), "? ?/?");
  const NodeState &a = *fleet.find("a"), &b = *fleet.find("b"), &c = *fleet.find("c");
  EXPECT_EQ(fleet.path({a, 0}, {b, 1}).cls, PathClass::nvl);
  EXPECT_EQ(fleet.path({a, 2}, {b, 1}).cls, PathClass::unknown) << "a NIC has no NVLink";
  EXPECT_EQ(fleet.path({a, 0}, {a, 1}).cls, PathClass::nvl);

  api::Node weak = tray("b", "rack1");
  weak.status.devices.emplace_back().id = "gpu1";
  weak.status.devices[0].links.push_back({"sw", api::LinkKind::nvlink, 9, {}});
  fleet.put(weak);
  EXPECT_EQ(told(fleet.path({a, 0}, {*fleet.find("b"), 1})), "NVL 2887200/5774400 2 hops 1 tiers");

  fleet.put(
      read_yaml<api::Fabric>("metadata: {name: nvl}\nspec: {kind: scale-up, technology: nvlink, "
                             "switches: [{name: s, nodes: [a, c]}]}"));
  EXPECT_EQ(fleet.path({a, 0}, {c, 0}).cls, PathClass::nvl) << "or by a Fabric";
}

TEST(Fabrics, a_device_reaches_another_node_through_the_nic_that_carries_most) {
  const auto profile = read_yaml<api::HardwareProfile>(R"(
metadata: {name: hp}
spec:
  packages: [{id: 0, model: AMD EPYC}, {id: 1, model: AMD EPYC}]
  numa: [{id: 0, package: 0, cpus: 0-1}, {id: 1, package: 1, cpus: 2-3}]
  pci:
    - {address: "0000:01:00.0", parent: "pci0000:00", numa: 0, linkSpeed: 32GT/s, linkWidth: 16}
    - {address: "0000:02:00.0", parent: "pci0000:00", numa: 0, linkSpeed: 32GT/s, linkWidth: 16}
    - {address: "0000:81:00.0", parent: "pci0000:80", numa: 1, linkSpeed: 32GT/s, linkWidth: 16}
  devices:
    - {id: gpu0, class: gpu, address: "0000:01:00.0"}
    - {id: near, class: rdma-nic, address: "0000:02:00.0"}
    - {id: far, class: rdma-nic, address: "0000:81:00.0"}
)");
  Fleet fleet;
  fleet.put(profile);
  for (const char* name : {"a", "b"})
    fleet.put(
        read_yaml<api::Node>("metadata: {name: " + std::string(name) + "}\nstatus: {profile: hp}"));
  fleet.put(read_yaml<api::Fabric>(R"(
metadata: {name: ib}
spec:
  kind: rdma
  switches: [{name: rail1}, {name: rail2}]
  links: [{from: rail1, to: rail2, bandwidth: 50Gbps}]
  adapters:
    - {identity: "1", node: a, device: near, switch: rail1, bandwidth: 200Gbps}
    - {identity: "2", node: a, device: far, switch: rail2, bandwidth: 400Gbps}
    - {identity: "3", node: b, device: near, switch: rail1, bandwidth: 200Gbps}
    - {identity: "4", node: b, device: far, switch: rail2, bandwidth: 400Gbps}
)"));
  const NodeState &a = *fleet.find("a"), &b = *fleet.find("b");
  EXPECT_EQ(told(fleet, "a", "b"), "NET 400000/400000 2 hops 1 tiers");
  EXPECT_EQ(told(fleet.path({a, 0}, {b, 0})), "NET 200000/200000 6 hops 1 tiers")
      << "the socket link of 128 Gbit/s makes the far rail the slower one";
  EXPECT_EQ(told(fleet.path({a, 1}, {b, 2})), "NET 50000/50000 3 hops 1 tiers")
      << "a NIC uses its own port";
}

// ---- sites and storage

TEST(Fabrics, sites_reach_each_other_over_the_links_that_they_name) {
  Fleet fleet = fleet_of(
      "1 node: 1 numa x 1 cpus, site fra; 1 node: 1 numa x 1 cpus, site par; 1 node: 1 numa x 1 "
      "cpus, site osl; 1 node: 1 numa x 1 cpus, site syd");
  const auto site = [&](const std::string& name, const std::string& links) {
    fleet.put(read_yaml<api::Site>("metadata: {name: " + name +
                                   "}\nspec: {jurisdiction: {country: DE}, links: [" + links +
                                   "]}"));
  };
  site("fra",
       "{site: par, bandwidth: 100Gbps, latency: 10ms, pricePerGb: 0.01EUR/GB},"
       "{site: osl, bandwidth: 1Gbps, latency: 25ms}");
  site("par", "{site: osl, bandwidth: 40Gbps, latency: 30ms, pricePerGb: 0.02EUR/GB}");
  site("osl", "");
  site("syd", "");
  EXPECT_EQ(told(fleet, "n1", "n2"), "NET 100000/100000 1 hops 10 ms");
  const auto way = [&](std::string_view from, std::string_view to) {
    return join(fleet.sites_between(*fleet.find(from), *fleet.find(to)), " ");
  };
  EXPECT_EQ(told(fleet, "n1", "n3"), "NET 1000/1000 1 hops 25 ms") << "wider by way of par";
  EXPECT_EQ(way("n1", "n3"), "fra osl");
  EXPECT_EQ(told(fleet, "n1", "n4"), "DIS ?/?");
  EXPECT_EQ(way("n1", "n4"), "");
  site("fra", "{site: par, bandwidth: 100Gbps, latency: 10ms, pricePerGb: 0.01EUR/GB}");
  EXPECT_EQ(told(fleet, "n1", "n3"), "NET 40000/40000 2 hops 40 ms");
  EXPECT_EQ(told(fleet, "n3", "n1"), "NET 40000/40000 2 hops 40 ms") << "told by one end";
  EXPECT_EQ(way("n3", "n1"), "osl par fra");
  fleet.remove_site("par");
  EXPECT_EQ(told(fleet, "n1", "n3"), "DIS ?/?");
}

// More sites than have a table are searched, and the answers are the same.
TEST(Fabrics, sites_reach_each_other_however_many_there_are) {
  Random random(1);
  std::vector<Wan::Site> few;
  for (int i = 0; i < 12; ++i) few.push_back({"a" + std::to_string(10 + i), {}});
  for (Wan::Site& site : few)
    for (int k = 0; k < 2; ++k) {
      const auto other = static_cast<size_t>(random.in(0, 13));
      if (other < few.size())
        site.links.push_back({few[other].name, random.in(-1, 3) * 1'000, random.in(1, 9), -1});
    }
  std::vector<Wan::Site> many = few;
  for (int i = 0; i < 1'100; ++i) many.push_back({"b" + std::to_string(1'000 + i), {}});
  many.back().links.push_back({few[0].name, 1'000, 5, -1});
  const Wan table(few), search(many);
  size_t joined = 0;
  for (const Wan::Site& a : few)
    for (const Wan::Site& b : few) {
      EXPECT_EQ(search.between(a.name, b.name), table.between(a.name, b.name)) << a.name << b.name;
      EXPECT_EQ(search.way(a.name, b.name), table.way(a.name, b.name));
      if (table.between(a.name, b.name).cls == PathClass::net) ++joined;
    }
  EXPECT_GT(joined, 60u);
  EXPECT_EQ(search.between("b2099", few[0].name).max_mbps, 1'000);
  EXPECT_EQ(search.between("b1000", few[0].name).cls, PathClass::dis);
}

TEST(Fabrics, a_pool_is_reached_by_its_servers_its_fabric_or_its_site) {
  Fleet fleet = fleet_of("5 nodes: 1 numa x 1 cpus, site fra; 1 node: 1 numa x 1 cpus, site par");
  fleet.put(read_yaml<api::Fabric>(leaf_and_spine));
  fleet.put(read_yaml<api::StoragePool>(R"(
metadata: {name: lustre}
spec:
  site: fra
  fabric: ib
  capacity: 1PB
  readThroughput: 100GBps
  commitments: [{name: a, capacity: 100TB, readThroughput: 30GBps}, {name: b, readThroughput: 20GBps}]
)"));
  const PoolFacts* pool = fleet.storage_pool("lustre");
  ASSERT_NE(pool, nullptr);
  EXPECT_EQ(pool->read_mbps - pool->promised_read_mbps, 400'000);
  EXPECT_EQ(pool->promised_bytes, 100'000'000'000'000);
  const auto reach = [&](std::string_view node) {
    return told(fleet.path(*fleet.find(node), *fleet.storage_pool("lustre")));
  };
  EXPECT_EQ(reach("n1"), "NET 400000/400000 1 hops");
  EXPECT_EQ(reach("n6"), "DIS ?/?");
  api::StoragePool served;
  served.metadata.name = "lustre";
  served.spec.site = "fra";
  served.spec.nodes = {"n3", "n2"};
  fleet.put(served);
  EXPECT_EQ(reach("n1"), "NET 400000/400000 2 hops 1 tiers") << "n2 is nearer than n3";
  EXPECT_EQ(reach("n2"), "LOC ?/?");
  EXPECT_EQ(reach("n6"), "DIS ?/?");
  fleet.remove_storage_pool("lustre");
  EXPECT_EQ(fleet.storage_pool("lustre"), nullptr);
}

TEST(Fabrics, everything_is_walked_as_one_graph) {
  Fleet fleet = fleet_of("1 node: 1 numa x 1 cpus, rack r1");
  fleet.put(read_yaml<api::Site>(R"(
metadata: {name: fra}
spec:
  jurisdiction: {country: DE}
  powerDomain: grid
  links: [{site: par, bandwidth: 100Gbps, latency: 9ms}]
  cooling: [{name: chiller, capacity: 2MW}, {name: cdu, capacity: 200kW, suppliedBy: chiller}]
)"));
  fleet.put(
      read_yaml<api::Rack>("metadata: {name: r1}\nspec: {site: fra, room: hall, row: '1', feeds: "
                           "[pdu], cooling: {unit: cdu, limit: 50kW}}"));
  auto pdu = read_yaml<api::PowerDomain>(
      "metadata: {name: pdu}\nspec: {site: fra, capacity: 60kW, suppliedBy: {domains: [grid]}}");
  fleet.put(pdu);
  api::set_said(pdu.metadata,
                {"redfish", api::Confidence::bmc, *parse_rfc3339("2026-11-23T15:39:13Z")});
  fleet.put(pdu);
  fleet.put(read_yaml<api::Fabric>(leaf_and_spine));
  fleet.put(read_yaml<api::StoragePool>("metadata: {name: pool}\nspec: {site: fra, fabric: ib}"));
  const Graph graph = fleet.graph();
  std::vector<std::string> edges;
  for (const Edge& edge : graph.edges())
    edges.push_back(graph.vertices()[edge.from].name + " " +
                    std::string(edge_kind_name(edge.kind)) + " " + graph.vertices()[edge.to].name);
  for (const char* wanted :
       {"fra wan par", "grid power fra", "grid power pdu", "pdu power r1",
        "fra/chiller coolant fra/cdu", "fra/cdu coolant r1", "fra contains fra/hall",
        "fra/hall contains fra/hall/1", "fra/hall/1 contains r1", "r1 contains n1",
        "n1 infiniband ib/leaf1", "ib/leaf1 infiniband ib/spine1", "fra contains pool",
        "pool serves ib"})
    EXPECT_THAT(edges, ::testing::Contains(wanted));
  for (const Edge& edge : graph.edges()) {
    const std::string& by = graph.vertices()[edge.said_by].name;
    EXPECT_EQ(graph.sources()[edge.source], by == "pdu" ? "redfish" : "document") << by;
    EXPECT_EQ(edge.confidence, by == "pdu" ? api::Confidence::bmc : api::Confidence::declared);
    EXPECT_EQ(edge.at.is_set(), by == "pdu");
  }
  const uint32_t rack = *graph.find(VertexKind::rack, "r1");
  EXPECT_EQ(graph.edges_of(rack).size(), 4u) << "its row, its node, its feed, its cooling";
}

// ---- against brute force

struct RandomFabric {
  api::Fabric fabric;
  struct Link {
    size_t a, b;
    int64_t mbps;
  };
  std::vector<Link> links;
};

RandomFabric random_fabric(Random& random) {
  RandomFabric out;
  out.fabric.metadata.name = "f";
  out.fabric.spec.kind = api::FabricKind::rdma;
  const int64_t n = random.in(1, 9);
  for (int64_t i = 0; i < n; ++i) {
    api::FabricSwitch& s = out.fabric.spec.switches.emplace_back();
    s.name = "s" + std::to_string(i);
    if (random.percent(70)) s.nodes.push_back("n" + std::to_string(i + 1));
  }
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t j = i + 1; j < n; ++j) {
      if (!random.percent(35)) continue;
      const int64_t gbps = random.in(0, 3);
      out.links.push_back({static_cast<size_t>(i), static_cast<size_t>(j), gbps * 1'000});
      out.fabric.spec.links.push_back({"s" + std::to_string(i), "s" + std::to_string(j), 1,
                                       Quantity::of(gbps * 1'000'000'000, Dimension::bandwidth),
                                       Quantity::of(4'000'000'000, Dimension::bandwidth)});
    }
  }
  out.fabric.spec.tiers.push_back({"t", Quantity::of(2'500'000'000, Dimension::bandwidth), 1});
  for (api::FabricSwitch& s : out.fabric.spec.switches) s.tier = "t";
  return out;
}

// Widest first, then fewest links.
struct Brute {
  const RandomFabric& f;
  size_t to;
  std::vector<bool> seen;
  int64_t width = -1;
  int hops = -1;  // -1: there is no way

  void walk(size_t at, int64_t so_far, int steps) {
    if (at == to) {
      if (hops < 0 || std::pair(-so_far, steps) < std::pair(-width, hops))
        width = so_far, hops = steps;
      return;
    }
    for (const auto& link : f.links) {
      if (link.mbps == 0 || (link.a != at && link.b != at)) continue;
      const size_t next = link.a == at ? link.b : link.a;
      if (seen[next]) continue;
      seen[next] = true;
      walk(next, std::min(so_far, link.mbps), steps + 1);
      seen[next] = false;
    }
  }
};

TEST(Fabrics, ways_are_those_of_a_search_through_every_way) {
  const auto machine = testing::machines("1 node: 1 numa x 1 cpus")[0];
  size_t ways = 0;
  for (uint64_t seed = 1; seed <= 150; ++seed) {
    Random random(seed);
    const RandomFabric f = random_fabric(random);
    Fleet fleet;
    fleet.put(f.fabric);
    const auto& switches = f.fabric.spec.switches;
    for (size_t i = 0; i < switches.size(); ++i)
      fleet.put(testing::node_of(machine, "n" + std::to_string(i + 1)));
    for (size_t a = 0; a < switches.size(); ++a) {
      for (size_t b = 0; b < switches.size(); ++b) {
        if (a == b || switches[a].nodes.empty() || switches[b].nodes.empty()) continue;
        if (f.links.empty()) continue;  // then nobody knows how they hang together
        Brute brute{f, b, std::vector<bool>(switches.size())};
        brute.seen[a] = true;
        brute.walk(a, INT64_MAX, 0);
        const FleetPath path = fleet.path(*fleet.find("n" + std::to_string(a + 1)),
                                          *fleet.find("n" + std::to_string(b + 1)));
        if (brute.hops < 0) {
          EXPECT_LE(path.now_mbps, 0) << "seed " << seed;
          continue;
        }
        ++ways;
        ASSERT_EQ(path.now_mbps, std::min<int64_t>(brute.width, 2'500))
            << "seed " << seed << " " << a << " " << b;
        ASSERT_EQ(path.max_mbps, 2'500);
        ASSERT_EQ(path.hops, brute.hops + 2) << "seed " << seed << " " << a << " " << b;
      }
    }
  }
  EXPECT_GT(ways, 800u);
}

}  // namespace
}  // namespace freehold::fleet
