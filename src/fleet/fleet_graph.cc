// Fleet::graph: everything outside of machines as one graph.
#include <algorithm>

#include "fleet/fleet.h"

namespace freehold::fleet {

class FleetGraph {
 public:
  explicit FleetGraph(const Fleet& fleet) : fleet_(fleet) {}

  Graph build() && {
    for (const std::string& name : fleet_.sites_.keys()) add_site(name, *fleet_.sites_.find(name));
    for (const std::string& name : fleet_.power_.domains()) add_domain(name);
    for (const std::string& name : fleet_.racks_.keys()) add_rack(name, *fleet_.racks_.find(name));
    for (size_t rank = 0; rank < fleet_.size(); ++rank) add_node(fleet_.node(rank));
    for (const std::string& name : fleet_.fabrics_.keys()) add_fabric(**fleet_.fabrics_.find(name));
    for (const std::string& name : fleet_.pools_.keys()) add_pool(**fleet_.pools_.find(name));
    graph_.finish();
    return std::move(graph_);
  }

 private:
  uint32_t vertex(VertexKind kind, std::string name) {
    return graph_.add_vertex(kind, std::move(name));
  }
  // Whose object says what is added from here on, and by which source.
  void listen_to(uint32_t speaker, const api::Said& said) {
    speaker_ = speaker;
    said_ = said;
    source_ = graph_.add_source(said.source);
  }
  Edge edge(uint32_t from, uint32_t to, EdgeKind kind) {
    Edge e;
    e.from = from;
    e.to = to;
    e.kind = kind;
    e.said_by = speaker_;
    e.source = source_;
    e.confidence = said_.confidence;
    e.at = said_.at;
    return e;
  }
  void contain(uint32_t place, uint32_t what) {
    graph_.add_edge(edge(place, what, EdgeKind::contains));
  }
  // `max_mw` is what may flow, -1 when unknown; `now_mw` what does.
  void flow(EdgeKind kind, uint32_t from, uint32_t to, int64_t max_mw = -1, int64_t now_mw = -1) {
    Edge e = edge(from, to, kind);
    e.max.usable = max_mw;
    e.now.usable = now_mw;
    graph_.add_edge(e);
  }

  void add_site(const std::string& name, const SiteFacts& facts) {
    const uint32_t site = vertex(VertexKind::site, name);
    listen_to(site, facts.said);
    if (!facts.power_domain.empty())
      flow(EdgeKind::power, vertex(VertexKind::power_domain, facts.power_domain), site);
    for (const CoolingFacts& unit : facts.cooling) {
      const uint32_t v = vertex(VertexKind::cooling_unit, name + "/" + unit.name);
      contain(site, v);
      if (!unit.supplied_by.empty())
        flow(EdgeKind::coolant, vertex(VertexKind::cooling_unit, name + "/" + unit.supplied_by), v,
             unit.capacity_mw);
    }
    for (const SiteLinkFacts& link : facts.links) {
      Edge e = edge(site, vertex(VertexKind::site, link.site), EdgeKind::wan);
      e.now = e.max = {link.mbps, link.mbps};
      e.latency_ns = link.latency_ns;
      e.price_per_gb_micros = link.price_per_gb_micros;
      graph_.add_edge(e);
    }
  }

  void add_domain(const std::string& name) {
    const uint32_t domain = vertex(VertexKind::power_domain, name);
    listen_to(domain, fleet_.power_.said_of(name));
    for (const std::string& supplier : fleet_.power_.suppliers_of(name))
      flow(EdgeKind::power, vertex(VertexKind::power_domain, supplier), domain,
           fleet_.power_.capacity_mw(name), fleet_.power().load_mw(fleet_.power().find(name)));
  }

  // The row that a rack stands in, else its room, else its site.
  uint32_t place_of(const Fleet::RackFacts& facts) {
    uint32_t place = vertex(VertexKind::site, facts.site);
    std::string path = facts.site;
    for (const auto& [kind, name] :
         {std::pair{VertexKind::room, &facts.room}, {VertexKind::row, &facts.row}}) {
      if (name->empty()) continue;
      path += "/" + *name;
      const bool is_known = graph_.find(kind, path).has_value();
      const uint32_t inner = vertex(kind, path);
      if (!is_known) contain(place, inner);
      place = inner;
    }
    return place;
  }

  void add_rack(const std::string& name, const Fleet::RackFacts& facts) {
    const uint32_t rack = vertex(VertexKind::rack, name);
    listen_to(rack, facts.said);
    if (!facts.site.empty()) contain(place_of(facts), rack);
    for (const api::Feed& feed : facts.feeds)
      flow(EdgeKind::power, vertex(VertexKind::power_domain, feed.domain), rack);
    if (!facts.cooling_unit.empty())
      flow(EdgeKind::coolant,
           vertex(VertexKind::cooling_unit, facts.site + "/" + facts.cooling_unit), rack,
           facts.cooling_mw);
  }

  void add_node(const NodeState& state) {
    const NodeFacts& facts = state.facts();
    const uint32_t node = vertex(VertexKind::node, facts.name);
    listen_to(node, facts.place_said);
    if (!facts.rack.empty())
      contain(vertex(VertexKind::rack, facts.rack), node);
    else if (!facts.site.empty())
      contain(vertex(VertexKind::site, facts.site), node);
    listen_to(node, facts.feeds_said);
    for (const api::Feed& feed : facts.feeds)
      flow(EdgeKind::power, vertex(VertexKind::power_domain, feed.domain), node);
  }

  void link(uint32_t from, uint32_t to, const FabricFacts& facts, int64_t now, int64_t max,
            int32_t count) {
    Edge e = edge(from, to, facts.technology);
    e.now = {now, now};
    e.max = {max, max};
    e.count = count;
    graph_.add_edge(e);
  }

  void add_fabric(const FabricFacts& facts) {
    const uint32_t fabric = vertex(VertexKind::fabric, facts.name);
    listen_to(fabric, facts.said);
    if (!facts.site.empty()) contain(vertex(VertexKind::site, facts.site), fabric);
    std::vector<uint32_t> switches;
    for (const FabricFacts::Switch& there : facts.switches) {
      switches.push_back(vertex(VertexKind::fabric_switch, facts.name + "/" + there.name));
      contain(fabric, switches.back());
      if (!there.rack.empty()) contain(vertex(VertexKind::rack, there.rack), switches.back());
    }
    const auto end_of = [&](const FabricFacts::End& end) {
      return end.kind == FabricFacts::EndKind::here
                 ? switches[end.index]
                 : vertex(VertexKind::fabric_switch, facts.names[end.index]);
    };
    for (const FabricFacts::Link& there : facts.links)
      link(end_of(there.from), end_of(there.to), facts, there.now, there.max, there.count);
    for (const FabricFacts::Port& port : facts.ports)
      link(vertex(VertexKind::node, facts.names[port.node]), switches[port.at], facts, port.now,
           port.max, 1);
  }

  void add_pool(const PoolFacts& facts) {
    const uint32_t pool = vertex(VertexKind::storage_pool, facts.name);
    listen_to(pool, facts.said);
    contain(vertex(VertexKind::site, facts.site), pool);
    const auto serve = [&](uint32_t to) {
      Edge e = edge(pool, to, EdgeKind::serves);
      e.max = {facts.read_mbps, -1};
      e.now.usable = facts.read_mbps < 0
                         ? -1
                         : std::max<int64_t>(0, facts.read_mbps - facts.promised_read_mbps);
      graph_.add_edge(e);
    };
    for (const std::string& node : facts.nodes) serve(vertex(VertexKind::node, node));
    if (!facts.fabric.empty()) serve(vertex(VertexKind::fabric, facts.fabric));
  }

  const Fleet& fleet_;
  Graph graph_;
  uint32_t speaker_ = Edge::nobody;
  uint16_t source_ = 0;
  api::Said said_;
};

Graph Fleet::graph() const { return FleetGraph(*this).build(); }

}  // namespace freehold::fleet
