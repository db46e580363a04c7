// YAML in and out, through yaml-cpp, as the JSON subset that API objects need. Anchors, aliases,
// tags other than the core ones, duplicate keys and non-string keys are refused. Documents split at
// `---`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "json/value.h"

namespace freehold::json {

// Plain scalars follow the core schema of YAML 1.2: `yes`, `on` and dates are strings. Whole
// numbers with a leading zero are refused, because YAML 1.1 reads them as octal. Empty documents
// are left out. At most limits::yaml_bytes, and depth and size as json::parse. Errors are
// `bad_request` and name line and column.
Result<std::vector<Value>> parse_yaml(std::string_view text);
// Exactly one document: YAML, or JSON when the text begins with '{' or '['.
Result<Value> parse_yaml_or_json(std::string_view text);
// Block style, keys in order, ends with newline. Strings that another YAML reader would take for
// another type are in double quotes, those with signs of YAML in single quotes, those with lines as
// literal blocks: as kubectl prints.
std::string print_yaml(const Value& value);

}  // namespace freehold::json
