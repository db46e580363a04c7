// Which machines are one although one source names them with their domain and another without.
// Pure. Internal to this module.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

namespace freehold::discover {

// From "gpu03" to "gpu03.example.com", where that is the only name of several labels that begins
// so and no source has both. `sources` are those of each name. Notes tell what is taken for one,
// and what is not because several names begin so.
std::map<std::string, std::string> full_names(
    const std::map<std::string, std::set<std::string>>& sources, std::vector<std::string>& notes);

}  // namespace freehold::discover
