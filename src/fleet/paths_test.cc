#include "fleet/paths.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "base/strings.h"
#include "fleet/rates.h"
#include "fleet/testing/read_yaml.h"

namespace freehold::fleet {
namespace {

using testing::read_yaml;

api::HardwareProfileSpec profile(std::string_view yaml) {
  return read_yaml<api::HardwareProfile>("metadata: {name: p}\nspec:\n" + std::string(yaml)).spec;
}

size_t end_of(const MachineGraph& graph, const api::HardwareProfileSpec& spec,
              std::string_view id) {
  if (const size_t d = graph.find_device(name_hash(id)); d < graph.devices()) return d;
  for (size_t n = 0; n < spec.numa.size(); ++n)
    if ("numa" + std::to_string(spec.numa[n].id) == id) return graph.devices() + n;
  ADD_FAILURE() << "no end " << id;
  return 0;
}

// "gpu0 gpu1 PIX 96000", with the usable rate; "-" when it is unknown.
std::string told(const api::HardwareProfileSpec& spec, std::string_view from, std::string_view to) {
  const MachineGraph graph(spec);
  const PathTable table(graph, When::at_best);
  const Path& path = table.at(end_of(graph, spec, from), end_of(graph, spec, to));
  return std::string(path_word(path.cls)) + " " +
         (path.usable_mbps < 0 ? "-" : std::to_string(path.usable_mbps));
}

// Two sockets; on the first a switch with a GPU and a NIC, a second switch on it with another GPU,
// a root port with an NVMe drive; on the second a GPU on its root port alone.
constexpr std::string_view server = R"(
  architecture: x86_64
  packages: [{id: 0, model: AMD EPYC 7742}, {id: 1, model: AMD EPYC 7742}]
  numa:
    - {id: 0, package: 0, cpus: 0-3}
    - {id: 1, package: 1, cpus: 4-7}
  pci:
    - {address: "0000:00:01.0", parent: "pci0000:00", class: "0604", numa: 0, linkSpeed: 16GT/s, linkWidth: 16}
    - {address: "0000:01:00.0", parent: "0000:00:01.0", class: "0604", numa: 0, linkSpeed: 16GT/s, linkWidth: 16}
    - {address: "0000:02:00.0", parent: "0000:01:00.0", class: "0604", numa: 0, linkSpeed: 16GT/s, linkWidth: 16}
    - {address: "0000:02:01.0", parent: "0000:01:00.0", class: "0604", numa: 0, linkSpeed: 16GT/s, linkWidth: 16}
    - {address: "0000:02:02.0", parent: "0000:01:00.0", class: "0604", numa: 0, linkSpeed: 16GT/s, linkWidth: 16}
    - {address: "0000:03:00.0", parent: "0000:02:00.0", class: "0302", numa: 0, linkSpeed: 16GT/s, linkWidth: 16}
    - {address: "0000:04:00.0", parent: "0000:02:01.0", class: "0207", numa: 0, linkSpeed: 16GT/s, linkWidth: 8}
    - {address: "0000:05:00.0", parent: "0000:02:02.0", class: "0604", numa: 0, linkSpeed: 16GT/s, linkWidth: 16}
    - {address: "0000:06:00.0", parent: "0000:05:00.0", class: "0604", numa: 0, linkSpeed: 16GT/s, linkWidth: 16}
    - {address: "0000:07:00.0", parent: "0000:06:00.0", class: "0302", numa: 0, linkSpeed: 16GT/s, linkWidth: 16}
    - {address: "0000:00:02.0", parent: "pci0000:00", class: "0604", numa: 0, linkSpeed: 8GT/s, linkWidth: 4}
    - {address: "0000:08:00.0", parent: "0000:00:02.0", class: "0108", numa: 0, linkSpeed: 16GT/s, linkWidth: 4}
    - {address: "0000:20:01.0", parent: "pci0000:20", class: "0604", numa: 0, linkSpeed: 16GT/s, linkWidth: 16}
    - {address: "0000:21:00.0", parent: "0000:20:01.0", class: "0200", numa: 0, linkSpeed: 16GT/s, linkWidth: 16}
    - {address: "0000:80:01.0", parent: "pci0000:80", class: "0604", numa: 1, linkSpeed: 16GT/s, linkWidth: 16}
    - {address: "0000:81:00.0", parent: "0000:80:01.0", class: "0302", numa: 1, linkSpeed: 16GT/s, linkWidth: 16}
  devices:
    - {id: gpu0, class: gpu, address: "0000:03:00.0"}
    - {id: gpu1, class: gpu, address: "0000:07:00.0"}
    - {id: gpu2, class: gpu, address: "0000:81:00.0"}
    - {id: mlx5_0, class: rdma-nic, address: "0000:04:00.0"}
    - {id: eth0, class: nic, address: "0000:21:00.0"}
    - {id: nvme0, class: nvme, address: "0000:08:00.0"}
    - {id: lost, class: nic}
)";

TEST(Paths, follow_the_classes_of_nccl_down_the_pci_tree) {
  const auto spec = profile(server);
  EXPECT_EQ(told(spec, "gpu0", "gpu0"), "LOC -");
  EXPECT_EQ(told(spec, "gpu0", "mlx5_0"), "PIX 96000") << "the NIC has eight lanes";
  EXPECT_EQ(told(spec, "gpu0", "gpu1"), "PXB 192000");
  EXPECT_EQ(told(spec, "gpu0", "nvme0"), "PHB 24000") << "its root port is gen3";
  EXPECT_EQ(told(spec, "gpu0", "eth0"), "NODE 192000") << "another root complex of the memory node";
  EXPECT_EQ(told(spec, "gpu0", "gpu2"), "SYS 128000") << "16 GB/s between the packages";
  EXPECT_EQ(told(spec, "gpu2", "numa1"), "PHB 192000");
  EXPECT_EQ(told(spec, "gpu2", "numa0"), "SYS 128000");
  EXPECT_EQ(told(spec, "numa0", "numa1"), "SYS 128000");
}

TEST(Paths, a_nic_without_a_memory_node_is_unknown_and_still_connected) {
  const auto spec = profile(server);
  EXPECT_EQ(told(spec, "lost", "gpu0"), "? -");
  EXPECT_EQ(told(spec, "lost", "numa1"), "? -");
  EXPECT_EQ(told(spec, "gpu0", "gpu2"), "SYS 128000") << "nobody goes by way of it";
}

TEST(Paths, devices_without_a_function_share_no_root) {
  const auto spec = profile(R"(
  numa: [{id: 0, cpus: 0-3}, {id: 1, cpus: 4-7}]
  devices: [{id: a, class: nic}, {id: b, class: nic}, {id: c, class: gpu, numa: 1},
            {id: d, class: gpu, numa: 1}]
)");
  EXPECT_EQ(told(spec, "a", "b"), "? -");
  EXPECT_EQ(told(spec, "c", "d"), "? -") << "of one memory node, which may be of one switch";
  EXPECT_EQ(told(spec, "a", "c"), "? -");
}

TEST(Paths, where_there_is_one_memory_node_the_place_is_no_question) {
  const auto spec = profile(R"(
  numa: [{id: 0, cpus: 0-3}]
  pci: [{address: "0000:01:00.0"}, {address: "0000:02:00.0"}]
  devices: [{id: a, class: gpu, address: "0000:01:00.0"},
            {id: b, class: nic, address: "0000:02:00.0"}]
)");
  EXPECT_EQ(told(spec, "a", "b"), "PHB -");
  const MachineGraph graph(spec);
  EXPECT_EQ(PathTable(graph, When::at_best).at(0, 2).confidence, api::Confidence::inferred);
}

// As NCCL writes trees: a switch is one element, its root is not told.
TEST(Paths, take_every_bridge_for_a_switch_where_the_root_is_not_told) {
  const auto spec = profile(R"(
  numa: [{id: 0, cpus: 0-3}]
  pci:
    - {address: "ffff:ff:01.0", class: "0604", numa: 0}
    - {address: "ffff:ff:02.0", parent: "ffff:ff:01.0", class: "0604", numa: 0}
    - {address: "ffff:ff:03.0", parent: "ffff:ff:01.0", class: "0604", numa: 0}
    - {address: "0001:00:00.0", parent: "ffff:ff:02.0", class: "0302"}
    - {address: "0002:00:00.0", parent: "ffff:ff:02.0", class: "0302"}
    - {address: "0003:00:00.0", parent: "ffff:ff:03.0", class: "0302"}
  devices:
    - {id: a, class: gpu, address: "0001:00:00.0"}
    - {id: b, class: gpu, address: "0002:00:00.0"}
    - {id: c, class: gpu, address: "0003:00:00.0"}
)");
  EXPECT_EQ(told(spec, "a", "b"), "PIX -");
  EXPECT_EQ(told(spec, "a", "c"), "PXB -");
}

std::string with_links(std::string_view device, std::string_view links) {
  std::string out(server);
  const size_t at = out.find("{id: " + std::string(device) + ",");
  out.insert(out.find('}', at), ", model: NVIDIA H100, links: [" + std::string(links) + "]");
  return out;
}

TEST(Paths, prefer_nvlink_and_reach_far_gpus_through_one_peer) {
  // gpu0 = gpu1 = gpu2: a row.
  const auto spec =
      profile(with_links("gpu1", "{to: gpu0, kind: nvlink, count: 4}, {to: gpu2, count: 2}"));
  EXPECT_EQ(told(spec, "gpu0", "gpu1"), "NVL 659200") << "4 × 20.6 GB/s";
  EXPECT_EQ(told(spec, "gpu2", "gpu1"), "NVL 329600");
  EXPECT_EQ(told(spec, "gpu0", "gpu2"), "NVB 329600");
  EXPECT_EQ(told(spec, "gpu1", "mlx5_0"), "PXB 96000");
  EXPECT_EQ(told(spec, "gpu2", "mlx5_0"), "PXN 96000") << "by way of gpu0 or gpu1";
  const MachineGraph graph(spec);
  const PathTable table(graph, When::at_best);
  const size_t gpu = end_of(graph, spec, "gpu2"), nic = end_of(graph, spec, "mlx5_0");
  EXPECT_EQ(table.direct(gpu, nic).cls, PathClass::sys);
  EXPECT_EQ(table.at(nic, gpu).cls, PathClass::sys) << "what arrives is received locally";
  EXPECT_TRUE(is_direct_rdma(PathClass::pxb));
  EXPECT_FALSE(is_direct_rdma(PathClass::phb));
}

TEST(Paths, a_link_that_both_ends_tell_counts_once) {
  auto spec = profile(with_links("gpu0", "{to: gpu1, kind: nvlink, count: 4}"));
  spec.devices[1].model = "NVIDIA H100";
  spec.devices[1].links.push_back({"gpu0", api::LinkKind::nvlink, 4, {}});
  spec.devices[1].links.push_back({"gpu1", api::LinkKind::nvlink, 4, {}});  // to itself
  EXPECT_EQ(told(spec, "gpu0", "gpu1"), "NVL 659200");
}

TEST(Paths, gpus_behind_switches_are_nvl_and_use_all_of_them) {
  auto spec = profile(server);
  for (const char* id : {"nvswitch0", "nvswitch1"}) {
    api::Device& device = spec.devices.emplace_back();
    device.id = id;
    device.cls = api::DeviceClass::nvswitch;
    for (const char* gpu : {"gpu0", "gpu2"})
      device.links.push_back(
          {gpu, api::LinkKind::nvlink, 3, *Quantity::parse("75GBps", Dimension::bandwidth)});
  }
  EXPECT_EQ(told(spec, "gpu0", "gpu2"), "NVL 960000") << "2 × 3 × 20 GB/s";
  EXPECT_EQ(told(spec, "gpu0", "nvswitch1"), "NVL 960000");
}

TEST(Paths, between_switches_that_no_link_joins_the_way_is_unknown) {
  std::string yaml =
      "  numa: [{id: 0, cpus: 0-3}, {id: 1, cpus: 4-7}]\n"
      "  pci:\n";
  for (int i = 0; i < 4; ++i)
    yaml += "    - {address: \"0000:0" + std::to_string(i) + ":00.0\", parent: \"pci0000:0" +
            std::to_string(i) + "\", numa: " + std::to_string(i / 2) +
            ", linkSpeed: 8GT/s, linkWidth: 16}\n";
  yaml += "  devices:\n";
  for (int i = 0; i < 4; ++i)
    yaml += "    - {id: gpu" + std::to_string(i) + ", class: gpu, address: \"0000:0" +
            std::to_string(i) + ":00.0\", links: [{to: s" + std::to_string(i / 2) +
            ", kind: nvlink, count: 6}]}\n";
  const auto apart =
      profile(yaml + "    - {id: s0, class: nvswitch}\n    - {id: s1, class: nvswitch}\n");
  EXPECT_EQ(told(apart, "gpu0", "gpu1").substr(0, 3), "NVL");
  EXPECT_EQ(told(apart, "gpu0", "gpu2"), "? -") << "not the way over the processors";
  EXPECT_EQ(told(apart, "gpu0", "numa1").substr(0, 3), "SYS");
  const auto joined = profile(yaml +
                              "    - {id: s0, class: nvswitch, links: [{to: s1, kind: nvlink}]}\n"
                              "    - {id: s1, class: nvswitch}\n");
  EXPECT_EQ(told(joined, "gpu0", "gpu2").substr(0, 3), "NVL");
}

TEST(Paths, xgmi_counts_as_nvl) {
  const auto spec = profile(R"(
  numa: [{id: 0, cpus: 0-3}, {id: 1, cpus: 4-7}]
  devices:
    - {id: a, class: gpu, model: AMD gfx942, numa: 0, links: [{to: b, kind: xgmi}]}
    - {id: b, class: gpu, model: AMD gfx942, numa: 1, links: [{to: c, kind: xgmi}]}
    - {id: c, class: gpu, model: AMD gfx942, numa: 1}
)");
  EXPECT_EQ(told(spec, "a", "b"), "NVL 384000");
  EXPECT_EQ(told(spec, "a", "c"), "NVB 384000");
}

// One half of a GB200 node: the GPU on its processor by C2C, NICs on both.
TEST(Paths, a_nic_is_reached_over_c2c_and_the_pci_of_its_processor) {
  const auto spec = profile(R"(
  architecture: aarch64
  numa:
    - {id: 0, package: 0, cpus: 0-71}
    - {id: 1, package: 1, cpus: 72-143}
    - {id: 2, class: gpu-memory, device: gpu0}
  pci:
    - {address: "0008:01:00.0", parent: "pci0008:00", numa: 0, linkSpeed: 32GT/s, linkWidth: 1}
    - {address: "0000:01:00.0", parent: "pci0000:00", numa: 0, linkSpeed: 32GT/s, linkWidth: 16}
    - {address: "0010:01:00.0", parent: "pci0010:00", numa: 1, linkSpeed: 32GT/s, linkWidth: 16}
  devices:
    - {id: gpu0, class: gpu, address: "0008:01:00.0",
       links: [{to: package0, kind: c2c, bandwidth: 450GBps}]}
    - {id: near, class: rdma-nic, address: "0000:01:00.0"}
    - {id: far, class: rdma-nic, address: "0010:01:00.0"}
)");
  EXPECT_EQ(told(spec, "gpu0", "numa0"), "C2C 3600000");
  EXPECT_EQ(told(spec, "gpu0", "near"), "P2C 384000");
  EXPECT_EQ(told(spec, "near", "gpu0"), "P2C 384000");
  EXPECT_EQ(told(spec, "gpu0", "far"), "SYS 48000") << "6 GB/s between Arm processors";
  EXPECT_EQ(told(spec, "gpu0", "numa2"), "LOC -") << "its own memory";
  const MachineGraph graph(spec);
  std::string way;
  for (const Hop& hop : route(graph, 0, 1, When::at_best))
    way += std::string(edge_kind_name(graph.graph().edges()[hop.edge].kind)) + " " +
           graph.graph().vertices()[hop.vertex].name + " ";
  EXPECT_EQ(way, "c2c numa0 internal pci0000:00 pci 0000:01:00.0 ");
}

TEST(Paths, gpu_to_gpu_through_an_intel_root_complex_costs_a_sixth) {
  auto spec = profile(R"(
  packages: [{id: 0, model: Intel(R) Xeon(R) Platinum 8480+}]
  numa: [{id: 0, cpus: 0-3}]
  pci:
    - {address: "0000:01:00.0", parent: "pci0000:00", linkSpeed: 8GT/s, linkWidth: 16}
    - {address: "0000:02:00.0", parent: "pci0000:00", linkSpeed: 8GT/s, linkWidth: 16}
  devices:
    - {id: a, class: gpu, address: "0000:01:00.0"}
    - {id: b, class: gpu, address: "0000:02:00.0"}
)");
  EXPECT_EQ(told(spec, "a", "b"), "PHB 80000");
  spec.devices[1].cls = api::DeviceClass::nic;
  EXPECT_EQ(told(spec, "a", "b"), "PHB 96000");
}

TEST(Paths, a_link_that_carries_more_than_small_packets_through_an_intel_processor_is_taken) {
  auto spec = profile(R"(
  packages: [{id: 0, model: Intel(R) Xeon(R) Platinum 8480C}]
  numa: [{id: 0, cpus: 0-3}]
  pci:
    - {address: "0000:01:00.0", parent: "pci0000:00", linkSpeed: 32GT/s, linkWidth: 16}
    - {address: "0000:02:00.0", parent: "pci0000:00", linkSpeed: 32GT/s, linkWidth: 16}
  devices:
    - {id: a, class: gpu, model: NVIDIA H100, address: "0000:01:00.0", links: [{to: b, kind: nvlink, count: 2}]}
    - {id: b, class: gpu, model: NVIDIA H100, address: "0000:02:00.0", links: [{to: a, kind: nvlink, count: 2}]}
)");
  EXPECT_EQ(told(spec, "a", "b"), "NVL 329600") << "384000 of PCIe less a sixth is 320000";
  const auto hops = route(MachineGraph(spec), 0, 1, When::at_best);
  ASSERT_EQ(hops.size(), 1u);
  EXPECT_EQ(MachineGraph(spec).graph().edges()[hops[0].edge].kind, EdgeKind::nvlink);
  spec.devices[0].links[0].count = spec.devices[1].links[0].count = 1;
  EXPECT_EQ(told(spec, "a", "b"), "PHB 320000");
  EXPECT_EQ(route(MachineGraph(spec), 0, 1, When::at_best).size(), 2u);
}

TEST(Paths, rates_are_those_of_the_standards_and_of_nccl) {
  EXPECT_EQ(pci_rate(8'000, 16).usable, 96'000);
  EXPECT_EQ(pci_rate(8'000, 16).raw, 126'030);
  EXPECT_EQ(pci_rate(32'000, 16).usable, 384'000);
  EXPECT_EQ(pci_rate(8'000, 0), Rate{});
  EXPECT_EQ(parse_transfer_rate("16.0 GT/s PCIe"), 16'000);
  EXPECT_EQ(parse_transfer_rate("2.5GT/s"), 2'500);
  EXPECT_EQ(parse_transfer_rate("Unknown"), -1);
  EXPECT_EQ(nvlink_rate("NVIDIA A100-SXM4-80GB", 12, -1).usable, 1'920'000);
  EXPECT_EQ(nvlink_rate("NVIDIA GB200", 18, -1).usable, 5'774'400);
  EXPECT_EQ(nvlink_rate("NVIDIA sm70", 1, -1).usable, 160'000);
  EXPECT_EQ(nvlink_rate("", 2, 400'000).usable, 320'000);
  EXPECT_EQ(nvlink_rate("", 2, -1).usable, -1);
  EXPECT_EQ(xgmi_rate("AMD gfx908", 1, -1).usable, 192'000);
  const auto between = [](std::string_view model) {
    return processor_rate("x86_64", {{0, std::string(model)}}).usable;
  };
  EXPECT_EQ(between("Intel(R) Xeon(R) CPU E5-2698 v4 @ 2.20GHz"), 48'000);
  EXPECT_EQ(between("Intel(R) Xeon(R) Platinum 8168 CPU @ 2.70GHz"), 80'000);
  EXPECT_EQ(between("Intel(R) Xeon(R) Platinum 8480C"), 176'000);
  EXPECT_EQ(between("AMD EPYC 9654"), 128'000);
  EXPECT_EQ(between(""), -1);
}

// ---- now

TEST(Paths, a_machine_that_deviates_has_an_overlay_of_its_own) {
  const auto spec = profile(with_links("gpu0", "{to: gpu1, kind: nvlink, count: 4}"));
  const MachineGraph graph(spec);
  const PathTable table(graph, When::at_best);
  api::NodeStatus status;
  EXPECT_EQ(machine_now(status), nullptr);
  status.devices.resize(3);
  status.devices[0].id = "gpu0";
  status.devices[0].link_speed = "2.5GT/s";  // it rests
  status.devices[0].link_width = 16;
  status.devices[1].id = "mlx5_0";
  status.devices[1].link_speed = "16GT/s";
  status.devices[1].link_width = 8;
  EXPECT_EQ(PathOverlay::make(graph, table, *machine_now(status)), nullptr) << "as at best";

  status.devices[1].link_width = 4;
  auto overlay = PathOverlay::make(graph, table, *machine_now(status));
  ASSERT_NE(overlay, nullptr);
  EXPECT_EQ(overlay->at(table, 0, 3).usable_mbps, 48'000);
  EXPECT_EQ(table.at(0, 3).usable_mbps, 96'000);
  EXPECT_EQ(overlay->at(table, 0, 1), table.at(0, 1));

  // Two of four NVLinks left, told by one end; then one, which carries less than PCI; then none.
  status.devices[0].links.push_back({"gpu1", api::LinkKind::nvlink, 2, {}});
  overlay = PathOverlay::make(graph, table, *machine_now(status));
  EXPECT_EQ(overlay->at(table, 0, 1).usable_mbps, 329'600);
  status.devices[0].links[0].up = 1;
  overlay = PathOverlay::make(graph, table, *machine_now(status));
  EXPECT_EQ(overlay->at(table, 0, 1).cls, PathClass::pxb) << "most bandwidth first";
  EXPECT_EQ(overlay->scale_up_mbps(0), 164'800);
  status.devices[0].links[0].up = 0;
  status.devices[2].id = "gpu1";
  status.devices[2].links.push_back({"gpu0", api::LinkKind::nvlink, 0, {}});
  overlay = PathOverlay::make(graph, table, *machine_now(status));
  EXPECT_EQ(overlay->at(table, 0, 1).cls, PathClass::pxb) << "off NVLink";
  EXPECT_EQ(overlay->scale_up_mbps(0), 0);
}

TEST(Paths, a_degraded_link_of_the_tree_slows_all_that_goes_over_it) {
  const auto spec = profile(server);
  const MachineGraph graph(spec);
  const PathTable table(graph, When::at_best);
  api::NodeStatus status;
  status.degraded_links.push_back({"0000:01:00.0", "x16 16GT/s", "x8 16GT/s", "the upper port"});
  status.degraded_links.push_back({"eth0", "400Gbps", "200Gbps", "no link of the tree"});
  const auto overlay = PathOverlay::make(graph, table, *machine_now(status));
  ASSERT_NE(overlay, nullptr);
  EXPECT_EQ(overlay->at(table, 0, 4).usable_mbps, 96'000);
  EXPECT_EQ(overlay->at(table, 0, 1).usable_mbps, 192'000) << "below the port";
}

TEST(Paths, are_trusted_as_far_as_the_least_firm_link) {
  const auto spec = profile(with_links("gpu0", "{to: gpu1, kind: nvlink, count: 4}"));
  MachineGraph graph(spec);
  const auto pci = route(graph, 0, 3, When::at_best), nvlink = route(graph, 0, 1, When::at_best);
  EXPECT_EQ(confidence_of(graph, pci), api::Confidence::unknown);
  graph.attribute({{"pci", "sysfs", api::Confidence::sysfs, {}},
                   {"pci[0000:04:00.0].linkSpeed", "redfish", api::Confidence::bmc, {}},
                   {"devices[gpu0]", "nvml", api::Confidence::vendor_library, {}}});
  EXPECT_EQ(confidence_of(graph, pci), api::Confidence::bmc);
  EXPECT_EQ(confidence_of(graph, nvlink), api::Confidence::vendor_library);
  EXPECT_EQ(graph.graph().sources()[graph.graph().edges()[nvlink[0].edge].source], "nvml");
}

// ---- against brute force

api::HardwareProfileSpec random_profile(Random& random) {
  api::HardwareProfileSpec spec;
  spec.packages = {{0, random.percent(50) ? "AMD EPYC" : ""}};
  const int64_t places = random.in(1, 3);
  for (int64_t n = 0; n < places; ++n) {
    api::NumaNode& numa = spec.numa.emplace_back();
    numa.id = n;
    numa.package = n / 2;
    numa.cpus = std::to_string(n);
  }
  const char* speeds[] = {"", "8GT/s", "16GT/s"};
  std::vector<std::string> above;
  const bool has_roots = random.percent(50);
  for (int64_t i = 0, n = random.in(2, 11); i < n; ++i) {
    api::PciFunction& f = spec.pci.emplace_back();
    f.address = "f" + std::to_string(i);
    f.numa = random.in(-1, places - 1);
    f.link_speed = speeds[random.in(0, 2)];
    f.link_width = 8 * random.in(0, 2);
    const bool is_top = above.empty() || random.percent(30);
    f.parent =
        !is_top ? above[static_cast<size_t>(random.in(0, static_cast<int64_t>(above.size()) - 1))]
        : has_roots ? "pci" + std::to_string(random.in(0, 2))
                    : "";
    if (random.percent(60)) {
      above.push_back(f.address);
    } else {
      api::Device& device = spec.devices.emplace_back();
      device.id = "d" + std::to_string(spec.devices.size());
      device.address = f.address;
      device.cls = random.percent(70) ? api::DeviceClass::gpu : api::DeviceClass::nic;
      device.model = random.percent(50) ? "NVIDIA A100" : "";
    }
  }
  if (random.percent(30)) {
    spec.devices.emplace_back().id = "s";
    spec.devices.back().cls = api::DeviceClass::nvswitch;
  }
  for (api::Device& device : spec.devices)
    for (const api::Device& other : spec.devices)
      if (device.cls == api::DeviceClass::gpu && other.cls != api::DeviceClass::nic &&
          random.percent(30))
        device.links.push_back({other.id, api::LinkKind::nvlink, random.in(1, 3), {}});
  return spec;
}

// Every way from one vertex to another that the rules allow, step by step.
struct Brute {
  const MachineGraph& machine;
  uint32_t start, goal;
  std::vector<bool> seen;
  bool is_found = false;
  std::tuple<int64_t, int, PathClass> best;  // minus bandwidth, hops, class

  static bool is_nvl(EdgeKind kind) { return kind == EdgeKind::nvlink || kind == EdgeKind::xgmi; }

  static PathClass worst(const Graph& g, const std::vector<uint32_t>& vertices,
                         const std::vector<uint32_t>& edges) {
    PathClass cls = PathClass::loc;
    std::vector<std::string> bridges;
    const auto at_least = [&](PathClass c) { cls = std::max(cls, c); };
    for (size_t i = 0; i < edges.size(); ++i) {
      const Vertex &a = g.vertices()[vertices[i]], &b = g.vertices()[vertices[i + 1]];
      const EdgeKind kind = g.edges()[edges[i]].kind;
      if (is_nvl(kind)) at_least(PathClass::nvl);
      if (is_nvl(kind) && i > 0 && a.kind == VertexKind::device) at_least(PathClass::nvb);
      if (kind == EdgeKind::pci) at_least(PathClass::pix);
      if (a.kind == VertexKind::pci_switch && b.kind == VertexKind::pci_switch)
        at_least(PathClass::pxb);
      if (kind == EdgeKind::smp) at_least(PathClass::sys);
      if (kind == EdgeKind::somewhere) at_least(PathClass::unknown);
    }
    for (const uint32_t v : vertices)
      if (g.vertices()[v].kind == VertexKind::host_bridge) bridges.push_back(g.vertices()[v].name);
    if (!bridges.empty()) at_least(PathClass::phb);
    if (bridges.size() > 1) at_least(PathClass::node);
    return cls;
  }

  void walk(std::vector<uint32_t>& vertices, std::vector<uint32_t>& edges, int64_t width) {
    const Graph& g = machine.graph();
    const uint32_t at = vertices.back();
    if (at == goal) {
      int hops = 0;
      for (const uint32_t e : edges) hops += g.edges()[e].kind == EdgeKind::internal ? 0 : 1;
      const std::tuple way{-width, hops, worst(g, vertices, edges)};
      if (!is_found || way < best) best = way;
      is_found = true;
      return;
    }
    for (const uint32_t e : g.edges_of(at)) {
      const Edge& edge = g.edges()[e];
      const uint32_t next = Graph::other_end(edge, at);
      if (seen[next]) continue;
      if (at != start && g.vertices()[at].kind == VertexKind::device) {
        const bool is_peer = edges.size() == 1 && is_nvl(g.edges()[edges[0]].kind) &&
                             g.vertices()[start].kind == VertexKind::device && is_nvl(edge.kind) &&
                             g.vertices()[next].kind == VertexKind::device && next == goal;
        if (!is_peer) continue;
      }
      seen[next] = true;
      vertices.push_back(next);
      edges.push_back(e);
      const int64_t rate =
          edge.max.usable >= 0 ? edge.max.usable : assumed_rate(edge.kind, edge.count);
      walk(vertices, edges, std::min(width, rate));
      seen[next] = false;
      vertices.pop_back();
      edges.pop_back();
    }
  }
};

TEST(Routes, of_all_pairs_are_those_of_each_alone) {
  const auto edges = [](const std::vector<Hop>& hops) {
    std::vector<uint32_t> out;
    for (const Hop& hop : hops) out.push_back(hop.edge);
    return out;
  };
  size_t turns = 0;
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    Random random(seed);
    const auto spec = random_profile(random);
    const MachineGraph graph(spec);
    const PathTable table(graph, When::at_best);
    Routes routes(graph, When::at_best);
    for (size_t a = 0; a < graph.ends(); ++a)
      for (size_t b = 0; b < graph.ends(); ++b) {
        const auto together = edges(routes.between(a, b));
        ASSERT_EQ(together, edges(route(graph, a, b, When::at_best)))
            << seed << " " << a << " " << b;
        if (table.at(a, b).cls == PathClass::pxn) ++turns;
      }
  }
  EXPECT_GT(turns, 0u);
}

TEST(Paths, are_those_of_a_search_through_every_way) {
  size_t pairs = 0;
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    Random random(seed);
    const auto spec = random_profile(random);
    const MachineGraph graph(spec);
    const PathTable table(graph, When::at_best);
    Routes routes(graph, When::at_best);
    for (size_t a = 0; a < graph.ends(); ++a) {
      for (size_t b = 0; b < graph.ends(); ++b) {
        if (graph.vertex(a) == graph.vertex(b)) continue;
        Brute brute{graph, graph.vertex(a), graph.vertex(b), {}, false, {}};
        brute.seen.assign(graph.graph().vertices().size(), false);
        brute.seen[brute.start] = true;
        std::vector<uint32_t> vertices{brute.start}, edges;
        brute.walk(vertices, edges, INT64_MAX);
        const Path& path = table.direct(a, b);
        ASSERT_EQ(brute.is_found, path.cls != PathClass::dis) << "seed " << seed;
        if (!brute.is_found) continue;
        ++pairs;
        const auto [width, hops, cls] = brute.best;
        ASSERT_EQ(path_word(path.cls), path_word(cls)) << "seed " << seed << " " << a << " " << b;
        ASSERT_EQ(path.hops, hops) << "seed " << seed << " " << a << " " << b;
        const int64_t usable = path.usable_mbps;
        ASSERT_TRUE(usable < 0 || usable == -width) << "seed " << seed << " " << usable;
        size_t steps = 0;
        uint32_t at = graph.vertex(a);
        if (table.at(a, b) == path) {
          for (const Hop& hop : routes.between(a, b)) {
            ASSERT_EQ(Graph::other_end(graph.graph().edges()[hop.edge], at), hop.vertex);
            at = hop.vertex;
            steps += graph.graph().edges()[hop.edge].kind == EdgeKind::internal ? 0 : 1;
          }
          ASSERT_EQ(at, graph.vertex(b));
          ASSERT_EQ(steps, path.hops);
        }
      }
    }
  }
  EXPECT_GT(pairs, 5'000u);
}

}  // namespace
}  // namespace freehold::fleet
