#include "server/strategic.h"

#include <gtest/gtest.h>

#include "base/limits.h"

namespace freehold::server {
namespace {

// The list `finalizers` or `ownerReferences` of a document, before and after.
std::string merged(const std::string& before, const std::string& patch) {
  const auto have = json::parse(R"({"metadata":{)" + before + "}}").value();
  auto after = strategic_merge(have, json::parse(R"({"metadata":{)" + patch + "}}").value());
  if (!after) return std::string(reason_name(after.error().reason));
  return json::print(*after->at({"metadata"}));
}

TEST(StrategicMerge, adds_to_a_set_removes_from_it_and_orders_it) {
  const std::string ab = R"("finalizers":["x.io/a","x.io/b"])";
  EXPECT_EQ(merged(R"("finalizers":["x.io/a"])",
                   R"("$setElementOrder/finalizers":["x.io/a","x.io/b"],"finalizers":["x.io/b"])"),
            "{" + ab + "}");
  EXPECT_EQ(merged(ab, R"("$deleteFromPrimitiveList/finalizers":["x.io/b"],)"
                       R"("$setElementOrder/finalizers":["x.io/a"])"),
            R"({"finalizers":["x.io/a"]})");
  EXPECT_EQ(merged(ab, R"("$deleteFromPrimitiveList/finalizers":["x.io/a","x.io/b"])"),
            R"({"finalizers":[]})");
  EXPECT_EQ(merged(R"("finalizers":["x.io/b","o.io/o","x.io/a"])",
                   R"("$setElementOrder/finalizers":["x.io/a","x.io/b"])"),
            R"({"finalizers":["x.io/a","o.io/o","x.io/b"]})");
  EXPECT_EQ(merged(ab, R"("finalizers":null)"), "{}");
  EXPECT_EQ(merged("", R"("$setElementOrder/finalizers":["x.io/a"])"), "{}");
}

TEST(StrategicMerge, tells_items_apart_by_their_key) {
  const std::string one = R"({"uid":"1","name":"a"})", two = R"({"uid":"2","name":"b"})";
  const std::string both = R"("ownerReferences":[)" + one + "," + two + "]";
  EXPECT_EQ(merged(R"("ownerReferences":[)" + one + "]",
                   R"("$setElementOrder/ownerReferences":[{"uid":"1"},{"uid":"2"}],)"
                   R"("ownerReferences":[)" +
                       two + "]"),
            "{" + both + "}");
  EXPECT_EQ(merged(both, R"("ownerReferences":[{"$patch":"delete","uid":"1"}])"),
            R"({"ownerReferences":[)" + two + "]}");
  EXPECT_EQ(merged(both, R"("ownerReferences":[)" + one + R"(,{"$patch":"replace"}])"),
            R"({"ownerReferences":[)" + one + "]}");
  EXPECT_EQ(merged(both, R"("ownerReferences":[{"uid":"2","name":"c"}])"),
            R"({"ownerReferences":[)" + one + R"(,{"uid":"2","name":"c"}]})");
}

TEST(StrategicMerge, refuses_what_makes_no_sense_and_what_is_too_much) {
  EXPECT_EQ(merged("", R"("$setElementOrder/finalizers":7)"), "BadRequest");
  EXPECT_EQ(merged("", R"("ownerReferences":[{"$patch":"merge","uid":"1"}])"), "BadRequest");
  std::string many;
  for (int i = 0; i < 2'000; ++i) many += (many.empty() ? "\"" : ",\"") + std::to_string(i) + "\"";
  EXPECT_EQ(merged("", R"("finalizers":[)" + many + "]"), reason_name(Reason::too_large));
  const auto before = json::parse(R"({"data":{"a":"1"}})").value();
  EXPECT_EQ(json::print(*strategic_merge(before, json::parse(R"({"metadata":7})").value())),
            R"({"data":{"a":"1"},"metadata":7})");
}

}  // namespace
}  // namespace freehold::server
