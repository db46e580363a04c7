// Workloads and endpoints, with every controller at work.
#include <gtest/gtest.h>

#include "api/catalog.h"
#include "control/testing/life.h"

namespace freehold::control {
namespace {

TEST_F(ContractLife, a_workload_that_came_second_says_whose_work_it_is) {
  world.create(World::contract("a", "c", "2"));
  world.create(World::workload("a", "c"));
  world.pass(seconds(5));
  api::Workload late = World::workload("a", "late");
  late.spec.contract = "c";
  world.create(std::move(late));
  world.pass(seconds(5));
  const auto& conditions = world.get<api::Workload>("a", "late")->status.conditions;
  const std::string& said = api::find_condition(conditions, "Ready")->message;
  EXPECT_NE(said.find("is workload \"c\""), std::string::npos) << said;
}

TEST_F(ContractLife, an_endpoint_does_not_lead_to_another_workload) {
  world.report = [](api::InstanceStatus& status, const api::Instance& i) {
    status.ports.clear();
    if (!i.spec.run.command.empty()) status.ports.push_back({"http", 8080});
  };
  world.create(World::contract("a", "c", "2"));
  world.create(World::workload("a", "c"));
  api::Endpoint door;
  door.metadata.ns = "a";
  door.metadata.name = "door";
  door.spec.workload = "c";
  door.spec.port = "http";
  world.create(std::move(door));
  const auto status = [&]() -> const api::EndpointStatus& {
    return world.get<api::Endpoint>("a", "door")->status;
  };
  world.pass(seconds(10));
  ASSERT_EQ(status().addresses.size(), 1u);
  ASSERT_TRUE(api::is_true(status().conditions, "Ready"));
  const auto gone =
      world.submit({ledger::OpType::remove, api::Object::of(World::workload("a", "c")), 0, {}});
  ASSERT_TRUE(gone.ok());
  api::Workload next = World::workload("a", "next");
  next.spec.contract = "c";
  world.create(std::move(next));
  world.pass(seconds(10));
  ASSERT_EQ(world.get<api::Instance>("a", "c-1-main-0")->spec.workload, "next");
  EXPECT_TRUE(status().addresses.empty());
  EXPECT_FALSE(api::is_true(status().conditions, "Ready"));
}

}  // namespace
}  // namespace freehold::control
