// SMBIOS tables of any bytes: no crash, no endless loop, and text that can be printed.
#include "discover/smbios.h"

#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "base/strings.h"
#include "discover/limits.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace freehold;
  const auto tables = discover::parse_smbios({reinterpret_cast<const char*>(data), size});
  CHECK(tables.slots.size() <= discover::limits::slots, "slots are bounded");
  for (const auto& slot : tables.slots) {
    CHECK(!slot.designation.empty() && slot.designation.size() <= 63, "a slot has a name");
    CHECK(is_utf8(slot.designation), "that can be printed");
    CHECK(slot.slot < 32 && slot.bus < 256 && slot.segment < 65'536, "and a place");
  }
  CHECK(is_utf8(tables.bmc_address), "an address can be printed");
  return 0;
}
