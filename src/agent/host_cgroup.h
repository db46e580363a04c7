// Control groups, versions 2, 1 and hybrid, behind one interface: makes a group per instance, sets
// its limits and reads them back, measures, kills, removes. Everything is read and written below a
// root, the kernel's in production and a plain tree in tests. What cannot be enforced is said,
// never silently dropped. Loop thread only. Sources: Documentation/admin-guide/cgroup-v2.rst,
// cgroup-v1/ of the kernel.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "agent/host.h"
#include "api/node.h"
#include "api/workload.h"
#include "base/result.h"

namespace freehold::agent {

// ---- readers, pure

// The number after `key` in lines of `key value`; -1 when it is not there.
int64_t flat_value(std::string_view text, std::string_view key);
// A limit: "max" and v1's "as much as there is" are 0.
int64_t limit_value(std::string_view text);
// cpu.max, "50000 100000", in thousandths of a CPU; 0: none.
int64_t cpu_max_milli(std::string_view text);
// "some avg10=1.23 …" of a PSI file, percent; -1 when it is not there.
double some_avg10(std::string_view text);

enum class CgroupLayout : uint8_t { none, v1, hybrid, v2 };
std::string_view cgroup_layout_name(CgroupLayout layout);

class Cgroups {
 public:
  // Looks at what is there and prepares the common parent `base`.
  Cgroups(std::string root, std::string base);

  CgroupLayout layout() const { return layout_; }
  const api::Enforcement& enforcement() const { return enforcement_; }
  bool binds(std::string_view limit) const;  // cpu, cpuset, memory, pids

  api::LimitsRead create(const std::string& id, const LimitsWanted& wanted);
  bool is_there(const std::string& id) const;
  Result<api::Usage> usage(const std::string& id) const;
  void kill_all(const std::string& id) const;
  // Fails while processes are in it. Gone already is fine.
  bool remove(const std::string& id) const;

  // For the shim.
  std::vector<std::string> procs_files(
      const std::string& id) const;  // a process joins by writing "0"
  std::vector<std::string> shim_procs_files()
      const;  // of a group without limits, away from our own
  std::string kill_file(const std::string& id) const;  // empty: there is none
  std::string oom_file(const std::string& id) const;   // has a line `oom_kill N`; empty: unknown

 private:
  struct Controller {
    std::string name;  // cpu, cpuset, memory, pids, cpuacct; "" of the unified hierarchy
    std::string mount;
  };
  void detect_v2();
  void detect_v1();
  void give_cpuset(const std::string& directory) const;
  void set_limits(const std::string& id, const LimitsWanted& wanted, api::LimitsRead& read) const;
  api::LimitsRead read_limits(const std::string& id) const;
  std::string file(const std::string& id, std::string_view controller, std::string_view name) const;
  std::string directory(const Controller& controller, std::string_view id) const;
  const Controller* find(std::string_view controller) const;

  std::string root_, base_;
  CgroupLayout layout_ = CgroupLayout::none;
  api::Enforcement enforcement_;
  std::vector<Controller> controllers_;  // in which each instance has a group
};

}  // namespace freehold::agent
