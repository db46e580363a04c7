// Readers and writers of control groups on plain trees, in the layouts of version 2 and version 1.
#include "agent/host_cgroup.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace freehold::agent {
namespace {

class Tree : public testing::Test {
 protected:
  Tree() {
    char path[] = "/tmp/freehold-cgroup-XXXXXX";
    root_ = ::mkdtemp(path);
  }
  ~Tree() override { std::filesystem::remove_all(root_); }
  void file(const std::string& name, const std::string& content) {
    const std::filesystem::path path = root_ + "/" + name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << content;
  }
  std::string read(const std::string& name) {
    std::ifstream in(root_ + "/" + name);
    std::stringstream out;
    out << in.rdbuf();
    return out.str();
  }
  void make_v2() {
    file("cgroup.controllers", "cpuset cpu io memory pids\n");
    file("cgroup.subtree_control", "");
    file("fh/cgroup.subtree_control", "");
    file("fh/cpu.weight", "100\n");
    for (const char* name :
         {"cpuset.cpus", "cpuset.mems", "cpu.max", "memory.max", "memory.swap.max",
          "memory.oom.group", "pids.max", "cgroup.procs", "cgroup.kill"})
      file(std::string("fh/a/") + name, "");
    file("fh/a/cpuset.cpus.effective", "0-3\n");
    file("fh/a/cpuset.mems.effective", "0\n");
    file("fh/a/cpu.stat",
         "usage_usec 5000\nuser_usec 1\nnr_periods 9\nnr_throttled 4\nthrottled_usec 77\n");
    file("fh/a/memory.current", "1234\n");
    file("fh/a/memory.peak", "5678\n");
    file("fh/a/memory.events", "low 0\noom 3\noom_kill 2\n");
    file("fh/a/pids.current", "6\n");
    file("fh/a/cpu.pressure", "some avg10=1.50 avg60=0.00 avg300=0.00 total=1\nfull avg10=0.00\n");
  }
  void make_v1() {
    for (const char* name : {"cpu", "cpuset", "memory", "pids", "cpuacct"})
      file(std::string(name) + "/cgroup.procs", "");
    file("cpuset/cpuset.cpus", "0-1\n");
    file("cpuset/cpuset.mems", "0\n");
    for (const char* name : {"cpu/fh/cpu.shares", "cpuset/fh/cpuset.cpus", "cpuset/fh/cpuset.mems",
                             "memory/fh/memory.use_hierarchy", "cpuset/fh/a/cpuset.cpus",
                             "cpuset/fh/a/cpuset.mems", "cpu/fh/a/cpu.cfs_quota_us",
                             "cpu/fh/a/cpu.cfs_period_us", "memory/fh/a/memory.limit_in_bytes",
                             "memory/fh/a/memory.memsw.limit_in_bytes", "pids/fh/a/pids.max"})
      file(name, "");
    file("cpu/fh/a/cpu.stat", "nr_periods 9\nnr_throttled 4\nthrottled_time 77000\n");
    file("cpuacct/fh/a/cpuacct.usage", "5000000\n");
    file("memory/fh/a/memory.usage_in_bytes", "1234\n");
    file("memory/fh/a/memory.max_usage_in_bytes", "5678\n");
    file("memory/fh/a/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n");
    file("pids/fh/a/pids.current", "6\n");
  }
  std::string root_;
  const LimitsWanted wanted_{.cpus = "2-3",
                             .memory_nodes = "0",
                             .cpu_milli = 1500,
                             .memory_bytes = 1 << 30,
                             .processes = 100};
};

TEST_F(Tree, Version2IsRecognisedAndItsLimitsAreWritten) {
  make_v2();
  Cgroups cgroups(root_, "fh");
  EXPECT_EQ(cgroups.layout(), CgroupLayout::v2);
  EXPECT_EQ(cgroups.enforcement().cgroup, "v2");
  EXPECT_EQ(cgroups.enforcement().limits,
            (std::vector<std::string>{"cpu", "cpuset", "memory", "pids"}));
  EXPECT_TRUE(cgroups.enforcement().missing.empty());
  EXPECT_EQ(read("fh/cpu.weight"), "10000");
  const auto limits = cgroups.create("a", wanted_);
  EXPECT_TRUE(limits.not_enforced.empty());
  EXPECT_EQ(read("fh/a/cpuset.cpus"), "2-3");
  EXPECT_EQ(read("fh/a/cpu.max"), "150000 100000");
  EXPECT_EQ(read("fh/a/memory.max"), "1073741824");
  EXPECT_EQ(read("fh/a/memory.swap.max"), "0");
  EXPECT_EQ(read("fh/a/pids.max"), "100");
  EXPECT_EQ(limits.cpus, "0-3");  // what the kernel says, not what was asked
  EXPECT_EQ(limits.cpu_milli, 1500);
  EXPECT_EQ(limits.memory_bytes, 1 << 30);
  EXPECT_EQ(limits.processes, 100);
}

TEST_F(Tree, Version1IsRecognisedAndItsLimitsAreWritten) {
  make_v1();
  Cgroups cgroups(root_, "fh");
  EXPECT_EQ(cgroups.layout(), CgroupLayout::v1);
  EXPECT_EQ(read("cpuset/fh/cpuset.cpus"), "0-1");
  EXPECT_EQ(read("cpu/fh/cpu.shares"), "102400");
  const auto limits = cgroups.create("a", wanted_);
  EXPECT_TRUE(limits.not_enforced.empty());
  EXPECT_EQ(read("cpuset/fh/a/cpuset.cpus"), "2-3");
  EXPECT_EQ(read("cpu/fh/a/cpu.cfs_quota_us"), "150000");
  EXPECT_EQ(read("memory/fh/a/memory.memsw.limit_in_bytes"), "1073741824");
  EXPECT_EQ(limits.cpus, "2-3");
  EXPECT_EQ(limits.cpu_milli, 1500);
  EXPECT_EQ(limits.memory_bytes, 1 << 30);
}

TEST_F(Tree, UsageReadsTheSameInBothVersions) {
  for (const bool is_v2 : {true, false}) {
    std::filesystem::remove_all(root_);
    std::filesystem::create_directories(root_);
    is_v2 ? make_v2() : make_v1();
    Cgroups cgroups(root_, "fh");
    const auto usage = cgroups.usage("a");
    ASSERT_TRUE(usage.ok());
    EXPECT_EQ(usage->cpu_us, 5000);
    EXPECT_EQ(usage->throttled_us, 77);
    EXPECT_EQ(usage->throttled_periods, 4);
    EXPECT_EQ(usage->memory_bytes, 1234);
    EXPECT_EQ(usage->memory_peak_bytes, 5678);
    EXPECT_EQ(usage->oom_kills, 2);
    EXPECT_EQ(usage->processes, 6);
    EXPECT_EQ(usage->cpu_pressure, is_v2 ? 1.5 : -1);
    EXPECT_EQ(usage->memory_pressure, -1);
    EXPECT_EQ(cgroups.usage("b").error().reason, Reason::not_found);
  }
}

TEST_F(Tree, AControllerThatIsNotThereIsSaidAndTheOthersBind) {
  make_v2();
  file("cgroup.controllers", "cpu memory\n");
  Cgroups cgroups(root_, "fh");
  EXPECT_EQ(cgroups.enforcement().limits, (std::vector<std::string>{"cpu", "memory"}));
  EXPECT_EQ(cgroups.enforcement().missing.size(), 2u);
  const auto limits = cgroups.create("a", wanted_);
  EXPECT_EQ(limits.not_enforced.size(), 3u);  // cpus, memory nodes, processes
  EXPECT_EQ(limits.memory_bytes, 1 << 30);
  EXPECT_EQ(limits.processes, 0);
}

TEST_F(Tree, WithoutControlGroupsEverythingWantedIsNamed) {
  Cgroups cgroups(root_, "fh");
  EXPECT_EQ(cgroups.layout(), CgroupLayout::none);
  EXPECT_EQ(cgroups.enforcement().cgroup, "none");
  EXPECT_EQ(cgroups.enforcement().missing.size(), 4u);
  EXPECT_EQ(cgroups.create("a", wanted_).not_enforced.size(), 5u);
  EXPECT_TRUE(cgroups.create("a", {}).not_enforced.empty());
  EXPECT_TRUE(cgroups.procs_files("a").empty());
  EXPECT_TRUE(cgroups.remove("a"));
}

TEST(CgroupReaders, ReadWhatTheKernelWrites) {
  EXPECT_EQ(flat_value("a 1\nb 2\n", "b"), 2);
  EXPECT_EQ(flat_value("ab 1\n", "a"), -1);
  EXPECT_EQ(flat_value("", "a"), -1);
  EXPECT_EQ(limit_value("max\n"), 0);
  EXPECT_EQ(limit_value("9223372036854771712\n"), 0);
  EXPECT_EQ(limit_value("4096\n"), 4096);
  EXPECT_EQ(cpu_max_milli("max 100000\n"), 0);
  EXPECT_EQ(cpu_max_milli("50000 100000\n"), 500);
  EXPECT_EQ(cpu_max_milli("-1 100000"), 0);
  EXPECT_EQ(cpu_max_milli("1 0"), 0);
  EXPECT_EQ(some_avg10("some avg10=12.34 avg60=0.00\n"), 12.34);
  EXPECT_EQ(some_avg10("full avg10=1\n"), -1);
}

}  // namespace
}  // namespace freehold::agent
