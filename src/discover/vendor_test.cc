// AMD's and rdma-core's libraries against stand-ins at their C interface, and the real rdma-core
// where this machine has it.
#include "discover/vendor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "discover/machine.h"
#include "discover/testing/fakes.h"
#include "discover/testing/tree.h"

namespace freehold::discover {
namespace {

using discover::testing::Fake;
using discover::testing::no_libraries;
using discover::testing::set_text;
using discover::testing::Tree;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Two GPUs, the second in another domain.
void plant(Tree& tree) {
  tree.cpus(2);
  const Tree::Pci gpu = {
      .class_code = "0x120000", .vendor = "0x1002", .device = "0x74a1", .driver = "amdgpu"};
  tree.pci("pci0000:c0/0000:c1:00.0", gpu).pci("pci0001:00/0001:21:00.0", gpu);
}

void fill(fake_amd& amd) {
  amd.count = 2;
  amd.gpu[0] = {0xc100, 750'000'000, 140'000'000, 0};
  amd.gpu[1] = {(1ULL << 32) | (3ULL << 28) | 0x2100, 600'000'000, 150'000'000, 2};
}

Machine look(const Tree& tree, VendorLibraries& libraries) {
  const auto machine = discover(tree.root(), &libraries);
  EXPECT_TRUE(machine.ok());
  return machine.ok() ? *machine : Machine{};
}

TEST(AmdSmi, LimitsAndErrorsAreTaken) {
  Fake<fake_amd> amd{FAKE_LIBRARIES, "fake_amd_smi", "fake_amd_state"};
  fill(*amd.operator->());
  Tree tree;
  plant(tree);
  auto paths = no_libraries();
  paths.amd_smi = amd.path();
  auto libraries = load_vendor_libraries(paths);
  const Machine machine = look(tree, *libraries);
  ASSERT_THAT(machine.devices, SizeIs(2));
  EXPECT_EQ(machine.devices[0].power_limit.text(), "750W");
  EXPECT_EQ(machine.devices[0].health, api::Health::healthy);
  EXPECT_EQ(machine.devices[1].power_limit.text(), "600W") << "bits of a part are passed over";
  EXPECT_EQ(machine.devices[1].health, api::Health::degraded);
  EXPECT_THAT(machine.devices[1].reason, HasSubstr("2 uncorrected memory errors"));
  EXPECT_EQ(machine.provenance.back().source, "amd-smi");
  libraries.reset();
  EXPECT_EQ(amd->inits, 1);
  EXPECT_EQ(amd->shutdowns, 1);
}

TEST(AmdSmi, OlderLibraryIsAskedWhereThereIsNoNewerOne) {
  Fake<fake_amd> amd{FAKE_LIBRARIES, "fake_rocm_smi", "fake_amd_state"};
  fill(*amd.operator->());
  Tree tree;
  plant(tree);
  auto paths = no_libraries();
  paths.amd_smi = "/no/such/library.so";
  paths.rocm_smi = amd.path();
  const auto libraries = load_vendor_libraries(paths);
  const Machine machine = look(tree, *libraries);
  EXPECT_EQ(machine.devices[0].power_limit.text(), "750W");
  EXPECT_EQ(machine.accelerator_power.text(), "290W");
  EXPECT_EQ(machine.accelerator_source, "rocm-smi");
  EXPECT_EQ(machine.devices[1].power.measured.text(), "150W");
  EXPECT_EQ(machine.devices[1].power.source, "rocm-smi");
  EXPECT_EQ(machine.devices[1].health, api::Health::degraded);
}

TEST(AmdSmi, LibraryThatDoesNotStartIsNoted) {
  Fake<fake_amd> amd{FAKE_LIBRARIES, "fake_amd_smi", "fake_amd_state"};
  amd->init_error = 34;
  Tree tree;
  plant(tree);
  auto paths = no_libraries();
  paths.amd_smi = amd.path();
  const auto libraries = load_vendor_libraries(paths);
  const Machine machine = look(tree, *libraries);
  EXPECT_THAT(machine.notes, Contains("amd-smi: cannot start: error 34"));
  EXPECT_THAT(machine.devices, SizeIs(2));
}

TEST(Verbs, LimitsAreAskedOnce) {
  Fake<fake_verbs> verbs{FAKE_LIBRARIES, "fake_verbs", "fake_verbs_state"};
  verbs->count = 2;
  set_text(verbs->name[0], "mlx5_0");
  set_text(verbs->name[1], "elsewhere");
  verbs->queue_pairs = 131'072;
  verbs->completion_queues = 16'777'216;
  verbs->memory_regions = 16'777'215;
  verbs->region_bytes = ~0ULL;
  Tree tree;
  tree.cpus(2).pci("pci0000:00/0000:01:00.0",
                   {.class_code = "0x020700", .vendor = "0x15b3", .device = "0x1021"});
  tree.file(tree.device("infiniband", "mlx5_0", "pci0000:00/0000:01:00.0") + "hca_type",
            "MT4129\n");
  auto paths = no_libraries();
  paths.verbs = verbs.path();
  const auto libraries = load_vendor_libraries(paths);
  look(tree, *libraries);
  verbs->is_refused = 1;  // it is not opened again
  const Machine machine = look(tree, *libraries);
  ASSERT_THAT(machine.rdma, SizeIs(1)) << "of devices that this machine has";
  EXPECT_EQ(machine.rdma[0].device, "mlx5_0");
  EXPECT_EQ(machine.rdma[0].queue_pairs, 131'072);
  EXPECT_EQ(machine.rdma[0].memory_regions, 16'777'215);
  EXPECT_EQ(machine.rdma[0].memory_region_bytes, std::numeric_limits<int64_t>::max());
  EXPECT_EQ(verbs->opens, 0) << "all are closed";
}

TEST(Verbs, RealLibraryAnswers) {
  auto paths = no_libraries();
  paths.verbs = "libibverbs.so.1";
  const auto libraries = load_vendor_libraries(paths);
  const auto reports = libraries->read();
  if (reports.empty()) GTEST_SKIP() << "no libibverbs.so.1 on this machine";
  EXPECT_EQ(reports[0].source, "verbs");
  EXPECT_THAT(reports[0].notes, IsEmpty()) << "it has every function that is asked for";
}

}  // namespace
}  // namespace freehold::discover
