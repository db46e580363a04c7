// What a write that is refused says, and what patches of core kinds do.
#include <gtest/gtest.h>

#include "server/testing/desk.h"

namespace freehold::server {
namespace {

using testing::Answer;
using testing::Desk;
using testing::own;

struct WriteTest : ::testing::Test {
  Answer patch(const std::string& path, const char* type, const std::string& body) {
    http::Request r = Desk::request("PATCH", path, body);
    r.headers["content-type"] = type;
    return desk.send(Desk::admin(), std::move(r));
  }
  static std::string cause(const Answer& answer) {
    const json::Value* causes = answer.body.at({"details", "causes"});
    return causes && !causes->as_array()->empty()
               ? std::string(causes->as_array()->at(0).string_at({"message"}))
               : "";
  }
  Desk desk;
};

TEST_F(WriteTest, what_is_invalid_always_has_a_cause_for_kubectl_shows_nothing_else) {
  const std::string path = "/api/v1/namespaces/default";
  const Answer refused = patch(path, "application/json-patch+json",
                               R"([{"op":"test","path":"/metadata/name","value":"x"}])");
  EXPECT_EQ(refused.status, 422);
  EXPECT_FALSE(refused.message().empty());
  EXPECT_EQ(cause(refused), refused.message());
}

TEST_F(WriteTest, the_value_of_a_secret_is_not_said_back) {
  const Answer refused =
      desk.send("POST", "/api/v1/namespaces/default/secrets",
                R"({"metadata":{"name":"s"},"data":{"password":"hunter2!super"}})");
  EXPECT_EQ(refused.status, 422);
  EXPECT_NE(refused.message().find("data[password]: is not base64 text"), std::string::npos)
      << refused.text();
  EXPECT_EQ(refused.text().find("hunter2"), std::string::npos) << refused.text();
}

TEST_F(WriteTest, what_could_not_be_read_is_not_missing_too_and_the_object_is_named) {
  const Answer refused = desk.send("POST", std::string(own) + "/sites",
                                   R"({"metadata":{"name":"s1"},"spec":{"jurisdiction":7}})");
  EXPECT_EQ(refused.status, 422);
  EXPECT_NE(refused.message().find("spec.jurisdiction: expected"), std::string::npos)
      << refused.text();
  EXPECT_EQ(refused.text().find("required"), std::string::npos) << refused.text();
  EXPECT_EQ(refused.body.string_at({"details", "name"}), "s1");
  const Answer whole =
      desk.send("POST", std::string(own) + "/sites", R"({"metadata":{"name":"s1"},"spec":7})");
  EXPECT_EQ(whole.text().find("required"), std::string::npos) << whole.text();
}

// As `kubectl apply` sends it when finalizers or owners change.
TEST_F(WriteTest, lists_of_metadata_are_merged_as_kubectl_apply_asks) {
  const std::string maps = "/api/v1/namespaces/default/configmaps";
  ASSERT_EQ(desk.send("POST", maps, R"({"metadata":{"name":"m","finalizers":["x.io/a"]}})").status,
            201);
  const auto apply = [&](const std::string& metadata) {
    return patch(maps + "/m", "application/strategic-merge-patch+json",
                 R"({"metadata":{)" + metadata + "}}");
  };
  const auto finalizers = [&] {
    const Answer now = desk.send("GET", maps + "/m");
    const json::Value* list = now.body.at({"metadata", "finalizers"});
    return list ? json::print(*list) : "";
  };
  const Answer added = apply(R"("$setElementOrder/finalizers":["x.io/a","x.io/b"],)"
                             R"("finalizers":["x.io/b"])");
  EXPECT_EQ(added.status, 200) << added.text();
  EXPECT_EQ(finalizers(), R"(["x.io/a","x.io/b"])");
  EXPECT_EQ(apply(R"("$deleteFromPrimitiveList/finalizers":["x.io/a"],)"
                  R"("$setElementOrder/finalizers":["x.io/b"])")
                .status,
            200);
  EXPECT_EQ(finalizers(), R"(["x.io/b"])");
  EXPECT_EQ(apply(R"("finalizers":null)").status, 200);
  EXPECT_EQ(finalizers(), "");
}

}  // namespace
}  // namespace freehold::server
