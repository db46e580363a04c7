// Quantities from any text: what is accepted keeps its text, finds its own dimension, and prints to
// a text of the same value.
#include "base/quantity.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "base/strings.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace freehold;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  bool any = false;
  for (int i = 0; i <= static_cast<int>(Dimension::flops); ++i) {
    const auto dimension = static_cast<Dimension>(i);
    const auto quantity = Quantity::parse(text, dimension);
    if (!quantity.ok()) {
      CHECK(quantity.error().reason == Reason::invalid, "a refusal is invalid");
      continue;
    }
    any = true;
    CHECK(quantity->text() == text, "the text is kept");
    CHECK(!humanize(quantity->value(), dimension, quantity->currency()).empty(), "prints");
    const Quantity same = Quantity::of(quantity->value(), dimension, quantity->currency());
    const auto again = Quantity::parse(same.text(), dimension);
    CHECK(again.ok() && *again == *quantity, "a value prints to a text of that value");
    const auto found = Quantity::parse_any(same.text());
    CHECK(found.ok() && found->dimension() == dimension && *found == *quantity,
          "and of its dimension");
  }
  CHECK(any || !Quantity::parse_any(text).ok(), "what has a dimension is accepted by it");
  return 0;
}
