// Exact decimal literals for the parsers of quantities and durations; internal to base. A literal
// keeps at most 19 significant digits, so that it can be scaled by any unit without losing one.
// Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace freehold {

// The value is digits * 10^exponent; never negative.
struct Decimal {
  uint64_t digits = 0;  // below 10^19
  int exponent = 0;
};

// Takes a number without sign ("12", "1.5", ".5", "5.") from the front of `text`. Nothing when
// there is none or when it has more than 19 significant digits.
std::optional<Decimal> take_decimal(std::string_view& text);

// decimal * numerator / denominator, rounded up to a whole number, so that what is asked for never
// becomes nothing. Nothing when it does not fit.
std::optional<int64_t> scale_up(Decimal decimal, uint64_t numerator, uint64_t denominator);

// value / 10^decimals, exactly, without trailing zeros: (1500, 3) gives "1.5".
std::string print_decimal(uint64_t value, int decimals);

}  // namespace freehold
