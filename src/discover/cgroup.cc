// Which CPUs and memory nodes the cgroup of this process may use, under cgroup v1, v2 and the old
// cpuset file system.
#include <algorithm>

#include "base/strings.h"
#include "discover/parse.h"
#include "discover/scan.h"

namespace freehold::discover {

namespace {

bool has_option(const Mount& mount, std::string_view option) {
  const auto options = split(mount.options, ',');
  return std::find(options.begin(), options.end(), option) != options.end();
}

std::vector<Mount> read_mounts(const Root& root) {
  for (const char* path : {"/proc/self/mounts", "/proc/mounts"}) {
    const auto text = root.read_start(path, limits::mounts_bytes);
    if (text.ok()) return parse_mounts(*text);
  }
  return {};
}

std::optional<std::vector<uint32_t>> read_numbers(const Root& root, const std::string& folder,
                                                  std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    const auto text = root.read_file(folder + "/" + std::string(name));
    if (!text.ok()) continue;
    auto numbers = parse_cpu_list(trim(*text));
    if (numbers && !numbers->empty()) return numbers;
  }
  return std::nullopt;
}

// Within a cgroup namespace the path may not be there; then the mount itself is our group.
CpusetLimits read_group(const Root& root, const std::string& mount, const std::string& path) {
  for (const std::string& folder : {mount + path, mount}) {
    CpusetLimits found;
    found.cpus = read_numbers(
        root, folder, {"cpuset.cpus.effective", "cpuset.effective_cpus", "cpuset.cpus", "cpus"});
    found.nodes = read_numbers(
        root, folder, {"cpuset.mems.effective", "cpuset.effective_mems", "cpuset.mems", "mems"});
    if (found.cpus || found.nodes) return found;
  }
  return {};
}

}  // namespace

CpusetLimits read_cpuset(const Root& root) {
  const auto groups = root.read_file("/proc/self/cgroup");
  const auto old = root.read_file("/proc/self/cpuset");
  const auto path_in = [&](std::string_view controller) -> std::optional<std::string> {
    if (groups.ok())
      if (auto path = parse_cgroup_path(*groups, controller)) return path;
    if (old.ok()) return std::string(trim(*old));
    return std::nullopt;
  };
  const auto mounts = read_mounts(root);
  // A v1 hierarchy that owns the controller binds; v2 has it only where v1 has not.
  for (const Mount& mount : mounts) {
    const bool v1 = mount.type == "cgroup" && has_option(mount, "cpuset");
    if (!v1 && mount.type != "cpuset") continue;
    if (const auto path = path_in("cpuset"))
      return read_group(root, mount.point, *path == "/" ? "" : *path);
  }
  for (const Mount& mount : mounts) {
    if (mount.type != "cgroup2") continue;
    if (const auto path = path_in(""))
      return read_group(root, mount.point, *path == "/" ? "" : *path);
  }
  return {};
}

}  // namespace freehold::discover
