// What topology files of NCCL and RCCL become, over the samples; the recorded files are compared
// with a count of their elements in tests/import/nccl_test.py.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "discover/import/formats.h"
#include "discover/import/testing/samples.h"

namespace freehold::discover {
namespace {

using namespace testing;
using ::testing::HasSubstr;
using ::testing::SizeIs;

const std::string nvlink = "nccl_fuzz_corpus/nvlink";
const std::string xgmi = "nccl_fuzz_corpus/xgmi";
const std::string overlay = "nccl_fuzz_corpus/overlay";

std::string without(const std::string& file, const std::string& from, const std::string& to) {
  return refusal(import_nccl, changed(sample(file), from, to));
}

TEST(Nccl, AMachineHasItsMemoryNodesTreeAndDevices) {
  const Inventory read = accepted(import_nccl, sample(nvlink));
  const auto& profile = read.hosts[0].profile;
  EXPECT_EQ(profile.architecture, "x86_64");
  EXPECT_EQ(profile.product, "GenuineIntel family 6 model 143 machine");
  EXPECT_EQ(profile.cpus, "0-31");
  ASSERT_THAT(profile.numa, SizeIs(2));
  EXPECT_EQ(profile.numa[1].cpus, "16-31");
  EXPECT_EQ(ids(read), "gpu0 gpu1 nvswitch0 nvswitch1 mlx5_0 eth0");
  ASSERT_THAT(profile.pci, SizeIs(4));
  EXPECT_EQ(profile.pci[0].parent, "");
  EXPECT_EQ(profile.pci[2].address, "0000:1a:00.0");
  EXPECT_EQ(profile.pci[2].parent, "0000:15:00.0");
  EXPECT_EQ(profile.pci[2].numa, 0);
  EXPECT_EQ(profile.pci[2].link_speed, "32GT/s");
  EXPECT_EQ(profile.pci[3].link_speed, "");  // written, and empty
  EXPECT_EQ(profile.pci[3].link_width, 0);
  EXPECT_EQ(read.confidence, api::Confidence::sysfs);
}

TEST(Nccl, GpusReachSwitchesAndProcessors) {
  const Inventory read = accepted(import_nccl, sample(nvlink));
  EXPECT_EQ(device(read, "gpu0").model, "NVIDIA H100 80GB HBM3");
  EXPECT_EQ(device(read, "gpu1").model, "NVIDIA sm90");
  EXPECT_EQ(links(read, "gpu0"), "nvlink 4 nvswitch0, nvlink 5 nvswitch1, c2c 9 numa0 3.6Tbps");
  EXPECT_EQ(links(read, "gpu1"), "nvlink 4 nvswitch0");
  EXPECT_EQ(device(read, "nvswitch1").address, "0000:08:00.0");
  EXPECT_THAT(all_notes(read), HasSubstr("1 links of GPUs to themselves"));
  const Inventory power = accepted(import_nccl, changed(sample(nvlink), "0x068000", "0x068001"));
  EXPECT_THAT(links(power, "gpu0"), HasSubstr("nvlink 4 numa0"));
}

TEST(Nccl, NetworksHaveTheirSpeedPortAndGuid) {
  const Inventory read = accepted(import_nccl, sample(nvlink));
  EXPECT_EQ(device(read, "mlx5_0").cls, api::DeviceClass::rdma_nic);
  EXPECT_EQ(device(read, "mlx5_0").speed, "400Gbps");
  EXPECT_EQ(device(read, "mlx5_0").model, "ConnectX-7");
  EXPECT_EQ(device(read, "mlx5_0").address, "0000:1a:00.0");
  EXPECT_EQ(seen(read, "mlx5_0").identity, "0xb8cef60300ba8500")
      << "the machine wrote it backwards";
  const auto identity = [](std::string_view guid) {
    return seen(accepted(import_nccl,
                         changed(sample(nvlink), "0x85ba0003f6ceb8", std::string(guid))),
                "mlx5_0")
        .identity;
  };
  EXPECT_EQ(identity("0xb8cef60300ba8500"), "0xb8cef60300ba8500");
  EXPECT_EQ(identity("0x5feff0ff12345678"), "0x5feff0ff12345678") << "nothing tells which way";
  EXPECT_EQ(identity("0x66554ffeff322110"), "0x102132fffe4f5566");
  EXPECT_EQ(identity("0x2f3ea3cccb374e8"), "0x02f3ea3cccb374e8");
  // A socket on no PCI function that the file shows.
  EXPECT_EQ(device(read, "eth0").cls, api::DeviceClass::nic);
  EXPECT_EQ(device(read, "eth0").numa, 0);
  EXPECT_EQ(seen(read, "eth0").identity, "");
  const Inventory fast =
      accepted(import_nccl, changed(sample(nvlink), "speed=\"400000\"", "speed=\"200000000\""));
  EXPECT_EQ(device(fast, "mlx5_0").speed, "");
  EXPECT_THAT(all_notes(fast), HasSubstr("beyond any network"));
}

TEST(Nccl, TwoPortsOfOneNameAreOneDevice) {
  const Inventory read = accepted(import_nccl, sample(xgmi));
  EXPECT_EQ(ids(read), "gpu0 gpu1 mlx5_0");
  EXPECT_THAT(seen(read, "mlx5_0").ports, SizeIs(2));
  EXPECT_EQ(device(read, "mlx5_0").speed, "200Gbps");
  // Two names with one GUID: it is the card's.
  const Inventory two =
      accepted(import_nccl, changed(sample(xgmi), "name=\"mlx5_0\" dev=\"1\"", "name=\"mlx5_1\""));
  EXPECT_EQ(seen(two, "mlx5_0").identity, "");
  EXPECT_THAT(all_notes(two), HasSubstr("identifies none"));
}

TEST(Nccl, AmdGpusAreNamedByTheirInstructionSet) {
  const Inventory read = accepted(import_nccl, sample(xgmi));
  EXPECT_EQ(device(read, "gpu0").model, "AMD gfx90a");
  EXPECT_EQ(device(read, "gpu1").model, "AMD gfx90a");
  EXPECT_EQ(links(read, "gpu0"), "xgmi 2 gpu1");
}

// One file of AMD's has a bridge and the card below it at one address.
TEST(Nccl, ABridgeGivesItsAddressToTheCardBelow) {
  const Inventory read = accepted(import_nccl, sample(xgmi));
  EXPECT_EQ(device(read, "mlx5_0").address, "0000:a1:00.0");
  const auto& pci = read.hosts[0].profile.pci;
  ASSERT_THAT(pci, SizeIs(4));
  EXPECT_EQ(pci[0].parent, "ffff:ff:01.0");
  EXPECT_EQ(pci[3].address, "ffff:ff:01.0");
  EXPECT_EQ(pci[3].class_code, "0604");
}

TEST(Nccl, FilesOfCloudsAreOverlays) {
  const Inventory read = accepted(import_nccl, sample(overlay));
  EXPECT_EQ(read.confidence, api::Confidence::overlay);
  EXPECT_EQ(ids(read), "gpu0 nic0");
  EXPECT_EQ(device(read, "nic0").cls, api::DeviceClass::rdma_nic);
  EXPECT_EQ(device(read, "gpu0").model, "NVIDIA A100-SXM4-40GB");
  const auto& pci = read.hosts[0].profile.pci;
  ASSERT_THAT(pci, SizeIs(4));
  EXPECT_EQ(pci[3].address, "ffff:ff:01.0");
  EXPECT_EQ(pci[3].vendor, "");
  EXPECT_THAT(all_notes(read), HasSubstr("1 functions have no class"));
}

TEST(Nccl, SwitchesThatAGuestDoesNotSeeCountAsOne) {
  const Inventory read = accepted(import_nccl, sample("nccl_fuzz_corpus/hidden_switch"));
  EXPECT_EQ(ids(read), "gpu0 gpu1 nvswitch0");
  EXPECT_EQ(links(read, "gpu0"), "nvlink 12 nvswitch0");
  EXPECT_EQ(links(read, "gpu1"), "nvlink 12 nvswitch0");
  EXPECT_EQ(device(read, "nvswitch0").address, "");
  EXPECT_EQ(device(read, "gpu0").numa, -1);
}

TEST(Nccl, GroupsOfSwitchesThatNothingJoinsAreTold) {
  EXPECT_EQ(all_notes(accepted(import_nccl, sample(nvlink))).find("groups"), std::string::npos);
  const Inventory apart = accepted(import_nccl, changed(sample(nvlink), "07:00.0", "09:00.0"));
  EXPECT_THAT(all_notes(apart), HasSubstr("are 2 groups, and nothing says how these are joined"));
}

TEST(Nccl, EndsOfALinkThatCountDifferentlyAreTold) {
  const std::string even = "nccl_fuzz_corpus/contradiction";
  const Inventory read = accepted(import_nccl, sample(even));
  EXPECT_EQ(links(read, "gpu0"), "nvlink 12 gpu1");
  EXPECT_THAT(all_notes(read),
              HasSubstr("gpu0 says 12 links to gpu1, which says 4 back; the larger counts"));
  const Inventory once =
      accepted(import_nccl,
               changed(sample(even),
                       "<nvlink target=\"0000:01:00.0\" count=\"4\" tclass=\"0x030200\"/>", ""));
  EXPECT_THAT(all_notes(once), HasSubstr("gpu0 says 12 links to gpu1, which says none back"));
  EXPECT_THAT(without(even, "dev=\"1\"", "dev=\"0\""), HasSubstr("a second GPU with dev=\"0\""));
  EXPECT_THAT(without(even, "sm=\"80\"", "sm=\"-80\""), HasSubstr("sm=\"-80\""));
  EXPECT_THAT(without(even, "link_width=\"16\"", "link_width=\"-16\""),
              HasSubstr("link_width=\"-16\" is no number of lanes"));
}

TEST(Nccl, CpusOfNoMemoryNodeAreCpusAllTheSame) {
  const std::string even = "nccl_fuzz_corpus/contradiction";
  const Inventory read =
      accepted(import_nccl, changed(sample(even), "numaid=\"0\"", "numaid=\"-1\""));
  EXPECT_EQ(read.hosts[0].profile.cpus, "0-15");
  EXPECT_THAT(read.hosts[0].profile.numa, SizeIs(0));
  EXPECT_THAT(all_notes(read), HasSubstr("does not tell the memory node of 16 CPUs"));
}

TEST(Nccl, WidthsThatNoLinkHasAreTold) {
  const std::string even = "nccl_fuzz_corpus/contradiction";
  for (const char* width : {"link_width=\"0\"", "link_width=\"999\""}) {
    const Inventory read = accepted(import_nccl, changed(sample(even), "link_width=\"16\"", width));
    EXPECT_EQ(read.hosts[0].profile.pci[0].link_width, 0);
    EXPECT_THAT(all_notes(read), HasSubstr("1 link widths are not from 1 to 32 lanes"));
  }
}

TEST(Nccl, WhatPointsNowhereIsRefused) {
  EXPECT_THAT(without(xgmi, "target=\"0000:c5:00.0\"", "target=\"0000:c9:00.0\""),
              HasSubstr("line 5: <xgmi>: target=\"0000:c9:00.0\" is no GPU"));
  // A function that is there, but no GPU.
  EXPECT_THAT(without(xgmi, "target=\"0000:c5:00.0\"", "target=\"0000:a1:00.0\""),
              HasSubstr("is no GPU"));
  EXPECT_THAT(without(nvlink, "tclass=\"0x068000\"", "tclass=\"0x030200\""),
              HasSubstr("is no GPU"));
}

TEST(Nccl, WhatCannotBeIsRefused) {
  EXPECT_THAT(refusal(import_nccl, "<graphs version=\"1\"/>"), HasSubstr("NCCL_TOPO_DUMP_FILE"));
  EXPECT_THAT(refusal(import_nccl, "<topology/>"), HasSubstr("import it as hwloc"));
  EXPECT_THAT(refusal(import_nccl, "<system version=\"1\"/>"), HasSubstr("no <cpu>"));
  EXPECT_THAT(without(nvlink, "numaid=\"1\"", "numaid=\"0\""), HasSubstr("numaid 0"));
  EXPECT_THAT(without(nvlink, "ffff0000", "ffff8000"), HasSubstr("CPU 15"));
  EXPECT_THAT(without(nvlink, "host_hash=\"0x1\" numaid=\"1\"", "host_hash=\"0x2\" numaid=\"1\""),
              HasSubstr("several machines"));
  EXPECT_THAT(without(nvlink, "count=\"4\"", "count=\"-4\""), HasSubstr("count"));
  EXPECT_THAT(without(xgmi, "port=\"2\"", "port=\"1\""), HasSubstr("there twice"));
  EXPECT_THAT(without(xgmi, "0000:c5:00.0\" class", "0000:c1:00.0\" class"),
              HasSubstr("a second device at the PCI address"));
}

}  // namespace
}  // namespace freehold::discover
