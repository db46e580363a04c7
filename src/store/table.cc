#include "store/table.h"

#include <algorithm>

namespace freehold::store {

namespace {

size_t weight(const Entry& entry) {
  return entry.key.size() + (entry.value ? entry.value->size() : 0);
}

bool key_below(const Entry& entry, std::string_view key) { return entry.key < key; }
bool below_key(std::string_view key, const Entry& entry) { return key < entry.key; }

}  // namespace

// The last chunk that begins at or before the key: the only one that can hold it.
size_t Table::chunk_of(std::string_view key) const {
  auto after = std::upper_bound(
      chunks_.begin(), chunks_.end(), key,
      [](std::string_view wanted, const Chunk& chunk) { return wanted < chunk.front().key; });
  return after == chunks_.begin() ? 0 : static_cast<size_t>(after - chunks_.begin()) - 1;
}

Table::Place Table::normal(Place place) const {
  if (place.chunk < chunks_.size() && place.index == chunks_[place.chunk].size())
    return {place.chunk + 1, 0};
  return place;
}

Table::Place Table::first_not_below(std::string_view key) const {
  if (chunks_.empty()) return end();
  const size_t c = chunk_of(key);
  const Chunk& chunk = chunks_[c];
  auto it = std::lower_bound(chunk.begin(), chunk.end(), key, key_below);
  return normal({c, static_cast<size_t>(it - chunk.begin())});
}

Table::Place Table::first_above(std::string_view key) const {
  if (chunks_.empty()) return end();
  const size_t c = chunk_of(key);
  const Chunk& chunk = chunks_[c];
  auto it = std::upper_bound(chunk.begin(), chunk.end(), key, below_key);
  return normal({c, static_cast<size_t>(it - chunk.begin())});
}

const Entry* Table::at(Place place) const {
  return place.chunk < chunks_.size() ? &chunks_[place.chunk][place.index] : nullptr;
}

Table::Place Table::next(Place place) const { return normal({place.chunk, place.index + 1}); }

Table::Place Table::skip(Place place, size_t entries) const {
  while (place.chunk < chunks_.size() && entries >= chunks_[place.chunk].size() - place.index) {
    entries -= chunks_[place.chunk].size() - place.index;
    place = {place.chunk + 1, 0};
  }
  return place.chunk < chunks_.size() ? Place{place.chunk, place.index + entries} : end();
}

size_t Table::rank(Place place) const {
  size_t before = place.index;
  for (size_t c = 0; c < place.chunk; ++c) before += chunks_[c].size();
  return before;
}

const Entry* Table::find(std::string_view key) const {
  const Entry* entry = at(first_not_below(key));
  return entry != nullptr && entry->key == key ? entry : nullptr;
}

void Table::put(Entry entry) {
  bytes_ += weight(entry);
  const size_t c = chunks_.empty() ? 0 : chunk_of(entry.key);
  if (chunks_.empty()) chunks_.emplace_back().reserve(chunk_entries);
  Chunk& chunk = chunks_[c];
  auto it = std::lower_bound(chunk.begin(), chunk.end(), entry.key, key_below);
  if (it != chunk.end() && it->key == entry.key) {
    bytes_ -= weight(*it);
    *it = std::move(entry);
    return;
  }
  ++size_;
  if (chunk.size() < chunk_entries) {
    chunk.insert(it, std::move(entry));
    return;
  }
  Chunk right;
  right.reserve(chunk_entries);
  // Keys that arrive in order fill their chunks: only an insertion in the middle splits one.
  if (it == chunk.end()) {
    right.push_back(std::move(entry));
  } else {
    const auto at = static_cast<size_t>(it - chunk.begin());
    const size_t half = chunk_entries / 2;
    std::move(chunk.begin() + half, chunk.end(), std::back_inserter(right));
    chunk.resize(half);
    Chunk& target = at <= half ? chunk : right;
    const size_t index = at <= half ? at : at - half;
    target.insert(target.begin() + static_cast<ptrdiff_t>(index), std::move(entry));
  }
  chunks_.insert(chunks_.begin() + static_cast<ptrdiff_t>(c) + 1, std::move(right));
}

bool Table::erase(std::string_view key) {
  const Place place = first_not_below(key);
  const Entry* entry = at(place);
  if (entry == nullptr || entry->key != key) return false;
  bytes_ -= weight(*entry);
  --size_;
  Chunk& chunk = chunks_[place.chunk];
  chunk.erase(chunk.begin() + static_cast<ptrdiff_t>(place.index));
  if (chunk.empty()) {
    chunks_.erase(chunks_.begin() + static_cast<ptrdiff_t>(place.chunk));
  } else if (chunk.size() < chunk_entries / 4) {
    if (!merge_with_next(place.chunk) && place.chunk > 0) merge_with_next(place.chunk - 1);
  }
  return true;
}

// Keeps a table that shrank from holding a chunk per entry. Leaves room, so that the next insertion
// splits nothing.
bool Table::merge_with_next(size_t c) {
  if (c + 1 >= chunks_.size()) return false;
  Chunk& left = chunks_[c];
  Chunk& right = chunks_[c + 1];
  if (left.size() + right.size() > chunk_entries / 2) return false;
  std::move(right.begin(), right.end(), std::back_inserter(left));
  chunks_.erase(chunks_.begin() + static_cast<ptrdiff_t>(c) + 1);
  return true;
}

bool Table::load(std::vector<Entry> entries) {
  chunks_.clear();
  size_ = bytes_ = 0;
  std::sort(entries.begin(), entries.end(),
            [](const Entry& a, const Entry& b) { return a.key < b.key; });
  for (size_t i = 1; i < entries.size(); ++i)
    if (entries[i - 1].key == entries[i].key) return false;
  for (Entry& entry : entries) {
    // A little room in each chunk, so that the first insertions after a start do not split all of
    // them.
    if (chunks_.empty() || chunks_.back().size() == chunk_entries * 3 / 4)
      chunks_.emplace_back().reserve(chunk_entries);
    bytes_ += weight(entry);
    ++size_;
    chunks_.back().push_back(std::move(entry));
  }
  return true;
}

std::string prefix_end(std::string_view prefix) {
  std::string end(prefix);
  while (!end.empty() && static_cast<unsigned char>(end.back()) == 0xff) end.pop_back();
  if (!end.empty()) end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
  return end;
}

}  // namespace freehold::store
