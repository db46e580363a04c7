#include "fleet/interior.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fleet/testing/fleet_of.h"

namespace freehold::fleet {
namespace {

using ::testing::ElementsAre;

api::HardwareProfile profile(std::string_view sentence) {
  return testing::profile_of(testing::machines(sentence)[0]);
}

TEST(Interior, groups_devices_that_are_alike) {
  const Interior interior(profile("1 node: 2 numa x 4 cpus, 8 gpu H100 80GB, 2 rdma-nic"));
  ASSERT_EQ(interior.kinds().size(), 4u);  // two classes on two memory nodes
  EXPECT_THAT(interior.kinds()[0].devices.numbers(), ElementsAre(0, 1, 2, 3));
  EXPECT_EQ(interior.kinds()[0].cell, 0);
  EXPECT_EQ(interior.kinds()[1].cell, 1);
  EXPECT_EQ(interior.kinds()[1].root, "pci:numa1");
  EXPECT_EQ(interior.find_device("rdma-nic1"), 9u);
  EXPECT_EQ(interior.find_device("rdma-nic7"), std::nullopt);
}

TEST(Interior, knows_which_threads_share_a_core) {
  const Interior interior(profile("1 node: 2 numa x 2 cores x 2 threads"));
  ASSERT_EQ(interior.cores().size(), 4u);
  EXPECT_EQ(interior.cores()[0].to_list(), "0,4");
  EXPECT_EQ(interior.cells()[1].cpus.to_list(), "2-3,6-7");
}

TEST(Interior, keeps_cpus_that_no_memory_node_names) {
  api::HardwareProfile p = profile("1 node: 1 numa x 4 cpus");
  p.spec.cpus = "0-5";
  const Interior interior(p);
  ASSERT_EQ(interior.cells().size(), 2u);
  EXPECT_EQ(interior.cells()[1].id, -1);
  EXPECT_EQ(interior.cells()[1].cpus.to_list(), "4-5");
  EXPECT_EQ(interior.cpus().to_list(), "0-5");
}

TEST(Interior, a_device_of_unknown_locality_is_near_the_only_cpus_that_there_are) {
  api::HardwareProfile one = profile("1 node: 1 numa x 4 cpus, 1 gpu");
  one.spec.pci.clear();
  one.spec.devices[0].numa = -1;
  EXPECT_EQ(Interior(one).kinds()[0].cell, 0);
  api::HardwareProfile two = profile("1 node: 2 numa x 4 cpus, 1 gpu");
  two.spec.pci.clear();
  two.spec.devices[0].numa = -1;
  EXPECT_EQ(Interior(two).kinds()[0].cell, -1);
  EXPECT_EQ(Interior(two).kinds()[0].root, "");
}

TEST(Interior, orders_cells_by_distance) {
  api::HardwareProfile p = profile("1 node: 3 numa x 2 cpus");
  p.spec.numa[0].distances = {10, 30, 20};
  EXPECT_THAT(Interior(p).cells()[0].nearest, ElementsAre(0, 2, 1));
  p.spec.numa[0].distances.clear();
  p.spec.numa[2].package = 0;
  EXPECT_THAT(Interior(p).cells()[0].nearest, ElementsAre(0, 2, 1));
}

TEST(Interior, follows_bridges_up_to_the_root_and_survives_a_circle) {
  api::HardwareProfile p = profile("1 node: 1 numa x 1 cpus, 1 gpu");
  p.spec.pci = {{"gpu0", "b1", "0302", "10de", "2330", 0, "", 0},
                {"b1", "b0", "0604", "", "", 0, "", 0},
                {"b0", "pci0000:40", "0604", "", "", 0, "", 0}};
  EXPECT_EQ(Interior(p).kinds()[0].root, "pci0000:40");
  EXPECT_EQ(Interior(p).kinds()[0].pci_ids, "10de:2330");
  p.spec.pci[2].parent = "b1";
  EXPECT_EQ(Interior(p).kinds()[0].root, "");
}

TEST(Interior, equal_profiles_hash_alike_and_others_do_not) {
  const auto a = profile("1 node: 2 numa x 4 cpus, 2 gpu");
  auto b = a;
  EXPECT_EQ(Interior(a).hash(), Interior(b).hash());
  b.spec.devices[1].numa = 0;
  EXPECT_NE(Interior(a).hash(), Interior(b).hash());
}

}  // namespace
}  // namespace freehold::fleet
