#include "schema/openapi_protobuf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "schema/openapi.h"
#include "schema/protobuf_wire.h"
#include "schema/testing/widget.h"

namespace freehold::schema {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// The bodies of all fields `number` of a message.
std::vector<std::string> fields(std::string_view message, uint32_t number) {
  std::vector<std::string> out;
  WireReader reader(message);
  while (const auto field = reader.next())
    if (field->number == number)
      out.emplace_back(field->type == WireType::bytes ? std::string(field->bytes)
                                                      : std::to_string(field->value));
  EXPECT_FALSE(reader.malformed());
  return out;
}
// The body at a path of field numbers; takes the first at each step.
std::string body(std::string_view message, std::initializer_list<uint32_t> path) {
  std::string at(message);
  for (const uint32_t number : path) {
    const std::vector<std::string> found = fields(at, number);
    if (found.empty()) return "absent";
    at = found[0];
  }
  return at;
}

const char* const document =
    R"({"swagger":"2.0","info":{"title":"Freehold","version":"v1"},"tags":[{"name":"x"}],
  "paths":{"/apis/g/v1/widgets":{
    "get":{"operationId":"listWidgets","responses":{"200":{"description":"OK"}},
           "x-kubernetes-action":"list","x-kubernetes-group-version-kind":{"group":"g","kind":"Widget","version":"v1"}},
    "patch":{"operationId":"patchWidget","consumes":["application/merge-patch+json","application/json-patch+json"],
      "parameters":[{"name":"fieldValidation","in":"query","type":"string"},
                    {"name":"name","in":"path","required":true,"type":"string"},
                    {"name":"body","in":"body","required":true,"schema":{"type":"object"}}]}}},
  "definitions":{"g.v1.Widget":{"description":"A thing.","type":"object","required":["spec"],
    "properties":{"spec":{"description":"Wanted.","$ref":"#/definitions/g.v1.Spec"},
                  "labels":{"type":"object","additionalProperties":{"type":"string","format":"label"}},
                  "names":{"type":"array","items":{"type":"string"}}},
    "x-kubernetes-group-version-kind":[{"group":"g","kind":"Widget","version":"v1"}]}}})";

class OpenApiProtobuf : public ::testing::Test {
 protected:
  const std::string bytes_ = openapi_v2_protobuf(*json::parse(document));
};

TEST_F(OpenApiProtobuf, HasVersionAndInfo) {
  EXPECT_EQ(body(bytes_, {1}), "2.0");
  EXPECT_EQ(body(bytes_, {2, 1}), "Freehold");
  EXPECT_EQ(body(bytes_, {2, 2}), "v1");
}

TEST_F(OpenApiProtobuf, HasOperationsWithTheirParameters) {
  const std::string path = body(bytes_, {8, 2});
  EXPECT_EQ(body(path, {1}), "/apis/g/v1/widgets");
  const std::string get = body(path, {2, 2}), patch = body(path, {2, 8});
  EXPECT_EQ(body(get, {5}), "listWidgets");
  EXPECT_EQ(body(get, {9, 1, 1}), "200");
  EXPECT_EQ(body(get, {9, 1, 2, 1, 1}), "OK");
  ASSERT_EQ(fields(get, 13).size(), 2u);
  EXPECT_EQ(body(fields(get, 13)[0], {1}), "x-kubernetes-action");
  EXPECT_EQ(body(fields(get, 13)[0], {2, 2}), "\"list\"");
  EXPECT_EQ(body(fields(get, 13)[1], {2, 2}), R"({"group":"g","kind":"Widget","version":"v1"})");
  EXPECT_THAT(fields(patch, 7),
              ElementsAre("application/merge-patch+json", "application/json-patch+json"));
  const std::vector<std::string> parameters = fields(patch, 8);
  ASSERT_EQ(parameters.size(), 3u);
  EXPECT_EQ(body(parameters[0], {1, 2, 3, 2}), "query");
  EXPECT_EQ(body(parameters[0], {1, 2, 3, 4}), "fieldValidation");
  EXPECT_EQ(body(parameters[0], {1, 2, 3, 6}), "string");
  EXPECT_EQ(body(parameters[1], {1, 2, 4, 4}), "name");
  EXPECT_EQ(body(parameters[1], {1, 2, 4, 1}), "1");
  EXPECT_EQ(body(parameters[2], {1, 1, 2}), "body");
}

TEST_F(OpenApiProtobuf, HasDefinitions) {
  const std::string named = body(bytes_, {9, 1});
  EXPECT_EQ(body(named, {1}), "g.v1.Widget");
  const std::string widget = body(named, {2});
  EXPECT_EQ(body(widget, {4}), "A thing.");
  EXPECT_EQ(body(widget, {22, 1}), "object");
  EXPECT_THAT(fields(widget, 19), ElementsAre("spec"));
  EXPECT_EQ(body(widget, {31, 1}), "x-kubernetes-group-version-kind");
  EXPECT_EQ(body(widget, {31, 2, 2}), R"([{"group":"g","kind":"Widget","version":"v1"}])");
  const std::vector<std::string> properties = fields(body(widget, {25}), 1);
  ASSERT_EQ(properties.size(), 3u);
  EXPECT_EQ(body(properties[0], {1}), "spec");
  EXPECT_EQ(body(properties[0], {2, 1}), "#/definitions/g.v1.Spec");
  EXPECT_EQ(body(properties[1], {2, 21, 1, 22, 1}), "string");
  EXPECT_EQ(body(properties[1], {2, 21, 1, 2}), "label");
  EXPECT_EQ(body(properties[2], {2, 23, 1, 22, 1}), "string");
}

TEST_F(OpenApiProtobuf, LeavesOutWhatItDoesNotKnow) { EXPECT_THAT(fields(bytes_, 14), IsEmpty()); }

TEST_F(OpenApiProtobuf, TakesEveryDefinitionThatTablesMake) {
  const TypeInfo* roots[] = {&type_of<testing::Widget>};
  json::Object all = definitions(roots, "dev.test.v1.", "#/definitions/");
  const size_t count = all.size();
  const std::string bytes =
      openapi_v2_protobuf(json::Object{{"swagger", "2.0"}, {"definitions", std::move(all)}});
  EXPECT_EQ(fields(body(bytes, {9}), 1).size(), count);
}

TEST(WireReader, RefusesWhatIsNoMessage) {
  for (const std::string_view bytes :
       {std::string_view("\x0a"),
        std::string_view("\x0a\x05"
                         "abc"),
        std::string_view("\x0b"), std::string_view("\x00\x00", 2),
        std::string_view("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f")}) {
    WireReader reader(bytes);
    while (reader.next()) {
    }
    EXPECT_TRUE(reader.malformed());
  }
}

}  // namespace
}  // namespace freehold::schema
