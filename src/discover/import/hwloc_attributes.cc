#include "discover/import/hwloc_attributes.h"

#include <algorithm>
#include <limits>

#include "base/strings.h"
#include "discover/import/text.h"
#include "discover/limits.h"
#include "discover/parse.h"

namespace freehold::discover {

using fleet::Bits;

namespace {

// Tiers of memory are bits (hwloc's memattrs.c); the first that holds names the node.
std::string subtype_of_tier(int64_t kinds) {
  static constexpr struct {
    int64_t bit;
    std::string_view subtype;
  } tiers[] = {{4, "GPUMemory"}, {32, "CXL"}, {1, "HBM"}, {8, "SPM"}, {16, "NVM"}, {2, "DRAM"}};
  for (const auto& tier : tiers)
    if ((kinds & tier.bit) != 0) return std::string(tier.subtype);
  return "";
}

// What a predefined attribute says, in MB/s or ns, of a node's best initiator.
struct Speeds {
  int64_t bandwidth = 0, read_bandwidth = 0, write_bandwidth = 0;
  int64_t latency = 0, read_latency = 0, write_latency = 0;
};
struct Speed {
  std::string_view name;
  int64_t Speeds::* field;
  bool more_is_better;
};
constexpr Speed speeds[] = {{"Bandwidth", &Speeds::bandwidth, true},
                            {"ReadBandwidth", &Speeds::read_bandwidth, true},
                            {"WriteBandwidth", &Speeds::write_bandwidth, true},
                            {"Latency", &Speeds::latency, false},
                            {"ReadLatency", &Speeds::read_latency, false},
                            {"WriteLatency", &Speeds::write_latency, false}};

class AttributeReader {
 public:
  AttributeReader(const HwlocObjects& objects, HostFacts& host, std::vector<std::string>& notes,
                  const ImportOptions& options)
      : objects_(objects), host_(host), notes_(notes), options_(options) {}

  Result<void> take(const Element& attribute) {
    const std::string name = clean_text(attribute.get("name"), 63);
    const auto found = std::find_if(std::begin(speeds), std::end(speeds),
                                    [&](const Speed& speed) { return speed.name == name; });
    size_t values = 0;
    for (const Element& child : attribute.children) {
      if (child.name != "memattr_value") continue;
      ++values;
      const HwlocRef target = TRY(object(child, "target_obj_"));
      TRY(initiator(child));
      const auto value = parse_uint(trim(child.get("value")));
      if (!value) return fault_in(options_, child, "value is no number");
      if (found == std::end(speeds) || target.kind != HwlocRef::Kind::numa) continue;
      if (*value == 0 || *value > 100'000'000)
        return fault_in(options_, child, name + " is beyond what memory does");
      keep(speeds_[target.index].*(found->field), static_cast<int64_t>(*value),
           found->more_is_better);
    }
    if (found == std::end(speeds) && values > 0)
      add_note(notes_, "memory attribute \"" + name + "\" has no place in a profile; its " +
                           std::to_string(values) + " values are left out");
    return {};
  }

  void finish() {
    for (const auto& [index, speed] : speeds_)
      for (api::NumaNode& node : host_.profile.numa) {
        if (node.id != objects_.numa[index].id) continue;
        // The plain attribute is the mean of reading and writing, where they are not told apart.
        node.read_bandwidth = bandwidth(speed.read_bandwidth, speed.bandwidth);
        node.write_bandwidth = bandwidth(speed.write_bandwidth, speed.bandwidth);
        node.read_latency = latency(speed.read_latency, speed.latency);
        node.write_latency = latency(speed.write_latency, speed.latency);
      }
  }

 private:
  static void keep(int64_t& best, int64_t value, bool more_is_better) {
    const bool better = more_is_better ? value > best : value < best;
    if (best == 0 || better) best = value;
  }
  static Quantity bandwidth(int64_t own, int64_t mean) {
    const int64_t mb = own > 0 ? own : mean;
    return mb > 0 ? bandwidth_of_mb(mb) : Quantity{};
  }
  static Quantity latency(int64_t own, int64_t mean) {
    const int64_t ns = own > 0 ? own : mean;
    return ns > 0 ? Quantity::of(ns, Dimension::duration) : Quantity{};
  }

  Result<HwlocRef> object(const Element& element, const std::string& prefix) {
    const std::string type(element.get(prefix + "type"));
    const int64_t index = TRY(need_number(element, prefix + "gp_index",
                                          {0, std::numeric_limits<int64_t>::max(), 0}, options_));
    const auto found = objects_.by_index.find({type, index});
    if (found == objects_.by_index.end())
      return fault_in(
          options_, element,
          "there is no " + type.substr(0, 40) + " with gp_index " + std::to_string(index));
    return found->second;
  }

  Result<void> initiator(const Element& element) {
    if (const auto cpus = TRY(read_bitmap(element, "initiator_cpuset", options_)))
      if (!objects_.complete_cpus.contains(*cpus))
        return fault_in(options_, element, "initiator_cpuset names CPUs that are not there");
    if (element.has("initiator_obj_type")) TRY(object(element, "initiator_obj_"));
    return {};
  }

  const HwlocObjects& objects_;
  HostFacts& host_;
  std::vector<std::string>& notes_;
  const ImportOptions& options_;
  std::map<size_t, Speeds> speeds_;  // by index of the memory node
};

Result<Bits> known_cpus(const Element& element, const HwlocObjects& objects,
                        const ImportOptions& options) {
  const auto cpus = TRY(read_bitmap(element, "cpuset", options));
  if (cpus && !objects.complete_cpus.contains(*cpus))
    return fault_in(options, element,
                    "cpuset names the CPUs " + (*cpus - objects.complete_cpus).to_list() +
                        ", which are not there");
  return cpus.value_or(Bits{});
}

// The profile has no kinds of CPUs, so people are told.
Result<void> read_cpu_kinds(const Element& topology, const HwlocObjects& objects,
                            std::vector<std::string>& notes, const ImportOptions& options) {
  std::vector<std::string> kinds;
  for (const Element& child : topology.children) {
    if (child.name != "cpukind") continue;
    const Bits cpus = TRY(known_cpus(child, objects, options));
    if (kinds.size() < 16)
      kinds.push_back(cpus.to_list() +
                      (child.has("forced_efficiency")
                           ? " of efficiency " + std::string(child.get("forced_efficiency"))
                           : ""));
  }
  if (kinds.size() > 1)
    add_note(notes, "cpu: the CPUs are not all of one kind: " + join(kinds, "; "));
  return {};
}

Result<void> check_localities(const Element& topology, const HwlocObjects& objects,
                              const ImportOptions& options) {
  for (const Element& child : topology.children) {
    if (child.name != "pci_locality") continue;
    TRY(known_cpus(child, objects, options));
    for (const char* name : {"domain", "bus_min", "bus_max"})
      if (parse_hex_id(child.get(name), 1).empty())
        return fault_in(options, child, std::string(name) + " is no number such as 0x3b");
    if (parse_hex_number(child.get("bus_min")) > parse_hex_number(child.get("bus_max")))
      return fault_in(options, child, "bus_min is above bus_max");
  }
  return {};
}

}  // namespace

Result<void> read_memory_tiers(const Element& topology, HwlocObjects& objects,
                               const ImportOptions& options) {
  for (const Element& child : topology.children) {
    if (child.name != "memtier") continue;
    const int64_t kinds = TRY(need_number(child, "kinds", {0, 1 << 20, 0}, options));
    const auto nodes = TRY(read_bitmap(child, "nodeset", options));
    if (!nodes) continue;
    if (!objects.nodes.contains(*nodes))
      return fault_in(options, child,
                      "nodeset names the memory nodes " + (*nodes - objects.nodes).to_list() +
                          ", which are not there");
    for (HwlocNuma& node : objects.numa)
      if (node.subtype.empty() && nodes->has(static_cast<size_t>(node.id)))
        node.subtype = subtype_of_tier(kinds);
  }
  return {};
}

Result<void> read_attributes(const Element& topology, const HwlocObjects& objects, HostFacts& host,
                             std::vector<std::string>& notes, const ImportOptions& options) {
  AttributeReader reader(objects, host, notes, options);
  for (const Element& child : topology.children)
    if (child.name == "memattr") TRY(reader.take(child));
  reader.finish();
  TRY(read_cpu_kinds(topology, objects, notes, options));
  return check_localities(topology, objects, options);
}

}  // namespace freehold::discover
