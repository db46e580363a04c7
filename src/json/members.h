// Looking up many names in one object without a walk for each; internal to json.
#pragma once

#include <algorithm>
#include <string_view>
#include <vector>

#include "json/value.h"

namespace freehold::json {

// Up to here, comparing each name with each costs less than sorting them.
inline constexpr size_t few_members = 16;

// Pointers into `object`, by name.
inline std::vector<const Member*> sorted_members(const Object& object) {
  std::vector<const Member*> members;
  members.reserve(object.size());
  for (const Member& member : object) members.push_back(&member);
  std::sort(members.begin(), members.end(),
            [](const Member* a, const Member* b) { return a->first < b->first; });
  return members;
}

inline const Member* find_sorted(const std::vector<const Member*>& members, std::string_view name) {
  const auto at =
      std::lower_bound(members.begin(), members.end(), name,
                       [](const Member* member, std::string_view n) { return member->first < n; });
  return at != members.end() && (*at)->first == name ? *at : nullptr;
}

// The later of two members of one name; null when all names differ.
inline const Member* find_duplicate(const Object& object) {
  if (object.size() <= few_members) {
    for (auto a = object.begin(); a != object.end(); ++a)
      for (auto b = object.begin(); b != a; ++b)
        if (a->first == b->first) return &*a;
    return nullptr;
  }
  const auto members = sorted_members(object);
  const auto found =
      std::adjacent_find(members.begin(), members.end(),
                         [](const Member* a, const Member* b) { return a->first == b->first; });
  return found == members.end() ? nullptr : std::max(found[0], found[1]);
}

}  // namespace freehold::json
