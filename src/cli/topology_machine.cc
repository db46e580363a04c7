// topology of a machine: matrix, document and picture.
#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "cli/topology.h"
#include "discover/parse.h"
#include "fleet/machine_graph.h"
#include "fleet/paths.h"

namespace freehold::cli {

namespace {

using fleet::EdgeKind;
using fleet::PathClass;
using fleet::VertexKind;

bool is_nic(api::DeviceClass cls) {
  return cls == api::DeviceClass::nic || cls == api::DeviceClass::rdma_nic;
}

// The machine's interior as it is now: its profile's, with what this node says of its links.
fleet::MachineGraph graph_now(const fleet::NodeState& node) {
  fleet::MachineGraph graph = *node.interior().machine();
  if (node.facts().now != nullptr) graph.apply(*node.facts().now);
  return graph;
}
// The same, with who says so, and when. The fleet's own interiors do not know: nodes share them.
fleet::MachineGraph graph_said(const fleet::NodeState& state, const api::Node& node) {
  fleet::MachineGraph graph = graph_now(state);
  graph.attribute(node.status.provenance);
  return graph;
}

// Who says how a path runs, and when the first of them looked.
json::Object said_of(const fleet::MachineGraph& machine, const std::vector<fleet::Hop>& route) {
  std::set<std::string> sources;
  Time oldest;
  for (const fleet::Hop& hop : route) {
    const fleet::Edge& edge = machine.graph().edges()[hop.edge];
    if (const std::string& source = machine.graph().sources()[edge.source]; !source.empty())
      sources.insert(source);
    if (edge.at.is_set() && (!oldest.is_set() || edge.at < oldest)) oldest = edge.at;
  }
  json::Object out;
  out["confidence"] = json::Value(api::enum_text(fleet::confidence_of(machine, route)));
  out["sources"] = json::Value(json::Array(sources.begin(), sources.end()));
  if (oldest.is_set()) out["seenAt"] = json::Value(format_rfc3339(oldest));
  return out;
}

// As people know it: a place whose address is not known has none.
template <class Devices>
std::string place_name(const fleet::MachineGraph& machine, const Devices& devices,
                       uint32_t vertex) {
  const fleet::Vertex& at = machine.graph().vertices()[vertex];
  if (!discover::is_invented_address(at.name)) return at.name;
  for (size_t i = 0; i < machine.devices() && i < devices.size(); ++i)
    if (machine.vertex(i) == vertex) return devices[i].id;
  return at.kind == VertexKind::host_bridge ? "PCI root" : "PCI switch";
}

struct Label {
  size_t end = 0;
  std::string text;  // GPU0, NIC3, or the id
};

std::vector<Label> labels_of(const fleet::NodeState& node, Devices which) {
  const auto& machine = *node.interior().machine();
  const auto& devices = node.interior().devices();
  std::vector<Label> gpus, nics, others;
  for (size_t i = 0; i < machine.devices(); ++i) {
    const api::DeviceClass cls = machine.device_class(i);
    if (cls == api::DeviceClass::gpu)
      gpus.push_back({i, "GPU" + std::to_string(gpus.size())});
    else if (is_nic(cls))
      nics.push_back({i, "NIC" + std::to_string(nics.size())});
    else
      others.push_back({i, printable(devices[i].id)});
  }
  gpus.insert(gpus.end(), nics.begin(), nics.end());
  if (which == Devices::all) gpus.insert(gpus.end(), others.begin(), others.end());
  return gpus;
}

// "NV18", "XGMI", "PIX": the word of a path, for NVLink with the number of links.
std::string word_of(const fleet::PathTable& now, const fleet::MachineGraph& graph,
                    fleet::Routes& routes, size_t from, size_t to) {
  const fleet::Path& path = now.direct(from, to);
  if (path.cls != PathClass::nvl) return std::string(fleet::path_word(path.cls));
  int64_t count = -1;
  for (const fleet::Hop& hop : routes.between(from, to)) {
    const fleet::Edge& edge = graph.graph().edges()[hop.edge];
    if (edge.kind == EdgeKind::xgmi) return "XGMI";
    if (edge.kind != EdgeKind::nvlink) continue;
    count = count < 0 ? edge.count : std::min<int64_t>(count, edge.count);
  }
  return count < 0 ? "NVL" : "NV" + std::to_string(count);
}

std::string affinity(const fleet::NodeState& node, size_t device, bool as_numa) {
  const fleet::Interior& interior = node.interior();
  const int cell = interior.kinds()[interior.devices()[device].kind].cell;
  if (cell < 0) return "?";
  const fleet::Cell& at = interior.cells()[static_cast<size_t>(cell)];
  return as_numa ? std::to_string(at.id) : at.cpus.to_list();
}

// What the words mean, nearest first.
constexpr std::pair<std::string_view, std::string_view> meanings[] = {
    {"NV", "NVLink, directly or through switches; the number says how many links"},
    {"XGMI", "AMD xGMI"},
    {"NVB", "NVLink through one peer device"},
    {"C2C", "chip to chip between processor and accelerator"},
    {"PIX", "at most one PCI switch"},
    {"PXB", "several PCI switches, without the processor"},
    {"P2C", "chip to chip to the processor, then its PCI"},
    {"PHB", "through a root complex of the processor"},
    {"NODE", "between root complexes of one memory node (NCCL says PHB)"},
    {"SYS", "between memory nodes"},
    {"?", "connected, nobody says how"},
    {"DIS", "not connected"}};

std::string legend(const std::set<std::string>& words, const Terminal& terminal) {
  std::string out = "\n  X     itself\n";
  for (const auto& [word, meaning] : meanings) {
    const bool is_counted = word == "NV";
    const bool used = std::any_of(words.begin(), words.end(), [&](const std::string& one) {
      return is_counted ? one.size() > 2 && one.starts_with("NV") && one != "NVB" : one == word;
    });
    if (used)
      out += "  " + padded(is_counted ? "NV#" : word, 6) + paint(meaning, Colour::dim, terminal) +
             "\n";
  }
  return out;
}

json::Value rate_or_null(int64_t mbps) { return mbps < 0 ? json::Value() : json::Value(mbps); }

}  // namespace

std::string path_matrix(const fleet::NodeState& node, Devices which, const Terminal& terminal) {
  const fleet::MachineGraph graph = graph_now(node);
  const fleet::PathTable now(graph, fleet::When::now);
  fleet::Routes routes(graph, fleet::When::now);
  const std::vector<Label> labels = labels_of(node, which);
  if (labels.empty()) return "";
  std::vector<std::string> headers{""};
  for (const Label& label : labels) headers.push_back(label.text);
  headers.insert(headers.end(), {"CPU AFFINITY", "NUMA"});
  Table table(headers);
  std::set<std::string> words;
  for (const Label& row : labels) {
    std::vector<std::string> cells{row.text};
    for (const Label& column : labels) {
      const std::string word =
          row.end == column.end ? "X" : word_of(now, graph, routes, row.end, column.end);
      words.insert(word);
      cells.push_back(word);
    }
    cells.push_back(affinity(node, row.end, false));
    cells.push_back(affinity(node, row.end, true));
    table.add(std::move(cells));
  }
  std::string out = table.text(terminal) + legend(words, terminal);
  std::string names;
  for (const Label& label : labels) {
    const std::string& id = node.interior().devices()[label.end].id;
    if (id != label.text && "NIC" == label.text.substr(0, 3))
      names += "  " + padded(label.text, 6) + printable(id) + "\n";
  }
  return names.empty() ? out : out + "\n" + names;
}

json::Value path_document(const fleet::NodeState& node, const api::Node& object) {
  const fleet::MachineGraph graph = graph_said(node, object);
  const fleet::PathTable now(graph, fleet::When::now);
  fleet::Routes routes(graph, fleet::When::now);
  const fleet::Interior& interior = node.interior();
  json::Array devices, paths;
  for (const auto& device : interior.devices()) devices.emplace_back(device.id);
  for (size_t from = 0; from < graph.devices(); ++from)
    for (size_t to = 0; to < graph.devices(); ++to) {
      if (from == to) continue;
      const fleet::Path path = node.path(from, to);
      const fleet::Path& best = interior.paths()->at(from, to);
      json::Array via;
      const std::vector<fleet::Hop> route = routes.between(from, to);
      for (const fleet::Hop& hop : route)
        if (hop.vertex != graph.vertex(to))
          via.emplace_back(place_name(graph, interior.devices(), hop.vertex));
      json::Object row = said_of(graph, route);
      row["from"] = json::Value(interior.devices()[from].id);
      row["to"] = json::Value(interior.devices()[to].id);
      row["class"] = json::Value(fleet::path_word(path.cls));
      row["nccl"] = json::Value(fleet::nccl_word(path.cls));
      row["direct"] = json::Value(fleet::path_word(now.direct(from, to).cls));
      row["hops"] = json::Value(int64_t{path.hops});
      row["bandwidth_mbps"] = rate_or_null(path.usable_mbps);
      row["raw_mbps"] = rate_or_null(path.raw_mbps);
      row["maximum_mbps"] = rate_or_null(best.usable_mbps);
      row["via"] = json::Value(std::move(via));
      paths.emplace_back(std::move(row));
    }
  json::Object out;
  out["node"] = json::Value(node.name());
  out["devices"] = json::Value(std::move(devices));
  out["paths"] = json::Value(std::move(paths));
  return json::Value(std::move(out));
}

// ---- the picture

namespace {

Look look_of(const fleet::MachineGraph& machine, const std::map<uint32_t, size_t>& device_at,
             uint32_t vertex) {
  switch (machine.graph().vertices()[vertex].kind) {
    case VertexKind::numa:
      return Look::memory;
    case VertexKind::host_bridge:
    case VertexKind::pci_switch:
      return Look::bridge;
    case VertexKind::scale_up_hub:
      return Look::hub;
    default:
      break;
  }
  const auto found = device_at.find(vertex);
  if (found == device_at.end()) return Look::other;
  const api::DeviceClass cls = machine.device_class(found->second);
  if (cls == api::DeviceClass::gpu) return Look::gpu;
  if (is_nic(cls)) return Look::network;
  if (cls == api::DeviceClass::nvme || cls == api::DeviceClass::cxl) return Look::storage;
  return cls == api::DeviceClass::nvswitch ? Look::hub : Look::other;
}

// Which edges hang a part below another: the PCI tree, and what joins its roots to memory nodes.
bool is_tree_edge(const fleet::Edge& edge) {
  return edge.kind == EdgeKind::pci || edge.kind == EdgeKind::internal ||
         edge.kind == EdgeKind::c2c || edge.kind == EdgeKind::cxl ||
         edge.kind == EdgeKind::somewhere;
}

int weight_of(const fleet::Edge& edge) {
  int weight = 1;
  for (int64_t mbps = 60'000; weight < 5 && edge.max.usable > mbps; mbps *= 4) ++weight;
  return weight;
}

std::string edge_text(const fleet::Edge& edge) {
  std::string out(fleet::edge_kind_name(edge.kind));
  if (edge.count > 1) out += " ×" + std::to_string(edge.count);
  if (edge.now.raw >= 0) out += ", " + rate_text(edge.now.raw);
  if (edge.now.raw >= 0 && edge.max.raw > edge.now.raw) out += " of " + rate_text(edge.max.raw);
  return out;
}

class MachinePicture {
 public:
  MachinePicture(const api::HardwareProfileSpec& profile, const fleet::MachineGraph& machine)
      : profile_(profile), machine_(machine), graph_(machine.graph()) {
    for (size_t i = 0; i < machine.devices(); ++i) device_at_.emplace(machine.vertex(i), i);
  }

  Picture make() {
    for (const VertexKind roots :
         {VertexKind::numa, VertexKind::host_bridge, VertexKind::pci_switch, VertexKind::device})
      for (uint32_t v = 0; v < graph_.vertices().size(); ++v)
        if (graph_.vertices()[v].kind == roots && !boxes_.contains(v) && !is_scale_up_switch(v))
          hang(v, -1, 0);
    int lowest = 0;
    for (const auto& box : picture_.boxes) lowest = std::max(lowest, box.layer);
    for (const auto& [vertex, box] : boxes_)  // devices stand side by side
      if (device_at_.contains(vertex)) picture_.boxes[box].layer = lowest;
    for (uint32_t v = 0; v < graph_.vertices().size(); ++v)
      if (graph_.vertices()[v].kind == VertexKind::scale_up_hub) hang(v, -1, lowest + 1);
    for (const fleet::Edge& edge : graph_.edges()) draw(edge);
    return std::move(picture_);
  }

 private:
  // They are drawn as one: the hub that devices reach through all of them.
  bool is_scale_up_switch(uint32_t vertex) const {
    const auto found = device_at_.find(vertex);
    return found != device_at_.end() &&
           machine_.device_class(found->second) == api::DeviceClass::nvswitch;
  }

  void hang(uint32_t vertex, int parent, int layer) {
    const size_t box = picture_.boxes.size();
    boxes_.emplace(vertex, box);
    picture_.boxes.push_back({label_of(vertex), detail_of(vertex), layer,
                              look_of(machine_, device_at_, vertex), parent});
    if (device_at_.contains(vertex) || graph_.vertices()[vertex].kind == VertexKind::scale_up_hub)
      return;
    for (const uint32_t index : graph_.edges_of(vertex)) {
      const fleet::Edge& edge = graph_.edges()[index];
      const uint32_t other = fleet::Graph::other_end(edge, vertex);
      if (!is_tree_edge(edge) || boxes_.contains(other)) continue;
      if (graph_.vertices()[other].kind == VertexKind::numa) continue;  // roots of their own
      hang(other, static_cast<int>(box), layer + 1);
    }
  }

  std::string label_of(uint32_t vertex) const {
    const auto found = device_at_.find(vertex);
    if (graph_.vertices()[vertex].kind == VertexKind::scale_up_hub) return "scale-up switches";
    return printable(found == device_at_.end() || found->second >= profile_.devices.size()
                         ? place_name(machine_, profile_.devices, vertex)
                         : profile_.devices[found->second].id);
  }

  std::string detail_of(uint32_t vertex) const {
    if (graph_.vertices()[vertex].kind == VertexKind::scale_up_hub) {
      const auto edges = graph_.edges_of(vertex);
      const auto count = std::count_if(edges.begin(), edges.end(), [&](uint32_t edge) {
        return graph_.edges()[edge].kind == EdgeKind::internal;
      });
      return std::to_string(count) + (count == 1 ? " of them" : " as one");
    }
    const auto found = device_at_.find(vertex);
    if (found == device_at_.end() || found->second >= profile_.devices.size()) return "";
    const api::Device& device = profile_.devices[found->second];
    return printable(!device.speed.empty() ? device.speed : device.model);
  }

  void draw(const fleet::Edge& edge) {
    if (!boxes_.contains(edge.from) || !boxes_.contains(edge.to)) return;
    const size_t from = boxes_.at(edge.from), to = boxes_.at(edge.to);
    const auto& boxes = picture_.boxes;
    const bool is_tree =
        boxes[from].parent == static_cast<int>(to) || boxes[to].parent == static_cast<int>(from);
    const bool is_degraded = edge.now.raw >= 0 && edge.now.raw < edge.max.raw;
    picture_.lines.push_back({from, to, edge_text(edge), is_tree, is_degraded, weight_of(edge)});
  }

  const api::HardwareProfileSpec& profile_;
  const fleet::MachineGraph& machine_;
  const fleet::Graph& graph_;
  std::map<uint32_t, size_t> device_at_;  // vertex to device
  std::map<uint32_t, size_t> boxes_;      // vertex to box
  Picture picture_;
};

}  // namespace

Picture machine_picture(const api::Node& node, const api::HardwareProfileSpec& profile,
                        const fleet::NodeState& state) {
  const fleet::MachineGraph machine = graph_now(state);
  Picture picture = MachinePicture(profile, machine).make();
  picture.title = node.metadata.name;
  picture.subtitle = printable(profile.product);
  const size_t weak = node.status.degraded_links.size();
  if (weak > 0)
    picture.subtitle += (picture.subtitle.empty() ? "" : " · ") + std::to_string(weak) +
                        (weak == 1 ? " link below its best" : " links below their best");
  return picture;
}

}  // namespace freehold::cli
