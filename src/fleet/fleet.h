// Fleet: the machines that there are, how they hang together, and what is taken on them. Built
// object by object, in any order; forked in microseconds for what-ifs and snapshots. It judges
// whether an allocation fits exactly as written (`check`), and knows nothing of how to find one:
// that is `place`. No clock, no I/O, no threads; a fork may live on another thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "api/contract.h"
#include "api/node.h"
#include "base/result.h"
#include "fleet/cow.h"
#include "fleet/fabrics.h"
#include "fleet/graph.h"
#include "fleet/node_state.h"
#include "fleet/power.h"
#include "fleet/wan.h"

namespace freehold::api {
struct DeviceModel;
struct Fabric;
struct PowerDomain;
struct Rack;
struct Site;
struct StoragePool;
}  // namespace freehold::api

namespace freehold::fleet {

struct CoolingFacts {
  std::string name, supplied_by;  // the unit behind it; empty: none
  int64_t capacity_mw = -1;
};
// Where a site is, by law and by wire.
struct SiteFacts {
  std::string country, subdivision;  // ISO 3166
  std::vector<std::string> regimes;  // EU, GDPR …
  std::string power_domain;          // that feeds all of it; empty: unknown
  std::vector<api::Feed> feeds;      // the same, as feeds
  std::vector<SiteLinkFacts> links;
  std::vector<CoolingFacts> cooling;
  api::Said said;
};
// Disks that several machines share. Rates in Mbit/s; -1: unknown.
struct PoolFacts {
  std::string name, site, fabric;
  std::vector<std::string> nodes;  // that serve it
  int64_t capacity_bytes = -1, read_mbps = -1, write_mbps = -1;
  int64_t promised_bytes = 0, promised_read_mbps = 0, promised_write_mbps = 0;
  api::Said said;
  uint64_t hash = 0;
};
// A device of a node, by its index in the node's interior.
struct DeviceAt {
  const NodeState& node;
  size_t device = 0;
};

class Fleet {
 public:
  Fleet() = default;
  // With a Network of so many places, and so do its forks.
  explicit Fleet(size_t network_places) : network_places_(network_places) {}
  Fleet(Fleet&&) = default;
  Fleet& operator=(Fleet&&) = default;
  // A fleet of its own that shares what neither has changed since.
  Fleet fork() const {
    power();  // once, and not in every fork
    return Fleet(*this);
  }

  // ---- what there is. `put` adds or replaces by name; `remove_…` of an unknown name does nothing.
  // What is allocated on a node survives its change and its removal, and counts again when it comes
  // back.
  void put(const api::Node& node);
  void put(const api::HardwareProfile& profile);
  void put(const api::Site& site);
  void put(const api::Rack& rack);
  void put(const api::PowerDomain& domain);
  void put(const api::DeviceModel& model);
  void put(const api::Fabric& fabric);
  void put(const api::StoragePool& pool);
  void remove_node(std::string_view name);
  void remove_profile(std::string_view name);
  void remove_site(std::string_view name);
  void remove_rack(std::string_view name);
  void remove_power_domain(std::string_view name);
  void remove_device_model(std::string_view name);
  void remove_fabric(std::string_view name);
  void remove_storage_pool(std::string_view name);

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
  // Its own feeds, else its rack's with even shares, else what feeds its site; empty: unknown.
  const std::vector<api::Feed>& feeds_of(const NodeState& node) const;
  // Settled when first asked for after domains, racks or sites have changed. Therefore this, and
  // what looks at watts (check, hash, fork), is not to be called from two threads at once on one
  // Fleet.
  const PowerGrid& power() const {
    if (!is_power_settled_) settle_power();
    return power_;
  }
  // What devices may call themselves that a contract calls `model`: the text itself, and all that
  // DeviceModels of this name match. In lower case.
  std::vector<std::string> model_names(std::string_view model) const;
  const PoolFacts* storage_pool(std::string_view name) const;
  std::vector<std::string> storage_pools() const { return pools_.keys(); }  // ascending
  std::vector<std::string> over_occupied() const;  // names of nodes, ascending
  // Of all that a decision may see; does not depend on the order in which the fleet was built.
  uint64_t hash() const;

  // ---- ways. Within a node as its interior and its present links have it; between nodes NVL where
  // both are of one scale-up domain, else NET over fabrics, else NET over the links of their sites;
  // `unknown` where nothing is said of either, DIS where what is known does not join them. Most
  // bandwidth now first, then fewest hops.
  FleetPath path(const NodeState& from, const NodeState& to) const;
  // The sites that this path leads through, both ends among them; empty when it takes no link
  // between sites.
  std::vector<std::string> sites_between(const NodeState& from, const NodeState& to) const;
  FleetPath path(const DeviceAt& from, const DeviceAt& to) const;
  // To the nodes that serve the pool, else to the fabric that reaches it, else to its site.
  FleetPath path(const NodeState& from, const PoolFacts& pool) const;
  // The tables behind path(), made when first asked for after a fabric or site has changed, and
  // shared with forks that are made after that. These and path(), too, are not for two threads at
  // once on one Fleet.
  const Network& network() const;
  const Wan& wan() const;

  // ---- everything outside of machines as typed vertices and edges: places, power, cooling,
  // fabrics, storage, sites and their links, with the nodes among them. Built anew; takes time and
  // memory in proportion to the fleet. The inside of a node is interior().machine()->graph().
  Graph graph() const;

 private:
  Fleet(const Fleet&) = default;

  struct RackFacts {
    std::string site, room, row, cooling_unit;
    int64_t cooling_mw = -1;
    std::vector<api::Feed> feeds;
    api::Said said;
    uint64_t hash = 0;
  };
  struct ModelFacts {
    std::vector<std::string> names, matches;  // lower case
    uint64_t hash = 0;
  };

  uint32_t slot_for(std::string_view name);  // made when absent
  void change(uint32_t slot, const std::function<void(NodeState&)>& how);
  void install(uint32_t slot, std::shared_ptr<const NodeFacts> facts);
  void retire_if_idle(uint32_t slot);
  void rebuild_nodes_with(std::string_view profile);
  void resolve(NodeFacts& facts) const;
  // Watts of the holdings of one occupant, or of all when null.
  void charge(const NodeState& node, const Occupant* only);
  void uncharge(const NodeState& node, const Occupant* only);
  void settle_power() const;
  FleetPath beyond_fabrics(const NodeState& from, const NodeState& to) const;
  friend class FleetGraph;

  CowVector<NodeState> nodes_;          // by slot
  CowMap<uint32_t> slots_;              // name → slot
  Cow<std::vector<uint32_t>> by_name_;  // slots of known nodes, in the order of names
  Cow<std::vector<uint32_t>> unused_;   // slots
  CowMap<std::shared_ptr<const Interior>> profiles_;
  CowMap<SiteFacts> sites_;
  CowMap<RackFacts> racks_;
  CowMap<ModelFacts> models_;
  CowMap<std::shared_ptr<const Occupant>> occupants_;
  CowMap<std::shared_ptr<const FabricFacts>> fabrics_;
  CowMap<std::shared_ptr<const PoolFacts>> pools_;
  size_t network_places_ = Network::most_places;
  mutable std::shared_ptr<const Network> network_;  // null: to be made
  mutable std::shared_ptr<const Wan> wan_;          // likewise
  mutable PowerGrid power_;
  mutable bool is_power_settled_ = false;
  uint64_t nodes_hash_ = 0, places_hash_ = 0;  // sums, so that order does not matter
};

}  // namespace freehold::fleet
