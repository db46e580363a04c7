#include "discover/import/hwloc_objects.h"

#include <algorithm>
#include <charconv>

#include "base/strings.h"
#include "discover/import/text.h"
#include "discover/limits.h"
#include "discover/parse.h"

namespace freehold::discover {

using fleet::Bits;

namespace {

enum class Type : uint8_t {
  machine,
  package,
  numa,
  core,
  pu,
  cache,
  bridge,
  pci,
  os_device,
  group
};

// Types that only hold others are `group`; memory-side caches are not the processor's.
std::optional<Type> type_named(std::string_view name) {
  static constexpr struct {
    std::string_view name;
    Type type;
  } known[] = {{"Machine", Type::machine}, {"System", Type::machine}, {"Package", Type::package},
               {"Socket", Type::package},  {"NUMANode", Type::numa},  {"Core", Type::core},
               {"PU", Type::pu},           {"Cache", Type::cache},    {"L1Cache", Type::cache},
               {"L2Cache", Type::cache},   {"L3Cache", Type::cache},  {"L4Cache", Type::cache},
               {"L5Cache", Type::cache},   {"L1iCache", Type::cache}, {"L2iCache", Type::cache},
               {"L3iCache", Type::cache},  {"Bridge", Type::bridge},  {"PCIDev", Type::pci},
               {"OSDev", Type::os_device}, {"Group", Type::group},    {"Die", Type::group},
               {"MemCache", Type::group},  {"Misc", Type::group},     {"Module", Type::group},
               {"Cluster", Type::group},   {"Tile", Type::group}};
  for (const auto& entry : known)
    if (entry.name == name) return entry.type;
  return std::nullopt;
}

// Where in the tree an object stands.
struct Place {
  Bits cpus;             // of the nearest object above that has any
  Bits nodes;            // memory nodes of the object itself
  int64_t package = -1;  // index
  bool below_host_bridge = false;
  std::optional<size_t> pci;  // index of the PCI function above
};

std::string hex_field(std::string_view text, size_t at) {
  return text.size() >= at + 4 ? parse_hex_id(text.substr(at, 4), 4) : "";
}

std::string two_digits(uint32_t number) {
  static constexpr char digits[] = "0123456789abcdef";
  return {digits[number >> 4 & 15], digits[number & 15]};
}

class ObjectReader {
 public:
  ObjectReader(int version, const ImportOptions& options) : version_(version), options_(options) {}

  Result<void> read(const Element& element, const Place& above) {
    const std::string type_name(element.get("type"));
    const auto type = type_named(type_name);
    if (!type)
      return fault_in(options_, element, "an object of unknown type \"" + type_name + "\"");
    Place place = above;
    const auto cpus = TRY(set(element, "cpuset", named_cpus_));
    const auto nodes = TRY(set(element, "nodeset", named_nodes_));
    if (cpus && !cpus->empty()) place.cpus = *cpus;
    place.nodes = nodes.value_or(Bits{});
    const HwlocRef ref = TRY(take(*type, element, cpus.value_or(Bits{}), place));
    TRY(index(element, type_name, ref));
    for (const Element& child : element.children)
      if (child.name == "object") TRY(read(child, place));
    return {};
  }

  // Every CPU and memory node that a set names has an object.
  Result<HwlocObjects> finish() && {
    if (out_.cpus.empty())
      return fault_at(options_, 0, "no object of type PU: a machine without a logical CPU");
    if (!out_.cpus.contains(named_cpus_))
      return fault_at(options_, 0,
                      "a cpuset names the CPUs " + (named_cpus_ - out_.cpus).to_list() +
                          ", which have no object of type PU");
    // Version 1 has no objects for memory nodes on machines that have only one.
    if (!out_.numa.empty() && !out_.nodes.contains(named_nodes_))
      return fault_at(options_, 0,
                      "a nodeset names the memory nodes " + (named_nodes_ - out_.nodes).to_list() +
                          ", which have no object of type NUMANode");
    out_.complete_cpus |= out_.cpus;
    return std::move(out_);
  }

  HwlocObjects& out() { return out_; }

 private:
  Result<std::optional<Bits>> set(const Element& element, std::string_view name, Bits& named) {
    auto bits = TRY(read_bitmap(element, name, options_));
    if (bits) named |= *bits;
    return bits;
  }

  Result<HwlocRef> take(Type type, const Element& element, Bits cpus, Place& place) {
    switch (type) {
      case Type::machine:
        return take_machine(element);
      case Type::package:
        return take_package(element, cpus, place);
      case Type::numa:
        return take_numa(element, cpus, place);
      case Type::core:
        return take_core(element, std::move(cpus));
      case Type::pu:
        return take_pu(element, cpus);
      case Type::cache:
        return take_cache(element, cpus);
      case Type::bridge:
      case Type::pci:
        return take_pci(type == Type::bridge, element, place);
      case Type::os_device:
        return take_os_device(element, place);
      case Type::group:
        break;
    }
    return HwlocRef{};
  }

  static Infos infos_of(const Element& element) {
    Infos infos;
    for (const Element& child : element.children)
      if (child.name == "info" && infos.size() < limits::xml_attributes_each)
        infos.try_emplace(std::string(child.get("name")), child.get("value"));
    return infos;
  }

  Result<HwlocRef> take_machine(const Element& element) {
    for (auto& [name, value] : infos_of(element)) out_.infos.try_emplace(name, value);
    if (const auto all = TRY(read_bitmap(element, "complete_cpuset", options_)))
      out_.complete_cpus |= *all;
    out_.allowed_cpus = TRY(read_bitmap(element, "allowed_cpuset", options_));
    out_.machine_bytes = TRY(memory(element));
    return HwlocRef{};
  }

  Result<HwlocRef> take_package(const Element& element, const Bits& cpus, Place& place) {
    if (out_.packages.size() >= limits::packages)
      return fault_in(options_, element, "more packages than any machine has");
    HwlocPackage package;
    package.id = TRY(read_number(element, "os_index", {0, 65'535, -1}, options_));
    package.model = trim(info_of(infos_of(element), "CPUModel"));
    place.package = static_cast<int64_t>(out_.packages.size());
    cpus.each([&](uint32_t cpu) { out_.package_of[cpu] = out_.packages.size(); });
    out_.packages.push_back(std::move(package));
    return HwlocRef{HwlocRef::Kind::package, out_.packages.size() - 1};
  }

  Result<int64_t> memory(const Element& element) {
    return read_number(element, "local_memory", {0, int64_t{1} << 56, 0}, options_);
  }

  Result<HwlocRef> take_numa(const Element& element, const Bits& cpus, const Place& place) {
    HwlocNuma node;
    node.id = TRY(need_number(element, "os_index", {0, 65'535, 0}, options_));
    if (out_.nodes.has(static_cast<size_t>(node.id)))
      return fault_in(options_, element,
                      "memory node " + std::to_string(node.id) + " is there twice");
    if (!place.nodes.empty() && place.nodes != Bits::of({static_cast<uint32_t>(node.id)}))
      return fault_in(options_, element,
                      "memory node " + std::to_string(node.id) +
                          " has the nodeset of the memory nodes " + place.nodes.to_list());
    if (out_.numa.size() >= limits::numa_nodes)
      return fault_in(options_, element, "more memory nodes than any machine has");
    node.cpus = cpus;
    node.package = place.package;
    node.bytes = TRY(memory(element));
    const Infos infos = infos_of(element);
    // Version 1 has no subtypes.
    node.subtype = element.has("subtype") ? element.get("subtype") : info_of(infos, "Type");
    node.pci_address = plain_address(info_of(infos, "PCIBusID"));
    out_.nodes.add(static_cast<size_t>(node.id));
    out_.numa.push_back(std::move(node));
    return HwlocRef{HwlocRef::Kind::numa, out_.numa.size() - 1};
  }

  Result<HwlocRef> take_core(const Element& element, Bits cpus) {
    if (cpus.empty()) return fault_in(options_, element, "a core without a CPU");
    if (out_.cores.size() >= limits::cores)
      return fault_in(options_, element, "more cores than any machine has");
    out_.cores.push_back(std::move(cpus));
    return HwlocRef{};
  }

  Result<HwlocRef> take_pu(const Element& element, const Bits& cpus) {
    const auto id = static_cast<uint32_t>(TRY(need_number(
        element, "os_index", {0, static_cast<int64_t>(limits::cpus) - 1, 0}, options_)));
    if (out_.cpus.has(id))
      return fault_in(options_, element, "CPU " + std::to_string(id) + " is there twice");
    if (!cpus.empty() && cpus != Bits::of({id}))
      return fault_in(
          options_, element,
          "CPU " + std::to_string(id) + " has the cpuset of the CPUs " + cpus.to_list());
    out_.cpus.add(id);
    return HwlocRef{};
  }

  Result<HwlocRef> take_cache(const Element& element, const Bits& cpus) {
    api::Cache cache;
    cache.level = TRY(need_number(element, "depth", {1, 5, 0}, options_));
    cache.size_bytes = TRY(read_number(element, "cache_size", {0, int64_t{1} << 50, 0}, options_));
    const int64_t type = TRY(read_number(element, "cache_type", {0, 2, 0}, options_));
    cache.type = type == 0 ? "unified" : type == 1 ? "data" : "instruction";
    cache.cpus = cpus.to_list();
    if (out_.caches.size() >= limits::caches)
      return fault_in(options_, element, "more caches than any machine has");
    out_.caches.push_back(std::move(cache));
    return HwlocRef{};
  }

  // "0-1" is the host's bridge, which is no PCI function itself; "1-1" is one between two buses.
  Result<HwlocRef> take_pci(bool bridge, const Element& element, Place& place) {
    if (bridge && element.get("bridge_type").starts_with("0-")) {
      place.below_host_bridge = true;
      place.pci.reset();
      return HwlocRef{};
    }
    HwlocPci pci;
    pci.line = element.line;
    const auto parts = parse_pci_address(element.get("pci_busid"));
    if (!parts)
      return fault_in(options_, element,
                      "pci_busid=\"" + std::string(element.get("pci_busid")) +
                          "\" is no PCI address such as 0000:41:00.0");
    if (out_.pci.size() >= limits::pci_functions)
      return fault_in(options_, element, "more PCI functions than any machine has");
    pci.function.address = plain_address(element.get("pci_busid"));
    pci.above = place.pci;
    if (!place.pci && place.below_host_bridge)
      pci.function.parent = "pci" + pci.function.address.substr(0, pci.function.address.find(':')) +
                            ":" + two_digits(parts->bus);
    TRY(take_pci_type(element, pci.function));
    pci.subtype = element.get("subtype");
    pci.infos = infos_of(element);
    pci.cpus = place.cpus;
    TRY(take_link(element, pci.function));
    place.pci = out_.pci.size();
    out_.pci.push_back(std::move(pci));
    return HwlocRef{HwlocRef::Kind::pci, out_.pci.size() - 1};
  }

  // "0302 [10de:1db8] [10de:131d] a1", from format 3 on with one more byte. All zero: the function
  // did not answer.
  Result<void> take_pci_type(const Element& element, api::PciFunction& function) {
    const std::string_view text = element.get("pci_type");
    function.class_code = hex_field(text, 0);
    function.vendor = hex_field(text, 6);
    function.device = hex_field(text, 11);
    const bool whole = !function.class_code.empty() && !function.vendor.empty() &&
                       !function.device.empty() && text[5] == '[' && text[10] == ':';
    if (!whole && !text.empty())
      return fault_in(options_, element,
                      "pci_type=\"" + std::string(text.substr(0, 40)) +
                          "\" is not written as 0302 [10de:1db8]");
    if (function.vendor == "0000" || !whole)
      function.class_code = function.vendor = function.device = "";
    return {};
  }

  // The file has the rate of all lanes together: 15.75 is 8GT/s x16 as well as 16GT/s x8. Only
  // where one generation explains it are speed and width known.
  Result<void> take_link(const Element& element, api::PciFunction& function) {
    const std::string_view text = trim(element.get("pci_link_speed"));
    if (text.empty()) return {};
    const auto rate = parse_double(text);
    if (!rate || *rate < 0 || *rate > 10'000)
      return fault_in(options_, element,
                      "pci_link_speed=\"" + std::string(text.substr(0, 40)) + "\" is no rate");
    static constexpr struct {
      double lane;  // GB/s
      std::string_view speed;
    } generations[] = {{0.25, "2.5GT/s"},
                       {0.5, "5GT/s"},
                       {8.0 * 128 / 130 / 8, "8GT/s"},
                       {16.0 * 128 / 130 / 8, "16GT/s"},
                       {32.0 * 128 / 130 / 8, "32GT/s"},
                       {64.0 * 128 / 130 / 8, "64GT/s"}};
    size_t explanations = 0;
    for (const auto& generation : generations)
      for (const int lanes : {1, 2, 4, 8, 12, 16}) {
        const double exact = generation.lane * lanes;
        if (*rate < exact * 0.999 || *rate > exact * 1.001) continue;
        ++explanations;
        function.link_speed = generation.speed;
        function.link_width = lanes;
      }
    if (explanations < 2) return {};
    function.link_speed.clear();
    function.link_width = 0;
    ++out_.unclear_links;
    return {};
  }

  Result<HwlocRef> take_os_device(const Element& element, const Place& place) {
    HwlocOsDevice device;
    device.name = clean_text(element.get("name"), 63);
    device.subtype = element.get("subtype");
    const int64_t most = version_ >= 3 ? 127 : 5;
    const int64_t type = TRY(need_number(element, "osdev_type", {0, most, 0}, options_));
    static constexpr uint32_t of_enum[] = {os_device::storage, os_device::gpu,
                                           os_device::network, os_device::openfabrics,
                                           os_device::dma,     os_device::coprocessor};
    device.kinds = version_ >= 3 ? static_cast<uint32_t>(type) : of_enum[type];
    device.infos = infos_of(element);
    device.pci = place.pci;
    device.cpus = place.cpus;
    if (place.pci) out_.pci[*place.pci].has_device = true;
    out_.os_devices.push_back(std::move(device));
    return HwlocRef{HwlocRef::Kind::os_device, out_.os_devices.size() - 1};
  }

  Result<void> index(const Element& element, const std::string& type, const HwlocRef& ref) {
    const int64_t gp = TRY(
        read_number(element, "gp_index", {0, std::numeric_limits<int64_t>::max(), -1}, options_));
    if (gp >= 0 && !out_.by_index.try_emplace({type, gp}, ref).second)
      return fault_in(options_, element,
                      "gp_index " + std::to_string(gp) + " is there twice for type " + type);
    return {};
  }

  const int version_;
  const ImportOptions& options_;
  HwlocObjects out_;
  Bits named_cpus_, named_nodes_;
};

}  // namespace

std::string_view info_of(const Infos& infos, std::string_view name) {
  const auto found = infos.find(name);
  return found == infos.end() ? std::string_view() : std::string_view(found->second);
}

Result<std::optional<Bits>> read_bitmap(const Element& element, std::string_view attribute,
                                        const ImportOptions& options) {
  const std::string_view text = trim(element.get(attribute));
  if (text.empty() || text.starts_with("0xf...f")) return std::optional<Bits>{};
  const auto words = split(text, ',');
  const auto wrong = [&](std::string_view why) {
    return fault_in(options, element,
                    std::string(attribute) + "=\"" + std::string(text.substr(0, 40)) + "\" " +
                        std::string(why));
  };
  Bits out;
  for (size_t i = 0; i < words.size(); ++i) {
    std::string_view word = trim(words[i]);
    if (word.starts_with("0x")) word.remove_prefix(2);
    uint32_t bits = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), bits, 16);
    if (!word.empty() && (error != std::errc{} || end != word.data() + word.size()))
      return wrong("is no set such as 0x000000ff,0x0");
    const size_t base = (words.size() - 1 - i) * 32;
    for (uint32_t rest = bits; rest != 0; rest &= rest - 1) {
      const size_t number = base + static_cast<size_t>(__builtin_ctz(rest));
      if (number >= limits::cpus) return wrong("has numbers beyond those of any machine");
      out.add(number);
    }
  }
  return std::optional<Bits>(std::move(out));
}

Result<HwlocObjects> read_hwloc_objects(const Element& topology, int version,
                                        const ImportOptions& options) {
  ObjectReader reader(version, options);
  size_t roots = 0;
  for (const Element& child : topology.children) {
    if (child.name == "info")
      reader.out().infos.try_emplace(std::string(child.get("name")), child.get("value"));
    if (child.name != "object") continue;
    if (++roots > 1) return fault_in(options, child, "a second root object");
    TRY(reader.read(child, Place{}));
  }
  if (roots == 0) return fault_in(options, topology, "there is no <object> in it");
  return std::move(reader).finish();
}

}  // namespace freehold::discover
