// A survey as a document for programs. Names are Redfish's where it has one, with the unit last.
#include "discover/redfish/survey.h"

namespace freehold::discover::redfish {

namespace {

using json::Array;
using json::Object;
using json::Value;

// What is empty or unknown is left out.
void put(Object& out, std::string_view name, const std::string& text) {
  if (!text.empty()) out[name] = text;
}
void put(Object& out, std::string_view name, const std::optional<double>& number) {
  if (!number) return;
  const auto whole = static_cast<int64_t>(*number);
  if (static_cast<double>(whole) == *number)
    out[name] = whole;
  else
    out[name] = *number;
}
void put(Object& out, std::string_view name, int64_t number) {
  if (number != 0) out[name] = number;
}
void put(Object& out, std::string_view name, const std::optional<bool>& fact) {
  if (fact) out[name] = *fact;
}
void put(Object& out, std::string_view name, const std::vector<std::string>& texts) {
  if (texts.empty()) return;
  Array list;
  for (const std::string& text : texts) list.emplace_back(text);
  out[name] = std::move(list);
}

Object part(const Part& part) {
  Object out;
  put(out, "id", part.id);
  put(out, "owner", part.owner);
  put(out, "name", part.name);
  put(out, "manufacturer", part.manufacturer);
  put(out, "model", part.model);
  put(out, "serial", part.serial);
  put(out, "label", part.label);
  put(out, "state", part.state);
  put(out, "health", part.health);
  return out;
}

void put_place(Object& out, const Place& place) {
  put(out, "rack", place.rack);
  put(out, "row", place.row);
  put(out, "room", place.room);
  put(out, "unit", place.unit);
}

Value of(const Manager& m) {
  Object out = part(m);
  put(out, "type", m.type);
  put(out, "firmware", m.firmware);
  return out;
}

Value of(const System& s) {
  Object out = part(s);
  put(out, "type", s.type);
  put(out, "uuid", s.uuid);
  put(out, "hostName", s.host_name);
  put(out, "powerState", s.power_state);
  put(out, "chassis", s.chassis);
  put(out, "memoryGiB", s.memory_gib);
  put(out, "resetTypes", s.reset.types);
  Object boot;
  put(boot, "target", s.boot.target);
  put(boot, "enabled", s.boot.enabled);
  put(boot, "mode", s.boot.mode);
  put(boot, "targets", s.boot.targets);
  put(boot, "order", s.boot.order);
  if (!boot.empty()) out["boot"] = std::move(boot);
  return out;
}

Value of(const Chassis& c) {
  Object out = part(c);
  put(out, "type", c.type);
  put(out, "powerState", c.power_state);
  put(out, "containedBy", c.contained_by);
  put_place(out, c.place);
  put(out, "heightUnits", c.height);
  put(out, "capacityWatts", c.capacity_watts);
  put(out, "consumedWatts", c.consumed_watts);
  put(out, "suppliesNeeded", c.supplies_needed);
  if (c.is_liquid_cooled) out["liquidCooled"] = true;
  return out;
}

Value of(const Processor& p) {
  Object out = part(p);
  put(out, "type", p.type);
  put(out, "instructionSet", p.instruction_set);
  put(out, "uuid", p.uuid);
  put(out, "cores", p.cores);
  put(out, "threads", p.threads);
  put(out, "memoryBytes", p.memory_bytes);
  put(out, "mhz", p.mhz);
  put(out, "maxMhz", p.max_mhz);
  put(out, "consumedWatts", p.consumed_watts);
  return out;
}

Value of(const MemoryModule& m) {
  Object out = part(m);
  put(out, "type", m.type);
  put(out, "bytes", m.bytes);
  return out;
}

Value of(const Drive& d) {
  Object out = part(d);
  put(out, "protocol", d.protocol);
  put(out, "media", d.media);
  put(out, "bytes", d.bytes);
  return out;
}

Value of(const Adapter& a) {
  Object out = part(a);
  constexpr const char* kinds[] = {"network", "fabric", "interface"};
  out["kind"] = kinds[static_cast<size_t>(a.kind)];
  Array ports;
  for (const Port& p : a.ports) {
    Object port;
    put(port, "number", p.number);
    put(port, "identity", p.identity);
    put(port, "state", p.state);
    put(port, "linkLayer", p.link_layer);
    put(port, "mbps", p.mbps);
    put(port, "maxMbps", p.max_mbps);
    ports.emplace_back(std::move(port));
  }
  if (!ports.empty()) out["ports"] = std::move(ports);
  return out;
}

Value of(const PcieDevice& p) {
  Object out = part(p);
  put(out, "generation", p.link.generation);
  put(out, "maxGeneration", p.link.max_generation);
  put(out, "lanes", p.link.lanes);
  put(out, "maxLanes", p.link.max_lanes);
  put(out, "cxl", p.cxl);
  put(out, "cxlBytes", p.cxl_bytes);
  return out;
}

Value of(const PowerSupply& p) {
  Object out = part(p);
  put(out, "capacityWatts", p.capacity_watts);
  put(out, "inputWatts", p.input_watts);
  put(out, "outputWatts", p.output_watts);
  put(out, "outlets", p.outlets);
  return out;
}

Value of(const Circuit& c) {
  Object out = part(c);
  put(out, "type", c.kind);
  put(out, "ratedAmps", c.amps);
  put(out, "nominalVoltage", c.nominal_voltage);
  put(out, "wiring", c.wiring);
  put(out, "watts", c.watts);
  put(out, "sources", c.sources);
  return out;
}

Value of(const Outlet& o) {
  Object out = part(o);
  put(out, "powerState", o.power_state);
  put(out, "ratedAmps", o.amps);
  put(out, "watts", o.watts);
  put(out, "branch", o.branch);
  put(out, "loads", o.loads);
  return out;
}

Value of(const Distribution& d);
Value of(const CoolingUnit& c);
Value of(const FabricSwitch& s);
Value of(const Temperature& t);

template <class T>
void put_all(Object& out, std::string_view name, const std::vector<T>& parts) {
  Array list;
  for (const T& one : parts) list.push_back(of(one));
  out[name] = std::move(list);
}

Value of(const Distribution& d) {
  Object out = part(d);
  put(out, "type", d.type);
  put_place(out, d.place);
  put(out, "capacityVA", d.capacity_va);
  put(out, "loadWatts", d.load_watts);
  put(out, "mainsNeeded", d.mains_needed);
  put(out, "activeMain", d.active_main);
  put(out, "autoTransfer", d.transfers);
  put(out, "transferInhibit", d.is_inhibited);
  put_all(out, "mains", d.mains);
  put_all(out, "branches", d.branches);
  put_all(out, "feeders", d.feeders);
  put_all(out, "outlets", d.outlets);
  return out;
}

Value of(const CoolingUnit& c) {
  Object out = part(c);
  put(out, "type", c.type);
  put_place(out, c.place);
  put(out, "capacityWatts", c.capacity_watts);
  put(out, "heatKw", c.heat_kw);
  put(out, "pumps", c.pumps);
  put(out, "leakDetectors", c.leak_detectors);
  put(out, "leaks", c.leaks);
  return out;
}

Value of(const FabricSwitch& s) {
  Object out = part(s);
  put(out, "fabric", s.fabric);
  put(out, "type", s.type);
  return out;
}

Value of(const Temperature& t) {
  Object out;
  put(out, "owner", t.owner);
  put(out, "name", t.name);
  out["celsius"] = t.celsius;
  return out;
}

}  // namespace

json::Value to_json(const PowerLimit& limit) {
  Object out;
  put(out, "id", limit.id);
  put(out, "owner", limit.owner);
  put(out, "of", limit.of);
  put(out, "setPointWatts", limit.set_point);
  put(out, "minimumWatts", limit.minimum);
  put(out, "maximumWatts", limit.maximum);
  put(out, "defaultWatts", limit.standard);
  put(out, "controlMode", limit.mode);
  put(out, "readingWatts", limit.reading);
  return out;
}

json::Value to_json(const Survey& survey) {
  Object out;
  put(out, "vendor", survey.vendor);
  put(out, "product", survey.product);
  put(out, "redfishVersion", survey.version);
  put(out, "uuid", survey.uuid);
  put_all(out, "managers", survey.managers);
  put_all(out, "systems", survey.systems);
  put_all(out, "chassis", survey.chassis);
  put_all(out, "processors", survey.processors);
  put_all(out, "memory", survey.memory);
  put_all(out, "drives", survey.drives);
  put_all(out, "adapters", survey.adapters);
  put_all(out, "pcieDevices", survey.pcie_devices);
  put_all(out, "powerSupplies", survey.power_supplies);
  put_all(out, "powerDistributions", survey.distributions);
  put_all(out, "coolingUnits", survey.cooling_units);
  put_all(out, "switches", survey.switches);
  Array limits;
  for (const PowerLimit& limit : survey.limits) limits.push_back(to_json(limit));
  out["powerLimits"] = std::move(limits);
  put_all(out, "temperatures", survey.temperatures);
  out["fans"] = survey.fans;
  out["coolantConnectors"] = survey.coolant_connectors;
  put(out, "notes", survey.notes);
  return out;
}

}  // namespace freehold::discover::redfish
