// MachineGraph: the interior of a machine model as a Graph: devices, PCI switches, root complexes,
// memory nodes and the hubs of scale-up fabrics, with what every link carries at best; and, for one
// machine, what it carries now. Made from a HardwareProfile; paths.h searches it. How the tree of
// PCI functions becomes vertices and edges is written down in docs/formats/paths.md.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/node.h"
#include "fleet/graph.h"
#include "fleet/hash_index.h"

namespace freehold::fleet {

// What a node says of its links now, apart from its profile. Names stand as hashes: a fleet keeps
// one of these per node.
struct MachineNow {
  struct Pci {
    uint64_t at = 0;  // PCI address or device id
    int32_t megatransfers = -1, lanes = -1;
  };
  struct Link {
    uint64_t from = 0, to = 0;  // device ids, packageN, numaN
    api::LinkKind kind = api::LinkKind::nvlink;
    int32_t up = 0;
    int64_t raw_mbps = -1;
  };
  std::vector<Pci> pci;
  std::vector<Link> links;
};
// Null when the status says nothing of links. The speed of a GPU's PCI link counts only when
// `degradedLinks` names it: GPUs slow down their link while they are idle.
std::shared_ptr<const MachineNow> machine_now(const api::NodeStatus& status);

uint64_t name_hash(std::string_view name);  // never 0

class MachineGraph {
 public:
  explicit MachineGraph(const api::HardwareProfileSpec& spec);

  const Graph& graph() const { return graph_; }
  // A path begins and ends at an end: first the devices in the order of the profile, then the
  // memory nodes in the order of theirs.
  size_t devices() const { return classes_.size(); }
  size_t ends() const { return ends_.size(); }
  uint32_t vertex(size_t end) const { return ends_[end]; }
  api::DeviceClass device_class(size_t device) const { return classes_[device]; }
  size_t find_device(uint64_t hash) const;  // by name_hash of its id; devices() when there is none
  // Sum of what its NVLinks and xGMI links carry now; -1 when it has none, or a rate is not known.
  int64_t scale_up_mbps(size_t device) const;
  bool is_intel() const { return is_intel_; }

  // Who looked at each link, how firmly and when, by status.provenance of a node of this model.
  // What was guessed stays `inferred`.
  void attribute(const std::vector<api::Provenance>& provenance);
  // Sets what the links carry now. Whether any carries less than at best.
  bool apply(const MachineNow& now);

 private:
  // Between two devices, as one of them tells it; several may make up one edge.
  struct Bundle {
    uint32_t edge = 0;
    uint64_t from = 0, to = 0;
    api::LinkKind kind = api::LinkKind::nvlink;
    int64_t count = 1;
    Rate max;
  };
  struct PciLink {
    uint64_t address = 0;
    uint32_t edge = 0;
    int64_t megatransfers = -1, lanes = -1;  // at best
  };
  friend class MachineGraphBuilder;

  Graph graph_;
  std::vector<uint32_t> ends_;
  std::vector<api::DeviceClass> classes_;
  std::vector<std::string> ids_;      // of devices
  HashIndex<uint16_t> device_index_;  // by hash of the id
  std::vector<std::pair<uint64_t, uint64_t>>
      device_function_;       // hash of id → hash of address, sorted
  std::vector<PciLink> pci_;  // sorted by address
  std::vector<Bundle> bundles_;
  bool is_intel_ = false;
};

}  // namespace freehold::fleet
