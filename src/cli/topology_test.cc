#include "cli/topology.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fleet/objects.h"
#include "fleet/testing/read_yaml.h"

namespace freehold::cli {
namespace {

using fleet::testing::read_yaml;
using ::testing::HasSubstr;
using ::testing::Not;

// Three GPUs on roots of their own, joined by four links each; `links` is what the node says of
// them now.
struct Machine {
  explicit Machine(const std::string& links) {
    fleet.put(read_yaml<api::HardwareProfile>(R"(
metadata: {name: p}
spec:
  cpus: 0-3
  packages: [{id: 0, model: AMD EPYC 9654}]
  numa: [{id: 0, package: 0, cpus: 0-3}]
  pci:
    - {address: "0000:10:00.0", parent: "pci0000:10", numa: 0, linkSpeed: 32GT/s, linkWidth: 16}
    - {address: "0000:20:00.0", parent: "pci0000:20", numa: 0, linkSpeed: 32GT/s, linkWidth: 16}
  devices:
    - {id: a, class: gpu, model: NVIDIA H100, address: "0000:10:00.0", links: [{to: b, kind: nvlink, count: 4}]}
    - {id: b, class: gpu, model: NVIDIA H100, address: "0000:20:00.0", links: [{to: a, kind: nvlink, count: 4}]}
)"));
    node = read_yaml<api::Node>("metadata: {name: n}\nspec: {}\nstatus: {profile: p, devices: [" +
                                links + "]}");
    fleet.put(node);
  }
  std::string matrix() const { return path_matrix(*fleet.find("n"), Devices::all, {}); }
  std::string of_first_path(const char* key) const {
    const json::Value document = path_document(*fleet.find("n"), node);
    return std::string(document.at({"paths"})->as_array()->at(0).string_at({key}));
  }
  fleet::Fleet fleet;
  api::Node node;
};

TEST(TopologyMatrix, shows_the_links_that_are_up_now) {
  const Machine whole("");
  EXPECT_THAT(whole.matrix(), HasSubstr("GPU0  X     NV4"));
  EXPECT_EQ(whole.of_first_path("class"), "NVL");
  const Machine weak("{id: a, links: [{to: b, kind: nvlink, up: 3}]}");
  EXPECT_THAT(weak.matrix(), HasSubstr("NV3"));
  const Machine dark("{id: a, links: [{to: b, kind: nvlink, up: 0}]}");
  EXPECT_THAT(dark.matrix(), Not(HasSubstr("NV")));
  EXPECT_THAT(dark.matrix(), HasSubstr("NODE"));
  EXPECT_EQ(dark.of_first_path("class"), "NODE");
  EXPECT_EQ(dark.of_first_path("direct"), "NODE") << "both are of now";
}

TEST(TopologyMatrix, places_without_an_address_are_named_by_what_they_are) {
  const auto profile = read_yaml<api::HardwareProfile>(R"(
metadata: {name: p}
spec:
  packages: [{id: 0, model: AMD EPYC 9654}]
  numa: [{id: 0, package: 0, cpus: 0-3}]
  pci:
    - {address: "ffff:00:00.0", parent: "pciffff:00", class: "0604", numa: 0}
    - {address: "ffff:00:00.1", parent: "ffff:00:00.0", class: "0604", numa: 0}
    - {address: "ffff:00:00.2", parent: "ffff:00:00.1", numa: 0}
    - {address: "ffff:00:00.3", parent: "ffff:00:00.1", numa: 0}
    - {address: "ffff:00:00.4", parent: "pciffff:01", numa: 0}
  devices:
    - {id: gpu0, class: gpu, address: "ffff:00:00.2"}
    - {id: mlx5_0, class: rdma-nic, address: "ffff:00:00.3"}
    - {id: gpu1, class: gpu, address: "ffff:00:00.4"}
)");
  const auto node = read_yaml<api::Node>("metadata: {name: n}\nspec: {}\nstatus: {profile: p}");
  fleet::Fleet fleet;
  fleet.put(profile);
  fleet.put(node);
  const std::string document = json::print(path_document(*fleet.find("n"), node));
  EXPECT_THAT(document, HasSubstr("PCI switch"));
  EXPECT_THAT(document, HasSubstr("PCI root"));
  EXPECT_THAT(document, Not(HasSubstr("ffff")));
  const Picture picture = machine_picture(node, profile.spec, *fleet.find("n"));
  std::string labels;
  for (const auto& box : picture.boxes) labels += box.label + "\n";
  EXPECT_THAT(labels, HasSubstr("PCI switch\n"));
  EXPECT_THAT(labels, HasSubstr("mlx5_0\n"));
  EXPECT_THAT(labels, Not(HasSubstr("ffff")));
}

TEST(TopologyWay, costs_a_sum_for_each_currency) {
  const auto site = [](const std::string& name, const std::string& links) {
    return read_yaml<api::Site>("metadata: {name: " + name +
                                "}\nspec: {jurisdiction: {country: DE}, links: [" + links + "]}");
  };
  const api::Site fra = site("fra", "{site: par, pricePerGb: 0.01EUR/GB}"),
                  par = site("par", "{site: zrh, pricePerGb: 0.02EUR/GB}"),
                  zrh = site("zrh", "{site: iad, pricePerGb: 0.04USD/GB}, {site: osl}"),
                  iad = site("iad", ""), osl = site("osl", "");
  EXPECT_EQ(transit_price({&fra, &par, &zrh}), "0.03EUR/GB");
  EXPECT_EQ(transit_price({&iad, &zrh, &par, &fra}), "0.03EUR/GB + 0.04USD/GB")
      << "a link that one end names is there for both";
  EXPECT_EQ(transit_price({&fra, &par, &zrh, &osl}), "") << "one link names no price";
  EXPECT_EQ(transit_price({}), "");
}

TEST(TopologyFabric, links_of_other_fabrics_that_end_here_count) {
  const auto core = read_yaml<api::Fabric>(R"(
metadata: {name: core}
spec:
  kind: rdma
  tiers: [{name: core}]
  switches: [{name: c1, tier: core}, {name: c2, tier: core}]
)");
  const auto leaf = read_yaml<api::Fabric>(R"(
metadata: {name: leaf}
spec:
  kind: rdma
  switches: [{name: s1}]
  links:
    - {from: s1, to: core/c1, count: 4, bandwidth: 1600Gbps}
    - {from: s1, to: core/none, bandwidth: 400Gbps}
)");
  const std::string text = fabric_table(core, {&core, &leaf}, {});
  EXPECT_THAT(text, HasSubstr("2 switches, 0 cables between them, 4 cables from other fabrics\n"));
  EXPECT_THAT(text, ::testing::ContainsRegex("c1 +core +- +0 +0 +1 +1.6Tbps +- +-\n"));
  EXPECT_THAT(text, ::testing::ContainsRegex("c2 +core +- +0 +0 +0 +\\? +\\? +-\n"))
      << "nothing known is not nothing";
  EXPECT_THAT(fabric_table(leaf, {&core, &leaf}, {}),
              ::testing::ContainsRegex("s1 .* \\? +2Tbps +-\n"));
}

TEST(TopologyWay, a_way_over_more_switches_than_are_looked_at_says_so) {
  fleet::Fleet fleet(1);
  for (const char* name : {"n1", "n2"})
    fleet.put(read_yaml<api::Node>("metadata: {name: " + std::string(name) + "}\nspec: {}"));
  fleet.put(read_yaml<api::Fabric>(R"(
metadata: {name: ib}
spec:
  kind: rdma
  switches: [{name: leaf1, nodes: [n1]}, {name: leaf2, nodes: [n2]}, {name: spine}]
  links:
    - {from: leaf1, to: spine, bandwidth: 100Gbps}
    - {from: leaf2, to: spine, bandwidth: 200Gbps}
)"));
  EXPECT_EQ(way_text(fleet, *fleet.find("n1"), *fleet.find("n2"), {}, {}),
            "n1 – n2  ?, joined by more switches than are looked at\n");
  EXPECT_EQ(way_document(fleet, *fleet.find("n1"), *fleet.find("n2"), {}).string_at({"note"}),
            "joined by more switches than are looked at");
}

TEST(TopologyWay, needs_no_profile_of_the_machines) {
  fleet::Fleet fleet;
  for (const char* name : {"n1", "n2"})
    fleet.put(read_yaml<api::Node>("metadata: {name: " + std::string(name) +
                                   "}\nspec: {}\nstatus: {scaleUpDomain: rack-1}"));
  EXPECT_EQ(way_text(fleet, *fleet.find("n1"), *fleet.find("n2"), {}, {}),
            "n1 – n2  NVL, ?, 2 links over 1 tier\n");
}

}  // namespace
}  // namespace freehold::cli
