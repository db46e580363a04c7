// Fleet::check and Fleet::holders: whether an allocation fits exactly as written, and who is in its
// way.
#include <algorithm>
#include <map>
#include <set>

#include "base/limits.h"
#include "base/strings.h"
#include "fleet/facility/overhead.h"
#include "fleet/fleet.h"

namespace freehold::fleet {
namespace {

// Faults of an allocation. Only its own words and those of the fleet appear, never another
// holder's.
class Faults {
 public:
  void invalid(std::string field, std::string message) {
    is_invalid_ = true;
    add("FieldValueInvalid", std::move(field), std::move(message));
  }
  void conflict(std::string field, std::string message) {
    add("FieldValueForbidden", std::move(field), std::move(message));
  }
  Result<void> result() && {
    if (causes_.empty()) return {};
    Error error{is_invalid_ ? Reason::invalid : Reason::conflict, {}, std::move(causes_)};
    error.message = error.causes[0].field + ": " + error.causes[0].message;
    if (error.causes.size() > 1)
      error.message += " (and " + std::to_string(error.causes.size() - 1) + " more)";
    return error;
  }

 private:
  void add(std::string type, std::string field, std::string message) {
    if (causes_.size() < limits::field_errors)
      causes_.push_back({std::move(type), std::move(field), std::move(message)});
  }
  std::vector<Cause> causes_;
  bool is_invalid_ = false;
};

std::string watts(int64_t mw) { return humanize(mw, Dimension::power); }
std::string bytes(int64_t n) { return humanize(n, Dimension::bytes); }

// What others have on a node: all but the allocation that is to be replaced.
Taken taken_by_others(const NodeState& node, std::string_view replacing) {
  Taken others;
  others.memory.resize(node.interior().cells().size());
  for (const Holding& holding : node.holdings())
    if (holding.occupant->key != replacing) others.add(holding.taken);
  return others;
}

// One node while the members of an allocation are laid on it, one after the other.
struct Laid {
  const NodeState* node = nullptr;
  Taken others, own;
};

class Checker {
 public:
  Checker(const Fleet& fleet, std::string_view replacing)
      : fleet_(fleet), power_(fleet.power()), replacing_(replacing) {
    // The watts of what is replaced come back first.
    const api::AllocationSpec* old = fleet.allocation(replacing);
    if (old == nullptr) return;
    for (const api::AllocatedMember& member : old->members)
      if (const NodeState* node = fleet.find(member.node))
        add_flow(power_.flow(fleet.feeds_of(*node), member.power.value()), -1);
  }

  Result<void> check(const api::AllocationSpec& spec) && {
    for (size_t i = 0; i < spec.members.size(); ++i) {
      const api::AllocatedMember& member = spec.members[i];
      at_ = "spec.members[" + std::to_string(i) + "]";
      const NodeState* node = fleet_.find(member.node);
      if (node == nullptr) {
        faults_.invalid(at_ + ".node", "node \"" + member.node + "\" is not known");
        continue;
      }
      Laid& laid = laid_[member.node];
      if (laid.node == nullptr) laid = {node, taken_by_others(*node, replacing_), {}};
      check_cpus(member, laid);
      check_memory(member, laid);
      check_devices(member, laid);
      check_power(member, laid);
      laid.own.add(compile(node->interior(), member));
    }
    return std::move(faults_).result();
  }

 private:
  void check_cpus(const api::AllocatedMember& member, const Laid& laid) {
    const std::string field = at_ + ".cpus";
    if (!parse_cpu_list(member.cpus))
      return faults_.invalid(field, "\"" + member.cpus + "\" is not a list of CPUs such as 0-3,8");
    const Bits asked = Bits::of_list(member.cpus);
    const Bits& there = laid.node->facts().cpus;
    const std::string on = " of node " + member.node;
    if (!there.contains(asked)) {
      faults_.invalid(field, "cpu " + (asked - there).to_list() + on + " is not allocatable; " +
                                 (there.empty() ? "it has none" : there.to_list() + " are"));
    } else if (asked.overlaps(laid.own.cpus)) {
      faults_.invalid(field, "cpu " + (asked & laid.own.cpus).to_list() + on +
                                 " is asked for twice in this allocation");
    } else if (asked.overlaps(laid.others.cpus)) {
      faults_.conflict(field, "cpu " + (asked & laid.others.cpus).to_list() + on + " is taken");
    }
  }

  void check_memory(const api::AllocatedMember& member, const Laid& laid) {
    const NodeFacts& facts = laid.node->facts();
    std::set<int64_t> seen;
    for (size_t j = 0; j < member.memory.size(); ++j) {
      const api::MemoryShare& share = member.memory[j];
      const std::string field = at_ + ".memory[" + std::to_string(j) + "]";
      const auto cell = facts.interior->find_cell(share.node);
      const std::string where =
          "memory node " + std::to_string(share.node) + " of node " + member.node;
      if (share.node < 0 || !cell) {
        faults_.invalid(field + ".node", where + " is not known");
        continue;
      }
      if (!seen.insert(share.node).second) {
        faults_.invalid(field + ".node", where + " is named twice");
        continue;
      }
      const int64_t own = *cell < laid.own.memory.size() ? laid.own.memory[*cell] : 0;
      const int64_t room = facts.memory[*cell] - own;
      const int64_t left = room - laid.others.memory[*cell];
      if (share.bytes < 0) {
        faults_.invalid(field + ".bytes", "must not be negative");
      } else if (share.bytes > room) {
        faults_.invalid(field + ".bytes", where + " has " + bytes(facts.memory[*cell]) +
                                              " in all, this allocation asks for " +
                                              bytes(own + share.bytes));
      } else if (share.bytes > left && share.bytes > 0) {
        faults_.conflict(field + ".bytes", where + " has " + bytes(std::max<int64_t>(left, 0)) +
                                               " left, " + bytes(share.bytes) + " are asked for");
      }
    }
  }

  void check_devices(const api::AllocatedMember& member, const Laid& laid) {
    const NodeFacts& facts = laid.node->facts();
    Bits seen;
    for (size_t j = 0; j < member.devices.size(); ++j) {
      const std::string field = at_ + ".devices[" + std::to_string(j) + "]";
      const std::string what = "device " + member.devices[j] + " of node " + member.node;
      const auto device = facts.interior->find_device(member.devices[j]);
      if (!device) {
        faults_.invalid(field, what + " is not known");
      } else if (!facts.devices.has(*device)) {
        faults_.invalid(field, what + " is not allocatable");
      } else if (seen.has(*device) || laid.own.devices.has(*device)) {
        faults_.invalid(field, what + " is asked for twice in this allocation");
      } else if (laid.others.devices.has(*device)) {
        faults_.conflict(field, what + " is taken");
      }
      if (device) seen.add(*device);
    }
  }

  void check_power(const api::AllocatedMember& member, const Laid& laid) {
    const int64_t asked = member.power.value();
    const std::string field = at_ + ".power";
    if (asked < 0) return faults_.invalid(field, "must not be negative");
    if (asked == 0) return;
    const int64_t there = laid.node->facts().power_mw;
    if (there >= 0 && asked > there - laid.own.power_mw) {
      faults_.invalid(field, "node " + member.node + " may draw " + watts(there) + " in all");
    } else if (there >= 0 && asked > there - laid.own.power_mw - laid.others.power_mw) {
      faults_.conflict(field, "node " + member.node + " has " +
                                  watts(std::max<int64_t>(0, laid.node->free_power_mw())) +
                                  " left, " + watts(asked) + " are asked for");
    }
    const PowerFlow flow = power_.flow(fleet_.feeds_of(*laid.node), asked);
    if (flow.is_too_wide)
      return faults_.invalid(
          field, "behind node " + member.node + " stand more power domains than can be looked at");
    bool is_fed = false;
    for (const PowerDraw& draw : flow.draws)
      is_fed = is_fed || power_.capacity_mw(draw.domain) >= 0;
    if (there < 0 && !is_fed)
      faults_.invalid(field, "what node " + member.node + " may draw is not known");
    add_flow(flow, 1);
    for (const PowerDraw& draw : flow.draws) check_domain(field, draw);
  }

  // In every case: as it is, and with any one other domain down.
  void check_domain(const std::string& field, const PowerDraw& draw) {
    const int64_t capacity = power_.capacity_mw(draw.domain);
    if (capacity < 0) return;
    PowerCase most{facility::none, draw.mw};
    for (const PowerCase& then : draw.cases)
      if (then.second > most.second) most = then;
    const std::string domain = "power domain " + power_.name(draw.domain);
    const std::string with = facility::with_pue_text(power_.pue_milli(draw.domain));
    const auto once = [&](uint32_t failed) {
      return failed == facility::none ? "" : " once " + power_.name(failed) + " has failed";
    };
    if (most.second > capacity)
      return faults_.invalid(
          field, domain + " can deliver " + watts(capacity) + " in all" +
                     (most.first == facility::none && with.empty()
                          ? ""
                          : ", and is to carry " + watts(most.second) + with + once(most.first)));
    const Added& added = added_[draw.domain];
    if (is_over(draw.domain, facility::none, added.mw))
      return faults_.conflict(field, domain + " has too little left" + with);
    const auto check_case = [&](uint32_t failed) {
      const auto at = added.changes.find(failed);
      return is_over(draw.domain, failed, added.mw + (at == added.changes.end() ? 0 : at->second));
    };
    const auto tell = [&](uint32_t failed) {
      faults_.conflict(field, domain + " has too little left" + with + once(failed));
    };
    for (const auto& [failed, change] : added.changes)
      if (check_case(failed)) return tell(failed);
    for (const auto& [failed, change] : power_.changes(draw.domain))
      if (change > 0 && check_case(failed)) return tell(failed);
  }

  // Whether `added` on a domain would be too much; what takes nothing more is never the cause.
  bool is_over(uint32_t domain, uint32_t failed, int64_t added) const {
    const int64_t load = power_.load_mw(domain, failed);
    return added > std::max<int64_t>(0, power_.capacity_mw(domain) - load);
  }

  void add_flow(const PowerFlow& flow, int64_t sign) {
    for (const PowerDraw& draw : flow.draws) {
      Added& added = added_[draw.domain];
      added.mw += sign * draw.mw;
      for (const auto& [failed, mw] : draw.cases) added.changes[failed] += sign * (mw - draw.mw);
    }
  }

  // On one domain, over all members.
  struct Added {
    int64_t mw = 0;
    std::map<uint32_t, int64_t> changes;  // by the failed domain
  };

  const Fleet& fleet_;
  const PowerGrid& power_;
  std::string_view replacing_;
  std::string at_;
  std::map<std::string, Laid, std::less<>> laid_;
  std::map<uint32_t, Added> added_;
  Faults faults_;
};

bool overlaps(const Taken& asked, const Taken& held, const NodeState& node) {
  if (asked.cpus.overlaps(held.cpus) || asked.devices.overlaps(held.devices)) return true;
  for (size_t c = 0; c < asked.memory.size(); ++c)
    if (asked.memory[c] > node.free_memory()[c] && held.memory[c] > 0) return true;
  return node.free_power_mw() >= 0 && asked.power_mw > node.free_power_mw() && held.power_mw > 0;
}

}  // namespace

Result<void> Fleet::check(const api::AllocationSpec& spec, std::string_view replacing_key) const {
  return Checker(*this, replacing_key).check(spec);
}

std::vector<std::string> Fleet::holders(const api::AllocationSpec& spec,
                                        std::string_view replacing_key) const {
  std::set<std::string> keys;
  std::map<std::string, Taken> asked;  // by node: members together may exceed what one does not
  for (const api::AllocatedMember& member : spec.members)
    if (const NodeState* node = find(member.node))
      asked[member.node].add(compile(node->interior(), member));
  for (const auto& [name, taken] : asked) {
    const NodeState& node = *find(name);
    for (const Holding& holding : node.holdings())
      if (holding.occupant->key != replacing_key && overlaps(taken, holding.taken, node))
        keys.insert(holding.occupant->key);
  }
  return {keys.begin(), keys.end()};
}

}  // namespace freehold::fleet
