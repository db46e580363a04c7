#include "fleet/rates.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/strings.h"

namespace freehold::fleet {
namespace {

constexpr int64_t mbps_per_gbyte = 8'000;
// Far above any link, so that sums and products of hostile numbers stay in range.
constexpr int64_t most_mbps = int64_t{1} << 40;
constexpr int64_t most_links = 1'024;

bool has_any(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(), [&](std::string_view word) {
    return text.find(word) != std::string_view::npos;
  });
}

// Compute capability times ten, from "sm90" or a name such as "NVIDIA H100 80GB HBM3"; 0: unknown.
int64_t compute_capability(std::string_view lower) {
  if (const size_t at = lower.find("sm"); at != lower.npos) {
    std::string_view rest = lower.substr(at + 2);
    if (rest.starts_with('_') || rest.starts_with(' ')) rest.remove_prefix(1);
    const size_t digits = std::min(rest.find_first_not_of("0123456789"), rest.size());
    if (const auto sm = parse_int(rest.substr(0, digits)); sm && *sm >= 60) return *sm;
  }
  struct Row {
    std::initializer_list<std::string_view> names;
    int64_t capability;
  };
  static const Row rows[] = {
      {{"b100", "b200", "b300", "gb10", "10de:2901", "10de:2941"}, 100},
      {{"h100", "h200", "h800", "h20", "gh200", "10de:2330", "10de:2335", "10de:2342"}, 90},
      {{"a6000", "a5000", "a4500", "a40", "a10", "3090"}, 86},
      {{"v100", "10de:1db"}, 70},
      {{"p100", "10de:15f"}, 60},
  };
  if (has_any(lower, {"a100", "a800", "a30", "10de:20b"})) return 80;  // before a10
  for (const Row& row : rows)
    if (has_any(lower, row.names)) return row.capability;
  return 0;
}

int64_t nvlink_usable(int64_t capability, int64_t raw_per_link) {
  if (capability >= 100) return 320'800;
  if (capability >= 90) return 164'800;
  if (capability == 86) return 96'000;
  if (capability >= 70) return 160'000;
  if (capability >= 60) return 144'000;
  // By the generations of NVLink: 20 GB/s raw, 25 (2 and 3), 25 to 26.6 (4), 50 to 53.1 (5).
  if (raw_per_link <= 0) return -1;
  if (raw_per_link < 180'000) return 144'000;
  if (raw_per_link < 205'000) return 160'000;
  if (raw_per_link < 300'000) return 164'800;
  return 320'800;
}

Rate bundle(int64_t usable_each, int64_t count, int64_t raw_mbps) {
  count = std::clamp<int64_t>(count, 1, most_links);
  const int64_t raw = raw_mbps > 0 ? std::min(raw_mbps, most_mbps) : -1;
  int64_t usable = usable_each < 0 ? -1 : usable_each * count;
  if (raw > 0 && usable > raw) usable = raw;  // nobody gets more than the wire carries
  return {usable, raw};
}

// "8480+" of "Intel(R) Xeon(R) Platinum 8480+": the first word that begins with four digits; 0:
// none.
int64_t intel_number(std::string_view lower) {
  for (const std::string_view word : split(lower, ' ')) {
    if (word.size() < 4 || word.find_first_of("0123456789") != 0) continue;
    if (const auto number = parse_int(word.substr(0, 4))) return *number;
  }
  return 0;
}

// The model number of CPUID in "… family 6 model 143"; 0: none.
int64_t cpuid_model(std::string_view lower) {
  const size_t at = lower.find("model ");
  if (at == lower.npos) return 0;
  const std::string_view rest = lower.substr(at + 6);
  const size_t digits = std::min(rest.find_first_not_of("0123456789"), rest.size());
  return parse_int(rest.substr(0, digits)).value_or(0);
}

int64_t intel_usable(std::string_view lower) {
  if (const int64_t model = cpuid_model(lower); model > 0)
    return model >= 0x8f ? 22 : model >= 0x55 ? 10 : 6;
  if (has_any(lower, {"e5-", "e7-", "broadwell", "haswell"})) return 6;
  if (has_any(lower, {"sapphire", "emerald", "xeon 6", "xeon max"})) return 22;
  const int64_t number = intel_number(lower);
  if (number == 0) return -1;
  return number / 100 % 10 >= 4 ? 22 : 10;  // x1xx Skylake … x3xx Ice Lake, x4xx Sapphire Rapids
}

}  // namespace

int64_t parse_transfer_rate(std::string_view text) {
  text = trim(text);
  const size_t end = std::min(text.find_first_not_of("0123456789."), text.size());
  if (!trim(text.substr(end)).starts_with("GT/s")) return -1;
  const auto value = parse_double(text.substr(0, end));
  if (!value || *value <= 0 || *value > 1'000) return -1;
  return static_cast<int64_t>(*value * 1'000 + 0.5);
}

Rate pci_rate(int64_t megatransfers, int64_t lanes) {
  struct Generation {
    int64_t megatransfers, table, numerator, denominator;
  };
  static constexpr std::array<Generation, 6> generations{{{2'500, 15, 8, 10},
                                                          {5'000, 30, 8, 10},
                                                          {8'000, 60, 128, 130},
                                                          {16'000, 120, 128, 130},
                                                          {32'000, 240, 128, 130},
                                                          {64'000, 480, 242, 256}}};
  if (lanes <= 0 || lanes > 64) return {};
  for (const Generation& g : generations)
    if (g.megatransfers == megatransfers)
      return {lanes * g.table * 100, lanes * megatransfers * g.numerator / g.denominator};
  return {};
}

Rate nvlink_rate(std::string_view model, int64_t count, int64_t raw_mbps) {
  const int64_t links = std::clamp<int64_t>(count, 1, most_links);
  const int64_t each = nvlink_usable(compute_capability(to_lower(model)), raw_mbps / links);
  return bundle(each, count, raw_mbps);
}

Rate xgmi_rate(std::string_view model, int64_t count, int64_t raw_mbps) {
  const std::string lower = to_lower(model);
  int64_t gbytes = 24;
  if (has_any(lower, {"mi21", "mi25", "gfx90a", "1002:740c", "1002:740f", "1002:7408"}))
    gbytes = 36;
  if (has_any(lower, {"mi30", "mi32", "mi35", "gfx94", "gfx95", "1002:74a", "1002:75a"}))
    gbytes = 48;
  return bundle(gbytes * mbps_per_gbyte, count, raw_mbps);
}

bool is_intel(const std::vector<api::Package>& packages) {
  return std::any_of(packages.begin(), packages.end(), [](const api::Package& package) {
    return has_any(to_lower(package.model), {"intel", "xeon"});
  });
}

Rate processor_rate(std::string_view architecture, const std::vector<api::Package>& packages) {
  int64_t gbytes = -1;
  if (architecture == "aarch64" || architecture == "arm64") gbytes = 6;
  if (architecture.starts_with("ppc64")) gbytes = 32;
  for (const api::Package& package : packages) {
    const std::string lower = to_lower(package.model);
    if (has_any(lower, {"amd", "epyc", "opteron"})) gbytes = 16;
    if (has_any(lower, {"intel", "xeon"})) gbytes = intel_usable(lower);
    if (gbytes > 0) break;
  }
  return {gbytes < 0 ? -1 : gbytes * mbps_per_gbyte, -1};
}

int64_t assumed_rate(EdgeKind kind, int64_t count) {
  count = std::clamp<int64_t>(count, 1, most_links);
  switch (kind) {
    case EdgeKind::nvlink:
      return 144'000 * count;
    case EdgeKind::xgmi:
      return 192'000 * count;
    case EdgeKind::c2c:
      return 1'600'000;
    case EdgeKind::pci:
      return 1'500;  // one lane of gen1
    case EdgeKind::smp:
      return 48'000;
    case EdgeKind::internal:
      return most_mbps;
    case EdgeKind::somewhere:
      return 1;
    default:
      return 10'000;
  }
}

}  // namespace freehold::fleet
