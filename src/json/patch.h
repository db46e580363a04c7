// Patches as pure functions on documents: JSON merge patch (RFC 7396) and JSON patch (RFC 6902).
// What they may touch is not decided here but by validating the result. A refused patch leaves no
// trace.
#pragma once

#include "base/result.h"
#include "json/value.h"

namespace freehold::json {

Value merge_patch(Value target, const Value& patch);
// At most limits::patch_operations. A failed `test` or a path that is not there is `invalid`, what
// is no JSON patch is `bad_request`, too much work or copying is `too_large`; each names the
// operation, counted from one: `patch operation 3: path "/spec/x" not found`.
Result<Value> json_patch(Value target, const Value& patch);
// What turns `before` into `after`, as a merge patch, for two objects whose members are never null:
// a merge patch cannot set null. Empty object when equal.
Value diff(const Value& before, const Value& after);

}  // namespace freehold::json
