#include "discover/testing/redfish.h"

#include "base/check.h"
#include "json/yaml.h"

namespace freehold::discover::testing {

std::map<std::string, std::string> redfish_documents(std::string_view yaml) {
  const auto all = json::parse_yaml_or_json(yaml);
  CHECK(all.ok(), all.ok() ? "" : all.error().message);
  CHECK(all->as_object() != nullptr, "a mapping");
  std::map<std::string, std::string> out;
  for (const json::Member& one : *all->as_object()) out[one.first] = json::print(one.second);
  return out;
}

redfish::Crawl crawl_of(const std::map<std::string, std::string>& documents) {
  return redfish::crawl([&](const std::string& id) -> Result<std::string> {
    const auto at = documents.find(id);
    if (at == documents.end()) return Error{Reason::not_found, "there is no such document"};
    return at->second;
  });
}

redfish::Crawl crawl_of(std::string_view yaml) { return crawl_of(redfish_documents(yaml)); }

std::string_view gpu_machine() {
  return R"(
/redfish/v1:
  "@odata.type": "#ServiceRoot.v1_15_0.ServiceRoot"
  Vendor: Example
  RedfishVersion: 1.17.0
  Systems: {"@odata.id": /redfish/v1/Systems}
  Chassis: {"@odata.id": /redfish/v1/Chassis}
  PowerEquipment: {"@odata.id": /redfish/v1/PowerEquipment}
/redfish/v1/Systems:
  "@odata.type": "#ComputerSystemCollection.ComputerSystemCollection"
  Members: [{"@odata.id": /redfish/v1/Systems/Host}, {"@odata.id": /redfish/v1/Systems/Board}]
/redfish/v1/Systems/Host:
  "@odata.type": "#ComputerSystem.v1_20_0.ComputerSystem"
  SystemType: Physical
  Model: G8
  HostName: GPU-1
  PowerState: "On"
  MemorySummary: {TotalSystemMemoryGiB: 2048}
  Processors: {"@odata.id": /redfish/v1/Systems/Host/Processors}
  Storage: {"@odata.id": /redfish/v1/Systems/Host/Storage}
  EthernetInterfaces: {"@odata.id": /redfish/v1/Systems/Host/EthernetInterfaces}
  Links: {Chassis: [{"@odata.id": /redfish/v1/Chassis/Case}]}
  Boot:
    BootSourceOverrideTarget: None
    BootSourceOverrideEnabled: Disabled
    BootSourceOverrideTarget@Redfish.AllowableValues: [None, Pxe, Hdd, UefiTarget]
    BootOrder: [Boot0001, Boot0002, Boot0003]
  Actions:
    "#ComputerSystem.Reset":
      target: /redfish/v1/Systems/Host/Actions/ComputerSystem.Reset
      ResetType@Redfish.AllowableValues: ["On", ForceOff, GracefulShutdown, ForceRestart]
/redfish/v1/Systems/Board:
  "@odata.type": "#ComputerSystem.v1_20_0.ComputerSystem"
  SystemType: Physical
  Processors: {"@odata.id": /redfish/v1/Systems/Board/Processors}
/redfish/v1/Systems/Host/Processors:
  Members:
  - {"@odata.id": /redfish/v1/Systems/Host/Processors/CPU0}
  - {"@odata.id": /redfish/v1/Systems/Host/Processors/CPU1}
  - {"@odata.id": /redfish/v1/Systems/Host/Processors/CPU2}
/redfish/v1/Systems/Host/Processors/CPU0: {ProcessorType: CPU, Manufacturer: Maker, Model: C1, TotalCores: 64, InstructionSet: x86-64}
/redfish/v1/Systems/Host/Processors/CPU1: {ProcessorType: CPU, Manufacturer: Maker, Model: C1, TotalCores: 64, InstructionSet: x86-64}
/redfish/v1/Systems/Host/Processors/CPU2: {ProcessorType: CPU, Status: {State: Absent}}
/redfish/v1/Systems/Host/Storage: {Members: [{"@odata.id": /redfish/v1/Systems/Host/Storage/1}]}
/redfish/v1/Systems/Host/Storage/1: {Drives: [{"@odata.id": /redfish/v1/Systems/Host/Storage/1/Drives/0}]}
/redfish/v1/Systems/Host/Storage/1/Drives/0:
  Model: D1
  Protocol: NVMe
  CapacityBytes: 3840755982336
  SerialNumber: S-1
  Status: {State: Enabled, Health: OK}
/redfish/v1/Systems/Host/EthernetInterfaces: {Members: [{"@odata.id": /redfish/v1/Systems/Host/EthernetInterfaces/0}]}
/redfish/v1/Systems/Host/EthernetInterfaces/0: {EthernetInterfaceType: Physical, MACAddress: "02:00:00:00:00:01"}
/redfish/v1/Systems/Board/Processors:
  Members:
  - {"@odata.id": /redfish/v1/Systems/Board/Processors/GPU0}
  - {"@odata.id": /redfish/v1/Systems/Board/Processors/GPU1}
/redfish/v1/Systems/Board/Processors/GPU0:
  Name: GPU 0
  ProcessorType: GPU
  Manufacturer: NVIDIA
  Model: H100
  UUID: aaaa-0
  MemorySummary: {TotalMemorySizeMiB: 81920}
  Location: {PartLocation: {ServiceLabel: GPU_SXM_1}}
  Status: {State: Enabled, Health: OK}
  OperatingSpeedMHz: 1755
  MaxSpeedMHz: 1980
  EnvironmentMetrics: {"@odata.id": /redfish/v1/Systems/Board/Processors/GPU0/EnvironmentMetrics}
/redfish/v1/Systems/Board/Processors/GPU0/EnvironmentMetrics:
  PowerWatts: {Reading: 312.5}
  PowerLimitWatts: {SetPoint: 700, AllowableMin: 200, AllowableMax: 700, DefaultSetPoint: 700, ControlMode: Automatic}
/redfish/v1/Systems/Board/Processors/GPU1:
  ProcessorType: GPU
  UUID: aaaa-1
  ProcessorMemory: [{MemoryType: HBM2E, CapacityMiB: 81920}, {MemoryType: Cache, CapacityMiB: 50}]
  Status: {State: Enabled, Health: Critical}
/redfish/v1/Chassis:
  Members: [{"@odata.id": /redfish/v1/Chassis/Case}, {"@odata.id": /redfish/v1/Chassis/Tray}, {"@odata.id": /redfish/v1/Chassis/PDU}]
/redfish/v1/Chassis/Case:
  "@odata.type": "#Chassis.v1_20_0.Chassis"
  Name: Case
  ChassisType: RackMount
  HeightMm: 355.6
  Location: {Placement: {Rack: R12, Row: A, RackOffset: 20, RackOffsetUnits: EIA_310}}
  PowerSubsystem: {"@odata.id": /redfish/v1/Chassis/Case/PowerSubsystem}
  EnvironmentMetrics: {"@odata.id": /redfish/v1/Chassis/Case/EnvironmentMetrics}
  Links: {ComputerSystems: [{"@odata.id": /redfish/v1/Systems/Host}]}
/redfish/v1/Chassis/Case/EnvironmentMetrics: {PowerWatts: {Reading: 4321}}
/redfish/v1/Chassis/Case/PowerSubsystem:
  CapacityWatts: 10200
  PowerSupplyRedundancy: [{MinNeededInGroup: 1}]
  PowerSupplies: {"@odata.id": /redfish/v1/Chassis/Case/PowerSubsystem/PowerSupplies}
/redfish/v1/Chassis/Case/PowerSubsystem/PowerSupplies:
  Members:
  - {"@odata.id": /redfish/v1/Chassis/Case/PowerSubsystem/PowerSupplies/0, PowerCapacityWatts: 3300, Links: {PowerOutlets: [{"@odata.id": /redfish/v1/PowerEquipment/RackPDUs/1/Outlets/A1}]}}
  - {Name: the other, PowerCapacityWatts: 3300}
/redfish/v1/Chassis/Tray:
  "@odata.type": "#Chassis.v1_20_0.Chassis"
  NetworkAdapters: {"@odata.id": /redfish/v1/Chassis/Tray/NetworkAdapters}
  Links: {ContainedBy: {"@odata.id": /redfish/v1/Chassis/Case}}
/redfish/v1/Chassis/Tray/NetworkAdapters: {Members: [{"@odata.id": /redfish/v1/Chassis/Tray/NetworkAdapters/0}, {"@odata.id": /redfish/v1/Chassis/Tray/NetworkAdapters/1}]}
/redfish/v1/Chassis/Tray/NetworkAdapters/0: {Model: IB, Ports: {"@odata.id": /redfish/v1/Chassis/Tray/NetworkAdapters/0/Ports}}
/redfish/v1/Chassis/Tray/NetworkAdapters/0/Ports: {Members: [{"@odata.id": /redfish/v1/Chassis/Tray/NetworkAdapters/0/Ports/1}]}
/redfish/v1/Chassis/Tray/NetworkAdapters/0/Ports/1:
  PortId: "1"
  LinkStatus: LinkUp
  LinkNetworkTechnology: InfiniBand
  CurrentSpeedGbps: 200
  MaxSpeedGbps: 400
  InfiniBand: {AssociatedPortGUIDs: ["0011:2233:4455:6677"]}
/redfish/v1/Chassis/Tray/NetworkAdapters/1: {Model: Eth}
/redfish/v1/Chassis/PDU:
  "@odata.type": "#Chassis.v1_20_0.Chassis"
  Location: {Placement: {Rack: R12}}
  Links: {PowerDistribution: {"@odata.id": /redfish/v1/PowerEquipment/RackPDUs/1}}
/redfish/v1/PowerEquipment: {RackPDUs: {"@odata.id": /redfish/v1/PowerEquipment/RackPDUs}}
/redfish/v1/PowerEquipment/RackPDUs: {Members: [{"@odata.id": /redfish/v1/PowerEquipment/RackPDUs/1}]}
/redfish/v1/PowerEquipment/RackPDUs/1:
  "@odata.type": "#PowerDistribution.v1_4_0.PowerDistribution"
  EquipmentType: RackPDU
  PowerCapacityVA: 17300
  Branches: {"@odata.id": /redfish/v1/PowerEquipment/RackPDUs/1/Branches}
  Outlets: {"@odata.id": /redfish/v1/PowerEquipment/RackPDUs/1/Outlets}
  Links: {Chassis: [{"@odata.id": /redfish/v1/Chassis/PDU}]}
/redfish/v1/PowerEquipment/RackPDUs/1/Branches: {Members: [{"@odata.id": /redfish/v1/PowerEquipment/RackPDUs/1/Branches/A}]}
/redfish/v1/PowerEquipment/RackPDUs/1/Branches/A: {CircuitType: Branch, RatedCurrentAmps: 16, NominalVoltage: AC200To240V, PhaseWiringType: OnePhase3Wire, PowerWatts: {Reading: 900}}
/redfish/v1/PowerEquipment/RackPDUs/1/Outlets: {Members: [{"@odata.id": /redfish/v1/PowerEquipment/RackPDUs/1/Outlets/A1}]}
/redfish/v1/PowerEquipment/RackPDUs/1/Outlets/A1: {PowerState: "On", Links: {BranchCircuit: {"@odata.id": /redfish/v1/PowerEquipment/RackPDUs/1/Branches/A}}}
)";
}

}  // namespace freehold::discover::testing
