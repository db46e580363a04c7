#include "fleet/wan.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace freehold::fleet {
namespace {

// The table grows with the square. Beyond, each question is a search of its own.
constexpr size_t most_sites_in_table = 1'024;
constexpr size_t most_levels = 32;  // rates that are told apart; more count as the lowest

using Link = Wan::Link;
using Links = Wan::Links;

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
  return path;
}

auto latency_order(const FleetPath& path) {
  return std::pair(path.hops, path.latency_ns < 0 ? INT64_MAX : path.latency_ns);
}

// All that is reached over links of at least this width, with fewest links, and over which site at
// last.
struct Spread {
  std::vector<FleetPath> paths;
  std::vector<uint32_t> before;
};
Spread spread(const Links& links, uint32_t start, int64_t level) {
  Spread out{std::vector<FleetPath>(links.size()), std::vector<uint32_t>(links.size(), start)};
  std::vector<FleetPath>& paths = out.paths;
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
        out.before[link.to] = at;
        next.push_back(link.to);
      }
    }
    std::swap(changed, next);
  }
  return out;
}

}  // namespace

Wan::Wan(const std::vector<Site>& sites) {
  const size_t n = sites.size();
  index_ = HashIndex<uint32_t>(n);
  for (uint32_t i = 0; i < n; ++i) {
    index_.add(name_hash(sites[i].name), i);
    names_.push_back(sites[i].name);
  }
  std::map<std::pair<uint32_t, uint32_t>, Link> all;
  for (const bool is_return : {false, true}) {  // what an end says of itself counts first
    for (uint32_t i = 0; i < n; ++i)
      for (const SiteLinkFacts& link : sites[i].links) {
        const uint32_t* to = index_.find(name_hash(link.site));
        if (to == nullptr || *to == i) continue;
        const auto pair = is_return ? std::pair(*to, i) : std::pair(i, *to);
        all.try_emplace(pair, Link{pair.second, link.mbps, link.latency_ns});
      }
  }
  links_.resize(n);
  for (const auto& [pair, link] : all) {
    links_[pair.first].push_back(link);
    if (width(link.mbps) > 0) levels_.push_back(width(link.mbps));
  }
  std::sort(levels_.rbegin(), levels_.rend());
  levels_.erase(std::unique(levels_.begin(), levels_.end()), levels_.end());
  if (levels_.size() > most_levels) {
    levels_[most_levels - 1] = levels_.back();
    levels_.resize(most_levels);
  }
  if (n <= most_sites_in_table) fill_table();
}

void Wan::fill_table() {
  const size_t n = names_.size();
  paths_.resize(n * n);
  for (uint32_t s = 0; s < n; ++s) {
    paths_[s * n + s].cls = PathClass::loc;
    size_t left = n - 1;
    for (const Link& link : links_[s]) {
      if (width(link.mbps) == 0) continue;
      paths_[s * n + link.to] = over(paths_[s * n + s], link);
      --left;
    }
    for (const int64_t level : levels_) {
      if (left == 0) break;
      const std::vector<FleetPath> reached = spread(links_, s, level).paths;
      for (uint32_t t = 0; t < n; ++t) {
        if (paths_[s * n + t].cls != PathClass::dis || reached[t].cls == PathClass::dis) continue;
        paths_[s * n + t] = reached[t];
        --left;
      }
    }
  }
}

const Link* Wan::direct(uint32_t from, uint32_t to) const {
  const auto at = std::ranges::find(links_[from], to, &Link::to);
  return at == links_[from].end() || width(at->mbps) == 0 ? nullptr : &*at;
}

std::vector<std::string> Wan::way(std::string_view from, std::string_view to) const {
  const uint32_t *a = index_.find(name_hash(from)), *b = index_.find(name_hash(to));
  if (a == nullptr || b == nullptr) return {};
  if (*a == *b) return {names_[*a]};
  if (direct(*a, *b) != nullptr) return {names_[*a], names_[*b]};
  for (const int64_t level : levels_) {
    const Spread reached = spread(links_, *a, level);
    if (reached.paths[*b].cls == PathClass::dis) continue;
    std::vector<std::string> out{names_[*b]};
    for (uint32_t at = *b; at != *a; at = reached.before[at])
      out.push_back(names_[reached.before[at]]);
    std::reverse(out.begin(), out.end());
    return out;
  }
  return {};
}

FleetPath Wan::between(uint64_t from, uint64_t to) const {
  const uint32_t *a = index_.find(from), *b = index_.find(to);
  if (a == nullptr || b == nullptr) return {};
  return paths_.empty() ? search(*a, *b) : paths_[size_t{*a} * names_.size() + *b];
}

// As the table has it.
FleetPath Wan::search(uint32_t from, uint32_t to) const {
  FleetPath here;
  here.cls = PathClass::loc;
  if (from == to) return here;
  if (const Link* link = direct(from, to)) return over(here, *link);
  for (const int64_t level : levels_) {
    const FleetPath path = spread(links_, from, level).paths[to];
    if (path.cls != PathClass::dis) return path;
  }
  return {};
}

}  // namespace freehold::fleet
