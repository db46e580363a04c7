// Workloads and endpoints with every controller at work: what comes to nothing is said.
#include "control/workload/workload.h"

#include <gtest/gtest.h>

#include "api/catalog.h"
#include "control/testing/life.h"

namespace freehold::control {
namespace {

struct WorkloadLife : ContractLife {
  WorkloadLife() {
    world.create(World::contract("a", "c", "2"));
    api::Workload w = World::workload("a", "c");
    w.spec.roles[0].run.ports = {{"http", 0, "http"}};
    world.create(w);
  }
  std::string instantiated() const {
    const auto* c =
        api::find_condition(world.get<api::Workload>("a", "c")->status.conditions, "Instantiated");
    return api::enum_text(c->status) + " " + c->reason + ": " + c->message;
  }
  // What an endpoint's condition says.
  std::string ready(const api::EndpointSpec& spec) {
    api::Endpoint e;
    e.metadata.ns = "a";
    e.metadata.name = "e" + std::to_string(++endpoints_);
    e.spec = spec;
    world.create(e);
    world.pass(seconds(2));
    return ready_of(e.metadata.name);
  }
  std::string ready_of(std::string_view name) const {
    const auto* c =
        api::find_condition(world.get<api::Endpoint>("a", name)->status.conditions, "Ready");
    return api::enum_text(c->status) + " " + c->reason + ": " + c->message;
  }

 private:
  int endpoints_ = 0;
};

TEST_F(WorkloadLife, a_role_that_the_contract_lacks_is_told) {
  world.pass(seconds(5));
  EXPECT_EQ(instantiated(), "True Filled: roles and contract are there");
  world.edit<api::Workload>("a", "c", [](api::Workload& w) {
    w.spec.roles.push_back(w.spec.roles[0]);
    w.spec.roles[1].name = "ghost";
  });
  world.pass(seconds(5));
  EXPECT_EQ(instantiated(),
            "False RolesDiffer: contract \"c\" has no role \"ghost\": it runs nowhere");
}

TEST_F(WorkloadLife, a_role_of_the_contract_that_is_given_nothing_to_run_is_told) {
  world.edit<api::Workload>("a", "c", [](api::Workload& w) { w.spec.roles[0].name = "other"; });
  world.pass(seconds(5));
  EXPECT_EQ(instantiated(),
            "False RolesDiffer: contract \"c\" has no role \"other\": it runs nowhere; role "
            "\"main\" of the contract is given nothing to run");
}

TEST_F(WorkloadLife, an_endpoint_says_what_it_lacks) {
  world.report = [](api::InstanceStatus& status, const api::Instance&) {
    status.ports = {{"http", 30001}};
  };
  world.pass(seconds(5));
  EXPECT_EQ(ready({"c", "", "http", "", {}, {}, {}}),
            "True InstancesReady: 1 of 1 instances are ready");
  EXPECT_EQ(ready({"c", "main", "http", "http", {}, {}, {}}),
            "True InstancesReady: 1 of 1 instances are ready");
  EXPECT_EQ(ready({"c", "ghost", "http", "", {}, {}, {}}),
            "False LeadsNowhere: workload \"c\" has no role \"ghost\"");
  EXPECT_EQ(ready({"c", "", "nosuch", "", {}, {}, {}}),
            "False LeadsNowhere: workload \"c\" has no port \"nosuch\"");
  EXPECT_EQ(ready({"c", "main", "nosuch", "", {}, {}, {}}),
            "False LeadsNowhere: role \"main\" of workload \"c\" has no port \"nosuch\"");
  EXPECT_EQ(ready({"c", "main", "http", "tcp", {}, {}, {}}),
            "False LeadsNowhere: port \"http\" of workload \"c\" speaks http, not tcp");
}

TEST_F(WorkloadLife, an_endpoint_may_be_there_before_its_workload) {
  EXPECT_EQ(ready({"later", "", "http", "", {}, {}, {}}),
            "False LeadsNowhere: workload \"later\" does not exist");
  api::Workload w = World::workload("a", "later");
  w.spec.roles[0].run.ports = {{"http", 0, "http"}};
  world.create(w);
  world.pass(seconds(2));
  EXPECT_EQ(ready_of("e1"), "False NoInstanceReady: 0 of 0 instances are ready");
}

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
  api::Workload w = World::workload("a", "c");
  w.spec.roles[0].run.ports = {{"http", 0, "http"}};
  world.create(std::move(w));
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
