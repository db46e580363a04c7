// What sysfs and procfs tell of single parts without a vendor's library: firmware, wires, IOMMU
// groups, windows on the bus, how accelerators are split, what they count.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "discover/discovery.h"
#include "discover/draw.h"
#include "discover/machine.h"
#include "discover/testing/tree.h"

namespace freehold::discover {
namespace {

using discover::testing::Tree;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr std::string_view port = "pci0000:00/0000:00:01.0";
constexpr std::string_view card = "pci0000:00/0000:00:01.0/0000:01:00.0";
const std::string card_folder = "/sys/devices/" + std::string(card) + "/";

Machine found(const Tree& tree) {
  auto machine = discover(tree.root());
  EXPECT_TRUE(machine.ok());
  return machine.ok() ? *machine : Machine{};
}

void plant(Tree& tree, const Tree::Pci& about) {
  tree.cpus(2).pci(port, {.class_code = "0x060400", .vendor = "0x8086", .device = "0x1111"});
  tree.pci(card, about);
}
void plant_nvidia(Tree& tree) {
  plant(tree,
        {.class_code = "0x030200", .vendor = "0x10de", .device = "0x2330", .driver = "nvidia"});
}
void plant_amd(Tree& tree) {
  plant(tree,
        {.class_code = "0x120000", .vendor = "0x1002", .device = "0x74a1", .driver = "amdgpu"});
}
void plant_intel(Tree& tree, std::string_view driver) {
  plant(tree, {.class_code = "0x038000", .vendor = "0x8086", .device = "0x0bd5", .driver = driver});
}
// Gives the folder of the device, for files in it.
std::string plant_rdma(Tree& tree) {
  plant(tree, {.class_code = "0x020000", .vendor = "0x15b3", .device = "0x1021"});
  const std::string folder = tree.device("infiniband", "mlx5_0", card);
  tree.file(folder + "node_type", "1: CA\n").file(folder + "hca_type", "MT4129\n");
  tree.file(folder + "ports/1/state", "4: ACTIVE\n").file(folder + "ports/1/rate", "400 Gb/sec\n");
  tree.file(folder + "ports/1/link_layer", "Ethernet\n");
  return folder;
}

TEST(Firmware, IsThatOfTheBoardAndOfEachPartThatTells) {
  Tree tree;
  const std::string rdma = plant_rdma(tree);
  tree.file("/sys/class/dmi/id/bios_version", "1.02.14\n");
  tree.file(rdma + "fw_ver", "28.39.1002\n").file(rdma + "board_id", "MT_0000000838\n");
  constexpr std::string_view disk = "pci0000:00/0000:00:02.0";
  tree.pci(disk, {.class_code = "0x010802", .vendor = "0x144d", .device = "0xa824"});
  tree.file(tree.device("nvme", "nvme0", disk) + "firmware_rev", "MPP92B5Q\n");
  constexpr std::string_view gpu = "pci0000:00/0000:00:03.0";
  tree.pci(gpu, {.class_code = "0x120000", .vendor = "0x1002", .device = "0x74a1"});
  tree.file("/sys/devices/" + std::string(gpu) + "/vbios_version", "113-M3000100-102\n");
  const Machine machine = found(tree);
  EXPECT_EQ(machine.firmware, "1.02.14");
  std::map<std::string, std::string> firmware;
  for (const auto& device : machine.devices) firmware[device.id] = device.firmware;
  EXPECT_EQ(firmware["mlx5_0"], "28.39.1002");
  EXPECT_EQ(firmware["nvme0"], "MPP92B5Q");
  EXPECT_EQ(firmware["gpu0"], "113-M3000100-102");
  const auto ids = [](const api::NodeDevice& device) { return device.board_id; };
  EXPECT_THAT(machine.devices, Contains(::testing::ResultOf(ids, "MT_0000000838")));
}

TEST(Firmware, OfNvidiaIsUnknownUntilTheGpuIsFirstUsed) {
  Tree tree;
  plant_nvidia(tree);
  const std::string about = "/proc/driver/nvidia/gpus/0000:01:00.0/information";
  tree.file(about, "Model: \t\t NVIDIA H100\nVideo BIOS: \t ??.??.??.??.??\n");
  EXPECT_EQ(found(tree).devices[0].firmware, "");
  tree.file(about, "Model: \t\t NVIDIA H100\nVideo BIOS: \t 96.00.74.00.0D\n");
  EXPECT_EQ(found(tree).devices[0].firmware, "96.00.74.00.0D");
}

TEST(Firmware, FillersOfTheBoardSayNothing) {
  Tree tree;
  tree.cpus(1).file("/sys/class/dmi/id/bios_version", "To be filled by O.E.M.\n");
  EXPECT_EQ(found(tree).firmware, "");
}

TEST(Rdma, EthernetPortsTellWhichRoceTheySpeak) {
  Tree tree;
  const std::string port_one = plant_rdma(tree) + "ports/1/";
  EXPECT_THAT(found(tree).devices[0].ports[0].protocols, IsEmpty());
  tree.file(port_one + "gid_attrs/types/0", "IB/RoCE v1\n");
  EXPECT_THAT(found(tree).devices[0].ports[0].protocols, ElementsAre("RoCE v1"));
  // An entry that is not in use cannot be read.
  tree.folder(port_one + "gid_attrs/types/1");
  tree.file(port_one + "gid_attrs/types/2", "RoCE v2\n");
  EXPECT_THAT(found(tree).devices[0].ports[0].protocols, ElementsAre("RoCE v1", "RoCE v2"));
  tree.file(port_one + "link_layer", "InfiniBand\n");
  EXPECT_THAT(found(tree).devices[0].ports[0].protocols, IsEmpty()) << "its link layer says it";
}

TEST(Rdma, CardsOfIwarpAreToldByTheirNode) {
  Tree tree;
  const std::string folder = plant_rdma(tree);
  tree.file(folder + "ports/1/gid_attrs/types/0", "IB/RoCE v1\n");
  tree.file(folder + "node_type", "4: RNIC\n");
  EXPECT_THAT(found(tree).devices[0].ports[0].protocols, ElementsAre("iWARP"));
}

TEST(Rdma, StateOfTheWireSaysWhatToMend) {
  Tree tree;
  const std::string port_one = plant_rdma(tree) + "ports/1/";
  tree.file(port_one + "state", "1: DOWN\n").file(port_one + "phys_state", "2: Polling\n");
  Machine machine = found(tree);
  EXPECT_EQ(machine.devices[0].ports[0].physical_state, "Polling");
  EXPECT_THAT(machine.devices[0].reason, HasSubstr("check cable"));
  EXPECT_THAT(machine.notes, Contains("mlx5_0: port 1 is down (Polling)"));
  EXPECT_THAT(draw(machine), HasSubstr("no link (Polling)"));
  tree.file(port_one + "phys_state", "3: Disabled\n");
  EXPECT_THAT(found(tree).devices[0].reason, HasSubstr("its ports are disabled"));
  tree.file(port_one + "state", "2: INIT\n").file(port_one + "phys_state", "5: LinkUp\n");
  machine = found(tree);
  EXPECT_THAT(machine.devices[0].reason, HasSubstr("check the subnet manager"));
  EXPECT_THAT(draw(machine), HasSubstr("link not active"));
}

TEST(Iommu, GroupIsWhereTheLinkLeads) {
  Tree tree;
  plant_nvidia(tree);
  EXPECT_EQ(found(tree).devices[0].iommu_group, -1);
  tree.link(card_folder + "iommu_group", "../../../../kernel/iommu_groups/17");
  EXPECT_EQ(found(tree).devices[0].iommu_group, 17) << "also where the link leads nowhere";
  // Trees that were copied by hand have a folder instead, without the number.
  tree.remove(card_folder + "iommu_group").file(card_folder + "iommu_group/type", "DMA\n");
  EXPECT_EQ(found(tree).devices[0].iommu_group, -1);
}

TEST(Windows, SmallOneIsNoted) {
  Tree tree;
  plant_nvidia(tree);
  EXPECT_EQ(found(tree).devices[0].bus_memory_bytes, 0);
  tree.file(card_folder + "resource", "0x10000000000 0x11fffffffff 0x14220c\n");
  Machine machine = found(tree);
  EXPECT_EQ(machine.devices[0].bus_memory_bytes, machine.profile.devices[0].memory_bytes);
  EXPECT_THAT(machine.notes, Not(Contains(HasSubstr("Resizable BAR"))));
  tree.file(card_folder + "resource", "0xc0000000 0xcfffffff 0x14220c\n");
  machine = found(tree);
  EXPECT_EQ(machine.devices[0].bus_memory_bytes, 256 << 20);
  EXPECT_THAT(machine.notes, Contains(HasSubstr("gpu0: other devices reach 256 of its 81920 MiB")));
}

TEST(Windows, MemoryThatTheKernelManagesNeedsNone) {
  Tree tree;
  plant_nvidia(tree);
  tree.file("/proc/driver/nvidia/gpus/0000:01:00.0/numa_status",
            "Node: \t 1\nSize: \t 1400000000\n");
  tree.file(card_folder + "resource", "0xc0000000 0xcfffffff 0x14220c\n");
  const Machine machine = found(tree);
  EXPECT_EQ(machine.devices[0].bus_memory_bytes, 0);
  EXPECT_THAT(machine.notes, Not(Contains(HasSubstr("Resizable BAR"))));
}

TEST(Amd, SplitAndHiveAreThoseOfTheDriver) {
  Tree tree;
  plant_amd(tree);
  tree.file(card_folder + "current_compute_partition", "UNKNOWN\n");
  EXPECT_EQ(found(tree).devices[0].compute_partition, "");
  tree.file(card_folder + "current_compute_partition", "SPX\n")
      .file(card_folder + "current_memory_partition", "NPS1\n")
      .file(card_folder + "xgmi_hive_info/xgmi_hive_id", "14627398115382165505\n");
  Machine machine = found(tree);
  EXPECT_EQ(machine.devices[0].compute_partition, "SPX");
  EXPECT_EQ(machine.devices[0].memory_partition, "NPS1");
  EXPECT_EQ(machine.devices[0].hive, "14627398115382165505");
  EXPECT_THAT(draw(machine), Not(HasSubstr("SPX"))) << "a whole one is what people expect";
  tree.file(card_folder + "current_compute_partition", "CPX\n")
      .file(card_folder + "current_memory_partition", "NPS4\n")
      .file(card_folder + "xgmi_hive_info/xgmi_hive_id", "0\n");
  machine = found(tree);
  EXPECT_EQ(machine.devices[0].hive, "") << "0 is what the driver writes for none";
  EXPECT_THAT(draw(machine), HasSubstr("CPX/NPS4"));
}

TEST(Intel, ClocksOfBothDrivers) {
  Tree tree;
  plant_intel(tree, "i915");
  tree.file(card_folder + "drm/card1/gt_act_freq_mhz", "300\n")
      .file(card_folder + "drm/card1/gt_RP0_freq_mhz", "1550\n");
  EXPECT_EQ(found(tree).devices[0].clocks.core_max_mhz, 1'550);
  tree.file(card_folder + "drm/card1/gt/gt0/rps_act_freq_mhz", "1200\n")
      .file(card_folder + "drm/card1/gt/gt0/rps_RP0_freq_mhz", "1600\n");
  EXPECT_EQ(found(tree).devices[0].clocks.core_mhz, 1'200);
  EXPECT_EQ(found(tree).devices[0].clocks.core_max_mhz, 1'600);
  Tree other;
  plant_intel(other, "xe");
  other.file(card_folder + "tile0/gt0/freq0/act_freq", "0\n")
      .file(card_folder + "tile0/gt0/freq0/rp0_freq", "2400\n");
  const auto clocks = found(other).devices[0].clocks;
  EXPECT_EQ(clocks.core_mhz, 0) << "asleep";
  EXPECT_EQ(clocks.core_max_mhz, 2'400);
}

TEST(Intel, EnergyBetweenTwoLooksIsWhatTheCardDraws) {
  Tree tree;
  plant_intel(tree, "i915");
  const std::string sensors = card_folder + "hwmon/";
  tree.file(sensors + "hwmon2/name", "i915_gt0\n").file(sensors + "hwmon2/energy1_input", "1\n");
  tree.file(sensors + "hwmon3/name", "i915\n").file(sensors + "hwmon3/energy1_input", "5000000\n");
  tree.file("/sys/class/powercap/intel-rapl:0/name", "package-0\n")
      .file("/sys/class/powercap/intel-rapl:0/energy_uj", "1000000\n");
  Discovery discovery(tree.root(), nullptr);
  const auto first = discovery.look(seconds(10));
  ASSERT_TRUE(first.ok());
  ASSERT_THAT(first->energy, SizeIs(2));
  EXPECT_FALSE(first->devices[0].power.measured.is_set());
  tree.file(sensors + "hwmon3/energy1_input", "3005000000\n");
  tree.file("/sys/class/powercap/intel-rapl:0/energy_uj", "1001000000\n");
  const auto second = discovery.look(seconds(20));
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(second->devices[0].power.measured.text(), "300W");
  EXPECT_EQ(second->devices[0].power.source, "hwmon");
  EXPECT_EQ(second->power.measured.text(), "100W") << "of the packages, as its source says";
  EXPECT_EQ(second->power.source, "rapl");
}

TEST(Parts, WhatDiffersBetweenMachinesOfOneModelIsNotInTheProfile) {
  Tree tree;
  make_dgx(tree);
  const Machine before = found(tree);
  tree.file("/sys/class/dmi/id/bios_version", "1.02.14\n");
  for (const auto& device : before.profile.devices) {
    const std::string at = *tree.root().resolve("/sys/bus/pci/devices/" + device.address) + "/";
    tree.link(at + "iommu_group", "../../../../kernel/iommu_groups/17");
    tree.file(at + "resource", "0xc0000000 0xcfffffff 0x14220c\n");
    tree.file(at + "nvme/" + device.id + "/firmware_rev", "MPP92B5Q\n");
    if (device.cls != api::DeviceClass::rdma_nic) continue;
    const std::string rdma = at + "infiniband/" + device.id + "/";
    tree.file(rdma + "fw_ver", "28.39.1002\n").file(rdma + "board_id", "MT_0000000838\n");
    tree.file(rdma + "ports/1/phys_state", "5: LinkUp\n");
  }
  const Machine after = found(tree);
  EXPECT_EQ(profile_name(after.profile), profile_name(before.profile));
  std::vector<std::string> firmware;
  for (const auto& device : after.devices)
    if (!device.firmware.empty()) firmware.push_back(device.firmware);
  EXPECT_THAT(firmware, SizeIs(12)) << "8 RDMA NICs and 4 disks";
  EXPECT_THAT(draw(after), HasSubstr("fw 28.39.1002"));
  EXPECT_THAT(draw(after), HasSubstr("BIOS 1.02.14"));
}

}  // namespace
}  // namespace freehold::discover
