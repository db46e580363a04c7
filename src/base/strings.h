// Small, allocation-aware string helpers that the standard library lacks. Pure functions.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace freehold {

std::vector<std::string_view> split(std::string_view text, char separator);  // "" gives {""}
std::string join(const std::vector<std::string>& parts, std::string_view separator);
std::string_view trim(std::string_view text);  // ASCII white space at both ends
// What they return looks into `text`, so a string that is gone by then does not compile.
template <std::same_as<std::string> Temporary>
void split(Temporary&& text, char separator) = delete;
template <std::same_as<std::string> Temporary>
void trim(Temporary&& text) = delete;
template <std::same_as<std::string> Temporary>
void beginning_of(Temporary&& text, size_t most_bytes) = delete;
std::string to_lower(std::string_view text);              // ASCII
std::optional<int64_t> parse_int(std::string_view text);  // whole text, base 10
std::optional<uint64_t> parse_uint(std::string_view text);
std::optional<double> parse_double(std::string_view text);  // finite, whole text, no locale

std::string to_hex(std::string_view bytes);  // lower case
std::optional<std::string> from_hex(std::string_view text);
std::string base64_encode(std::string_view bytes);                // standard alphabet, padded
std::optional<std::string> base64_decode(std::string_view text);  // strict: padding required
std::string base64url_encode(std::string_view bytes);             // unpadded
std::optional<std::string> base64url_decode(std::string_view text);

bool is_utf8(std::string_view bytes);  // shortest form, no surrogates
// Length of the well-formed UTF-8 sequence that `bytes` begins with, 1 to 4; 0 when there is none.
size_t utf8_sequence(std::string_view bytes);
// At most so many bytes of UTF-8 text, whole characters only.
std::string_view beginning_of(std::string_view text, size_t most_bytes);
bool is_dns_label(std::string_view text);      // RFC 1123, at most 63
bool is_dns_subdomain(std::string_view text);  // RFC 1123, at most 253
bool is_label_key(std::string_view text);      // [prefix/]name, as Kubernetes
bool is_label_value(std::string_view text);

// Numbers as Linux writes CPU and memory node lists: "0-3,8,10-11", with or without the line end;
// an empty list is an empty text. The result is sorted and unique; at most
// limits::cpu_list_numbers.
std::optional<std::vector<uint32_t>> parse_cpu_list(std::string_view text);
std::string format_cpu_list(const std::vector<uint32_t>& sorted);

// Distance for "did you mean": Levenshtein, gives up above `most` and returns most + 1.
size_t edit_distance(std::string_view a, std::string_view b, size_t most);

}  // namespace freehold
