#include "discover/draw.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/strings.h"
#include "discover/import/formats.h"
#include "discover/import/testing/samples.h"
#include "discover/parse.h"
#include "discover/testing/tree.h"

namespace freehold::discover {
namespace {

using discover::testing::Tree;
using ::testing::HasSubstr;
using ::testing::Not;

Machine dgx() {
  Tree tree;
  make_dgx(tree);
  auto machine = discover(tree.root());
  EXPECT_TRUE(machine.ok());
  return machine.ok() ? *machine : Machine{};
}

size_t columns(std::string_view line) {
  size_t count = 0;
  for (const char c : line) count += (static_cast<uint8_t>(c) & 0xC0) != 0x80 ? 1u : 0u;
  return count;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> out;
  for (const auto line : split(text, '\n')) out.emplace_back(line);
  return out;
}

TEST(Draw, MachineBeginsWithWhatItIs) {
  const auto lines = lines_of(draw(dgx()));
  EXPECT_EQ(lines[0], "NVIDIA DGXH100  dgx-01  x86_64, Linux 6.5.0");
  EXPECT_EQ(lines[1], "2 × Intel Xeon Platinum 8480C  32 cores, 64 threads  2 TiB");
  EXPECT_EQ(lines[2], "8 × NVIDIA H100 80GB HBM3  8 RDMA NICs  1 NIC  4 NVMe");
  EXPECT_EQ(lines[3], "├─ node 0  1 TiB  package 0");
  EXPECT_EQ(lines[4],
            "│  ├─ 16 cores × 2 threads  CPU 0-15,32-47  L1 48 KiB  L2 2 MiB  L3 105 MiB");
  EXPECT_EQ(lines[5], "│  ├─ switch 0000:11:00.0  gen5 x16");
  EXPECT_EQ(lines[6], "│  │  ├─ gpu0    NVIDIA H100 80GB HBM3       80 GiB   gen5 x16  ●");
}

TEST(Draw, PortThatHoldsItsCardBackIsNamed) {
  Tree tree;
  tree.cpus(2)
      .pci("pci0000:00/0000:00:01.0", {.class_code = "0x060400",
                                       .vendor = "0x8086",
                                       .device = "0x1111",
                                       .speed_max = "8.0 GT/s PCIe",
                                       .width_max = 16})
      .pci("pci0000:00/0000:00:01.0/0000:01:00.0", {.class_code = "0x030200",
                                                    .vendor = "0x10de",
                                                    .device = "0x2330",
                                                    .speed_max = "32.0 GT/s PCIe",
                                                    .width_max = 16,
                                                    .driver = "nvidia"});
  const auto machine = discover(tree.root());
  ASSERT_TRUE(machine.ok());
  EXPECT_THAT(draw(*machine), HasSubstr("gen5 x16 below gen3 x16"));
  EXPECT_THAT(draw(dgx()), Not(HasSubstr(" below gen"))) << "both ends can do the same";
}

TEST(Draw, NamesCannotSteerATerminal) {
  Machine machine = dgx();
  for (api::Device& device : machine.profile.devices) device.model = "H100\033[2J\u202E";
  const std::string text = draw(machine);
  EXPECT_THAT(text, HasSubstr("H100?[2J?"));
  EXPECT_THAT(text, Not(HasSubstr("\033")));
  EXPECT_THAT(text, Not(HasSubstr("\u202E")));
}

TEST(Draw, DegradedLinksStandOut) {
  const std::string text = draw(dgx());
  EXPECT_THAT(text, HasSubstr("◐  ▲ x8 of x16"));
  EXPECT_THAT(text, HasSubstr("◐  ▲ 200Gbps of 400Gbps"));
  EXPECT_THAT(text, HasSubstr("▲ the PCIe link of gpu5"));
}

TEST(Draw, WattsAndClocksStandBesideTheirLimits) {
  Machine machine = dgx();
  for (size_t i = 0; i < machine.devices.size(); ++i)
    if (machine.devices[i].id == "gpu0") {
      machine.devices[i].power_limit = Quantity::of(700'000, Dimension::power);
      machine.devices[i].power.measured = Quantity::of(412'000, Dimension::power);
      machine.devices[i].clocks = {1'755, 1'980, 0, 0};
    }
  EXPECT_THAT(draw(machine), HasSubstr("412W of 700W  1755 of 1980 MHz"));
}

TEST(Draw, BridgesThatOnlyPassThroughAreLeftOut) {
  const std::string text = draw(dgx());
  EXPECT_THAT(text, Not(HasSubstr("0000:10:01.0"))) << "a root port";
  EXPECT_THAT(text, Not(HasSubstr("0000:12:00.0"))) << "a lower port of a switch";
  EXPECT_THAT(text, HasSubstr("└─ eno1 "));
}

TEST(Draw, LinesFitTheWidth) {
  const Machine machine = dgx();
  for (const int width : {1, 20, 40, 79, 100}) {
    const auto lines = lines_of(draw(machine, {.width = width}));
    for (const auto& line : lines) EXPECT_LE(columns(line), static_cast<size_t>(width)) << line;
  }
}

TEST(Draw, PlainTerminalsGetAscii) {
  const std::string text = draw(dgx(), {.unicode = false});
  for (const char c : text) ASSERT_LT(static_cast<unsigned char>(c), 0x80) << text;
  EXPECT_THAT(text, HasSubstr("|  |- gpu0"));
  EXPECT_THAT(text, Not(HasSubstr("?")));
}

TEST(Draw, ColoursAreClosedAndOnlyWhenAskedFor) {
  const std::string text = draw(dgx(), {.colour = true});
  size_t opened = 0, closed = 0;
  for (size_t at = text.find("\x1b["); at != std::string::npos; at = text.find("\x1b[", at + 1))
    ++(text.compare(at, 4, "\x1b[0m") == 0 ? closed : opened);
  EXPECT_GT(opened, 0u);
  EXPECT_EQ(opened, closed);
  EXPECT_EQ(draw(dgx()).find('\x1b'), std::string::npos);
}

TEST(Draw, EqualMemoryNodesAreCounted) {
  Machine machine = dgx();
  for (int i = 2; i < 34; ++i) {
    api::NumaNode node;
    node.id = i;
    node.cls = api::NumaClass::empty;
    machine.profile.numa.push_back(node);
  }
  EXPECT_THAT(draw(machine), HasSubstr("nodes 2–33  32 of them  empty"));
}

TEST(Draw, CoresThatNobodyToldAreADash) {
  Machine machine;
  machine.profile.cpus = "0-7";
  machine.profile.numa.emplace_back();
  machine.profile.numa[0].cpus = "0-7";
  const std::string text = draw(machine);
  EXPECT_THAT(text, HasSubstr("- cores, 8 threads"));
  EXPECT_THAT(text, HasSubstr("- cores  CPU 0-7"));
}

TEST(Draw, MachineOutOfAMatrixShowsNoAddresses) {
  const Inventory read =
      testing::accepted(import_nvidia_smi, testing::sample("smi_topo_fuzz_corpus/nvidia_pair"));
  Machine machine;
  machine.profile = read.hosts[0].profile;
  EXPECT_TRUE(is_invented_address(machine.profile.devices[0].address));
  const std::string text = draw(machine);
  EXPECT_THAT(text, HasSubstr("gpu1"));
  EXPECT_THAT(text, HasSubstr("mlx5_0"));
  EXPECT_THAT(text, Not(HasSubstr("ffff")));
}

TEST(Draw, EmptyMachineIsDrawnToo) { EXPECT_THAT(draw(Machine{}), HasSubstr("machine")); }

TEST(Draw, PciTreeWithALoopEnds) {
  Machine machine = dgx();
  for (auto& function : machine.profile.pci) function.parent = function.address;
  EXPECT_FALSE(draw(machine).empty());
  machine.profile.pci[0].parent = machine.profile.pci[1].address;
  machine.profile.pci[1].parent = machine.profile.pci[0].address;
  EXPECT_FALSE(draw(machine).empty());
}

}  // namespace
}  // namespace freehold::discover
