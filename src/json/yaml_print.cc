// YAML as kubectl prints it: block style, lists not indented below their name, plain strings where
// no reader could take them for anything else.
#include "base/strings.h"
#include "json/scalar.h"
#include "json/yaml.h"

namespace freehold::json {
namespace {

constexpr size_t long_name_bytes =
    128;  // from here on, an explicit `? name`: readers bound the simple form

enum class Style : uint8_t { plain, single_quoted, double_quoted, literal };

// The code point of a well-formed sequence of three bytes.
unsigned three_byte_code(std::string_view s) {
  const auto byte = [s](size_t i) {
    return static_cast<unsigned>(static_cast<unsigned char>(s[i]));
  };
  return (byte(0) & 15) << 12 | (byte(1) & 63) << 6 | (byte(2) & 63);
}

// Whether the sequence must be escaped: controls, other line breaks, byte order marks.
bool is_special(std::string_view s) {
  const auto first = static_cast<unsigned char>(s[0]);
  if (s.size() == 1) return first < 0x20 || first == 0x7F || first >= 0x80;
  if (s.size() == 2) return first == 0xC2 && static_cast<unsigned char>(s[1]) < 0xA0;
  if (s.size() != 3) return false;
  const unsigned code = three_byte_code(s);
  return code == 0x2028 || code == 0x2029 || code >= 0xFEFF;
}

// The sequence at `at`; a byte that is not UTF-8 counts as one of its own.
std::string_view sequence_at(std::string_view text, size_t at) {
  return text.substr(at, std::max<size_t>(1, utf8_sequence(text.substr(at))));
}

bool has_special(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const std::string_view sequence = sequence_at(text, i);
    if (is_special(sequence) && sequence != "\n") return true;
    i += sequence.size();
  }
  return false;
}

// Whether the text, which is one line of printable characters, would be taken for YAML's own signs.
bool has_syntax(std::string_view text) {
  constexpr std::string_view indicators = ",[]{}#&*!|>'\"%@`";
  const char first = text.front(), second = text.size() > 1 ? text[1] : ' ';
  if (first == ' ' || text.back() == ' ' || text.back() == ':') return true;
  if (indicators.find(first) != std::string_view::npos) return true;
  if ((first == '-' || first == '?' || first == ':') && second == ' ') return true;
  if (text.starts_with("---") || text.starts_with("...")) return true;
  return text.find(": ") != std::string_view::npos || text.find(" #") != std::string_view::npos;
}

// A literal block keeps lines as they are, unless white space stands where no one would see it.
bool fits_literal(std::string_view text) {
  return text.front() != ' ' && text.front() != '\n' && text.back() != ' ' &&
         text.find(" \n") == std::string_view::npos && !has_special(text);
}

Style style_of(std::string_view text) {
  if (text.find('\n') != std::string_view::npos)
    return fits_literal(text) ? Style::literal : Style::double_quoted;
  if (reads_as_other_type(text) || has_special(text)) return Style::double_quoted;
  return has_syntax(text) ? Style::single_quoted : Style::plain;
}

void append_special(std::string_view sequence, std::string& out) {
  constexpr std::string_view hex = "0123456789ABCDEF";
  if (sequence == "\n" || sequence == "\t" || sequence == "\r") {
    out += sequence == "\n" ? "\\n" : sequence == "\t" ? "\\t" : "\\r";
    return;
  }
  const auto last = static_cast<unsigned char>(sequence.back());
  if (sequence.size() == 1 && last >= 0x80) {
    out += "\uFFFD";  // what is written is always UTF-8
    return;
  }
  const unsigned code = sequence.size() == 3 ? three_byte_code(sequence) : last;
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += hex[code >> shift & 15];
}

void append_double_quoted(std::string_view text, std::string& out) {
  out += '"';
  for (size_t i = 0; i < text.size();) {
    const std::string_view sequence = sequence_at(text, i);
    i += sequence.size();
    if (is_special(sequence)) {
      append_special(sequence, out);
      continue;
    }
    if (sequence == "\"" || sequence == "\\") out += '\\';
    out += sequence;
  }
  out += '"';
}

void append_single_quoted(std::string_view text, std::string& out) {
  out += '\'';
  for (const char c : text) {
    out += c;
    if (c == '\'') out += c;
  }
  out += '\'';
}

class Printer {
 public:
  explicit Printer(std::string& out) : out_(out) {}

  // After "name:", "-" or nothing; ends the line. `indent` is that of what the value belongs to.
  enum class After : uint8_t { nothing, name, dash };
  void print(const Value& value, size_t indent, After after);

 private:
  void print_members(const Object& object, size_t indent);
  void print_elements(const Array& array, size_t indent);
  void print_literal(std::string_view text, size_t indent);
  void print_name(std::string_view name, size_t indent);
  // The first member or element stands behind its dash, the others below it.
  void begin_line(size_t indent) {
    if (behind_dash_) {
      behind_dash_ = false;
      return;
    }
    out_.append(indent, ' ');
  }

  std::string& out_;
  bool behind_dash_ = false;
};

void Printer::print(const Value& value, size_t indent, After after) {
  const Array* const array = value.as_array();
  const Object* const object = value.as_object();
  const bool is_block =
      (array != nullptr && !array->empty()) || (object != nullptr && !object->empty());
  if (after == After::name) out_ += is_block ? "\n" : " ";
  if (after == After::dash) out_ += ' ';
  if (is_block) {
    behind_dash_ = after == After::dash;
    const size_t inner = after == After::nothing ? indent : indent + 2;
    if (object != nullptr)
      print_members(*object, inner);
    else
      print_elements(*array, after == After::name ? indent : inner);
    return;
  }
  const std::string* const text = value.as_string();
  if (text == nullptr) {
    out_ += json::print(value);
  } else {
    switch (style_of(*text)) {
      case Style::plain:
        out_ += *text;
        break;
      case Style::single_quoted:
        append_single_quoted(*text, out_);
        break;
      case Style::double_quoted:
        append_double_quoted(*text, out_);
        break;
      case Style::literal:
        print_literal(*text, indent + 2);
        return;
    }
  }
  out_ += '\n';
}

void Printer::print_name(std::string_view name, size_t indent) {
  const bool is_long = name.size() > long_name_bytes;
  if (is_long) out_ += "? ";
  const Style style = style_of(name);
  if (style == Style::plain)
    out_ += name;
  else if (style == Style::single_quoted)
    append_single_quoted(name, out_);
  else
    append_double_quoted(name, out_);
  if (is_long) {
    out_ += '\n';
    out_.append(indent, ' ');
  }
  out_ += ':';
}

void Printer::print_members(const Object& object, size_t indent) {
  for (const Member& member : object) {
    begin_line(indent);
    print_name(member.first, indent);
    print(member.second, indent, After::name);
  }
}

void Printer::print_elements(const Array& array, size_t indent) {
  for (const Value& element : array) {
    begin_line(indent);
    out_ += '-';
    print(element, indent, After::dash);
  }
}

void Printer::print_literal(std::string_view text, size_t indent) {
  const bool ends = text.back() == '\n';
  const bool ends_twice = text.ends_with("\n\n");
  out_ += ends_twice ? "|+\n" : ends ? "|\n" : "|-\n";
  if (ends) text.remove_suffix(1);
  for (const std::string_view line : split(text, '\n')) {
    if (!line.empty()) out_.append(indent, ' ');
    out_ += line;
    out_ += '\n';
  }
}

}  // namespace

std::string print_yaml(const Value& value) {
  std::string out;
  Printer(out).print(value, 0, Printer::After::nothing);
  return out;
}

}  // namespace freehold::json
