#include "base/strings.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>

#include "base/limits.h"

namespace freehold {
namespace {

constexpr size_t label_characters = 63;       // RFC 1123
constexpr size_t subdomain_characters = 253;  // RFC 1123

constexpr std::string_view base64_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view base64url_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

constexpr uint8_t not_a_digit = 0xFF;

constexpr std::array<uint8_t, 256> inverse(std::string_view alphabet) {
  std::array<uint8_t, 256> table{};
  table.fill(not_a_digit);
  for (size_t i = 0; i < alphabet.size(); ++i)
    table[static_cast<unsigned char>(alphabet[i])] = static_cast<uint8_t>(i);
  return table;
}
constexpr auto base64_digits = inverse(base64_alphabet);
constexpr auto base64url_digits = inverse(base64url_alphabet);

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

unsigned byte_at(std::string_view text, size_t i) { return static_cast<unsigned char>(text[i]); }

template <class T>
std::optional<T> parse_whole(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Without padding; the callers add it.
std::string encode64(std::string_view bytes, std::string_view alphabet) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  size_t i = 0;
  for (; i + 3 <= bytes.size(); i += 3) {
    const unsigned n = byte_at(bytes, i) << 16 | byte_at(bytes, i + 1) << 8 | byte_at(bytes, i + 2);
    out += alphabet[n >> 18];
    out += alphabet[n >> 12 & 63];
    out += alphabet[n >> 6 & 63];
    out += alphabet[n & 63];
  }
  if (bytes.size() - i == 1) {
    const unsigned n = byte_at(bytes, i);
    out += alphabet[n >> 2];
    out += alphabet[n << 4 & 63];
  } else if (bytes.size() - i == 2) {
    const unsigned n = byte_at(bytes, i) << 8 | byte_at(bytes, i + 1);
    out += alphabet[n >> 10];
    out += alphabet[n >> 4 & 63];
    out += alphabet[n << 2 & 63];
  }
  return out;
}

// Bits that no byte uses must be zero: one value has one encoding.
std::optional<std::string> decode64(std::string_view text, const std::array<uint8_t, 256>& digits) {
  if (text.size() % 4 == 1) return std::nullopt;
  std::string out;
  out.reserve(text.size() / 4 * 3 + 2);
  unsigned bits = 0;
  int bit_count = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const uint8_t digit = digits[byte_at(text, i)];
    if (digit == not_a_digit) return std::nullopt;
    bits = (bits << 6 | digit) & 0xFFFF;
    bit_count += 6;
    if (bit_count < 8) continue;
    bit_count -= 8;
    out += static_cast<char>(bits >> bit_count & 0xFF);
  }
  if ((bits & ((1u << bit_count) - 1)) != 0) return std::nullopt;
  return out;
}

// The alphabet of a label's name and value: [A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?
bool is_qualified_name(std::string_view text) {
  const auto inner = [](char c) {
    return is_digit(c) || is_lower(c) || is_upper(c) || c == '-' || c == '_' || c == '.';
  };
  const auto outer = [](char c) { return is_digit(c) || is_lower(c) || is_upper(c); };
  return !text.empty() && text.size() <= label_characters && outer(text.front()) &&
         outer(text.back()) && std::all_of(text.begin(), text.end(), inner);
}

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Appends "4" or "4-7"; false when it is malformed or beyond the limit.
bool append_range(std::string_view text, std::vector<uint32_t>& out) {
  const size_t dash = text.find('-');
  const auto first = parse_whole<uint32_t>(text.substr(0, dash));
  const auto last =
      dash == std::string_view::npos ? first : parse_whole<uint32_t>(text.substr(dash + 1));
  if (!first || !last || *last < *first) return false;
  if (uint64_t{*last} - *first + 1 + out.size() > limits::cpu_list_numbers) return false;
  for (uint64_t n = *first; n <= *last; ++n) out.push_back(static_cast<uint32_t>(n));
  return true;
}

}  // namespace

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const size_t at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
  std::string out;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) out += separator;
    out += parts[i];
  }
  return out;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

std::string to_lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (is_upper(c)) c = static_cast<char>(c - 'A' + 'a');
  return out;
}

std::optional<int64_t> parse_int(std::string_view text) { return parse_whole<int64_t>(text); }

std::optional<uint64_t> parse_uint(std::string_view text) { return parse_whole<uint64_t>(text); }

std::optional<double> parse_double(std::string_view text) {
  const auto value = parse_whole<double>(text);
  return value && std::isfinite(*value) ? value : std::nullopt;
}

std::string to_hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (size_t i = 0; i < bytes.size(); ++i) {
    out += digits[byte_at(bytes, i) >> 4];
    out += digits[byte_at(bytes, i) & 15];
  }
  return out;
}

std::optional<std::string> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string out;
  out.reserve(text.size() / 2);
  for (size_t i = 0; i < text.size(); i += 2) {
    const int high = hex_digit(text[i]), low = hex_digit(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high << 4 | low);
  }
  return out;
}

std::string base64_encode(std::string_view bytes) {
  std::string out = encode64(bytes, base64_alphabet);
  out.append((4 - out.size() % 4) % 4, '=');
  return out;
}

std::optional<std::string> base64_decode(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  for (int i = 0; i < 2 && !text.empty() && text.back() == '='; ++i) text.remove_suffix(1);
  return decode64(text, base64_digits);
}

std::string base64url_encode(std::string_view bytes) { return encode64(bytes, base64url_alphabet); }

std::optional<std::string> base64url_decode(std::string_view text) {
  return decode64(text, base64url_digits);
}

// Table 3-7 of the Unicode standard: which second byte may follow which first.
size_t utf8_sequence(std::string_view bytes) {
  if (bytes.empty()) return 0;
  const unsigned first = byte_at(bytes, 0);
  if (first < 0x80) return 1;
  const size_t length = first < 0xC2   ? 0
                        : first < 0xE0 ? 2
                        : first < 0xF0 ? 3
                        : first < 0xF5 ? 4
                                       : 0;
  if (length == 0 || bytes.size() < length) return 0;
  const unsigned second = byte_at(bytes, 1);
  const unsigned least = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  const unsigned most = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  if (second < least || second > most) return 0;
  for (size_t i = 2; i < length; ++i)
    if ((byte_at(bytes, i) & 0xC0) != 0x80) return 0;
  return length;
}

std::string_view beginning_of(std::string_view text, size_t most_bytes) {
  if (text.size() <= most_bytes) return text;
  size_t cut = most_bytes;
  while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xC0) == 0x80) --cut;
  return text.substr(0, cut);
}

bool is_utf8(std::string_view bytes) {
  while (!bytes.empty()) {
    while (bytes.size() >= 8) {
      uint64_t word = 0;
      std::memcpy(&word, bytes.data(), 8);
      if ((word & 0x8080808080808080) != 0) break;
      bytes.remove_prefix(8);
    }
    if (bytes.empty()) break;
    const size_t length = utf8_sequence(bytes);
    if (length == 0) return false;
    bytes.remove_prefix(length);
  }
  return true;
}

bool is_dns_label(std::string_view text) {
  const auto inner = [](char c) { return is_digit(c) || is_lower(c) || c == '-'; };
  return !text.empty() && text.size() <= label_characters && text.front() != '-' &&
         text.back() != '-' && std::all_of(text.begin(), text.end(), inner);
}

// As Kubernetes: a part may be longer than 63, only the whole is bounded.
bool is_dns_subdomain(std::string_view text) {
  if (text.empty() || text.size() > subdomain_characters) return false;
  const auto inner = [](char c) { return is_digit(c) || is_lower(c) || c == '-'; };
  for (const std::string_view part : split(text, '.')) {
    if (part.empty() || part.front() == '-' || part.back() == '-') return false;
    if (!std::all_of(part.begin(), part.end(), inner)) return false;
  }
  return true;
}

bool is_label_key(std::string_view text) {
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos) return is_qualified_name(text);
  return is_dns_subdomain(text.substr(0, slash)) && is_qualified_name(text.substr(slash + 1));
}

bool is_label_value(std::string_view text) { return text.empty() || is_qualified_name(text); }

std::optional<std::vector<uint32_t>> parse_cpu_list(std::string_view text) {
  std::vector<uint32_t> numbers;
  text = trim(text);
  while (!text.empty()) {
    const size_t comma = text.find(',');
    if (!append_range(text.substr(0, comma), numbers)) return std::nullopt;
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
    if (text.empty()) return std::nullopt;
  }
  std::sort(numbers.begin(), numbers.end());
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  return numbers;
}

std::string format_cpu_list(const std::vector<uint32_t>& sorted) {
  std::string out;
  for (size_t i = 0; i < sorted.size();) {
    size_t last = i;
    while (last + 1 < sorted.size() && sorted[last + 1] == sorted[last] + 1) ++last;
    if (!out.empty()) out += ',';
    out += std::to_string(sorted[i]);
    if (last > i) out += '-' + std::to_string(sorted[last]);
    i = last + 1;
  }
  return out;
}

// Only cells within `most` of the diagonal can matter, so the work is bounded by length times
// `most`.
size_t edit_distance(std::string_view a, std::string_view b, size_t most) {
  if (a.size() < b.size()) std::swap(a, b);
  const size_t far = most + 1;
  if (a.size() - b.size() > most) return far;
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = std::min(j, far);
  for (size_t i = 1; i <= a.size(); ++i) {
    const size_t from = i > most ? i - most : 1;
    const size_t to = std::min(b.size(), i + most);
    size_t diagonal = from == 1 ? i - 1 : row[from - 1];
    size_t left = from == 1 ? i : far;
    size_t least = left;
    row[from - 1] = left;
    for (size_t j = from; j <= to; ++j) {
      const size_t above = j == i + most ? far : row[j];
      const size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      left = row[j] = std::min({changed, above + 1, left + 1, far});
      least = std::min(least, left);
    }
    if (least >= far) return far;
  }
  return row[b.size()];
}

}  // namespace freehold
