#include "discover/discovery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "discover/testing/tree.h"
#include "schema/walk.h"

namespace freehold::discover {
namespace {

using discover::testing::Tree;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

size_t index_of(const Machine& machine, std::string_view id) {
  for (size_t i = 0; i < machine.profile.devices.size(); ++i)
    if (machine.profile.devices[i].id == id) return i;
  ADD_FAILURE() << "no " << id;
  return 0;
}

Machine look(Discovery& discovery, Duration uptime = seconds(1)) {
  auto machine = discovery.look(uptime);
  EXPECT_TRUE(machine.ok()) << machine.error().to_string();
  return machine.ok() ? *std::move(machine) : Machine{};
}

TEST(Discovery, SameMachineIsSeenTheSameAgain) {
  Tree tree;
  make_dgx(tree);
  Discovery discovery(tree.root(), nullptr);
  const Machine first = look(discovery), second = look(discovery);
  EXPECT_EQ(profile_name(first.profile), profile_name(second.profile));
  EXPECT_EQ(first.degraded.size(), second.degraded.size());
  EXPECT_EQ(first.notes, second.notes);
}

TEST(Discovery, LostGpuIsMissedAndTheOthersKeepTheirIds) {
  Tree tree;
  make_dgx(tree);
  Discovery discovery(tree.root(), nullptr);
  const Machine before = look(discovery);
  const std::string address = before.profile.devices[index_of(before, "gpu2")].address;
  tree.remove("/sys/bus/pci/devices/" + address);
  tree.remove("/proc/driver/nvidia/gpus/" + address);
  const Machine after = look(discovery);
  EXPECT_EQ(profile_name(before.profile), profile_name(after.profile)) << "the model is the same";
  const size_t lost = index_of(after, "gpu2");
  EXPECT_EQ(after.devices[lost].health, api::Health::failed);
  EXPECT_THAT(after.devices[lost].reason,
              HasSubstr("gpu2 at " + address + " was there and is gone"));
  for (size_t i = 0; i < before.profile.devices.size(); ++i) {
    EXPECT_EQ(before.profile.devices[i].address, after.profile.devices[i].address);
    if (i != lost) {
      EXPECT_EQ(before.devices[i].identity, after.devices[i].identity);
    }
  }
  EXPECT_THAT(allocatable(after).devices, ::testing::Not(Contains("gpu2")));
  EXPECT_THAT(allocatable(after).devices, Contains("gpu3"));
}

TEST(Discovery, GpuThatIsListedAndAnswersNoMoreLeavesTheProfileAsItWas) {
  Tree tree;
  make_dgx(tree);
  Discovery discovery(tree.root(), nullptr);
  const Machine before = look(discovery);
  const std::string address = before.profile.devices[index_of(before, "gpu2")].address;
  const std::string folder = "/sys/bus/pci/devices/" + address + "/";
  tree.file(folder + "max_link_speed", "64.0 GT/s PCIe\n").file(folder + "max_link_width", "63\n");
  tree.file(folder + "current_link_speed", "Unknown\n").file(folder + "current_link_width", "63\n");
  tree.remove("/proc/driver/nvidia/gpus/" + address);
  const Machine after = look(discovery);
  EXPECT_EQ(after.profile.devices[index_of(after, "gpu2")].model, "NVIDIA H100 80GB HBM3");
  EXPECT_EQ(profile_name(before.profile), profile_name(after.profile));
}

TEST(Discovery, PeersOfALostGpuKeepTheirLinksInOrderAndItsCardAllItsFunctions) {
  api::HardwareProfileSpec known;
  known.product = "machine";
  for (const char* number : {"0", "1", "2"}) {
    api::Device gpu;
    gpu.id = "gpu" + std::string(number);
    gpu.cls = api::DeviceClass::gpu;
    gpu.address = "0000:0" + std::string(number) + ":00.0";
    for (const char* peer : {"0", "1", "2"})
      if (peer != std::string_view(number))
        gpu.links.push_back({"gpu" + std::string(peer), api::LinkKind::nvlink, 4, {}});
    known.pci.push_back({gpu.address, "", "0302", "10de", "2330", 0, "32GT/s", 16});
    known.pci.push_back(
        {"0000:0" + std::string(number) + ":00.1", "", "0c06", "10de", "0001", 0, "", 0});
    known.devices.push_back(gpu);
  }
  Machine now;
  now.profile = known;
  now.profile.devices.erase(now.profile.devices.begin() + 1);
  now.profile.pci.erase(now.profile.pci.begin() + 2, now.profile.pci.begin() + 4);
  for (api::Device& gpu : now.profile.devices) {
    std::erase_if(gpu.links, [](const auto& link) { return link.to == "gpu1"; });
    api::NodeDevice& seen = now.devices.emplace_back();
    seen.id = gpu.id;
    seen.links = {{gpu.links[0].to, api::LinkKind::nvlink, 4, {}}};
    now.access.push_back({gpu.id, {}, {}, {}});
  }
  remember(known, now);
  EXPECT_EQ(profile_name(now.profile), profile_name(known));
  EXPECT_EQ(now.devices[1].health, api::Health::failed);
  EXPECT_EQ(now.devices[0].links[1].up, 0);
}

TEST(Discovery, WhatWasKnownLastsAcrossLives) {
  Tree tree;
  make_dgx(tree);
  api::HardwareProfileSpec known;
  {
    Discovery first(tree.root(), nullptr);
    known = look(first).profile;
  }
  const std::string address = known.devices[0].address;
  tree.remove("/sys/bus/pci/devices/" + address);
  Discovery second(tree.root(), nullptr, known);
  const Machine machine = look(second);
  EXPECT_EQ(machine.devices[0].health, api::Health::failed);
  EXPECT_EQ(machine.profile.devices[1].id, known.devices[1].id);
  Discovery forgetful(tree.root(), nullptr);
  EXPECT_THAT(look(forgetful).profile.devices, SizeIs(known.devices.size() - 1));
}

TEST(Discovery, CardThatComesBackIsHealthyAgain) {
  Tree tree;
  make_dgx(tree);
  Discovery discovery(tree.root(), nullptr);
  const Machine before = look(discovery);
  const std::string link = "/sys/bus/pci/devices/" + std::string(before.profile.devices[0].address);
  const auto target = tree.root().read_link(link);
  ASSERT_TRUE(target.ok());
  tree.remove(link);
  EXPECT_EQ(look(discovery).devices[0].health, api::Health::failed);
  tree.link(link, *target);
  const Machine after = look(discovery);
  EXPECT_EQ(after.devices[0].health, api::Health::healthy);
  EXPECT_EQ(profile_name(before.profile), profile_name(after.profile));
}

TEST(Discovery, RailThatGoesDownIsDegradedAndTheProfileStays) {
  Tree tree;
  make_dgx(tree);
  Discovery discovery(tree.root(), nullptr);
  const Machine before = look(discovery);
  tree.file("/sys/class/infiniband/mlx5_3/ports/1/state", "1: DOWN\n");
  const Machine after = look(discovery);
  EXPECT_EQ(profile_name(before.profile), profile_name(after.profile));
  const size_t rail = index_of(after, "mlx5_3");
  EXPECT_EQ(after.devices[rail].health, api::Health::degraded);
  EXPECT_THAT(after.devices[rail].reason, HasSubstr("the network link of mlx5_3 is down"));
  EXPECT_EQ(after.degraded.back().at, "mlx5_3");
  EXPECT_EQ(after.degraded.back().expected, "400Gbps");
  EXPECT_EQ(after.degraded.back().seen, "no link");
}

TEST(Discovery, MemoryOfAGpuThatIsGoneOrSilentIsNoMemoryOfTheSystem) {
  Tree tree;
  tree.cpus(4);
  tree.file("/sys/devices/system/node/node0/distance", "10 80\n");
  tree.file("/sys/devices/system/node/node2/meminfo", "Node 2 MemTotal: 100663296 kB\n")
      .file("/sys/devices/system/node/node2/cpulist", "\n")
      .file("/sys/devices/system/node/node2/distance", "80 10\n");
  const std::string address = "0009:01:00.0";
  tree.pci("pci0009:00/" + address,
           {.class_code = "0x030200", .vendor = "0x10de", .device = "0x2342", .numa = 0});
  tree.file("/proc/driver/nvidia/gpus/" + address + "/numa_status",
            "Node: 2\nStatus: online\nSize: 1800000000\n");
  Discovery discovery(tree.root(), nullptr);
  const Machine before = look(discovery);
  ASSERT_THAT(before.profile.numa, SizeIs(2));
  ASSERT_EQ(before.profile.numa[1].device, "gpu0");
  const auto expect_as_before = [&](std::string_view what) {
    const Machine after = look(discovery);
    EXPECT_EQ(profile_name(before.profile), profile_name(after.profile)) << what;
    ASSERT_THAT(after.profile.numa, SizeIs(2)) << what;
    EXPECT_EQ(after.profile.numa[1].cls, api::NumaClass::gpu_memory) << what;
    const auto free = allocatable(after, {.memory_bytes = 0}).memory;
    ASSERT_THAT(free, SizeIs(1)) << what;
    EXPECT_EQ(free[0].node, 0) << what;
  };
  tree.remove("/proc/driver/nvidia/gpus/" + address);
  expect_as_before("its driver says nothing");
  tree.file("/sys/devices/system/node/node2/meminfo", "Node 2 MemTotal: 0 kB\n");
  expect_as_before("and none of its memory is online");
  tree.remove("/sys/bus/pci/devices/" + address);
  tree.file("/sys/devices/system/node/node2/meminfo", "Node 2 MemTotal: 100663296 kB\n");
  expect_as_before("it is gone");
}

TEST(Discovery, MemoryNodeThatHasOtherCpusOrACardOfAnotherModelIsAnotherNode) {
  api::HardwareProfileSpec known;
  api::Device& gpu = known.devices.emplace_back();
  gpu.id = "gpu0";
  gpu.cls = api::DeviceClass::gpu;
  gpu.address = "0000:01:00.0";
  gpu.model = "one";
  api::NumaNode& node = known.numa.emplace_back();
  node.id = 1;
  node.cls = api::NumaClass::gpu_memory;
  node.device = "gpu0";
  Machine now;
  now.profile = known;
  now.profile.numa[0].device.clear();
  now.profile.numa[0].cls = api::NumaClass::memory_only;
  now.devices.resize(1);
  now.devices[0].id = "gpu0";
  now.access = {{"gpu0", {}, {}, {}}};
  Machine with_cpus = now, with_another = now;
  remember(known, now);
  EXPECT_EQ(now.profile.numa[0].device, "gpu0");
  with_cpus.profile.numa[0].cpus = "0-3";
  remember(known, with_cpus);
  EXPECT_EQ(with_cpus.profile.numa[0].device, "");
  with_another.profile.devices[0].model = "other";
  remember(known, with_another);
  EXPECT_EQ(with_another.profile.numa[0].cls, api::NumaClass::memory_only);
}

TEST(Discovery, NewCardGetsAnIdThatNobodyHas) {
  Tree tree;
  tree.cpus(2);
  tree.pci("pci0000:00/0000:02:00.0",
           {.class_code = "0x030200", .vendor = "0x10de", .device = "0x2330", .driver = "nvidia"});
  Discovery discovery(tree.root(), nullptr);
  EXPECT_EQ(look(discovery).profile.devices[0].id, "gpu0");
  tree.pci("pci0000:00/0000:01:00.0",
           {.class_code = "0x030200", .vendor = "0x10de", .device = "0x2330", .driver = "nvidia"});
  const Machine machine = look(discovery);
  ASSERT_THAT(machine.profile.devices, SizeIs(2));
  EXPECT_EQ(machine.profile.devices[0].id, "gpu0");
  EXPECT_EQ(machine.profile.devices[0].address, "0000:02:00.0");
  EXPECT_EQ(machine.profile.devices[1].id, "gpu1");
}

TEST(Discovery, KnowledgeOfAnotherProductIsNone) {
  Tree tree;
  make_dgx(tree);
  api::HardwareProfileSpec other;
  other.product = "another machine";
  api::Device& gpu = other.devices.emplace_back();
  gpu.id = "gpu0";
  gpu.cls = api::DeviceClass::gpu;
  gpu.address = "0000:99:00.0";
  Discovery discovery(tree.root(), nullptr, other);
  for (const auto& seen : look(discovery).devices) EXPECT_NE(seen.health, api::Health::failed);
}

TEST(Discovery, LinksThatWereSeenAreMissed) {
  api::HardwareProfileSpec known;
  known.product = "machine";
  api::Device gpu;
  gpu.id = "gpu0";
  gpu.cls = api::DeviceClass::gpu;
  gpu.address = "0000:01:00.0";
  gpu.links = {{"nvswitch0", api::LinkKind::nvlink, 18, {}}};
  known.devices = {gpu};
  Machine now;
  now.profile.product = "machine";
  gpu.links = {{"nvswitch0", api::LinkKind::nvlink, 17, {}}};
  now.profile.devices = {gpu};
  now.devices.resize(1);
  now.devices[0].id = "gpu0";
  now.devices[0].health = api::Health::healthy;
  now.devices[0].links = {{"nvswitch0", api::LinkKind::nvlink, 17, {}}};
  now.access = {{"gpu0", {}, {}, {}}};
  Machine silent = now;
  silent.profile.devices[0].links.clear();
  silent.devices[0].links.clear();
  remember(known, now);
  EXPECT_EQ(now.profile.devices[0].links[0].count, 18);
  EXPECT_EQ(now.devices[0].health, api::Health::degraded);
  EXPECT_THAT(now.devices[0].reason, HasSubstr("17 of 18 scale-up links of gpu0"));
  remember(known, silent);
  EXPECT_EQ(silent.profile.devices[0].links[0].count, 18);
  EXPECT_EQ(silent.devices[0].health, api::Health::healthy) << "not told is not down";
  EXPECT_THAT(silent.devices[0].links, IsEmpty());
}

}  // namespace
}  // namespace freehold::discover
