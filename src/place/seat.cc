#include "place/seat.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "base/check.h"
#include "fleet/bits.h"

namespace freehold::place {
namespace {

using fleet::Bits;
using fleet::CellSet;
using fleet::Interior;
using fleet::KindSet;

size_t first_of(const CellSet& cells) {
  size_t c = 0;
  while (c < cells.size() && !cells.test(c)) ++c;
  return c;
}

// A member on its way from "one of these places" to amounts.
struct Member {
  size_t role = 0;
  Option from;
  int64_t cpus = 0, memory = 0;                     // still to be taken
  std::vector<int64_t> devices;                     // per ask, still to be taken
  std::vector<int64_t> taken_cpus, taken_memory;    // per cell
  std::vector<std::vector<int64_t>> taken_devices;  // [ask][kind]
};

class Seating {
 public:
  Seating(const Packing& packing, const std::vector<RoleAsk>& roles)
      : interior_(packing.interior()), roles_(roles) {
    const fleet::Room& room = packing.room();
    cpus_.assign(room.cpus().begin(), room.cpus().end());
    memory_.assign(room.memory().begin(), room.memory().end());
    devices_.assign(room.devices().begin(), room.devices().end());
  }

  void add(size_t role, const Option& from) {
    const RoleAsk& ask = roles_[role];
    Member m{role, from, ask.cpus, ask.memory_bytes, {}, {}, {}, {}};
    for (const DeviceAsk& device : ask.devices) m.devices.push_back(device.count);
    m.taken_cpus.resize(cpus_.size());
    m.taken_memory.resize(memory_.size());
    m.taken_devices.assign(ask.devices.size(), std::vector<int64_t>(devices_.size()));
    members_.push_back(std::move(m));
  }

  const std::vector<Member>& settle() {
    for (Member& m : members_) {
      draw_together(m);
      take_devices(m);
      take_cpus(m);
      take_memory(m);
    }
    return members_;
  }

 private:
  enum Parts : unsigned { cpus_part = 1, memory_part = 2, devices_part = 4 };

  // ---- whether what is still to be taken, by all, can be

  bool can_take_cpus() const {
    std::vector<Demand> demands;
    for (const Member& m : members_) add_demand(demands, m.from.cpus, m.cpus);
    return can_meet(demands, cpus_);
  }
  bool can_take_memory() const {
    std::vector<Demand> demands;
    for (const Member& m : members_) add_demand(demands, m.from.memory, m.memory);
    return can_meet(demands, memory_);
  }
  bool can_take_devices() const {
    std::vector<Demand> demands;
    for (const Member& m : members_)
      for (size_t a = 0; a < m.devices.size(); ++a)
        add_demand(demands, m.from.devices[a], m.devices[a]);
    return can_meet(demands, devices_);
  }

  // ---- near one another

  // Narrows where parts of a member come from, if all still fit then.
  bool narrow(Member& m, const CellSet& cells, unsigned parts) {
    const Option before = m.from;
    if ((parts & cpus_part) != 0) m.from.cpus &= cells;
    if ((parts & memory_part) != 0) m.from.memory &= cells;
    if ((parts & devices_part) != 0)
      for (KindSet& kinds : m.from.devices)
        for (size_t k = 0; k < devices_.size(); ++k)
          if (kinds.test(k) && !is_in(interior_.kinds()[k], cells)) kinds.reset(k);
    if (((parts & cpus_part) == 0 || can_take_cpus()) &&
        ((parts & memory_part) == 0 || can_take_memory()) &&
        ((parts & devices_part) == 0 || can_take_devices()))
      return true;
    m.from = before;
    return false;
  }

  static bool is_in(const fleet::DeviceKind& kind, const CellSet& cells) {
    return kind.cell >= 0 && cells.test(static_cast<size_t>(kind.cell));
  }

  // Single memory nodes, then packages; of each the tightest that may do first.
  std::vector<CellSet> neighbourhoods(const Member& m) const {
    struct Scored {
      size_t size;
      int64_t strange, devices,
          cpus;  // free devices that the member does not want; that it wants; free CPUs
      CellSet cells;
    };
    std::vector<Scored> all;
    for (size_t c = 0; c < cpus_.size(); ++c) {
      CellSet one, package;
      one.set(c);
      for (size_t other = 0; other < cpus_.size(); ++other)
        package.set(other, other == c ||
                               (interior_.cells()[c].package >= 0 &&
                                interior_.cells()[other].package == interior_.cells()[c].package));
      all.push_back({1, 0, 0, 0, one});
      if (package.count() > 1 && first_of(package) == c)
        all.push_back({package.count(), 0, 0, 0, package});
    }
    KindSet wanted;
    for (const KindSet& kinds : m.from.devices) wanted |= kinds;
    for (Scored& s : all) {
      for (size_t c = 0; c < cpus_.size(); ++c)
        if (s.cells.test(c)) s.cpus += cpus_[c];
      for (size_t k = 0; k < devices_.size(); ++k)
        if (is_in(interior_.kinds()[k], s.cells))
          (wanted.test(k) ? s.devices : s.strange) += devices_[k];
    }
    std::stable_sort(all.begin(), all.end(), [](const Scored& a, const Scored& b) {
      return std::tie(a.size, a.strange, a.devices, a.cpus) <
             std::tie(b.size, b.strange, b.devices, b.cpus);
    });
    std::vector<CellSet> order;
    for (const Scored& s : all) order.push_back(s.cells);
    return order;
  }

  void draw_together(Member& m) {
    if (cpus_.size() < 2) return;
    const std::vector<CellSet> places = neighbourhoods(m);
    auto narrow_somewhere = [&](unsigned parts) {
      return std::any_of(places.begin(), places.end(),
                         [&](const CellSet& cells) { return narrow(m, cells, parts); });
    };
    const unsigned devices = m.devices.empty() ? 0u : devices_part;
    if (narrow_somewhere(cpus_part | memory_part | devices)) return;
    if (narrow_somewhere(cpus_part | devices)) return;
    if (devices != 0) narrow_somewhere(devices);
    narrow_somewhere(cpus_part);
  }

  // ---- amounts

  // The most that can be taken here such that all else can still be taken.
  template <class CanTake>
  static int64_t take(int64_t& wanted, int64_t& left, CanTake can_take) {
    auto is_possible = [&](int64_t n) {
      wanted -= n, left -= n;
      const bool possible = can_take();
      wanted += n, left += n;
      return possible;
    };
    int64_t sure = 0, never = std::min(wanted, left) + 1;
    // All of it is mostly possible, so it is tried first; then the edge is found by halving.
    for (int64_t n = never - 1; never - sure > 1; n = sure + (never - sure) / 2)
      (is_possible(n) ? sure : never) = n;
    wanted -= sure, left -= sure;
    return sure;
  }

  void take_devices(Member& m) {
    for (size_t a = 0; a < m.devices.size(); ++a) {
      // The smallest that will do, and those that share a place side by side.
      std::vector<size_t> order;
      for (size_t k = 0; k < devices_.size(); ++k)
        if (m.from.devices[a].test(k)) order.push_back(k);
      std::stable_sort(order.begin(), order.end(), [&](size_t x, size_t y) {
        const fleet::DeviceKind &kx = interior_.kinds()[x], &ky = interior_.kinds()[y];
        return std::tie(kx.memory_bytes, kx.cell, kx.root) <
               std::tie(ky.memory_bytes, ky.cell, ky.root);
      });
      for (const size_t k : order) {
        if (m.devices[a] == 0) break;
        m.taken_devices[a][k] = take(m.devices[a], devices_[k], [&] { return can_take_devices(); });
      }
    }
  }

  // Cells by preference: around the devices, or else around the one that fits best.
  std::vector<uint16_t> order_for_cpus(const Member& m) const {
    std::vector<int64_t> devices(cpus_.size());
    for (const auto& by_kind : m.taken_devices)
      for (size_t k = 0; k < by_kind.size(); ++k)
        if (const int cell = interior_.kinds()[k].cell; cell >= 0 && by_kind[k] > 0)
          devices[static_cast<size_t>(cell)] += by_kind[k];
    size_t best = 0;
    auto rank = [&](size_t c) {
      const bool is_wide = cpus_[c] >= m.cpus;
      return std::tuple(!m.from.cpus.test(c), -devices[c], !is_wide,
                        is_wide ? cpus_[c] : -cpus_[c]);
    };
    for (size_t c = 1; c < cpus_.size(); ++c)
      if (rank(c) < rank(best)) best = c;
    return interior_.cells()[best].nearest;
  }

  void take_cpus(Member& m) {
    if (m.cpus == 0) return;
    for (const uint16_t c : order_for_cpus(m))
      if (m.from.cpus.test(c) && m.cpus > 0)
        m.taken_cpus[c] = take(m.cpus, cpus_[c], [&] { return can_take_cpus(); });
  }

  void take_memory(Member& m) {
    if (m.memory == 0) return;
    const auto most = std::max_element(m.taken_cpus.begin(), m.taken_cpus.end());
    size_t home = static_cast<size_t>(most - m.taken_cpus.begin());
    if (*most == 0) home = first_of(m.from.memory);
    for (const uint16_t c : interior_.cells()[home].nearest)
      if (m.from.memory.test(c) && m.memory > 0)
        m.taken_memory[c] = take(m.memory, memory_[c], [&] { return can_take_memory(); });
  }

  const Interior& interior_;
  const std::vector<RoleAsk>& roles_;
  std::vector<int64_t> cpus_, memory_, devices_;  // still free
  std::vector<Member> members_;
};

// ---- identities

// `count` of the free CPUs of a cell: whole free cores while they fit, then parts of cores that are
// broken already, then a whole one is broken.
Bits pick_cpus(const Interior& interior, const Bits& cell, Bits& free, int64_t count) {
  Bits picked;
  auto take = [&](const Bits& from) {
    from.each([&](uint32_t cpu) {
      if (count == 0) return;
      picked.add(cpu);
      --count;
    });
  };
  std::vector<std::pair<size_t, Bits>> broken;  // by free threads
  for (const Bits& core : interior.cores()) {
    if (!core.overlaps(cell)) continue;
    Bits threads = core & free & cell;
    if (threads.empty()) continue;
    if (threads == core && static_cast<int64_t>(core.count()) <= count)
      take(core);
    else
      broken.emplace_back(threads.count() + (threads == core ? interior.cpus().count() : 0),
                          threads);
  }
  std::stable_sort(broken.begin(), broken.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  for (const auto& [size, threads] : broken) take(threads);
  CHECK(count == 0, "a cell has fewer free CPUs than were counted");
  free -= picked;
  return picked;
}

api::AllocatedMember identify(const Interior& interior, const RoleAsk& role, const Member& m,
                              Bits& free_cpus, Bits& free_devices) {
  api::AllocatedMember out;
  out.role = role.name;
  Bits cpus;
  for (size_t c = 0; c < m.taken_cpus.size(); ++c)
    if (m.taken_cpus[c] > 0)
      cpus |= pick_cpus(interior, interior.cells()[c].cpus, free_cpus, m.taken_cpus[c]);
  out.cpus = cpus.to_list();
  for (size_t c = 0; c < m.taken_memory.size(); ++c)
    if (m.taken_memory[c] > 0) out.memory.push_back({interior.cells()[c].id, m.taken_memory[c]});
  Bits devices;
  for (const auto& by_kind : m.taken_devices)
    for (size_t k = 0; k < by_kind.size(); ++k) {
      Bits free = interior.kinds()[k].devices & free_devices;
      for (int64_t n = by_kind[k]; n > 0; --n) {
        const size_t device = free.first();
        free.remove(device);
        free_devices.remove(device);
        devices.add(device);
      }
    }
  devices.each([&](uint32_t device) { out.devices.push_back(interior.devices()[device].id); });
  if (role.power_mw > 0) out.power = Quantity::of(role.power_mw, Dimension::power);
  return out;
}

}  // namespace

std::vector<api::AllocatedMember> seat_members(const fleet::NodeState& node, const Packing& packing,
                                               const std::vector<RoleAsk>& roles,
                                               const Counts& counts) {
  Meter unlimited(std::numeric_limits<int64_t>::max());
  const auto split = packing.split(counts, unlimited);
  Seating seating(packing, roles);
  for (size_t r = 0; r < roles.size(); ++r)
    for (size_t o = 0; o < split[r].size(); ++o)
      for (int32_t n = 0; n < split[r][o]; ++n) seating.add(r, packing.choices().options[r][o]);
  Bits free_cpus = node.free_cpus(), free_devices = node.free_devices();
  std::vector<api::AllocatedMember> out;
  for (const Member& m : seating.settle()) {
    out.push_back(identify(packing.interior(), roles[m.role], m, free_cpus, free_devices));
    out.back().node = node.name();
  }
  return out;
}

}  // namespace freehold::place
