// The fabrics of a generated site: rails of leaf switches in pods, spines, a core between pods;
// Ethernet with a switch on top of each rack; and the switches of scale-up domains. Internal to
// generate.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "api/site.h"
#include "fleet/machine_models.h"

namespace freehold::fleet {

struct FabricBlock {  // of machines of one model
  const MachineModel* model = nullptr;
  int64_t nodes = 0;
  std::function<std::string(int64_t)> node_name, rack_name;  // by number of the machine
};
struct FabricSite {
  const std::string& name;
  uint64_t number = 0;  // no other site of the fleet has it
};
void generate_fabrics(const FabricSite& site, const std::vector<FabricBlock>& blocks,
                      const std::function<void(api::Fabric)>& put);

}  // namespace freehold::fleet
