// Strategic merge patch, as far as the core kinds need it: merge semantics, but the lists that
// upstream merges are merged item by item, and the directives that `kubectl apply` sends for them
// are honoured ($setElementOrder, $deleteFromPrimitiveList, $patch). Pure; no validation of the
// result.
#pragma once

#include "base/result.h"
#include "json/value.h"

namespace freehold::server {

// `patch` is an object. Errors: `bad_request` for a directive that makes no sense, `too_large`.
Result<json::Value> strategic_merge(const json::Value& before, json::Value patch);

}  // namespace freehold::server
