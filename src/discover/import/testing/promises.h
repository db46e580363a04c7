// What holds of everything that an importer accepts, whatever the file was: every reference leads
// to something that is there. Header only, so that fuzzers need no test library.
#pragma once

#include <set>
#include <string>

#include "base/check.h"
#include "base/strings.h"
#include "discover/import/import.h"
#include "discover/import/limits.h"
#include "discover/parse.h"

namespace freehold::discover::testing {

inline std::string broken_promise(const api::FabricSpec& fabric) {
  std::set<std::string_view> switches, machines;
  for (const api::FabricSwitch& there : fabric.switches) {
    if (!switches.insert(there.name).second) return "two switches are " + there.name;
    for (const std::string& node : there.nodes) machines.insert(node);
  }
  for (const api::FabricLink& link : fabric.links) {
    const bool to_other = link.to.find('/') != link.to.npos;
    if (!switches.contains(link.from)) return "a link begins nowhere, at " + link.from;
    if (!to_other && !switches.contains(link.to) && !machines.contains(link.to))
      return "a link ends nowhere, at " + link.to;
  }
  for (const api::FabricAdapter& adapter : fabric.adapters)
    if (!switches.contains(adapter.at)) return "an adapter hangs nowhere, on " + adapter.at;
  return {};
}

inline std::string broken_promise(const HostFacts& host) {
  const api::HardwareProfileSpec& profile = host.profile;
  std::set<std::string> ends, addresses;
  for (const api::Package& package : profile.packages)
    ends.insert("package" + std::to_string(package.id));
  for (const api::NumaNode& numa : profile.numa) ends.insert("numa" + std::to_string(numa.id));
  std::set<std::string> devices;
  for (const api::Device& device : profile.devices)
    if (!devices.insert(device.id).second) return "two devices are " + device.id;
  ends.insert(devices.begin(), devices.end());
  for (const api::PciFunction& function : profile.pci) addresses.insert(function.address);
  for (const api::PciFunction& function : profile.pci)
    if (!function.parent.empty() && !is_pci_root(function.parent) &&
        !addresses.contains(function.parent))
      return function.address + " hangs below " + function.parent + ", which is not there";
  for (const api::Device& device : profile.devices)
    for (const api::DeviceLink& link : device.links)
      if (!ends.contains(link.to)) return device.id + " is linked to " + link.to + ", which is not";
  for (const api::NumaNode& numa : profile.numa)
    if (!numa.device.empty() && !devices.contains(numa.device))
      return "memory of " + numa.device + ", which is not there";
  for (const api::NodeDevice& device : host.devices) {
    if (!devices.contains(device.id)) return "a state of " + device.id + ", which is not there";
    for (const api::LinkNow& link : device.links)
      if (!ends.contains(link.to)) return device.id + " is linked to " + link.to + ", which is not";
  }
  return {};
}

// Empty when all promises are kept.
inline std::string broken_promise(const Inventory& inventory) {
  for (const std::string& note : inventory.notes)
    if (!is_utf8(note) || note.size() > limits::note_bytes) return "a note is no text";
  if (inventory.notes.size() > limits::import_notes) return "more notes than anyone reads";
  for (const HostFacts& host : inventory.hosts)
    if (std::string broken = broken_promise(host); !broken.empty()) return broken;
  for (const api::Fabric& fabric : inventory.fabrics)
    if (std::string broken = broken_promise(fabric.spec); !broken.empty()) return broken;
  return {};
}

// The options that the functions below read and merge with.
inline ImportOptions promise_options() { return {"file", "imported", "fra1"}; }

// Merges as the command line does. Empty when what was accepted keeps its promises, and what was
// refused says why.
inline std::string import_faults(Result<Inventory> inventory) {
  const auto reason_of = [](const Error& error) -> std::string {
    return error.message.empty() || !is_utf8(error.message) ? "a refusal without a reason" : "";
  };
  if (!inventory) return reason_of(inventory.error());
  if (std::string broken = broken_promise(*inventory); !broken.empty()) return broken;
  std::vector<Inventory> all;
  all.push_back(std::move(*inventory));
  const auto merged = merge(std::move(all), promise_options());
  if (!merged) return reason_of(merged.error());
  for (const api::Object& object : merged->objects)
    if (const auto* fabric = object.as<api::Fabric>())
      if (std::string broken = broken_promise(fabric->spec); !broken.empty()) return broken;
  return {};
}

using ReadText = Result<Inventory>(std::string_view, const ImportOptions&);
inline std::string import_faults(std::string_view text, ReadText* read) {
  return import_faults(read(text, promise_options()));
}

}  // namespace freehold::discover::testing
