// For how long a contract's machines were not heard of while it was to run. Of that time nobody
// knows what was delivered, so it is not charged. Private to control/contract.
#pragma once

#include "control/contract/work.h"

namespace freehold::control {

// Begins or ends a stretch of silence: the condition Heard says since when, the offer keeps the sum
// of those that are over.
void note_silence(Work& work);

// All of it, up to `until`, with the stretch that has not ended.
Duration unheard_until(const Work& work, Time until);

// Other hardware under the same contract goes on from what was counted.
void keep_unheard(const api::Offer& from, api::Offer& to);

}  // namespace freehold::control
