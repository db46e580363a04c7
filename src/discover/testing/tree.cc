#include "discover/testing/tree.h"

#include <stdlib.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/check.h"
#include "base/strings.h"

namespace freehold::discover::testing {

namespace {

namespace fs = std::filesystem;

std::string number(int value) { return std::to_string(value); }

}  // namespace

Tree::Tree() {
  // Thousands of small files: in memory where there is such a folder.
  const bool has_memory = ::access("/dev/shm", W_OK) == 0;
  const fs::path parent = has_memory ? fs::path("/dev/shm") : fs::temp_directory_path();
  std::string name = (parent / "freehold-tree-XXXXXX").string();
  CHECK(::mkdtemp(name.data()) != nullptr, "no folder for a test tree");
  path_ = name;
}

Tree::~Tree() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

Tree& Tree::file(std::string_view path, std::string_view text) {
  const fs::path at = path_ + std::string(path);
  fs::create_directories(at.parent_path());
  std::ofstream(at, std::ios::binary) << text;
  return *this;
}

Tree& Tree::folder(std::string_view path) {
  fs::create_directories(path_ + std::string(path));
  return *this;
}

Tree& Tree::link(std::string_view path, std::string_view target) {
  const fs::path at = path_ + std::string(path);
  fs::create_directories(at.parent_path());
  fs::create_symlink(fs::path(target), at);
  return *this;
}

Tree& Tree::remove(std::string_view path) {
  fs::remove_all(path_ + std::string(path));
  return *this;
}

Tree& Tree::cpus(int count, int threads) {
  const std::string all = "0-" + number(count - 1) + "\n";
  file("/sys/devices/system/cpu/online", all).file("/sys/devices/system/cpu/present", all);
  for (int cpu = 0; cpu < count; ++cpu) {
    const std::string topology = "/sys/devices/system/cpu/cpu" + number(cpu) + "/topology/";
    const int first = cpu / threads * threads;
    const std::string core =
        threads == 1 ? number(cpu) : number(first) + "-" + number(first + threads - 1);
    file(topology + "core_cpus_list", core + "\n")
        .file(topology + "thread_siblings_list", core + "\n");
    file(topology + "physical_package_id", "0\n")
        .file(topology + "core_id", number(first / threads) + "\n");
  }
  const std::string node = "/sys/devices/system/node/node0/";
  file(node + "cpulist", all).file(node + "distance", "10\n");
  return file(node + "meminfo", "Node 0 MemTotal:       16303104 kB\n")
      .file("/sys/devices/system/node/online", "0\n");
}

Tree& Tree::pci(std::string_view path, const Pci& about) {
  const std::string folder = "/sys/devices/" + std::string(path) + "/";
  const std::string address(path.substr(path.rfind('/') + 1));
  file(folder + "class", std::string(about.class_code) + "\n");
  file(folder + "vendor", std::string(about.vendor) + "\n")
      .file(folder + "device", std::string(about.device) + "\n");
  file(folder + "numa_node", number(about.numa) + "\n");
  if (!about.speed_now.empty())
    file(folder + "current_link_speed", std::string(about.speed_now) + "\n");
  if (!about.speed_max.empty())
    file(folder + "max_link_speed", std::string(about.speed_max) + "\n");
  if (about.width_now != 0) file(folder + "current_link_width", number(about.width_now) + "\n");
  if (about.width_max != 0) file(folder + "max_link_width", number(about.width_max) + "\n");
  if (!about.driver.empty())
    link(folder + "driver", "/sys/bus/pci/drivers/" + std::string(about.driver));
  return link("/sys/bus/pci/devices/" + address, "../../../devices/" + std::string(path));
}

std::string Tree::device(std::string_view cls, std::string_view name, std::string_view pci_path) {
  const std::string below =
      "devices/" + std::string(pci_path) + "/" + std::string(cls) + "/" + std::string(name);
  folder("/sys/" + below);
  link("/sys/" + below + "/device",
       "../../../" + std::string(pci_path.substr(pci_path.rfind('/') + 1)));
  link("/sys/class/" + std::string(cls) + "/" + std::string(name), "../../" + below);
  return "/sys/" + below + "/";
}

std::optional<std::string> test_data(std::string_view name) {
  const char* folder = ::getenv("FREEHOLD_TEST_DATA");
  if (folder == nullptr) return std::nullopt;
  const std::string path = std::string(folder) + "/" + std::string(name);
  if (!fs::exists(path)) return std::nullopt;
  return path;
}

bool unpack(const std::string& archive, const std::string& folder) {
  const std::string command = "tar xf '" + archive + "' -C '" + folder + "'";
  return std::system(command.c_str()) == 0;
}

// ---- a machine

namespace {

constexpr std::string_view gen4 = "16.0 GT/s PCIe", gen5 = "32.0 GT/s PCIe", gen1 = "2.5 GT/s PCIe";

void make_dgx_cpus(Tree& tree) {
  constexpr int cores = 32, per_package = cores / 2;
  tree.cpus(cores * 2);
  for (int cpu = 0; cpu < cores * 2; ++cpu) {
    const int core = cpu % cores;
    const std::string folder = "/sys/devices/system/cpu/cpu" + number(cpu) + "/";
    const std::string threads = number(core) + "," + number(core + cores);
    tree.file(folder + "topology/core_cpus_list", threads)
        .file(folder + "topology/thread_siblings_list", threads);
    tree.file(folder + "topology/physical_package_id", number(core / per_package));
    const int first = core / per_package * per_package;
    const std::string package = number(first) + "-" + number(first + per_package - 1) + "," +
                                number(first + cores) + "-" +
                                number(first + cores + per_package - 1);
    const struct {
      std::string_view level, type, size;
      std::string cpus;
    } caches[] = {{"1", "Data", "48K", threads},
                  {"1", "Instruction", "32K", threads},
                  {"2", "Unified", "2048K", threads},
                  {"3", "Unified", "107520K", package}};
    for (int i = 0; i < 4; ++i) {
      const std::string index = folder + "cache/index" + number(i) + "/";
      tree.file(index + "level", caches[i].level).file(index + "type", caches[i].type);
      tree.file(index + "size", caches[i].size).file(index + "shared_cpu_list", caches[i].cpus);
    }
    if (cpu < 2) {
      const std::string node = "/sys/devices/system/node/node" + number(cpu) + "/";
      const int begin = cpu * per_package;
      tree.file(node + "cpulist", number(begin) + "-" + number(begin + per_package - 1) + "," +
                                      number(begin + cores) + "-" +
                                      number(begin + cores + per_package - 1));
      tree.file(node + "meminfo", "Node " + number(cpu) + " MemTotal: 1056571208 kB\n");
      tree.file(node + "distance", cpu == 0 ? "10 21" : "21 10");
    }
  }
}

// Root port, switch, and below it two GPUs, two NICs and a disk.
void make_dgx_switch(Tree& tree, int index) {
  const int numa = index / 2, bus = 0x10 + index * 0x20;
  const auto hex = [](int value) {
    constexpr std::string_view digits = "0123456789abcdef";
    return std::string{digits[static_cast<size_t>(value) >> 4 & 15],
                       digits[static_cast<size_t>(value) & 15]};
  };
  const auto address = [&](int offset, const char* slot) {
    return "0000:" + hex(bus + offset) + ":" + slot;
  };
  const Tree::Pci bridge{"0x060400", "0x1000", "0xc030", numa, gen5, gen5, 16, 16, "pcieport"};
  const std::string root = "pci0000:" + hex(bus) + "/" + address(0, "01.0");
  const std::string up = root + "/" + address(1, "00.0");
  tree.pci(root, bridge).pci(up, bridge);
  for (int port = 0; port < 5; ++port) {
    const std::string down = up + "/" + address(2, ("0" + number(port) + ".0").c_str());
    const std::string end = down + "/" + address(3 + port, "00.0");
    tree.pci(down, bridge);
    if (port < 2) {
      const int gpu = index * 2 + port;
      // Idle, so the link rests in generation 1. One has lost half of its lanes.
      tree.pci(end,
               {"0x030200", "0x10de", "0x2330", numa, gen1, gen5, gpu == 5 ? 8 : 16, 16, "nvidia"});
      const std::string about =
          "/proc/driver/nvidia/gpus/" + address(3 + port, "00.0") + "/information";
      tree.file(about, "Model: \t\t NVIDIA H100 80GB HBM3\nGPU UUID: \t GPU-0000000" + number(gpu) +
                           "-aaaa-bbbb-cccc-dddddddddddd\nDevice Minor: \t " + number(gpu) + "\n");
    } else if (port < 4) {
      const std::string name = "mlx5_" + number(index * 2 + port - 2);
      tree.pci(end, {"0x020700", "0x15b3", "0x1021", numa, gen5, gen5, 16, 16, "mlx5_core"});
      const std::string folder = tree.device("infiniband", name, end);
      const bool slow = name == "mlx5_6";
      tree.file(folder + "hca_type", "MT4129\n")
          .file(folder + "node_guid", "b83f:d203:0052:00" + hex(bus + port));
      tree.file(folder + "ports/1/state", "4: ACTIVE\n")
          .file(folder + "ports/1/link_layer", "InfiniBand\n");
      tree.file(folder + "ports/1/rate", slow ? "200 Gb/sec (2X NDR)\n" : "400 Gb/sec (4X NDR)\n");
      const std::string interface = tree.device("net", "ib" + number(index * 2 + port - 2), end);
      tree.file(interface + "address", "00:00:00:00\n").file(interface + "operstate", "up\n");
    } else {
      const std::string name = "nvme" + number(index);
      tree.pci(end, {"0x010802", "0x144d", "0xa824", numa, gen4, gen4, 4, 4, "nvme"});
      const std::string folder = tree.device("nvme", name, end);
      tree.file(folder + "model", "SAMSUNG MZWLR3T8HBLS-00007\n")
          .file(folder + "serial", "S6EPNA0T" + number(index));
      tree.file(folder + "state", "live\n").file(folder + name + "n1/size", "7501476528\n");
      tree.link("/sys/block/" + name + "n1", ".." + folder.substr(4) + name + "n1");
    }
  }
}

}  // namespace

void make_dgx(Tree& tree) {
  make_dgx_cpus(tree);
  tree.file("/sys/class/dmi/id/sys_vendor", "NVIDIA\n")
      .file("/sys/class/dmi/id/product_name", "DGXH100\n");
  tree.file("/proc/cpuinfo",
            "processor\t: 0\nmodel name\t: Intel(R) Xeon(R) Platinum 8480C\nflags\t\t: fpu lm\n");
  tree.file("/proc/sys/kernel/arch", "x86_64\n").file("/proc/sys/kernel/osrelease", "6.5.0\n");
  tree.file("/proc/sys/kernel/hostname", "dgx-01\n");
  tree.file("/proc/sys/kernel/random/boot_id", "6f7f0f0c-0f5d-4f7e-9a60-0c5c7f3a2b11\n");
  for (int i = 0; i < 4; ++i) make_dgx_switch(tree, i);
  const std::string lan = "pci0000:00/0000:00:1c.0/0000:04:00.0";
  const Tree::Pci port{"0x060400",      "0x8086", "0x1bb8", 0,         "8.0 GT/s PCIe",
                       "8.0 GT/s PCIe", 4,        4,        "pcieport"};
  tree.pci("pci0000:00/0000:00:1c.0", port);
  tree.pci(lan,
           {"0x020000", "0x8086", "0x1563", 0, "8.0 GT/s PCIe", "8.0 GT/s PCIe", 4, 4, "ixgbe"});
  const std::string eth = tree.device("net", "eno1", lan);
  tree.file(eth + "address", "5c:ff:35:00:00:01\n")
      .file(eth + "operstate", "up\n")
      .file(eth + "speed", "10000\n");
  tree.file("/proc/net/route",
            "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\n"
            "eno1\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\n");
  tree.file("/proc/self/mounts", "/dev/nvme0n1p2 / ext4 rw 0 0\n");
}

}  // namespace freehold::discover::testing
