#include "base/printable.h"

#include <algorithm>
#include <cstdint>

#include "base/strings.h"

namespace freehold {
namespace {

// A well-formed sequence as its code point.
uint32_t code_point(std::string_view sequence) {
  const auto first = static_cast<uint8_t>(sequence[0]);
  if (sequence.size() == 1) return first;
  uint32_t out = first & (0xFFU >> (sequence.size() + 1));
  for (const char c : sequence.substr(1)) out = out << 6 | (static_cast<uint8_t>(c) & 0x3FU);
  return out;
}

// Unicode calls them Bidi_Control.
bool sets_direction(uint32_t c) {
  return c == 0x061C || c == 0x200E || c == 0x200F || (c >= 0x202A && c <= 0x202E) ||
         (c >= 0x2066 && c <= 0x2069);
}

}  // namespace

size_t printable_sequence(std::string_view text) {
  const size_t length = utf8_sequence(text);
  if (length == 0) return 0;
  const uint32_t c = code_point(text.substr(0, length));
  const bool is_control = c < 0x20 || (c >= 0x7F && c < 0xA0);
  return is_control || sets_direction(c) || c == 0xFFFE || c == 0xFFFF ? 0 : length;
}

std::string printable(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const bool is_shown = text[at] == '\t' || printable_sequence(text.substr(at)) > 0;
    const size_t length = std::max<size_t>(utf8_sequence(text.substr(at)), 1);
    if (is_shown)
      out += text.substr(at, length);
    else
      out += '?';
    at += length;
  }
  return out;
}

}  // namespace freehold
