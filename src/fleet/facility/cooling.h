// Heat: what each rack and each cooling unit carries away, along the units behind it. Internal to
// the facility survey.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fleet/facility/facility.h"

namespace freehold::fleet::facility {

// What limits more heat at a place: milliwatts (-1: unknown), and by what.
struct CoolingRoom {
  int64_t mw = -1;
  std::string by;
};

std::string subject_of(const CoolingView& unit);  // of findings

// The cooling units that carry the heat of a rack away, by index in facility.cooling, its own
// first; circles end where they would come back. Refers to the facility.
class CoolingChains {
 public:
  explicit CoolingChains(const Facility& facility);
  std::vector<uint32_t> of(const RackView& rack) const;

 private:
  const Facility& facility_;
  std::map<std::pair<std::string_view, std::string_view>, uint32_t> by_name_;
};

class Cooling {
 public:
  Cooling(const Estate& estate, const std::vector<RackView>& racks, std::vector<Finding>& findings);

  const std::vector<CoolingView>& units() const { return units_; }
  // Of a unit and those behind it.
  CoolingRoom room(std::string_view site, std::string_view unit) const;
  CoolingRoom room(const RackView& rack) const;

 private:
  // The unit and those behind it; circles end where they would come back.
  std::vector<size_t> chain(std::string_view site, std::string_view unit) const;
  size_t behind(size_t unit) const;  // the number of units where there is none
  void check(const RackView& rack, std::vector<Finding>& findings) const;
  void find_circles(std::vector<Finding>& findings) const;

  std::vector<CoolingView> units_;
  std::map<std::pair<std::string, std::string>, size_t, std::less<>> by_name_;
};

}  // namespace freehold::fleet::facility
