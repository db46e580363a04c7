// Node: one machine of the fleet: where it stands, what its HardwareProfile is, and how it differs
// from it now. Written by agents and importers; what may be used is `status.allocatable`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/hardware.h"
#include "api/meta.h"
#include "api/reading.h"

namespace freehold::api {

// Of a Node whose hardware is held back: why. Said by the agent, taken off once the hardware is
// told.
inline constexpr std::string_view former_work_ended = "FormerWorkEnded";

enum class Lifecycle : uint8_t { ordered, installed, in_service, end_of_life };
enum class FeedFailure : uint8_t { shift, cap, off };

struct Feed {
  std::string domain;
  int64_t share_percent = 100;
  FeedFailure on_failure = FeedFailure::shift;
};
struct NodeSpec {
  std::string site, rack;
  int64_t unit = 0, height = 0;  // lowest rack unit, and how many; 0: unknown
  Quantity nameplate;            // the most it draws by its plate; unset: as its model says
  std::vector<Feed> feeds;
  std::string provider = "agent";  // none other is honoured yet
  std::string expected_profile;
  std::string expected_model;  // DeviceModel of type node: which parts it should have
  bool schedulable = true;
  std::string maintenance;
  Lifecycle lifecycle = Lifecycle::in_service;
  Time available_from;
};

enum class Health : uint8_t { unknown, healthy, degraded, failed };

struct DevicePort {
  int64_t number = 1;
  std::string identity;                // port GUID or MAC address
  std::string state;                   // as the driver says: ACTIVE, DOWN
  std::string link_layer;              // InfiniBand, Ethernet
  std::string speed;                   // now: "400Gbps"; empty: unknown
  std::string physical_state;          // of the wire, as the driver says: LinkUp, Polling
  std::vector<std::string> protocols;  // RDMA over Ethernet: RoCE v1, RoCE v2, iWARP
};
// A link of the profile as it is now.
struct LinkNow {
  std::string to;
  LinkKind kind = LinkKind::nvlink;
  int64_t up = 0;      // of the bundled links
  Quantity bandwidth;  // of those that are up, one direction; unset: unknown
};
// A part of a device that can be given away by itself, such as a MIG instance.
struct DevicePartition {
  std::string profile;   // 1g.10gb
  int64_t start = -1;    // first memory slice; -1: unknown
  std::string identity;  // UUID
};
// Rates at which an accelerator runs and can run at most, in MHz; 0: unknown.
struct DeviceClocks {
  int64_t core_mhz = 0, core_max_mhz = 0, memory_mhz = 0, memory_max_mhz = 0;
};
struct NodeDevice {
  std::string id;        // as in the profile
  std::string identity;  // GUID, UUID or serial; empty: unknown
  Health health = Health::unknown;
  std::string reason;      // why it is not healthy, with what to do; empty: it is, or unknown
  std::string link_speed;  // now
  int64_t link_width = 0;
  std::vector<DevicePort> ports;
  std::vector<LinkNow> links;
  std::vector<DevicePartition> partitions;
  Quantity power_limit;  // in force now; unset: unknown
  PowerReading power;    // what it draws
  DeviceClocks clocks;
  std::string firmware;  // version; empty: unknown
  std::string board_id;  // by which makers choose the firmware of a card (PSID); empty: unknown
  // Devices of one IOMMU group can be handed to a guest only together; -1: unknown, or no IOMMU.
  int64_t iommu_group = -1;
  int64_t bus_memory_bytes = 0;  // of its memory, what other devices reach over the bus; 0: unknown
  // How an accelerator is split by its driver ("CPX", "NPS4"); empty: not at all, or unknown.
  std::string compute_partition, memory_partition;
  std::string hive;  // accelerators of one xGMI hive are reset together; empty: none, or unknown
};
struct DegradedLink {
  std::string at;  // PCI address or link name
  std::string expected, seen, message;
};
struct MemoryShare {
  int64_t node = 0;  // NUMA node
  int64_t bytes = 0;
};
struct Allocatable {
  std::string cpus;  // CPU list
  std::vector<MemoryShare> memory;
  std::vector<std::string> devices;  // ids of healthy devices
  Quantity power;                    // what the node may draw; unset: unknown
};
struct Capability {
  std::string metric;  // memory_bandwidth, cpu_rate
  Quantity value;
  std::string by;  // who measured: agent, acceptance
  Time at;
};
struct Enforcement {
  std::string cgroup;                // v2, v1, hybrid, none
  std::vector<std::string> limits;   // cpu, cpuset, memory, pids: bind on this node
  std::vector<std::string> missing;  // what cannot be enforced, with the reason
};
// How far a fact may be trusted, firmest first.
enum class Confidence : uint8_t {
  unknown,
  measured,
  vendor_library,
  sysfs,
  bmc,
  overlay,
  declared,
  inferred
};
// Who said something about this node.
struct Provenance {
  std::string field;   // devices[gpu0].memoryBytes; a prefix stands for all below it
  std::string source;  // hwloc, nccl, redfish, sysfs, nvml …
  Confidence confidence = Confidence::unknown;
  Time at;  // unset: the source does not say when it looked
};
struct Claim {
  std::string source, value;
  Confidence confidence = Confidence::unknown;
};
// Sources that disagree: all of them are kept, none is guessed away.
struct Conflict {
  std::string field;
  std::string kept;  // the value that stands in the profile or the status
  std::vector<Claim> claims;
};
struct NodePower {
  Quantity nameplate;  // the most it may draw by its plates; unset: unknown
  Quantity measured;   // at `at`, by `source`; unset: unknown
  Quantity limit;      // in force now
  std::string source;  // redfish, rapl, hwmon, nvml
  Time at;
};
struct NodeStatus {
  std::string profile;  // name of the HardwareProfile
  std::string boot_id, agent_version, kernel, address;
  std::string firmware;        // of the board: its BIOS; empty: unknown
  std::string agent_endpoint;  // host:port of the agent's own HTTPS server (logs)
  Allocatable allocatable;
  std::vector<NodeDevice> devices;
  std::vector<DegradedLink> degraded_links;
  std::vector<Capability> measured;
  Enforcement enforcement;
  std::string scale_up_domain;  // machines with the same text share one; empty: none, or unknown
  NodePower power;
  std::vector<Provenance> provenance;
  std::vector<Conflict> conflicts;
  Conditions conditions;
};
struct Node {
  ObjectMeta metadata;
  NodeSpec spec;
  NodeStatus status;
};
void check_node_spec(const NodeSpec& spec, const schema::Path& at, schema::Errors& errors);

}  // namespace freehold::api
