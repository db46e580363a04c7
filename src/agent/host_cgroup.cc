#include "agent/host_cgroup.h"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <initializer_list>
#include <utility>

#include "agent/host_files.h"
#include "base/strings.h"

namespace freehold::agent {
namespace {

// What runs under contract comes before anything else on its CPUs, a hundred to one; the machine's
// own work has the reserved ones.
constexpr const char* weight_v2 = "10000";
constexpr const char* shares_v1 = "102400";
constexpr int64_t period_us = 100'000;  // the kernel's own default
// v1 writes "no limit" as the largest page-aligned number.
constexpr int64_t no_limit_v1 = int64_t{1} << 62;

constexpr std::string_view wanted_controllers[] = {"cpu", "cpuset", "memory", "pids"};

// Without white space at its ends; empty when it cannot be read.
std::string text_of(const std::string& path) {
  const std::string text = read_file(path).value_or("");
  return std::string(trim(text));
}

// "/" for a tree that is not the kernel's is as good as any: what counts is whether it can be made.
bool make_group(const std::string& path) {
  return ::mkdir(path.c_str(), 0755) == 0 || errno == EEXIST;
}

}  // namespace

int64_t flat_value(std::string_view text, std::string_view key) {
  for (std::string_view line : split(text, '\n')) {
    const size_t space = line.find(' ');
    if (space == std::string_view::npos || line.substr(0, space) != key) continue;
    return parse_int(trim(line.substr(space + 1))).value_or(-1);
  }
  return -1;
}

int64_t limit_value(std::string_view text) {
  const auto value = parse_int(trim(text));
  return value && *value > 0 && *value < no_limit_v1 ? *value : 0;
}

int64_t cpu_max_milli(std::string_view text) {
  const auto parts = split(trim(text), ' ');
  if (parts.size() != 2) return 0;
  const auto quota = parse_int(parts[0]), period = parse_int(parts[1]);
  if (!quota || !period || *quota <= 0 || *period <= 0 || *quota > (int64_t{1} << 50)) return 0;
  return *quota * 1000 / *period;
}

double some_avg10(std::string_view text) {
  constexpr std::string_view start = "some avg10=";
  if (!text.starts_with(start)) return -1;
  text.remove_prefix(start.size());
  return parse_double(text.substr(0, text.find_first_of(" \n"))).value_or(-1);
}

std::string_view cgroup_layout_name(CgroupLayout layout) {
  switch (layout) {
    case CgroupLayout::v1:
      return "v1";
    case CgroupLayout::hybrid:
      return "hybrid";
    case CgroupLayout::v2:
      return "v2";
    case CgroupLayout::none:
      break;
  }
  return "none";
}

Cgroups::Cgroups(std::string root, std::string base)
    : root_(std::move(root)), base_(std::move(base)) {
  if (exists(root_ + "/cgroup.controllers"))
    detect_v2();
  else
    detect_v1();
  if (enforcement_.limits.empty() && controllers_.empty()) layout_ = CgroupLayout::none;
  enforcement_.cgroup = cgroup_layout_name(layout_);
}

void Cgroups::detect_v2() {
  layout_ = CgroupLayout::v2;
  const std::string parent = root_ + "/" + base_;
  if (!make_group(parent) || !is_writable(parent)) {
    for (std::string_view name : wanted_controllers)
      enforcement_.missing.push_back(std::string(name) + ": " + parent + " cannot be written");
    return;
  }
  controllers_.push_back({"", root_});
  const std::string offered = " " + text_of(root_ + "/cgroup.controllers") + " ";
  for (std::string_view name : wanted_controllers) {
    if (offered.find(" " + std::string(name) + " ") == std::string::npos) {
      enforcement_.missing.push_back(std::string(name) + ": the kernel does not offer it");
      continue;
    }
    const std::string word = "+" + std::string(name);
    // On for our parent, then for its children. The first may be on already and not ours to write.
    static_cast<void>(write_value(root_ + "/cgroup.subtree_control", word));
    if (auto set = write_value(parent + "/cgroup.subtree_control", word); !set.ok())
      enforcement_.missing.push_back(std::string(name) + ": " + set.error().message);
    else
      enforcement_.limits.emplace_back(name);
  }
  if (binds("cpu")) static_cast<void>(write_value(parent + "/cpu.weight", weight_v2));
  make_group(parent + "/shims");
}

void Cgroups::detect_v1() {
  layout_ = CgroupLayout::v1;
  for (std::string_view name : {"cpu", "cpuset", "memory", "pids", "cpuacct"}) {
    const std::string mount = root_ + "/" + std::string(name), parent = mount + "/" + base_;
    const bool is_limit = name != "cpuacct";
    if (!exists(mount + "/cgroup.procs")) {
      if (is_limit) enforcement_.missing.push_back(std::string(name) + ": not mounted");
      continue;
    }
    if (!make_group(parent) || !is_writable(parent)) {
      if (is_limit)
        enforcement_.missing.push_back(std::string(name) + ": " + parent + " cannot be written");
      continue;
    }
    controllers_.push_back({std::string(name), mount});
    if (is_limit) enforcement_.limits.emplace_back(name);
    // Children of a group start with empty sets, into which no process can go.
    if (name == "cpuset") give_cpuset(parent);
    if (name == "cpu") static_cast<void>(write_value(parent + "/cpu.shares", shares_v1));
    if (name == "memory") static_cast<void>(write_value(parent + "/memory.use_hierarchy", "1"));
  }
  const std::string unified = root_ + "/unified";
  if (exists(unified + "/cgroup.procs") && make_group(unified + "/" + base_) &&
      is_writable(unified + "/" + base_)) {
    layout_ = CgroupLayout::hybrid;
    controllers_.push_back({"", unified});
    make_group(unified + "/" + base_ + "/shims");
  }
}

// v1: copies the parent's sets.
void Cgroups::give_cpuset(const std::string& directory) const {
  const std::string parent = directory.substr(0, directory.rfind('/'));
  for (const char* name : {"/cpuset.cpus", "/cpuset.mems"}) {
    if (!text_of(directory + name).empty()) continue;
    static_cast<void>(write_value(directory + name, text_of(parent + name)));
  }
}

bool Cgroups::binds(std::string_view limit) const {
  return std::find(enforcement_.limits.begin(), enforcement_.limits.end(), limit) !=
         enforcement_.limits.end();
}

const Cgroups::Controller* Cgroups::find(std::string_view controller) const {
  for (const Controller& c : controllers_)
    if (c.name == controller || (layout_ == CgroupLayout::v2 && c.name.empty())) return &c;
  return nullptr;
}

std::string Cgroups::directory(const Controller& controller, std::string_view id) const {
  return controller.mount + "/" + base_ + "/" + std::string(id);
}

std::string Cgroups::file(const std::string& id, std::string_view controller,
                          std::string_view name) const {
  const Controller* found = find(controller);
  return found == nullptr ? "" : directory(*found, id) + "/" + std::string(name);
}

api::LimitsRead Cgroups::create(const std::string& id, const LimitsWanted& wanted) {
  api::LimitsRead read;
  for (const Controller& controller : controllers_) {
    const std::string path = directory(controller, id);
    if (!make_group(path))
      read.not_enforced.push_back(system_error("cannot make " + path, errno).message);
    else if (controller.name == "cpuset")
      give_cpuset(path);
  }
  set_limits(id, wanted, read);
  api::LimitsRead seen = read_limits(id);
  seen.not_enforced = std::move(read.not_enforced);
  return seen;
}

void Cgroups::set_limits(const std::string& id, const LimitsWanted& wanted,
                         api::LimitsRead& read) const {
  const bool v2 = layout_ == CgroupLayout::v2;
  auto set = [&](std::string_view controller, std::string_view name, const std::string& value) {
    if (!binds(controller)) {
      const std::string start = std::string(controller) + ":";
      for (const std::string& missing : enforcement_.missing)
        if (missing.starts_with(start)) return read.not_enforced.push_back(missing);
      return read.not_enforced.push_back(start + " not available");
    }
    if (auto done = write_value(file(id, controller, name), value); !done.ok())
      read.not_enforced.push_back(std::string(controller) + ": " + done.error().message);
  };
  auto number = [](int64_t value, const char* none) {
    return value > 0 ? std::to_string(value) : std::string(none);
  };
  if (!wanted.cpus.empty()) set("cpuset", "cpuset.cpus", wanted.cpus);
  if (!wanted.memory_nodes.empty()) set("cpuset", "cpuset.mems", wanted.memory_nodes);

  // At least a hundredth of a CPU: the kernel takes no quota below 1 ms.
  const int64_t quota = std::max<int64_t>(wanted.cpu_milli, 10) * period_us / 1000;
  const bool has_quota = wanted.cpu_milli > 0;
  if (has_quota || binds("cpu")) {
    if (v2) {
      set("cpu", "cpu.max",
          (has_quota ? std::to_string(quota) : "max") + " " + std::to_string(period_us));
    } else {
      if (has_quota && binds("cpu")) set("cpu", "cpu.cfs_period_us", std::to_string(period_us));
      set("cpu", "cpu.cfs_quota_us", has_quota ? std::to_string(quota) : "-1");
    }
  }
  if (wanted.memory_bytes > 0 || binds("memory")) {
    const std::string bytes = number(wanted.memory_bytes, v2 ? "max" : "-1");
    set("memory", v2 ? "memory.max" : "memory.limit_in_bytes", bytes);
    // Memory is a promise; swap would break it silently. Kernels without swap accounting lack the
    // files.
    const std::string swap =
        file(id, "memory", v2 ? "memory.swap.max" : "memory.memsw.limit_in_bytes");
    if (!swap.empty() && exists(swap)) {
      static_cast<void>(write_value(swap, v2 ? "0" : bytes));
      // v1 wants memory <= memory + swap at all times: when growing, the first write needs the
      // second.
      if (!v2) static_cast<void>(write_value(file(id, "memory", "memory.limit_in_bytes"), bytes));
    }
    // A member that lost one of its processes is no use to anyone.
    if (v2) static_cast<void>(write_value(file(id, "memory", "memory.oom.group"), "1"));
  }
  if (wanted.processes > 0 || binds("pids"))
    set("pids", "pids.max", number(wanted.processes, "max"));
}

api::LimitsRead Cgroups::read_limits(const std::string& id) const {
  const bool v2 = layout_ == CgroupLayout::v2;
  api::LimitsRead out;
  auto text = [&](std::string_view controller, std::string_view name) {
    return binds(controller) ? text_of(file(id, controller, name)) : std::string();
  };
  out.cpus = text("cpuset", v2 ? "cpuset.cpus.effective" : "cpuset.cpus");
  out.memory_nodes = text("cpuset", v2 ? "cpuset.mems.effective" : "cpuset.mems");
  if (v2) {
    out.cpu_milli = cpu_max_milli(text("cpu", "cpu.max"));
  } else {
    const std::string quota = text("cpu", "cpu.cfs_quota_us");
    out.cpu_milli = cpu_max_milli(quota + " " + text("cpu", "cpu.cfs_period_us"));
  }
  out.memory_bytes = limit_value(text("memory", v2 ? "memory.max" : "memory.limit_in_bytes"));
  out.processes = limit_value(text("pids", "pids.max"));
  return out;
}

bool Cgroups::is_there(const std::string& id) const {
  return !controllers_.empty() &&
         std::all_of(controllers_.begin(), controllers_.end(),
                     [&](const auto& c) { return exists(directory(c, id)); });
}

Result<api::Usage> Cgroups::usage(const std::string& id) const {
  if (!is_there(id)) return Error{Reason::not_found, "no control group for " + id, {}};
  const bool v2 = layout_ == CgroupLayout::v2;
  auto text = [&](std::string_view controller, std::string_view name) {
    const std::string path = file(id, controller, name);
    return path.empty() ? std::string() : text_of(path);
  };
  auto number = [&](std::string_view controller, std::string_view name) {
    return parse_int(text(controller, name)).value_or(0);
  };
  api::Usage out;
  const std::string cpu = text("cpu", "cpu.stat");
  out.throttled_periods = std::max<int64_t>(flat_value(cpu, "nr_throttled"), 0);
  if (v2) {
    out.cpu_us = std::max<int64_t>(flat_value(cpu, "usage_usec"), 0);
    out.throttled_us = std::max<int64_t>(flat_value(cpu, "throttled_usec"), 0);
    out.memory_bytes = number("memory", "memory.current");
    out.memory_peak_bytes = number("memory", "memory.peak");
    out.oom_kills = std::max<int64_t>(flat_value(text("memory", "memory.events"), "oom_kill"), 0);
  } else {
    out.throttled_us = std::max<int64_t>(flat_value(cpu, "throttled_time"), 0) / 1000;
    out.cpu_us = find("cpuacct") != nullptr
                     ? number("cpuacct", "cpuacct.usage") / 1000
                     : std::max<int64_t>(flat_value(text("", "cpu.stat"), "usage_usec"), 0);
    out.memory_bytes = number("memory", "memory.usage_in_bytes");
    out.memory_peak_bytes = number("memory", "memory.max_usage_in_bytes");
    out.oom_kills =
        std::max<int64_t>(flat_value(text("memory", "memory.oom_control"), "oom_kill"), 0);
  }
  out.processes = number("pids", "pids.current");
  out.cpu_pressure = some_avg10(text("", "cpu.pressure"));
  out.memory_pressure = some_avg10(text("", "memory.pressure"));
  return out;
}

std::vector<std::string> Cgroups::procs_files(const std::string& id) const {
  std::vector<std::string> files;
  for (const Controller& controller : controllers_)
    if (std::string path = directory(controller, id) + "/cgroup.procs"; exists(path))
      files.push_back(std::move(path));
  return files;
}

std::vector<std::string> Cgroups::shim_procs_files() const {
  for (const Controller& controller : controllers_)
    if (controller.name.empty()) return {directory(controller, "shims") + "/cgroup.procs"};
  return {};
}

std::string Cgroups::kill_file(const std::string& id) const {
  for (const Controller& controller : controllers_)
    if (controller.name.empty())
      if (std::string path = directory(controller, id) + "/cgroup.kill"; exists(path)) return path;
  return "";
}

std::string Cgroups::oom_file(const std::string& id) const {
  return file(id, "memory", layout_ == CgroupLayout::v2 ? "memory.events" : "memory.oom_control");
}

void Cgroups::kill_all(const std::string& id) const {
  if (const std::string path = kill_file(id); !path.empty()) {
    static_cast<void>(write_value(path, "1"));
    return;
  }
  for (const std::string& path : procs_files(id)) {
    const std::string procs = text_of(path);
    for (std::string_view line : split(procs, '\n'))
      if (const auto pid = parse_int(line); pid && *pid > 1)
        ::kill(static_cast<pid_t>(*pid), SIGKILL);
  }
}

bool Cgroups::remove(const std::string& id) const {
  bool gone = true;
  for (const Controller& controller : controllers_)
    if (::rmdir(directory(controller, id).c_str()) != 0 && errno != ENOENT) gone = false;
  return gone;
}

}  // namespace freehold::agent
