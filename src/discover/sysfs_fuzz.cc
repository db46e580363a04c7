// Every reader of kernel text against any bytes: no crash, no endless loop, and results within
// their promises.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "base/strings.h"
#include "discover/parse.h"

namespace freehold::discover {

void parse_everything(std::string_view text) {
  if (const auto cpus = parse_cpu_mask(text))
    for (size_t i = 1; i < cpus->size(); ++i)
      CHECK((*cpus)[i - 1] < (*cpus)[i], "a mask is read in order");
  if (const auto size = parse_cache_size(text)) CHECK(*size >= 0, "a size is not negative");
  for (const char* name : {"MemTotal", "Node", ""})
    if (const auto bytes = parse_meminfo(text, name)) CHECK(*bytes >= 0, "memory is not negative");
  (void)parse_distances(text);
  (void)parse_colon_value(text, "Model");
  (void)parse_properties(text);
  CHECK(is_utf8(cpu_model(text)), "a model is printable");
  (void)cpu_architecture(text);
  CHECK(is_pci_address(text) == parse_pci_address(text).has_value(), "one notion of an address");
  (void)is_pci_root(text);
  const std::string id = parse_hex_id(text, 4);
  CHECK(id.empty() || id.size() == 4, "an id has its digits");
  CHECK(parse_hex_number(text) >= 0, "a number is not negative");
  const std::string speed = parse_link_speed(text);
  CHECK(parse_link_speed(speed) == speed, "a speed reads back");
  CHECK(speed.empty() || link_speed_mt(speed) > 0, "a known speed is a speed");
  const int64_t width = parse_link_width(text);
  CHECK(width >= 0 && width <= 32, "a width is within bounds");
  CHECK(link_mbps(speed, width) >= 0, "a rate is not negative");
  CHECK(parse_largest_window(text) >= 0, "a window is not negative");
  const int64_t rate = parse_infiniband_rate(text);
  CHECK(rate >= 0, "a rate is not negative");
  CHECK(format_network_speed(rate).size() <= 16, "a speed fits its field");
  (void)parse_numbered_state(text);
  const std::string protocol = parse_gid_type(text);
  CHECK(protocol.empty() || protocol.starts_with("RoCE v"), "a protocol is one of few");
  const std::string version = parse_version(text);
  CHECK(version.size() <= 64 && is_utf8(version), "a version fits its field");
  CHECK(version.find('?') == std::string::npos, "and is wholly known");
  const std::string mode = parse_partition_mode(text);
  CHECK(mode.size() <= 16 && parse_partition_mode(mode) == mode, "a mode reads back");
  (void)parse_mounts(text);
  (void)parse_default_routes(text);
  (void)parse_ipv6_default_routes(text);
  (void)parse_cgroup_path(text, "cpuset");
  const std::string clean = clean_text(text, 63);
  CHECK(clean.size() <= 63 && is_utf8(clean), "clean text is clean");
  CHECK(clean_text(clean, 63) == clean, "and stays so");
}

}  // namespace freehold::discover

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  freehold::discover::parse_everything({reinterpret_cast<const char*>(data), size});
  return 0;
}
