// The schema tables of node.h.
#pragma once

#include "api/hardware_table.h"
#include "api/meta_table.h"
#include "api/node.h"
#include "api/reading_table.h"
#include "schema/table.h"

namespace freehold::schema {

template <>
inline constexpr auto table<api::Lifecycle> = enumeration<api::Lifecycle>(
    "Lifecycle", "Where in its life a machine is.",
    value(api::Lifecycle::in_service, "inService", "It may carry work."),
    value(api::Lifecycle::ordered, "ordered", "Bought, not there yet."),
    value(api::Lifecycle::installed, "installed", "In the rack, not released for work."),
    value(api::Lifecycle::end_of_life, "endOfLife", "Takes no new work."));
template <>
inline constexpr auto table<api::FeedFailure> = enumeration<api::FeedFailure>(
    "FeedFailure", "What happens to the load when a feed fails.",
    value(api::FeedFailure::shift, "shift", "The other feeds take it."),
    value(api::FeedFailure::cap, "cap", "The node is capped to what is left."),
    value(api::FeedFailure::off, "off", "The node goes down."));
template <>
inline constexpr auto table<api::Feed> = object<api::Feed>(
    "Feed", "A supply line.",
    field<&api::Feed::domain>("domain", "PowerDomain that it hangs on.",
                              {.required = true, .max_size = 63, .format = &api::dns_label}),
    field<&api::Feed::share_percent>("sharePercent", "Share of the load in normal operation.",
                                     {.min = 0, .max = 100}),
    field<&api::Feed::on_failure>("onFailure", "What happens when it fails."));
template <>
inline constexpr auto table<api::NodeSpec> = checked_object<api::NodeSpec, api::check_node_spec>(
    "NodeSpec", "Where a node stands and whether it may be used.",
    field<&api::NodeSpec::site>("site", "Site it stands in.",
                                {.max_size = 63, .format = &api::dns_label}),
    field<&api::NodeSpec::rack>("rack", "Rack it stands in.",
                                {.max_size = 63, .format = &api::dns_label}),
    field<&api::NodeSpec::unit>("unit", "Lowest rack unit; 0 when unknown.",
                                {.min = 0, .max = 100}),
    field<&api::NodeSpec::height>("height", "Rack units that it takes; 0 when unknown.",
                                  {.min = 0, .max = 100}),
    field<&api::NodeSpec::nameplate>("nameplate", "The most that it draws by its plate.",
                                     {.min = 0, .dimension = Dimension::power}),
    field<&api::NodeSpec::feeds>("feeds", "Supply lines.", {.max_size = 8, .list_key = "domain"}),
    field<&api::NodeSpec::provider>("provider",
                                    "How instances become real here; `agent` is honoured.",
                                    {.max_size = 63, .format = &api::dns_label}),
    field<&api::NodeSpec::expected_profile>(
        "expectedProfile",
        "HardwareProfile that it should have; a difference is reported as a condition.",
        {.max_size = 63, .format = &api::dns_label}),
    field<&api::NodeSpec::expected_model>(
        "expectedModel",
        "DeviceModel of type node that it should be; a missing or weak part is a condition.",
        {.max_size = 63, .format = &api::dns_label}),
    field<&api::NodeSpec::schedulable>("schedulable", "Whether new work may be placed here."),
    field<&api::NodeSpec::maintenance>(
        "maintenance", "Maintenance that holds the node.",
        {.max_size = 63, .later = "kind Maintenance is not served yet; use `schedulable: false`"}),
    field<&api::NodeSpec::lifecycle>("lifecycle", "Where in its life the machine is."),
    field<&api::NodeSpec::available_from>("availableFrom", "No work is placed here before."));
template <>
inline constexpr auto table<api::Health> = enumeration<api::Health>(
    "Health", "Health as far as it was seen.", value(api::Health::unknown, "Unknown", "Not seen."),
    value(api::Health::healthy, "Healthy", "Seen, nothing wrong."),
    value(api::Health::degraded, "Degraded", "Works below what it should."),
    value(api::Health::failed, "Failed", "Does not work."));
template <>
inline constexpr auto table<api::DevicePort> = object<api::DevicePort>(
    "DevicePort", "A port of a network device, as it is now.",
    field<&api::DevicePort::number>("number", "Number that the device gives it.",
                                    {.min = 0, .max = 65535}),
    field<&api::DevicePort::identity>("identity", "Port GUID or MAC address.", {.max_size = 128}),
    field<&api::DevicePort::state>("state", "As the driver says: ACTIVE, DOWN.", {.max_size = 32}),
    field<&api::DevicePort::link_layer>("linkLayer", "InfiniBand or Ethernet.", {.max_size = 32}),
    field<&api::DevicePort::speed>("speed", "Rate now.", {.max_size = 16}),
    field<&api::DevicePort::physical_state>(
        "physicalState", "Of the wire, as the driver says: LinkUp, Polling, Disabled.",
        {.max_size = 32}),
    field<&api::DevicePort::protocols>(
        "protocols", "RDMA over Ethernet, as its addresses say: RoCE v1, RoCE v2, iWARP.",
        {.max_size = 8, .set = true}));
template <>
inline constexpr auto table<api::LinkNow> = object<api::LinkNow>(
    "LinkNow", "A link of the profile, as it is now.",
    field<&api::LinkNow::to>("to", "As in the profile.", {.required = true, .max_size = 63}),
    field<&api::LinkNow::kind>("kind", "What it is."),
    field<&api::LinkNow::up>("up", "How many of the bundled links are up.",
                             {.min = 0, .max = 1024}),
    field<&api::LinkNow::bandwidth>("bandwidth", "Of those that are up, in one direction.",
                                    {.min = 0, .dimension = Dimension::bandwidth}));
template <>
inline constexpr auto table<api::DevicePartition> = object<api::DevicePartition>(
    "DevicePartition", "A part of a device that can be given away by itself.",
    field<&api::DevicePartition::profile>("profile", "Name that the vendor gives its size.",
                                          {.max_size = 63}),
    field<&api::DevicePartition::start>("start", "First memory slice; -1 when unknown.",
                                        {.min = -1, .max = 63}),
    field<&api::DevicePartition::identity>("identity", "UUID.", {.max_size = 128}));
template <>
inline constexpr auto table<api::DeviceClocks> = object<api::DeviceClocks>(
    "DeviceClocks", "Clock rates of an accelerator.",
    field<&api::DeviceClocks::core_mhz>("coreMhz", "Of its processors now, in MHz; 0: unknown.",
                                        {.min = 0, .max = 100000}),
    field<&api::DeviceClocks::core_max_mhz>(
        "coreMaxMhz", "Of its processors at most, in MHz; 0: unknown.", {.min = 0, .max = 100000}),
    field<&api::DeviceClocks::memory_mhz>("memoryMhz", "Of its memory now, in MHz; 0: unknown.",
                                          {.min = 0, .max = 100000}),
    field<&api::DeviceClocks::memory_max_mhz>(
        "memoryMaxMhz", "Of its memory at most, in MHz; 0: unknown.", {.min = 0, .max = 100000}));
template <>
inline constexpr auto table<api::NodeDevice> = object<api::NodeDevice>(
    "NodeDevice", "This node's copy of a device of the profile.",
    field<&api::NodeDevice::id>("id", "As in the profile.", {.required = true, .max_size = 63}),
    field<&api::NodeDevice::identity>("identity", "GUID, UUID or serial number.",
                                      {.max_size = 128}),
    field<&api::NodeDevice::health>("health", "Health."),
    field<&api::NodeDevice::reason>("reason", "Why it is not healthy, and what to do.",
                                    {.max_size = 512}),
    field<&api::NodeDevice::link_speed>("linkSpeed", "Link speed now.", {.max_size = 16}),
    field<&api::NodeDevice::link_width>("linkWidth", "Lanes now; 0 when unknown.",
                                        {.min = 0, .max = 64}),
    field<&api::NodeDevice::ports>("ports", "Ports as they are now.",
                                   {.max_size = 64, .list_key = "number"}),
    field<&api::NodeDevice::links>("links", "Links of the profile as they are now.",
                                   {.max_size = 128}),
    field<&api::NodeDevice::partitions>("partitions", "Parts that it is split into now.",
                                        {.max_size = 64}),
    field<&api::NodeDevice::power_limit>("powerLimit", "Limit that is in force.",
                                         {.min = 0, .dimension = Dimension::power}),
    field<&api::NodeDevice::power>("power", "What it draws, by its own meter."),
    field<&api::NodeDevice::clocks>("clocks", "Clock rates."),
    field<&api::NodeDevice::firmware>("firmware", "Version of its firmware.", {.max_size = 64}),
    field<&api::NodeDevice::board_id>("boardId", "What makers choose a card's firmware by (PSID).",
                                      {.max_size = 128}),
    field<&api::NodeDevice::iommu_group>(
        "iommuGroup",
        "Devices of one group can be handed to a guest only together; -1 when unknown.",
        {.min = -1}),
    field<&api::NodeDevice::bus_memory_bytes>(
        "busMemoryBytes",
        "Of its memory, what other devices reach over the bus (BAR); 0 when unknown.", {.min = 0}),
    field<&api::NodeDevice::compute_partition>(
        "computePartition", "How its driver splits its processors: SPX is whole, CPX is by die.",
        {.max_size = 16}),
    field<&api::NodeDevice::memory_partition>(
        "memoryPartition", "How its driver splits its memory: NPS1 is whole.", {.max_size = 16}),
    field<&api::NodeDevice::hive>("hive", "Accelerators of one xGMI hive are reset together.",
                                  {.max_size = 63}));
template <>
inline constexpr auto table<api::DegradedLink> = object<api::DegradedLink>(
    "DegradedLink", "A link that runs below what both of its ends can do.",
    field<&api::DegradedLink::at>("at", "PCI address or link.", {.required = true, .max_size = 63}),
    field<&api::DegradedLink::expected>("expected", "What it should be.", {.max_size = 64}),
    field<&api::DegradedLink::seen>("seen", "What it is.", {.max_size = 64}),
    field<&api::DegradedLink::message>("message", "Sentence, for people.", {.max_size = 512}));
template <>
inline constexpr auto table<api::MemoryShare> = object<api::MemoryShare>(
    "MemoryShare", "Memory on one memory node.",
    field<&api::MemoryShare::node>("node", "NUMA node.", {.min = 0, .max = 65535}),
    field<&api::MemoryShare::bytes>("bytes", "How much.", {.min = 0}));
template <>
inline constexpr auto table<api::Allocatable> = object<api::Allocatable>(
    "Allocatable", "What contracts may take on a node: what it has less what the system keeps.",
    field<&api::Allocatable::cpus>("cpus", "Logical CPUs.", {.format = &api::cpu_list}),
    field<&api::Allocatable::memory>("memory", "Memory per memory node.",
                                     {.max_size = 1024, .list_key = "node"}),
    field<&api::Allocatable::devices>("devices", "Ids of devices that may be used.",
                                      {.max_size = 256, .set = true}),
    field<&api::Allocatable::power>("power", "What the node may draw.",
                                    {.min = 0, .dimension = Dimension::power}));
template <>
inline constexpr auto table<api::Capability> = object<api::Capability>(
    "Capability", "Something that was measured on this node.",
    field<&api::Capability::metric>(
        "metric", "What was measured.",
        {.required = true, .max_size = 63, .format = &api::metric_name}),
    field<&api::Capability::value>("value", "How much.", {.any_dimension = true}),
    field<&api::Capability::by>("by", "Who measured.", {.max_size = 63}),
    field<&api::Capability::at>("at", "When."));
template <>
inline constexpr auto table<api::Enforcement> = object<api::Enforcement>(
    "Enforcement", "Which limits bind on this node.",
    field<&api::Enforcement::cgroup>("cgroup", "Layout of control groups.", {.max_size = 16}),
    field<&api::Enforcement::limits>("limits", "Limits that bind.", {.max_size = 16}),
    field<&api::Enforcement::missing>("missing", "Limits that do not bind, and why.",
                                      {.max_size = 16}));
template <>
inline constexpr auto table<api::Confidence> = enumeration<api::Confidence>(
    "Confidence", "How far a fact may be trusted.",
    value(api::Confidence::unknown, "unknown", "Nobody says."),
    value(api::Confidence::measured, "measured", "It was measured."),
    value(api::Confidence::vendor_library, "vendor-library", "The vendor's library says so."),
    value(api::Confidence::sysfs, "sysfs", "The kernel says so."),
    value(api::Confidence::bmc, "bmc", "The management controller says so."),
    value(api::Confidence::overlay, "overlay", "A file about this type of machine says so."),
    value(api::Confidence::declared, "declared", "A document that someone wrote says so."),
    value(api::Confidence::inferred, "inferred", "It follows from names."));
template <>
inline constexpr auto table<api::Provenance> = object<api::Provenance>(
    "Provenance", "Who said something about this node.",
    field<&api::Provenance::field>("field", "Path; it stands for all below it.",
                                   {.required = true, .max_size = 128}),
    field<&api::Provenance::source>("source", "Format or library.",
                                    {.required = true, .max_size = 63}),
    field<&api::Provenance::confidence>("confidence", "How far it may be trusted."),
    field<&api::Provenance::at>("at", "When it was seen."));
template <>
inline constexpr auto table<api::Claim> = object<api::Claim>(
    "Claim", "What one source says.",
    field<&api::Claim::source>("source", "Format or library.", {.required = true, .max_size = 63}),
    field<&api::Claim::value>("value", "What it says.", {.max_size = 256}),
    field<&api::Claim::confidence>("confidence", "How far it may be trusted."));
template <>
inline constexpr auto table<api::Conflict> = object<api::Conflict>(
    "Conflict", "Sources that disagree.",
    field<&api::Conflict::field>("field", "Path.", {.required = true, .max_size = 128}),
    field<&api::Conflict::kept>("kept", "The value that counts, from the firmest source.",
                                {.max_size = 256}),
    field<&api::Conflict::claims>("claims", "What each source says.",
                                  {.max_size = 16, .list_key = "source"}));
template <>
inline constexpr auto table<api::NodePower> = object<api::NodePower>(
    "NodePower", "Watts of the machine.",
    field<&api::NodePower::nameplate>("nameplate", "The most it may draw by its plates.",
                                      {.min = 0, .dimension = Dimension::power}),
    field<&api::NodePower::measured>("measured", "What it drew when it was last looked at.",
                                     {.min = 0, .dimension = Dimension::power}),
    field<&api::NodePower::limit>("limit", "Limit that is in force.",
                                  {.min = 0, .dimension = Dimension::power}),
    field<&api::NodePower::source>("source", "Who measured.", {.max_size = 63}),
    field<&api::NodePower::at>("at", "When."));
template <>
inline constexpr auto table<api::NodeStatus> = object<api::NodeStatus>(
    "NodeStatus", "What the agent saw.",
    field<&api::NodeStatus::profile>("profile", "HardwareProfile of the machine.",
                                     {.max_size = 63}),
    field<&api::NodeStatus::boot_id>("bootId", "Changes with every boot.", {.max_size = 64}),
    field<&api::NodeStatus::agent_version>("agentVersion", "Version of the agent.",
                                           {.max_size = 64}),
    field<&api::NodeStatus::kernel>("kernel", "Kernel release.", {.max_size = 128}),
    field<&api::NodeStatus::firmware>("firmware", "Version of the board's firmware (BIOS).",
                                      {.max_size = 128}),
    field<&api::NodeStatus::address>("address", "Where its workloads are reached.",
                                     {.max_size = 253}),
    field<&api::NodeStatus::agent_endpoint>(
        "agentEndpoint", "Where the API server fetches logs: host:port.", {.max_size = 270}),
    field<&api::NodeStatus::allocatable>("allocatable", "What contracts may take."),
    field<&api::NodeStatus::devices>("devices", "Identities and health.",
                                     {.max_size = 256, .list_key = "id"}),
    field<&api::NodeStatus::degraded_links>("degradedLinks", "Links below their worth.",
                                            {.max_size = 256}),
    field<&api::NodeStatus::measured>("measured", "Measured capability.", {.max_size = 64}),
    field<&api::NodeStatus::enforcement>("enforcement", "Which limits bind."),
    field<&api::NodeStatus::scale_up_domain>(
        "scaleUpDomain", "Machines with the same text share a scale-up fabric.", {.max_size = 128}),
    field<&api::NodeStatus::power>("power", "Watts."),
    field<&api::NodeStatus::provenance>("provenance", "Who said what.", {.max_size = 512}),
    field<&api::NodeStatus::conflicts>("conflicts", "Where sources disagree.",
                                       {.max_size = 128, .list_key = "field"}),
    field<&api::NodeStatus::conditions>("conditions", "Observed facts.",
                                        {.max_size = 32, .list_key = "type"}));
template <>
inline constexpr auto table<api::Node> = object<api::Node>(
    "Node", "One machine of the fleet.", field<&api::Node::metadata>("metadata", "Identity."),
    field<&api::Node::spec>("spec", "Where it stands and whether it may be used."),
    field<&api::Node::status>("status", "What its agent saw."));

}  // namespace freehold::schema
