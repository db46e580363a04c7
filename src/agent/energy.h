// Energy: what an instance takes of what the machine's meters count. Pure functions.
#pragma once

#include <cstdint>
#include <optional>

#include "api/workload.h"
#include "base/time.h"
#include "discover/machine.h"

namespace freehold::agent {

// What an instance draws: all that its devices do, and of the processors the share of its CPUs.
struct Draw {
  std::optional<int64_t> milliwatts;  // nothing: none of its parts has a meter
  bool is_in_part = false;            // the processors have no meter, or one of its GPUs
};
Draw draw_of(const api::InstanceSpec& spec, const discover::Machine& machine);

// What an instance has taken so far. The agent remembers it.
struct Energy {
  Time until;  // counted up to here; unset: not begun
  int64_t microjoules = 0;
  bool is_known = false, is_in_part = false;
  bool is_lost = false;  // it was not metered for too long to be counted
};

// The time since it was counted last, at this draw: so an agent that starts anew makes up for the
// time in which it was away, unless that was long. The first call begins.
void count(Energy& energy, const Draw& draw, Time until);

// Joules; -1: not known.
int64_t joules(const Energy& energy);

// As it was reported, for an agent that remembers nothing of it.
Energy reported(const api::Usage& usage);

}  // namespace freehold::agent
