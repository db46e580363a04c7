// A leaf that decodes is exactly what its fields encode to, and is JSON.
#include <cstddef>
#include <cstdint>

#include "audit/leaf.h"
#include "base/check.h"
#include "json/value.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto fields = freehold::audit::decode_leaf(text);
  if (!fields.ok()) return 0;
  CHECK(freehold::audit::encode_leaf(*fields) == text, "a leaf survives");
  const auto parsed = freehold::json::parse(text);
  CHECK(parsed.ok(), "a leaf is JSON");
  CHECK(freehold::json::canonical(*parsed) == text, "a leaf is canonical");
  return 0;
}
