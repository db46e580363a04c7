#include <gtest/gtest.h>

#include "server/testing/desk.h"

namespace freehold::server {
namespace {

using testing::Answer;
using testing::Desk;

constexpr std::string_view site =
    R"({"apiVersion":"freehold.dev/v1alpha1","kind":"Site","metadata":{"name":"ber1"},)"
    R"("spec":{"jurisdiction":{"country":"DE"}}})";

std::string config_map(std::string_view ns, std::string_view name, std::string_view more = "") {
  return R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"namespace":")" + std::string(ns) +
         R"(","name":")" + std::string(name) + "\"" + std::string(more) + R"(},"data":{"k":"v"}})";
}

std::string contract(std::string_view more_metadata, std::string_view status) {
  return R"({"apiVersion":"freehold.dev/v1alpha1","kind":"Contract","metadata":{"name":"c")" +
         std::string(more_metadata) +
         R"(},"spec":{"roles":[{"name":"main","each":{"cpu":1,"memory":"64Mi"}}]})" +
         std::string(status) + "}";
}

// A node with one instance on it, and another with none.
struct ChangeTest : ::testing::Test {
  ChangeTest() {
    for (const char* node : {"n1", "n2"}) {
      const std::string name(node);
      EXPECT_EQ(desk.send("POST", std::string(testing::own) + "/nodes",
                          R"({"metadata":{"name":")" + name + R"("},"spec":{"site":"ber1"}})")
                    .status,
                201);
    }
    EXPECT_EQ(desk.send("POST", std::string(testing::own) + "/namespaces/default/instances",
                        R"({"metadata":{"name":"i1","finalizers":["freehold.dev/agent"]},)"
                        R"("spec":{"node":"n2","contract":"c","offer":"o","role":"main"}})")
                  .status,
              201);
  }
  Desk desk;
};

TEST_F(ChangeTest, a_set_lands_whole_or_not_at_all) {
  const std::string wrong = config_map("nowhere", "x");
  const Answer refused = desk.apply(std::string(site) + "," + wrong);
  EXPECT_EQ(refused.status, 404) << refused.text();
  EXPECT_EQ(desk.send("GET", std::string(testing::own) + "/sites/ber1").status, 404);
  EXPECT_EQ(desk.apply(site).status, 201);
  EXPECT_EQ(desk.send("GET", std::string(testing::own) + "/sites/ber1").status, 200);
}

TEST_F(ChangeTest, a_status_is_nobodys_to_apply) {
  const Answer made = desk.apply(contract("", R"(,"status":{"phase":"Active","offer":"x"})"));
  ASSERT_EQ(made.status, 201) << made.text();
  const Answer seen =
      desk.send("GET", std::string(testing::own) + "/namespaces/default/contracts/c");
  EXPECT_NE(seen.body.string_at({"status", "phase"}), "Active") << seen.text();
  EXPECT_EQ(seen.body.string_at({"status", "offer"}), "");
}

std::string refusal_in(const Answer& plan, size_t item) {
  const json::Value* objects = plan.body.at({"status", "objects"});
  if (objects == nullptr || objects->as_array() == nullptr || objects->as_array()->size() <= item)
    return "no such object";
  return std::string((*objects->as_array())[item].string_at({"prediction", "refusal", "message"}));
}

TEST_F(ChangeTest, a_plan_admits_what_the_controller_would_admit) {
  const std::string path = std::string(testing::own) + "/plans";
  const auto plan = [&](const std::string& objects) {
    return desk.send("POST", path, R"({"spec":{"objects":[)" + objects + "]}}");
  };
  ASSERT_EQ(desk.send("POST", "/api/v1/namespaces", R"({"metadata":{"name":"bare"}})").status, 201);
  const std::string in_bare = contract(R"(,"namespace":"bare")", "");
  EXPECT_NE(refusal_in(plan(in_bare), 0).find("belongs to no tenant"), std::string::npos)
      << plan(in_bare).text();
  // What comes with it counts as if it were there.
  const std::string tenant =
      R"({"apiVersion":"freehold.dev/v1alpha1","kind":"Tenant","metadata":{"name":"t"},)"
      R"("spec":{"quota":{"cpu":"500m"}}})";
  const std::string label =
      R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"bare","labels":)"
      R"({"freehold.dev/tenant":"t"}}})";
  const Answer whole = plan(tenant + "," + label + "," + in_bare);
  EXPECT_NE(refusal_in(whole, 2).find("spec.quota.cpu"), std::string::npos) << whole.text();
}

TEST_F(ChangeTest, a_plan_of_what_stands_refused_says_why) {
  const auto plan = [&](const std::string& objects) {
    return desk.send("POST", std::string(testing::own) + "/plans",
                     R"({"spec":{"objects":[)" + objects + "]}}");
  };
  const std::string one = contract("", "");
  ASSERT_EQ(desk.apply(one).status, 201);
  const auto seen = [&] {
    return desk.send("GET", std::string(testing::own) + "/namespaces/default/contracts/c");
  };
  desk.pass(seconds(2));
  ASSERT_EQ(seen().body.string_at({"status", "phase"}), "Refused") << seen().text();
  const std::string why(seen().body.string_at({"status", "refusal", "message"}));
  const Answer again = plan(one);
  EXPECT_NE(again.text().find("unchanged"), std::string::npos) << again.text();
  EXPECT_EQ(refusal_in(again, 0), why) << again.text();
}

TEST_F(ChangeTest, uid_and_times_are_the_servers) {
  const Answer made = desk.apply(
      config_map("default", "m", R"(,"uid":"mine","deletionTimestamp":"2020-01-01T00:00:00Z")"));
  ASSERT_EQ(made.status, 201) << made.text();
  const Answer seen = desk.send("GET", "/api/v1/namespaces/default/configmaps/m");
  ASSERT_EQ(seen.status, 200);
  EXPECT_NE(seen.body.string_at({"metadata", "uid"}), "mine");
  EXPECT_EQ(seen.body.string_at({"metadata", "deletionTimestamp"}), "");
}

TEST_F(ChangeTest, who_may_change_may_not_thereby_delete) {
  ASSERT_EQ(desk.apply(config_map("default", "m")).status, 201);
  const Answer again =
      desk.apply(config_map("default", "m", R"(,"deletionTimestamp":"2020-01-01T00:00:00Z")"));
  EXPECT_EQ(again.status, 201) << again.text();
  EXPECT_EQ(desk.send("GET", "/api/v1/namespaces/default/configmaps/m").status, 200);
}

TEST_F(ChangeTest, nothing_comes_into_a_namespace_that_is_ending) {
  const std::string path = "/api/v1/namespaces";
  ASSERT_EQ(desk.send("POST", path, R"({"metadata":{"name":"old","finalizers":["a.b/c"]}})").status,
            201);
  ASSERT_EQ(desk.send("DELETE", path + "/old").status, 200);
  const Answer refused = desk.apply(config_map("old", "late"));
  EXPECT_EQ(refused.status, 403) << refused.text();
}

TEST_F(ChangeTest, what_would_be_ignored_is_refused_by_name) {
  const std::string path = std::string(testing::own) + "/changes";
  for (const auto& [body, field] : std::vector<std::pair<std::string, std::string>>{
           {R"({"spec":{"prune":true,"objects":[)" + std::string(site) + "]}}", "spec.prune"},
           {R"({"dryRun":true,"spec":{"objects":[)" + std::string(site) + "]}}", "dryRun"}}) {
    const Answer refused = desk.send("POST", path, body);
    EXPECT_EQ(refused.status, 422);
    EXPECT_NE(refused.message().find(field), std::string::npos) << refused.text();
  }
  EXPECT_EQ(desk.send("GET", std::string(testing::own) + "/sites/ber1").status, 404);
}

TEST_F(ChangeTest, all_that_is_wrong_with_an_object_is_said_at_once) {
  const Answer refused = desk.apply(
      R"({"apiVersion":"freehold.dev/v1alpha1","kind":"Site","metadata":{"name":"ber1"},)"
      R"("spec":{"typo":1,"pue":"much","jurisdiction":{"country":"Atlantis"}}})");
  for (const char* field : {"spec.typo", "spec.pue", "spec.jurisdiction.country"})
    EXPECT_NE(refused.text().find(std::string("spec.objects[0].") + field), std::string::npos)
        << refused.text();
}

TEST_F(ChangeTest, a_namespace_that_is_no_name_is_said_by_its_field) {
  const Answer refused = desk.apply(config_map("\\tno name\\n", "m"));
  EXPECT_EQ(refused.status, 422) << refused.text();
  EXPECT_NE(refused.text().find("spec.objects[0].metadata.namespace"), std::string::npos);
}

TEST_F(ChangeTest, an_agent_is_held_to_its_own_objects_in_a_set_too) {
  const std::string hijack =
      R"({"apiVersion":"freehold.dev/v1alpha1","kind":"Instance","metadata":{"name":"i1"},)"
      R"("spec":{"run":{"command":["/bin/id"]}}})";
  EXPECT_EQ(desk.apply(desk.agent("n1"), hijack).status, 403);
  EXPECT_EQ(desk.apply(desk.agent("n2"), hijack).status, 403);
  EXPECT_EQ(desk.apply(desk.agent("n1"), R"({"apiVersion":"freehold.dev/v1alpha1","kind":"Node",)"
                                         R"("metadata":{"name":"n3"},"spec":{"site":"ber1"}})")
                .status,
            403);
}

TEST_F(ChangeTest, who_may_not_look_does_not_learn_what_is_there) {
  ASSERT_EQ(desk.apply(config_map("default", "there")).status, 201);
  const Answer there = desk.apply(Desk::user("eve"), config_map("default", "there"));
  const Answer absent = desk.apply(Desk::user("eve"), config_map("default", "absent"));
  EXPECT_EQ(there.status, 403);
  EXPECT_EQ(there.text(), absent.text());
}

TEST_F(ChangeTest, a_namespace_and_what_is_in_it_come_together_in_any_order) {
  const std::string space =
      R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"new","labels":)"
      R"({"freehold.dev/tenant":"default"}}})";
  const Answer made = desk.apply(config_map("new", "inside") + "," + space);
  ASSERT_EQ(made.status, 201) << made.text();
  const auto logs = desk.store->logs();
  for (const std::string& log : logs) {
    const auto leaves = desk.store->read_log(log, 0, 1000);
    ASSERT_TRUE(leaves.ok());
    for (const store::Leaf& leaf : *leaves)
      if (leaf.data->find("configmaps/new/inside") != std::string::npos) {
        EXPECT_EQ(log, "audit.fra1.example/default");
      }
  }
}

std::string imported_node(std::string_view domain) {
  return R"({"apiVersion":"freehold.dev/v1alpha1","kind":"Node","metadata":{"name":"dgx"},)"
         R"("spec":{"site":"ber1"},"status":{"profile":"hp-0123","scaleUpDomain":")" +
         std::string(domain) +
         R"(","agentEndpoint":"10.0.0.1:1","allocatable":{"cpus":"0-7"},)"
         R"("devices":[{"id":"gpu0","identity":"GPU-1"}]}})";
}

TEST_F(ChangeTest, imported_hardware_stands_until_an_agent_reports) {
  const std::string path = std::string(testing::own) + "/nodes/dgx";
  ASSERT_EQ(desk.apply(imported_node("nvl-1")).status, 201);
  Answer seen = desk.send("GET", path);
  EXPECT_EQ(seen.body.string_at({"status", "profile"}), "hp-0123");
  EXPECT_EQ(seen.body.string_at({"status", "scaleUpDomain"}), "nvl-1");
  EXPECT_EQ(seen.body.string_at({"status", "agentEndpoint"}), "") << "that is an agent's to say";
  EXPECT_EQ(seen.body.string_at({"status", "allocatable", "cpus"}), "");
  ASSERT_EQ(desk.apply(imported_node("nvl-2")).status, 201);
  EXPECT_EQ(desk.send("GET", path).body.string_at({"status", "scaleUpDomain"}), "nvl-2");
  ASSERT_EQ(desk.send("PATCH", path + "/status", R"({"status":{"agentVersion":"1"}})").status, 200);
  ASSERT_EQ(desk.apply(imported_node("nvl-3")).status, 201);
  EXPECT_EQ(desk.send("GET", path).body.string_at({"status", "scaleUpDomain"}), "nvl-2");
}

TEST_F(ChangeTest, the_meter_of_a_power_domain_is_told_by_importers) {
  const auto domain = [](const std::string& status) {
    return R"({"apiVersion":"freehold.dev/v1alpha1","kind":"PowerDomain","metadata":{"name":"pdu"},)"
           R"("spec":{"type":"pdu","site":"ber1","capacity":"20kW"})" +
           status + "}";
  };
  ASSERT_EQ(desk.apply(domain(R"(,"status":{"load":"9kW","meter":{"measured":"6438W",)"
                              R"("source":"redfish"}})"))
                .status,
            201);
  ASSERT_EQ(desk.apply(domain("")).status, 201);
  const Answer seen = desk.send("GET", std::string(testing::own) + "/powerdomains/pdu");
  EXPECT_EQ(seen.body.string_at({"status", "meter", "measured"}), "6438W");
  EXPECT_EQ(seen.body.string_at({"status", "meter", "source"}), "redfish");
  EXPECT_NE(seen.body.string_at({"status", "load"}), "9kW") << "that is the controller's to say";
}

TEST_F(ChangeTest, imported_hardware_keeps_the_rules_of_a_status) {
  const Answer refused = desk.apply(imported_node(std::string(200, 'x')));
  EXPECT_EQ(refused.status, 422);
  EXPECT_NE(refused.text().find("status.scaleUpDomain"), std::string::npos) << refused.text();
}

}  // namespace
}  // namespace freehold::server
