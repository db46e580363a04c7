#include "discover/nvml.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "discover/limits.h"
#include "discover/parse.h"

namespace freehold::discover {

namespace {

using nvml::success;

constexpr unsigned long long most_millijoules = 1'000'000'000'000'000;  // as microjoules they fit

template <size_t N>
std::string text_of(const char (&text)[N], size_t most) {
  return clean_text(std::string_view(text, ::strnlen(text, N)), most);
}

// The function is always 0. Domains have more than 16 bits on some machines.
std::string address_of(const nvml::PciInfo& pci) {
  if (pci.bus > 0xff || pci.device > 0x1f) return "";
  return fmt::format("{:04x}:{:02x}:{:02x}.0", pci.domain, pci.bus, pci.device);
}

std::string speed_of(unsigned generation) {
  constexpr std::string_view speeds[] = {"",       "2.5GT/s", "5GT/s", "8GT/s",
                                         "16GT/s", "32GT/s",  "64GT/s"};
  return generation < std::size(speeds) ? std::string(speeds[generation]) : "";
}

std::string words_for(nvml::Return result) {
  switch (result) {
    case nvml::gpu_is_lost:
      return "the GPU is lost: it has fallen off the bus or does not answer; reset it or reboot "
             "the machine, then reseat or replace it";
    case nvml::reset_required:
      return "the GPU needs a reset before it can be used";
    case nvml::driver_not_loaded:
      return "the NVIDIA driver is not loaded";
    default:
      return "NVML answers with error " + std::to_string(result);
  }
}

// Errors after which the part itself is in doubt, not the program that ran on it (NVIDIA, "XID
// Errors": 48, 63, 64, 94, 95 memory; 74 NVLink; 79 off the bus; 62, 109, 119, 120, 140 firmware).
std::string words_for_xid(uint64_t xid) {
  switch (xid) {
    case 48:
    case 64:
    case 95:
    case 140:
      return "uncorrected memory error; reset the GPU, replace it if it comes again";
    case 63:
    case 94:
      return "memory error that was contained; reset the GPU when it is free";
    case 74:
      return "NVLink error; check the links and reset the GPU";
    case 79:
      return "it has fallen off the bus; reboot the machine, then reseat or replace it";
    case 62:
    case 109:
    case 119:
    case 120:
      return "its firmware does not answer; reset the GPU or reboot the machine";
    default:
      return "";
  }
}

api::Health health_after_xid(uint64_t xid) {
  if (xid == 0) return api::Health::unknown;
  return xid == 79 ? api::Health::failed : api::Health::degraded;
}

// "NVIDIA A100-SXM4-40GB MIG 1g.5gb" to "1g.5gb".
std::string profile_in(const std::string& name) {
  const size_t at = name.rfind("MIG ");
  return at == std::string::npos ? "" : name.substr(at + 4);
}

void fail(VendorGpu& gpu, api::Health health, std::string reason) {
  if (health <= gpu.health) return;
  gpu.health = health;
  gpu.reason = std::move(reason);
}

}  // namespace

Nvml::Nvml(const std::string& path) : library_(path) { find_functions(); }

Nvml::~Nvml() {
  if (events_ != nullptr && call_.free_events != nullptr) call_.free_events(events_);
  if (is_started_ && call_.shutdown != nullptr) call_.shutdown();
}

void Nvml::find_functions() {
  const Library& from = library_;
  from.find(call_.init, {"nvmlInit_v2", "nvmlInit"});
  from.find(call_.shutdown, {"nvmlShutdown"});
  from.find(call_.driver_version, {"nvmlSystemGetDriverVersion"});
  from.find(call_.count, {"nvmlDeviceGetCount_v2", "nvmlDeviceGetCount"});
  from.find(call_.by_index, {"nvmlDeviceGetHandleByIndex_v2", "nvmlDeviceGetHandleByIndex"});
  from.find(call_.pci,
            {"nvmlDeviceGetPciInfo_v3", "nvmlDeviceGetPciInfo_v2", "nvmlDeviceGetPciInfo"});
  from.find(call_.name, {"nvmlDeviceGetName"});
  from.find(call_.uuid, {"nvmlDeviceGetUUID"});
  from.find(call_.minor, {"nvmlDeviceGetMinorNumber"});
  from.find(call_.memory, {"nvmlDeviceGetMemoryInfo"});
  from.find(call_.generation_now, {"nvmlDeviceGetCurrPcieLinkGeneration"});
  // What the GPU itself can do; the older one says what it can do in this slot.
  from.find(call_.generation_max,
            {"nvmlDeviceGetGpuMaxPcieLinkGeneration", "nvmlDeviceGetMaxPcieLinkGeneration"});
  from.find(call_.generation_here, {"nvmlDeviceGetMaxPcieLinkGeneration"});
  from.find(call_.performance_state, {"nvmlDeviceGetPerformanceState"});
  from.find(call_.width_now, {"nvmlDeviceGetCurrPcieLinkWidth"});
  from.find(call_.width_max, {"nvmlDeviceGetMaxPcieLinkWidth"});
  from.find(call_.fields, {"nvmlDeviceGetFieldValues"});
  from.find(call_.link_state, {"nvmlDeviceGetNvLinkState"});
  from.find(call_.link_remote,
            {"nvmlDeviceGetNvLinkRemotePciInfo_v2", "nvmlDeviceGetNvLinkRemotePciInfo"});
  from.find(call_.link_remote_type, {"nvmlDeviceGetNvLinkRemoteDeviceType"});
  from.find(call_.limit, {"nvmlDeviceGetEnforcedPowerLimit", "nvmlDeviceGetPowerManagementLimit"});
  from.find(call_.draw, {"nvmlDeviceGetPowerUsage"});
  from.find(call_.energy, {"nvmlDeviceGetTotalEnergyConsumption"});
  from.find(call_.clock, {"nvmlDeviceGetClockInfo"});
  from.find(call_.clock_max, {"nvmlDeviceGetMaxClockInfo"});
  from.find(call_.ecc_errors, {"nvmlDeviceGetTotalEccErrors"});
  from.find(call_.remapped_rows, {"nvmlDeviceGetRemappedRows"});
  from.find(call_.pages_pending, {"nvmlDeviceGetRetiredPagesPendingStatus"});
  from.find(call_.slowdown, {"nvmlDeviceGetCurrentClocksEventReasons",
                             "nvmlDeviceGetCurrentClocksThrottleReasons"});
  from.find(call_.mig_mode, {"nvmlDeviceGetMigMode"});
  from.find(call_.mig_count, {"nvmlDeviceGetMaxMigDeviceCount"});
  from.find(call_.mig_device, {"nvmlDeviceGetMigDeviceHandleByIndex"});
  from.find(call_.mig_instance, {"nvmlDeviceGetGpuInstanceId"});
  from.find(call_.instance, {"nvmlDeviceGetGpuInstanceById"});
  from.find(call_.instance_info, {"nvmlGpuInstanceGetInfo"});
  from.find(call_.attributes, {"nvmlDeviceGetAttributes_v2"});
  from.find(call_.fabric, {"nvmlDeviceGetGpuFabricInfo"});
  from.find(call_.make_events, {"nvmlEventSetCreate"});
  from.find(call_.free_events, {"nvmlEventSetFree"});
  from.find(call_.watch, {"nvmlDeviceRegisterEvents"});
  from.find(call_.wait, {"nvmlEventSetWait_v2", "nvmlEventSetWait"});
}

bool Nvml::start(VendorReport& report) {
  if (is_started_) return true;
  if (call_.init == nullptr || call_.count == nullptr || call_.by_index == nullptr ||
      call_.pci == nullptr) {
    report.notes.emplace_back("nvml: the library lacks what every version of it has");
    return false;
  }
  const nvml::Return result = call_.init();
  if (result != success) {
    report.notes.push_back("nvml: " + words_for(result));
    return false;
  }
  is_started_ = true;
  if (call_.make_events != nullptr && call_.make_events(&events_) != success) events_ = nullptr;
  return true;
}

VendorReport Nvml::read() {
  VendorReport report;
  report.source = "nvml";
  report.vendor = "10de";
  unsigned count = 0;
  if (!start(report)) return report;
  if (const nvml::Return result = call_.count(&count); result != success) {
    report.notes.push_back("nvml: GPUs cannot be counted: " + words_for(result));
    return report;
  }
  forget_cleared();
  take_events();
  see_waiting();
  report.is_whole = count <= limits::vendor_devices;
  for (unsigned i = 0; i < count && i < limits::vendor_devices; ++i) {
    nvml::Device device = nullptr;
    nvml::PciInfo pci{};
    nvml::Return result = call_.by_index(i, &device);
    if (result == success) result = call_.pci(device, &pci);
    const std::string address = result == success ? address_of(pci) : "";
    if (!address.empty()) {
      report.gpus.push_back(read_gpu(device, address));
      continue;
    }
    ++report.lost;
    report.notes.push_back("nvml: GPU " + std::to_string(i) + ": " + words_for(result));
  }
  return report;
}

VendorGpu Nvml::read_gpu(nvml::Device device, const std::string& address) {
  VendorGpu gpu;
  gpu.address = address;
  char text[96] = {};
  if (call_.name != nullptr && call_.name(device, text, sizeof(text)) == success)
    gpu.name = text_of(text, limits::model_characters);
  char uuid[96] = {};
  if (call_.uuid != nullptr && call_.uuid(device, uuid, sizeof(uuid)) == success)
    gpu.uuid = text_of(uuid, 128);
  nvml::Memory memory{};
  const nvml::Return asked =
      call_.memory == nullptr ? nvml::not_supported : call_.memory(device, &memory);
  if (asked == success && memory.total < 1ULL << 48)
    gpu.memory_bytes = static_cast<int64_t>(memory.total);
  if (asked == nvml::gpu_is_lost || asked == nvml::reset_required)
    fail(gpu, api::Health::failed, words_for(asked));
  const auto number = [&](nvml::Return (*function)(nvml::Device, unsigned*)) -> unsigned {
    unsigned value = 0;
    return function != nullptr && function(device, &value) == success ? value : 0;
  };
  unsigned minor = 0;
  if (call_.minor != nullptr && call_.minor(device, &minor) == success) gpu.minor = minor;
  const bool was_awake = is_awake(device);
  gpu.link_speed_now = speed_of(number(call_.generation_now));
  if (was_awake && is_awake(device)) gpu.link_speed_due = speed_of(number(call_.generation_here));
  gpu.link_speed_max = speed_of(number(call_.generation_max));
  gpu.link_width_now = std::min(number(call_.width_now), 32u);
  gpu.link_width_max = std::min(number(call_.width_max), 32u);
  gpu.limit_milliwatts = number(call_.limit);
  gpu.draw_milliwatts = number(call_.draw);
  unsigned long long millijoules = 0;
  if (call_.energy != nullptr && call_.energy(device, &millijoules) == success)
    gpu.energy_millijoules = static_cast<int64_t>(std::min(millijoules, most_millijoules));
  read_clocks(device, gpu);
  read_links(device, gpu);
  read_c2c(device, gpu);
  read_partitions(device, gpu);
  read_fabric(device, gpu);
  judge(device, gpu);
  // Registering is per device and lasts; one that came later is watched from then on.
  if (events_ != nullptr && call_.watch != nullptr && !watched_.contains(device) &&
      watched_.size() < limits::vendor_devices &&
      call_.watch(device, nvml::event_xid, events_) == success)
    watched_.emplace(device, Watch{});
  return gpu;
}

// In any other state than the fastest, the link may rest with the clocks.
bool Nvml::is_awake(nvml::Device device) {
  unsigned state = ~0u;
  return call_.performance_state != nullptr && call_.performance_state(device, &state) == success &&
         state == 0;
}

void Nvml::read_clocks(nvml::Device device, VendorGpu& gpu) {
  const auto megahertz = [&](nvml::Return (*function)(nvml::Device, unsigned, unsigned*),
                             unsigned type) -> int64_t {
    unsigned value = 0;
    const bool told = function != nullptr && function(device, type, &value) == success;
    return told && value <= limits::clock_mhz ? value : 0;
  };
  gpu.clocks = {megahertz(call_.clock, nvml::clock_sm), megahertz(call_.clock_max, nvml::clock_sm),
                megahertz(call_.clock, nvml::clock_memory),
                megahertz(call_.clock_max, nvml::clock_memory)};
}

void Nvml::read_fabric(nvml::Device device, VendorGpu& gpu) {
  nvml::FabricInfo fabric{};
  if (call_.fabric == nullptr || call_.fabric(device, &fabric) != success ||
      fabric.state != nvml::fabric_completed || fabric.status != success)
    return;
  std::string cluster;
  for (size_t i = 0; i < 16; ++i)
    cluster += fmt::format("{}{:02x}", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "",
                           fabric.cluster[i]);
  // All zeros: a fabric that ends within the machine.
  if (cluster.find_first_not_of("0-") != std::string::npos)
    gpu.scale_up_domain = cluster + "." + std::to_string(fabric.clique);
}

bool Nvml::field(nvml::Device device, unsigned id, unsigned scope, unsigned long long& value) {
  if (call_.fields == nullptr) return false;
  nvml::FieldValue request{};
  request.field = id;
  request.scope = scope;
  if (call_.fields(device, 1, &request) != success || request.result != success) return false;
  value = request.type == 3 ? request.value.wide : request.value.number;
  return true;
}

int64_t Nvml::link_speed(nvml::Device device, unsigned link) {
  unsigned long long megabytes = 0;
  const unsigned own = link < 6 ? nvml::field_nvlink_speed_0 + link
                                : nvml::field_nvlink_speed_6 + std::min(link - 6, 5u);
  if (!field(device, nvml::field_nvlink_speed, link, megabytes) || megabytes == 0)
    if (link >= 12 || !field(device, own, link, megabytes) || megabytes == 0)
      field(device, nvml::field_nvlink_speed_common, link, megabytes);
  return megabytes < 10'000'000 ? static_cast<int64_t>(megabytes) * 8'000'000 : 0;
}

void Nvml::read_links(nvml::Device device, VendorGpu& gpu) {
  if (call_.link_state == nullptr) return;
  unsigned long long count = 0;
  const bool is_counted = field(device, nvml::field_nvlink_count, 0, count);
  if (!is_counted) count = limits::vendor_links;
  for (unsigned i = 0; i < count && i < limits::vendor_links; ++i) {
    unsigned is_active = 0;
    // Beyond the last link, and on GPUs without any.
    if (call_.link_state(device, i, &is_active) != success) {
      if (is_counted) continue;
      break;
    }
    VendorLink link;
    link.is_up = is_active != 0;
    unsigned type = ~0u;
    if (call_.link_remote_type != nullptr) call_.link_remote_type(device, i, &type);
    if (type == nvml::remote_gpu) link.end = LinkEnd::gpu;
    if (type == nvml::remote_npu) link.end = LinkEnd::processor;
    if (type == nvml::remote_switch) link.end = LinkEnd::nvswitch;
    nvml::PciInfo remote{};
    if (call_.link_remote != nullptr && call_.link_remote(device, i, &remote) == success) {
      link.address = address_of(remote);
      // Inside of guests the switches are hidden, and all of them are at nowhere.
      if (link.address == "0000:00:00.0") link.address.clear();
    }
    link.bits_per_second = link_speed(device, i);
    gpu.links.push_back(std::move(link));
  }
}

void Nvml::read_c2c(nvml::Device device, VendorGpu& gpu) {
  unsigned long long count = 0;
  if (!field(device, nvml::field_c2c_count, 0, count)) return;
  for (unsigned i = 0; i < count && i < limits::vendor_links; ++i) {
    unsigned long long is_up = 0, megabytes = 0;
    if (!field(device, nvml::field_c2c_status, i, is_up)) continue;
    VendorLink link;
    link.kind = api::LinkKind::c2c;
    link.end = LinkEnd::processor;
    link.is_up = is_up != 0;
    if (field(device, nvml::field_c2c_speed, i, megabytes) && megabytes < 10'000'000)
      link.bits_per_second = static_cast<int64_t>(megabytes) * 8'000'000;
    gpu.links.push_back(std::move(link));
  }
}

void Nvml::read_partitions(nvml::Device device, VendorGpu& gpu) {
  unsigned now = 0, next = 0, most = 0;
  if (call_.mig_mode == nullptr || call_.mig_mode(device, &now, &next) != success || now == 0)
    return;
  if (call_.mig_count == nullptr || call_.mig_device == nullptr ||
      call_.mig_count(device, &most) != success)
    return;
  gpu.runs_in_partitions = most > 0;
  for (unsigned i = 0; i < most && gpu.partitions.size() < limits::partitions; ++i) {
    nvml::Device part = nullptr;
    if (const nvml::Return result = call_.mig_device(device, i, &part); result != success) {
      // A place that is empty, or one that may not be looked at.
      if (result != nvml::not_found) gpu.runs_in_partitions = false;
      continue;
    }
    api::DevicePartition partition;
    char text[96] = {};
    if (call_.uuid != nullptr && call_.uuid(part, text, sizeof(text)) == success)
      partition.identity = text_of(text, 128);
    char name[96] = {};
    if (call_.name != nullptr && call_.name(part, name, sizeof(name)) == success)
      partition.profile = clean_text(profile_in(text_of(name, 96)), 63);
    nvml::Attributes attributes{};
    if (partition.profile.empty() && call_.attributes != nullptr &&
        call_.attributes(part, &attributes) == success)
      partition.profile =
          fmt::format("{}g.{}gb", attributes.gpu_slices, (attributes.memory_mib + 1023) / 1024);
    unsigned id = 0;
    nvml::GpuInstance instance = nullptr;
    nvml::GpuInstanceInfo info{};
    if (call_.mig_instance != nullptr && call_.instance != nullptr &&
        call_.instance_info != nullptr && call_.mig_instance(part, &id) == success &&
        call_.instance(device, id, &instance) == success &&
        call_.instance_info(instance, &info) == success && info.placement.start < 64)
      partition.start = info.placement.start;
    gpu.partitions.push_back(std::move(partition));
  }
}

// What of its memory only a reset takes out of use; empty: nothing.
std::string Nvml::pending_memory(nvml::Device device) {
  unsigned corrected = 0, uncorrected = 0, pending = 0, failed = 0;
  if (call_.remapped_rows != nullptr &&
      call_.remapped_rows(device, &corrected, &uncorrected, &pending, &failed) == success &&
      pending != 0)
    return "a row of its memory waits to be replaced; reset the GPU";
  unsigned waits = 0;
  if (call_.pages_pending != nullptr && call_.pages_pending(device, &waits) == success &&
      waits != 0)
    return "a page of its memory waits to be retired; reset the GPU";
  return "";
}

bool Nvml::waits_for_reset(nvml::Device device) {
  nvml::Memory memory{};
  const nvml::Return asked = call_.memory == nullptr ? success : call_.memory(device, &memory);
  if (asked != success && asked != nvml::not_supported) return true;
  unsigned long long action = 0;
  if (field(device, nvml::field_recovery_action, 0, action) && action != 0) return true;
  return !pending_memory(device).empty();
}

// No event tells of a reset. What shows one is that the GPU was seen to wait for it and no longer
// does: it was lost and is back, the driver asked for it and asks no more, or bad memory is out of
// use. Without such a sign an XID stays as long as this process.
void Nvml::forget_cleared() {
  for (auto& [device, watch] : watched_)
    if (watch.waits && !waits_for_reset(device)) watch = {};
}

void Nvml::see_waiting() {
  for (auto& [device, watch] : watched_)
    if (watch.xid != 0 && !watch.waits) watch.waits = waits_for_reset(device);
}

void Nvml::judge(nvml::Device device, VendorGpu& gpu) {
  const auto watched = watched_.find(device);
  if (watched != watched_.end() && watched->second.xid != 0) {
    const uint64_t xid = watched->second.xid;
    fail(gpu, health_after_xid(xid),
         "XID " + std::to_string(xid) + ": " + words_for_xid(xid) +
             "; if this stays afterwards, restart the agent");
  }
  unsigned corrected = 0, uncorrected = 0, pending = 0, failed = 0;
  if (call_.remapped_rows != nullptr &&
      call_.remapped_rows(device, &corrected, &uncorrected, &pending, &failed) == success &&
      failed != 0)
    fail(gpu, api::Health::failed, "a bad row of its memory could not be replaced; replace it");
  if (const std::string words = pending_memory(device); !words.empty())
    fail(gpu, api::Health::degraded, words);
  unsigned long long errors = 0;
  // 1: uncorrected; 0: since the driver was loaded.
  if (call_.ecc_errors != nullptr && call_.ecc_errors(device, 1, 0, &errors) == success &&
      errors > 0)
    fail(gpu, api::Health::degraded,
         std::to_string(errors) + " uncorrected memory error" + (errors == 1 ? "" : "s") +
             " since the driver was loaded; reset the GPU, replace it if they come again");
  unsigned long long reasons = 0;
  if (call_.slowdown != nullptr && call_.slowdown(device, &reasons) == success) {
    if ((reasons & nvml::reason_power_brake) != 0)
      fail(gpu, api::Health::degraded, "its power supply slows it down; check the power feeds");
    if ((reasons & nvml::reason_hardware_thermal) != 0)
      fail(gpu, api::Health::degraded, "heat slows it down; check the cooling");
  }
}

// Errors that came since the last look. Those of programs are none of the part's.
void Nvml::take_events() {
  if (events_ == nullptr || call_.wait == nullptr) return;
  for (size_t i = 0; i < limits::events; ++i) {
    nvml::EventData event{};
    if (call_.wait(events_, &event, 0) != success) return;
    const auto found = watched_.find(event.device);
    if (found == watched_.end() || event.type != nvml::event_xid ||
        words_for_xid(event.data).empty())
      continue;
    uint64_t& worst = found->second.xid;
    if (health_after_xid(event.data) >= health_after_xid(worst)) worst = event.data;
  }
}

}  // namespace freehold::discover
