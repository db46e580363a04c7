// What hardware a machine has: sysfs and procfs through a Root, and the accelerators' own libraries
// where they are given (vendor.h). Nothing is assumed: what cannot be read is unknown (-1, "",
// Health::unknown), and one broken device costs a note, never the others. Runs no commands. Takes
// some milliseconds, up to a second on the largest machines; call it from one thread at a time. To
// look at one machine again and again, see discovery.h.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "api/node.h"
#include "base/result.h"
#include "discover/root.h"
#include "discover/vendor.h"

namespace freehold::discover {

// By which names this machine reaches a device of its profile.
struct DeviceAccess {
  std::string id;                       // as in the profile
  std::vector<std::string> files;       // "/dev/nvidia0", "/dev/nvme0n1", "/dev/infiniband/uverbs0"
  std::vector<std::string> interfaces;  // network interfaces: "eth0"
  std::string used_by_system;  // why it is not for others, e.g. "mounted at /"; empty: free
};

// Rises while the machine draws; what it drew is the difference of two looks.
struct EnergyCounter {
  std::string name;  // "package-0", "psys", "energy1"
  int64_t microjoules = 0;
  int64_t wraps_at = 0;  // begins anew beyond this; 0: never
  std::string device{};  // id of the one that draws; empty: the machine itself
};

// What a part drew on average since the look before, by its own meter; of a device whose meter
// counts nothing, what it draws now.
struct MeanDraw {
  std::string device;  // empty: all processors
  int64_t milliwatts = 0;
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
  std::string firmware;         // of the board: its BIOS; empty: unknown
  bool is_virtual = false;      // a guest: PCI paths and NUMA may be made up by the hypervisor
  api::NodePower power;         // of the machine as a whole; `at` is the caller's to set
  std::string scale_up_domain;  // "ClusterUUID.CliqueID"; empty: none, or unknown
  std::string bmc_address;      // at which this machine's own controller answers; empty: unknown
  std::vector<EnergyCounter> energy;  // in the order of their names
  std::vector<MeanDraw> drawn;        // what has a meter; Discovery's, from its second look on
  Duration looked_at;                 // by the clock that was given to Discovery
  Quantity accelerator_power;         // all of them together; unset: unknown
  std::string accelerator_source;     // who said so
  std::vector<RdmaLimits> rdma;       // as their library tells them
  std::vector<api::Provenance> provenance;  // which source said what; `at` is the caller's to set
  std::vector<std::string> notes;           // for people: what could not be read, what was left out
};

// Fails only when the root itself cannot be read or has no CPU. `libraries`: null for none.
Result<Machine> discover(const Root& root, VendorLibraries* libraries = nullptr);

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
