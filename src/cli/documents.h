// Documents that a person hands in: files, directories or standard input, as YAML or JSON, in the
// order in which they can be applied.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/object.h"
#include "base/result.h"
#include "json/value.h"

namespace freehold::cli {

struct Document {
  const api::Kind* kind = nullptr;
  std::string ns, name;
  json::Value body;
};
// Every document of a text; lists are unpacked. A namespaced document without a namespace gets
// `ns`. Errors: `bad_request`, with the place.
Result<std::vector<Document>> parse_documents(std::string_view text, const std::string& ns);
// A file, or standard input for "-", as a whole. `too_large` beyond 64 MiB.
Result<std::string> read_whole(const std::string& file);
// Sorted so that what others refer to comes first.
Result<std::vector<Document>> read_documents(const std::vector<std::string>& files,
                                             const std::string& ns);

// In their order, as many at once as one request holds.
std::vector<json::Array> sets_of(std::vector<Document> documents);
// All at once, for what has to see them together and is called `what`. `too_large` when one request
// does not hold them.
Result<json::Array> one_set(std::vector<Document> documents, std::string_view what);

}  // namespace freehold::cli
