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
  std::string too_high;              // a sentence when it is more than can be counted
  std::vector<std::string> missing;  // what no price book covers, for people
};

// Of the members as placed. Of the prices that cover a thing and are valid now, one for its site
// goes before one for all, then one for its model before one for its class, then the first price
// book by name. CPUs are priced per logical CPU, memory per GiB, devices each. Prices of different
// currencies do not add: the second is reported as missing.
PriceQuote price_of(const ledger::View& view, const fleet::Fleet& fleet,
                    const std::vector<api::AllocatedMember>& members, Time now);

// What the term costs; unset without a price or a term.
Quantity total_of(const PriceQuote& quote, Duration term);

// A sentence when the price, or the whole term at it, is more than can be counted; else empty. Such
// an offer is not made.
std::string why_too_high(const PriceQuote& quote, Duration term);

// Of a node; empty: not known.
std::string site_of(const fleet::Fleet& fleet, std::string_view node);

// What energy costs at a site: of the price books in force, one for the site goes before one for
// all, then the first by name; without one it is the site's own price.
api::EnergyPrice energy_price_at(const ledger::View& view, const std::string& site, Time now);

// Of which a contract tells energy and its price: as many as the schema takes.
inline constexpr size_t most_energy_sites = 64;

// At the sites of these members, ascending, after those that are agreed on: they stand as they are.
// Members at more sites than are told have no price of energy.
std::vector<api::EnergyPrice> energy_prices_of(const ledger::View& view, const fleet::Fleet& fleet,
                                               const std::vector<api::AllocatedMember>& members,
                                               std::vector<api::EnergyPrice> agreed, Time now);

// Of energy at the machines, with the site's overhead, rounded down to the micro unit.
Quantity cost_of(const api::EnergyPrice& at, int64_t joules);

// The nearest amount that can be counted: sums do not wrap around.
inline constexpr int64_t most_countable = INT64_MAX;
int64_t countable(Wide micro);

// Money for a span at a price per hour, rounded down to the micro unit.
Quantity money_for(const Quantity& per_hour, Duration span);

}  // namespace freehold::control
