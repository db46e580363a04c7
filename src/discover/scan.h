// The steps of discovery, in the order in which they run; each fills its part of a Machine and
// leaves notes about what it could not read. Internal to this module.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "discover/machine.h"
#include "discover/root.h"

namespace freehold::discover {

// A PCI function with all that sysfs says about it.
struct PciRecord {
  api::PciFunction function;
  std::string directory;  // resolved, inside the root
  std::string driver;     // that is bound; empty: none or unknown
  std::string speed_now;
  std::string speed_due;  // by who knows that it does not rest; empty: nobody does
  int64_t width_now = 0;
  std::string subsystem;     // "vendor:device"
  int64_t iommu_group = -1;  // -1: unknown, or no IOMMU
  bool is_virtual = false;   // a virtual function of one that this machine also sees
};

// What the CPU step finds, by hwloc or by sysfs alone.
struct CpuTopology {
  std::string source;  // hwloc or sysfs
  std::string note;    // what is wrong with it; empty: nothing
  std::vector<uint32_t> cpus, online;
  std::vector<api::Package> packages;
  std::vector<std::string> cores;
  std::vector<api::Cache> caches;
  std::map<uint32_t, int64_t> package_of;  // CPU to package; -1: unknown
};

struct Scan {
  const Root& root;
  Machine& machine;
  std::vector<PciRecord> pci{};  // sorted by address; all of them, not only what the profile keeps
  std::map<uint32_t, int64_t> package_of{};           // CPU to package; -1: unknown
  std::map<int64_t, std::string> device_of_memory{};  // memory nodes of devices: node to id
  VendorLibraries* libraries = nullptr;
  const CpuTopology* known_cpus = nullptr;  // of an earlier look; null: look

  void note(std::string text);
  // First line, trimmed; empty when it cannot be read.
  std::string line(std::string_view path) const;
  std::optional<int64_t> number(std::string_view path) const;
  std::vector<std::string> names(std::string_view directory) const;  // empty when it cannot be read
  const PciRecord* find_pci(std::string_view address) const;
  // The nearest PCI function on the way to a resolved directory; empty: none.
  std::string pci_above(std::string_view directory) const;
  // Where the device sits, and its link now; nothing for null, which is not on PCI.
  static void locate(const PciRecord* record, api::Device& device, api::NodeDevice& seen);
  // Adds to the profile, to `devices` and to `access` at once. False when there is no room.
  bool add(api::Device device, api::NodeDevice seen, DeviceAccess access);
  // Index of a device of the profile; nothing when there is none.
  std::optional<size_t> device_at(std::string_view address) const;
  std::optional<size_t> device_named(std::string_view id) const;
  // A healthy device is so no longer, and why. Worse than before only, and the first reason stays.
  void degrade(size_t device, api::Health health, std::string reason);
  void credit(std::string field, std::string source, api::Confidence confidence);
};

std::vector<uint32_t> read_online_cpus(const Root& root);
// Nothing when there is no CPU to see.
std::optional<CpuTopology> read_cpus_from_sysfs(const Root& root);
// Why hwloc may not read below this root: a path that leads out of it, waits, or has no end. Empty:
// it may, as always below "/".
std::string unfit_for_hwloc(const Root& root);
// Nothing when hwloc cannot read the tree, or is not let into it. Changes environment variables for
// the time of the call unless the root is "/", since hwloc takes another root from nowhere else.
std::optional<CpuTopology> read_cpus_with_hwloc(const Root& root);
// The logical CPUs and memory nodes that the cgroup of this process may use; nothing when it may
// use all.
struct CpusetLimits {
  std::optional<std::vector<uint32_t>> cpus, nodes;
};
CpusetLimits read_cpuset(const Root& root);

void scan_board(Scan& scan);  // product, architecture, kernel, boot, host name
// The CPUs, from `known_cpus` where the same are online; what was used. Nothing: there are none.
std::optional<CpuTopology> scan_cpus(Scan& scan);
void scan_pci(Scan& scan);
void scan_gpus(Scan& scan);
void scan_rdma(Scan& scan);
// After rdma: an interface of an RDMA device is no device of its own.
void scan_network(Scan& scan);
void scan_nvme(Scan& scan);
void scan_cxl(Scan& scan);
void scan_numa(Scan& scan);      // after gpus and cxl: memory nodes may be theirs
void scan_locality(Scan& scan);  // memory nodes of functions that name only their CPUs
void scan_slots(Scan& scan);     // what the firmware's tables say
void scan_libraries(Scan& scan);
void scan_windows(Scan& scan);  // after libraries, which know memory: how much the bus reaches
void scan_health(Scan& scan);   // whether devices answer, and what error counters say
void scan_links(Scan& scan);    // degraded links and the health that follows from them
void scan_power(Scan& scan);
// Keeps of the PCI tree what matters: devices and the bridges above them.
void keep_pci(Scan& scan);

// All of them, in their order. Gives the CPUs, for the next look.
Result<CpuTopology> run(Scan& scan);

}  // namespace freehold::discover
