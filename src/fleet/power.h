// PowerGrid: the power domains of a fleet and the watts allocated through each. Load flows from the
// feeds of a node up through `suppliedBy`; a domain that needs k of its n suppliers loads each with
// 1/k of what it draws, so that the capacity still holds when n-k of them have failed. Plain sums;
// cheap to copy.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/node.h"
#include "api/site.h"
#include "fleet/cow.h"

namespace freehold::fleet {

// Watts that a change would put on a domain, in milliwatts, ordered by domain.
using PowerFlow = std::vector<std::pair<std::string, int64_t>>;

class PowerGrid {
 public:
  // Whether anything changed that loads depend on; then all of them must be added again.
  bool put(const api::PowerDomain& domain);
  bool remove(std::string_view name);

  // What `power_mw` drawn through these feeds puts on each domain on its way, known or not. Rounded
  // up.
  PowerFlow flow(const std::vector<api::Feed>& feeds, int64_t power_mw) const;
  void add(const PowerFlow& flow);
  void subtract(const PowerFlow& flow);
  void clear_loads();

  bool is_known(std::string_view domain) const;
  int64_t capacity_mw(std::string_view domain) const;  // -1: unknown
  int64_t load_mw(std::string_view domain) const;
  int64_t headroom_mw(
      std::string_view domain) const;  // below 0: overloaded; the largest number when unknown
  std::vector<std::string> domains() const { return domains_.keys(); }  // known ones, ascending
  const std::vector<std::string>& suppliers_of(std::string_view domain) const;  // ascending
  uint64_t hash() const { return hash_; }

 private:
  struct Domain {
    int64_t capacity_mw = 0, required = 1;
    std::vector<std::string> suppliers;  // ascending
    uint64_t hash = 0;
  };
  struct Load {
    int64_t mw = 0;
  };
  void spread(const std::string& domain, int64_t power_mw, std::vector<std::string_view>& path,
              int& steps, PowerFlow& out) const;
  void change(const PowerFlow& flow, int64_t sign);

  CowMap<Domain> domains_;
  CowMap<Load> loads_;
  uint64_t hash_ = 0;
};

}  // namespace freehold::fleet
