// Machine models that fleets are generated from: what a DGX H100 or a rack of GB200 consists of, as
// HardwareProfiles with a whole PCI tree. Facts of products, each with its source beside it in
// machine_models.cc; numbers of chips and slots follow the products, addresses are made up.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "api/hardware.h"

namespace freehold::fleet {

struct MachineModel {
  std::string_view name{};     // as in a mix: "h100"
  std::string_view product{};  // "NVIDIA DGX H100"
  std::string_view architecture{}, processor{};
  int packages = 2, cores = 56, threads = 2;  // cores of a package, threads of a core
  int numa_per_package = 1;
  int64_t memory_gib = 1'024;         // of a package
  std::string_view gpu{}, gpu_ids{};  // model, "10de:2330"
  int gpus = 8;
  int64_t gpu_memory_gib = 80;
  int nvswitches = 0, nvlinks = 0;  // links of one GPU to all switches together
  int64_t link_mbps = 0;            // raw, of one link in one direction
  bool has_xgmi = false, has_c2c = false;
  int rails = 8;  // RDMA NICs
  std::string_view rail_speed = "400Gbps";
  int nics = 1;
  std::string_view nic_speed = "100Gbps";
  int drives = 2;
  std::string_view pci_speed = "32GT/s";
  int units = 8, per_rack = 4;  // height, and machines in a rack
  int64_t watts = 10'200;       // by its plate
  bool is_liquid = false;
  int domain = 0;  // machines that share a scale-up domain; 0: none beyond itself
};

std::span<const MachineModel> machine_models();
const MachineModel* find_machine_model(std::string_view name);  // null when there is none

api::HardwareProfile profile_of(const MachineModel& model);

}  // namespace freehold::fleet
