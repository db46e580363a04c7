#include "discover/import/text.h"

#include <algorithm>

#include "base/strings.h"
#include "discover/parse.h"

namespace freehold::discover {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }

// Lower case; what the API does not take becomes one '-'. `most` bytes, no sign at either end.
std::string plain_name(std::string_view text, size_t most, bool dots) {
  std::string out;
  for (const char c : to_lower(text)) {
    const bool plain = is_lower(c) || is_digit(c);
    const char sign = plain ? c : c == '.' && dots ? '.' : '-';
    const bool after_sign = out.empty() || out.back() == '-' || out.back() == '.';
    if (!plain && after_sign) continue;
    out += sign;
    if (out.size() >= most) break;
  }
  while (!out.empty() && (out.back() == '-' || out.back() == '.')) out.pop_back();
  return out;
}

}  // namespace

void add_note(std::vector<std::string>& notes, std::string_view text) {
  if (notes.size() + 1 < limits::import_notes)
    notes.push_back(clean_text(text, limits::note_bytes));
  else if (notes.size() + 1 == limits::import_notes)
    notes.emplace_back("there is more to say; the notes end here");
}

Error fault_at(const ImportOptions& options, size_t line, std::string_view what) {
  std::string message = options.file.empty() ? "" : clean_text(options.file, 256) + ": ";
  if (line > 0) message += "line " + std::to_string(line) + ": ";
  return {Reason::bad_request, message + clean_text(what, limits::note_bytes)};
}

namespace {

// What a text is written in, by how it begins and what is in it; with the remedy.
std::string_view foreign_encoding(std::string_view text) {
  if (text.starts_with("\x1f\x8b"))
    return "is compressed with gzip; unpack it first: gunzip -k FILE";
  if (text.starts_with("BZh")) return "is compressed with bzip2; unpack it first: bunzip2 -k FILE";
  if (text.starts_with("\xfd"
                       "7zXZ"))
    return "is compressed with xz; unpack it first: unxz -k FILE";
  if (text.starts_with("\x28\xb5\x2f\xfd"))
    return "is compressed with zstd; unpack it first: unzstd FILE";
  const bool is_utf16 = text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff") ||
                        (text.size() > 3 && (text[0] == '\0') != (text[1] == '\0'));
  if (is_utf16) return "is written in UTF-16; change it first: iconv -f UTF-16 -t UTF-8 FILE";
  if (text.find('\0') != text.npos) return "is not a text: it has bytes that are zero";
  return "is not UTF-8, but perhaps Latin-1; change it first: iconv -f LATIN1 -t UTF-8 FILE";
}

}  // namespace

Result<std::string_view> check_text(std::string_view text, const ImportOptions& options) {
  if (text.size() > limits::import_bytes) {
    Error error = fault_at(options, 0, "larger than 64 MiB; no file of this format is");
    error.reason = Reason::too_large;
    return error;
  }
  if (text.find('\0') != text.npos || !is_utf8(text))
    return fault_at(options, 0, foreign_encoding(text));
  constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  return text;
}

std::string label_of(std::string_view text) { return plain_name(text, 63, false); }

std::string host_name_of(std::string_view text) {
  const std::string out = plain_name(text, limits::host_name_bytes, true);
  return is_dns_subdomain(out) ? out : label_of(text);
}

Result<std::string> HostNames::name_of(std::string_view text) {
  std::string name = host_name_of(text);
  if (name.empty())
    return Error{Reason::invalid,
                 "\"" + clean_text(text, 64) + "\" has nothing that could be a machine's name"};
  const auto [at, fresh] = written_.try_emplace(name, text);
  if (!fresh && at->second != text)
    return Error{Reason::invalid, "\"" + clean_text(at->second, 64) + "\" and \"" +
                                      clean_text(text, 64) + "\" would both be called \"" + name +
                                      "\"; rename one"};
  return name;
}

namespace {

struct Range {
  uint64_t from = 0, to = 0;
  size_t width = 0;  // digits of names with leading zeros
};

Result<Range> parse_range(std::string_view text) {
  const size_t dash = text.find('-');
  const std::string_view first = text.substr(0, dash);
  const std::string_view last = dash == text.npos ? first : text.substr(dash + 1);
  const auto from = first.size() <= 12 ? parse_uint(first) : std::nullopt;
  const auto to = last.size() <= 12 ? parse_uint(last) : std::nullopt;
  if (!from || !to)
    return Error{Reason::bad_request, "\"" + clean_text(text, 64) + "\" is no range of numbers"};
  if (*from > *to)
    return Error{Reason::bad_request, "the range \"" + clean_text(text, 64) + "\" falls"};
  return Range{*from, *to, first.size()};
}

Error too_many_hosts() {
  return {Reason::too_large,
          "a host list of more than " + std::to_string(limits::import_hosts) + " machines"};
}

Error too_long_name() { return {Reason::bad_request, "a name of more than 253 signs"}; }

std::string padded_number(uint64_t n, size_t width) {
  std::string digits = std::to_string(n);
  if (digits.size() < width) digits.insert(0, width - digits.size(), '0');
  return digits;
}

// One element of a host list, with all of its brackets.
Result<std::vector<std::string>> expand_element(std::string_view text) {
  std::vector<std::string> out{""};
  for (size_t brackets = 0;; ++brackets) {
    const size_t open = text.find('[');
    const std::string_view plain = text.substr(0, open);
    if (plain.find(']') != plain.npos)
      return Error{Reason::bad_request, "\"" + clean_text(text, 64) + "\" closes what is not open"};
    // Before it is added to each of thousands.
    if (out[0].size() + plain.size() > limits::host_name_bytes) return too_long_name();
    for (std::string& name : out) name += plain;
    if (open == text.npos) break;
    if (brackets == limits::hostlist_brackets)
      return Error{Reason::bad_request, "a host list with more than eight brackets in a name"};
    const size_t close = text.find(']', open);
    if (close == text.npos)
      return Error{Reason::bad_request, "\"" + clean_text(text, 64) + "\" has no closing bracket"};
    std::vector<Range> ranges;
    size_t count = 0;
    for (const std::string_view part : split(text.substr(open + 1, close - open - 1), ',')) {
      ranges.push_back(TRY(parse_range(trim(part))));
      const uint64_t numbers = ranges.back().to - ranges.back().from + 1;
      if (numbers > limits::import_hosts) return too_many_hosts();
      count += numbers;
      if (count * out.size() > limits::import_hosts) return too_many_hosts();
    }
    std::vector<std::string> next;
    for (const std::string& name : out)
      for (const Range& range : ranges)
        for (uint64_t n = range.from; n <= range.to; ++n)
          next.push_back(name + padded_number(n, range.width));
    out = std::move(next);
    text.remove_prefix(close + 1);
  }
  for (const std::string& name : out) {
    if (name.empty()) return Error{Reason::bad_request, "a host list with an empty name"};
    if (name.size() > limits::host_name_bytes) return too_long_name();
  }
  return out;
}

}  // namespace

Result<std::vector<std::string>> expand_hostlist(std::string_view text) {
  std::vector<std::string> out;
  size_t depth = 0, begin = 0;
  for (size_t i = 0; i <= text.size(); ++i) {
    const char c = i < text.size() ? text[i] : ',';
    if (c == '[' && ++depth > 1)
      return Error{Reason::bad_request, "\"" + clean_text(text, 64) + "\" has nested brackets"};
    if (c == ']' && depth-- == 0)
      return Error{Reason::bad_request, "\"" + clean_text(text, 64) + "\" closes what is not open"};
    if (c != ',' || (depth > 0 && i < text.size())) continue;
    auto names = TRY(expand_element(trim(text.substr(begin, i - begin))));
    if (out.size() + names.size() > limits::import_hosts) return too_many_hosts();
    std::move(names.begin(), names.end(), std::back_inserter(out));
    begin = i + 1;
  }
  return out;
}

NamedPlace place_of_name(std::string_view name) {
  const std::string plain = label_of(name);
  const std::string_view text = plain;
  // "rack-1-04", "rack12": the number of the row may stand before that of the rack.
  if (text.starts_with("rack")) {
    const std::string_view rest = text.substr(text.starts_with("rack-") ? 5 : 4);
    const size_t dash = rest.find('-');
    const std::string_view row = dash == rest.npos ? "" : rest.substr(0, dash);
    const std::string_view rack = dash == rest.npos ? rest : rest.substr(dash + 1);
    const auto is_number = [](std::string_view t) {
      return !t.empty() && t.size() <= 6 && std::all_of(t.begin(), t.end(), is_digit);
    };
    if (is_number(rack) && (row.empty() || is_number(row))) return {plain, std::string(row)};
    return {};
  }
  // "a08-…": one or two letters of the row, and two digits.
  const std::string_view first = text.substr(0, text.find('-'));
  if (first.size() == text.size() || first.size() < 3 || first.size() > 4) return {};
  const std::string_view row = first.substr(0, first.size() - 2);
  if (!std::all_of(row.begin(), row.end(), is_lower) || !is_digit(first[first.size() - 2]) ||
      !is_digit(first.back()))
    return {};
  return {std::string(first), std::string(row)};
}

}  // namespace freehold::discover
