// What a tenant's contracts take, and whether one more would be too much. Pure. Resources are cpu,
// memory, power, money (per hour) and device classes; the tenants above count what those below them
// take.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "api/contract.h"
#include "api/tenancy.h"
#include "ledger/view.h"

namespace freehold::control {

using Usage = schema::Map<Quantity>;

inline constexpr std::string_view money_resource = "money";

// What a contract takes, all members together: whole CPUs, as they are given. Not its price, which
// the placement decides.
Usage request_of(const api::ContractSpec& spec);
void add_usage(Usage& sum, const Usage& more);

// What the tenant and those below it hold: contracts that are offered or further, and not settled.
Usage usage_of(const ledger::View& view, std::string_view tenant);

// The tenant and those above it, each once: where parents go in a circle it ends before the first
// that is there already.
std::vector<const api::Tenant*> lineage_of(const ledger::View& view, const api::Tenant& tenant);

// Those of its lineage that have a quota.
std::vector<const api::Tenant*> quota_chain(const ledger::View& view, const api::Tenant& tenant);

// Empty, or the sentence that says which quota `contract` would exceed at its tenant or above. What
// it holds already does not count twice.
std::string quota_exceeded(const ledger::View& view, const api::Tenant& tenant,
                           const api::Contract& contract);

// The same of money, once a placement has a price; `per_hour` is unset when it has none.
std::string money_exceeded(const ledger::View& view, const api::Tenant& tenant,
                           const api::Contract& contract, const Quantity& per_hour);

}  // namespace freehold::control
