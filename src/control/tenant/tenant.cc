#include "control/tenant/tenant.h"

#include <set>

#include "api/contract.h"
#include "base/strings.h"
#include "control/contract/work.h"
#include "control/tenant/quota.h"

namespace freehold::control {

namespace {

// Far above the ids that distributions, people and container engines use.
constexpr int64_t first_user_id = 2'000'000;

int64_t free_user_id(const ledger::View& view) {
  std::set<int64_t> taken;
  for (const api::Tenant* t : view.all<api::Tenant>()) {
    const auto it = t->metadata.annotations.find(user_id_annotation);
    if (it != t->metadata.annotations.end()) taken.insert(parse_int(it->second).value_or(0));
  }
  int64_t id = first_user_id;
  while (taken.contains(id)) ++id;
  return id;
}

}  // namespace

std::vector<std::string> TenantController::keys_for(const ledger::Record& record, bool,
                                                    const ledger::View& view) const {
  if (record.object.as<api::Tenant>()) return {record.object.key()};
  std::vector<std::string> keys;
  if (record.object.as<api::Contract>())
    for (const api::Tenant* t : view.all<api::Tenant>())
      keys.push_back(api::kind_of<api::Tenant>().key({}, t->metadata.name));
  return keys;
}

Plan TenantController::plan(std::string_view key, const Input& in) const {
  const auto* tenant = find<api::Tenant>(in.view, key);
  if (tenant == nullptr || tenant->metadata.deletion_timestamp.is_set()) return {};
  api::Tenant next = *tenant;
  auto& user_id = next.metadata.annotations[std::string(user_id_annotation)];
  // Written by hand, an id may be another's: then the younger tenant gets a new one.
  for (const api::Tenant* other : in.view.all<api::Tenant>()) {
    const auto it = other->metadata.annotations.find(user_id_annotation);
    if (other != tenant && it != other->metadata.annotations.end() && it->second == user_id &&
        other->metadata.uid < tenant->metadata.uid)
      user_id.clear();
  }
  if (user_id.empty()) user_id = std::to_string(free_user_id(in.view));
  next.status.used = usage_of(in.view, tenant->metadata.name);
  api::set_condition(next.status.conditions, "Ready", api::ConditionStatus::true_, "UserIdAssigned",
                     "its work runs as user id " + user_id, tenant->metadata.generation, in.now);
  Plan plan;
  if (schema::print(next) != schema::print(*tenant))
    plan.update(api::Object::of(std::move(next)), revision_of(tenant->metadata));
  return plan;
}

}  // namespace freehold::control
