#include "place/best_fit.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <tuple>

namespace freehold::place {
namespace {

// Members that need more, or that are pickier, find less room later.
auto difficulty(const RoleAsk& role) {
  int64_t devices = 0;
  for (const DeviceAsk& ask : role.devices) devices += ask.count;
  return std::tuple(devices, role.align.size(), role.cpus, role.memory_bytes);
}

}  // namespace

std::optional<Assignment> BestFit::run() {
  fresh_.assign(g_.groups_.size(), 0);
  std::vector<size_t> order(g_.roles_.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return difficulty(g_.roles_[a]) > difficulty(g_.roles_[b]);
  });
  for (const size_t role : order)
    if (!place_role(role)) return std::nullopt;
  Assignment all;
  for (Used& used : used_) all.push_back({used.spot, std::move(used.counts)});
  return all;
}

bool BestFit::place_role(size_t role) {
  if (g_.roles_[role].count() == 0) return true;
  apart_used_.clear();
  std::vector<Seat> heap;
  for (size_t u = 0; u < used_.size(); ++u)
    if (auto seat = seat_in(role, used_[u].group, static_cast<int64_t>(u))) heap.push_back(*seat);
  for (size_t g = 0; g < g_.groups_.size(); ++g)
    if (auto seat = seat_in(role, g, -1)) heap.push_back(*seat);
  std::make_heap(heap.begin(), heap.end(), std::greater<>());
  auto add = [&](std::optional<Seat> seat) {
    if (!seat) return;
    heap.push_back(*seat);
    std::push_heap(heap.begin(), heap.end(), std::greater<>());
  };
  for (int64_t left = g_.roles_[role].count(); left > 0;) {
    if (heap.empty() || !g_.meter_.step()) return false;
    std::pop_heap(heap.begin(), heap.end(), std::greater<>());
    const Seat seat = heap.back();
    heap.pop_back();
    // What `apart` or a power domain forbids now, it forbids for the rest of the role.
    if (!is_open(role, seat)) continue;
    take(role, seat);
    if (--left == 0) break;
    const auto used = seat.used >= 0 ? seat.used : static_cast<int64_t>(used_.size()) - 1;
    if (!g_.terms_.apart[role]) add(seat_in(role, seat.group, used));
    if (seat.used < 0) add(seat_in(role, seat.group, -1));
  }
  return true;
}

std::optional<BestFit::Seat> BestFit::seat_in(size_t role, size_t group, int64_t used) {
  const Gang::Group& of = g_.groups_[group];
  if ((of.allowed >> role & 1) == 0) return std::nullopt;
  if (used < 0 && fresh_[group] == of.spots.size()) return std::nullopt;
  if (used >= 0)
    counts_ = used_[static_cast<size_t>(used)].counts;
  else
    counts_.assign(g_.roles_.size(), 0);
  Packing& packing = g_.field_.packing(of.packing);
  ++counts_[role];
  if (!packing.fits(counts_, g_.meter_)) return std::nullopt;
  Seat seat;
  seat.spot = used >= 0 ? used_[static_cast<size_t>(used)].spot : of.spots[fresh_[group]];
  seat.rank = g_.terms_.rank.empty() ? 0 : g_.terms_.rank[role][seat.spot];
  seat.leftover = packing.leftover(role, counts_);
  seat.group = group;
  seat.used = used;
  return seat;
}

bool BestFit::is_open(size_t role, const Seat& seat) const {
  const Gang::Group& group = g_.groups_[seat.group];
  if (const auto domain = g_.apart_domain(role, group); domain && apart_used_.contains(*domain))
    return false;
  if (headroom_mw_.empty()) return true;
  const auto& draws = g_.field_.draws(group.feed, role);
  return std::all_of(draws.begin(), draws.end(),
                     [&](const Field::Draw& draw) { return draw.mw <= headroom_mw_[draw.limit]; });
}

void BestFit::take(size_t role, const Seat& seat) {
  const Gang::Group& group = g_.groups_[seat.group];
  if (const auto domain = g_.apart_domain(role, group)) apart_used_.insert(*domain);
  if (!headroom_mw_.empty())
    for (const Field::Draw& draw : g_.field_.draws(group.feed, role))
      headroom_mw_[draw.limit] -= draw.mw;
  if (seat.used < 0) {
    ++fresh_[seat.group];
    used_.push_back({seat.group, seat.spot, Counts(g_.roles_.size())});
  }
  ++used_[seat.used < 0 ? used_.size() - 1 : static_cast<size_t>(seat.used)].counts[role];
}

}  // namespace freehold::place
