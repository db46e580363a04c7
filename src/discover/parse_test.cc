#include "discover/parse.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace freehold::discover {
namespace {

TEST(Parse, AddressesThatImportersMakeUpAreTold) {
  EXPECT_TRUE(is_invented_address("ffff:00:01.0"));
  EXPECT_TRUE(is_invented_address("pciffff:00"));
  EXPECT_FALSE(is_invented_address("0000:ff:01.0"));
  EXPECT_FALSE(is_invented_address("pci0000:ff"));
  EXPECT_FALSE(is_invented_address(""));
}

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Optional;

TEST(Parse, CpuMasksHaveTheHighestWordFirst) {
  EXPECT_THAT(parse_cpu_mask("00000000,0000000f\n"), Optional(ElementsAre(0, 1, 2, 3)));
  EXPECT_THAT(parse_cpu_mask("00000001,00000000\n"), Optional(ElementsAre(32)));
  EXPECT_THAT(parse_cpu_mask("ff"), Optional(::testing::SizeIs(8)));
  EXPECT_EQ(parse_cpu_mask(""), std::nullopt);
  EXPECT_EQ(parse_cpu_mask("g"), std::nullopt);
  EXPECT_EQ(parse_cpu_mask("123456789"), std::nullopt);
}

TEST(Parse, CacheSizesHaveUnits) {
  EXPECT_EQ(parse_cache_size("32K\n"), 32 * 1024);
  EXPECT_EQ(parse_cache_size("2M"), 2 * 1024 * 1024);
  EXPECT_EQ(parse_cache_size("1024"), 1024);
  EXPECT_EQ(parse_cache_size("-1K"), std::nullopt);
  EXPECT_EQ(parse_cache_size("9223372036854775807K"), std::nullopt);
}

TEST(Parse, MeminfoOfMachinesAndOfNodes) {
  EXPECT_EQ(parse_meminfo("MemTotal:       24684096 kB\nMemFree: 1 kB\n", "MemTotal"),
            24684096LL * 1024);
  EXPECT_EQ(parse_meminfo("Node 0 MemTotal:  128 kB\nNode 0 MemFree: 64 kB\n", "MemFree"),
            64 * 1024);
  EXPECT_EQ(parse_meminfo("MemTotal: many kB\n", "MemTotal"), std::nullopt);
  EXPECT_EQ(parse_meminfo("MemTotal: 9223372036854775807 kB\n", "MemTotal"), std::nullopt);
}

TEST(Parse, DistancesAreAllNumbersOrNone) {
  EXPECT_THAT(parse_distances("10 21 31\n"), Optional(ElementsAre(10, 21, 31)));
  EXPECT_EQ(parse_distances("10 x"), std::nullopt);
}

TEST(Parse, PciAddressesMayHaveWideDomains) {
  EXPECT_TRUE(is_pci_address("0000:41:00.0"));
  EXPECT_TRUE(is_pci_address("10000:e1:00.7"));
  EXPECT_FALSE(is_pci_address("41:00.0"));
  EXPECT_FALSE(is_pci_address("0000:41:00.00"));
  EXPECT_FALSE(is_pci_address("0000:41:0g.0"));
  EXPECT_TRUE(is_pci_root("pci0000:40"));
  EXPECT_TRUE(is_pci_root("pci10000:00"));
  EXPECT_FALSE(is_pci_root("0000:40:00.0"));
  EXPECT_LT(parse_pci_address("0000:41:00.0"), parse_pci_address("10000:00:00.0"));
}

TEST(Parse, LinkSpeedsOfOldAndNewKernels) {
  EXPECT_EQ(parse_link_speed("16.0 GT/s PCIe\n"), "16GT/s");
  EXPECT_EQ(parse_link_speed("2.5 GT/s"), "2.5GT/s");
  EXPECT_EQ(parse_link_speed("8 GT/s"), "8GT/s");
  EXPECT_EQ(parse_link_speed("Unknown speed"), "");
  EXPECT_EQ(parse_link_speed("Unknown"), "");
  EXPECT_EQ(parse_link_speed("-5 GT/s"), "");
  EXPECT_EQ(link_speed_mt("2.5GT/s"), 2500);
  EXPECT_EQ(link_speed_mt(""), 0);
}

TEST(Parse, HexNumbers) {
  EXPECT_EQ(parse_hex_number("3f0000000"), 0x3f0000000);
  EXPECT_EQ(parse_hex_number("0x10\n"), 16);
  EXPECT_EQ(parse_hex_number("ffffffffffffffff"), 0);
  EXPECT_EQ(parse_hex_number(""), 0);
  EXPECT_EQ(parse_hex_id("0x030200", 4), "0302");
  EXPECT_EQ(parse_hex_id("0x10DE\n", 4), "10de");
  EXPECT_EQ(parse_hex_id("0x1", 4), "");
}

TEST(Parse, LinkWidthsThatDriversUseForUnknownAreUnknown) {
  EXPECT_EQ(parse_link_width("16\n"), 16);
  EXPECT_EQ(parse_link_width("0"), 0);
  EXPECT_EQ(parse_link_width("63"), 0);
  EXPECT_EQ(parse_link_width("255"), 0);
  EXPECT_EQ(parse_link_width("x"), 0);
}

TEST(Parse, LinkRatesCountLineCoding) {
  EXPECT_EQ(link_mbps("2.5GT/s", 1), 2000);
  EXPECT_EQ(link_mbps("8GT/s", 16), 7876 * 16);
  EXPECT_EQ(link_mbps("", 16), 0);
}

TEST(Parse, LargestWindowIsOneOfTheFunctionsOwnMemory) {
  const std::string none = "0x0000000000000000 0x0000000000000000 0x0000000000000000\n";
  EXPECT_EQ(
      parse_largest_window("0x000001ffe0000000 0x000001ffe1ffffff 0x000000000014220c\n" + none +
                           "0x0000010000000000 0x0000011fffffffff 0x000000000014220c\n"),
      int64_t{128} << 30);
  EXPECT_EQ(parse_largest_window(none), 0);
  EXPECT_EQ(parse_largest_window("0x0000000000001000 0x0000000000ffffff 0x0000000000040101\n"), 0)
      << "ports";
  EXPECT_EQ(parse_largest_window(none + none + none + none + none + none +
                                 "0x0000000000001000 0x0000000000001fff 0x0000000000140204\n"),
            0)
      << "a bridge's, or that of virtual functions";
  EXPECT_EQ(parse_largest_window("0x2000 0x1000 0x200\nshort line\n"), 0);
}

TEST(Parse, VersionsThatNobodyToldAreUnknown) {
  EXPECT_EQ(parse_version("28.39.1002\n"), "28.39.1002");
  EXPECT_EQ(parse_version(" 1B2QEXP7 \n"), "1B2QEXP7");
  EXPECT_EQ(parse_version("??.??.??.??.??"), "");
  EXPECT_EQ(parse_version("N/A\n"), "");
  EXPECT_EQ(parse_version(""), "");
  EXPECT_EQ(parse_version(std::string(100, '1')).size(), 64u);
}

TEST(Parse, PartitionModesAreWordsOfTheDriver) {
  EXPECT_EQ(parse_partition_mode("CPX\n"), "CPX");
  EXPECT_EQ(parse_partition_mode("NPS4\n"), "NPS4");
  EXPECT_EQ(parse_partition_mode("UNKNOWN\n"), "");
  EXPECT_EQ(parse_partition_mode("not supported\n"), "");
}

TEST(Parse, GidTypes) {
  EXPECT_EQ(parse_gid_type("IB/RoCE v1\n"), "RoCE v1");
  EXPECT_EQ(parse_gid_type("RoCE v2\n"), "RoCE v2");
  EXPECT_EQ(parse_gid_type("RoCE v3\n"), "");
}

TEST(Parse, InfinibandRates) {
  EXPECT_EQ(parse_infiniband_rate("400 Gb/sec (4X NDR)\n"), 400'000);
  EXPECT_EQ(parse_infiniband_rate("2.5 Gb/sec (1X SDR)"), 2'500);
  EXPECT_EQ(parse_infiniband_rate("10 Gb/sec (4X)"), 10'000);
  EXPECT_EQ(parse_infiniband_rate("fast"), 0);
  EXPECT_EQ(parse_numbered_state("4: ACTIVE\n"), "ACTIVE");
  EXPECT_EQ(format_network_speed(25'000), "25Gbps");
  EXPECT_EQ(format_network_speed(2'500), "2.5Gbps");
  EXPECT_EQ(format_network_speed(100), "100Mbps");
  EXPECT_EQ(format_network_speed(-1), "");
  EXPECT_EQ(format_network_speed(4'294'967'295), "");
}

TEST(Parse, NvidiaInformationHasTabs) {
  const std::string_view text =
      "Model: \t\t NVIDIA H100 80GB HBM3\nGPU UUID: \t GPU-1\nBus Location: \t 0000:1b:00.0\n";
  EXPECT_EQ(parse_colon_value(text, "Model"), "NVIDIA H100 80GB HBM3");
  EXPECT_EQ(parse_colon_value(text, "Bus Location"), "0000:1b:00.0");
  EXPECT_EQ(parse_colon_value(text, "IRQ"), "");
}

TEST(Parse, KfdProperties) {
  const auto properties =
      parse_properties("cpu_cores_count 0\nsimd_count 304\nodd line here\nsimd_count 1\n");
  EXPECT_EQ(properties.at("simd_count"), "304");
  EXPECT_EQ(properties.size(), 2u);
}

TEST(Parse, ProcessorsHaveNamesOnEveryArchitecture) {
  EXPECT_EQ(cpu_model("processor : 0\nmodel name\t: AMD EPYC 9654\n"), "AMD EPYC 9654");
  EXPECT_EQ(cpu_model("processor : 0\ncpu\t\t: POWER9, altivec supported\n"), "POWER9");
  EXPECT_EQ(cpu_model("CPU implementer\t: 0x41\nCPU part\t: 0xd4f\n"), "Arm Neoverse V2");
  EXPECT_EQ(cpu_model("CPU implementer\t: 0x99\nCPU part\t: 0x1\n"), "Arm 0x99:0x1");
  EXPECT_EQ(cpu_model(""), "");
  EXPECT_EQ(cpu_architecture("flags : fpu lm sse\n"), "x86_64");
  EXPECT_EQ(cpu_architecture("CPU architecture: 8\n"), "aarch64");
}

TEST(Parse, MountPointsMayHoldBlanks) {
  const auto mounts =
      parse_mounts("/dev/nvme0n1p2 /mnt/my\\040disk ext4 rw,noatime 0 0\nshort line\n");
  ASSERT_EQ(mounts.size(), 1u);
  EXPECT_EQ(mounts[0].point, "/mnt/my disk");
  EXPECT_EQ(mounts[0].options, "rw,noatime");
}

TEST(Parse, DefaultRoutesHaveNoDestinationAndNoMask) {
  EXPECT_THAT(parse_default_routes("Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\n"
                                   "eth0\t00000000\t0100A8C0\t0003\t0\t0\t0\t00000000\n"
                                   "eth1\t0000A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\n"),
              ElementsAre("eth0"));
  EXPECT_THAT(parse_default_routes("garbage"), IsEmpty());
  const std::string none(32, '0'), rest = " " + none + " 00000400 00000001 00000000 00000003 ";
  EXPECT_THAT(
      parse_ipv6_default_routes(none + " 00 " + none + " 00" + rest + "    bond0\n" + none +
                                " 00 " + none + " 00" + rest + "       lo\n" + "fd00" +
                                none.substr(4) + " 40 " + none + " 00" + rest + "     eth1\n"),
      ElementsAre("bond0"));
  EXPECT_THAT(parse_ipv6_default_routes("garbage"), IsEmpty());
}

TEST(Parse, CgroupPathsByController) {
  const std::string_view text = "4:memory:/a\n3:cpuset,cpu:/b:c\n0::/d\n";
  EXPECT_EQ(parse_cgroup_path(text, "cpuset"), "/b:c");
  EXPECT_EQ(parse_cgroup_path(text, ""), "/d");
  EXPECT_EQ(parse_cgroup_path(text, "pids"), std::nullopt);
}

TEST(Parse, CleanTextIsPrintableAndBounded) {
  EXPECT_EQ(clean_text("  a\t\tb\x01\xff\n", 63), "a b??");
  EXPECT_EQ(clean_text("a\u202Eb\xc2\x9b", 63), "a?b?");
  EXPECT_EQ(clean_text("abcdef", 3), "abc");
  EXPECT_EQ(clean_text("ab\xc3\xa9", 3), "ab");  // never half a character
}

}  // namespace
}  // namespace freehold::discover
