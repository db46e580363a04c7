#include "api/tenancy.h"

#include <algorithm>

#include "api/kind_rows.h"
#include "api/registry.h"
#include "api/tenancy_table.h"
#include "base/strings.h"

namespace freehold::api {
namespace {

using schema::Errors;
using schema::Fault;
using schema::Path;

Dimension quota_dimension(std::string_view resource) {
  if (resource == "memory") return Dimension::bytes;
  if (resource == "power") return Dimension::power;
  if (resource == "money") return Dimension::money_per_hour;
  return Dimension::number;
}

void check_quota(const schema::Map<Quantity>& quota, const Path& at, Errors& errors) {
  for (const auto& [resource, most] : quota) {
    if (!is_quota_resource(resource)) continue;  // the table has said so
    const Dimension dimension = quota_dimension(resource);
    if (most.is_set() && most.dimension() == dimension) continue;
    const Fault fault = most.is_set() ? Fault::invalid : Fault::required;
    errors.add(fault, at.key(resource),
               "is counted in " + std::string(dimension_name(dimension)) + ", such as " +
                   std::string(dimension_example(dimension)));
  }
}

std::string rules_text(const Role& role) {
  std::string out;
  for (const RoleRule& rule : role.spec.rules) {
    if (!out.empty()) out += "; ";
    out += join(rule.verbs, ",") + ' ' + join(rule.resources, ",");
  }
  return or_none(out);
}

std::string subjects_text(const RoleBinding& binding) {
  std::string out;
  for (const Subject& subject : binding.spec.subjects) {
    if (!out.empty()) out += ", ";
    out += enum_text(subject.kind) + '/' + subject.name;
  }
  return or_none(out);
}

std::string scope_text(const RoleBinding& binding) {
  const BindingScope& scope = binding.spec.scope;
  if (scope.fleet) return "fleet";
  if (!scope.tenant.empty()) return "tenant/" + scope.tenant;
  return "namespace/" + scope.ns;
}

// "cpu 12/64, gpu 3/8": used of quota, in the order of the names.
std::string quota_text(const Tenant& tenant) {
  std::string out;
  for (const auto& [resource, most] : tenant.spec.quota) {
    if (!out.empty()) out += ", ";
    const auto used = tenant.status.used.find(resource);
    const bool known = used != tenant.status.used.end() && used->second.is_set();
    out += resource + ' ' + (known ? used->second.text() : "0") + '/' + most.text();
  }
  return or_none(out);
}

}  // namespace

void check_tenant_spec(const TenantSpec& spec, const Path& at, Errors& errors) {
  if (spec.isolation > Isolation::l1)
    errors.add(Fault::not_supported, at / "isolation",
               enum_text(spec.isolation) + " is not honoured yet; use L0 or L1");
  check_quota(spec.quota, at / "quota", errors);
}

void check_tenant(const Tenant& tenant, const Path& at, Errors& errors) {
  check_label_name(tenant.metadata, at, errors);
  if (!tenant.metadata.name.empty() && tenant.spec.parent == tenant.metadata.name)
    errors.add(Fault::invalid, at / "spec" / "parent", "a tenant is not its own parent");
}

namespace {

bool has_group(const RoleRule& rule, std::string_view group) {
  return std::ranges::any_of(rule.groups,
                             [&](const std::string& g) { return g == "*" || g == group; });
}

// Why "contracts/log" of a rule would grant nothing; empty: it does.
std::string fault_of_resource(const RoleRule& rule, std::string_view resource) {
  const size_t slash = std::min(resource.find('/'), resource.size());
  const std::string_view plural = resource.substr(0, slash);
  const std::string_view part = resource.substr(std::min(slash + 1, resource.size()));
  const std::string quoted = "\"" + std::string(plural) + "\"";
  if (!part.empty() && (plural == "*" || part == "*"))
    return "\"" + std::string(resource) + "\" is not honoured; name each part, or use * for all";
  const Kind* named = nullptr;
  bool grants = false;
  for (const Kind* kind : kinds()) {
    if (plural != "*" && plural != kind->plural) continue;
    named = kind;
    grants |= has_group(rule, kind->group) && kind->has_part(part);
  }
  if (grants) return {};
  if (named == nullptr) {
    const Kind* meant = find_by_any_name(plural);
    return quoted + " is no kind's plural name" +
           (meant == nullptr ? "" : "; use " + std::string(meant->plural));
  }
  if (plural != "*" && !has_group(rule, named->group))
    return quoted + " is of group \"" + std::string(named->group) + "\", which `groups` lacks";
  return quoted + " has no part \"" + std::string(part) + "\"";
}

}  // namespace

// A name with a typing error would grant nothing and say nothing.
void check_rule(const RoleRule& rule, const Path& at, Errors& errors) {
  const Path groups = at / "groups", resources = at / "resources";
  for (size_t i = 0; i < rule.groups.size(); ++i)
    if (rule.groups[i] != "*" &&
        std::ranges::none_of(kinds(), [&](const Kind* k) { return k->group == rule.groups[i]; }))
      errors.add(
          Fault::invalid, groups[i],
          "\"" + rule.groups[i] + "\" is not served; use freehold.dev, or \"\" for the core");
  for (size_t i = 0; i < rule.resources.size(); ++i)
    if (std::string fault = fault_of_resource(rule, rule.resources[i]); !fault.empty())
      errors.add(Fault::invalid, resources[i], std::move(fault));
}

void check_subject(const Subject& subject, const Path& at, Errors& errors) {
  // It could not authenticate: rights for it would be given to nobody.
  if (subject.kind == SubjectKind::service_account)
    errors.add(Fault::not_supported, at / "kind",
               "ServiceAccounts have no credentials yet; bind a User, with a certificate of "
               "`freehold kubeconfig`");
  if (subject.kind != SubjectKind::service_account && !subject.ns.empty())
    errors.add(Fault::invalid, at / "namespace", "only a ServiceAccount has a namespace");
}

void check_scope(const BindingScope& scope, const Path& at, Errors& errors) {
  const int given = int{scope.fleet} + int{!scope.tenant.empty()} + int{!scope.ns.empty()};
  if (given != 1)
    errors.add(Fault::invalid, at, "state exactly one of fleet, tenant and namespace");
}

template <>
Kind row<Tenant>() {
  Kind kind = plain_kind<Tenant>({"tenants", "tenant", "TenantList", {"tn"}}, Scope::cluster);
  kind.columns = {
      column<Tenant, [](const Tenant& t, Time) { return or_none(t.spec.parent); }>(
          "Parent", "string", "Tenant above."),
      column<Tenant, [](const Tenant& t, Time) { return enum_text(t.spec.isolation); }>(
          "Isolation", "string", "Least isolation of its work."),
      column<Tenant, [](const Tenant& t, Time) { return quota_text(t); }>(
          "Used/Quota", "string", "What it holds of what it may hold."),
  };
  kind.selectable = {"spec.parent"};
  return kind;
}
template const Kind& kind_of<Tenant>();

template <>
Kind row<Role>() {
  Kind kind = plain_kind<Role>({"roles", "role", "RoleList"}, Scope::cluster);
  kind.columns = {column<Role, [](const Role& r, Time) { return rules_text(r); }>(
      "Allows", "string", "Verbs and the kinds that they are allowed on.")};
  return kind;
}
template const Kind& kind_of<Role>();

template <>
Kind row<RoleBinding>() {
  Kind kind =
      plain_kind<RoleBinding>({"rolebindings", "rolebinding", "RoleBindingList"}, Scope::cluster);
  kind.columns = {
      column<RoleBinding, [](const RoleBinding& b, Time) { return or_none(b.spec.role); }>(
          "Role", "string", "Role that is given."),
      column<RoleBinding, [](const RoleBinding& b, Time) { return subjects_text(b); }>(
          "Subjects", "string", "Who has it."),
      column<RoleBinding, [](const RoleBinding& b, Time) { return scope_text(b); }>(
          "Scope", "string", "Where it holds."),
  };
  kind.selectable = {"spec.role"};
  return kind;
}
template const Kind& kind_of<RoleBinding>();

}  // namespace freehold::api
