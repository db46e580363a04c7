// Lines of Slurm's configuration files: `Key=Value` pairs, keys without regard to case, `#` begins
// a comment, a backslash at the end joins the next line. Pure. Internal to this module.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "discover/import/import.h"

namespace freehold::discover {

struct SlurmPair {
  std::string key;  // lower case
  std::string value;
};
struct SlurmLine {
  size_t line = 0;  // number of its first line
  bool is_indented = false;
  std::vector<SlurmPair> pairs;  // at least one

  const std::string* find(std::string_view key) const;  // null when it is not there
};

// A word without '=' belongs to the value before it; a line of such words alone has one pair
// without a value. `bad_request` when a line begins with '=' or a quotation does not end.
Result<std::vector<SlurmLine>> parse_slurm(std::string_view text, const ImportOptions& options);

}  // namespace freehold::discover
