// Two documents, separated by a zero byte: the first is patched with the second, as kubectl patches
// the core kinds. What comes out is a refusal that says why, or a document within bounds.
#include "server/strategic.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"

namespace {

using freehold::json::Array;
using freehold::json::Value;
using freehold::server::MergedList;

// The items of a merged list; null: there is no such list.
const Array* items_of(const Value& document, const MergedList& list) {
  const Value* inside = list.parent.empty() ? &document : document.at({list.parent});
  if (inside == nullptr || inside->as_object() == nullptr) return nullptr;
  const Value* items = inside->at({list.name});
  return items == nullptr ? nullptr : items->as_array();
}

size_t size_of(const Array* items) { return items == nullptr ? 0 : items->size(); }

bool has_directive(const Array* items) {
  return items != nullptr && std::any_of(items->begin(), items->end(), [](const Value& item) {
           return item.at({"$patch"}) != nullptr;
         });
}

void check_list(const MergedList& list, const Value& before, const Value& patch,
                const Value& after) {
  const Array* had = items_of(before, list);
  const Array* merged = items_of(after, list);
  CHECK(size_of(merged) <= size_of(had) + size_of(items_of(patch, list)),
        "a list holds what it held and what the patch gave");
  // What was there may be called as it likes.
  if (!list.key.empty() && !has_directive(had))
    CHECK(!has_directive(merged), "a directive is followed, not kept");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace freehold;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t zero = std::min(text.find('\0'), size);
  const auto before = json::parse(text.substr(0, zero));
  const auto patch = json::parse(text.substr(std::min(zero + 1, size)));
  if (!before.ok() || !patch.ok() || patch->as_object() == nullptr) return 0;

  const auto after = server::strategic_merge(*before, *patch);
  if (!after.ok()) {
    const Reason reason = after.error().reason;
    CHECK(reason == Reason::bad_request || reason == Reason::too_large,
          "the patch is at fault, and nothing else");
    CHECK(!after.error().message.empty(), "a refusal says why");
    return 0;
  }
  CHECK(after->as_object() != nullptr, "an object comes out");
  const std::string printed = json::print(*after);
  const auto again = json::parse(printed);
  CHECK(again.ok() && *again == *after, "a patched document is a document");
  CHECK(printed.size() <= json::print(*before).size() + json::print(*patch).size() + 2,
        "nothing is there twice");
  for (const server::MergedList& list : server::merged_lists())
    check_list(list, *before, *patch, *after);
  return 0;
}
