// Lines of Slurm's configuration files: `Key=Value` pairs, keys without regard to case, `#` begins
// a comment, a backslash at the end joins the next line. And what `scontrol` prints, which has the
// same pairs and no comments. Pure. Internal to this module.
#pragma once

#include <functional>
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

// In what `scontrol` prints, `#` is a letter as any other ("OS=Linux 5.15 #101-Ubuntu SMP"), unless
// a line begins with it: people put remarks above what they saved.
enum class SlurmText { configuration, scontrol };

// A word without '=' belongs to the value before it; a line of such words alone has one pair
// without a value. `bad_request` when a line begins with '=' or a quotation does not end.
// Gives each line to `take` as it is read, since all of them at once are many times the text; an
// error of it ends the reading.
Result<void> parse_slurm(std::string_view text, SlurmText kind, const ImportOptions& options,
                         const std::function<Result<void>(SlurmLine&)>& take);

}  // namespace freehold::discover
