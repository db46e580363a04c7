// Overhead: what a site draws beyond its machines, as its `pue` says. Machines are the only
// consumers that a power tree knows, so watts count `pue` times where they come to a utility or a
// generator of the site, and once from there on. What supplies one of these counts what comes to it
// past them as the sources further up do; any other UPS, busway or PDU carries what hangs on it and
// no more. That is so always: cooling that is in the tree, with a meter, counts on top. The survey
// and the ledger both count like that. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "fleet/facility/estate.h"

namespace freehold::fleet::facility {

// Thousandths, 1000 to 10,000; 1000 where nobody says, and for what is no utility and no generator.
int64_t pue_milli_of(const api::Site& site);
int64_t pue_milli_of(const api::PowerDomain& domain, const Estate& estate);
// " with the PUE 1.25 of its site"; empty for 1000.
std::string with_pue_text(int64_t pue_milli);

}  // namespace freehold::fleet::facility
