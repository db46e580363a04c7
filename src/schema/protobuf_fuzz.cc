// Any bytes are read as protobuf. What reads without fault must be a value that JSON can carry.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "schema/protobuf.h"
#include "schema/testing/widget.h"

using namespace freehold::schema;
using freehold::schema::testing::Widget;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  freehold::set_fatal_bugs(true);
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  (void)open_protobuf(bytes);
  const TypeInfo& type = type_of<Widget>;
  Widget w;
  Errors errors;
  if (!read_protobuf(type, &w, bytes, errors).ok() || !errors.empty()) return 0;
  validate(type, &w, Path{}, errors);
  const std::string printed = print(w);
  Widget again;
  Errors faults;
  const auto outcome = read(type, &again, printed, faults);
  CHECK(outcome.ok() && outcome->empty() && faults.empty(), printed);
  CHECK(print(again) == printed, printed);
  return 0;
}
