#include "place/search.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace freehold::place {
namespace {

// One wish of a role that may be dropped.
struct Wish {
  size_t role;
  bool is_together;
};

// Which of the wishes are held on to, as one bit each; required constraints always are.
using Held = uint64_t;

class Attempt {
 public:
  Attempt(Field& field, const std::vector<Wish>& wishes, Held held, Meter& meter)
      : field_(field), roles_(field.ask().roles), meter_(meter) {
    const size_t roles = roles_.size();
    terms_.apart.resize(roles);
    together_.resize(roles);
    for (size_t r = 0; r < roles; ++r) {
      if (roles_[r].together && is_held(wishes, held, r, true))
        together_[r] = roles_[r].together->level;
      if (roles_[r].apart && is_held(wishes, held, r, false))
        terms_.apart[r] = roles_[r].apart->level;
    }
    terms_.allowed.assign(field.spots().size(), (uint32_t{1} << roles) - 1);
    for (size_t r = 0; r < roles; ++r) rule_out_kept(r);
    for (size_t r = 0; r < roles; ++r)
      if (roles_[r].together && !together_[r]) prefer_few_domains(r);
  }

  // `is_proved_` holds when nothing was found and every part of the search came to its end.
  std::optional<Assignment> run() { return settle(0); }
  bool is_proved() const { return !meter_.is_spent() && field_.is_complete(); }

 private:
  static bool is_held(const std::vector<Wish>& wishes, Held held, size_t role, bool is_together) {
    for (size_t w = 0; w < wishes.size(); ++w)
      if (wishes[w].role == role && wishes[w].is_together == is_together) return held >> w & 1;
    return true;  // not a wish: required
  }

  void forbid(size_t role, size_t spot) { terms_.allowed[spot] &= ~(uint32_t{1} << role); }
  bool may(size_t role, size_t spot) const { return terms_.allowed[spot] >> role & 1; }

  // Members that stay count for `together` and `apart`.
  void rule_out_kept(size_t role) {
    for (const std::string& node : roles_[role].kept_nodes) {
      if (together_[role]) {
        const int64_t domain = field_.together_domain_of(node, *together_[role]);
        for (size_t s = 0; s < field_.spots().size(); ++s)
          if (field_.together_domain(s, *together_[role]) != domain) forbid(role, s);
      }
      if (terms_.apart[role]) {
        const int64_t domain = field_.apart_domain_of(node, *terms_.apart[role]);
        for (size_t s = 0; s < field_.spots().size(); ++s)
          if (field_.apart_domain(s, *terms_.apart[role]) == domain) forbid(role, s);
      }
    }
  }

  int64_t room(size_t role, size_t spot) {
    if (!may(role, spot)) return 0;
    // Beyond what is needed, too: it tells a tight domain from a wide one.
    const int64_t limit = terms_.apart[role] ? 1 : most_members;
    return field_.packing(field_.spots()[spot].packing).most(role, limit, meter_);
  }

  struct Domain {
    int64_t room = 0;
    size_t first_spot = 0;      // that has room
    std::vector<size_t> spots;  // all of them: other roles may want those that this one cannot use
  };
  std::vector<Domain> domains(size_t role, Level level) {
    std::map<int64_t, Domain> by_number;
    for (size_t s = 0; s < field_.spots().size(); ++s) {
      const int64_t here = room(role, s);
      Domain& domain = by_number[field_.together_domain(s, level)];
      if (domain.room == 0) domain.first_spot = s;
      domain.room += here;
      domain.spots.push_back(s);
    }
    std::vector<Domain> all;
    for (auto& [number, domain] : by_number)
      if (domain.room > 0) all.push_back(std::move(domain));
    return all;
  }

  // For a wish to be together that cannot be kept in full: the roomiest domains first, so that few
  // are used.
  void prefer_few_domains(size_t role) {
    std::vector<Domain> all = domains(role, roles_[role].together->level);
    std::stable_sort(all.begin(), all.end(), [](const Domain& a, const Domain& b) {
      return std::tuple(-a.room, a.first_spot) < std::tuple(-b.room, b.first_spot);
    });
    if (terms_.rank.empty())
      terms_.rank.assign(roles_.size(), std::vector<int64_t>(field_.spots().size()));
    for (size_t i = 0; i < all.size(); ++i)
      for (const size_t spot : all[i].spots) terms_.rank[role][spot] = static_cast<int64_t>(i);
  }

  // What two domains must share for one to do as well as the other: the same kinds of spots, as
  // often.
  using Signature = std::vector<std::tuple<uint32_t, int32_t, uint32_t, int32_t, int32_t>>;
  Signature signature(const Domain& domain, Level level) const {
    Signature all;
    for (const size_t s : domain.spots) {
      const Spot& spot = field_.spots()[s];
      // Nodes of one rack differ from those of another to a role that must be apart or together by
      // racks; racks themselves are compared as wholes.
      all.emplace_back(spot.packing, spot.feed, terms_.allowed[s],
                       level < Level::rack ? spot.rack : -1, level < Level::site ? spot.site : -1);
    }
    std::sort(all.begin(), all.end());
    return all;
  }

  std::optional<Assignment> settle(size_t role) {
    while (role < roles_.size() && (!together_[role] || roles_[role].count() == 0)) ++role;
    if (role == roles_.size()) return Gang(field_, terms_, meter_).solve();
    const Level level = *together_[role];
    std::vector<Domain> all = domains(role, level);
    std::erase_if(all, [&](const Domain& d) { return d.room < roles_[role].count(); });
    // The tightest domain that is wide enough keeps the others whole.
    std::stable_sort(all.begin(), all.end(), [](const Domain& a, const Domain& b) {
      return std::tuple(a.room, a.first_spot) < std::tuple(b.room, b.first_spot);
    });
    std::set<Signature> failed;
    const std::vector<uint32_t> before = terms_.allowed;
    for (const Domain& domain : all) {
      if (!meter_.step()) return std::nullopt;
      Signature here = signature(domain, level);
      if (failed.contains(here)) continue;
      for (size_t s = 0; s < before.size(); ++s) forbid(role, s);
      for (const size_t s : domain.spots) terms_.allowed[s] = before[s];
      if (auto found = settle(role + 1)) return found;
      terms_.allowed = before;
      failed.insert(std::move(here));
    }
    return std::nullopt;
  }

  Field& field_;
  const std::vector<RoleAsk>& roles_;
  Meter& meter_;
  Terms terms_;
  std::vector<std::optional<Level>> together_;
};

std::vector<Wish> wishes_of(const Ask& ask) {
  std::vector<Wish> wishes;
  for (size_t r = 0; r < ask.roles.size(); ++r) {
    if (ask.roles[r].together && !ask.roles[r].together->is_required) wishes.push_back({r, true});
    if (ask.roles[r].apart && !ask.roles[r].apart->is_required) wishes.push_back({r, false});
  }
  return wishes;
}

}  // namespace

Outcome search(Field& field, Meter& meter) {
  const std::vector<Wish> wishes = wishes_of(field.ask());
  const Held all = (Held{1} << wishes.size()) - 1;
  // Each try for wishes gets a part of the budget only: what is required must not suffer.
  auto attempt = [&](Held held) -> Outcome {
    Meter part(held == 0 ? meter.left() : meter.left() / 4);
    Attempt one(field, wishes, held, part);
    Outcome outcome{one.run(), false};
    outcome.is_proved = !outcome.assignment && one.is_proved();
    meter.charge(part.steps());
    return outcome;
  };
  Outcome best = attempt(all);
  if (best.assignment || wishes.empty()) return best;
  best = attempt(0);
  if (!best.assignment) return best;
  Held held = 0;
  for (size_t w = 0; w < wishes.size(); ++w) {
    const Held more = held | Held{1} << w;
    if (more == all) break;
    Outcome outcome = attempt(more);
    if (!outcome.assignment) continue;
    held = more;
    best = std::move(outcome);
  }
  return best;
}

}  // namespace freehold::place
