#include "discover/draw_tree.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/strings.h"
#include "discover/parse.h"

namespace freehold::discover {

namespace {

std::vector<uint32_t> numbers(std::string_view list) {
  return parse_cpu_list(list).value_or(std::vector<uint32_t>{});
}

// Three significant digits at most, without trailing zeros: 3.84, 80, 1.5.
std::string short_number(double value) {
  const int decimals = value < 10 ? 2 : value < 100 ? 1 : 0;
  double scale = 1;
  for (int i = 0; i < decimals; ++i) scale *= 10;
  auto scaled = static_cast<int64_t>(value * scale + 0.5);
  std::string out = std::to_string(scaled / static_cast<int64_t>(scale));
  std::string fraction = std::to_string(scaled % static_cast<int64_t>(scale));
  if (decimals == 0) return out;
  fraction.insert(0, static_cast<size_t>(decimals) - fraction.size(), '0');
  while (fraction.ends_with('0')) fraction.pop_back();
  return fraction.empty() ? out : out + "." + fraction;
}

std::string with_unit(int64_t bytes, double base, std::initializer_list<std::string_view> units) {
  auto value = static_cast<double>(std::max<int64_t>(bytes, 0));
  auto unit = units.begin();
  while (value >= base * 0.9995 && unit + 1 != units.end()) {
    value /= base;
    ++unit;
  }
  return short_number(value) + " " + std::string(*unit);
}

// A function of the tree, or a device that is none.
struct Place {
  const api::PciFunction* function = nullptr;
  const api::Device* device = nullptr;
  std::string root{};  // of the PCI tree, when that is what this is
  std::vector<Place> below{};
};

class TreeBuilder {
 public:
  TreeBuilder(const Machine& machine, bool is_seen) : machine_(machine), is_seen_(is_seen) {
    for (const auto& function : machine.profile.pci) functions_[function.address] = &function;
    for (const auto& link : machine.degraded) degraded_.insert(link.at);
  }

  std::vector<Row> rows() {
    std::vector<Row> out;
    std::set<int64_t> nodes;
    for (const auto& node : machine_.profile.numa) nodes.insert(node.id);
    // With one memory node everything is near to it, whatever the firmware forgot to say.
    const bool only = nodes.size() == 1;
    const auto& all = machine_.profile.numa;
    for (size_t i = 0; i < all.size();) {
      auto below = cpu_rows(all[i]);
      append(below, device_rows([&](const api::Device& device) {
               return only || device.numa == all[i].id;
             }));
      size_t count = 1;
      if (below.empty())
        while (i + count < all.size() && is_alike(all[i], all[i + count]) &&
               all[i + count].id == all[i].id + static_cast<int64_t>(count))
          ++count;
      out.push_back(numa_row(all[i], all[i + count - 1].id, count));
      out.back().below = std::move(below);
      i += count;
    }
    auto rest = device_rows(
        [&](const api::Device& device) { return !only && !nodes.contains(device.numa); });
    if (!rest.empty())
      out.push_back({.cells = {{"memory node unknown", Style::dim}},
                     .heading = true,
                     .below = std::move(rest)});
    return out;
  }

 private:
  static void append(std::vector<Row>& to, std::vector<Row> rows) {
    std::move(rows.begin(), rows.end(), std::back_inserter(to));
  }

  // Memory without anything near it, of which there may be many.
  bool is_alike(const api::NumaNode& a, const api::NumaNode& b) const {
    return a.cls == b.cls && a.memory_bytes == b.memory_bytes && a.package == b.package &&
           a.device.empty() && b.device.empty() &&
           a.read_bandwidth.text() == b.read_bandwidth.text() && b.cpus.empty() &&
           std::none_of(machine_.profile.devices.begin(), machine_.profile.devices.end(),
                        [&](const api::Device& device) { return device.numa == b.id; });
  }

  // One memory node, or several equal ones up to `last`.
  Row numa_row(const api::NumaNode& node, int64_t last, size_t count) const {
    const std::string name = count == 1
                                 ? "node " + std::to_string(node.id)
                                 : "nodes " + std::to_string(node.id) + "–" + std::to_string(last);
    Row row{.cells = {{name, Style::memory}}, .heading = true};
    const std::string times = count == 1 ? "" : std::to_string(count) + " × ";
    if (node.memory_bytes > 0)
      row.cells.push_back({times + memory_text(node.memory_bytes), Style::strong});
    else if (count > 1)
      row.cells.push_back({std::to_string(count) + " of them", Style::dim});
    if (node.package >= 0 && machine_.profile.packages.size() > 1)
      row.cells.push_back({"package " + std::to_string(node.package), Style::dim});
    static const std::map<api::NumaClass, std::string_view> words = {
        {api::NumaClass::memory_only, "memory only"},
        {api::NumaClass::gpu_memory, "memory of an accelerator"},
        {api::NumaClass::cpu_only, "no memory of its own"},
        {api::NumaClass::empty, "empty"}};
    if (!node.device.empty())
      row.cells.push_back({"memory of " + node.device, Style::dim});
    else if (const auto word = words.find(node.cls); word != words.end())
      row.cells.push_back({std::string(word->second), Style::dim});
    if (node.read_bandwidth.is_set())
      row.cells.push_back({"reads " + with_unit(node.read_bandwidth.value() / 8, 1000,
                                                {"B/s", "kB/s", "MB/s", "GB/s", "TB/s"}),
                           Style::dim});
    if (node.read_latency.is_set())
      row.cells.push_back(
          {"in " + humanize(node.read_latency.value(), Dimension::duration), Style::dim});
    return row;
  }

  // Cores and caches of a memory node in one or two lines.
  std::vector<Row> cpu_rows(const api::NumaNode& node) const {
    const auto cpus = numbers(node.cpus);
    if (cpus.empty()) return {};
    size_t cores = 0, fewest = SIZE_MAX, most = 0;
    for (const auto& core : machine_.profile.cores) {
      const auto threads = numbers(core);
      if (threads.empty() || !std::binary_search(cpus.begin(), cpus.end(), threads[0])) continue;
      ++cores;
      fewest = std::min(fewest, threads.size());
      most = std::max(most, threads.size());
    }
    std::string text = machine_.profile.cores.empty() ? "-" : std::to_string(cores);
    text += cores == 1 ? " core" : " cores";
    if (most > 1)
      text += " × " + (fewest == most ? "" : std::to_string(fewest) + "–") + std::to_string(most) +
              " threads";
    Row row{.cells = {{text, Style::plain}, {"CPU " + node.cpus, Style::dim}}, .heading = true};
    const std::string caches = cache_text(cpus, cores);
    if (!caches.empty()) row.cells.push_back({caches, Style::dim});
    std::vector<Row> out;
    out.push_back(std::move(row));
    return out;
  }

  // "L1 32+48 KiB  L2 2 MiB  L3 8 × 32 MiB": of a core, of a core, of the node.
  std::string cache_text(const std::vector<uint32_t>& cpus, size_t cores) const {
    std::string out;
    for (int64_t level = 1; level <= 5; ++level) {
      std::map<std::pair<std::string, int64_t>, size_t> counts;  // type and size
      for (const auto& cache : machine_.profile.caches) {
        const auto shared = numbers(cache.cpus);
        if (cache.level != level || shared.empty() ||
            !std::binary_search(cpus.begin(), cpus.end(), shared[0]))
          continue;
        if (cache.size_bytes > 0) ++counts[{cache.type, cache.size_bytes}];
      }
      std::string text;
      for (const auto& [kind, count] : counts) {
        if (kind.first == "instruction")
          continue;  // as large as it is; the data cache is what matters
        if (!text.empty()) text += " + ";
        if (count != cores && count > 1) text += std::to_string(count) + " × ";
        text += memory_text(kind.second);
      }
      if (!text.empty()) out += (out.empty() ? "L" : "  L") + std::to_string(level) + " " + text;
    }
    return out;
  }

  // ---- devices

  template <class Wanted>
  std::vector<Row> device_rows(const Wanted& wanted) const {
    std::vector<Place> roots;
    for (const auto& device : machine_.profile.devices)
      if (wanted(device)) insert(roots, device);
    std::vector<Place> places;
    for (auto& root : roots) {
      simplify(root);
      // A root says something only where it tells devices apart.
      const bool dull = !root.root.empty() && (root.below.size() == 1 || roots.size() == 1);
      if (dull)
        std::move(root.below.begin(), root.below.end(), std::back_inserter(places));
      else
        places.push_back(std::move(root));
    }
    return to_rows(places);
  }

  // Puts a device below the bridges above it.
  void insert(std::vector<Place>& roots, const api::Device& device) const {
    std::vector<const api::PciFunction*> path;
    std::string root;
    std::string address = device.address;
    for (size_t depth = 0; !address.empty() && depth < limits::pci_depth; ++depth) {
      const auto found = functions_.find(address);
      if (found == functions_.end()) {
        if (is_pci_root(address)) root = address;
        break;
      }
      path.push_back(found->second);
      address = found->second->parent;
    }
    std::reverse(path.begin(), path.end());
    std::vector<Place>* level = &roots;
    if (!root.empty()) level = &place_of(*level, nullptr, root).below;
    for (size_t i = 0; i + 1 < path.size(); ++i) level = &place_of(*level, path[i], "").below;
    level->push_back({.function = path.empty() ? nullptr : path.back(), .device = &device});
  }

  static Place& place_of(std::vector<Place>& level, const api::PciFunction* function,
                         const std::string& root) {
    for (Place& place : level)
      if (place.device == nullptr && place.function == function && place.root == root) return place;
    level.push_back({.function = function, .root = root});
    return level.back();
  }

  // Takes out the bridges that only pass through, and those above the functions of one card.
  static void simplify(Place& place) {
    std::vector<Place> below;
    for (Place& child : place.below) {
      simplify(child);
      const bool dull = child.device == nullptr && (child.below.size() == 1 || one_card(child));
      if (dull)
        std::move(child.below.begin(), child.below.end(), std::back_inserter(below));
      else
        below.push_back(std::move(child));
    }
    place.below = std::move(below);
  }

  static bool one_card(const Place& place) {
    return std::all_of(place.below.begin(), place.below.end(), [&](const Place& child) {
      const std::string& first =
          place.below[0].device == nullptr ? "" : place.below[0].device->address;
      return child.device != nullptr &&
             child.device->address.substr(0, child.device->address.rfind('.')) ==
                 first.substr(0, first.rfind('.'));
    });
  }

  std::vector<Row> to_rows(const std::vector<Place>& places) const {
    std::vector<Row> out;
    for (const Place& place : places) {
      Row row = place.device != nullptr ? device_row(*place.device) : bridge_row(place);
      row.below = to_rows(place.below);
      out.push_back(std::move(row));
    }
    return out;
  }

  static std::string shown(const std::string& address) {
    return is_invented_address(address) ? "" : " " + address;
  }

  Row bridge_row(const Place& place) const {
    if (place.function == nullptr)
      return {.cells = {{"PCI root" + shown(place.root.substr(3)), Style::dim}}, .heading = true};
    const auto& function = *place.function;
    const bool is_switch = functions_.contains(function.parent);
    Row row{.cells = {{(is_switch ? "switch" : "bridge") + shown(function.address), Style::dim}},
            .heading = true};
    const std::string link = link_text(function.link_speed, function.link_width);
    if (!link.empty()) row.cells.push_back({link, Style::dim});
    if (degraded_.contains(function.address))
      row.cells.push_back({"▲ " + seen_at(function.address), Style::bad});
    return row;
  }

  std::string seen_at(const std::string& place) const {
    for (const auto& link : machine_.degraded)
      if (link.at == place) return link.seen + " of " + link.expected;
    return "";
  }

  static Style style_of(api::DeviceClass cls) {
    switch (cls) {
      case api::DeviceClass::gpu:
        return Style::gpu;
      case api::DeviceClass::nic:
      case api::DeviceClass::rdma_nic:
        return Style::network;
      case api::DeviceClass::nvme:
        return Style::storage;
      case api::DeviceClass::cxl:
        return Style::memory;
      case api::DeviceClass::nvswitch:
      case api::DeviceClass::other:
        return Style::plain;
    }
    return Style::plain;
  }

  static Cell health_mark(api::Health health) {
    switch (health) {
      case api::Health::healthy:
        return {"●", Style::good};
      case api::Health::degraded:
        return {"◐", Style::warning};
      case api::Health::failed:
        return {"✕", Style::bad};
      case api::Health::unknown:
        break;
    }
    return {"?", Style::dim};
  }

  // What the card can do, and the port above it where that holds it back: no fault to mend, and
  // yet what it was bought for is not there.
  std::string most_of_link(const api::PciFunction& card) const {
    const std::string own = link_text(card.link_speed, card.link_width);
    const auto found = functions_.find(card.parent);
    if (own.empty() || found == functions_.end()) return own;
    const api::PciFunction& port = *found->second;
    const bool is_slower = !port.link_speed.empty() && !card.link_speed.empty() &&
                           link_speed_mt(port.link_speed) < link_speed_mt(card.link_speed);
    const bool is_narrower = port.link_width > 0 && port.link_width < card.link_width;
    return is_slower || is_narrower ? own + " below " + link_text(port.link_speed, port.link_width)
                                    : own;
  }

  // id, model, size or speed, link, mark and remark.
  Row device_row(const api::Device& device) const {
    api::NodeDevice seen;
    std::string used;
    for (size_t i = 0; i < machine_.devices.size(); ++i) {
      if (machine_.devices[i].id != device.id) continue;
      seen = machine_.devices[i];
      if (i < machine_.access.size()) used = machine_.access[i].used_by_system;
    }
    Row row;
    row.cells.push_back({device.id, style_of(device.cls)});
    row.cells.push_back({with_vendor(device.model), Style::plain});
    std::string size = device.speed;
    if (device.memory_bytes > 0)
      size = device.cls == api::DeviceClass::nvme ? disk_text(device.memory_bytes)
                                                  : memory_text(device.memory_bytes);
    row.cells.push_back({size, Style::strong});
    const auto function = functions_.find(device.address);
    std::string link = is_invented_address(device.address) ? "" : device.address;
    if (function != functions_.end()) {
      const std::string most = most_of_link(*function->second);
      if (!most.empty()) link = most;
    }
    row.cells.push_back({link, Style::dim});
    row.cells.push_back({fabric_text(device, seen), Style::dim});
    row.cells.push_back({place_text(device, seen), Style::dim});
    row.cells.push_back(health_mark(seen.health));
    if (Cell said = remark(device, seen, used); !said.text.empty())
      row.cells.push_back(std::move(said));
    if (!seen.firmware.empty()) row.cells.push_back({"fw " + seen.firmware, Style::dim});
    return row;
  }

  // "18 NVLink to 4 switches, 478 GB/s" of the links that are up.
  std::string fabric_text(const api::Device& device, const api::NodeDevice& seen) const {
    static const std::map<api::LinkKind, std::string_view> names = {
        {api::LinkKind::nvlink, "NVLink"},
        {api::LinkKind::xgmi, "xGMI"},
        {api::LinkKind::c2c, "C2C"},
        {api::LinkKind::cxl, "CXL"}};
    std::string out;
    for (const auto& [kind, name] : names) {
      int64_t count = 0, all = 0, rate = 0, ends = 0;
      std::string to;
      for (const api::LinkNow& link : seen.links) {
        if (link.kind != kind) continue;
        count += link.up;
        rate += link.bandwidth.value();
      }
      for (const api::DeviceLink& link : device.links) {
        if (link.kind != kind) continue;
        all += link.count;
        ++ends;
        to = link.to;
      }
      if (all == 0) continue;
      if (!out.empty()) out += ", ";
      if (seen.links.empty())
        out += std::to_string(all);
      else
        out += std::to_string(count) + (count < all ? " of " + std::to_string(all) : "");
      out += " " + std::string(name) + " to " +
             (ends == 1 ? to : std::to_string(ends) + " " + std::string(peers_text(device, kind)));
      if (rate > 0)
        out += ", " + with_unit(rate / 8, 1000, {"B/s", "kB/s", "MB/s", "GB/s", "TB/s"});
    }
    return out;
  }

  // What the links of a kind lead to, where all of it is of one class.
  std::string_view peers_text(const api::Device& device, api::LinkKind kind) const {
    bool switches = true, gpus = true;
    for (const api::DeviceLink& link : device.links) {
      if (link.kind != kind) continue;
      switches = switches && link.to.starts_with("nvswitch");
      gpus = gpus && link.to.starts_with("gpu");
    }
    return switches ? "switches" : gpus ? "GPUs" : "ends";
  }

  // "412W of 700W"; only what is in force where no meter is.
  static std::string power_text(const api::NodeDevice& seen) {
    const auto text = [](const Quantity& power) {
      return power.is_set() ? humanize(power.value(), Dimension::power) : std::string();
    };
    const std::string now = text(seen.power.measured), most = text(seen.power_limit);
    return now.empty() || most.empty() ? now + most : now + " of " + most;
  }

  // "1755 of 1980 MHz"
  static std::string clocks_text(const api::DeviceClocks& clocks) {
    if (clocks.core_mhz == 0) return "";
    std::string out = std::to_string(clocks.core_mhz);
    if (clocks.core_max_mhz > 0) out += " of " + std::to_string(clocks.core_max_mhz);
    return out + " MHz";
  }

  // "CPX/NPS4" of an accelerator that its driver splits.
  static std::string split_text(const api::NodeDevice& seen) {
    const bool whole = (seen.compute_partition.empty() || seen.compute_partition == "SPX") &&
                       (seen.memory_partition.empty() || seen.memory_partition == "NPS1");
    if (whole) return "";
    return seen.compute_partition + (seen.memory_partition.empty() ? "" : "/") +
           seen.memory_partition;
  }

  // The newest that a port speaks: who has RoCE v2 has the first, too.
  static std::string protocol_text(const api::NodeDevice& seen) {
    std::string out;
    for (const api::DevicePort& port : seen.ports)
      for (const std::string& protocol : port.protocols) out = std::max(out, protocol);
    return out;
  }

  // "no link (Polling)"
  static std::string no_link_text(const api::NodeDevice& seen) {
    for (const api::DevicePort& port : seen.ports)
      if (port.physical_state == "LinkUp") return "link not active";
    for (const api::DevicePort& port : seen.ports)
      if (!port.physical_state.empty()) return "no link (" + port.physical_state + ")";
    return "no link";
  }

  static std::string place_text(const api::Device& device, const api::NodeDevice& seen) {
    std::string out = power_text(seen);
    if (const std::string clocks = clocks_text(seen.clocks); !clocks.empty())
      out += (out.empty() ? "" : "  ") + clocks;
    if (!seen.partitions.empty())
      out += (out.empty() ? "" : "  ") + std::to_string(seen.partitions.size()) + " partitions";
    for (const std::string& text : {split_text(seen), protocol_text(seen)})
      if (!text.empty()) out += (out.empty() ? "" : "  ") + text;
    if (!device.slot.empty()) out += (out.empty() ? "" : "  ") + device.slot;
    return out;
  }

  // "8086:1563" says little to people.
  static std::string with_vendor(const std::string& model) {
    static const std::map<std::string, std::string_view, std::less<>> vendors = {
        {"1002", "AMD"},    {"10de", "NVIDIA"},   {"14e4", "Broadcom"},  {"15b3", "Mellanox"},
        {"1af4", "virtio"}, {"1bcf", "NEC"},      {"1d0f", "Amazon"},    {"1da3", "Habana"},
        {"8086", "Intel"},  {"1ae0", "Google"},   {"1414", "Microsoft"}, {"19e5", "Huawei"},
        {"1022", "AMD"},    {"1dd8", "Pensando"}, {"177d", "Marvell"}};
    if (model.size() != 9 || model[4] != ':') return model;
    const auto found = vendors.find(std::string_view(model).substr(0, 4));
    return found == vendors.end() ? model : std::string(found->second) + " " + model;
  }

  Cell remark(const api::Device& device, const api::NodeDevice& seen,
              const std::string& used) const {
    for (const std::string& place : {device.address, device.id})
      if (!place.empty() && degraded_.contains(place)) return {"▲ " + seen_at(place), Style::bad};
    if (seen.health == api::Health::failed) return {"failed", Style::bad};
    if (seen.health == api::Health::degraded) return {"degraded", Style::warning};
    if (!used.empty()) return {used, Style::dim};
    if (seen.health == api::Health::unknown && is_seen_)
      return {device.cls == api::DeviceClass::nic || device.cls == api::DeviceClass::rdma_nic
                  ? no_link_text(seen)
                  : "not known to work",
              Style::dim};
    return {"", Style::plain};
  }

  const Machine& machine_;
  const bool is_seen_;
  std::map<std::string, const api::PciFunction*, std::less<>> functions_;
  std::set<std::string, std::less<>> degraded_;
};

}  // namespace

std::vector<Row> machine_rows(const Machine& machine, bool is_seen) {
  return TreeBuilder(machine, is_seen).rows();
}

std::string memory_text(int64_t bytes) {
  return with_unit(bytes, 1024, {"B", "KiB", "MiB", "GiB", "TiB", "PiB"});
}

std::string disk_text(int64_t bytes) {
  return with_unit(bytes, 1000, {"B", "kB", "MB", "GB", "TB", "PB"});
}

std::string link_text(const std::string& speed, int64_t width) {
  static const std::map<int64_t, int> generations = {{2'500, 1},  {5'000, 2},  {8'000, 3},
                                                     {16'000, 4}, {32'000, 5}, {64'000, 6}};
  std::string out;
  const auto generation = generations.find(link_speed_mt(speed));
  if (generation != generations.end())
    out = "gen" + std::to_string(generation->second);
  else
    out = speed;
  if (width > 0) out += (out.empty() ? "x" : " x") + std::to_string(width);
  return out;
}

}  // namespace freehold::discover
