// Packing: which numbers of members of each role fit together into one room. Made once per class of
// equal rooms, answers are remembered. Exact: `align` leaves a choice of places per member
// (Option), which is searched; within a choice CPUs, memory and devices are three independent
// transport problems.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "fleet/interior.h"
#include "fleet/room.h"
#include "place/ask.h"
#include "place/meter.h"
#include "place/transport.h"

namespace freehold::place {

using Counts = std::vector<int32_t>;  // members per role

// Where the parts of one member may come from, inside a machine.
struct Option {
  fleet::CellSet cpus, memory;          // cells
  std::vector<fleet::KindSet> devices;  // kinds, per RoleAsk::devices
  bool operator==(const Option&) const = default;
};

// What all rooms of one interior share: the options of every role, and how large the machine is in
// all.
struct Choices {
  std::shared_ptr<const fleet::Interior> interior;
  std::vector<std::vector<Option>> options;  // per role
  // One option, and no two device requests compete: then sums alone say how many fit.
  std::vector<bool> is_simple;  // per role
  bool is_complete = true;      // false: too many options, some were left out
  int64_t all_cpus = 0, all_memory_mib = 0;
};
Choices choices_in(std::shared_ptr<const fleet::Interior> interior,
                   const std::vector<RoleAsk>& roles);

class Packing {
 public:
  // All three must outlive it.
  Packing(const fleet::Room& room, const std::vector<RoleAsk>& roles, const Choices& choices)
      : room_(&room), roles_(&roles), choices_(&choices) {}

  const fleet::Room& room() const { return *room_; }
  const fleet::Interior& interior() const { return *choices_->interior; }
  const Choices& choices() const { return *choices_; }
  bool fits(const Counts& counts, Meter& meter);
  // How many members of one role fit alone, at most `limit`.
  int64_t most(size_t role, int64_t limit, Meter& meter);
  // For counts that fit: how many members of each role take each option.
  std::vector<std::vector<int32_t>> split(const Counts& counts, Meter& meter) const;
  // How little would be left: smaller is a better fit. For one more member of `role` beside
  // `counts`.
  struct Leftover {
    int64_t scarce = 0;  // devices that the role does not ask for, by weight
    int64_t devices = 0;
    int64_t share = 0;  // of CPUs and memory, in thousandths
    auto operator<=>(const Leftover&) const = default;
  };
  Leftover leftover(size_t role, const Counts& counts) const;

 private:
  class Search;
  bool is_within_sums(const Counts& counts) const;
  int64_t bound(size_t role, const Option& option) const;

  // Made when first needed: most nodes of a large fleet are asked one simple question.
  struct Memory {
    std::map<Counts, bool> answers;
    std::vector<int64_t> most;  // per role; -1: not asked yet
  };
  Memory& memory();

  const fleet::Room* room_;
  const std::vector<RoleAsk>* roles_;
  const Choices* choices_;
  std::unique_ptr<Memory> memory_;
};

}  // namespace freehold::place
