// Wan: how sites reach each other over the links that they name. Immutable; made in advance for all
// pairs, because there are few sites.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "fleet/fabrics.h"

namespace freehold::fleet {

struct SiteLinkFacts {
  std::string site;  // the other one
  int64_t mbps = -1, latency_ns = -1, price_per_gb_micros = -1;
};

class Wan {
 public:
  struct Site {
    std::string name;
    std::vector<SiteLinkFacts> links;
  };
  explicit Wan(const std::vector<Site>& sites);  // ascending by name

  // Over the links of sites: most bandwidth first, then fewest links, then least latency. A link
  // that only one of its ends names counts for both ways. DIS where there is none.
  FleetPath between(std::string_view from, std::string_view to) const;

 private:
  std::unordered_map<std::string, uint32_t, NameHash, std::equal_to<>> index_;
  std::vector<FleetPath> paths_;  // sites × sites
};

}  // namespace freehold::fleet
