// Real machines as sysfs trees, from hwloc's own test suite (https://github.com/open-mpi/hwloc).
// Its expectations are what lstopo prints; plain sysfs reading is compared with hwloc's.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "base/strings.h"
#include "discover/draw.h"
#include "discover/machine.h"
#include "discover/parse.h"
#include "discover/scan.h"
#include "discover/testing/tree.h"
#include "schema/walk.h"

namespace freehold::discover {
namespace {

namespace fs = std::filesystem;
using discover::testing::test_data;
using discover::testing::Tree;
using discover::testing::unpack;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr const char* no_data = "no data folder; set FREEHOLD_TEST_DATA";
constexpr const char* tarballs = "topologies/hwloc/linux-sysfs-tarballs";

// Trees that contradict themselves, so that versions of hwloc differ in what they mend or drop.
bool is_contradictory(std::string_view name) { return name == "40intel64-4n10c+pci-conflicts"; }
// Trees whose caches hwloc completes or merges by other sources than the cache folders.
bool has_other_caches(std::string_view name) {
  return name == "64fake-4n2s2ca2c2t" || name == "8ia64-2s2c2t";
}

std::string read_text(const fs::path& path) {
  std::ostringstream out;
  out << std::ifstream(path, std::ios::binary).rdbuf();
  return out.str();
}

// The only folder in the archive is the root of the machine.
std::string unpacked_root(const Tree& tree) {
  for (const auto& entry : fs::directory_iterator(tree.path())) return entry.path().string();
  return "";
}

// How many objects of each type lstopo prints, and the bytes of memory of each NUMA node.
struct Expected {
  std::map<std::string, size_t> counts;
  std::map<int64_t, int64_t> memory_kib;
  std::set<std::string> pci;
};

int64_t kib_of(std::string_view text) {
  size_t end = 0;
  while (end < text.size() && text[end] >= '0' && text[end] <= '9') ++end;
  const int64_t number = parse_int(text.substr(0, end)).value_or(-1);
  const std::string_view unit = text.substr(end);
  if (unit.starts_with("KiB") || unit.starts_with("KB")) return number;
  if (unit.starts_with("MiB") || unit.starts_with("MB")) return number * 1024;
  if (unit.starts_with("GiB") || unit.starts_with("GB")) return number * 1024 * 1024;
  return number * 1024 * 1024 * 1024;
}

Expected read_console(const fs::path& path) {
  Expected out;
  const std::string text = read_text(path);
  for (const std::string_view raw : split(text, '\n')) {
    std::string_view line = trim(raw);
    const size_t name = line.find(" L#");
    if (name == std::string_view::npos) continue;
    // "NUMANode(GPUMemory)" is one, too.
    const std::string type(line.substr(0, std::min(name, line.find('('))));
    ++out.counts[type];
    if (const size_t local = line.find("local=");
        type == "NUMANode" && local != std::string_view::npos) {
      const size_t index = line.find("P#");
      const std::string_view number =
          line.substr(index + 2, line.find_first_of(" )", index) - index - 2);
      out.memory_kib[parse_int(number).value_or(-1)] = kib_of(line.substr(local + 6));
    }
    if (const size_t bus = line.find("busid="); bus != std::string_view::npos && type == "PCI")
      out.pci.emplace(line.substr(bus + 6, line.find_first_of(" )", bus) - bus - 6));
  }
  return out;
}

struct Fixture {
  std::string name, archive, console;
  bool disallowed = false;  // lstopo shows what the cgroup forbids, too
};

std::vector<Fixture> fixtures(const std::string& folder) {
  std::vector<Fixture> out;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() != ".test") continue;
    const std::string text = read_text(entry.path());
    Fixture fixture;
    fixture.name = entry.path().stem().string();
    fixture.archive = folder + "/" + parse_colon_value(text, "source");
    fixture.console = folder + "/" + parse_colon_value(text, "target");
    fixture.disallowed =
        parse_colon_value(text, "options").find("--disallowed") != std::string::npos;
    if (!fixture.console.ends_with(".console") || !fs::exists(fixture.console))
      fixture.console.clear();
    if (fs::exists(fixture.archive)) out.push_back(std::move(fixture));
  }
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return out;
}

size_t size_of(std::string_view list) {
  return parse_cpu_list(list).value_or(std::vector<uint32_t>{}).size();
}

size_t count_caches(const Machine& machine, int64_t level, std::string_view type) {
  size_t count = 0;
  for (const auto& cache : machine.profile.caches)
    count += cache.level == level && cache.type == type ? 1 : 0;
  return count;
}

// What the cgroup hides from lstopo, only `allowed_cpus` and `memory` hide from us.
void compare_processors(const Machine& machine, const Expected& expected, bool all) {
  const auto count = [&](const std::string& type) {
    const auto found = expected.counts.find(type);
    return found == expected.counts.end() ? size_t{0} : found->second;
  };
  EXPECT_EQ(size_of(all ? machine.online_cpus : machine.allowed_cpus), count("PU"));
  if (size_of(machine.allowed_cpus) != size_of(machine.online_cpus) && !all) return;
  if (count("Core") > 0) {
    EXPECT_EQ(machine.profile.cores.size(), count("Core"));
  }
  if (count("Package") > 0) {
    EXPECT_EQ(machine.profile.packages.size(), count("Package"));
  }
  const struct {
    const char* name;
    int64_t level;
    const char* type;
  } caches[] = {{"L1dCache", 1, "data"},
                {"L1iCache", 1, "instruction"},
                {"L2Cache", 2, "unified"},
                {"L3Cache", 3, "unified"}};
  for (const auto& cache : caches)
    if (count(cache.name) > 0) {
      EXPECT_EQ(count_caches(machine, cache.level, cache.type), count(cache.name)) << cache.name;
    }
}

void compare_memory(const Machine& machine, const Expected& expected) {
  for (const auto& [id, kib] : expected.memory_kib) {
    int64_t own = 0;
    for (const auto& share : machine.memory)
      if (share.node == id) own = share.bytes;
    // lstopo rounds to three digits or so.
    EXPECT_NEAR(static_cast<double>(own) / 1024, static_cast<double>(kib),
                static_cast<double>(kib) / 50 + 512)
        << "node " << id;
  }
}

void expect_valid(const Machine& machine) {
  schema::Errors errors;
  schema::validate(schema::type_of<api::HardwareProfileSpec>, &machine.profile, {}, errors);
  for (const auto& error : errors.all()) ADD_FAILURE() << error.path << ": " << error.detail;
}

TEST(Topologies, AgreeWithLstopo) {
  const auto folder = test_data(tarballs);
  if (!folder) GTEST_SKIP() << no_data;
  size_t compared = 0;
  for (const Fixture& fixture : fixtures(*folder)) {
    SCOPED_TRACE(fixture.name);
    const Tree tree;
    ASSERT_TRUE(unpack(fixture.archive, tree.path()));
    const auto machine = discover(Root(unpacked_root(tree)));
    ASSERT_TRUE(machine.ok()) << machine.error().to_string();
    expect_valid(*machine);
    EXPECT_FALSE(draw(*machine).empty());
    if (fixture.console.empty()) continue;
    ++compared;
    const Expected expected = read_console(fixture.console);
    // Here hwloc reads cpuset.cpus, while the kernel obeys cpuset.effective_cpus, which is less.
    const bool all = fixture.disallowed || fixture.name.starts_with("nvidiagpunumanodes");
    if (!is_contradictory(fixture.name)) compare_processors(*machine, expected, all);
    if (!all) compare_memory(*machine, expected);
    std::set<std::string> functions;
    // lstopo leaves out bridges, of which we keep those that may be switches of accelerators.
    for (const auto& function : machine->profile.pci)
      if (!function.class_code.starts_with("06")) functions.insert(function.address);
    EXPECT_EQ(functions, expected.pci);
  }
  EXPECT_GE(compared, 15u);
}

TEST(Topologies, PlainSysfsAgreesWithHwloc) {
  const auto folder = test_data(tarballs);
  if (!folder) GTEST_SKIP() << no_data;
  std::set<std::string> done;
  for (const Fixture& fixture : fixtures(*folder)) {
    if (!done.insert(fixture.archive).second || is_contradictory(fixture.name)) continue;
    SCOPED_TRACE(fixture.name);
    const Tree tree;
    ASSERT_TRUE(unpack(fixture.archive, tree.path()));
    const Root root(unpacked_root(tree));
    const auto plain = read_cpus_from_sysfs(root);
    const auto by_hwloc = read_cpus_with_hwloc(root);
    ASSERT_TRUE(plain.has_value());
    ASSERT_TRUE(by_hwloc.has_value());
    EXPECT_EQ(plain->online, by_hwloc->online);
    EXPECT_EQ(std::set(plain->cores.begin(), plain->cores.end()),
              std::set(by_hwloc->cores.begin(), by_hwloc->cores.end()));
    if (!has_other_caches(fixture.name)) {
      EXPECT_EQ(plain->caches.size(), by_hwloc->caches.size());
    }
  }
}

Machine unpacked(const std::string& archive, Tree& tree) {
  EXPECT_TRUE(unpack(archive, tree.path()));
  auto machine = discover(Root(unpacked_root(tree)));
  EXPECT_TRUE(machine.ok());
  return machine.ok() ? *machine : Machine{};
}

TEST(Topologies, GpuMemoryNodesThatHwlocHidesAreSeen) {
  const auto folder = test_data(tarballs);
  if (!folder) GTEST_SKIP() << no_data;
  Tree tree;
  const Machine machine = unpacked(*folder + "/nvidiagpunumanodes.tar.bz2", tree);
  ASSERT_THAT(machine.profile.numa, SizeIs(8));
  size_t of_gpus = 0;
  for (const auto& node : machine.profile.numa)
    of_gpus += node.cls == api::NumaClass::gpu_memory ? 1 : 0;
  EXPECT_EQ(of_gpus, 6u);
  EXPECT_EQ(machine.profile.numa[2].id, 250);
  EXPECT_THAT(machine.profile.devices, SizeIs(6));
  for (const auto& device : machine.profile.devices)
    EXPECT_EQ(device.memory_bytes, 0x3f0000000) << device.id;
}

TEST(Topologies, PciTreeOfVectorEnginesHasItsSwitches) {
  const auto folder = test_data(tarballs);
  if (!folder) GTEST_SKIP() << no_data;
  Tree tree;
  const Machine machine = unpacked(*folder + "/32intel64-2p8co2t+8ve.tar.bz2", tree);
  std::map<std::string, const api::PciFunction*> functions;
  for (const auto& function : machine.profile.pci) functions[function.address] = &function;
  size_t engines = 0;
  for (const auto& device : machine.profile.devices) {
    if (device.cls != api::DeviceClass::other) continue;
    ++engines;
    ASSERT_TRUE(functions.contains(device.address));
    const auto* function = functions[device.address];
    EXPECT_EQ(function->link_width, 16);
    EXPECT_EQ(function->link_speed, "8GT/s");
    // A lower port of the switch, its upper port, the root port, the root.
    std::string above = function->parent;
    for (int i = 0; i < 3; ++i) {
      ASSERT_TRUE(functions.contains(above)) << above;
      above = functions[above]->parent;
    }
    EXPECT_TRUE(is_pci_root(above));
    EXPECT_EQ(device.numa, 0);
  }
  EXPECT_EQ(engines, 8u);
  EXPECT_THAT(machine.degraded, ::testing::IsEmpty());
}

// Archives of /sys alone: CPUs are added by hand.
TEST(Topologies, InfinibandOfNodeExporterAgreesWithItsMetrics) {
  const auto archive = test_data("topologies/sysfs/node_exporter-sys.tar.gz");
  if (!archive) GTEST_SKIP() << no_data;
  Tree tree;
  tree.cpus(2);
  ASSERT_TRUE(unpack(*archive, tree.path()));
  const auto machine = discover(tree.root());
  ASSERT_TRUE(machine.ok());
  expect_valid(*machine);
  std::map<std::string, api::Device> devices;
  for (const auto& device : machine->profile.devices) devices[device.id] = device;
  ASSERT_TRUE(devices.contains("mlx4_0"));
  // node_infiniband_rate_bytes_per_second: 5e+09 and 1.25e+09.
  EXPECT_EQ(devices["mlx4_0"].speed, "40Gbps");
  EXPECT_EQ(devices["mlx4_0"].model, "ConnectX-3");
  EXPECT_EQ(devices["i40iw0"].speed, "10Gbps");
  // node_infiniband_info, node_infiniband_physical_state_id.
  std::map<std::string, api::NodeDevice> seen;
  for (const auto& device : machine->devices) seen[device.id] = device;
  EXPECT_EQ(seen["mlx4_0"].firmware, "2.31.5050");
  EXPECT_EQ(seen["mlx4_0"].board_id, "SM_1141000001000");
  ASSERT_THAT(seen["mlx4_0"].ports, SizeIs(2));
  EXPECT_EQ(seen["mlx4_0"].ports[1].physical_state, "LinkUp");
  EXPECT_EQ(seen["i40iw0"].firmware, "0.2");
  EXPECT_EQ(seen["i40iw0"].board_id, "I40IW Board ID");
  // node_pcidevice_*: parents, link widths, memory node.
  std::map<std::string, api::PciFunction> functions;
  for (const auto& function : machine->profile.pci) functions[function.address] = function;
  EXPECT_EQ(functions["0000:01:00.0"].parent, "0000:00:02.1");
  EXPECT_EQ(functions["0000:01:00.0"].link_speed, "16GT/s");
  EXPECT_EQ(functions["0000:01:00.0"].link_width, 4);
  EXPECT_EQ(functions["0000:00:02.1"].link_width, 8);
  EXPECT_EQ(functions["0000:45:00.0"].numa, 0);
  EXPECT_EQ(functions["0000:01:00.0"].numa, -1);
}

TEST(Topologies, InfinibandOfProcfsHasLinksThatLeadNowhere) {
  const auto archive = test_data("topologies/sysfs/procfs-sys.tar.gz");
  if (!archive) GTEST_SKIP() << no_data;
  Tree tree;
  tree.cpus(2);
  ASSERT_TRUE(unpack(*archive, tree.path()));
  const auto machine = discover(tree.root());
  ASSERT_TRUE(machine.ok());
  std::map<std::string, std::string> speeds;
  for (const auto& device : machine->profile.devices) speeds[device.id] = device.speed;
  EXPECT_EQ(speeds["hfi1_0"], "100Gbps");
  EXPECT_EQ(speeds["mlx5_0"], "25Gbps");
  EXPECT_EQ(speeds["mlx4_0"], "40Gbps");
  std::map<std::string, std::string> firmware;
  for (const auto& device : machine->devices) firmware[device.id] = device.firmware;
  EXPECT_EQ(firmware["hfi1_0"], "1.27.0");
  EXPECT_EQ(firmware["mlx5_0"], "14.28.2006");
}

TEST(Topologies, FlatPciFoldersHaveUnknownParents) {
  const auto archive = test_data("topologies/sysfs/nfd-pci-rootfs-1.tar.gz");
  if (!archive) GTEST_SKIP() << no_data;
  Tree tree;
  ASSERT_TRUE(unpack(*archive, tree.path()));
  fs::rename(tree.path() + "/rootfs-1/sys", tree.path() + "/sys");
  tree.cpus(2);
  const auto machine = discover(tree.root());
  ASSERT_TRUE(machine.ok());
  EXPECT_THAT(machine->profile.pci, ::testing::Not(::testing::IsEmpty()));
  for (const auto& function : machine->profile.pci)
    EXPECT_EQ(function.parent, "") << function.address;
}

TEST(Topologies, ConflictingAffinitiesAreSurvived) {
  const auto folder = test_data(tarballs);
  if (!folder) GTEST_SKIP() << no_data;
  Tree tree;
  const Machine machine = unpacked(*folder + "/40intel64-4n10c+pci-conflicts.tar.bz2", tree);
  EXPECT_EQ(size_of(machine.online_cpus), 40u);
  EXPECT_THAT(machine.profile.numa, SizeIs(4));
}

}  // namespace
}  // namespace freehold::discover
