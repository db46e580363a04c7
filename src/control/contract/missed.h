// Missed time: when promises of a contract were missed, and which of them, so that a credit pays no
// second twice, whichever promises earn one in the end. Pure functions over `status.missed`.
#pragma once

#include <cstddef>
#include <functional>

#include "api/contract.h"

namespace freehold::control {

// What the agent itself measured, its conditions too: a credit never rests on the workload's word.
bool may_earn_credit(const api::Guarantee& guarantee);

// Promise number `promise` was missed from `from` on for `time`.
void add_missed(api::Missed& missed, size_t promise, Time from, Duration time);

// Sums up the spans over which no window will lie any more, so that what is kept stays small. True
// when there were some.
bool sum_missed(const api::ContractSpec& spec, api::ContractStatus& status);

// For how long at least one of the promises that `counts` says yes to was missed.
Duration time_missed(const api::Missed& missed, const std::function<bool(size_t promise)>& counts);

}  // namespace freehold::control
