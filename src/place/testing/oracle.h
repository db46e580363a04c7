// Oracle: whether a request can be placed at all, by trying everything: for each member every node,
// every split of its CPUs and memory over memory nodes and every set of devices. It shares no code
// with the search that it judges. For instances of a few nodes and members only.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/strings.h"
#include "fleet/fleet.h"
#include "place/place.h"

namespace freehold::place::testing {

enum class Assume : uint8_t { now, empty, ideal };

class Oracle {
 public:
  Oracle(const fleet::Fleet& fleet, const Request& request, Assume assume)
      : fleet_(fleet), request_(request), assume_(assume) {
    for (size_t rank = 0; rank < fleet.size(); ++rank) add_node(fleet.node(rank));
    const fleet::PowerGrid& power = fleet.power();
    for (uint32_t d = 0; d < power.size(); ++d)
      for (uint32_t f = 0; f <= power.size(); ++f) {
        const uint32_t failed = f == power.size() ? fleet::facility::none : f;
        if (power.capacity_mw(d) < 0 || failed == d) continue;
        const int64_t load = assume == Assume::now ? power.load_mw(d, failed) : 0;
        domains_[{d, failed}] = power.capacity_mw(d) - load;
      }
    for (size_t r = 0; r < request.spec.roles.size(); ++r)
      for (int64_t i = 0; i < request.spec.roles[r].count; ++i) members_.push_back(r);
    used_.resize(request.spec.roles.size());
  }

  // Nothing when it would take too long.
  std::optional<bool> is_feasible() {
    const bool found = place(0);
    if (steps_ > most_steps) return std::nullopt;
    return found;
  }

 private:
  using DomainCase = std::pair<uint32_t, uint32_t>;  // domain, and which is down
  static constexpr int64_t gib = int64_t{1} << 30, most_steps = 300'000;

  struct Node {
    const fleet::NodeState* state;
    std::string rack, site;
    std::vector<int64_t> cpus, memory;  // per cell; memory in GiB
    std::vector<size_t> devices;        // free, by index
    int64_t power;
  };

  void add_node(const fleet::NodeState& state) {
    if (assume_ != Assume::ideal && state.readiness({}) != fleet::Readiness::ready) return;
    const fleet::NodeFacts& facts = state.facts();
    Node node{&state, facts.rack, fleet_.site_of(state), {}, {}, {}, facts.power_mw};
    fleet::Bits cpus = facts.cpus, devices = facts.devices;
    std::vector<int64_t> memory = facts.memory;
    if (assume_ == Assume::ideal)
      for (size_t d = 0; d < facts.interior->devices().size(); ++d) devices.add(d);
    if (assume_ == Assume::now) {
      cpus -= state.taken().cpus;
      devices -= state.taken().devices;
      for (size_t c = 0; c < memory.size(); ++c) memory[c] -= state.taken().memory[c];
      if (node.power >= 0) node.power -= state.taken().power_mw;
    }
    for (size_t c = 0; c < memory.size(); ++c) {
      node.cpus.push_back(
          static_cast<int64_t>((facts.interior->cells()[c].cpus & cpus).numbers().size()));
      node.memory.push_back(memory[c] / gib);
    }
    for (const uint32_t d : devices.numbers()) node.devices.push_back(d);
    nodes_.push_back(std::move(node));
  }

  // Where the parts of a member went, for `align`.
  struct Parts {
    std::set<size_t> cpu_cells, memory_cells;
    std::map<std::string, std::vector<size_t>> devices;
  };

  bool is_aligned(const api::ContractRole& role, const Node& node, const Parts& parts) const {
    const auto& cells = node.state->interior().cells();
    for (const api::Align& align : role.align) {
      std::set<std::string> places;
      std::set<size_t> cells_used;
      bool is_known = true, any_device = false;
      for (const std::string& name : align.devices) {
        if (name == "cpu")
          cells_used.insert(parts.cpu_cells.begin(), parts.cpu_cells.end());
        else if (name == "memory")
          cells_used.insert(parts.memory_cells.begin(), parts.memory_cells.end());
        else
          for (const size_t d : parts.devices.at(name)) {
            const auto& kind =
                node.state->interior().kinds()[node.state->interior().devices()[d].kind];
            any_device = true;
            is_known = is_known && kind.cell >= 0;
            if (align.within == "pcie-root") places.insert(kind.root);
            if (kind.cell >= 0) cells_used.insert(static_cast<size_t>(kind.cell));
          }
      }
      if (any_device && !is_known) return false;
      if (places.size() > 1) return false;
      if (align.within == "package") {
        std::set<int64_t> packages;
        for (const size_t c : cells_used) packages.insert(cells[c].package);
        if (packages.size() > 1) return false;
      } else if (cells_used.size() > 1) {
        return false;
      }
    }
    return true;
  }

  std::string domain(const Node& node, const std::string& level) const {
    if (level == "rack") return node.rack.empty() ? "?" : node.rack;
    if (level == "site") return node.site.empty() ? "?" : node.site;
    return node.state->name();
  }

  bool may_stand(size_t r, const Node& node) const {
    const api::ContractRole& role = request_.spec.roles[r];
    for (const Node* other : used_[r]) {
      if (role.apart && role.apart->mode == api::Mode::required &&
          domain(node, role.apart->across) == domain(*other, role.apart->across))
        return false;
      if (role.together && role.together->mode == api::Mode::required) {
        const std::string here = domain(node, role.together->within);
        if (here != domain(*other, role.together->within)) return false;
        if (here == "?" && &node != other) return false;
      }
    }
    return true;
  }

  // ---- one member after the other

  bool place(size_t m) {
    if (m == members_.size()) return true;
    if (++steps_ > most_steps) return false;
    std::string state = std::to_string(m);
    for (const Node& node : nodes_) {
      for (const int64_t n : node.cpus) state += ',' + std::to_string(n);
      for (const int64_t n : node.memory) state += ',' + std::to_string(n);
      for (const size_t d : node.devices) state += ',' + std::to_string(d);
      state += '/' + std::to_string(node.power);
    }
    for (const auto& used : used_)
      for (const Node* node : used) state += ' ' + node->state->name();
    for (const auto& [at, mw] : domains_) state += '+' + std::to_string(mw);
    if (!seen_.insert(state).second) return false;
    for (Node& node : nodes_) {
      if (!may_stand(members_[m], node)) continue;
      used_[members_[m]].insert(&node);
      const bool is_first =
          std::count(spread_[members_[m]].begin(), spread_[members_[m]].end(), &node) == 0;
      spread_[members_[m]].push_back(&node);
      Parts parts;
      if (take_power(m, node, parts)) return true;
      spread_[members_[m]].pop_back();
      if (is_first) used_[members_[m]].erase(&node);
    }
    return false;
  }

  bool take_power(size_t m, Node& node, Parts& parts) {
    const int64_t asked = request_.spec.roles[members_[m]].each.power.value();
    if (asked == 0) return take_cpus(m, node, parts, 0, needed_cpus(m));
    const auto draws = draws_of(node, asked);
    const bool is_fed = node.power >= 0 || !draws.empty();
    if (!is_fed || (node.power >= 0 && node.power < asked)) return false;
    for (const auto& [at, mw] : draws)
      if (domains_[at] < mw) return false;
    const int64_t before = node.power;
    if (node.power >= 0) node.power -= asked;
    for (const auto& [at, mw] : draws) domains_[at] -= mw;
    if (take_cpus(m, node, parts, 0, needed_cpus(m))) return true;
    node.power = before;
    for (const auto& [at, mw] : draws) domains_[at] += mw;
    return false;
  }

  // What a member takes of every domain in every case.
  std::map<DomainCase, int64_t> draws_of(const Node& node, int64_t asked) const {
    std::map<DomainCase, int64_t> out;
    const auto flow = fleet_.power().flow(fleet_.feeds_of(*node.state), asked);
    for (const fleet::PowerDraw& draw : flow.draws)
      for (auto at = domains_.lower_bound({draw.domain, 0});
           at != domains_.end() && at->first.first == draw.domain; ++at)
        out[at->first] = draw.while_down(at->first.second);
    return out;
  }

  int64_t needed_cpus(size_t m) const {
    return (request_.spec.roles[members_[m]].each.cpu.value() + 999) / 1000;
  }

  bool take_cpus(size_t m, Node& node, Parts& parts, size_t cell, int64_t left) {
    if (left == 0)
      return take_memory(m, node, parts, 0,
                         request_.spec.roles[members_[m]].each.memory.value() / gib);
    if (cell == node.cpus.size()) return false;
    for (int64_t n = std::min(left, node.cpus[cell]); n >= 0; --n) {
      node.cpus[cell] -= n;
      if (n > 0) parts.cpu_cells.insert(cell);
      if (take_cpus(m, node, parts, cell + 1, left - n)) return true;
      node.cpus[cell] += n;
      parts.cpu_cells.erase(cell);
    }
    return false;
  }

  bool take_memory(size_t m, Node& node, Parts& parts, size_t cell, int64_t left) {
    if (left == 0) return take_devices(m, node, parts, 0, 0, 0);
    if (cell == node.memory.size()) return false;
    for (int64_t n = std::min(left, node.memory[cell]); n >= 0; --n) {
      node.memory[cell] -= n;
      if (n > 0) parts.memory_cells.insert(cell);
      if (take_memory(m, node, parts, cell + 1, left - n)) return true;
      node.memory[cell] += n;
      parts.memory_cells.erase(cell);
    }
    return false;
  }

  // The rest of request `a`, from the devices at `from` on, when `taken` of it are taken.
  bool take_devices(size_t m, Node& node, Parts& parts, size_t a, int64_t taken, size_t from) {
    const api::ContractRole& role = request_.spec.roles[members_[m]];
    if (++steps_ > most_steps) return false;
    if (a == role.each.devices.size()) return is_aligned(role, node, parts) && place(m + 1);
    const api::DeviceRequest& request = role.each.devices[a];
    if (taken == 0) parts.devices[request.name].clear();
    if (taken == request.count) return take_devices(m, node, parts, a + 1, 0, 0);
    for (size_t i = from; i < node.devices.size(); ++i) {
      const size_t d = node.devices[i];
      const auto& kind = node.state->interior().kinds()[node.state->interior().devices()[d].kind];
      if (kind.cls != request.cls) continue;
      if (!request.where.model.empty() && to_lower(kind.model) != to_lower(request.where.model[0]))
        continue;
      node.devices.erase(node.devices.begin() + static_cast<int64_t>(i));
      parts.devices[request.name].push_back(d);
      if (take_devices(m, node, parts, a, taken + 1, i)) return true;
      parts.devices[request.name].pop_back();
      node.devices.insert(node.devices.begin() + static_cast<int64_t>(i), d);
    }
    return false;
  }

  const fleet::Fleet& fleet_;
  const Request& request_;
  Assume assume_;
  std::vector<Node> nodes_;
  std::map<DomainCase, int64_t> domains_;  // what is left
  std::vector<size_t> members_;            // their roles
  std::vector<std::set<const Node*>> used_;
  std::map<size_t, std::vector<const Node*>> spread_;
  std::set<std::string> seen_;
  int64_t steps_ = 0;
};

}  // namespace freehold::place::testing
