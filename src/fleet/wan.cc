#include "fleet/wan.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace freehold::fleet {
namespace {

// The table grows with the square; a site has at most 256 links.
constexpr size_t most_sites = 1'024;
constexpr size_t most_levels = 32;  // rates that are told apart; more count as the lowest

struct Link {
  uint32_t to = 0;
  int64_t mbps = -1, latency_ns = -1, price = -1;
};
using Links = std::vector<std::vector<Link>>;

int64_t width(int64_t mbps) { return mbps < 0 ? 1 : mbps; }
int64_t sum(int64_t a, int64_t b) {
  constexpr int64_t most = INT64_MAX / 4;
  return a < 0 || b < 0 ? -1 : std::min(most, a + b);
}

FleetPath over(const FleetPath& before, const Link& link) {
  FleetPath path = before;
  const bool is_first = before.hops == 0;
  path.cls = PathClass::net;
  path.hops = static_cast<uint8_t>(std::min(UINT8_MAX, before.hops + 1));
  path.max_mbps = is_first                               ? link.mbps
                  : before.max_mbps < 0 || link.mbps < 0 ? -1
                                                         : std::min(before.max_mbps, link.mbps);
  path.now_mbps = path.max_mbps;
  path.latency_ns = is_first ? link.latency_ns : sum(before.latency_ns, link.latency_ns);
  path.price_per_gb_micros = is_first ? link.price : sum(before.price_per_gb_micros, link.price);
  return path;
}

auto latency_order(const FleetPath& path) {
  return std::pair(path.hops, path.latency_ns < 0 ? INT64_MAX : path.latency_ns);
}

// All that is reached over links of at least this width, with fewest links.
std::vector<FleetPath> spread(const Links& links, uint32_t start, int64_t level) {
  std::vector<FleetPath> paths(links.size());
  paths[start].cls = PathClass::loc;
  std::vector<uint32_t> changed{start}, next;
  while (!changed.empty()) {
    next.clear();
    for (const uint32_t at : changed) {
      for (const Link& link : links[at]) {
        if (width(link.mbps) < level || link.to == start) continue;
        const FleetPath path = over(paths[at], link);
        FleetPath& known = paths[link.to];
        if (known.cls == PathClass::net && latency_order(known) <= latency_order(path)) continue;
        known = path;
        next.push_back(link.to);
      }
    }
    std::swap(changed, next);
  }
  return paths;
}

}  // namespace

Wan::Wan(const std::vector<Site>& sites) {
  const size_t n = std::min(sites.size(), most_sites);
  for (uint32_t i = 0; i < n; ++i) index_.emplace(sites[i].name, i);
  std::map<std::pair<uint32_t, uint32_t>, Link> all;
  for (const bool is_return : {false, true}) {  // what an end says of itself counts first
    for (uint32_t i = 0; i < n; ++i)
      for (const SiteLinkFacts& link : sites[i].links) {
        const auto to = index_.find(link.site);
        if (to == index_.end() || to->second == i) continue;
        const auto pair = is_return ? std::pair(to->second, i) : std::pair(i, to->second);
        all.try_emplace(pair,
                        Link{pair.second, link.mbps, link.latency_ns, link.price_per_gb_micros});
      }
  }
  Links links(n);
  std::vector<int64_t> levels;
  for (const auto& [pair, link] : all) {
    links[pair.first].push_back(link);
    if (width(link.mbps) > 0) levels.push_back(width(link.mbps));
  }
  std::sort(levels.rbegin(), levels.rend());
  levels.erase(std::unique(levels.begin(), levels.end()), levels.end());
  if (levels.size() > most_levels) {
    levels[most_levels - 1] = levels.back();
    levels.resize(most_levels);
  }
  paths_.resize(n * n);
  for (uint32_t s = 0; s < n; ++s) {
    paths_[s * n + s].cls = PathClass::loc;
    size_t left = n - 1;
    for (const int64_t level : levels) {
      if (left == 0) break;
      const std::vector<FleetPath> reached = spread(links, s, level);
      for (uint32_t t = 0; t < n; ++t) {
        if (paths_[s * n + t].cls != PathClass::dis || reached[t].cls == PathClass::dis) continue;
        paths_[s * n + t] = reached[t];
        --left;
      }
    }
  }
}

FleetPath Wan::between(std::string_view from, std::string_view to) const {
  const auto a = index_.find(from), b = index_.find(to);
  if (a == index_.end() || b == index_.end()) return {};
  return paths_[size_t{a->second} * index_.size() + b->second];
}

}  // namespace freehold::fleet
