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

// A workload, and the contract of one CPU that goes with it, from a template whose parameters are
// the path of the readiness probe, the name of the role and the CPUs.
struct FromTemplate : ContractLife {
  void SetUp() override {
    api::Template t;
    t.metadata.name = "t";
    t.spec.parameters.push_back({"path", "", "", {}, json::Value(std::string("/")), false, {}});
    t.spec.parameters.push_back({"role", "", "", {}, json::Value(std::string("main")), false, {}});
    t.spec.parameters.push_back({"cpu", "", "", {}, json::Value(std::string("1")), false, {}});
    t.spec.contract =
        json::parse(R"({"roles":[{"name":"main","each":{"cpu":"${cpu}","memory":"1Gi"}}]})")
            .value();
    t.spec.workload = json::parse(R"({"roles":[{"name":"${role}","run":{"command":["serve"],
      "ports":[{"name":"http"}],"readiness":{"httpGet":{"path":"${path}","port":"http"}}}}]})")
                          .value();
    world.create(std::move(t));
  }
  void ask(const std::string& parameter, const std::string& value) {
    api::Workload w;
    w.metadata.ns = "a";
    w.metadata.name = "w";
    w.spec.template_name = "t";
    w.spec.parameters[parameter] = json::Value(value);
    world.create(std::move(w));
    world.pass(seconds(5));
  }
  const api::Workload& workload() const { return *world.get<api::Workload>("a", "w"); }
  const api::Condition& instantiated() const {
    return *api::find_condition(workload().status.conditions, "Instantiated");
  }
  void expect_nothing_filled(std::string_view field) const {
    EXPECT_EQ(instantiated().reason, "Invalid");
    EXPECT_NE(instantiated().message.find(field), std::string::npos) << instantiated().message;
    EXPECT_TRUE(workload().spec.roles.empty());
    EXPECT_EQ(world.get<api::Contract>("a", "w"), nullptr);
    schema::Errors errors;
    api::validate(api::Object::of(workload()), errors);
    EXPECT_TRUE(errors.empty()) << errors.to_error("Workload", "w").message;
  }
  void expect_runs_after(const std::string& parameter, const std::string& value) {
    world.edit<api::Workload>(
        "a", "w", [&](api::Workload& w) { w.spec.parameters[parameter] = json::Value(value); });
    world.pass(seconds(10));
    EXPECT_EQ(instantiated().reason, "Filled") << instantiated().message;
    EXPECT_EQ(world.phase("a", "w"), api::ContractPhase::active);
  }
};

TEST_F(FromTemplate, what_comes_out_invalid_is_not_kept_and_can_be_mended) {
  ask("path", "no slash");
  expect_nothing_filled("spec.roles[0].run.readiness.httpGet.path");
  expect_runs_after("path", "/healthz");
  EXPECT_EQ(workload().spec.roles[0].run.readiness->http_get->path, "/healthz");
}

TEST_F(FromTemplate, roles_do_not_come_without_the_contract_that_goes_with_them) {
  ask("cpu", "-1");
  expect_nothing_filled("spec.roles[0].each.cpu");
  expect_runs_after("cpu", "2");
}

TEST_F(FromTemplate, what_is_said_of_a_long_value_fits_into_the_status) {
  ask("role", std::string(12'000, 'x'));
  expect_nothing_filled("spec.roles[0].name");
  expect_runs_after("role", "main");
}

TEST_F(FromTemplate, once_filled_in_it_needs_its_template_no_more) {
  ask("path", "/healthz");
  ASSERT_EQ(instantiated().reason, "Filled");
  api::Template gone;
  gone.metadata.name = "t";
  ASSERT_TRUE(world.submit({ledger::OpType::remove, api::Object::of(gone), 0, {}}).ok());
  world.pass(seconds(5));
  EXPECT_EQ(instantiated().reason, "Filled") << instantiated().message;
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
