// CPUs, cores, packages and caches by hwloc, which knows the quirks of many kernels and processors.
#include <hwloc.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <string>

#include "base/strings.h"
#include "discover/scan.h"

namespace freehold::discover {

namespace {

// Sets an environment variable, and puts back what was there.
class EnvironmentGuard {
 public:
  EnvironmentGuard(const char* name, const char* value) : name_(name) {
    if (const char* before = ::getenv(name)) before_ = before;
    ::setenv(name, value, 1);
  }
  EnvironmentGuard(const EnvironmentGuard&) = delete;
  EnvironmentGuard& operator=(const EnvironmentGuard&) = delete;
  ~EnvironmentGuard() {
    if (before_) {
      ::setenv(name_, before_->c_str(), 1);
    } else {
      ::unsetenv(name_);
    }
  }

 private:
  const char* name_;
  std::optional<std::string> before_;
};

// Where hwloc is told to read. On the real root nothing is set: a change of the environment races
// with other threads.
struct OtherRoot {
  explicit OtherRoot(const Root& root)
      : path("HWLOC_FSROOT", root.path().c_str()),
        components("HWLOC_COMPONENTS", "linux,stop"),
        not_this_system("HWLOC_THISSYSTEM", "0"),
        quiet("HWLOC_HIDE_ERRORS", "2") {}
  EnvironmentGuard path, components, not_this_system, quiet;
};

std::vector<uint32_t> to_list(hwloc_const_bitmap_t set) {
  std::vector<uint32_t> out;
  if (set == nullptr || hwloc_bitmap_weight(set) < 0) return out;
  for (int i = hwloc_bitmap_first(set); i >= 0 && out.size() < limits::cpus;
       i = hwloc_bitmap_next(set, i))
    out.push_back(static_cast<uint32_t>(i));
  return out;
}

// Offline CPUs are named, too, but only those that are really there.
void keep_present(const Root& root, std::vector<uint32_t>& cpus,
                  const std::vector<uint32_t>& online) {
  std::erase_if(cpus, [&](uint32_t cpu) {
    return !std::binary_search(online.begin(), online.end(), cpu) &&
           !root.exists("/sys/devices/system/cpu/cpu" + std::to_string(cpu));
  });
}

const char* cache_type(hwloc_obj_cache_type_t type) {
  if (type == HWLOC_OBJ_CACHE_DATA) return "data";
  return type == HWLOC_OBJ_CACHE_INSTRUCTION ? "instruction" : "unified";
}

void take_objects(hwloc_topology_t topology, CpuTopology& out) {
  hwloc_obj_t object = nullptr;
  while ((object = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_CORE, object)) != nullptr)
    if (out.cores.size() < limits::cores)
      out.cores.push_back(format_cpu_list(to_list(object->cpuset)));
  if (out.cores.empty())  // kernels that do not tell cores apart: each CPU is one
    for (const uint32_t cpu : out.online) out.cores.push_back(std::to_string(cpu));
  while ((object = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_PACKAGE, object)) != nullptr) {
    if (out.packages.size() >= limits::packages) break;
    const bool numbered = object->os_index != HWLOC_UNKNOWN_INDEX;
    const char* model = hwloc_obj_get_info_by_name(object, "CPUModel");
    int64_t id = numbered ? static_cast<int64_t>(object->os_index) : object->logical_index;
    // Where each cabinet counts its packages anew, several have one number; ours name one each.
    while (std::any_of(out.packages.begin(), out.packages.end(),
                       [&](const auto& package) { return package.id == id; }))
      ++id;
    out.packages.push_back({id, model == nullptr ? "" : std::string(trim(model))});
    for (const uint32_t cpu : to_list(object->cpuset)) out.package_of[cpu] = id;
  }
  for (int type = HWLOC_OBJ_L1CACHE; type <= HWLOC_OBJ_L3ICACHE; ++type) {
    const auto wanted = static_cast<hwloc_obj_type_t>(type);
    while ((object = hwloc_get_next_obj_by_type(topology, wanted, object)) != nullptr) {
      const auto& cache = object->attr->cache;
      if (out.caches.size() >= limits::caches) break;
      out.caches.push_back({static_cast<int64_t>(cache.depth), cache_type(cache.type),
                            static_cast<int64_t>(cache.size),
                            format_cpu_list(to_list(object->cpuset))});
    }
  }
}

std::optional<CpuTopology> load(const Root& root, hwloc_topology_t topology) {
  hwloc_topology_set_flags(topology, HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED);
  hwloc_topology_set_all_types_filter(topology, HWLOC_TYPE_FILTER_KEEP_NONE);
  hwloc_topology_set_type_filter(topology, HWLOC_OBJ_PACKAGE, HWLOC_TYPE_FILTER_KEEP_ALL);
  hwloc_topology_set_type_filter(topology, HWLOC_OBJ_CORE, HWLOC_TYPE_FILTER_KEEP_ALL);
  hwloc_topology_set_cache_types_filter(topology, HWLOC_TYPE_FILTER_KEEP_ALL);
  hwloc_topology_set_icache_types_filter(topology, HWLOC_TYPE_FILTER_KEEP_ALL);
  // It would bind this thread to each CPU in turn.
  hwloc_topology_set_components(topology, HWLOC_TOPOLOGY_COMPONENTS_FLAG_BLACKLIST, "x86");
  if (hwloc_topology_load(topology) != 0) return std::nullopt;
  CpuTopology out;
  out.source = "hwloc";
  out.cpus = to_list(hwloc_topology_get_complete_cpuset(topology));
  out.online = to_list(hwloc_topology_get_topology_cpuset(topology));
  if (out.online.empty()) return std::nullopt;
  keep_present(root, out.cpus, out.online);
  take_objects(topology, out);
  return out;
}

}  // namespace

std::optional<CpuTopology> read_cpus_with_hwloc(const Root& root) {
  // hwloc follows links as the system does; a tree whose folders are links elsewhere is not for it.
  for (const char* folder : {"/sys/devices/system/cpu", "/sys/devices/system/cpu/cpu0"}) {
    const auto real = root.resolve(folder);
    if (!real.ok() || *real != folder) return std::nullopt;
  }
  if (!unfit_for_hwloc(root).empty()) return std::nullopt;
  std::optional<OtherRoot> elsewhere;
  if (!root.is_system()) elsewhere.emplace(root);
  hwloc_topology_t topology = nullptr;
  if (hwloc_topology_init(&topology) != 0) return std::nullopt;
  auto out = load(root, topology);
  hwloc_topology_destroy(topology);
  return out;
}

}  // namespace freehold::discover
