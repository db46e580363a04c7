// The one generator of chance: splitmix64, seeded, so that a run repeats bit for bit. Not for
// secrets: keys and tokens come from OpenSSL behind the http door.
#pragma once

#include <cstdint>

namespace freehold {

class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t next() {
    uint64_t z = (state_ += 0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }
  int64_t in(int64_t low, int64_t high) {  // both ends included; low <= high
    // Unsigned, because the whole int64 range has more numbers than int64 can count.
    const uint64_t count = static_cast<uint64_t>(high) - static_cast<uint64_t>(low) + 1;
    const uint64_t offset = count == 0 ? next() : next() % count;
    return static_cast<int64_t>(static_cast<uint64_t>(low) + offset);
  }
  bool percent(int chance) { return in(0, 99) < chance; }

 private:
  uint64_t state_;
};

}  // namespace freehold
