// The production Host: Linux, on the production Loop. Files below `directory`:
//
//   instances/<id>/   see shim_spec.h
//   state/            what the agent saves
//   removed/          what is being removed, see host_remover.h
#pragma once

#include <memory>
#include <string>

#include "agent/host.h"
#include "base/result.h"
#include "discover/discovery.h"
#include "runtime/loop.h"

namespace freehold::agent {

struct LinuxHostOptions {
  std::string directory{};
  std::string cgroup_root = "/sys/fs/cgroup";
  std::string cgroup_base = "freehold";       // parent of all groups of ours
  std::string executable = "/proc/self/exe";  // that understands `shim` and `probe`
  // Looks at the hardware from now on; without one, Host::discover answers `unavailable`.
  std::unique_ptr<discover::Discovery> discovery{};
};

// Errors: when the directory cannot be made or written.
Result<std::unique_ptr<Host>> open_linux_host(Loop& loop, LinuxHostOptions options);

}  // namespace freehold::agent
