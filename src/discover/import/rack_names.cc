#include "discover/import/rack_names.h"

#include "base/strings.h"
#include "discover/import/import.h"

namespace freehold::discover {

namespace {

bool may_be_one(const std::string& a, const std::string& b) {
  return a.empty() || b.empty() || to_lower(a) == to_lower(b);
}

}  // namespace

std::string RackNames::name_of(const std::string& label, const std::string& row,
                               const std::string& room) {
  std::vector<Rack>& same = racks_[label];
  for (Rack& rack : same) {
    if (!may_be_one(rack.row, row) || !may_be_one(rack.room, room)) continue;
    if (rack.row.empty()) rack.row = row;
    if (rack.room.empty()) rack.room = room;
    return rack.name;
  }
  std::string name = label;
  if (!same.empty()) {
    const bool is_row = !may_be_one(same.front().row, row);
    name = label_of(label + "-" + (is_row ? row : room));
  }
  // A service with racks of both rows calls the second by this name already.
  if (const auto named = racks_.find(name); name != label && named != racks_.end())
    for (const Rack& rack : named->second)
      if (may_be_one(rack.row, row) && may_be_one(rack.room, room)) return rack.name;
  const std::string stem = name.substr(0, 59);
  for (size_t n = 2; !taken_.insert(name).second; ++n) name = stem + "-" + std::to_string(n);
  same.push_back({row, room, name});
  return name;
}

}  // namespace freehold::discover
