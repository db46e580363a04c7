#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "discover/machine.h"
#include "discover/testing/tree.h"

namespace freehold::discover {
namespace {

using discover::testing::Tree;
using ::testing::Contains;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr int64_t gibibyte = int64_t{1} << 30;

Machine machine_with(int cpus, int threads) {
  Machine machine;
  for (int cpu = 0; cpu < cpus; cpu += threads)
    machine.profile.cores.push_back(threads == 1 ? std::to_string(cpu)
                                                 : std::to_string(cpu) + "-" +
                                                       std::to_string(cpu + threads - 1));
  machine.online_cpus = machine.allowed_cpus = "0-" + std::to_string(cpus - 1);
  api::NumaNode node;
  node.cpus = machine.online_cpus;
  machine.profile.numa = {node};
  machine.memory = {{0, 16 * gibibyte}};
  return machine;
}

TEST(Allocatable, SystemKeepsTheFirstCore) {
  EXPECT_EQ(allocatable(machine_with(8, 2)).cpus, "2-7");
  EXPECT_EQ(allocatable(machine_with(2, 1)).cpus, "1");
}

TEST(Allocatable, OnlyCoreIsShared) { EXPECT_EQ(allocatable(machine_with(2, 2)).cpus, "0-1"); }

TEST(Allocatable, WholeCoresAreKept) {
  EXPECT_EQ(allocatable(machine_with(8, 2), {.cpus = 3}).cpus, "4-7");
  EXPECT_EQ(allocatable(machine_with(8, 2), {.cpus = 0}).cpus, "0-7");
  EXPECT_EQ(allocatable(machine_with(8, 2), {.cpus = 100}).cpus, "");
}

TEST(Allocatable, OfflineAndForbiddenCpusAreNotGivenAway) {
  Tree tree;
  tree.cpus(8);
  tree.file("/sys/devices/system/cpu/online", "0-5,7\n")
      .remove("/sys/devices/system/cpu/cpu6/topology");
  tree.file("/proc/self/cgroup", "0::/agent\n")
      .file("/proc/self/mounts", "cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n");
  tree.file("/sys/fs/cgroup/agent/cpuset.cpus.effective", "1-7\n");
  const auto machine = discover(tree.root());
  ASSERT_TRUE(machine.ok());
  EXPECT_EQ(machine->online_cpus, "0-5,7");
  EXPECT_EQ(machine->allowed_cpus, "1-5,7");
  EXPECT_EQ(allocatable(*machine).cpus, "2-5,7");
}

TEST(Allocatable, MemoryOfForbiddenNodesIsNotGivenAway) {
  Tree tree;
  tree.cpus(2);
  tree.file("/sys/devices/system/node/node1/meminfo", "Node 1 MemTotal: 8388608 kB\n");
  tree.file("/proc/self/cgroup", "3:cpuset:/job\n")
      .file("/proc/self/mounts", "cgroup /cg cgroup rw,cpuset 0 0\n");
  tree.file("/cg/job/cpuset.mems", "1\n").file("/cg/job/cpuset.cpus", "0-1\n");
  const auto machine = discover(tree.root());
  ASSERT_TRUE(machine.ok());
  const auto memory = allocatable(*machine).memory;
  ASSERT_THAT(memory, SizeIs(1));
  EXPECT_EQ(memory[0].node, 1);
}

TEST(Allocatable, MemoryReserveComesFromTheNodeOfTheKeptCore) {
  Machine machine = machine_with(4, 1);
  machine.profile.numa[0].cpus = "2-3";
  api::NumaNode second;
  second.id = 1;
  second.cpus = "0-1";
  machine.profile.numa.push_back(second);
  machine.memory.push_back({1, 16 * gibibyte});
  const auto memory = allocatable(machine, {.memory_bytes = gibibyte}).memory;
  ASSERT_THAT(memory, SizeIs(2));
  EXPECT_EQ(memory[0].bytes, 16 * gibibyte);
  EXPECT_EQ(memory[1].bytes, 15 * gibibyte);
}

TEST(Allocatable, DefaultMemoryReserveIsAPartWithinBounds) {
  EXPECT_EQ(allocatable(machine_with(2, 1)).memory[0].bytes, 16 * gibibyte - gibibyte / 2);
  Machine large = machine_with(2, 1);
  large.memory[0].bytes = 1024 * gibibyte;
  EXPECT_EQ(allocatable(large).memory[0].bytes, 1016 * gibibyte);
  Machine small = machine_with(2, 1);
  small.memory[0].bytes = gibibyte / 8;
  EXPECT_THAT(allocatable(small).memory, IsEmpty());
}

TEST(Allocatable, MemoryOnADeviceIsGivenAwayWhileTheDeviceIsHealthy) {
  Machine machine = machine_with(4, 1);
  api::NumaNode node;
  node.id = 1;
  node.cls = api::NumaClass::memory_only;
  node.device = "cxl-mem0";
  machine.profile.numa.push_back(node);
  machine.memory.push_back({1, gibibyte});
  machine.devices.resize(1);
  machine.devices[0].id = "cxl-mem0";
  machine.devices[0].health = api::Health::healthy;
  EXPECT_THAT(allocatable(machine).memory, SizeIs(2));
  machine.devices[0].health = api::Health::failed;
  EXPECT_THAT(allocatable(machine).memory, SizeIs(1));
  machine.devices[0].id = "cxl-mem1";
  EXPECT_THAT(allocatable(machine).memory, SizeIs(1)) << "nobody knows the device";
}

TEST(Allocatable, DevicesMustBeHealthyAndNotTheSystems) {
  Tree tree;
  make_dgx(tree);
  const auto machine = discover(tree.root());
  ASSERT_TRUE(machine.ok());
  const auto devices = allocatable(*machine).devices;
  EXPECT_THAT(devices, Contains("gpu0"));
  EXPECT_THAT(devices, Not(Contains("gpu5"))) << "half of its lanes are gone";
  EXPECT_THAT(devices, Not(Contains("mlx5_6"))) << "slower than its peers";
  EXPECT_THAT(devices, Not(Contains("nvme0"))) << "the system is on it";
  EXPECT_THAT(devices, Not(Contains("eno1"))) << "the machine is reached by it";
  EXPECT_THAT(devices, SizeIs(21 - 4));
}

}  // namespace
}  // namespace freehold::discover
