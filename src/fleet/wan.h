// Wan: how sites reach each other over the links that they name. Immutable; made in advance for all
// pairs while there are few sites; with more than 1,024 each question searches, some milliseconds.
#pragma once

#include <string>
#include <string_view>
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

  // Over the links of sites: the link between the two where there is one, since traffic takes it;
  // else most bandwidth first, then fewest links, then least latency. A link that only one of its
  // ends names counts for both ways. DIS where there is none.
  FleetPath between(std::string_view from, std::string_view to) const {
    return between(name_hash(from), name_hash(to));
  }
  FleetPath between(uint64_t from, uint64_t to) const;  // by hash of their names
  // The sites on that way, both ends among them; empty where there is none.
  std::vector<std::string> way(std::string_view from, std::string_view to) const;

  struct Link {
    uint32_t to = 0;
    int64_t mbps = -1, latency_ns = -1;
  };
  using Links = std::vector<std::vector<Link>>;

 private:
  void fill_table();
  FleetPath search(uint32_t from, uint32_t to) const;
  const Link* direct(uint32_t from, uint32_t to) const;

  std::vector<std::string> names_;
  Links links_;                   // by site, ascending by the other one
  std::vector<int64_t> levels_;   // rates, widest first
  HashIndex<uint32_t> index_;     // by hash of the name
  std::vector<FleetPath> paths_;  // sites × sites; empty: too many
};

}  // namespace freehold::fleet
