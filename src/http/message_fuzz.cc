// Whatever decodes must encode to something that decodes to the same.
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "base/strings.h"
#include "http/address.h"
#include "http/message.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace freehold::http;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto query = decode_query(text); query.ok()) {
    for (const auto& [name, value] : *query) {
      CHECK(freehold::is_utf8(name) && freehold::is_utf8(value), "text is UTF-8");
    }
    const auto again = decode_query(encode_query(*query));
    CHECK(again.ok() && *again == *query, "a query survives");
  }
  if (const auto path = percent_decode(text); path.ok()) {
    CHECK(path->find('\0') == std::string::npos, "no NUL comes through");
    const auto again = percent_decode(encode_path(*path));
    CHECK(again.ok() && *again == *path, "a path survives");
  }
  if (const auto url = parse_url(text); url.ok()) {
    CHECK(url->authority.find_first_of("\r\n /@") == std::string::npos,
          "a Host header is one word");
  }
  return 0;
}
