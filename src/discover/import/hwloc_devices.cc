#include "discover/import/hwloc_devices.h"

#include <algorithm>
#include <map>

#include "base/strings.h"
#include "discover/gpu_models.h"
#include "discover/import/text.h"
#include "discover/limits.h"
#include "discover/parse.h"
#include "discover/words.h"

namespace freehold::discover {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Versions before 2 call RDMA devices network interfaces, so their names must tell.
bool is_rdma_name(std::string_view name) {
  static constexpr std::string_view drivers[] = {
      "mlx4_",   "mlx5_", "mthca", "qib",    "hfi1_", "usnic_", "i40iw",  "irdma",
      "bnxt_re", "efa_",  "rdmap", "ocrdma", "qedr",  "hns_",   "cxgb4_", "erdma_"};
  return std::any_of(std::begin(drivers), std::end(drivers),
                     [&](std::string_view driver) { return name.starts_with(driver); });
}

// "nvme0" of "nvme0n1", and of "nvme0c1n1" under native multipath; empty for other disks.
std::string nvme_controller(std::string_view name) {
  if (!name.starts_with("nvme")) return "";
  size_t end = 4;
  while (end < name.size() && is_digit(name[end])) ++end;
  const bool named = end > 4 && end < name.size() && (name[end] == 'n' || name[end] == 'c');
  return named ? std::string(name.substr(0, end)) : "";
}

// As the kernel numbers them in ports/N/state.
std::string port_state(std::string_view number) {
  static constexpr std::string_view states[] = {"",      "DOWN",   "INIT",
                                                "ARMED", "ACTIVE", "ACTIVE_DEFER"};
  const auto index = parse_uint(number);
  return index && *index < std::size(states) ? std::string(states[*index]) : "";
}

// "16671616KiB", before version 3 without the unit; in bytes, 0 when unknown. Below what adds up to
// more than a number holds, over all elements that a file may have.
int64_t kib_bytes(std::string_view text) {
  if (text.ends_with("KiB")) text.remove_suffix(3);
  const auto kib = parse_int(text);
  return kib && *kib > 0 && *kib < int64_t{1} << 35 ? *kib * 1024 : 0;
}

class DeviceMaker {
 public:
  DeviceMaker(HwlocObjects& objects, const NodeNear& node_near, HostFacts& host, HwlocNames& names,
              std::vector<std::string>& notes, const ImportOptions& options)
      : objects_(objects),
        node_near_(node_near),
        host_(host),
        names_(names),
        notes_(notes),
        options_(options) {
    for (const HwlocOsDevice& device : objects.os_devices)
      if (device.pci) by_pci_[*device.pci].push_back(&device);
    names_.pci.resize(objects.pci.size());
    names_.os_devices.resize(objects.os_devices.size());
  }

  Result<void> make() {
    TRY(add_accelerators());
    TRY(add_named(&DeviceMaker::is_rdma, &DeviceMaker::rdma));
    TRY(add_named(&DeviceMaker::is_interface, &DeviceMaker::interface));
    TRY(add_nvme());
    TRY(add_cxl());
    for (size_t i = 0; i < objects_.os_devices.size(); ++i)
      if (const auto pci = objects_.os_devices[i].pci; pci && names_.os_devices[i].empty())
        names_.os_devices[i] = names_.pci[*pci];
    tell_orphans();
    return {};
  }

 private:
  const std::vector<const HwlocOsDevice*>& on(size_t pci) {
    static const std::vector<const HwlocOsDevice*> none;
    const auto found = by_pci_.find(pci);
    return found == by_pci_.end() ? none : found->second;
  }

  // An info that any of the function's OS devices has.
  std::string_view info_on(size_t pci, std::initializer_list<std::string_view> wanted) {
    for (const std::string_view name : wanted)
      for (const HwlocOsDevice* device : on(pci))
        if (const auto value = trim(info_of(device->infos, name)); !value.empty()) return value;
    return {};
  }

  // Where a device sits, and its link, which hwloc reads as it is at that time.
  void locate(size_t pci, api::Device& device, api::NodeDevice& seen) {
    const api::PciFunction& function = objects_.pci[pci].function;
    device.address = function.address;
    device.numa = node_near_(objects_.pci[pci].cpus);
    device.slot = clean_text(info_of(objects_.pci[pci].infos, "PCISlot"), 63);
    seen.link_speed = function.link_speed;
    seen.link_width = function.link_width;
    objects_.pci[pci].has_device = true;
    if (names_.pci[pci].empty()) names_.pci[pci] = device.id;
  }

  Result<void> add(api::Device device, api::NodeDevice seen) {
    return add_device(host_, std::move(device), std::move(seen), options_);
  }

  // ---- accelerators and switches

  struct Role {
    api::DeviceClass cls;
    std::string_view name;
  };
  std::optional<Role> role_of(size_t pci) {
    const HwlocPci& found = objects_.pci[pci];
    if (is_nvswitch(found.function) || found.subtype == "NVSwitch")
      return Role{api::DeviceClass::nvswitch, "nvswitch"};
    if (is_coprocessor(found.function)) return Role{api::DeviceClass::other, "coprocessor"};
    // A vendor's library knows it, even where the function did not answer.
    const bool known = std::any_of(on(pci).begin(), on(pci).end(), [](const auto* device) {
      return !info_of(device->infos, "NVIDIAUUID").empty() ||
             !info_of(device->infos, "AMDUUID").empty() || device->subtype == "CUDA";
    });
    if (is_accelerator(found.function) || known) return Role{api::DeviceClass::gpu, "gpu"};
    return std::nullopt;
  }

  // As CUDA, ROCm and Level Zero give it: a little less than what was bought.
  int64_t memory_on(size_t pci) {
    return bought_size(kib_bytes(info_on(
        pci, {"CUDAGlobalMemorySize", "RSMIVRAMSize", "LevelZeroHBMSize", "LevelZeroDDRSize"})));
  }

  Result<void> add_accelerators() {
    std::vector<size_t> order(objects_.pci.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
      return parse_pci_address(objects_.pci[a].function.address) <
             parse_pci_address(objects_.pci[b].function.address);
    });
    std::map<std::string_view, size_t> counts;
    for (const size_t pci : order) {
      const auto role = role_of(pci);
      if (!role) continue;
      api::Device device;
      device.id = std::string(role->name) + std::to_string(counts[role->name]++);
      device.cls = role->cls;
      device.model = pci_ids(objects_.pci[pci].function);
      if (const GpuModel* model = find_gpu_model(device.model)) {
        device.model = model->name;
        device.memory_bytes = model->memory_bytes;
      }
      if (const auto model = info_on(pci, {"GPUModel"}); !model.empty())
        device.model = clean_text(model, limits::model_characters);
      if (const int64_t bytes = memory_on(pci); bytes > 0) device.memory_bytes = bytes;
      api::NodeDevice seen;
      seen.identity =
          clean_text(info_on(pci, {"NVIDIAUUID", "AMDUUID", "LevelZeroUUID", "NVIDIASerial",
                                   "AMDSerial", "LevelZeroSerialNumber"}),
                     128);
      locate(pci, device, seen);
      TRY(add(std::move(device), std::move(seen)));
    }
    return {};
  }

  // ---- network

  static bool is_rdma(const HwlocOsDevice& device) {
    if ((device.kinds & os_device::openfabrics) != 0) return true;
    return (device.kinds & os_device::network) != 0 && is_rdma_name(device.name);
  }
  // Interfaces of an RDMA device belong to it.
  bool is_interface_here(const HwlocOsDevice& device) {
    if ((device.kinds & os_device::network) == 0 || is_rdma(device) || device.name == "lo")
      return false;
    if (!device.pci) return true;
    return std::none_of(on(*device.pci).begin(), on(*device.pci).end(),
                        [](const auto* other) { return is_rdma(*other); });
  }
  static bool is_rdma(DeviceMaker&, const HwlocOsDevice& device) { return is_rdma(device); }
  static bool is_interface(DeviceMaker& maker, const HwlocOsDevice& device) {
    return maker.is_interface_here(device);
  }

  using Is = bool (*)(DeviceMaker&, const HwlocOsDevice&);
  using Fill = void (*)(DeviceMaker&, const HwlocOsDevice&, api::Device&, api::NodeDevice&);

  Result<void> add_named(Is is, Fill fill) {
    std::vector<size_t> order;
    for (size_t i = 0; i < objects_.os_devices.size(); ++i)
      if (is(*this, objects_.os_devices[i])) order.push_back(i);
    std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
      return objects_.os_devices[a].name < objects_.os_devices[b].name;
    });
    for (const size_t i : order) {
      const HwlocOsDevice& os_device = objects_.os_devices[i];
      api::Device device;
      api::NodeDevice seen;
      device.id = os_device.name;
      device.numa = node_near_(os_device.cpus);
      fill(*this, os_device, device, seen);
      if (os_device.pci) locate(*os_device.pci, device, seen);
      names_.os_devices[i] = device.id;
      TRY(add(std::move(device), std::move(seen)));
    }
    return {};
  }

  static void rdma(DeviceMaker& maker, const HwlocOsDevice& os_device, api::Device& device,
                   api::NodeDevice& seen) {
    device.cls = api::DeviceClass::rdma_nic;
    if (os_device.pci) {
      const api::PciFunction& function = maker.objects_.pci[*os_device.pci].function;
      device.model = pci_ids(function);
      // Mellanox types are PCI device ids in decimals.
      if (function.vendor == "15b3")
        device.model = rdma_model("MT" + std::to_string(parse_hex_number(function.device)));
    }
    seen.identity = clean_text(info_of(os_device.infos, "NodeGUID"), 128);
    for (int64_t number = 1; number <= 16; ++number) {
      const std::string prefix = "Port" + std::to_string(number);
      const std::string_view state = info_of(os_device.infos, prefix + "State");
      const std::string_view gid = info_of(os_device.infos, prefix + "GID0");
      if (state.empty() && gid.empty()) continue;
      api::DevicePort port;
      port.number = number;
      port.state = port_state(state);
      // The lower half of the first GID is the port's GUID.
      if (gid.size() == 39) port.identity = clean_text(gid.substr(20), 128);
      seen.ports.push_back(std::move(port));
    }
  }

  static void interface(DeviceMaker& maker, const HwlocOsDevice& os_device, api::Device& device,
                        api::NodeDevice& seen) {
    device.cls = api::DeviceClass::nic;
    if (os_device.pci) device.model = pci_ids(maker.objects_.pci[*os_device.pci].function);
    seen.identity = clean_text(info_of(os_device.infos, "Address"), 128);
  }

  // ---- storage and memory

  Result<void> add_nvme() {
    std::map<std::string, std::pair<api::Device, api::NodeDevice>> controllers;
    for (size_t i = 0; i < objects_.os_devices.size(); ++i) {
      const HwlocOsDevice& disk = objects_.os_devices[i];
      const std::string name = nvme_controller(disk.name);
      // Those on other machines (NVMe over fabrics) hang on no PCI function here.
      if (name.empty() || (disk.kinds & os_device::storage) == 0 || !disk.pci) continue;
      auto& [device, seen] = controllers[name];
      names_.os_devices[i] = name;
      device.memory_bytes += kib_bytes(info_of(disk.infos, "Size"));
      if (!device.id.empty()) continue;
      device.id = name;
      device.cls = api::DeviceClass::nvme;
      device.model = clean_text(info_of(disk.infos, "Model"), limits::model_characters);
      seen.identity = clean_text(info_of(disk.infos, "SerialNumber"), 128);
      locate(*disk.pci, device, seen);
    }
    for (auto& [name, pair] : controllers) TRY(add(std::move(pair.first), std::move(pair.second)));
    return {};
  }

  // "mem0" of the kernel's cxl bus, on a function of class 0502.
  Result<void> add_cxl() {
    std::map<std::string, std::pair<api::Device, api::NodeDevice>> found;
    for (size_t i = 0; i < objects_.os_devices.size(); ++i) {
      const HwlocOsDevice& memory = objects_.os_devices[i];
      if (memory.subtype != "CXLMem" || memory.name.empty()) continue;
      auto& [device, seen] = found[memory.name];
      device.id = memory.name;
      device.cls = api::DeviceClass::cxl;
      device.numa = node_near_(memory.cpus);
      for (const char* size : {"CXLRAMSize", "CXLPMEMSize"})
        device.memory_bytes += kib_bytes(info_of(memory.infos, size));
      seen.identity = clean_text(info_of(memory.infos, "SerialNumber"), 128);
      if (memory.pci) {
        device.model = pci_ids(objects_.pci[*memory.pci].function);
        locate(*memory.pci, device, seen);
      }
      names_.os_devices[i] = device.id;
    }
    for (auto& [name, pair] : found) TRY(add(std::move(pair.first), std::move(pair.second)));
    return {};
  }

  // Cards that are there, but that no driver made a device of.
  void tell_orphans() {
    for (const HwlocPci& pci : objects_.pci) {
      const std::string& code = pci.function.class_code;
      if (pci.has_device || (code != "0200" && code != "0207" && code != "0108")) continue;
      add_note(notes_, "pci " + pci.function.address + ": a " +
                           (code == "0108" ? "disk" : "network card") +
                           " of which no driver made a device");
    }
  }

  HwlocObjects& objects_;
  const NodeNear& node_near_;
  HostFacts& host_;
  HwlocNames& names_;
  std::vector<std::string>& notes_;
  const ImportOptions& options_;
  std::map<size_t, std::vector<const HwlocOsDevice*>> by_pci_;
};

}  // namespace

Result<void> add_hwloc_devices(HwlocObjects& objects, const NodeNear& node_near, HostFacts& host,
                               HwlocNames& names, std::vector<std::string>& notes,
                               const ImportOptions& options) {
  return DeviceMaker(objects, node_near, host, names, notes, options).make();
}

}  // namespace freehold::discover
