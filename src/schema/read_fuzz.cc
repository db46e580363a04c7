// Any bytes are read into a type that has every kind of field. What reads without fault must print,
// read again and be equal; whatever was read must survive validation, comparison and diff.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "schema/testing/widget.h"
#include "schema/walk.h"

using namespace freehold::schema;
using freehold::schema::testing::Widget;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  freehold::set_fatal_bugs(true);
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const TypeInfo& type = type_of<Widget>;
  Widget w;
  Errors errors;
  const auto outcome = read(type, &w, text, errors);
  if (!outcome.ok()) return 0;

  Errors faults;
  validate(type, &w, Path{}, faults);
  const Widget fresh;
  (void)diff(type, &fresh, &w);
  Errors changes;
  validate_update(type, &fresh, &w, Path{}, changes);
  if (!errors.empty()) return 0;

  const std::string printed = print(w);
  Widget again;
  Errors errors_again;
  const auto outcome_again = read(type, &again, printed, errors_again);
  CHECK(outcome_again.ok() && outcome_again->empty() && errors_again.empty(), printed);
  CHECK(equal(type, &w, &again), printed);
  CHECK(print(again) == printed, printed);
  CHECK(diff(type, &w, &again).empty(), printed);
  return 0;
}
