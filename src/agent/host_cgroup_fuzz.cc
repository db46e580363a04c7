// Whatever stands in the files of a control group, reading them ends, and gives numbers that make
// sense.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "agent/host_cgroup.h"
#include "base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace freehold::agent;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  flat_value(text, "oom_kill");
  flat_value(text, "");
  CHECK(limit_value(text) >= 0, "a limit is never negative");
  CHECK(cpu_max_milli(text) >= 0, "a quota is never negative");
  some_avg10(text);
  return 0;
}
