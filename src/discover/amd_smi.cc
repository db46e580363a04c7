#include "discover/amd_smi.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "discover/limits.h"

namespace freehold::discover {

namespace {

constexpr int success = 0;
constexpr uint32_t most = limits::vendor_devices;
constexpr int last_block = 16;  // RSMI_GPU_BLOCK_LAST is 1 << 15 at most

// Both libraries pack it alike: domain in the upper half, and below it bus, device and function.
// Parts of one GPU differ in bits between, which do not matter here.
std::string address_of(uint64_t bdf) {
  return fmt::format("{:04x}:{:02x}:{:02x}.{:x}", bdf >> 32, bdf >> 8 & 0xff, bdf >> 3 & 0x1f,
                     bdf & 7);
}

int64_t milliwatts(uint64_t microwatts) {
  return microwatts < 1'000'000'000'000 ? static_cast<int64_t>(microwatts / 1000) : 0;
}

void judge(uint64_t uncorrected, VendorGpu& gpu) {
  // All ones is what some drivers say for "not counted".
  if (uncorrected == 0 || uncorrected > 1ULL << 40) return;
  gpu.health = api::Health::degraded;
  gpu.reason = std::to_string(uncorrected) +
               " uncorrected memory errors since the driver was loaded; reset the GPU, replace it "
               "if they come again";
}

bool has(const VendorReport& report, const std::string& address) {
  return std::any_of(report.gpus.begin(), report.gpus.end(),
                     [&](const VendorGpu& gpu) { return gpu.address == address; });
}

}  // namespace

AmdSmi::AmdSmi(const std::string& path) : library_(path) {
  library_.find(call_.init, {"amdsmi_init"});
  library_.find(call_.shutdown, {"amdsmi_shut_down"});
  library_.find(call_.sockets, {"amdsmi_get_socket_handles"});
  library_.find(call_.processors, {"amdsmi_get_processor_handles"});
  library_.find(call_.place, {"amdsmi_get_gpu_bdf_id"});
  library_.find(call_.power_cap, {"amdsmi_get_power_cap_info"});
  library_.find(call_.errors, {"amdsmi_get_gpu_total_ecc_count"});
}

AmdSmi::~AmdSmi() {
  if (is_started_ && call_.shutdown != nullptr) call_.shutdown();
}

VendorReport AmdSmi::read() {
  VendorReport report;
  report.source = "amd-smi";
  report.vendor = "1002";
  if (call_.init == nullptr || call_.sockets == nullptr || call_.processors == nullptr ||
      call_.place == nullptr) {
    report.notes.emplace_back("amd-smi: the library lacks what every version of it has");
    return report;
  }
  if (!is_started_) {
    if (const int result = call_.init(amd::init_gpus); result != success) {
      report.notes.push_back("amd-smi: cannot start: error " + std::to_string(result));
      return report;
    }
    is_started_ = true;
  }
  uint32_t count = 0;
  if (call_.sockets(&count, nullptr) != success) return report;
  std::vector<amd::Handle> sockets(std::min(count, most));
  count = static_cast<uint32_t>(sockets.size());
  if (count == 0 || call_.sockets(&count, sockets.data()) != success) return report;
  for (size_t i = 0; i < sockets.size() && i < count; ++i) read_socket(sockets[i], report);
  return report;
}

void AmdSmi::read_socket(amd::Handle socket, VendorReport& report) {
  uint32_t count = 0;
  if (call_.processors(socket, &count, nullptr) != success) return;
  std::vector<amd::Handle> processors(std::min(count, most));
  count = static_cast<uint32_t>(processors.size());
  if (count == 0 || call_.processors(socket, &count, processors.data()) != success) return;
  for (size_t i = 0; i < processors.size() && i < count; ++i) {
    uint64_t bdf = 0;
    if (call_.place(processors[i], &bdf) != success || report.gpus.size() >= most) continue;
    VendorGpu gpu;
    gpu.address = address_of(bdf);
    if (has(report, gpu.address)) continue;  // a part of a GPU that is split
    amd::PowerCap cap{};
    if (call_.power_cap != nullptr && call_.power_cap(processors[i], 0, &cap) == success)
      gpu.limit_milliwatts = milliwatts(cap.cap);
    amd::ErrorCount errors{};
    if (call_.errors != nullptr && call_.errors(processors[i], &errors) == success)
      judge(errors.uncorrected, gpu);
    report.gpus.push_back(std::move(gpu));
  }
}

RocmSmi::RocmSmi(const std::string& path) : library_(path) {
  library_.find(call_.init, {"rsmi_init"});
  library_.find(call_.shutdown, {"rsmi_shut_down"});
  library_.find(call_.count, {"rsmi_num_monitor_devices"});
  library_.find(call_.place, {"rsmi_dev_pci_id_get"});
  library_.find(call_.power_cap, {"rsmi_dev_power_cap_get"});
  library_.find(call_.power, {"rsmi_dev_current_socket_power_get"});
  library_.find(call_.power_average, {"rsmi_dev_power_ave_get"});
  library_.find(call_.errors, {"rsmi_dev_ecc_count_get"});
}

RocmSmi::~RocmSmi() {
  if (is_started_ && call_.shutdown != nullptr) call_.shutdown();
}

VendorReport RocmSmi::read() {
  VendorReport report;
  report.source = "rocm-smi";
  report.vendor = "1002";
  if (call_.init == nullptr || call_.count == nullptr || call_.place == nullptr) {
    report.notes.emplace_back("rocm-smi: the library lacks what every version of it has");
    return report;
  }
  if (!is_started_) {
    if (const int result = call_.init(0); result != success) {
      report.notes.push_back("rocm-smi: cannot start: error " + std::to_string(result));
      return report;
    }
    is_started_ = true;
  }
  uint32_t count = 0;
  if (call_.count(&count) != success) return report;
  for (uint32_t i = 0; i < std::min(count, most); ++i) {
    uint64_t bdf = 0;
    if (call_.place(i, &bdf) != success) continue;
    const std::string address = address_of(bdf);
    if (!has(report, address)) report.gpus.push_back(read_gpu(i, address));
  }
  return report;
}

VendorGpu RocmSmi::read_gpu(uint32_t index, const std::string& address) {
  VendorGpu gpu;
  gpu.address = address;
  uint64_t microwatts = 0;
  if (call_.power_cap != nullptr && call_.power_cap(index, 0, &microwatts) == success)
    gpu.limit_milliwatts = milliwatts(microwatts);
  microwatts = 0;
  if (call_.power != nullptr && call_.power(index, &microwatts) == success)
    gpu.draw_milliwatts = milliwatts(microwatts);
  else if (call_.power_average != nullptr && call_.power_average(index, 0, &microwatts) == success)
    gpu.draw_milliwatts = milliwatts(microwatts);
  uint64_t uncorrected = 0;
  for (int block = 0; block < last_block && call_.errors != nullptr; ++block) {
    amd::ErrorCount errors{};
    if (call_.errors(index, 1 << block, &errors) == success && errors.uncorrected < 1ULL << 40)
      uncorrected += errors.uncorrected;
  }
  judge(uncorrected, gpu);
  return gpu;
}

}  // namespace freehold::discover
