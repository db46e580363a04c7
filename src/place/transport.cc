#include "place/transport.h"

#include <algorithm>

namespace freehold::place {
namespace {

int64_t capacity_of(const fleet::CellSet& from, std::span<const int64_t> capacity) {
  int64_t sum = 0;
  for (size_t c = 0; c < capacity.size(); ++c)
    if (from.test(c)) sum += capacity[c];
  return sum;
}

// Augmenting paths between demands and cells, breadth first.
class Flow {
 public:
  Flow(const std::vector<Demand>& demands, std::span<const int64_t> capacity)
      : demands_(demands),
        left_(capacity.begin(), capacity.end()),
        flow_(demands.size() * capacity.size()) {}

  bool meets_all() {
    for (size_t d = 0; d < demands_.size(); ++d)
      for (int64_t rest = demands_[d].amount; rest > 0;) {
        const int64_t moved = augment(d, rest);
        if (moved == 0) return false;
        rest -= moved;
      }
    return true;
  }

 private:
  int64_t& flow(size_t demand, size_t cell) { return flow_[demand * left_.size() + cell]; }

  // Moves up to `most` more of `demand` into cells, pushing others aside where they can go
  // elsewhere.
  int64_t augment(size_t demand, int64_t most) {
    constexpr size_t none = SIZE_MAX;
    cell_from_.assign(left_.size(), none);
    demand_from_.assign(demands_.size(), none);
    std::vector<size_t> queue{demand};
    for (size_t head = 0; head < queue.size(); ++head) {
      const size_t d = queue[head];
      for (size_t c = 0; c < left_.size(); ++c) {
        if (cell_from_[c] != none || !demands_[d].from.test(c)) continue;
        cell_from_[c] = d;
        if (left_[c] > 0) return push(demand, c, most);
        for (size_t other = 0; other < demands_.size(); ++other) {
          if (other == demand || demand_from_[other] != none || flow(other, c) == 0) continue;
          demand_from_[other] = c;
          queue.push_back(other);
        }
      }
    }
    return 0;
  }

  int64_t push(size_t demand, size_t last_cell, int64_t most) {
    int64_t amount = std::min(most, left_[last_cell]);
    for (size_t c = last_cell, d = cell_from_[c]; d != demand;
         c = demand_from_[d], d = cell_from_[c])
      amount = std::min(amount, flow(d, demand_from_[d]));
    left_[last_cell] -= amount;
    for (size_t c = last_cell;;) {
      const size_t d = cell_from_[c];
      flow(d, c) += amount;
      if (d == demand) return amount;
      c = demand_from_[d];
      flow(d, c) -= amount;
    }
  }

  const std::vector<Demand>& demands_;
  std::vector<int64_t> left_, flow_;
  std::vector<size_t> cell_from_, demand_from_;  // who reached a cell; from which cell a demand
};

}  // namespace

bool can_meet(const std::vector<Demand>& demands, std::span<const int64_t> capacity) {
  // Most questions are settled by sums.
  int64_t total = 0;
  fleet::CellSet all;
  bool is_disjoint = true;
  for (const Demand& demand : demands) {
    if (demand.amount > capacity_of(demand.from, capacity)) return false;
    is_disjoint = is_disjoint && (all & demand.from).none();
    all |= demand.from;
    total += demand.amount;
  }
  if (is_disjoint) return true;
  if (total > capacity_of(all, capacity)) return false;
  return Flow(demands, capacity).meets_all();
}

void add_demand(std::vector<Demand>& demands, const fleet::CellSet& from, int64_t amount) {
  if (amount == 0) return;
  for (Demand& demand : demands)
    if (demand.from == from) {
      demand.amount += amount;
      return;
    }
  demands.push_back({from, amount});
}

}  // namespace freehold::place
