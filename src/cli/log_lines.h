// Lines of logs, as container runtimes write them: `<time> stdout F text`. Pure.
#pragma once

#include <string_view>

namespace freehold::cli {

struct LogLine {
  std::string_view time, text;
  bool is_error = false, whole = true;
};
// A line that is not of that form is text as it is; one that only has a time in front keeps it.
LogLine parse_log_line(std::string_view line);

}  // namespace freehold::cli
