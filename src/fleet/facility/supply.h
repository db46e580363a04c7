// Supply: how watts come from the grid to the machines, and what every power domain carries now and
// with any one domain failed. A machine draws through its feeds by their shares; a domain draws in
// equal parts from those of its suppliers that are up, generators standing by until fewer than
// `required` of the others are up, and is down when fewer than `required` are. What happens to the
// part of a feed that is down says the feed: `shift` to the others, `cap`, or `off`. One step of
// physics, no cascades: a domain that is overloaded is told, and stays up. Where a domain's own
// meter shows more than what is known to hang on it, the rest is unseen: machines below whose watts
// are not all known draw it in equal parts and take it along when a feed fails; where there is
// none, it hangs on the domain alone. What comes to a utility or generator counts as often as the
// overhead of its site says, once on its way: overhead.h. Pure; a value.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/node.h"
#include "api/site.h"

namespace freehold::fleet::facility {

inline constexpr uint32_t none = UINT32_MAX;  // no domain: nothing failed, or nothing limits

// A machine, or what stands for one.
struct Consumer {
  std::vector<api::Feed> feeds;
  int64_t mw = 0;
  int64_t machines = 1;
  bool may_draw_more = false;  // not all of its watts are known
};

// What differs from now while one domain is down. Ascending by domain or group.
struct Outcome {
  std::vector<std::pair<uint32_t, int64_t>> loads;  // domain, milliwatts
  std::vector<uint32_t> down;                       // domains, the failed one among them
  std::vector<uint32_t> off, capped;                // groups of consumers
};

class Supply {
 public:
  struct Domain {
    std::string name;
    int64_t capacity_mw = -1;  // -1: nobody says; the domain is only named
    int64_t required = 1;
    bool stands_by = false;           // a generator
    bool is_source = false;           // a utility or a generator
    bool has_overhead = false;        // of its load: a source, or what supplies one
    int64_t pue_milli = 1'000;        // how often what comes from others counts, if it has_overhead
    std::vector<uint32_t> suppliers;  // without those that would close a circle
    std::vector<uint32_t> consumers;  // domains that this one supplies
    std::vector<uint32_t> groups;     // consumers that hang on it
    int64_t meter_mw = -1;            // -1: it has none, or says nothing
    int64_t load_mw = 0;              // now
    int64_t unseen_mw = 0;            // what its meter shows beyond what is known to hang on it
    bool is_unseen_below = false;     // machines below are taken to draw unseen_mw
    // The part of load_mw that meters further up have seen: all, and by place in `suppliers`.
    int64_t unseen_above_mw = 0;
    std::vector<std::pair<size_t, int64_t>> unseen_through;
  };
  // Consumers with the same feeds; all act alike.
  struct Group {
    struct Feed {
      uint32_t domain = 0;
      int64_t share = 0;
      api::FeedFailure on_failure = api::FeedFailure::shift;
      int64_t unseen_mw = 0;  // drawn through it beyond what is known
    };
    std::vector<Feed> feeds;
    int64_t shares = 0;  // their sum, never 0
    int64_t mw = 0, machines = 0;
    int64_t open = 0;  // machines that may draw more than is known
  };

  // `before`: a meter that shows what it showed there has not seen what changed since, so what is
  // unseen stays as it was, and the reading counts no more. `pue_milli`: of each of `domains`, in
  // their order; counts for sources alone. Empty: without overhead.
  Supply(std::span<const api::PowerDomain* const> domains, std::span<const Consumer> consumers,
         const Supply* before = nullptr, std::span<const int64_t> pue_milli = {});

  const std::vector<Domain>& domains() const { return domains_; }  // ascending by name
  const std::vector<Group>& groups() const { return groups_; }
  // The group of each consumer, `none` for one without feeds.
  const std::vector<uint32_t>& group_of() const { return group_of_; }
  uint32_t find(std::string_view name) const;  // `none` when there is none
  // Domains whose suppliers lead back to them; the step that closes the circle is left out.
  const std::vector<std::string>& circles() const { return circles_; }
  // Domains, each before its suppliers.
  const std::vector<uint32_t>& order() const { return order_; }

  // Space for fail(), kept between calls so that a small failure costs little in a large fleet.
  class Scratch {
   public:
    explicit Scratch(const Supply& supply);

   private:
    friend class Supply;
    std::vector<int64_t> change, unseen_lost;
    std::vector<uint8_t> is_down, is_queued;
    std::vector<uint8_t> is_group_seen;
    std::vector<uint32_t> touched, heap;
  };
  Outcome fail(uint32_t domain, Scratch& scratch) const;

  // What is known that the group draws through each of its feeds while `is_down` says which domains
  // are; empty when it is off. `is_capped` tells whether it gets less than it wants.
  template <class IsDown>
  std::vector<int64_t> draws(const Group& group, int64_t mw, const IsDown& is_down,
                             bool& is_capped) const;
  // What `domain` draws from each of its suppliers for a load.
  template <class IsDown>
  std::vector<int64_t> drawn(const Domain& domain, int64_t mw, const IsDown& is_down) const;
  // The same with overhead, as it comes to each of them.
  template <class IsDown>
  std::vector<int64_t> passed(const Domain& domain, int64_t mw, const IsDown& is_down) const;
  // What `mw` of a machine is on the domain of its feed, and what `mw` of a domain on its supplier.
  int64_t arriving(uint32_t domain, int64_t mw) const;
  int64_t arriving(const Domain& from, uint32_t supplier, int64_t mw) const;
  template <class IsDown>
  bool has_supply(const Domain& domain, const IsDown& is_down) const;

 private:
  void name_domains(std::span<const api::PowerDomain* const> domains,
                    std::span<const Consumer> consumers, std::span<const int64_t> pue_milli);
  void break_circles();
  void mark_overhead();
  void add_groups(std::span<const Consumer> consumers);
  void load_all(const Supply* before);
  void spread_unseen();
  template <class IsDown>
  static void move(const Group& group, std::vector<int64_t>& parts, const IsDown& is_down,
                   bool& is_capped);
  void push(Scratch& s, uint32_t domain) const;
  uint32_t pop(Scratch& s) const;
  void mark_down(Scratch& s, uint32_t failed, Outcome& out) const;
  void move_groups(Scratch& s, Outcome& out) const;
  void move_unseen(Scratch& s, const Group& group) const;
  void pass_on(Scratch& s, uint32_t domain) const;
  void pass_on_unseen(Scratch& s, uint32_t domain) const;

  std::vector<Domain> domains_;
  std::vector<Group> groups_;
  std::vector<uint32_t> group_of_, order_, rank_;  // rank_: place of a domain in order_
  std::vector<std::string> circles_;
};

inline int64_t divide_up(int64_t a, int64_t b) { return a / b + (a % b != 0 ? 1 : 0); }
// a * share / all, rounded up, in two steps so that it stays in range.
inline int64_t part_of(int64_t a, int64_t share, int64_t all) {
  return a / all * share + divide_up(a % all * share, all);
}

template <class IsDown>
bool Supply::has_supply(const Domain& domain, const IsDown& is_down) const {
  if (domain.suppliers.empty()) return true;
  int64_t up = 0;
  for (const uint32_t s : domain.suppliers) up += is_down(s) ? 0 : 1;
  return up >= domain.required;
}

template <class IsDown>
std::vector<int64_t> Supply::drawn(const Domain& domain, int64_t mw, const IsDown& is_down) const {
  std::vector<int64_t> out(domain.suppliers.size(), 0);
  int64_t up = 0, running = 0;
  for (const uint32_t s : domain.suppliers) {
    if (is_down(s)) continue;
    ++up;
    running += domains_[s].stands_by ? 0 : 1;
  }
  const bool without_reserve = running >= domain.required;
  const int64_t carriers = without_reserve ? running : up;
  if (carriers == 0) return out;
  for (size_t i = 0; i < out.size(); ++i) {
    const uint32_t s = domain.suppliers[i];
    if (!is_down(s) && !(without_reserve && domains_[s].stands_by))
      out[i] = divide_up(mw, carriers);
  }
  return out;
}

inline int64_t Supply::arriving(uint32_t domain, int64_t mw) const {
  return part_of(mw, domains_[domain].pue_milli, 1'000);
}
inline int64_t Supply::arriving(const Domain& from, uint32_t supplier, int64_t mw) const {
  return from.has_overhead ? mw : arriving(supplier, mw);
}

template <class IsDown>
std::vector<int64_t> Supply::passed(const Domain& domain, int64_t mw, const IsDown& is_down) const {
  std::vector<int64_t> out = drawn(domain, mw, is_down);
  for (size_t i = 0; i < out.size(); ++i) out[i] = arriving(domain, domain.suppliers[i], out[i]);
  return out;
}

template <class IsDown>
std::vector<int64_t> Supply::draws(const Group& group, int64_t mw, const IsDown& is_down,
                                   bool& is_capped) const {
  std::vector<int64_t> parts;
  for (const Group::Feed& feed : group.feeds)
    parts.push_back(part_of(mw, feed.share, group.shares));
  move(group, parts, is_down, is_capped);
  return parts;
}

// From the feeds that are down to the others, as they say.
template <class IsDown>
void Supply::move(const Group& group, std::vector<int64_t>& parts, const IsDown& is_down,
                  bool& is_capped) {
  is_capped = false;
  int64_t shares_up = 0, up = 0, shifted = 0;
  for (size_t i = 0; i < parts.size(); ++i) {
    const Group::Feed& feed = group.feeds[i];
    if (!is_down(feed.domain)) {
      shares_up += feed.share;
      ++up;
      continue;
    }
    if (feed.on_failure == api::FeedFailure::off) return parts.clear();
    if (feed.on_failure == api::FeedFailure::shift)
      shifted += parts[i];
    else
      is_capped = is_capped || parts[i] > 0;
    parts[i] = 0;
  }
  if (up == 0) return parts.clear();
  for (size_t i = 0; i < parts.size() && shifted > 0; ++i) {
    const Group::Feed& feed = group.feeds[i];
    if (is_down(feed.domain)) continue;
    parts[i] += shares_up > 0 ? part_of(shifted, feed.share, shares_up) : divide_up(shifted, up);
  }
}

}  // namespace freehold::fleet::facility
