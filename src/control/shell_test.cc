// What the shell lets through of what a controller plans.
#include "control/shell.h"

#include <gtest/gtest.h>

#include "control/testing/life.h"

namespace freehold::control {
namespace {

// Counts down in the status of every workload, down to a number that may be one of those it may not
// have.
class Careless final : public Controller {
 public:
  explicit Careless(int64_t to) : to_(to) {}
  std::string_view name() const override { return "careless"; }
  std::vector<std::string> keys_for(const ledger::Record& record, bool,
                                    const ledger::View&) const override {
    if (record.object.as<api::Workload>() == nullptr) return {};
    return {record.object.key()};
  }
  Plan plan(std::string_view key, const Input& in) const override {
    Plan plan;
    const auto* before = find<api::Workload>(in.view, key);
    if (before == nullptr || before->status.restarts <= to_) return plan;
    api::Workload next = *before;
    --next.status.restarts;
    plan.update(api::Object::of(std::move(next)), revision_of(before->metadata));
    return plan;
  }

 private:
  int64_t to_;
};

// One shell with that controller alone, and a workload whose count begins at `restarts`.
struct ShellTest : ContractLife {
  void run(int64_t restarts, int64_t to) {
    world.shell.reset();
    api::Workload w = World::workload("a", "w");
    w.spec.contract = "c";
    w.status.restarts = restarts;
    world.create(w);
    std::vector<std::unique_ptr<Controller>> controllers;
    controllers.push_back(std::make_unique<Careless>(to));
    world.shell = std::make_unique<Shell>(world.runtime, *world.ledger, world.heartbeats,
                                          std::move(controllers));
    world.shell->start();
    world.pass(seconds(5));
  }
  int64_t restarts() const { return world.get<api::Workload>("a", "w")->status.restarts; }
  uint64_t failures() const { return world.shell->stats().front().failures; }
};

TEST_F(ShellTest, updates_within_the_rules_land) {
  run(2, 0);
  EXPECT_EQ(restarts(), 0);
  EXPECT_EQ(failures(), 0u);
}

TEST_F(ShellTest, an_update_that_breaks_a_rule_is_not_stored_and_is_tried_less_and_less_often) {
  run(2, -1);
  EXPECT_EQ(restarts(), 0) << "the count may not be below zero";
  EXPECT_GE(failures(), 2u);
  EXPECT_LE(failures(), 10u) << "in 5 s, from 50 ms on twice as long each time";
}

TEST_F(ShellTest, what_broke_a_rule_before_goes_its_way) {
  run(-1, -3);
  EXPECT_EQ(restarts(), -3);
  EXPECT_EQ(failures(), 0u);
}

}  // namespace
}  // namespace freehold::control
