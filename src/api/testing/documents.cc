#include "api/testing/documents.h"

#include <gtest/gtest.h>

#include <utility>

#include "base/check.h"
#include "json/patch.h"
#include "json/yaml.h"
#include "schema/samples.h"

namespace freehold::api::testing {
namespace {

// By the kind's name: a merge patch that makes the smallest document of the tables valid.
constexpr std::pair<std::string_view, std::string_view> fills[] = {
    {"RoleBinding", R"({"spec":{"scope":{"tenant":"acme"}}})"},
    {"Contract",
     R"({"spec":{"roles":[{"name":"server","count":2,"each":{"cpu":4,"memory":"8Gi"}}]}})"},
    {"Template",
     R"({"spec":{"workload":{"a":null,"roles":[{"name":"server","run":{"command":["/bin/true"]}}]}}})"},
    {"Workload",
     R"({"spec":{"contract":"chat","roles":[{"name":"server","run":{"command":["/bin/true"]}}]}})"},
};

}  // namespace

json::Value good_fields(const Kind& kind) {
  json::Object meta{{"name", json::Value("sample")}};
  if (kind.namespaced) meta["namespace"] = json::Value("default");
  json::Value fields = json::merge_patch(schema::good_document(*kind.type),
                                         json::Object{{"metadata", json::Value(std::move(meta))}});
  for (const auto& [name, text] : fills) {
    if (name != kind.name) continue;
    Result<json::Value> patch = json::parse(text);
    CHECK(patch.ok(), "the fill is JSON");
    fields = json::merge_patch(std::move(fields), *patch);
  }
  return fields;
}

json::Value good_document(const Kind& kind) { return with_header(kind, good_fields(kind)); }

json::Value from_yaml(std::string_view yaml) {
  Result<std::vector<json::Value>> documents = json::parse_yaml(yaml);
  EXPECT_TRUE(documents.ok() && documents->size() == 1) << yaml;
  return documents.ok() && !documents->empty() ? std::move(documents->front()) : json::Value();
}

json::Value with_header(const Kind& kind, const json::Value& fields) {
  json::Object out{{"apiVersion", json::Value(kind.api_version())},
                   {"kind", json::Value(kind.name)}};
  if (const json::Object* members = fields.as_object())
    for (const auto& [name, value] : *members) out[name] = value;
  return out;
}

}  // namespace freehold::api::testing
