#include "cli/log_lines.h"

#include "base/time.h"

namespace freehold::cli {

LogLine parse_log_line(std::string_view line) {
  const LogLine plain{{}, line};
  const size_t space = line.find(' ');
  if (space == std::string_view::npos || !parse_rfc3339(line.substr(0, space))) return plain;
  LogLine out{line.substr(0, space), line.substr(space + 1)};
  const bool is_error = out.text.starts_with("stderr ");
  if (!is_error && !out.text.starts_with("stdout ")) return plain;
  const std::string_view rest = out.text.substr(7);
  if (!rest.starts_with("F ") && !rest.starts_with("P ")) return plain;
  out.is_error = is_error;
  out.whole = rest.front() == 'F';
  out.text = rest.substr(2);
  return out;
}

}  // namespace freehold::cli
