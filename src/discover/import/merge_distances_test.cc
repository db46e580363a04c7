// The words of a matrix beside places that another source tells.
#include <gtest/gtest.h>

#include "discover/import/formats.h"
#include "discover/import/testing/machines.h"

namespace freehold::discover {
namespace {

using testing::gpu;
using testing::inventory;
using testing::machine;
using testing::only_conflict;

// A GPU and two cards, of which the first is as near to the GPU as may be and the second is `word`.
Inventory matrix(const std::string& word, const std::string& gpus = "GPU0") {
  auto read =
      import_nvidia_smi("\t" + gpus + "\tNIC0\tNIC1\tNUMA Affinity\nGPU0\t X \tPIX\t" + word +
                            "\t0\nNIC0\tPIX\t X \t" + word + "\t\nNIC1\t" + word + "\t" + word +
                            "\t X \t\nNIC Legend:\n NIC0: mlx5_0\n"
                            " NIC1: mlx5_1\n",
                        {"file", "n1", ""});
  EXPECT_TRUE(read.ok()) << read.error().message;
  if (!read.ok()) return {};
  read->hosts[0].name = "n1";
  return *std::move(read);
}

api::Device card(std::string id, std::string address) {
  api::Device device = gpu(std::move(id), std::move(address));
  device.cls = api::DeviceClass::rdma_nic;
  return device;
}
api::PciFunction function(std::string address, std::string parent) {
  api::PciFunction out;
  out.address = std::move(address);
  out.parent = std::move(parent);
  out.numa = 0;
  return out;
}

// `top` is what the bridge hangs on, `first` and `second` what the cards hang on.
Inventory tree(const std::string& top, const std::string& first, const std::string& second) {
  HostFacts host = machine({gpu("gpu0", "0000:02:00.0"), card("mlx5_0", "0000:03:00.0"),
                            card("mlx5_1", "0000:04:00.0")});
  host.profile.numa.resize(1);
  host.profile.pci = {function("0000:01:00.0", top), function("0000:02:00.0", "0000:01:00.0"),
                      function("0000:03:00.0", first), function("0000:04:00.0", second)};
  host.profile.pci[0].class_code = "0604";
  if (!top.empty()) {  // below roots that are told, a port comes before a switch
    host.profile.pci.insert(host.profile.pci.begin(), function("0000:00:01.0", top));
    host.profile.pci[0].class_code = "0604";
    host.profile.pci[1].parent = "0000:00:01.0";
  }
  return inventory("hwloc", api::Confidence::sysfs, std::move(host));
}

TEST(MergeDistances, a_word_that_is_not_what_the_tree_shows_is_a_conflict) {
  EXPECT_EQ(only_conflict({matrix("NODE"), tree("", "", "0000:01:00.0")}),
            "paths[gpu0-mlx5_0]: PHB, PIX,; paths[gpu0-mlx5_1]: PIX, NODE,");
  EXPECT_EQ(only_conflict({matrix("PHB"), tree("pci0000:00", "0000:01:00.0", "pci0000:40")}),
            "paths[gpu0-mlx5_1]: NODE, PHB,; paths[mlx5_0-mlx5_1]: NODE, PHB,");
}

TEST(MergeDistances, what_fits_the_tree_or_is_more_than_it_tells_is_none) {
  EXPECT_EQ(only_conflict({matrix("NODE"), tree("", "0000:01:00.0", "")}), "")
      << "roots are not told";
  EXPECT_EQ(only_conflict({matrix("NODE"), tree("pci0000:00", "0000:01:00.0", "pci0000:40")}), "");
  EXPECT_EQ(only_conflict({matrix("PIX"), tree("pci0000:00", "0000:01:00.0", "pci0000:00")}), "")
      << "the root is told, and no bridges";
}

TEST(MergeDistances, words_about_devices_of_which_only_numbers_are_known_are_not_compared) {
  Inventory counted = matrix("NODE"), placed = tree("", "", "0000:01:00.0");
  for (Inventory* both : {&counted, &placed}) {
    HostFacts& host = both->hosts[0];
    host.profile.devices.push_back(gpu("gpu1", both == &placed ? "0000:05:00.0" : ""));
    host.profile.devices.back().numa = host.profile.devices[0].numa = 0;
  }
  EXPECT_EQ(only_conflict({counted, placed}), "") << "either of two GPUs";
}

}  // namespace
}  // namespace freehold::discover
