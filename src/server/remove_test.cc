#include <gtest/gtest.h>

#include "api/core.h"
#include "server/testing/desk.h"

namespace freehold::server {
namespace {

using testing::Answer;
using testing::Desk;
using testing::own;

const std::string maps = "/api/v1/namespaces/default/configmaps";
const std::string contracts = std::string(own) + "/namespaces/default/contracts";
const std::string offers = std::string(own) + "/namespaces/default/offers";

struct RemoveTest : ::testing::Test {
  void make(const std::string& path, const std::string& body) {
    const Answer made = desk.send("POST", path, body);
    EXPECT_EQ(made.status, 201) << made.text();
  }
  void map(const std::string& name, const std::string& more = {}) {
    make(maps, R"({"metadata":{"name":")" + name + "\"" + more + "}}");
  }
  // By the ledger, for the status is not a client's to set on creation.
  void accepted_offer() {
    api::Offer offer;
    offer.metadata.name = "o";
    offer.metadata.ns = "default";
    offer.spec.contract = "c";
    offer.status.phase = api::OfferPhase::accepted;
    ledger::Change change;
    change.ops.push_back({ledger::OpType::create, api::Object::of(std::move(offer)), 0, {}});
    bool done = false;
    desk.plane->ledger().submit(std::move(change), [&](const auto& r) { done = r.ok(); });
    desk.runtime.run_until([&] { return done; });
  }
  size_t count(const std::string& path) {
    const Answer list = desk.send("GET", path);
    const json::Value* items = list.body.at({"items"});
    return items == nullptr ? 0 : items->as_array()->size();
  }
  Desk desk;
};

TEST_F(RemoveTest, what_may_not_be_removed_is_refused_and_not_tried_for_ever) {
  accepted_offer();
  const Answer one = desk.send("DELETE", offers + "/o");
  EXPECT_EQ(one.status, 409) << one.text();
  EXPECT_NE(one.message().find("release the contract instead"), std::string::npos);
  EXPECT_EQ(desk.send("DELETE", offers).status, 409);
}

TEST_F(RemoveTest, a_collection_of_more_than_a_page_goes) {
  for (int i = 0; i < 520; ++i) map("m" + std::to_string(i), R"(,"labels":{"a":"b"})");
  map("other");
  EXPECT_EQ(desk.send("DELETE", maps + "?labelSelector=a%3Db&dryRun=All").status, 200);
  EXPECT_EQ(count(maps), 521u);
  EXPECT_EQ(desk.send("DELETE", maps + "?labelSelector=a%3Db").status, 200);
  EXPECT_EQ(count(maps), 1u);
}

TEST_F(RemoveTest, the_namespaces_of_the_house_stay) {
  for (const char* name : {"default", "freehold-system", "freehold-node-lease"})
    EXPECT_EQ(desk.send("DELETE", std::string("/api/v1/namespaces/") + name).status, 403);
  EXPECT_EQ(desk.send("DELETE", "/api/v1/namespaces").status, 200);
  desk.pass(seconds(5));
  EXPECT_EQ(count("/api/v1/namespaces"), 3u);
}

TEST_F(RemoveTest, a_tenant_goes_after_its_namespaces_and_the_first_one_stays) {
  const std::string tenants = std::string(own) + "/tenants";
  EXPECT_EQ(desk.send("DELETE", tenants + "/default").status, 403);
  EXPECT_EQ(desk.send("POST", tenants, R"({"metadata":{"name":"t"}})").status, 201);
  const std::string spaces = "/api/v1/namespaces";
  EXPECT_EQ(desk.send("POST", spaces,
                      R"({"metadata":{"name":"t1","labels":{"freehold.dev/tenant":"t"}}})")
                .status,
            201);
  EXPECT_EQ(desk.send("DELETE", tenants + "/t").status, 200);
  desk.pass(seconds(5));
  EXPECT_EQ(desk.send("GET", tenants + "/t").status, 200);
  EXPECT_EQ(desk.send("DELETE", spaces + "/t1").status, 200);
  desk.pass(seconds(5));
  EXPECT_EQ(desk.send("GET", tenants + "/t").status, 404);
}

TEST_F(RemoveTest, options_in_the_body_are_honoured) {
  map("m");
  const auto remove = [&](const std::string& body) {
    return desk.send("DELETE", maps + "/m", body).status;
  };
  EXPECT_EQ(remove(R"({"preconditions":{"uid":"another"}})"), 409);
  EXPECT_EQ(remove(R"({"preconditions":{"resourceVersion":"1"}})"), 409);
  EXPECT_EQ(remove(R"({"preconditions":{"resourceVersion":"x"}})"), 400);
  EXPECT_EQ(remove(R"({"propagationPolicy":"Sometimes"})"), 400);
  EXPECT_EQ(remove(R"({"dryRun":["None"]})"), 400);
  EXPECT_EQ(remove(R"({"dryRun":["All"]})"), 200);
  EXPECT_EQ(count(maps), 1u);
  EXPECT_EQ(remove(R"({"kind":"DeleteOptions","apiVersion":"v1"})"), 200);
  EXPECT_EQ(count(maps), 0u);
}

// Typed clients of Go send it so.
TEST_F(RemoveTest, options_in_protobuf_are_honoured) {
  map("m");
  const auto field = [](int number, const std::string& bytes) {
    return std::string(1, static_cast<char>(number << 3 | 2)) + static_cast<char>(bytes.size()) +
           bytes;
  };
  const auto remove = [&](const std::string& options) {
    http::Request r =
        Desk::request("DELETE", maps + "/m",
                      std::string("k8s\0", 4) +
                          field(1, field(1, "v1") + field(2, "DeleteOptions")) + field(2, options));
    r.headers["content-type"] = "application/vnd.kubernetes.protobuf";
    return desk.send(Desk::admin(), std::move(r)).status;
  };
  EXPECT_EQ(remove(field(2, field(1, "another"))), 409);
  EXPECT_EQ(remove(field(5, "All")), 200);
  EXPECT_EQ(count(maps), 1u);
  EXPECT_EQ(remove(""), 200);
  EXPECT_EQ(count(maps), 0u);
}

TEST_F(RemoveTest, a_contract_goes_when_it_has_settled_whatever_its_owner_says_of_finalizers) {
  const std::string body = R"({"metadata":{"name":"c"},"spec":{"roles":[{"name":"main",)"
                           R"("each":{"cpu":1,"memory":"64Mi"}}]}})";
  make(contracts, body);
  // Taken off, it is put on again at once.
  const Answer bare = desk.send("PATCH", contracts + "/c", R"({"metadata":{"finalizers":[]}})");
  EXPECT_EQ(bare.status, 200);
  EXPECT_NE(bare.text().find("freehold.dev/settle"), std::string::npos);
  EXPECT_EQ(desk.send("DELETE", contracts + "/c?dryRun=All").status, 200);
  EXPECT_EQ(desk.send("DELETE", contracts + "/c").status, 200);
  desk.pass(seconds(30));
  EXPECT_EQ(desk.send("GET", contracts + "/c").status, 404);
}

// Namespaces end, whatever their objects say of each other.
TEST_F(RemoveTest, a_namespace_whose_objects_own_each_other_ends) {
  make("/api/v1/namespaces", R"({"metadata":{"name":"ring"}})");
  const std::string ring = "/api/v1/namespaces/ring/configmaps";
  std::string uids[2];
  for (int i : {0, 1}) {
    make(ring, R"({"metadata":{"name":"m)" + std::to_string(i) + R"("}})");
    uids[i] = desk.send("GET", ring + "/m" + std::to_string(i)).body.string_at({"metadata", "uid"});
  }
  const auto own_by = [](const std::string& kind, const std::string& name, const std::string& uid,
                         const std::string& version = "v1") {
    return R"({"metadata":{"ownerReferences":[{"apiVersion":")" + version + R"(","kind":")" + kind +
           R"(","name":")" + name + R"(","uid":")" + uid + R"("}]}})";
  };
  for (int i : {0, 1})
    EXPECT_EQ(desk.send("PATCH", ring + "/m" + std::to_string(i),
                        own_by("ConfigMap", "m" + std::to_string(1 - i), uids[1 - i]))
                  .status,
              200);
  make(ring, R"({"metadata":{"name":"foreign"}})");
  EXPECT_EQ(desk.send("PATCH", ring + "/foreign", own_by("Deployment", "d", "u", "apps/v1")).status,
            200);
  EXPECT_EQ(desk.send("DELETE", "/api/v1/namespaces/ring").status, 200);
  desk.pass(seconds(30));
  EXPECT_EQ(desk.send("GET", "/api/v1/namespaces/ring").status, 404);
}

}  // namespace
}  // namespace freehold::server
