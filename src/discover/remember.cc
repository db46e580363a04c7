// What was known of a machine and what is seen now. Indexes move when a device goes away, so ids
// are kept by address: whoever holds "gpu5" holds the same card as long as this machine is known.
#include <algorithm>
#include <map>
#include <set>

#include "base/strings.h"
#include "discover/discovery.h"
#include "discover/gpu_models.h"
#include "discover/limits.h"
#include "discover/parse.h"

namespace freehold::discover {

namespace {

using Ids = std::map<std::string, std::string>;  // as found to as known

// Index of the device that this one was; nothing when it is new.
std::optional<size_t> find_known(const api::HardwareProfileSpec& known, const api::Device& device) {
  for (size_t i = 0; i < known.devices.size(); ++i) {
    const api::Device& other = known.devices[i];
    if (other.cls != device.cls) continue;
    const bool same = device.address.empty() || other.address.empty()
                          ? other.id == device.id && other.address == device.address
                          : other.address == device.address;
    if (same) return i;
  }
  return std::nullopt;
}

std::string without_number(const std::string& id) {
  size_t end = id.size();
  while (end > 0 && id[end - 1] >= '0' && id[end - 1] <= '9') --end;
  return id.substr(0, end);
}

Ids name_anew(const api::HardwareProfileSpec& known, const Machine& now) {
  Ids out;
  std::set<std::string> taken;
  for (const api::Device& device : known.devices) taken.insert(device.id);
  for (const api::Device& device : now.profile.devices)
    if (const auto at = find_known(known, device)) out[device.id] = known.devices[*at].id;
  for (const api::Device& device : now.profile.devices) {
    if (out.contains(device.id)) continue;
    std::string id = device.id;
    for (size_t i = 0; !taken.insert(id).second; ++i)
      id = without_number(device.id) + std::to_string(i);
    out[device.id] = id;
  }
  return out;
}

void rename(const Ids& ids, std::string& id) {
  if (const auto found = ids.find(id); found != ids.end()) id = found->second;
}

void rename_all(const Ids& ids, Machine& now) {
  for (api::Device& device : now.profile.devices) {
    rename(ids, device.id);
    for (api::DeviceLink& link : device.links) rename(ids, link.to);
  }
  for (api::NodeDevice& seen : now.devices) {
    rename(ids, seen.id);
    for (api::LinkNow& link : seen.links) rename(ids, link.to);
  }
  for (DeviceAccess& access : now.access) rename(ids, access.id);
  for (api::NumaNode& node : now.profile.numa) rename(ids, node.device);
  for (api::DegradedLink& link : now.degraded) rename(ids, link.at);
  for (RdmaLimits& limits : now.rdma) rename(ids, limits.device);
  for (EnergyCounter& counter : now.energy) rename(ids, counter.device);
  for (api::Provenance& said : now.provenance) {
    if (!said.field.starts_with("devices[") || !said.field.ends_with("]")) continue;
    std::string id = said.field.substr(8, said.field.size() - 9);
    rename(ids, id);
    said.field = "devices[" + id + "]";
  }
}

int64_t rate_of(const std::string& speed) {
  const auto rate = Quantity::parse(speed, Dimension::bandwidth);
  return rate.ok() ? rate->value() : 0;
}

void degrade(Machine& now, size_t index, std::string expected, std::string seen,
             const std::string& message) {
  if (now.degraded.size() < limits::degraded_links)
    now.degraded.push_back({now.devices[index].id, std::move(expected), std::move(seen),
                            clean_text(message, limits::reason_characters)});
  api::NodeDevice& device = now.devices[index];
  if (device.health >= api::Health::degraded) return;
  device.health = api::Health::degraded;
  device.reason = clean_text(message, limits::reason_characters);
}

bool is_told(const Machine& now, const std::string& id) {
  return std::any_of(now.degraded.begin(), now.degraded.end(),
                     [&](const api::DegradedLink& link) { return link.at == id; });
}

// A rail that was faster, or that had a link at all.
void keep_speed(const api::Device& known, Machine& now, size_t index) {
  api::Device& device = now.profile.devices[index];
  const std::string seen = device.speed;
  if (rate_of(seen) >= rate_of(known.speed)) return;
  device.speed = known.speed;
  if (is_told(now, device.id)) return;
  degrade(now, index, known.speed, seen.empty() ? "no link" : seen,
          "the network link of " + device.id + (seen.empty() ? " is down" : " runs at " + seen) +
              "; it has run at " + known.speed + "; check cable and switch port");
}

// Links that were seen stay part of the model of the machine, up or not.
void keep_links(const api::Device& known, Machine& now, size_t index) {
  api::Device& device = now.profile.devices[index];
  api::NodeDevice& seen = now.devices[index];
  // Who tells of links may be away, such as a library while its driver is exchanged.
  const std::string credit = "devices[" + device.id + "]";
  const bool told =
      !seen.links.empty() ||
      std::any_of(now.provenance.begin(), now.provenance.end(), [&](const auto& said) {
        return said.field == credit && said.confidence == api::Confidence::vendor_library;
      });
  if (!told) {
    device.links = known.links;
    return;
  }
  int64_t all = 0, up = 0;
  for (const api::DeviceLink& was : known.links) {
    const auto same = [&](const auto& link) { return link.to == was.to && link.kind == was.kind; };
    const auto found = std::find_if(device.links.begin(), device.links.end(), same);
    if (found == device.links.end()) {
      if (device.links.size() < limits::device_links) device.links.push_back(was);
      seen.links.push_back({was.to, was.kind, 0, {}});
    } else if (found->count <= was.count) {
      *found = was;
    }
  }
  // In the order that was known: the links to a device that is gone came last just now.
  const auto rank = [&](const api::DeviceLink& link) {
    return std::find_if(known.links.begin(), known.links.end(), [&](const auto& was) {
      return link.to == was.to && link.kind == was.kind;
    });
  };
  std::stable_sort(device.links.begin(), device.links.end(),
                   [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
  const auto counts = [](api::LinkKind kind) {
    return kind == api::LinkKind::nvlink || kind == api::LinkKind::xgmi;
  };
  for (const api::DeviceLink& link : device.links) all += counts(link.kind) ? link.count : 0;
  for (const api::LinkNow& link : seen.links) up += counts(link.kind) ? link.up : 0;
  if (up >= all || is_told(now, device.id) || seen.health == api::Health::failed) return;
  degrade(now, index, std::to_string(all) + " scale-up links",
          std::to_string(up) + " scale-up links",
          std::to_string(up) + " of " + std::to_string(all) + " scale-up links of " + device.id +
              " at " + device.address + " are up; reset it, and replace it if they stay down");
}

// A card that has fallen off the bus may still be listed, with its ids and nothing else: what it
// was called, and the best of its link, are as they were.
void keep_functions_that_are_silent(const api::HardwareProfileSpec& known, Machine& now) {
  std::map<std::string_view, const api::PciFunction*> was;
  for (const api::PciFunction& function : known.pci) was[function.address] = &function;
  std::map<std::string_view, std::string> ids;
  for (api::PciFunction& function : now.profile.pci) {
    const auto found = was.find(function.address);
    if (found == was.end() || function.vendor.empty()) continue;
    const api::PciFunction& before = *found->second;
    if (function.vendor != before.vendor || function.device != before.device) continue;
    ids[function.address] = function.vendor + ":" + function.device;
    if (function.numa < 0) function.numa = before.numa;
    // All bits are set in what it answers: no lanes, and a speed that means nothing.
    if (function.link_width > 0 || before.link_width == 0) continue;
    function.link_width = before.link_width;
    function.link_speed = before.link_speed;
  }
  for (api::Device& device : now.profile.devices) {
    const auto of_card = ids.find(device.address);
    if (of_card == ids.end()) continue;
    const GpuModel* model = find_gpu_model(of_card->second);
    // Nobody but the ids says what it is.
    if (device.model != of_card->second && (model == nullptr || device.model != model->name))
      continue;
    if (const auto at = find_known(known, device)) device.model = known.devices[*at].model;
  }
}

void keep_facts(const api::Device& known, Machine& now, size_t index) {
  api::Device& device = now.profile.devices[index];
  // A card of another model in this slot has facts of its own.
  if (device.model != known.model) return;
  if (device.numa < 0) device.numa = known.numa;
  if (device.memory_bytes == 0) device.memory_bytes = known.memory_bytes;
  if (device.slot.empty()) device.slot = known.slot;
  keep_speed(known, now, index);
  keep_links(known, now, index);
}

void keep_missing(const api::Device& known, Machine& now) {
  if (now.profile.devices.size() >= limits::devices) return;
  api::NodeDevice seen;
  seen.id = known.id;
  seen.health = api::Health::failed;
  std::string place = known.address.empty() ? "" : " at " + known.address;
  if (!known.slot.empty()) place += " (" + known.slot + ")";
  seen.reason = clean_text(known.id + place +
                               " was there and is gone from the machine; reseat or "
                               "replace it, or let the agent forget it (--forget-missing)",
                           limits::reason_characters);
  for (const api::DeviceLink& link : known.links) seen.links.push_back({link.to, link.kind, 0, {}});
  now.profile.devices.push_back(known);
  now.devices.push_back(std::move(seen));
  now.access.push_back({known.id, {}, {}, {}});
}

// All functions of the cards that are gone, and the bridges that led there.
void keep_functions(const api::HardwareProfileSpec& known, const std::set<std::string>& gone,
                    Machine& now) {
  std::map<std::string, const api::PciFunction*> was;
  const auto card_of = [](const std::string& address) {
    return address.substr(0, address.rfind('.'));
  };
  std::set<std::string> cards, addresses;
  for (const std::string& address : gone) cards.insert(card_of(address));
  for (const api::PciFunction& function : known.pci) {
    was[function.address] = &function;
    if (cards.contains(card_of(function.address))) addresses.insert(function.address);
  }
  std::set<std::string> has;
  for (const api::PciFunction& function : now.profile.pci) has.insert(function.address);
  for (std::string address : addresses)
    for (size_t depth = 0; depth < limits::pci_depth; ++depth) {
      const auto found = was.find(address);
      if (found == was.end() || now.profile.pci.size() >= limits::pci_kept) break;
      if (has.insert(address).second) now.profile.pci.push_back(*found->second);
      address = found->second->parent;
    }
  std::sort(now.profile.pci.begin(), now.profile.pci.end(), [](const auto& a, const auto& b) {
    return parse_pci_address(a.address) < parse_pci_address(b.address);
  });
}

// Memory of a device that is gone, or whose driver says nothing now, is still memory of that
// device: it is no memory of the system, and the profile stays.
void keep_memory_nodes(const api::HardwareProfileSpec& known, Machine& now) {
  const auto model_of = [](const std::vector<api::Device>& devices, const std::string& id) {
    const auto found = std::ranges::find(devices, id, &api::Device::id);
    return found == devices.end() ? std::nullopt : std::optional(found->model);
  };
  for (api::NumaNode& node : now.profile.numa) {
    const auto was = std::ranges::find(known.numa, node.id, &api::NumaNode::id);
    if (was == known.numa.end() || was->device.empty()) continue;
    // Nodes may be numbered anew; one with other CPUs is another node.
    if (!node.device.empty() || node.cpus != was->cpus) continue;
    const auto model = model_of(now.profile.devices, was->device);
    if (!model || model != model_of(known.devices, was->device)) continue;
    node.device = was->device;
    node.cls = was->cls;
    node.memory_bytes = was->memory_bytes;
  }
}

// In the order that was known, then what is new.
void sort_devices(const api::HardwareProfileSpec& known, Machine& now) {
  std::map<std::string, size_t> rank;
  for (size_t i = 0; i < known.devices.size(); ++i) rank[known.devices[i].id] = i;
  std::vector<size_t> order(now.profile.devices.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  const auto rank_of = [&](size_t i) {
    const auto found = rank.find(now.profile.devices[i].id);
    return found == rank.end() ? known.devices.size() + i : found->second;
  };
  std::sort(order.begin(), order.end(),
            [&](size_t a, size_t b) { return rank_of(a) < rank_of(b); });
  Machine sorted;
  for (const size_t i : order) {
    sorted.profile.devices.push_back(std::move(now.profile.devices[i]));
    sorted.devices.push_back(std::move(now.devices[i]));
    sorted.access.push_back(std::move(now.access[i]));
  }
  now.profile.devices = std::move(sorted.profile.devices);
  now.devices = std::move(sorted.devices);
  now.access = std::move(sorted.access);
}

}  // namespace

void remember(const api::HardwareProfileSpec& known, Machine& now) {
  if (known.devices.empty() || known.product != now.profile.product) return;
  rename_all(name_anew(known, now), now);
  keep_functions_that_are_silent(known, now);
  std::set<std::string> gone;
  std::vector<bool> is_there(known.devices.size(), false);
  for (size_t i = 0; i < now.profile.devices.size(); ++i) {
    const auto at = find_known(known, now.profile.devices[i]);
    if (!at || is_there[*at]) continue;
    is_there[*at] = true;
    keep_facts(known.devices[*at], now, i);
  }
  for (size_t i = 0; i < known.devices.size(); ++i) {
    if (is_there[i]) continue;
    keep_missing(known.devices[i], now);
    if (!known.devices[i].address.empty()) gone.insert(known.devices[i].address);
  }
  keep_functions(known, gone, now);
  keep_memory_nodes(known, now);
  sort_devices(known, now);
}

}  // namespace freehold::discover
