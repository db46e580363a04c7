// Whether a contract may be offered anything at all: its tenant, isolation, priority and quota;
// and, once a placement has a price, whether that can be counted and is within the quota of money.
// Pure. Not placement: that is place/.
#pragma once

#include <string>
#include <string_view>

#include "api/contract.h"
#include "control/contract/price.h"
#include "ledger/view.h"

namespace freehold::control {

struct Admission {
  std::string reason;   // for a condition: NoTenant, Isolation, NoPriorityClass, QuotaExceeded …
  std::string message;  // why not, for people; empty when it may
  std::string tenant;
  bool ok() const { return message.empty(); }
};

// Of a namespace; empty when it has none.
std::string tenant_of(const ledger::View& view, std::string_view ns);

// The first question alone: whether the namespace has a tenant, and it exists.
Admission tenant_admission(const ledger::View& view, const std::string& ns);
Admission admission_of(const ledger::View& view, const api::Contract& contract);

// Of a contract that was admitted, at the price of a placement.
Admission admission_at_price(const ledger::View& view, const api::Contract& contract,
                             const PriceQuote& quote);

// As a refusal.
api::Refusal refusal_of(const Admission& admission);

}  // namespace freehold::control
