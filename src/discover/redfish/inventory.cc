#include "discover/redfish/inventory.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "base/strings.h"
#include "discover/import/limits.h"
#include "discover/import/text.h"
#include "discover/limits.h"
#include "discover/parse.h"
#include "discover/redfish/facility.h"
#include "discover/redfish/limits.h"

namespace freehold::discover::redfish {

namespace {

// GT/s per lane of each generation of PCI Express.
std::string speed_of(const std::string& generation) {
  static const std::map<std::string, std::string, std::less<>> speeds{
      {"Gen1", "2.5GT/s"}, {"Gen2", "5GT/s"},  {"Gen3", "8GT/s"},
      {"Gen4", "16GT/s"},  {"Gen5", "32GT/s"}, {"Gen6", "64GT/s"}};
  const auto at = speeds.find(generation);
  return at == speeds.end() ? std::string() : at->second;
}

std::string speed_text(int64_t mbps) {
  if (mbps <= 0) return {};
  return mbps % 1000 == 0 ? std::to_string(mbps / 1000) + "Gbps" : std::to_string(mbps) + "Mbps";
}

std::string architecture_of(const std::string& instruction_set) {
  if (instruction_set == "x86-64") return "x86_64";
  if (instruction_set == "ARM-A64") return "aarch64";
  return {};
}

api::Health health_of(const Part& part) {
  if (part.health == "OK") return api::Health::healthy;
  if (part.health == "Warning") return api::Health::degraded;
  if (part.health == "Critical") return api::Health::failed;
  return api::Health::unknown;
}

std::string model_of(const Part& part) {
  if (part.manufacturer.empty() || part.model.starts_with(part.manufacturer)) return part.model;
  if (part.model.empty()) return {};
  return clean_text(part.manufacturer + " " + part.model, 128);
}

bool is_gpu(const Processor& processor) {
  return processor.type == "GPU" || processor.type == "Accelerator";
}

class Writer {
 public:
  Writer(const Survey& survey, const ImportOptions& options)
      : survey_(survey), options_(options), facility_(survey, options) {}

  Inventory run() {
    out_.source = "redfish";
    out_.confidence = api::Confidence::bmc;
    out_.notes = survey_.notes;
    for (const System& system : survey_.systems) host(system);
    if (survey_.systems.empty() && !survey_.processors.empty())
      note("processors without a system: left out");
    facility_.write(out_);
    for (HostFacts& one : out_.hosts) facility_.feed(systems_.at(one.name), one);
    fabrics();
    left_out();
    if (out_.notes.size() > limits::notes) out_.notes.resize(limits::notes);
    return std::move(out_);
  }

 private:
  void note(std::string text) { out_.notes.push_back(std::move(text)); }
  bool is_of(const Part& part, const System& system) const;
  const System* home_of(const System& board) const;
  std::string name_of(const System& system);
  void host(const System& system);
  void processors(const System& system, HostFacts& host);
  void adapters(const System& system, HostFacts& host);
  void drives(const System& system, HostFacts& host);
  void pcie(const System& system, HostFacts& host);
  void place(const System& system, HostFacts& host);
  void fabrics();
  void left_out();
  api::NodeDevice& add(HostFacts& host, api::DeviceClass cls, std::string_view stem,
                       const Part& part);

  const Survey& survey_;
  const ImportOptions& options_;
  Facility facility_;
  Inventory out_;
  std::map<std::string, const System*, std::less<>> systems_;  // by name of the host
  std::set<std::string> host_names_;
};

// Under the system, its chassis, or a chassis inside of that.
bool Writer::is_of(const Part& part, const System& system) const {
  if (part.owner == system.id) return true;
  const Chassis* in = facility_.chassis(part.owner);
  for (int depth = 0; in != nullptr && depth < 16; ++depth) {
    if (std::ranges::find(system.chassis, in->id) != system.chassis.end()) return true;
    // The chassis of another system is that system's own.
    if (!in->systems.empty()) return std::ranges::find(in->systems, system.id) != in->systems.end();
    in = facility_.chassis(in->contained_by);
  }
  return false;
}

bool has_cpu(const Survey& survey, const System& system) {
  return std::ranges::any_of(survey.processors, [&](const Processor& p) {
    return p.owner == system.id && p.type == "CPU" && !p.is_absent();
  });
}

// A board of accelerators that is shown as a system of its own belongs to the one machine that has
// CPUs; with none or several of those it stays by itself.
const System* Writer::home_of(const System& board) const {
  const bool has_accelerators = std::ranges::any_of(
      survey_.processors, [&](const Processor& p) { return p.owner == board.id && is_gpu(p); });
  if (has_cpu(survey_, board) || !has_accelerators) return nullptr;
  const System* home = nullptr;
  for (const System& other : survey_.systems) {
    if (!has_cpu(survey_, other)) continue;
    if (home != nullptr) return nullptr;
    home = &other;
  }
  return home;
}

// Without its domain, which is no part of HostName by the standard; an address has none.
std::string first_label(const std::string& name) {
  const bool is_address = name.find_first_not_of("0123456789.") == name.npos;
  return is_address ? name : name.substr(0, name.find('.'));
}

std::string Writer::name_of(const System& system) {
  std::string name = first_label(host_name_of(system.host_name));
  if (name.empty() && survey_.systems.size() == 1) name = options_.name;
  if (name.empty()) name = label_of(options_.name + "-" + last_part(system.id));
  const std::string wanted = name;
  name = unique(std::move(name), host_names_, discover::limits::host_name_bytes);
  if (name != wanted) {
    const System* first = systems_.contains(wanted) ? systems_.at(wanted) : nullptr;
    const bool is_one =
        first != nullptr && !system.serial.empty() && first->serial == system.serial;
    note(system.id + ": is called " + wanted +
         (first == nullptr ? std::string(", as another system is") : " as " + first->id + " is") +
         (is_one ? ", and has its serial number, so they may be one machine" : "") +
         "; it is called " + name + " here");
  }
  return name;
}

void Writer::host(const System& system) {
  if (home_of(system) != nullptr) return;
  if (system.type == "Virtual") return note(system.id + ": a virtual machine: left out");
  HostFacts host;
  host.name = name_of(system);
  host.profile.product = system.model;
  systems_.emplace(host.name, &system);
  std::vector<const System*> parts{&system};
  for (const System& board : survey_.systems)
    if (home_of(board) == &system) {
      parts.push_back(&board);
      note(board.id + ": has accelerators and no CPU: taken as a part of " + host.name);
    }
  for (const System* part : parts) {
    processors(*part, host);
    adapters(*part, host);
    drives(*part, host);
    pcie(*part, host);
  }
  for (const FabricSwitch& one : survey_.switches)
    if (one.type == "NVLink" && survey_.systems.size() == parts.size())
      add(host, api::DeviceClass::nvswitch, "nvswitch", one);
  place(system, host);
  host.power = facility_.power(system);
  constexpr double gib = 1 << 30;
  if (system.memory_gib && *system.memory_gib < 1e6)
    host.memory_bytes = static_cast<int64_t>(*system.memory_gib * gib);
  out_.hosts.push_back(std::move(host));
}

api::NodeDevice& Writer::add(HostFacts& host, api::DeviceClass cls, std::string_view stem,
                             const Part& part) {
  const auto number = std::ranges::count_if(host.profile.devices, [&](const api::Device& d) {
    return d.id.starts_with(stem) && parse_uint(d.id.substr(stem.size())).has_value();
  });
  api::Device device;
  device.id = std::string(stem) + std::to_string(number);
  device.cls = cls;
  device.model = model_of(part);
  device.slot = clean_text(part.label, 63);
  host.profile.devices.push_back(std::move(device));
  api::NodeDevice here;
  here.id = host.profile.devices.back().id;
  here.identity = part.serial;
  here.health = health_of(part);
  if (here.health == api::Health::degraded || here.health == api::Health::failed)
    here.reason = "the management controller says " + part.health + " of " + part.id;
  host.devices.push_back(std::move(here));
  return host.devices.back();
}

// The link of the device that was added last. A profile holds what a link can do at best with its
// PCI function, of which a controller tells no address; so a link below its best is told as one.
void link(const PcieLink& link, HostFacts& host) {
  api::NodeDevice& here = host.devices.back();
  const api::Device& device = host.profile.devices.back();
  if (const std::string speed = speed_of(link.generation); !speed.empty()) here.link_speed = speed;
  if (link.lanes > 0) here.link_width = link.lanes;
  // Accelerators run their links slowly while they rest.
  const bool may_rest = device.cls == api::DeviceClass::gpu;
  const std::string now = may_rest ? "" : speed_of(link.generation);
  const std::string best = may_rest ? "" : speed_of(link.max_generation);
  const bool narrow = link.lanes > 0 && link.lanes < link.max_lanes;
  const bool slow = !now.empty() && !best.empty() && link_speed_mt(now) < link_speed_mt(best);
  const bool is_told =
      std::ranges::find(host.degraded, device.id, &api::DegradedLink::at) != host.degraded.end();
  if ((!narrow && !slow) || is_told || host.degraded.size() >= discover::limits::degraded_links)
    return;
  const auto words = [](const std::string& speed, int64_t lanes) {
    const std::string width = lanes > 0 ? "x" + std::to_string(lanes) : "";
    return width + (speed.empty() || width.empty() ? "" : " ") + speed;
  };
  api::DegradedLink degraded{device.id, words(best, link.max_lanes), words(now, link.lanes), ""};
  // Without the id, which another source may know better.
  degraded.message = "its PCIe link runs with " + degraded.seen + ", and could with " +
                     degraded.expected +
                     "; see what its slot can do, else reseat or replace the card, riser or cable";
  host.degraded.push_back(std::move(degraded));
}

bool is_full(const HostFacts& host) {
  return host.profile.devices.size() >= discover::limits::devices;
}

void Writer::processors(const System& system, HostFacts& host) {
  for (const Processor& p : survey_.processors) {
    if (!is_of(p, system) || p.is_absent() || is_full(host)) continue;
    if (p.type == "CPU") {
      if (host.profile.packages.size() >= discover::limits::packages) continue;
      host.profile.packages.push_back(
          {static_cast<int64_t>(host.profile.packages.size()), model_of(p)});
      if (host.profile.architecture.empty())
        host.profile.architecture = architecture_of(p.instruction_set);
      continue;
    }
    const bool gpu = is_gpu(p);
    api::NodeDevice& here = add(host, gpu ? api::DeviceClass::gpu : api::DeviceClass::other,
                                gpu ? "gpu" : "processor", p);
    api::Device& device = host.profile.devices.back();
    device.memory_bytes = p.memory_bytes;
    constexpr std::string_view no_uuid = "00000000-0000-0000-0000-000000000000";
    if (!p.uuid.empty() && p.uuid != no_uuid) here.identity = p.uuid;
    for (const PowerLimit& limit : survey_.limits)
      if (limit.owner == p.id && limit.mode != "Disabled")
        here.power_limit = watts(limit.set_point);
    if (p.consumed_watts) here.power = {watts(p.consumed_watts), "redfish", {}};
    link(p.link, host);
    here.clocks.core_mhz = p.mhz;
    here.clocks.core_max_mhz = p.max_mhz;
    for (const PcieDevice& pci : survey_.pcie_devices)
      if (std::ranges::find(p.functions, pci.id) != p.functions.end() ||
          std::ranges::any_of(pci.functions, [&](const PcieFunction& f) {
            return std::ranges::find(p.functions, f.id) != p.functions.end();
          })) {
        link(pci.link, host);
      }
  }
}

void Writer::adapters(const System& system, HostFacts& host) {
  // Where the adapters themselves are told, a system's interfaces are theirs.
  const bool has_adapters = std::ranges::any_of(survey_.adapters, [&](const Adapter& a) {
    return a.kind == AdapterKind::network && is_of(a, system);
  });
  for (const Adapter& a : survey_.adapters) {
    if (!is_of(a, system) || a.is_absent() || is_full(host)) continue;
    if (a.kind == AdapterKind::interface && has_adapters) continue;
    const bool rdma = std::ranges::any_of(
        a.ports, [](const Port& port) { return port.link_layer == "InfiniBand"; });
    const bool fabric = a.kind == AdapterKind::fabric;
    api::NodeDevice& here = add(host,
                                fabric ? api::DeviceClass::other
                                : rdma ? api::DeviceClass::rdma_nic
                                       : api::DeviceClass::nic,
                                fabric ? "fabric" : "nic", a);
    int64_t most = 0;
    for (const Port& port : a.ports) {
      if (std::ranges::find(here.ports, port.number, &api::DevicePort::number) != here.ports.end())
        continue;
      api::DevicePort& told = here.ports.emplace_back();
      told.number = port.number;
      told.identity = port.identity;
      told.state = clean_text(port.state, 32);
      told.link_layer = clean_text(port.link_layer, 32);
      told.speed = speed_text(port.mbps).substr(0, 16);
      most = std::max(most, port.max_mbps);
    }
    if (here.identity.empty() && !here.ports.empty()) here.identity = here.ports.front().identity;
    host.profile.devices.back().speed = speed_text(most);
  }
}

void Writer::drives(const System& system, HostFacts& host) {
  for (const Drive& drive : survey_.drives) {
    if (!is_of(drive, system) || drive.is_absent() || is_full(host)) continue;
    const bool nvme = drive.protocol.starts_with("NVMe");
    add(host, nvme ? api::DeviceClass::nvme : api::DeviceClass::other, nvme ? "nvme" : "drive",
        drive);
    host.profile.devices.back().memory_bytes = drive.bytes;
  }
}

// CXL memory, and the accelerators of services that list no processors for them.
void Writer::pcie(const System& system, HostFacts& host) {
  const bool has_gpus = std::ranges::any_of(
      survey_.processors, [&](const Processor& p) { return is_gpu(p) && is_of(p, system); });
  for (const PcieDevice& pci : survey_.pcie_devices) {
    if (!is_of(pci, system) || pci.is_absent() || is_full(host)) continue;
    const auto is_accelerator = [](const PcieFunction& f) {
      return !f.has_processor &&
             (f.class_code.starts_with("0302") || f.class_code.starts_with("1200"));
    };
    if (pci.cxl == "Type3") {
      add(host, api::DeviceClass::cxl, "cxl", pci);
      host.profile.devices.back().memory_bytes = pci.cxl_bytes;
    } else if (!has_gpus && std::ranges::any_of(pci.functions, is_accelerator)) {
      add(host, api::DeviceClass::gpu, "gpu", pci);
    } else {
      continue;
    }
    link(pci.link, host);
    const auto& functions = pci.functions;
    if (host.profile.devices.back().model.empty() && !functions.empty() &&
        !functions.front().vendor.empty())
      host.profile.devices.back().model = functions.front().vendor + ":" + functions.front().device;
  }
}

// A machine in an enclosure stands somewhere in it; the enclosure's unit and height are not its
// own.
void Writer::place(const System& system, HostFacts& host) {
  if (system.chassis.empty()) return;
  const std::string& id = system.chassis.front();
  const Chassis* own = facility_.chassis(id);
  const Place place = facility_.place(id);
  host.rack = facility_.rack_of(place);
  const bool is_shared = std::ranges::any_of(survey_.systems, [&](const System& other) {
    return &other != &system && home_of(other) != &system &&
           std::ranges::find(other.chassis, id) != other.chassis.end();
  });
  if (own != nullptr && !is_shared) host.height = own->height;
  const bool is_own = own != nullptr && !own->place.rack.empty() && !is_shared;
  if (is_own) host.unit = place.unit;
  if (!is_own && place.unit > 0)
    note(host.name + ": stands in a case at unit " + std::to_string(place.unit) + " of rack " +
         host.rack + " that may hold others, too; its own unit is not told");
}

// Switches that are not inside of the one machine. Which port leads where is left to the fabric's
// own tools.
void Writer::fabrics() {
  std::map<std::string, api::Fabric> by_name;
  for (const FabricSwitch& one : survey_.switches) {
    if (one.type == "NVLink" && out_.hosts.size() == 1) continue;
    const std::string name = label_of(options_.name + "-" + one.fabric);
    api::Fabric& fabric = by_name[name];
    fabric.metadata.name = name;
    fabric.spec.site = options_.site;
    fabric.spec.technology = clean_text(one.type, 63);
    fabric.spec.kind = one.type == "NVLink"                             ? api::FabricKind::scale_up
                       : one.type == "InfiniBand"                       ? api::FabricKind::rdma
                       : one.type == "Ethernet"                         ? api::FabricKind::data
                       : one.type == "FC" || one.type == "FibreChannel" ? api::FabricKind::storage
                                                                        : api::FabricKind::pcie;
    api::FabricSwitch here;
    here.name = clean_text(last_part(one.id), 253);
    here.identity = one.serial;
    if (std::ranges::find(fabric.spec.switches, here.name, &api::FabricSwitch::name) ==
            fabric.spec.switches.end() &&
        fabric.spec.switches.size() < 1'024)
      fabric.spec.switches.push_back(std::move(here));
  }
  for (auto& [name, fabric] : by_name) out_.fabrics.push_back(std::move(fabric));
}

// What was read and has no place in the objects.
void Writer::left_out() {
  for (const HostFacts& host : out_.hosts) {
    if (is_full(host)) note(host.name + ": more devices than a profile may have");
  }
  const auto belongs = [&](const Part& part) {
    return std::ranges::any_of(survey_.systems,
                               [&](const System& system) { return is_of(part, system); });
  };
  for (const PcieDevice& pci : survey_.pcie_devices)
    if (!pci.cxl.empty() && !belongs(pci)) note(pci.id + ": belongs to no system: left out");
  for (const Processor& p : survey_.processors)
    if (!survey_.systems.empty() && !belongs(p)) note(p.id + ": belongs to no system: left out");
}

}  // namespace

Inventory inventory(const Survey& survey, const ImportOptions& options) {
  return Writer(survey, options).run();
}

}  // namespace freehold::discover::redfish
