// Tenant: who shares the fleet, as a tree with quotas. Role and RoleBinding: who may do what, and
// where. The boundary of names is the core kind Namespace (core.h), which belongs to one tenant by
// its label.
#pragma once

#include <string>
#include <vector>

#include "api/contract.h"
#include "api/meta.h"

namespace freehold::api {

// Label of a Namespace: the tenant that it belongs to.
inline constexpr std::string_view tenant_label = "freehold.dev/tenant";

// ---- Tenant

struct TenantSpec {
  std::string parent;  // empty: at the root
  Isolation isolation = Isolation::l1;
  schema::Map<Quantity> quota, borrow;
  int64_t weight = 0;
};
struct TenantStatus {
  schema::Map<Quantity> used;
  Conditions conditions;
};
struct Tenant {
  ObjectMeta metadata;
  TenantSpec spec;
  TenantStatus status;
};
void check_tenant_spec(const TenantSpec& spec, const schema::Path& at, schema::Errors& errors);
void check_tenant(const Tenant& tenant, const schema::Path& at, schema::Errors& errors);

// ---- Role

struct RoleRule {
  std::vector<std::string> verbs;
  std::vector<std::string> groups{"freehold.dev"};  // "" is the core group
  std::vector<std::string> resources;               // plurals, "contracts/status", "*"
  std::vector<std::string> names;                   // empty: every object
};
void check_rule(const RoleRule& rule, const schema::Path& at, schema::Errors& errors);
struct RoleSpec {
  std::vector<RoleRule> rules;
};
struct Role {
  ObjectMeta metadata;
  RoleSpec spec;
};

// ---- RoleBinding

enum class SubjectKind : uint8_t { user, user_group, service_account };

struct Subject {
  SubjectKind kind = SubjectKind::user;
  std::string name, ns;
};
struct BindingScope {
  bool fleet = false;
  std::string tenant, ns;
};
struct RoleBindingSpec {
  std::string role;
  std::vector<Subject> subjects;
  BindingScope scope;
};
struct RoleBinding {
  ObjectMeta metadata;
  RoleBindingSpec spec;
};
void check_subject(const Subject& subject, const schema::Path& at, schema::Errors& errors);
void check_scope(const BindingScope& scope, const schema::Path& at, schema::Errors& errors);

}  // namespace freehold::api
