// The KFD's nodes by PCI address. Formats: drivers/gpu/drm/amd/amdkfd/kfd_topology.c and
// amdgpu_xgmi.c of Linux.
#include "discover/kfd.h"

#include <algorithm>

#include "base/strings.h"

namespace freehold::discover {

namespace {

constexpr std::string_view nodes_folder = "/sys/class/kfd/kfd/topology/nodes";
constexpr int64_t xgmi_link = 11;  // CRAT's io_link type; PCIe is 2
constexpr int64_t weight_of_a_hop = 15;

using Properties = std::map<std::string, std::string, std::less<>>;

Properties read_properties(const Scan& scan, const std::string& folder) {
  return parse_properties(scan.root.read_file(folder + "/properties").value_or(""));
}

int64_t number(const Properties& properties, std::string_view key, int64_t otherwise) {
  const auto found = properties.find(key);
  return found == properties.end() ? otherwise : parse_int(found->second).value_or(otherwise);
}

int64_t memory_of(const Scan& scan, const std::string& folder) {
  int64_t bytes = 0;
  for (const std::string& bank : scan.names(folder + "/mem_banks")) {
    const auto properties = read_properties(scan, folder + "/mem_banks/" + bank);
    // 1: visible to the CPU, 2: not; both are the GPU's own.
    const int64_t heap = number(properties, "heap_type", 0);
    const int64_t size = number(properties, "size_in_bytes", 0);
    if ((heap == 1 || heap == 2) && size > 0 && size < int64_t{1} << 48) bytes += size;
  }
  return bytes;
}

std::optional<PciParts> place_of(const Properties& properties) {
  const int64_t location = number(properties, "location_id", 0);
  const int64_t domain = number(properties, "domain", 0);
  if (location < 0 || location > 0xffff || domain < 0 || domain > 0xffffffff) return std::nullopt;
  PciParts parts;
  parts.domain = static_cast<uint32_t>(domain);
  parts.bus = static_cast<uint32_t>(location >> 8);
  parts.slot = static_cast<uint32_t>(location >> 3 & 31);
  parts.function = static_cast<uint32_t>(location & 7);
  return parts;
}

void read_links(const Scan& scan, const std::string& folder, const PciParts& own,
                const std::map<int64_t, PciParts>& places, KfdNode& node) {
  for (const std::string& name : scan.names(folder + "/io_links")) {
    const auto properties = read_properties(scan, folder + "/io_links/" + name);
    if (number(properties, "type", 0) != xgmi_link) continue;
    const auto other = places.find(number(properties, "node_to", -1));
    // Parts of one GPU are linked to each other, too.
    if (other == places.end() || other->second == own) continue;
    KfdLink link;
    const int64_t weight = std::max<int64_t>(1, number(properties, "weight", 0));
    link.hops = (weight - 1) / weight_of_a_hop + 1;
    link.megabytes_per_second =
        std::clamp<int64_t>(number(properties, "max_bandwidth", 0), 0, 100'000'000);
    const auto [at, is_new] = node.xgmi.try_emplace(other->second, link);
    if (is_new) continue;
    at->second.hops = std::min(at->second.hops, link.hops);
    at->second.megabytes_per_second =
        std::max(at->second.megabytes_per_second, link.megabytes_per_second);
  }
}

// How many links lead to each peer, where the driver says the same for all of them; it lists them
// in an order that it does not tell.
int64_t links_per_peer(const Scan& scan, const std::string& address) {
  const PciRecord* record = scan.find_pci(address);
  if (record == nullptr) return 1;
  int64_t count = 0;
  const std::string counts = scan.line(record->directory + "/xgmi_num_links");
  for (const std::string_view word : split(counts, ' ')) {
    const int64_t links = parse_hex_number(word);
    if (trim(word).empty() || links == 0) continue;
    if (links > 16 || (count != 0 && links != count)) return 1;
    count = links;
  }
  return std::max<int64_t>(count, 1);
}

std::string address_of(const Scan& scan, const PciParts& parts) {
  for (const PciRecord& record : scan.pci)
    if (parse_pci_address(record.function.address) == parts) return record.function.address;
  return "";
}

}  // namespace

std::map<PciParts, KfdNode> read_kfd(const Scan& scan) {
  std::map<PciParts, KfdNode> out;
  std::map<int64_t, PciParts> places;
  for (const std::string& name : scan.names(nodes_folder)) {
    const std::string folder = std::string(nodes_folder) + "/" + name;
    const auto properties = read_properties(scan, folder);
    const auto index = parse_int(name);
    const auto parts = place_of(properties);
    if (number(properties, "simd_count", 0) <= 0 || !index || !parts) continue;  // a CPU
    places.emplace(*index, *parts);
    // Partitions of one GPU are nodes of their own at one place; the whole is what is bought.
    KfdNode& at = out[*parts];
    const auto unique = properties.find("unique_id");
    if (at.unique_id.empty() && unique != properties.end() && unique->second != "0")
      at.unique_id = unique->second;
    at.memory_bytes += memory_of(scan, folder);
  }
  for (const auto& [index, parts] : places)
    read_links(scan, std::string(nodes_folder) + "/" + std::to_string(index), parts, places,
               out[parts]);
  return out;
}

void add_xgmi_links(Scan& scan, const std::map<PciParts, KfdNode>& nodes) {
  for (const auto& [parts, node] : nodes) {
    const auto own = scan.device_at(address_of(scan, parts));
    if (!own) continue;
    api::Device& device = scan.machine.profile.devices[*own];
    const int64_t count = links_per_peer(scan, device.address);
    for (const auto& [other, link] : node.xgmi) {
      const auto peer = scan.device_at(address_of(scan, other));
      // More than one hop passes through a peer: a way, not a link.
      if (!peer || link.hops != 1 || device.links.size() >= limits::device_links) continue;
      api::DeviceLink entry{scan.machine.profile.devices[*peer].id, api::LinkKind::xgmi, count, {}};
      if (link.megabytes_per_second > 0)
        entry.bandwidth = Quantity::of(link.megabytes_per_second * 8'000'000, Dimension::bandwidth);
      scan.machine.devices[*own].links.push_back(
          {entry.to, entry.kind, entry.count, entry.bandwidth});
      device.links.push_back(std::move(entry));
    }
  }
}

}  // namespace freehold::discover
