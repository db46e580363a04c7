// Discovery: looks at one machine again and again. Owns the vendors' libraries for as long as it
// lives, reads what cannot change once, and remembers what it has seen: a device keeps its id
// whatever others do, and one that goes away stays in the profile as failed, with its slot, until
// it is forgotten. Used by one thread at a time; a look may take as long as drivers do.
#pragma once

#include <memory>

#include "base/time.h"
#include "discover/machine.h"

namespace freehold::discover {

class Discovery {
 public:
  // `libraries`: null for none, such as below another root. `known`: the profile that an earlier
  // Discovery of this machine gave; empty: none.
  Discovery(Root root, std::unique_ptr<VendorLibraries> libraries,
            api::HardwareProfileSpec known = {});
  ~Discovery();

  // `uptime` on any clock that rises evenly: watts are joules between two looks.
  Result<Machine> look(Duration uptime);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// What was known of a machine, put together with what is seen now; the ids are those that were
// known. Pure. A profile of another product is not of this machine, and counts for nothing.
void remember(const api::HardwareProfileSpec& known, Machine& now);

// What counters tell of the time between two looks. Watts of processors (or of the whole platform,
// where it is counted) into `now.power`, unless a meter of the machine told them; those of devices,
// unless a meter of theirs did; and `now.drawn`. Pure.
void add_counted_power(const std::vector<EnergyCounter>& before, Duration between, Machine& now);

}  // namespace freehold::discover
