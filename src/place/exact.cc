#include "place/exact.h"

#include <algorithm>
#include <numeric>
#include <tuple>

namespace freehold::place {
namespace {

// More loads than this for one kind of node, or more failed states in memory, and the budget may as
// well end the search.
constexpr size_t most_loads = 4'000, most_failed = 200'000;

// One level of recursion per node in use.
constexpr int64_t deepest = 1'000;

bool is_zero(const Counts& counts) {
  return std::all_of(counts.begin(), counts.end(), [](int32_t n) { return n == 0; });
}

template <class T>
void append(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

}  // namespace

Exact::Exact(Gang& gang) : g_(gang), headroom_mw_(gang.field_.headroom_mw()) {
  const size_t roles = g_.roles_.size();
  for (size_t r = 0; r < roles; ++r) {
    const bool looks_beyond = g_.terms_.apart[r] && g_.terms_.apart[r] != Level::node;
    const bool draws = g_.roles_[r].power_mw > 0 && !headroom_mw_.empty();
    if (looks_beyond || draws) exact_ |= 1u << r;
  }
  roles_.resize(roles);
  std::iota(roles_.begin(), roles_.end(), size_t{0});
  std::stable_partition(roles_.begin(), roles_.end(), [&](size_t r) { return is_exact(r); });
  order_.resize(g_.groups_.size());
  std::iota(order_.begin(), order_.end(), size_t{0});
  std::stable_sort(order_.begin(), order_.end(), [&](size_t a, size_t b) {
    return std::pair(g_.groups_[a].site, g_.groups_[a].rack) <
           std::pair(g_.groups_[b].site, g_.groups_[b].rack);
  });
  room_from_.assign(order_.size() + 1, std::vector<int64_t>(roles));
  for (size_t i = order_.size(); i-- > 0;) {
    const Gang::Group& group = g_.groups_[order_[i]];
    for (size_t r = 0; r < roles; ++r)
      room_from_[i][r] =
          room_from_[i + 1][r] + g_.room_for(r, group) * static_cast<int64_t>(group.spots.size());
  }
  for (const RoleAsk& role : g_.roles_) remaining_.push_back(static_cast<int32_t>(role.count()));
  apart_used_.resize(roles);
  note_last_groups();
}

void Exact::note_last_groups() {
  for (size_t i = 0; i < order_.size(); ++i) {
    const Gang::Group& group = g_.groups_[order_[i]];
    last_of_rack_[group.rack < 0 ? unknown_apart : group.rack] = i;
    last_of_site_[group.site < 0 ? unknown_apart : group.site] = i;
  }
}

std::optional<Assignment> Exact::run() {
  if (g_.field_.ask().members() > deepest) {
    g_.meter_.charge(g_.meter_.left() + 1);
    return std::nullopt;
  }
  if (!search({})) return std::nullopt;
  return std::move(placed_);
}

// Every load of a node of the group worth trying, most members of the first roles first.
const std::vector<Counts>& Exact::loads_of(const Gang::Group& group) {
  const auto [at, is_new] = loads_.try_emplace({group.packing, group.allowed});
  std::vector<Counts>& loads = at->second;
  if (!is_new) return loads;
  Counts counts(g_.roles_.size());
  extend(group, 0, counts, loads);
  // A load that another one exceeds is never better, when it is the same in the exact roles.
  auto is_exceeded_by = [&](const Counts& small, const Counts& large) {
    if (small == large) return false;
    for (size_t r = 0; r < small.size(); ++r)
      if (is_exact(r) ? small[r] != large[r] : small[r] > large[r]) return false;
    return true;
  };
  std::vector<Counts> kept;
  for (const Counts& load : loads) {
    const bool is_exceeded = std::any_of(loads.begin(), loads.end(), [&](const Counts& other) {
      return is_exceeded_by(load, other);
    });
    if (!is_exceeded && !is_zero(load)) kept.push_back(load);
    if (!g_.meter_.step()) break;
  }
  loads = std::move(kept);
  return loads;
}

void Exact::extend(const Gang::Group& group, size_t at, Counts& counts, std::vector<Counts>& out) {
  if (at == roles_.size()) {
    if (out.size() < most_loads)
      out.push_back(counts);
    else
      g_.meter_.charge(g_.meter_.left() + 1);
    return;
  }
  const size_t role = roles_[at];
  const bool is_last = at + 1 == roles_.size();
  Packing& packing = g_.field_.packing(group.packing);
  for (auto n = static_cast<int32_t>(g_.room_for(role, group)); n >= 0; --n) {
    if (!g_.meter_.step()) return;
    counts[role] = n;
    if (!packing.fits(counts, g_.meter_)) continue;
    extend(group, at + 1, counts, out);
    if (is_last && !is_exact(role)) break;  // fewer would be exceeded
  }
  counts[role] = 0;
}

bool Exact::is_hopeless(const State& at) const {
  for (size_t r = 0; r < remaining_.size(); ++r) {
    if (remaining_[r] == 0) continue;
    int64_t room = room_from_[at.group][r];
    if (at.spot > 0) {
      const Gang::Group& group = g_.groups_[order_[at.group]];
      room = room_from_[at.group + 1][r] +
             g_.room_for(r, group) * static_cast<int64_t>(group.spots.size() - at.spot);
    }
    if (room < remaining_[r]) return true;
  }
  return false;
}

// All that the rest of the search depends on.
std::string Exact::key(const State& at) const {
  std::string out;
  append(out, at.group);
  append(out, at.spot);
  append(out, at.load);
  for (const int32_t n : remaining_) append(out, n);
  for (const int64_t mw : headroom_mw_) append(out, mw);
  // Of the domains in use, those matter that groups ahead can meet again.
  for (size_t r = 0; r < apart_used_.size(); ++r) {
    if (apart_used_[r].empty()) continue;
    const auto& last = g_.is_alone_per(r, Level::rack) ? last_of_rack_ : last_of_site_;
    std::vector<int64_t> ahead;
    for (const int64_t domain : apart_used_[r])
      if (last.at(domain) >= at.group) ahead.push_back(domain);
    std::sort(ahead.begin(), ahead.end());
    append(out, r);
    for (const int64_t domain : ahead) append(out, domain);
  }
  return out;
}

bool Exact::search(State at) {
  if (is_zero(remaining_)) return true;
  std::string here = key(at);
  if (failed_.contains(here)) return false;
  if (walk(at)) return true;
  if (!g_.meter_.is_spent() && failed_.size() < most_failed) failed_.insert(std::move(here));
  return false;
}

// Tries the loads of this node, then of the next group that may take part.
bool Exact::walk(State at) {
  for (; at.group < order_.size(); at = {at.group + 1, 0, 0}) {
    if (!g_.meter_.step() || is_hopeless(at)) return false;
    bool used_any = false;
    if (at.spot < g_.groups_[order_[at.group]].spots.size() && try_loads(at, used_any)) return true;
    if (g_.meter_.is_spent()) return false;
    // Where fuller is never worse, a node that could be used need not be left out.
    if (used_any && exact_ == 0) return false;
  }
  return false;
}

bool Exact::try_loads(State at, bool& used_any) {
  const Gang::Group& group = g_.groups_[order_[at.group]];
  const std::vector<Counts>& loads = loads_of(group);
  for (size_t i = at.load; i < loads.size() && !g_.meter_.is_spent(); ++i) {
    Counts counts = loads[i];
    bool is_too_much = false;
    for (size_t r = 0; r < counts.size(); ++r) {
      is_too_much = is_too_much || (is_exact(r) && counts[r] > remaining_[r]);
      counts[r] = std::min(counts[r], remaining_[r]);
    }
    if (is_too_much || is_zero(counts) || !put(group, counts)) continue;
    used_any = true;
    placed_.push_back({group.spots[at.spot], counts});
    if (search({at.group, at.spot + 1, i})) return true;
    placed_.pop_back();
    take_back(group, counts);
  }
  return false;
}

// False, with nothing changed, when `apart` or a power domain forbids it.
bool Exact::put(const Gang::Group& group, const Counts& counts) {
  for (size_t r = 0; r < counts.size(); ++r) {
    const auto domain = g_.apart_domain(r, group);
    if (counts[r] == 0 || !domain) continue;
    if (counts[r] > 1 ||
        std::find(apart_used_[r].begin(), apart_used_[r].end(), *domain) != apart_used_[r].end())
      return false;
  }
  bool is_over = false;
  for (size_t r = 0; r < counts.size(); ++r) {
    remaining_[r] -= counts[r];
    if (counts[r] > 0)
      if (const auto domain = g_.apart_domain(r, group)) apart_used_[r].push_back(*domain);
    if (headroom_mw_.empty() || counts[r] == 0) continue;
    for (const Field::Draw& draw : g_.field_.draws(group.feed, r)) {
      headroom_mw_[draw.limit] -= draw.mw * counts[r];
      is_over = is_over || headroom_mw_[draw.limit] < 0;
    }
  }
  if (is_over) take_back(group, counts);
  return !is_over;
}

void Exact::take_back(const Gang::Group& group, const Counts& counts) {
  for (size_t r = 0; r < counts.size(); ++r) {
    remaining_[r] += counts[r];
    if (counts[r] > 0 && g_.apart_domain(r, group)) apart_used_[r].pop_back();
    if (headroom_mw_.empty() || counts[r] == 0) continue;
    for (const Field::Draw& draw : g_.field_.draws(group.feed, r))
      headroom_mw_[draw.limit] += draw.mw * counts[r];
  }
}

}  // namespace freehold::place
