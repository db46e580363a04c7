// What the agent remembers of an instance, as text on its disk. Plain data and its two directions;
// no I/O.
#pragma once

#include <string>
#include <string_view>

#include "agent/instance.h"
#include "api/workload.h"
#include "base/result.h"
#include "json/value.h"

namespace freehold::agent {

struct Remembered {
  api::Instance instance;  // as the control plane last said; without status
  Memory memory;
};

std::string print_remembered(const Remembered& remembered);
// Errors: `internal` for what cannot be read.
Result<Remembered> parse_remembered(std::string_view text);

// Of what only ever grows, and begins anew with each control group; the rest is that of the first.
api::Usage plus(api::Usage now, const api::Usage& earlier);
api::Usage less(api::Usage all, const api::Usage& part);  // not below zero
api::Usage larger(api::Usage a, const api::Usage& b);

// The parts of a status that the memory holds.
void fill_status(const Memory& memory, api::InstanceStatus& status);

}  // namespace freehold::agent
