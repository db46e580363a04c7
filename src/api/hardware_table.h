// The schema tables of hardware.h.
#pragma once

#include "api/hardware.h"
#include "api/meta_table.h"
#include "schema/table.h"

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
