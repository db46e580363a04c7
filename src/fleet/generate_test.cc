#include "fleet/generate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <set>

#include "api/site.h"
#include "base/limits.h"
#include "fleet/facility/facility.h"
#include "fleet/machine_models.h"
#include "fleet/objects.h"
#include "schema/walk.h"

namespace freehold::fleet {
namespace {

GenerateOptions options(std::string_view mix, int64_t sites = 1, uint64_t seed = 1) {
  auto parts = parse_mix(mix);
  EXPECT_TRUE(parts.ok()) << mix;
  return {std::move(parts).value(), sites, seed};
}

constexpr std::string_view everything =
    "h100=40,h200=3,b200=5,hgx-h100=3,gb200=37,mi300x=2,cpu=70,edge=120";

TEST(Generate, gives_objects_that_keep_the_rules_of_their_kinds) {
  std::map<std::string_view, size_t> counts;
  std::set<std::string> keys;
  generate(options(everything, 2), [&](const api::Object& object) {
    schema::Errors errors;
    api::validate(object, errors);
    for (const auto& error : errors.all())
      ADD_FAILURE() << object.key() << ": " << error.path << ": " << error.detail;
    EXPECT_LE(object.print().size(), limits::object_bytes) << object.key();
    EXPECT_TRUE(keys.insert(object.key()).second) << object.key();
    ++counts[object.kind().name];
  });
  EXPECT_EQ(counts["Node"], 280u);
  EXPECT_EQ(counts["HardwareProfile"], 8u) << "one per model";
  EXPECT_EQ(counts["Site"], 4u) << "two data centres, two edge sites of at most 100 machines";
  EXPECT_EQ(counts["StoragePool"], 4u);
}

TEST(Generate, each_memory_node_gives_its_distance_to_all) {
  for (const MachineModel& model : machine_models()) {
    const api::HardwareProfile profile = profile_of(model);
    const std::vector<api::NumaNode>& numa = profile.spec.numa;
    for (size_t i = 0; i < numa.size(); ++i) {
      ASSERT_EQ(numa[i].distances.size(), numa.size()) << model.name;
      EXPECT_EQ(numa[i].distances[i], 10) << model.name;
      for (size_t j = 0; j < numa.size(); ++j)
        EXPECT_EQ(numa[i].distances[j], numa[j].distances[i]) << model.name;
    }
  }
}

TEST(Generate, a_full_pod_fits_an_object) {
  generate(options("h100=129"), [&](const api::Object& object) {
    EXPECT_LE(object.print().size(), limits::object_bytes) << object.key();
  });
}

TEST(Generate, the_same_seed_gives_the_same_fleet) {
  const auto print = [](uint64_t seed) {
    std::string all;
    generate(options("h100=64,cpu=4", 2, seed),
             [&](const api::Object& object) { all += object.print() + "\n"; });
    return all;
  };
  EXPECT_EQ(print(7), print(7));
  EXPECT_NE(print(7), print(8));
}

TEST(Generate, a_facility_holds_however_its_halls_are_filled) {
  for (const char* mix : {"h100=840", "h100=40,gb200=37,mi300x=2,cpu=70,edge=120"}) {
    std::deque<api::Object> objects;
    facility::Estate estate;
    generate(options(mix), [&](api::Object object) {
      objects.push_back(std::move(object));
      estate.put(objects.back());
    });
    const facility::Facility facility = survey(estate, facility::Footing::most);
    for (const facility::Finding& finding : facility.findings)
      EXPECT_NE(finding.severity, facility::Severity::error)
          << mix << ": " << finding.about << ": " << finding.text;
  }
}

TEST(Generate, what_is_named_is_there) {
  std::set<std::string> nodes, racks, domains, sites, profiles;
  std::vector<std::pair<const std::set<std::string>*, std::string>> named;
  generate(options(everything, 2), [&](const api::Object& object) {
    const std::string& name = object.meta().name;
    if (const auto* site = object.as<api::Site>()) {
      sites.insert(name);
      named.emplace_back(&domains, site->spec.power_domain);
      for (const auto& link : site->spec.links) named.emplace_back(&sites, link.site);
    } else if (const auto* rack = object.as<api::Rack>()) {
      racks.insert(name);
      named.emplace_back(&sites, rack->spec.site);
      for (const std::string& feed : rack->spec.feeds) named.emplace_back(&domains, feed);
    } else if (const auto* domain = object.as<api::PowerDomain>()) {
      domains.insert(name);
      for (const std::string& supplier : domain->spec.supplied_by.domains)
        named.emplace_back(&domains, supplier);
    } else if (const auto* fabric = object.as<api::Fabric>()) {
      for (const auto& s : fabric->spec.switches) {
        if (!s.rack.empty()) named.emplace_back(&racks, s.rack);
        for (const std::string& node : s.nodes) named.emplace_back(&nodes, node);
      }
      for (const auto& adapter : fabric->spec.adapters) named.emplace_back(&nodes, adapter.node);
    } else if (object.as<api::HardwareProfile>() != nullptr) {
      profiles.insert(name);
    } else if (const auto* node = object.as<api::Node>()) {
      nodes.insert(name);
      named.emplace_back(&racks, node->spec.rack);
      named.emplace_back(&profiles, node->status.profile);
    }
  });
  for (const auto& [all, name] : named) EXPECT_TRUE(all->contains(name)) << name;
}

TEST(Generate, a_board_in_another_makers_server_is_no_dgx) {
  for (const char* name : {"h100", "h200", "b200"}) {
    const MachineModel& own = *find_machine_model(name);
    const MachineModel* board = find_machine_model("hgx-" + std::string(name));
    ASSERT_NE(board, nullptr);
    EXPECT_THAT(std::string(board->product), ::testing::Not(::testing::HasSubstr("DGX")));
    EXPECT_EQ(board->gpu, own.gpu);
    EXPECT_NE(profile_of(*board).metadata.name, profile_of(own).metadata.name);
  }
  EXPECT_EQ(profile_of(*find_machine_model("h100")).spec.devices[0].memory_bytes, 80LL << 30);
}

TEST(Generate, tiers_say_what_the_links_of_a_pod_add_up_to) {
  generate(options("h100=144"), [&](const api::Object& object) {
    const auto* fabric = object.as<api::Fabric>();
    if (fabric == nullptr || fabric->spec.kind != api::FabricKind::rdma || fabric->spec.rails != 8)
      return;
    const bool is_full = fabric->metadata.name == "fra1-rdma-1";
    EXPECT_EQ(fabric->spec.tiers[0].oversubscription, is_full ? 1 : 0.5);
    EXPECT_EQ(fabric->spec.tiers[1].oversubscription, is_full ? 2 : 0.5);
  });
}

// Of the fullest switch of each tier: what hangs below it over what leads up from it.
TEST(Generate, tiers_say_what_the_links_of_an_ethernet_add_up_to) {
  size_t fabrics = 0;
  generate(options("h100=1300,cpu=200", 1), [&](const api::Object& object) {
    const auto* fabric = object.as<api::Fabric>();
    if (fabric == nullptr || fabric->spec.kind != api::FabricKind::data ||
        fabric->spec.tiers.size() != 2)
      return;
    const api::FabricSpec& spec = fabric->spec;
    std::map<std::string, double> up, down;
    for (const api::FabricSwitch& one : spec.switches)
      down[one.name] = static_cast<double>(one.nodes.size()) * 1e2;
    for (const api::FabricLink& link : spec.links) {
      const double gbps = static_cast<double>(link.bandwidth.value()) / 1e9;
      up[link.from] += gbps;
      down[link.to] += gbps;
    }
    std::map<std::string, double> most;
    for (const api::FabricSwitch& one : spec.switches)
      if (up[one.name] > 0)
        most[one.tier] = std::max(most[one.tier], down[one.name] / up[one.name]);
    const bool has_core = most.contains("spine");
    EXPECT_DOUBLE_EQ(spec.tiers[0].oversubscription, most["top-of-rack"]) << object.key();
    EXPECT_DOUBLE_EQ(spec.tiers[1].oversubscription, has_core ? most["spine"] : 1) << object.key();
    ++fabrics;
  });
  EXPECT_EQ(fabrics, 2u);
}

TEST(Generate, no_two_ports_of_a_fleet_have_one_guid) {
  std::set<std::string> identities;
  size_t adapters = 0;
  generate(options("h100=12,gb200=40", 3), [&](const api::Object& object) {
    const auto* fabric = object.as<api::Fabric>();
    if (fabric == nullptr) return;
    for (const api::FabricAdapter& adapter : fabric->spec.adapters) {
      identities.insert(adapter.identity);
      ++adapters;
    }
  });
  EXPECT_GT(adapters, 200u);
  EXPECT_EQ(identities.size(), adapters);
}

TEST(Generate, machines_hang_together_as_their_models_do) {
  Fleet fleet;
  generate(options("h100=140,gb200=40", 1),
           [&](const api::Object& object) { put_object(fleet, object); });
  ASSERT_EQ(fleet.size(), 180u);
  const auto at = [&](const char* node, const char* device) {
    const NodeState& state = *fleet.find(node);
    return DeviceAt{state, *state.interior().find_device(device)};
  };
  const auto path = [&](const DeviceAt& a, const DeviceAt& b) {
    const FleetPath p = fleet.path(a, b);
    return std::string(path_word(p.cls)) + " " + std::to_string(p.max_mbps) + " " +
           std::to_string(p.tiers);
  };
  EXPECT_EQ(path(at("fra1-h100-1", "gpu0"), at("fra1-h100-1", "gpu7")), "NVL 2966400 0");
  EXPECT_EQ(path(at("fra1-h100-1", "gpu0"), at("fra1-h100-1", "mlx5_0")), "PIX 384000 0");
  EXPECT_EQ(path(at("fra1-h100-1", "gpu0"), at("fra1-h100-1", "mlx5_1")), "PXN 384000 0");
  EXPECT_EQ(path(at("fra1-h100-1", "gpu0"), at("fra1-h100-2", "gpu0")), "NET 384000 1")
      << "one leaf";
  EXPECT_EQ(path(at("fra1-h100-1", "gpu0"), at("fra1-h100-33", "gpu0")), "NET 384000 2")
      << "one pod";
  EXPECT_EQ(path(at("fra1-h100-1", "gpu0"), at("fra1-h100-129", "gpu0")), "NET 384000 3")
      << "the core";
  EXPECT_EQ(path(at("fra1-gb200-1", "gpu0"), at("fra1-gb200-18", "gpu3")), "NVL 5774400 1");
  EXPECT_EQ(path(at("fra1-gb200-1", "gpu0"), at("fra1-gb200-19", "gpu0")).substr(0, 4), "NET ");
  EXPECT_EQ(path(at("fra1-gb200-1", "gpu0"), at("fra1-gb200-1", "mlx5_0")), "P2C 384000 0");
  const FleetPath pool = fleet.path(*fleet.find("fra1-h100-1"), *fleet.storage_pool("fra1-lustre"));
  EXPECT_EQ(pool.cls, PathClass::net);
  const Graph graph = fleet.graph();
  EXPECT_TRUE(graph.find(VertexKind::fabric_switch, "fra1-rdma-1/leaf-8-4").has_value());
}

TEST(Generate, a_mix_that_cannot_be_is_refused_with_the_models_that_can) {
  for (const char* text : {"", "h100", "h100=", "h100=-1", "x=1", "h100=1,h100=2", "h100=1000001",
                           "h100=999999,cpu=9999999999999999999"}) {
    const auto mix = parse_mix(text);
    ASSERT_FALSE(mix.ok()) << text;
    EXPECT_EQ(mix.error().reason, Reason::bad_request);
  }
  EXPECT_THAT(parse_mix("x=1").error().message, ::testing::HasSubstr("gb200, mi300x, cpu, edge"));
}

}  // namespace
}  // namespace freehold::fleet
