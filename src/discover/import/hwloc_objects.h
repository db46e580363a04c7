// The objects of an hwloc topology (https://www.open-mpi.org/projects/hwloc), with the differences
// between file versions 1, 2 and 3 gone: what stands where, before anything is judged. Sets of CPUs
// and memory nodes that name what has no object of its own are refused. Internal to this module.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/hardware.h"
#include "discover/import/host.h"
#include "discover/import/import.h"
#include "discover/import/xml.h"
#include "fleet/bits.h"

namespace freehold::discover {

using Infos = std::map<std::string, std::string, std::less<>>;
std::string_view info_of(const Infos& infos, std::string_view name);  // empty when not there

// What an OS device is, as bits of format 3; one device may be several.
namespace os_device {
inline constexpr uint32_t storage = 1, memory = 2, gpu = 4, coprocessor = 8, network = 16,
                          openfabrics = 32, dma = 64;
}  // namespace os_device

struct HwlocNuma {
  int64_t id = 0;
  fleet::Bits cpus;      // that are near; several nodes may have the same
  int64_t package = -1;  // index in HwlocObjects::packages; -1: none is above
  int64_t bytes = 0;
  std::string subtype;      // DRAM, HBM, MCDRAM, GPUMemory, CXL-DRAM …
  std::string pci_address;  // of the device whose memory it is
};
struct HwlocPackage {
  int64_t id = -1;  // -1: not numbered
  std::string model;
};
struct HwlocPci : PciNode {  // `function.numa` is not set yet
  std::string subtype;       // NVSwitch
  Infos infos;
  fleet::Bits cpus;  // that are near
};
struct HwlocOsDevice {
  std::string name, subtype;
  uint32_t kinds = 0;
  Infos infos;
  std::optional<size_t> pci;  // index in HwlocObjects::pci
  fleet::Bits cpus;           // that are near
};
// What a matrix or an attribute may point to.
struct HwlocRef {
  enum class Kind : uint8_t { package, numa, pci, os_device, other } kind = Kind::other;
  size_t index = 0;  // in the list of its kind
};

struct HwlocObjects {
  Infos infos;                // of the machine and of the topology
  fleet::Bits cpus, nodes;    // that have an object
  fleet::Bits complete_cpus;  // and those that are offline or not allowed
  std::optional<fleet::Bits> allowed_cpus;
  int64_t machine_bytes = 0;  // of machines without memory nodes
  std::vector<HwlocPackage> packages;
  std::map<uint32_t, size_t> package_of;  // CPU to index in packages
  std::vector<fleet::Bits> cores;         // in the order of the file
  std::vector<api::Cache> caches;
  std::vector<HwlocNuma> numa;
  std::vector<HwlocPci> pci;
  std::vector<HwlocOsDevice> os_devices;
  std::map<std::pair<std::string, int64_t>, HwlocRef> by_index;  // type and gp_index
  size_t unclear_links = 0;  // of PCI, whose rate several generations explain
};

// `version`: 1 to 3. Reads all <object> below <topology>.
Result<HwlocObjects> read_hwloc_objects(const Element& topology, int version,
                                        const ImportOptions& options);

// "0x00000303,,0x0" as a set: 32-bit words, highest first. Nothing when the attribute is not there
// or says "0xf...f", which is all.
Result<std::optional<fleet::Bits>> read_bitmap(const Element& element, std::string_view attribute,
                                               const ImportOptions& options);

}  // namespace freehold::discover
