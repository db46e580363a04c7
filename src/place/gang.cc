#include "place/gang.h"

#include <utility>

#include "place/best_fit.h"
#include "place/exact.h"

namespace freehold::place {

Gang::Gang(Field& field, const Terms& terms, Meter& meter)
    : field_(field), roles_(field.ask().roles), terms_(terms), meter_(meter) {
  make_groups();
}

// Whether two spots with equal rooms are alike in the rest.
bool Gang::is_alike(size_t a, size_t b) const {
  const Spot &x = field_.spots()[a], &y = field_.spots()[b];
  if (x.feed != y.feed || (by_rack_ && x.rack != y.rack) || (by_site_ && x.site != y.site))
    return false;
  for (const auto& rank : terms_.rank)
    if (rank[a] != rank[b]) return false;
  return true;
}

void Gang::make_groups() {
  uint32_t powered = 0;  // roles that ask for watts
  for (size_t r = 0; r < roles_.size(); ++r) {
    by_rack_ = by_rack_ || is_alone_per(r, Level::rack);
    by_site_ = by_site_ || is_alone_per(r, Level::site);
    powered |= (roles_[r].power_mw > 0 ? 1u : 0u) << r;
  }
  constexpr size_t none = SIZE_MAX;
  const std::vector<Spot>& spots = field_.spots();
  // Groups of equal rooms form a chain, which is short.
  std::vector<size_t> first(field_.packings(), none), next, sizes, leader,
      group_of(spots.size(), none);
  for (size_t s = 0; s < spots.size(); ++s) {
    const uint32_t allowed = terms_.allowed[s] & (spots[s].has_power ? ~0u : ~powered);
    if (allowed == 0) continue;
    size_t g = first[spots[s].packing];
    while (g != none && (groups_[g].allowed != allowed || !is_alike(leader[g], s))) g = next[g];
    if (g == none) {
      g = groups_.size();
      groups_.push_back({{},
                         spots[s].packing,
                         allowed,
                         by_rack_ ? spots[s].rack : -1,
                         by_site_ ? spots[s].site : -1,
                         spots[s].feed});
      next.push_back(std::exchange(first[spots[s].packing], g));
      sizes.push_back(0);
      leader.push_back(s);
    }
    group_of[s] = g;
    ++sizes[g];
  }
  std::vector<size_t> at(groups_.size() + 1);
  for (size_t g = 0; g < groups_.size(); ++g) at[g + 1] = at[g] + sizes[g];
  spots_.resize(at.back());
  for (size_t g = 0; g < groups_.size(); ++g)
    groups_[g].spots = std::span(spots_).subspan(at[g], sizes[g]);
  for (size_t s = 0; s < spots.size(); ++s)
    if (group_of[s] != none) spots_[at[group_of[s]]++] = s;
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
