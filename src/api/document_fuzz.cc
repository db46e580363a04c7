// Any bytes are read as a document of any kind (the first byte says which). Whatever was read must
// survive validation, and all that a server does with a valid object; what it prints must read back
// equal.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "api/registry.h"
#include "base/check.h"

using namespace freehold;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  set_fatal_bugs(true);
  if (size == 0) return 0;
  const auto kinds = api::kinds();
  const api::Kind& kind = *kinds[data[0] % kinds.size()];
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  api::Object object(kind);
  schema::Errors errors;
  if (!api::read_object(object, text, errors).ok()) return 0;

  schema::Errors faults, changes;
  api::validate(object, faults);
  api::validate_update(api::Object(kind), object, changes);
  if (!errors.empty()) return 0;

  if (kind.admit != nullptr) kind.admit(object.data());
  for (const api::Column& column : kind.columns) (void)column.cell(object.data(), Time{1});
  for (const std::string_view field : kind.selectable)
    (void)schema::text_at(*kind.type, object.data(), field);

  const std::string printed = object.print();
  const Result<api::Object> again = api::decode(kind, printed);
  CHECK(again.ok(), printed);
  CHECK(again->print() == printed, printed);
  CHECK(object.clone().print() == printed, printed);
  schema::Errors none;
  api::validate_update(object, *again, none);
  CHECK(none.empty(), printed);
  return 0;
}
