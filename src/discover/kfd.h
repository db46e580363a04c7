// What AMD's kernel driver says of its GPUs in /sys/class/kfd: one entry per PCI function, with the
// xGMI links to others. A plain reader without a state; internal to this module.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "discover/parse.h"
#include "discover/scan.h"

namespace freehold::discover {

struct KfdLink {
  int64_t hops = 1;                  // the driver's weight, 15 for each
  int64_t megabytes_per_second = 0;  // one direction; 0: unknown
};
struct KfdNode {
  std::string unique_id;
  int64_t memory_bytes = 0;
  std::map<PciParts, KfdLink> xgmi;  // to other GPUs
};

std::map<PciParts, KfdNode> read_kfd(const Scan& scan);

// Direct links of the devices that are now known, into the profile and as they are now.
void add_xgmi_links(Scan& scan, const std::map<PciParts, KfdNode>& nodes);

}  // namespace freehold::discover
