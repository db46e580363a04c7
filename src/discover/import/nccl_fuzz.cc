// Any bytes: no crash, no endless loop, and what is accepted names nothing that is not there.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "discover/import/formats.h"
#include "discover/import/testing/promises.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace freehold::discover;
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const std::string broken = testing::import_faults(text, import_nccl);
  CHECK(broken.empty(), broken);
  return 0;
}
