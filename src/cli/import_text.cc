#include "cli/import_text.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "api/node.h"
#include "api/site.h"
#include "base/strings.h"

namespace freehold::cli {

namespace {

constexpr size_t rows_shown = 24;  // of a table: a screen; the rest is counted

template <class T>
std::vector<const T*> all_of(const std::vector<api::Object>& objects) {
  std::vector<const T*> out;
  for (const api::Object& object : objects)
    if (const T* thing = object.as<T>()) out.push_back(thing);
  return out;
}

std::string counted(size_t n, std::string_view one, std::string_view many) {
  return std::to_string(n) + " " + std::string(n == 1 ? one : many);
}

std::string devices_text(const std::map<api::DeviceClass, size_t>& counts) {
  std::string out;
  for (const auto& [cls, count] : counts)
    out += (out.empty() ? "" : ", ") + std::to_string(count) + " " + api::enum_text(cls);
  return out;
}

std::string or_dash(std::string text) { return text.empty() ? "-" : text; }

std::string cpu_count(const std::string& list) {
  const auto cpus = parse_cpu_list(list);
  return cpus && !cpus->empty() ? std::to_string(cpus->size()) : "-";
}

std::string table_text(std::string_view title, std::vector<std::string> headers,
                       std::vector<std::vector<std::string>> rows, const Terminal& t) {
  if (rows.empty()) return "";
  const size_t more = rows.size() > rows_shown ? rows.size() - rows_shown : 0;
  rows.resize(rows.size() - more);
  Table table(std::move(headers));
  for (std::vector<std::string>& row : rows) table.add(std::move(row));
  std::string out = "\n" + paint(title, Colour::bold, t) + "\n" + table.text(t);
  if (more > 0) out += "… and " + std::to_string(more) + " more\n";
  return out;
}

using Profiles = std::map<std::string, const api::HardwareProfileSpec*>;

std::string machines_text(const std::vector<const api::Node*>& nodes, const Profiles& profiles,
                          const Terminal& t) {
  std::vector<std::vector<std::string>> rows;
  for (const api::Node* node : nodes) {
    const auto at = profiles.find(node->status.profile);
    static const api::HardwareProfileSpec nothing;
    const api::HardwareProfileSpec& profile = at == profiles.end() ? nothing : *at->second;
    std::map<api::DeviceClass, size_t> counts;
    for (const api::Device& device : profile.devices) ++counts[device.cls];
    int64_t bytes = 0;
    for (const api::NumaNode& numa : profile.numa)
      if (numa.memory_bytes < (int64_t{1} << 60) - bytes) bytes += numa.memory_bytes;
    rows.push_back({node->metadata.name, or_dash(profile.product), cpu_count(profile.cpus),
                    profile.numa.empty() ? "-" : std::to_string(profile.numa.size()),
                    bytes == 0 ? "-" : humanize(bytes, Dimension::bytes),
                    or_dash(devices_text(counts)), or_dash(node->spec.rack),
                    or_dash(node->status.scale_up_domain), or_dash(node->status.profile)});
  }
  return table_text(
      "Machines",
      {"NAME", "PRODUCT", "CPUS", "NUMA", "MEMORY", "DEVICES", "RACK", "DOMAIN", "PROFILE"},
      std::move(rows), t);
}

// Machines that hang on a fabric, by adapters or by name.
size_t machines_on(const api::FabricSpec& spec) {
  std::set<std::string_view> names;
  for (const api::FabricSwitch& there : spec.switches)
    names.insert(there.nodes.begin(), there.nodes.end());
  for (const api::FabricAdapter& adapter : spec.adapters)
    if (!adapter.node.empty()) names.insert(adapter.node);
  return names.size();
}

std::string fabrics_text(const std::vector<const api::Fabric*>& fabrics, const Terminal& t) {
  std::vector<std::vector<std::string>> rows;
  for (const api::Fabric* fabric : fabrics) {
    const api::FabricSpec& spec = fabric->spec;
    std::string tiers;
    for (const api::FabricTier& tier : spec.tiers) {
      const auto count = std::ranges::count(spec.switches, tier.name, &api::FabricSwitch::tier);
      if (count > 0) tiers += (tiers.empty() ? "" : ", ") + std::to_string(count) + " " + tier.name;
    }
    int64_t cables = 0;
    for (const api::FabricLink& link : spec.links) cables += link.count;
    const auto units = std::ranges::count(spec.adapters, true, &api::FabricAdapter::is_aggregation);
    // Reduction units inside of switches are no machine's adapters, as in `topology`.
    std::string adapters = std::to_string(spec.adapters.size() - static_cast<size_t>(units));
    if (units > 0)
      adapters += ", " + counted(static_cast<size_t>(units), "reduction unit", "reduction units");
    rows.push_back({fabric->metadata.name, api::enum_text(spec.kind), or_dash(spec.technology),
                    std::to_string(spec.switches.size()), or_dash(tiers), std::to_string(cables),
                    adapters, std::to_string(machines_on(spec))});
  }
  return table_text(
      "Fabrics",
      {"NAME", "KIND", "TECHNOLOGY", "SWITCHES", "TIERS", "CABLES", "ADAPTERS", "MACHINES"},
      std::move(rows), t);
}

std::string sites_text(const std::vector<api::Object>& objects, const Terminal& t) {
  std::vector<std::vector<std::string>> racks, domains;
  for (const api::Rack* rack : all_of<api::Rack>(objects))
    racks.push_back({rack->metadata.name, or_dash(rack->spec.row), or_dash(rack->spec.room),
                     std::to_string(rack->spec.units)});
  for (const api::PowerDomain* domain : all_of<api::PowerDomain>(objects))
    domains.push_back({domain->metadata.name, api::enum_text(domain->spec.type),
                       or_dash(domain->spec.capacity.text()), or_dash(domain->status.load.text())});
  return table_text("Racks", {"NAME", "ROW", "ROOM", "UNITS"}, std::move(racks), t) +
         table_text("Power domains", {"NAME", "TYPE", "CAPACITY", "LOAD"}, std::move(domains), t);
}

}  // namespace

std::string import_summary(const std::vector<api::Object>& objects, const Terminal& t) {
  const auto nodes = all_of<api::Node>(objects);
  const auto fabrics = all_of<api::Fabric>(objects);
  Profiles profiles;
  for (const auto* profile : all_of<api::HardwareProfile>(objects))
    profiles[profile->metadata.name] = &profile->spec;
  std::map<api::DeviceClass, size_t> devices;
  int64_t milliwatts = 0;
  for (const api::Node* node : nodes) {
    if (const auto at = profiles.find(node->status.profile); at != profiles.end())
      for (const api::Device& device : at->second->devices) ++devices[device.cls];
    if (node->status.power.measured.is_set()) milliwatts += node->status.power.measured.value();
  }
  size_t switches = 0, links = 0;
  for (const api::Fabric* fabric : fabrics) {
    switches += fabric->spec.switches.size();
    links += fabric->spec.links.size();
  }
  std::string out = "Found " + counted(nodes.size(), "machine", "machines");
  if (!devices.empty()) out += " with " + devices_text(devices);
  if (!fabrics.empty())
    out += ", " + counted(switches, "switch", "switches") + " and " +
           counted(links, "link", "links") + " in " + counted(fabrics.size(), "fabric", "fabrics");
  if (const size_t n = all_of<api::Rack>(objects).size(); n > 0)
    out += ", " + counted(n, "rack", "racks");
  if (const size_t n = all_of<api::PowerDomain>(objects).size(); n > 0)
    out += ", " + counted(n, "power domain", "power domains");
  if (milliwatts > 0) out += ", drawing " + humanize(milliwatts, Dimension::power);
  out +=
      "\n" + machines_text(nodes, profiles, t) + fabrics_text(fabrics, t) + sites_text(objects, t);
  return out;
}

std::string conflicts_text(const std::vector<api::Object>& objects) {
  std::string out;
  for (const api::Node* node : all_of<api::Node>(objects))
    for (const api::Conflict& conflict : node->status.conflicts) {
      std::string line =
          "conflict: " + node->metadata.name + ": " + conflict.field + " is " + conflict.kept;
      for (const api::Claim& claim : conflict.claims)
        line += "; " + claim.source + " says " + claim.value;
      out += printable(line) + "\n";
    }
  return out;
}

}  // namespace freehold::cli
