#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "discover/import/formats.h"
#include "discover/import/testing/samples.h"

namespace freehold::discover {
namespace {

using namespace testing;
using ::testing::HasSubstr;
using ::testing::SizeIs;

const std::string pair = "smi_topo_fuzz_corpus/nvidia_pair";
const std::string rocm = "smi_topo_fuzz_corpus/rocm";

std::string without(Read read, const std::string& file, const std::string& from,
                    const std::string& to) {
  return refusal(read, changed(sample(file), from, to));
}

TEST(NvidiaSmi, GpusNicsAndPlacesAreRead) {
  const Inventory read = accepted(import_nvidia_smi, sample(pair));
  EXPECT_EQ(ids(read), "gpu0 gpu1 mlx5_0");  // by the legend
  EXPECT_EQ(device(read, "mlx5_0").cls, api::DeviceClass::rdma_nic);
  EXPECT_EQ(links(read, "gpu0"), "nvlink 4 gpu1");
  EXPECT_EQ(device(read, "gpu1").numa, 1);
  const auto& profile = read.hosts[0].profile;
  EXPECT_EQ(profile.cpus, "") << "a machine may have CPUs that no GPU is near to";
  ASSERT_THAT(profile.numa, SizeIs(3));
  EXPECT_EQ(profile.numa[0].cpus, "0-7,16-23");
  EXPECT_EQ(profile.numa[2].cls, api::NumaClass::gpu_memory);
  EXPECT_EQ(profile.numa[2].device, "gpu1");
  EXPECT_EQ(device(read, "mlx5_0").numa, 0) << "PIX to gpu0";
  EXPECT_EQ(all_notes(read), "") << "the places say it all";
}

TEST(NvidiaSmi, AMatrixThatWasCutIsReadByItsOtherRows) {
  const Inventory read = accepted(import_nvidia_smi, sample("smi_topo_fuzz_corpus/nvidia_cut"));
  // 36 links are more than a GPU has, so there are switches.
  EXPECT_EQ(ids(read), "gpu0 gpu1 gpu2 gpu3 nvswitch0");
  EXPECT_EQ(links(read, "gpu3"), "nvlink 12 nvswitch0");
  EXPECT_EQ(device(read, "gpu0").numa, 0) << "the first of several";
  EXPECT_EQ(device(read, "gpu1").numa, 0);
  EXPECT_THAT(all_notes(read), HasSubstr("0,2-3"));
  EXPECT_THAT(all_notes(read), HasSubstr("2 of 4 rows are missing or cut"));
}

TEST(NvidiaSmi, ColumnsMayStandBetweenBlanks) {
  const Inventory read = accepted(import_nvidia_smi,
                                  "GPU0  GPU1  CPU Affinity  NUMA Affinity\n"
                                  "GPU0   X    NV2   0-3   0\n"
                                  "GPU1  NV2    X    0-3   0\n");
  EXPECT_EQ(links(read, "gpu1"), "nvlink 2 gpu0");
  EXPECT_EQ(device(read, "gpu1").numa, 0);
}

std::string old_matrix(const std::string& first, const std::string& second) {
  return "\tGPU0\tGPU1\tCPU Affinity\nGPU0\t X \tSYS\t" + first + "\nGPU1\tSYS\t X \t" + second +
         "\n";
}

TEST(NvidiaSmi, OlderDriversTellMemoryNodesByTheirCpus) {
  const Inventory read = accepted(import_nvidia_smi, old_matrix("0-31", "32-63"));
  const auto& profile = read.hosts[0].profile;
  ASSERT_THAT(profile.numa, SizeIs(2));
  EXPECT_EQ(profile.numa[1].cpus, "32-63");
  EXPECT_EQ(device(read, "gpu1").numa, 1);
  EXPECT_NE(device(read, "gpu0").address, "") << "SYS has its place";
  EXPECT_THAT(all_notes(read), HasSubstr("each CPU affinity is taken for one"));
  for (const auto& [first, second] : {std::pair("0-63", "0-63"), {"0-31", "16-63"}}) {
    const Inventory other = accepted(import_nvidia_smi, old_matrix(first, second));
    EXPECT_THAT(other.hosts[0].profile.numa, SizeIs(0));
    EXPECT_THAT(all_notes(other), HasSubstr("do not tell them apart"));
  }
}

TEST(NvidiaSmi, WhatContradictsItselfIsRefusedWithItsLine) {
  const auto refused = [](const std::string& from, const std::string& to) {
    return without(import_nvidia_smi, pair, from, to);
  };
  EXPECT_THAT(refused("GPU1\tNV4", "GPU1\tNV8"), HasSubstr("says NV8 to GPU0, which says NV4"));
  EXPECT_THAT(refused("\nGPU1\t", "\nGPU7\t"), HasSubstr("line 3: row \"GPU7\" has no column"));
  EXPECT_THAT(refused("\nGPU1\t", "\nGPU0\t"), HasSubstr("twice"));
  EXPECT_THAT(refused("NIC0: mlx5_0", "NIC5: mlx5_0"), HasSubstr("legend names \"NIC5\""));
  EXPECT_THAT(refused("\tPIX\t", "\tPIZ\t"), HasSubstr("\"PIZ\" to NIC0"));
  EXPECT_THAT(refused("\t X \tNV4", "\tNV4\tNV4"), HasSubstr("X stands for the part itself"));
  EXPECT_THAT(refused("\t8-15\t1", "\t8-15\t0"), HasSubstr("memory node 0 has the CPUs"));
  EXPECT_THAT(refused("\t\t2\n", "\t\t0\n"), HasSubstr("something else"));
  EXPECT_THAT(refused("8-15", "8-"), HasSubstr("is no list"));
  EXPECT_THAT(refused("8-15", "7-15"), HasSubstr("CPU 7 belongs to memory node 1 here and to 0"));
  EXPECT_THAT(refused("\t X \tNV4", "\t X \tNV999"), HasSubstr("is no kind of connection"));
  EXPECT_THAT(refusal(import_nvidia_smi, "nothing"), HasSubstr("GPU0"));
}

TEST(RocmSmi, LinksAreThoseOfOneHop) {
  const Inventory read = accepted(import_rocm_smi, sample(rocm));
  EXPECT_EQ(ids(read), "gpu0 gpu1 gpu2");
  EXPECT_EQ(links(read, "gpu0"), "xgmi 1 gpu1");
  EXPECT_EQ(links(read, "gpu2"), "");
  EXPECT_EQ(device(read, "gpu1").numa, 1);
  EXPECT_EQ(device(read, "gpu2").numa, -1);
  EXPECT_THAT(all_notes(read), HasSubstr("gpu0-gpu2 XGMI in 2 hops"));
  EXPECT_THAT(all_notes(read), HasSubstr("gpu1-gpu2 PCIE"));
}

TEST(RocmSmi, WhatContradictsItselfIsRefused) {
  EXPECT_THAT(without(import_rocm_smi, rocm, "GPU1   XGMI", "GPU1   PCIE"),
              HasSubstr("says PCIE to GPU0, which says XGMI"));
  EXPECT_THAT(without(import_rocm_smi, rocm, "GPU[1]", "GPU[9]"), HasSubstr("has no column"));
  EXPECT_THAT(without(import_rocm_smi, rocm, "GPU0   0            XGMI", "GPU0   0            FOO"),
              HasSubstr("FOO"));
  EXPECT_THAT(refusal(import_rocm_smi, "nothing"), HasSubstr("Link Type"));
}

}  // namespace
}  // namespace freehold::discover
