// Fixed-point quantities with units: `16`, `500m`, `80Gi`, `400Gbps`, `3.35TBps`, `10.2kW`,
// `250us`, `12/s`, `10%`, `40EUR/h`, `0.12EUR/kWh`. A quantity remembers its text and prints back
// as it came; it compares by value. A number may have a sign, a fraction and an exponent (`1e3`),
// and at most 19 digits. Quantities of different dimension do not compare: check `dimension()`
// first.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace freehold {

// What is counted; the comment names the unit of Quantity::value().
enum class Dimension : uint8_t {
  number,            // 1/1000 of one (Kubernetes' milli)
  bytes,             // byte; accepts no unit, B, and SI or binary prefixes
  bandwidth,         // bit per second; bps or Bps
  power,             // milliwatt; W
  energy,            // joule; J, Wh
  duration,          // nanosecond; ns us ms s m h d
  rate,              // 1/1000 per second; /s /m /h
  percent,           // 1/1000 of a percent; %
  money,             // 1/1,000,000 of the currency unit; EUR, USD … (ISO 4217)
  money_per_hour,    // the same, per hour; EUR/h, EUR/d
  money_per_energy,  // the same, per kWh; EUR/kWh
  money_per_bytes,   // the same, per GB (10^9 bytes); EUR/GB
  flops,             // 10^6 operations per second; FLOPS with prefix
};
std::string_view dimension_name(Dimension dimension);     // "bytes"
std::string_view dimension_example(Dimension dimension);  // "80Gi"

class Quantity {
 public:
  Quantity() = default;  // not set: empty text, value 0
  // Errors are `invalid` and say what would be accepted, e.g. `use bytes such as 80Gi`.
  static Result<Quantity> parse(std::string_view text, Dimension expected);
  // Finds the dimension by the unit; a bare number is `number`, and so are "500m" and "16k"; "80Gi"
  // is bytes.
  static Result<Quantity> parse_any(std::string_view text);
  // With a text that parses back to the same value.
  static Quantity of(int64_t value, Dimension dimension, std::string_view currency = {});

  bool is_set() const { return !text_.empty(); }
  int64_t value() const { return value_; }  // in the unit of the dimension, rounded up if finer
  Dimension dimension() const { return dimension_; }
  const std::string& currency() const { return currency_; }  // for money, else empty
  const std::string& text() const { return text_; }
  double as_double() const;  // in whole base units: cores, bytes, bit/s, watts, seconds …

  // By value only; CHECKs that dimension (and currency) agree when both are set.
  std::strong_ordering operator<=>(const Quantity& other) const;
  bool operator==(const Quantity& other) const { return (*this <=> other) == 0; }

 private:
  std::string text_, currency_;
  int64_t value_ = 0;
  Dimension dimension_ = Dimension::number;
};

// Renders a value for people, at most three significant digits: "80Gi", "1.5GB/s", "10.2kW",
// "12.3ms". Money from 100 on is rounded to whole units of its currency; durations from a minute on
// are as kubectl's ages.
std::string humanize(int64_t value, Dimension dimension, std::string_view currency = {});

}  // namespace freehold
