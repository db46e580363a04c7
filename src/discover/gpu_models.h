// Accelerators that say only their PCI ids unless a vendor library is asked: name and memory by id.
// Inferred from the model, so what a driver says always counts more. Internal to this module.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace freehold::discover {

struct GpuModel {
  std::string_view ids;           // "10de:2330"
  std::string_view name;          // as the driver says it
  int64_t memory_bytes;           // as sold
  std::string_view instructions;  // "sm90", "gfx942"; empty: unknown
};

// Null when the model is not in the table.
const GpuModel* find_gpu_model(std::string_view ids);

// The word of a name by which models are told apart, in lower case: "h100" of "NVIDIA H100 80GB
// HBM3", "mi300x" of "AMD Instinct MI300X". Empty when the name has none, and for names of
// instruction sets ("sm90", "gfx942"), which several models share.
std::string model_word(std::string_view name);

// "sm90" of "NVIDIA sm90", "gfx942" of "AMD gfx942"; empty for names of models.
std::string instructions_of(std::string_view name);
// What the model of this name executes; empty when the table does not know it.
std::string_view instructions_of_model(std::string_view name);

}  // namespace freehold::discover
