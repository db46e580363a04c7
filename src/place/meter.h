// Meter: counts the steps of a search against its budget. A search that was cut short proves
// nothing, so whoever returns "no" must ask the meter whether it was. A value; passed by reference
// through one search.
#pragma once

#include <cstdint>

namespace freehold::place {

class Meter {
 public:
  explicit Meter(int64_t budget) : budget_(budget) {}
  // False when the budget is used up: return at once, whatever you return.
  bool step() { return ++steps_ <= budget_; }
  bool is_spent() const { return steps_ > budget_; }
  int64_t steps() const { return steps_; }
  int64_t left() const { return steps_ < budget_ ? budget_ - steps_ : 0; }
  void charge(int64_t steps) { steps_ += steps; }

 private:
  int64_t budget_, steps_ = 0;
};

}  // namespace freehold::place
