// What links carry, in Mbit/s and one direction: raw, from the standards, and usable, as NCCL and
// RCCL count on it (NVIDIA/nccl src/graph/topo.h and topo.cc; ROCm/rccl src/graph/topo.h). Pure
// tables; -1 where nothing is known.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "api/hardware.h"
#include "fleet/graph.h"

namespace freehold::fleet {

// "16GT/s", "16.0 GT/s PCIe" → 16000; -1 when it is none.
int64_t parse_transfer_rate(std::string_view text);

// PCI Express: raw after line coding (8b/10b up to 5 GT/s, 128b/130b to 32, 242/256 at 64); usable
// 12 GB/s for gen3 x16, scaled by lanes and by 15, 30, 60, 120, 240, 480 of a generation.
Rate pci_rate(int64_t megatransfers, int64_t lanes);

// `count` NVLinks between devices of this model. Usable per link 18 / 20 / 20 / 20.6 / 40.1 GB/s
// for sm60/70/80/90/100 and 12 for sm86; where the model does not tell the generation, it is taken
// from the raw rate of a link. `raw_mbps` is that of all of them, -1 when unknown.
Rate nvlink_rate(std::string_view model, int64_t count, int64_t raw_mbps);
// `count` xGMI links: usable 24 GB/s, 36 for MI200 (gfx90a), 48 for MI300 and later.
Rate xgmi_rate(std::string_view model, int64_t count, int64_t raw_mbps);

// Between memory nodes that have CPUs, by what the processors are: 6 GB/s Broadwell, 10 Skylake to
// Ice Lake, 22 Sapphire Rapids and later, 16 AMD, 6 Arm, 32 POWER9.
Rate processor_rate(std::string_view architecture, const std::vector<api::Package>& packages);
bool is_intel(const std::vector<api::Package>& packages);

// What stands in for an unknown rate when paths are compared, never when one is reported: the
// slowest that such a link has been.
int64_t assumed_rate(EdgeKind kind, int64_t count);

}  // namespace freehold::fleet
