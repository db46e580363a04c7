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

// Adds what a member took to what its contract took before.
void add_past(Work& w, const api::Instance& gone);
// Takes a member away; the statement does not look at it any more.
void retire(Work& w, const api::Instance& old);

}  // namespace freehold::control
