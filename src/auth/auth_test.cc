#include "auth/auth.h"

#include <gtest/gtest.h>

#include <optional>

#include "api/core.h"
#include "api/node.h"
#include "api/tenancy.h"
#include "api/workload.h"
#include "store/memory.h"
#include "store/test_runtime.h"

namespace freehold::auth {
namespace {

class AuthTest : public ::testing::Test {
 protected:
  AuthTest() {
    put(bootstrap(ledger->view()));
    tenant("acme", "");
    tenant("acme-research", "acme");
    tenant("other", "");
    for (const char* name : {"acme", "acme-research", "other"}) {
      api::Namespace ns;
      ns.metadata.name = name;
      ns.metadata.labels[std::string(api::tenant_label)] = name;
      put({{ledger::OpType::create, api::Object::of(ns), 0, {}}});
    }
  }
  void put(std::vector<ledger::Op> ops) {
    ledger::Change change;
    change.ops = std::move(ops);
    bool landed = false;
    ledger->submit(std::move(change), [&](const auto& done) { landed = done.ok(); });
    runtime.run();
    EXPECT_TRUE(landed);
  }
  void tenant(std::string name, std::string parent) {
    api::Tenant t;
    t.metadata.name = std::move(name);
    t.spec.parent = std::move(parent);
    put({{ledger::OpType::create, api::Object::of(t), 0, {}}});
  }
  static api::RoleBinding binding(std::string role, std::string user, api::BindingScope scope) {
    api::RoleBinding b;
    b.metadata.name = user + "-" + role;
    b.spec.role = std::move(role);
    b.spec.subjects.push_back({api::SubjectKind::user, std::move(user), ""});
    b.spec.scope = std::move(scope);
    return b;
  }
  void bind(std::string role, std::string user, api::BindingScope scope) {
    put({{ledger::OpType::create,
          api::Object::of(binding(std::move(role), std::move(user), std::move(scope))),
          0,
          {}}});
  }
  bool may(const std::string& user, std::string verb, std::string resource, std::string ns,
           std::string subresource = {}) {
    Request r;
    r.user = {user, {std::string(authenticated)}};
    r.verb = std::move(verb);
    r.group = "freehold.dev";
    r.resource = std::move(resource);
    r.subresource = std::move(subresource);
    r.ns = std::move(ns);
    return authorize(*ledger, r).allowed;
  }
  bool node_may(std::string verb, std::string resource, std::string name,
                std::string selector = {}) {
    Request r;
    r.user = agent();
    r.verb = std::move(verb);
    r.group = "freehold.dev";
    r.resource = std::move(resource);
    r.name = std::move(name);
    r.field_selector = std::move(selector);
    return authorize(*ledger, r).allowed;
  }
  static User agent() {
    return {std::string(node_prefix) + "n1", {std::string(nodes), std::string(authenticated)}};
  }

  TestRuntime runtime;
  std::shared_ptr<store::MemoryDisk> disk = store::make_disk();
  std::unique_ptr<store::Store> store = store::open_memory(runtime, disk);
  std::unique_ptr<ledger::Ledger> ledger =
      ledger::Ledger::open(runtime, *store, {"example", "fra1", "", ""}).value();
};

TEST_F(AuthTest, who_has_no_certificate_is_nobody_and_may_nothing_but_join) {
  const User user = authenticate(ledger->view(), {}, runtime.now()).value();
  EXPECT_EQ(user.name, anonymous);
  const auto path = [&](const char* p) {
    Request r;
    r.user = user;
    r.verb = "get";
    r.path = p;
    return authorize(*ledger, r).allowed;
  };
  EXPECT_TRUE(path("/readyz"));
  EXPECT_TRUE(path("/join"));
  EXPECT_FALSE(path("/metrics"));
  EXPECT_FALSE(path("/apis"));
  EXPECT_FALSE(may(std::string(anonymous), "get", "contracts", "acme"));
}

TEST_F(AuthTest, a_group_comes_from_the_certificate_alone) {
  http::Peer peer;
  peer.certificate_common_name = "root";
  peer.certificate_organizations = {"freehold:admins"};
  const auto user = [&] { return authenticate(ledger->view(), peer, runtime.now()).value(); };
  EXPECT_TRUE(user().in(admins));
  EXPECT_FALSE(user().in(nodes));
  peer.certificate_organizations = {};
  EXPECT_FALSE(user().in(admins));
}

TEST_F(AuthTest, a_certificate_that_has_ended_proves_nothing) {
  http::Peer peer;
  peer.certificate_common_name = "carol";
  peer.certificate_organizations = {std::string(admins)};
  peer.certificate_until = runtime.now() + seconds(6);
  const auto at = [&](Duration later) {
    return authenticate(ledger->view(), peer, runtime.now() + later);
  };
  EXPECT_TRUE(at(seconds(5)).ok());
  EXPECT_EQ(at(seconds(6)).error().reason, Reason::unauthorized);
  EXPECT_EQ(at(hours(1)).error().reason, Reason::unauthorized);
}

TEST_F(AuthTest, an_agent_is_who_it_is_while_its_node_is_there) {
  const auto authenticated_as = [&](const std::string& uid) {
    http::Subject subject = subject_of_node("n1", uid);
    return authenticate(
        ledger->view(),
        {"10.0.0.3:1", std::move(subject.common_name), std::move(subject.organizations)},
        runtime.now());
  };
  EXPECT_EQ(authenticated_as("").error().reason, Reason::unauthorized);
  EXPECT_EQ(authenticated_as("u1").error().reason, Reason::unauthorized);
  api::Node node;
  node.metadata.name = "n1";
  node.metadata.uid = "u1";
  put({{ledger::OpType::create, api::Object::of(node), 0, {}}});
  EXPECT_EQ(node_of(authenticated_as("u1").value()), "n1");
  EXPECT_FALSE(authenticated_as("u1")->in("freehold:node-uid:u1")) << "it is no group";
  EXPECT_EQ(authenticated_as("u2").error().reason, Reason::unauthorized);
  EXPECT_EQ(authenticated_as("").error().reason, Reason::unauthorized);
}

TEST_F(AuthTest, nothing_is_allowed_without_a_binding) {
  EXPECT_FALSE(may("ada", "get", "contracts", "acme"));
}

TEST_F(AuthTest, a_binding_to_a_tenant_covers_those_below_it_and_nobody_else) {
  bind("developer", "ada", {false, "acme", ""});
  EXPECT_TRUE(may("ada", "create", "contracts", "acme"));
  EXPECT_TRUE(may("ada", "delete", "contracts", "acme-research"));
  EXPECT_FALSE(may("ada", "get", "contracts", "other"));
  EXPECT_FALSE(may("ada", "get", "contracts", "")) << "all namespaces";
  EXPECT_FALSE(may("ada", "create", "instances", "acme"));
  EXPECT_FALSE(may("ada", "update", "contracts", "acme", "status"));
  EXPECT_FALSE(may("bob", "get", "contracts", "acme"));
}

TEST_F(AuthTest, a_binding_to_a_namespace_or_the_fleet) {
  bind("viewer", "ada", {false, "", "acme"});
  EXPECT_TRUE(may("ada", "list", "contracts", "acme"));
  EXPECT_FALSE(may("ada", "list", "contracts", "acme-research"));
  EXPECT_FALSE(may("ada", "list", "nodes", ""));
  bind("viewer", "eve", {true, "", ""});
  EXPECT_TRUE(may("eve", "list", "nodes", ""));
  EXPECT_TRUE(may("eve", "list", "contracts", "other"));
  EXPECT_FALSE(may("eve", "create", "contracts", "other"));
}

TEST_F(AuthTest, an_agent_sees_and_writes_only_what_is_its_own) {
  EXPECT_TRUE(node_may("list", "instances", "", "spec.node=n1"));
  EXPECT_FALSE(node_may("list", "instances", "", "spec.node=n2"));
  EXPECT_FALSE(node_may("list", "instances", "", ""));
  EXPECT_TRUE(node_may("update", "nodes", "n1"));
  EXPECT_FALSE(node_may("update", "nodes", "n2"));
  EXPECT_FALSE(node_may("delete", "nodes", "n1"));
  EXPECT_FALSE(node_may("create", "nodes", "n1")) << "joining makes it";
  EXPECT_FALSE(node_may("list", "secrets", ""));
  EXPECT_FALSE(node_may("get", "contracts", "c"));

  api::Instance own, foreign;
  own.spec.node = "n1";
  foreign.spec.node = "n2";
  const api::Object mine = api::Object::of(own), theirs = api::Object::of(foreign);
  EXPECT_TRUE(check_read(agent(), mine).ok());
  EXPECT_FALSE(check_read(agent(), theirs).ok());
  EXPECT_TRUE(check_write(agent(), &mine, mine, "status").ok());
  EXPECT_FALSE(check_write(agent(), &theirs, theirs, "status").ok());
  api::Instance larger = own;
  larger.spec.limits.memory_bytes = 1 << 30;
  EXPECT_FALSE(check_write(agent(), &mine, api::Object::of(larger), "").ok());
  EXPECT_FALSE(check_write(agent(), nullptr, mine, "").ok()) << "it makes none";
  api::Node other;
  other.metadata.name = "n2";
  EXPECT_FALSE(check_write(agent(), nullptr, api::Object::of(other), "").ok());
}

TEST_F(AuthTest, nobody_grants_what_he_does_not_hold) {
  bind("developer", "ada", {false, "acme", ""});
  const User ada{"ada", {std::string(authenticated)}};
  EXPECT_TRUE(check_escalation(*ledger, ada,
                               api::Object::of(binding("developer", "bob", {false, "", "acme"})))
                  .ok());
  EXPECT_FALSE(
      check_escalation(*ledger, ada, api::Object::of(binding("developer", "bob", {true, "", ""})))
          .ok());
  api::Role wide;
  wide.metadata.name = "wide";
  wide.spec.rules.push_back({{"*"}, {"*"}, {"*"}, {}});
  EXPECT_FALSE(check_escalation(*ledger, ada, api::Object::of(wide)).ok());
  EXPECT_TRUE(
      check_escalation(*ledger, {"root", {std::string(admins)}}, api::Object::of(wide)).ok());
}

TEST_F(AuthTest, what_is_there_already_is_not_made_again) {
  EXPECT_TRUE(bootstrap(ledger->view()).empty());
}

}  // namespace
}  // namespace freehold::auth
