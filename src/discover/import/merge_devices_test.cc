// Devices that may be any of several: one machine never has more than its sources count.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "discover/import/testing/machines.h"

namespace freehold::discover {
namespace {

using ::testing::Contains;
using testing::gpu;
using ::testing::HasSubstr;
using testing::inventory;
using ::testing::IsEmpty;
using testing::machine;
using testing::merged;
using testing::One;
using testing::only;
using testing::only_conflict;
using ::testing::SizeIs;

HostFacts with_nodes(std::vector<api::Device> devices, std::vector<int64_t> numa) {
  HostFacts host = machine(std::move(devices));
  host.profile.numa.resize(2);
  host.profile.numa[1].id = 1;
  for (size_t i = 0; i < numa.size(); ++i) host.profile.devices[i].numa = numa[i];
  return host;
}

TEST(MergeDevices, numbers_of_hundreds_agree_where_their_links_do) {
  constexpr size_t count = 256;
  const auto ring = [&](size_t step) {
    std::vector<api::Device> devices;
    for (size_t i = 0; i < count; ++i) {
      devices.push_back(gpu("gpu" + std::to_string(i), ""));
      const std::string next = "gpu" + std::to_string((i + step) % count);
      devices.back().links.push_back({next, api::LinkKind::nvlink, 4, {}});
    }
    return devices;
  };
  const auto with = [&](size_t step) {
    return merged({inventory("nvidia-smi", api::Confidence::vendor_library, machine(ring(1))),
                   inventory("nccl", api::Confidence::overlay, machine(ring(step)))});
  };
  const Merged alike = with(1);
  EXPECT_THAT(only(alike).profile.devices, SizeIs(count));
  EXPECT_THAT(only(alike).node.status.conflicts, IsEmpty());
  const Merged other = with(3);
  EXPECT_THAT(only(other).profile.devices, SizeIs(count)) << "never more than a source counts";
}

TEST(MergeDevices, where_one_number_is_wrong_no_other_counts_and_none_is_added) {
  const auto placed = with_nodes(
      {gpu("gpu0", "0000:01:00.0"), gpu("gpu1", "0000:02:00.0"), gpu("gpu2", "0000:03:00.0")},
      {0, 0, 1});
  const auto with = [&](std::vector<int64_t> numa) {
    auto counted = with_nodes({gpu("gpu0", ""), gpu("gpu1", ""), gpu("gpu2", "")}, std::move(numa));
    counted.profile.devices[0].links.push_back({"nvswitch0", api::LinkKind::nvlink, 12, {}});
    counted.profile.devices[1].links = counted.profile.devices[2].links =
        counted.profile.devices[0].links;
    counted.profile.devices.push_back(gpu("nvswitch0", ""));
    counted.profile.devices[3].cls = api::DeviceClass::nvswitch;
    return merged({inventory("nvidia-smi", api::Confidence::vendor_library, std::move(counted)),
                   inventory("nccl", api::Confidence::overlay, placed)});
  };
  for (const auto& numa : {std::vector<int64_t>{0, 0, 1}, {1, 0, 0}}) {
    const Merged out = with(numa);
    const One one = only(out);
    ASSERT_THAT(one.profile.devices, SizeIs(4)) << "three GPUs and a switch";
    for (size_t i = 0; i < 3; ++i) EXPECT_THAT(one.profile.devices[i].links, SizeIs(1));
    EXPECT_THAT(one.node.status.conflicts, IsEmpty());
  }
}

TEST(MergeDevices, what_is_said_of_all_alike_holds_whichever_is_which) {
  HostFacts bmc = machine({gpu("gpu0", "", "NVIDIA H100"), gpu("gpu1", "", "NVIDIA H100")});
  bmc.devices.resize(1);
  bmc.devices[0].id = "gpu1";
  bmc.devices[0].health = api::Health::failed;
  const auto merge_with = [&](const HostFacts& more) {
    return only(
        merged({inventory("hwloc", api::Confidence::sysfs,
                          machine({gpu("gpu0", "0000:01:00.0"), gpu("gpu1", "0000:02:00.0")})),
                inventory("redfish", api::Confidence::bmc, more)}));
  };
  const One alike = merge_with(bmc);
  ASSERT_THAT(alike.profile.devices, SizeIs(2));
  EXPECT_EQ(alike.profile.devices[0].model, "NVIDIA H100");
  EXPECT_EQ(alike.profile.devices[1].model, "NVIDIA H100");
  bmc.profile.devices[1].model = "NVIDIA A100";
  const One mixed = merge_with(bmc);
  ASSERT_THAT(mixed.profile.devices, SizeIs(2));
  EXPECT_EQ(mixed.profile.devices[0].model, "") << "which of the two is the A100?";
}

TEST(MergeDevices, numbered_network_cards_are_those_that_have_names) {
  HostFacts real = machine({}), counted = machine({});
  for (size_t i = 0; i < 2; ++i) {
    real.profile.devices.push_back(gpu("mlx5_" + std::to_string(i), ""));
    real.profile.devices.back().cls = api::DeviceClass::rdma_nic;
    counted.profile.devices.push_back(
        gpu("nic" + std::to_string(i), "0000:0" + std::to_string(i) + ":00.0"));
    counted.profile.devices.back().cls = api::DeviceClass::rdma_nic;
  }
  const auto both = [&] {
    return merged({inventory("nvidia-smi", api::Confidence::vendor_library, real),
                   inventory("nccl", api::Confidence::overlay, counted)});
  };
  const Merged out = both();
  EXPECT_THAT(only(out).profile.devices, SizeIs(2));
  EXPECT_THAT(only(out).node.status.conflicts, IsEmpty());
  EXPECT_THAT(out.notes, Contains(HasSubstr("n1: 2 devices of nccl may be others")));
  counted.profile.devices.push_back(gpu("nic2", "0000:03:00.0"));
  counted.profile.devices.back().cls = api::DeviceClass::rdma_nic;
  EXPECT_EQ(only_conflict({inventory("nvidia-smi", api::Confidence::vendor_library, real),
                           inventory("nccl", api::Confidence::overlay, counted)}),
            "devices[nic]: 2 of class nic, 3 of class nic,");
}

TEST(MergeDevices, memory_nodes_that_were_counted_take_the_numbers_of_those_with_their_cpus) {
  const auto with_cpus = [](HostFacts host, std::vector<std::string> cpus) {
    host.profile.numa.resize(cpus.size());
    for (size_t i = 0; i < cpus.size(); ++i) {
      host.profile.numa[i].id = static_cast<int64_t>(i);
      host.profile.numa[i].cpus = cpus[i];
    }
    return host;
  };
  HostFacts counted = with_cpus(machine({gpu("gpu0", "")}), {"16-31"});
  counted.has_counted_nodes = true;
  counted.profile.devices[0].numa = 0;
  const auto numa = [&](std::vector<std::string> cpus) {
    const One one = only(
        merged({inventory("nvidia-smi", api::Confidence::vendor_library, counted),
                inventory("hwloc", api::Confidence::sysfs,
                          with_cpus(machine({gpu("gpu0", "0000:01:00.0")}), std::move(cpus)))}));
    EXPECT_THAT(one.node.status.conflicts, IsEmpty());
    return one.profile.devices[0].numa;
  };
  EXPECT_EQ(numa({"0-15", "16-31"}), 1);
  EXPECT_EQ(numa({"0-15", "16-23", "24-31"}), -1) << "either of two";
}

TEST(MergeDevices, more_gpus_than_the_firmer_source_has_are_a_conflict_not_a_larger_machine) {
  auto placed = with_nodes({gpu("gpu0", "0000:01:00.0"), gpu("gpu1", "0000:02:00.0")}, {0, 1});
  auto counted = with_nodes({gpu("gpu0", ""), gpu("gpu1", ""), gpu("gpu2", "")}, {1, 0, 0});
  std::vector<Inventory> all;
  all.push_back(inventory("hwloc", api::Confidence::sysfs, std::move(placed)));
  all.push_back(inventory("nvidia-smi", api::Confidence::sysfs, std::move(counted)));
  const One one = only(merged(all));
  EXPECT_THAT(one.profile.devices, SizeIs(2));
  EXPECT_EQ(only_conflict(std::move(all)), "devices: 2 of class gpu, 3 of class gpu,");
}

// Two pairs with links, of which the first source knows no more.
TEST(MergeDevices, numbers_count_where_both_tell_the_same_links_and_one_tells_nothing_else) {
  const auto pairs = [](std::vector<std::string> addresses, int64_t links, int64_t other_links) {
    HostFacts host = with_nodes({gpu("gpu0", addresses[0]), gpu("gpu1", addresses[1]),
                                 gpu("gpu2", addresses[2]), gpu("gpu3", addresses[3])},
                                {0, 0, 1, 1});
    for (size_t i = 0; i < 4; ++i)
      host.profile.devices[i].links.push_back(
          {"gpu" + std::to_string(i ^ 1), api::LinkKind::nvlink, i < 2 ? links : other_links, {}});
    return host;
  };
  const std::vector<std::string> none(4),
      real{"0000:01:00.0", "0000:02:00.0", "0000:03:00.0", "0000:04:00.0"};
  const auto both = [&](HostFacts counted, HostFacts placed) {
    return only(
        merged({inventory("nvidia-smi", api::Confidence::vendor_library, std::move(counted)),
                inventory("hwloc", api::Confidence::sysfs, std::move(placed))}));
  };
  const One agreed = both(pairs(none, 2, 4), pairs(real, 2, 4));
  ASSERT_THAT(agreed.profile.devices, SizeIs(4));
  for (size_t i = 0; i < 4; ++i) EXPECT_EQ(agreed.profile.devices[i].address, real[i]);
  EXPECT_THAT(agreed.node.status.conflicts, IsEmpty());
  const One swapped = both(pairs(none, 2, 4), pairs(real, 4, 2));
  ASSERT_THAT(swapped.profile.devices, SizeIs(4));
  for (const api::Device& device : swapped.profile.devices) EXPECT_EQ(device.address, "");
  HostFacts with_health = pairs(none, 2, 4);
  with_health.devices.resize(1);
  with_health.devices[0].id = "gpu1";
  with_health.devices[0].health = api::Health::failed;
  for (const api::Device& device : both(with_health, pairs(real, 2, 4)).profile.devices)
    EXPECT_EQ(device.address, "") << "which one has failed?";
}

TEST(MergeDevices, who_only_counts_adds_no_devices_to_those_that_another_lists) {
  const auto listed = [] {
    return inventory("hwloc", api::Confidence::sysfs,
                     machine({gpu("gpu0", "0000:01:00.0"), gpu("gpu1", "0000:02:00.0")}));
  };
  const auto counted = [](int64_t count) {
    std::vector<api::Device> devices;
    for (int64_t i = 0; i < count; ++i)
      devices.push_back(gpu("gpu" + std::to_string(i), "", "v100"));
    return inventory("slurm-nodes", api::Confidence::overlay, machine(std::move(devices)));
  };
  EXPECT_EQ(only_conflict({listed(), counted(4)}), "devices: 2 of class gpu, 4 of class gpu,");
  const One more = only(merged({listed(), counted(4)}));
  ASSERT_THAT(more.profile.devices, SizeIs(2)) << "as many as the conflict says";
  EXPECT_EQ(more.profile.devices[1].model, "v100");
  EXPECT_THAT(only(merged({counted(4)})).profile.devices, SizeIs(4));
}

TEST(MergeDevices, more_than_any_source_counts_is_a_conflict) {
  const auto with_last = [](const char* source, const char* last) {
    return inventory(source, api::Confidence::sysfs,
                     machine({gpu("gpu0", "0000:01:00.0"), gpu("gpu1", last)}));
  };
  EXPECT_EQ(only_conflict({with_last("nccl", "0000:02:00.0"), with_last("other", "0000:02:00.0")}),
            "");
  const std::vector<Inventory> all{with_last("nccl", "0000:02:00.0"),
                                   with_last("other", "0000:03:00.0")};
  EXPECT_EQ(only_conflict(all), "devices: 2 of class gpu, 2 of class gpu,");
  const One one = only(merged(all));
  EXPECT_EQ(one.node.status.conflicts[0].kept, "3 of class gpu");
  EXPECT_THAT(one.profile.devices, SizeIs(3));
}

HostFacts with_card(const char* id, const char* address, const char* identity) {
  HostFacts host = machine({gpu(id, address)});
  host.profile.devices[0].cls = api::DeviceClass::rdma_nic;
  host.devices.emplace_back().id = id;
  host.devices[0].identity = identity;
  return host;
}

TEST(MergeDevices, one_identity_at_two_places_is_one_device_and_a_conflict) {
  const auto with = [](const char* address) {
    return std::vector<Inventory>{
        inventory("hwloc", api::Confidence::sysfs,
                  with_card("mlx5_0", "0000:07:00.0", "0c42:a103:0023:b8f4")),
        inventory("nccl", api::Confidence::sysfs,
                  with_card("mlx5_0", address, "0x0c42a1030023b8f4"))};
  };
  EXPECT_EQ(only_conflict(with("0000:07:00.0")), "");
  EXPECT_EQ(only_conflict(with("0000:06:10.0")),
            "devices[mlx5_0].address: 0000:07:00.0, 0000:06:10.0,");
  EXPECT_THAT(only(merged(with("0000:06:10.0"))).profile.devices, SizeIs(1));
  EXPECT_THAT(only(merged(with("0000:07:00.1"))).profile.devices, SizeIs(2))
      << "functions of one card share its GUID";
}

TEST(MergeDevices, identities_of_two_forms_do_not_contradict_each_other) {
  const auto with = [](const char* identity) {
    return std::vector<Inventory>{
        inventory("hwloc", api::Confidence::sysfs,
                  with_card("mlx5_0", "0000:07:00.0", "0c42:a103:0023:b8f4")),
        inventory("resourceslice", api::Confidence::overlay,
                  with_card("mlx5_0", "0000:07:00.0", identity))};
  };
  EXPECT_EQ(only_conflict(with("0c:42:a1:23:b8:f4")), "");
  EXPECT_EQ(only_conflict(with("MT2116X08345")), "");
  EXPECT_EQ(only_conflict(with("0c42:a103:0023:b8f5")),
            "status.devices[mlx5_0].identity: 0c42:a103:0023:b8f4, 0c42:a103:0023:b8f5,");
}

TEST(MergeDevices, two_names_that_the_system_gave_one_device_are_a_conflict) {
  const auto with = [](const char* id) {
    return std::vector<Inventory>{
        inventory("nccl", api::Confidence::sysfs, with_card("mlx5_0", "0000:07:00.0", "")),
        inventory("resourceslice", api::Confidence::overlay, with_card(id, "0000:07:00.0", ""))};
  };
  EXPECT_EQ(only_conflict(with("mlx5_5")), "devices[mlx5_0].id: mlx5_0, mlx5_5,");
  EXPECT_EQ(only_conflict(with("ibp7s0")), "") << "its network interface";
  EXPECT_EQ(only_conflict(with("nic3")), "") << "counted up by an importer";
}

}  // namespace
}  // namespace freehold::discover
