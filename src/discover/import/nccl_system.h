// The <system> of a topology file of NCCL or RCCL (NVIDIA/nccl src/graph/xml.cc, ROCm/rccl the
// same), read but not judged: memory nodes with their CPUs, the PCI tree below each, and which of
// its functions carry GPUs and networks. Internal to this module.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "discover/import/host.h"
#include "discover/import/import.h"
#include "discover/import/xml.h"

namespace freehold::discover {

struct NcclPci : PciNode {
  bool has_children = false;
  const Element* gpu = nullptr;
  std::vector<const Element*> nets;
};
struct NcclSystem {
  std::string architecture, processor;  // "GenuineIntel family 6 model 143"
  std::vector<api::NumaNode> numa;
  std::vector<uint32_t> other_cpus;  // of no memory node
  std::vector<NcclPci> pci;
  std::vector<std::pair<const Element*, int64_t>> nets;  // that are on no PCI function; memory node
};

// `root` must outlive what is returned.
Result<NcclSystem> read_nccl_system(const Element& root, std::vector<std::string>& notes,
                                    const ImportOptions& options);

}  // namespace freehold::discover
