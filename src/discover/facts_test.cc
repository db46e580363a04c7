// What sysfs and the firmware's tables tell beside the shape of a machine: speeds of memory, CXL,
// xGMI, slots, ports, power, errors.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "discover/discovery.h"
#include "discover/machine.h"
#include "discover/smbios.h"
#include "discover/testing/smbios.h"
#include "discover/testing/tree.h"

namespace freehold::discover {
namespace {

using discover::testing::smbios_interface;
using discover::testing::smbios_slot;
using discover::testing::Tree;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::string_view port = "pci0000:00/0000:00:01.0";
constexpr std::string_view card = "pci0000:00/0000:00:01.0/0000:01:00.0";

Machine found(const Tree& tree) {
  auto machine = discover(tree.root());
  EXPECT_TRUE(machine.ok());
  return machine.ok() ? *machine : Machine{};
}

void plant_gpu(Tree& tree, std::string_view vendor = "0x10de", std::string_view driver = "nvidia") {
  tree.cpus(2).pci(port, {.class_code = "0x060400", .vendor = "0x8086", .device = "0x1111"});
  tree.pci(card,
           {.class_code = "0x030200", .vendor = vendor, .device = "0x2330", .driver = driver});
}

TEST(Hmat, SpeedsAreThoseOfTheNearestCpus) {
  Tree tree;
  tree.cpus(2);
  const std::string node = "/sys/devices/system/node/node0/";
  for (const char* cls : {"access0", "access1"}) {
    const std::string at = node + cls + "/initiators/";
    tree.file(at + "read_bandwidth", cls == std::string("access1") ? "76800\n" : "1\n");
    tree.file(at + "write_bandwidth", "38400\n").file(at + "read_latency", "96\n");
    tree.file(at + "write_latency", "0\n");
  }
  const auto numa = found(tree).profile.numa[0];
  EXPECT_EQ(numa.read_bandwidth.value(), 76'800LL * 8'000'000);
  EXPECT_EQ(numa.write_bandwidth.value(), 38'400LL * 8'000'000);
  EXPECT_EQ(numa.read_latency.text(), "96ns");
  EXPECT_FALSE(numa.write_latency.is_set()) << "0 is what the kernel says for unknown";
}

TEST(Cxl, MemoryDeviceIsNamedByItsMemoryNode) {
  Tree tree;
  tree.cpus(2).pci(port, {.class_code = "0x060400", .vendor = "0x8086", .device = "0x7075"});
  tree.pci(card, {.class_code = "0x050210",
                  .vendor = "0x1e98",
                  .device = "0x0001",
                  .numa = 0,
                  .driver = "cxl_pci"});
  const std::string memory = "/sys/devices/" + std::string(card) + "/mem0/";
  tree.file(memory + "ram/size", "0x4000000000\n").file(memory + "pmem/size", "0x0\n");
  tree.file(memory + "serial", "0xc0ffee\n");
  tree.link("/sys/bus/cxl/devices/mem0", "../../../devices/" + std::string(card) + "/mem0");
  const std::string root = "/sys/devices/platform/ACPI0017:00/root0/";
  tree.file(root + "port1/endpoint2/decoder2.0/size", "0x4000000000\n");
  tree.link(root + "port1/endpoint2/uport",
            "../../../../../../devices/" + std::string(card) + "/mem0");
  tree.link("/sys/bus/cxl/devices/decoder2.0",
            "../../../devices/platform/ACPI0017:00/root0/port1/endpoint2/decoder2.0");
  const std::string region = root + "decoder0.0/region0/";
  tree.file(region + "target0", "decoder2.0\n");
  tree.file(region + "dax_region0/dax0.0/target_node", "1\n");
  tree.link(region + "dax_region0/dax0.0/driver", "/sys/bus/dax/drivers/kmem");
  tree.link("/sys/bus/dax/devices/dax0.0",
            "../../../devices/platform/ACPI0017:00/root0/decoder0.0/region0/dax_region0/dax0.0");
  tree.file("/sys/devices/system/node/node1/cpulist", "\n")
      .file("/sys/devices/system/node/node1/meminfo", "Node 1 MemTotal: 268435456 kB\n");
  const Machine machine = found(tree);
  ASSERT_THAT(machine.profile.devices, SizeIs(1));
  const auto& device = machine.profile.devices[0];
  EXPECT_EQ(device.id, "cxl-mem0");
  EXPECT_EQ(device.cls, api::DeviceClass::cxl);
  EXPECT_EQ(device.memory_bytes, int64_t{1} << 38);
  EXPECT_EQ(device.address, "0000:01:00.0");
  EXPECT_EQ(machine.devices[0].identity, "0xc0ffee");
  ASSERT_THAT(device.links, SizeIs(1));
  EXPECT_EQ(device.links[0].to, "numa1");
  EXPECT_EQ(machine.profile.numa[1].cls, api::NumaClass::memory_only);
  EXPECT_EQ(machine.profile.numa[1].device, "cxl-mem0");
}

TEST(Cxl, DaxThatIsNoSystemMemoryIsNoted) {
  Tree tree;
  tree.cpus(2).file("/sys/devices/platform/hmem.2/dax2.0/target_node", "3\n");
  tree.file("/sys/devices/platform/hmem.2/dax2.0/size", "1073741824\n");
  tree.link("/sys/devices/platform/hmem.2/dax2.0/driver", "/sys/bus/dax/drivers/device_dax");
  tree.link("/sys/bus/dax/devices/dax2.0", "../../../devices/platform/hmem.2/dax2.0");
  EXPECT_THAT(found(tree).notes, Contains(HasSubstr("1024 MiB of memory node 3 are a file")));
}

TEST(Xgmi, DirectLinksAreLinksAndWaysAreNot) {
  Tree tree;
  tree.cpus(2);
  const std::string kfd = "/sys/class/kfd/kfd/topology/nodes/";
  tree.file(kfd + "0/properties", "cpu_cores_count 96\nsimd_count 0\n");
  for (int i = 1; i <= 3; ++i) {
    const std::string bus = "0000:0" + std::to_string(i) + ":00.0";
    tree.pci(
        "pci0000:00/" + bus,
        {.class_code = "0x120000", .vendor = "0x1002", .device = "0x74a1", .driver = "amdgpu"});
    tree.file("/sys/devices/pci0000:00/" + bus + "/xgmi_num_links", "00 02 02 02\n");
    const std::string node = kfd + std::to_string(i) + "/";
    tree.file(node + "properties",
              "simd_count 1216\nlocation_id " + std::to_string(i * 256) + "\ndomain 0\n");
    tree.file(node + "io_links/0/properties", "type 2\nnode_to 0\nweight 20\n");
    int link = 1;
    for (int peer = 1; peer <= 3; ++peer) {
      if (peer == i) continue;
      const bool far = i + peer == 5;  // GPUs 2 and 3 reach each other through 1
      tree.file(node + "io_links/" + std::to_string(link++) + "/properties",
                "type 11\nnode_to " + std::to_string(peer) + "\nweight " + (far ? "30" : "15") +
                    "\nmax_bandwidth 64000\n");
    }
  }
  const Machine machine = found(tree);
  ASSERT_THAT(machine.profile.devices, SizeIs(3));
  ASSERT_THAT(machine.profile.devices[0].links, SizeIs(2));
  ASSERT_THAT(machine.profile.devices[1].links, SizeIs(1));
  const auto& link = machine.profile.devices[1].links[0];
  EXPECT_EQ(link.to, "gpu0");
  EXPECT_EQ(link.kind, api::LinkKind::xgmi);
  EXPECT_EQ(link.count, 2);
  EXPECT_EQ(link.bandwidth.value(), 64'000LL * 8'000'000);
  EXPECT_EQ(machine.devices[1].links[0].up, 2);
}

TEST(Slots, NameIsThatOfTheBoardsTable) {
  Tree tree;
  plant_gpu(tree);
  tree.file("/sys/bus/pci/slots/7/address", "0000:01:00\n");
  EXPECT_EQ(found(tree).profile.devices[0].slot, "slot 7");
  tree.file("/sys/firmware/dmi/tables/DMI", smbios_slot("PCIe Slot 3", 0, 1, 0));
  EXPECT_EQ(found(tree).profile.devices[0].slot, "PCIe Slot 3");
  // Firmware may name the port above instead.
  tree.file("/sys/firmware/dmi/tables/DMI", smbios_slot("Riser 2", 0, 0, 1));
  tree.remove("/sys/bus/pci/slots");
  EXPECT_EQ(found(tree).profile.devices[0].slot, "Riser 2");
}

TEST(Smbios, AddressOfTheControllerIsRead) {
  const std::string four = smbios_interface({169, 254, 0, 17}, 443, "");
  EXPECT_EQ(parse_smbios(four).bmc_address, "169.254.0.17");
  EXPECT_EQ(parse_smbios(smbios_interface({10, 0, 0, 5}, 8443, "")).bmc_address, "10.0.0.5:8443");
  EXPECT_EQ(parse_smbios(smbios_interface({}, 443, "bmc.local")).bmc_address, "bmc.local");
  Tree tree;
  tree.cpus(2).file("/sys/firmware/dmi/tables/DMI", four);
  EXPECT_EQ(found(tree).bmc_address, "169.254.0.17");
}

TEST(Smbios, TornTablesGiveWhatComesBefore) {
  const std::string whole = smbios_slot("A", 0, 1, 0) + smbios_slot("B", 0, 2, 0) +
                            std::string("\x7f\x04\x00\x00\x00\x00", 6);
  EXPECT_THAT(parse_smbios(whole).slots, SizeIs(2));
  for (size_t size = 0; size < whole.size(); ++size)
    EXPECT_LE(parse_smbios(whole.substr(0, size)).slots.size(), 2u);
  EXPECT_THAT(parse_smbios(std::string(1000, '\xff')).slots, IsEmpty());
  EXPECT_THAT(parse_smbios(smbios_slot("Nowhere", 0xffff, 0xff, 0x1f)).slots, IsEmpty());
}

TEST(Rdma, PortsCarryTheirIdentityAndState) {
  Tree tree;
  tree.cpus(2).pci(port, {.class_code = "0x060400", .vendor = "0x8086", .device = "0x1111"});
  tree.pci(card, {.class_code = "0x020700", .vendor = "0x15b3", .device = "0x1021"});
  tree.file("/sys/devices/" + std::string(card) + "/sriov_numvfs", "8\n");
  tree.file("/sys/devices/" + std::string(card) + "/sriov_totalvfs", "16\n");
  const std::string folder = tree.device("infiniband", "mlx5_0", card);
  tree.file(folder + "hca_type", "MT4129\n");
  tree.file(folder + "ports/1/state", "4: ACTIVE\n")
      .file(folder + "ports/1/rate", "400 Gb/sec (4X NDR)\n");
  tree.file(folder + "ports/1/link_layer", "InfiniBand\n");
  tree.file(folder + "ports/1/gids/0", "fe80:0000:0000:0000:b83f:d203:0052:0010\n");
  tree.file(folder + "ports/2/state", "1: DOWN\n")
      .file(folder + "ports/2/rate", "10 Gb/sec (4X SDR)\n");
  const Machine machine = found(tree);
  ASSERT_THAT(machine.devices, SizeIs(1));
  const auto& ports = machine.devices[0].ports;
  ASSERT_THAT(ports, SizeIs(2));
  EXPECT_EQ(ports[0].identity, "b83f:d203:0052:0010");
  EXPECT_EQ(ports[0].state, "ACTIVE");
  EXPECT_EQ(ports[0].link_layer, "InfiniBand");
  EXPECT_EQ(ports[0].speed, "400Gbps");
  EXPECT_EQ(ports[1].state, "DOWN");
  EXPECT_EQ(ports[1].speed, "") << "the rate of a port without a link is what it rests at";
  EXPECT_EQ(machine.profile.devices[0].speed, "400Gbps");
  EXPECT_THAT(machine.notes, Contains("mlx5_0: 8 of 16 virtual functions are made"));
}

TEST(Nvme, DisksOfASubsystemBelongToItsControllers) {
  Tree tree;
  tree.cpus(2).pci(card, {.class_code = "0x010802", .vendor = "0x144d", .device = "0xa824"});
  const std::string folder = tree.device("nvme", "nvme4", card);
  tree.file(folder + "state", "live\n").file(folder + "nvme0c4n1/size", "1\n");
  tree.file("/sys/class/nvme-subsystem/nvme-subsys0/nvme0n1/size", "2000000\n")
      .folder("/sys/class/nvme-subsystem/nvme-subsys0/nvme4");
  tree.file("/sys/block/nvme0n1/size", "2000000\n");
  const Machine machine = found(tree);
  ASSERT_THAT(machine.access, SizeIs(1));
  EXPECT_THAT(machine.access[0].files, ElementsAre("/dev/nvme0n1"));
  EXPECT_EQ(machine.profile.devices[0].memory_bytes, 2'000'000 * 512);
}

TEST(Health, FatalErrorsOfTheBusDegradeAndOthersAreNoted) {
  Tree tree;
  plant_gpu(tree);
  const std::string folder = "/sys/devices/" + std::string(card) + "/";
  tree.file(folder + "aer_dev_nonfatal", "Undefined 0\nTOTAL_ERR_NONFATAL 4\n");
  Machine machine = found(tree);
  EXPECT_EQ(machine.devices[0].health, api::Health::healthy);
  EXPECT_THAT(machine.notes, Contains(HasSubstr("gpu0: 4 uncorrected, not fatal PCIe errors")));
  tree.file(folder + "aer_dev_fatal", "Undefined 0\nDLP 1\nTOTAL_ERR_FATAL 1\n");
  machine = found(tree);
  EXPECT_EQ(machine.devices[0].health, api::Health::degraded);
  EXPECT_THAT(machine.devices[0].reason, HasSubstr("1 fatal PCIe error since"));
}

TEST(Health, MemoryErrorsAreTold) {
  Tree tree;
  plant_gpu(tree, "0x1002", "amdgpu");
  tree.file("/sys/devices/" + std::string(card) + "/ras/umc_err_count", "ue: 3\nce: 12\n");
  tree.file("/sys/devices/system/edac/mc/mc0/ue_count", "2\n");
  const Machine machine = found(tree);
  EXPECT_EQ(machine.devices[0].health, api::Health::degraded);
  EXPECT_THAT(machine.devices[0].reason, HasSubstr("3 uncorrected memory errors"));
  EXPECT_THAT(machine.notes, Contains(HasSubstr("memory controller mc0: 2 uncorrected errors")));
}

TEST(Power, MeterOfTheMachineCountsBeforeCounters) {
  Tree tree;
  plant_gpu(tree, "0x1002", "amdgpu");
  tree.file("/sys/devices/" + std::string(card) + "/hwmon/hwmon3/power1_cap", "750000000\n")
      .file("/sys/devices/" + std::string(card) + "/hwmon/hwmon3/power1_average", "301000000\n")
      .file("/sys/devices/" + std::string(card) + "/hwmon/hwmon3/freq1_label", "sclk\n")
      .file("/sys/devices/" + std::string(card) + "/hwmon/hwmon3/freq1_input", "1312000000\n")
      .file("/sys/devices/" + std::string(card) + "/pp_dpm_sclk", "0: 500Mhz\n1: 2100Mhz *\n");
  tree.file("/sys/class/hwmon/hwmon0/name", "power_meter\n")
      .file("/sys/class/hwmon/hwmon0/device/power1_average", "412000000\n")
      .file("/sys/class/hwmon/hwmon0/device/power1_cap", "900000000\n");
  tree.file("/sys/class/powercap/intel-rapl:0/name", "package-0\n")
      .file("/sys/class/powercap/intel-rapl:0/energy_uj", "123\n");
  const Machine machine = found(tree);
  EXPECT_EQ(machine.power.measured.text(), "412W");
  EXPECT_EQ(machine.power.limit.text(), "900W");
  EXPECT_EQ(machine.power.source, "hwmon");
  EXPECT_EQ(machine.devices[0].power_limit.text(), "750W");
  EXPECT_EQ(machine.devices[0].power.measured.text(), "301W");
  EXPECT_EQ(machine.devices[0].power.source, "hwmon");
  EXPECT_EQ(machine.devices[0].clocks.core_mhz, 1'312);
  EXPECT_EQ(machine.devices[0].clocks.core_max_mhz, 2'100);
  EXPECT_EQ(machine.devices[0].clocks.memory_mhz, 0) << "nobody says";
  ASSERT_THAT(machine.energy, SizeIs(1));
  EXPECT_EQ(machine.energy[0].microjoules, 123);
}

TEST(Power, CountersGiveWattsBetweenTwoLooks) {
  const std::vector<EnergyCounter> before = {{"package-0", 5'000'000, 0},
                                             {"package-1", 262'143'000'000, 262'143'328'850}};
  Machine now;
  now.energy = {{"package-0", 1'505'000'000, 0}, {"package-1", 999'671'150, 262'143'328'850}};
  now.accelerator_power = Quantity::of(600'000, Dimension::power);
  now.accelerator_source = "nvml";
  add_counted_power(before, seconds(10), now);
  EXPECT_EQ(now.power.measured.text(), "850W") << "150 W, 100 W across a wrap, 600 W";
  EXPECT_EQ(now.power.source, "rapl+nvml");
  Machine again;
  again.energy = {{"package-0", 1, 0}};
  add_counted_power(before, seconds(10), again);
  EXPECT_FALSE(again.power.measured.is_set()) << "a counter that began anew";
}

TEST(Power, MeansOfPartsAreThoseOfTheirCountersOrWhatTheyDrawNow) {
  Machine now;
  for (const char* id : {"gpu0", "gpu1", "gpu2"}) now.devices.emplace_back().id = id;
  for (size_t i : {0U, 1U}) now.devices[i].power.measured = Quantity::of(700'000, Dimension::power);
  now.energy = {{"nvml", 3'000'000'000, 0, "gpu0"}, {"package-0", 1'500'000'000, 0}};
  const auto drawn = [&](const std::vector<EnergyCounter>& before) {
    Machine machine = now;
    add_counted_power(before, seconds(10), machine);
    std::map<std::string, int64_t> out;
    for (const MeanDraw& draw : machine.drawn) out[draw.device] = draw.milliwatts;
    return out;
  };
  using Draws = std::map<std::string, int64_t>;
  EXPECT_EQ(drawn({{"nvml", 0, 0, "gpu0"}, {"package-0", 0, 0}}),
            (Draws{{"", 150'000}, {"gpu0", 300'000}, {"gpu1", 700'000}}));
  EXPECT_EQ(drawn({}), (Draws{{"gpu0", 700'000}, {"gpu1", 700'000}}));
  now.energy.push_back({"package-1", 5, 0});
  EXPECT_FALSE(drawn({{"package-0", 0, 0}}).contains("")) << "not all of the packages";
}

TEST(Power, PlatformHoldsItsPackages) {
  Machine now;
  now.energy = {{"package-0", 3'000'000'000, 0}, {"psys", 4'000'000'000, 0}};
  now.accelerator_power = Quantity::of(600'000, Dimension::power);
  add_counted_power({{"package-0", 0, 0}, {"psys", 0, 0}}, seconds(10), now);
  EXPECT_EQ(now.power.measured.text(), "400W");
}

}  // namespace
}  // namespace freehold::discover
