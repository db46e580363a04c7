// What a Redfish service says, in its own words and as plain data: systems, chassis, parts, power
// and cooling equipment, and the power limits that can be set. Made from the documents of a crawl;
// what a document does not say stays empty or unset. What it means for Freehold is inventory.h's.
// Source of properties and units: DMTF DSP0268; a unit stands in the name of its property.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "discover/redfish/crawl.h"

namespace freehold::discover::redfish {

struct Part {
  std::string id;     // "@odata.id"
  std::string owner;  // id of the system, chassis or equipment that it was found under
  std::string name, manufacturer, model, serial;
  std::string label;          // as printed on the case: "PSU 1"
  std::string state, health;  // "Enabled", "OK"
  bool is_absent() const { return state == "Absent"; }
};

struct Place {
  std::string rack, row, room;
  int64_t unit = 0;  // lowest; 0: unknown
};

// What can be asked of a system: the target to POST to and the types that it takes.
struct Reset {
  std::string target;
  std::vector<std::string> types;  // empty: the service does not say here
  std::string info;                // id of the ActionInfo that says it; empty: none
};
struct Boot {
  std::string enabled, target, mode;  // the override that is set now
  std::vector<std::string> targets;   // that may be set
  std::vector<std::string> order;
};
struct System : Part {
  std::string type, uuid, host_name, power_state;
  std::vector<std::string> chassis;  // ids
  std::optional<double> memory_gib;
  std::string last_reset, boot_state;  // LastResetTime, BootProgress.LastState
  Reset reset;
  Boot boot;
};
struct Chassis : Part {
  std::string type, power_state, contained_by;
  std::vector<std::string> systems;  // ids
  std::string distribution;          // id; empty: it is none
  Place place;
  int64_t height = 0;                    // rack units; 0: unknown
  std::optional<double> capacity_watts;  // of its plates: the most that it draws or delivers
  std::optional<double> consumed_watts;
  int64_t supplies_needed = 0;    // power supplies that must work; 0: unknown
  bool is_liquid_cooled = false;  // has connectors for a coolant
};
// A link on PCI Express, as it is and as both ends could have it at best.
struct PcieLink {
  std::string generation, max_generation;  // "Gen5"
  int64_t lanes = 0, max_lanes = 0;        // 0: unknown
};
struct Processor : Part {
  std::string type, instruction_set, uuid;
  int64_t cores = 0, threads = 0;
  int64_t memory_bytes = 0;      // its own, without caches
  int64_t mhz = 0, max_mhz = 0;  // now, and at most; 0: unknown
  std::optional<double> consumed_watts;
  std::vector<std::string> functions;  // ids of its PCIeFunctions and PCIeDevice
  PcieLink link;                       // to the system
};
struct MemoryModule : Part {
  std::string type;  // "DDR4", or what the memory is if that is not said
  int64_t bytes = 0;
};
struct Drive : Part {
  std::string protocol, media;
  int64_t bytes = 0;
};
struct Port {
  int64_t number = 0;
  std::string identity, state, link_layer;
  int64_t mbps = 0, max_mbps = 0;  // 0: unknown
};
// A NetworkAdapter, a FabricAdapter, or a physical EthernetInterface of a system.
enum class AdapterKind : uint8_t { network, fabric, interface };
struct Adapter : Part {
  AdapterKind kind = AdapterKind::network;
  std::vector<Port> ports;
};
struct PcieFunction {
  std::string id, class_code, vendor, device;  // "120000", "abcd"
  bool has_processor = false;
};
struct PcieDevice : Part {
  PcieLink link;
  std::string cxl;  // "Type3"; empty: no CXL device
  int64_t cxl_bytes = 0;
  std::vector<PcieFunction> functions;
};
struct PowerSupply : Part {
  std::optional<double> capacity_watts, input_watts, output_watts;
  std::vector<std::string> outlets;  // ids that it is plugged into
};
struct Circuit : Part {
  std::string kind;  // "Mains", "Branch"
  std::optional<double> amps, watts;
  std::string nominal_voltage, wiring;  // "AC200To240V", "ThreePhase5Wire"
  std::vector<std::string> sources;     // ids of the outlets and circuits behind it
  std::string key{};                    // "Id": what its equipment calls it by
};
struct Outlet : Part {
  std::string power_state;
  std::optional<double> amps, watts;
  std::string branch;              // id
  std::vector<std::string> loads;  // ids of chassis and power supplies
};
// A PowerDistribution: a PDU, a power shelf, a transfer switch, a bus bar.
struct Distribution : Part {
  std::string type;  // "RackPDU"
  Place place;
  std::optional<double> capacity_va, load_watts;
  int64_t mains_needed = 0;  // 0: unknown
  // Of TransferConfiguration: the key of the main that is on, whether it changes over by itself,
  // whether it is kept from that.
  std::string active_main;
  std::optional<bool> transfers, is_inhibited;
  std::vector<std::string> chassis;
  std::vector<Circuit> mains, branches, feeders;
  std::vector<Outlet> outlets;
};
struct CoolingUnit : Part {
  std::string type;  // "CDU"
  Place place;
  std::optional<double> capacity_watts, heat_kw;  // heat: carried away now, by its secondary side
  int64_t pumps = 0, leak_detectors = 0;
  std::vector<std::string> leaks;  // detectors that do not say OK
};
struct FabricSwitch : Part {
  std::string fabric, type;  // name of the fabric; "NVLink", "CXL"
};
// Where a limit of power can be read and, mostly, set.
enum class LimitForm : uint8_t { environment_metrics, power_control };
struct PowerLimit {
  std::string id;     // document
  std::string owner;  // id of what is limited
  std::string of;     // its name
  LimitForm form = LimitForm::environment_metrics;
  int64_t index = 0;  // in PowerControl[]
  std::optional<double> set_point, minimum, maximum, standard;
  std::string mode;               // "Automatic", "Disabled"; empty: not said
  std::optional<double> reading;  // watts now
};
struct Temperature {
  std::string owner, name;
  double celsius = 0;
};
struct Manager : Part {
  std::string type, firmware;
};

struct Survey {
  std::string vendor, product, version, uuid;
  std::vector<Manager> managers;
  std::vector<System> systems;
  std::vector<Chassis> chassis;
  std::vector<Processor> processors;
  std::vector<MemoryModule> memory;
  std::vector<Drive> drives;
  std::vector<Adapter> adapters;
  std::vector<PcieDevice> pcie_devices;
  std::vector<PowerSupply> power_supplies;
  std::vector<Distribution> distributions;
  std::vector<CoolingUnit> cooling_units;
  std::vector<FabricSwitch> switches;
  std::vector<PowerLimit> limits;
  std::vector<Temperature> temperatures;
  int64_t fans = 0, coolant_connectors = 0;
  std::vector<std::string> notes;  // of the crawl
};

Survey survey(const Crawl& crawl);
// One document alone, as a live client reads it again before and after a change.
System read_system(const std::string& id, const json::Value& body);
// The limits in a document of type EnvironmentMetrics or Power, without owner.
std::vector<PowerLimit> read_limits(const std::string& id, const json::Value& body);
// The strings in an ActionInfo that the parameter may be.
std::vector<std::string> allowable_values(const json::Value& action_info,
                                          std::string_view parameter);

// For programs: every list of the survey under its name.
json::Value to_json(const Survey& survey);
json::Value to_json(const PowerLimit& limit);

}  // namespace freehold::discover::redfish
