// The strict pull reader under everything that reads JSON: it walks bytes once, checks UTF-8,
// escapes, numbers and depth, and hands out views. schema/ reads typed structs with it; value.cc
// the untyped ones. Not thread safe; one reader per document. The text must outlive the reader.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace freehold::json {

enum class Type : uint8_t { null, boolean, number, string, array, object, malformed };

// The double nearest to a literal that read_number accepted, on every machine the same; too small
// becomes zero. Nothing when it is beyond the largest double.
std::optional<double> to_double(std::string_view literal);

class Reader {
 public:
  explicit Reader(std::string_view text)
      : begin_(text.data()), at_(text.data()), end_(text.data() + text.size()) {}

  // Skips white space; says what comes next without consuming it. When no value can begin there,
  // the reader becomes malformed.
  Type peek();

  // Each consumes one value and returns false (and marks the reader malformed) when it is not well
  // formed.
  bool read_null();
  bool read_bool(bool& out);
  bool read_number(std::string_view& raw);  // the literal as it stands, grammar checked
  // The view points into the text, or into scratch that the next read_string may reuse.
  bool read_string(std::string_view& out);
  bool skip();  // any value, fully checked, duplicate names included

  // for (bool more = r.enter_object(); more; more = r.next_member()) { r.read_key(k); …value… }
  // After the loop check `malformed()`.
  bool enter_object();                   // true: a member follows
  bool read_key(std::string_view& out);  // name and colon; same lifetime as read_string
  bool next_member();                    // consumes ',' or '}'; true: another member follows
  bool enter_array();                    // true: an element follows
  bool next_element();

  bool finish();  // only white space is left
  bool malformed() const { return error_ != nullptr; }
  // Bytes consumed; after an error, where it is.
  size_t offset() const { return malformed() ? error_offset_ : static_cast<size_t>(at_ - begin_); }
  std::string error() const;  // "malformed JSON at byte 17: expected ':'"

 private:
  // A name that skip() has seen in an object that is still open; its text stands in skipped_text_.
  struct SkippedName {
    size_t begin, length, offset;
  };

  bool fail(const char* what);
  bool fail_at(const char* what, const char* where);
  void skip_space() {
    while (at_ != end_ && is_space(*at_)) ++at_;
  }
  static bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }
  bool enter(char open, char close);
  bool next(char close);
  bool word(std::string_view expected);
  bool scan_string(std::string_view& out);
  bool read_escape();
  bool read_hex(uint32_t& out);
  bool skip_members();
  bool skip_elements();
  bool names_differ(size_t first);

  const char *begin_, *at_, *end_;
  const char* error_ = nullptr;
  size_t error_offset_ = 0;
  int depth_ = 0;
  std::string scratch_;
  std::string skipped_text_;
  std::vector<SkippedName> skipped_;
};

}  // namespace freehold::json
