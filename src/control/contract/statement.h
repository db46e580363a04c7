// The final statement of a contract: what it ran, what was kept, what is due. Pure: settling
// gathers the facts, and tests make them up.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "api/contract.h"
#include "api/workload.h"
#include "control/contract/price.h"

namespace freehold::control {

struct Settlement {
  const api::Contract& contract;
  std::vector<const api::Instance*> instances;
  std::vector<api::AllocatedMember> members;             // for their power where none is measured
  std::function<std::string(std::string_view)> site_of;  // by node; empty: not known
  Time released;                                         // what ran after the term is not charged
  Duration uncharged;  // of its time: not known, or without hardware
};

// When it became active. Work that is its own acceptance run, and has proven nothing yet, has had
// its hardware since it started. `until` when neither is so.
Time charged_from(const api::Contract& contract, const std::vector<const api::Instance*>& instances,
                  Time until);

// The term's end, should the work have run on because nobody was there to end it.
Time charged_until(const api::Contract& contract, Time released);

api::Statement make_statement(const Settlement& of);

}  // namespace freehold::control
