// Who may do what, asked of the whole server: agents beside their own objects, subresources.
#include <gtest/gtest.h>

#include "discover/machine.h"
#include "server/testing/desk.h"

namespace freehold::server {
namespace {

using testing::Answer;
using testing::Desk;
using testing::own;

struct AccessTest : ::testing::Test {
  AccessTest() {
    for (const char* node : {"n1", "n2"})
      make("/nodes",
           R"({"metadata":{"name":")" + std::string(node) + R"("},"spec":{"site":"ber1"}})");
    for (const char* node : {"n1", "n2"})
      make("/namespaces/default/instances",
           R"({"metadata":{"name":"on-)" + std::string(node) +
               R"(","labels":{"a":"b"},"finalizers":["freehold.dev/agent"]},)"
               R"("spec":{"node":")" +
               node + R"(","contract":"c","offer":"o","role":"main"}})");
  }
  void make(const std::string& path, const std::string& body) {
    const Answer made = desk.send("POST", std::string(own) + path, body);
    EXPECT_EQ(made.status, 201) << made.text();
  }
  int agent(std::string method, const std::string& path, std::string body = {}) {
    return desk.send(desk.agent("n1"), std::move(method), std::string(own) + path, std::move(body))
        .status;
  }
  Desk desk;
};

const std::string instances = "/namespaces/default/instances";

TEST_F(AccessTest, an_agent_reads_its_own_instances_and_no_others) {
  EXPECT_EQ(agent("GET", instances + "?fieldSelector=spec.node%3Dn1"), 200);
  EXPECT_EQ(agent("GET", instances + "/on-n1"), 200);
  EXPECT_EQ(agent("GET", instances + "/on-n2"), 403);
  EXPECT_EQ(agent("GET", instances), 403);
  EXPECT_EQ(agent("GET", instances + "?fieldSelector=spec.node%3Dn2"), 403);
  EXPECT_EQ(agent("GET", instances + "?fieldSelector=spec.node!%3Dn1"), 403);
  EXPECT_EQ(agent("GET", instances + "?fieldSelector=spec.node%3Dn1&fieldSelector="), 200);
}

TEST_F(AccessTest, an_agent_reads_no_logs_of_others) {
  EXPECT_EQ(agent("GET", instances + "/on-n2/log"), 403);
  EXPECT_EQ(agent("GET", instances + "/on-n1/log"), 403);
}

// The agent keeps it for a while; the allocation says which one that is.
TEST_F(AccessTest, a_log_is_asked_for_where_the_instance_runs_or_ran) {
  make("/namespaces/default/contracts",
       R"({"metadata":{"name":"c"},"spec":{"roles":[{"name":"main","each":{"cpu":"1",)"
       R"("memory":"1Gi"}}]}})");
  const std::string uid =
      desk.plane->ledger().view().get<api::Contract>("default", "c")->metadata.uid;
  const std::string members =
      R"("members":[{"role":"main","node":"n1"},{"role":"main","index":1,"node":"n2"}]}})";
  make("/namespaces/default/allocations",
       R"({"metadata":{"name":"taken","ownerReferences":[{"apiVersion":"freehold.dev/v1alpha1",)"
       R"("kind":"Contract","name":"c","uid":")" +
           uid + R"("}]},"spec":{"owner":"external","contract":"c","offer":"x-1",)" + members);
  make("/namespaces/default/allocations",
       R"({"metadata":{"name":"nobodys"},"spec":{"owner":"external","contract":"c",)"
       R"("offer":"y-1",)" +
           members);
  const auto log = [&](const std::string& name) {
    return desk.send("GET", std::string(own) + instances + "/" + name + "/log?tail=2&contract=z");
  };
  EXPECT_EQ(log("on-n2").status, 503) << "it has not said where";
  ASSERT_EQ(desk.send(desk.agent("n2"), "PATCH", std::string(own) + "/nodes/n2/status",
                      R"({"status":{"agentEndpoint":"10.0.0.1:1"}})")
                .status,
            200);
  EXPECT_EQ(log("on-n2").status, 200);
  EXPECT_EQ(log("x-1-main-1").status, 200);
  for (const char* name : {"x-1-main-2", "x-1", "x-2-main-1", "y-1-main-1"})
    EXPECT_EQ(log(name).status, 404) << name;
  EXPECT_EQ(desk.fetched,
            (std::vector<std::string>{"n2 /logs/default/on-n2?tail=2",
                                      "n2 /logs/default/x-1-main-1?tail=2&contract=" + uid}));
}

TEST_F(AccessTest, an_agent_writes_the_status_of_its_own_instances_and_lets_go_of_them) {
  EXPECT_EQ(agent("PATCH", instances + "/on-n1/status", R"({"status":{"pid":7}})"), 200);
  EXPECT_EQ(agent("PATCH", instances + "/on-n2/status", R"({"status":{"pid":7}})"), 403);
  for (const char* body :
       {R"({"spec":{"run":{"command":["/bin/id"]}}})", R"({"metadata":{"labels":{"a":"c"}}})",
        R"({"metadata":{"annotations":{"a":"c"}}})",
        R"({"metadata":{"finalizers":["freehold.dev/agent","other.io/hold"]}})",
        R"({"metadata":{"ownerReferences":[]  ,"labels":null}})"}) {
    EXPECT_EQ(agent("PATCH", instances + "/on-n1", body), 403) << body;
  }
  EXPECT_EQ(agent("PATCH", instances + "/on-n1", R"({"metadata":{"finalizers":[]}})"), 200);
  EXPECT_EQ(agent("DELETE", instances + "/on-n1"), 403);
}

// What a write makes of an object, or says is wrong with it, would tell what the object holds.
TEST_F(AccessTest, an_agent_learns_nothing_of_what_others_run_by_writing_it) {
  make(instances, R"({"metadata":{"name":"dark"},"spec":{"node":"n2","contract":"c","offer":"o",)"
                  R"("role":"main","run":{"command":["x"],)"
                  R"("env":[{"name":"PIN","value":"S3cr3t!hunter2"}]}}})");
  const std::string path = std::string(own) + instances + "/dark";
  const auto write = [&](const char* method, const char* type, const std::string& body) {
    http::Request r = Desk::request(method, path, body);
    r.headers["content-type"] = type;
    return desk.send(desk.agent("n1"), std::move(r));
  };
  const std::string env = "/spec/run/env/0/value";
  const std::string test = R"([{"op":"test","path":")" + env + R"(","value":")";
  for (const std::string& patch :
       {R"([{"op":"copy","from":")" + env + R"(","path":"/spec/node"}])", test + R"(wrong"}])",
        test + R"(S3cr3t!hunter2"}])", std::string(R"([{"op":"remove","path":"/spec/none"}])")}) {
    const Answer told = write("PATCH", "application/json-patch+json", patch);
    EXPECT_EQ(told.status, 403) << patch;
    EXPECT_EQ(told.text().find("hunter2"), std::string::npos) << told.text();
  }
  for (const char* body : {R"({"spec":{"node":"Not A Name"}})", R"({"nonsense":1})", "{"})
    EXPECT_EQ(write("PATCH", "application/merge-patch+json", body).status, 403) << body;
  for (const char* body : {R"({"metadata":{"resourceVersion":"1"},"spec":{"node":"!"}})", "{"})
    EXPECT_EQ(write("PUT", "application/json", body).status, 403) << body;
  EXPECT_EQ(desk.apply(desk.agent("n1"),
                       R"({"apiVersion":"freehold.dev/v1alpha1","kind":"Instance","metadata":)"
                       R"({"name":"dark","namespace":"default"},"spec":{"node":"!"}})")
                .status,
            403);
}

TEST_F(AccessTest, an_agent_says_where_its_machine_stands_once_and_not_what_it_is_for) {
  EXPECT_EQ(agent("PATCH", "/nodes/n1", R"({"spec":{"site":"fra1"}})"), 403);
  EXPECT_EQ(agent("PATCH", "/nodes/n1", R"({"spec":{"site":null}})"), 403);
  EXPECT_EQ(desk.send("PATCH", std::string(own) + "/nodes/n1", R"({"spec":{"site":null}})").status,
            200);
  EXPECT_EQ(agent("PATCH", "/nodes/n1", R"({"spec":{"site":"fra1","rack":"r1"}})"), 403);
  EXPECT_EQ(agent("PATCH", "/nodes/n1", R"({"spec":{"site":"fra1"}})"), 200);
  EXPECT_EQ(agent("PATCH", "/nodes/n1", R"({"spec":{"site":"ber1"}})"), 403);
  EXPECT_EQ(agent("PATCH", "/nodes/n1", R"({"spec":{"schedulable":false}})"), 403);
  EXPECT_EQ(agent("PATCH", "/nodes/n1", R"({"spec":{"expectedProfile":"hp-1"}})"), 403);
  EXPECT_EQ(agent("PATCH", "/nodes/n2", R"({"spec":{"site":"fra1"}})"), 403);
  EXPECT_EQ(agent("PATCH", "/nodes/n2/status", R"({"status":{"kernel":"x"}})"), 403);
  EXPECT_EQ(agent("POST", "/nodes", R"({"metadata":{"name":"n3"}})"), 403);
  EXPECT_EQ(agent("DELETE", "/nodes/n1"), 403);
  EXPECT_EQ(agent("GET", "/nodes"), 403);
}

TEST_F(AccessTest, an_agent_does_not_keep_its_node_from_going) {
  const std::string uid = desk.plane->ledger().view().get<api::Node>({}, "n1")->metadata.uid;
  for (const std::string& body :
       {std::string(R"({"metadata":{"finalizers":["evil.example/stay"]}})"),
        std::string(R"({"metadata":{"labels":{"a":"b"}}})"),
        std::string(R"({"metadata":{"annotations":{"a":"b"}}})"),
        R"({"metadata":{"ownerReferences":[{"apiVersion":"freehold.dev/v1alpha1","kind":"Node",)"
        R"("name":"n1","uid":")" +
            uid + R"("}]}})"}) {
    EXPECT_EQ(agent("PATCH", "/nodes/n1", body), 403) << body;
  }
  EXPECT_EQ(agent("PATCH", "/nodes/n1/status",
                  R"({"metadata":{"finalizers":["evil.example/stay"]},"status":{"kernel":"6"}})"),
            200);
  EXPECT_TRUE(desk.plane->ledger().view().get<api::Node>({}, "n1")->metadata.finalizers.empty());
}

TEST_F(AccessTest, the_agent_of_a_node_that_is_being_deleted_is_nobody) {
  const std::string path = std::string(own) + "/nodes/n1";
  ASSERT_EQ(desk.send("PATCH", path, R"({"metadata":{"finalizers":["ops.example/drain"]}})").status,
            200);
  ASSERT_EQ(agent("GET", "/nodes/n1"), 200);
  ASSERT_EQ(desk.send("DELETE", path).status, 200);
  ASSERT_NE(desk.plane->ledger().view().get<api::Node>({}, "n1"), nullptr);
  EXPECT_EQ(agent("GET", "/nodes/n1"), 401);
  EXPECT_EQ(agent("PATCH", "/nodes/n1/status", R"({"status":{"kernel":"x"}})"), 401);
}

// Whoever could write it would write his own bill, and free what his work still uses.
TEST_F(AccessTest, the_status_of_what_controllers_decide_is_written_by_nobody_else) {
  const std::string here = "/namespaces/default/";
  make(here + "contracts",
       R"({"metadata":{"name":"bill"},"spec":{"roles":[{"name":"main","each":{"cpu":"1",)"
       R"("memory":"1Gi"}}]}})");
  make(
      here + "workloads",
      R"({"metadata":{"name":"work"},"spec":{"contract":"bill","roles":[{"name":"main","run":{"command":["x"]}}]}})");
  make(here + "endpoints",
       R"({"metadata":{"name":"door"},"spec":{"workload":"work","port":"http"}})");
  make(here + "offers", R"({"metadata":{"name":"held"},"spec":{"contract":"bill"}})");
  make(here + "allocations",
       R"({"metadata":{"name":"taken"},"spec":{"owner":"external","contract":"c","offer":"o",)"
       R"("members":[{"role":"main","node":"n1"}]}})");
  const auto refused = [&](const std::string& path, const std::string& status) {
    const Answer a = desk.send("PATCH", std::string(own) + here + path + "/status",
                               R"({"status":)" + status + "}");
    EXPECT_EQ(a.status, 403) << path << ": " << a.text();
    EXPECT_NE(a.message().find("controllers"), std::string::npos) << a.message();
  };
  refused("contracts/bill", R"({"statement":{"due":"0EUR","text":"nothing to pay"}})");
  refused("offers/held", R"({"phase":"Released"})");
  refused("allocations/taken", "{}");
  refused("workloads/work", R"({"phase":"Running"})");
  refused("endpoints/door", R"({"addresses":[]})");
}

// Profiles are shared: whoever could name one freely would say what other machines are.
TEST_F(AccessTest, an_agent_makes_a_profile_under_the_name_of_what_it_says_alone) {
  const std::string spec = R"("spec":{"architecture":"x86_64","cpus":"0-3"})";
  const auto make = [&](const std::string& metadata) {
    return desk.send(desk.agent("n1"), "POST", std::string(own) + "/hardwareprofiles",
                     R"({"metadata":{)" + metadata + "}," + spec + "}");
  };
  const Answer refused = make(R"("name":"hp-0123456789abcdef")");
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(refused.body.at({"details", "causes"})->as_array()->at(0).string_at({"field"}),
            "metadata.name");
  api::HardwareProfileSpec said;
  said.architecture = "x86_64";
  said.cpus = "0-3";
  const std::string name = discover::profile_name(said);
  EXPECT_NE(refused.message().find(name), std::string::npos) << refused.message();
  const std::string named = R"("name":")" + name + "\"";
  EXPECT_EQ(make(named + R"(,"finalizers":["a.io/b"])").status, 403);
  EXPECT_EQ(make(named).status, 201);
  EXPECT_EQ(make(named).status, 409);
  for (const char* method : {"PATCH", "DELETE"})
    EXPECT_EQ(agent(method, "/hardwareprofiles/" + name, "{}"), 403) << method;
}

TEST_F(AccessTest, a_name_that_leaves_no_room_for_those_that_begin_with_it_is_refused) {
  const auto create = [&](size_t length) {
    return desk.send(
        "POST", std::string(own) + "/namespaces/default/contracts",
        R"({"metadata":{"name":")" + std::string(length, 'x') +
            R"("},"spec":{"roles":[{"name":"main","each":{"cpu":"1","memory":"1Gi"}}]}})");
  };
  const Answer refused = create(250);
  EXPECT_EQ(refused.status, 422) << refused.text();
  EXPECT_EQ(refused.body.at({"details", "causes"})->as_array()->at(0).string_at({"field"}),
            "metadata.name");
  EXPECT_EQ(create(200).status, 201);
}

TEST_F(AccessTest, a_lease_is_renewed_by_its_own_agent) {
  const std::string path = "/apis/coordination.k8s.io/v1/namespaces/freehold-node-lease/leases";
  const auto renew = [&](const std::string& node) {
    return desk.send(desk.agent("n1"), "POST", path, R"({"metadata":{"name":")" + node + R"("}})")
        .status;
  };
  EXPECT_EQ(renew("n2"), 403);
  EXPECT_EQ(renew("n1"), 201);
}

TEST_F(AccessTest, a_part_of_an_object_is_neither_made_nor_deleted) {
  for (const char* method : {"POST", "DELETE"}) {
    EXPECT_EQ(desk.send(method, std::string(own) + "/nodes/n1/status", "{}").status, 405);
    EXPECT_EQ(desk.send(method, std::string(own) + instances + "/on-n1/log", "{}").status, 405);
    EXPECT_EQ(desk.send(method, "/api/v1/namespaces/default/finalize", "{}").status, 405);
  }
  EXPECT_EQ(desk.send("GET", std::string(own) + "/nodes/n1").status, 200);
}

TEST_F(AccessTest, a_stranger_may_see_that_it_lives_and_no_more) {
  for (const char* path : {"/livez", "/readyz", "/version"})
    EXPECT_EQ(desk.send(http::Peer{}, "GET", path).status, 200) << path;
  for (const char* path :
       {"/", "/api", "/apis", "/openapi/v2", "/openapi/v3", "/metrics", "/api/v1/namespaces",
        "/api/v1/pods", "/apis/freehold.dev/v1alpha1/nodes"})
    EXPECT_EQ(desk.send(http::Peer{}, "GET", path).status, 401) << path;
  for (const char* path : {"/tokens", "/renew", "/apis/freehold.dev/v1alpha1/changes",
                           "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"})
    EXPECT_EQ(desk.send(http::Peer{}, "POST", path, "{}").status, 401) << path;
}

TEST_F(AccessTest, a_user_without_a_role_may_ask_who_he_is_and_no_more) {
  const auto eve = Desk::user("eve");
  EXPECT_EQ(
      desk.send(eve, "POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", "{}").status,
      201);
  for (const char* path :
       {"/metrics", "/api/v1/namespaces", "/api/v1/secrets", "/api/v1/namespaces/default/secrets/x",
        "/apis/freehold.dev/v1alpha1/nodes?watch=1"})
    EXPECT_EQ(desk.send(eve, "GET", path).status, 403) << path;
  EXPECT_EQ(desk.send(eve, "POST", "/tokens", "{}").status, 403);
  EXPECT_EQ(desk.send(eve, "POST", "/renew", "{}").status, 403);
}

// `kubectl --as`: what is ignored would be done as the administrator.
TEST_F(AccessTest, an_administrator_acts_as_another_and_is_that_other) {
  const auto as = [&](http::Peer peer, const char* header, const char* value) {
    http::Request r = Desk::request("GET", "/api/v1/namespaces");
    r.headers["impersonate-user"] = "eve";
    r.headers[header] = value;
    return desk.send(std::move(peer), std::move(r));
  };
  const Answer refused = as(Desk::admin(), "impersonate-user", "eve");
  EXPECT_EQ(refused.status, 403);
  EXPECT_NE(refused.message().find("User \"eve\" cannot list"), std::string::npos);
  EXPECT_EQ(as(Desk::admin(), "impersonate-group", "a, freehold:admins").status, 200);
  EXPECT_EQ(as(Desk::admin(), "impersonate-extra-scopes", "x").status, 400);
  EXPECT_EQ(as(Desk::admin(), "impersonate-user", "").status, 200);
  EXPECT_EQ(as(Desk::user("bob"), "impersonate-group", "freehold:admins").status, 403);
  EXPECT_EQ(as(desk.agent("n1"), "impersonate-user", "admin").status, 403);
}

TEST_F(AccessTest, the_record_names_who_acted_in_anothers_name) {
  http::Request r = Desk::request("POST", "/api/v1/namespaces/default/configmaps",
                                  R"({"metadata":{"name":"m"}})");
  r.headers["impersonate-user"] = "eve";
  r.headers["impersonate-group"] = "freehold:admins";
  ASSERT_EQ(desk.send(Desk::admin(), std::move(r)).status, 201);
  const std::string id = desk.plane->ledger().principal_id("admin as eve");
  const auto name = desk.store->get("/_freehold/principals/" + id);
  ASSERT_TRUE(name);
  EXPECT_EQ(*name->value, "admin as eve");
}

TEST_F(AccessTest, a_rule_without_groups_is_of_our_own_group_and_an_empty_list_is_refused) {
  const auto role = [&](const std::string& name, const std::string& groups) {
    return desk.send("POST", std::string(own) + "/roles",
                     R"({"metadata":{"name":")" + name +
                         R"("},"spec":{"rules":[{"verbs":["get"],)" + groups +
                         R"("resources":["nodes"]}]}})");
  };
  const Answer refused = role("empty", R"("groups":[],)");
  EXPECT_EQ(refused.status, 422);
  EXPECT_NE(refused.message().find("spec.rules[0].groups"), std::string::npos) << refused.message();
  EXPECT_EQ(role("reader", "").status, 201);
  make("/rolebindings",
       R"({"metadata":{"name":"b"},"spec":{"role":"reader","scope":{"fleet":true},)"
       R"("subjects":[{"kind":"User","name":"bob"}]}})");
  EXPECT_EQ(desk.send(Desk::user("bob"), "GET", std::string(own) + "/nodes/n1").status, 200);
}

// As `kubectl get NAME -w` and `kubectl wait` ask.
TEST_F(AccessTest, a_rule_with_names_allows_lists_and_watches_of_one_of_them) {
  make("/roles", R"({"metadata":{"name":"of-c1"},"spec":{"rules":[{"verbs":["get","list","watch"],)"
                 R"("resources":["contracts"],"names":["c1"]}]}})");
  make("/rolebindings", R"({"metadata":{"name":"b"},"spec":{"role":"of-c1","scope":{"fleet":true},)"
                        R"("subjects":[{"kind":"User","name":"bob"}]}})");
  const std::string path = std::string(own) + "/namespaces/default/contracts";
  const auto bob = Desk::user("bob");
  const auto status = [&](const std::string& query) {
    return desk.send(bob, "GET", path + query).status;
  };
  EXPECT_EQ(status("?fieldSelector=metadata.name%3Dc1"), 200);
  EXPECT_EQ(desk.watch(bob, path + "?watch=1&fieldSelector=metadata.name%3Dc1")->status, 200);
  for (const char* query : {"", "?fieldSelector=metadata.name%3Dc2", "?labelSelector=a%3Db",
                            "?fieldSelector=metadata.name!%3Dc1",
                            "?fieldSelector=metadata.name%3Dc2&fieldSelector=metadata.name%3Dc1"})
    EXPECT_EQ(status(query), 403) << query;
  EXPECT_EQ(desk.send(bob, "DELETE", path + "?fieldSelector=metadata.name%3Dc1").status, 403);
}

TEST_F(AccessTest, nobody_binds_a_role_that_is_yet_to_be_made) {
  make("/roles", R"({"metadata":{"name":"binder"},"spec":{"rules":[{"verbs":["*"],)"
                 R"("groups":["freehold.dev"],"resources":["rolebindings"]}]}})");
  make("/rolebindings",
       R"({"metadata":{"name":"b"},"spec":{"role":"binder","scope":{"fleet":true},)"
       R"("subjects":[{"kind":"User","name":"bob"}]}})");
  const Answer refused = desk.send(
      Desk::user("bob"), "POST", std::string(own) + "/rolebindings",
      R"({"metadata":{"name":"later"},"spec":{"role":"admin-to-be","scope":{"fleet":true},)"
      R"("subjects":[{"kind":"User","name":"bob"}]}})");
  EXPECT_EQ(refused.status, 403) << refused.text();
}

}  // namespace
}  // namespace freehold::server
