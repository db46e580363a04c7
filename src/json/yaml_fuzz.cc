// YAML in, YAML out, YAML in again: what was accepted must print to the same document. And any JSON
// document must survive being printed as YAML.
#include "json/yaml.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "json/scalar.h"

namespace {

void check_round_trip(const freehold::json::Value& value) {
  const std::string printed = freehold::json::print_yaml(value);
  const auto again = freehold::json::parse_yaml(printed);
  CHECK(again.ok(), "what was printed is YAML");
  if (value.is_null()) {
    CHECK(again->empty(), "null is an empty document");
    return;
  }
  CHECK(again->size() == 1 && again->front() == value, "what was printed reads back");
  CHECK(freehold::json::print_yaml(again->front()) == printed, "printing is stable");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto documents = freehold::json::parse_yaml(text);
  if (documents.ok())
    for (const auto& document : *documents) check_round_trip(document);
  if (const auto value = freehold::json::parse(text); value.ok()) check_round_trip(*value);
  const auto scalar = freehold::json::read_plain_scalar(text);
  if (scalar.ok() && scalar->as_string() == nullptr)
    CHECK(freehold::json::reads_as_other_type(text), "what reads as another type must be quoted");
  return 0;
}
