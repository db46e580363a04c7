#include "discover/import/slurm_conf.h"

#include "base/strings.h"
#include "discover/import/text.h"

namespace freehold::discover {

namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

// One line after joining; quotes hold blanks together and vanish.
Result<void> add_words(std::string_view text, size_t number, SlurmText kind,
                       const ImportOptions& options, std::vector<SlurmPair>& pairs) {
  std::string word;
  bool quoted = false, any = false;
  const size_t begin = text.find_first_not_of(" \t");
  const auto is_comment = [&](size_t i) {
    if (kind == SlurmText::scontrol) return begin == i;
    return !quoted && (i == 0 || text[i - 1] != '\\');
  };
  const auto end_word = [&]() -> Result<void> {
    if (!any) return {};
    const size_t equals = word.find('=');
    if (equals == 0) return fault_at(options, number, "a value without a name");
    if (equals != word.npos)
      pairs.push_back({to_lower(word.substr(0, equals)), word.substr(equals + 1)});
    else if (pairs.empty())
      pairs.push_back({to_lower(word), {}});
    else
      pairs.back().value += (pairs.back().value.empty() ? "" : " ") + word;
    word.clear();
    any = false;
    return {};
  };
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') {
      quoted = !quoted;
      any = true;
    } else if (c == '#' && is_comment(i)) {
      break;
    } else if (is_blank(c) && !quoted) {
      TRY(end_word());
    } else {
      word += c;
      any = true;
    }
  }
  if (quoted) return fault_at(options, number, "a quotation does not end");
  return end_word();
}

}  // namespace

const std::string* SlurmLine::find(std::string_view key) const {
  for (const SlurmPair& pair : pairs)
    if (pair.key == key) return &pair.value;
  return nullptr;
}

Result<void> parse_slurm(std::string_view text, SlurmText kind, const ImportOptions& options,
                         const std::function<Result<void>(SlurmLine&)>& take) {
  size_t number = 0, lines = 0;
  std::string joined;
  size_t first = 0;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    std::string_view raw = text.substr(begin, end - begin);
    begin = end + 1;
    ++number;
    if (raw.ends_with('\r')) raw.remove_suffix(1);
    if (joined.empty()) first = number;
    if (joined.size() + raw.size() > limits::import_line_bytes)
      return fault_at(options, first, "a line of more than 1 MiB");
    if (raw.ends_with('\\') && begin < text.size()) {
      joined += std::string(raw.substr(0, raw.size() - 1)) + " ";
      continue;
    }
    joined += raw;
    SlurmLine line{first, !joined.empty() && is_blank(joined[0]), {}};
    TRY(add_words(joined, first, kind, options, line.pairs));
    joined.clear();
    if (line.pairs.empty()) continue;
    if (++lines > limits::import_lines) return fault_at(options, first, "too many lines");
    TRY(take(line));
  }
  return {};
}

}  // namespace freehold::discover
