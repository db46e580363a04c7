// Pools whose slices lie in several files.
#include "discover/import/resourceslice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace freehold::discover {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string slice(std::string_view name, int generation, int count, std::string_view device) {
  return "apiVersion: resource.k8s.io/v1\nkind: ResourceSlice\nmetadata: {name: " +
         std::string(name) +
         "}\nspec:\n  driver: gpu.nvidia.com\n  nodeName: n1\n  pool: {name: n1, "
         "generation: " +
         std::to_string(generation) + ", resourceSliceCount: " + std::to_string(count) +
         "}\n  devices: [{name: " + std::string(device) + "}]\n";
}

// "a.yaml: gpu0 gpu1; " for each file that has devices, or the refusal.
std::string devices(const std::vector<std::string>& texts) {
  std::vector<SliceFile> files;
  for (const std::string& text : texts)
    files.push_back({text, std::string(1, static_cast<char>('a' + files.size())) + ".yaml"});
  const auto all = import_resourceslices(files);
  if (!all) return all.error().message;
  EXPECT_EQ(all->size(), files.size());
  std::string out;
  for (size_t i = 0; i < all->size(); ++i)
    for (const HostFacts& host : (*all)[i].hosts) {
      out += files[i].name + ":";
      for (const api::Device& device : host.profile.devices) out += " " + device.id;
      out += "; ";
    }
  return out;
}

TEST(ResourceSlice, the_newest_generation_counts_in_whichever_file_it_is) {
  EXPECT_EQ(devices({slice("s", 1, 1, "gpu-1"), slice("s", 2, 1, "gpu-0")}), "b.yaml: gpu0; ");
  EXPECT_EQ(devices({slice("s", 2, 1, "gpu-0"), slice("s", 1, 1, "gpu-1")}), "a.yaml: gpu0; ");
}

TEST(ResourceSlice, a_pool_is_complete_when_all_files_together_have_its_slices) {
  EXPECT_EQ(devices({slice("s", 1, 2, "gpu-0"), slice("t", 1, 2, "gpu-1")}), "a.yaml: gpu0 gpu1; ");
  EXPECT_THAT(devices({slice("s", 1, 3, "gpu-0"), slice("t", 1, 3, "gpu-1")}),
              HasSubstr("has 3 slices, and 2 are here"));
}

TEST(ResourceSlice, a_slice_that_two_files_have_counts_once) {
  EXPECT_EQ(devices({slice("s", 1, 1, "gpu-0"), slice("s", 1, 1, "gpu-0")}), "a.yaml: gpu0; ");
  const std::string first = slice("s", 1, 1, "gpu-0"), second = slice("s", 1, 1, "gpu-1");
  const SliceFile files[] = {{first, "a"}, {second, "b"}};
  const auto all = import_resourceslices(files);
  ASSERT_TRUE(all.ok()) << all.error().message;
  EXPECT_THAT((*all)[0].notes, ElementsAre(HasSubstr("differs within one generation")));
  EXPECT_THAT((*all)[1].hosts, IsEmpty());
}

}  // namespace
}  // namespace freehold::discover
