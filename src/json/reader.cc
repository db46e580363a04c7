#include "json/reader.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/limits.h"
#include "base/strings.h"
#include "json/scan.h"

namespace freehold::json {
namespace {

constexpr std::array<Type, 256> first_characters() {
  std::array<Type, 256> table{};
  table.fill(Type::malformed);
  table['n'] = Type::null;
  table['t'] = table['f'] = Type::boolean;
  table['"'] = Type::string;
  table['['] = Type::array;
  table['{'] = Type::object;
  table['-'] = Type::number;
  for (unsigned char c = '0'; c <= '9'; ++c) table[c] = Type::number;
  return table;
}
constexpr auto types = first_characters();

bool is_digit(char c) { return c >= '0' && c <= '9'; }

void append_utf8(uint32_t c, std::string& out) {
  const auto put = [&out](uint32_t byte) { out += static_cast<char>(byte); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xC0 | c >> 6);
    put(0x80 | (c & 63));
  } else if (c < 0x10000) {
    put(0xE0 | c >> 12);
    put(0x80 | (c >> 6 & 63));
    put(0x80 | (c & 63));
  } else {
    put(0xF0 | c >> 18);
    put(0x80 | (c >> 12 & 63));
    put(0x80 | (c >> 6 & 63));
    put(0x80 | (c & 63));
  }
}

// Whether the first digit that is not zero stands left of the decimal point once the exponent is
// applied: for a literal that no double can hold, whether it is too large rather than too small.
bool is_large(std::string_view literal) {
  const size_t exponent_at = std::min(literal.find_first_of("eE"), literal.size());
  const std::string_view mantissa = literal.substr(0, exponent_at);
  std::string_view digits = literal.substr(std::min(exponent_at + 1, literal.size()));
  const bool negative = digits.starts_with('-');
  if (!digits.empty() && !is_digit(digits.front())) digits.remove_prefix(1);
  int64_t exponent = 0;
  for (const char c : digits) exponent = std::min<int64_t>(exponent * 10 + (c - '0'), INT32_MAX);
  const size_t point = std::min(mantissa.find('.'), mantissa.size());
  const size_t first = mantissa.find_first_of("123456789");
  if (first == std::string_view::npos) return false;
  const auto place = static_cast<int64_t>(point) - static_cast<int64_t>(first);
  return place + (negative ? -exponent : exponent) > 0;
}

}  // namespace

std::optional<double> to_double(std::string_view literal) {
  double value = 0;
  const auto result = std::from_chars(literal.data(), literal.data() + literal.size(), value);
  if (result.ec == std::errc{}) return value;
  if (is_large(literal)) return std::nullopt;
  return literal.starts_with('-') ? -0.0 : 0.0;
}

// Only the first error counts. What follows finds the end of the text, so that no loop goes on.
bool Reader::fail_at(const char* what, const char* where) {
  if (error_ == nullptr) {
    error_ = what;
    error_offset_ = static_cast<size_t>(where - begin_);
  }
  at_ = end_;
  return false;
}

bool Reader::fail(const char* what) { return fail_at(at_ == end_ ? "unexpected end" : what, at_); }

std::string Reader::error() const {
  if (!malformed()) return {};
  return "malformed JSON at byte " + std::to_string(error_offset_) + ": " + error_;
}

Type Reader::peek() {
  skip_space();
  const Type type = at_ == end_ ? Type::malformed : types[static_cast<unsigned char>(*at_)];
  if (type == Type::malformed) fail("expected a value");
  return type;
}

bool Reader::word(std::string_view expected) {
  skip_space();
  if (!std::string_view(at_, static_cast<size_t>(end_ - at_)).starts_with(expected))
    return fail("expected a value");
  at_ += expected.size();
  return true;
}

bool Reader::read_null() { return word("null"); }

bool Reader::read_bool(bool& out) {
  skip_space();
  out = at_ != end_ && *at_ == 't';
  return word(out ? "true" : "false");
}

bool Reader::read_number(std::string_view& raw) {
  skip_space();
  const char* const from = at_;
  const auto digits = [this] {
    const char* const first = at_;
    while (at_ != end_ && is_digit(*at_)) ++at_;
    return at_ != first;
  };
  if (at_ != end_ && *at_ == '-') ++at_;
  if (at_ != end_ && *at_ == '0')
    ++at_;
  else if (!digits())
    return fail("expected a digit");
  if (at_ != end_ && *at_ == '.') {
    ++at_;
    if (!digits()) return fail("expected a digit");
  }
  if (at_ != end_ && (*at_ == 'e' || *at_ == 'E')) {
    ++at_;
    if (at_ != end_ && (*at_ == '+' || *at_ == '-')) ++at_;
    if (!digits()) return fail("expected a digit");
  }
  raw = {from, static_cast<size_t>(at_ - from)};
  return true;
}

bool Reader::read_hex(uint32_t& out) {
  out = 0;
  for (int i = 0; i < 4; ++i, ++at_) {
    if (at_ == end_) return fail("expected a hexadecimal digit");
    const char c = *at_;
    const int digit = is_digit(c)            ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) return fail("expected a hexadecimal digit");
    out = out << 4 | static_cast<uint32_t>(digit);
  }
  return true;
}

// After the backslash; appends to scratch_.
bool Reader::read_escape() {
  if (at_ == end_) return fail("unexpected end");
  constexpr std::string_view escapes = "\"\\/bfnrt", meanings = "\"\\/\b\f\n\r\t";
  if (*at_ != 'u') {
    const size_t found = escapes.find(*at_);
    if (found == std::string_view::npos) return fail("unknown escape");
    scratch_ += meanings[found];
    ++at_;
    return true;
  }
  const char* const from = at_++ - 1;
  uint32_t code = 0, low = 0;
  if (!read_hex(code)) return false;
  if (code >= 0xDC00 && code < 0xE000) return fail_at("surrogate without its pair", from);
  if (code >= 0xD800 && code < 0xDC00) {
    if (end_ - at_ < 2 || at_[0] != '\\' || at_[1] != 'u')
      return fail_at("surrogate without its pair", from);
    at_ += 2;
    if (!read_hex(low)) return false;
    if (low < 0xDC00 || low > 0xDFFF) return fail_at("surrogate without its pair", from);
    code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
  }
  append_utf8(code, scratch_);
  return true;
}

// After the opening quote; consumes the closing one.
bool Reader::scan_string(std::string_view& out) {
  const char* from = at_;  // what has not been copied to scratch_ yet
  bool copied = false;
  for (;;) {
    at_ = find_string_stop(at_, end_);
    if (at_ == end_) return fail("unexpected end");
    const auto c = static_cast<unsigned char>(*at_);
    if (c == '"') break;
    if (c == '\\') {
      if (!copied) scratch_.clear();
      copied = true;
      scratch_.append(from, at_);
      ++at_;
      if (!read_escape()) return false;
      from = at_;
    } else if (c >= 0x80) {
      const size_t length = utf8_sequence({at_, static_cast<size_t>(end_ - at_)});
      if (length == 0) return fail("not UTF-8");
      at_ += length;
    } else {
      return fail("control character in a string");
    }
  }
  if (copied) {
    scratch_.append(from, at_);
    out = scratch_;
  } else {
    out = {from, static_cast<size_t>(at_ - from)};
  }
  ++at_;
  return true;
}

bool Reader::read_string(std::string_view& out) {
  skip_space();
  if (at_ == end_ || *at_ != '"') return fail("expected a string");
  ++at_;
  return scan_string(out);
}

bool Reader::read_key(std::string_view& out) {
  skip_space();
  if (at_ == end_ || *at_ != '"') return fail("expected a name in quotes");
  ++at_;
  if (!scan_string(out)) return false;
  skip_space();
  if (at_ == end_ || *at_ != ':') return fail("expected ':'");
  ++at_;
  return true;
}

bool Reader::enter(char open, char close) {
  skip_space();
  if (at_ == end_ || *at_ != open)
    return fail(open == '{' ? "expected an object" : "expected an array");
  if (depth_ == limits::json_depth) return fail("nested too deeply");
  ++at_;
  ++depth_;
  skip_space();
  if (at_ == end_ || *at_ != close) return at_ != end_ || fail("unexpected end");
  ++at_;
  --depth_;
  return false;
}

bool Reader::next(char close) {
  skip_space();
  if (at_ != end_ && *at_ == ',') {
    ++at_;
    return true;
  }
  if (at_ == end_ || *at_ != close)
    return fail(close == '}' ? "expected ',' or '}'" : "expected ',' or ']'");
  ++at_;
  --depth_;
  return false;
}

bool Reader::enter_object() { return enter('{', '}'); }
bool Reader::next_member() { return next('}'); }
bool Reader::enter_array() { return enter('[', ']'); }
bool Reader::next_element() { return next(']'); }

bool Reader::finish() {
  skip_space();
  if (at_ != end_) fail("expected the end of the document");
  return !malformed();
}

bool Reader::skip() {
  bool flag = false;
  std::string_view text;
  switch (peek()) {
    case Type::null:
      return read_null();
    case Type::boolean:
      return read_bool(flag);
    case Type::number:
      return read_number(text);
    case Type::string:
      return read_string(text);
    case Type::array:
      return skip_elements();
    case Type::object:
      return skip_members();
    case Type::malformed:
      break;
  }
  return false;
}

bool Reader::skip_elements() {
  for (bool more = enter_array(); more; more = next_element())
    if (!skip()) return false;
  return !malformed();
}

bool Reader::skip_members() {
  const size_t first = skipped_.size(), text_before = skipped_text_.size();
  for (bool more = enter_object(); more; more = next_member()) {
    skip_space();
    const size_t offset = this->offset();
    std::string_view name;
    if (!read_key(name)) return false;
    skipped_.push_back({skipped_text_.size(), name.size(), offset});
    skipped_text_ += name;
    if (!skip()) return false;
  }
  if (malformed() || !names_differ(first)) return false;
  skipped_.resize(first);
  skipped_text_.resize(text_before);
  return true;
}

// Whether the names of the innermost object, from `first` on, are unique. Sorting keeps a large
// object from costing the square of its size.
bool Reader::names_differ(size_t first) {
  const std::string_view all = skipped_text_;
  const auto text = [all](const SkippedName& name) { return all.substr(name.begin, name.length); };
  const auto from = skipped_.begin() + static_cast<std::ptrdiff_t>(first);
  std::sort(from, skipped_.end(), [&](const SkippedName& a, const SkippedName& b) {
    const int order = text(a).compare(text(b));
    return order != 0 ? order < 0 : a.offset < b.offset;
  });
  const auto same = [&](const SkippedName& a, const SkippedName& b) { return text(a) == text(b); };
  const auto twice = std::adjacent_find(from, skipped_.end(), same);
  if (twice == skipped_.end()) return true;
  return fail_at("duplicate name", begin_ + std::next(twice)->offset);
}

}  // namespace freehold::json
