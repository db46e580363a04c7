// What members took that are gone, or on their way out: it stands in the contract's status, and
// counts once, however long they stay listed, such as when their machine is gone. Private to
// control/contract.
#pragma once

#include <string_view>

#include "control/contract/work.h"

namespace freehold::control {

// Of an instance whose usage the contract has, or that counts for nothing. Whoever may write
// instances is trusted with it.
inline constexpr std::string_view counted_annotation = "freehold.dev/counted";
inline bool is_counted(const api::Instance& instance) {
  return instance.metadata.annotations.contains(counted_annotation);
}

// Adds what a member took to what its contract took before; of one that has not ended, what it
// takes until then is not told.
void add_past(Work& w, const api::Instance& gone);
// Of members that somebody else deletes, before their objects are gone. True: there were some, and
// the plan changes them; a second change of them in the same plan would undo that.
bool add_deleted(Work& w);
// Takes a member away; the statement does not look at it any more.
void retire(Work& w, const api::Instance& old);

}  // namespace freehold::control
