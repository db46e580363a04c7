// Ask: a Request in numbers, as the search wants it. What a contract leaves open is open here; what
// it says in words
// (`where`, `align`, quantities) is resolved against the fleet's sites and device models once.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "api/contract.h"
#include "base/result.h"
#include "fleet/fleet.h"
#include "place/place.h"

namespace freehold::place {

// The schema allows as many; roles are bits of a mask, members a depth of recursion.
inline constexpr size_t most_roles = 16;
inline constexpr int64_t most_members = 5'000;

// Levels of `together` and `apart`, narrowest first.
enum class Level : uint8_t { node, rack, site };
std::string_view level_name(Level level);  // "node"
// Levels of `align`, inside a node.
enum class Near : uint8_t { numa_node, package, pcie_root };

// ">=80GB"; without one, everything holds.
struct MemoryCondition {
  enum class Sign : uint8_t { any, less, at_most, more, at_least };
  Sign sign = Sign::any;
  int64_t bytes = 0;
  std::string text;                        // as written
  bool holds(int64_t memory_bytes) const;  // unknown memory (0) holds for `any` only
};

struct DeviceAsk {
  std::string name;
  api::DeviceClass cls = api::DeviceClass::gpu;
  int64_t count = 1;
  MemoryCondition memory;
  std::vector<std::string> wanted_models;   // as written
  std::vector<std::string> accepted_names;  // lower case; empty: any model
  bool accepts(const fleet::DeviceKind& kind) const;
};

struct AlignAsk {
  Near within = Near::numa_node;
  std::string within_name;
  bool cpu = false, memory = false;
  std::vector<size_t> devices;  // indexes into RoleAsk::devices
};

// `together` or `apart`.
struct Across {
  Level level = Level::node;
  bool is_required = true;
};

struct RoleAsk {
  std::string name;
  std::vector<int64_t> indexes;  // of the members to be placed
  int64_t cpus = 0;              // logical, exclusive
  int64_t memory_bytes = 0, power_mw = 0;
  std::vector<DeviceAsk> devices;
  std::vector<AlignAsk> align;
  std::optional<Across> together, apart;
  std::vector<std::string> kept_nodes;  // of members that stay
  int64_t count() const { return static_cast<int64_t>(indexes.size()); }
};

struct Ask {
  std::vector<RoleAsk> roles;
  std::vector<std::string> sites;  // any of; empty: all
  schema::StringMap node_labels;
  std::vector<std::string> jurisdictions;  // any of; empty: all
  std::set<std::string, std::less<>> avoid_nodes;
  std::vector<api::AllocatedMember> kept;
  // Taken as if spec.schedulable were true, for a what-if.
  std::set<std::string, std::less<>> uncordoned;
  int64_t members() const;
  bool asks_power() const;
};

// `invalid` when the request asks for what this engine cannot honour; the message is for people.
Result<Ask> read_request(const fleet::Fleet& fleet, const Request& request);

}  // namespace freehold::place
