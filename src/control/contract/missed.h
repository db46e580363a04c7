// Missed time: when promises of a contract were missed, and which of them, so that a credit pays no
// second twice, whichever promises earn one in the end, and none that is not charged.
// Pure functions over `status.missed`, and over `status.uncharged`, which heard.h writes.
#pragma once

#include <cstddef>
#include <functional>
#include <string_view>
#include <vector>

#include "api/contract.h"

namespace freehold::control {

// What the agent itself measured, its conditions too: a credit never rests on the workload's word,
// and whether it is ready is its own answer.
bool may_earn_credit(const api::Guarantee& guarantee);

// The condition that says since when time is not charged, and since when; unset when it is.
inline constexpr std::string_view heard_condition = "Heard";
Time uncharged_since(const api::ContractStatus& status);

// The parts of a stretch that are within the term, and charged as far as is known: what costs
// nothing earns nothing back.
std::vector<api::Span> charged_parts(const api::ContractStatus& status, api::Span stretch);

// Promise number `promise` was missed from `from` on for `time`.
void add_missed(api::Missed& missed, size_t promise, Time from, Duration time);

// Sums up the spans over which no window will lie any more, so that what is kept stays small. True
// when there were some.
bool sum_missed(const api::ContractSpec& spec, api::ContractStatus& status);

// For how long at least one of the promises that `counts` says yes to was missed.
Duration time_missed(const api::Missed& missed, const std::function<bool(size_t promise)>& counts);

}  // namespace freehold::control
