#include "api/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "api/core.h"
#include "api/site.h"
#include "api/workload.h"
#include "base/strings.h"

namespace freehold::api {
namespace {

using ::testing::Contains;
using ::testing::Not;

void collect(const schema::TypeInfo& type, std::set<const schema::TypeInfo*>& seen) {
  if (!seen.insert(&type).second) return;
  if (type.element != nullptr) collect(*type.element, seen);
  for (const schema::FieldInfo& field : type.fields) collect(*field.type, seen);
}

std::set<const schema::TypeInfo*> all_types() {
  std::set<const schema::TypeInfo*> seen;
  for (const Kind* kind : kinds()) collect(*kind->type, seen);
  return seen;
}

TEST(Registry, HasEveryKindOnce) {
  std::set<std::string> names;
  for (const Kind* kind : kinds()) EXPECT_TRUE(names.insert(kind->resource()).second);
  EXPECT_EQ(names.size(), 26u);
  EXPECT_THAT(names, Contains("contracts.freehold.dev"));
  EXPECT_THAT(names, Contains("leases.coordination.k8s.io"));
  EXPECT_THAT(names, Contains("configmaps"));
}

TEST(Registry, NoNameMeansTwoKinds) {
  std::map<std::string, const Kind*> owner;
  for (const Kind* kind : kinds()) {
    std::set<std::string> names{std::string(kind->plural), std::string(kind->singular)};
    for (const std::string_view name : kind->short_names) names.emplace(name);
    for (const std::string& name : names) {
      EXPECT_TRUE(owner.emplace(name, kind).second) << name << " is taken twice";
      EXPECT_EQ(find_by_any_name(name), kind) << name;
    }
  }
}

TEST(Registry, NamesFollowTheConventionsOfClients) {
  for (const Kind* kind : kinds()) {
    EXPECT_EQ(to_lower(kind->name), kind->singular);
    EXPECT_EQ(std::string(kind->name) + "List", kind->list_name);
    EXPECT_EQ(to_lower(kind->plural), kind->plural);
    EXPECT_TRUE(is_dns_label(kind->plural));
    EXPECT_EQ(&kind->type->fields[0], schema::field_at(*kind->type, "metadata"));
    EXPECT_EQ(kind->has_status, schema::field_at(*kind->type, "status") != nullptr) << kind->name;
    EXPECT_FALSE(kind->type->doc.empty());
  }
}

// Definitions of OpenAPI and the portal's types are named by them.
TEST(Registry, NoTwoTypesShareAName) {
  std::map<std::string_view, const schema::TypeInfo*> owner;
  for (const schema::TypeInfo* type : all_types())
    if (type->kind == schema::Kind::object || type->kind == schema::Kind::enumeration) {
      EXPECT_TRUE(owner.emplace(type->name, type).second) << type->name;
    }
}

TEST(Registry, EveryFieldIsExplainedOnceAndBounded) {
  for (const schema::TypeInfo* type : all_types()) {
    std::set<std::string_view> names;
    for (const schema::FieldInfo& field : type->fields) {
      EXPECT_TRUE(names.insert(field.name).second) << type->name << '.' << field.name;
      EXPECT_FALSE(field.doc.empty()) << type->name << '.' << field.name;
      EXPECT_GT(field.rules.max_size, 0u) << type->name << '.' << field.name;
      if (!field.rules.list_key.empty()) {
        ASSERT_EQ(field.type->kind, schema::Kind::list) << type->name << '.' << field.name;
        EXPECT_NE(schema::field_at(*field.type->element, field.rules.list_key), nullptr)
            << type->name << '.' << field.name;
      }
    }
  }
}

TEST(Registry, ConditionsAreMergedByType) {
  for (const Kind* kind : kinds()) {
    const schema::FieldInfo* conditions = schema::field_at(*kind->type, "status.conditions");
    if (conditions != nullptr) {
      EXPECT_EQ(conditions->rules.list_key, "type") << kind->name;
    }
  }
}

TEST(Registry, FieldSelectorsNameFieldsThatHaveText) {
  for (const Kind* kind : kinds())
    for (const std::string_view path : kind->selectable) {
      const schema::FieldInfo* field = schema::field_at(*kind->type, path);
      ASSERT_NE(field, nullptr) << kind->name << ' ' << path;
      EXPECT_TRUE(field->type->kind == schema::Kind::string ||
                  field->type->kind == schema::Kind::enumeration)
          << kind->name << ' ' << path;
    }
}

TEST(Registry, FindsAKindByWhatADocumentSays) {
  EXPECT_EQ(find_document("freehold.dev/v1alpha1", "Site"), &kind_of<Site>());
  EXPECT_EQ(find_document("v1", "ConfigMap"), &kind_of<ConfigMap>());
  EXPECT_EQ(find_document("coordination.k8s.io/v1", "Lease"), &kind_of<Lease>());
  EXPECT_EQ(find_document("v1", "Site"), nullptr);
  EXPECT_EQ(find_document("/v1", "ConfigMap"), nullptr);
  EXPECT_EQ(find_document("", "ConfigMap"), nullptr);
  EXPECT_EQ(find_document("freehold.dev/v2", "Site"), nullptr);
  EXPECT_EQ(find_document("freehold.dev/v1alpha1", "site"), nullptr);
}

TEST(Registry, FindsAResourceByItsPluralOnly) {
  EXPECT_EQ(find_resource("freehold.dev", "v1alpha1", "instances"), &kind_of<Instance>());
  EXPECT_EQ(find_resource("", "v1", "events"), &kind_of<Event>());
  EXPECT_EQ(find_resource("freehold.dev", "v1alpha1", "instance"), nullptr);
  EXPECT_EQ(find_resource("freehold.dev", "v1alpha1", "inst"), nullptr);
  EXPECT_EQ(find_resource("", "v1", "instances"), nullptr);
}

TEST(Registry, FindsAKindByWhatAPersonTypes) {
  for (const std::string_view name :
       {"workloads", "workload", "Workload", "WL", "wl", "workloads.freehold.dev"})
    EXPECT_EQ(find_by_any_name(name), &kind_of<Workload>()) << name;
  EXPECT_EQ(find_by_any_name("leases.coordination.k8s.io"), &kind_of<Lease>());
  for (const std::string_view name : {"", "workloadz", "workloads.", "workloads.example.com", "."})
    EXPECT_EQ(find_by_any_name(name), nullptr) << name;
}

TEST(Registry, KeysSayWhoseTheyAre) {
  EXPECT_EQ(kind_of<Site>().key("", "fra1"), "/freehold.dev/sites/fra1");
  EXPECT_EQ(kind_of<Workload>().key("acme", "chat"), "/freehold.dev/workloads/acme/chat");
  EXPECT_EQ(kind_of<ConfigMap>().key("acme", "chat"), "/core/configmaps/acme/chat");
  for (const Kind* kind : kinds()) {
    const std::string ns = kind->namespaced ? "acme" : "";
    const std::string key = kind->key("acme", "a.name-1");
    const KeyParts parts = parse_key(key);
    ASSERT_EQ(parts.kind, kind) << key;
    EXPECT_EQ(parts.ns, ns);
    EXPECT_EQ(parts.name, "a.name-1");
    EXPECT_TRUE(key.starts_with(kind->key_prefix()));
  }
}

TEST(Registry, KeysOfOthersAreNotTaken) {
  for (const std::string_view key :
       {"", "/", "//", "freehold.dev/sites/fra1", "/freehold.dev/sites", "/freehold.dev/sites/",
        "/freehold.dev/sites/a/b", "/freehold.dev/workloads/acme", "/freehold.dev/workloads/acme/",
        "/freehold.dev/workloads//chat", "/freehold.dev/workloads/acme/chat/x", "/core/sites/fra1",
        "//configmaps/acme/chat", "/other/sites/fra1"})
    EXPECT_EQ(parse_key(key).kind, nullptr) << key;
}

TEST(Registry, WhatOthersReferToComesFirst) {
  std::map<std::string_view, int> place;
  for (const Kind* kind : kinds()) place.emplace(kind->name, static_cast<int>(place.size()));
  const std::pair<std::string_view, std::string_view> before[] = {
      {"Tenant", "Namespace"},     {"Namespace", "ConfigMap"},
      {"Role", "RoleBinding"},     {"Site", "Rack"},
      {"PowerDomain", "Rack"},     {"Rack", "Node"},
      {"HardwareProfile", "Node"}, {"Template", "Workload"},
      {"Contract", "Workload"},    {"Contract", "Offer"},
      {"Offer", "Allocation"},     {"Allocation", "Instance"},
      {"Workload", "Endpoint"},
  };
  for (const auto& [first, second] : before) EXPECT_LT(place[first], place[second]) << second;
}

TEST(Registry, WorkingKindsAreInCategoryAll) {
  EXPECT_THAT(kind_of<Workload>().categories, Contains("all"));
  EXPECT_THAT(kind_of<Secret>().categories, Not(Contains("all")));
  for (const Kind* kind : kinds()) {
    const bool own = kind->group == group;
    EXPECT_EQ(std::ranges::find(kind->categories, "freehold") != kind->categories.end(), own)
        << kind->name;
  }
}

TEST(Registry, OnlyEventsAndLeasesLeaveNoRecord) {
  for (const Kind* kind : kinds()) {
    const bool quiet = kind->name == "Event" || kind->name == "Lease";
    EXPECT_EQ(kind->persistence, quiet ? Persistence::durable : Persistence::recorded)
        << kind->name;
  }
}

}  // namespace
}  // namespace freehold::api
