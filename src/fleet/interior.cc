#include "fleet/interior.h"

#include <algorithm>
#include <numeric>
#include <tuple>

#include "base/strings.h"
#include "fleet/hash.h"

namespace freehold::fleet {
namespace {

constexpr int64_t local_distance = 10, same_package = 12, other_package = 20,
                  unknown_distance = 100;

int64_t distance_between(const api::HardwareProfileSpec& spec, const std::vector<Cell>& cells,
                         size_t from, size_t to) {
  if (from == to) return local_distance;
  // Distances stand in the order of the profile's list; the cells keep that order.
  if (from < spec.numa.size() && to < spec.numa[from].distances.size())
    return spec.numa[from].distances[to];
  if (from >= spec.numa.size() || to >= spec.numa.size()) return unknown_distance;
  return cells[from].package == cells[to].package ? same_package : other_package;
}

const api::PciFunction* find_function(const api::HardwareProfileSpec& spec, std::string_view at) {
  for (const api::PciFunction& f : spec.pci)
    if (f.address == at) return &f;
  return nullptr;
}

// The root above a function; empty when the tree does not say.
std::string root_of(const api::HardwareProfileSpec& spec, std::string_view address) {
  const api::PciFunction* at = find_function(spec, address);
  for (size_t steps = 0; at != nullptr && steps < spec.pci.size(); ++steps) {
    if (at->parent.starts_with("pci")) return at->parent;
    at = find_function(spec, at->parent);
  }
  return {};
}

auto features(const DeviceKind& k) {
  return std::tie(k.cls, k.model, k.pci_ids, k.memory_bytes, k.cell, k.package, k.root);
}

}  // namespace

Interior::Interior(const api::HardwareProfile& profile)
    : profile_(profile.metadata.name), is_complete_(true) {
  add_cells(profile.spec);
  add_cores(profile.spec);
  add_devices(profile.spec);
  machine_ = std::make_unique<const MachineGraph>(profile.spec);
  paths_ = std::make_unique<const PathTable>(*machine_, When::at_best);
  finish();
}

Interior::Interior(const api::Allocatable& allocatable) {
  for (const api::MemoryShare& share : allocatable.memory) {
    if (cells_.size() == most_cells) break;
    if (find_cell(share.node)) continue;
    Cell& cell = cells_.emplace_back();
    cell.id = share.node;
    cell.memory_bytes = share.bytes;
  }
  cpus_ = Bits::of_list(allocatable.cpus);
  if (!allocatable.devices.empty()) kinds_.emplace_back();
  for (const std::string& id : allocatable.devices) devices_.push_back({id, 0});
  finish();
}

void Interior::add_cells(const api::HardwareProfileSpec& spec) {
  for (const api::NumaNode& numa : spec.numa) {
    if (cells_.size() == most_cells - 1) break;  // one is kept for CPUs that no node names
    Cell& cell = cells_.emplace_back();
    cell.id = numa.id;
    cell.cls = numa.cls;
    cell.package = numa.package;
    cell.cpus = Bits::of_list(numa.cpus) - cpus_;  // a CPU that is named twice counts once
    cell.memory_bytes = numa.memory_bytes;
    cpus_ |= cell.cpus;
  }
  const Bits rest = Bits::of_list(spec.cpus) - cpus_;
  if (!rest.empty()) {
    Cell& cell = cells_.emplace_back();
    cell.cls = api::NumaClass::cpu_only;
    cell.cpus = rest;
    cpus_ |= rest;
  }
  for (size_t from = 0; from < cells_.size(); ++from) {
    std::vector<uint16_t>& order = cells_[from].nearest;
    order.resize(cells_.size());
    std::iota(order.begin(), order.end(), uint16_t{0});
    std::stable_sort(order.begin(), order.end(), [&](uint16_t a, uint16_t b) {
      return distance_between(spec, cells_, from, a) < distance_between(spec, cells_, from, b);
    });
  }
}

void Interior::add_cores(const api::HardwareProfileSpec& spec) {
  Bits seen;
  for (const std::string& list : spec.cores) {
    Bits core = (Bits::of_list(list) & cpus_) - seen;
    if (core.empty()) continue;
    seen |= core;
    cores_.push_back(std::move(core));
  }
  // A thread that no core names is a core of its own.
  (cpus_ - seen).each([&](uint32_t cpu) { cores_.push_back(Bits::of({cpu})); });
}

void Interior::add_devices(const api::HardwareProfileSpec& spec) {
  // In a guest the locality is often unknown; where there is but one place, it is no question.
  int only_cell = -1;
  size_t with_cpus = 0;
  for (size_t c = 0; c < cells_.size(); ++c) {
    if (cells_[c].cpus.empty()) continue;
    only_cell = static_cast<int>(c);
    ++with_cpus;
  }
  for (const api::Device& device : spec.devices) {
    if (devices_.size() == most_cells) break;
    DeviceKind kind;
    kind.cls = device.cls;
    kind.model = device.model;
    kind.memory_bytes = device.memory_bytes;
    const api::PciFunction* function = find_function(spec, device.address);
    if (function != nullptr && !function->vendor.empty())
      kind.pci_ids = function->vendor + ":" + function->device;
    int64_t numa = device.numa;
    if (numa < 0 && function != nullptr) numa = function->numa;
    if (const auto cell = find_cell(numa); numa >= 0 && cell) kind.cell = static_cast<int>(*cell);
    if (kind.cell < 0 && with_cpus == 1) kind.cell = only_cell;
    if (kind.cell >= 0) kind.package = cells_[static_cast<size_t>(kind.cell)].package;
    kind.root = root_of(spec, device.address);
    auto at = std::find_if(kinds_.begin(), kinds_.end(), [&](const DeviceKind& other) {
      return features(other) == features(kind);
    });
    if (at == kinds_.end()) at = kinds_.insert(at, std::move(kind));
    at->devices.add(devices_.size());
    devices_.push_back({device.id, static_cast<uint16_t>(at - kinds_.begin())});
  }
}

void Interior::finish() {
  for (size_t i = 0; i < devices_.size(); ++i)
    device_index_.emplace_back(devices_[i].id, static_cast<uint16_t>(i));
  std::sort(device_index_.begin(), device_index_.end());
  Hash h;
  h.add(profile_).add(uint64_t{is_complete_});
  for (const Cell& cell : cells_) {
    h.add(cell.id).add(static_cast<uint64_t>(cell.cls)).add(cell.package);
    h.add(cell.cpus.hash()).add(cell.memory_bytes);
    for (const uint16_t near : cell.nearest) h.add(uint64_t{near});
  }
  for (const DeviceKind& kind : kinds_) {
    h.add(static_cast<uint64_t>(kind.cls)).add(kind.model).add(kind.pci_ids);
    h.add(kind.memory_bytes).add(int64_t{kind.cell}).add(kind.package).add(kind.root);
    h.add(kind.devices.hash());
  }
  for (const InteriorDevice& device : devices_) h.add(device.id);
  for (const Bits& core : cores_) h.add(core.hash());
  h.add(cpus_.hash());
  if (paths_) h.add(paths_->hash());
  hash_ = h.value();
}

std::optional<size_t> Interior::find_device(std::string_view id) const {
  const auto at = std::lower_bound(
      device_index_.begin(), device_index_.end(), id,
      [](const auto& item, std::string_view wanted) { return item.first < wanted; });
  if (at == device_index_.end() || at->first != id) return std::nullopt;
  return at->second;
}

std::optional<size_t> Interior::find_cell(int64_t numa_id) const {
  for (size_t c = 0; c < cells_.size(); ++c)
    if (cells_[c].id == numa_id) return c;
  return std::nullopt;
}

}  // namespace freehold::fleet
