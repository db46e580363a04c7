// An oracle of power that knows the rules and none of the ways: each case is played through from
// the machines up, every path on its own. And random grids to ask it about.
#pragma once

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/random.h"
#include "fleet/facility/supply.h"
#include "fleet/testing/grid_of.h"

namespace freehold::fleet::testing {

inline constexpr int64_t kw = 1'000'000;

struct PowerOracle {
  const Grid& grid;
  std::set<std::string> down;
  std::map<std::string, double> loads;

  const api::PowerDomain* domain(const std::string& name) const {
    const auto at = grid.estate.domains.find(name);
    return at == grid.estate.domains.end() ? nullptr : at->second;
  }
  PowerOracle(const Grid& g, const std::vector<facility::Consumer>& consumers,
              const std::string& failed)
      : grid(g) {
    if (!failed.empty()) down.insert(failed);
    for (size_t before = down.size() + 1; before != down.size();) {
      before = down.size();
      for (const auto& [name, d] : grid.estate.domains) {
        const auto& from = d->spec.supplied_by;
        int64_t up = 0;
        for (const std::string& s : from.domains) up += down.contains(s) ? 0 : 1;
        if (!from.domains.empty() && up < from.required) down.insert(std::string(name));
      }
    }
    for (const facility::Consumer& consumer : consumers) play(consumer);
  }
  void play(const facility::Consumer& consumer) {
    double shares = 0, left = 0, lost = 0;
    std::vector<api::Feed> feeds = consumer.feeds;
    for (const api::Feed& f : feeds) shares += static_cast<double>(f.share_percent);
    if (shares == 0)
      for (api::Feed& f : feeds) shares += static_cast<double>(f.share_percent = 1);
    int up = 0;
    for (const api::Feed& f : feeds) {
      const double part =
          static_cast<double>(consumer.mw) * static_cast<double>(f.share_percent) / shares;
      if (!down.contains(f.domain)) {
        ++up;
        left += static_cast<double>(f.share_percent);
      } else if (f.on_failure == api::FeedFailure::off) {
        return;
      } else if (f.on_failure == api::FeedFailure::shift) {
        lost += part;
      }
    }
    for (const api::Feed& f : feeds) {
      if (down.contains(f.domain)) continue;
      const double share = static_cast<double>(f.share_percent);
      draw(f.domain, static_cast<double>(consumer.mw) * share / shares +
                         lost * (left > 0 ? share / left : 1.0 / up));
    }
  }
  void draw(const std::string& name, double mw) {
    loads[name] += mw;
    const api::PowerDomain* d = domain(name);
    if (d == nullptr) return;
    std::vector<std::string> up, running;
    for (const std::string& s : d->spec.supplied_by.domains) {
      if (down.contains(s)) continue;
      up.push_back(s);
      if (domain(s) == nullptr || domain(s)->spec.type != api::PowerDomainType::generator)
        running.push_back(s);
    }
    const auto& carriers =
        static_cast<int64_t>(running.size()) >= d->spec.supplied_by.required ? running : up;
    for (const std::string& s : carriers) draw(s, mw / static_cast<double>(carriers.size()));
  }
};

struct RandomGrid {
  Grid grid;
  std::vector<facility::Consumer> consumers;
  std::vector<std::string> names;
};

inline std::vector<api::Feed> random_feeds(Random& random, const std::vector<std::string>& names) {
  std::map<std::string, api::Feed> feeds;
  for (int64_t i = random.in(1, 3); i > 0; --i) {
    api::Feed feed;
    feed.domain = names[static_cast<size_t>(random.in(0, static_cast<int64_t>(names.size()) - 1))];
    feed.share_percent = random.in(0, 4) * 25;
    feed.on_failure = static_cast<api::FeedFailure>(random.in(0, 2));
    feeds.emplace(feed.domain, feed);
  }
  std::vector<api::Feed> out;
  for (const auto& [name, feed] : feeds) out.push_back(feed);
  return out;
}

inline RandomGrid random_grid(Random& random) {
  RandomGrid out;
  for (int64_t i = 0, n = random.in(2, 9); i < n; ++i) {
    api::PowerDomain d;
    d.metadata.name = "d" + std::to_string(i);
    d.spec.type =
        random.in(0, 3) == 0 ? api::PowerDomainType::generator : api::PowerDomainType::ups;
    d.spec.capacity = Quantity::of(random.in(5, 60) * kw, Dimension::power);
    std::set<std::string> from;
    for (int64_t s = random.in(0, 3); s > 0 && i > 0; --s)
      from.insert("d" + std::to_string(random.in(0, i - 1)));
    d.spec.supplied_by.domains.assign(from.begin(), from.end());
    d.spec.supplied_by.required =
        random.in(1, std::max<int64_t>(1, static_cast<int64_t>(from.size())));
    out.names.push_back(d.metadata.name);
    out.grid.add(std::move(d));
  }
  for (int64_t i = random.in(0, 6); i > 0; --i)
    out.consumers.push_back({random_feeds(random, out.names), random.in(1, 9) * kw, 1});
  return out;
}

// By how much the loads that grew stay below their capacities in the worst case, in milliwatts;
// below 0 when one of them is over.
inline double margin(const RandomGrid& before, const RandomGrid& after) {
  double least = std::numeric_limits<double>::max();
  std::vector<std::string> failures = after.names;
  failures.emplace_back();
  for (const std::string& failed : failures) {
    const PowerOracle was(before.grid, before.consumers, failed),
        is(after.grid, after.consumers, failed);
    for (const auto& [name, mw] : is.loads) {
      const auto at = was.loads.find(name);
      const api::PowerDomain* domain = is.domain(name);
      if (name == failed || domain == nullptr) continue;
      if (mw > (at == was.loads.end() ? 0 : at->second) + 100)
        least = std::min(least, static_cast<double>(domain->spec.capacity.value()) - mw);
    }
  }
  return least;
}

}  // namespace freehold::fleet::testing
