#include "discover/words.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <tuple>

#include "base/strings.h"
#include "discover/limits.h"
#include "discover/parse.h"

namespace freehold::discover {

namespace {

constexpr std::string_view nvidia = "10de";
constexpr std::string_view amd = "1002";
constexpr std::string_view intel = "8086";

}  // namespace

std::string counted(int64_t count, std::string_view one, std::string_view many) {
  return std::to_string(count) + " " + std::string(count == 1 ? one : many);
}

bool is_accelerator(const api::PciFunction& function) {
  if (function.class_code == "0302" || function.class_code.starts_with("12")) return true;
  if (function.class_code != "0300" && function.class_code != "0380") return false;
  if (function.vendor == intel) return !function.address.ends_with(":00:02.0");
  if (function.vendor == amd) return function.device != "515e";  // ES1000, on boards of old servers
  return function.vendor == nvidia;
}

bool is_coprocessor(const api::PciFunction& function) { return function.class_code == "0b40"; }

bool is_nvswitch(const api::PciFunction& function) {
  return function.class_code == "0680" && function.vendor == nvidia;
}

std::string pci_ids(const api::PciFunction& function) {
  return function.vendor.empty() ? "" : function.vendor + ":" + function.device;
}

std::string rdma_model(std::string_view hca_type) {
  static constexpr struct {
    std::string_view type, name;
  } known[] = {
      {"MT4099", "ConnectX-3"},    {"MT4103", "ConnectX-3 Pro"}, {"MT4115", "ConnectX-4"},
      {"MT4117", "ConnectX-4 Lx"}, {"MT4119", "ConnectX-5"},     {"MT4121", "ConnectX-5 Ex"},
      {"MT4123", "ConnectX-6"},    {"MT4125", "ConnectX-6 Dx"},  {"MT4127", "ConnectX-6 Lx"},
      {"MT4129", "ConnectX-7"},    {"MT4131", "ConnectX-8"},     {"MT41682", "BlueField"},
      {"MT41686", "BlueField-2"},  {"MT41692", "BlueField-3"}};
  for (const auto& card : known)
    if (card.type == hca_type) return std::string(card.name);
  return clean_text(hca_type, limits::model_characters);
}

bool says_nothing(std::string_view text) {
  const std::string lower = to_lower(text);
  for (const std::string_view filler :
       {"", "none", "default string", "system product name", "to be filled by o.e.m.",
        "not specified", "system manufacturer", "unknown"})
    if (lower == filler) return true;
  return false;
}

std::string product_name(std::string_view vendor, std::string_view product) {
  if (says_nothing(product)) return "";
  const bool doubled = says_nothing(vendor) || to_lower(product).starts_with(to_lower(vendor));
  return doubled ? std::string(product) : std::string(vendor) + " " + std::string(product);
}

int64_t bought_size(int64_t bytes) {
  if (bytes <= 0) return 0;
  const uint64_t step =
      std::max<uint64_t>(std::bit_floor(static_cast<uint64_t>(bytes)) / 16, 1u << 20);
  return static_cast<int64_t>((static_cast<uint64_t>(bytes) + step - 1) / step * step);
}

api::NumaClass numa_class(bool has_cpus, bool has_memory, bool of_gpu) {
  if (of_gpu) return api::NumaClass::gpu_memory;
  if (has_cpus) return has_memory ? api::NumaClass::cpu_memory : api::NumaClass::cpu_only;
  return has_memory ? api::NumaClass::memory_only : api::NumaClass::empty;
}

void adopt_packages(std::vector<api::NumaNode>& nodes) {
  const auto before = nodes;
  for (api::NumaNode& node : nodes) {
    if (node.package >= 0 || node.distances.size() != nodes.size()) continue;
    if (!node.cpus.empty()) continue;  // it spans packages
    int64_t nearest = std::numeric_limits<int64_t>::max(), package = -1;
    for (size_t i = 0; i < before.size(); ++i) {
      if (before[i].cpus.empty() || node.distances[i] > nearest) continue;
      // Equally near to two packages is near to none.
      const bool tie = node.distances[i] == nearest && before[i].package != package;
      nearest = node.distances[i];
      package = tie ? -1 : before[i].package;
    }
    node.package = package;
  }
}

void sort_caches(std::vector<api::Cache>& caches) {
  const auto first_cpu = [](const api::Cache& cache) {
    const auto cpus = parse_cpu_list(cache.cpus);
    return cpus && !cpus->empty() ? cpus->front() : 0;
  };
  std::sort(caches.begin(), caches.end(), [&](const auto& a, const auto& b) {
    return std::forward_as_tuple(a.level, a.type, first_cpu(a), a.cpus) <
           std::forward_as_tuple(b.level, b.type, first_cpu(b), b.cpus);
  });
}

}  // namespace freehold::discover
