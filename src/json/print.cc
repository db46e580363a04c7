// How documents are written: compact, for people, and canonical (RFC 8785).
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "base/check.h"
#include "base/strings.h"
#include "json/scan.h"
#include "json/value.h"

namespace freehold::json {
namespace {

enum class Layout : uint8_t { compact, pretty, canonical };

void append_escape(char c, std::string& out) {
  constexpr std::string_view shorts = "\"\\\b\f\n\r\t", letters = "\"\\bfnrt";
  constexpr std::string_view hex = "0123456789abcdef";
  out += '\\';
  if (const size_t at = shorts.find(c); at != std::string_view::npos) {
    out += letters[at];
    return;
  }
  const auto byte = static_cast<unsigned char>(c);
  out += "u00";
  out += hex[byte >> 4];
  out += hex[byte & 15];
}

// ECMAScript's Number::toString, which RFC 8785 section 3.2.2.3 asks for. `number` is finite.
void append_ecmascript(double number, std::string& out) {
  if (number == 0) {  // minus zero, too
    out += '0';
    return;
  }
  std::array<char, 32> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), std::abs(number),
                                 std::chars_format::scientific)
                       .ptr;
  const std::string_view shortest(buffer.data(), static_cast<size_t>(end - buffer.data()));
  const size_t mark = shortest.find('e');
  std::string digits(shortest.substr(0, mark));
  if (digits.size() > 1) digits.erase(1, 1);  // the decimal point
  // point: how many digits stand before the decimal point, as `n` in the standard.
  std::string_view power = shortest.substr(mark + 1);
  const bool small = power.front() == '-';
  power.remove_prefix(1);
  const auto exponent = static_cast<int>(parse_int(power).value_or(0));
  const int point = (small ? -exponent : exponent) + 1;
  const auto count = static_cast<int>(digits.size());
  if (number < 0) out += '-';
  if (count <= point && point <= 21) {
    out += digits;
    out.append(static_cast<size_t>(point - count), '0');
  } else if (0 < point && point <= 21) {
    out += digits.insert(static_cast<size_t>(point), 1, '.');
  } else if (-6 < point && point <= 0) {
    out += "0.";
    out.append(static_cast<size_t>(-point), '0');
    out += digits;
  } else {
    if (count > 1) digits.insert(1, 1, '.');
    out += digits;
    out += point > 0 ? "e+" : "e-";
    out += std::to_string(std::abs(point - 1));
  }
}

// The shortest that reads back as the same double, and as a double: 1.0 stays 1.0.
void append_double(double number, Layout layout, std::string& out) {
  if (BUG_IF(!std::isfinite(number), "JSON has no infinity and no NaN")) {
    out += "null";
    return;
  }
  if (layout == Layout::canonical) {
    append_ecmascript(number, out);
    return;
  }
  std::array<char, 32> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number).ptr;
  const std::string_view text(buffer.data(), static_cast<size_t>(end - buffer.data()));
  out += text;
  if (text.find_first_of(".e") == std::string_view::npos) out += ".0";
}

// Order by UTF-16 code units (RFC 8785 section 3.2.3). It is the order of the UTF-8 bytes, but for
// what lies beyond the basic plane: surrogates come before U+E000 to U+FFFF.
bool utf16_less(std::string_view a, std::string_view b) {
  const auto [x, y] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  if (x == a.end() || y == b.end()) return x == a.end() && y != b.end();
  const auto rank = [](char c) {
    const unsigned byte = static_cast<unsigned char>(c);
    return byte == 0xEE || byte == 0xEF ? byte + 0x10 : byte;
  };
  return rank(*x) < rank(*y);
}

class Printer {
 public:
  Printer(Layout layout, std::string& out) : layout_(layout), out_(out) {}

  void print(const Value& value) {
    if (value.is_null()) {
      out_ += "null";
    } else if (const bool* flag = value.as_bool()) {
      out_ += *flag ? "true" : "false";
    } else if (const int64_t* integer = value.as_int()) {
      out_ += std::to_string(*integer);
    } else if (const double* number = value.as_double()) {
      append_double(*number, layout_, out_);
    } else if (const std::string* text = value.as_string()) {
      append_quoted(*text, out_);
    } else if (const Array* array = value.as_array()) {
      print_array(*array);
    } else if (const Object* object = value.as_object()) {
      print_object(*object);
    }
  }

 private:
  void print_array(const Array& array) {
    out_ += '[';
    ++depth_;
    for (size_t i = 0; i < array.size(); ++i) {
      if (i > 0) out_ += ',';
      break_line();
      print(array[i]);
    }
    --depth_;
    if (!array.empty()) break_line();
    out_ += ']';
  }

  void print_object(const Object& object) {
    out_ += '{';
    ++depth_;
    if (layout_ == Layout::canonical) {
      std::vector<const Member*> members;
      members.reserve(object.size());
      for (const Member& member : object) members.push_back(&member);
      std::sort(members.begin(), members.end(),
                [](const Member* a, const Member* b) { return utf16_less(a->first, b->first); });
      for (const Member* member : members) print_member(*member);
    } else {
      for (const Member& member : object) print_member(member);
    }
    --depth_;
    if (!object.empty()) break_line();
    out_ += '}';
  }

  void print_member(const Member& member) {
    if (out_.back() != '{') out_ += ',';
    break_line();
    append_quoted(member.first, out_);
    out_ += layout_ == Layout::pretty ? ": " : ":";
    print(member.second);
  }

  void break_line() {
    if (layout_ != Layout::pretty) return;
    out_ += '\n';
    out_.append(depth_ * 2, ' ');
  }

  Layout layout_;
  std::string& out_;
  size_t depth_ = 0;
};

std::string printed(const Value& value, Layout layout) {
  std::string out;
  Printer(layout, out).print(value);
  return out;
}

}  // namespace

void append_quoted(std::string_view text, std::string& out) {
  out += '"';
  const char *at = text.data(), *const end = at + text.size();
  while (at != end) {
    const char* const stop = find_string_stop(at, end);
    out.append(at, stop);
    at = stop;
    if (at == end) break;
    if (static_cast<unsigned char>(*at) < 0x80) {
      append_escape(*at++, out);
      continue;
    }
    const size_t length = utf8_sequence({at, static_cast<size_t>(end - at)});
    if (length == 0) {
      out += "\uFFFD";  // what is written is always UTF-8
      ++at;
    } else {
      out.append(at, length);
      at += length;
    }
  }
  out += '"';
}

std::string print(const Value& value) { return printed(value, Layout::compact); }
std::string print_pretty(const Value& value) { return printed(value, Layout::pretty); }
std::string canonical(const Value& value) { return printed(value, Layout::canonical); }

}  // namespace freehold::json
