// The agent as a whole over a machine and a control plane in memory, in virtual time.
#include "agent/agent.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "agent/node.h"
#include "agent/testing/bench.h"
#include "api/core.h"

namespace freehold::agent {
namespace {

using api::InstancePhase;
using testing::AgentTest;

TEST_F(AgentTest, TheMachineIsPublishedAndItsLeaseRenewed) {
  runtime_.pass(seconds(3));
  const auto* node = api_.find<api::Node>("", "n1");
  ASSERT_NE(node, nullptr);
  EXPECT_EQ(node->spec.site, "lab");
  EXPECT_EQ(node->status.agent_endpoint, "10.0.0.1:1");
  EXPECT_NE(api_.find<api::HardwareProfile>("", node->status.profile), nullptr);
  EXPECT_TRUE(is_true(node->status.conditions, "Discovered"));
  EXPECT_TRUE(is_true(node->status.conditions, "LimitsEnforced"));
  EXPECT_TRUE(is_true(node->status.conditions, "LinksHealthy"));
  ASSERT_EQ(node->status.measured.size(), 1u);
  EXPECT_EQ(node->status.measured[0].metric, "cpu_rate");
  const auto renewed = [&] {
    const auto* lease = api_.find<api::Lease>(lease_namespace, "n1");
    return lease == nullptr ? Time{} : lease->spec.renew_time.time;
  };
  const Time first = renewed();
  EXPECT_TRUE(first.is_set());
  runtime_.pass(seconds(10));
  EXPECT_GT(renewed(), first);
}

TEST_F(AgentTest, WhereTheMachineStandsIsNotChangedForItsAgent) {
  api::Node node;
  node.metadata.name = "n1";
  node.spec.site = "hall";
  api_.put(node);
  runtime_.pass(minutes(3));
  const auto* found = api_.find<api::Node>("", "n1");
  EXPECT_EQ(found->spec.site, "hall");
  EXPECT_EQ(found->status.agent_endpoint, "10.0.0.1:1");
}

TEST_F(AgentTest, WhatOthersSayOfTheNodeStays) {
  runtime_.pass(seconds(3));
  api::Node node = *api_.find<api::Node>("", "n1");
  set_condition(node.status.conditions, "Ready", api::ConditionStatus::true_, "Renewed", "", 0,
                runtime_.now());
  node.status.kernel = "changed by hand";
  node.spec.rack = "r7";
  api_.put(node);
  runtime_.pass(seconds(70));
  const auto* after = api_.find<api::Node>("", "n1");
  EXPECT_TRUE(is_true(after->status.conditions, "Ready"));
  EXPECT_EQ(after->status.kernel, "");
  EXPECT_EQ(after->spec.rack, "r7");
}

TEST_F(AgentTest, TheHardwareIsLookedAtAgainAndAgain) {
  runtime_.pass(seconds(3));
  const std::string before = api_.find<api::Node>("", "n1")->status.profile;
  discover::Machine other = *host_.hardware;
  api::Device gpu;
  gpu.id = "gpu0";
  gpu.cls = api::DeviceClass::gpu;
  other.profile.devices = {gpu};
  other.devices.resize(1);
  other.devices[0].id = "gpu0";
  other.devices[0].health = api::Health::failed;
  other.devices[0].reason = "gone";
  other.access = {{"gpu0", {}, {}, {}}};
  host_.hardware = other;
  runtime_.pass(seconds(31));
  const auto* node = api_.find<api::Node>("", "n1");
  EXPECT_NE(node->status.profile, before);
  EXPECT_NE(api_.find<api::HardwareProfile>("", node->status.profile), nullptr);
  ASSERT_EQ(node->status.devices.size(), 1u);
  EXPECT_EQ(node->status.devices[0].reason, "gone");
  const auto known = parse_hardware(host_.files[std::string(hardware_file)]);
  ASSERT_TRUE(known.ok());
  EXPECT_EQ(known->devices.size(), 1u);
  // A look that fails changes nothing.
  host_.hardware = Error{Reason::unavailable, "a driver hangs", {}};
  runtime_.pass(minutes(2));
  EXPECT_EQ(api_.find<api::Node>("", "n1")->status.devices.size(), 1u);
}

TEST_F(AgentTest, WattsAreToldWhenTheyMoveByATenth) {
  host_.hardware->power.source = "hwmon";
  const auto told = [&](int64_t watts) {
    host_.hardware->power.measured = Quantity::of(watts * 1000, Dimension::power);
    runtime_.pass(seconds(31));
    return api_.find<api::Node>("", "n1")->status.power.measured.text();
  };
  EXPECT_EQ(told(400), "400W");
  EXPECT_EQ(told(430), "400W");
  EXPECT_EQ(told(450), "450W");
}

TEST_F(AgentTest, WattsAndClocksOfDevicesAreToldWhenTheyMoveByATenth) {
  api::Device gpu;
  gpu.id = "gpu0";
  gpu.cls = api::DeviceClass::gpu;
  host_.hardware->profile.devices = {gpu};
  host_.hardware->access = {{"gpu0", {}, {}, {}}};
  const auto told = [&](int64_t watts, int64_t mhz) {
    api::NodeDevice seen;
    seen.id = "gpu0";
    seen.power = {Quantity::of(watts * 1000, Dimension::power), "nvml", {}};
    seen.clocks.core_mhz = mhz;
    host_.hardware->devices = {seen};
    runtime_.pass(seconds(31));
    const auto* node = api_.find<api::Node>("", "n1");
    const api::NodeDevice& device = node->status.devices.at(0);
    EXPECT_TRUE(device.power.at.is_set());
    return std::pair(node->metadata.resource_version,
                     device.power.measured.text() + " " + std::to_string(device.clocks.core_mhz));
  };
  const auto first = told(400, 1'700);
  EXPECT_EQ(first.second, "400W 1700");
  EXPECT_EQ(told(430, 1'650), first) << "the object is not written";
  EXPECT_EQ(told(450, 1'650).second, "450W 1700");
  EXPECT_EQ(told(450, 345).second, "450W 345");
}

TEST_F(AgentTest, WorkThatWouldRunAsRootIsNotStartedAndItsStatusSaysWhy) {
  for (const int64_t user : {0, 65'534}) {
    const std::string name = "as-" + std::to_string(user);
    api::Instance x = wanted(name);
    x.spec.user_id = user;
    x.spec.acceptance.test = api::AcceptanceTest::cpu;
    put(x);
    runtime_.pass(seconds(30));
    EXPECT_EQ(at(name).status.phase, InstancePhase::preparing);
    EXPECT_EQ(at(name).status.reason, "UserRefused");
    EXPECT_NE(at(name).status.message.find("spec.userId: " + std::to_string(user)),
              std::string::npos);
    EXPECT_EQ(machine(name).launches, 0);
  }
  EXPECT_TRUE(std::none_of(host_.probes.begin(), host_.probes.end(),
                           [](const std::string& one) { return !one.starts_with(":"); }));
}

TEST_F(AgentTest, WindowsThatAreRefusedDoNotKeepBackThatItHasStopped) {
  api_.objection = [](const http::Request& request) {
    const bool says = request.body && request.body->find("\"windows\"") != std::string::npos;
    return says ? "status.windows[0].value: out of range" : "";
  };
  api::Instance x = wanted("x");
  api::Measure& measure = x.spec.measures.emplace_back();
  measure.metric = "available_capacity";
  measure.window = seconds(10);
  put(x);
  runtime_.pass(seconds(45));
  EXPECT_EQ(at("x").status.phase, InstancePhase::running);
  change("x", [](api::Instance& i) { i.spec.stop = true; });
  runtime_.pass(seconds(45));
  EXPECT_EQ(at("x").status.phase, InstancePhase::stopped);
  EXPECT_TRUE(at("x").status.windows.empty());
  api_.objection = nullptr;
}

TEST_F(AgentTest, AnInstanceIsPreparedStartedAndReported) {
  api::Instance x = wanted("x");
  x.spec.run.ports = {{"http", 0, "http"}, {"fixed", 8080, "http"}};
  x.spec.user_id = 2'005'000;
  put(x);
  EXPECT_EQ(at("x").status.phase, InstancePhase::running);
  EXPECT_TRUE(at("x").status.ready);
  EXPECT_GT(at("x").status.pid, 0);
  EXPECT_EQ(at("x").status.limits.memory_bytes, 1 << 30);
  ASSERT_EQ(at("x").status.ports.size(), 2u);
  EXPECT_EQ(at("x").status.ports[1].port, 8080);
  EXPECT_EQ(machine("x").launch.user_id, 2'005'000);
  const std::string port = "PORT_HTTP=" + std::to_string(at("x").status.ports[0].port);
  const auto& env = machine("x").launch.env;
  EXPECT_NE(std::find(env.begin(), env.end(), port), env.end());
  EXPECT_EQ(agent_->id_of("a", "x"), "uid-x");
  EXPECT_EQ(agent_->id_of("b", "x"), "");
}

TEST_F(AgentTest, InstancesOfOtherNodesAreNotOurs) {
  api::Instance x = wanted("x");
  x.spec.node = "n2";
  put(x);
  EXPECT_TRUE(host_.machines.empty());
}

TEST_F(AgentTest, ThePortsStayTheSameAcrossRestarts) {
  api::Instance x = wanted("x");
  x.spec.run.ports = {{"http", 0, "http"}};
  put(x);
  const int64_t port = at("x").status.ports[0].port;
  host_.exit("uid-x", 1);
  runtime_.pass(seconds(3));
  EXPECT_EQ(machine("x").launches, 2);
  EXPECT_EQ(at("x").status.restarts, 1);
  EXPECT_EQ(at("x").status.last_exit->code, 1);
  EXPECT_EQ(at("x").status.ports[0].port, port);
}

TEST_F(AgentTest, APortThatIsAskedForByNumberIsOneInstancesAlone) {
  api::Instance x = wanted("x"), y = wanted("y");
  x.spec.run.ports = {{"http", 8080, "http"}};
  y.spec.run.ports = {{"web", 8080, "http"}};
  put(x);
  put(y);
  EXPECT_EQ(at("y").status.phase, InstancePhase::backing_off);
  EXPECT_EQ(at("y").status.reason, "PortTaken");
  EXPECT_EQ(machine("y").launches, 0);
  host_.exit("uid-x", 1);
  runtime_.pass(seconds(10));
  EXPECT_EQ(machine("x").launches, 2) << "its own port is free for itself";
  EXPECT_EQ(machine("y").launches, 0);
  start();  // an agent that comes back knows whose it is
  runtime_.pass(seconds(10));
  EXPECT_EQ(machine("y").launches, 0);
  api_.remove(api::kind_of<api::Instance>(), "a", "x");
  runtime_.pass(seconds(20));
  EXPECT_EQ(at("y").status.phase, InstancePhase::running);
}

TEST_F(AgentTest, TheGateHoldsAndTheAcceptanceRunComesFirst) {
  api::Instance x = wanted("x");
  x.spec.gate_open = false;
  x.spec.acceptance.test = api::AcceptanceTest::cpu;
  put(x);
  runtime_.pass(seconds(3));
  EXPECT_EQ(at("x").status.phase, InstancePhase::prepared);
  EXPECT_TRUE(at("x").status.acceptance.done);
  EXPECT_TRUE(at("x").status.acceptance.passed);
  EXPECT_EQ(machine("x").launches, 0);
  change("x", [](api::Instance& i) { i.spec.gate_open = true; });
  EXPECT_EQ(at("x").status.phase, InstancePhase::running);
  EXPECT_EQ(std::count(host_.probes.begin(), host_.probes.end(), "uid-x:cpu"), 1);
}

TEST_F(AgentTest, DeletionEndsTheProcessAndLetsGoOfTheObject) {
  api::Instance x = wanted("x");
  x.metadata.owner_references.push_back({"freehold.dev/v1alpha1", "Contract", "c", "uid-c"});
  put(x);
  api_.remove(api::kind_of<api::Instance>(), "a", "x");
  runtime_.pass(seconds(5));
  EXPECT_EQ(api_.find<api::Instance>("a", "x"), nullptr);
  EXPECT_EQ(machine("x").process.state, ProcessState::exited);
  EXPECT_FALSE(machine("x").has_group);
  EXPECT_EQ(machine("x").signals, std::vector{Signal::terminate});
  // The log is kept a while, then all of it goes.
  EXPECT_EQ(agent_->id_of("a", "x"), "uid-x");
  EXPECT_EQ(agent_->id_of("a", "x", "uid-c"), "uid-x");
  EXPECT_EQ(agent_->id_of("a", "x", "uid-d"), "");
  runtime_.pass(hours(2));
  EXPECT_TRUE(host_.machines.empty());
}

TEST_F(AgentTest, TheProcessEndsWhenItsWorkloadIsTakenAway) {
  put(wanted("x"));
  change("x", [](api::Instance& i) { i.spec.run.command.clear(); });
  EXPECT_EQ(at("x").status.phase, InstancePhase::prepared);
  EXPECT_EQ(machine("x").process.state, ProcessState::exited);
  EXPECT_EQ(machine("x").launches, 1);
  EXPECT_TRUE(machine("x").has_group);
  change("x", [](api::Instance& i) { i.spec.run.command = {"/bin/other"}; });
  EXPECT_EQ(at("x").status.phase, InstancePhase::running);
  EXPECT_EQ(machine("x").launch.command[0], "/bin/other");
}

TEST_F(AgentTest, WhoDoesNotObeyIsKilledAfterTheGrace) {
  host_.obeys = false;
  put(wanted("x"));
  change("x", [](api::Instance& i) { i.spec.stop = true; });
  EXPECT_EQ(at("x").status.phase, InstancePhase::stopping);
  runtime_.pass(seconds(15));
  EXPECT_EQ(at("x").status.phase, InstancePhase::stopped);
  EXPECT_EQ(machine("x").signals.back(), Signal::kill);
}

TEST_F(AgentTest, WithTheControlPlaneGoneTheWorkGoesOn) {
  put(wanted("x"));
  api_.cut(true);
  runtime_.pass(minutes(10));
  host_.exit("uid-x", 1);
  runtime_.pass(minutes(10));
  EXPECT_EQ(machine("x").process.state, ProcessState::running);
  EXPECT_EQ(machine("x").launches, 2);
  EXPECT_TRUE(machine("x").signals.empty());
  api_.cut(false);
  runtime_.pass(minutes(1));
  EXPECT_EQ(at("x").status.restarts, 1);
}

TEST_F(AgentTest, AnAgentThatComesBackWithoutAControlPlaneKnowsItsWork) {
  put(wanted("x"));
  agent_.reset();
  api_.cut(true);
  start();
  runtime_.pass(minutes(5));
  EXPECT_EQ(machine("x").launches, 1);
  EXPECT_TRUE(machine("x").signals.empty());
  host_.exit("uid-x", 1);
  runtime_.pass(seconds(5));
  EXPECT_EQ(machine("x").launches, 2);
  api_.cut(false);
  runtime_.pass(minutes(1));
  EXPECT_EQ(machine("x").launches, 2);
  EXPECT_EQ(at("x").status.phase, InstancePhase::running);
}

TEST_F(AgentTest, OnlyALongAbsenceFromFreshListsEndsWork) {
  put(wanted("x"));
  // Gone without a deletion, as after a restore of an old store.
  api::Instance x = at("x");
  x.metadata.finalizers.clear();
  api_.put(x);
  runtime_.pass(seconds(1));
  x = at("x");
  x.metadata.deletion_timestamp = {};
  agent_.reset();
  api_.remove(api::kind_of<api::Instance>(), "a", "x");
  start();
  runtime_.pass(seconds(50));
  EXPECT_TRUE(machine("x").signals.empty());
  api_.cut(true);
  runtime_.pass(seconds(60));
  api_.cut(false);
  runtime_.pass(seconds(50));
  EXPECT_TRUE(machine("x").signals.empty());  // not continuously
  runtime_.pass(seconds(40));
  EXPECT_FALSE(machine("x").signals.empty());
}

TEST_F(AgentTest, WindowsAreClosedHandedInAndDroppedWhenTheyAreJudged) {
  api::Instance x = wanted("x");
  api::Measure capacity, cpu;
  capacity.metric = "available_capacity";
  cpu.metric = "cpu_cores";
  capacity.window = cpu.window = seconds(10);
  x.spec.measures = {capacity, cpu};
  put(x);
  api_.cut(true);
  runtime_.pass(minutes(3));
  agent_.reset();
  start();
  runtime_.pass(minutes(1));
  api_.cut(false);
  runtime_.pass(seconds(60));
  const auto windows = at("x").status.windows;
  ASSERT_GT(windows.size(), 40u);
  Time end;
  for (const api::Window& window : windows) {
    EXPECT_EQ(window.start.us % seconds(10).us, 0);
    EXPECT_EQ(window.samples >= 9, true) << window.samples;
    if (window.metric != "available_capacity") continue;
    EXPECT_EQ(window.value.as_double(), 1);
    EXPECT_GE(window.start, end);
    end = window.start + window.length;
  }
  change("x", [&](api::Instance& i) {
    for (api::Measure& measure : i.spec.measures) measure.assessed_until = end;
  });
  EXPECT_LT(at("x").status.windows.size(), 5u);
}

TEST_F(AgentTest, LimitsAreMeasuredWhileWorkThatWasTakenAwayWindsDown) {
  host_.obeys = false;
  api::Instance x = wanted("x");
  api::Measure& capacity = x.spec.measures.emplace_back();
  capacity.metric = "available_capacity";
  capacity.window = seconds(2);
  put(x);
  runtime_.pass(seconds(6));
  change("x", [](api::Instance& i) { i.spec.run.command.clear(); });
  const Time taken = runtime_.now();
  runtime_.pass(seconds(6));
  EXPECT_EQ(at("x").status.phase, InstancePhase::running) << "it does not obey";
  runtime_.pass(seconds(10));
  EXPECT_EQ(at("x").status.phase, InstancePhase::prepared);
  Time end;
  for (const api::Window& window : at("x").status.windows) {
    EXPECT_EQ(window.value.as_double(), 1);
    EXPECT_TRUE(!end.is_set() || window.start == end) << "a gap";
    end = window.start + window.length;
  }
  EXPECT_GT(end - taken, seconds(12));
}

TEST_F(AgentTest, CapacityIsThereForWorkThatEndsByItselfAndNotForWorkThatIsKilled) {
  const auto windows_lost = [&](const std::string& name, const char* reason, int times) {
    api::Instance x = wanted(name);
    api::Measure& capacity = x.spec.measures.emplace_back();
    capacity.metric = "available_capacity";
    capacity.window = seconds(2);
    put(x);
    for (int i = 0; i < times; ++i) {  // the pauses grow to 8 s
      runtime_.pass(seconds(9));
      host_.exit("uid-" + name, 1, reason);
    }
    runtime_.pass(seconds(20));
    EXPECT_EQ(at(name).status.restarts, times);
    return std::ranges::count_if(at(name).status.windows, [](const api::Window& window) {
      return window.value.as_double() < 1;
    });
  };
  EXPECT_EQ(windows_lost("ends", "Error", 4), 0);
  EXPECT_EQ(windows_lost("full", "OutOfMemory", 4), 0);
  const auto once = windows_lost("killed", "Killed", 1);
  EXPECT_GE(once, 1);
  EXPECT_LE(once, 2) << "the pause is of one second";
  // Whoever it is that goes on killing it.
  const auto again = windows_lost("killed-again", "Killed", 4);
  EXPECT_GE(again, 1);
  EXPECT_LE(again, 2);
  EXPECT_GE(windows_lost("lost", "Lost", 4), 4);
}

TEST_F(AgentTest, AClockThatIsSetFakesNothing) {
  api::Instance x = wanted("x");
  api::Measure capacity;
  capacity.metric = "available_capacity";
  capacity.window = seconds(10);
  x.spec.measures = {capacity};
  put(x);
  runtime_.pass(seconds(35));
  runtime_.set_wall(runtime_.now() + hours(1));
  runtime_.pass(seconds(35));
  runtime_.set_wall(runtime_.now() - hours(2));
  runtime_.pass(seconds(35));
  for (const api::Window& window : at("x").status.windows) {
    EXPECT_GE(window.samples, 9);
    EXPECT_EQ(window.value.as_double(), 1);
  }
}

TEST_F(AgentTest, AProcessThatIsNotLiveIsRestartedAndOneThatIsNotReadySaysSo) {
  api::Instance x = wanted("x");
  api::Probe probe;
  probe.command = {"/bin/check"};
  probe.period = seconds(1);
  x.spec.run.readiness = probe;
  put(x);
  EXPECT_TRUE(at("x").status.ready);
  host_.well = false;
  runtime_.pass(seconds(5));
  EXPECT_FALSE(at("x").status.ready);
  EXPECT_EQ(machine("x").launches, 1);

  api::Instance y = wanted("y");
  y.spec.run.liveness = probe;
  put(y);
  runtime_.pass(seconds(5));
  EXPECT_EQ(at("y").status.last_exit->reason, "Unhealthy");
  EXPECT_GE(at("y").status.restarts, 1);
}

TEST_F(AgentTest, AProbeStandsWhereItsWorkloadDoes) {
  api::Instance x = wanted("x");
  api::Probe& probe = x.spec.run.readiness.emplace();
  probe.command = {"bin/check"};
  probe.period = seconds(1);
  x.spec.run.directory = "/srv/model";
  put(x);
  EXPECT_EQ(host_.last_exec.command, probe.command);
  EXPECT_EQ(host_.last_exec.directory, machine("x").launch.directory);
  EXPECT_EQ(host_.last_exec.directory, "/srv/model");
  EXPECT_EQ(host_.last_exec.env, machine("x").launch.env);
}

// What the agent lacks says nothing of the workload.
TEST_F(AgentTest, AProbeThatCannotBePutLeavesTheVerdictAsItWas) {
  api::Instance x = wanted("x");
  api::Probe ask;
  ask.command = {"/bin/check"};
  ask.period = seconds(1);
  x.spec.run.readiness = ask;
  x.spec.run.ports.push_back({.name = "http"});
  ask.command.clear();
  ask.tcp_port = "http";
  x.spec.run.liveness = ask;
  put(x);
  ASSERT_TRUE(at("x").status.ready);
  host_.can_ask = false;
  host_.well = false;
  runtime_.pass(minutes(1));
  EXPECT_TRUE(at("x").status.ready);
  EXPECT_EQ(machine("x").launches, 1);
  host_.can_ask = true;
  runtime_.pass(seconds(5));
  EXPECT_EQ(at("x").status.last_exit->reason, "Unhealthy");
}

TEST_F(AgentTest, AnIdleInstanceIsNotWrittenAgainAndAgain) {
  put(wanted("x"));
  runtime_.pass(minutes(1));
  api_.log.clear();
  runtime_.pass(minutes(5));
  size_t writes = 0;
  for (const std::string& line : api_.log) writes += line.find("/instances/") != std::string::npos;
  EXPECT_EQ(writes, 0u);
}

TEST_F(AgentTest, WhatAnInstanceUsesIsWrittenOnceAMinuteAndOnlyWhenItMoved) {
  const auto writes_in = [&](Duration time, int64_t cpu_us_per_s, int64_t memory_bytes) {
    api_.log.clear();
    for (Duration passed; passed < time; passed = passed + seconds(1)) {
      api::Usage& usage = machine("x").usage;
      usage.cpu_us += cpu_us_per_s;
      usage.memory_bytes = (256 << 20) + usage.cpu_us % 2 * memory_bytes;
      runtime_.pass(seconds(1));
    }
    return std::count_if(api_.log.begin(), api_.log.end(), [](const std::string& line) {
      return line.find("/instances/") != std::string::npos;
    });
  };
  put(wanted("x"));
  writes_in(minutes(3), 1'001, 100'000);
  EXPECT_EQ(writes_in(minutes(5), 1'001, 100'000), 0) << "it hardly moves";
  EXPECT_LE(writes_in(minutes(5), 500'000, 0), 8) << "at first sooner";
  const auto busy = writes_in(minutes(5), 500'000, 0);
  EXPECT_GE(busy, 4);
  EXPECT_LE(busy, 6);
  EXPECT_LE(writes_in(minutes(2), 0, 0), 2) << "that it rests";
  EXPECT_EQ(at("x").status.usage.cpu_us, machine("x").usage.cpu_us);
  EXPECT_EQ(writes_in(minutes(5), 0, 0), 0);
  host_.exit("uid-x", 1);
  machine("x").usage.cpu_us += 70'000'000;
  runtime_.pass(seconds(8));
  EXPECT_EQ(at("x").status.usage.cpu_us, machine("x").usage.cpu_us) << "a change is told at once";
}

}  // namespace
}  // namespace freehold::agent