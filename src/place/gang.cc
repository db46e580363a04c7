#include "place/gang.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "place/best_fit.h"
#include "place/exact.h"

namespace freehold::place {

Gang::Gang(Field& field, const Terms& terms, Meter& meter)
    : field_(field), roles_(field.ask().roles), terms_(terms), meter_(meter) {
  make_groups();
}

void Gang::make_groups() {
  bool by_rack = false, by_site = false;
  for (size_t r = 0; r < roles_.size(); ++r) {
    by_rack = by_rack || is_alone_per(r, Level::rack);
    by_site = by_site || is_alone_per(r, Level::site);
  }
  uint32_t powered = 0;  // roles that ask for watts
  for (size_t r = 0; r < roles_.size(); ++r) powered |= (roles_[r].power_mw > 0 ? 1u : 0u) << r;
  using Key = std::tuple<int32_t, int32_t, uint32_t, int32_t, uint32_t, std::vector<int64_t>>;
  std::map<Key, size_t> index;
  for (size_t s = 0; s < field_.spots().size(); ++s) {
    const Spot& spot = field_.spots()[s];
    const uint32_t allowed = terms_.allowed[s] & (spot.has_power ? ~0u : ~powered);
    if (allowed == 0) continue;
    const int32_t rack = by_rack ? spot.rack : -1, site = by_site ? spot.site : -1;
    std::vector<int64_t> ranks;
    for (const auto& of_role : terms_.rank) ranks.push_back(of_role[s]);
    const auto [at, is_new] = index.try_emplace(
        Key{site, rack, spot.packing, spot.feed, allowed, std::move(ranks)}, groups_.size());
    if (is_new) groups_.push_back({{}, spot.packing, allowed, rack, site, spot.feed});
    groups_[at->second].spots.push_back(s);
  }
}

std::optional<int64_t> Gang::apart_domain(size_t role, const Group& group) const {
  if (!terms_.apart[role] || terms_.apart[role] == Level::node) return std::nullopt;
  const int32_t known = terms_.apart[role] == Level::rack ? group.rack : group.site;
  return known >= 0 ? known : unknown_apart;
}

int64_t Gang::room_for(size_t role, const Group& group) {
  if ((group.allowed >> role & 1) == 0) return 0;
  const int64_t limit = terms_.apart[role] ? 1 : roles_[role].count();
  return field_.packing(group.packing).most(role, limit, meter_);
}

// Whether some role has too little room even when it is alone. Cheap, and settles most refusals.
bool Gang::is_hopeless() {
  for (size_t r = 0; r < roles_.size(); ++r) {
    int64_t room = 0;
    std::set<int64_t> domains;
    for (const Group& group : groups_) {
      if (room >= roles_[r].count()) break;
      const int64_t each = room_for(r, group);
      if (each == 0) continue;
      const auto domain = apart_domain(r, group);
      if (domain)
        room += domains.insert(*domain).second ? 1 : 0;
      else
        room += each * static_cast<int64_t>(group.spots.size());
    }
    if (room < roles_[r].count()) return true;
  }
  return false;
}

std::optional<Assignment> Gang::solve() {
  if (auto found = BestFit(*this).run()) return found;
  if (meter_.is_spent() || is_hopeless()) return std::nullopt;
  return Exact(*this).run();
}

}  // namespace freehold::place
