// The devices of a machine as discovery would name them, from the PCI functions and OS devices of
// an hwloc file. Internal to this module.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "discover/import/hwloc_matrices.h"
#include "discover/import/hwloc_objects.h"
#include "discover/import/import.h"

namespace freehold::discover {

// The memory node near to a set of CPUs; -1: unknown.
using NodeNear = std::function<int64_t(const fleet::Bits&)>;

// Adds accelerators and switches in the order of their addresses, then RDMA devices, interfaces,
// NVMe controllers and CXL memory by name; marks the PCI functions that are devices, and names
// them.
Result<void> add_hwloc_devices(HwlocObjects& objects, const NodeNear& node_near, HostFacts& host,
                               HwlocNames& names, std::vector<std::string>& notes,
                               const ImportOptions& options);

}  // namespace freehold::discover
