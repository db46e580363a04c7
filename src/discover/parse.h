// Readers of the small texts that Linux and its drivers write. Pure, bounded by their input, and
// never surprised: what cannot be read is empty. Fuzzed by sysfs_fuzz.cc.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace freehold::discover {

// ---- CPUs and memory

// "00000000,000000ff", as cpumap and shared_cpu_map: comma-separated 32-bit hex words, highest
// first.
std::optional<std::vector<uint32_t>> parse_cpu_mask(std::string_view text);
// "32K", "1024K", "2M", "1024" as in cache/index*/size; in bytes.
std::optional<int64_t> parse_cache_size(std::string_view text);
// The bytes of one line of meminfo, of /proc ("MemTotal: 24684096 kB") or of a node ("Node 0
// MemTotal: … kB").
std::optional<int64_t> parse_meminfo(std::string_view text, std::string_view name);
// "10 21 31"; nothing when one is not a number.
std::optional<std::vector<int64_t>> parse_distances(std::string_view text);
// The value after "name<blanks>:" of the first line that has it, trimmed. For /proc/cpuinfo and
// NVIDIA's files.
std::string parse_colon_value(std::string_view text, std::string_view name);
// "key value" lines, as the KFD's properties. Lines of another form are passed over; the first of
// equal keys counts.
std::map<std::string, std::string, std::less<>> parse_properties(std::string_view text);

// The processor's name in /proc/cpuinfo, as far as each architecture tells it.
std::string cpu_model(std::string_view cpuinfo);
// x86_64, aarch64 …, as far as /proc/cpuinfo tells; else empty.
std::string cpu_architecture(std::string_view cpuinfo);

// ---- PCI

// "0000:41:00.0"; the domain has 4 to 8 hex digits.
bool is_pci_address(std::string_view text);
// "pci0000:40", the root of a PCI tree.
bool is_pci_root(std::string_view text);
// "ffff:00:00.0", "pciffff:00": stands for a place of which no address is known, as importers and
// clouds have to call it something. Machines number their PCI domains from 0 upwards. For people it
// is no address.
bool is_invented_address(std::string_view text);
struct PciParts {
  uint32_t domain = 0;
  uint32_t bus = 0, slot = 0, function = 0;
  auto operator<=>(const PciParts&) const = default;
};
std::optional<PciParts> parse_pci_address(std::string_view text);
// "0x030200" and the like to as many lower-case hex digits as `digits`, from the left: ("0x030200",
// 4) is "0302".
std::string parse_hex_id(std::string_view text, size_t digits);
// "3f0000000" to a number; 0 when it is none or beyond 2^62.
int64_t parse_hex_number(std::string_view text);
// "16.0 GT/s PCIe" to "16GT/s"; empty when unknown.
std::string parse_link_speed(std::string_view text);
// The megatransfers per second of "2.5GT/s"; 0 when unknown.
int64_t link_speed_mt(std::string_view text);
// Lanes; 0 when unknown, which drivers also write as 63 or 255.
int64_t parse_link_width(std::string_view text);
// The largest memory window (BAR) of `resource`, which has a line "start end flags" for each; in
// bytes, 0 when there is none. Windows of virtual functions and of bridges come after the first six
// and do not count.
int64_t parse_largest_window(std::string_view text);
// Data rate of a PCI link in one direction after line coding, in Mbit/s; 0 when unknown.
int64_t link_mbps(std::string_view speed, int64_t width);

// ---- networks

// "400 Gb/sec (4X NDR)" to Mbit/s; 0 when unknown.
int64_t parse_infiniband_rate(std::string_view text);
// "4: ACTIVE" to "ACTIVE".
std::string parse_numbered_state(std::string_view text);
// What a port speaks whose GID has this type: "IB/RoCE v1" and "RoCE v2" of an Ethernet port to
// "RoCE v1" and "RoCE v2"; empty for others.
std::string parse_gid_type(std::string_view text);
// Mbit/s as sysfs gives them ("25000", "-1") to "25Gbps"; empty when unknown.
std::string format_network_speed(int64_t mbps);

// ---- in use

// Lines of /proc/self/mounts, with blanks in mount points put back. At most limits::mounts.
struct Mount {
  std::string device, point, type, options;
};
std::vector<Mount> parse_mounts(std::string_view text);
// Interfaces with a default route in /proc/net/route.
std::vector<std::string> parse_default_routes(std::string_view text);
// The same in /proc/net/ipv6_route, without those that lead nowhere.
std::vector<std::string> parse_ipv6_default_routes(std::string_view text);
// Whether /proc/self/cgroup names a hierarchy with `controller`, and the path there; "" is the v2
// hierarchy.
std::optional<std::string> parse_cgroup_path(std::string_view text, std::string_view controller);

// ---- firmware and settings

// "28.39.1002"; empty for what a driver writes while it does not know: "N/A", "??.??.??.??.??".
std::string parse_version(std::string_view text);
// amdgpu's way of splitting a GPU: "SPX", "CPX", "NPS4"; empty when it says "UNKNOWN" or other.
std::string parse_partition_mode(std::string_view text);

// Whether two identities of devices are of one form, so that they contradict each other when they
// differ: MAC addresses, GUIDs and GIDs by their hex digits, UUIDs, and all else, which are serial
// numbers. Signs between digits do not matter, nor what tools write before them.
bool are_of_one_form(std::string_view a, std::string_view b);

// "0000:41:00.0" of "/sys/bus/pci/devices/0000:41:00.0": what is behind the last slash.
std::string last_part(std::string_view path);

// Printable text of at most `most` bytes: control characters and bad UTF-8 become "?", blanks
// collapse.
std::string clean_text(std::string_view text, size_t most);

}  // namespace freehold::discover
