#include "control/contract/admission.h"

#include "api/catalog.h"
#include "api/core.h"
#include "api/tenancy.h"
#include "control/tenant/quota.h"

namespace freehold::control {

std::string tenant_of(const ledger::View& view, std::string_view ns) {
  const auto* space = view.get<api::Namespace>({}, ns);
  if (space == nullptr) return {};
  const auto label = space->metadata.labels.find(api::tenant_label);
  return label == space->metadata.labels.end() ? std::string() : label->second;
}

Admission tenant_admission(const ledger::View& view, const std::string& ns) {
  const std::string tenant = tenant_of(view, ns);
  if (tenant.empty())
    return {"NoTenant",
            "namespace \"" + ns + "\" belongs to no tenant; empty it, label it with " +
                std::string(api::tenant_label) + "=<tenant>, and ask again",
            {}};
  if (view.get<api::Tenant>({}, tenant) == nullptr)
    return {"NoTenant", "tenant \"" + tenant + "\" does not exist; create it", tenant};
  return {{}, {}, tenant};
}

Admission admission_of(const ledger::View& view, const api::Contract& contract) {
  const Admission of_tenant = tenant_admission(view, contract.metadata.ns);
  if (!of_tenant.ok()) return of_tenant;
  const std::string& tenant = of_tenant.tenant;
  const auto* t = view.get<api::Tenant>({}, tenant);
  if (t->metadata.deletion_timestamp.is_set())
    return {"TenantEnds", "tenant \"" + tenant + "\" is being deleted", tenant};
  if (t->spec.isolation > contract.spec.isolation)
    return {"Isolation",
            "tenant \"" + tenant +
                "\" demands a higher isolation than the contract; raise spec.isolation",
            tenant};
  const std::string& priority = contract.spec.priority;
  if (!priority.empty() && view.get<api::PriorityClass>({}, priority) == nullptr)
    return {
        "NoPriorityClass",
        "priority class \"" + priority + "\" does not exist; create it or leave out spec.priority",
        tenant};
  return {"QuotaExceeded", quota_exceeded(view, *t, contract), tenant};
}

Admission admission_at_price(const ledger::View& view, const api::Contract& contract,
                             const PriceQuote& quote) {
  const std::string tenant = tenant_of(view, contract.metadata.ns);
  std::string why = why_too_high(quote, contract.spec.term.duration);
  if (!why.empty()) return {"PriceTooHigh", std::move(why), tenant};
  const auto* t = view.get<api::Tenant>({}, tenant);
  if (t == nullptr) return {{}, {}, tenant};
  return {"QuotaExceeded", money_exceeded(view, *t, contract, quote.per_hour), tenant};
}

api::Refusal refusal_of(const Admission& admission) {
  api::Refusal refusal;
  refusal.cls = api::RefusalClass::not_now;
  refusal.message = admission.message;
  return refusal;
}

}  // namespace freehold::control
