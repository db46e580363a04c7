// The inner loop over the bytes of a JSON string, shared by reader and writer; internal to json.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace freehold::json {

// One bit at the top of the lowest byte that is a quote, a backslash, a control or not ASCII; bits
// of higher bytes may be wrong, because a subtraction borrows. Zero when there is none.
inline uint64_t string_stops(uint64_t word) {
  constexpr uint64_t ones = 0x0101010101010101, tops = 0x8080808080808080;
  const auto zeros = [](uint64_t x) { return (x - ones) & ~x; };
  const uint64_t controls = (word - ones * 0x20) & ~word;
  return (word | zeros(word ^ ones * '"') | zeros(word ^ ones * '\\') | controls) & tops;
}

// The first byte in [at, end) that a JSON string cannot simply contain, or end: quote, backslash,
// control, or the begin of a UTF-8 sequence.
inline const char* find_string_stop(const char* at, const char* end) {
  if constexpr (std::endian::native == std::endian::little) {
    while (end - at >= 8) {
      uint64_t word = 0;
      std::memcpy(&word, at, 8);
      if (const uint64_t found = string_stops(word)) return at + std::countr_zero(found) / 8;
      at += 8;
    }
  }
  while (at != end && *at != '"' && *at != '\\' && static_cast<unsigned char>(*at) >= 0x20 &&
         static_cast<unsigned char>(*at) < 0x80)
    ++at;
  return at;
}

}  // namespace freehold::json
