// The mockups of DMTF and a real power shelf, from the folder of test data.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "discover/import/formats.h"
#include "discover/testing/tree.h"

namespace freehold::discover::redfish {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class RedfishTrees : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!testing::test_data("topologies/redfish")) GTEST_SKIP() << "skipped: no data folder";
  }
  static Inventory read(const std::string& tree) {
    const auto data = testing::test_data("topologies/redfish");
    auto all =
        import_redfish(Root(*data + "/" + tree), {.file = tree, .name = "x", .site = "fra1"});
    EXPECT_TRUE(all.ok()) << tree << ": " << (all ? "" : all.error().message);
    return all ? std::move(*all) : Inventory();
  }
  static std::vector<std::string> domains(const Inventory& all) {
    std::vector<std::string> out;
    for (const api::PowerDomain& domain : all.power_domains)
      out.push_back(domain.metadata.name + " " + domain.spec.capacity.text());
    return out;
  }
  static std::vector<std::string> devices(const HostFacts& host) {
    std::vector<std::string> out;
    for (const api::Device& device : host.profile.devices) out.push_back(device.id);
    return out;
  }
};

TEST_F(RedfishTrees, a_rack_server_has_its_place_its_parts_and_its_watts) {
  const Inventory all = read("dmtf/public-rackmount1");
  ASSERT_THAT(all.hosts, SizeIs(1));
  const HostFacts& host = all.hosts[0];
  EXPECT_EQ(host.name, "web483");
  EXPECT_EQ(host.profile.product, "3500");
  EXPECT_EQ(host.profile.architecture, "x86_64");
  EXPECT_THAT(host.profile.packages, SizeIs(1)) << "the second socket is empty";
  EXPECT_THAT(devices(host), ElementsAre("processor0", "nic0", "nic1", "drive0", "drive1"));
  EXPECT_EQ(host.devices[1].identity, "12:44:6A:3B:04:11");
  EXPECT_EQ(host.rack, "web43");
  EXPECT_EQ(host.unit, 12);
  EXPECT_EQ(host.height, 1);
  EXPECT_EQ(host.power.measured.text(), "374W");
  EXPECT_EQ(host.power.limit.text(), "500W");
  EXPECT_THAT(all.racks, SizeIs(1));
}

TEST_F(RedfishTrees, blades_stand_in_the_rack_of_their_enclosure_and_in_no_unit_that_is_told) {
  const Inventory all = read("dmtf/public-bladed");
  ASSERT_THAT(all.hosts, SizeIs(4));
  for (const HostFacts& host : all.hosts) {
    EXPECT_EQ(host.rack, "web43");
    EXPECT_EQ(host.unit, 0) << "12 is the enclosure's, and four cannot stand there";
    EXPECT_THAT(all.notes, Contains(HasSubstr(host.name + ": stands in a case at unit 12")));
    EXPECT_FALSE(host.power.measured.is_set()) << "the watts are the enclosure's";
  }
}

TEST_F(RedfishTrees, cxl_memory_and_accelerators_behind_it_are_devices) {
  const Inventory all = read("dmtf/public-cxl");
  ASSERT_THAT(all.hosts, SizeIs(1));
  EXPECT_THAT(devices(all.hosts[0]),
              ::testing::UnorderedElementsAre("gpu0", "processor0", "cxl0", "fabric0"));
  ASSERT_THAT(all.fabrics, SizeIs(1));
  EXPECT_EQ(all.fabrics[0].spec.kind, api::FabricKind::pcie);
  EXPECT_THAT(all.notes, Contains(HasSubstr("PooledCXLType3/PCIeDevices/1: belongs to no system")));
}

TEST_F(RedfishTrees, a_pdu_feeds_its_rack_and_its_branches_have_their_ratings) {
  const Inventory all = read("dmtf/public-pdu");
  EXPECT_THAT(all.hosts, IsEmpty());
  EXPECT_THAT(domains(all), Contains("x-rackpdu-1 13.856406kW")) << "what its mains carry";
  EXPECT_THAT(domains(all), Contains("x-rackpdu-1-a 3.2kW"));
  EXPECT_THAT(domains(all), Contains("x-automatictransferswitch-1 6kW")) << "one of two mains";
  EXPECT_THAT(all.notes, Contains(HasSubstr("x-floorpdu-row1: neither it nor its mains say")));
  const auto rack =
      std::ranges::find(all.racks, "42", [](const auto& r) { return r.metadata.name; });
  ASSERT_NE(rack, all.racks.end());
  EXPECT_THAT(rack->spec.feeds, ElementsAre("x-rackpdu-1"));
}

// The mockup's root names its shelf and not the buses beside it: what no link leads to is told.
TEST_F(RedfishTrees, a_shelf_gives_what_its_circuits_carry_and_what_no_link_leads_to_is_told) {
  const Inventory all = read("dmtf/public-power-shelf");
  EXPECT_THAT(domains(all), Contains("x-powershelf-1-dc 12kW"));
  EXPECT_THAT(all.notes, Contains(HasSubstr("documents of type PowerDistribution are in")));
}

TEST_F(RedfishTrees, a_cooling_unit_and_a_server_with_coolant_make_their_racks_liquid) {
  const Inventory unit = read("dmtf/public-cooling-unit");
  ASSERT_THAT(unit.racks, SizeIs(1));
  EXPECT_THAT(unit.notes, Contains(HasSubstr("rack 4: row is North 2, and North 1 is told, too")));
  EXPECT_EQ(unit.racks[0].spec.cooling.type, api::CoolingType::liquid);
  EXPECT_EQ(unit.racks[0].spec.cooling.unit, "");
  const Inventory server = read("dmtf/public-liquid-cooled-server");
  ASSERT_THAT(server.racks, SizeIs(1));
  EXPECT_EQ(server.racks[0].spec.cooling.type, api::CoolingType::liquid);
}

TEST_F(RedfishTrees, a_real_power_shelf_delivers_what_its_plate_says) {
  const Inventory all = read("delta-power-shelf");
  EXPECT_THAT(domains(all), ElementsAre("x-powershelf-0 33kW"));
  EXPECT_THAT(all.notes, Contains(HasSubstr("a chassis with 6 power supplies and no system")));
}

TEST_F(RedfishTrees, the_telemetry_mockup_has_one_machine) {
  EXPECT_THAT(read("dmtf/public-telemetry").hosts, SizeIs(1));
}

}  // namespace
}  // namespace freehold::discover::redfish
