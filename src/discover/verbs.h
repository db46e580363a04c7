// Verbs: rdma-core's user library, asked for the limits of RDMA devices, which sysfs does not show.
// Owned by the holder of vendor libraries. One thread at a time. Asking opens the device, so it is
// done once for each.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "discover/library.h"
#include "discover/vendor.h"

namespace freehold::discover {

// As declared in infiniband/verbs.h of rdma-core, whose interface IBVERBS_1.1 has not changed since
// 2006; shared with the library that tests build in its place.
namespace verbs {

using DeviceHandle = void*;
using Context = void*;

// The beginning of struct ibv_device_attr; the whole has 232 bytes on 64 bits.
struct DeviceAttributes {
  char firmware[64];
  uint64_t node_guid, system_guid, max_memory_region, page_sizes;
  uint32_t vendor_id, vendor_part, hardware_version;
  int max_queue_pairs, max_work_requests;
  unsigned capabilities;
  int max_sge, max_sge_read, max_completion_queues, max_completions, max_memory_regions;
  char rest[256];  // more than any version writes
};

struct Functions {
  DeviceHandle* (*list)(int* count) = nullptr;
  void (*free_list)(DeviceHandle*) = nullptr;
  const char* (*name)(DeviceHandle) = nullptr;
  Context (*open)(DeviceHandle) = nullptr;
  int (*close)(Context) = nullptr;
  int (*query)(Context, DeviceAttributes*) = nullptr;
};

}  // namespace verbs

class Verbs {
 public:
  explicit Verbs(const std::string& path);
  bool is_loaded() const { return library_.is_loaded(); }
  VendorReport read();

 private:
  Library library_;
  verbs::Functions call_;
  std::map<std::string, RdmaLimits> known_;  // by device
};

}  // namespace freehold::discover
