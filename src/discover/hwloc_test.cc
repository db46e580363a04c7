// Discovery below a prefix against hwloc's own program on the same tree: packages, cores, memory
// nodes with their CPUs, sizes and distances, PCI functions with their place, on every tree of
// hwloc's test suite (https://github.com/open-mpi/hwloc). Where they differ, the list below says
// why.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <map>
#include <optional>
#include <pugixml.hpp>
#include <set>

#include "base/strings.h"
#include "discover/machine.h"
#include "discover/parse.h"
#include "discover/scan.h"
#include "discover/testing/tree.h"

namespace freehold::discover {
namespace {

namespace fs = std::filesystem;
using discover::testing::test_data;
using discover::testing::Tree;
using discover::testing::unpack;

constexpr const char* tarballs = "topologies/hwloc/linux-sysfs-tarballs";

// ---- what is known to differ, and why ours stands

struct Difference {
  std::string_view tree, what, why;
};
constexpr Difference justified[] = {
    {"2pa-pcidomain32bits", "PCI functions",
     "hwloc passes over domains of more than 16 bits unless it is built for them"},
    {"2pa-pcidomain32bits", "PCI locality",
     "local_cpus and local_cpulist contradict each other there, numa_node says -1; hwloc takes the "
     "first of them, to us it is unknown"},
    {"32intel64-2p8co2t+8ve", "PCI parents",
     "/sys/bus/pci/devices lacks a bridge that the path of two functions names"},
};

bool differs(std::string_view tree, std::string_view what) {
  return std::any_of(std::begin(justified), std::end(justified),
                     [&](const Difference& one) { return one.tree == tree && one.what == what; });
}

// ---- what hwloc says

using Cpus = std::vector<uint32_t>;

struct Node {
  Cpus cpus;
  int64_t bytes = 0;
};
struct Function {
  std::string class_code, ids;
  std::string parent;  // address of the bridge above; empty: a host bridge
  Cpus cpus;           // that it is near to
  Cpus nodes;
  bool is_bridge = false;
};
struct Hwloc {
  Cpus cpus;
  size_t packages = 0;
  std::set<std::string> cores;
  std::map<int64_t, Node> nodes;
  std::vector<int64_t> order;  // of the matrix
  std::vector<int64_t> distances;
  std::map<std::string, Function> functions;
};

// "0x0000ffff,0x00000003"; an empty word is zero.
Cpus bits_of(std::string text) {
  std::string plain;
  for (const std::string_view word : split(text, ','))
    plain += (plain.empty() ? "" : ",") + std::string(word.starts_with("0x") ? word.substr(2)
                                                      : word.empty()         ? "0"
                                                                             : word);
  return parse_cpu_mask(plain).value_or(Cpus{});
}

struct Place {
  Cpus cpus, nodes;
  std::string bridge;
};

void walk(const pugi::xml_node& object, Place place, Hwloc& out) {
  const std::string type = object.attribute("type").as_string();
  const std::string address = object.attribute("pci_busid").as_string();
  const Cpus cpus = bits_of(object.attribute("cpuset").as_string());
  if (type == "Package") ++out.packages;
  if (type == "Core") out.cores.insert(format_cpu_list(cpus));
  if (type == "NUMANode")
    out.nodes[object.attribute("os_index").as_llong()] = {
        cpus, object.attribute("local_memory").as_llong()};
  if (object.attribute("cpuset")) {
    place.cpus = cpus;
    place.nodes = bits_of(object.attribute("nodeset").as_string());
  }
  if (type == "Bridge" || type == "PCIDev") {
    if (!address.empty()) {
      const std::string about = object.attribute("pci_type").as_string();
      out.functions[address] = {about.substr(0, 4), about.substr(6, 9), place.bridge,
                                place.cpus,         place.nodes,        type == "Bridge"};
    }
    place.bridge = address;
  }
  for (const auto& child : object.children("object")) walk(child, place, out);
}

std::vector<int64_t> numbers_in(const pugi::xml_node& parent, const char* name) {
  std::vector<int64_t> out;
  for (const auto& child : parent.children(name))
    for (const std::string_view word : split(child.text().as_string(), ' '))
      if (const auto number = parse_int(trim(word))) out.push_back(*number);
  return out;
}

Hwloc ask_hwloc(const std::string& root) {
  // GPU memory nodes are hidden unless they are asked for.
  const std::string command =
      "HWLOC_FSROOT='" + root +
      "' HWLOC_COMPONENTS=linux,-all HWLOC_THISSYSTEM=0 HWLOC_HIDE_ERRORS=2 "
      "HWLOC_KEEP_NVIDIA_GPU_NUMA_NODES=1 hwloc-ls --disallowed --whole-io --of xml 2>/dev/null";
  std::string text;
  if (FILE* pipe = ::popen(command.c_str(), "r")) {
    char buffer[65536];
    for (size_t n = 0; (n = std::fread(buffer, 1, sizeof(buffer), pipe)) > 0;)
      text.append(buffer, n);
    ::pclose(pipe);
  }
  pugi::xml_document document;
  Hwloc out;
  if (!document.load_string(text.c_str())) return out;
  const auto topology = document.child("topology");
  const auto machine = topology.child("object");
  out.cpus = bits_of(machine.attribute("cpuset").as_string());
  walk(machine, {}, out);
  for (const auto& matrix : topology.children("distances2")) {
    if (std::string_view(matrix.attribute("type").as_string()) != "NUMANode") continue;
    out.order = numbers_in(matrix, "indexes");
    out.distances = numbers_in(matrix, "u64values");
  }
  return out;
}

// ---- the comparison

void compare_processors(const Machine& machine, const Hwloc& hwloc) {
  EXPECT_EQ(machine.online_cpus, format_cpu_list(hwloc.cpus));
  EXPECT_EQ(machine.profile.packages.size(), hwloc.packages);
  std::set<std::string> cores = hwloc.cores;
  if (cores.empty())  // a kernel that does not tell them apart
    for (const uint32_t cpu : hwloc.cpus) cores.insert(std::to_string(cpu));
  EXPECT_EQ(std::set(machine.profile.cores.begin(), machine.profile.cores.end()), cores);
}

// Whether the kernel's mask of a node's CPUs has a bit set, read without any of our readers;
// nothing where the kernel knows no nodes.
std::optional<bool> has_cpus(const Root& root, int64_t node) {
  const auto mask =
      root.read_file("/sys/devices/system/node/node" + std::to_string(node) + "/cpumap");
  if (!mask.ok()) return std::nullopt;
  return mask->find_first_of("123456789abcdef") != std::string::npos;
}

void compare_memory(const Root& root, const Machine& machine, const Hwloc& hwloc) {
  std::map<int64_t, const api::NumaNode*> own;
  for (const auto& node : machine.profile.numa) own[node.id] = &node;
  std::set<int64_t> ours, theirs;
  for (const auto& [id, node] : own) ours.insert(id);
  for (const auto& [id, node] : hwloc.nodes) theirs.insert(id);
  EXPECT_EQ(ours, theirs);
  for (const auto& [id, node] : hwloc.nodes) {
    if (!own.contains(id)) continue;
    SCOPED_TRACE("memory node " + std::to_string(id));
    // hwloc gives a node without CPUs those of the place where it hangs.
    if (const auto told = has_cpus(root, id)) {
      EXPECT_EQ(!own[id]->cpus.empty(), *told);
    }
    if (!own[id]->cpus.empty()) {
      EXPECT_EQ(own[id]->cpus, format_cpu_list(node.cpus));
    }
    for (const auto& share : machine.memory) {
      if (share.node == id) {
        EXPECT_EQ(share.bytes, node.bytes);
      }
    }
  }
  for (size_t i = 0; i < hwloc.order.size(); ++i)
    for (size_t j = 0; j < hwloc.order.size(); ++j) {
      const auto* from = own[hwloc.order[i]];
      ASSERT_NE(from, nullptr);
      const auto to = std::find_if(machine.profile.numa.begin(), machine.profile.numa.end(),
                                   [&](const auto& node) { return node.id == hwloc.order[j]; });
      ASSERT_NE(to, machine.profile.numa.end());
      const auto column = static_cast<size_t>(to - machine.profile.numa.begin());
      ASSERT_LT(column, from->distances.size());
      EXPECT_EQ(from->distances[column], hwloc.distances[i * hwloc.order.size() + j])
          << hwloc.order[i] << " to " << hwloc.order[j];
    }
  for (const auto& node : machine.profile.numa) {
    if (hwloc.order.empty()) {
      EXPECT_LE(node.distances.size(), 1u);
    }
  }
}

void compare_pci(std::string_view tree, const Scan& scan, const Hwloc& hwloc) {
  std::map<int64_t, Cpus> near;
  for (const auto& node : scan.machine.profile.numa)
    near[node.id] = parse_cpu_list(node.cpus).value_or(Cpus{});
  std::set<std::string> ours, theirs;
  for (const auto& record : scan.pci) ours.insert(record.function.address);
  for (const auto& [address, function] : hwloc.functions) theirs.insert(address);
  if (!differs(tree, "PCI functions")) {
    EXPECT_EQ(ours, theirs);
  }
  for (const auto& record : scan.pci) {
    const auto& own = record.function;
    const auto found = hwloc.functions.find(own.address);
    if (found == hwloc.functions.end()) continue;
    SCOPED_TRACE(own.address);
    const Function& other = found->second;
    EXPECT_EQ(own.class_code, other.class_code);
    // What cannot be read is unknown here and zero there.
    EXPECT_EQ(own.vendor.empty() ? "0000:0000" : own.vendor + ":" + own.device, other.ids);
    if (!differs(tree, "PCI parents")) {
      EXPECT_EQ(is_pci_root(own.parent) ? "" : own.parent, other.parent);
    }
    if (differs(tree, "PCI locality")) continue;
    // Unknown here is the whole machine there.
    EXPECT_EQ(format_cpu_list(own.numa < 0 ? hwloc.cpus : near[own.numa]),
              format_cpu_list(other.cpus))
        << "node " << own.numa;
  }
}

TEST(HwlocTrees, AgreeOnEveryTree) {
  const auto folder = test_data(tarballs);
  if (!folder) GTEST_SKIP() << "no data folder; set FREEHOLD_TEST_DATA";
  if (std::system("hwloc-ls --version >/dev/null 2>&1") != 0)
    GTEST_SKIP() << "no hwloc-ls; install hwloc-nox";
  size_t compared = 0;
  for (const auto& entry : fs::directory_iterator(*folder)) {
    const std::string file = entry.path().filename().string();
    if (!file.ends_with(".tar.bz2")) continue;
    const std::string name = file.substr(0, file.size() - 8);
    SCOPED_TRACE(name);
    const Tree tree;
    ASSERT_TRUE(unpack(entry.path().string(), tree.path()));
    const std::string path = fs::directory_iterator(tree.path())->path().string();
    const Hwloc hwloc = ask_hwloc(path);
    ASSERT_FALSE(hwloc.cpus.empty());
    const Root root(path);
    Machine machine;
    Scan scan{root, machine};
    ASSERT_TRUE(run(scan).ok());
    compare_processors(machine, hwloc);
    compare_memory(root, machine, hwloc);
    compare_pci(name, scan, hwloc);
    ++compared;
  }
  EXPECT_EQ(compared, 20u);
}

}  // namespace
}  // namespace freehold::discover
