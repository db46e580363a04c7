// Fleet: the machines that there are, how they hang together, and what is taken on them. Built
// object by object, in any order; forked in microseconds for what-ifs and snapshots. It judges
// whether an allocation fits exactly as written (`check`), and knows nothing of how to find one:
// that is `place`. No clock, no I/O, no threads; a fork may live on another thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "api/contract.h"
#include "api/node.h"
#include "base/result.h"
#include "fleet/cow.h"
#include "fleet/node_state.h"
#include "fleet/power.h"

namespace freehold::api {
struct PowerDomain;
struct Rack;
struct Site;
}  // namespace freehold::api

namespace freehold::fleet {

// What `where` and `sovereignty` of a contract may ask of a site.
struct SiteFacts {
  std::string country, subdivision;  // ISO 3166
  std::vector<std::string> regimes;  // EU, GDPR …
};

class Fleet {
 public:
  Fleet() = default;
  Fleet(Fleet&&) = default;
  Fleet& operator=(Fleet&&) = default;
  // A fleet of its own that shares what neither has changed since.
  Fleet fork() const { return Fleet(*this); }

  // ---- what there is. `put` adds or replaces by name; `remove_…` of an unknown name does nothing.
  // What is allocated on a node survives its change and its removal, and counts again when it comes
  // back.
  void put(const api::Node& node);
  void put(const api::HardwareProfile& profile);
  void put(const api::Site& site);
  void put(const api::Rack& rack);
  void put(const api::PowerDomain& domain);
  void remove_node(std::string_view name);
  void remove_profile(std::string_view name);
  void remove_site(std::string_view name);
  void remove_rack(std::string_view name);
  void remove_power_domain(std::string_view name);

  // ---- what is taken. `key` names an allocation; any unique text will do.
  // Whether all that `spec` asks for is there and free, as if the allocation `replacing_key` were
  // gone. `invalid` when it could never be so (unknown node, CPU outside of allocatable, something
  // asked for twice), `conflict` when it is taken; causes carry field paths such as
  // spec.members[3].cpus. Messages name no holder: see holders().
  Result<void> check(const api::AllocationSpec& spec, std::string_view replacing_key = {}) const;
  // Keys of the allocations that stand in the way of `spec`, ascending. For programs; keys may be
  // another tenant's.
  std::vector<std::string> holders(const api::AllocationSpec& spec,
                                   std::string_view replacing_key = {}) const;
  // Takes without asking: the truth may be worse than allowed. A key that is there already is
  // replaced.
  void occupy(std::string_view key, const api::AllocationSpec& spec);
  void release(std::string_view key);
  void release_all();
  bool is_occupied_by(std::string_view key) const { return occupants_.find(key) != nullptr; }
  const api::AllocationSpec* allocation(std::string_view key) const;  // null when there is none
  std::vector<std::string> allocations() const { return occupants_.keys(); }  // keys, ascending

  // ---- reading. Known nodes in the order of their names, 0 to size() - 1.
  size_t size() const { return by_name_->size(); }
  const NodeState& node(size_t rank) const { return nodes_[(*by_name_)[rank]]; }
  const NodeState* find(std::string_view name) const;  // null when not known
  const std::string& site_of(
      const NodeState& node) const;  // its own, else its rack's; empty: unknown
  const SiteFacts* site(std::string_view name) const { return sites_.find(name); }
  const PowerGrid& power() const { return power_; }
  std::vector<std::string> over_occupied() const;  // names of nodes, ascending
  // Of all that a decision may see; does not depend on the order in which the fleet was built.
  uint64_t hash() const;

 private:
  Fleet(const Fleet&) = default;

  uint32_t slot(std::string_view name);  // made when absent
  void install(uint32_t slot, std::shared_ptr<const NodeFacts> facts);
  void rebuild_profile(std::string_view profile);
  std::shared_ptr<const NodeFacts> facts_for(const api::Node& node) const;
  void charge(const NodeState& node, int64_t sign);
  void recharge_all();

  CowVector<NodeState> nodes_;          // slots are never reused for another name
  CowMap<uint32_t> slots_;              // name → slot
  Cow<std::vector<uint32_t>> by_name_;  // slots of known nodes, by name
  CowMap<std::shared_ptr<const Interior>> profiles_;
  CowMap<SiteFacts> sites_;
  CowMap<std::string> rack_sites_;
  CowMap<std::shared_ptr<const Occupant>> occupants_;
  PowerGrid power_;
  uint64_t nodes_hash_ = 0, places_hash_ = 0;  // sums, so that order does not matter
};

}  // namespace freehold::fleet
