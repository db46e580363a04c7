// What a placement costs per hour, and what energy costs, by the price books in force. Integer
// minor units throughout: sums are exact.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/contract.h"
#include "fleet/fleet.h"
#include "ledger/view.h"

namespace freehold::control {

// Wide enough for any product of two amounts.
__extension__ typedef __int128 Wide;

struct PriceQuote {
  Quantity per_hour;                 // unset when no price book covers all of it
  Quantity energy_price;             // per kWh; unset: none known
  std::vector<std::string> missing;  // what no price book covers, for people
};

// Of the members as placed. Of the prices that cover a thing and are valid now, one for its site
// goes before one for all, then one for its model before one for its class, then the first price
// book by name. CPUs are priced per logical CPU, memory per GiB, devices each. Prices of different
// currencies do not add: the second is reported as missing.
PriceQuote price_of(const ledger::View& view, const fleet::Fleet& fleet,
                    const std::vector<api::AllocatedMember>& members, Time now);

// Money for a span at a price per hour, rounded down to the micro unit.
Quantity money_for(const Quantity& per_hour, Duration span);

}  // namespace freehold::control
