// The matrices of hwloc files: distances of memory nodes, bandwidth of NVLink and XGMI. A matrix
// that names an object which is not in the file is refused; one that has no place in a profile is
// told in a note. Internal to this module.
#pragma once

#include <string>
#include <vector>

#include "discover/import/hwloc_objects.h"
#include "discover/import/import.h"
#include "discover/import/xml.h"

namespace freehold::discover {

// What the objects of a matrix are called in the profile; empty: they are no devices.
struct HwlocNames {
  std::vector<std::string> packages, numa, pci, os_devices;  // by index in HwlocObjects
};

// Fills distances and speeds of memory nodes, and links of devices.
Result<void> read_matrices(const Element& topology, const HwlocObjects& objects,
                           const HwlocNames& names, HostFacts& host,
                           std::vector<std::string>& notes, const ImportOptions& options);

// NVLinks that a bandwidth stands for. A link has 20 GB/s in its first version, of which a GPU has
// at most four, and 25 GB/s in the next two (hwloc's topology-nvml.c). 1 where neither fits.
int64_t nvlink_count(int64_t mb_per_second);

}  // namespace freehold::discover
