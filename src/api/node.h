// Node: one machine of the fleet. HardwareProfile: the interior graph of a machine model, named by
// its digest and shared by all nodes that have it. Written by agents and importers; what may be
// used is `status.allocatable`.
#pragma once

#include <string>
#include <vector>

#include "api/meta.h"

namespace freehold::api {

// ---- HardwareProfile

enum class NumaClass : uint8_t { cpu_memory, memory_only, gpu_memory, cpu_only, empty };
enum class DeviceClass : uint8_t { gpu, nic, rdma_nic, nvme, nvswitch, cxl, other };

struct NumaNode {
  int64_t id = 0;
  NumaClass cls = NumaClass::cpu_memory;
  int64_t package = -1;  // -1: unknown
  std::string cpus;      // list of logical CPUs
  int64_t memory_bytes = 0;
  std::vector<int64_t>
      distances;  // to each NUMA node in the order of the list, SLIT; empty: unknown
};
struct Package {
  int64_t id = 0;
  std::string model;
};
struct Cache {
  int64_t level = 0;
  std::string type;  // data, instruction, unified
  int64_t size_bytes = 0;
  std::string cpus;  // that share it
};
// A bridge, switch port or device of the PCI tree.
struct PciFunction {
  std::string address;         // 0000:41:00.0
  std::string parent;          // address, or the root "pci0000:40"; empty: unknown
  std::string class_code;      // four hex digits: 0302
  std::string vendor, device;  // four hex digits each
  int64_t numa = -1;
  std::string link_speed;  // the most it can do: "16GT/s"; empty: unknown
  int64_t link_width = 0;  // lanes; 0: unknown
};
struct Device {
  std::string id;  // "gpu0", "mlx5_0", "eth0", "nvme0": unique in the machine
  DeviceClass cls = DeviceClass::other;
  std::string model;  // as the vendor names it, or "10de:2330"
  std::string pci;    // address; empty: not on PCI
  int64_t numa = -1;
  int64_t memory_bytes = 0;  // of the device; 0: unknown
  std::string speed;         // of a NIC: "400Gbps"; empty: unknown
};
struct HardwareProfileSpec {
  std::string product;       // DMI product name, or what stands for it
  std::string architecture;  // x86_64, aarch64
  std::string cpus;          // all logical CPUs
  std::vector<Package> packages;
  std::vector<std::string> cores;  // CPU lists of hardware threads that share a core
  std::vector<NumaNode> numa;
  std::vector<Cache> caches;
  std::vector<PciFunction> pci;
  std::vector<Device> devices;
};
struct HardwareProfile {
  ObjectMeta metadata;
  HardwareProfileSpec spec;
};

// ---- Node

enum class Lifecycle : uint8_t { ordered, installed, in_service, end_of_life };
enum class FeedFailure : uint8_t { shift, cap, off };

struct Feed {
  std::string domain;
  int64_t share_percent = 100;
  FeedFailure on_failure = FeedFailure::shift;
};
struct NodeSpec {
  std::string site, rack;
  int64_t unit = 0;
  std::vector<Feed> feeds;
  std::string provider = "agent";
  std::string expected_profile;
  bool schedulable = true;
  std::string maintenance;
  Lifecycle lifecycle = Lifecycle::in_service;
  Time available_from;
};

enum class Health : uint8_t { unknown, healthy, degraded, failed };

struct NodeDevice {
  std::string id;        // as in the profile
  std::string identity;  // GUID, UUID or serial; empty: unknown
  Health health = Health::unknown;
  std::string link_speed;  // now
  int64_t link_width = 0;
};
struct DegradedLink {
  std::string at;  // PCI address or link name
  std::string expected, seen, message;
};
struct MemoryShare {
  int64_t node = 0;  // NUMA node
  int64_t bytes = 0;
};
struct Allocatable {
  std::string cpus;  // CPU list
  std::vector<MemoryShare> memory;
  std::vector<std::string> devices;  // ids of healthy devices
  Quantity power;                    // what the node may draw; unset: unknown
};
struct Capability {
  std::string metric;  // memory_bandwidth, cpu_rate
  Quantity value;
  std::string by;  // who measured: agent, acceptance
  Time at;
};
struct Enforcement {
  std::string cgroup;                // v2, v1, hybrid, none
  std::vector<std::string> limits;   // cpu, cpuset, memory, pids: bind on this node
  std::vector<std::string> missing;  // what cannot be enforced, with the reason
};
struct NodeStatus {
  std::string profile;  // name of the HardwareProfile
  std::string boot_id, agent_version, kernel, address;
  std::string agent_endpoint;  // host:port of the agent's own HTTPS server (logs)
  Allocatable allocatable;
  std::vector<NodeDevice> devices;
  std::vector<DegradedLink> degraded_links;
  std::vector<Capability> measured;
  Enforcement enforcement;
  Conditions conditions;
};
struct Node {
  ObjectMeta metadata;
  NodeSpec spec;
  NodeStatus status;
};

}  // namespace freehold::api

namespace freehold::schema {

template <>
inline constexpr auto table<api::NumaClass> = enumeration<api::NumaClass>(
    "NumaClass", "What a memory node consists of.",
    value(api::NumaClass::cpu_memory, "cpu+memory", "CPUs with local memory."),
    value(api::NumaClass::memory_only, "memory-only", "CXL or HBM memory without CPUs."),
    value(api::NumaClass::gpu_memory, "gpu-memory", "Memory of an accelerator."),
    value(api::NumaClass::cpu_only, "cpu-only", "CPUs without local memory."),
    value(api::NumaClass::empty, "empty", "Neither."));
template <>
inline constexpr auto table<api::DeviceClass> = enumeration<api::DeviceClass>(
    "DeviceClass", "What a device is for.", value(api::DeviceClass::gpu, "gpu", "An accelerator."),
    value(api::DeviceClass::nic, "nic", "A network interface."),
    value(api::DeviceClass::rdma_nic, "rdma-nic", "A network interface with RDMA."),
    value(api::DeviceClass::nvme, "nvme", "An NVMe controller."),
    value(api::DeviceClass::nvswitch, "nvswitch", "A switch of a scale-up fabric."),
    value(api::DeviceClass::cxl, "cxl", "A CXL memory device."),
    value(api::DeviceClass::other, "other", "Anything else."));
template <>
inline constexpr auto table<api::NumaNode> = object<api::NumaNode>(
    "NumaNode", "One memory node of a machine.",
    field<&api::NumaNode::id>("id", "Number that the operating system uses.",
                              {.min = 0, .max = 65535}),
    field<&api::NumaNode::cls>("class", "What the node consists of."),
    field<&api::NumaNode::package>("package", "Package it belongs to; -1 when unknown.",
                                   {.min = -1}),
    field<&api::NumaNode::cpus>("cpus", "Logical CPUs next to it.", {.format = &api::cpu_list}),
    field<&api::NumaNode::memory_bytes>("memoryBytes", "Size of its memory.", {.min = 0}),
    field<&api::NumaNode::distances>(
        "distances", "Distance to each memory node in order of the list (SLIT, 10 is local).",
        {.max_size = 1024}));
template <>
inline constexpr auto table<api::Package> = object<api::Package>(
    "Package", "One processor package.",
    field<&api::Package::id>("id", "Number that the operating system uses.", {.min = 0}),
    field<&api::Package::model>("model", "Model name.", {.max_size = 128}));
template <>
inline constexpr auto table<api::Cache> = object<api::Cache>(
    "Cache", "A cache and the CPUs that share it.",
    field<&api::Cache::level>("level", "1 to 4.", {.min = 1, .max = 5}),
    field<&api::Cache::type>("type", "data, instruction or unified.", {.max_size = 16}),
    field<&api::Cache::size_bytes>("sizeBytes", "Size.", {.min = 0}),
    field<&api::Cache::cpus>("cpus", "Logical CPUs that share it.", {.format = &api::cpu_list}));
template <>
inline constexpr auto table<api::PciFunction> = object<api::PciFunction>(
    "PciFunction", "A bridge, switch port or device of the PCI tree.",
    field<&api::PciFunction::address>("address", "Domain, bus, device and function.",
                                      {.required = true, .max_size = 20}),
    field<&api::PciFunction::parent>("parent", "Address of the bridge above, or the root.",
                                     {.max_size = 24}),
    field<&api::PciFunction::class_code>("class", "Class and subclass, four hex digits.",
                                         {.max_size = 4}),
    field<&api::PciFunction::vendor>("vendor", "Vendor id.", {.max_size = 4}),
    field<&api::PciFunction::device>("device", "Device id.", {.max_size = 4}),
    field<&api::PciFunction::numa>("numa", "Memory node; -1 when unknown.", {.min = -1}),
    field<&api::PciFunction::link_speed>("linkSpeed", "Highest link speed, per lane.",
                                         {.max_size = 16}),
    field<&api::PciFunction::link_width>("linkWidth", "Most lanes; 0 when unknown.",
                                         {.min = 0, .max = 64}));
template <>
inline constexpr auto table<api::Device> = object<api::Device>(
    "Device", "Something that can be allocated, or that joins what can be.",
    field<&api::Device::id>("id", "Unique in the machine.", {.required = true, .max_size = 63}),
    field<&api::Device::cls>("class", "What it is for."),
    field<&api::Device::model>("model", "Model name or PCI ids.", {.max_size = 128}),
    field<&api::Device::pci>("pci", "PCI address.", {.max_size = 20}),
    field<&api::Device::numa>("numa", "Memory node; -1 when unknown.", {.min = -1}),
    field<&api::Device::memory_bytes>("memoryBytes", "Memory of the device; 0 when unknown.",
                                      {.min = 0}),
    field<&api::Device::speed>("speed", "Link rate of a network interface.", {.max_size = 16}));
template <>
inline constexpr auto table<api::HardwareProfileSpec> = object<api::HardwareProfileSpec>(
    "HardwareProfileSpec", "The interior of a machine model.",
    field<&api::HardwareProfileSpec::product>("product", "Product name.", {.max_size = 128}),
    field<&api::HardwareProfileSpec::architecture>("architecture", "Instruction set.",
                                                   {.max_size = 16}),
    field<&api::HardwareProfileSpec::cpus>("cpus", "All logical CPUs.", {.format = &api::cpu_list}),
    field<&api::HardwareProfileSpec::packages>("packages", "Processor packages.",
                                               {.max_size = 64, .list_key = "id"}),
    field<&api::HardwareProfileSpec::cores>("cores",
                                            "Hardware threads that share a core, as CPU lists.",
                                            {.max_size = 4096, .format = &api::cpu_list}),
    field<&api::HardwareProfileSpec::numa>("numa", "Memory nodes.",
                                           {.max_size = 1024, .list_key = "id"}),
    field<&api::HardwareProfileSpec::caches>("caches", "Caches.", {.max_size = 8192}),
    field<&api::HardwareProfileSpec::pci>("pci", "The PCI tree.",
                                          {.max_size = 1024, .list_key = "address"}),
    field<&api::HardwareProfileSpec::devices>("devices", "Devices.",
                                              {.max_size = 256, .list_key = "id"}));
template <>
inline constexpr auto table<api::HardwareProfile> = object<api::HardwareProfile>(
    "HardwareProfile", "The interior graph of a machine model, shared by all nodes that have it.",
    field<&api::HardwareProfile::metadata>("metadata", "Identity; the name is `hp-` and a digest."),
    field<&api::HardwareProfile::spec>("spec", "The graph.", {.immutable = true}));

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
inline constexpr auto table<api::NodeSpec> = object<api::NodeSpec>(
    "NodeSpec", "Where a node stands and whether it may be used.",
    field<&api::NodeSpec::site>("site", "Site it stands in.",
                                {.max_size = 63, .format = &api::dns_label}),
    field<&api::NodeSpec::rack>("rack", "Rack it stands in.",
                                {.max_size = 63, .format = &api::dns_label}),
    field<&api::NodeSpec::unit>("unit", "Lowest rack unit; 0 when unknown.",
                                {.min = 0, .max = 100}),
    field<&api::NodeSpec::feeds>("feeds", "Supply lines.", {.max_size = 8, .list_key = "domain"}),
    field<&api::NodeSpec::provider>("provider",
                                    "How instances become real here; `agent` is honoured.",
                                    {.max_size = 63, .format = &api::dns_label}),
    field<&api::NodeSpec::expected_profile>(
        "expectedProfile",
        "HardwareProfile that it should have; a difference is reported as a condition.",
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
inline constexpr auto table<api::NodeDevice> = object<api::NodeDevice>(
    "NodeDevice", "This node's copy of a device of the profile.",
    field<&api::NodeDevice::id>("id", "As in the profile.", {.required = true, .max_size = 63}),
    field<&api::NodeDevice::identity>("identity", "GUID, UUID or serial number.",
                                      {.max_size = 128}),
    field<&api::NodeDevice::health>("health", "Health."),
    field<&api::NodeDevice::link_speed>("linkSpeed", "Link speed now.", {.max_size = 16}),
    field<&api::NodeDevice::link_width>("linkWidth", "Lanes now; 0 when unknown.",
                                        {.min = 0, .max = 64}));
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
inline constexpr auto table<api::NodeStatus> = object<api::NodeStatus>(
    "NodeStatus", "What the agent saw.",
    field<&api::NodeStatus::profile>("profile", "HardwareProfile of the machine.",
                                     {.max_size = 63}),
    field<&api::NodeStatus::boot_id>("bootId", "Changes with every boot.", {.max_size = 64}),
    field<&api::NodeStatus::agent_version>("agentVersion", "Version of the agent.",
                                           {.max_size = 64}),
    field<&api::NodeStatus::kernel>("kernel", "Kernel release.", {.max_size = 128}),
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
    field<&api::NodeStatus::conditions>("conditions", "Observed facts.",
                                        {.max_size = 32, .list_key = "type"}));
template <>
inline constexpr auto table<api::Node> = object<api::Node>(
    "Node", "One machine of the fleet.", field<&api::Node::metadata>("metadata", "Identity."),
    field<&api::Node::spec>("spec", "Where it stands and whether it may be used."),
    field<&api::Node::status>("status", "What its agent saw."));

}  // namespace freehold::schema
