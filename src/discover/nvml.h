// Nvml: NVIDIA's management library, asked for everything that discovery keeps. Owned by the holder
// of vendor libraries; initialised once and kept so. One thread at a time.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "discover/library.h"
#include "discover/nvml_abi.h"
#include "discover/vendor.h"

namespace freehold::discover {

class Nvml {
 public:
  explicit Nvml(const std::string& path);
  ~Nvml();
  Nvml(const Nvml&) = delete;
  Nvml& operator=(const Nvml&) = delete;

  bool is_loaded() const { return library_.is_loaded(); }
  VendorReport read();

 private:
  void find_functions();
  bool start(VendorReport& report);
  VendorGpu read_gpu(nvml::Device device, const std::string& address);
  void read_links(nvml::Device device, VendorGpu& gpu);
  void read_c2c(nvml::Device device, VendorGpu& gpu);
  bool is_awake(nvml::Device device);
  int64_t link_speed(nvml::Device device, unsigned link);
  void read_clocks(nvml::Device device, VendorGpu& gpu);
  void read_fabric(nvml::Device device, VendorGpu& gpu);
  void read_partitions(nvml::Device device, VendorGpu& gpu);
  void judge(nvml::Device device, VendorGpu& gpu);
  std::string pending_memory(nvml::Device device);
  bool waits_for_reset(nvml::Device device);
  void forget_cleared();
  void take_events();
  void see_waiting();
  bool field(nvml::Device device, unsigned id, unsigned scope, unsigned long long& value);

  Library library_;
  nvml::Functions call_;
  bool is_started_ = false;
  nvml::EventSet events_ = nullptr;
  struct Watch {
    uint64_t xid = 0;  // the worst critical one since its last reset, of equals the latest; 0: none
    bool waits = false;  // for a reset, as seen since then
  };
  std::map<nvml::Device, Watch> watched_;
};

}  // namespace freehold::discover
