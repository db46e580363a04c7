// One machine out of what several sources say of it: devices are matched, then everything is laid
// together field by field. Pure. Internal to this module.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "discover/import/import.h"
#include "discover/import/merge_fields.h"

namespace freehold::discover {

struct HostClaim {
  Speaker speaker;
  HostFacts facts;
  std::map<std::string, int64_t> switch_links{};  // of devices, of a source that knows no switches
};
struct MergedHost {
  HostFacts facts;
  // What the firm sources (sysfs and better) say alone: what a machine is held to once its agent
  // looks. What a cluster's configuration or a name suggests is in `facts` only, and so is what an
  // importer had to make up: places, cards without a name. Switches that nobody sees stay for the
  // links that lead to them.
  api::HardwareProfileSpec expected;
  std::vector<api::Provenance> provenance;
  std::vector<api::Conflict> conflicts;
  std::vector<std::string> notes;
  bool memory_is_total = false;  // of several packages, as one memory node
};
// All of one machine, at least one; the firmest source counts first, in equal rank the one that was
// given first.
Result<MergedHost> merge_host(std::vector<HostClaim> claims);

// Whether the same sources say the same of two machines, but for their names.
bool say_the_same(const std::vector<HostClaim>& a, const std::vector<HostClaim>& b);

// "0x506b4b0300b56c3c" and "506b:4b03:00b5:6c3c" are one identity: lower case, without signs.
// So are NVML's "GPU-1b2c..." and the bare UUID that a management controller tells.
std::string plain_identity(std::string_view text);
// The firmest first; what is unknown comes last.
int rank_of(api::Confidence confidence);

}  // namespace freehold::discover
