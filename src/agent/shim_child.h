// How a process of a tenant is born: joins its control group, gives up every privilege, and becomes
// the program. Called in a forked child or in a process made for it. Only async-signal-unsafe in
// that it allocates: the shim has one thread.
#pragma once

#include <cstdint>
#include <string>

#include "agent/shim_spec.h"

namespace freehold::agent {

// Why a program did not start: for want of what the machine gives, or by what the workload asks
// for, such as a command that does not exist.
enum class Cause : uint8_t { machine, workload };
struct NotStarted {
  Cause cause = Cause::machine;
  std::string message{};
};

// Returns only when it failed, with the reason; then the process is good for nothing but to say so
// and exit. 0, 1 and 2 stay as they are, all other descriptors are closed when the program starts.
// `parent`: dies with it; 0: not.
NotStarted become(const ShimSpec& spec, int parent);

// Closes everything from `first` on.
void close_from(int first);

}  // namespace freehold::agent
