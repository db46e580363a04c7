#include "discover/parse.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "base/printable.h"
#include "base/strings.h"
#include "discover/limits.h"

namespace freehold::discover {

namespace {

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_blank(char c) { return c == ' ' || c == '\t'; }

std::optional<uint32_t> parse_hex(std::string_view text) {
  uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Takes the digits (and one point) from the front.
std::string_view take_number(std::string_view& text) {
  size_t end = 0;
  bool point = false;
  while (end < text.size() && (is_digit(text[end]) || (text[end] == '.' && !point))) {
    point = point || text[end] == '.';
    ++end;
  }
  const std::string_view number = text.substr(0, end);
  text.remove_prefix(end);
  return number;
}

// A number with at most one decimal place that counts, times ten; 0 when it is none or beyond any
// link.
int64_t parse_tenths(std::string_view number) {
  const size_t point = number.find('.');
  const auto whole = parse_int(number.substr(0, point));
  if (!whole || *whole < 0 || *whole > 100'000'000) return 0;
  int64_t tenths = *whole * 10;
  if (point != std::string_view::npos && point + 1 < number.size())
    tenths += number[point + 1] - '0';
  return tenths;
}

// "\\040" stands for a blank in tables of the kernel.
std::string unescape_octal(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto octal = [&](size_t at) {
      return at < text.size() && text[at] >= '0' && text[at] <= '7';
    };
    if (text[i] == '\\' && octal(i + 1) && octal(i + 2) && octal(i + 3)) {
      out += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 +
                               (text[i + 3] - '0'));
      i += 3;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::vector<std::string_view> words(std::string_view line) {
  std::vector<std::string_view> out;
  for (size_t at = 0; at < line.size();) {
    while (at < line.size() && is_blank(line[at])) ++at;
    const size_t begin = at;
    while (at < line.size() && !is_blank(line[at])) ++at;
    if (at > begin) out.push_back(line.substr(begin, at - begin));
  }
  return out;
}

}  // namespace

std::optional<std::vector<uint32_t>> parse_cpu_mask(std::string_view text) {
  const auto parts = split(trim(text), ',');
  if (parts.size() * 32 > limits::cpus * 4) return std::nullopt;
  std::vector<uint32_t> out;
  uint32_t base = 0;
  for (auto it = parts.rbegin(); it != parts.rend(); ++it, base += 32) {
    if (it->empty() || it->size() > 8) return std::nullopt;
    const auto bits = parse_hex(*it);
    if (!bits) return std::nullopt;
    for (uint32_t i = 0; i < 32; ++i)
      if ((*bits >> i & 1) != 0) out.push_back(base + i);
  }
  return out;
}

std::optional<int64_t> parse_cache_size(std::string_view text) {
  text = trim(text);
  int64_t unit = 1;
  if (text.ends_with('K')) unit = 1024;
  if (text.ends_with('M')) unit = 1024 * 1024;
  if (text.ends_with('G')) unit = 1024 * 1024 * 1024;
  if (unit > 1) text.remove_suffix(1);
  const auto number = parse_int(text);
  if (!number || *number < 0 || *number > (int64_t{1} << 40) / unit) return std::nullopt;
  return *number * unit;
}

std::optional<int64_t> parse_meminfo(std::string_view text, std::string_view name) {
  for (const std::string_view line : split(text, '\n')) {
    auto parts = words(line);
    if (parts.size() >= 2 && parts[0] == "Node") parts.erase(parts.begin(), parts.begin() + 2);
    if (parts.size() < 2 || !parts[0].ends_with(':')) continue;
    if (parts[0].substr(0, parts[0].size() - 1) != name) continue;
    const auto number = parse_int(parts[1]);
    const int64_t unit = parts.size() > 2 && parts[2] == "kB" ? 1024 : 1;
    if (!number || *number < 0 || *number > std::numeric_limits<int64_t>::max() / unit)
      return std::nullopt;
    return *number * unit;
  }
  return std::nullopt;
}

std::optional<std::vector<int64_t>> parse_distances(std::string_view text) {
  std::vector<int64_t> out;
  for (const std::string_view word : words(trim(text))) {
    const auto number = parse_int(word);
    if (!number || *number < 0 || *number > 1'000'000 || out.size() >= limits::numa_nodes)
      return std::nullopt;
    out.push_back(*number);
  }
  return out;
}

std::string parse_colon_value(std::string_view text, std::string_view name) {
  for (const std::string_view line : split(text, '\n')) {
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos || trim(line.substr(0, colon)) != name) continue;
    return std::string(trim(line.substr(colon + 1)));
  }
  return "";
}

std::map<std::string, std::string, std::less<>> parse_properties(std::string_view text) {
  std::map<std::string, std::string, std::less<>> out;
  for (const std::string_view line : split(text, '\n')) {
    const auto parts = words(line);
    if (parts.size() == 2 && out.size() < 1024) out.try_emplace(std::string(parts[0]), parts[1]);
  }
  return out;
}

namespace {

// Arm names its cores by number only.
std::string arm_model(std::string_view cpuinfo) {
  static constexpr struct {
    std::string_view implementer, part, name;
  } known[] = {
      {"0x41", "0xd0c", "Arm Neoverse N1"},
      {"0x41", "0xd40", "Arm Neoverse V1"},
      {"0x41", "0xd49", "Arm Neoverse N2"},
      {"0x41", "0xd4f", "Arm Neoverse V2"},
      {"0x41", "0xd84", "Arm Neoverse V3"},
      {"0x41", "0xd8e", "Arm Neoverse N3"},
      {"0x48", "0xd01", "HiSilicon Kunpeng 920"},
      {"0xc0", "0xac3", "Ampere-1"},
      {"0xc0", "0xac4", "Ampere-1a"},
      {"0x4e", "0x010", "NVIDIA Olympus"},
  };
  const std::string implementer = parse_colon_value(cpuinfo, "CPU implementer");
  const std::string part = parse_colon_value(cpuinfo, "CPU part");
  for (const auto& core : known)
    if (core.implementer == implementer && core.part == part) return std::string(core.name);
  return implementer.empty() ? "" : "Arm " + implementer + ":" + part;
}

}  // namespace

std::string cpu_model(std::string_view cpuinfo) {
  for (const std::string_view name : {"model name", "cpu", "Processor", "family"}) {
    // "POWER9, altivec supported": what follows is no name.
    std::string found = parse_colon_value(cpuinfo, name);
    found.resize(std::min(found.size(), found.find(", altivec")));
    if (!found.empty()) return clean_text(found, limits::model_characters);
  }
  return clean_text(arm_model(cpuinfo), limits::model_characters);
}

std::string cpu_architecture(std::string_view cpuinfo) {
  const std::string flags = " " + parse_colon_value(cpuinfo, "flags") + " ";
  if (flags.find(" lm ") != std::string::npos) return "x86_64";
  if (flags.find(" fpu ") != std::string::npos) return "i686";
  if (parse_colon_value(cpuinfo, "CPU architecture") == "8") return "aarch64";
  if (parse_colon_value(cpuinfo, "cpu").starts_with("POWER")) return "ppc64le";
  if (parse_colon_value(cpuinfo, "vendor_id") == "IBM/S390") return "s390x";
  return parse_colon_value(cpuinfo, "isa").starts_with("rv64") ? "riscv64" : "";
}

// ---- PCI

std::optional<PciParts> parse_pci_address(std::string_view text) {
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon < 4 || colon > 8 || text.size() != colon + 8)
    return std::nullopt;
  if (text[colon + 3] != ':' || text[colon + 6] != '.') return std::nullopt;
  PciParts parts;
  const struct {
    uint32_t* to;
    std::string_view from;
  } fields[] = {{&parts.domain, text.substr(0, colon)},
                {&parts.bus, text.substr(colon + 1, 2)},
                {&parts.slot, text.substr(colon + 4, 2)},
                {&parts.function, text.substr(colon + 7, 1)}};
  for (const auto& field : fields) {
    if (!std::all_of(field.from.begin(), field.from.end(), is_hex)) return std::nullopt;
    *field.to = *parse_hex(field.from);
  }
  return parts;
}

bool is_pci_address(std::string_view text) { return parse_pci_address(text).has_value(); }

bool is_invented_address(std::string_view text) {
  return text.starts_with("ffff:") || text.starts_with("pciffff:");
}

bool is_pci_root(std::string_view text) {
  if (!text.starts_with("pci")) return false;
  text.remove_prefix(3);
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon < 4 || colon > 8 || text.size() != colon + 3)
    return false;
  return std::all_of(text.begin(), text.begin() + static_cast<ptrdiff_t>(colon), is_hex) &&
         is_hex(text[colon + 1]) && is_hex(text[colon + 2]);
}

std::string parse_hex_id(std::string_view text, size_t digits) {
  text = trim(text);
  if (text.starts_with("0x") || text.starts_with("0X")) text.remove_prefix(2);
  if (text.size() < digits || !std::all_of(text.begin(), text.end(), is_hex)) return "";
  return to_lower(text.substr(0, digits));
}

int64_t parse_hex_number(std::string_view text) {
  text = trim(text);
  if (text.starts_with("0x")) text.remove_prefix(2);
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  return whole && value < uint64_t{1} << 62 ? static_cast<int64_t>(value) : 0;
}

std::string parse_link_speed(std::string_view text) {
  text = trim(text);
  const int64_t tenths = parse_tenths(take_number(text));
  if (tenths <= 0 || tenths > 10'000 || !trim(text).starts_with("GT/s")) return "";
  std::string out = std::to_string(tenths / 10);
  if (tenths % 10 != 0) out += "." + std::to_string(tenths % 10);
  return out + "GT/s";
}

int64_t link_speed_mt(std::string_view text) {
  return parse_link_speed(text).empty() ? 0 : parse_tenths(take_number(text)) * 100;
}

int64_t parse_link_width(std::string_view text) {
  const auto number = parse_int(trim(text));
  return number && *number > 0 && *number <= 32 ? *number : 0;
}

int64_t link_mbps(std::string_view speed, int64_t width) {
  const int64_t mt = link_speed_mt(speed);
  if (width <= 0) return 0;
  // 8b/10b up to gen 2, 128b/130b up to gen 5; from gen 6 on flits, 242 of 256 bytes.
  if (mt <= 5'000) return mt * 8 / 10 * width;
  if (mt <= 32'000) return mt * 128 / 130 * width;
  return mt * 242 / 256 * width;
}

int64_t parse_largest_window(std::string_view text) {
  constexpr int64_t is_memory = 0x200;  // IORESOURCE_MEM of linux/ioport.h
  int64_t largest = 0;
  const auto lines = split(text, '\n');
  for (size_t i = 0; i < std::min<size_t>(lines.size(), 6); ++i) {
    const auto words = split(trim(lines[i]), ' ');
    if (words.size() != 3 || (parse_hex_number(words[2]) & is_memory) == 0) continue;
    const int64_t start = parse_hex_number(words[0]), end = parse_hex_number(words[1]);
    if (end > start) largest = std::max(largest, end - start + 1);
  }
  return largest;
}

// ---- networks

int64_t parse_infiniband_rate(std::string_view text) {
  text = trim(text);
  const int64_t tenths = parse_tenths(take_number(text));
  if (!trim(text).starts_with("Gb/sec")) return 0;
  return tenths * 100;
}

std::string parse_numbered_state(std::string_view text) {
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos) return std::string(trim(text));
  return std::string(trim(text.substr(colon + 1)));
}

std::string format_network_speed(int64_t mbps) {
  // 4,294,967,295 is what some drivers say for "unknown".
  if (mbps <= 0 || mbps >= 100'000'000) return "";
  if (mbps < 1'000) return std::to_string(mbps) + "Mbps";
  std::string out = std::to_string(mbps / 1'000);
  if (mbps % 1'000 >= 100) out += "." + std::to_string(mbps % 1'000 / 100);
  return out + "Gbps";
}

std::string parse_gid_type(std::string_view text) {
  text = trim(text);
  if (text == "IB/RoCE v1") return "RoCE v1";
  return text == "RoCE v2" ? "RoCE v2" : "";
}

// ---- firmware and settings

std::string parse_version(std::string_view text) {
  const std::string known = to_lower(trim(text));
  for (const std::string_view filler : {"n/a", "none", "unknown", "not specified"})
    if (known == filler) return "";
  // Bytes that cannot be shown become question marks, which NVIDIA's driver writes for unknown.
  const std::string version = clean_text(text, limits::version_characters);
  return version.find('?') == std::string::npos ? version : "";
}

std::string parse_partition_mode(std::string_view text) {
  text = trim(text);
  const bool is_mode = !text.empty() && text.size() <= 8 && text != "UNKNOWN" &&
                       std::all_of(text.begin(), text.end(),
                                   [](char c) { return is_digit(c) || (c >= 'A' && c <= 'Z'); });
  return std::string(is_mode ? text : "");
}

// ---- in use

std::vector<Mount> parse_mounts(std::string_view text) {
  std::vector<Mount> out;
  for (const std::string_view line : split(text, '\n')) {
    const auto parts = words(line);
    if (parts.size() < 4 || out.size() >= limits::mounts) continue;
    out.push_back({std::string(parts[0]), unescape_octal(parts[1]), std::string(parts[2]),
                   std::string(parts[3])});
  }
  return out;
}

std::vector<std::string> parse_default_routes(std::string_view text) {
  std::vector<std::string> out;
  for (const std::string_view line : split(text, '\n')) {
    std::string spaced(line);
    std::replace(spaced.begin(), spaced.end(), '\t', ' ');
    const auto parts = words(spaced);
    if (parts.size() < 8 || parts[1] != "00000000" || parts[7] != "00000000" || out.size() >= 256)
      continue;
    out.emplace_back(parts[0]);
  }
  return out;
}

std::vector<std::string> parse_ipv6_default_routes(std::string_view text) {
  std::vector<std::string> out;
  for (const std::string_view line : split(text, '\n')) {
    const auto parts = words(line);
    // Destination, its length, source, its length, next hop, metric, counts, flags, interface.
    const bool is_default = parts.size() == 10 && parts[1] == "00" &&
                            parts[0].find_first_not_of('0') == std::string_view::npos;
    if (is_default && parts[9] != "lo" && out.size() < 256) out.emplace_back(parts[9]);
  }
  return out;
}

std::optional<std::string> parse_cgroup_path(std::string_view text, std::string_view controller) {
  for (const std::string_view line : split(text, '\n')) {
    const size_t first = line.find(':');
    if (first == std::string_view::npos) continue;
    const size_t second = line.find(':', first + 1);
    if (second == std::string_view::npos) continue;
    for (const std::string_view name : split(line.substr(first + 1, second - first - 1), ','))
      if (name == controller) return std::string(trim(line.substr(second + 1)));
  }
  return std::nullopt;
}

bool are_of_one_form(std::string_view a, std::string_view b) {
  const auto form_of = [](std::string_view text) -> size_t {
    constexpr size_t serial = 1'000, uuid = 1'001;
    if (text.starts_with("0x")) text.remove_prefix(2);
    if (text.starts_with("GPU-")) return uuid;
    size_t digits = 0, dashes = 0;
    for (const char c : text) {
      const bool is_hex =
          (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
      digits += is_hex;
      dashes += c == '-';
      if (!is_hex && c != '-' && c != ':') return serial;
    }
    constexpr size_t mac = 12, guid = 16, gid = 32;
    if (digits == gid) return dashes > 0 ? uuid : gid;
    return digits == mac || digits == guid ? digits : serial;
  };
  return form_of(a) == form_of(b);
}

std::string last_part(std::string_view path) {
  return std::string(path.substr(path.rfind('/') + 1));  // npos + 1 is 0
}

std::string clean_text(std::string_view text, size_t most) {
  std::string out;
  for (size_t at = 0; at < text.size() && out.size() < most;) {
    const size_t length = printable_sequence(text.substr(at));
    const bool blank = is_blank(text[at]) || text[at] == '\n';
    if (blank) {
      if (!out.empty() && out.back() != ' ') out += ' ';
    } else if (length == 0) {
      out += '?';
    } else {
      if (out.size() + length > most) break;
      out += text.substr(at, length);
    }
    at += std::max<size_t>(utf8_sequence(text.substr(at)), 1);
  }
  while (out.ends_with(' ')) out.pop_back();
  return out;
}

}  // namespace freehold::discover
