// A machine whose Node was deleted, and that joined again as another one, with work still on it.
#include <gtest/gtest.h>

#include <algorithm>

#include "agent/node.h"
#include "agent/testing/bench.h"
#include "base/log.h"

namespace freehold::agent {
namespace {

using api::InstancePhase;

class Rejoin : public testing::AgentTest {
 protected:
  // As the operator does it, and as the control plane refuses the agent then.
  void lose_node() {
    api_.remove(api::kind_of<api::Node>(), "", "n1");
    api_.know(false);
    runtime_.pass(minutes(5));
  }
  void join_anew() {
    join("uid-n1-anew");
    api_.know(true);
    for (int i = 0; i < 70 && !agent_->connected(); ++i) runtime_.pass(seconds(1));
    runtime_.pass(seconds(3));
  }
  // Nobody waits for the agent to let go of it.
  void vanish(const std::string& name) {
    api::Instance copy = at(name);
    copy.metadata.finalizers.clear();
    api_.put(std::move(copy));
    api_.remove(api::kind_of<api::Instance>(), "a", name);
  }
  const api::NodeStatus& node() { return api_.find<api::Node>("", "n1")->status; }
  const api::Condition* held_back() {
    return find_condition(node().conditions, api::former_work_ended);
  }
};

TEST_F(Rejoin, WhatRunsGoesOnWhereTheNodeWasDeleted) {
  std::vector<std::string> said;
  set_log_sink([&](const LogRecord& record) { said.emplace_back(record.message); });
  put(wanted("x"));
  put(wanted("y"));
  api_.remove(api::kind_of<api::Node>(), "", "n1");
  api_.know(false);
  const size_t asked = api_.log.size();
  runtime_.pass(hours(1));
  EXPECT_EQ(said, std::vector<std::string>{
                      "the control plane does not take this agent; the work goes on"});
  EXPECT_LT(api_.log.size() - asked, 80u) << "about one a minute";
  EXPECT_FALSE(agent_->connected());
  // And across a restart of the agent.
  agent_.reset();
  start();
  runtime_.pass(hours(1));

  join();
  api_.know(true);
  runtime_.pass(minutes(3));
  EXPECT_TRUE(agent_->connected());
  EXPECT_EQ(api_.find<api::Node>("", "n1")->status.agent_endpoint, "10.0.0.1:1");
  for (const char* name : {"x", "y"}) {
    EXPECT_EQ(machine(name).launches, 1) << name;
    EXPECT_TRUE(machine(name).signals.empty()) << name;
    EXPECT_EQ(machine(name).process.state, ProcessState::running) << name;
    EXPECT_EQ(at(name).status.phase, InstancePhase::running) << name;
  }
  set_log_sink(nullptr);
}

TEST_F(Rejoin, ANewNodeIsToldOfTheHardwareOnceNothingOfTheFormerOneIsLeft) {
  put(wanted("x"));
  put(wanted("y"));
  put(wanted("z"));
  lose_node();
  vanish("x");
  api_.remove(api::kind_of<api::Instance>(), "a", "z");  // it is to go, once its agent says so
  join_anew();
  ASSERT_NE(held_back(), nullptr);
  EXPECT_EQ(held_back()->status, api::ConditionStatus::false_);
  EXPECT_EQ(held_back()->message,
            "still here, of a Node that was deleted; what is no longer wanted is ended: a/x");
  EXPECT_EQ(node().allocatable.cpus, "");
  EXPECT_EQ(node().profile, "");
  EXPECT_EQ(at("y").status.phase, InstancePhase::running);
  EXPECT_EQ(api_.find<api::Instance>("a", "z"), nullptr);
  EXPECT_TRUE(machine("x").signals.empty());

  runtime_.pass(seconds(75));
  EXPECT_EQ(machine("x").process.state, ProcessState::exited);
  EXPECT_FALSE(machine("x").has_group);
  EXPECT_EQ(held_back(), nullptr);
  EXPECT_NE(node().allocatable.cpus, "");
  EXPECT_NE(node().profile, "");
  EXPECT_TRUE(machine("y").signals.empty());
  EXPECT_EQ(machine("y").launches, 1);
}

// A life of the agent that saw neither the Node before nor its end.
TEST_F(Rejoin, WhatIsLeftOfAFormerNodeIsFoundAfterARestart) {
  put(wanted("x"));
  lose_node();
  vanish("x");
  agent_.reset();
  api_.know(true);
  join("uid-n1-anew");
  host_.machines["uid-unknown"];  // a directory that nothing explains
  start();
  runtime_.pass(seconds(3));
  ASSERT_NE(held_back(), nullptr);
  EXPECT_TRUE(held_back()->message.ends_with(": uid-unknown, a/x")) << held_back()->message;
  EXPECT_EQ(node().allocatable.cpus, "");
  runtime_.pass(seconds(75));
  EXPECT_EQ(held_back(), nullptr);
  EXPECT_NE(node().allocatable.cpus, "");
}

// A Node was deleted, its work too, and another instance was made in the same place. (Seed 1431.)
TEST_F(Rejoin, WhatTakesThePlaceOfAnotherWaitsUntilThatHasEnded) {
  for (const char* name : {"x", "y"}) {
    api::Instance first = wanted(name);
    first.spec.cpus = name == std::string("x") ? "0-1" : "2";
    first.spec.devices = {std::string("gpu-") + name};
    put(std::move(first));
  }
  lose_node();
  vanish("x");
  vanish("y");
  host_.obeys = false;  // they do not end at SIGTERM
  api::Instance again = wanted("x"), other = wanted("z");
  again.metadata.uid = "uid-again";
  again.spec.cpus = "1-2";
  other.spec.devices = {"gpu-y"};
  other.spec.tenant = "rival";
  api_.put(again);
  api_.put(other);
  join_anew();
  EXPECT_EQ(machine("again").launches, 0);
  EXPECT_EQ(at("x").status.phase, InstancePhase::preparing);
  EXPECT_EQ(at("x").status.reason, "StillHeld");
  EXPECT_EQ(at("x").status.message,
            "CPU 1 is still held by a/x (uid uid-x), which has to end first");
  EXPECT_EQ(machine("x").signals, std::vector<Signal>{Signal::terminate})
      << "the name is another's";
  EXPECT_EQ(
      at("z").status.message,
      "device gpu-y is still held by another instance on this machine, which has to end first")
      << "of other tenants nothing is told";
  EXPECT_TRUE(machine("y").signals.empty()) << "absent, for a moment yet";
  // And after a restart of the agent, whose first look may be at any of them.
  agent_.reset();
  start();
  runtime_.pass(seconds(3));
  EXPECT_EQ(machine("again").launches, 0);
  EXPECT_EQ(machine("z").launches, 0);

  for (int i = 0; i < 200; ++i) {
    runtime_.pass(seconds(1));
    const auto runs = [&](const char* id) {
      return machine(id).process.state == ProcessState::running;
    };
    ASSERT_FALSE(runs("again") && (runs("x") || runs("y")));
    ASSERT_FALSE(runs("z") && runs("y"));
  }
  EXPECT_EQ(at("x").status.phase, InstancePhase::running);
  EXPECT_EQ(at("z").status.phase, InstancePhase::running);
  EXPECT_EQ(machine("again").launches, 1);
}

TEST_F(Rejoin, NothingStartsBesideWorkThatNoInstanceExplains) {
  put(wanted("x"));
  agent_.reset();
  vanish("x");
  host_.files.erase("instance-uid-x.json");
  api_.put(wanted("y"));
  start();
  runtime_.pass(seconds(3));
  EXPECT_EQ(at("y").status.message, "work that no instance explains still runs here");
  EXPECT_EQ(machine("y").launches, 0);
  runtime_.pass(seconds(75));
  EXPECT_EQ(at("y").status.phase, InstancePhase::running);
}

TEST_F(Rejoin, ARestartUnderTheSameNodeIsNotHeldBack) {
  put(wanted("x"));
  agent_.reset();
  vanish("x");
  api::Node node = *api_.find<api::Node>("", "n1");
  node.status.allocatable = {};
  api_.put(node);
  api_.log.clear();
  start();
  runtime_.pass(seconds(3));
  EXPECT_EQ(held_back(), nullptr);
  EXPECT_NE(this->node().allocatable.cpus, "");
  EXPECT_EQ(
      std::count(api_.log.begin(), api_.log.end(), "GET /apis/freehold.dev/v1alpha1/instances"), 1);
}

TEST_F(Rejoin, WorkOfAnotherControlPlaneHoldsTheHardwareBack) {
  put(wanted("x"));
  agent_.reset();
  host_.files["cluster"] = "two";
  vanish("x");
  join("uid-n1-anew");
  start();
  runtime_.pass(minutes(10));
  EXPECT_TRUE(machine("x").signals.empty());
  EXPECT_EQ(node().allocatable.cpus, "");
  ASSERT_NE(held_back(), nullptr);
  EXPECT_EQ(held_back()->message, "still here, of another control plane, which is not ended: a/x");
}

}  // namespace
}  // namespace freehold::agent
