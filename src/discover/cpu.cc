// CPUs, cores, packages and caches from sysfs alone; what hwloc says is taken first, see hwloc.cc.
#include <algorithm>
#include <set>
#include <tuple>

#include "base/strings.h"
#include "discover/parse.h"
#include "discover/scan.h"
#include "discover/words.h"

namespace freehold::discover {

namespace {

constexpr std::string_view cpu_folder = "/sys/devices/system/cpu";

std::optional<std::vector<uint32_t>> read_list(const Root& root, const std::string& path) {
  const auto text = root.read_file(path);
  return text.ok() ? parse_cpu_list(trim(*text)) : std::nullopt;
}

std::optional<std::vector<uint32_t>> read_mask(const Root& root, const std::string& path) {
  const auto text = root.read_file(path);
  return text.ok() ? parse_cpu_mask(*text) : std::nullopt;
}

// The first of several spellings of one fact: kernels renamed these files, and early ones wrote
// masks only.
std::optional<std::vector<uint32_t>> read_set(const Root& root, const std::string& folder,
                                              std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    const std::string path = folder + "/" + std::string(name);
    auto found = name.ends_with("_list") ? read_list(root, path) : read_mask(root, path);
    if (found && !found->empty()) return found;
  }
  return std::nullopt;
}

int64_t read_number(const Root& root, const std::string& path, int64_t otherwise) {
  const auto text = root.read_file(path);
  return text.ok() ? parse_int(trim(*text)).value_or(otherwise) : otherwise;
}

std::string first_line(const Root& root, const std::string& path) {
  const auto text = root.read_file(path);
  return text.ok() ? std::string(trim(split(*text, '\n')[0])) : "";
}

// Numbers N of the entries "cpuN".
std::vector<uint32_t> numbered_cpus(const Root& root) {
  std::vector<uint32_t> out;
  const auto names = root.list_dir(cpu_folder);
  if (!names.ok()) return out;
  for (const std::string& name : *names) {
    if (!name.starts_with("cpu") || name.size() == 3) continue;
    const auto number = parse_uint(std::string_view(name).substr(3));
    if (number && *number < limits::cpus) out.push_back(static_cast<uint32_t>(*number));
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<uint32_t> online_of(const Root& root, const std::vector<uint32_t>& cpus) {
  const std::string folder(cpu_folder);
  std::vector<uint32_t> out;
  if (const auto list = read_list(root, folder + "/online")) {
    std::set_intersection(list->begin(), list->end(), cpus.begin(), cpus.end(),
                          std::back_inserter(out));
    if (!out.empty()) return out;
  }
  for (const uint32_t cpu : cpus)
    if (read_number(root, folder + "/cpu" + std::to_string(cpu) + "/online", 1) != 0)
      out.push_back(cpu);
  return out;
}

std::string cache_type(std::string_view text) {
  if (text == "Data") return "data";
  if (text == "Instruction") return "instruction";
  return text == "Unified" ? "unified" : "";
}

void read_caches(const Root& root, uint32_t cpu,
                 std::set<std::tuple<int64_t, std::string, std::string>>& seen,
                 std::vector<api::Cache>& out) {
  const std::string folder =
      std::string(cpu_folder) + "/cpu" + std::to_string(cpu) + "/cache/index";
  for (size_t i = 0; i < limits::cache_indexes; ++i) {
    const std::string index = folder + std::to_string(i);
    if (!root.exists(index)) continue;
    api::Cache cache;
    cache.level = read_number(root, index + "/level", 0);
    cache.type = cache_type(first_line(root, index + "/type"));
    cache.size_bytes = parse_cache_size(first_line(root, index + "/size")).value_or(0);
    const auto cpus = read_set(root, index, {"shared_cpu_list", "shared_cpu_map"});
    cache.cpus = format_cpu_list(cpus.value_or(std::vector<uint32_t>{cpu}));
    if (cache.level < 1 || cache.level > 5 || cache.type.empty() || out.size() >= limits::caches)
      continue;
    if (seen.emplace(cache.level, cache.type, cache.cpus).second) out.push_back(std::move(cache));
  }
}

}  // namespace

std::vector<uint32_t> read_online_cpus(const Root& root) {
  return online_of(root, numbered_cpus(root));
}

std::optional<CpuTopology> read_cpus_from_sysfs(const Root& root) {
  CpuTopology out;
  out.source = "sysfs";
  out.cpus = numbered_cpus(root);
  out.online = online_of(root, out.cpus);
  if (out.online.empty()) return std::nullopt;
  std::set<std::string> cores;
  std::set<std::tuple<int64_t, std::string, std::string>> caches;
  std::set<int64_t> packages;
  for (const uint32_t cpu : out.online) {
    const std::string folder = std::string(cpu_folder) + "/cpu" + std::to_string(cpu) + "/topology";
    auto siblings = read_set(
        root, folder, {"core_cpus_list", "thread_siblings_list", "core_cpus", "thread_siblings"});
    // Siblings that are offline are not there to be used.
    std::vector<uint32_t> core;
    if (siblings) {
      std::set_intersection(siblings->begin(), siblings->end(), out.online.begin(),
                            out.online.end(), std::back_inserter(core));
    }
    if (!std::binary_search(core.begin(), core.end(), cpu)) core = {cpu};
    if (cores.insert(format_cpu_list(core)).second && out.cores.size() < limits::cores)
      out.cores.push_back(format_cpu_list(core));
    const int64_t package = read_number(root, folder + "/physical_package_id", -1);
    out.package_of[cpu] = package;
    if (package >= 0 && packages.insert(package).second && out.packages.size() < limits::packages)
      out.packages.push_back({package, ""});
    read_caches(root, cpu, caches, out.caches);
  }
  return out;
}

namespace {

// As before where the same CPUs are online: cores do not move, and hwloc costs the most of a look.
std::optional<CpuTopology> look_at_cpus(const Scan& scan, const std::vector<uint32_t>& online) {
  if (scan.known_cpus != nullptr && scan.known_cpus->online == online && !online.empty())
    return *scan.known_cpus;
  auto found = read_cpus_with_hwloc(scan.root);
  if (!found) {
    found = read_cpus_from_sysfs(scan.root);
    const std::string why = unfit_for_hwloc(scan.root);
    if (found)
      found->note = why.empty() ? "cpu: hwloc cannot read this machine; sysfs was read without it"
                                : "cpu: hwloc may not read this tree, since " + why +
                                      "; sysfs was read without it";
  } else if (!online.empty() && online != found->online) {
    found->note = "cpu: hwloc sees the CPUs " + format_cpu_list(found->online) + ", sysfs " +
                  format_cpu_list(online);
  }
  return found;
}

}  // namespace

std::optional<CpuTopology> scan_cpus(Scan& scan) {
  auto found = look_at_cpus(scan, read_online_cpus(scan.root));
  if (!found) return found;
  if (!found->note.empty()) scan.note(found->note);
  auto& profile = scan.machine.profile;
  profile.cpus = format_cpu_list(found->cpus);
  profile.packages = found->packages;
  profile.cores = found->cores;
  profile.caches = found->caches;
  const auto start = scan.root.read_start("/proc/cpuinfo");
  const std::string model = start.ok() ? cpu_model(*start) : "";
  for (auto& package : profile.packages)
    package.model =
        package.model.empty() ? model : clean_text(package.model, limits::model_characters);
  std::sort(profile.packages.begin(), profile.packages.end(),
            [](const auto& a, const auto& b) { return a.id < b.id; });
  sort_caches(profile.caches);
  scan.machine.online_cpus = format_cpu_list(found->online);
  const auto cpuset = read_cpuset(scan.root);
  std::vector<uint32_t> allowed = found->online;
  if (cpuset.cpus) {
    allowed.clear();
    std::set_intersection(found->online.begin(), found->online.end(), cpuset.cpus->begin(),
                          cpuset.cpus->end(), std::back_inserter(allowed));
  }
  scan.machine.allowed_cpus = format_cpu_list(allowed);
  scan.package_of = found->package_of;
  return found;
}

}  // namespace freehold::discover
