#include "control/tenant/user_id.h"

#include <algorithm>
#include <set>
#include <string>

#include "api/core.h"
#include "api/user_id.h"
#include "api/workload.h"

namespace freehold::control {

namespace {

std::optional<int64_t> said(const api::ObjectMeta& meta, std::string_view annotation) {
  const auto it = meta.annotations.find(annotation);
  return it == meta.annotations.end() ? std::nullopt : api::parse_tenant_user_id(it->second);
}

}  // namespace

std::optional<int64_t> user_id_of(const ledger::View& view, std::string_view tenant) {
  const auto* t = view.get<api::Tenant>({}, tenant);
  if (t == nullptr) return std::nullopt;
  const auto id = said(t->metadata, user_id_annotation);
  if (!id) return std::nullopt;
  for (const api::Tenant* other : view.all<api::Tenant>())
    if (other != t && other->metadata.uid < t->metadata.uid &&
        said(other->metadata, user_id_annotation) == id)
      return std::nullopt;
  return id;
}

bool is_in_use(const ledger::View& view, const api::Tenant& tenant, int64_t id) {
  const auto instances = view.all<api::Instance>();
  return std::any_of(instances.begin(), instances.end(), [&](const api::Instance* i) {
    return i->spec.user_id == id && i->spec.tenant != tenant.metadata.name;
  });
}

int64_t free_user_id(const ledger::View& view, const api::Tenant& tenant) {
  int64_t id = api::first_tenant_user_id;
  if (const auto* ns = view.get<api::Namespace>({}, system_namespace))
    id = said(ns->metadata, next_user_id_annotation).value_or(id);
  std::set<int64_t> others;
  for (const api::Tenant* other : view.all<api::Tenant>())
    if (other->metadata.name != tenant.metadata.name)
      others.insert(said(other->metadata, user_id_annotation).value_or(0));
  for (const api::Instance* i : view.all<api::Instance>()) {
    if (!api::is_tenant_user_id(i->spec.user_id)) continue;
    if (i->spec.tenant != tenant.metadata.name)
      others.insert(i->spec.user_id);
    else if (!others.contains(i->spec.user_id) && !is_in_use(view, tenant, i->spec.user_id))
      return i->spec.user_id;
  }
  while (others.contains(id)) ++id;
  return id;
}

}  // namespace freehold::control
