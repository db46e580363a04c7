#include "discover/redfish/inventory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "discover/testing/redfish.h"

namespace freehold::discover::redfish {
namespace {

using ::testing::Contains;
using testing::crawl_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

Inventory read(std::string_view yaml) {
  return inventory(survey(crawl_of(yaml)), {.file = "x", .name = "bmc-1", .site = "fra1"});
}

const api::Device* find(const HostFacts& host, std::string_view id) {
  for (const api::Device& device : host.profile.devices)
    if (device.id == id) return &device;
  return nullptr;
}

TEST(RedfishInventory, a_board_of_gpus_belongs_to_the_machine_with_the_cpus) {
  const Inventory all = read(testing::gpu_machine());
  EXPECT_EQ(all.confidence, api::Confidence::bmc);
  ASSERT_THAT(all.hosts, SizeIs(1));
  const HostFacts& host = all.hosts[0];
  EXPECT_EQ(host.name, "gpu-1");
  EXPECT_EQ(host.profile.product, "G8");
  EXPECT_EQ(host.profile.architecture, "x86_64");
  ASSERT_THAT(host.profile.packages, SizeIs(2)) << "an empty socket is none";
  EXPECT_EQ(host.profile.packages[1].model, "Maker C1");
  EXPECT_THAT(all.notes, Contains(HasSubstr("taken as a part of gpu-1")));
}

TEST(RedfishInventory, devices_have_classes_models_and_identities) {
  const HostFacts host = read(testing::gpu_machine()).hosts[0];
  ASSERT_NE(find(host, "gpu0"), nullptr);
  EXPECT_EQ(find(host, "gpu0")->model, "NVIDIA H100");
  EXPECT_EQ(find(host, "gpu0")->slot, "GPU_SXM_1");
  EXPECT_EQ(find(host, "gpu1")->memory_bytes, int64_t{80} << 30);
  EXPECT_EQ(find(host, "nvme0")->cls, api::DeviceClass::nvme);
  EXPECT_EQ(find(host, "nic0")->cls, api::DeviceClass::rdma_nic);
  EXPECT_EQ(find(host, "nic0")->speed, "400Gbps");
  EXPECT_EQ(find(host, "nic1")->cls, api::DeviceClass::nic);
  EXPECT_THAT(host.profile.devices, SizeIs(5)) << "an interface of an adapter is no device";
  ASSERT_THAT(host.devices, SizeIs(5));
  const auto seen = [&](std::string_view id) {
    return *std::ranges::find(host.devices, id, [](const auto& device) { return device.id; });
  };
  EXPECT_EQ(seen("gpu0").identity, "aaaa-0");
  EXPECT_EQ(seen("gpu0").power_limit.text(), "700W");
  EXPECT_EQ(seen("gpu0").power.measured.value(), 312'500);
  EXPECT_EQ(seen("gpu0").power.source, "redfish");
  EXPECT_EQ(seen("gpu0").clocks.core_mhz, 1'755);
  EXPECT_EQ(seen("gpu0").clocks.core_max_mhz, 1'980);
  EXPECT_FALSE(seen("gpu1").power.measured.is_set());
  EXPECT_EQ(seen("gpu1").health, api::Health::failed);
  EXPECT_THAT(seen("gpu1").reason, HasSubstr("Critical"));
}

TEST(RedfishInventory, a_machine_stands_in_its_rack_and_has_its_watts) {
  const Inventory all = read(testing::gpu_machine());
  const HostFacts& host = all.hosts[0];
  EXPECT_EQ(host.rack, "r12");
  EXPECT_EQ(host.unit, 20);
  EXPECT_EQ(host.height, 8);
  EXPECT_EQ(host.power.nameplate.value(), 10'200'000);
  EXPECT_EQ(host.power.measured.value(), 4'321'000);
  EXPECT_FALSE(host.power.limit.is_set());
  ASSERT_THAT(all.racks, SizeIs(1));
  EXPECT_EQ(all.racks[0].spec.row, "A");
  EXPECT_EQ(all.racks[0].spec.site, "fra1");
  EXPECT_THAT(all.racks[0].spec.feeds, ElementsAre("bmc-1-rackpdu-1"));
}

// One machine with a GPU; `system` and `chassis` are put into their documents, `link` into the
// GPU's.
std::string small_machine(std::string_view system, std::string_view chassis,
                          std::string_view link = "") {
  return R"(
/redfish/v1: {Systems: {"@odata.id": /s}, Chassis: {"@odata.id": /c}}
/s: {Members: [{"@odata.id": /s/1}]}
/s/1: {HostName: host-1, Processors: {"@odata.id": /s/1/p})" +
         std::string(system) + R"(}
/s/1/p: {Members: [{"@odata.id": /s/1/p/0}]}
/s/1/p/0: {ProcessorType: GPU, Model: H100)" +
         std::string(link) + R"(}
/c: {Members: [{"@odata.id": /c/1}, {"@odata.id": /c/2}]}
/c/1: {PowerSubsystem: {"@odata.id": /c/1/ps}, Location: {Placement: {Rack: R7}})" +
         std::string(chassis) + R"(}
/c/1/ps: {CapacityWatts: 3000}
/c/2: {Links: {ContainedBy: {"@odata.id": /c/1}, ComputerSystems: [{"@odata.id": /s/1}]}}
)";
}

TEST(RedfishInventory, a_machine_that_only_its_chassis_names_stands_in_it) {
  const Inventory all =
      read(small_machine("", ", Links: {ComputerSystems: [{\"@odata.id\": /s/1}]}"));
  ASSERT_THAT(all.hosts, SizeIs(1));
  EXPECT_EQ(all.hosts[0].rack, "r7");
  EXPECT_EQ(all.hosts[0].power.nameplate.value(), 3'000'000);
}

TEST(RedfishInventory, a_machine_is_named_without_its_domain) {
  const auto name = [](const std::string& host_name) {
    return read(R"(
/redfish/v1: {Systems: {"@odata.id": /s}}
/s: {Members: [{"@odata.id": /s/1}]}
/s/1: {HostName: )" +
                host_name + "}\n")
        .hosts[0]
        .name;
  };
  EXPECT_EQ(name("gpu01.example.com"), "gpu01");
  EXPECT_EQ(name("10.1.2.3"), "10.1.2.3");
}

TEST(RedfishInventory, of_several_chassis_none_of_which_is_inside_of_another_none_is_taken) {
  const Inventory all = read(R"(
/redfish/v1: {Systems: {"@odata.id": /s}, Chassis: {"@odata.id": /c}}
/s: {Members: [{"@odata.id": /s/1}]}
/s/1: {HostName: host-1}
/c: {Members: [{"@odata.id": /c/1}, {"@odata.id": /c/2}]}
/c/1: {MaxPowerWatts: 700, Links: {ComputerSystems: [{"@odata.id": /s/1}]}}
/c/2: {MaxPowerWatts: 800, Links: {ComputerSystems: [{"@odata.id": /s/1}]}}
)");
  EXPECT_FALSE(all.hosts[0].power.nameplate.is_set());
  EXPECT_THAT(all.notes, Contains(HasSubstr("/s/1: stands in 2 chassis")));
}

TEST(RedfishInventory, a_link_of_half_its_lanes_is_told) {
  const auto degraded = [](std::string_view link) {
    const Inventory all = read(small_machine("", "", link));
    std::string out;
    for (const api::DegradedLink& one : all.hosts[0].degraded)
      out += one.at + ": " + one.seen + " of " + one.expected;
    return out;
  };
  EXPECT_EQ(degraded(", SystemInterface: {PCIe: {PCIeType: Gen5, MaxPCIeType: Gen5, LanesInUse: 8, "
                     "MaxLanes: 16}}"),
            "gpu0: x8 of x16");
  EXPECT_EQ(
      degraded(", SystemInterface: {PCIe: {PCIeType: Gen1, MaxPCIeType: Gen5, LanesInUse: 16, "
               "MaxLanes: 16}}"),
      "")
      << "its link rests while it does";
}

TEST(RedfishInventory, two_machines_of_one_name_are_told) {
  const Inventory all = read(R"(
/redfish/v1: {Systems: {"@odata.id": /s}}
/s: {Members: [{"@odata.id": /s/1}, {"@odata.id": /s/2}]}
/s/1: {HostName: host-1, SerialNumber: X}
/s/2: {HostName: host-1, SerialNumber: X}
)");
  ASSERT_THAT(all.hosts, SizeIs(2));
  EXPECT_EQ(all.hosts[1].name, "host-1-2");
  EXPECT_THAT(all.notes, Contains(HasSubstr("/s/2: is called host-1 as /s/1 is, and has its serial "
                                            "number, so they may be one machine")));
}

TEST(RedfishInventory, a_pdu_and_its_branches_are_domains_and_outlets_are_supply_lines) {
  const Inventory all = read(testing::gpu_machine());
  ASSERT_THAT(all.power_domains, SizeIs(2));
  const api::PowerDomain &pdu = all.power_domains[0], &branch = all.power_domains[1];
  EXPECT_EQ(pdu.metadata.name, "bmc-1-rackpdu-1");
  EXPECT_EQ(pdu.spec.capacity.value(), 17'300'000);
  EXPECT_EQ(branch.metadata.name, "bmc-1-rackpdu-1-a");
  EXPECT_EQ(branch.spec.capacity.value(), 3'200'000) << "16 A at 200 V";
  EXPECT_EQ(branch.status.load.value(), 900'000);
  EXPECT_EQ(branch.status.basis, api::PowerBasis::measured);
  EXPECT_EQ(branch.status.meter.measured.value(), 900'000);
  EXPECT_EQ(branch.status.meter.source, "redfish");
  EXPECT_THAT(branch.spec.supplied_by.domains, ElementsAre("bmc-1-rackpdu-1"));
  ASSERT_THAT(all.hosts[0].feeds, SizeIs(1));
  EXPECT_EQ(all.hosts[0].feeds[0].domain, "bmc-1-rackpdu-1-a");
  EXPECT_EQ(all.hosts[0].feeds[0].share_percent, 100);
}

TEST(RedfishInventory, what_has_no_capacity_is_no_domain_and_is_told) {
  const Inventory all = read(R"(
/redfish/v1: {PowerEquipment: {"@odata.id": /p}}
/p: {ElectricalBuses: {"@odata.id": /p/b}}
/p/b: {Members: [{"@odata.id": /p/b/1}]}
/p/b/1: {EquipmentType: Bus}
)");
  EXPECT_THAT(all.power_domains, IsEmpty());
  EXPECT_THAT(all.notes, ElementsAre(HasSubstr("bmc-1-bus-1: neither it nor its mains say")));
}

TEST(RedfishInventory, a_domain_is_supplied_by_what_its_mains_are_plugged_into) {
  const Inventory all = read(R"(
/redfish/v1: {PowerEquipment: {"@odata.id": /p}}
/p: {FloorPDUs: {"@odata.id": /p/f}, RackPDUs: {"@odata.id": /p/r}}
/p/f: {Members: [{"@odata.id": /p/f/A}, {"@odata.id": /p/f/B}]}
/p/f/A: {EquipmentType: FloorPDU, PowerCapacityVA: 100000, Outlets: {"@odata.id": /p/f/A/o}}
/p/f/A/o: {Members: [{"@odata.id": /p/f/A/o/1}]}
/p/f/A/o/1: {PowerState: "On"}
/p/f/B: {EquipmentType: FloorPDU, PowerCapacityVA: 100000, Feeders: {"@odata.id": /p/f/B/f}}
/p/f/B/f: {Members: [{"@odata.id": /p/f/B/f/1}]}
/p/f/B/f/1: {CircuitType: Feeder, RatedCurrentAmps: 32, NominalVoltage: AC400V, PhaseWiringType: ThreePhase5Wire}
/p/r: {Members: [{"@odata.id": /p/r/1}]}
/p/r/1: {EquipmentType: RackPDU, Mains: {"@odata.id": /p/r/1/m}, MainsRedundancy: {MinNeededInGroup: 1}}
/p/r/1/m: {Members: [{"@odata.id": /p/r/1/m/1}, {"@odata.id": /p/r/1/m/2}]}
/p/r/1/m/1: {RatedCurrentAmps: 32, NominalVoltage: AC240V, Links: {PowerOutlet: {"@odata.id": /p/f/A/o/1}}}
/p/r/1/m/2: {Links: {SourceCircuit: {"@odata.id": /p/f/B/f/1}}}
)");
  ASSERT_THAT(all.power_domains, SizeIs(4));
  const api::PowerDomain& rack = all.power_domains[3];
  EXPECT_EQ(rack.metadata.name, "bmc-1-rackpdu-1");
  EXPECT_EQ(rack.spec.capacity.value(), 7'680'000) << "the weaker of its mains";
  EXPECT_THAT(rack.spec.supplied_by.domains, ElementsAre("bmc-1-floorpdu-a", "bmc-1-floorpdu-b-1"));
  EXPECT_EQ(rack.spec.supplied_by.required, 1);
}

TEST(RedfishInventory, no_unit_carries_more_than_its_mains) {
  const Inventory all = read(R"(
/redfish/v1: {PowerEquipment: {"@odata.id": /p}}
/p: {RackPDUs: {"@odata.id": /p/r}}
/p/r: {Members: [{"@odata.id": /p/r/1}, {"@odata.id": /p/r/2}]}
/p/r/1: {EquipmentType: RackPDU, PowerCapacityVA: 20000, Mains: {"@odata.id": /p/r/1/m}}
/p/r/1/m: {Members: [{"@odata.id": /p/r/1/m/1}]}
/p/r/1/m/1: {RatedCurrentAmps: 40, NominalVoltage: AC200To240V}
/p/r/2: {EquipmentType: RackPDU, PowerCapacityVA: 7000, Mains: {"@odata.id": /p/r/2/m}}
/p/r/2/m: {Members: [{"@odata.id": /p/r/2/m/1}]}
/p/r/2/m/1: {RatedCurrentAmps: 40, NominalVoltage: AC200To240V}
)");
  ASSERT_THAT(all.power_domains, SizeIs(2));
  EXPECT_EQ(all.power_domains[0].spec.capacity.value(), 8'000'000);
  EXPECT_EQ(all.power_domains[1].spec.capacity.value(), 7'000'000);
  EXPECT_THAT(all.notes, Contains(HasSubstr("rackpdu-1: is said to carry 20000 W, and its mains "
                                            "carry 8000 W")));
}

// A transfer switch on two floor PDUs, A and B. `more` is what it says beside its mains.
Inventory transfer_switch(const std::string& more) {
  return read(R"(
/redfish/v1: {PowerEquipment: {"@odata.id": /p}}
/p: {FloorPDUs: {"@odata.id": /p/f}, TransferSwitches: {"@odata.id": /p/t}}
/p/f: {Members: [{"@odata.id": /p/f/A}, {"@odata.id": /p/f/B}]}
/p/f/A: {EquipmentType: FloorPDU, PowerCapacityVA: 100000, Outlets: {"@odata.id": /p/f/A/o}}
/p/f/A/o: {Members: [{"@odata.id": /p/f/A/o/1}]}
/p/f/A/o/1: {PowerState: "On"}
/p/f/B: {EquipmentType: FloorPDU, PowerCapacityVA: 100000, Outlets: {"@odata.id": /p/f/B/o}}
/p/f/B/o: {Members: [{"@odata.id": /p/f/B/o/1}]}
/p/f/B/o/1: {PowerState: "On"}
/p/t: {Members: [{"@odata.id": /p/t/1}]}
/p/t/1/m: {Members: [{"@odata.id": /p/t/1/m/1}, {"@odata.id": /p/t/1/m/2}]}
/p/t/1/m/1: {Id: AC1, RatedCurrentAmps: 32, NominalVoltage: AC200To240V, Links: {PowerOutlet: {"@odata.id": /p/f/A/o/1}}}
/p/t/1/m/2: {Id: AC2, RatedCurrentAmps: 30, NominalVoltage: AC200To240V, Links: {PowerOutlet: {"@odata.id": /p/f/B/o/1}}}
/p/t/1: {Mains: {"@odata.id": /p/t/1/m}, )" +
              more + "}");
}

TEST(RedfishInventory, the_mains_of_a_transfer_switch_are_alternatives) {
  const Inventory all = transfer_switch(
      "EquipmentType: AutomaticTransferSwitch, "
      "TransferConfiguration: {ActiveMainsId: AC1, AutoTransferEnabled: true, "
      "TransferInhibit: false}");
  ASSERT_THAT(all.power_domains, SizeIs(3));
  const api::PowerDomain& transfer = all.power_domains[0];
  EXPECT_EQ(transfer.metadata.name, "bmc-1-automatictransferswitch-1");
  EXPECT_EQ(transfer.spec.capacity.value(), 6'000'000) << "one of them, the weaker";
  EXPECT_THAT(transfer.spec.supplied_by.domains,
              ElementsAre("bmc-1-floorpdu-a", "bmc-1-floorpdu-b"));
  EXPECT_EQ(transfer.spec.supplied_by.required, 1);
  EXPECT_THAT(all.notes, Not(Contains(HasSubstr("transferswitch-1: "))));
}

TEST(RedfishInventory, a_switch_that_does_not_change_over_is_supplied_by_its_active_main_alone) {
  for (const char* more :
       {"EquipmentType: ManualTransferSwitch, MainsRedundancy: {MinNeededInGroup: 1}, "
        "TransferConfiguration: {ActiveMainsId: AC1}",
        "EquipmentType: AutomaticTransferSwitch, "
        "TransferConfiguration: {ActiveMainsId: AC1, AutoTransferEnabled: false}",
        "EquipmentType: AutomaticTransferSwitch, TransferConfiguration: {ActiveMainsId: AC1, "
        "AutoTransferEnabled: true, TransferInhibit: true}",
        "EquipmentType: RackPDU, MainsRedundancy: {MinNeededInGroup: 1}, "
        "TransferConfiguration: {ActiveMainsId: AC1, AutoTransferEnabled: false}"}) {
    const Inventory all = transfer_switch(more);
    const auto at = std::ranges::find_if(all.power_domains, [](const auto& domain) {
      return !domain.spec.supplied_by.domains.empty();
    });
    ASSERT_NE(at, all.power_domains.end()) << more;
    EXPECT_EQ(at->spec.capacity.value(), 6'400'000) << more;
    EXPECT_THAT(at->spec.supplied_by.domains, ElementsAre("bmc-1-floorpdu-a")) << more;
    EXPECT_EQ(at->spec.supplied_by.required, 1) << more;
    EXPECT_THAT(all.notes,
                Contains(HasSubstr("does not change over by itself; its active main AC1 alone")));
  }
}

TEST(RedfishInventory, a_switch_by_hand_that_does_not_say_where_it_stands_may_need_each_main) {
  const Inventory all = transfer_switch("EquipmentType: ManualTransferSwitch");
  ASSERT_THAT(all.power_domains, SizeIs(3));
  const api::PowerDomain& transfer = all.power_domains[2];
  EXPECT_EQ(transfer.metadata.name, "bmc-1-manualtransferswitch-1");
  EXPECT_EQ(transfer.spec.capacity.value(), 6'000'000) << "one of them, the weaker";
  EXPECT_THAT(transfer.spec.supplied_by.domains,
              ElementsAre("bmc-1-floorpdu-a", "bmc-1-floorpdu-b"));
  EXPECT_EQ(transfer.spec.supplied_by.required, 2);
  EXPECT_THAT(all.notes, Contains(HasSubstr("which of its mains is active is not known")));
}

TEST(RedfishInventory, a_main_of_a_transfer_switch_that_leads_out_of_the_service_is_told) {
  const Inventory all = read(R"(
/redfish/v1: {PowerEquipment: {"@odata.id": /p}}
/p: {FloorPDUs: {"@odata.id": /p/f}, TransferSwitches: {"@odata.id": /p/t}}
/p/f: {Members: [{"@odata.id": /p/f/A}]}
/p/f/A: {EquipmentType: FloorPDU, PowerCapacityVA: 100000, Outlets: {"@odata.id": /p/f/A/o}}
/p/f/A/o: {Members: [{"@odata.id": /p/f/A/o/1}]}
/p/f/A/o/1: {PowerState: "On"}
/p/t: {Members: [{"@odata.id": /p/t/1}]}
/p/t/1: {EquipmentType: AutomaticTransferSwitch, Mains: {"@odata.id": /p/t/1/m}}
/p/t/1/m: {Members: [{"@odata.id": /p/t/1/m/1}, {"@odata.id": /p/t/1/m/2}]}
/p/t/1/m/1: {RatedCurrentAmps: 32, NominalVoltage: AC240V, Links: {PowerOutlet: {"@odata.id": /p/f/A/o/1}}}
/p/t/1/m/2: {RatedCurrentAmps: 32, NominalVoltage: AC240V}
)");
  ASSERT_THAT(all.power_domains, SizeIs(2));
  EXPECT_THAT(all.power_domains[0].spec.supplied_by.domains, ElementsAre("bmc-1-floorpdu-a"));
  EXPECT_THAT(all.notes,
              Contains(HasSubstr("bmc-1-automatictransferswitch-1: what is behind 1 of its 2 mains "
                                 "is not known here")));
}

TEST(RedfishInventory, a_case_with_power_supplies_alone_is_a_shelf) {
  const Inventory all = read(R"(
/redfish/v1: {Chassis: {"@odata.id": /c}}
/c: {Members: [{"@odata.id": /c/Shelf}]}
/c/Shelf: {MaxPowerWatts: 33000, PowerSubsystem: {"@odata.id": /c/Shelf/p}}
/c/Shelf/p: {PowerSupplies: {"@odata.id": /c/Shelf/s}}
/c/Shelf/s: {Members: [{Name: a, PowerCapacityWatts: 5500}]}
)");
  ASSERT_THAT(all.power_domains, SizeIs(1));
  EXPECT_EQ(all.power_domains[0].metadata.name, "bmc-1-shelf");
  EXPECT_EQ(all.power_domains[0].spec.type, api::PowerDomainType::shelf);
  EXPECT_EQ(all.power_domains[0].spec.capacity.value(), 33'000'000);
  EXPECT_THAT(all.hosts, IsEmpty());
}

TEST(RedfishInventory, a_cooling_unit_cools_the_rack_that_it_stands_in) {
  const Inventory all = read(R"(
/redfish/v1: {ThermalEquipment: {"@odata.id": /t}}
/t: {CDUs: {"@odata.id": /t/c}}
/t/c: {Members: [{"@odata.id": /t/c/1}]}
/t/c/1:
  EquipmentType: CDU
  CoolingCapacityWatts: 70000
  Location: {Placement: {Rack: "4"}}
  LeakDetection: {"@odata.id": /t/c/1/l}
/t/c/1/l: {LeakDetectorGroups: [{Detectors: [{DeviceName: Tray, DetectorState: Critical}, {DetectorState: OK}]}]}
)");
  ASSERT_THAT(all.racks, SizeIs(1));
  EXPECT_EQ(all.racks[0].spec.cooling.type, api::CoolingType::liquid);
  EXPECT_EQ(all.racks[0].spec.cooling.unit, "") << "nothing that is imported defines it";
  EXPECT_THAT(all.notes,
              Contains(HasSubstr("cooling unit bmc-1-cdu-1: of 70kW; list it in spec.cooling of "
                                 "the Site, then name it in spec.cooling.unit of Rack 4")));
  EXPECT_THAT(all.notes, Contains(HasSubstr("leak: Tray: Critical")));
}

TEST(RedfishInventory, machines_in_one_case_stand_in_no_unit_that_is_told) {
  const Inventory all = read(R"(
/redfish/v1: {Systems: {"@odata.id": /s}, Chassis: {"@odata.id": /c}}
/s: {Members: [{"@odata.id": /s/1}, {"@odata.id": /s/2}]}
/s/1: {HostName: a, Links: {Chassis: [{"@odata.id": /c/1}]}}
/s/2: {HostName: b, Links: {Chassis: [{"@odata.id": /c/1}]}}
/c: {Members: [{"@odata.id": /c/1}]}
/c/1: {HeightMm: 88.9, Location: {Placement: {Rack: "4", RackOffset: 12, RackOffsetUnits: EIA_310}}}
)");
  ASSERT_THAT(all.hosts, SizeIs(2));
  for (const HostFacts& host : all.hosts) {
    EXPECT_EQ(host.rack, "4");
    EXPECT_EQ(host.unit, 0);
    EXPECT_EQ(host.height, 0);
  }
}

TEST(RedfishInventory, racks_of_one_label_in_two_rows_are_two) {
  const Inventory all = read(R"(
/redfish/v1: {Systems: {"@odata.id": /s}, Chassis: {"@odata.id": /c}}
/s: {Members: [{"@odata.id": /s/1}, {"@odata.id": /s/2}]}
/s/1: {HostName: a, Links: {Chassis: [{"@odata.id": /c/1}]}}
/s/2: {HostName: b, Links: {Chassis: [{"@odata.id": /c/2}]}}
/c: {Members: [{"@odata.id": /c/1}, {"@odata.id": /c/2}]}
/c/1: {Location: {Placement: {Rack: "4", Row: North}}}
/c/2: {Location: {Placement: {Rack: "4", Row: South}}}
)");
  ASSERT_THAT(all.racks, SizeIs(2));
  EXPECT_EQ(all.racks[1].metadata.name, "4-south");
  EXPECT_EQ(all.racks[1].spec.row, "South");
  ASSERT_THAT(all.hosts, SizeIs(2));
  EXPECT_EQ(all.hosts[0].rack, "4");
  EXPECT_EQ(all.hosts[1].rack, "4-south");
  EXPECT_THAT(all.notes, Contains(HasSubstr("rack 4 in row South is another")));
}

TEST(RedfishInventory, a_limit_that_is_disabled_is_not_in_force) {
  const Inventory all = read(R"(
/redfish/v1: {Systems: {"@odata.id": /s}, Chassis: {"@odata.id": /c}}
/s: {Members: [{"@odata.id": /s/1}]}
/s/1: {Links: {Chassis: [{"@odata.id": /c/1}]}}
/c: {Members: [{"@odata.id": /c/1}]}
/c/1: {EnvironmentMetrics: {"@odata.id": /c/1/e}, Links: {ComputerSystems: [{"@odata.id": /s/1}]}}
/c/1/e: {PowerLimitWatts: {SetPoint: 300, ControlMode: Disabled}}
)");
  ASSERT_THAT(all.hosts, SizeIs(1));
  EXPECT_EQ(all.hosts[0].name, "bmc-1");
  EXPECT_FALSE(all.hosts[0].power.limit.is_set());
}

TEST(RatedWatts, are_amperes_times_the_lowest_voltage) {
  EXPECT_EQ(rated_watts({{}, "", 250.0, {}, "DC48V", "", {}}), 12'000);
  EXPECT_EQ(rated_watts({{}, "", 16.0, {}, "AC200To240V", "TwoPhase3Wire", {}}), 3'200);
  EXPECT_NEAR(*rated_watts({{}, "", 32.0, {}, "AC400V", "ThreePhase5Wire", {}}), 22'170, 1);
  EXPECT_FALSE(rated_watts({{}, "", 32.0, {}, "", "", {}}));
  EXPECT_FALSE(rated_watts({{}, "", {}, {}, "AC240V", "", {}}));
  EXPECT_FALSE(rated_watts({{}, "", 1.0, {}, "ACmuch", "", {}}));
}

}  // namespace
}  // namespace freehold::discover::redfish
