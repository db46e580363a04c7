#include "fleet/facility/cases.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "fleet/facility/limits.h"
#include "fleet/facility/reach.h"

namespace freehold::fleet::facility {
namespace {

constexpr int64_t probe_mw = 1'000'000'000;  // large enough that rounding does not show

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
      if (domains[d].capacity_mw >= 0 && is_beyond(mw, domains[d].capacity_mw))
        failure.overloaded.push_back(d);
    }
    by_failure_[f] = std::move(outcome.loads);
  }
  for (std::vector<Load>& loads : by_domain_)
    std::stable_sort(loads.begin(), loads.end(),
                     [](const Load& a, const Load& b) { return a.second > b.second; });
}

int64_t Cases::headroom_mw(uint32_t domain) const {
  const int64_t capacity = supply_->domains()[domain].capacity_mw, worst = worst_[domain].load_mw;
  return worst > capacity && !is_beyond(worst, capacity) ? 0 : capacity - worst;
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
  const std::vector<int64_t> usual = reach.loads(probe_mw, none);
  for (size_t i = 0; i < domains.size(); ++i) {
    // A failure out of reach changes what the domain carries, not what is added to it.
    const std::vector<Load>& worse = by_domain_[domains[i]];
    const auto other =
        std::ranges::find_if(worse, [&](const Load& load) { return !reach.has(load.first); });
    weigh(i, none, supply_->domains()[domains[i]].load_mw, usual[i]);
    if (other != worse.end()) weigh(i, other->first, other->second, usual[i]);
  }
  for (const uint32_t failed : domains) {
    const std::vector<int64_t> loads = reach.loads(probe_mw, failed);
    for (size_t i = 0; i < domains.size(); ++i)
      if (domains[i] != failed) weigh(i, failed, load_mw(domains[i], failed), loads[i]);
  }
  for (size_t i = 0; i < domains.size(); ++i) room.weights.emplace_back(domains[i], weights[i]);
  return room;
}

}  // namespace freehold::fleet::facility
