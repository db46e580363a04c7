// What the importers of machine files have in common: the PCI tree as a file has it, devices with
// what is seen of them, and the last look that lets nothing through which points nowhere. Pure.
// Internal to this module.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/node.h"
#include "base/result.h"
#include "discover/import/import.h"

namespace freehold::discover {

// "00000000:C1:00.0" as "0000:c1:00.0", so that texts compare; empty when it is no PCI address.
std::string plain_address(std::string_view text);

// "ffff:00:00.0" and on, for functions of which a file tells the place and no address. `number` is
// below 65,536. Machines number their PCI domains from 0 upwards, so nothing real is there.
std::string invented_address(size_t number);

struct PciNode {
  api::PciFunction function;    // `parent` only where it is a root such as "pci0000:40"
  std::optional<size_t> above;  // index of the function above; nothing: a root, or unknown
  bool has_device = false;      // the file has a device for it
  size_t line = 0;
};

// Fills the parents. Files that were edited by hand use one address for two functions: the one that
// has a device keeps it, the others get invented addresses such as ffff:ff:01.0, as clouds give to
// switches that a guest does not see, and a note says so. Two devices at one address are refused.
Result<void> settle_addresses(const std::vector<PciNode*>& nodes, std::vector<std::string>& notes,
                              const ImportOptions& options);

// Ascending by address. Beyond limits::pci_kept, functions that are neither devices nor above one
// are left out, and a note says how many.
std::vector<api::PciFunction> sorted_pci(const std::vector<PciNode*>& nodes,
                                         std::vector<std::string>& notes);

// Adds a device and what is seen of it; a second one of its name is refused.
Result<void> add_device(HostFacts& host, api::Device device, api::NodeDevice seen,
                        const ImportOptions& options);
api::Device* find_device(HostFacts& host, std::string_view id);

// The memory node of this number, which is added when it is not there: as the last.
api::NumaNode& numa_node(HostFacts& host, int64_t id);
void sort_numa(HostFacts& host);

// The rules of the schema, and that everything which names something else in the profile names what
// is there: parents, packages, memory nodes, ends of links, devices. `invalid` with the path.
Result<void> check_host(const HostFacts& host, const ImportOptions& options);

// Notes where GPUs hang on several groups of switches and nothing says how the groups are joined.
void tell_separate_switches(const api::HardwareProfileSpec& profile,
                            std::vector<std::string>& notes);

// MB/s of a vendor's library, in one direction, as a quantity. `mb_per_second` is at most 10^9.
Quantity bandwidth_of_mb(int64_t mb_per_second);

}  // namespace freehold::discover
