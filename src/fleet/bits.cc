#include "fleet/bits.h"

#include <algorithm>

#include "base/check.h"
#include "base/strings.h"
#include "fleet/hash.h"

namespace freehold::fleet {

Bits Bits::of(const std::vector<uint32_t>& numbers) {
  Bits bits;
  for (const uint32_t number : numbers) bits.add(number);
  return bits;
}

Bits Bits::of_list(std::string_view list) {
  const auto numbers = parse_cpu_list(list);
  return numbers ? of(*numbers) : Bits();
}

std::string Bits::to_list() const { return format_cpu_list(numbers()); }

bool Bits::has(size_t number) const {
  const size_t word = number / 64;
  return word < words_.size() && (words_[word] >> (number % 64) & 1) != 0;
}

void Bits::add(size_t number) {
  const size_t word = number / 64;
  if (word >= words_.size()) words_.resize(word + 1);
  words_[word] |= uint64_t{1} << (number % 64);
}

void Bits::remove(size_t number) {
  const size_t word = number / 64;
  if (word >= words_.size()) return;
  words_[word] &= ~(uint64_t{1} << (number % 64));
  trim();
}

size_t Bits::count() const {
  size_t n = 0;
  for (const uint64_t word : words_) n += static_cast<size_t>(__builtin_popcountll(word));
  return n;
}

size_t Bits::count_common(const Bits& other) const {
  size_t n = 0;
  for (size_t w = 0; w < std::min(words_.size(), other.words_.size()); ++w)
    n += static_cast<size_t>(__builtin_popcountll(words_[w] & other.words_[w]));
  return n;
}

bool Bits::overlaps(const Bits& other) const {
  for (size_t w = 0; w < std::min(words_.size(), other.words_.size()); ++w)
    if ((words_[w] & other.words_[w]) != 0) return true;
  return false;
}

bool Bits::contains(const Bits& other) const {
  if (other.words_.size() > words_.size()) return false;
  for (size_t w = 0; w < other.words_.size(); ++w)
    if ((other.words_[w] & ~words_[w]) != 0) return false;
  return true;
}

size_t Bits::first() const {
  CHECK(!empty(), "the first of an empty set");
  size_t w = 0;
  while (words_[w] == 0) ++w;
  return w * 64 + static_cast<size_t>(__builtin_ctzll(words_[w]));
}

std::vector<uint32_t> Bits::numbers() const {
  std::vector<uint32_t> all;
  all.reserve(count());
  each([&](uint32_t number) { all.push_back(number); });
  return all;
}

uint64_t Bits::hash() const {
  Hash h;
  for (const uint64_t word : words_) h.add(word);
  return h.value();
}

Bits& Bits::operator|=(const Bits& other) {
  if (other.words_.size() > words_.size()) words_.resize(other.words_.size());
  for (size_t w = 0; w < other.words_.size(); ++w) words_[w] |= other.words_[w];
  return *this;
}

Bits& Bits::operator&=(const Bits& other) {
  if (words_.size() > other.words_.size()) words_.resize(other.words_.size());
  for (size_t w = 0; w < words_.size(); ++w) words_[w] &= other.words_[w];
  trim();
  return *this;
}

Bits& Bits::operator-=(const Bits& other) {
  for (size_t w = 0; w < std::min(words_.size(), other.words_.size()); ++w)
    words_[w] &= ~other.words_[w];
  trim();
  return *this;
}

void Bits::trim() {
  while (!words_.empty() && words_.back() == 0) words_.pop_back();
}

}  // namespace freehold::fleet
