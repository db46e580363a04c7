// What instances use, over their runs, their control groups and the lives of agents.
#include <gtest/gtest.h>

#include "agent/testing/bench.h"

namespace freehold::agent {
namespace {

using api::InstancePhase;
using testing::AgentTest;

class Usage : public AgentTest {
 protected:
  void put_job() {
    api::Instance x = wanted("x");
    x.spec.run.restart = api::RestartPolicy::on_failure;
    put(x);
  }
  void end_after(int64_t cpu_us, int64_t peak) {
    machine("x").usage.cpu_us = cpu_us;
    machine("x").usage.memory_peak_bytes = peak;
    host_.exit("uid-x", 0, "Completed");
    runtime_.pass(seconds(10));
    EXPECT_EQ(at("x").status.phase, InstancePhase::succeeded);
  }
  void start_once_more() {
    change("x", [](api::Instance& i) { ++i.spec.restart_epoch; });
    EXPECT_EQ(at("x").status.phase, InstancePhase::running);
  }
};

TEST_F(Usage, WhatAnInstanceUsedIsExactAtItsEndAndStays) {
  put(wanted("x"));
  runtime_.pass(minutes(3));
  change("x", [&](api::Instance& i) {
    i.spec.stop = true;
    machine("x").usage.cpu_us = 1'234;  // after the last look of the agent
  });
  EXPECT_EQ(at("x").status.phase, InstancePhase::stopped);
  EXPECT_EQ(at("x").status.usage.cpu_us, 1'234);
  agent_.reset();
  start();
  runtime_.pass(minutes(2));
  EXPECT_EQ(at("x").status.usage.cpu_us, 1'234);
}

TEST_F(Usage, WhatAJobUsedIsKnownThoughNobodyWasThereAtItsEnd) {
  api::Instance x = wanted("x");
  x.spec.run.restart = api::RestartPolicy::never;
  put(x);
  agent_.reset();
  machine("x").usage.cpu_us = 5'678;
  machine("x").process.state = ProcessState::exited;
  machine("x").process.exit = {0, 0, "Completed", runtime_.now()};
  start();
  runtime_.pass(seconds(5));
  EXPECT_EQ(at("x").status.phase, InstancePhase::succeeded);
  EXPECT_FALSE(machine("x").has_group);
  EXPECT_EQ(at("x").status.usage.cpu_us, 5'678);
  // Nor was the control plane there to be told.
  agent_.reset();
  change("x", [](api::Instance& i) { i.status.usage = {}; });
  start();
  runtime_.pass(minutes(2));
  EXPECT_EQ(at("x").status.usage.cpu_us, 5'678);
}

// Its disk is lost, and the control plane tells what it was told before.
TEST_F(Usage, WhatEarlierRunsUsedStaysThoughTheMemoryIsLost) {
  put_job();
  end_after(7'000'000, 77);
  start_once_more();
  machine("x").usage.cpu_us = 50'000'000;
  runtime_.pass(minutes(3));
  ASSERT_EQ(at("x").status.usage.cpu_us, 57'000'000);
  agent_.reset();
  host_.files.clear();
  start();
  runtime_.pass(minutes(3));
  EXPECT_EQ(at("x").status.usage.cpu_us, 57'000'000);
}

// Each control group counts from nothing.
TEST_F(Usage, WhatEarlierRunsUsedStaysWhenItIsStartedOnceMore) {
  put_job();
  end_after(1'000, 77);
  EXPECT_EQ(at("x").status.usage.cpu_us, 1'000);
  start_once_more();
  end_after(500, 33);
  EXPECT_EQ(at("x").status.usage.cpu_us, 1'500);
  EXPECT_EQ(at("x").status.usage.memory_peak_bytes, 77);
  // The group is still there when it is wanted again.
  machine("x").has_group = true;
  start_once_more();
  runtime_.pass(minutes(2));
  EXPECT_EQ(at("x").status.usage.cpu_us, 1'500);
  agent_.reset();
  start();
  end_after(700, 33);
  EXPECT_EQ(at("x").status.usage.cpu_us, 1'700);
}

TEST_F(Usage, WhatWasUsedBeforeTheMachineStartedAnewStays) {
  api::Instance x = wanted("x");
  x.status.boot_id = "boot-0";
  x.status.usage.cpu_us = 9'000;
  put(x);
  machine("x").usage.cpu_us = 40'000'000;
  runtime_.pass(minutes(2));
  EXPECT_EQ(at("x").status.usage.cpu_us, 40'009'000);
  EXPECT_EQ(at("x").status.boot_id, "boot-1");
}

}  // namespace
}  // namespace freehold::agent