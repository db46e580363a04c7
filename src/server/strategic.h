// Strategic merge patch, as far as the core kinds need it: merge semantics, but the lists that
// upstream merges are merged item by item, and the directives that `kubectl apply` sends for them
// are honoured ($setElementOrder, $deleteFromPrimitiveList, $patch). Pure; no validation of the
// result.
#pragma once

#include <span>
#include <string_view>

#include "base/result.h"
#include "json/value.h"

namespace freehold::server {

// As the tags of upstream's types say: `patchStrategy:"merge"`, and the field that tells items
// apart. Without one the items are strings.
struct MergedList {
  std::string_view parent, name, key;  // parent: "metadata", or none: of the document itself
};
std::span<const MergedList> merged_lists();

// `patch` is an object. Errors: `bad_request` for a directive that makes no sense, `too_large`.
Result<json::Value> strategic_merge(const json::Value& before, json::Value patch);

}  // namespace freehold::server
