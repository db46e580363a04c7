#include "discover/import/full_names.h"

#include <algorithm>

#include "base/strings.h"
#include "discover/import/text.h"

namespace freehold::discover {

namespace {

constexpr size_t shown_pairs = 4;

void tell(std::vector<std::string>& notes, const std::string& what,
          const std::vector<std::string>& pairs) {
  if (pairs.empty()) return;
  const size_t shown = std::min(pairs.size(), shown_pairs);
  add_note(
      notes,
      what + join({pairs.begin(), pairs.begin() + static_cast<ptrdiff_t>(shown)}, ", ") +
          (pairs.size() > shown ? " and " + std::to_string(pairs.size() - shown) + " others" : ""));
}

}  // namespace

std::map<std::string, std::string> full_names(
    const std::map<std::string, std::set<std::string>>& sources, std::vector<std::string>& notes) {
  std::map<std::string, std::vector<const std::string*>> full;  // by first label
  for (const auto& [name, by] : sources)
    if (const size_t dot = name.find('.'); dot != name.npos)
      full[name.substr(0, dot)].push_back(&name);
  std::map<std::string, std::string> out;
  std::vector<std::string> joined, left;
  for (const auto& [label, names] : full) {
    const auto bare = sources.find(label);
    if (bare == sources.end()) continue;
    const auto has_both = [&](const std::string* name) {
      return std::ranges::any_of(sources.at(*name),
                                 [&](const auto& source) { return bare->second.contains(source); });
    };
    if (std::ranges::any_of(names, has_both)) continue;
    if (names.size() > 1) {
      left.push_back(label + " (" + *names[0] + " or " + *names[1] + ")");
      continue;
    }
    joined.push_back(label + " is " + *names[0]);
    out.emplace(label, *names[0]);
  }
  tell(notes,
       "machines that one source names with their domain and another without are one: ", joined);
  tell(notes, "machines that may be one of several with a domain stay apart: ", left);
  return out;
}

}  // namespace freehold::discover
