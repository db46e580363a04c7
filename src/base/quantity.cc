#include "base/quantity.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "base/decimal.h"
#include "base/limits.h"
#include "base/strings.h"

namespace freehold {
namespace {

// How a written number becomes Quantity::value(): * numerator / denominator * 10^exponent.
struct Factor {
  uint64_t numerator = 1;
  uint64_t denominator = 1;
  int exponent = 0;
};

struct Row {
  std::string_view name, example;
  double per_base_unit;  // what value() is for one whole base unit
};
// In the order of the enumeration.
constexpr std::array<Row, 13> rows{{
    {"number", "500m", 1e3},
    {"bytes", "80Gi", 1},
    {"bandwidth", "400Gbps", 1},
    {"power", "10.2kW", 1e3},
    {"energy", "3kWh", 1},
    {"duration", "250us", 1e9},
    {"rate", "12/s", 1e3},
    {"percent", "10%", 1e3},
    {"money", "40EUR", 1e6},
    {"money per hour", "40EUR/h", 1e6},
    {"money per energy", "0.12EUR/kWh", 1e6},
    {"money per bytes", "0.05EUR/GB", 1e6},
    {"flops", "989TFLOPS", 1e-6},
}};
static_assert(static_cast<size_t>(Dimension::flops) + 1 == rows.size());

const Row& row(Dimension dimension) {
  const auto index = static_cast<size_t>(dimension);
  CHECK(index < rows.size(), "no such dimension");
  return rows[index];
}

// ISO 4217, the currencies in circulation, three letters each.
constexpr std::string_view currencies =
    "AEDAFNALLAMDANGAOAARSAUDAWGAZNBAMBBDBDTBGNBHDBIFBMDBNDBOBBRLBSDBTNBWPBYNBZDCADCDFCHFCLPCNYCOP"
    "CRCCUPCVECZKDJFDKKDOPDZDEGPERNETBEURFJDFKPGBPGELGHSGIPGMDGNFGTQGYDHKDHNLHTGHUFIDRILSINRIQDIRR"
    "ISKJMDJODJPYKESKGSKHRKMFKPWKRWKWDKYDKZTLAKLBPLKRLRDLSLLYDMADMDLMGAMKDMMKMNTMOPMRUMURMVRMWKMXN"
    "MYRMZNNADNGNNIONOKNPRNZDOMRPABPENPGKPHPPKRPLNPYGQARRONRSDRUBRWFSARSBDSCRSDGSEKSGDSHPSLESOSSRD"
    "SSPSTNSVCSYPSZLTHBTJSTMTTNDTOPTRYTTDTWDTZSUAHUGXUSDUYUUZSVEDVESVNDVUVWSTXAFXCDXOFXPFYERZARZMW"
    "ZWG";

bool is_currency(std::string_view code) {
  if (code.size() != 3) return false;
  for (size_t i = 0; i < currencies.size(); i += 3)
    if (currencies.substr(i, 3) == code) return true;
  return false;
}

bool drop_suffix(std::string_view& text, std::string_view suffix) {
  if (!text.ends_with(suffix)) return false;
  text.remove_suffix(suffix.size());
  return true;
}

enum class Prefixes : uint8_t { si, si_and_binary, small_too, all };

// "k", "Mi" …; nothing for any other text. Milli and below only where `allowed` has small ones.
std::optional<Factor> prefix_factor(std::string_view prefix, Prefixes allowed) {
  if (prefix.empty()) return Factor{};
  constexpr std::string_view large = "kMGTPE", binary = "KMGTPE";  // up to 10^18, 2^60
  const bool small = allowed == Prefixes::small_too || allowed == Prefixes::all;
  const bool binaries = allowed == Prefixes::si_and_binary || allowed == Prefixes::all;
  if (prefix.size() == 1) {
    if (const size_t at = large.find(prefix[0]); at != std::string_view::npos)
      return Factor{1, 1, static_cast<int>(at + 1) * 3};
    if (small && prefix == "m") return Factor{1, 1, -3};
    if (small && prefix == "u") return Factor{1, 1, -6};
    if (small && prefix == "n") return Factor{1, 1, -9};
  } else if (binaries && prefix.size() == 2 && prefix[1] == 'i') {
    if (const size_t at = binary.find(prefix[0]); at != std::string_view::npos)
      return Factor{uint64_t{1} << (at + 1) * 10, 1, 0};
  }
  return std::nullopt;
}

std::optional<Factor> prefix_factor(std::string_view prefix, Prefixes allowed, Factor unit) {
  auto factor = prefix_factor(prefix, allowed);
  if (!factor) return std::nullopt;
  factor->numerator *= unit.numerator;
  factor->denominator *= unit.denominator;
  factor->exponent += unit.exponent;
  return factor;
}

std::optional<Factor> bandwidth_factor(std::string_view unit) {
  if (drop_suffix(unit, "bps") || drop_suffix(unit, "bit/s") || drop_suffix(unit, "b/s"))
    return prefix_factor(unit, Prefixes::si);
  if (drop_suffix(unit, "Bps") || drop_suffix(unit, "B/s"))
    return prefix_factor(unit, Prefixes::si_and_binary, {8, 1, 0});
  return std::nullopt;
}

std::optional<Factor> rate_factor(std::string_view unit) {
  if (drop_suffix(unit, "/s")) return prefix_factor(unit, Prefixes::small_too, {1, 1, 3});
  if (drop_suffix(unit, "/m")) return prefix_factor(unit, Prefixes::small_too, {1, 60, 3});
  if (drop_suffix(unit, "/h")) return prefix_factor(unit, Prefixes::small_too, {1, 3600, 3});
  return std::nullopt;
}

// Per prefixed byte: a larger denominator unit makes the price per GB smaller.
std::optional<Factor> per_bytes_factor(std::string_view unit) {
  if (!drop_suffix(unit, "B")) return std::nullopt;
  const auto prefix = prefix_factor(unit, Prefixes::si_and_binary);
  if (!prefix) return std::nullopt;
  return Factor{1, prefix->numerator, 6 + 9 - prefix->exponent};
}

std::optional<Factor> per_energy_factor(std::string_view unit) {
  if (!drop_suffix(unit, "Wh")) return std::nullopt;
  const auto prefix = prefix_factor(unit, Prefixes::si);
  if (!prefix) return std::nullopt;
  return Factor{1, 1, 6 + 3 - prefix->exponent};
}

// `unit` comes after the currency.
std::optional<Factor> money_factor(std::string_view unit, Dimension dimension) {
  constexpr Factor micro{1, 1, 6};
  if (dimension == Dimension::money) return unit.empty() ? std::optional(micro) : std::nullopt;
  if (!unit.starts_with('/')) return std::nullopt;
  unit.remove_prefix(1);
  if (dimension == Dimension::money_per_energy) return per_energy_factor(unit);
  if (dimension == Dimension::money_per_bytes) return per_bytes_factor(unit);
  if (unit == "h") return micro;
  if (unit == "d") return Factor{1, 24, 6};
  return std::nullopt;
}

bool is_money(Dimension dimension) {
  return dimension == Dimension::money || dimension == Dimension::money_per_hour ||
         dimension == Dimension::money_per_energy || dimension == Dimension::money_per_bytes;
}

// What stands after the number, for all dimensions but duration and money.
std::optional<Factor> unit_factor(std::string_view unit, Dimension dimension) {
  switch (dimension) {
    case Dimension::number:
      return prefix_factor(unit, Prefixes::all, {1, 1, 3});
    case Dimension::bytes:
      drop_suffix(unit, "B");
      return prefix_factor(unit, Prefixes::si_and_binary);
    case Dimension::bandwidth:
      return bandwidth_factor(unit);
    case Dimension::power:
      if (!drop_suffix(unit, "W")) return std::nullopt;
      return prefix_factor(unit, Prefixes::small_too, {1, 1, 3});
    case Dimension::energy:
      if (drop_suffix(unit, "Wh")) return prefix_factor(unit, Prefixes::small_too, {3600, 1, 0});
      if (drop_suffix(unit, "J")) return prefix_factor(unit, Prefixes::small_too);
      return std::nullopt;
    case Dimension::rate:
      return rate_factor(unit);
    case Dimension::percent:
      return unit == "%" ? std::optional(Factor{1, 1, 3}) : std::nullopt;
    case Dimension::flops:
      if (!drop_suffix(unit, "FLOPS")) return std::nullopt;
      return prefix_factor(unit, Prefixes::si, {1, 1, -6});
    case Dimension::duration:
    case Dimension::money:
    case Dimension::money_per_hour:
    case Dimension::money_per_energy:
    case Dimension::money_per_bytes:
      break;
  }
  return std::nullopt;
}

// Kubernetes' decimal exponent: "1e3". An E without digits is a prefix or the begin of a currency.
bool take_exponent(std::string_view& text, int& exponent) {
  if (text.size() < 2 || (text[0] != 'e' && text[0] != 'E')) return true;
  std::string_view rest = text.substr(1);
  const bool negative = rest.front() == '-';
  if (negative || rest.front() == '+') rest.remove_prefix(1);
  size_t digits = 0;
  int value = 0;
  for (; digits < rest.size() && rest[digits] >= '0' && rest[digits] <= '9'; ++digits) {
    if (digits == 2) return false;  // beyond 10^99 nothing fits
    value = value * 10 + (rest[digits] - '0');
  }
  if (digits == 0) return true;
  exponent += negative ? -value : value;
  text = rest.substr(digits);
  return true;
}

struct Parsed {
  int64_t value = 0;
  std::string_view currency;
};

enum class Failure : uint8_t { none, syntax, range };

Failure parse_magnitude(std::string_view text, Dimension dimension, Parsed& out) {
  if (dimension == Dimension::duration) {
    const auto ns = parse_duration_ns(text);
    if (!ns) return Failure::syntax;
    out.value = *ns;
    return Failure::none;
  }
  auto number = take_decimal(text);
  if (!number || !take_exponent(text, number->exponent)) return Failure::syntax;
  std::optional<Factor> factor;
  if (is_money(dimension)) {
    if (!is_currency(text.substr(0, 3))) return Failure::syntax;
    out.currency = text.substr(0, 3);
    factor = money_factor(text.substr(3), dimension);
  } else {
    factor = unit_factor(text, dimension);
  }
  if (!factor) return Failure::syntax;
  number->exponent += factor->exponent;
  const auto value = scale_up(*number, factor->numerator, factor->denominator);
  if (!value) return Failure::range;
  out.value = *value;
  return Failure::none;
}

Failure parse_text(std::string_view text, Dimension dimension, Parsed& out) {
  if (text.size() > limits::quantity_characters) return Failure::syntax;
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const Failure failure = parse_magnitude(text, dimension, out);
  if (negative) out.value = -out.value;
  return failure;
}

// The dimension that the unit of `text` names, if any.
std::optional<Dimension> find_dimension(std::string_view text) {
  Parsed ignored;
  // A binary prefix says bytes, although Kubernetes lets it stand after a count, too.
  if (text.ends_with('i') && parse_text(text, Dimension::bytes, ignored) != Failure::syntax)
    return Dimension::bytes;
  for (size_t i = 0; i < rows.size(); ++i)
    if (parse_text(text, static_cast<Dimension>(i), ignored) != Failure::syntax)
      return static_cast<Dimension>(i);
  return std::nullopt;
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  out += text.substr(0, limits::quantity_characters);
  if (text.size() > limits::quantity_characters) out += "…";
  return out + '"';
}

Error refusal(std::string_view text, Dimension expected, Failure failure) {
  std::string message = quoted(text);
  const auto found = find_dimension(text);
  if (failure == Failure::range) {
    message += " is out of range";
  } else if (found == Dimension::number && text.find_first_not_of("+-.0123456789") == text.npos) {
    message += " has no unit";
  } else if (found && *found != expected) {
    message += " is ";
    message += dimension_name(*found);
  } else {
    message += " is not a quantity";
  }
  message += ": use ";
  message += dimension_name(expected);
  message += " such as ";
  message += dimension_example(expected);
  return Error{Reason::invalid, std::move(message)};
}

}  // namespace

std::string_view dimension_name(Dimension dimension) { return row(dimension).name; }

std::string_view dimension_example(Dimension dimension) { return row(dimension).example; }

Result<Quantity> Quantity::parse(std::string_view text, Dimension expected) {
  Parsed parsed;
  const Failure failure = parse_text(text, expected, parsed);
  if (failure != Failure::none) return refusal(text, expected, failure);
  Quantity quantity;
  quantity.text_ = text;
  quantity.value_ = parsed.value;
  quantity.dimension_ = expected;
  quantity.currency_ = parsed.currency;
  return quantity;
}

Result<Quantity> Quantity::parse_any(std::string_view text) {
  if (const auto dimension = find_dimension(text)) return parse(text, *dimension);
  return Error{Reason::invalid,
               quoted(text) + " is not a quantity: use a number with a unit, such as 80Gi or 12/s"};
}

double Quantity::as_double() const {
  return static_cast<double>(value_) / row(dimension_).per_base_unit;
}

std::strong_ordering Quantity::operator<=>(const Quantity& other) const {
  if (is_set() && other.is_set()) {
    CHECK(dimension_ == other.dimension_, "quantities of different dimension do not compare");
    CHECK(currency_ == other.currency_, "money of different currency does not compare");
  }
  return value_ <=> other.value_;
}

}  // namespace freehold
