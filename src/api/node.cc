#include "api/node.h"

#include <algorithm>
#include <array>

#include "api/kind_rows.h"
#include "api/node_table.h"
#include "base/strings.h"

namespace freehold::api {
namespace {

std::string cpus_text(std::string_view list) {
  const auto cpus = parse_cpu_list(list);
  return cpus ? std::to_string(cpus->size()) : "<unknown>";
}

std::string status_text(const Node& node) {
  std::string out = is_true(node.status.conditions, "Ready") ? "Ready" : "NotReady";
  if (!node.spec.schedulable) out += ",SchedulingDisabled";
  if (node.spec.lifecycle != Lifecycle::in_service) out += "," + enum_text(node.spec.lifecycle);
  return out;
}

std::string memory_text(const Node& node) {
  int64_t bytes = 0;
  for (const MemoryShare& share : node.status.allocatable.memory)
    bytes = sum_within(bytes, std::max<int64_t>(share.bytes, 0));
  return bytes == 0 ? "<none>" : humanize(bytes, Dimension::bytes);
}

// "8 gpu, 9 nic": how many of each class, in the order of the classes.
std::string devices_text(const HardwareProfile& profile) {
  std::array<int, 7> counts{};
  for (const Device& device : profile.spec.devices) ++counts[static_cast<size_t>(device.cls)];
  std::string out;
  for (size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == 0) continue;
    if (!out.empty()) out += ", ";
    out += std::to_string(counts[i]) + ' ' + enum_text(static_cast<DeviceClass>(i));
  }
  return or_none(out);
}

}  // namespace

void check_node_spec(const NodeSpec& spec, const schema::Path& at, schema::Errors& errors) {
  if (!spec.provider.empty() && spec.provider != "agent")
    errors.add(schema::Fault::not_supported, at / "provider",
               "\"" + spec.provider + "\" is not honoured yet; use agent");
}

template <>
Kind row<HardwareProfile>() {
  Kind kind = plain_kind<HardwareProfile>(
      {"hardwareprofiles", "hardwareprofile", "HardwareProfileList", {"hp"}}, Scope::cluster);
  using T = HardwareProfile;
  kind.columns = {
      column<T, [](const T& p, Time) { return or_none(p.spec.product); }>("Product", "string",
                                                                          "Product name."),
      column<T, [](const T& p, Time) { return or_none(p.spec.architecture); }>(
          "Architecture", "string", "Instruction set."),
      column<T, [](const T& p, Time) { return cpus_text(p.spec.cpus); }>("CPUs", "integer",
                                                                         "Logical CPUs."),
      column<T, [](const T& p, Time) { return devices_text(p); }>("Devices", "string",
                                                                  "Devices by class."),
  };
  return kind;
}
template const Kind& kind_of<HardwareProfile>();

template <>
Kind row<Node>() {
  Kind kind = plain_kind<Node>({"nodes", "node", "NodeList", {"fn"}}, Scope::cluster);
  kind.columns = {
      column<Node, [](const Node& n, Time) { return status_text(n); }>(
          "Status", "string", "Whether its agent reports, and whether it takes new work."),
      column<Node, [](const Node& n, Time) { return or_none(n.spec.site); }>("Site", "string",
                                                                             "Site it stands in."),
      column<Node, [](const Node& n, Time) { return cpus_text(n.status.allocatable.cpus); }>(
          "CPUs", "integer", "Logical CPUs that contracts may take."),
      column<Node, [](const Node& n, Time) { return memory_text(n); }>(
          "Memory", "string", "Memory that contracts may take."),
      column<Node, [](const Node& n,
                      Time) { return std::to_string(n.status.allocatable.devices.size()); }>(
          "Devices", "integer", "Devices that contracts may take."),
      column<Node, [](const Node& n, Time) { return or_none(n.spec.rack); }>(
          "Rack", "string", "Rack it stands in.", 1),
      column<Node, [](const Node& n, Time) { return or_none(n.status.profile); }>(
          "Profile", "string", "HardwareProfile of the machine.", 1),
      column<Node, [](const Node& n, Time) { return or_none(n.status.address); }>(
          "Address", "string", "Where its workloads are reached.", 1),
      column<Node, [](const Node& n, Time) { return or_none(n.status.agent_version); }>(
          "Agent", "string", "Version of the agent.", 1),
  };
  kind.selectable = {"spec.site", "spec.rack"};
  return kind;
}
template const Kind& kind_of<Node>();

}  // namespace freehold::api
