// Decoders of text: what is accepted encodes to the same text, where there is one spelling only.
#include "base/strings.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace freehold;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto bytes = base64_decode(text))
    CHECK(base64_encode(*bytes) == text, "base64 has one spelling");
  if (const auto bytes = base64url_decode(text))
    CHECK(base64url_encode(*bytes) == text, "base64url has one spelling");
  if (const auto bytes = from_hex(text)) CHECK(to_hex(*bytes) == to_lower(text), "hex round trips");
  CHECK(base64_decode(base64_encode(text)) == text, "base64 round trips");
  CHECK(base64url_decode(base64url_encode(text)) == text, "base64url round trips");
  if (const auto numbers = parse_cpu_list(text))
    CHECK(parse_cpu_list(format_cpu_list(*numbers)) == numbers, "a list of numbers round trips");
  const size_t half = size / 2;
  const std::string_view a = text.substr(0, half), b = text.substr(half);
  CHECK(edit_distance(a, b, 3) == edit_distance(b, a, 3), "distance is symmetric");
  CHECK((edit_distance(a, b, 3) == 0) == (a == b), "only equals have no distance");
  if (is_label_key(text) || is_label_value(text) || is_dns_subdomain(text))
    CHECK(is_utf8(text), "names are ASCII");
  return 0;
}
