// Whether a contract may be offered anything at all: its tenant, isolation, priority and quota;
// and, once a placement has a price, whether that can be counted and is within the quota of money.
// Pure, and the same for the controller, a quote and a plan. Not placement: that is place/.
#pragma once

#include <string>
#include <vector>

#include "api/contract.h"
#include "control/contract/price.h"
#include "ledger/ledger.h"

namespace freehold::control {

// Objects of one set with the contract, that are not there yet.
using Brought = std::vector<const api::Object*>;

struct Admission {
  std::string reason;   // for a condition: NoTenant, Isolation, NoPriorityClass, QuotaExceeded …
  std::string message;  // why not, for people; empty when it may
  std::string tenant;
  bool ok() const { return message.empty(); }
};

// The first question alone: whether the namespace has a tenant, and it exists.
Admission tenant_admission(const ledger::Ledger& ledger, const ledger::View& view,
                           const std::string& ns, const Brought& brought = {});
Admission admission_of(const ledger::Ledger& ledger, const ledger::View& view,
                       const api::Contract& contract, const Brought& brought = {});

// Of a contract that was admitted, at the price of a placement.
Admission admission_at_price(const ledger::Ledger& ledger, const ledger::View& view,
                             const api::Contract& contract, const PriceQuote& quote,
                             const Brought& brought = {});

// As the answer to a quote.
api::Refusal refusal_of(const Admission& admission);

}  // namespace freehold::control
