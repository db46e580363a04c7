// Node leases, which no store keeps, answer as any object does.
#include <gtest/gtest.h>

#include "server/testing/desk.h"

namespace freehold::server {
namespace {

using testing::Answer;
using testing::Desk;
using testing::own;

struct LeaseTest : ::testing::Test {
  LeaseTest() {
    for (const char* node : {"n1", "n2"}) {
      desk.send("POST", std::string(own) + "/nodes",
                R"({"metadata":{"name":")" + std::string(node) + "\"}}");
      EXPECT_EQ(make(node, "first").status, 201);
    }
  }
  Answer make(const std::string& node, const std::string& holder, const std::string& query = "") {
    return desk.send("POST", leases + query,
                     R"({"metadata":{"name":")" + node + R"(","labels":{"of":")" + node +
                         R"("}},"spec":{"holderIdentity":")" + holder + R"("}})");
  }
  std::string holder(const std::string& node) {
    return std::string(
        desk.send("GET", leases + "/" + node).body.string_at({"spec", "holderIdentity"}));
  }
  std::string names(const std::string& path) {
    const Answer answer = desk.send("GET", path);
    std::string all;
    for (const json::Value& item : *answer.body.at({"items"})->as_array())
      all += std::string(item.string_at({"metadata", "name"})) + " ";
    return all;
  }
  static inline const std::string everywhere = "/apis/coordination.k8s.io/v1/leases",
                                  leases =
                                      "/apis/coordination.k8s.io/v1/namespaces/"
                                      "freehold-node-lease/leases";
  Desk desk;
};

TEST_F(LeaseTest, a_dry_run_changes_nothing) {
  EXPECT_EQ(make("n1", "second", "?dryRun=All").status, 201);
  EXPECT_EQ(holder("n1"), "first");
  EXPECT_EQ(desk.send("DELETE", leases + "/n1?dryRun=All").status, 200);
  EXPECT_EQ(desk.send("DELETE", leases + "/n1", R"({"dryRun":["All"]})").status, 200);
  EXPECT_EQ(holder("n1"), "first");
  EXPECT_EQ(make("n1", "second", "?dryRun=Some").status, 400);
  EXPECT_EQ(
      desk.send("DELETE", leases + "/n1", R"({"preconditions":{"resourceVersion":"1"}})").status,
      409);
  EXPECT_EQ(make("n1", "second").status, 201);
  EXPECT_EQ(holder("n1"), "second");
  EXPECT_EQ(desk.send("DELETE", leases + "/n1").status, 200);
  EXPECT_EQ(desk.send("GET", leases + "/n1").status, 404);
}

TEST_F(LeaseTest, a_list_holds_what_is_asked_for) {
  EXPECT_EQ(names(leases), "n1 n2 ");
  EXPECT_EQ(names(everywhere), "n1 n2 ");
  EXPECT_EQ(names(leases + "?labelSelector=of%3Dn2"), "n2 ");
  EXPECT_EQ(names(leases + "?fieldSelector=metadata.name%3Dn1"), "n1 ");
  EXPECT_EQ(names(leases + "?labelSelector=nope%3D1"), "");
  EXPECT_EQ(names("/apis/coordination.k8s.io/v1/namespaces/default/leases"), "");
  EXPECT_EQ(desk.send("DELETE", leases + "?labelSelector=of%3Dn2").status, 405);
}

TEST_F(LeaseTest, it_has_an_age_and_comes_as_a_table) {
  const Answer before = desk.send("GET", leases + "/n1");
  EXPECT_NE(before.body.string_at({"metadata", "creationTimestamp"}), "");
  desk.pass(minutes(5));
  ASSERT_EQ(make("n1", "second").status, 201);
  EXPECT_EQ(desk.send("GET", leases + "/n1").body.string_at({"metadata", "creationTimestamp"}),
            before.body.string_at({"metadata", "creationTimestamp"}));
  for (const std::string& path : {leases, leases + "/n1"}) {
    http::Request r = Desk::request("GET", path);
    r.headers["accept"] = "application/json;as=Table;v=v1;g=meta.k8s.io";
    const Answer table = desk.send(Desk::admin(), std::move(r));
    EXPECT_EQ(table.body.string_at({"kind"}), "Table") << path;
    EXPECT_NE(table.text().find("5m"), std::string::npos) << table.text();
  }
}

}  // namespace
}  // namespace freehold::server
