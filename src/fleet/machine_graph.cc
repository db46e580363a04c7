#include "fleet/machine_graph.h"

#include <algorithm>
#include <map>

#include "base/strings.h"
#include "fleet/hash.h"
#include "fleet/rates.h"

namespace freehold::fleet {

uint64_t name_hash(std::string_view name) {
  const uint64_t h = Hash().add(name).value();
  return h == 0 ? 1 : h;
}

// ---- what a node says

namespace {

// "x8 16GT/s", "16GT/s", "x8": what a degraded link is seen to run with.
MachineNow::Pci read_seen(const api::DegradedLink& link) {
  MachineNow::Pci pci;
  pci.at = name_hash(link.at);
  for (const std::string_view word : split(link.seen, ' ')) {
    if (word.starts_with('x')) {
      if (const auto lanes = parse_int(word.substr(1)); lanes && *lanes > 0 && *lanes <= 64)
        pci.lanes = static_cast<int32_t>(*lanes);
    } else if (const int64_t rate = parse_transfer_rate(word); rate > 0) {
      pci.megatransfers = static_cast<int32_t>(rate);
    }
  }
  return pci;
}

}  // namespace

std::shared_ptr<const MachineNow> machine_now(const api::NodeStatus& status) {
  MachineNow now;
  for (const api::DegradedLink& link : status.degraded_links) {
    const MachineNow::Pci pci = read_seen(link);
    if (pci.lanes > 0 || pci.megatransfers > 0) now.pci.push_back(pci);
  }
  for (const api::NodeDevice& device : status.devices) {
    const uint64_t id = name_hash(device.id);
    const int64_t speed = parse_transfer_rate(device.link_speed);
    if (device.link_width > 0 || speed > 0)
      now.pci.push_back({id, static_cast<int32_t>(speed),
                         static_cast<int32_t>(device.link_width > 0 ? device.link_width : -1)});
    for (const api::LinkNow& link : device.links)
      now.links.push_back({id, name_hash(link.to), link.kind,
                           static_cast<int32_t>(std::clamp<int64_t>(link.up, 0, 1'024)),
                           link.bandwidth.is_set() ? link.bandwidth.value() / 1'000'000 : -1});
  }
  if (now.pci.empty() && now.links.empty()) return nullptr;
  return std::make_shared<const MachineNow>(std::move(now));
}

// ---- the graph of a profile

namespace {

// More memory nodes than this take no part in paths: machines of today have some 34, and the mesh
// between them grows with the square.
constexpr size_t most_numa = 64;
constexpr size_t most_devices = 256;  // as the schema allows, and Interior keeps
constexpr size_t deepest_tree = 32;   // bridges above a function; PCI has 256 buses in a domain
constexpr int64_t most_mbps = int64_t{1} << 40;

EdgeKind edge_kind(api::LinkKind kind) {
  switch (kind) {
    case api::LinkKind::nvlink:
      return EdgeKind::nvlink;
    case api::LinkKind::xgmi:
      return EdgeKind::xgmi;
    case api::LinkKind::c2c:
      return EdgeKind::c2c;
    case api::LinkKind::smp:
      return EdgeKind::smp;
    case api::LinkKind::cxl:
      return EdgeKind::cxl;
    case api::LinkKind::infiniband:
      return EdgeKind::infiniband;
    case api::LinkKind::ethernet:
      return EdgeKind::ethernet;
  }
  return EdgeKind::link;
}

Rate rate_of(api::LinkKind kind, std::string_view model, int64_t count, int64_t raw_mbps) {
  if (kind == api::LinkKind::nvlink) return nvlink_rate(model, count, raw_mbps);
  if (kind == api::LinkKind::xgmi) return xgmi_rate(model, count, raw_mbps);
  return {raw_mbps, raw_mbps};
}

}  // namespace

class MachineGraphBuilder {
 public:
  MachineGraphBuilder(const api::HardwareProfileSpec& spec, MachineGraph& out)
      : spec_(spec), out_(out), graph_(out.graph_) {}

  void build() {
    packages_here_ = spec_.packages;
    // An importer that knows of processors, not of packages, says them as the product.
    if (packages_here_.empty()) packages_here_.push_back({0, spec_.product});
    out_.is_intel_ = is_intel(packages_here_);
    for (const api::PciFunction& function : spec_.pci)
      functions_.try_emplace(function.address, &function);
    add_numa();
    add_devices();
    add_memory_of_devices();
    add_links();
    add_mesh();
    std::sort(out_.pci_.begin(), out_.pci_.end(),
              [](const auto& a, const auto& b) { return a.address < b.address; });
    std::sort(out_.device_function_.begin(), out_.device_function_.end());
    graph_.finish();
  }

 private:
  uint32_t numa_vertex(int64_t id) {
    const auto known = numa_.find(id);
    if (known != numa_.end()) return known->second;
    const uint32_t v = graph_.add_vertex(VertexKind::numa, "numa" + std::to_string(id));
    numa_.emplace(id, v);
    places_.push_back(v);
    return v;
  }

  void add_numa() {
    for (const api::NumaNode& numa : spec_.numa) {
      if (places_.size() == most_numa) break;
      if (numa.cls == api::NumaClass::gpu_memory && !numa.device.empty()) continue;
      const uint32_t v = numa_vertex(numa.id);
      if (numa.cpus.empty()) continue;
      with_cpus_.push_back(numa.id);
      packages_.try_emplace("package" + std::to_string(numa.package), v);
    }
  }

  void edge(uint32_t from, uint32_t to, EdgeKind kind, Rate rate, int64_t count = 1,
            api::Confidence confidence = api::Confidence::unknown) {
    Edge e;
    e.from = from;
    e.to = to;
    e.kind = kind;
    e.count = static_cast<int32_t>(count);
    e.confidence = confidence;
    e.now = e.max = rate;
    graph_.add_edge(e);
  }

  // ---- the PCI tree

  const api::PciFunction* find(const std::string& address) const {
    const auto at = functions_.find(address);
    return at == functions_.end() ? nullptr : at->second;
  }

  // A root complex, joined to its memory node. Where that is not known it is somewhere, unless
  // there is but one place to be.
  uint32_t host_bridge(const std::string& root, int64_t numa) {
    const std::string name = !root.empty() ? root : "root of numa" + std::to_string(numa);
    if (const auto known = graph_.find(VertexKind::host_bridge, name)) return *known;
    const uint32_t v = graph_.add_vertex(VertexKind::host_bridge, name);
    if (numa >= 0 && (numa_.contains(numa) || places_.size() < most_numa)) {
      edge(v, numa_vertex(numa), EdgeKind::internal, {});
    } else if (with_cpus_.size() == 1) {
      edge(v, numa_vertex(with_cpus_[0]), EdgeKind::internal, {}, 1, api::Confidence::inferred);
    } else {
      if (places_.empty()) numa_vertex(-1);
      for (const uint32_t place : places_) edge(v, place, EdgeKind::somewhere, {});
    }
    return v;
  }

  // Functions from this one up to the top of its tree, itself first; and the root above, empty when
  // it is not known.
  struct Chain {
    std::vector<const api::PciFunction*> functions;
    std::string root;
    int64_t numa = -1;
  };
  Chain chain_of(const api::PciFunction& function, int64_t device_numa) const {
    Chain chain;
    const api::PciFunction* at = &function;
    while (at != nullptr && chain.functions.size() < deepest_tree) {
      chain.functions.push_back(at);
      const api::PciFunction* above = find(at->parent);
      if (above == nullptr && at->parent.starts_with("pci")) chain.root = at->parent;
      at = above;
    }
    // The locality of the top counts for all below it.
    for (auto f = chain.functions.rbegin(); f != chain.functions.rend() && chain.numa < 0; ++f)
      chain.numa = (*f)->numa;
    if (chain.numa < 0) chain.numa = device_numa;
    return chain;
  }

  // In a tree that is told down from its root, bridges alternate: a root port, the upper port of a
  // switch, one of its lower ports, the upper port of the next switch. Where the root is not told,
  // every bridge stands for a whole switch, as NCCL writes trees.
  static bool is_port(const Chain& chain, size_t i) {
    const size_t level = chain.functions.size() - i;  // 1: below the root
    return !chain.root.empty() && level % 2 == 1;
  }

  // The vertex of a device, with all that is above it.
  uint32_t add_function(const api::PciFunction& function, int64_t device_numa) {
    const Chain chain = chain_of(function, device_numa);
    const std::vector<const api::PciFunction*>& all = chain.functions;
    uint32_t below = graph_.add_vertex(VertexKind::device, function.address);
    if (hung_.contains(&function)) return below;
    hung_.emplace(&function, below);
    const uint32_t own = below;
    const api::PciFunction* lower = &function;
    for (size_t i = 1; i <= all.size(); ++i) {
      const api::PciFunction* port = i < all.size() && is_port(chain, i) ? all[i] : nullptr;
      if (port != nullptr) ++i;
      if (i >= all.size()) {
        add_pci_edge(below, host_bridge(chain.root, chain.numa), *lower, port);
        break;
      }
      const uint32_t above = graph_.add_vertex(VertexKind::pci_switch, all[i]->address);
      add_pci_edge(below, above, *lower, port);
      if (!hung_.emplace(all[i], above).second) break;  // hangs already, with all above it
      below = above;
      lower = all[i];
    }
    return own;
  }

  void add_pci_edge(uint32_t below, uint32_t above, const api::PciFunction& lower,
                    const api::PciFunction* port) {
    int64_t rate = parse_transfer_rate(lower.link_speed), lanes = lower.link_width;
    if (port != nullptr) {
      const int64_t port_rate = parse_transfer_rate(port->link_speed);
      if (port_rate > 0) rate = rate > 0 ? std::min(rate, port_rate) : port_rate;
      if (port->link_width > 0)
        lanes = lanes > 0 ? std::min(lanes, port->link_width) : port->link_width;
    }
    out_.pci_.push_back(
        {name_hash(lower.address), static_cast<uint32_t>(graph_.edges().size()), rate, lanes});
    edge(below, above, EdgeKind::pci, pci_rate(rate, lanes), std::max<int64_t>(lanes, 1));
  }

  // ---- devices

  void add_devices() {
    out_.device_index_ = HashIndex<uint16_t>(std::min<size_t>(spec_.devices.size(), most_devices));
    for (const api::Device& device : spec_.devices) {
      if (out_.classes_.size() == most_devices) break;
      const api::PciFunction* function = find(device.address);
      uint32_t v = 0;
      if (function != nullptr) {
        v = add_function(*function, device.numa);
        out_.device_function_.emplace_back(name_hash(device.id), name_hash(device.address));
      } else {
        v = graph_.add_vertex(VertexKind::device,
                              device.address.empty() ? device.id : device.address);
        if (hung_devices_.emplace(v, true).second && !is_linked_only(device))
          hang_somewhere(v, device.numa);
      }
      const auto index = static_cast<uint16_t>(out_.classes_.size());
      out_.device_index_.add(name_hash(device.id), index);
      out_.classes_.push_back(device.cls);
      out_.ids_.push_back(device.id);
      out_.ends_.push_back(v);
      ids_.try_emplace(device.id, index);
    }
  }

  // Without a PCI function nobody knows the root, so the device shares none with another.
  void hang_somewhere(uint32_t v, int64_t numa) {
    if (numa >= 0 && (numa_.contains(numa) || places_.size() < most_numa))
      return edge(v, numa_vertex(numa), EdgeKind::somewhere, {});
    if (places_.empty()) numa_vertex(-1);
    for (const uint32_t place : places_) edge(v, place, EdgeKind::somewhere, {});
  }

  // A switch of a scale-up fabric that no PCI function is known of: it hangs on nothing else.
  static bool is_linked_only(const api::Device& device) {
    return device.cls == api::DeviceClass::nvswitch && device.address.empty();
  }

  void add_memory_of_devices() {
    size_t places = 0;
    for (const api::NumaNode& numa : spec_.numa) {
      if (places++ == most_numa) break;
      const auto device = ids_.find(numa.device);
      const bool is_of_device =
          numa.cls == api::NumaClass::gpu_memory && device != ids_.end() && !numa.device.empty();
      out_.ends_.push_back(is_of_device ? out_.ends_[device->second] : numa_vertex(numa.id));
    }
  }

  // ---- links

  // Switches that reach one device belong together: traffic is spread over all of them.
  size_t hub_of(size_t device) {
    while (hub_[device] != device) device = hub_[device] = hub_[hub_[device]];
    return device;
  }
  void join_hubs() {
    for (size_t i = 0; i < out_.classes_.size(); ++i) hub_.push_back(i);
    std::map<size_t, size_t> first;  // of a device: a switch that it reaches
    for (size_t i = 0; i < out_.classes_.size(); ++i) {
      for (const api::DeviceLink& link : spec_.devices[i].links) {
        const auto to = ids_.find(link.to);
        if (to == ids_.end() || link.kind != api::LinkKind::nvlink) continue;
        for (const auto& [device, other] :
             {std::pair{i, size_t{to->second}}, {size_t{to->second}, i}}) {
          if (!is_switch(other)) continue;
          const size_t with =
              is_switch(device) ? device : first.try_emplace(device, other).first->second;
          hub_[std::max(hub_of(other), hub_of(with))] = std::min(hub_of(other), hub_of(with));
        }
      }
    }
  }
  bool is_switch(size_t device) const {
    return out_.classes_[device] == api::DeviceClass::nvswitch;
  }
  uint32_t hub_vertex(size_t device) {
    const size_t first = hub_of(device);
    const uint32_t v = graph_.add_vertex(VertexKind::scale_up_hub, spec_.devices[first].id);
    if (joined_.emplace(device, true).second && out_.ends_[device] != v)
      edge(out_.ends_[device], v, EdgeKind::internal, {});
    return v;
  }

  // Where a link ends: its vertex, or none.
  std::optional<uint32_t> link_end(const std::string& to) {
    if (const auto device = ids_.find(to); device != ids_.end())
      return is_switch(device->second) ? hub_vertex(device->second) : out_.ends_[device->second];
    if (const auto package = packages_.find(to); package != packages_.end()) return package->second;
    if (to.starts_with("numa"))
      if (const auto id = parse_int(std::string_view(to).substr(4)))
        if (const auto numa = numa_.find(*id); numa != numa_.end()) return numa->second;
    return std::nullopt;
  }

  // What both ends of one link say: the larger count, and what is known of the rate.
  struct Told {
    uint32_t from = 0, to = 0;
    std::string from_id, to_id, model;
    int64_t count[2] = {0, 0}, raw[2] = {0, 0};  // by the lesser id, by the greater
    bool is_rate_known[2] = {true, true};
  };

  void add_links() {
    join_hubs();
    std::map<std::tuple<std::string, std::string, api::LinkKind>, Told> all;
    for (size_t i = 0; i < out_.classes_.size(); ++i) {
      const api::Device& device = spec_.devices[i];
      for (const api::DeviceLink& link : device.links) {
        const auto to = link_end(link.to);
        const auto from = link_end(device.id);
        if (!to || !from || *to == *from) continue;  // to itself, or to nothing that is known
        const bool is_lesser = device.id < link.to;
        Told& told =
            all[{is_lesser ? device.id : link.to, is_lesser ? link.to : device.id, link.kind}];
        if (told.model.empty() || device.cls == api::DeviceClass::gpu)
          told.model = model_of(device);
        told.from_id = device.id, told.to_id = link.to, told.from = *from, told.to = *to;
        const size_t side = is_lesser ? 0 : 1;
        told.count[side] += std::clamp<int64_t>(link.count, 1, 1'024);
        told.raw[side] += std::min(link.bandwidth.value() / 1'000'000, most_mbps);
        if (!link.bandwidth.is_set()) told.is_rate_known[side] = false;
      }
    }
    for (const auto& [key, told] : all) add_bundle(std::get<2>(key), told);
    join_apart();
    for (const MachineGraph::Bundle& bundle : out_.bundles_) add_to_edge(bundle);
  }

  // Switches of one machine that no listed link joins are joined somehow, or not: nobody knows.
  void join_apart() {
    std::optional<uint32_t> before;
    for (uint32_t v = 0; v < graph_.vertices().size(); ++v) {
      if (graph_.vertices()[v].kind != VertexKind::scale_up_hub) continue;
      if (before) edge(*before, v, EdgeKind::somewhere, {});
      before = v;
    }
  }

  std::string model_of(const api::Device& device) const {
    const api::PciFunction* function = find(device.address);
    return function == nullptr ? device.model
                               : device.model + " " + function->vendor + ":" + function->device;
  }

  void add_bundle(api::LinkKind kind, const Told& told) {
    const size_t side = told.count[1] > told.count[0] ? 1 : 0;
    int64_t raw = -1;
    for (const size_t s : {side, 1 - side})
      if (raw < 0 && told.count[s] > 0 && told.is_rate_known[s]) raw = told.raw[s];
    MachineGraph::Bundle bundle;
    bundle.from = name_hash(told.from_id);
    bundle.to = name_hash(told.to_id);
    bundle.kind = kind;
    bundle.count = told.count[side];
    bundle.max = rate_of(kind, told.model, bundle.count, raw);
    const auto key = std::tuple(std::min(told.from, told.to), std::max(told.from, told.to), kind);
    const auto [at, is_new] = edges_.try_emplace(key, static_cast<uint32_t>(graph_.edges().size()));
    if (is_new) edge(told.from, told.to, edge_kind(kind), {0, 0}, 0);
    bundle.edge = at->second;
    out_.bundles_.push_back(bundle);
  }

  static void add_rate(int64_t& sum, int64_t part) { sum = sum < 0 || part < 0 ? -1 : sum + part; }
  void add_to_edge(const MachineGraph::Bundle& bundle) {
    Edge& e = graph_.edges_to_change()[bundle.edge];
    e.count += static_cast<int32_t>(bundle.count);
    add_rate(e.max.usable, bundle.max.usable);
    add_rate(e.max.raw, bundle.max.raw);
    e.now = e.max;
  }

  void add_mesh() {
    const Rate rate = processor_rate(spec_.architecture, packages_here_);
    std::sort(places_.begin(), places_.end());
    for (size_t a = 0; a < places_.size(); ++a)
      for (size_t b = a + 1; b < places_.size(); ++b)
        edge(places_[a], places_[b], EdgeKind::smp, rate);
  }

  const api::HardwareProfileSpec& spec_;
  MachineGraph& out_;
  Graph& graph_;
  std::vector<api::Package> packages_here_;
  std::map<std::string, const api::PciFunction*> functions_;  // by address
  std::map<int64_t, uint32_t> numa_;  // memory nodes of the machine itself, by id
  std::vector<uint32_t> places_;      // the same, as vertices
  std::vector<int64_t> with_cpus_;    // ids
  std::map<std::string, uint32_t> packages_;
  std::map<const api::PciFunction*, uint32_t> hung_;
  std::map<uint32_t, bool> hung_devices_;
  std::map<std::string, uint16_t> ids_;
  std::vector<size_t> hub_;
  std::map<size_t, bool> joined_;
  std::map<std::tuple<uint32_t, uint32_t, api::LinkKind>, uint32_t> edges_;
};

MachineGraph::MachineGraph(const api::HardwareProfileSpec& spec) {
  MachineGraphBuilder(spec, *this).build();
}

size_t MachineGraph::find_device(uint64_t hash) const {
  const uint16_t* at = device_index_.find(hash);
  return at == nullptr ? devices() : *at;
}

int64_t MachineGraph::scale_up_mbps(size_t device) const {
  int64_t sum = -1;
  for (const uint32_t e : graph_.edges_of(ends_[device])) {
    const Edge& edge = graph_.edges()[e];
    if (edge.kind != EdgeKind::nvlink && edge.kind != EdgeKind::xgmi) continue;
    if (edge.now.usable < 0) return -1;
    sum = std::max<int64_t>(sum, 0) + edge.now.usable;
  }
  return sum;
}

namespace {

// Of the path, or of the nearest one above it.
const api::Provenance* speaker_of(const std::vector<api::Provenance>& all, std::string_view path) {
  const api::Provenance* nearest = nullptr;
  for (const api::Provenance& p : all) {
    const bool is_above =
        path.starts_with(p.field) && (path.size() == p.field.size() ||
                                      path[p.field.size()] == '.' || path[p.field.size()] == '[');
    if (is_above && (nearest == nullptr || p.field.size() > nearest->field.size())) nearest = &p;
  }
  return nearest;
}

}  // namespace

void MachineGraph::attribute(const std::vector<api::Provenance>& provenance) {
  for (Edge& edge : graph_.edges_to_change()) {
    const api::Provenance* speaker = nullptr;
    if (edge.kind == EdgeKind::smp) {
      speaker = speaker_of(provenance, "packages");  // whose model gives the rate
      if (speaker == nullptr) speaker = speaker_of(provenance, "numa");
    } else if (edge.kind == EdgeKind::pci) {
      speaker = speaker_of(provenance, "pci[" + graph_.vertices()[edge.from].name + "].linkSpeed");
    } else if (edge.kind == EdgeKind::internal || edge.kind == EdgeKind::somewhere) {
      speaker = speaker_of(provenance, "numa");
    } else {  // either end may tell of a link
      for (size_t d = 0; d < devices() && speaker == nullptr; ++d)
        if (ends_[d] == edge.from || ends_[d] == edge.to)
          speaker = speaker_of(provenance, "devices[" + ids_[d] + "].links");
    }
    if (speaker == nullptr) continue;
    edge.source = graph_.add_source(speaker->source);
    edge.at = speaker->at;
    if (edge.confidence != api::Confidence::inferred) edge.confidence = speaker->confidence;
  }
}

bool MachineGraph::apply(const MachineNow& now) {
  const std::span<Edge> edges = graph_.edges_to_change();
  for (const MachineNow::Pci& seen : now.pci) {
    uint64_t at = seen.at;
    bool is_gpu = false;
    const auto function = std::lower_bound(device_function_.begin(), device_function_.end(),
                                           std::pair{at, uint64_t{0}});
    if (function != device_function_.end() && function->first == at) {
      at = function->second;
      const size_t device = find_device(seen.at);
      is_gpu = device < devices() && classes_[device] == api::DeviceClass::gpu;
    }
    auto link = std::lower_bound(pci_.begin(), pci_.end(), at,
                                 [](const PciLink& l, uint64_t a) { return l.address < a; });
    for (; link != pci_.end() && link->address == at; ++link) {
      const int64_t lanes = seen.lanes > 0 ? seen.lanes : link->lanes;
      const int64_t rate =
          seen.megatransfers > 0 && !is_gpu ? seen.megatransfers : link->megatransfers;
      Edge& edge = edges[link->edge];
      const Rate then = pci_rate(rate, lanes);
      // Several may speak of one link; the worst of it counts.
      if (then.usable >= 0 && (edge.now.usable < 0 || then.usable < edge.now.usable))
        edge.now = then;
    }
  }
  for (const Bundle& bundle : bundles_) {
    int64_t up = bundle.count;  // both ends may tell it; the fewer count
    for (const MachineNow::Link& seen : now.links) {
      const bool is_same = (bundle.from == seen.from && bundle.to == seen.to) ||
                           (bundle.from == seen.to && bundle.to == seen.from);
      if (is_same && bundle.kind == seen.kind) up = std::min<int64_t>(up, seen.up);
    }
    if (up == bundle.count) continue;
    Edge& edge = edges[bundle.edge];
    const int64_t down = bundle.count - up;
    const auto lose = [&](int64_t& rate, int64_t whole) {
      if (rate >= 0 && whole >= 0) rate = std::max<int64_t>(0, rate - whole * down / bundle.count);
    };
    lose(edge.now.usable, bundle.max.usable);
    lose(edge.now.raw, bundle.max.raw);
    edge.count = static_cast<int32_t>(std::max<int64_t>(0, edge.count - down));
    if (edge.count == 0) edge.now = {0, 0};
  }
  return std::any_of(edges.begin(), edges.end(),
                     [](const Edge& edge) { return edge.now != edge.max; });
}

}  // namespace freehold::fleet
