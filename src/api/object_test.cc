#include "api/object.h"

#include <gtest/gtest.h>

#include "api/contract.h"
#include "api/core.h"
#include "api/registry.h"
#include "api/site.h"
#include "json/value.h"

namespace freehold::api {
namespace {

constexpr std::string_view stored =
    R"({"apiVersion":"freehold.dev/v1alpha1","kind":"Rack","metadata":{"name":"r01"},"spec":{"site":"fra1","units":48}})";

Result<schema::ReadOutcome> read_rack(Object& object, std::string_view json,
                                      schema::Errors& errors) {
  object = Object(kind_of<Rack>());
  return read_object(object, json, errors);
}

TEST(Object, PrintsWhatItIsFirst) {
  Result<Object> rack = decode(kind_of<Rack>(), stored);
  ASSERT_TRUE(rack.ok()) << rack.error().message;
  EXPECT_EQ(
      rack->print().substr(0, 84),
      R"({"apiVersion":"freehold.dev/v1alpha1","kind":"Rack","metadata":{"name":"r01"},"spec")");
  EXPECT_EQ(json::print(to_json(*rack)), rack->print());
  EXPECT_EQ(rack->key(), "/freehold.dev/racks/r01");
}

TEST(Object, PrintsJsonEvenWhenNothingIsInIt) {
  EXPECT_EQ(Object(kind_of<ConfigMap>()).print(), R"({"apiVersion":"v1","kind":"ConfigMap"})");
}

TEST(Object, KnowsItsType) {
  const Object object = Object::of(Rack{});
  EXPECT_NE(object.as<Rack>(), nullptr);
  EXPECT_EQ(object.as<Site>(), nullptr);
  EXPECT_EQ(object.share<Rack>().get(), object.as<Rack>());
  EXPECT_FALSE(Object());
}

TEST(Object, CopiesShareAndClonesDoNot) {
  Object first = Object::of(Rack{});
  const Object copy = first;
  const Object clone = first.clone();
  first.as<Rack>()->spec.site = "fra1";
  EXPECT_EQ(copy.as<Rack>()->spec.site, "fra1");
  EXPECT_EQ(clone.as<Rack>()->spec.site, "");
  EXPECT_FALSE(Object().clone());
}

TEST(Object, StoredBytesMustSayWhatTheyAre) {
  for (const std::string_view json :
       {R"({"metadata":{"name":"r01"}})", R"({"apiVersion":"freehold.dev/v1alpha1","kind":"Site"})",
        R"({"apiVersion":"freehold.dev/v2","kind":"Rack"})",
        R"({"apiVersion":"freehold.dev/v1alpha1","kind":"Rack","spec":{"units":"many"}})",
        R"({"apiVersion":"freehold.dev/v1alpha1","kind":"Rack","spec":{},"spec":{}})", "{", ""}) {
    const Result<Object> object = decode(kind_of<Rack>(), json);
    ASSERT_FALSE(object.ok()) << json;
    EXPECT_EQ(object.error().reason, Reason::internal) << json;
  }
}

TEST(Object, StoredFieldsOfANewerVersionDoNotHinder) {
  const Result<Object> object = decode(
      kind_of<Rack>(),
      R"({"apiVersion":"freehold.dev/v1alpha1","kind":"Rack","spec":{"site":"fra1","new":1}})");
  ASSERT_TRUE(object.ok());
  EXPECT_EQ(object->as<Rack>()->spec.site, "fra1");
}

TEST(Object, DocumentsMayLeaveOutWhatTheRequestSays) {
  Object object;
  schema::Errors errors;
  const auto outcome =
      read_rack(object, R"({"metadata":{"name":"r01"},"spec":{"site":"a"}})", errors);
  ASSERT_TRUE(outcome.ok());
  EXPECT_TRUE(outcome->empty());
  EXPECT_TRUE(errors.empty());
  EXPECT_EQ(object.meta().name, "r01");
}

TEST(Object, ApiVersionAndKindMayStandAnywhere) {
  Object object;
  schema::Errors errors;
  const auto outcome = read_rack(
      object, R"({"spec":{"site":"a"},"kind":"Rack","apiVersion":"freehold.dev/v1alpha1"})",
      errors);
  ASSERT_TRUE(outcome.ok());
  EXPECT_TRUE(outcome->empty());
  EXPECT_EQ(object.as<Rack>()->spec.site, "a");
}

TEST(Object, DocumentsOfAnotherKindAreRefused) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {R"({"apiVersion":"v1"})",
       "the apiVersion in the data (v1) does not match the expected one (freehold.dev/v1alpha1)"},
      {R"({"kind":"Site"})", "the kind in the data (Site) does not match the expected one (Rack)"},
  };
  for (const auto& [json, message] : cases) {
    Object object;
    schema::Errors errors;
    const auto outcome = read_rack(object, json, errors);
    ASSERT_FALSE(outcome.ok()) << json;
    EXPECT_EQ(outcome.error().reason, Reason::bad_request);
    EXPECT_EQ(outcome.error().message, message);
  }
}

TEST(Object, OnlyTheDocumentItselfHasAKind) {
  Object object;
  schema::Errors errors;
  const auto outcome =
      read_rack(object, R"({"kind":"Rack","kind":"Rack","spec":{"kind":"x","site":"a"}})", errors);
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(outcome->unknown, std::vector<std::string>{"spec.kind"});
  EXPECT_EQ(outcome->duplicate, std::vector<std::string>{"kind"});
}

TEST(Object, AKindThatIsNoTextIsAnError) {
  Object object;
  schema::Errors errors;
  ASSERT_TRUE(read_rack(object, R"({"kind":7,"apiVersion":null})", errors).ok());
  ASSERT_EQ(errors.all().size(), 1u);
  EXPECT_EQ(errors.all()[0].path, "kind");
}

TEST(Object, ReadsUntypedDocumentsAlike) {
  const Result<json::Value> document = json::parse(stored);
  ASSERT_TRUE(document.ok());
  Object object(kind_of<Rack>());
  schema::Errors errors;
  const auto outcome = from_json(object, *document, errors);
  ASSERT_TRUE(outcome.ok());
  EXPECT_TRUE(outcome->empty());
  EXPECT_EQ(object.print(), decode(kind_of<Rack>(), stored)->print());
  Object site(kind_of<Site>());
  EXPECT_FALSE(from_json(site, *document, errors).ok());
}

TEST(Object, ValidatesWithPathsFromTheObject) {
  schema::Errors errors;
  validate(Object::of(Rack{}), errors);
  ASSERT_FALSE(errors.empty());
  EXPECT_EQ(errors.all()[0].path, "spec.site");
}

TEST(Object, AllocationsDoNotMove) {
  Allocation before;
  before.spec.contract = "chat";
  Allocation after = before;
  after.spec.contract = "other";
  schema::Errors errors;
  validate_update(Object::of(before), Object::of(before), errors);
  EXPECT_TRUE(errors.empty());
  validate_update(Object::of(before), Object::of(after), errors);
  ASSERT_FALSE(errors.empty());
  EXPECT_EQ(errors.all()[0].fault, schema::Fault::immutable);
}

}  // namespace
}  // namespace freehold::api
