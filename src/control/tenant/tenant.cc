#include "control/tenant/tenant.h"

#include <algorithm>

#include "api/contract.h"
#include "api/core.h"
#include "api/user_id.h"
#include "api/workload.h"
#include "base/strings.h"
#include "control/tenant/quota.h"
#include "control/tenant/user_id.h"

namespace freehold::control {

namespace {

constexpr Duration look_for_rest = seconds(30);
constexpr size_t named = 8;
constexpr std::string_view in_tree = "InTree";  // said only where it is false

// The next id that nobody has had. Written in the commit that gives out `id`.
void pass_over(Plan& plan, const ledger::View& view, int64_t id) {
  const auto* ns = view.get<api::Namespace>({}, system_namespace);
  if (ns == nullptr) return;
  api::Namespace next = *ns;
  auto& mark = next.metadata.annotations[std::string(next_user_id_annotation)];
  if (const auto had = api::parse_tenant_user_id(mark); had && *had > id) return;
  mark = std::to_string(id + 1);
  plan.update(api::Object::of(std::move(next)), revision_of(ns->metadata));
}

// What is still there of a tenant: its namespaces, and its instances wherever they are.
std::vector<std::string> rest_of(const ledger::View& view, std::string_view tenant) {
  std::vector<std::string> rest;
  for (const api::Namespace* ns : view.all<api::Namespace>()) {
    const auto it = ns->metadata.labels.find(api::tenant_label);
    if (it != ns->metadata.labels.end() && it->second == tenant)
      rest.push_back("namespace " + ns->metadata.name);
  }
  for (const api::Instance* i : view.all<api::Instance>())
    if (i->spec.tenant == tenant)
      rest.push_back("instance " + i->metadata.ns + "/" + i->metadata.name);
  return rest;
}

// The tenants above that are their own ancestors, from the first of them on; empty: none are.
std::vector<std::string> circle_above(const ledger::View& view, const api::Tenant& tenant) {
  const auto lineage = lineage_of(view, tenant);
  const std::string& last = lineage.back()->spec.parent;
  auto at = std::ranges::find_if(lineage, [&](auto* t) { return t->metadata.name == last; });
  std::vector<std::string> names;
  for (; at != lineage.end(); ++at) names.push_back((*at)->metadata.name);
  return names;
}

// Quota of tenants that are each other's parents is counted once for each, and none is above.
void tell_circle(api::Tenant& tenant, const ledger::View& view, Time now) {
  auto& conditions = tenant.status.conditions;
  auto circle = circle_above(view, tenant);
  if (circle.empty()) {
    std::erase_if(conditions, [](const api::Condition& c) { return c.type == in_tree; });
    return;
  }
  circle.push_back(circle.front());
  const size_t more = circle.size() > named ? circle.size() - named : 0;
  circle.resize(circle.size() - more);
  api::set_condition(conditions, in_tree, api::ConditionStatus::false_, "ParentsInCircle",
                     "spec.parent leads in a circle: " + join(circle, ", ") +
                         (more > 0 ? " and " + std::to_string(more) + " more" : "") +
                         "; give one of them another parent, or none",
                     tenant.metadata.generation, now);
}

Plan let_go(const api::Tenant& tenant, const Input& in) {
  Plan plan;
  api::Tenant next = tenant;
  auto rest = rest_of(in.view, tenant.metadata.name);
  if (rest.empty()) {
    std::erase(next.metadata.finalizers, tenant_finalizer);
  } else {
    const size_t more = rest.size() > named ? rest.size() - named : 0;
    rest.resize(rest.size() - more);
    api::set_condition(next.status.conditions, "Ready", api::ConditionStatus::false_, "Ending",
                       "delete what is left of it: " + join(rest, ", ") +
                           (more > 0 ? " and " + std::to_string(more) + " more" : ""),
                       tenant.metadata.generation, in.now);
    plan.look_again(look_for_rest);
  }
  if (schema::print(next) != schema::print(tenant))
    plan.update(api::Object::of(std::move(next)), revision_of(tenant.metadata));
  return plan;
}

}  // namespace

std::vector<std::string> TenantController::keys_for(const ledger::Record& record, bool gone,
                                                    const ledger::View& view) const {
  const auto& kind = api::kind_of<api::Tenant>();
  if (const auto* tenant = record.object.as<api::Tenant>()) {
    std::vector<std::string> keys{record.object.key()};
    // Who is in a circle since, and who was.
    if (!gone)
      for (const std::string& name : circle_above(view, *tenant))
        keys.push_back(kind.key({}, name));
    for (const api::Tenant* t : view.all<api::Tenant>())
      if (api::find_condition(t->status.conditions, in_tree) != nullptr)
        keys.push_back(kind.key({}, t->metadata.name));
    return keys;
  }
  if (record.object.as<api::Namespace>()) {
    const auto it = record.object.meta().labels.find(api::tenant_label);
    if (!gone || it == record.object.meta().labels.end()) return {};
    return {kind.key({}, it->second)};
  }
  if (const auto* i = record.object.as<api::Instance>()) {
    if (!gone) return {};
    return {kind.key({}, i->spec.tenant)};
  }
  std::vector<std::string> keys;
  if (record.object.as<api::Contract>())
    for (const api::Tenant* t : view.all<api::Tenant>())
      keys.push_back(kind.key({}, t->metadata.name));
  return keys;
}

Plan TenantController::plan(std::string_view key, const Input& in) const {
  const auto* tenant = find<api::Tenant>(in.view, key);
  if (tenant == nullptr) return {};
  if (tenant->metadata.deletion_timestamp.is_set()) return let_go(*tenant, in);
  Plan plan;
  api::Tenant next = *tenant;
  auto& annotation = next.metadata.annotations[std::string(user_id_annotation)];
  const auto says = [](const std::string& id) { return "its work runs as user id " + id; };
  auto id = user_id_of(in.view, tenant->metadata.name);
  // Once it is said, it has been looked at.
  const auto* ready = api::find_condition(tenant->status.conditions, "Ready");
  const bool is_news = ready == nullptr || ready->message != says(annotation);
  if (id && is_news && is_in_use(in.view, *tenant, *id)) id.reset();
  if (!id) {
    id = free_user_id(in.view, *tenant);
    if (!api::is_tenant_user_id(*id)) return {};  // none is left
    if (!annotation.empty())
      plan.notes.push_back({api::Object::of(*tenant), "Warning", "UserIdReplaced",
                            "metadata.annotations[" + std::string(user_id_annotation) + "]: \"" +
                                annotation.substr(0, 64) +
                                "\" is another's, or none that tenants may have; it is " +
                                std::to_string(*id) + " now"});
    annotation = std::to_string(*id);
  }
  if (is_news) pass_over(plan, in.view, *id);
  next.status.used = usage_of(in.view, tenant->metadata.name);
  api::set_condition(next.status.conditions, "Ready", api::ConditionStatus::true_, "UserIdAssigned",
                     says(annotation), tenant->metadata.generation, in.now);
  tell_circle(next, in.view, in.now);
  if (schema::print(next) != schema::print(*tenant))
    plan.update(api::Object::of(std::move(next)), revision_of(tenant->metadata));
  return plan;
}

}  // namespace freehold::control
