#include "base/decimal.h"

namespace freehold {
namespace {

__extension__ using Wide = unsigned __int128;
constexpr Wide wide_max = ~Wide{0};
constexpr uint64_t digits_limit = 1'000'000'000'000'000'000;  // below: one more digit still fits
constexpr size_t literal_characters = 64;                     // bounds the exponent

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// False when a digit that matters would be lost.
bool push_digit(Decimal& decimal, char c, int exponent_if_kept, int exponent_if_dropped) {
  const auto digit = static_cast<uint64_t>(c - '0');
  if (decimal.digits < digits_limit) {
    decimal.digits = decimal.digits * 10 + digit;
    decimal.exponent += exponent_if_kept;
    return true;
  }
  decimal.exponent += exponent_if_dropped;
  return digit == 0;
}

}  // namespace

std::optional<Decimal> take_decimal(std::string_view& text) {
  Decimal decimal;
  bool any = false;
  size_t at = 0;
  for (; at < text.size() && is_digit(text[at]); ++at, any = true)
    if (at == literal_characters || !push_digit(decimal, text[at], 0, 1)) return std::nullopt;
  if (at < text.size() && text[at] == '.') {
    for (++at; at < text.size() && is_digit(text[at]); ++at, any = true)
      if (at == literal_characters || !push_digit(decimal, text[at], -1, 0)) return std::nullopt;
  }
  if (!any) return std::nullopt;
  text.remove_prefix(at);
  return decimal;
}

std::optional<int64_t> scale_up(Decimal decimal, uint64_t numerator, uint64_t denominator) {
  Wide value = Wide{decimal.digits} * numerator;
  if (value == 0) return 0;
  for (int i = 0; i < decimal.exponent; ++i) {
    if (value > wide_max / 10) return std::nullopt;
    value *= 10;
  }
  bool finer = false;  // something was cut off below the last place
  for (int i = 0; i > decimal.exponent && value != 0; --i) {
    finer |= value % 10 != 0;
    value /= 10;
  }
  finer |= value % denominator != 0;
  value /= denominator;
  if (finer) ++value;
  if (value > static_cast<Wide>(INT64_MAX)) return std::nullopt;
  return static_cast<int64_t>(value);
}

std::string print_decimal(uint64_t value, int decimals) {
  std::string digits = std::to_string(value);
  if (decimals <= 0) return digits;
  const auto places = static_cast<size_t>(decimals);
  if (digits.size() <= places) digits.insert(0, places + 1 - digits.size(), '0');
  digits.insert(digits.size() - places, 1, '.');
  digits.resize(digits.find_last_not_of('0') + 1);
  if (digits.back() == '.') digits.pop_back();
  return digits;
}

}  // namespace freehold
