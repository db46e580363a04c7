// Times and durations from any text: what is accepted prints to a text of the same value.
#include "base/time.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace freehold;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto time = parse_rfc3339(text)) {
    const std::string printed = format_rfc3339_micro(*time);
    CHECK(printed.size() == 27, "a time prints with four digits for the year");
    // An offset may lead out of the years that four digits can name.
    const bool in_range = time->us >= -62'167'219'200'000'000 && time->us < 253'402'300'800'000'000;
    CHECK(!in_range || parse_rfc3339(printed) == time, "a time reads back");
  }
  if (const auto duration = parse_duration(text)) {
    CHECK(duration->us >= 0, "no duration is negative");
    CHECK(parse_duration(format_duration(*duration)) == duration, "a duration reads back");
    CHECK(!format_age(*duration).empty(), "an age prints");
  }
  if (const auto ns = parse_duration_ns(text))
    CHECK(parse_duration_ns(format_duration_ns(*ns)) == ns, "nanoseconds read back");
  return 0;
}
