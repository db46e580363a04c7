// What accelerators' own libraries say, as plain data, and the interface that asks them. One holder
// lives as long as its process looks at the machine: short-lived users of NVML keep GPUs from
// resting. Tests and simulations give their own. A value that a library does not tell is unknown.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "api/node.h"

namespace freehold::discover {

enum class LinkEnd : uint8_t { unknown, gpu, nvswitch, processor };

struct VendorLink {
  bool is_up = false;
  LinkEnd end = LinkEnd::unknown;
  std::string address;          // PCI address of the other end; empty: not told, such as while down
  int64_t bits_per_second = 0;  // one direction; 0: unknown
  api::LinkKind kind = api::LinkKind::nvlink;
};

struct VendorGpu {
  std::string address;  // "0000:1a:00.0"
  std::string name, uuid;
  int64_t memory_bytes = 0;
  int64_t minor = -1;                          // of /dev/nvidiaN
  std::string link_speed_now, link_speed_max;  // "32GT/s"
  std::string link_speed_due;  // that it should run at now, in this slot; empty: it may rest
  int64_t link_width_now = 0, link_width_max = 0;
  std::vector<VendorLink> links;  // scale-up links that it has, in their order
  std::vector<api::DevicePartition> partitions;
  bool runs_in_partitions = false;                    // alone, and `partitions` are all of them
  int64_t limit_milliwatts = 0, draw_milliwatts = 0;  // 0: unknown
  int64_t energy_millijoules = 0;                     // a counter; 0: unknown
  api::DeviceClocks clocks;
  std::string scale_up_domain;                // "ClusterUUID.CliqueID"
  api::Health health = api::Health::unknown;  // unknown: nothing against it
  std::string reason;
};

// Of an RDMA device, by its own library.
struct RdmaLimits {
  std::string device;  // mlx5_0
  int64_t queue_pairs = 0, completion_queues = 0, memory_regions = 0, memory_region_bytes = 0;
};

// What one library said in one look.
struct VendorReport {
  std::string source;     // nvml, amd-smi, rocm-smi, verbs
  std::string vendor;     // PCI vendor id of the devices that it speaks for; empty: of none
  bool is_whole = false;  // it named every device that it speaks for, or said how many it could not
  int64_t lost = 0;       // devices that it knows of and cannot reach
  std::vector<VendorGpu> gpus;
  std::vector<RdmaLimits> rdma;
  std::vector<std::string> notes;
};

class VendorLibraries {
 public:
  virtual ~VendorLibraries() = default;
  // Asks all of them. May block for as long as a driver does: not for the loop thread.
  virtual std::vector<VendorReport> read() = 0;
};

// Names as the system's loader takes them, or paths; empty: not that one.
struct VendorPaths {
  std::string nvml = "libnvidia-ml.so.1";
  std::string amd_smi = "libamd_smi.so";
  std::string rocm_smi = "librocm_smi64.so";  // where there is no amd_smi
  std::string verbs = "libibverbs.so.1";
};
// Loads what is there, at the first look; what is not there is asked for again at the next one.
std::unique_ptr<VendorLibraries> load_vendor_libraries(VendorPaths paths = {});

}  // namespace freehold::discover
