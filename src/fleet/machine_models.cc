#include "fleet/machine_models.h"

#include <algorithm>
#include <string>
#include <vector>

#include "fleet/bits.h"
#include "fleet/hash.h"
#include "json/value.h"
#include "schema/walk.h"

namespace freehold::fleet {
namespace {

// Memory, links, watts of a GPU and of a machine: ai-dynamo/aiconfigurator systems/*.yaml@095f58a
// and SemiAnalysisAI/InferenceX-app gpu-specs.ts@77ca49a; NVLink rates per link: NVLink 4 and 5 as
// the vendor sells them (25 and 50 GB/s in each direction). Processors, NICs and heights are from
// the vendors' user guides, from memory; so are the watts of the machines without GPUs by NVIDIA.
constexpr MachineModel h100{.name = "h100",
                            .product = "NVIDIA DGX H100",
                            .architecture = "x86_64",
                            .processor = "Intel(R) Xeon(R) Platinum 8480C",
                            .gpu = "NVIDIA H100 80GB HBM3",
                            .gpu_ids = "10de:2330",
                            .nvswitches = 4,
                            .nvlinks = 18,
                            .link_mbps = 200'000};
constexpr MachineModel h200 = [] {
  MachineModel model = h100;
  model.name = "h200";
  model.product = "NVIDIA DGX H200";
  model.gpu = "NVIDIA H200";
  model.gpu_ids = "10de:2335";
  model.gpu_memory_gib = 141;
  return model;
}();
constexpr MachineModel b200 = [] {
  MachineModel model = h100;
  model.name = "b200";
  model.product = "NVIDIA DGX B200";
  model.processor = "Intel(R) Xeon(R) Platinum 8570";
  model.gpu = "NVIDIA B200";
  model.gpu_ids = "10de:2901";
  model.gpu_memory_gib = 180;
  model.nvswitches = 2;
  model.link_mbps = 400'000;
  model.units = 10;
  model.watts = 14'300;
  return model;
}();

// The same board in a server of another maker, whose processors and plate are of the same order.
constexpr MachineModel on_board(MachineModel model, std::string_view name,
                                std::string_view product) {
  model.name = name;
  model.product = product;
  return model;
}

constexpr MachineModel models[] = {
    h100,
    h200,
    b200,
    on_board(h100, "hgx-h100", "server with HGX H100 8-GPU"),
    on_board(h200, "hgx-h200", "server with HGX H200 8-GPU"),
    on_board(b200, "hgx-b200", "server with HGX B200 8-GPU"),
    {.name = "gb200",
     .product = "NVIDIA GB200 NVL72 compute tray",
     .architecture = "aarch64",
     .processor = "NVIDIA Grace",
     .cores = 72,
     .threads = 1,
     .memory_gib = 480,
     .gpu = "NVIDIA GB200",
     .gpu_ids = "10de:2941",
     .gpus = 4,
     .gpu_memory_gib = 186,
     .nvswitches = 1,
     .nvlinks = 18,
     .link_mbps = 400'000,
     .has_c2c = true,
     .rails = 4,
     .units = 1,
     .per_rack = 18,
     .watts = 6'700,
     .is_liquid = true,
     .domain = 18},
    {.name = "mi300x",
     .product = "AMD Instinct MI300X platform",
     .architecture = "x86_64",
     .processor = "AMD EPYC 9654 96-Core Processor",
     .cores = 96,
     .memory_gib = 1'152,
     .gpu = "AMD Instinct MI300X",
     .gpu_ids = "1002:74a1",
     .gpu_memory_gib = 192,
     .link_mbps = 512'000,
     .has_xgmi = true},
    {.name = "cpu",
     .product = "dual-socket server",
     .architecture = "x86_64",
     .processor = "AMD EPYC 9654 96-Core Processor",
     .cores = 96,
     .numa_per_package = 2,
     .memory_gib = 768,
     .gpus = 0,
     .rails = 0,
     .nics = 2,
     .pci_speed = "32GT/s",
     .units = 1,
     .per_rack = 32,
     .watts = 1'200},
    {.name = "edge",
     .product = "edge server",
     .architecture = "x86_64",
     .processor = "AMD EPYC 8124P 16-Core Processor",
     .packages = 1,
     .cores = 16,
     .memory_gib = 192,
     .gpu = "NVIDIA L4",
     .gpu_ids = "10de:27b8",
     .gpus = 1,
     .gpu_memory_gib = 24,
     .rails = 0,
     .nics = 2,
     .nic_speed = "25Gbps",
     .drives = 1,
     .pci_speed = "16GT/s",
     .units = 2,
     .per_rack = 20,
     .watts = 500},
};

// Builds the profile part by part.
class ProfileBuilder {
 public:
  explicit ProfileBuilder(const MachineModel& model)
      : model_(model), places_(model.packages * model.numa_per_package) {}

  api::HardwareProfile build() && {
    spec_.product = model_.product;
    spec_.architecture = model_.architecture;
    add_processors();
    add_gpus_and_rails();
    add_distances();
    add_switches();
    for (int i = 0; i < model_.nics; ++i)
      add_on_port("eth" + std::to_string(i), api::DeviceClass::nic, "Ethernet adapter", "0200", i)
          .speed = model_.nic_speed;
    for (int i = 0; i < model_.drives; ++i)
      add_on_port("nvme" + std::to_string(i), api::DeviceClass::nvme, "NVMe drive", "0108", i)
          .memory_bytes = 3'840'000'000'000;
    std::sort(spec_.pci.begin(), spec_.pci.end(),
              [](const auto& a, const auto& b) { return a.address < b.address; });
    api::HardwareProfile profile;
    profile.spec = std::move(spec_);
    profile.metadata.name = name_of(profile.spec);
    return profile;
  }

 private:
  static std::string name_of(const api::HardwareProfileSpec& spec) {
    const std::string text =
        json::print(schema::to_json(schema::type_of<api::HardwareProfileSpec>, &spec));
    static constexpr char digits[] = "0123456789abcdef";
    std::string name = "hp-";
    const uint64_t h = Hash().add(text).value();
    for (int shift = 60; shift >= 0; shift -= 4) name += digits[h >> shift & 15];
    return name;
  }

  void add_processors() {
    const int cores = model_.packages * model_.cores, per_place = cores / places_;
    spec_.cpus = "0-" + std::to_string(cores * model_.threads - 1);
    for (int p = 0; p < model_.packages; ++p)
      spec_.packages.push_back({p, std::string(model_.processor)});
    for (int n = 0; n < places_; ++n) {
      api::NumaNode& numa = spec_.numa.emplace_back();
      numa.id = n;
      numa.package = n / model_.numa_per_package;
      package_of_node_.push_back(numa.package);
      numa.memory_bytes = (model_.memory_gib << 30) / model_.numa_per_package;
      Bits cpus;
      for (int core = n * per_place; core < (n + 1) * per_place; ++core) {
        Bits threads;
        // Linux numbers all first threads first.
        for (int t = 0; t < model_.threads; ++t) threads.add(static_cast<size_t>(core + t * cores));
        spec_.cores.push_back(threads.to_list());
        cpus |= threads;
      }
      numa.cpus = cpus.to_list();
    }
  }

  // Memory of a GPU is farther than any of the processors'; nearest from the package that it hangs
  // on. Of each node to all, as in SLIT.
  void add_distances() {
    for (size_t from = 0; from < spec_.numa.size(); ++from)
      for (size_t to = 0; to < spec_.numa.size(); ++to) {
        const bool is_near = package_of_node_[from] == package_of_node_[to];
        const bool of_gpu = !spec_.numa[from].device.empty() || !spec_.numa[to].device.empty();
        spec_.numa[from].distances.push_back(from == to ? 10
                                             : of_gpu   ? (is_near ? 80 : 120)
                                             : is_near  ? 12
                                                        : 32);
      }
  }

  // ---- PCI: a bus of its own for every link

  std::string next_bus(std::string_view device = "00.0") {
    static constexpr char digits[] = "0123456789abcdef";
    const int bus = ++bus_;
    std::string address = domain_ + ":" + digits[bus >> 4 & 15];
    return address + digits[bus & 15] + ":" + std::string(device);
  }
  std::string add_function(std::string address, std::string parent, std::string_view cls, int place,
                           int lanes, std::string_view ids = {}) {
    api::PciFunction& f = spec_.pci.emplace_back();
    f.address = std::move(address);
    f.parent = std::move(parent);
    f.class_code = cls;
    f.numa = place;
    f.link_speed = model_.pci_speed;
    f.link_width = lanes;
    if (const size_t colon = ids.find(':'); colon != ids.npos) {
      f.vendor = ids.substr(0, colon);
      f.device = ids.substr(colon + 1);
    }
    return f.address;
  }
  // A root complex of its own with one root port.
  std::string add_root_port(int place, int lanes) {
    ++domain_number_;
    domain_ = std::to_string(10'000 + domain_number_).substr(1);
    bus_ = 0;
    return add_function(domain_ + ":00:01.0", "pci" + domain_ + ":00", "0604", place, lanes);
  }
  api::Device& add_device(std::string id, api::DeviceClass cls, std::string_view model,
                          std::string address, int place) {
    api::Device& device = spec_.devices.emplace_back();
    device.id = std::move(id);
    device.cls = cls;
    device.model = model;
    device.address = std::move(address);
    device.numa = place;
    return device;
  }
  api::Device& add_on_port(std::string id, api::DeviceClass cls, std::string_view model,
                           std::string_view code, int i) {
    const int place = i % places_;
    const std::string port = add_root_port(place, 8);
    std::string at =
        add_function(next_bus(), port, code, place, cls == api::DeviceClass::nvme ? 4 : 8);
    return add_device(std::move(id), cls, model, std::move(at), place);
  }

  // Each GPU behind a switch with the NIC of its rail, in blocks over the memory nodes; without a
  // switch where the GPU hangs on its processor by C2C.
  void add_gpus_and_rails() {
    const int pairs = std::max(model_.gpus, model_.rails);
    std::vector<api::Device> nics;
    for (int i = 0; i < pairs; ++i) {
      const int place = i * places_ / pairs;
      std::string above = add_root_port(place, 16);
      if (model_.rails > 0 && !model_.has_c2c) {
        above = add_function(next_bus(), above, "0604", place, 16);
        ++bus_;
      }
      const auto port = [&](int number) {
        if (model_.rails == 0 || model_.has_c2c)
          return number == 0 ? above : add_root_port(place, 16);
        const std::string down = domain_ + ":02:" + (number == 0 ? "00.0" : "01.0");
        return add_function(down, above, "0604", place, 16);
      };
      if (i < model_.gpus) add_gpu(i, place, port(0));
      if (i >= model_.rails) continue;
      const std::string own_port = port(1);  // before its bus is numbered
      std::string at = add_function(next_bus(), own_port, "0207", place, 16, "15b3:1021");
      api::Device nic;
      nic.id = "mlx5_" + std::to_string(i);
      nic.cls = api::DeviceClass::rdma_nic;
      nic.model = "ConnectX-7";
      nic.address = std::move(at);
      nic.numa = place;
      nic.speed = model_.rail_speed;
      nics.push_back(std::move(nic));
    }
    for (api::Device& nic : nics) spec_.devices.push_back(std::move(nic));
  }

  void add_gpu(int i, int place, const std::string& port) {
    std::string at = add_function(next_bus(), port, "0302", place, 16, model_.gpu_ids);
    api::Device& gpu = add_device("gpu" + std::to_string(i), api::DeviceClass::gpu, model_.gpu,
                                  std::move(at), place);
    gpu.memory_bytes = model_.gpu_memory_gib << 30;
    if (!model_.has_c2c) return;
    gpu.links.push_back({"package" + std::to_string(place / model_.numa_per_package),
                         api::LinkKind::c2c, 1,
                         Quantity::of(3'600'000'000'000, Dimension::bandwidth)});
    api::NumaNode& memory = spec_.numa.emplace_back();
    memory.id = places_ + i;
    memory.cls = api::NumaClass::gpu_memory;
    memory.device = gpu.id;
    memory.memory_bytes = gpu.memory_bytes;
    package_of_node_.push_back(place / model_.numa_per_package);
  }

  void link(api::Device& from, std::string to, api::LinkKind kind, int count) {
    from.links.push_back(
        {std::move(to), kind, count,
         Quantity::of(model_.link_mbps * count * 1'000'000, Dimension::bandwidth)});
  }

  void add_switches() {
    for (api::Device& gpu : spec_.devices) {
      if (gpu.cls != api::DeviceClass::gpu) continue;
      if (model_.has_xgmi)
        for (int other = 0; other < model_.gpus; ++other)
          if (gpu.id != "gpu" + std::to_string(other))
            link(gpu, "gpu" + std::to_string(other), api::LinkKind::xgmi, 1);
      for (int s = 0; s < model_.nvswitches; ++s) {
        // 18 links over 4 switches: 5, 4, 4, 5.
        const int rest = model_.nvlinks % model_.nvswitches;
        const int more = rest > 0 && (s == 0 || s == model_.nvswitches - 1) ? 1 : 0;
        link(gpu, "nvswitch" + std::to_string(s), api::LinkKind::nvlink,
             model_.nvlinks / model_.nvswitches + more);
      }
    }
    for (int s = 0; s < model_.nvswitches; ++s)
      add_device("nvswitch" + std::to_string(s), api::DeviceClass::nvswitch, "NVSwitch", {}, -1);
  }

  const MachineModel& model_;
  int places_;
  int bus_ = 0, domain_number_ = 0;
  std::string domain_ = "0000";
  std::vector<int64_t> package_of_node_;
  api::HardwareProfileSpec spec_;
};

}  // namespace

std::span<const MachineModel> machine_models() { return models; }

const MachineModel* find_machine_model(std::string_view name) {
  for (const MachineModel& model : models)
    if (model.name == name) return &model;
  return nullptr;
}

api::HardwareProfile profile_of(const MachineModel& model) { return ProfileBuilder(model).build(); }

}  // namespace freehold::fleet
