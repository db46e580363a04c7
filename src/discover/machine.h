// What hardware a machine has, read from sysfs and procfs through a Root. Nothing is assumed: what
// cannot be read is unknown (-1, "", Health::unknown), and one broken device costs a note, never
// the others. Runs no commands and loads no vendor library. Takes some milliseconds, up to a second
// on the largest machines; call it from one thread at a time.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "api/node.h"
#include "base/result.h"
#include "discover/root.h"

namespace freehold::discover {

// By which names this machine reaches a device of its profile.
struct DeviceAccess {
  std::string id;                       // as in the profile
  std::vector<std::string> files;       // "/dev/nvidia0", "/dev/nvme0n1", "/dev/infiniband/uverbs0"
  std::vector<std::string> interfaces;  // network interfaces: "eth0"
  std::string used_by_system;  // why it is not for others, e.g. "mounted at /"; empty: free
};

struct Machine {
  // What machines of one model share. Memory sizes are rounded to the size that was bought (see
  // `memory`), so that two machines that differ by what their kernels keep have one profile.
  api::HardwareProfileSpec profile;
  std::vector<api::NodeDevice> devices;  // one per device of the profile, in its order
  std::vector<api::DegradedLink> degraded;
  std::vector<DeviceAccess> access;  // one per device of the profile, in its order
  std::string online_cpus,
      allowed_cpus;  // CPU lists; allowed: online, and in the cpuset of this process
  std::vector<api::MemoryShare>
      memory;  // what the kernel manages on each allowed memory node, exactly
  std::string boot_id, kernel, host_name;
  bool is_virtual = false;         // a guest: PCI paths and NUMA may be made up by the hypervisor
  std::vector<std::string> notes;  // for people: what could not be read, what was left out
};

// Fails only when the root itself cannot be read or has no CPU.
Result<Machine> discover(const Root& root);

// "hp-" and 16 hex digits: SHA-256 over the canonical print of the spec. Same hardware, same name.
std::string profile_name(const api::HardwareProfileSpec& spec);

// What the system and the agent keep for themselves.
struct Reserve {
  // Logical CPUs; whole cores are kept, so it may become more. -1: the first core, if there is more
  // than one.
  int64_t cpus = -1;
  // Taken from the memory nodes of the kept CPUs first. -1: a 32nd part, between 256 MiB and 8 GiB.
  int64_t memory_bytes = -1;
};

// What may be given away: allowed CPUs, memory of CPU and memory-only nodes in whole MiB, healthy
// devices that the system does not use itself.
api::Allocatable allocatable(const Machine& machine, const Reserve& reserve = {});

}  // namespace freehold::discover
