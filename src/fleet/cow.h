// Copy-on-write containers, so that a fork of a fleet costs a few hundred pointers, and the first
// change after it one page. A fork may be read, changed and dropped on another thread than its
// parent: what is shared is never written, and what is written is never shared.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/large_pages.h"

namespace freehold::fleet {

// A value that is shared until somebody writes.
template <class T>
class Cow {
 public:
  Cow() = default;  // equal to T{}, without making one
  explicit Cow(T value) : value_(make_pooled<T>(std::move(value))) {}

  const T& operator*() const { return value_ ? *value_ : empty(); }
  const T* operator->() const { return &**this; }
  T& write() {
    if (!value_) {
      value_ = make_pooled<T>();
    } else if (value_.use_count() > 1) {
      value_ = make_pooled<T>(*value_);
    } else {
      // The count is read without order. Taking and dropping a reference orders us after whoever
      // dropped the last other one, so that its reads are over before we write.
      const std::shared_ptr<T> order = value_;
    }
    return *value_;
  }

 private:
  static const T& empty() {
    static const T nothing{};
    return nothing;
  }
  std::shared_ptr<T> value_;
};

// A vector in pages of shared items: changing one item copies the page's pointers and the item.
template <class T>
class CowVector {
 public:
  size_t size() const { return size_; }
  const T& operator[](size_t i) const { return *(*pages_[i / kPage])[i % kPage]; }
  T& write(size_t i) { return pages_[i / kPage].write()[i % kPage].write(); }
  void push_back(T item) {
    if (size_ % kPage == 0) pages_.emplace_back();
    pages_.back().write()[size_ % kPage] = Cow<T>(std::move(item));
    ++size_;
  }

 private:
  static constexpr size_t kPage = 64;
  std::vector<Cow<std::array<Cow<T>, kPage>>> pages_;
  size_t size_ = 0;
};

// A map from names, spread by a fixed hash over two levels of pages. V should be cheap to copy.
template <class V>
class CowMap {
 public:
  const V* find(std::string_view key) const {
    const uint64_t h = hash(key);
    const auto& leaf = *(*roots_[h % kFan])[h / kFan % kFan];
    auto at = std::lower_bound(leaf.begin(), leaf.end(), key, before);
    return at != leaf.end() && at->first == key ? &at->second : nullptr;
  }
  // Inserts a default when absent.
  V& write(std::string_view key) {
    const uint64_t h = hash(key);
    auto& leaf = roots_[h % kFan].write()[h / kFan % kFan].write();
    auto at = std::lower_bound(leaf.begin(), leaf.end(), key, before);
    if (at == leaf.end() || at->first != key) {
      at = leaf.emplace(at, std::string(key), V{});
      ++size_;
    }
    return at->second;
  }
  bool erase(std::string_view key) {
    if (find(key) == nullptr) return false;
    const uint64_t h = hash(key);
    auto& leaf = roots_[h % kFan].write()[h / kFan % kFan].write();
    leaf.erase(std::lower_bound(leaf.begin(), leaf.end(), key, before));
    --size_;
    return true;
  }
  size_t size() const { return size_; }
  // All keys, ascending: the order of pages must never show.
  std::vector<std::string> keys() const {
    std::vector<std::string> all;
    all.reserve(size_);
    for (const auto& root : roots_)
      for (const auto& leaf : *root)
        for (const auto& item : *leaf) all.push_back(item.first);
    std::sort(all.begin(), all.end());
    return all;
  }

 private:
  using Leaf = std::vector<std::pair<std::string, V>>;
  static constexpr size_t kFan = 32;
  static bool before(const std::pair<std::string, V>& item, std::string_view key) {
    return item.first < key;
  }
  static uint64_t hash(std::string_view key) {  // FNV-1a: the same on every machine
    uint64_t h = 0xcbf29ce484222325;
    for (const char c : key) h = (h ^ static_cast<uint8_t>(c)) * 0x100000001b3;
    return h ^ (h >> 29);
  }
  std::array<Cow<std::array<Cow<Leaf>, kFan>>, kFan> roots_;
  size_t size_ = 0;
};

}  // namespace freehold::fleet
