// PowerLimits: what the power domains behind some nodes leave for a request, as numbered limits. A
// limit is one domain in one case: as things are, or with one other domain down. A placement keeps
// within the power of the fleet when no limit is overdrawn. Cases that cannot bind are left out, so
// that there are few limits unless power is short.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "fleet/power.h"
#include "place/ask.h"

namespace freehold::place {

class PowerLimits {
 public:
  struct Draw {
    size_t limit;
    int64_t mw;
  };

  // `flows`: what one member of each role draws through each kind of feeds, by [feed][role].
  // `loads` says what is drawn by others.
  PowerLimits(const fleet::PowerGrid& loads, const Ask& ask,
              const std::vector<std::vector<fleet::PowerFlow>>& flows);

  const std::vector<int64_t>& headroom_mw() const { return headroom_mw_; }  // by limit
  // By [feed][role].
  const std::vector<std::vector<std::vector<Draw>>>& draws() const { return draws_; }

 private:
  // Cases that are taken as one: the most that any of them draws, the least that any leaves.
  struct Limit {
    size_t index;
    std::vector<uint32_t> failed;  // facility::none: as things are
  };
  void limit_domain(const fleet::PowerGrid& loads, uint32_t domain,
                    const std::vector<uint32_t>& cases, int64_t most_asked);

  std::vector<int64_t> headroom_mw_;
  std::map<uint32_t, std::vector<Limit>> limits_;  // by domain
  std::vector<std::vector<std::vector<Draw>>> draws_;
};

}  // namespace freehold::place
