// Changes to all that one source says of a machine: devices get other ids, or are left out. Pure.
// Internal to this module.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "discover/import/merge_host.h"

namespace freehold::discover {

using Renamed = std::map<std::string, std::string, std::less<>>;  // from, to

void rename_all(HostClaim& claim, const Renamed& to);
// What it says of the state of one device.
void forget_seen(HostFacts& facts, const std::string& id);
// The device itself, and links to it.
void leave_out(HostFacts& facts, const std::string& id);
// " (gpu3 is failed there)": what should not get lost with devices that are left out; or empty.
std::string bad_words(const HostFacts& facts, const std::vector<std::string>& ids);

}  // namespace freehold::discover
