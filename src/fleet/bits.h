// Bits: a set of small numbers (logical CPUs, devices) as a bit mask that grows as needed. A value
// type; two sets are equal when they hold the same numbers, however they grew. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace freehold::fleet {

class Bits {
 public:
  Bits() = default;
  static Bits of(const std::vector<uint32_t>& numbers);
  // From a list such as "0-3,8". A text that is none gives an empty set: validation refuses it
  // earlier.
  static Bits of_list(std::string_view list);
  std::string to_list() const;

  bool has(size_t number) const;
  void add(size_t number);
  void remove(size_t number);
  bool empty() const { return words_.empty(); }
  size_t count() const;
  size_t count_common(const Bits& other) const;  // of the intersection, without making it
  bool overlaps(const Bits& other) const;
  bool contains(const Bits& other) const;
  size_t first() const;                   // the smallest number; CHECKs that there is one
  std::vector<uint32_t> numbers() const;  // ascending
  uint64_t hash() const;

  Bits& operator|=(const Bits& other);
  Bits& operator&=(const Bits& other);
  Bits& operator-=(const Bits& other);
  friend Bits operator|(Bits a, const Bits& b) { return a |= b; }
  friend Bits operator&(Bits a, const Bits& b) { return a &= b; }
  friend Bits operator-(Bits a, const Bits& b) { return a -= b; }
  bool operator==(const Bits&) const = default;

  // Calls with each number, ascending.
  template <class F>
  void each(F&& f) const {
    for (size_t w = 0; w < words_.size(); ++w)
      for (uint64_t rest = words_[w]; rest != 0; rest &= rest - 1)
        f(static_cast<uint32_t>(w * 64 + static_cast<size_t>(__builtin_ctzll(rest))));
  }

 private:
  void trim();
  std::vector<uint64_t> words_;  // the last one is never zero
};

}  // namespace freehold::fleet
