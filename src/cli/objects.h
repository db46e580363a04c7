// Documents as typed objects, for commands that work on files without a server.
#pragma once

#include <string>
#include <vector>

#include "api/object.h"
#include "base/result.h"
#include "cli/documents.h"
#include "cli/render.h"

namespace freehold::cli {

// Read and validated, unknown fields refused. `invalid` and `bad_request` name the object and the
// path.
Result<api::Object> object_of(const Document& document);
// The objects as one List, in JSON or YAML.
std::string list_document(const std::vector<api::Object>& objects, Output output);

}  // namespace freehold::cli
