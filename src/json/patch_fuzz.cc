// Two documents, separated by a zero byte: the first is patched with the second, as merge patch and
// as JSON patch; and the difference of the two, applied to the first, gives the second.
#include "json/patch.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"

namespace {

using freehold::json::Member;
using freehold::json::Value;

// A merge patch cannot set null, nor can one tell an empty object in a patch from nothing to
// change.
bool has_null(const Value& value) {
  if (value.is_null()) return true;
  if (const auto* array = value.as_array())
    return std::any_of(array->begin(), array->end(), has_null);
  if (const auto* object = value.as_object())
    return std::any_of(object->begin(), object->end(),
                       [](const Member& member) { return has_null(member.second); });
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace freehold::json;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t zero = std::min(text.find('\0'), size);
  const auto target = parse(text.substr(0, zero));
  const auto patch = parse(text.substr(std::min(zero + 1, size)));
  if (!target.ok() || !patch.ok()) return 0;

  const auto patched = json_patch(*target, *patch);
  if (patched.ok()) {
    const auto again = parse(print(*patched));
    CHECK(again.ok() && *again == *patched, "a patched document is a document");
  } else {
    CHECK(!patched.error().message.empty(), "a refusal says why");
  }

  const Value merged = merge_patch(*target, *patch);
  CHECK(parse(print(merged)).ok(), "a merged document is a document");
  // Not all merges are idempotent in the order of members, but in value they are.
  CHECK(merge_patch(merged, *patch) == merged, "merging twice is merging once");

  const bool are_objects = target->as_object() != nullptr && patch->as_object() != nullptr;
  if (are_objects && !has_null(*target) && !has_null(*patch)) {
    const Value difference = diff(*target, *patch);
    CHECK(merge_patch(*target, difference) == *patch, "the difference leads from one to the other");
    CHECK((*target == *patch) == difference.as_object()->empty(), "only equals do not differ");
  }
  return 0;
}
