// What members took that somebody takes away by hand: it stays in the bill, once.
#include <gtest/gtest.h>

#include "control/testing/life.h"

namespace freehold::control {
namespace {

using api::ContractPhase;

struct Past : ContractLife {
  Past() {
    world.report = [](api::InstanceStatus& status, const api::Instance&) {
      status.usage.energy_joules = 1'000;
      status.usage.cpu_us = 5'000'000;
    };
    world.create(World::contract("a", "c", "2"));
    world.create(World::workload("a", "c"));
    world.pass(seconds(15));
    CHECK(world.phase("a", "c") == ContractPhase::active, "it runs before anything is deleted");
  }
  void remove() {
    world.edit<api::Instance>("a", "c-1-main-0", [this](api::Instance& i) {
      i.metadata.deletion_timestamp = world.runtime.now();
    });
  }
  const api::Statement& settled() {
    world.edit<api::Contract>("a", "c", [](api::Contract& c) { c.spec.release = true; });
    world.pass(minutes(2));
    CHECK(world.phase("a", "c") == ContractPhase::settled, "it has ended");
    return *world.get<api::Contract>("a", "c")->status.statement;
  }
};

TEST_F(Past, what_a_deleted_member_took_is_added_to_what_the_next_one_takes) {
  const std::string before = world.get<api::Instance>("a", "c-1-main-0")->metadata.uid;
  remove();
  world.pass(seconds(30));
  const auto* now = world.get<api::Instance>("a", "c-1-main-0");
  ASSERT_NE(now, nullptr);
  ASSERT_NE(now->metadata.uid, before) << "it is made anew";
  const api::Statement& statement = settled();
  EXPECT_EQ(statement.energy.text(), "2kJ");
  EXPECT_EQ(statement.cpu_time.text(), "10s");
  EXPECT_EQ(statement.energy_basis, "measured in part") << "what it took until its end is not told";
}

TEST_F(Past, what_is_deleted_while_the_contract_winds_down_is_billed_once) {
  world.edit<api::Contract>("a", "c", [](api::Contract& c) { c.spec.release = true; });
  remove();
  const api::Statement& statement = settled();
  EXPECT_EQ(statement.energy.text(), "1kJ");
  EXPECT_EQ(statement.cpu_time.text(), "5s");
}

}  // namespace
}  // namespace freehold::control
