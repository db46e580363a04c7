// What hwloc's files become, over the samples; every file of hwloc's own collection is compared
// with hwloc's programs in tests/import/hwloc_test.py.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "discover/import/formats.h"
#include "discover/import/hwloc_matrices.h"
#include "discover/import/testing/samples.h"
#include "discover/machine.h"

namespace freehold::discover {
namespace {

using namespace testing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const std::string version1 = "hwloc_fuzz_corpus/version1";
const std::string version2 = "hwloc_fuzz_corpus/version2";
const std::string version3 = "hwloc_fuzz_corpus/version3";

std::string without(const std::string& file, const std::string& from, const std::string& to = "") {
  return refusal(import_hwloc, changed(sample(file), from, to));
}

TEST(Hwloc, AMachineHasItsNamesProcessorsAndDevices) {
  const Inventory read = accepted(import_hwloc, sample(version2));
  const HostFacts& host = read.hosts[0];
  EXPECT_EQ(host.name, "box-17");
  EXPECT_EQ(host.profile.product, "Maker Box 1");
  EXPECT_EQ(host.profile.architecture, "x86_64");
  EXPECT_EQ(host.profile.cpus, "0-3");
  EXPECT_THAT(host.profile.cores, ElementsAre("0-1", "2-3"));
  ASSERT_THAT(host.profile.packages, SizeIs(2));
  EXPECT_EQ(host.profile.packages[0].model, "CPU 9000");
  ASSERT_THAT(host.profile.caches, SizeIs(1));
  EXPECT_EQ(host.profile.caches[0].cpus, "0-1");
  EXPECT_EQ(ids(read), "gpu0 nvswitch0 mlx5_0 nvme0");
  EXPECT_EQ(read.confidence, api::Confidence::sysfs);
  EXPECT_THAT(all_notes(read), HasSubstr("the CPUs 4-5 are offline"));
  EXPECT_THAT(all_notes(read), HasSubstr("could not use the CPUs 3"));
  EXPECT_THAT(all_notes(read), HasSubstr("2-3 of efficiency 1"));
}

// HBM is near to the same CPUs as the main memory, but they are not its own.
TEST(Hwloc, MemoryNodesHaveTheirKindsDistancesAndSpeeds) {
  const Inventory read = accepted(import_hwloc, sample(version2));
  const auto& numa = read.hosts[0].profile.numa;
  ASSERT_THAT(numa, SizeIs(3));
  EXPECT_EQ(numa[0].cls, api::NumaClass::cpu_memory);
  EXPECT_EQ(numa[0].cpus, "0-1");
  EXPECT_EQ(numa[0].memory_bytes, int64_t{62} << 30);  // bought, not what the kernel manages
  EXPECT_EQ(numa[2].cls, api::NumaClass::memory_only);
  EXPECT_EQ(numa[2].cpus, "");
  EXPECT_EQ(numa[2].package, 0);
  EXPECT_THAT(numa[1].distances, ElementsAre(21, 10, 25));
  EXPECT_EQ(numa[2].read_bandwidth.text(), "720Gbps");
  EXPECT_EQ(numa[2].write_bandwidth.text(), "720Gbps");
  EXPECT_EQ(numa[0].read_latency.text(), "90ns");
  EXPECT_FALSE(numa[0].write_latency.is_set());
}

TEST(Hwloc, DevicesHaveTheirPlaceModelAndIdentity) {
  const Inventory read = accepted(import_hwloc, sample(version2));
  EXPECT_EQ(device(read, "gpu0").model, "Tesla V100-SXM3-32GB");
  EXPECT_EQ(device(read, "gpu0").memory_bytes, int64_t{32} << 30);
  EXPECT_EQ(device(read, "gpu0").numa, 0);
  EXPECT_EQ(seen(read, "gpu0").identity, "GPU-1");
  EXPECT_EQ(device(read, "mlx5_0").model, "ConnectX-6");
  EXPECT_EQ(device(read, "mlx5_0").cls, api::DeviceClass::rdma_nic);
  EXPECT_EQ(device(read, "mlx5_0").numa, 1);
  ASSERT_THAT(seen(read, "mlx5_0").ports, SizeIs(1));
  EXPECT_EQ(seen(read, "mlx5_0").ports[0].state, "ACTIVE");
  EXPECT_EQ(seen(read, "mlx5_0").ports[0].identity, "248a:0703:001e:39fe");
  EXPECT_EQ(device(read, "nvme0").model, "SSD 970");
  EXPECT_EQ(device(read, "nvme0").memory_bytes, int64_t{3750738264} * 1024);
}

TEST(Hwloc, ThePciTreeHangsOnItsRoots) {
  const auto pci = accepted(import_hwloc, sample(version2)).hosts[0].profile.pci;
  ASSERT_THAT(pci, SizeIs(5));
  EXPECT_EQ(pci[0].address, "0000:10:01.0");
  EXPECT_EQ(pci[0].parent, "pci0000:10");
  EXPECT_EQ(pci[1].parent, "0000:10:01.0");
  // A switch that did not answer has no ids, but the file says what it is.
  EXPECT_EQ(pci[2].vendor, "");
  EXPECT_EQ(pci[3].parent, "");  // no bridge above it in the file
}

// 15.75 GB/s are 8GT/s x16 as well as 16GT/s x8: an agent would find "8 of 16 lanes".
TEST(Hwloc, ALinkIsKnownOnlyWhereOneGenerationExplainsItsRate) {
  const auto link = [](const std::string& rate) {
    const Inventory read = accepted(
        import_hwloc, changed(sample(version2), "[10de:131d] a1\" pci_link_speed=\"15.753846",
                              "[10de:131d] a1\" pci_link_speed=\"" + rate));
    const api::PciFunction& function = read.hosts[0].profile.pci[1];
    EXPECT_EQ(seen(read, "gpu0").link_speed, function.link_speed);
    EXPECT_EQ(seen(read, "gpu0").link_width, function.link_width);
    return function.link_speed + " x" + std::to_string(function.link_width);
  };
  EXPECT_EQ(link("8.000000"), "5GT/s x16");
  EXPECT_EQ(link("0.984615"), "8GT/s x1");
  EXPECT_EQ(link("126.030769"), "64GT/s x16");
  for (const char* rate : {"15.753846", "7.876923", "31.507692", "63.015385", "4.000000", "0"})
    EXPECT_EQ(link(rate), " x0") << rate;
  EXPECT_THAT(all_notes(accepted(import_hwloc, sample(version2))),
              HasSubstr("widths of 5 links stay unknown"));
}

TEST(Hwloc, NvlinksAreThoseOfTheMatrix) {
  const Inventory read = accepted(import_hwloc, sample(version2));
  EXPECT_EQ(links(read, "gpu0"), "nvlink 2 nvswitch0 400Gbps, nvlink 2 package0 320Gbps");
  EXPECT_EQ(links(read, "nvswitch0"), "nvlink 2 gpu0 400Gbps");
  EXPECT_EQ(nvlink_count(25'000), 1);
  EXPECT_EQ(nvlink_count(40'000), 2);
  EXPECT_EQ(nvlink_count(100'000), 4);
  EXPECT_EQ(nvlink_count(12'345), 1);
}

TEST(Hwloc, ALinkThatIsNotTheSameBothWaysIsTold) {
  const auto notes = [](const std::string& values) {
    return all_notes(accepted(
        import_hwloc, changed(sample(version2), "1000000 50000 40000 50000", "1000000 " + values)));
  };
  EXPECT_EQ(notes("50000 40000 50000").find("MB/s back"), std::string::npos);
  EXPECT_THAT(notes("50000 40000 25000"),
              HasSubstr("50000 MB/s from gpu0 to nvswitch0, and 25000 MB/s back"));
  EXPECT_THAT(notes("50000 40000 0"),
              HasSubstr("50000 MB/s from gpu0 to nvswitch0, and 0 MB/s back"));
}

TEST(Hwloc, Version3HasItsOwnWordsForDevicesAndMemory) {
  const Inventory read = accepted(import_hwloc, sample(version3));
  EXPECT_EQ(ids(read), "gpu0 gpu1 eth0");
  const auto& numa = read.hosts[0].profile.numa;
  ASSERT_THAT(numa, SizeIs(2));
  EXPECT_EQ(numa[1].cls, api::NumaClass::gpu_memory);
  EXPECT_EQ(numa[1].device, "gpu0");
  // What ROCm says of every link is no measure of any.
  EXPECT_EQ(links(read, "gpu0"), "xgmi 1 gpu1");
  EXPECT_THAT(all_notes(read), HasSubstr("100 GB/s"));
  // A way over other GPUs is no link.
  const Inventory far =
      accepted(import_hwloc, changed(sample(version3), ">0 1 1 0 <", ">0 2 2 0 <"));
  EXPECT_EQ(links(far, "gpu0"), "");
}

TEST(Hwloc, Version1HasOneMemoryNodeWhereItNamesNone) {
  const Inventory read = accepted(import_hwloc, sample(version1));
  const auto& profile = read.hosts[0].profile;
  ASSERT_THAT(profile.numa, SizeIs(1));
  EXPECT_EQ(profile.numa[0].memory_bytes, int64_t{2} << 30);
  EXPECT_THAT(profile.packages, SizeIs(1));
  EXPECT_THAT(profile.caches, SizeIs(1));
  EXPECT_EQ(ids(read), "eth0");
  const Inventory distances =
      accepted(import_hwloc, sample("hwloc_fuzz_corpus/version1_distances"));
  EXPECT_THAT(distances.hosts[0].profile.numa[1].distances, ElementsAre(21, 10));
}

TEST(Hwloc, OneMachineHasOneProfileInVersions2And3) {
  std::string text = sample(version2);
  text = changed(text, "version=\"2.0\"", "version=\"3.0\"");
  text = changed(text, "name=\"nvml0\" osdev_type=\"5\"", "name=\"nvml0\" osdev_type=\"12\"");
  text = changed(text, "name=\"ib0\" osdev_type=\"2\"", "name=\"ib0\" osdev_type=\"16\"");
  text = changed(text, "name=\"mlx5_0\" osdev_type=\"3\"", "name=\"mlx5_0\" osdev_type=\"48\"");
  text = changed(text, "name=\"nvme0n1\" osdev_type=\"0\"", "name=\"nvme0n1\" osdev_type=\"1\"");
  EXPECT_EQ(profile_name(accepted(import_hwloc, text).hosts[0].profile),
            profile_name(accepted(import_hwloc, sample(version2)).hosts[0].profile));
}

TEST(Hwloc, WhatPointsNowhereIsRefused) {
  EXPECT_THAT(without(version2, "OSDev:12", "OSDev:99"), HasSubstr("there is no such OSDev"));
  EXPECT_THAT(without(version2, ">0 1 2 <", ">0 1 3 <"), HasSubstr("there is no such NUMANode"));
  EXPECT_THAT(without(version2, "target_obj_gp_index=\"4\"", "target_obj_gp_index=\"5\""),
              HasSubstr("no NUMANode with gp_index 5"));
  EXPECT_THAT(without(version2, "initiator_obj_gp_index=\"2\"", "initiator_obj_gp_index=\"3\""),
              HasSubstr("no Package"));
  EXPECT_THAT(without(version2, "cpukind cpuset=\"0x0000000c\"", "cpukind cpuset=\"0x000000c0\""),
              HasSubstr("CPUs 6-7"));
  EXPECT_THAT(without(version2, "nodeset=\"0x00000007\"", "nodeset=\"0x0000000f\""),
              HasSubstr("memory nodes 3"));
  EXPECT_THAT(without(version2, "cpuset=\"0x0000000c\" gp_index=\"22\"",
                      "cpuset=\"0x000001c0\" gp_index=\"22\""),
              HasSubstr("no object of type PU"));
  EXPECT_THAT(without(version3, "memtier kinds=\"4\" nodeset=\"0x00000002\"",
                      "memtier kinds=\"4\" nodeset=\"0x00000004\""),
              HasSubstr("memory nodes 2"));
  EXPECT_THAT(without(version3, "bus_max=\"0x3\" cpuset=\"0x00000003\"",
                      "bus_max=\"0x3\" cpuset=\"0x00000030\""),
              HasSubstr("CPUs 4-5"));
  // The memory of a GPU that the file does not show is still memory.
  const Inventory alone = accepted(
      import_hwloc, changed(sample(version3), "value=\"0000:01:00.0\"", "value=\"0000:77:00.0\""));
  EXPECT_EQ(alone.hosts[0].profile.numa[1].device, "");
  EXPECT_THAT(all_notes(alone), HasSubstr("0000:77:00.0"));
}

TEST(Hwloc, WhatCannotBeIsRefusedWithItsLine) {
  EXPECT_THAT(without(version2, "version=\"2.0\"", "version=\"4.0\""), HasSubstr("4.0"));
  EXPECT_THAT(without(version2, "nbobjs=\"3\" kind=\"25\"", "nbobjs=\"2\" kind=\"25\""),
              HasSubstr("must have 2 indexes"));
  EXPECT_THAT(without(version2, "pci_busid=\"0000:11:00.0\"", "pci_busid=\"11\""),
              HasSubstr("line 21"));
  EXPECT_THAT(without(version2, "type=\"Core\"", "type=\"Cord\""), HasSubstr("unknown type"));
  EXPECT_THAT(without(version2, "os_index=\"1\" cpuset=\"0x00000002\" gp_index=\"8\"",
                      "os_index=\"0\" cpuset=\"0x00000001\" gp_index=\"8\""),
              HasSubstr("CPU 0 is there twice"));
  EXPECT_THAT(without(version2, "cpuset=\"0x00000003\" nodeset=\"0x00000004\"",
                      "cpuset=\"0x00000003\" nodeset=\"0x00000002\""),
              HasSubstr("memory node 2 has the nodeset of the memory nodes 1"));
  EXPECT_THAT(without(version2, "gp_index=\"8\"", "gp_index=\"7\""), HasSubstr("twice"));
  EXPECT_THAT(without(version2, "osdev_type=\"5\"", "osdev_type=\"12\""), HasSubstr("osdev_type"));
  EXPECT_THAT(without(version2, "cpuset=\"0x00000003\" nodeset=\"0x00000005\"",
                      "cpuset=\"three\" nodeset=\"0x00000005\""),
              HasSubstr("cpuset=\"three\""));
  EXPECT_THAT(refusal(import_hwloc, "<topology version=\"2.0\"/>"), HasSubstr("no <object>"));
  EXPECT_THAT(refusal(import_hwloc, "<system version=\"1\"/>"), HasSubstr("import it as nccl"));
}

// Files that people put together by hand use one address twice.
TEST(Hwloc, OfTwoFunctionsAtOneAddressTheOneWithADeviceKeepsIt) {
  const Inventory read = accepted(
      import_hwloc,
      changed(sample(version2), "pci_busid=\"0000:12:00.0\"", "pci_busid=\"0000:81:00.0\""));
  EXPECT_EQ(device(read, "mlx5_0").address, "0000:81:00.0");
  EXPECT_EQ(device(read, "nvswitch0").address, "ffff:ff:01.0");
  EXPECT_THAT(all_notes(read), HasSubstr("ffff:ff:01.0"));
  EXPECT_THAT(without(version2, "pci_busid=\"0000:11:00.0\"", "pci_busid=\"0000:81:00.0\""),
              HasSubstr("a second device at the PCI address 0000:81:00.0"));
}

TEST(Hwloc, TwoCardsAtOneAddressAreRefusedEvenWithoutADriver) {
  EXPECT_THAT(refusal(import_hwloc, sample("hwloc_fuzz_corpus/one_address")),
              HasSubstr("a second device at the PCI address 0000:01:00.0"));
}

TEST(Hwloc, AMadeUpMachineSaysSo) {
  const Inventory read =
      accepted(import_hwloc, changed(sample(version3), "name=\"Architecture\" value=\"x86_64\"",
                                     "name=\"Backend\" value=\"Synthetic\""));
  EXPECT_EQ(read.confidence, api::Confidence::inferred);
}

}  // namespace
}  // namespace freehold::discover
