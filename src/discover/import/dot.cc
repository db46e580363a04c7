#include "discover/import/dot.h"

#include <map>
#include <set>

#include "api/node.h"
#include "api/site.h"

namespace freehold::discover {

namespace {

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n')
      out += "\\n";
    else
      out += c;
  }
  return out + '"';
}

void add_node(std::string& out, const std::string& id, std::string_view label,
              std::string_view shape) {
  out += "  " + quoted(id) + " [label=" + quoted(label) + ", shape=" + std::string(shape) + "];\n";
}

void add_edge(std::string& out, const std::string& from, const std::string& to,
              const std::string& label) {
  out += "  " + quoted(from) + " -- " + quoted(to);
  if (!label.empty()) out += " [label=" + quoted(label) + "]";
  out += ";\n";
}

std::string times(int64_t count, const Quantity& bandwidth) {
  std::string out = count > 1 ? std::to_string(count) + " × " : "";
  if (bandwidth.is_set()) {
    const int64_t each = bandwidth.value() / std::max<int64_t>(count, 1);
    return out + humanize(each, Dimension::bandwidth);
  }
  return count > 1 ? std::to_string(count) : "";
}

// A switch of another fabric is named "fabric/switch".
std::string switch_id(const std::string& fabric, const std::string& name) {
  return name.find('/') == name.npos ? fabric + "/" + name : name;
}

void draw_fabric(std::string& out, const api::Fabric& fabric, std::set<std::string>& machines) {
  const std::string& name = fabric.metadata.name;
  std::set<std::string_view> switches;
  for (const api::FabricSwitch& there : fabric.spec.switches) {
    switches.insert(there.name);
    const std::string id = switch_id(name, there.name);
    add_node(out, id, there.tier.empty() ? there.name : there.name + "\n" + there.tier, "box");
    for (const std::string& node : there.nodes) {
      machines.insert(node);
      add_edge(out, id, "node/" + node, "");
    }
  }
  for (const api::FabricLink& link : fabric.spec.links) {
    const bool is_switch = link.to.find('/') != link.to.npos || switches.contains(link.to);
    if (!is_switch) machines.insert(link.to);
    add_edge(out, switch_id(name, link.from),
             is_switch ? switch_id(name, link.to) : "node/" + link.to,
             times(link.count, link.bandwidth));
  }
  // Adapters of one machine on one switch are one edge.
  std::map<std::pair<std::string, std::string>, int64_t> cables;
  for (const api::FabricAdapter& adapter : fabric.spec.adapters) {
    if (adapter.is_aggregation) continue;
    const std::string end =
        adapter.node.empty() ? "adapter/" + adapter.identity : "node/" + adapter.node;
    if (!adapter.node.empty()) machines.insert(adapter.node);
    ++cables[{switch_id(name, adapter.at), end}];
  }
  for (const auto& [ends, count] : cables) add_edge(out, ends.first, ends.second, times(count, {}));
}

void draw_machine(std::string& out, const api::Node& node, const api::HardwareProfileSpec& spec) {
  const std::string& name = node.metadata.name;
  const auto id = [&](std::string_view part) { return name + "/" + std::string(part); };
  out += "  subgraph " + quoted("cluster_" + name) + " {\n  label=" + quoted(name) + ";\n";
  for (const api::Package& package : spec.packages)
    add_node(out, id("package" + std::to_string(package.id)),
             "package " + std::to_string(package.id), "box");
  for (const api::NumaNode& numa : spec.numa)
    add_node(
        out, id("numa" + std::to_string(numa.id)),
        "NUMA " + std::to_string(numa.id) + "\n" + humanize(numa.memory_bytes, Dimension::bytes),
        "box");
  for (const api::Device& device : spec.devices)
    add_node(out, id(device.id), device.id + "\n" + device.model, "ellipse");
  out += "  }\n";
  for (const api::NumaNode& numa : spec.numa)
    if (numa.package >= 0)
      add_edge(out, id("package" + std::to_string(numa.package)),
               id("numa" + std::to_string(numa.id)), "");
  std::set<std::pair<std::string, std::string>> drawn;
  for (const api::Device& device : spec.devices) {
    if (device.numa >= 0)
      add_edge(out, id("numa" + std::to_string(device.numa)), id(device.id), "");
    for (const api::DeviceLink& link : device.links)
      if (drawn.emplace(std::min(device.id, link.to), std::max(device.id, link.to)).second)
        add_edge(out, id(device.id), id(link.to),
                 api::enum_text(link.kind) + " " + times(link.count, link.bandwidth));
  }
}

}  // namespace

std::string draw_dot(std::span<const api::Object> objects) {
  std::string out = "graph freehold {\n  rankdir=LR;\n";
  std::set<std::string> machines;
  std::map<std::string, const api::HardwareProfileSpec*> profiles;
  bool has_fabric = false;
  for (const api::Object& object : objects) {
    if (const auto* fabric = object.as<api::Fabric>()) {
      draw_fabric(out, *fabric, machines);
      has_fabric = true;
    }
    if (const auto* profile = object.as<api::HardwareProfile>())
      profiles[profile->metadata.name] = &profile->spec;
  }
  for (const api::Object& object : objects)
    if (const auto* node = object.as<api::Node>()) {
      const auto at = profiles.find(node->status.profile);
      if (has_fabric || at == profiles.end())
        machines.insert(node->metadata.name);
      else
        draw_machine(out, *node, *at->second);
    }
  for (const std::string& name : machines) add_node(out, "node/" + name, name, "ellipse");
  return out + "}\n";
}

}  // namespace freehold::discover
