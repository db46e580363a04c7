#include "place/packing.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <set>

#include "base/check.h"

namespace freehold::place {
namespace {

using fleet::CellSet;
using fleet::Interior;
using fleet::KindSet;

// Sixteen alignments over 34 memory nodes would have more options than atoms; real contracts have
// some ten.
constexpr size_t most_options = 512;
constexpr int64_t most_amount = std::numeric_limits<int64_t>::max() / 4;

int64_t times(int64_t a, int64_t b) {
  int64_t product = 0;
  return __builtin_mul_overflow(a, b, &product) ? most_amount : std::min(product, most_amount);
}

// One place in a machine that an alignment may be within.
struct Scope {
  CellSet cells;
  KindSet kinds;
};

std::vector<Scope> scopes(const Interior& interior, Near within) {
  std::vector<Scope> all;
  const auto& cells = interior.cells();
  const auto& kinds = interior.kinds();
  if (within == Near::pcie_root) {
    std::set<std::string> roots;
    for (const auto& kind : kinds)
      if (!kind.root.empty()) roots.insert(kind.root);
    for (const std::string& root : roots) {
      Scope& scope = all.emplace_back();
      for (size_t k = 0; k < kinds.size(); ++k) {
        if (kinds[k].root != root) continue;
        scope.kinds.set(k);
        if (kinds[k].cell >= 0) scope.cells.set(static_cast<size_t>(kinds[k].cell));
      }
    }
    return all;
  }
  std::set<int64_t> seen;
  for (size_t c = 0; c < cells.size(); ++c) {
    // A cell of unknown package is surely within one, but nothing else is known to be in it.
    const bool is_package = within == Near::package && cells[c].package >= 0;
    if (is_package && !seen.insert(cells[c].package).second) continue;
    Scope& scope = all.emplace_back();
    for (size_t other = 0; other < cells.size(); ++other)
      if (other == c || (is_package && cells[other].package == cells[c].package))
        scope.cells.set(other);
    for (size_t k = 0; k < kinds.size(); ++k)
      if (kinds[k].cell >= 0 && scope.cells.test(static_cast<size_t>(kinds[k].cell)))
        scope.kinds.set(k);
  }
  return all;
}

Option anywhere(const Interior& interior, const RoleAsk& role) {
  Option option;
  for (size_t c = 0; c < interior.cells().size(); ++c) {
    option.cpus.set(c, !interior.cells()[c].cpus.empty());
    option.memory.set(c);
  }
  for (const DeviceAsk& ask : role.devices) {
    KindSet kinds;
    for (size_t k = 0; k < interior.kinds().size(); ++k)
      kinds.set(k, ask.accepts(interior.kinds()[k]));
    option.devices.push_back(kinds);
  }
  return option;
}

bool is_possible(const Option& option, const RoleAsk& role) {
  if ((role.cpus > 0 && option.cpus.none()) || (role.memory_bytes > 0 && option.memory.none()))
    return false;
  for (size_t a = 0; a < role.devices.size(); ++a)
    if (role.devices[a].count > 0 && option.devices[a].none()) return false;
  return true;
}

std::vector<Option> options_of(const Interior& interior, const RoleAsk& role, bool& is_complete) {
  std::vector<Option> all{anywhere(interior, role)};
  for (const AlignAsk& align : role.align) {
    std::vector<Option> next;
    for (const Scope& scope : scopes(interior, align.within)) {
      for (Option option : all) {
        if (align.cpu) option.cpus &= scope.cells;
        if (align.memory) option.memory &= scope.cells;
        for (const size_t a : align.devices) option.devices[a] &= scope.kinds;
        if (!is_possible(option, role)) continue;
        if (std::find(next.begin(), next.end(), option) != next.end()) continue;
        if (next.size() == most_options) {
          is_complete = false;
          break;
        }
        next.push_back(std::move(option));
      }
    }
    all = std::move(next);
  }
  std::erase_if(all, [&](const Option& option) { return !is_possible(option, role); });
  return all;
}

int64_t sum_of(const CellSet& from, std::span<const int64_t> amounts) {
  int64_t sum = 0;
  for (size_t c = 0; c < amounts.size(); ++c)
    if (from.test(c)) sum += amounts[c];
  return sum;
}

// The role of all members, when they are of one role.
std::optional<size_t> only_role(const Counts& counts) {
  std::optional<size_t> only;
  for (size_t r = 0; r < counts.size(); ++r) {
    if (counts[r] == 0) continue;
    if (only) return std::nullopt;
    only = r;
  }
  return only;
}

// What is lost when a device stands unused because its node is full: an idle accelerator is worth
// more than the rest of the machine.
constexpr int64_t scarcity(api::DeviceClass cls) {
  switch (cls) {
    case api::DeviceClass::gpu:
      return 16;
    case api::DeviceClass::rdma_nic:
      return 2;
    case api::DeviceClass::nvme:
      return 1;
    default:
      return 0;
  }
}

}  // namespace

Choices choices_in(std::shared_ptr<const Interior> interior, const std::vector<RoleAsk>& roles) {
  Choices choices;
  for (const RoleAsk& role : roles) {
    const auto& options =
        choices.options.emplace_back(options_of(*interior, role, choices.is_complete));
    bool is_simple = options.size() == 1;
    KindSet seen;
    for (size_t a = 0; is_simple && a < role.devices.size(); ++a) {
      is_simple = (seen & options[0].devices[a]).none();
      seen |= options[0].devices[a];
    }
    choices.is_simple.push_back(is_simple);
  }
  choices.all_cpus = static_cast<int64_t>(interior->cpus().count());
  for (const fleet::Cell& cell : interior->cells())
    choices.all_memory_mib += cell.memory_bytes >> 20;
  choices.interior = std::move(interior);
  return choices;
}

Packing::Memory& Packing::memory() {
  if (!memory_) {
    memory_ = std::make_unique<Memory>();
    memory_->most.assign(roles_->size(), -1);
  }
  return *memory_;
}

bool Packing::is_within_sums(const Counts& counts) const {
  int64_t cpus = 0, memory = 0, power = 0;
  for (size_t r = 0; r < counts.size(); ++r) {
    if (counts[r] == 0) continue;
    if (choices_->options[r].empty()) return false;
    cpus += times(counts[r], (*roles_)[r].cpus);
    memory = std::min(most_amount, memory + times(counts[r], (*roles_)[r].memory_bytes));
    power = std::min(most_amount, power + times(counts[r], (*roles_)[r].power_mw));
  }
  if (cpus > room_->all_cpus() || memory > room_->all_memory()) return false;
  return room_->power_mw() < 0 || power <= room_->power_mw();
}

// How many members could take this option if nothing else stood in the room; never too few.
int64_t Packing::bound(size_t role, const Option& option) const {
  const RoleAsk& ask = (*roles_)[role];
  int64_t most = most_members;
  if (ask.cpus > 0) most = std::min(most, sum_of(option.cpus, room_->cpus()) / ask.cpus);
  if (ask.memory_bytes > 0)
    most = std::min(most, sum_of(option.memory, room_->memory()) / ask.memory_bytes);
  for (size_t a = 0; a < ask.devices.size(); ++a)
    if (ask.devices[a].count > 0)
      most = std::min(most, sum_of(option.devices[a], room_->devices()) / ask.devices[a].count);
  return most;
}

// Depth first over roles and their options; takes many of an option first.
class Packing::Search {
 public:
  Search(const Packing& packing, const Counts& counts, Meter& meter)
      : p_(packing), counts_(counts), meter_(meter), taken_(counts.size()) {
    for (size_t r = 0; r < counts.size(); ++r) taken_[r].resize(p_.choices_->options[r].size());
  }
  bool run() { return begin_role(0); }
  const std::vector<std::vector<int32_t>>& taken() const { return taken_; }

 private:
  bool begin_role(size_t role) {
    while (role < counts_.size() && counts_[role] == 0) ++role;
    if (role == counts_.size()) return true;
    // bounds_[o]: how many the options from o on can take at most.
    const auto& options = p_.choices_->options[role];
    std::vector<int64_t> bounds(options.size() + 1);
    for (size_t o = options.size(); o-- > 0;)
      bounds[o] = bounds[o + 1] + p_.bound(role, options[o]);
    return take(role, 0, counts_[role], bounds);
  }

  bool take(size_t role, size_t option, int32_t left, const std::vector<int64_t>& bounds) {
    if (left == 0) return begin_role(role + 1);
    if (!meter_.step() || bounds[option] < left) return false;
    const int64_t here = std::min<int64_t>(left, bounds[option] - bounds[option + 1]);
    const int64_t least = std::max<int64_t>(0, left - bounds[option + 1]);
    const auto cpus = cpus_, memory = memory_, devices = devices_;
    for (auto n = static_cast<int32_t>(here); n >= least && !meter_.is_spent(); --n) {
      add(role, option, n);
      taken_[role][option] = n;
      if (is_feasible() && take(role, option + 1, left - n, bounds)) return true;
      cpus_ = cpus, memory_ = memory, devices_ = devices;
    }
    taken_[role][option] = 0;
    return false;
  }

  void add(size_t role, size_t option, int32_t n) {
    const RoleAsk& ask = (*p_.roles_)[role];
    const Option& from = p_.choices_->options[role][option];
    add_demand(cpus_, from.cpus, n * ask.cpus);
    add_demand(memory_, from.memory, n * ask.memory_bytes);
    for (size_t a = 0; a < ask.devices.size(); ++a)
      add_demand(devices_, from.devices[a], n * ask.devices[a].count);
  }

  bool is_feasible() const {
    return can_meet(devices_, p_.room_->devices()) && can_meet(cpus_, p_.room_->cpus()) &&
           can_meet(memory_, p_.room_->memory());
  }

  const Packing& p_;
  const Counts& counts_;
  Meter& meter_;
  std::vector<Demand> cpus_, memory_, devices_;
  std::vector<std::vector<int32_t>> taken_;
};

bool Packing::fits(const Counts& counts, Meter& meter) {
  if (!is_within_sums(counts)) return false;
  if (const auto only = only_role(counts); only && choices_->is_simple[*only])
    return counts[*only] <= bound(*only, choices_->options[*only][0]);
  std::map<Counts, bool>& answers = memory().answers;
  if (const auto at = answers.find(counts); at != answers.end()) return at->second;
  const bool answer = Search(*this, counts, meter).run();
  if (!meter.is_spent()) answers.emplace(counts, answer);
  return answer;
}

int64_t Packing::most(size_t role, int64_t limit, Meter& meter) {
  int64_t& known = memory().most[role];
  if (known < 0 && limit == 1) {
    Counts one(roles_->size());
    one[role] = 1;
    return fits(one, meter) ? 1 : 0;
  }
  if (known < 0) {
    // More never fits where fewer do not, so halving finds the edge.
    int64_t fits_surely = 0, fails_surely = 1;
    for (const Option& option : choices_->options[role]) fails_surely += bound(role, option);
    fails_surely = std::min(fails_surely, most_members + 1);
    Counts counts(roles_->size());
    bool is_first = true;
    while (fails_surely - fits_surely > 1) {
      // The bound itself is mostly the answer, so it is tried first.
      const int64_t middle = is_first ? fails_surely - 1 : (fits_surely + fails_surely) / 2;
      is_first = false;
      counts[role] = static_cast<int32_t>(middle);
      (fits(counts, meter) ? fits_surely : fails_surely) = middle;
      if (meter.is_spent()) return std::min(fits_surely, limit);
    }
    known = fits_surely;
  }
  return std::min(known, limit);
}

std::vector<std::vector<int32_t>> Packing::split(const Counts& counts, Meter& meter) const {
  Search search(*this, counts, meter);
  CHECK(search.run(), "members that fitted no longer fit");
  return search.taken();
}

Packing::Leftover Packing::leftover(size_t role, const Counts& counts) const {
  std::array<int64_t, 16> by_class{};
  const auto& kinds = interior().kinds();
  for (size_t k = 0; k < kinds.size(); ++k)
    by_class[static_cast<size_t>(kinds[k].cls)] += room_->devices()[k];
  int64_t cpus = room_->all_cpus(), memory = room_->all_memory();
  for (size_t r = 0; r < counts.size(); ++r) {
    const int64_t n = counts[r];
    if (n == 0) continue;
    cpus -= times(n, (*roles_)[r].cpus);
    memory -= times(n, (*roles_)[r].memory_bytes);
    for (const DeviceAsk& ask : (*roles_)[r].devices)
      by_class[static_cast<size_t>(ask.cls)] -= n * ask.count;
  }
  Leftover left;
  for (const DeviceAsk& ask : (*roles_)[role].devices) {
    int64_t& rest = by_class[static_cast<size_t>(ask.cls)];
    left.devices += std::exchange(rest, 0);
  }
  for (size_t cls = 0; cls < by_class.size(); ++cls)
    left.scarce += by_class[cls] * scarcity(static_cast<api::DeviceClass>(cls));
  // In MiB, so that the product stays in range.
  left.share = cpus * 1000 / std::max<int64_t>(1, choices_->all_cpus) +
               (memory >> 20) * 1000 / std::max<int64_t>(1, choices_->all_memory_mib);
  return left;
}

}  // namespace freehold::place
