#include "fleet/room.h"

#include <algorithm>

#include "fleet/hash.h"

namespace freehold::fleet {

Room::Room(const Interior& interior, const Bits& cpus, const std::vector<int64_t>& memory,
           const Bits& devices, int64_t power_mw)
    : cells_(interior.cells().size()), power_mw_(power_mw) {
  counts_.reserve(2 * cells_ + interior.kinds().size());
  for (const Cell& cell : interior.cells()) {
    counts_.push_back(static_cast<int64_t>(cell.cpus.count_common(cpus)));
    all_cpus_ += counts_.back();
  }
  for (size_t c = 0; c < cells_; ++c) {
    const bool is_main = interior.cells()[c].cls != api::NumaClass::gpu_memory && c < memory.size();
    counts_.push_back(is_main ? std::max<int64_t>(0, memory[c]) : 0);
    all_memory_ += counts_.back();
  }
  for (const DeviceKind& kind : interior.kinds())
    counts_.push_back(static_cast<int64_t>(kind.devices.count_common(devices)));
  Hash h(interior.hash());
  for (const int64_t count : counts_) h.add(count);
  hash_ = h.add(power_mw_).value();
}

}  // namespace freehold::fleet
