// HashIndex: values by 64-bit hashes that are never 0, at most half full, so that a look-up mostly
// touches one line of memory. Filled once, then read. Of two values with one hash the first counts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "base/check.h"
#include "base/large_pages.h"

namespace freehold::fleet {

template <class V>
class HashIndex {
 public:
  explicit HashIndex(size_t most = 0) {
    size_t slots = 2;
    while (slots < 2 * most) slots *= 2;
    slots_.resize(slots);
    left_ = most;
  }
  void add(uint64_t hash, V value) {
    CHECK(hash != 0 && left_ > 0, "an index takes as many as it was made for");
    size_t at = hash & (slots_.size() - 1);
    for (; slots_[at].first != 0; at = (at + 1) & (slots_.size() - 1))
      if (slots_[at].first == hash) return;
    slots_[at] = {hash, std::move(value)};
    --left_;
  }
  const V* find(uint64_t hash) const {
    for (size_t at = hash & (slots_.size() - 1);; at = (at + 1) & (slots_.size() - 1)) {
      if (slots_[at].first == 0) return nullptr;
      if (slots_[at].first == hash) return &slots_[at].second;
    }
  }
  // Has the line of memory fetched that find() will look at, while the caller does something else.
  void prefetch(uint64_t hash) const { __builtin_prefetch(&slots_[hash & (slots_.size() - 1)]); }

 private:
  LargeTable<std::pair<uint64_t, V>> slots_;  // 0: empty
  size_t left_ = 0;
};

}  // namespace freehold::fleet
