// Uncounted: machines that a survey counts for nothing, or for less than they draw, and the domains
// of which nobody knows for that reason how much they carry. Pure; indexes are those of the
// Facility.
#pragma once

#include <cstdint>
#include <vector>

#include "fleet/facility/facility.h"

namespace freehold::fleet::facility {

bool is_uncounted(const Machine& machine);

// The first and the last such machine below a domain, by name; `none` where there is none.
struct Uncounted {
  uint32_t first = none, last = none;
  bool any() const { return first != none; }
  void add(const Uncounted& more);
};
// By domain. Nothing is unknown of a domain of which nobody says the capacity, for it limits
// nothing, nor of what a meter shows, on the footing of now.
std::vector<Uncounted> uncounted_below(const Facility& facility);
// All such machines below any of these domains, ascending by name.
std::vector<uint32_t> uncounted_below(const Facility& facility,
                                      const std::vector<uint32_t>& domains);

}  // namespace freehold::fleet::facility
