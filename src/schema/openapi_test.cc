#include "schema/openapi.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "schema/testing/widget.h"

namespace freehold::schema {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using testing::Widget;

json::Value widget_definitions(std::string_view reference_prefix) {
  const TypeInfo* roots[] = {&type_of<Widget>};
  return definitions(roots, "dev.test.v1.", reference_prefix);
}

class Definitions : public ::testing::Test {
 protected:
  const json::Value all_ = widget_definitions("#/definitions/");
  std::string property(std::string_view type, std::string_view name) const {
    const json::Value* found = all_.at({"dev.test.v1." + std::string(type), "properties", name});
    return found == nullptr ? std::string() : json::print(*found);
  }
};

TEST_F(Definitions, HoldEveryTypeReachedByName) {
  std::vector<std::string> names;
  for (const auto& [name, unused] : *all_.as_object()) names.push_back(name);
  EXPECT_THAT(names, ::testing::ElementsAre(
                         "dev.test.v1.Condition", "dev.test.v1.Limits", "dev.test.v1.Meta",
                         "dev.test.v1.Price", "dev.test.v1.Retry", "dev.test.v1.Role",
                         "dev.test.v1.Spec", "dev.test.v1.Status", "dev.test.v1.Widget"));
  EXPECT_EQ(json::print(*all_.at({"dev.test.v1.Widget", "required"})), R"(["metadata","spec"])");
  EXPECT_EQ(all_.string_at({"dev.test.v1.Widget", "type"}), "object");
}

TEST_F(Definitions, DescribeEachKind) {
  EXPECT_EQ(property("Spec", "suspended"),
            R"({"description":"Keep it waiting.","type":"boolean"})");
  EXPECT_EQ(
      property("Spec", "priority"),
      R"({"description":"Higher goes first.","type":"integer","format":"int64","minimum":-1000,"maximum":1000})");
  EXPECT_EQ(
      property("Spec", "share"),
      R"({"description":"Of the whole, 0 to 1.","type":"number","format":"double","minimum":0,"maximum":1,"default":0.5})");
  EXPECT_EQ(property("Role", "image"),
            R"({"description":"What to run.","type":"string","minLength":2,"maxLength":64})");
  EXPECT_EQ(
      property("Limits", "memory"),
      R"({"description":"Memory.","type":"string","format":"quantity","x-freehold-dimension":"bytes"})");
  EXPECT_EQ(property("Spec", "at"),
            R"({"description":"When it was asked for.","type":"string","format":"date-time"})");
  EXPECT_EQ(property("Spec", "seed"),
            R"({"description":"Of the generator.","type":"string","format":"byte"})");
  EXPECT_EQ(
      property("Spec", "window"),
      R"({"description":"Of measurement.","type":"string","format":"duration","default":"1m"})");
  EXPECT_EQ(property("Spec", "parameters"),
            R"({"description":"Free-form.","x-kubernetes-preserve-unknown-fields":true})");
  EXPECT_EQ(property("Spec", "strict"),
            R"({"description":"Refuse what cannot be exact.","type":"boolean"})");
  EXPECT_EQ(property("Meta", "labels"),
            R"({"description":"What selectors match.","type":"object","additionalProperties":)"
            R"({"type":"string","format":"dns-label"},"maxProperties":4})");
  EXPECT_EQ(
      property("Spec", "groups"),
      R"({"description":"Members by group.","type":"object","additionalProperties":{"type":"array",)"
      R"("items":{"type":"string","format":"dns-label"},"x-kubernetes-list-type":"atomic"}})");
}

TEST_F(Definitions, SayHowListsMerge) {
  EXPECT_EQ(
      property("Spec", "roles"),
      R"({"description":"All start together.","type":"array","items":{"$ref":"#/definitions/dev.test.v1.Role"},)"
      R"("minItems":1,"maxItems":8,"x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["name"]})");
  EXPECT_THAT(property("Meta", "finalizers"), HasSubstr(R"("x-kubernetes-list-type":"set")"));
  EXPECT_THAT(property("Status", "nodes"), HasSubstr(R"("x-kubernetes-list-type":"atomic")"));
}

TEST_F(Definitions, ListTheValuesOfEnums) {
  EXPECT_EQ(
      property("Spec", "level"),
      R"({"description":"Where to stay together.\n\nPossible values:\n - `\"node\"` One machine.\n )"
      R"(- `\"rack\"` Below one leaf switch.","type":"string","enum":["node","rack"]})");
}

TEST_F(Definitions, SayWhatIsNotHonouredYet) {
  EXPECT_EQ(
      property("Spec", "failover"),
      R"({"description":"Not honoured yet: needs federation. Where to go when a site is lost.","type":"string"})");
}

TEST_F(Definitions, MarkOutputImmutableAndSecretFields) {
  EXPECT_THAT(property("Meta", "uid"), HasSubstr(R"("readOnly":true)"));
  EXPECT_THAT(property("Meta", "name"), HasSubstr(R"("x-freehold-immutable":true)"));
  EXPECT_THAT(property("Spec", "token"), HasSubstr(R"("x-freehold-secret":true)"));
}

TEST_F(Definitions, ReferToTypesAsEachVersionOfOpenApiWants) {
  EXPECT_EQ(property("Widget", "spec"),
            R"({"description":"What someone wants.","$ref":"#/definitions/dev.test.v1.Spec"})");
  const json::Value v3 = widget_definitions("#/components/schemas/");
  EXPECT_EQ(
      json::print(*v3.at({"dev.test.v1.Widget", "properties", "spec"})),
      R"({"description":"What someone wants.","allOf":[{"$ref":"#/components/schemas/dev.test.v1.Spec"}]})");
  EXPECT_EQ(json::print(*v3.at({"dev.test.v1.Spec", "properties", "roles", "items"})),
            R"({"$ref":"#/components/schemas/dev.test.v1.Role"})");
}

TEST(Explain, ShowsAKindWithItsFields) {
  const std::string text = explain(type_of<Widget>, "");
  EXPECT_THAT(text,
              StartsWith("KIND:       Widget\n\nDESCRIPTION:\n    A thing for tests.\n\nFIELDS:\n"
                         "  metadata\t<Meta> -required-\n    Identity.\n\n"));
}

TEST(Explain, ShowsAFieldWithItsRules) {
  EXPECT_EQ(explain(type_of<Widget>, "spec.ceiling.memory"),
            "KIND:       Widget\n\nFIELD: memory <Quantity (bytes, e.g. 80Gi)>\n\n"
            "DESCRIPTION:\n    Memory.\n    (at least 1Mi; at most 1Ti)\n\n");
  const std::string roles = explain(type_of<Widget>, "spec.roles");
  EXPECT_THAT(roles, HasSubstr("FIELD: roles <[]Role> -required-"));
  EXPECT_THAT(roles, HasSubstr("Members that are alike."));
  EXPECT_THAT(roles, HasSubstr("  each\t<Limits>\n    What each member needs.\n"));
}

TEST(Explain, ListsTheValuesOfAnEnum) {
  EXPECT_THAT(explain(type_of<Widget>, "spec.color"),
              HasSubstr("ENUM:\n    Red\n        As a rose.\n"));
}

TEST(Explain, SaysNothingOfAPathThatIsNotThere) {
  EXPECT_EQ(explain(type_of<Widget>, "spec.nothing"), "");
  EXPECT_EQ(explain(type_of<Widget>, "spec.queue.x"), "");
}

TEST(Reference, IsMarkdownWithATablePerType) {
  const std::string text = reference(type_of<Widget>);
  EXPECT_THAT(text,
              StartsWith("# Widget\n\nA thing for tests.\n\n| field | type | description |\n"));
  EXPECT_THAT(
      text,
      HasSubstr("| `roles` | `[]`[Role](#role) | All start together. *required; at least 1 item;"));
  EXPECT_THAT(
      text,
      HasSubstr("## Color\n\nA colour.\n\n| value | meaning |\n|---|---|\n| `Red` | As a rose. |"));
  EXPECT_THAT(text, Not(HasSubstr("\t")));
}

}  // namespace
}  // namespace freehold::schema
