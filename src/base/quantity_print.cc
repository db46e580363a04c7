// How quantities are written: Quantity::of, exactly, and humanize, for people.
#include <algorithm>
#include <array>
#include <cstdio>

#include "base/check.h"
#include "base/decimal.h"
#include "base/quantity.h"
#include "base/time.h"

namespace freehold {
namespace {

uint64_t magnitude(int64_t value) {
  return value < 0 ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
}

// The text of one dimension is a number, an SI prefix where one helps, and these.
struct Style {
  int decimals;               // value() counts 10^-decimals of the unit
  std::string_view prefixes;  // by thousands, the first for one; ' ' stands for none
  std::string_view unit;      // after prefix and currency
};

// The unit of flops' value() is already the million.
Style style_of(Dimension dimension) {
  switch (dimension) {
    case Dimension::number:
      return {3, " kMGTP", ""};
    case Dimension::bytes:
      return {0, " kMGTPE", ""};
    case Dimension::bandwidth:
      return {0, " kMGTPE", "bps"};
    case Dimension::power:
      return {3, " kMGTP", "W"};
    case Dimension::energy:
      return {0, " kMGTPE", "J"};
    case Dimension::rate:
      return {3, " kMGTP", "/s"};
    case Dimension::percent:
      return {3, " ", "%"};
    case Dimension::money:
      return {6, " ", ""};
    case Dimension::money_per_hour:
      return {6, " ", "/h"};
    case Dimension::money_per_energy:
      return {6, " ", "/kWh"};
    case Dimension::money_per_bytes:
      return {6, " ", "/GB"};
    case Dimension::flops:
      return {0, "MGTPE", "FLOPS"};
    case Dimension::duration:
      break;
  }
  return {9, " ", "s"};
}

void append_unit(const Style& style, size_t prefix, std::string_view currency, std::string& out) {
  if (style.prefixes[prefix] != ' ') out += style.prefixes[prefix];
  out += currency;
  out += style.unit;
}

// The largest prefix that leaves at least one before the decimal point.
std::string exact(uint64_t value, const Style& style, std::string_view currency) {
  size_t prefix = 0;
  int decimals = style.decimals;
  uint64_t one = 1;  // in the unit of value
  for (int i = 0; i < decimals; ++i) one *= 10;
  while (prefix + 1 < style.prefixes.size() && value / one >= 1000) {
    one *= 1000;
    decimals += 3;
    ++prefix;
  }
  std::string out = print_decimal(value, decimals);
  append_unit(style, prefix, currency, out);
  return out;
}

// The shortest of "80Gi", "80GB" and all digits with a B: bytes are whole, so a fraction would only
// obscure them. "80G" would be read as a number where the unit tells the dimension.
std::string exact_bytes(uint64_t value) {
  const auto divided = [value](uint64_t step, std::string_view prefixes, std::string_view suffix) {
    uint64_t rest = value;
    size_t steps = 0;
    for (; rest != 0 && rest % step == 0 && steps < prefixes.size(); ++steps) rest /= step;
    std::string out = std::to_string(rest);
    if (steps > 0) out += prefixes[steps - 1];
    return out += steps > 0 ? suffix : "B";
  };
  std::string binary = divided(1024, "KMGTPE", "i"), decimal = divided(1000, "kMGTPE", "B");
  return decimal.size() < binary.size() ? decimal : binary;
}

// "5m" would be read as five thousandths where the unit tells the dimension; "5m0s" is not.
std::string exact_duration(int64_t ns) {
  std::string out = format_duration_ns(ns);
  if (out.back() == 'm' && out.find('h') == out.npos) out += "0s";
  return out;
}

std::string exact_number(uint64_t value) {
  if (value < 1000 && value % 1000 != 0) return std::to_string(value) + 'm';
  return print_decimal(value, 3);
}

// Three significant digits, without trailing zeros. `number` is in [0, 1000).
std::string three_digits(double number) {
  std::array<char, 32> buffer{};
  const int decimals = number >= 100 ? 0 : number >= 10 ? 1 : number >= 1 ? 2 : 3;
  std::snprintf(buffer.data(), buffer.size(), "%.*f", decimals, number);
  std::string out = buffer.data();
  if (out.find('.') == std::string::npos) return out;
  out.resize(out.find_last_not_of('0') + 1);
  if (out.back() == '.') out.pop_back();
  return out;
}

std::string scaled(double number, std::string_view prefixes, double step, std::string_view unit) {
  size_t prefix = 0;
  // 999.5 would print as 1000: it belongs to the next prefix.
  while (number >= 999.5 && prefix + 1 < prefixes.size()) {
    number /= step;
    ++prefix;
  }
  std::string out = three_digits(number);
  if (prefixes[prefix] != ' ') {
    out += prefixes[prefix];
    if (step == 1024) out += 'i';
  }
  return out += unit;
}

std::string humanize_duration(uint64_t ns) {
  const auto number = static_cast<double>(ns);
  if (ns == 0) return "0s";
  if (number < 999.5) return three_digits(number) + "ns";
  if (number < 999.5e3) return three_digits(number / 1e3) + "us";
  if (number < 999.5e6) return three_digits(number / 1e6) + "ms";
  if (number < 59.95e9) return three_digits(number / 1e9) + 's';
  return format_age(microseconds(static_cast<int64_t>(ns / 1000 + (ns % 1000 >= 500 ? 1 : 0))));
}

// A bill is not rounded to three digits: cents up to 100, then whole units.
std::string humanize_money(double number, std::string_view currency, std::string_view unit) {
  std::array<char, 64> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%.0f", number);
  std::string out = number >= 100 ? std::string(buffer.data()) : three_digits(number);
  out += currency;
  return out += unit;
}

std::string humanize_magnitude(uint64_t value, Dimension dimension, std::string_view currency) {
  const auto number = static_cast<double>(value);
  switch (dimension) {
    case Dimension::number:
      return scaled(number / 1e3, " kMGTP", 1000, "");
    case Dimension::bytes:
      return scaled(number, " KMGTPE", 1024, "");
    case Dimension::bandwidth:
      return scaled(number / 8, " kMGTPE", 1000, "B/s");
    case Dimension::power:
      return scaled(number / 1e3, " kMGTP", 1000, "W");
    case Dimension::energy:
      if (value < 3600) return scaled(number, " k", 1000, "J");
      return scaled(number / 3600, " kMGTP", 1000, "Wh");
    case Dimension::duration:
      return humanize_duration(value);
    case Dimension::rate:
      return scaled(number / 1e3, " kMGTP", 1000, "/s");
    case Dimension::percent:
      return scaled(number / 1e3, " ", 1000, "%");
    case Dimension::flops:
      return scaled(number, "MGTPE", 1000, "FLOPS");
    case Dimension::money:
    case Dimension::money_per_hour:
    case Dimension::money_per_energy:
    case Dimension::money_per_bytes:
      break;
  }
  return humanize_money(number / 1e6, currency, style_of(dimension).unit);
}

}  // namespace

Quantity Quantity::of(int64_t value, Dimension dimension, std::string_view currency) {
  value = std::max(value, -INT64_MAX);  // what has no magnitude cannot be written, nor negated
  Quantity quantity;
  quantity.value_ = value;
  quantity.dimension_ = dimension;
  quantity.currency_ = currency;
  if (dimension == Dimension::duration) {
    quantity.text_ = exact_duration(value);
    return quantity;
  }
  const uint64_t size = magnitude(value);
  quantity.text_ = value < 0 ? "-" : "";
  quantity.text_ += dimension == Dimension::number  ? exact_number(size)
                    : dimension == Dimension::bytes ? exact_bytes(size)
                                                    : exact(size, style_of(dimension), currency);
  return quantity;
}

std::string humanize(int64_t value, Dimension dimension, std::string_view currency) {
  std::string out = value < 0 ? "-" : "";
  return out += humanize_magnitude(magnitude(value), dimension, currency);
}

}  // namespace freehold
