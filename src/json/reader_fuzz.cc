// The reader against simdjson: both must agree on what is JSON. We are stricter in three things
// only, which simdjson 3.0 does not look at: names that appear twice, depth beyond our limit, and
// escaped surrogates.
#include "json/reader.h"

#include <simdjson.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "json/value.h"

namespace {

using freehold::json::Reader;
using freehold::json::Value;

// On demand simdjson checks only what one reads, so this is its DOM, which checks all.
bool simdjson_accepts(std::string_view text) {
  static simdjson::dom::parser parser;
  return parser.parse(simdjson::padded_string(text)).error() == simdjson::SUCCESS;
}

bool is_stricter_here(std::string_view error) {
  for (const std::string_view reason :
       {"duplicate name", "nested too deeply", "surrogate without its pair", "too many"})
    if (error.find(reason) != std::string_view::npos) return true;
  return false;
}

// simdjson refuses integers that fit neither int64 nor uint64; for us they become doubles.
bool has_long_integer(std::string_view text) {
  size_t digits = 0;
  for (const char c : text) {
    digits = c >= '0' && c <= '9' ? digits + 1 : 0;
    if (digits >= 19) return true;
  }
  return false;
}

void check_round_trip(const Value& value) {
  const std::string printed = freehold::json::print(value);
  const auto again = freehold::json::parse(printed);
  CHECK(again.ok() && *again == value, "what was printed reads back");
  CHECK(freehold::json::print(*again) == printed, "printing is stable");
  const auto pretty = freehold::json::parse(freehold::json::print_pretty(value));
  CHECK(pretty.ok() && *pretty == value, "what was printed for people reads back");
  const std::string canonical = freehold::json::canonical(value);
  const auto canonical_again = freehold::json::parse(canonical);
  CHECK(canonical_again.ok(), "the canonical form is JSON");
  CHECK(freehold::json::canonical(*canonical_again) == canonical,
        "the canonical form is canonical");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Reader reader(text);
  const bool skipped = reader.skip() && reader.finish();
  CHECK(skipped != reader.malformed(), "a document is skipped or malformed");
  const auto value = freehold::json::parse(text);

  const std::string error = skipped ? "" : reader.error();
  const std::string parse_error = value.ok() ? "" : value.error().message;
  const bool out_of_range = parse_error.find("number out of range") != std::string::npos;
  if (out_of_range)
    CHECK(skipped || !error.empty(), "the range of a number is not the reader's matter");
  else
    CHECK(value.ok() == skipped, "skipping and parsing agree");

  const bool accepted = simdjson_accepts(text);
  if (value.ok())
    CHECK(accepted || has_long_integer(text), "simdjson refuses what we accept");
  else
    CHECK(!accepted || is_stricter_here(parse_error), "simdjson accepts what we refuse");
  if (value.ok()) check_round_trip(*value);
  return 0;
}
