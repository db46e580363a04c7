// HardwareProfile: the interior graph of a machine model, named by its digest and shared by all
// nodes that have it. Written by agents and importers. What cannot be known is left out; nothing in
// it differs between two machines of one model, nor from day to day: firmware, settings of drivers
// and states of links stand in the status of a Node (node.h).
#pragma once

#include <string>
#include <vector>

#include "api/meta.h"

namespace freehold::api {

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
  // Of its best initiator (HMAT); unset: unknown.
  Quantity read_bandwidth, write_bandwidth, read_latency, write_latency;
  std::string device;  // id of the device whose memory it is; empty: none
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
// A link of a device that is not the PCI tree. It stands with one of its ends or with both.
enum class LinkKind : uint8_t { nvlink, xgmi, c2c, smp, cxl, infiniband, ethernet };
struct DeviceLink {
  std::string to;  // id of another device, "package0" or "numa1"
  LinkKind kind = LinkKind::nvlink;
  int64_t count = 1;   // links or lanes that are bundled
  Quantity bandwidth;  // the most that all of them carry in one direction; unset: unknown
};
struct Device {
  std::string id;  // "gpu0", "mlx5_0", "eth0", "nvme0": unique in the machine
  DeviceClass cls = DeviceClass::other;
  std::string model;    // as the vendor names it, or "10de:2330"
  std::string address;  // on PCI; empty: not there, or unknown
  std::string slot;     // as printed on the board: "PCIe Slot 3"; empty: unknown
  int64_t numa = -1;
  int64_t memory_bytes = 0;  // of the device; 0: unknown
  std::string speed;         // of a NIC: "400Gbps"; empty: unknown
  std::vector<DeviceLink> links;
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
        {.max_size = 1024}),
    field<&api::NumaNode::read_bandwidth>("readBandwidth", "What its nearest CPUs read (HMAT).",
                                          {.min = 0, .dimension = Dimension::bandwidth}),
    field<&api::NumaNode::write_bandwidth>("writeBandwidth", "What its nearest CPUs write (HMAT).",
                                           {.min = 0, .dimension = Dimension::bandwidth}),
    field<&api::NumaNode::read_latency>("readLatency", "Of its nearest CPUs (HMAT).",
                                        {.min = 0, .dimension = Dimension::duration}),
    field<&api::NumaNode::write_latency>("writeLatency", "Of its nearest CPUs (HMAT).",
                                         {.min = 0, .dimension = Dimension::duration}),
    field<&api::NumaNode::device>("device", "Id of the device whose memory it is.",
                                  {.max_size = 63}));
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
inline constexpr auto table<api::LinkKind> = enumeration<api::LinkKind>(
    "LinkKind", "What a link of a device is.",
    value(api::LinkKind::nvlink, "nvlink", "NVIDIA NVLink."),
    value(api::LinkKind::xgmi, "xgmi", "AMD xGMI (Infinity Fabric)."),
    value(api::LinkKind::c2c, "c2c", "NVLink-C2C between a processor and an accelerator."),
    value(api::LinkKind::smp, "smp", "Between processor packages."),
    value(api::LinkKind::cxl, "cxl", "Compute Express Link."),
    value(api::LinkKind::infiniband, "infiniband", "InfiniBand."),
    value(api::LinkKind::ethernet, "ethernet", "Ethernet."));
template <>
inline constexpr auto table<api::DeviceLink> = object<api::DeviceLink>(
    "DeviceLink", "A link of a device that is not the PCI tree.",
    field<&api::DeviceLink::to>("to", "Id of another device, `packageN` or `numaN`.",
                                {.required = true, .max_size = 63}),
    field<&api::DeviceLink::kind>("kind", "What it is."),
    field<&api::DeviceLink::count>("count", "Links or lanes that are bundled.",
                                   {.min = 1, .max = 1024}),
    field<&api::DeviceLink::bandwidth>("bandwidth",
                                       "The most that all of them carry together in one direction.",
                                       {.min = 0, .dimension = Dimension::bandwidth}));
template <>
inline constexpr auto table<api::Device> = object<api::Device>(
    "Device", "Something that can be allocated, or that joins what can be.",
    field<&api::Device::id>("id", "Unique in the machine.", {.required = true, .max_size = 63}),
    field<&api::Device::cls>("class", "What it is for."),
    field<&api::Device::model>("model", "Model name or PCI ids.", {.max_size = 128}),
    field<&api::Device::address>("address", "PCI address.", {.max_size = 20}),
    field<&api::Device::slot>("slot", "Slot as printed on the board.", {.max_size = 63}),
    field<&api::Device::numa>("numa", "Memory node; -1 when unknown.", {.min = -1}),
    field<&api::Device::memory_bytes>("memoryBytes", "Memory of the device; 0 when unknown.",
                                      {.min = 0}),
    field<&api::Device::speed>("speed", "Link rate of a network interface.", {.max_size = 16}),
    field<&api::Device::links>("links", "Links that are not the PCI tree.", {.max_size = 128}));
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

}  // namespace freehold::schema
