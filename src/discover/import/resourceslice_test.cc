// Pools whose slices lie in several files.
#include "discover/import/resourceslice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "discover/import/formats.h"

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

// ---- what drivers publish

// One pool of n1 with these devices, each "NAME: ATTRIBUTES" in one line of YAML.
std::string pool(std::string_view driver, const std::vector<std::string>& devices,
                 std::string_view generation = "1") {
  std::string out =
      "apiVersion: resource.k8s.io/v1\nkind: ResourceSlice\nmetadata: {name: s}\nspec:\n  "
      "driver: " +
      std::string(driver) +
      "\n  nodeName: n1\n  pool: {name: n1, generation: " + std::string(generation) +
      ", resourceSliceCount: 1}\n  devices:\n";
  for (const std::string& device : devices) out += "  - {" + device + "}\n";
  return out;
}
const std::string uuid = "GPU-aaaaaaaa-0000-0000-0000-00000000000";
std::string at(std::string_view address) {
  return ", resource.kubernetes.io/pciBusID: {string: \"" + std::string(address) + "\"}";
}
std::string whole(int number, std::string_view address) {
  const std::string n = std::to_string(number);
  return "name: gpu-" + n + ", attributes: {type: {string: gpu}, uuid: {string: " + uuid + n + "}" +
         at(address) + "}";
}

// "gpu0 H100 0000:19:00.0 GPU-…1 1g.10gb,1g.10gb; " for each device, then the notes.
std::string told(const std::string& text) {
  const auto got = import_resourceslice(text, {"file", "", ""});
  if (!got) return got.error().message;
  std::string out;
  for (const HostFacts& host : got->hosts)
    for (size_t i = 0; i < host.profile.devices.size(); ++i) {
      const api::Device& device = host.profile.devices[i];
      out += device.id;
      for (const std::string& word : {device.model, device.address, host.devices[i].identity})
        if (!word.empty()) out += " " + word;
      for (const api::DevicePartition& part : host.devices[i].partitions)
        out += " " + part.profile + (part.identity.empty() ? "" : "=" + part.identity);
      out += "; ";
    }
  for (const std::string& note : got->notes) out += "\n" + note;
  return out;
}

TEST(ResourceSlice, a_gpu_that_may_go_to_a_guest_counts_once) {
  const auto guest = [](int number, std::string_view address) {
    const std::string n = std::to_string(number);
    return "name: gpu-vfio-" + n + ", attributes: {type: {string: vfio}, uuid: {string: " + uuid +
           n + "}" + at(address) + "}";
  };
  EXPECT_EQ(
      told(pool("gpu.nvidia.com",
                {guest(0, "0000:19:00.0"), whole(0, "0000:19:00.0"), guest(1, "0000:3b:00.0")})),
      "gpu0 0000:19:00.0 " + uuid + "0; gpu1 0000:3b:00.0 " + uuid +
          "1; \npool \"n1\" of gpu.nvidia.com: 1 devices for guests are GPUs that stand in it "
          "themselves; each counts once");
}

TEST(ResourceSlice, partitions_say_what_gpu_they_are_of_where_it_is_not_published) {
  const auto part = [](std::string_view name, std::string_view id) {
    return "name: " + std::string(name) +
           ", attributes: {type: {string: mig}, uuid: {string: " + std::string(id) +
           "}, parentUUID: {string: " + uuid +
           "1}, profile: {string: 3g.40gb}, productName: {string: H100}" + at("0000:19:00.0") + "}";
  };
  const std::string note =
      "1 GPUs are told by their partitions only; what memory they have stays unknown";
  EXPECT_EQ(told(pool("gpu.nvidia.com", {part("gpu-3-mig-3g40gb-9-0", "MIG-1"),
                                         part("gpu-3-mig-3g40gb-9-4", "MIG-2")})),
            "gpu3 H100 0000:19:00.0 " + uuid +
                "1 3g.40gb=MIG-1 3g.40gb=MIG-2; \npool \"n1\" of gpu.nvidia.com: " + note);
  const auto amd = [](std::string_view name, std::string_view address) {
    return "name: " + std::string(name) +
           ", attributes: {type: {string: amdgpu-partition}, partitionProfile: {string: "
           "cpx_nps4}, productName: {string: MI300X}" +
           at(address) + "}";
  };
  EXPECT_THAT(
      told(pool("gpu.amd.com", {amd("gpu-0-128", "0000:19:00.0"), amd("gpu-1-129", "0000:19:00.0"),
                                amd("gpu-2-130", "0000:3b:00.0")})),
      HasSubstr("gpu0 MI300X 0000:19:00.0 cpx_nps4 cpx_nps4; "
                "gpu1 MI300X 0000:3b:00.0 cpx_nps4; \npool"));
  EXPECT_THAT(told(pool("gpu.nvidia.com",
                        {whole(7, "0000:19:00.0"), part("gpu-3-mig-3g40gb-9-0", "MIG-1")})),
              HasSubstr("a partition of \"" + uuid + "1\", which is no device"))
      << "another GPU is at that address";
}

TEST(ResourceSlice, a_partition_that_may_be_made_is_not_there) {
  const std::string counters = ", consumesCounters: [{counterSet: c, counters: {a: {value: 1}}}]";
  const auto part = [&](std::string_view name, std::string_view more) {
    return "name: " + std::string(name) +
           ", attributes: {type: {string: mig}, parentUUID: {string: " + uuid +
           "0}, profile: {string: 1g.10gb}" + std::string(more) + "}" + counters;
  };
  EXPECT_EQ(
      told(pool("gpu.nvidia.com",
                {whole(0, "0000:19:00.0"), part("gpu-0-mig-a", ""), part("gpu-0-mig-b", ""),
                 part("gpu-0-mig-c", ", uuid: {string: MIG-1}")})),
      "gpu0 0000:19:00.0 " + uuid +
          "0 1g.10gb=MIG-1; \npool \"n1\" of gpu.nvidia.com: 2 partitions may be made and are "
          "not there; left out");
}

TEST(ResourceSlice, virtual_interfaces_are_no_hardware) {
  EXPECT_EQ(
      told(pool("dra.net",
                {"name: a, attributes: {ifName: {string: eth0}, virtual: {bool: false}}",
                 "name: b, attributes: {ifName: {string: docker0}, virtual: {bool: true}}",
                 "name: c, attributes: {dra.net/ifName: {string: veth1}, dra.net/virtual: {bool: "
                 "true}}"})),
      "eth0; \npool \"n1\" of dra.net: 2 virtual interfaces are no hardware: docker0 veth1");
}

TEST(ResourceSlice, what_a_pool_says_of_itself_is_a_number_and_one) {
  EXPECT_THAT(told(pool("gpu.amd.com", {whole(0, "0000:19:00.0")}, "\"2\"")),
              HasSubstr("spec.pool.generation: is a whole number"));
  EXPECT_THAT(devices({slice("s", 1, 2, "gpu-0"), slice("t", 1, 3, "gpu-1")}),
              HasSubstr("slices of one generation say that it has 2 and 3 slices; left out"));
}

TEST(ResourceSlice, a_memory_of_nothing_is_unknown) {
  const auto got = import_resourceslice(
      pool("gpu.amd.com", {whole(0, "0000:19:00.0") + ", capacity: {memory: {value: \"0\"}}"}),
      {"file", "", ""});
  ASSERT_TRUE(got.ok()) << got.error().message;
  EXPECT_EQ(got->hosts[0].profile.devices[0].memory_bytes, 0);
  EXPECT_THAT(got->notes, IsEmpty());
}

}  // namespace
}  // namespace freehold::discover
