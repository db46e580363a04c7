// Cases: every domain of a Supply in every case that counts: now, and with any one other domain
// failed. Says which case is the worst for each domain, what each failure brings about, and how
// many more watts could hang on some feeds so that all cases still hold. Pure.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "fleet/facility/supply.h"

namespace freehold::fleet::facility {

struct Worst {
  int64_t load_mw = 0;
  uint32_t failed = none;  // `none`: as it is now
};
struct Failure {
  int64_t machines_off = 0, machines_capped = 0;
  std::vector<uint32_t> overloaded;  // domains that carry more than their capacity because of it
};
// How many more watts fit, and what stands in the way of one more.
struct Room {
  int64_t mw = -1;  // -1: no capacity is known on the way
  uint32_t domain = none, failed = none;
  // What an added watt puts on each domain at most, in any case: thousandths.
  std::vector<std::pair<uint32_t, int64_t>> weights;
};

class Cases {
 public:
  explicit Cases(std::shared_ptr<const Supply> supply);

  const Worst& worst(uint32_t domain) const { return worst_[domain]; }
  const Failure& failure(uint32_t domain) const { return failures_[domain]; }
  // Capacity less the worst load: negative when it does not hold, by a watt at least. Only for
  // known capacities.
  int64_t headroom_mw(uint32_t domain) const;
  int64_t load_mw(uint32_t domain, uint32_t failed) const;

  // Failures that were not looked at, because domains hang together in a way that no building does.
  size_t skipped() const { return skipped_; }

  // Through feeds that exist; the machine that is added behaves as they say.
  Room room(const std::vector<api::Feed>& feeds) const;

 private:
  using Load = std::pair<uint32_t, int64_t>;  // domain or failure, milliwatts

  std::shared_ptr<const Supply> supply_;
  std::vector<Worst> worst_;
  std::vector<Failure> failures_;
  std::vector<std::vector<Load>> by_failure_;  // loads that differ, ascending by domain
  std::vector<std::vector<Load>> by_domain_;   // failures that add load, most first
  size_t skipped_ = 0;
};

}  // namespace freehold::fleet::facility
