// Hash: a running 64-bit hash for grouping what is alike and for digests of decisions. The same on
// every machine and in every run; not for security, and never the only proof that two things are
// equal.
#pragma once

#include <cstdint>
#include <string_view>

namespace freehold::fleet {

class Hash {
 public:
  explicit Hash(uint64_t seed = 0xcbf29ce484222325) : state_(seed) {}
  Hash& add(uint64_t value) {
    state_ = mix(state_ ^ value);
    return *this;
  }
  Hash& add(int64_t value) { return add(static_cast<uint64_t>(value)); }
  Hash& add(std::string_view text) {
    uint64_t word = 0;
    size_t filled = 0;
    for (const char c : text) {
      word = (word << 8) | static_cast<uint8_t>(c);
      if (++filled % 8 == 0) add(word);
    }
    return add(word).add(
        static_cast<uint64_t>(text.size()));  // the length tells "ab","c" from "a","bc"
  }
  uint64_t value() const { return state_; }

  static uint64_t mix(uint64_t z) {  // splitmix64's finisher
    z += 0x9E3779B97F4A7C15;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }

 private:
  uint64_t state_;
};

}  // namespace freehold::fleet
