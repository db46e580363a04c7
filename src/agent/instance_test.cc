// The life of one instance, driven as its shell would: what is seen is changed by hand, time is a
// number.
#include "agent/instance.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "agent/memory.h"

namespace freehold::agent {
namespace {

using api::InstancePhase;

class Life : public testing::Test {
 protected:
  Life() {
    spec_.run.command = {"/bin/server"};
    spec_.gate_open = true;
    seen_.limits_set = true;
  }
  // One look; actions that a host would carry out at once are.
  void look() {
    const Wanted wanted{spec_, dropped_};
    Step next = step(wanted, memory_, seen_, {now_, up_, boot_});
    memory_ = next.memory;
    actions_ = next.actions;
    ready_ = next.ready;
    again_ = next.again_in;
    if (did(Action::launch))
      seen_.process = {.state = ProcessState::running,
                       .run = memory_.run,
                       .pid = 100 + memory_.run,
                       .started_uptime = up_,
                       .started_at = now_};
  }
  void pass(Duration time) {
    up_ = up_ + time;
    now_ = now_ + time;
  }
  void exit(int64_t code, int64_t signal = 0, std::string reason = "Error") {
    seen_.process.state = ProcessState::exited;
    seen_.process.exit = {code, signal, std::move(reason), now_};
  }
  bool did(Action action) const {
    return std::find(actions_.begin(), actions_.end(), action) != actions_.end();
  }
  void run_until_running() {
    look();
    look();
    ASSERT_EQ(memory_.phase, InstancePhase::running);
  }

  api::InstanceSpec spec_;
  Memory memory_;
  Observed seen_;
  std::vector<Action> actions_;
  bool ready_ = false, dropped_ = false;
  Time now_{1'700'000'000'000'000};
  Duration up_ = seconds(1000), again_{};
  std::string boot_ = "boot-1";
};

TEST_F(Life, LimitsComeFirst) {
  seen_.limits_set = false;
  look();
  EXPECT_TRUE(did(Action::prepare));
  EXPECT_FALSE(did(Action::launch));
  EXPECT_EQ(memory_.phase, InstancePhase::preparing);
}

TEST_F(Life, AClosedGateHoldsAPreparedInstance) {
  spec_.gate_open = false;
  look();
  EXPECT_TRUE(actions_.empty());
  EXPECT_EQ(memory_.phase, InstancePhase::prepared);
  spec_.gate_open = true;
  look();
  EXPECT_TRUE(did(Action::launch));
}

TEST_F(Life, AGateThatClosesAgainStopsNothing) {
  run_until_running();
  spec_.gate_open = false;
  exit(1);
  look();
  EXPECT_EQ(memory_.phase, InstancePhase::backing_off);
  pass(seconds(2));
  look();
  EXPECT_TRUE(did(Action::launch));
}

TEST_F(Life, AReservationWithoutAProcessStaysPrepared) {
  spec_.run.command.clear();
  for (int i = 0; i < 3; ++i) look();
  EXPECT_EQ(memory_.phase, InstancePhase::prepared);
  EXPECT_TRUE(actions_.empty());
}

TEST_F(Life, TheAcceptanceRunComesBeforeTheGate) {
  spec_.acceptance.test = api::AcceptanceTest::cpu;
  look();
  EXPECT_EQ(actions_, std::vector{Action::accept});
  EXPECT_EQ(memory_.phase, InstancePhase::preparing);
  seen_.accepting = true;
  look();
  EXPECT_TRUE(actions_.empty());
  seen_.accepting = false;
  memory_.acceptance.done = true;
  look();
  EXPECT_TRUE(did(Action::launch));
}

TEST_F(Life, NothingIsStartedTwice) {
  run_until_running();
  for (int i = 0; i < 5; ++i) {
    look();
    EXPECT_TRUE(actions_.empty());
  }
  EXPECT_EQ(memory_.run, 1);
  EXPECT_EQ(memory_.restarts, 0);
}

TEST_F(Life, WithoutAMemoryWhatRunsIsAdopted) {
  seen_.process = {.state = ProcessState::running, .run = 7, .pid = 9};
  look();
  EXPECT_TRUE(actions_.empty());
  EXPECT_EQ(memory_.run, 7);
  EXPECT_EQ(memory_.phase, InstancePhase::running);
}

TEST_F(Life, CrashesAreRestartedWithGrowingPauses) {
  run_until_running();
  const int expected_s[] = {1, 2, 4, 8, 16, 32, 60, 60};
  for (const int pause : expected_s) {
    exit(1);
    look();
    EXPECT_EQ(memory_.phase, InstancePhase::backing_off);
    EXPECT_EQ(again_, seconds(pause));
    pass(seconds(pause) - milliseconds(1));
    look();
    EXPECT_FALSE(did(Action::launch));
    pass(milliseconds(1));
    look();
    EXPECT_TRUE(did(Action::launch));
  }
  EXPECT_EQ(memory_.restarts, 8);
  EXPECT_EQ(memory_.last_exit->code, 1);
}

TEST_F(Life, AMinuteOfRunningForgetsTheCrashes) {
  run_until_running();
  for (int i = 0; i < 4; ++i) {
    exit(1);
    look();
    pass(seconds(60));
    look();
  }
  pass(seconds(61));
  exit(1);
  look();
  EXPECT_EQ(again_, seconds(1));
}

struct PolicyCase {
  api::RestartPolicy policy;
  int64_t code;
  InstancePhase phase;
};
TEST_F(Life, TheRestartPolicyDecidesWhatAnExitMeans) {
  using enum api::RestartPolicy;
  const PolicyCase cases[] = {
      {always, 0, InstancePhase::backing_off},   {always, 1, InstancePhase::backing_off},
      {on_failure, 0, InstancePhase::succeeded}, {on_failure, 1, InstancePhase::backing_off},
      {never, 0, InstancePhase::succeeded},      {never, 3, InstancePhase::failed}};
  for (const PolicyCase& one : cases) {
    memory_ = {};
    seen_.process = {};
    spec_.run.restart = one.policy;
    run_until_running();
    exit(one.code, 0, one.code == 0 ? "Completed" : "Error");
    look();
    EXPECT_EQ(memory_.phase, one.phase);
    EXPECT_EQ(did(Action::release), is_terminal(one.phase));
    look();
    EXPECT_FALSE(did(Action::release));
  }
}

TEST_F(Life, AHigherEpochRestartsOnce) {
  run_until_running();
  spec_.restart_epoch = 3;
  look();
  EXPECT_EQ(actions_, std::vector{Action::terminate});
  look();
  EXPECT_TRUE(actions_.empty());
  exit(143, 15, "Killed");
  look();
  EXPECT_TRUE(did(Action::launch));
  EXPECT_EQ(memory_.restart_epoch, 3);
  EXPECT_EQ(memory_.restarts, 1);
  for (int i = 0; i < 3; ++i) {
    look();
    EXPECT_TRUE(actions_.empty());
  }
}

TEST_F(Life, AnEpochThatCameBeforeTheFirstStartNeedsNoRestart) {
  spec_.restart_epoch = 2;
  run_until_running();
  look();
  EXPECT_TRUE(actions_.empty());
  EXPECT_EQ(memory_.restart_epoch, 2);
}

TEST_F(Life, AProcessThatIsNotWellIsRestarted) {
  run_until_running();
  seen_.live = false;
  look();
  EXPECT_TRUE(did(Action::terminate));
  pass(spec_.run.stop_grace);
  look();
  EXPECT_TRUE(did(Action::kill));
  exit(137, 9, "Killed");
  seen_.live = true;
  look();
  EXPECT_EQ(memory_.phase, InstancePhase::backing_off);
  EXPECT_EQ(memory_.last_exit->reason, "Unhealthy");
}

TEST_F(Life, StoppingAsksFirstAndInsistsAfterTheGrace) {
  run_until_running();
  spec_.stop = true;
  look();
  EXPECT_EQ(memory_.phase, InstancePhase::stopping);
  EXPECT_EQ(actions_, std::vector{Action::terminate});
  EXPECT_EQ(again_, spec_.run.stop_grace);
  pass(spec_.run.stop_grace);
  look();
  EXPECT_EQ(actions_, std::vector{Action::kill});
  pass(seconds(1));
  look();
  EXPECT_EQ(actions_, std::vector{Action::kill});  // it may have been in the kernel's hands
  exit(137, 9);
  look();
  EXPECT_EQ(memory_.phase, InstancePhase::stopped);
  EXPECT_EQ(actions_, std::vector{Action::release});
  look();
  EXPECT_TRUE(actions_.empty());
}

TEST_F(Life, WhatIsDroppedStopsToo) {
  run_until_running();
  dropped_ = true;
  look();
  EXPECT_EQ(memory_.phase, InstancePhase::stopping);
}

TEST_F(Life, AStopBeforeTheStartReleasesTheLimits) {
  spec_.stop = true;
  look();
  EXPECT_EQ(memory_.phase, InstancePhase::stopped);
  EXPECT_TRUE(did(Action::release));
}

TEST_F(Life, ARestartAskedWhileItStopsIsNotCarriedOut) {
  run_until_running();
  spec_.stop = true;
  look();
  spec_.restart_epoch = 1;
  exit(0, 0, "Completed");
  look();
  EXPECT_EQ(memory_.phase, InstancePhase::stopped);
}

TEST_F(Life, AfterARebootItRunsAgainAtOnce) {
  run_until_running();
  boot_ = "boot-2";
  up_ = seconds(5);
  seen_.limits_set = false;
  exit(-1, 0, "NodeRebooted");
  look();
  EXPECT_TRUE(did(Action::prepare));
  EXPECT_EQ(memory_.last_exit->reason, "NodeRebooted");
  seen_.limits_set = true;
  look();
  EXPECT_TRUE(did(Action::launch));
  EXPECT_EQ(memory_.restarts, 1);
}

TEST_F(Life, ABackOffOfAnotherBootMeansNothing) {
  run_until_running();
  exit(1);
  look();
  boot_ = "boot-2";
  up_ = seconds(1);
  look();
  EXPECT_TRUE(did(Action::launch));
}

TEST_F(Life, WhatEndsByItselfIsDownByItsOwnDoing) {
  run_until_running();
  const auto own = [&] { return is_down_by_itself(memory_, seen_.process, up_); };
  EXPECT_FALSE(own()) << "it runs";
  const auto ends_as = [&](int64_t code, int64_t signal, const char* reason) {
    exit(code, signal, reason);
    look();
    const bool was_own = own();
    pass(minutes(1));
    look();
    EXPECT_EQ(memory_.phase, InstancePhase::running);
    pass(minutes(2));
    look();
    return was_own;
  };
  EXPECT_TRUE(ends_as(0, 0, "Completed"));
  EXPECT_TRUE(ends_as(1, 0, "Error"));
  EXPECT_TRUE(ends_as(139, 11, "Crashed"));
  EXPECT_TRUE(ends_as(137, 9, "OutOfMemory"));
  EXPECT_TRUE(ends_as(127, 0, "CommandFailed"));
  EXPECT_FALSE(ends_as(137, 9, "Killed"));
  EXPECT_FALSE(ends_as(137, 9, "MachineOutOfMemory"));
  EXPECT_FALSE(ends_as(127, 0, "StartFailed"));
  EXPECT_FALSE(ends_as(-1, 0, "Lost"));
  EXPECT_FALSE(ends_as(-1, 0, "NodeRebooted"));
  seen_.live = false;
  look();
  seen_.live = true;
  EXPECT_TRUE(ends_as(137, 9, "Killed")) << "its own probe gave it up";
}

TEST_F(Life, KillsOfShortRunsAfterTheFirstAreTheWorkloadsOwnDoing) {
  run_until_running();
  const auto is_own_after = [&](Duration ran, const char* reason = "Killed") {
    pass(ran);
    exit(137, 9, reason);
    look();
    const bool is_own = is_down_by_itself(memory_, seen_.process, up_);
    pass(longest_backoff);  // the pause is no part of the run
    look();
    EXPECT_EQ(memory_.phase, InstancePhase::running);
    return is_own;
  };
  EXPECT_FALSE(is_own_after(seconds(2))) << "the first, however short the run";
  EXPECT_TRUE(is_own_after(seconds(2)));
  EXPECT_TRUE(is_own_after(seconds(59)));
  EXPECT_FALSE(is_own_after(backoff_reset));
  EXPECT_TRUE(is_own_after(seconds(2)));
  EXPECT_FALSE(is_own_after(seconds(2), "StartFailed")) << "said of the latest run alone";
  // What the agent ends to start it again is none of them.
  ++spec_.restart_epoch;
  look();
  EXPECT_FALSE(is_own_after(seconds(2)));
}

TEST_F(Life, AStartThatTakesLongIsTheMachines) {
  run_until_running();
  exit(1);
  look();
  pass(seconds(1));
  look();
  ASSERT_TRUE(did(Action::launch));
  seen_.process.state = ProcessState::starting;
  EXPECT_TRUE(is_down_by_itself(memory_, seen_.process, up_));
  pass(start_grace);
  EXPECT_FALSE(is_down_by_itself(memory_, seen_.process, up_));
}

TEST_F(Life, ReadyNeedsARunningProcessAndAGoodProbe) {
  run_until_running();
  EXPECT_FALSE(ready_);
  seen_.readiness = Readiness::good;
  look();
  EXPECT_TRUE(ready_);
  seen_.readiness = Readiness::bad;
  look();
  EXPECT_FALSE(ready_);
}

TEST_F(Life, LimitsThatCannotBeSetAreTriedAgain) {
  seen_.limits_set = false;
  seen_.limits_failed = true;
  seen_.limits_message = "no space";
  look();
  EXPECT_TRUE(did(Action::prepare));
  EXPECT_GT(again_.us, 0);
  EXPECT_EQ(memory_.reason, "LimitsFailed");
  EXPECT_EQ(memory_.message, "no space");
}

TEST(Environment, SaysWhoTheProcessIsAndLetsTheUserHaveTheLastWord) {
  api::Instance instance;
  instance.metadata.name = "chat-0";
  instance.spec.contract = "chat";
  instance.spec.node = "n1";
  instance.spec.member = 2;
  instance.spec.devices = {"gpu0", "gpu1"};
  instance.spec.run.env = {{"LANG", "de"}, {"X", "1"}};
  const auto env = environment_of(instance, {{"http-main", 8080}}, {});
  auto has = [&](const std::string& one) { return std::count(env.begin(), env.end(), one) == 1; };
  EXPECT_TRUE(has("FREEHOLD_INSTANCE=chat-0"));
  EXPECT_TRUE(has("FREEHOLD_CONTRACT=chat"));
  EXPECT_TRUE(has("FREEHOLD_NODE=n1"));
  EXPECT_TRUE(has("FREEHOLD_MEMBER=2"));
  EXPECT_TRUE(has("FREEHOLD_DEVICES=gpu0,gpu1"));
  EXPECT_TRUE(has("PORT_HTTP_MAIN=8080"));
  EXPECT_TRUE(has("LANG=de"));
  EXPECT_FALSE(has("LANG=C.UTF-8"));
  EXPECT_TRUE(has("X=1"));
}

TEST(Environment, NamesTheGpusOfTheInstanceToCudaAndNoOthers) {
  discover::Machine machine;
  for (const int i : {0, 1, 2}) {
    const std::string address = "0000:4" + std::to_string(i) + ":00.0";
    api::PciFunction& function = machine.profile.pci.emplace_back();
    function.address = address;
    function.vendor = i == 2 ? "1002" : "10de";
    api::Device& device = machine.profile.devices.emplace_back();
    device.id = "gpu" + std::to_string(i);
    device.cls = api::DeviceClass::gpu;
    device.address = address;
    api::NodeDevice& seen = machine.devices.emplace_back();
    seen.id = device.id;
    seen.identity = "GPU-" + std::to_string(i);
  }
  const auto cuda = [&](std::vector<std::string> devices) -> std::string {
    api::Instance instance;
    instance.spec.devices = std::move(devices);
    for (const std::string& one : environment_of(instance, {}, machine))
      if (one.starts_with("CUDA_VISIBLE_DEVICES=")) return one.substr(21);
    return "not set";
  };
  EXPECT_EQ(cuda({"gpu1"}), "GPU-1");
  EXPECT_EQ(cuda({"gpu1", "gpu0"}), "GPU-1,GPU-0");
  EXPECT_EQ(cuda({}), "") << "who has none sees none";
  EXPECT_EQ(cuda({"gpu2"}), "") << "another maker's";
  machine.devices[1].identity.clear();
  EXPECT_EQ(cuda({"gpu1"}), "not set") << "masked until its first use";
  EXPECT_EQ(cuda({"gpu0"}), "GPU-0");
  machine.profile.devices.erase(machine.profile.devices.begin(),
                                machine.profile.devices.begin() + 2);
  EXPECT_EQ(cuda({"gpu2"}), "not set") << "no such GPU in the machine";
}

struct AcceptanceCase {
  const char* floor;
  Dimension dimension;
  double printed;
  bool passed;
  const char* value;
};
TEST(AcceptanceRun, IsJudgedInTheUnitOfItsFloor) {
  const AcceptanceCase cases[] = {{"90%", Dimension::percent, 1.9e6, true, "95%"},
                                  {"90%", Dimension::percent, 1.7e6, false, "85%"},
                                  {"1k/s", Dimension::rate, 2e6, true, nullptr},
                                  {nullptr, Dimension::number, 5, true, nullptr}};
  for (const AcceptanceCase& one : cases) {
    api::InstanceSpec spec;
    spec.cpus = "2-3";
    spec.acceptance.test = api::AcceptanceTest::cpu;
    if (one.floor != nullptr) {
      const auto floor = Quantity::parse_any(one.floor);
      if (!floor.ok()) continue;
      spec.acceptance.at_least = *floor;
    }
    const std::string text = "{\"value\":" + std::to_string(one.printed) + "}";
    const auto result = judge_acceptance(spec, ExecOutcome{0, text}, 1e6, Time{1});
    EXPECT_TRUE(result.done);
    EXPECT_EQ(result.passed, one.passed) << result.message;
    if (one.value != nullptr) {
      EXPECT_EQ(result.value.text(), one.value);
    }
  }
}

TEST(AcceptanceRun, ThatFailsIsDoneAndNotPassed) {
  api::InstanceSpec spec;
  spec.acceptance.test = api::AcceptanceTest::memory_bandwidth;
  for (const auto& outcome :
       {Result<ExecOutcome>(ExecOutcome{1, ""}), Result<ExecOutcome>(ExecOutcome{0, "no"}),
        Result<ExecOutcome>(Error{Reason::unavailable, "gone", {}})}) {
    const auto result = judge_acceptance(spec, outcome, 0, Time{1});
    EXPECT_TRUE(result.done);
    EXPECT_FALSE(result.passed);
    EXPECT_FALSE(result.message.empty());
  }
}

TEST(MemoryOnDisk, ComesBackAsItWas) {
  Remembered before;
  before.instance.metadata.name = "a";
  before.instance.metadata.uid = "u";
  before.instance.spec.contract = "c";
  before.memory.phase = InstancePhase::backing_off;
  before.memory.run = 4;
  before.memory.settled = 3;
  before.memory.crashes = 2;
  before.memory.next_start = seconds(77);
  before.memory.ending = Ending::restart;
  before.memory.ports = {{"http", 8080}};
  before.memory.last_exit = api::Exit{1, 0, "Error", Time{5'000'000}};
  before.memory.released = true;
  before.memory.was_killed = before.memory.is_kill_own = true;
  before.memory.usage.emplace().cpu_us = 1'234;
  before.memory.usage->at = Time{7'000'000};
  before.memory.earlier.throttled_us = 55;
  const auto after = parse_remembered(print_remembered(before));
  ASSERT_TRUE(after.ok()) << after.error().to_string();
  EXPECT_EQ(print_remembered(*after), print_remembered(before));
  EXPECT_EQ(after->memory.next_start, seconds(77));
  EXPECT_TRUE(after->memory.was_killed && after->memory.is_kill_own);
  EXPECT_EQ(after->memory.usage.value_or(api::Usage{}).cpu_us, 1'234);
  EXPECT_EQ(after->memory.earlier.throttled_us, 55);
  before.memory.usage.reset();
  const auto without = parse_remembered(print_remembered(before));
  EXPECT_TRUE(without.ok() && !without->memory.usage.has_value());
  EXPECT_EQ(after->memory.ports[0].port, 8080);
  EXPECT_FALSE(parse_remembered("{}").ok());
  EXPECT_FALSE(parse_remembered("").ok());
}

}  // namespace
}  // namespace freehold::agent
