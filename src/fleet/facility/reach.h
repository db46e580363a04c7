// Reach: the domains that stand behind some feeds, and what a load that is drawn through these
// feeds puts on each of them, now or with one of them failed. One machine's part of what Supply
// says of all; the survey and the ledger both judge by it. Pure; refers to its Supply.
#pragma once

#include <cstdint>
#include <vector>

#include "fleet/facility/supply.h"

namespace freehold::fleet::facility {

class Reach {
 public:
  // Feeds of domains that the supply does not name are passed over.
  Reach(const Supply& supply, const std::vector<api::Feed>& feeds);

  // Consumers before suppliers. More than most_reach: the rest is left out.
  const std::vector<uint32_t>& domains() const { return domains_; }
  bool is_too_wide() const;
  bool has(uint32_t domain) const;

  // What `mw` puts on each of domains() while `failed` is down, `none` for as it is; -1 for those
  // that are down.
  std::vector<int64_t> loads(int64_t mw, uint32_t failed) const;

 private:
  void add(uint32_t domain);
  void add_feed(uint32_t domain, const api::Feed& feed);
  void order();
  size_t index_of(uint32_t domain) const;

  const Supply& supply_;
  Supply::Group group_;
  std::vector<uint32_t> domains_;
};

}  // namespace freehold::fleet::facility
