// A store in memory. What is durable lives in a MemoryDisk that outlives the store, so that the
// simulation can crash a server and start it again on the same disk, fill the disk, or make it
// slow.
#pragma once

#include <memory>

#include "runtime/runtime.h"
#include "store/store.h"

namespace freehold::store {

// Opaque: the durable image. Faults are set by tests and the simulation.
struct MemoryDisk;
std::shared_ptr<MemoryDisk> make_disk();
struct DiskFaults {
  bool full = false;  // writes are refused
  Duration sync_time =
      microseconds(0);  // between accepting and being durable; commits that wait share one sync
};
void set_faults(MemoryDisk& disk, DiskFaults faults);

// A commit is durable once its sync has ended, whether or not the store still exists to say so:
// destroying the store in between decides by the disk's own `random` argument in crash().
std::unique_ptr<Store> open_memory(Runtime& runtime, std::shared_ptr<MemoryDisk> disk);
// The process dies: what waits for a sync is written or lost as a prefix of the queue; `random`
// picks its length. Not from within a callback of the store.
void crash(MemoryDisk& disk, Random& random);

}  // namespace freehold::store
