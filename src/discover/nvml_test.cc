// NVML against a stand-in at its C interface; no GPU has been at hand for the real one.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/strings.h"
#include "discover/draw.h"
#include "discover/machine.h"
#include "discover/parse.h"
#include "discover/testing/fakes.h"
#include "discover/testing/tree.h"
#include "json/yaml.h"
#include "schema/walk.h"

namespace freehold::discover {
namespace {

using discover::testing::Fake;
using discover::testing::no_libraries;
using discover::testing::set_text;
using discover::testing::test_data;
using discover::testing::Tree;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr int lost = 15, no_driver = 9;

// Two GPUs of one model below a root port each, joined by four links to each other.
class Nvlink : public ::testing::Test {
 protected:
  Nvlink() {
    tree.cpus(4);
    for (unsigned i = 0; i < 2; ++i) {
      const std::string bus = "0000:0" + std::to_string(i + 1);
      const std::string port = "pci0000:00/0000:00:0" + std::to_string(i + 1) + ".0";
      tree.pci(port, {.class_code = "0x060400", .vendor = "0x8086", .device = "0x1111"});
      tree.pci(
          port + "/" + bus + ":00.0",
          {.class_code = "0x030200", .vendor = "0x10de", .device = "0x20b2", .driver = "nvidia"});
      fake_gpu& gpu = library->gpu[i];
      set_text(gpu.name, "NVIDIA A100-SXM4-80GB");
      set_text(gpu.uuid, "GPU-" + std::to_string(i));
      gpu.place = {0, i + 1, 0};
      gpu.minor = i;
      gpu.memory = 81'920ULL << 20;
      gpu.generation_now = 1;
      gpu.generation_max = gpu.generation_here = 4;
      gpu.performance_state = 8;
      gpu.width_now = gpu.width_max = 16;
      gpu.limit_mw = 400'000;
      gpu.draw_mw = 62'000;
      gpu.energy_mj = 5'000;
      gpu.clock_mhz[1] = 210;
      gpu.clock_max_mhz[1] = 1'410;
      gpu.clock_mhz[2] = gpu.clock_max_mhz[2] = 1'593;
      gpu.links = 4;
      for (unsigned k = 0; k < gpu.links; ++k) gpu.link[k] = {1, 0, 0, {0, 2 - i, 0}, 25'000};
    }
    library->count = 2;
  }

  Machine look(VendorLibraries& libraries) {
    auto machine = discover(tree.root(), &libraries);
    EXPECT_TRUE(machine.ok()) << machine.error().to_string();
    if (!machine.ok()) return {};
    schema::Errors errors;
    schema::validate(schema::type_of<api::HardwareProfileSpec>, &machine->profile, {}, errors);
    api::NodeStatus status;
    status.devices = machine->devices;
    status.degraded_links = machine->degraded;
    status.provenance = machine->provenance;
    schema::validate(schema::type_of<api::NodeStatus>, &status, {}, errors);
    for (const auto& error : errors.all()) ADD_FAILURE() << error.path << ": " << error.detail;
    return *machine;
  }
  Machine look() {
    auto paths = no_libraries();
    paths.nvml = library.path();
    const auto libraries = load_vendor_libraries(paths);
    return look(*libraries);
  }

  Fake<fake_nvml> library{FAKE_LIBRARIES, "fake_nvml", "fake_nvml_state"};
  Tree tree;
};

TEST_F(Nvlink, GpusAreSeenWhole) {
  const Machine machine = look();
  ASSERT_THAT(machine.profile.devices, SizeIs(2));
  const api::Device& device = machine.profile.devices[1];
  EXPECT_EQ(device.model, "NVIDIA A100-SXM4-80GB");
  EXPECT_EQ(device.memory_bytes, 80LL << 30);
  ASSERT_THAT(device.links, SizeIs(1));
  EXPECT_EQ(device.links[0].to, "gpu0");
  EXPECT_EQ(device.links[0].kind, api::LinkKind::nvlink);
  EXPECT_EQ(device.links[0].count, 4);
  EXPECT_EQ(device.links[0].bandwidth.value(), 4 * 25'000'000'000LL * 8);
  const api::NodeDevice& seen = machine.devices[1];
  EXPECT_EQ(seen.identity, "GPU-1");
  EXPECT_EQ(seen.health, api::Health::healthy);
  EXPECT_EQ(seen.link_speed, "2.5GT/s") << "as it rests now";
  EXPECT_EQ(seen.link_width, 16);
  EXPECT_EQ(seen.power_limit.text(), "400W");
  EXPECT_EQ(seen.power.measured.text(), "62W");
  ASSERT_THAT(machine.energy, SizeIs(2));
  EXPECT_EQ(machine.energy[0].name, "nvml");
  EXPECT_EQ(machine.energy[0].device, "gpu0");
  EXPECT_EQ(machine.energy[0].microjoules, 5'000'000);
  EXPECT_EQ(seen.power.source, "nvml");
  EXPECT_EQ(seen.clocks.core_mhz, 210);
  EXPECT_EQ(seen.clocks.core_max_mhz, 1'410);
  EXPECT_EQ(seen.clocks.memory_mhz, 1'593);
  EXPECT_EQ(seen.clocks.memory_max_mhz, 1'593);
  ASSERT_THAT(seen.links, SizeIs(1));
  EXPECT_EQ(seen.links[0].up, 4);
  EXPECT_EQ(machine.profile.pci[2].link_speed, "16GT/s") << "sysfs did not say, NVML does";
  EXPECT_THAT(machine.access[1].files, Contains("/dev/nvidia1"));
  EXPECT_EQ(machine.accelerator_power.text(), "124W");
  EXPECT_EQ(machine.provenance.back().field, "devices[gpu1]");
  EXPECT_EQ(machine.provenance.back().source, "nvml");
  EXPECT_THAT(machine.degraded, IsEmpty());
}

TEST_F(Nvlink, LibraryIsStartedOnceAndStoppedAtTheEnd) {
  auto paths = no_libraries();
  paths.nvml = library.path();
  auto libraries = load_vendor_libraries(paths);
  look(*libraries);
  look(*libraries);
  EXPECT_EQ(library->inits, 1);
  EXPECT_EQ(library->shutdowns, 0);
  libraries.reset();
  EXPECT_EQ(library->shutdowns, 1);
}

TEST_F(Nvlink, GpuWithoutHandleHasFailedAndTheOtherIsSeen) {
  library->gpu[1].handle_error = lost;
  const Machine machine = look();
  EXPECT_EQ(machine.devices[0].health, api::Health::healthy);
  EXPECT_EQ(machine.devices[1].health, api::Health::failed);
  EXPECT_THAT(machine.devices[1].reason, HasSubstr("lost"));
  EXPECT_THAT(machine.notes, Contains(HasSubstr("nvml: GPU 1: the GPU is lost")));
  EXPECT_EQ(machine.devices[0].identity, "GPU-0");
}

TEST_F(Nvlink, GpuThatIsLostLaterHasFailedToo) {
  library->gpu[0].error = lost;
  const Machine machine = look();
  EXPECT_EQ(machine.devices[0].health, api::Health::failed);
  EXPECT_THAT(machine.devices[0].reason, HasSubstr("reset it or reboot"));
  EXPECT_EQ(machine.devices[0].identity, "GPU-0") << "what it still tells counts";
}

TEST_F(Nvlink, GpuThatOnlyTheBusShowsHasFailed) {
  library->count = 1;
  const Machine machine = look();
  EXPECT_EQ(machine.devices[1].health, api::Health::failed);
  EXPECT_THAT(machine.devices[1].reason, HasSubstr("nvml does not"));
}

TEST_F(Nvlink, LinkThatIsDownIsNamedWithItsGpu) {
  library->gpu[0].link[2].up = 0;
  library->gpu[1].link[2].up = 0;
  const Machine machine = look();
  ASSERT_THAT(machine.degraded, SizeIs(2));
  EXPECT_EQ(machine.degraded[0].at, "gpu0");
  EXPECT_EQ(machine.degraded[0].expected, "4 scale-up links");
  EXPECT_EQ(machine.degraded[0].seen, "3 scale-up links");
  EXPECT_THAT(machine.degraded[0].message, HasSubstr("3 of 4 scale-up links of gpu0 at 0000:01"));
  EXPECT_EQ(machine.devices[0].health, api::Health::degraded);
  EXPECT_EQ(machine.devices[0].reason, machine.degraded[0].message);
  EXPECT_EQ(machine.profile.devices[0].links[0].count, 4);
  EXPECT_EQ(machine.devices[0].links[0].up, 3);
}

TEST_F(Nvlink, GpuOffTheFabricIsNamed) {
  for (unsigned i = 0; i < 2; ++i)
    for (unsigned k = 0; k < 4; ++k) library->gpu[i].link[k] = {1, 2, 0, {0, 9, k}, 25'000};
  for (unsigned k = 0; k < 4; ++k) library->gpu[1].link[k] = {0, 255, 1, {}, 0};
  const Machine machine = look();
  EXPECT_THAT(machine.degraded, SizeIs(1));
  EXPECT_EQ(machine.degraded[0].at, "gpu1");
  EXPECT_THAT(machine.degraded[0].message, HasSubstr("is off the scale-up fabric"));
  EXPECT_EQ(machine.devices[1].health, api::Health::degraded);
  EXPECT_EQ(machine.devices[0].health, api::Health::healthy);
}

TEST_F(Nvlink, GpusThatStandAloneAreHealthy) {
  for (unsigned i = 0; i < 2; ++i)
    for (unsigned k = 0; k < 4; ++k) library->gpu[i].link[k] = {0, 255, 1, {}, 0};
  const Machine machine = look();
  EXPECT_THAT(machine.degraded, IsEmpty());
  EXPECT_THAT(machine.profile.devices[0].links, IsEmpty());
  EXPECT_EQ(machine.devices[0].health, api::Health::healthy);
}

TEST_F(Nvlink, HiddenSwitchesAreOneDevice) {
  for (unsigned i = 0; i < 2; ++i)
    for (unsigned k = 0; k < 4; ++k) library->gpu[i].link[k] = {1, 2, 1, {}, 26'562};
  const Machine machine = look();
  ASSERT_THAT(machine.profile.devices, SizeIs(3));
  EXPECT_EQ(machine.profile.devices[2].id, "nvswitches");
  EXPECT_EQ(machine.profile.devices[2].cls, api::DeviceClass::nvswitch);
  ASSERT_THAT(machine.profile.devices[0].links, SizeIs(1));
  EXPECT_EQ(machine.profile.devices[0].links[0].to, "nvswitches");
  EXPECT_EQ(machine.profile.devices[0].links[0].count, 4);
}

TEST_F(Nvlink, PartitionsAreToldWithTheirPlace) {
  fake_gpu& gpu = library->gpu[0];
  gpu.mig = 1;
  gpu.parts = 3;
  const unsigned starts[] = {4, 0, 2};
  for (unsigned i = 0; i < 3; ++i) {
    gpu.part[i] = {{}, {}, i + 7, starts[i], i == 0 ? 4u : 1u, i == 0 ? 40'000u : 9'856u};
    set_text(gpu.part[i].uuid, "MIG-" + std::to_string(i));
    // Old drivers name the GPU alone.
    set_text(gpu.part[i].name,
             i == 2 ? "NVIDIA A100-SXM4-80GB"
                    : "NVIDIA A100-SXM4-80GB MIG " + std::string(i == 0 ? "4g.40gb" : "1g.10gb"));
  }
  const Machine machine = look();
  const auto& parts = machine.devices[0].partitions;
  ASSERT_THAT(parts, SizeIs(3));
  EXPECT_EQ(parts[0].profile, "4g.40gb");
  EXPECT_EQ(parts[0].start, 4);
  EXPECT_EQ(parts[0].identity, "MIG-0");
  EXPECT_EQ(parts[1].start, 0);
  EXPECT_EQ(parts[2].profile, "1g.10gb") << "from its slices and memory";
  EXPECT_THAT(machine.devices[1].partitions, IsEmpty());
}

TEST_F(Nvlink, GpuThatRunsInPartitionsAloneAndHasNoneIsNotGivenAway) {
  library->gpu[0].mig = 1;
  Machine machine = look();
  EXPECT_EQ(machine.devices[0].health, api::Health::unknown);
  EXPECT_THAT(machine.devices[0].reason, HasSubstr("MIG is on and it has no instance"));
  EXPECT_THAT(allocatable(machine).devices, ElementsAre("gpu1"));
  library->gpu[0].ecc_errors = 1;
  machine = look();
  EXPECT_EQ(machine.devices[0].health, api::Health::degraded) << "what is wrong with it counts";
  library->gpu[0].ecc_errors = 0;
  library->gpu[0].parts = 1;
  EXPECT_EQ(look().devices[0].health, api::Health::healthy);
}

TEST_F(Nvlink, ErrorsOfThePartMakeItUnhealthy) {
  const struct {
    std::string what;
    void (*set)(fake_gpu&);
    api::Health health;
    std::string reason;
  } cases[] = {
      {"memory", [](fake_gpu& g) { g.ecc_errors = 2; }, api::Health::degraded, "2 uncorrected"},
      {"row", [](fake_gpu& g) { g.rows_pending = 1; }, api::Health::degraded,
       "waits to be replaced"},
      {"worn", [](fake_gpu& g) { g.rows_failed = 1; }, api::Health::failed,
       "could not be replaced"},
      {"page", [](fake_gpu& g) { g.pages_pending = 1; }, api::Health::degraded, "be retired"},
      {"heat", [](fake_gpu& g) { g.slowdown = 0x40; }, api::Health::degraded, "cooling"},
      {"power", [](fake_gpu& g) { g.slowdown = 0x80; }, api::Health::degraded, "power feeds"},
      {"idle", [](fake_gpu& g) { g.slowdown = 1; }, api::Health::healthy, ""},
  };
  const fake_gpu good = library->gpu[0];
  for (const auto& one : cases) {
    library->gpu[0] = good;
    one.set(library->gpu[0]);
    const Machine machine = look();
    EXPECT_EQ(machine.devices[0].health, one.health) << one.what;
    EXPECT_THAT(machine.devices[0].reason, HasSubstr(one.reason)) << one.what;
    EXPECT_EQ(machine.devices[1].health, api::Health::healthy) << one.what;
  }
}

// As nvidia-smi tells the most of the GPU, the most in this slot, and what is now.
TEST_F(Nvlink, APcieLinkBelowItsSpeedIsToldWhileTheGpuIsAwake) {
  const struct {
    std::string what;
    unsigned here, now, state;
    std::string expected, seen;
  } cases[] = {
      {"at rest", 4, 1, 8, "", ""},
      {"awake", 4, 4, 0, "", ""},
      {"half", 4, 3, 0, "x16 16GT/s", "x16 8GT/s"},
      {"half, as it may be at rest", 4, 3, 2, "", ""},
      {"a slot that can no more", 3, 3, 0, "", ""},
      {"below that of its slot", 3, 2, 0, "x16 8GT/s", "x16 5GT/s"},
      {"unknown", 0, 1, 0, "", ""},
  };
  for (const auto& one : cases) {
    SCOPED_TRACE(one.what);
    library->gpu[1].generation_here = one.here;
    library->gpu[1].generation_now = one.now;
    library->gpu[1].performance_state = one.state;
    const Machine machine = look();
    EXPECT_EQ(machine.devices[0].health, api::Health::healthy);
    if (one.expected.empty()) {
      EXPECT_THAT(machine.degraded, IsEmpty());
      EXPECT_EQ(machine.devices[1].health, api::Health::healthy);
      continue;
    }
    ASSERT_THAT(machine.degraded, SizeIs(1));
    EXPECT_EQ(machine.degraded[0].at, "0000:02:00.0");
    EXPECT_EQ(machine.degraded[0].expected, one.expected);
    EXPECT_EQ(machine.degraded[0].seen, one.seen);
    EXPECT_THAT(machine.devices[1].reason, HasSubstr("the PCIe link of gpu1 at 0000:02:00.0 runs"));
    EXPECT_EQ(machine.devices[1].health, api::Health::degraded);
  }
}

TEST_F(Nvlink, CriticalXidsAreTakenFromEventsAndThoseOfProgramsAreNot) {
  auto paths = no_libraries();
  paths.nvml = library.path();
  const auto libraries = load_vendor_libraries(paths);
  look(*libraries);
  library->gpu[0].xid = 31;  // a program's page fault
  library->gpu[1].xid = 74;
  const Machine machine = look(*libraries);
  EXPECT_EQ(machine.devices[0].health, api::Health::healthy);
  EXPECT_EQ(machine.devices[1].health, api::Health::degraded);
  EXPECT_THAT(machine.devices[1].reason, HasSubstr("XID 74: NVLink error"));
  EXPECT_THAT(machine.devices[1].reason, HasSubstr("if this stays afterwards, restart the agent"));
  EXPECT_EQ(look(*libraries).devices[1].health, api::Health::degraded)
      << "nothing shows that it was reset";
}

TEST_F(Nvlink, WorstXidCounts) {
  auto paths = no_libraries();
  paths.nvml = library.path();
  const auto libraries = load_vendor_libraries(paths);
  look(*libraries);
  library->gpu[0].xid = 79;
  EXPECT_EQ(look(*libraries).devices[0].health, api::Health::failed);
  library->gpu[0].xid = 74;
  const Machine machine = look(*libraries);
  EXPECT_EQ(machine.devices[0].health, api::Health::failed);
  EXPECT_THAT(machine.devices[0].reason, HasSubstr("XID 79"));
}

TEST_F(Nvlink, XidEndsWithTheResetThatTheGpuWaitedFor) {
  const struct {
    std::string what;
    void (*set)(fake_gpu&, int);
  } cases[] = {
      {"lost and back", [](fake_gpu& g, int on) { g.error = on ? lost : 0; }},
      {"asked for by the driver",
       [](fake_gpu& g, int on) { g.recovery_action = static_cast<unsigned>(on); }},
      {"row", [](fake_gpu& g, int on) { g.rows_pending = static_cast<unsigned>(on); }},
      {"page", [](fake_gpu& g, int on) { g.pages_pending = static_cast<unsigned>(on); }},
  };
  auto paths = no_libraries();
  paths.nvml = library.path();
  const auto libraries = load_vendor_libraries(paths);
  look(*libraries);
  for (const auto& one : cases) {
    fake_gpu& gpu = library->gpu[1];
    gpu.xid = 48;
    one.set(gpu, 1);
    EXPECT_NE(look(*libraries).devices[1].health, api::Health::healthy) << one.what;
    one.set(gpu, 0);
    gpu.xid = 74;  // after the reset
    EXPECT_THAT(look(*libraries).devices[1].reason, HasSubstr("XID 74")) << one.what;
    one.set(gpu, 1);
    look(*libraries);
    one.set(gpu, 0);
    EXPECT_EQ(look(*libraries).devices[1].health, api::Health::healthy) << one.what;
  }
}

TEST_F(Nvlink, CliqueOfAFabricBeyondTheMachineIsItsScaleUpDomain) {
  EXPECT_EQ(look().scale_up_domain, "");
  for (unsigned i = 0; i < 2; ++i) {
    fake_gpu& gpu = library->gpu[i];
    gpu.fabric_state = 3;
    gpu.clique = 32766;
    for (unsigned k = 0; k < 16; ++k) gpu.cluster[k] = static_cast<unsigned char>(k + 1);
  }
  EXPECT_EQ(look().scale_up_domain, "01020304-0506-0708-090a-0b0c0d0e0f10.32766");
  library->gpu[0].fabric_state = library->gpu[1].fabric_state = 2;
  EXPECT_EQ(look().scale_up_domain, "") << "still registering";
}

TEST_F(Nvlink, ChipToChipLinksLeadToTheProcessor) {
  library->gpu[0].c2c_links = 10;
  library->gpu[0].c2c_megabytes = 45'000;
  tree.remove("/sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0/numa_node");
  tree.file("/sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0/numa_node", "0\n");
  const Machine machine = look();
  const auto& links = machine.profile.devices[0].links;
  ASSERT_THAT(links, SizeIs(2));
  EXPECT_EQ(links[1].kind, api::LinkKind::c2c);
  EXPECT_EQ(links[1].to, "package0");
  EXPECT_EQ(links[1].count, 10);
  EXPECT_EQ(links[1].bandwidth.value(), 450'000'000'000LL * 8);
}

TEST_F(Nvlink, WithoutADriverSysfsCountsAlone) {
  library->init_error = no_driver;
  const Machine machine = look();
  EXPECT_THAT(machine.notes, Contains("nvml: the NVIDIA driver is not loaded"));
  ASSERT_THAT(machine.profile.devices, SizeIs(2));
  EXPECT_EQ(machine.devices[0].health, api::Health::healthy) << "a driver is bound";
  EXPECT_THAT(machine.profile.devices[0].links, IsEmpty());
}

TEST_F(Nvlink, EarlyLibrariesLackSymbolsAndWhatTheyDoNotTellIsUnknown) {
  Fake<fake_nvml> old{FAKE_LIBRARIES, "fake_nvml_old", "fake_nvml_state"};
  old->count = 2;
  for (unsigned i = 0; i < 2; ++i) old->gpu[i] = library->gpu[i];
  auto paths = no_libraries();
  paths.nvml = old.path();
  const auto libraries = load_vendor_libraries(paths);
  const Machine machine = look(*libraries);
  EXPECT_EQ(machine.devices[0].identity, "GPU-0");
  EXPECT_EQ(machine.profile.devices[0].memory_bytes, 80LL << 30);
  EXPECT_THAT(machine.profile.devices[0].links, IsEmpty());
  EXPECT_FALSE(machine.devices[0].power_limit.is_set());
  EXPECT_EQ(machine.devices[0].link_width, 0);
  EXPECT_EQ(machine.devices[0].health, api::Health::healthy);
}

TEST_F(Nvlink, OtherLibrariesUnderThatNameAreNoted) {
  Fake<fake_verbs> other{FAKE_LIBRARIES, "fake_verbs", "fake_verbs_state"};
  auto paths = no_libraries();
  paths.nvml = other.path();
  const auto libraries = load_vendor_libraries(paths);
  const Machine machine = look(*libraries);
  EXPECT_THAT(machine.notes, Contains(HasSubstr("nvml: the library lacks")));
}

TEST_F(Nvlink, NoLibraryIsNoError) {
  auto paths = no_libraries();
  paths.nvml = "/no/such/library.so";
  const auto libraries = load_vendor_libraries(paths);
  const Machine machine = look(*libraries);
  EXPECT_THAT(machine.profile.devices, SizeIs(2));
  EXPECT_THAT(machine.notes, Not(Contains(HasSubstr("nvml"))));
}

// ---- recorded answers of real models (NVIDIA/k8s-test-infra, NVML mock profiles)

int64_t number_at(const json::Value& value, std::initializer_list<std::string_view> path) {
  const json::Value* found = value.at(path);
  if (found == nullptr) return 0;
  if (found->is_number()) return static_cast<int64_t>(found->number());
  return found->as_string() == nullptr ? 0 : parse_hex_number(*found->as_string());
}

fake_place place_at(std::string_view address) {
  const auto parts = parse_pci_address(address);
  return parts ? fake_place{parts->domain, parts->bus, parts->slot} : fake_place{};
}

// Switches take the links of a GPU in turn, as the profile's own comments say.
void fill(const json::Value& profile, fake_nvml& library) {
  const json::Value& all = *profile.at({"device_defaults"});
  const auto* switches = profile.at({"nvlink", "switches"});
  for (const json::Value& entry : *profile.at({"devices"})->as_array()) {
    fake_gpu& gpu = library.gpu[library.count++];
    const auto u = [&](std::initializer_list<std::string_view> path) {
      return static_cast<unsigned>(number_at(all, path));
    };
    set_text(gpu.name, all.string_at({"name"}));
    set_text(gpu.uuid, entry.string_at({"uuid"}));
    gpu.place = place_at(entry.string_at({"pci", "bus_id"}));
    gpu.minor = static_cast<unsigned>(number_at(entry, {"minor_number"}));
    gpu.memory = static_cast<unsigned long long>(number_at(all, {"memory", "total_bytes"}));
    gpu.generation_now = u({"pcie", "current_link_gen"});
    gpu.generation_max = gpu.generation_here = u({"pcie", "max_link_gen"});
    gpu.width_now = u({"pcie", "current_link_width"});
    gpu.width_max = u({"pcie", "max_link_width"});
    gpu.limit_mw = u({"power", "enforced_limit_mw"});
    gpu.draw_mw = u({"power", "current_draw_mw"});
    gpu.links = static_cast<unsigned>(number_at(profile, {"nvlink", "links_per_gpu"}));
    for (unsigned k = 0; k < gpu.links; ++k) {
      const json::Array& list = *switches->as_array();
      gpu.link[k] = {
          1, 2, 0, place_at(list[k % list.size()].string_at({"bdf"})),
          static_cast<unsigned>(number_at(profile, {"nvlink", "bandwidth_per_link_mbps"}))};
    }
  }
}

void plant(const json::Value& profile, Tree& tree) {
  tree.cpus(4);
  std::string device =
      fmt::format("0x{:08x}", number_at(profile, {"device_defaults", "pci", "device_id"}));
  device = device.substr(0, 6);
  for (const json::Value& entry : *profile.at({"devices"})->as_array())
    tree.pci("pci0000:00/" + to_lower(entry.string_at({"pci", "bus_id"})),
             {.class_code = "0x030200", .vendor = "0x10de", .device = device, .driver = "nvidia"});
  if (const json::Value* switches = profile.at({"nvlink", "switches"}))
    for (const json::Value& entry : *switches->as_array())
      tree.pci("pci0000:00/" + to_lower(entry.string_at({"bdf"})), {.class_code = "0x068000",
                                                                    .vendor = "0x10de",
                                                                    .device = "0x22a3",
                                                                    .driver = "nvidia-nvswitch"});
}

TEST(NvmlProfiles, RecordedModelsAreSeenAsTheyAre) {
  const auto folder = test_data("topologies/nvml-profiles");
  if (!folder) GTEST_SKIP() << "no data folder; set FREEHOLD_TEST_DATA";
  const struct {
    std::string file, model;
    int64_t gib, watts, links, switches, gigabytes_per_second;
  } cases[] = {{"a100", "NVIDIA A100-SXM4-40GB", 40, 400, 12, 6, 309},
               {"h100", "NVIDIA H100 80GB HBM3", 80, 700, 18, 4, 478},
               {"l40s", "NVIDIA L40S", 48, 350, 0, 0, 0}};
  for (const auto& one : cases) {
    SCOPED_TRACE(one.file);
    std::ostringstream text;
    text << std::ifstream(*folder + "/" + one.file + ".yaml").rdbuf();
    const auto documents = json::parse_yaml(text.str());
    ASSERT_TRUE(documents.ok()) << documents.error().to_string();
    Fake<fake_nvml> library{FAKE_LIBRARIES, "fake_nvml", "fake_nvml_state"};
    Tree tree;
    plant((*documents)[0], tree);
    fill((*documents)[0], *library.operator->());
    auto paths = no_libraries();
    paths.nvml = library.path();
    const auto libraries = load_vendor_libraries(paths);
    const auto machine = discover(tree.root(), libraries.get());
    ASSERT_TRUE(machine.ok());
    EXPECT_THAT(machine->degraded, IsEmpty());
    EXPECT_EQ(static_cast<int64_t>(machine->profile.devices.size()), 8 + one.switches);
    int64_t gpus = 0;
    for (size_t i = 0; i < machine->profile.devices.size(); ++i) {
      const api::Device& device = machine->profile.devices[i];
      if (device.cls != api::DeviceClass::gpu) continue;
      ++gpus;
      EXPECT_EQ(device.model, one.model);
      EXPECT_EQ(device.memory_bytes, one.gib << 30);
      EXPECT_EQ(machine->devices[i].power_limit.text(), std::to_string(one.watts) + "W");
      EXPECT_EQ(machine->devices[i].health, api::Health::healthy);
      EXPECT_TRUE(machine->devices[i].identity.starts_with("GPU-"));
      EXPECT_EQ(static_cast<int64_t>(device.links.size()), one.switches);
      int64_t links = 0, rate = 0;
      for (const auto& link : device.links) {
        links += link.count;
        rate += link.bandwidth.value() / 8;
      }
      EXPECT_EQ(links, one.links);
      EXPECT_EQ(rate / 1'000'000'000, one.gigabytes_per_second)
          << "as the profile's comment adds up";
    }
    EXPECT_EQ(gpus, 8);
  }
}

}  // namespace
}  // namespace freehold::discover
