// What is heard of a contract's machines, and the time that is not charged: in which nobody knows
// what was delivered because they were silent, or in which it held none. Private to
// control/contract.
#pragma once

#include <vector>

#include "control/contract/assess.h"
#include "control/contract/work.h"

namespace freehold::control {

MemberView member_view(const Work& work, const api::Instance& instance);

// Begins or ends a stretch of time that is not charged, once it has been active: the condition
// Heard says since when, `status.uncharged` keeps those that are over.
void note_uncharged(Work& work);

// All of it, up to `until`, with the stretch that has not ended.
Duration uncharged_until(const api::ContractStatus& status, Time until);

}  // namespace freehold::control
