// Accelerators as far as sysfs and the drivers' text files show them.
#include <algorithm>
#include <map>

#include "base/strings.h"
#include "discover/gpu_models.h"
#include "discover/kfd.h"
#include "discover/parse.h"
#include "discover/scan.h"
#include "discover/words.h"

namespace freehold::discover {

namespace {

constexpr std::string_view amd = "1002";
constexpr std::string_view intel = "8086";

// NVIDIA's driver: a folder per GPU, named by its address in any case.
struct NvidiaInformation {
  std::string model, uuid, minor, firmware;
  int64_t memory_node = -1, memory_bytes = 0;
};

std::map<PciParts, NvidiaInformation> read_nvidia(const Scan& scan) {
  std::map<PciParts, NvidiaInformation> out;
  const std::string folder = "/proc/driver/nvidia/gpus";
  for (const std::string& name : scan.names(folder)) {
    const auto parts = parse_pci_address(name);
    if (!parts) continue;
    NvidiaInformation found;
    const std::string text = scan.root.read_file(folder + "/" + name + "/information").value_or("");
    found.model = parse_colon_value(text, "Model");
    found.uuid = parse_colon_value(text, "GPU UUID");
    found.minor = parse_colon_value(text, "Device Minor");
    found.firmware = parse_version(parse_colon_value(text, "Video BIOS"));
    const std::string numa = scan.root.read_file(folder + "/" + name + "/numa_status").value_or("");
    found.memory_node = parse_int(parse_colon_value(numa, "Node")).value_or(-1);
    found.memory_bytes = parse_hex_number(parse_colon_value(numa, "Size"));
    out.emplace(*parts, std::move(found));
  }
  return out;
}

// Files under /dev/dri that belong to a PCI function.
std::vector<std::string> drm_files(const Scan& scan, const PciRecord& record) {
  std::vector<std::string> out;
  for (const std::string& name : scan.names(record.directory + "/drm"))
    if (name.starts_with("renderD") ||
        (name.starts_with("card") && name.find('-') == std::string::npos))
      out.push_back("/dev/dri/" + name);
  return out;
}

struct Vendors {
  std::map<PciParts, KfdNode> kfd;
  std::map<PciParts, NvidiaInformation> nvidia;
};

void fill_nvidia(Scan& scan, const NvidiaInformation& found, api::Device& device,
                 api::NodeDevice& seen, DeviceAccess& access) {
  if (!found.model.empty()) device.model = clean_text(found.model, limits::model_characters);
  // Before a GPU is first used its UUID may be masked with question marks.
  if (found.uuid.find('?') == std::string::npos) seen.identity = clean_text(found.uuid, 128);
  seen.firmware = found.firmware;
  if (found.memory_bytes > 0) device.memory_bytes = found.memory_bytes;
  if (parse_uint(found.minor)) access.files.push_back("/dev/nvidia" + found.minor);
  if (found.memory_node >= 0) scan.device_of_memory[found.memory_node] = device.id;
}

void fill_amd(const Scan& scan, const KfdNode& node, const PciRecord& record, api::Device& device,
              api::NodeDevice& seen, DeviceAccess& access) {
  const int64_t bytes =
      scan.number(record.directory + "/mem_info_vram_total").value_or(node.memory_bytes);
  if (bytes > 0) device.memory_bytes = bytes;
  const std::string unique = scan.line(record.directory + "/unique_id");
  seen.identity = clean_text(unique.empty() ? node.unique_id : unique, 128);
  seen.firmware = parse_version(scan.line(record.directory + "/vbios_version"));
  const std::string split = record.directory + "/current_";
  seen.compute_partition = parse_partition_mode(scan.line(split + "compute_partition"));
  seen.memory_partition = parse_partition_mode(scan.line(split + "memory_partition"));
  const std::string hive = scan.line(record.directory + "/xgmi_hive_info/xgmi_hive_id");
  if (parse_uint(hive).value_or(0) != 0) seen.hive = hive;
  const std::string name = scan.line(record.directory + "/product_name");
  if (!name.empty()) device.model = clean_text(name, limits::model_characters);
  access.files.push_back("/dev/kfd");
}

// A driver is bound. Whether the function still answers is judged for all devices (health.cc).
void judge(Scan& scan, const PciRecord& record, bool has_driver, const std::string& id,
           api::NodeDevice& seen) {
  if (!has_driver) {
    scan.note(id + " (" + record.function.address + "): no driver is bound");
    seen.reason = "no driver is bound; load the vendor's";
  } else if (record.driver == "vfio-pci") {
    scan.note(id + " (" + record.function.address + "): handed to vfio-pci, so not visible here");
    seen.reason = "it is handed to vfio-pci, so it cannot be looked at from here";
  } else {
    seen.health = api::Health::healthy;
  }
}

// Intel's local memory (i915: lmem_total_bytes below the card) where the driver tells it.
int64_t intel_memory(const Scan& scan, const PciRecord& record) {
  for (const std::string& name : scan.names(record.directory + "/drm")) {
    const int64_t bytes =
        scan.number(record.directory + "/drm/" + name + "/lmem_total_bytes").value_or(0);
    if (name.starts_with("card") && bytes > 0 && bytes < int64_t{1} << 48) return bytes;
  }
  return 0;
}

void fill_intel(const Scan& scan, const PciRecord& record, api::Device& device) {
  if (const int64_t bytes = intel_memory(scan, record); bytes > 0) device.memory_bytes = bytes;
}

struct Role {
  api::DeviceClass cls;
  std::string_view name;
};
// What the function is to us. The driver's word counts where the class cannot be read.
std::optional<Role> role_of(const PciRecord& record, const Vendors& vendors) {
  if (is_nvswitch(record.function)) return Role{api::DeviceClass::nvswitch, "nvswitch"};
  if (is_coprocessor(record.function)) return Role{api::DeviceClass::other, "coprocessor"};
  const auto parts = parse_pci_address(record.function.address);
  if (is_accelerator(record.function) || vendors.nvidia.contains(*parts))
    return Role{api::DeviceClass::gpu, "gpu"};
  return std::nullopt;
}

void add_accelerator(Scan& scan, const PciRecord& record, const Vendors& vendors, const Role& role,
                     size_t number) {
  const auto parts = parse_pci_address(record.function.address);
  api::Device device;
  device.id = std::string(role.name) + std::to_string(number);
  device.cls = role.cls;
  if (!record.function.vendor.empty()) device.model = pci_ids(record.function);
  if (const GpuModel* model = find_gpu_model(device.model)) {
    device.model = model->name;
    device.memory_bytes = model->memory_bytes;
  }
  api::NodeDevice seen;
  Scan::locate(&record, device, seen);
  DeviceAccess access;
  access.files = drm_files(scan, record);
  const auto found = vendors.nvidia.find(*parts);
  const bool has_driver = !record.driver.empty() || found != vendors.nvidia.end();
  if (found != vendors.nvidia.end()) fill_nvidia(scan, found->second, device, seen, access);
  const auto kfd = vendors.kfd.find(*parts);
  if (record.function.vendor == amd && role.cls == api::DeviceClass::gpu)
    fill_amd(scan, kfd == vendors.kfd.end() ? KfdNode{} : kfd->second, record, device, seen,
             access);
  if (record.function.vendor == intel) fill_intel(scan, record, device);
  judge(scan, record, has_driver, device.id, seen);
  scan.add(std::move(device), std::move(seen), std::move(access));
}

}  // namespace

void scan_gpus(Scan& scan) {
  const Vendors vendors{read_kfd(scan), read_nvidia(scan)};
  std::map<std::string_view, size_t> counts;
  size_t hidden = 0;
  for (const PciRecord& record : scan.pci) {
    const auto role = role_of(record, vendors);
    if (!role) continue;
    if (record.is_virtual) {
      ++hidden;
    } else {
      add_accelerator(scan, record, vendors, *role, counts[role->name]++);
    }
  }
  add_xgmi_links(scan, vendors.kfd);
  if (hidden > 0)
    scan.note("gpu: " + std::to_string(hidden) + " virtual functions are not devices of their own");
  for (const auto& [parts, found] : vendors.nvidia) {
    const bool on_bus =
        std::any_of(scan.pci.begin(), scan.pci.end(), [at = parts](const PciRecord& record) {
          return parse_pci_address(record.function.address) == at;
        });
    if (!on_bus)
      scan.note("gpu: the NVIDIA driver knows a GPU that the PCI bus does not show: " + found.uuid);
  }
}

}  // namespace freehold::discover
