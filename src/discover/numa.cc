// Memory nodes, with those that have no CPUs and those that are a device's memory, and what the
// firmware says of their speed (HMAT; admin-guide/mm/numaperf.rst of the kernel's documentation).
#include <algorithm>
#include <map>

#include "base/strings.h"
#include "discover/parse.h"
#include "discover/scan.h"
#include "discover/words.h"

namespace freehold::discover {

namespace {

constexpr std::string_view node_folder = "/sys/devices/system/node";

std::vector<int64_t> node_numbers(const Scan& scan) {
  std::vector<int64_t> out;
  for (const std::string& name : scan.names(node_folder)) {
    if (!name.starts_with("node")) continue;
    const auto number = parse_uint(std::string_view(name).substr(4));
    if (number && *number <= 65'535 && out.size() < limits::numa_nodes)
      out.push_back(static_cast<int64_t>(*number));
  }
  std::sort(out.begin(), out.end());
  return out;
}

// From the file with a list, or else from that with a mask, which old kernels have alone. Some
// kernels (5.15-rc1) write the NUL at the end, too.
std::vector<uint32_t> cpus_of(Scan& scan, const std::string& folder,
                              const std::vector<uint32_t>& online, std::string_view list_name,
                              std::string_view mask_name) {
  const auto text_of = [&](std::string_view name) -> std::optional<std::string> {
    const auto text = scan.root.read_file(folder + "/" + std::string(name));
    if (!text.ok()) return std::nullopt;
    return text->substr(0, text->find('\0'));
  };
  std::optional<std::vector<uint32_t>> found;
  const auto list = text_of(list_name);
  if (list) found = parse_cpu_list(trim(*list));
  const auto mask = found ? std::nullopt : text_of(mask_name);
  if (mask) found = parse_cpu_mask(*mask);
  if (!found && (list || mask))
    scan.note(folder + ": its CPUs cannot be read and are not known: \"" +
              clean_text(list ? *list : *mask, 64) + "\"");
  std::vector<uint32_t> out;
  if (found)
    std::set_intersection(found->begin(), found->end(), online.begin(), online.end(),
                          std::back_inserter(out));
  return out;
}

// Megabytes per second and nanoseconds; 0 is what the kernel writes where the firmware is silent.
Quantity bandwidth_of(const Scan& scan, const std::string& path) {
  const int64_t megabytes = scan.number(path).value_or(0);
  if (megabytes <= 0 || megabytes > 100'000'000) return {};
  return Quantity::of(megabytes * 8'000'000, Dimension::bandwidth);
}
Quantity latency_of(const Scan& scan, const std::string& path) {
  const int64_t nanoseconds = scan.number(path).value_or(0);
  if (nanoseconds <= 0 || nanoseconds > 1'000'000'000) return {};
  return Quantity::of(nanoseconds, Dimension::duration);
}

// Of the nearest CPUs, which is access class 1; early kernels have class 0 alone, the nearest
// initiators of any kind.
void read_hmat(const Scan& scan, const std::string& folder, api::NumaNode& node) {
  std::string at = folder + "/access1/initiators";
  if (!scan.root.exists(at)) at = folder + "/access0/initiators";
  node.read_bandwidth = bandwidth_of(scan, at + "/read_bandwidth");
  node.write_bandwidth = bandwidth_of(scan, at + "/write_bandwidth");
  node.read_latency = latency_of(scan, at + "/read_latency");
  node.write_latency = latency_of(scan, at + "/write_latency");
}

// The device whose memory it is, and whether that device computes.
std::pair<std::string, bool> owner_of(const Scan& scan, int64_t node) {
  const auto found = scan.device_of_memory.find(node);
  if (found == scan.device_of_memory.end()) return {};
  const auto at = scan.device_named(found->second);
  if (!at) return {};
  return {found->second, scan.machine.profile.devices[*at].cls == api::DeviceClass::gpu};
}

int64_t meminfo_total(const Scan& scan, const std::string& path) {
  const auto text = scan.root.read_start(path);
  return text.ok() ? parse_meminfo(*text, "MemTotal").value_or(0) : 0;
}

// The package of all CPUs; -1 when they are of several.
int64_t package_of(const Scan& scan, const std::vector<uint32_t>& cpus) {
  int64_t package = -1;
  for (const uint32_t cpu : cpus) {
    const auto found = scan.package_of.find(cpu);
    const int64_t own = found == scan.package_of.end() ? -1 : found->second;
    if (cpu != cpus.front() && own != package) return -1;
    package = own;
  }
  return package;
}

// Machines without memory nodes have one.
void add_only_node(Scan& scan) {
  Machine& machine = scan.machine;
  const int64_t bytes = meminfo_total(scan, "/proc/meminfo");
  api::NumaNode node;
  node.cpus = machine.online_cpus;
  node.memory_bytes = bought_size(bytes);
  node.cls = numa_class(true, bytes > 0, false);
  if (machine.profile.packages.size() == 1) node.package = machine.profile.packages[0].id;
  machine.profile.numa.push_back(std::move(node));
  if (bytes > 0) machine.memory.push_back({0, bytes});
}

void check_distances(Scan& scan) {
  auto& nodes = scan.machine.profile.numa;
  for (api::NumaNode& node : nodes) {
    if (node.distances.empty() || node.distances.size() == nodes.size()) continue;
    scan.note("numa: node " + std::to_string(node.id) + " gives " +
              std::to_string(node.distances.size()) + " distances for " +
              std::to_string(nodes.size()) + " nodes; they are left out");
    node.distances.clear();
  }
}

// A guest whose hypervisor borrows memory shows less on the node than it may have; /proc/meminfo
// has the whole.
void trust_meminfo(Scan& scan) {
  Machine& machine = scan.machine;
  const auto has_memory = [](const api::NumaNode& node) { return node.memory_bytes > 0; };
  const auto& nodes = machine.profile.numa;
  if (machine.memory.size() != 1 || std::count_if(nodes.begin(), nodes.end(), has_memory) != 1)
    return;
  const int64_t bytes = meminfo_total(scan, "/proc/meminfo");
  if (bytes <= machine.memory[0].bytes) return;
  if (bytes / 8 > machine.memory[0].bytes / 7)
    scan.note("numa: the only memory node shows less memory than /proc/meminfo; the latter counts");
  machine.memory[0].bytes = bytes;
  for (api::NumaNode& node : machine.profile.numa)
    if (node.id == machine.memory[0].node) node.memory_bytes = bought_size(bytes);
}

}  // namespace

void scan_numa(Scan& scan) {
  Machine& machine = scan.machine;
  const auto online = parse_cpu_list(machine.online_cpus).value_or(std::vector<uint32_t>{});
  const auto allowed = read_cpuset(scan.root).nodes;
  for (const int64_t id : node_numbers(scan)) {
    const std::string folder = std::string(node_folder) + "/node" + std::to_string(id);
    const auto cpus = cpus_of(scan, folder, online, "cpulist", "cpumap");
    const int64_t bytes = meminfo_total(scan, folder + "/meminfo");
    api::NumaNode node;
    node.id = id;
    node.cpus = format_cpu_list(cpus);
    node.memory_bytes = bought_size(bytes);
    const auto [device, computes] = owner_of(scan, id);
    node.device = device;
    node.cls = numa_class(!cpus.empty(), bytes > 0, computes);
    read_hmat(scan, folder, node);
    node.package = package_of(scan, cpus);
    node.distances =
        parse_distances(scan.line(folder + "/distance")).value_or(std::vector<int64_t>{});
    const bool may =
        !allowed || std::binary_search(allowed->begin(), allowed->end(), static_cast<uint32_t>(id));
    if (bytes > 0 && may) machine.memory.push_back({id, bytes});
    machine.profile.numa.push_back(std::move(node));
  }
  if (machine.profile.numa.empty()) add_only_node(scan);
  trust_meminfo(scan);
  check_distances(scan);
  adopt_packages(machine.profile.numa);
}

void scan_locality(Scan& scan) {
  auto& profile = scan.machine.profile;
  if (profile.numa.size() < 2) return;
  std::map<std::string, int64_t> node_of;  // by CPUs; equal sets say nothing
  for (const api::NumaNode& node : profile.numa)
    if (!node.cpus.empty() && !node_of.try_emplace(node.cpus, node.id).second)
      node_of[node.cpus] = -1;
  const auto online = parse_cpu_list(scan.machine.online_cpus).value_or(std::vector<uint32_t>{});
  for (PciRecord& record : scan.pci) {
    if (record.function.numa >= 0) continue;
    const auto found = node_of.find(
        format_cpu_list(cpus_of(scan, record.directory, online, "local_cpulist", "local_cpus")));
    if (found == node_of.end() || found->second < 0) continue;
    record.function.numa = found->second;
    for (api::Device& device : profile.devices)
      if (device.address == record.function.address) device.numa = found->second;
  }
}

}  // namespace freehold::discover
