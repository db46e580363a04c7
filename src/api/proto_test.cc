// Field numbers of the core kinds against upstream's .proto files.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <regex>
#include <set>

#include "api/core.h"
#include "api/registry.h"
#include "base/strings.h"
#include "schema/protobuf.h"

namespace freehold::api {
namespace {

using Messages = std::map<std::string, std::map<std::string, int>>;  // message → field → number

// Just enough of the language for these files: top-level messages, one field a line.
void parse_proto(const std::string& text, Messages& messages) {
  static const std::regex begins(R"(^message (\w+) \{)");
  static const std::regex field(R"(^  (?:optional |repeated )?(?:map<.*>|[.\w]+) (\w+) = (\d+);)");
  std::string current;
  for (const std::string_view line : split(text, '\n')) {
    std::match_results<std::string_view::const_iterator> match;
    if (std::regex_search(line.begin(), line.end(), match, begins)) {
      current = match[1].str();
    } else if (line == "}") {
      current.clear();
    } else if (!current.empty() && std::regex_search(line.begin(), line.end(), match, field)) {
      messages[current][match[1].str()] = std::stoi(match[2].str());
    }
  }
}

std::optional<std::string> test_data(const std::string& path) {
  const char* const folder = std::getenv("FREEHOLD_TEST_DATA");
  if (folder == nullptr) return std::nullopt;
  std::ifstream file(std::string(folder) + "/kube/" + path, std::ios::binary);
  if (!file) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

std::optional<Messages> read_protos() {
  Messages messages;
  for (const char* name : {"k8s.io.api.core.v1", "k8s.io.api.coordination.v1",
                           "k8s.io.apimachinery.pkg.apis.meta.v1"}) {
    const std::optional<std::string> text = test_data(std::string("protos/") + name + ".proto");
    if (!text) return std::nullopt;
    parse_proto(*text, messages);
  }
  return messages;
}

void collect(const schema::TypeInfo& type, std::set<const schema::TypeInfo*>& seen) {
  if (type.element != nullptr) return collect(*type.element, seen);
  if (type.kind != schema::Kind::object || !seen.insert(&type).second) return;
  for (const schema::FieldInfo& field : type.fields) collect(*field.type, seen);
}

TEST(Proto, NumbersAreUpstreams) {
  const std::optional<Messages> messages = read_protos();
  if (!messages) GTEST_SKIP() << "skipped: no data folder";
  std::set<const schema::TypeInfo*> types;
  for (const Kind* kind : kinds())
    if (kind->group != group) collect(*kind->type, types);
  EXPECT_GE(types.size(), 16u);
  std::set<std::string> not_ours;
  for (const schema::TypeInfo* type : types) {
    const auto message = messages->find(std::string(type->name));
    ASSERT_NE(message, messages->end()) << type->name;
    std::set<std::string_view> ours;
    for (const schema::FieldInfo& field : type->fields) {
      const auto number = message->second.find(std::string(field.name));
      ASSERT_NE(number, message->second.end()) << type->name << '.' << field.name;
      EXPECT_EQ(field.rules.proto, number->second) << type->name << '.' << field.name;
      ours.insert(field.name);
    }
    for (const auto& [name, number] : message->second)
      if (!ours.contains(name)) not_ours.insert(std::string(type->name) + '.' + name);
  }
  // Deprecated and never filled since Kubernetes 1.20.
  EXPECT_EQ(not_ours, std::set<std::string>{"ObjectMeta.selfLink"});
}

// Upstream's own vectors, which fill every field: one object in protobuf and in JSON.
TEST(Proto, BothFormsOfADocumentAreOneObject) {
  for (const char* name : {"coordination.k8s.io.v1.Lease", "core.v1.Event"}) {
    const std::string path = std::string("roundtrip/") + name;
    const std::optional<std::string> pb = test_data(path + ".pb"), json = test_data(path + ".json");
    if (!pb || !json) GTEST_SKIP() << "skipped: no data folder";
    const auto envelope = schema::open_protobuf(*pb);
    ASSERT_TRUE(envelope.ok()) << envelope.error().message;
    const Kind* kind = find_document(envelope->api_version, envelope->kind);
    ASSERT_NE(kind, nullptr) << envelope->api_version << ' ' << envelope->kind;
    Object first(*kind), second(*kind);
    schema::Errors errors;
    const auto outcome =
        schema::read_protobuf(*kind->type, first.data(), envelope->message, errors);
    ASSERT_TRUE(outcome.ok()) << outcome.error().message;
    EXPECT_EQ(outcome->unknown, std::vector<std::string>{"metadata.#4"});  // selfLink
    const auto twin = read_object(second, *json, errors);
    ASSERT_TRUE(twin.ok()) << twin.error().message;
    EXPECT_EQ(twin->unknown, std::vector<std::string>{"metadata.selfLink"});
    EXPECT_TRUE(errors.empty()) << errors.to_error(kind->name, "").message;
    EXPECT_EQ(first.print(), second.print());
  }
}

TEST(Proto, NoTypeUsesANumberTwice) {
  std::set<const schema::TypeInfo*> types;
  for (const Kind* kind : kinds()) collect(*kind->type, types);
  for (const schema::TypeInfo* type : types) {
    std::set<int> numbers;
    for (const schema::FieldInfo& field : type->fields)
      if (field.rules.proto != 0) {
        EXPECT_TRUE(numbers.insert(field.rules.proto).second) << type->name << '.' << field.name;
      }
  }
}

// A scalar that is a pointer upstream must be told from its zero, so it is optional here.
TEST(Proto, PointersToScalarsOfCoreKindsAreOptional) {
  for (const schema::TypeInfo* type :
       {&schema::type_of<ConfigMap>, &schema::type_of<Secret>, &schema::type_of<LeaseSpec>,
        &schema::type_of<ServiceAccount>})
    for (const schema::FieldInfo& field : type->fields)
      if (field.rules.proto_pointer && field.type->kind != schema::Kind::micro_time) {
        EXPECT_EQ(field.type->kind, schema::Kind::optional) << type->name << '.' << field.name;
      }
}

}  // namespace
}  // namespace freehold::api
