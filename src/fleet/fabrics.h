// FabricFacts: a Fabric in few bytes: its switches, links and the ports of machines on them, with
// rates now and at best. Network: all fabrics of a fleet as one graph of switches, with the way
// between any two of them that machines hang on made in advance; so a question between two machines
// is a few look-ups, at any size. Immutable values; Fleet makes a new Network when a fabric
// changes.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "api/said.h"
#include "api/site.h"
#include "base/large_pages.h"
#include "fleet/graph.h"
#include "fleet/hash_index.h"
#include "fleet/paths.h"

namespace freehold::fleet {

struct FabricFacts {
  struct Tier {
    std::string name;
    int64_t mbps = -1;
    int32_t oversubscription_permille = 1'000;
  };
  struct Switch {
    std::string name, rack;
    int8_t tier = -1;  // index into tiers; -1: not said
  };
  enum class EndKind : uint8_t { here, elsewhere, node };
  struct End {
    EndKind kind = EndKind::here;
    uint32_t index = 0;  // into switches; else into names
  };
  struct Link {
    End from, to;
    int32_t count = 1;
    int64_t now = -1, max = -1;  // Mbit/s of all of them in one direction
  };
  struct Port {
    uint32_t node = 0;    // into names
    uint32_t at = 0;      // into switches
    uint64_t device = 0;  // name_hash of its id; 0: unknown
    int32_t now = -1, max = -1;
  };

  explicit FabricFacts(const api::Fabric& fabric);

  std::string name, site;
  api::FabricKind kind = api::FabricKind::data;
  EdgeKind technology = EdgeKind::link;
  std::vector<Tier> tiers;
  std::vector<Switch> switches;
  std::vector<std::string> names;  // of nodes, and "fabric/switch" of others
  std::vector<Link> links;
  std::vector<Port> ports;
  api::Said said;
  uint64_t hash = 0;

 private:
  void add_links(const api::FabricSpec& spec, std::unordered_map<std::string, uint32_t>& known);
};

// From one machine to another.
struct FleetPath {
  PathClass cls = PathClass::dis;
  uint8_t hops = 0;   // cables and links
  uint8_t tiers = 0;  // levels of switches that it climbs; 0: none, or unknown
  api::Confidence confidence = api::Confidence::unknown;  // inferred: part of the way is a guess
  int64_t now_mbps = -1, max_mbps = -1;                   // of the narrowest link; -1: unknown
  // Capacity towards the machines over capacity upwards, of all levels that it climbs through.
  int32_t oversubscription_permille = 1'000;
  bool is_too_wide = false;  // joined by more switches than are looked at, so of class `unknown`
  int64_t latency_ns = -1;   // of wide-area links
  bool operator==(const FleetPath&) const = default;
};

// For maps that are asked by string_view.
struct NameHash {
  using is_transparent = void;
  size_t operator()(std::string_view name) const { return std::hash<std::string_view>{}(name); }
};

// Which fabrics may carry it, as a set.
using FabricKinds = uint8_t;
constexpr FabricKinds kinds_of(std::initializer_list<api::FabricKind> kinds) {
  FabricKinds set = 0;
  for (const api::FabricKind kind : kinds)
    set = static_cast<FabricKinds>(set | 1u << static_cast<unsigned>(kind));
  return set;
}
inline constexpr FabricKinds between_machines = kinds_of(
    {api::FabricKind::data, api::FabricKind::rdma, api::FabricKind::wan, api::FabricKind::pcie});

class Network {
 public:
  // Groups of switches with machines in one island: its table grows with the square, and this many
  // take 270 MB. Of ways to further groups it is known that they are there, not how they run. A
  // fleet of 100,000 machines in pods stays far below.
  static constexpr size_t most_places = 4'096;
  static constexpr uint32_t no_place = UINT32_MAX;
  // Two to a line of memory.
  struct Port {
    uint64_t device = 0;  // name_hash of its id; 0: unknown
    uint32_t at = 0;      // switch
    uint32_t place = 0;   // of the group of its switch in the table of its island, or no_place
    uint32_t island = 0;  // switches that are joined
    int32_t now = -1, max = -1;
    uint16_t fabric = 0;  // index into fabrics()
    api::FabricKind kind = api::FabricKind::data;
    bool is_in_table() const { return place != no_place; }
  };
  // Between two switches.
  struct Way {
    int32_t mbps = -1;  // -1: unknown
    uint8_t hops = 0;   // 0 for another switch: not joined
    uint8_t level = 0;  // of the highest switch on it, 0 is nearest to machines
    bool is_inferred = false;
  };
  struct Ways {
    Way now, max;
  };

  explicit Network(std::vector<std::shared_ptr<const FabricFacts>> fabrics,  // ascending by name
                   size_t places = most_places);

  std::span<const std::shared_ptr<const FabricFacts>> fabrics() const { return fabrics_; }
  std::span<const Port> ports_of(uint64_t name_hash) const;  // of the node's name
  // That ports_of() will be asked for soon.
  void prefetch(uint64_t name_hash) const { machines_.prefetch(name_hash); }
  std::span<const Port> ports_of(std::string_view node) const { return ports_of(name_hash(node)); }
  Ways between(const Port& a, const Port& b) const;
  // Of the levels below `level`, as the fabric says it.
  int32_t oversubscription_permille(uint16_t fabric, uint8_t level) const {
    const std::vector<int32_t>& up_to = oversubscription_[fabric];
    return up_to.empty() ? 1'000 : up_to[std::min<size_t>(level, up_to.size() - 1)];
  }
  // A port, and the way to it from where a path begins.
  struct Leg {
    const Port* port;
    int64_t now, max;  // of the narrowest link up to the switch
    uint8_t hops;      // likewise
  };
  static constexpr size_t most_legs = 64;  // ports of one machine that are looked at
  // The best between any two of them; DIS when none are joined. Legs come in the order of
  // ports_of(). Looks at few of the pairs, and finds what looking at all of them would.
  FleetPath between(std::span<const Leg> from, std::span<const Leg> to) const;
  // Whether switches that are joined have ports of both; if not, there is no way between them.
  static bool may_join(std::span<const Port> from, std::span<const Port> to);
  // Whether such ports are joined in a way that is in no table, so that no `between` knows it.
  static bool is_too_wide(std::span<const Port> from, std::span<const Port> to, FabricKinds kinds);
  // Over these two legs.
  FleetPath join(const Leg& a, const Leg& b, const Ways& ways) const;
  // Whether the port hangs on the fabric of this name, or on one that is joined to it.
  bool reaches(const Port& port, std::string_view fabric) const;
  FabricKinds kinds() const { return kinds_; }  // that there are
  size_t groups() const { return groups_; }     // of switches that are alike, for figures

 private:
  struct Link {
    uint32_t to = 0;
    int32_t now = -1, max = -1;
    bool is_inferred = false;
    auto operator<=>(const Link&) const = default;
  };
  struct Island {
    uint32_t places = 0;
    std::vector<Way> now, max;  // places × places; max is empty when nothing is below its best
  };
  class Builder;

  std::vector<std::shared_ptr<const FabricFacts>> fabrics_;
  std::vector<std::vector<int32_t>> oversubscription_;  // by fabric and level
  std::vector<std::vector<uint32_t>> islands_of_;       // by fabric, ascending
  LargeTable<Port> ports_;                              // by machine
  std::vector<Island> islands_;
  // By hash of the name: the first of its ports, and how many.
  HashIndex<std::pair<uint32_t, uint32_t>> machines_;
  FabricKinds kinds_ = 0;
  size_t groups_ = 0;
};

}  // namespace freehold::fleet
