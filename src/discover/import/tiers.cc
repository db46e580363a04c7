#include "discover/import/tiers.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <map>
#include <vector>

#include "discover/import/limits.h"

namespace freehold::discover {

namespace {

constexpr size_t nowhere = static_cast<size_t>(-1);

using Places = std::map<std::string_view, size_t>;  // switch → index

Places places_of(const api::FabricSpec& fabric) {
  Places places;
  for (size_t i = 0; i < fabric.switches.size(); ++i) places.emplace(fabric.switches[i].name, i);
  return places;
}

std::vector<size_t> levels_of(const api::FabricSpec& fabric, const Places& places) {
  std::vector<std::vector<size_t>> next(fabric.switches.size());
  for (const api::FabricLink& link : fabric.links) {
    const auto from = places.find(link.from), to = places.find(link.to);
    if (from == places.end() || to == places.end()) continue;
    next[from->second].push_back(to->second);
    next[to->second].push_back(from->second);
  }
  std::vector<size_t> levels(fabric.switches.size(), nowhere);
  std::deque<size_t> waiting;
  const auto reach = [&](size_t at, size_t level) {
    if (levels[at] != nowhere) return;
    levels[at] = level;
    waiting.push_back(at);
  };
  std::vector<size_t> machines(fabric.switches.size());
  for (size_t i = 0; i < machines.size(); ++i) machines[i] = fabric.switches[i].nodes.size();
  for (const api::FabricAdapter& adapter : fabric.adapters)
    if (const auto at = places.find(adapter.at); at != places.end() && !adapter.is_aggregation)
      ++machines[at->second];
  for (size_t i = 0; i < machines.size(); ++i) {
    // A fabric manager on a spine makes no leaf of it: all around it are more machines.
    const bool is_among_leaves =
        next[i].size() > 1 &&
        std::ranges::all_of(next[i], [&](size_t other) { return machines[other] > machines[i]; });
    if (machines[i] > 0 && !is_among_leaves) reach(i, 0);
  }
  while (!waiting.empty()) {
    const size_t at = waiting.front();
    waiting.pop_front();
    for (const size_t other : next[at]) reach(other, levels[at] + 1);
  }
  return levels;
}

// What the links of one level carry.
struct Load {
  double down = 0, up = 0;  // bit/s
  int64_t one = 0;          // of each link downwards or to machines; 0: none seen
  bool is_even = true;
  void below(int64_t bandwidth, int64_t count) {
    const int64_t each = bandwidth / std::max<int64_t>(count, 1);
    down += static_cast<double>(bandwidth);
    if (each == 0 || (one != 0 && one != each)) is_even = false;
    one = each;
  }
};

}  // namespace

std::string tier_name(size_t level) {
  static constexpr std::string_view names[] = {"leaf", "spine", "core"};
  return level < std::size(names) ? std::string(names[level]) : "tier-" + std::to_string(level + 1);
}

void find_tiers(api::FabricSpec& fabric) {
  const Places places = places_of(fabric);
  const std::vector<size_t> levels = levels_of(fabric, places);
  std::vector<Load> loads;
  for (size_t i = 0; i < levels.size(); ++i) {
    if (levels[i] >= limits::tiers) continue;
    fabric.switches[i].tier = tier_name(levels[i]);
    loads.resize(std::max(loads.size(), levels[i] + 1));
  }
  const auto level_at = [&](std::string_view name) {
    const auto at = places.find(name);
    return at == places.end() || levels[at->second] >= loads.size() ? nowhere : levels[at->second];
  };
  for (const api::FabricAdapter& adapter : fabric.adapters)
    if (const size_t level = level_at(adapter.at); level != nowhere && !adapter.is_aggregation)
      loads[level].below(adapter.bandwidth.value(), 1);
  for (const api::FabricLink& link : fabric.links) {
    const size_t a = level_at(link.from), b = level_at(link.to);
    if (a == nowhere || b == nowhere || a == b) continue;
    loads[std::max(a, b)].below(link.bandwidth.value(), link.count);
    loads[std::min(a, b)].up += static_cast<double>(link.bandwidth.value());
  }
  for (size_t level = 0; level < loads.size(); ++level) {
    const Load& load = loads[level];
    api::FabricTier tier;
    tier.name = tier_name(level);
    if (load.one > 0 && load.is_even) tier.bandwidth = Quantity::of(load.one, Dimension::bandwidth);
    if (load.up > 0 && load.down > 0)
      tier.oversubscription = std::min(1000.0, std::round(load.down / load.up * 100) / 100);
    fabric.tiers.push_back(std::move(tier));
  }
}

}  // namespace freehold::discover
