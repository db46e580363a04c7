#include "discover/import/smi_matrix.h"

#include "base/strings.h"
#include "discover/import/limits.h"
#include "discover/import/text.h"

namespace freehold::discover {

namespace {

// Without the escape sequences by which terminals underline.
std::string plain_line(std::string_view line) {
  std::string out;
  for (size_t i = 0; i < line.size(); ++i) {
    if (line[i] != '\x1b') {
      out += line[i] == '\r' ? ' ' : line[i];
      continue;
    }
    while (i + 1 < line.size() && line[i] != 'm') ++i;
  }
  return out;
}

}  // namespace

std::vector<std::string> cells_of(const std::string& line) {
  std::string text = line;
  const bool tabs = text.find('\t') != text.npos;
  if (!tabs) {
    // Names of columns with blanks inside.
    for (const std::string_view name : {"CPU Affinity", "NUMA Affinity", "GPU NUMA ID"})
      if (const size_t at = text.find(name); at != text.npos)
        for (size_t i = at; i < at + name.size(); ++i)
          if (text[i] == ' ') text[i] = '\x01';
    std::replace(text.begin(), text.end(), ' ', '\t');
    std::replace(text.begin(), text.end(), '\x01', ' ');
  }
  std::vector<std::string> out;
  for (const std::string_view cell : split(text, '\t'))
    if (const std::string_view inner = trim(cell); !inner.empty()) out.emplace_back(inner);
  return out;
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> out;
  for (const std::string_view line : split(text, '\n')) {
    if (out.size() >= limits::smi_lines) break;
    out.push_back(plain_line(line.substr(0, limits::smi_line_bytes)));
  }
  return out;
}

Result<std::string_view> checked_matrix(std::string_view text, const ImportOptions& options) {
  text = TRY(check_text(text, options));
  const auto lines = static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
  if (text.size() > limits::smi_bytes || lines >= limits::smi_lines)
    return fault_at(options, 0, "larger than any machine's matrix");
  return text;
}

}  // namespace freehold::discover
