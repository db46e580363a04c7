// Graph: typed vertices and typed edges, from a memory node to a wide-area link; one shape for the
// interior of a machine (machine_graph.h) and for everything outside of it (Fleet::graph). A value
// that is built once and only read after; it knows no occupancy. What is not known is -1 or unset.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "api/node.h"
#include "base/time.h"

namespace freehold::fleet {

enum class VertexKind : uint8_t {
  // outside of a machine
  site,
  room,  // "site/room"
  row,   // "site/room/row"
  rack,
  power_domain,
  cooling_unit,  // "site/unit"
  storage_pool,
  fabric,
  fabric_switch,  // "fabric/switch"
  node,
  // inside
  numa,
  host_bridge,  // a root complex, with its root ports
  pci_switch,
  scale_up_hub,  // all switches of a scale-up fabric that devices reach together
  device,        // a PCI function, or a device without one
};
std::string_view vertex_kind_name(VertexKind kind);  // "power-domain"

enum class EdgeKind : uint8_t {
  contains,  // a place and what stands in it
  power,     // from the supplier to the supplied
  coolant,   // from the unit to the cooled
  serves,    // from a pool to a machine that serves it
  wan,
  pci,
  nvlink,
  xgmi,
  c2c,
  smp,
  cxl,
  infiniband,
  ethernet,
  link,      // of a technology that has no kind here
  internal,  // within one part: a root complex and its memory node
  somewhere  // connected, nobody knows how
};
std::string_view edge_kind_name(EdgeKind kind);  // "nvlink"

// Of links: Mbit/s in one direction. Of power and coolant: milliwatts, `usable` alone.
struct Rate {
  int64_t usable = -1;  // what software gets, by rates.h
  int64_t raw = -1;     // on the wire
  bool operator==(const Rate&) const = default;
};
struct Edge {
  static constexpr uint32_t nobody = UINT32_MAX;
  uint32_t from = 0, to = 0;  // a link of two equal ends has them in either order
  EdgeKind kind = EdgeKind::link;
  api::Confidence confidence = api::Confidence::unknown;
  uint32_t said_by = nobody;  // vertex whose object says so; inside of a machine: its profile does
  uint16_t source = 0;        // index into Graph::sources(): who looked; 0: not known
  int32_t count = 1;          // cables or links that are bundled
  Rate now, max;
  int64_t latency_ns = -1;
  int64_t price_per_gb_micros = -1;  // in the currency of the site's link
  Time at;                           // when it was seen; unset: the source does not say
};
struct Vertex {
  VertexKind kind = VertexKind::device;
  std::string name;
};

class Graph {
 public:
  uint32_t add_vertex(VertexKind kind, std::string name);  // the known one when it is there
  void add_edge(Edge edge);
  uint16_t add_source(std::string_view name);  // "sysfs", "nvml"; the known one when it is there
  void finish();                               // after the last edge, before edges_of()

  std::span<const Vertex> vertices() const { return vertices_; }
  std::span<const Edge> edges() const { return edges_; }
  std::span<Edge> edges_to_change() { return edges_; }  // rates, never ends
  std::span<const std::string> sources() const { return sources_; }
  std::optional<uint32_t> find(VertexKind kind, std::string_view name) const;
  // Indexes into edges(), of both directions, in the order in which they were added.
  std::span<const uint32_t> edges_of(uint32_t vertex) const {
    return {incident_.data() + starts_[vertex], starts_[vertex + 1] - starts_[vertex]};
  }
  static uint32_t other_end(const Edge& edge, uint32_t vertex) {
    return edge.from == vertex ? edge.to : edge.from;
  }

 private:
  static std::string key_of(VertexKind kind, std::string_view name);

  std::vector<Vertex> vertices_;
  std::vector<Edge> edges_;
  std::vector<std::string> sources_{""};
  std::unordered_map<std::string, uint32_t> index_;
  std::vector<uint32_t> starts_{0}, incident_;
};

}  // namespace freehold::fleet
