// Room: how much of everything is free in a machine, by memory node and kind of device. Which CPUs
// and devices those are does not matter to whether something fits, so nodes of one interior with
// equal rooms are alike to placement. A value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "fleet/bits.h"
#include "fleet/interior.h"

namespace freehold::fleet {

class Room {
 public:
  Room() = default;
  // `memory` has bytes per cell; what is below 0 counts as none. `power_mw` is -1 when unknown.
  Room(const Interior& interior, const Bits& cpus, const std::vector<int64_t>& memory,
       const Bits& devices, int64_t power_mw);

  size_t cells() const { return cells_; }
  size_t kinds() const { return kinds_; }
  int64_t cpus(size_t cell) const { return counts_[cell]; }
  // That may be allocated as main memory: none in the memory of an accelerator.
  int64_t memory(size_t cell) const { return counts_[cells_ + cell]; }
  int64_t devices(size_t kind) const { return counts_[2 * cells_ + kind]; }
  int64_t power_mw() const { return power_mw_; }
  int64_t all_cpus() const;
  int64_t all_memory() const;

  uint64_t hash() const { return hash_; }
  bool operator==(const Room&) const = default;

 private:
  std::vector<int64_t> counts_;
  size_t cells_ = 0, kinds_ = 0;
  int64_t power_mw_ = -1;
  uint64_t hash_ = 0;
};

}  // namespace freehold::fleet
