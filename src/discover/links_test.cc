#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "discover/machine.h"
#include "discover/testing/tree.h"

namespace freehold::discover {
namespace {

using discover::testing::Tree;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::string_view port = "pci0000:00/0000:00:01.0";
constexpr std::string_view card = "pci0000:00/0000:00:01.0/0000:01:00.0";

std::vector<api::DegradedLink> degraded(const Tree& tree) {
  const auto machine = discover(tree.root());
  EXPECT_TRUE(machine.ok());
  return machine.ok() ? machine->degraded : std::vector<api::DegradedLink>{};
}

// A root port, which carries the same link, and a card below it.
void make_link(Tree& tree, Tree::Pci upper, Tree::Pci lower) {
  tree.cpus(2);
  upper.class_code = "0x060400";
  upper.vendor = "0x8086";
  upper.device = "0x1111";
  upper.speed_now = lower.speed_now;
  upper.width_now = lower.width_now;
  tree.pci(port, upper).pci(card, lower);
}

constexpr Tree::Pci gpu = {.class_code = "0x030200",
                           .vendor = "0x10de",
                           .device = "0x2330",
                           .speed_now = "2.5 GT/s PCIe",
                           .speed_max = "32.0 GT/s PCIe",
                           .width_now = 16,
                           .width_max = 16,
                           .driver = "nvidia"};
constexpr Tree::Pci nic = {.class_code = "0x020000",
                           .vendor = "0x15b3",
                           .device = "0x1021",
                           .speed_now = "32.0 GT/s PCIe",
                           .speed_max = "32.0 GT/s PCIe",
                           .width_now = 16,
                           .width_max = 16,
                           .driver = "mlx5_core"};
constexpr Tree::Pci wide = {.speed_max = "32.0 GT/s PCIe", .width_max = 16};

TEST(Links, IdleGpuInGeneration1IsNotDegraded) {
  Tree tree;
  make_link(tree, wide, gpu);
  EXPECT_THAT(degraded(tree), IsEmpty());
}

TEST(Links, DeviceAtTheRootIsJudgedByItsOwnMaximum) {
  Tree tree;
  tree.cpus(2);
  Tree::Pci narrow = gpu;
  narrow.width_now = 8;
  tree.pci("pci0000:40/0000:40:00.0", narrow).pci("pci0000:80/0000:80:00.0", gpu);
  const auto links = degraded(tree);
  ASSERT_THAT(links, SizeIs(1));
  EXPECT_EQ(links[0].at, "0000:40:00.0");
  EXPECT_EQ(links[0].expected, "x16");
  EXPECT_EQ(links[0].seen, "x8");
}

TEST(Links, LostLanesAre) {
  Tree tree;
  Tree::Pci narrow = gpu;
  narrow.width_now = 8;
  make_link(tree, wide, narrow);
  const auto links = degraded(tree);
  ASSERT_THAT(links, SizeIs(1)) << "one link, told once though both ends show it";
  EXPECT_EQ(links[0].at, "0000:01:00.0");
  EXPECT_EQ(links[0].expected, "x16");
  EXPECT_EQ(links[0].seen, "x8");
  EXPECT_THAT(links[0].message, HasSubstr("8 of 16 lanes"));
}

TEST(Links, CardInANarrowSlotIsAsItWasBuilt) {
  Tree tree;
  Tree::Pci narrow = nic, slot = wide;
  narrow.width_now = 8;
  narrow.speed_now = "16.0 GT/s PCIe";
  slot.width_max = 8;
  slot.speed_max = "16.0 GT/s PCIe";
  make_link(tree, slot, narrow);
  EXPECT_THAT(degraded(tree), IsEmpty());
}

TEST(Links, SlowNicIsDegraded) {
  Tree tree;
  Tree::Pci slow = nic;
  slow.speed_now = "8.0 GT/s PCIe";
  make_link(tree, wide, slow);
  const auto links = degraded(tree);
  ASSERT_THAT(links, SizeIs(1));
  EXPECT_EQ(links[0].expected, "x16 32GT/s");
  EXPECT_EQ(links[0].seen, "x16 8GT/s");
}

TEST(Links, UnknownIsNotDegraded) {
  Tree tree;
  Tree::Pci unknown = nic;
  unknown.speed_now = "Unknown";
  unknown.width_now = 255;
  make_link(tree, wide, unknown);
  EXPECT_THAT(degraded(tree), IsEmpty());
}

TEST(Links, SlowerUpstreamPortOfASwitchIsSeen) {
  Tree tree;
  tree.cpus(2);
  const Tree::Pci good = {.class_code = "0x060400",
                          .vendor = "0x1000",
                          .device = "0xc030",
                          .speed_now = "32.0 GT/s PCIe",
                          .speed_max = "32.0 GT/s PCIe",
                          .width_now = 16,
                          .width_max = 16};
  Tree::Pci bad = good;
  bad.width_now = 4;
  const std::string up = std::string(port) + "/0000:01:00.0", down = up + "/0000:02:00.0";
  tree.pci(port, bad).pci(up, bad).pci(down, good).pci(down + "/0000:03:00.0", nic);
  const auto links = degraded(tree);
  ASSERT_THAT(links, SizeIs(1));
  EXPECT_EQ(links[0].at, "0000:01:00.0");
}

TEST(Links, FlatTreesAreJudgedByTheirOwnMaximum) {
  Tree tree;
  tree.cpus(2);
  const std::string flat = "/sys/bus/pci/devices/0000:01:00.0/";
  tree.file(flat + "class", "0x020000")
      .file(flat + "vendor", "0x15b3")
      .file(flat + "device", "0x1021");
  tree.file(flat + "max_link_width", "16").file(flat + "current_link_width", "8");
  const auto machine = discover(tree.root());
  ASSERT_TRUE(machine.ok());
  EXPECT_EQ(machine->profile.pci[0].parent, "");
  // Whether there is a link at all cannot be told without a parent.
  EXPECT_THAT(machine->degraded, SizeIs(1));
}

TEST(Links, RailBelowItsPeersIsDegraded) {
  Tree tree;
  make_dgx(tree);
  const auto links = degraded(tree);
  ASSERT_THAT(links, SizeIs(2));
  EXPECT_EQ(links[1].at, "mlx5_6");
  EXPECT_EQ(links[1].expected, "400Gbps");
  EXPECT_EQ(links[1].seen, "200Gbps");
}

}  // namespace
}  // namespace freehold::discover
