// A made-up machine for tests: files and links below a folder of its own, gone with the object.
// Also the way to the test data that is not part of the repository.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "discover/root.h"

namespace freehold::discover::testing {

class Tree {
 public:
  Tree();  // empty
  ~Tree();
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;

  const std::string& path() const { return path_; }
  Root root() const { return Root(path_); }

  // Paths as the machine sees them: "/sys/class/net". Folders are made on the way.
  Tree& file(std::string_view path, std::string_view text);
  Tree& folder(std::string_view path);
  Tree& link(std::string_view path, std::string_view target);
  Tree& remove(std::string_view path);

  // CPUs 0 to count - 1 in cores of `threads` neighbours, one package, one memory node.
  Tree& cpus(int count, int threads = 1);
  // A PCI function below its bridges: "pci0000:00/0000:00:01.0/0000:01:00.0", with the link in
  // /sys/bus/pci/devices.
  struct Pci {
    std::string_view class_code{}, vendor{}, device{};  // "0x030200", "0x10de", "0x2330"
    int numa = -1;
    std::string_view speed_now{}, speed_max{};  // "16.0 GT/s PCIe"
    int width_now = 0, width_max = 0;
    std::string_view driver{};
  };
  Tree& pci(std::string_view path, const Pci& about);
  // An interface or other class device on a PCI function: ("net", "eth0",
  // "pci0000:00/0000:00:03.0"). Gives its folder, for files in it.
  std::string device(std::string_view cls, std::string_view name, std::string_view pci_path);

 private:
  std::string path_;
};

// The folder $FREEHOLD_TEST_DATA/<name>; nothing when it is not there, and then tests skip.
std::optional<std::string> test_data(std::string_view name);
// Unpacks an archive into an empty folder with tar; true when that worked.
bool unpack(const std::string& archive, const std::string& folder);

// A DGX-like machine: 2 packages, 4 switches each with two GPUs, two NICs and an NVMe.
void make_dgx(Tree& tree);

}  // namespace freehold::discover::testing
