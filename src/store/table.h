// Table: the current objects in key order, with ranks. A sorted sequence cut into chunks: lists
// walk contiguous memory, and "how many follow" is a sum over chunk sizes rather than a walk over
// keys. Not thread safe; what it hands out is valid until the next change.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "store/store.h"

namespace freehold::store {

class Table {
 public:
  // A place between entries: the entry at it is the first one not before it.
  struct Place {
    size_t chunk = 0, index = 0;
    bool operator==(const Place&) const = default;
  };

  const Entry* find(std::string_view key) const;  // null: absent
  void put(Entry entry);                          // adds or replaces
  bool erase(std::string_view key);               // false: was absent
  // Replaces everything. False when a key appears twice.
  bool load(std::vector<Entry> entries);

  size_t size() const { return size_; }
  size_t bytes() const { return bytes_; }  // keys and values

  Place first_not_below(std::string_view key) const;
  Place first_above(std::string_view key) const;
  Place end() const { return {chunks_.size(), 0}; }
  const Entry* at(Place place) const;  // null: the end
  Place next(Place place) const;
  size_t rank(Place place) const;                 // how many entries stand before it
  Place skip(Place place, size_t entries) const;  // so many further, at most to the end

 private:
  using Chunk = std::vector<Entry>;
  // Small enough that an insertion moves little, large enough that the directory of a million
  // objects stays in cache.
  static constexpr size_t chunk_entries = 128;

  size_t chunk_of(std::string_view key) const;
  Place normal(Place place) const;
  bool merge_with_next(size_t chunk);

  std::vector<Chunk> chunks_;  // none is empty
  size_t size_ = 0, bytes_ = 0;
};

// The least string above all that begin with `prefix`; empty: there is none.
std::string prefix_end(std::string_view prefix);

}  // namespace freehold::store
