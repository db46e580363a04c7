#include "json/scalar.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/strings.h"
#include "json/reader.h"

namespace freehold::json {
namespace {

constexpr std::string_view decimal_digits = "0123456789";

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool all_of(std::string_view text, std::string_view characters) {
  return text.find_first_not_of(characters) == std::string_view::npos;
}

bool take(std::string_view& text, std::string_view one_of) {
  if (text.empty() || one_of.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

size_t take_all(std::string_view& text, std::string_view characters) {
  const size_t count = std::min(text.find_first_not_of(characters), text.size());
  text.remove_prefix(count);
  return count;
}

// [0-9]+ ( \. [0-9]* )? | \. [0-9]+, then an exponent; `digits` are the characters that count as
// digits.
bool is_unsigned_number(std::string_view text, std::string_view digits) {
  const size_t whole = take_all(text, digits);
  size_t fraction = 0;
  if (take(text, ".")) fraction = take_all(text, digits);
  if (whole + fraction == 0) return false;
  if (take(text, "eE")) {
    take(text, "+-");
    if (take_all(text, decimal_digits) == 0) return false;
  }
  return text.empty();
}

Error out_of_range(std::string_view text) {
  return Error{Reason::bad_request, "number " + std::string(text.substr(0, 100)) + " out of range"};
}

// `literal` in JSON's grammar, without sign.
Result<Value> decimal(std::string literal, std::string_view text) {
  if (text.front() == '-') literal.insert(0, 1, '-');
  if (literal.find_first_of(".eE") == std::string::npos)
    if (const auto integer = parse_int(literal)) return Value(*integer);
  const auto number = to_double(literal);
  if (!number) return out_of_range(text);
  return Value(*number);
}

Result<Value> based(std::string_view digits, int base, std::string_view text) {
  int64_t value = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (error != std::errc{} || end != digits.data() + digits.size()) return out_of_range(text);
  return Value(value);
}

// YAML's ".5" and "5." are "0.5" and "5.0" in JSON.
std::string to_json_literal(std::string_view number) {
  std::string literal(number);
  if (literal.front() == '.') literal.insert(0, 1, '0');
  const size_t leading = std::min(literal.find_first_not_of('0'), literal.size());
  const bool keep_one = leading == literal.size() || !is_digit(literal[leading]);
  literal.erase(0, keep_one ? leading - 1 : leading);
  const size_t point = literal.find('.');
  if (point != std::string::npos && (point + 1 == literal.size() || !is_digit(literal[point + 1])))
    literal.insert(point + 1, 1, '0');
  return literal;
}

bool is_infinity_or_nan(std::string_view unsigned_text) {
  const std::string lower = to_lower(unsigned_text);
  return lower == ".inf" || lower == ".nan";
}

// [0-9][0-9_]* ( : [0-5]?[0-9] )+ ( \. [0-9_]* )?
bool is_sexagesimal(std::string_view text) {
  if (text.empty() || !is_digit(text.front())) return false;
  take_all(text, "0123456789_");
  if (!text.starts_with(':')) return false;
  while (take(text, ":"))
    if (take_all(text, decimal_digits) == 0) return false;
  if (take(text, ".")) take_all(text, "0123456789_");
  return text.empty();
}

// Anything that begins as dddd-d is taken for a date: one quote too many does no harm.
bool is_date(std::string_view text) {
  return text.size() >= 6 && all_of(text.substr(0, 4), decimal_digits) && text[4] == '-' &&
         is_digit(text[5]);
}

}  // namespace

Result<Value> read_plain_scalar(std::string_view text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL")
    return Value();
  if (text == "true" || text == "True" || text == "TRUE") return Value(true);
  if (text == "false" || text == "False" || text == "FALSE") return Value(false);
  if (text.starts_with("0o") && text.size() > 2 && all_of(text.substr(2), "01234567"))
    return based(text.substr(2), 8, text);
  if (text.starts_with("0x") && text.size() > 2 && all_of(text.substr(2), "0123456789abcdefABCDEF"))
    return based(text.substr(2), 16, text);
  std::string_view number = text;
  take(number, "+-");
  if (is_infinity_or_nan(number))
    return Error{Reason::bad_request,
                 "number " + std::string(text) + " does not exist in JSON: quote it if it is text"};
  if (!is_unsigned_number(number, decimal_digits)) return Value(text);
  if (number.size() > 1 && number.front() == '0' && all_of(number, decimal_digits))
    return Error{Reason::bad_request, "number " + std::string(text.substr(0, 100)) +
                                          " has a leading zero: quote it, or write octal as 0o17"};
  return decimal(to_json_literal(number), text);
}

bool reads_as_other_type(std::string_view text) {
  constexpr std::array<std::string_view, 14> words{
      "", "~", "null", "true", "false", "yes", "no", "on", "off", "y", "n", "=", "<<", ".nan"};
  const std::string lower = to_lower(text);
  if (std::find(words.begin(), words.end(), lower) != words.end()) return true;
  std::string_view number = text;
  take(number, "+-");
  if (is_infinity_or_nan(number) || is_sexagesimal(number) || is_date(text)) return true;
  if (!number.empty() && (is_digit(number.front()) || number.front() == '.') &&
      is_unsigned_number(number, "0123456789_"))
    return true;
  const std::string_view digits = number.substr(std::min<size_t>(2, number.size()));
  if (digits.empty()) return false;
  if (number.starts_with("0b")) return all_of(digits, "01_");
  if (number.starts_with("0o")) return all_of(digits, "01234567_");
  if (number.starts_with("0x")) return all_of(digits, "0123456789abcdefABCDEF_");
  return false;
}

}  // namespace freehold::json
