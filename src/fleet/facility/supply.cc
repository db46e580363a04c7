#include "fleet/facility/supply.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "fleet/facility/limits.h"

namespace freehold::fleet::facility {

Supply::Supply(std::span<const api::PowerDomain* const> domains,
               std::span<const Consumer> consumers, const Supply* before,
               std::span<const int64_t> pue_milli) {
  name_domains(domains, consumers, pue_milli);
  break_circles();
  mark_overhead();
  add_groups(consumers);
  load_all(before);
  spread_unseen();
}

uint32_t Supply::find(std::string_view name) const {
  const auto at = std::lower_bound(
      domains_.begin(), domains_.end(), name,
      [](const Domain& domain, std::string_view wanted) { return domain.name < wanted; });
  if (at == domains_.end() || at->name != name) return none;
  return static_cast<uint32_t>(at - domains_.begin());
}

void Supply::name_domains(std::span<const api::PowerDomain* const> domains,
                          std::span<const Consumer> consumers, std::span<const int64_t> pue_milli) {
  std::set<std::string_view> names;
  for (const api::PowerDomain* domain : domains) {
    names.insert(domain->metadata.name);
    for (const std::string& supplier : domain->spec.supplied_by.domains) names.insert(supplier);
  }
  for (const Consumer& consumer : consumers)
    for (const api::Feed& feed : consumer.feeds) names.insert(feed.domain);
  domains_.resize(names.size());
  size_t next = 0;
  for (const std::string_view name : names) domains_[next++].name = name;
  for (size_t i = 0; i < domains.size(); ++i) {
    const api::PowerDomain* domain = domains[i];
    Domain& d = domains_[find(domain->metadata.name)];
    d.capacity_mw = std::clamp<int64_t>(domain->spec.capacity.value(), 0, most_capacity_mw);
    if (const Quantity& meter = domain->status.meter.measured; meter.is_set())
      d.meter_mw = std::clamp<int64_t>(meter.value(), 0, most_capacity_mw);
    d.stands_by = domain->spec.type == api::PowerDomainType::generator;
    d.is_source = d.stands_by || domain->spec.type == api::PowerDomainType::utility;
    d.has_overhead = d.is_source;
    if (d.is_source && !pue_milli.empty()) d.pue_milli = pue_milli[i];
    d.required = domain->spec.supplied_by.required;
    for (const std::string& supplier : domain->spec.supplied_by.domains)
      d.suppliers.push_back(find(supplier));
    std::sort(d.suppliers.begin(), d.suppliers.end());
    d.suppliers.erase(std::unique(d.suppliers.begin(), d.suppliers.end()), d.suppliers.end());
  }
}

// Takes domains in the order from the roots on. Where that order ends before all are taken there is
// a circle: it is found by walking along suppliers, and opened where the walk comes back.
void Supply::break_circles() {
  std::vector<size_t> open(domains_.size(), 0);
  for (size_t d = 0; d < domains_.size(); ++d) {
    open[d] = domains_[d].suppliers.size();
    for (const uint32_t s : domains_[d].suppliers)
      domains_[s].consumers.push_back(static_cast<uint32_t>(d));
  }
  std::set<uint32_t> ready, left;
  for (uint32_t d = 0; d < domains_.size(); ++d) (open[d] == 0 ? ready : left).insert(d);
  std::vector<uint8_t> is_done(domains_.size(), 0);
  while (!ready.empty() || !left.empty()) {
    if (ready.empty()) {
      std::vector<uint8_t> is_seen(domains_.size(), 0);
      uint32_t at = *left.begin(), from = none;
      while (is_seen[at] == 0) {
        is_seen[at] = 1;
        from = at;
        at = *std::ranges::find_if(domains_[at].suppliers,
                                   [&](uint32_t s) { return is_done[s] == 0; });
      }
      circles_.push_back(domains_[from].name);
      std::erase(domains_[from].suppliers, at);
      std::erase(domains_[at].consumers, from);
      if (--open[from] == 0) {
        left.erase(from);
        ready.insert(from);
      }
      continue;
    }
    const uint32_t d = *ready.begin();
    ready.erase(ready.begin());
    is_done[d] = 1;
    order_.push_back(d);
    for (const uint32_t consumer : domains_[d].consumers)
      if (--open[consumer] == 0) {
        left.erase(consumer);
        ready.insert(consumer);
      }
  }
  std::reverse(order_.begin(), order_.end());
  rank_.resize(order_.size());
  for (uint32_t i = 0; i < order_.size(); ++i) rank_[order_[i]] = i;
  for (Domain& d : domains_)
    d.required = std::clamp<int64_t>(
        d.required, 1, std::max<int64_t>(1, static_cast<int64_t>(d.suppliers.size())));
}

// What supplies a source carries loads with overhead. What comes to it past the source counts with
// overhead from there on, as at the sources further up.
void Supply::mark_overhead() {
  for (const uint32_t at : order_)
    if (domains_[at].has_overhead)
      for (const uint32_t s : domains_[at].suppliers) domains_[s].has_overhead = true;
  for (auto at = order_.rbegin(); at != order_.rend(); ++at) {
    Domain& d = domains_[*at];
    if (!d.has_overhead || d.is_source) continue;
    for (const uint32_t s : d.suppliers) d.pue_milli = std::max(d.pue_milli, domains_[s].pue_milli);
  }
}

void Supply::add_groups(std::span<const Consumer> consumers) {
  using Key = std::vector<std::tuple<std::string_view, int64_t, api::FeedFailure>>;
  std::map<Key, uint32_t> known;
  Key key;
  for (const Consumer& consumer : consumers) {
    if (consumer.feeds.empty()) {
      group_of_.push_back(none);
      continue;
    }
    key.clear();
    for (const api::Feed& feed : consumer.feeds)
      key.emplace_back(feed.domain, std::clamp<int64_t>(feed.share_percent, 0, 100),
                       feed.on_failure);
    std::sort(key.begin(), key.end());
    const auto [at, is_new] = known.try_emplace(key, static_cast<uint32_t>(groups_.size()));
    if (is_new) {
      Group& group = groups_.emplace_back();
      for (const auto& [domain, share, on_failure] : key) {
        group.feeds.push_back({find(domain), share, on_failure});
        group.shares += share;
        std::vector<uint32_t>& there = domains_[group.feeds.back().domain].groups;
        if (there.empty() || there.back() != at->second) there.push_back(at->second);
      }
      // Shares that say nothing are even ones.
      if (group.shares == 0)
        for (Group::Feed& feed : group.feeds) group.shares += feed.share = 1;
    }
    groups_[at->second].mw += std::clamp<int64_t>(consumer.mw, 0, most_machine_mw);
    groups_[at->second].machines += consumer.machines;
    if (consumer.may_draw_more) groups_[at->second].open += consumer.machines;
    group_of_.push_back(at->second);
  }
}

void Supply::load_all(const Supply* before) {
  const auto all_up = [](uint32_t) { return false; };
  bool is_capped = false;
  for (const Group& group : groups_) {
    const std::vector<int64_t> parts = draws(group, group.mw, all_up, is_capped);
    for (size_t i = 0; i < parts.size(); ++i) {
      const uint32_t to = group.feeds[i].domain;
      domains_[to].load_mw += arriving(to, parts[i]);
    }
  }
  for (const uint32_t at : order_) {
    Domain& d = domains_[at];
    if (d.meter_mw >= 0) {
      const uint32_t was = before == nullptr ? none : before->find(d.name);
      const bool is_as_before = was != none && before->domains()[was].meter_mw == d.meter_mw;
      d.unseen_mw = is_as_before ? before->domains()[was].unseen_mw
                                 : std::max<int64_t>(0, d.meter_mw - d.load_mw);
      d.load_mw += d.unseen_mw;
    }
    const std::vector<int64_t> parts = passed(d, d.load_mw, all_up);
    for (size_t i = 0; i < parts.size(); ++i) domains_[d.suppliers[i]].load_mw += parts[i];
  }
}

namespace {

// Of the machines behind a domain that may draw more than is known, each its share; what hangs on
// another meter further down is left out, for that meter has seen it.
struct Weights {
  std::vector<int64_t> all, moving;  // `moving`: those that another feed takes over

  explicit Weights(size_t domains) : all(domains, 0), moving(domains, 0) {}
  // In the worst case those that move draw all of it.
  const std::vector<int64_t>& at(uint32_t domain) const {
    return moving[domain] > 0 ? moving : all;
  }
};

bool is_moving(const Supply::Group& group, const Supply::Group::Feed& feed) {
  return group.feeds.size() > 1 && feed.on_failure == api::FeedFailure::shift;
}

int64_t weight_of(const Supply::Group& group, const Supply::Group::Feed& feed) {
  return part_of(group.open * 1000, feed.share, group.shares);
}

// What must come to the domain for `mw` of its load. Rounded down, so that on the way back it is
// never more than what was seen.
int64_t without_overhead(const Supply::Domain& domain, int64_t mw) {
  return mw / domain.pue_milli * 1'000 + mw % domain.pue_milli * 1'000 / domain.pue_milli;
}

}  // namespace

// Hands what meters have seen beyond what is known down to the feeds of machines.
void Supply::spread_unseen() {
  if (std::ranges::none_of(domains_, [](const Domain& d) { return d.unseen_mw > 0; })) return;
  const auto all_up = [](uint32_t) { return false; };
  Weights weights(domains_.size());
  for (const Group& group : groups_)
    for (const Group::Feed& feed : group.feeds) {
      weights.all[feed.domain] += weight_of(group, feed);
      if (is_moving(group, feed)) weights.moving[feed.domain] += weight_of(group, feed);
    }
  for (const uint32_t at : order_) {
    const Domain& d = domains_[at];
    if (d.meter_mw >= 0) continue;
    for (std::vector<int64_t>* sums : {&weights.all, &weights.moving}) {
      const std::vector<int64_t> parts = drawn(d, (*sums)[at], all_up);
      for (size_t i = 0; i < parts.size(); ++i) (*sums)[d.suppliers[i]] += parts[i];
    }
  }
  for (auto at = order_.rbegin(); at != order_.rend(); ++at) {
    Domain& d = domains_[*at];
    const int64_t mw = d.meter_mw >= 0 ? d.unseen_mw : d.unseen_above_mw;
    const std::vector<int64_t>& sums = weights.at(*at);
    if (mw == 0 || sums[*at] == 0) continue;
    d.is_unseen_below = d.meter_mw >= 0;
    for (const uint32_t c : d.consumers) {
      Domain& consumer = domains_[c];
      if (consumer.meter_mw >= 0 || sums[c] == 0) continue;
      const auto through = static_cast<size_t>(std::ranges::find(consumer.suppliers, *at) -
                                               consumer.suppliers.begin());
      const int64_t seen = part_of(mw, drawn(consumer, sums[c], all_up)[through], sums[*at]);
      const int64_t part = consumer.has_overhead ? seen : without_overhead(d, seen);
      if (part == 0) continue;
      consumer.unseen_through.emplace_back(through, part);
      consumer.unseen_above_mw += part;
      consumer.load_mw += part;
    }
    for (const uint32_t g : d.groups)
      for (Group::Feed& feed : groups_[g].feeds)
        if (feed.domain == *at && (&sums == &weights.all || is_moving(groups_[g], feed)))
          feed.unseen_mw +=
              without_overhead(d, part_of(mw, weight_of(groups_[g], feed), sums[*at]));
  }
}

// ---- one failure

Supply::Scratch::Scratch(const Supply& supply)
    : change(supply.domains().size(), 0),
      unseen_lost(supply.domains().size(), 0),
      is_down(supply.domains().size(), 0),
      is_queued(supply.domains().size(), 0),
      is_group_seen(supply.groups().size(), 0) {}

// The queue gives domains in the order of consumers before suppliers.
void Supply::push(Scratch& s, uint32_t domain) const {
  if (s.is_queued[domain] != 0) return;
  s.is_queued[domain] = 1;
  s.touched.push_back(domain);
  s.heap.push_back(rank_[domain]);
  std::push_heap(s.heap.begin(), s.heap.end(), std::greater<>());
}

uint32_t Supply::pop(Scratch& s) const {
  std::pop_heap(s.heap.begin(), s.heap.end(), std::greater<>());
  const uint32_t domain = order_[s.heap.back()];
  s.heap.pop_back();
  return domain;
}

void Supply::mark_down(Scratch& s, uint32_t failed, Outcome& out) const {
  const auto is_down = [&s](uint32_t d) { return s.is_down[d] != 0; };
  out.down.push_back(failed);
  s.is_down[failed] = 1;
  // A domain goes down once its last needed supplier does, so each is looked at when that happens.
  for (size_t i = 0; i < out.down.size(); ++i) {
    push(s, out.down[i]);
    for (const uint32_t consumer : domains_[out.down[i]].consumers) {
      push(s, consumer);
      if (is_down(consumer) || has_supply(domains_[consumer], is_down)) continue;
      s.is_down[consumer] = 1;
      out.down.push_back(consumer);
    }
  }
}

void Supply::move_groups(Scratch& s, Outcome& out) const {
  const auto is_down = [&s](uint32_t d) { return s.is_down[d] != 0; };
  const auto all_up = [](uint32_t) { return false; };
  std::vector<uint32_t> seen;
  for (const uint32_t d : out.down)
    for (const uint32_t g : domains_[d].groups) {
      if (s.is_group_seen[g] != 0) continue;
      s.is_group_seen[g] = 1;
      seen.push_back(g);
      const Group& group = groups_[g];
      bool is_capped = false;
      const std::vector<int64_t> before = draws(group, group.mw, all_up, is_capped);
      const std::vector<int64_t> after = draws(group, group.mw, is_down, is_capped);
      if (after.empty()) out.off.push_back(g);
      if (is_capped && !after.empty()) out.capped.push_back(g);
      for (size_t i = 0; i < before.size(); ++i) {
        const uint32_t to = group.feeds[i].domain;
        s.change[to] += arriving(to, after.empty() ? 0 : after[i]) - arriving(to, before[i]);
        push(s, to);
      }
      move_unseen(s, group);
    }
  for (const uint32_t g : seen) s.is_group_seen[g] = 0;
  std::sort(out.off.begin(), out.off.end());
  std::sort(out.capped.begin(), out.capped.end());
}

// What comes to feeds that are up. Those that are down draw nothing, and what goes off may not have
// been what drew it.
void Supply::move_unseen(Scratch& s, const Group& group) const {
  if (group.open == 0) return;
  std::vector<int64_t> parts;
  for (const Group::Feed& feed : group.feeds) parts.push_back(feed.unseen_mw);
  bool is_capped = false;
  move(group, parts, [&s](uint32_t d) { return s.is_down[d] != 0; }, is_capped);
  for (size_t i = 0; i < parts.size(); ++i) {
    const Group::Feed& feed = group.feeds[i];
    s.change[feed.domain] += std::max<int64_t>(
        0, arriving(feed.domain, parts[i]) - arriving(feed.domain, feed.unseen_mw));
  }
}

void Supply::pass_on(Scratch& s, uint32_t domain) const {
  const Domain& d = domains_[domain];
  const auto is_down = [&s](uint32_t x) { return s.is_down[x] != 0; };
  const auto all_up = [](uint32_t) { return false; };
  if (d.unseen_above_mw == 0) s.change[domain] -= std::exchange(s.unseen_lost[domain], 0);
  const int64_t own = d.load_mw - d.unseen_above_mw;
  const std::vector<int64_t> before = passed(d, own, all_up);
  const std::vector<int64_t> after = passed(d, own + s.change[domain], is_down);
  for (size_t i = 0; i < before.size(); ++i) {
    const int64_t now = is_down(domain) ? 0 : after[i];
    if (now == before[i]) continue;
    s.change[d.suppliers[i]] += now - before[i];
    push(s, d.suppliers[i]);
  }
  if (d.unseen_above_mw > 0) pass_on_unseen(s, domain);
}

// Comes from those suppliers that have seen it; when one of them is down, all in equal parts, as
// other loads do, but from none less than before.
void Supply::pass_on_unseen(Scratch& s, uint32_t domain) const {
  const Domain& d = domains_[domain];
  const auto is_down = [&s](uint32_t x) { return s.is_down[x] != 0; };
  const double left = is_down(domain) ? 0
                                      : 1 - static_cast<double>(s.unseen_lost[domain]) /
                                                static_cast<double>(d.unseen_above_mw);
  int64_t all = 0;
  bool is_moved = false;
  std::vector<int64_t> stays(d.suppliers.size(), 0);
  for (const auto& [i, mw] : d.unseen_through) {
    const uint32_t supplier = d.suppliers[i];
    const auto kept = static_cast<int64_t>(std::max(0.0, left) * static_cast<double>(mw));
    all += kept;
    is_moved = is_moved || is_down(supplier);
    if (!is_down(supplier)) stays[i] = kept;
    if (stays[i] == mw) continue;
    s.unseen_lost[supplier] += arriving(d, supplier, mw) - arriving(d, supplier, stays[i]);
    push(s, supplier);
  }
  if (!is_moved) return;
  const std::vector<int64_t> parts = drawn(d, all, is_down);
  for (size_t i = 0; i < parts.size(); ++i) {
    if (parts[i] <= stays[i]) continue;
    const uint32_t supplier = d.suppliers[i];
    s.change[supplier] += arriving(d, supplier, parts[i]) - arriving(d, supplier, stays[i]);
    push(s, supplier);
  }
}

Outcome Supply::fail(uint32_t domain, Scratch& s) const {
  Outcome out;
  mark_down(s, domain, out);
  move_groups(s, out);
  while (!s.heap.empty()) pass_on(s, pop(s));
  std::sort(out.down.begin(), out.down.end());
  std::sort(s.touched.begin(), s.touched.end());
  for (const uint32_t d : s.touched) {
    const int64_t change = s.change[d] - s.unseen_lost[d];
    if (change != 0) out.loads.emplace_back(d, domains_[d].load_mw + change);
    s.change[d] = s.unseen_lost[d] = 0;
    s.is_down[d] = s.is_queued[d] = 0;
  }
  s.touched.clear();
  return out;
}

}  // namespace freehold::fleet::facility
