#include "fleet/facility/cases.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "fleet/facility/limits.h"

namespace freehold::fleet::facility {
namespace {

constexpr int64_t probe_mw = 1'000'000'000;  // large enough that rounding does not show

// The domains that feeds reach, consumers before suppliers, and what an added load puts on each.
class Reach {
 public:
  Reach(const Supply& supply, const std::vector<api::Feed>& feeds) : supply_(supply) {
    for (const api::Feed& feed : feeds) {
      const uint32_t domain = supply.find(feed.domain);
      if (domain == none) continue;
      group_.feeds.push_back(
          {domain, std::clamp<int64_t>(feed.share_percent, 0, 100), feed.on_failure});
      group_.shares += group_.feeds.back().share;
      add(domain);
    }
    if (group_.shares == 0)
      for (Supply::Group::Feed& feed : group_.feeds) group_.shares += feed.share = 1;
    for (size_t i = 0; i < domains_.size() && domains_.size() <= most_reach; ++i)
      for (const uint32_t s : supply.domains()[domains_[i]].suppliers) add(s);
    if (is_too_wide()) return;
    // Suppliers come after all that they supply.
    std::vector<uint32_t> sorted = domains_;
    std::sort(sorted.begin(), sorted.end());
    std::vector<uint32_t> ordered;
    std::vector<int> waits(sorted.size(), 0);
    const auto at = [&](uint32_t d) {
      return static_cast<size_t>(std::lower_bound(sorted.begin(), sorted.end(), d) -
                                 sorted.begin());
    };
    for (const uint32_t d : sorted)
      for (const uint32_t s : supply.domains()[d].suppliers) ++waits[at(s)];
    for (size_t i = 0; i < sorted.size(); ++i)
      if (waits[i] == 0) ordered.push_back(sorted[i]);
    for (size_t i = 0; i < ordered.size(); ++i)
      for (const uint32_t s : supply.domains()[ordered[i]].suppliers)
        if (--waits[at(s)] == 0) ordered.push_back(s);
    domains_ = std::move(ordered);
  }

  const std::vector<uint32_t>& domains() const { return domains_; }
  bool is_too_wide() const { return domains_.size() > most_reach; }
  bool has(uint32_t domain) const {
    return std::find(domains_.begin(), domains_.end(), domain) != domains_.end();
  }

  // What the probe puts on each of domains() while `failed` is down; -1 for those that are down.
  std::vector<int64_t> loads(uint32_t failed) const {
    std::vector<int64_t> out(domains_.size(), 0);
    const auto index = [&](uint32_t d) {
      return static_cast<size_t>(std::find(domains_.begin(), domains_.end(), d) - domains_.begin());
    };
    const auto is_down = [&](uint32_t d) { return out[index(d)] < 0; };
    for (size_t i = domains_.size(); i-- > 0;)
      if (domains_[i] == failed || !supply_.has_supply(supply_.domains()[domains_[i]], is_down))
        out[i] = -1;
    bool is_capped = false;
    const std::vector<int64_t> parts = supply_.draws(group_, probe_mw, is_down, is_capped);
    for (size_t i = 0; i < parts.size(); ++i)
      if (const size_t at = index(group_.feeds[i].domain); out[at] >= 0) out[at] += parts[i];
    for (size_t i = 0; i < domains_.size(); ++i) {
      if (out[i] <= 0) continue;
      const Supply::Domain& domain = supply_.domains()[domains_[i]];
      const std::vector<int64_t> drawn = supply_.drawn(domain, out[i], is_down);
      for (size_t s = 0; s < drawn.size(); ++s)
        if (drawn[s] > 0) out[index(domain.suppliers[s])] += drawn[s];
    }
    return out;
  }

 private:
  void add(uint32_t domain) {
    if (!has(domain)) domains_.push_back(domain);
  }

  const Supply& supply_;
  Supply::Group group_;
  std::vector<uint32_t> domains_;
};

}  // namespace

Cases::Cases(std::shared_ptr<const Supply> given) : supply_(std::move(given)) {
  const Supply& supply = *supply_;
  const auto& domains = supply.domains();
  worst_.resize(domains.size());
  failures_.resize(domains.size());
  by_failure_.resize(domains.size());
  by_domain_.resize(domains.size());
  for (size_t d = 0; d < domains.size(); ++d) worst_[d].load_mw = domains[d].load_mw;
  Supply::Scratch scratch(supply);
  size_t effects = 0;
  for (uint32_t f = 0; f < domains.size(); ++f) {
    if (effects > most_effects) {
      ++skipped_;
      continue;
    }
    Outcome outcome = supply.fail(f, scratch);
    effects += outcome.loads.size() + outcome.down.size();
    Failure& failure = failures_[f];
    for (const uint32_t g : outcome.off) failure.machines_off += supply.groups()[g].machines;
    for (const uint32_t g : outcome.capped) failure.machines_capped += supply.groups()[g].machines;
    for (const auto& [d, mw] : outcome.loads) {
      if (d == f || mw <= domains[d].load_mw) continue;
      by_domain_[d].emplace_back(f, mw);
      if (mw > worst_[d].load_mw) worst_[d] = {mw, f};
      if (domains[d].capacity_mw >= 0 && mw > domains[d].capacity_mw)
        failure.overloaded.push_back(d);
    }
    by_failure_[f] = std::move(outcome.loads);
  }
  for (std::vector<Load>& loads : by_domain_)
    std::stable_sort(loads.begin(), loads.end(),
                     [](const Load& a, const Load& b) { return a.second > b.second; });
}

int64_t Cases::headroom_mw(uint32_t domain) const {
  return supply_->domains()[domain].capacity_mw - worst_[domain].load_mw;
}

int64_t Cases::load_mw(uint32_t domain, uint32_t failed) const {
  const int64_t now = supply_->domains()[domain].load_mw;
  if (failed == none) return now;
  const std::vector<Load>& loads = by_failure_[failed];
  const auto at = std::lower_bound(loads.begin(), loads.end(), Load{domain, INT64_MIN});
  return at != loads.end() && at->first == domain ? at->second : now;
}

Room Cases::room(const std::vector<api::Feed>& feeds) const {
  const Reach reach(*supply_, feeds);
  Room room;
  if (reach.is_too_wide()) return room;
  const auto& domains = reach.domains();
  std::vector<int64_t> weights(domains.size(), 0);
  const auto weigh = [&](size_t i, uint32_t failed, int64_t load, int64_t probe) {
    const int64_t capacity = supply_->domains()[domains[i]].capacity_mw;
    weights[i] = std::max(weights[i], probe / (probe_mw / 1000));
    if (probe <= 0 || capacity < 0) return;
    const int64_t spare = std::max<int64_t>(0, capacity - load);
    const double most =
        static_cast<double>(spare) * static_cast<double>(probe_mw) / static_cast<double>(probe);
    const auto mw = static_cast<int64_t>(std::min(most, static_cast<double>(most_capacity_mw)));
    if (room.mw >= 0 && mw >= room.mw) return;
    room.mw = mw;
    room.domain = domains[i];
    room.failed = failed;
  };
  const std::vector<int64_t> usual = reach.loads(none);
  for (size_t i = 0; i < domains.size(); ++i) {
    // A failure out of reach changes what the domain carries, not what is added to it.
    const std::vector<Load>& worse = by_domain_[domains[i]];
    const auto other =
        std::ranges::find_if(worse, [&](const Load& load) { return !reach.has(load.first); });
    weigh(i, none, supply_->domains()[domains[i]].load_mw, usual[i]);
    if (other != worse.end()) weigh(i, other->first, other->second, usual[i]);
  }
  for (const uint32_t failed : domains) {
    const std::vector<int64_t> loads = reach.loads(failed);
    for (size_t i = 0; i < domains.size(); ++i)
      if (domains[i] != failed) weigh(i, failed, load_mw(domains[i], failed), loads[i]);
  }
  for (size_t i = 0; i < domains.size(); ++i) room.weights.emplace_back(domains[i], weights[i]);
  return room;
}

}  // namespace freehold::fleet::facility
