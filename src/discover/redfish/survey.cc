#include "discover/redfish/survey.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/strings.h"
#include "discover/limits.h"
#include "discover/parse.h"
#include "discover/redfish/contradictions.h"
#include "discover/redfish/view.h"

namespace freehold::discover::redfish {

namespace {

constexpr double mib = 1 << 20;

// The units that a height takes, from the millimetres that a case has.
int64_t rack_units(const json::Value& body) {
  constexpr double unit_mm = 44.45;
  const auto height = number(body, "HeightMm");
  if (!height || *height < unit_mm / 2 || *height > unit_mm * 100) return 0;
  return static_cast<int64_t>(*height / unit_mm + 0.5);
}

std::optional<double> first_of(std::initializer_list<std::optional<double>> values) {
  for (const auto& value : values)
    if (value) return value;
  return std::nullopt;
}

PcieLink read_link(const json::Value& body, const std::string& path) {
  PcieLink link;
  link.generation = text(body, path + ".PCIeType");
  link.max_generation = text(body, path + ".MaxPCIeType");
  link.lanes = whole(body, path + ".LanesInUse", 64);
  link.max_lanes = whole(body, path + ".MaxLanes", 64);
  return link;
}

class Surveyor {
 public:
  explicit Surveyor(const Crawl& crawl) : view_(crawl.documents()) {
    out_.notes = crawl.notes();
    tell_contradictions(crawl.documents(), out_.notes);
  }

  Survey run() {
    if (const json::Value* root = view_.find(root_id, "ServiceRoot")) {
      out_.vendor = text(*root, "Vendor");
      out_.product = text(*root, "Product");
      out_.version = text(*root, "RedfishVersion");
      out_.uuid = text(*root, "UUID");
    }
    managers();
    for (const Found& found : view_.of_type("ComputerSystem")) system(found);
    for (const Found& found : view_.of_type("Chassis")) chassis(found);
    find_cases();
    for (const Found& found : view_.of_type("PowerDistribution")) distribution(found);
    for (const Found& found : view_.of_type("CoolingUnit")) cooling_unit(found);
    for (const Found& found : view_.of_type("Fabric")) fabric(found);
    if (view_.is_cut())
      out_.notes.push_back("its documents name members of collections more than " +
                           std::to_string(limits::steps) + " times: some parts are left out");
    return std::move(out_);
  }

 private:
  // Under `owner`, what was not found under another before.
  template <class T, class Read>
  void parts(const Found& owner, std::string_view path, std::string_view type, std::vector<T>& into,
             const Read& read) {
    for (const Found& found : view_.all(*owner.body, path, type)) {
      if (!taken_.insert(found.id).second) continue;
      T one = part<T>(found, owner.id);
      read(one, *found.body);
      into.push_back(std::move(one));
    }
  }

  void managers();
  void system(const Found& found);
  void chassis(const Found& found);
  void find_cases();
  void processors(const Found& owner);
  void memory(const Found& owner);
  void drives(const Found& owner);
  void simple_storage(const Found& owner);
  void adapters(const Found& owner);
  void interfaces(const Found& system);
  void pcie_devices(const Found& owner);
  void power(const Found& owner, Chassis& into);
  void older_power(const Found& owner, Chassis& into);
  void thermal(const Found& owner, Chassis& into);
  void supplies(const Found& owner, std::string_view chassis);
  void limits_of(const Found& document, std::string_view owner, const std::string& name);
  void distribution(const Found& found);
  void cooling_unit(const Found& found);
  void fabric(const Found& found);
  std::vector<Port> ports(const json::Value& adapter);
  std::vector<Circuit> circuits(const Found& owner, std::string_view path);

  View view_;
  Survey out_;
  std::set<std::string, std::less<>> taken_;
};

void Surveyor::managers() {
  for (const Found& found : view_.of_type("Manager")) {
    Manager manager = part<Manager>(found, root_id);
    manager.type = text(*found.body, "ManagerType");
    manager.firmware = text(*found.body, "FirmwareVersion");
    out_.managers.push_back(std::move(manager));
  }
}

void Surveyor::system(const Found& found) {
  System system = read_system(found.id, *found.body);
  system.owner = root_id;
  out_.systems.push_back(std::move(system));
  processors(found);
  memory(found);
  drives(found);
  simple_storage(found);
  pcie_devices(found);
  parts(found, "FabricAdapters", "FabricAdapter", out_.adapters, [&](Adapter& a, const auto& body) {
    a.kind = AdapterKind::fabric;
    a.ports = ports(body);
  });
  interfaces(found);
}

void Surveyor::chassis(const Found& found) {
  const json::Value& body = *found.body;
  Chassis chassis = part<Chassis>(found, root_id);
  chassis.type = text(body, "ChassisType");
  chassis.power_state = text(body, "PowerState");
  if (auto inside = ids(body, "Links.ContainedBy"); !inside.empty())
    chassis.contained_by = std::move(inside.front());
  chassis.systems = ids(body, "Links.ComputerSystems");
  if (auto equipment = ids(body, "Links.PowerDistribution"); !equipment.empty())
    chassis.distribution = std::move(equipment.front());
  chassis.place = place_of(body);
  chassis.height = rack_units(body);
  processors(found);
  memory(found);
  drives(found);
  pcie_devices(found);
  adapters(found);
  power(found, chassis);
  thermal(found, chassis);
  out_.chassis.push_back(std::move(chassis));
}

// A system that names no chassis stands in the one that names it. Of several, as where each board
// of a machine does so, that is the one around the others.
void Surveyor::find_cases() {
  std::map<std::string_view, std::map<std::string_view, const Chassis*>> named_by;
  for (const Chassis& one : out_.chassis)
    for (const std::string& system : one.systems) named_by[system].emplace(one.id, &one);
  for (System& system : out_.systems) {
    const auto by = named_by.find(system.id);
    if (!system.chassis.empty() || by == named_by.end()) continue;
    std::vector<const Chassis*> around;
    for (const auto& [id, one] : by->second)
      if (!by->second.contains(one->contained_by)) around.push_back(one);
    if (around.size() == 1)
      system.chassis.push_back(around[0]->id);
    else
      out_.notes.push_back(system.id + ": stands in " + std::to_string(around.size()) +
                           " chassis, of which none is inside of another: its place and its watts "
                           "are not known");
  }
}

void Surveyor::processors(const Found& owner) {
  parts(owner, "Processors", "Processor", out_.processors, [&](Processor& p, const auto& body) {
    p.type = text(body, "ProcessorType");
    p.instruction_set = text(body, "InstructionSet");
    p.uuid = text(body, "UUID");
    p.cores = whole(body, "TotalCores", 65'536);
    p.threads = whole(body, "TotalThreads", 65'536);
    p.memory_bytes = byte_count(body, "MemorySummary.TotalMemorySizeMiB", mib);
    if (p.memory_bytes == 0)
      for (const json::Value* memory : references(property(body, "ProcessorMemory")))
        if (text(*memory, "MemoryType") != "Cache")
          p.memory_bytes += byte_count(*memory, "CapacityMiB", mib);
    p.link = read_link(body, "SystemInterface.PCIe");
    p.functions = ids(body, "Links.PCIeFunctions");
    for (std::string& device : ids(body, "Links.PCIeDevice")) p.functions.push_back(device);
    if (p.label.empty()) p.label = text(body, "Socket");
    p.mhz = whole(body, "OperatingSpeedMHz", discover::limits::clock_mhz);
    p.max_mhz = whole(body, "MaxSpeedMHz", discover::limits::clock_mhz);
    if (const auto metrics = view_.one(body, "EnvironmentMetrics", "EnvironmentMetrics")) {
      p.consumed_watts = number(*metrics->body, "PowerWatts");
      limits_of(*metrics, p.id, p.name);
    }
  });
}

void Surveyor::memory(const Found& owner) {
  parts(owner, "Memory", "Memory", out_.memory, [](MemoryModule& m, const auto& body) {
    m.type = text(body, "MemoryDeviceType");
    if (m.type.empty()) m.type = text(body, "MemoryType");
    m.bytes = byte_count(body, "CapacityMiB", mib);
  });
}

void read_drive(Drive& drive, const json::Value& body) {
  drive.protocol = text(body, "Protocol");
  drive.media = text(body, "MediaType");
  drive.bytes = byte_count(body, "CapacityBytes", 1);
  if (drive.label.empty()) drive.label = text(body, "PhysicalLocation.PartLocation.ServiceLabel");
}

void Surveyor::drives(const Found& owner) {
  for (const Found& storage : view_.all(*owner.body, "Storage", "Storage"))
    for (const Found& drive : view_.all(*storage.body, "Drives", "Drive")) {
      if (!taken_.insert(drive.id).second) continue;
      out_.drives.push_back(part<Drive>(drive, owner.id));
      read_drive(out_.drives.back(), *drive.body);
    }
  for (const std::string_view path : {"Drives", "Links.Drives"})
    parts(owner, path, "Drive", out_.drives, read_drive);
}

// Devices stand in the controller's document, without documents of their own.
void Surveyor::simple_storage(const Found& owner) {
  for (const Found& storage : view_.all(*owner.body, "SimpleStorage", "SimpleStorage")) {
    const auto devices = references(property(*storage.body, "Devices"));
    for (size_t i = 0; i < devices.size(); ++i) {
      const Found found{storage.id + "#/Devices/" + std::to_string(i), devices[i]};
      if (!taken_.insert(found.id).second) continue;
      out_.drives.push_back(part<Drive>(found, owner.id));
      read_drive(out_.drives.back(), *found.body);
    }
  }
}

std::vector<Port> Surveyor::ports(const json::Value& adapter) {
  std::vector<Port> out;
  auto found = view_.all(adapter, "Ports", "Port");
  for (Found& older : view_.all(adapter, "NetworkPorts", "NetworkPort"))
    found.push_back(std::move(older));
  for (const Found& one : found) {
    const json::Value& body = *one.body;
    Port port;
    const std::string number_text =
        text(body, "PortId").empty() ? text(body, "Id") : text(body, "PortId");
    port.number = parse_int(number_text).value_or(static_cast<int64_t>(out.size()) + 1);
    if (port.number < 0 || port.number > 65'535) port.number = static_cast<int64_t>(out.size()) + 1;
    port.state = text(body, "LinkStatus");
    port.link_layer = text(body, "LinkNetworkTechnology");
    if (port.link_layer.empty()) port.link_layer = text(body, "ActiveLinkTechnology");
    if (port.link_layer.empty()) port.link_layer = text(body, "PortProtocol");
    for (const std::string_view path :
         {"Ethernet.AssociatedMACAddresses", "InfiniBand.AssociatedPortGUIDs",
          "AssociatedNetworkAddresses"})
      if (const auto addresses = texts(body, path); !addresses.empty() && port.identity.empty())
        port.identity = addresses.front();
    constexpr double mega = 1000;
    if (const auto now = number(body, "CurrentSpeedGbps"); now && *now < 1e6)
      port.mbps = static_cast<int64_t>(*now * mega);
    if (const auto most = number(body, "MaxSpeedGbps"); most && *most < 1e6)
      port.max_mbps = static_cast<int64_t>(*most * mega);
    if (port.mbps == 0) port.mbps = whole(body, "CurrentLinkSpeedMbps", 1'000'000'000);
    if (out.size() < 64) out.push_back(std::move(port));
  }
  return out;
}

void Surveyor::adapters(const Found& owner) {
  parts(owner, "NetworkAdapters", "NetworkAdapter", out_.adapters,
        [&](Adapter& a, const auto& body) { a.ports = ports(body); });
  parts(owner, "FabricAdapters", "FabricAdapter", out_.adapters, [&](Adapter& a, const auto& body) {
    a.kind = AdapterKind::fabric;
    a.ports = ports(body);
  });
}

// VLANs and the way to the management controller are no adapters of the machine.
void Surveyor::interfaces(const Found& system) {
  for (const Found& found : view_.all(*system.body, "EthernetInterfaces", "EthernetInterface")) {
    const json::Value& body = *found.body;
    const std::string type = text(body, "EthernetInterfaceType");
    if ((!type.empty() && type != "Physical") || !ids(body, "Links.HostInterface").empty())
      continue;
    if (!taken_.insert(found.id).second) continue;
    Adapter adapter = part<Adapter>(found, system.id);
    adapter.kind = AdapterKind::interface;
    Port port;
    port.number = 1;
    port.identity = text(body, "PermanentMACAddress");
    if (port.identity.empty()) port.identity = text(body, "MACAddress");
    port.state = text(body, "LinkStatus");
    port.link_layer = "Ethernet";
    port.mbps = whole(body, "SpeedMbps", 1'000'000'000);
    adapter.ports.push_back(std::move(port));
    out_.adapters.push_back(std::move(adapter));
  }
}

void Surveyor::pcie_devices(const Found& owner) {
  parts(owner, "PCIeDevices", "PCIeDevice", out_.pcie_devices,
        [&](PcieDevice& d, const auto& body) {
          d.link = read_link(body, "PCIeInterface");
          d.cxl = text(body, "CXLDevice.DeviceType");
          for (const Found& logical : view_.all(body, "CXLLogicalDevices", "CXLLogicalDevice"))
            d.cxl_bytes += byte_count(*logical.body, "MemorySizeMiB", mib);
          if (d.label.empty()) d.label = text(body, "Slot.Location.PartLocation.ServiceLabel");
          auto functions = view_.all(body, "PCIeFunctions", "PCIeFunction");
          if (functions.empty()) functions = view_.all(body, "Links.PCIeFunctions", "PCIeFunction");
          for (const Found& one : functions)
            d.functions.push_back({one.id, parse_hex_id(text(*one.body, "ClassCode"), 6),
                                   parse_hex_id(text(*one.body, "VendorId"), 4),
                                   parse_hex_id(text(*one.body, "DeviceId"), 4),
                                   !ids(*one.body, "Links.Processor").empty()});
        });
}

// ---- power and cooling of a chassis

void Surveyor::limits_of(const Found& document, std::string_view owner, const std::string& name) {
  if (!taken_.insert("limit:" + document.id).second) return;
  for (PowerLimit& limit : read_limits(document.id, *document.body)) {
    limit.owner = owner;
    if (limit.of.empty()) limit.of = name;
    out_.limits.push_back(std::move(limit));
  }
}

void Surveyor::supplies(const Found& owner, std::string_view chassis) {
  for (const Found& found : view_.all(*owner.body, "PowerSupplies", "PowerSupply")) {
    if (!taken_.insert(found.id).second) continue;
    const json::Value& body = *found.body;
    PowerSupply supply = part<PowerSupply>(found, chassis);
    supply.capacity_watts = number(body, "PowerCapacityWatts");
    supply.outlets = ids(body, "Links.PowerOutlets");
    if (const auto metrics = view_.one(body, "Metrics", "PowerSupplyMetrics")) {
      supply.input_watts = number(*metrics->body, "InputPowerWatts");
      supply.output_watts = number(*metrics->body, "OutputPowerWatts");
    }
    out_.power_supplies.push_back(std::move(supply));
  }
}

void Surveyor::power(const Found& owner, Chassis& into) {
  const json::Value& body = *owner.body;
  into.capacity_watts = number(body, "MaxPowerWatts");
  const auto metrics = view_.one(body, "EnvironmentMetrics", "EnvironmentMetrics");
  if (metrics) {
    into.consumed_watts = number(*metrics->body, "PowerWatts");
    limits_of(*metrics, owner.id, into.name);
    if (const auto celsius = number(*metrics->body, "TemperatureCelsius"))
      out_.temperatures.push_back({owner.id, into.name, *celsius});
  }
  const auto subsystem = view_.one(body, "PowerSubsystem", "PowerSubsystem");
  if (!subsystem) return older_power(owner, into);
  into.capacity_watts = first_of({into.capacity_watts, number(*subsystem->body, "CapacityWatts")});
  for (const json::Value* group : references(property(*subsystem->body, "PowerSupplyRedundancy")))
    into.supplies_needed = std::max(into.supplies_needed, whole(*group, "MinNeededInGroup", 1'000));
  supplies(*subsystem, owner.id);
  // The older document tells of the same hardware once more, but may hold the only limit.
  const auto older = view_.one(body, "Power", "Power");
  const bool has_limit = metrics && !read_limits(metrics->id, *metrics->body).empty();
  if (older && !has_limit) limits_of(*older, owner.id, into.name);
}

// The document Power, which services from before 2020 have instead of PowerSubsystem.
void Surveyor::older_power(const Found& owner, Chassis& into) {
  const auto power = view_.one(*owner.body, "Power", "Power");
  if (!power) return;
  const auto controls = references(property(*power->body, "PowerControl"));
  if (!controls.empty()) {
    into.capacity_watts =
        first_of({into.capacity_watts, number(*controls[0], "PowerCapacityWatts")});
    into.consumed_watts =
        first_of({into.consumed_watts, number(*controls[0], "PowerConsumedWatts")});
  }
  limits_of(*power, owner.id, into.name);
  for (const json::Value* group : references(property(*power->body, "Redundancy")))
    into.supplies_needed = std::max(into.supplies_needed, whole(*group, "MinNumNeeded", 1'000));
  const auto list = references(property(*power->body, "PowerSupplies"));
  for (size_t i = 0; i < list.size(); ++i) {
    const Found found{power->id + "#/PowerSupplies/" + std::to_string(i), list[i]};
    if (!taken_.insert(found.id).second) continue;
    PowerSupply supply = part<PowerSupply>(found, owner.id);
    supply.capacity_watts = number(*list[i], "PowerCapacityWatts");
    supply.input_watts = number(*list[i], "PowerInputWatts");
    supply.output_watts =
        first_of({number(*list[i], "PowerOutputWatts"), number(*list[i], "LastPowerOutputWatts")});
    out_.power_supplies.push_back(std::move(supply));
  }
}

void Surveyor::thermal(const Found& owner, Chassis& into) {
  const auto add = [&](const json::Value& reading, std::string_view name, std::string_view value) {
    if (const auto celsius = number(reading, value); celsius && out_.temperatures.size() < 1'024)
      out_.temperatures.push_back({owner.id, text(reading, name), *celsius});
  };
  const auto count = [](const std::vector<Found>& found) {
    return std::ranges::count_if(
        found, [](const Found& f) { return text(*f.body, "Status.State") != "Absent"; });
  };
  if (const auto subsystem = view_.one(*owner.body, "ThermalSubsystem", "ThermalSubsystem")) {
    out_.fans += count(view_.all(*subsystem->body, "Fans", "Fan"));
    const auto connectors =
        count(view_.all(*subsystem->body, "CoolantConnectors", "CoolantConnector"));
    into.is_liquid_cooled = connectors > 0;
    out_.coolant_connectors += connectors;
    if (const auto metrics = view_.one(*subsystem->body, "ThermalMetrics", "ThermalMetrics"))
      for (const json::Value* one :
           references(property(*metrics->body, "TemperatureReadingsCelsius")))
        add(*one, "DeviceName", "Reading");
    return;
  }
  const auto older = view_.one(*owner.body, "Thermal", "Thermal");
  if (!older) return;
  for (const json::Value* one : references(property(*older->body, "Temperatures")))
    add(*one, "Name", "ReadingCelsius");
  for (const json::Value* fan : references(property(*older->body, "Fans")))
    if (text(*fan, "Status.State") != "Absent") ++out_.fans;
}

// ---- equipment

std::vector<Circuit> Surveyor::circuits(const Found& owner, std::string_view path) {
  std::vector<Circuit> out;
  parts(owner, path, "Circuit", out, [](Circuit& c, const auto& body) {
    c.key = text(body, "Id");
    c.kind = text(body, "CircuitType");
    c.amps = number(body, "RatedCurrentAmps");
    c.watts = number(body, "PowerWatts");
    c.nominal_voltage = text(body, "NominalVoltage");
    c.wiring = text(body, "PhaseWiringType");
    for (const std::string_view source :
         {"Links.PowerOutlet", "Links.SourceCircuit", "Links.BranchCircuit"})
      for (std::string& id : ids(body, source)) c.sources.push_back(std::move(id));
  });
  return out;
}

void Surveyor::distribution(const Found& found) {
  const json::Value& body = *found.body;
  Distribution out = part<Distribution>(found, root_id);
  out.type = text(body, "EquipmentType");
  out.place = place_of(body);
  out.capacity_va = number(body, "PowerCapacityVA");
  if (const auto metrics = view_.one(body, "Metrics", "PowerDistributionMetrics"))
    out.load_watts = number(*metrics->body, "PowerWatts");
  out.mains_needed = whole(body, "MainsRedundancy.MinNeededInGroup", 64);
  out.active_main = text(body, "TransferConfiguration.ActiveMainsId");
  out.transfers = flag(body, "TransferConfiguration.AutoTransferEnabled");
  out.is_inhibited = flag(body, "TransferConfiguration.TransferInhibit");
  out.chassis = ids(body, "Links.Chassis");
  out.mains = circuits(found, "Mains");
  out.branches = circuits(found, "Branches");
  out.feeders = circuits(found, "Feeders");
  for (Circuit& one : circuits(found, "Subfeeds")) out.feeders.push_back(std::move(one));
  parts(found, "Outlets", "Outlet", out.outlets, [](Outlet& o, const auto& outlet) {
    o.power_state = text(outlet, "PowerState");
    o.amps = number(outlet, "RatedCurrentAmps");
    o.watts = number(outlet, "PowerWatts");
    if (auto branch = ids(outlet, "Links.BranchCircuit"); !branch.empty())
      o.branch = std::move(branch.front());
    for (const std::string_view path : {"Links.Chassis", "Links.PowerSupplies"})
      for (std::string& id : ids(outlet, path)) o.loads.push_back(std::move(id));
  });
  supplies(found, found.id);
  out_.distributions.push_back(std::move(out));
}

void Surveyor::cooling_unit(const Found& found) {
  const json::Value& body = *found.body;
  CoolingUnit out = part<CoolingUnit>(found, root_id);
  out.type = text(body, "EquipmentType");
  out.place = place_of(body);
  for (const Found& chassis : view_.all(body, "Links.Chassis", "Chassis")) {
    const Place more = place_of(*chassis.body);
    if (out.place.rack.empty()) out.place.rack = more.rack;
    if (out.place.row.empty()) out.place.row = more.row;
  }
  out.capacity_watts = number(body, "CoolingCapacityWatts");
  for (const Found& side : view_.all(body, "SecondaryCoolantConnectors", "CoolantConnector")) {
    ++out_.coolant_connectors;
    if (const auto heat = number(*side.body, "HeatRemovedkW"))
      out.heat_kw = out.heat_kw.value_or(0) + *heat;
  }
  out_.coolant_connectors +=
      static_cast<int64_t>(view_.all(body, "PrimaryCoolantConnectors", "CoolantConnector").size());
  out.pumps = static_cast<int64_t>(view_.all(body, "Pumps", "Pump").size());
  if (const auto detection = view_.one(body, "LeakDetection", "LeakDetection"))
    for (const json::Value* group : references(property(*detection->body, "LeakDetectorGroups")))
      for (const json::Value* detector : references(property(*group, "Detectors"))) {
        ++out.leak_detectors;
        const std::string state = text(*detector, "DetectorState");
        if (!state.empty() && state != "OK")
          out.leaks.push_back(text(*detector, "DeviceName") + ": " + state);
      }
  out_.cooling_units.push_back(std::move(out));
}

void Surveyor::fabric(const Found& found) {
  const std::string type = text(*found.body, "FabricType");
  parts(found, "Switches", "Switch", out_.switches, [&](FabricSwitch& s, const auto& body) {
    s.fabric = text(*found.body, "Name");
    s.type = text(body, "SwitchType").empty() ? type : text(body, "SwitchType");
  });
}

}  // namespace

System read_system(const std::string& id, const json::Value& body) {
  System system = part<System>({id, &body}, {});
  system.type = text(body, "SystemType");
  system.uuid = text(body, "UUID");
  system.host_name = text(body, "HostName");
  system.power_state = text(body, "PowerState");
  system.last_reset = text(body, "LastResetTime");
  system.boot_state = text(body, "BootProgress.LastState");
  system.chassis = ids(body, "Links.Chassis");
  system.memory_gib = number(body, "MemorySummary.TotalSystemMemoryGiB");
  if (const json::Value* actions = property(body, "Actions"))
    if (const json::Value* reset = actions->at({"#ComputerSystem.Reset"})) {
      system.reset.target = local_path(text(*reset, "target"));
      if (const json::Value* types = reset->at({"ResetType@Redfish.AllowableValues"}))
        if (const json::Array* list = types->as_array())
          for (const json::Value& type : *list)
            if (type.as_string() != nullptr)
              system.reset.types.push_back(clean_text(*type.as_string(), 64));
      system.reset.info = local_id(reset->string_at({"@Redfish.ActionInfo"}));
    }
  system.boot.enabled = text(body, "Boot.BootSourceOverrideEnabled");
  system.boot.target = text(body, "Boot.BootSourceOverrideTarget");
  system.boot.mode = text(body, "Boot.BootSourceOverrideMode");
  if (const json::Value* boot = property(body, "Boot"))
    if (const json::Value* targets = boot->at({"BootSourceOverrideTarget@Redfish.AllowableValues"}))
      if (const json::Array* list = targets->as_array())
        for (const json::Value& target : *list)
          if (target.as_string() != nullptr)
            system.boot.targets.push_back(clean_text(*target.as_string(), 64));
  system.boot.order = texts(body, "Boot.BootOrder");
  return system;
}

std::vector<PowerLimit> read_limits(const std::string& id, const json::Value& body) {
  std::vector<PowerLimit> out;
  if (const json::Value* limit = property(body, "PowerLimitWatts");
      limit != nullptr && limit->as_object() != nullptr) {
    PowerLimit one;
    one.id = id;
    one.set_point = number(*limit, "SetPoint");
    one.minimum = number(*limit, "AllowableMin");
    one.maximum = number(*limit, "AllowableMax");
    one.standard = number(*limit, "DefaultSetPoint");
    one.mode = text(*limit, "ControlMode");
    one.reading = number(body, "PowerWatts");
    out.push_back(std::move(one));
  }
  const auto controls = references(property(body, "PowerControl"));
  for (size_t i = 0; i < controls.size(); ++i) {
    const json::Value* limit = property(*controls[i], "PowerLimit");
    if (limit == nullptr || limit->as_object() == nullptr) continue;
    PowerLimit one;
    one.id = id;
    one.form = LimitForm::power_control;
    one.index = static_cast<int64_t>(i);
    one.of = text(*controls[i], "Name");
    one.set_point = number(*limit, "LimitInWatts");
    one.maximum = number(*controls[i], "PowerCapacityWatts");
    one.reading = number(*controls[i], "PowerConsumedWatts");
    out.push_back(std::move(one));
  }
  return out;
}

std::vector<std::string> allowable_values(const json::Value& action_info,
                                          std::string_view parameter) {
  for (const json::Value* one : references(property(action_info, "Parameters")))
    if (text(*one, "Name") == parameter) return texts(*one, "AllowableValues");
  return {};
}

Survey survey(const Crawl& crawl) { return Surveyor(crawl).run(); }

}  // namespace freehold::discover::redfish
