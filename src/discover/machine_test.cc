#include "discover/machine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "api/node.h"
#include "base/strings.h"
#include "discover/testing/tree.h"
#include "schema/walk.h"

namespace freehold::discover {
namespace {

using discover::testing::Tree;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Machine found(const Tree& tree) {
  auto machine = discover(tree.root());
  EXPECT_TRUE(machine.ok()) << machine.error().to_string();
  return machine.ok() ? *machine : Machine{};
}

const api::Device* device(const Machine& machine, std::string_view id) {
  for (const auto& device : machine.profile.devices)
    if (device.id == id) return &device;
  return nullptr;
}

const api::NodeDevice* seen(const Machine& machine, std::string_view id) {
  for (const auto& device : machine.devices)
    if (device.id == id) return &device;
  return nullptr;
}

const DeviceAccess* access(const Machine& machine, std::string_view id) {
  for (const auto& device : machine.access)
    if (device.id == id) return &device;
  return nullptr;
}

// What discovery says must be what the API accepts.
void expect_valid(const Machine& machine) {
  schema::Errors errors;
  schema::validate(schema::type_of<api::HardwareProfileSpec>, &machine.profile, {}, errors);
  api::NodeStatus status;
  status.devices = machine.devices;
  status.degraded_links = machine.degraded;
  status.allocatable = allocatable(machine);
  schema::validate(schema::type_of<api::NodeStatus>, &status, {}, errors);
  for (const auto& error : errors.all()) ADD_FAILURE() << error.path << ": " << error.detail;
}

TEST(Discover, SystemHasAtLeastACpuAndMemory) {
  const auto machine = discover(Root("/"));
  ASSERT_TRUE(machine.ok()) << machine.error().to_string();
  EXPECT_FALSE(machine->online_cpus.empty());
  EXPECT_FALSE(machine->profile.cores.empty());
  EXPECT_FALSE(machine->memory.empty());
  EXPECT_FALSE(machine->boot_id.empty());
  expect_valid(*machine);
}

TEST(Discover, RootWithoutCpusIsAnError) {
  const Tree tree;
  const auto machine = discover(tree.root());
  ASSERT_FALSE(machine.ok());
  EXPECT_EQ(machine.error().reason, Reason::not_found);
  EXPECT_FALSE(discover(Root("/no/such/root")).ok());
}

TEST(Discover, DgxIsSeenWhole) {
  Tree tree;
  make_dgx(tree);
  const Machine machine = found(tree);
  expect_valid(machine);
  const auto& profile = machine.profile;
  EXPECT_EQ(profile.product, "NVIDIA DGXH100");
  EXPECT_EQ(profile.architecture, "x86_64");
  EXPECT_EQ(profile.cpus, "0-63");
  EXPECT_THAT(profile.cores, SizeIs(32));
  EXPECT_THAT(profile.cores, Contains("0,32"));
  EXPECT_THAT(profile.packages, SizeIs(2));
  ASSERT_THAT(profile.numa, SizeIs(2));
  EXPECT_EQ(profile.numa[1].cpus, "16-31,48-63");
  EXPECT_EQ(profile.numa[1].package, 1);
  EXPECT_THAT(profile.numa[1].distances, ElementsAre(21, 10));
  EXPECT_EQ(profile.numa[0].memory_bytes, int64_t{1} << 40);  // as bought
  EXPECT_EQ(machine.memory[0].bytes, int64_t{1056571208} * 1024);
  EXPECT_THAT(profile.devices, SizeIs(8 + 8 + 4 + 1));
  EXPECT_EQ(machine.devices.size(), profile.devices.size());
  EXPECT_EQ(machine.access.size(), profile.devices.size());
  EXPECT_EQ(machine.host_name, "dgx-01");

  ASSERT_NE(device(machine, "gpu3"), nullptr);
  EXPECT_EQ(device(machine, "gpu3")->model, "NVIDIA H100 80GB HBM3");
  EXPECT_EQ(device(machine, "gpu3")->numa, 0);
  EXPECT_EQ(device(machine, "gpu3")->memory_bytes, int64_t{80} << 30);
  EXPECT_EQ(seen(machine, "gpu3")->identity, "GPU-00000003-aaaa-bbbb-cccc-dddddddddddd");
  EXPECT_THAT(access(machine, "gpu3")->files, Contains("/dev/nvidia3"));
  EXPECT_EQ(device(machine, "mlx5_0")->cls, api::DeviceClass::rdma_nic);
  EXPECT_EQ(device(machine, "mlx5_0")->speed, "400Gbps");
  EXPECT_THAT(access(machine, "mlx5_0")->interfaces, ElementsAre("ib0"));
  EXPECT_EQ(device(machine, "ib0"), nullptr)
      << "an interface of an RDMA device is no device of its own";
  EXPECT_EQ(device(machine, "nvme1")->memory_bytes, 7501476528LL * 512);
  EXPECT_EQ(access(machine, "nvme0")->used_by_system, "mounted at /");
}

TEST(Discover, PciTreeKeepsTheBridgesAboveDevices) {
  Tree tree;
  make_dgx(tree);
  tree.pci("pci0000:00/0000:00:1f.0",
           {.class_code = "0x060100", .vendor = "0x8086", .device = "0x1b81"});
  const Machine machine = found(tree);
  const auto& pci = machine.profile.pci;
  const auto at = [&](std::string_view address) {
    return std::find_if(pci.begin(), pci.end(),
                        [&](const auto& function) { return function.address == address; });
  };
  const auto gpu = at("0000:13:00.0");
  ASSERT_NE(gpu, pci.end());
  EXPECT_EQ(gpu->parent, "0000:12:00.0");
  EXPECT_EQ(at("0000:12:00.0")->parent, "0000:11:00.0");
  EXPECT_EQ(at("0000:11:00.0")->parent, "0000:10:01.0");
  EXPECT_EQ(at("0000:10:01.0")->parent, "pci0000:10");
  EXPECT_EQ(gpu->link_speed, "32GT/s") << "the most it can do, not what it rests at";
  EXPECT_EQ(gpu->link_width, 16);
  EXPECT_EQ(at("0000:00:1f.0"), pci.end()) << "an ISA bridge moves nobody's data";
}

TEST(Discover, ProfileNameTellsModelsApartNotMachines) {
  Tree one, two;
  make_dgx(one);
  make_dgx(two);
  // Another machine of the model: other serials, a little less memory, another name.
  two.file("/proc/sys/kernel/hostname", "dgx-02\n");
  two.file("/sys/devices/system/node/node0/meminfo", "Node 0 MemTotal: 1054170000 kB\n");
  two.file("/proc/driver/nvidia/gpus/0000:13:00.0/information",
           "Model: NVIDIA H100 80GB HBM3\nGPU UUID: GPU-9\n");
  const Machine first = found(one), second = found(two);
  EXPECT_EQ(profile_name(first.profile), profile_name(second.profile));
  EXPECT_THAT(profile_name(first.profile), ::testing::MatchesRegex("hp-[0-9a-f]{16}"));
  Machine other = first;
  other.profile.devices.pop_back();
  EXPECT_NE(profile_name(first.profile), profile_name(other.profile));
}

TEST(Discover, ProfileHasItsNameAlsoWhereItIsRead) {
  Tree tree;
  make_dgx(tree);
  const api::HardwareProfileSpec sent = found(tree).profile;
  api::HardwareProfileSpec read;
  schema::Errors errors;
  ASSERT_TRUE(
      schema::read(schema::type_of<api::HardwareProfileSpec>, &read, schema::print(sent), errors)
          .ok());
  EXPECT_TRUE(errors.empty());
  EXPECT_EQ(profile_name(read), profile_name(sent));
}

TEST(Discover, BrokenDeviceCostsANoteAndNoOther) {
  Tree tree;
  tree.cpus(4);
  const std::string slot = "pci0000:00/0000:00:03.0";
  tree.pci(slot, {.class_code = "0x020000", .vendor = "0x8086", .device = "0x1563"});
  tree.file(tree.device("net", "eth0", slot) + "address", "aa\n");
  tree.link("/sys/bus/pci/devices/0000:00:04.0",
            "../../../devices/pci0000:00/0000:00:04.0");  // dangling
  tree.link("/sys/class/net/eth1", "../../devices/gone")
      .link("/sys/class/infiniband/mlx5_9", "nowhere");
  tree.link("/sys/class/nvme/nvme0", "nvme0");  // circular
  tree.pci("pci0000:00/0000:00:05.0",
           {.class_code = "garbage", .vendor = "", .device = "\xff\xfe"});
  const Machine machine = found(tree);
  EXPECT_THAT(machine.profile.devices, SizeIs(1));
  EXPECT_THAT(machine.notes, Contains(HasSubstr("0000:00:04.0")));
  EXPECT_THAT(machine.notes, Contains(HasSubstr("eth1")));
  EXPECT_THAT(machine.notes, Contains(HasSubstr("mlx5_9")));
  EXPECT_THAT(machine.notes, Contains(HasSubstr("nvme0")));
  EXPECT_THAT(machine.notes,
              Contains(AllOf(HasSubstr("0000:00:05.0"), HasSubstr("cannot be read"))));
  expect_valid(machine);
}

TEST(Discover, HwlocIsNotLetIntoATreeThatLeadsOutOrWaits) {
  const auto note = [](const Tree& tree) {
    const Machine machine = found(tree);
    EXPECT_EQ(machine.profile.cpus, "0-3");
    for (const std::string& one : machine.notes)
      if (one.find("hwloc may not read this tree") != one.npos) return one;
    return std::string();
  };
  Tree link, above, pipe, mount, control, plain;
  for (Tree* tree : {&link, &above, &pipe, &mount, &control, &plain}) tree->cpus(4);
  link.link("/proc/cpuinfo", "/proc/cpuinfo");
  EXPECT_THAT(note(link), HasSubstr("/proc/cpuinfo leads out of the tree"));
  above.link("/sys/devices/system/cpu/cpu1/cache", "../../../../../../..");
  EXPECT_THAT(note(above), HasSubstr("/cpu1/cache leads out of the tree"));
  pipe.folder("/sys/devices/system/cpu/cpu2/cache/index0");
  const std::string at = pipe.path() + "/sys/devices/system/cpu/cpu2/cache/index0/level";
  ASSERT_EQ(::mkfifo(at.c_str(), 0600), 0);
  EXPECT_THAT(note(pipe), HasSubstr("index0/level is neither a file nor a folder"));
  mount.file("/proc/mounts", "none /../../tmp cgroup2 rw 0 0\n");
  EXPECT_THAT(note(mount), HasSubstr("/../../tmp leads out of the tree"));
  control.file("/proc/self/cgroup", "0::/../../..\n");
  EXPECT_THAT(note(control), HasSubstr("/proc/self/cgroup leads out of the tree"));
  plain.link("/sys/devices/system/cpu/cpu1/subsystem", "../../../../bus/cpu");
  plain.link("/sys/devices/system/node/node0/cpu0", "../../cpu/cpu0");
  EXPECT_EQ(note(plain), "");
}

TEST(Discover, UnknownStaysUnknown) {
  Tree tree;
  tree.cpus(2);
  const std::string slot = "pci0000:00/0000:00:03.0";
  tree.pci(slot, {.class_code = "0x020000", .vendor = "0x1af4", .device = "0x1041", .numa = -1});
  const std::string eth = tree.device("net", "eth0", slot);
  tree.file(eth + "address", "aa\n").file(eth + "operstate", "down\n").file(eth + "speed", "-1\n");
  const Machine machine = found(tree);
  ASSERT_NE(device(machine, "eth0"), nullptr);
  EXPECT_EQ(device(machine, "eth0")->numa, -1);
  EXPECT_EQ(device(machine, "eth0")->speed, "");
  EXPECT_EQ(seen(machine, "eth0")->health, api::Health::unknown);
  EXPECT_EQ(seen(machine, "eth0")->link_width, 0);
  EXPECT_EQ(seen(machine, "eth0")->link_speed, "");
  EXPECT_THAT(allocatable(machine).devices, IsEmpty());
}

TEST(Discover, GarbageNumbersAreUnknown) {
  Tree tree;
  tree.cpus(2);
  tree.file("/sys/devices/system/node/node0/meminfo", "Node 0 MemTotal: 99999999999999999999 kB\n");
  tree.file("/sys/devices/system/node/node0/distance", "near far\n");
  tree.file("/sys/devices/system/cpu/cpu0/cache/index0/size", "huge\n");
  tree.file("/sys/devices/system/cpu/cpu0/topology/physical_package_id",
            "4294967296000000000000\n");
  tree.file("/proc/meminfo", std::string(5u << 20, 'x'));  // longer than is read
  const Machine machine = found(tree);
  ASSERT_THAT(machine.profile.numa, SizeIs(1));
  EXPECT_EQ(machine.profile.numa[0].memory_bytes, 0);
  EXPECT_THAT(machine.profile.numa[0].distances, IsEmpty());
  expect_valid(machine);
}

TEST(Discover, VirtualInterfacesAndFunctionsAreNoDevices) {
  Tree tree;
  tree.cpus(2);
  tree.file("/sys/devices/virtual/net/docker0/address", "aa\n")
      .link("/sys/class/net/docker0", "../../devices/virtual/net/docker0");
  tree.file("/sys/class/net/bonding_masters", "\n");
  const std::string slot = "pci0000:00/0000:00:03.0", virtual_slot = "pci0000:00/0000:00:03.1";
  tree.pci(slot, {.class_code = "0x020000", .vendor = "0x15b3", .device = "0x1021"});
  tree.pci(virtual_slot, {.class_code = "0x020000", .vendor = "0x15b3", .device = "0x101e"});
  tree.link("/sys/devices/" + virtual_slot + "/physfn", "../0000:00:03.0");
  tree.file(tree.device("net", "eth0", slot) + "address", "aa\n");
  tree.file(tree.device("net", "eth0v0", virtual_slot) + "address", "ab\n");
  const Machine machine = found(tree);
  EXPECT_THAT(machine.profile.devices, SizeIs(1));
  EXPECT_THAT(machine.profile.pci, SizeIs(1));
  EXPECT_THAT(machine.notes, Contains(AllOf(HasSubstr("docker0"), HasSubstr("no hardware"))));
  EXPECT_THAT(machine.notes, Contains(HasSubstr("eth0v0")));
}

// Four equal cards, each with its interface.
void plant_cards(Tree& tree) {
  tree.cpus(2);
  for (const std::string number : {"0", "1", "2", "3"}) {
    const std::string slot = "pci0000:00/0000:0" + number + ":00.0";
    tree.pci(slot, {.class_code = "0x020000", .vendor = "0x15b3", .device = "0x1021"});
    const std::string folder = tree.device("net", "eth" + number, slot);
    tree.file(folder + "address", "a" + number).file(folder + "operstate", "up\n");
  }
}

void plant_upper(Tree& tree, const std::string& name) {
  tree.file("/sys/devices/virtual/net/" + name + "/address", "aa\n");
  tree.link("/sys/class/net/" + name, "../../devices/virtual/net/" + name);
}

TEST(Discover, CardsBelowTheInterfaceOfADefaultRouteAreTheSystems) {
  Tree tree;
  plant_cards(tree);
  for (const char* name : {"bond0", "bond0.7", "br0"}) plant_upper(tree, name);
  const std::string upper = "/sys/devices/virtual/net/";
  tree.link(upper + "bond0/lower_eth0", "../../../pci0000:00/0000:00:00.0/net/eth0");
  tree.link("/sys/devices/pci0000:00/0000:01:00.0/net/eth1/master",
            "../../../../virtual/net/bond0");
  tree.link(upper + "bond0.7/lower_bond0", "../bond0");
  tree.link(upper + "bond0/lower_bond0.7", "../bond0.7");  // no kernel makes a ring
  tree.link(upper + "br0/lower_eth2", "../../../pci0000:00/0000:02:00.0/net/eth2");
  EXPECT_THAT(allocatable(found(tree)).devices, SizeIs(4));
  tree.file("/proc/net/route", "bond0.7\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\n");
  Machine machine = found(tree);
  EXPECT_THAT(allocatable(machine).devices, ElementsAre("eth2", "eth3"));
  EXPECT_EQ(access(machine, "eth1")->used_by_system,
            "default route on bond0.7, which goes over eth1");
  const std::string none(32, '0');
  tree.file("/proc/net/ipv6_route", none + " 00 " + none + " 00 " + none +
                                        " 00000400 00000001 00000000 00000003      br0\n");
  machine = found(tree);
  EXPECT_THAT(allocatable(machine).devices, ElementsAre("eth3"));
  EXPECT_EQ(access(machine, "eth2")->used_by_system, "default route on br0, which goes over eth2");
}

TEST(Discover, CardsOfTheOnlyBridgeOfOpenVSwitchAreTheSystemsWhenTheRouteGoesOverIt) {
  Tree tree;
  plant_cards(tree);
  for (const char* name : {"ovs-system", "br-ex", "tap0", "br0"}) plant_upper(tree, name);
  const std::string upper = "/sys/devices/virtual/net/";
  for (const char* card : {"0", "1"})
    tree.link(
        "/sys/devices/pci0000:00/0000:0" + std::string(card) + ":00.0/net/eth" + card + "/master",
        "../../../../virtual/net/ovs-system");
  tree.link(upper + "tap0/master", "../ovs-system");
  tree.file(upper + "br0/bridge/bridge_id", "8000.aa\n");  // the kernel's own
  tree.file("/proc/net/route", "br-ex\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\n");
  Machine machine = found(tree);
  EXPECT_THAT(allocatable(machine).devices, ElementsAre("eth2", "eth3"));
  EXPECT_EQ(access(machine, "eth1")->used_by_system,
            "default route on br-ex, which goes over eth1");
  // Of two bridges nobody knows which has the card.
  plant_upper(tree, "br-int");
  machine = found(tree);
  EXPECT_THAT(allocatable(machine).devices, SizeIs(4));
  EXPECT_THAT(machine.notes,
              Contains(HasSubstr("the default route on br-ex may go over ports of Open vSwitch")));
  // A route over something else is none of its business.
  tree.file("/proc/net/route", "eth2\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\n");
  EXPECT_THAT(allocatable(found(tree)).devices, ElementsAre("eth0", "eth1", "eth3"));
}

TEST(Discover, DisksAndCardsThatAreElsewhereAreNoDevices) {
  Tree tree;
  tree.cpus(2);
  tree.file("/sys/devices/virtual/nvme-fabrics/ctl/nvme3/state", "live\n");
  tree.link("/sys/class/nvme/nvme3", "../../devices/virtual/nvme-fabrics/ctl/nvme3");
  tree.file("/sys/devices/virtual/infiniband/rxe0/node_guid", "0\n");
  tree.link("/sys/class/infiniband/rxe0", "../../devices/virtual/infiniband/rxe0");
  const Machine machine = found(tree);
  EXPECT_THAT(machine.profile.devices, IsEmpty());
  EXPECT_THAT(machine.notes, Contains(HasSubstr("nvme3")));
  EXPECT_THAT(machine.notes, Contains(HasSubstr("rxe0")));
}

TEST(Discover, TextOfAnyBytesStaysPrintable) {
  Tree tree;
  tree.cpus(2).file("/proc/cpuinfo", "processor : 0\nmodel name : \xff\xfe\x01 cpu\n");
  tree.file("/sys/class/dmi/id/product_name", std::string(1000, 'x') + "\xff");
  tree.file("/proc/sys/kernel/hostname", "a\x1b[31mb\n");
  const Machine machine = found(tree);
  expect_valid(machine);
  EXPECT_EQ(machine.host_name, "a?[31mb");
  EXPECT_TRUE(is_utf8(schema::print(machine.profile)));
}

TEST(Discover, AmdGpusAreDescribedByTheKfd) {
  Tree tree;
  tree.cpus(2);
  tree.pci("pci0000:c0/0000:c0:01.1",
           {.class_code = "0x060400", .vendor = "0x1022", .device = "0x14ab"});
  tree.pci("pci0000:c0/0000:c0:01.1/0000:c1:00.0", {.class_code = "0x120000",
                                                    .vendor = "0x1002",
                                                    .device = "0x74a1",
                                                    .numa = 0,
                                                    .driver = "amdgpu"});
  const std::string kfd = "/sys/class/kfd/kfd/topology/nodes/";
  tree.file(kfd + "0/properties", "cpu_cores_count 96\nsimd_count 0\n");
  tree.file(
      kfd + "1/properties",
      "simd_count 1216\nlocation_id 49408\ndomain 0\nunique_id 12345\ndrm_render_minor 128\n");
  tree.file(kfd + "1/mem_banks/0/properties", "heap_type 1\nsize_in_bytes 206141652992\n");
  tree.folder("/sys/devices/pci0000:c0/0000:c0:01.1/0000:c1:00.0/drm/renderD128");
  const Machine machine = found(tree);
  ASSERT_NE(device(machine, "gpu0"), nullptr);
  EXPECT_EQ(device(machine, "gpu0")->memory_bytes, 206141652992);
  EXPECT_EQ(device(machine, "gpu0")->model, "AMD Instinct MI300X");
  EXPECT_EQ(seen(machine, "gpu0")->identity, "12345");
  EXPECT_EQ(seen(machine, "gpu0")->health, api::Health::healthy);
  EXPECT_THAT(access(machine, "gpu0")->files, ElementsAre("/dev/dri/renderD128", "/dev/kfd"));
}

TEST(Discover, ConsolesAreNoAccelerators) {
  Tree tree;
  tree.cpus(2);
  tree.pci("pci0000:00/0000:00:02.0",
           {.class_code = "0x030000", .vendor = "0x8086", .device = "0x3e92"});
  tree.pci("pci0000:00/0000:02:00.0",
           {.class_code = "0x030000", .vendor = "0x1a03", .device = "0x2000"});
  tree.pci("pci0000:00/0000:03:00.0",
           {.class_code = "0x030000", .vendor = "0x10de", .device = "0x2204"});
  const Machine machine = found(tree);
  ASSERT_THAT(machine.profile.devices, SizeIs(1));
  EXPECT_EQ(machine.profile.devices[0].address, "0000:03:00.0");
  EXPECT_EQ(machine.devices[0].health, api::Health::unknown) << "no driver is bound";
}

// The kernel shows the ids that it read when it found the function; `config` asks the hardware.
TEST(Discover, DeviceThatFellOffTheBusHasFailed) {
  const std::string gpu = "pci0000:00/0000:01:00.0", disk = "pci0000:00/0000:02:00.0";
  Tree tree;
  tree.cpus(2);
  tree.pci(gpu,
           {.class_code = "0x030200", .vendor = "0x10de", .device = "0x2330", .driver = "nvidia"});
  tree.file("/proc/driver/nvidia/gpus/0000:01:00.0/information",
            "Model: NVIDIA H100\nGPU UUID: GPU-????????\n");
  tree.pci(disk, {.class_code = "0x010802", .vendor = "0x144d", .device = "0xa824"});
  tree.file(tree.device("nvme", "nvme0", disk) + "state", "live\n");
  const std::string config = "/sys/devices/" + gpu + "/config";
  tree.file(config, std::string("\xde\x10\x30\x23", 4) + std::string(60, '\xff'));
  Machine machine = found(tree);
  EXPECT_THAT(allocatable(machine).devices, ElementsAre("gpu0", "nvme0"));
  EXPECT_EQ(seen(machine, "gpu0")->identity, "") << "a masked UUID is none";
  tree.file(config, std::string(64, '\xff'));
  tree.file("/sys/devices/" + disk + "/config", std::string(64, '\xff'));
  machine = found(tree);
  EXPECT_THAT(allocatable(machine).devices, IsEmpty());
  for (const char* id : {"gpu0", "nvme0"}) {
    EXPECT_EQ(seen(machine, id)->health, api::Health::failed) << id;
    EXPECT_THAT(seen(machine, id)->reason, HasSubstr("fallen off the PCI bus")) << id;
  }
  EXPECT_EQ(device(machine, "gpu0")->model, "NVIDIA H100") << "it is known what is gone";
}

TEST(Discover, LinkTellsOfADeviceThatFellOffWhereItsConfigIsNotShown) {
  const std::string gpu = "pci0000:00/0000:01:00.0";
  Tree tree;
  tree.cpus(2);
  tree.pci(gpu, {.class_code = "0x030200",
                 .vendor = "0x10de",
                 .device = "0x2330",
                 .speed_now = "Unknown",
                 .width_now = 63,
                 .driver = "nvidia"});
  EXPECT_EQ(found(tree).devices[0].health, api::Health::failed);
  const std::string status = "/sys/devices/" + gpu + "/power/runtime_status";
  tree.file(status, "suspended\n");
  EXPECT_EQ(found(tree).devices[0].health, api::Health::healthy) << "it sleeps";
  tree.file(status, "active\n");
  tree.file("/sys/devices/" + gpu + "/config", std::string("\xde\x10\x30\x23", 4));
  EXPECT_EQ(found(tree).devices[0].health, api::Health::healthy) << "it answers";
}

TEST(Discover, GpuMemoryNodesAreTold) {
  Tree tree;
  tree.cpus(4);
  tree.file("/sys/devices/system/node/node2/meminfo", "Node 2 MemTotal: 100663296 kB\n");
  tree.file("/sys/devices/system/node/node2/cpulist", "\n")
      .file("/sys/devices/system/node/node2/distance", "80 10 40\n");
  tree.file("/sys/devices/system/node/node3/meminfo", "Node 3 MemTotal: 1048576 kB\n");
  tree.file("/sys/devices/system/node/node3/cpulist", "\n")
      .file("/sys/devices/system/node/node3/distance", "20 40 10\n");
  tree.file("/sys/devices/system/node/node0/distance", "10 80 20\n");
  tree.pci("pci0009:00/0009:01:00.0",
           {.class_code = "0x030200", .vendor = "0x10de", .device = "0x2342", .numa = 0});
  tree.file("/proc/driver/nvidia/gpus/0009:01:00.0/numa_status",
            "Node: 2\nStatus: online\nSize: 1800000000\n");
  const Machine machine = found(tree);
  ASSERT_THAT(machine.profile.numa, SizeIs(3));
  EXPECT_EQ(machine.profile.numa[1].cls, api::NumaClass::gpu_memory);
  EXPECT_EQ(machine.profile.numa[2].cls, api::NumaClass::memory_only);
  EXPECT_EQ(machine.profile.numa[2].package, 0) << "of the node that it is nearest to";
  EXPECT_EQ(machine.profile.devices[0].memory_bytes, 0x1800000000);
  const auto free = allocatable(machine, {.memory_bytes = 0}).memory;
  ASSERT_THAT(free, SizeIs(2));
  EXPECT_EQ(free[1].node, 3)
      << "memory of an accelerator is not given away as memory of the machine";
}

TEST(Discover, OneNodeStandsForMachinesWithoutNodes) {
  Tree tree;
  tree.cpus(2).remove("/sys/devices/system/node").file("/proc/meminfo", "MemTotal: 2000000 kB\n");
  const Machine machine = found(tree);
  ASSERT_THAT(machine.profile.numa, SizeIs(1));
  EXPECT_EQ(machine.profile.numa[0].cpus, "0-1");
  EXPECT_EQ(machine.memory[0].bytes, 2000000 * 1024LL);
}

// Kernel 5.15-rc1 writes the NUL behind the line, too.
TEST(Discover, CpusOfANodeAreReadUpToTheNulOrToldAsUnknown) {
  Tree tree;
  tree.cpus(4);
  const std::string node = "/sys/devices/system/node/node0/";
  using namespace std::string_literals;
  tree.file(node + "cpulist", "0-3\n\0"s).file(node + "cpumap", "f\n\0"s);
  EXPECT_EQ(found(tree).profile.numa[0].cpus, "0-3");
  tree.file(node + "cpulist", "zero to three\n").file(node + "cpumap", "?\n");
  EXPECT_THAT(found(tree).notes,
              Contains(HasSubstr("node0: its CPUs cannot be read and are not known: \"zero to")));
}

TEST(Discover, EmptyMemoryNodesAreKept) {
  Tree tree;
  tree.cpus(2);
  tree.file("/sys/devices/system/node/node1/cpulist", "\n")
      .file("/sys/devices/system/node/node1/meminfo", "Node 1 MemTotal: 0 kB\n");
  const Machine machine = found(tree);
  ASSERT_THAT(machine.profile.numa, SizeIs(2));
  EXPECT_EQ(machine.profile.numa[1].cls, api::NumaClass::empty);
  EXPECT_THAT(machine.notes, Contains(HasSubstr("distances for 2 nodes")));
}

TEST(Discover, SharedAddressSpaceOfWideDomainsIsOrdered) {
  Tree tree;
  tree.cpus(2);
  tree.pci("pci10000:e0/10000:e0:02.0",
           {.class_code = "0x060400", .vendor = "0x8086", .device = "0x347a"});
  tree.pci("pci10000:e0/10000:e0:02.0/10000:e1:00.0",
           {.class_code = "0x010802", .vendor = "0x8086", .device = "0x0b60"});
  const Machine machine = found(tree);
  ASSERT_THAT(machine.profile.pci, SizeIs(2));
  EXPECT_EQ(machine.profile.pci[1].parent, "10000:e0:02.0");
  EXPECT_EQ(machine.profile.pci[0].parent, "pci10000:e0");
}

}  // namespace
}  // namespace freehold::discover
