// AmdSmi and RocmSmi: AMD's management libraries, the newer and the older one, asked for what the
// kernel does not show: power, its limit and memory errors by the driver's own count. Owned by the
// holder of vendor libraries. One thread at a time. Only functions whose arguments are plain
// numbers or structures that kept their layout are called: AMD SMI changes others between releases.
#pragma once

#include <cstdint>
#include <string>

#include "discover/library.h"
#include "discover/vendor.h"

namespace freehold::discover {

// The interface as declared in amd_smi/amdsmi.h of ROCm 6 and 7, and rocm_smi/rocm_smi.h of 5 to 7;
// shared with the library that tests build in its place.
namespace amd {

using Handle = void*;
inline constexpr uint64_t init_gpus = 2;  // AMDSMI_INIT_AMD_GPUS

struct PowerCap {  // amdsmi_power_cap_info_t, in microwatts on a machine that is no guest
  uint64_t cap, preset, dpm, min, max, reserved[3];
};
static_assert(sizeof(PowerCap) == 64);
struct ErrorCount {  // amdsmi_error_count_t, rsmi_error_count_t (the older has the first two)
  uint64_t corrected, uncorrected, deferred, reserved[5];
};
static_assert(sizeof(ErrorCount) == 64);

struct SmiFunctions {
  int (*init)(uint64_t flags) = nullptr;
  int (*shutdown)() = nullptr;
  int (*sockets)(uint32_t* count, Handle* sockets) = nullptr;
  int (*processors)(Handle socket, uint32_t* count, Handle* processors) = nullptr;
  int (*place)(Handle, uint64_t* bdf) = nullptr;
  int (*power_cap)(Handle, uint32_t sensor, PowerCap*) = nullptr;
  int (*errors)(Handle, ErrorCount*) = nullptr;
};
struct RocmFunctions {
  int (*init)(uint64_t flags) = nullptr;
  int (*shutdown)() = nullptr;
  int (*count)(uint32_t*) = nullptr;
  int (*place)(uint32_t, uint64_t* bdf) = nullptr;
  int (*power_cap)(uint32_t, uint32_t sensor, uint64_t* microwatts) = nullptr;
  int (*power)(uint32_t, uint64_t* microwatts) = nullptr;  // since 6.0
  int (*power_average)(uint32_t, uint32_t sensor, uint64_t* microwatts) = nullptr;
  int (*errors)(uint32_t, int block, ErrorCount*) = nullptr;
};

}  // namespace amd

class AmdSmi {
 public:
  explicit AmdSmi(const std::string& path);
  ~AmdSmi();
  AmdSmi(const AmdSmi&) = delete;
  AmdSmi& operator=(const AmdSmi&) = delete;
  bool is_loaded() const { return library_.is_loaded(); }
  VendorReport read();

 private:
  void read_socket(amd::Handle socket, VendorReport& report);
  Library library_;
  amd::SmiFunctions call_;
  bool is_started_ = false;
};

class RocmSmi {
 public:
  explicit RocmSmi(const std::string& path);
  ~RocmSmi();
  RocmSmi(const RocmSmi&) = delete;
  RocmSmi& operator=(const RocmSmi&) = delete;
  bool is_loaded() const { return library_.is_loaded(); }
  VendorReport read();

 private:
  VendorGpu read_gpu(uint32_t index, const std::string& address);
  Library library_;
  amd::RocmFunctions call_;
  bool is_started_ = false;
};

}  // namespace freehold::discover
