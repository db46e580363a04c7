// Interior: a HardwareProfile compiled for placement: memory nodes as cells, CPUs and their cores,
// devices by kinds that are alike. Immutable and shared by all nodes and forks that have the
// profile. It knows no occupancy.
#pragma once

#include <bitset>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/node.h"
#include "fleet/bits.h"
#include "fleet/paths.h"

namespace freehold::fleet {

// More memory nodes or kinds of devices than this are left out: they would never be offered. The
// schema allows 256 devices; machines of today have at most some 64 memory nodes.
inline constexpr size_t most_cells = 256;
using CellSet = std::bitset<most_cells>;
using KindSet = std::bitset<most_cells>;

// One memory node with the CPUs next to it. CPUs that no memory node names stand in a cell of their
// own with id -1.
struct Cell {
  int64_t id = -1;  // as the operating system numbers it
  api::NumaClass cls = api::NumaClass::cpu_memory;
  int64_t package = -1;  // -1: unknown
  Bits cpus;
  int64_t memory_bytes = 0;
  std::vector<uint16_t> nearest;  // all cells, nearest first, itself included
};

// Devices that are alike in all that a request can ask for.
struct DeviceKind {
  api::DeviceClass cls = api::DeviceClass::other;
  std::string model;
  std::string pci_ids;       // "10de:2330"; empty: not on PCI, or unknown
  int64_t memory_bytes = 0;  // 0: unknown
  int cell = -1;             // -1: unknown
  int64_t package = -1;      // -1: unknown
  std::string root;          // of the PCI tree, "pci0000:40"; empty: unknown
  Bits devices;              // indexes into Interior::devices()
};
struct InteriorDevice {
  std::string id;
  uint16_t kind = 0;
};

class Interior {
 public:
  explicit Interior(const api::HardwareProfile& profile);
  // What is known of a machine whose profile is not there yet: enough to keep its occupancy, too
  // little to place on.
  explicit Interior(const api::Allocatable& allocatable);

  const std::string& profile() const { return profile_; }
  bool is_complete() const { return is_complete_; }  // made from a profile
  const std::vector<Cell>& cells() const { return cells_; }
  const std::vector<DeviceKind>& kinds() const { return kinds_; }
  const std::vector<InteriorDevice>& devices() const { return devices_; }
  const std::vector<Bits>& cores() const { return cores_; }  // hardware threads that share a core
  const Bits& cpus() const { return cpus_; }
  std::optional<size_t> find_device(std::string_view id) const;
  std::optional<size_t> find_cell(int64_t numa_id) const;
  // How its parts hang together, and the paths between them at best. Null when it is not complete.
  // Ends of paths are numbered as devices() is, then the memory nodes of the profile.
  const MachineGraph* machine() const { return machine_.get(); }
  const PathTable* paths() const { return paths_.get(); }
  uint64_t hash() const { return hash_; }

 private:
  void add_cells(const api::HardwareProfileSpec& spec);
  void add_devices(const api::HardwareProfileSpec& spec);
  void add_cores(const api::HardwareProfileSpec& spec);
  void finish();

  std::string profile_;
  bool is_complete_ = false;
  std::vector<Cell> cells_;
  std::vector<DeviceKind> kinds_;
  std::vector<InteriorDevice> devices_;
  std::vector<std::pair<std::string, uint16_t>> device_index_;  // sorted by id
  std::vector<Bits> cores_;
  Bits cpus_;
  std::unique_ptr<const MachineGraph> machine_;
  std::unique_ptr<const PathTable> paths_;
  uint64_t hash_ = 0;
};

}  // namespace freehold::fleet
