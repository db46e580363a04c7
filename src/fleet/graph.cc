#include "fleet/graph.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace freehold::fleet {

std::string_view vertex_kind_name(VertexKind kind) {
  static constexpr std::string_view names[] = {
      "site",         "room",         "row",        "rack",         "power-domain",
      "cooling-unit", "storage-pool", "fabric",     "switch",       "node",
      "numa",         "host-bridge",  "pci-switch", "scale-up-hub", "device"};
  return names[static_cast<size_t>(kind)];
}

std::string_view edge_kind_name(EdgeKind kind) {
  static constexpr std::string_view names[] = {
      "contains", "power", "coolant", "serves",     "wan",      "pci",  "nvlink",   "xgmi",
      "c2c",      "smp",   "cxl",     "infiniband", "ethernet", "link", "internal", "somewhere"};
  return names[static_cast<size_t>(kind)];
}

std::string Graph::key_of(VertexKind kind, std::string_view name) {
  std::string key(1, static_cast<char>(kind));
  return key.append(name);
}

uint32_t Graph::add_vertex(VertexKind kind, std::string name) {
  const auto [at, is_new] =
      index_.try_emplace(key_of(kind, name), static_cast<uint32_t>(vertices_.size()));
  if (is_new) vertices_.push_back({kind, std::move(name)});
  return at->second;
}

void Graph::add_edge(Edge edge) {
  CHECK(edge.from < vertices_.size() && edge.to < vertices_.size(), "an edge of no vertex");
  edges_.push_back(edge);
}

uint16_t Graph::add_source(std::string_view name) {
  const auto at = std::find(sources_.begin(), sources_.end(), name);
  if (at != sources_.end()) return static_cast<uint16_t>(at - sources_.begin());
  if (sources_.size() > UINT16_MAX) return 0;
  sources_.emplace_back(name);
  return static_cast<uint16_t>(sources_.size() - 1);
}

void Graph::finish() {
  starts_.assign(vertices_.size() + 1, 0);
  for (const Edge& edge : edges_) {
    ++starts_[edge.from + 1];
    if (edge.to != edge.from) ++starts_[edge.to + 1];
  }
  for (size_t v = 0; v < vertices_.size(); ++v) starts_[v + 1] += starts_[v];
  incident_.resize(starts_.back());
  std::vector<uint32_t> next(starts_.begin(), starts_.end() - 1);
  for (uint32_t e = 0; e < edges_.size(); ++e) {
    incident_[next[edges_[e].from]++] = e;
    if (edges_[e].to != edges_[e].from) incident_[next[edges_[e].to]++] = e;
  }
}

std::optional<uint32_t> Graph::find(VertexKind kind, std::string_view name) const {
  const auto at = index_.find(key_of(kind, name));
  if (at == index_.end()) return std::nullopt;
  return at->second;
}

}  // namespace freehold::fleet
