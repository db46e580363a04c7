// Accelerators that say only their PCI ids unless a vendor library is asked: name and memory by id.
// Inferred from the model, so what a driver says always counts more. Internal to this module.
#pragma once

#include <cstdint>
#include <string_view>

namespace freehold::discover {

struct GpuModel {
  std::string_view ids;   // "10de:2330"
  std::string_view name;  // as the driver says it
  int64_t memory_bytes;   // as sold
};

// Null when the model is not in the table.
const GpuModel* find_gpu_model(std::string_view ids);

}  // namespace freehold::discover
