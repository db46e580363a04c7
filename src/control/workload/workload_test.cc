// Workloads and endpoints with every controller at work: what comes to nothing is said.
#include "control/workload/workload.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace freehold::control
