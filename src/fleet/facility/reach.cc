#include "fleet/facility/reach.h"

#include <algorithm>

#include "fleet/facility/limits.h"

namespace freehold::fleet::facility {

Reach::Reach(const Supply& supply, const std::vector<api::Feed>& feeds) : supply_(supply) {
  for (const api::Feed& feed : feeds)
    if (const uint32_t domain = supply.find(feed.domain); domain != none) add_feed(domain, feed);
  if (group_.shares == 0)
    for (Supply::Group::Feed& feed : group_.feeds) group_.shares += feed.share = 1;
  for (size_t i = 0; i < domains_.size() && domains_.size() <= most_reach; ++i)
    for (const uint32_t s : supply.domains()[domains_[i]].suppliers) add(s);
  if (!is_too_wide()) order();
}

void Reach::add(uint32_t domain) {
  if (!has(domain)) domains_.push_back(domain);
}

void Reach::add_feed(uint32_t domain, const api::Feed& feed) {
  const int64_t share = std::clamp<int64_t>(feed.share_percent, 0, 100);
  group_.feeds.push_back({domain, share, feed.on_failure});
  group_.shares += share;
  add(domain);
}

// Suppliers come after all that they supply.
void Reach::order() {
  std::vector<uint32_t> sorted = domains_;
  std::sort(sorted.begin(), sorted.end());
  std::vector<uint32_t> ordered;
  std::vector<int> waits(sorted.size(), 0);
  const auto at = [&](uint32_t d) {
    return static_cast<size_t>(std::lower_bound(sorted.begin(), sorted.end(), d) - sorted.begin());
  };
  for (const uint32_t d : sorted)
    for (const uint32_t s : supply_.domains()[d].suppliers) ++waits[at(s)];
  for (size_t i = 0; i < sorted.size(); ++i)
    if (waits[i] == 0) ordered.push_back(sorted[i]);
  for (size_t i = 0; i < ordered.size(); ++i)
    for (const uint32_t s : supply_.domains()[ordered[i]].suppliers)
      if (--waits[at(s)] == 0) ordered.push_back(s);
  domains_ = std::move(ordered);
}

bool Reach::is_too_wide() const { return domains_.size() > most_reach; }

bool Reach::has(uint32_t domain) const { return index_of(domain) < domains_.size(); }

size_t Reach::index_of(uint32_t domain) const {
  return static_cast<size_t>(std::find(domains_.begin(), domains_.end(), domain) -
                             domains_.begin());
}

std::vector<int64_t> Reach::loads(int64_t mw, uint32_t failed) const {
  std::vector<int64_t> out(domains_.size(), 0);
  const auto is_down = [&](uint32_t d) { return out[index_of(d)] < 0; };
  for (size_t i = domains_.size(); i-- > 0;)
    if (domains_[i] == failed || !supply_.has_supply(supply_.domains()[domains_[i]], is_down))
      out[i] = -1;
  bool is_capped = false;
  const std::vector<int64_t> parts = supply_.draws(group_, mw, is_down, is_capped);
  for (size_t i = 0; i < parts.size(); ++i)
    if (const size_t at = index_of(group_.feeds[i].domain); out[at] >= 0)
      out[at] += supply_.arriving(group_.feeds[i].domain, parts[i]);
  for (size_t i = 0; i < domains_.size(); ++i) {
    if (out[i] <= 0) continue;
    const Supply::Domain& domain = supply_.domains()[domains_[i]];
    const std::vector<int64_t> drawn = supply_.passed(domain, out[i], is_down);
    for (size_t s = 0; s < drawn.size(); ++s)
      if (drawn[s] > 0) out[index_of(domain.suppliers[s])] += drawn[s];
  }
  return out;
}

}  // namespace freehold::fleet::facility
