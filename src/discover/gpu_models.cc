#include "discover/gpu_models.h"

#include <algorithm>

#include "base/strings.h"

namespace freehold::discover {

namespace {

constexpr int64_t gibibyte = int64_t{1} << 30;

// Ids from https://pci-ids.ucw.cz, memory from the vendors' data sheets, instruction sets from
// https://developer.nvidia.com/cuda-gpus and LLVM's table of AMD's processors.
constexpr GpuModel models[] = {
    {"1002:740c", "AMD Instinct MI250X", 64 * gibibyte, "gfx90a"},  // of one of its two dies
    {"1002:740f", "AMD Instinct MI210", 64 * gibibyte, "gfx90a"},
    {"1002:74a0", "AMD Instinct MI300A", 128 * gibibyte, "gfx942"},
    {"1002:74a1", "AMD Instinct MI300X", 192 * gibibyte, "gfx942"},
    {"1002:74a5", "AMD Instinct MI325X", 256 * gibibyte, "gfx942"},
    {"10de:1db1", "Tesla V100-SXM2-16GB", 16 * gibibyte, "sm70"},
    {"10de:1db4", "Tesla V100-PCIE-16GB", 16 * gibibyte, "sm70"},
    {"10de:1db5", "Tesla V100-SXM2-32GB", 32 * gibibyte, "sm70"},
    {"10de:1db6", "Tesla V100-PCIE-32GB", 32 * gibibyte, "sm70"},
    {"10de:1db8", "Tesla V100-SXM3-32GB", 32 * gibibyte, "sm70"},
    {"10de:1eb8", "Tesla T4", 16 * gibibyte, "sm75"},
    {"10de:20b0", "NVIDIA A100-SXM4-40GB", 40 * gibibyte, "sm80"},
    {"10de:20b2", "NVIDIA A100-SXM4-80GB", 80 * gibibyte, "sm80"},
    {"10de:20b5", "NVIDIA A100 80GB PCIe", 80 * gibibyte, "sm80"},
    {"10de:20f1", "NVIDIA A100-PCIE-40GB", 40 * gibibyte, "sm80"},
    {"10de:2235", "NVIDIA A40", 48 * gibibyte, "sm86"},
    {"10de:2236", "NVIDIA A10", 24 * gibibyte, "sm86"},
    {"10de:2322", "NVIDIA H800 PCIe", 80 * gibibyte, "sm90"},
    {"10de:2324", "NVIDIA H800", 80 * gibibyte, "sm90"},
    {"10de:2330", "NVIDIA H100 80GB HBM3", 80 * gibibyte, "sm90"},
    {"10de:2331", "NVIDIA H100 PCIe", 80 * gibibyte, "sm90"},
    {"10de:2335", "NVIDIA H200", 141 * gibibyte, "sm90"},
    {"10de:2342", "NVIDIA GH200 480GB", 96 * gibibyte, "sm90"},
    {"10de:26b5", "NVIDIA L40", 48 * gibibyte, "sm89"},
    {"10de:26b9", "NVIDIA L40S", 48 * gibibyte, "sm89"},
    {"10de:27b8", "NVIDIA L4", 24 * gibibyte, "sm89"},
    {"1da3:1020", "Intel Gaudi 2", 96 * gibibyte, ""},
    {"1da3:1060", "Intel Gaudi 3", 128 * gibibyte, ""},
    {"8086:0bd5", "Intel Data Center GPU Max 1550", 128 * gibibyte, ""},
    {"8086:0bda", "Intel Data Center GPU Max 1100", 48 * gibibyte, ""},
    {"8086:56c0", "Intel Data Center GPU Flex 170", 16 * gibibyte, ""},
};

}  // namespace

const GpuModel* find_gpu_model(std::string_view ids) {
  for (const GpuModel& model : models)
    if (model.ids == ids) return &model;
  return nullptr;
}

std::string instructions_of(std::string_view name) {
  const std::string text = to_lower(name);
  const std::string word = text.substr(text.rfind(' ') + 1);  // of the whole text without a blank
  const size_t digit = word.find_first_of("0123456789");
  const bool is_set =
      digit != word.npos && (word.substr(0, digit) == "sm" || word.substr(0, digit) == "gfx");
  return is_set ? word : std::string();
}

std::string_view instructions_of_model(std::string_view name) {
  const std::string said = model_word(name);
  for (const GpuModel& model : models)
    if (!said.empty() && model_word(model.name) == said) return model.instructions;
  return {};
}

std::string model_word(std::string_view name) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
  const std::string text = to_lower(name);
  for (size_t begin = 0; begin < text.size();) {
    size_t end = begin;
    while (end < text.size() && (is_digit(text[end]) || is_letter(text[end]))) ++end;
    const std::string word = text.substr(begin, end - begin);
    begin = end + 1;
    if (word.empty() || !is_letter(word[0]) || std::ranges::none_of(word, is_digit)) continue;
    const bool is_instructions = word.starts_with("gfx") || word.starts_with("sm");
    return is_instructions ? std::string() : word;
  }
  return {};
}

}  // namespace freehold::discover
