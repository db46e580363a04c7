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
