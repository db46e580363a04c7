// Racks are labelled within their row or room: rack "4" of one row is not rack "4" of the next.
// Gives each a name of its own. Pure. Internal to this module.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

namespace freehold::discover {

class RackNames {
 public:
  // The label itself for the first rack of it; with the row, the room or a number behind it for one
  // in another row or room. A row or room that is empty is not told, and may be any.
  std::string name_of(const std::string& label, const std::string& row, const std::string& room);

 private:
  struct Rack {
    std::string row, room, name;
  };
  std::map<std::string, std::vector<Rack>> racks_;  // by label
  std::set<std::string> taken_;
};

}  // namespace freehold::discover
