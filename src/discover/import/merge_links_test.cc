// One link that several sources tell in their own words is one link.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "discover/import/testing/machines.h"

namespace freehold::discover {
namespace {

using testing::gpu;
using testing::inventory;
using ::testing::IsEmpty;
using testing::machine;
using testing::merged;
using testing::One;
using testing::only;
using testing::only_conflict;
using ::testing::SizeIs;

api::Device nvswitch(std::string id, std::string address) {
  api::Device device = gpu(std::move(id), std::move(address));
  device.cls = api::DeviceClass::nvswitch;
  return device;
}

// Two GPUs with `count` links to each of two switches.
Inventory real(int64_t count) {
  HostFacts host =
      machine({gpu("gpu0", "0000:01:00.0"), gpu("gpu1", "0000:02:00.0"),
               nvswitch("nvswitch0", "0000:11:00.0"), nvswitch("nvswitch1", "0000:12:00.0")});
  for (size_t i = 0; i < 2; ++i)
    for (const char* to : {"nvswitch0", "nvswitch1"})
      host.profile.devices[i].links.push_back({to, api::LinkKind::nvlink, count, {}});
  return inventory("nccl", api::Confidence::sysfs, std::move(host));
}

// A matrix: one switch that stands for all, or links from GPU to GPU.
Inventory matrix(int64_t count, bool has_switch) {
  HostFacts host = machine({gpu("gpu0", ""), gpu("gpu1", "")});
  if (has_switch) host.profile.devices.push_back(nvswitch("nvswitch0", ""));
  for (size_t i = 0; i < 2; ++i)
    host.profile.devices[i].links.push_back({has_switch ? "nvswitch0"
                                             : i == 0   ? "gpu1"
                                                        : "gpu0",
                                             api::LinkKind::nvlink,
                                             count,
                                             {}});
  return inventory("nvidia-smi", api::Confidence::vendor_library, std::move(host));
}

TEST(MergeLinks, links_to_a_switch_that_stands_for_all_are_those_to_the_real_ones) {
  for (const bool has_switch : {true, false}) {
    const One one = only(merged({real(6), matrix(12, has_switch)}));
    ASSERT_THAT(one.profile.devices, SizeIs(4));
    EXPECT_THAT(one.node.status.conflicts, IsEmpty());
    int64_t links = 0;
    for (const api::Device& device : one.profile.devices)
      for (const api::DeviceLink& link : device.links)
        if (device.id == "gpu0") links += link.count;
    EXPECT_EQ(links, 12);
  }
}

TEST(MergeLinks, another_number_of_links_to_switches_is_a_conflict) {
  EXPECT_EQ(only_conflict({real(6), matrix(11, true)}),
            "devices[gpu0].links: 12 NVLink to switches, 11 NVLink to switches,; "
            "devices[gpu1].links: 12 NVLink to switches, 11 NVLink to switches,");
}

TEST(MergeLinks, a_switch_that_stands_for_all_stays_where_no_source_has_others) {
  HostFacts plain = machine({gpu("gpu0", "0000:01:00.0"), gpu("gpu1", "0000:02:00.0")});
  const One one =
      only(merged({matrix(12, true), inventory("hwloc", api::Confidence::sysfs, plain)}));
  ASSERT_THAT(one.profile.devices, SizeIs(3));
  EXPECT_THAT(one.profile.devices[0].links, SizeIs(1));
}

TEST(MergeLinks, a_package_and_its_memory_node_are_one_end_of_a_link) {
  const auto to = [](const char* end, bool has_package) {
    HostFacts host = machine({gpu("gpu0", "0000:01:00.0")});
    host.profile.numa.resize(1);
    if (has_package) host.profile.packages = {{0, ""}};
    if (has_package) host.profile.numa[0].package = 0;
    host.profile.devices[0].links.push_back({end, api::LinkKind::nvlink, 2, {}});
    return inventory(end, api::Confidence::sysfs, std::move(host));
  };
  const One one = only(merged({to("package0", true), to("numa0", false)}));
  ASSERT_THAT(one.profile.devices[0].links, SizeIs(1));
  EXPECT_EQ(one.profile.devices[0].links[0].to, "package0");
  EXPECT_EQ(one.profile.devices[0].links[0].count, 2);
  EXPECT_EQ(only(merged({to("numa0", false)})).profile.devices[0].links[0].to, "numa0");
}

}  // namespace
}  // namespace freehold::discover
