// NodeState: one node of a fleet: what it has (NodeFacts, immutable, shared between forks), what is
// taken, and so what is free. Changed by Fleet alone. A node may be over-occupied: it shrank below
// what is allocated on it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "api/contract.h"
#include "api/node.h"
#include "api/said.h"
#include "base/time.h"
#include "fleet/bits.h"
#include "fleet/hash.h"
#include "fleet/interior.h"
#include "fleet/room.h"

namespace freehold::fleet {

// Why new work may not be placed on a node; of several reasons the first one counts.
enum class Readiness : uint8_t {
  unknown,         // only named by an allocation
  not_in_service,  // spec.lifecycle
  not_yet,         // spec.availableFrom lies ahead
  unschedulable,   // spec.schedulable is false
  not_ready,       // condition Ready is not True
  no_profile,      // its HardwareProfile is not known
  ready,
};
std::string_view readiness_text(Readiness readiness);  // "is cordoned", for people

struct NodeFacts {
  std::string name;
  uint64_t name_hash = 0;  // of machine_graph.h
  std::shared_ptr<const Interior> interior;
  std::shared_ptr<const PathOverlay> overlay;  // where its paths differ from the profile's
  std::string scale_up_domain;  // nodes with the same text share one; empty: none, or unknown
  bool is_known = false;        // false: only named by an allocation
  std::string site, rack;       // as the node says; Fleet::site_of() also asks the rack
  schema::StringMap labels;
  std::vector<api::Feed> feeds;
  bool is_ready = false, is_schedulable = false;
  api::Lifecycle lifecycle = api::Lifecycle::in_service;
  Time available_from;
  std::string profile;  // by name, known or not
  // Allocatable, in the interior's terms. What the interior does not know is left out.
  Bits cpus, devices;
  std::vector<int64_t> memory;            // bytes per cell
  int64_t power_mw = -1;                  // -1: unknown
  std::shared_ptr<const MachineNow> now;  // what it says of its links; null: nothing
  api::Allocatable allocatable;           // as written, to compile again when the profile changes
  api::Said place_said, feeds_said;       // who says where it stands and what feeds it
  uint64_t hash = 0;
};

// One allocated member in the terms of a node's interior. What the interior does not know is left
// out.
struct Taken {
  Bits cpus, devices;
  std::vector<int64_t> memory;  // bytes per cell
  int64_t power_mw = 0;

  void add(const Taken& other);
};
Taken compile(const Interior& interior, const api::AllocatedMember& member);

struct Occupant {  // an allocation; shared by all nodes and forks that it is on
  std::string key;
  api::AllocationSpec spec;
};
struct Holding {
  std::shared_ptr<const Occupant> occupant;
  uint32_t member = 0;  // index into its members
  Taken taken;
};

// Aligned so that what a path asks of a node, its first members, is one line of memory.
class alignas(64) NodeState {
 public:
  NodeState() = default;
  explicit NodeState(std::shared_ptr<const NodeFacts> facts);

  const NodeFacts& facts() const { return *facts_; }
  const std::shared_ptr<const NodeFacts>& shared_facts() const { return facts_; }
  const Interior& interior() const { return *interior_; }
  const PathOverlay* overlay() const { return overlay_; }  // null: its paths are the profile's
  const std::string& name() const { return facts_->name; }
  uint64_t name_hash() const { return name_hash_; }  // of machine_graph.h
  bool is_of_name_of(const NodeState& other) const {
    return name_hash_ == other.name_hash_ && name() == other.name();
  }
  // Of the site that it names itself; 0: none. See Fleet::site_of.
  uint64_t site_hash() const { return site_hash_; }
  // Whether one scale-up domain joins them.
  bool shares_domain_with(const NodeState& other) const {
    return domain_hash_ != 0 && domain_hash_ == other.domain_hash_ &&
           facts_->scale_up_domain == other.facts_->scale_up_domain;
  }
  Readiness readiness(Time now) const {
    const bool is_early = available_from_.is_set() && now < available_from_;
    return is_early && readiness_ > Readiness::not_yet ? Readiness::not_yet : readiness_;
  }

  const Bits& free_cpus() const { return free_cpus_; }
  const Bits& free_devices() const { return free_devices_; }
  const std::vector<int64_t>& free_memory() const {
    return free_memory_;
  }  // per cell, never negative
  int64_t free_power_mw() const { return free_power_mw_; }  // -1: unknown; never below 0 when known
  const Room& room() const { return room_; }                // the same, counted
  const Taken& taken() const { return taken_; }             // by all allocations together
  // Between two ends of its interior, now. `unknown` while its profile is not known.
  Path path(size_t from, size_t to) const;
  bool is_over_occupied() const;
  const std::vector<Holding>& holdings() const { return holdings_; }  // ordered by key and member

  // Equal for nodes with the same interior and the same free CPUs, memory, devices and watts.
  uint64_t free_hash() const { return free_hash_; }
  // Of all that a decision may see of it.
  uint64_t hash() const { return Hash(facts_->hash).add(free_hash_).value(); }

  void set_facts(std::shared_ptr<const NodeFacts> facts);  // keeps the occupancy
  void hold(std::shared_ptr<const Occupant> occupant, uint32_t member);
  void drop(std::string_view key);
  void drop_all();

 private:
  void recount();
  void refresh();

  std::shared_ptr<const NodeFacts> facts_;
  // Of the facts, here as well: paths between nodes need not wait for those.
  const Interior* interior_ = nullptr;
  const PathOverlay* overlay_ = nullptr;
  uint64_t name_hash_ = 0, domain_hash_ = 0, site_hash_ = 0;  // 0: of no domain, no site
  Readiness readiness_ = Readiness::unknown;                  // but for availableFrom
  Time available_from_;
  Room room_;
  std::vector<Holding> holdings_;
  Taken taken_;
  Bits free_cpus_, free_devices_;
  std::vector<int64_t> free_memory_;
  int64_t free_power_mw_ = -1;
  uint64_t free_hash_ = 0;
};

}  // namespace freehold::fleet
