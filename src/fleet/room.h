// Room: how much of everything is free in a machine, by memory node and kind of device. Which CPUs
// and devices those are does not matter to whether something fits, so nodes of one interior with
// equal rooms are alike to placement. A value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
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

  std::span<const int64_t> cpus() const { return {counts_.data(), cells_}; }  // per cell
  // Per cell, what may be allocated as main memory: none in the memory of an accelerator.
  std::span<const int64_t> memory() const { return {counts_.data() + cells_, cells_}; }
  std::span<const int64_t> devices() const {  // per kind
    return {counts_.data() + 2 * cells_, counts_.size() - 2 * cells_};
  }
  int64_t power_mw() const { return power_mw_; }
  int64_t all_cpus() const { return all_cpus_; }
  int64_t all_memory() const { return all_memory_; }

  uint64_t hash() const { return hash_; }
  bool operator==(const Room& other) const {
    return hash_ == other.hash_ && power_mw_ == other.power_mw_ && counts_ == other.counts_;
  }

 private:
  std::vector<int64_t> counts_;
  size_t cells_ = 0;
  int64_t power_mw_ = -1, all_cpus_ = 0, all_memory_ = 0;
  uint64_t hash_ = 0;
};

}  // namespace freehold::fleet
