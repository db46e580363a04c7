// What a plain YAML scalar means; internal to json.
#pragma once

#include <string_view>

#include "base/result.h"
#include "json/value.h"

namespace freehold::json {

// The core schema of YAML 1.2.2, section 10.3.2. Refuses what JSON cannot hold (infinity) and whole
// numbers with a leading zero, which YAML 1.1 reads as octal.
Result<Value> read_plain_scalar(std::string_view text);

// Whether some YAML reader, of version 1.1 or 1.2, takes the plain text for another type than
// string: a date, `yes`, `1:30`, `0b1`.
bool reads_as_other_type(std::string_view text);

}  // namespace freehold::json
