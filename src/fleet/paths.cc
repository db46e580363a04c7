#include "fleet/paths.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "fleet/hash.h"
#include "fleet/rates.h"

namespace freehold::fleet {

std::string_view path_word(PathClass cls) {
  static constexpr std::string_view words[] = {"LOC", "NVL", "NVB",  "C2C", "PIX", "PXB", "P2C",
                                               "PXN", "PHB", "NODE", "SYS", "?",   "NET", "DIS"};
  return words[static_cast<size_t>(cls)];
}

std::string_view nccl_word(PathClass cls) {
  return path_word(cls == PathClass::node ? PathClass::phb : cls);
}

namespace {

constexpr uint32_t no_edge = std::numeric_limits<uint32_t>::max();
// Different bandwidths that are told apart in one machine; more are taken for the lowest of these.
constexpr size_t most_levels = 64;

int64_t narrower(int64_t a, int64_t b) { return a < 0 || b < 0 ? -1 : std::min(a, b); }

// The best way from one vertex to another so far.
struct Label {
  PathClass cls = PathClass::dis;
  uint8_t hops = 0;
  bool is_known = false;              // that there is a way
  bool is_inferred = false;           // some of it is a guess
  uint32_t before = 0, by = no_edge;  // vertex and edge that lead here
  int64_t usable = std::numeric_limits<int64_t>::max(), raw = usable;
};

// What one step adds to the class of a path.
PathClass class_of_step(const Graph& graph, const Edge& edge, uint32_t at, uint32_t next,
                        const Label& so_far, bool is_start) {
  const VertexKind from = graph.vertices()[at].kind, to = graph.vertices()[next].kind;
  switch (edge.kind) {
    case EdgeKind::nvlink:
    case EdgeKind::xgmi:
      return PathClass::nvl;
    case EdgeKind::c2c:
      return PathClass::c2c;
    case EdgeKind::pci:
      if (from == VertexKind::host_bridge || to == VertexKind::host_bridge) return PathClass::phb;
      return from == to ? PathClass::pxb : PathClass::pix;
    case EdgeKind::internal:
      if (from != VertexKind::host_bridge && to != VertexKind::host_bridge) return PathClass::loc;
      // Up one root complex and down another.
      return from == VertexKind::numa && !is_start && so_far.cls >= PathClass::phb ? PathClass::node
                                                                                   : PathClass::phb;
    case EdgeKind::smp:
      return PathClass::sys;
    case EdgeKind::somewhere:
      return PathClass::unknown;
    case EdgeKind::cxl:
      return PathClass::phb;
    default:
      return PathClass::net;
  }
}

bool is_scale_up(EdgeKind kind) { return kind == EdgeKind::nvlink || kind == EdgeKind::xgmi; }

// Which links a search takes.
enum class Links : uint8_t { all, scale_up };

// All paths from one vertex. Most bandwidth first: links are let in from the widest down, and what
// is reached for the first time is reached at its widest. Among those, fewest hops, then the better
// class.
class Search {
 public:
  Search(const MachineGraph& machine, When when, Links links = Links::all)
      : graph_(machine.graph()) {
    for (const Edge& edge : graph_.edges()) {
      const Rate& rate = when == When::now ? edge.now : edge.max;
      usable_.push_back(rate.usable);
      raw_.push_back(rate.raw);
      const bool is_taken =
          links == Links::all || is_scale_up(edge.kind) || edge.kind == EdgeKind::internal;
      width_.push_back(!is_taken ? 0 : rate.usable >= 0 ? rate.usable : assumed_width(edge));
      if (width_.back() > 0) levels_.push_back(width_.back());
    }
    std::sort(levels_.rbegin(), levels_.rend());
    levels_.erase(std::unique(levels_.begin(), levels_.end()), levels_.end());
    if (levels_.size() > most_levels) {
      levels_[most_levels - 1] = levels_.back();
      levels_.resize(most_levels);
    }
  }

  const std::vector<Label>& from(uint32_t start) {
    std::vector<Label> best(graph_.vertices().size());
    size_t left = best.size();
    for (const int64_t level : levels_) {
      if (left == 0) break;
      spread(start, level);
      for (size_t v = 0; v < best.size(); ++v) {
        if (best[v].is_known || !labels_[v].is_known) continue;
        best[v] = labels_[v];
        --left;
      }
    }
    best[start] = start_label();
    best_ = std::move(best);
    return best_;
  }

  // The steps of from(start)[end].
  std::vector<Hop> route(uint32_t start, uint32_t end) {
    for (const int64_t level : levels_) {
      spread(start, level);
      if (!labels_[end].is_known) continue;
      std::vector<Hop> hops;
      for (uint32_t v = end; v != start; v = labels_[v].before) hops.push_back({labels_[v].by, v});
      std::reverse(hops.begin(), hops.end());
      return hops;
    }
    return {};
  }

 private:
  static Label start_label() {
    Label label;
    label.is_known = true;
    label.cls = PathClass::loc;
    return label;
  }
  // Between scale-up switches whose trunks are not told, traffic would not go over processors: the
  // unknown way is taken, and is reported as unknown.
  int64_t assumed_width(const Edge& edge) const {
    const bool is_trunk = edge.kind == EdgeKind::somewhere && is_hub(edge.from) && is_hub(edge.to);
    return assumed_rate(is_trunk ? EdgeKind::internal : edge.kind, edge.count);
  }
  bool is_hub(uint32_t vertex) const {
    return graph_.vertices()[vertex].kind == VertexKind::scale_up_hub;
  }
  bool may_pass(uint32_t vertex) const {
    const VertexKind kind = graph_.vertices()[vertex].kind;
    return kind == VertexKind::pci_switch || kind == VertexKind::host_bridge ||
           kind == VertexKind::numa || kind == VertexKind::scale_up_hub;
  }

  // All that is reached over links of at least this width.
  void spread(uint32_t start, int64_t level) {
    labels_.assign(graph_.vertices().size(), {});
    labels_[start] = start_label();
    level_ = level;
    // Ways only get shorter, and few have more than a dozen steps, so that this ends soon.
    std::vector<uint32_t> changed{start}, next;
    while (!changed.empty()) {
      next.clear();
      for (const uint32_t at : changed) {
        if (at == start || may_pass(at)) {
          for (const uint32_t e : graph_.edges_of(at)) step(at, e, at == start, next);
        } else if (labels_[at].before == start && is_scale_up_step(at) && is_device(start)) {
          // Through one peer device, and to devices alone.
          for (const uint32_t e : graph_.edges_of(at)) {
            const Edge& edge = graph_.edges()[e];
            if (is_scale_up(edge.kind) && is_device(Graph::other_end(edge, at)))
              step(at, e, false, next);
          }
        }
      }
      std::swap(changed, next);
    }
  }
  bool is_device(uint32_t vertex) const {
    return graph_.vertices()[vertex].kind == VertexKind::device;
  }
  bool is_scale_up_step(uint32_t vertex) const {
    return labels_[vertex].by != no_edge && is_scale_up(graph_.edges()[labels_[vertex].by].kind);
  }

  void step(uint32_t at, uint32_t e, bool is_start, std::vector<uint32_t>& changed) {
    if (width_[e] < level_ || width_[e] <= 0) return;
    const Edge& edge = graph_.edges()[e];
    const uint32_t to = Graph::other_end(edge, at);
    const Label& here = labels_[at];
    Label there = here;
    there.cls = std::max(here.cls, class_of_step(graph_, edge, at, to, here, is_start));
    if (!is_start && is_device(at)) there.cls = std::max(there.cls, PathClass::nvb);
    if (edge.kind != EdgeKind::internal) {
      there.hops = static_cast<uint8_t>(std::min(255, here.hops + 1));
      there.usable = narrower(here.usable, usable_[e]);
      there.raw = narrower(here.raw, raw_[e]);
    }
    there.is_inferred = here.is_inferred || edge.confidence == api::Confidence::inferred;
    there.before = at;
    there.by = e;
    Label& known = labels_[to];
    if (known.is_known && std::pair(known.hops, known.cls) <= std::pair(there.hops, there.cls))
      return;
    known = there;
    changed.push_back(to);
  }

  const Graph& graph_;
  std::vector<int64_t> usable_, raw_, width_, levels_;
  std::vector<Label> best_, labels_;
  int64_t level_ = 0;
};

Path path_of(const Label& label) {
  Path path;
  if (!label.is_known) return path;
  path.cls = label.cls;
  path.hops = label.hops;
  if (label.is_inferred) path.confidence = api::Confidence::inferred;
  // A rate is below 2^31 Mbit/s, which is 2,000 Tbit/s; the start has none.
  const auto rate = [](int64_t mbps) {
    return mbps > std::numeric_limits<int32_t>::max() ? -1 : static_cast<int32_t>(mbps);
  };
  path.usable_mbps = rate(label.usable);
  path.raw_mbps = rate(label.raw);
  return path;
}

// One path after the other; the class is said apart.
Path joined(const Path& a, const Path& b, PathClass cls) {
  Path path = a;
  path.cls = cls;
  path.hops = static_cast<uint8_t>(std::min(255, a.hops + b.hops));
  path.usable_mbps = static_cast<int32_t>(narrower(a.usable_mbps, b.usable_mbps));
  path.raw_mbps = static_cast<int32_t>(narrower(a.raw_mbps, b.raw_mbps));
  path.confidence = std::max(a.confidence, b.confidence);
  return path;
}

bool is_gpu(const MachineGraph& machine, size_t end) {
  return end < machine.devices() && machine.device_class(end) == api::DeviceClass::gpu;
}
bool is_nic(const MachineGraph& machine, size_t end) {
  return end < machine.devices() && (machine.device_class(end) == api::DeviceClass::nic ||
                                     machine.device_class(end) == api::DeviceClass::rdma_nic);
}

// GPU to GPU through an Intel root complex goes in small packets, which cost 6/5 (NCCL search.cc).
// Returns whether `links`, the way over NVLink alone, carries more than what is left.
bool lose_to_intel(Path& path, const Path& links) {
  const bool is_through = path.cls == PathClass::phb || path.cls == PathClass::node;
  if (!is_through || path.usable_mbps <= 0) return false;
  path.usable_mbps = path.usable_mbps / 6 * 5;
  return links.cls <= PathClass::nvb && links.usable_mbps > path.usable_mbps;
}

// Where a path of two legs turns: a memory node (P2C) or a peer GPU (PXN); none: it has one leg.
constexpr size_t no_turn = std::numeric_limits<size_t>::max();

// All paths between the ends of a machine, before and after the help of peers.
struct Table {
  Table(const MachineGraph& graph, When when, Search& search)
      : machine(graph), ends(graph.ends()), paths(ends * ends), turns(ends * ends, no_turn) {
    for (size_t a = 0; a < ends; ++a) {
      const std::vector<Label>& labels = search.from(graph.vertex(a));
      for (size_t b = 0; b < ends; ++b) at(a, b) = path_of(labels[graph.vertex(b)]);
    }
    if (machine.is_intel()) cost_of_intel(when);
    through_c2c();
    direct = paths;
    through_peers();
  }
  Path& at(size_t a, size_t b) { return paths[a * ends + b]; }

  void cost_of_intel(When when) {
    Search links(machine, when, Links::scale_up);
    for (size_t a = 0; a < machine.devices(); ++a) {
      if (!is_gpu(machine, a)) continue;
      const std::vector<Label>& labels = links.from(machine.vertex(a));
      for (size_t b = 0; b < machine.devices(); ++b) {
        if (a == b || !is_gpu(machine, b)) continue;
        const Path other = path_of(labels[machine.vertex(b)]);
        if (lose_to_intel(at(a, b), other)) at(a, b) = other;
      }
    }
  }

  // The memory node that a GPU is nearest to, by hops.
  size_t local_node(size_t gpu) {
    size_t local = no_turn;
    for (size_t n = machine.devices(); n < ends; ++n) {
      const Path& path = at(gpu, n);
      if (path.hops == 0 || path.cls >= PathClass::unknown) continue;
      if (local == no_turn || path.hops < at(gpu, local).hops) local = n;
    }
    return local;
  }

  void through_c2c() {
    for (size_t g = 0; g < machine.devices(); ++g) {
      const size_t local = is_gpu(machine, g) ? local_node(g) : no_turn;
      if (local == no_turn || at(g, local).cls != PathClass::c2c) continue;
      for (size_t n = 0; n < machine.devices(); ++n) {
        if (!is_nic(machine, n) || at(n, local).cls != PathClass::phb) continue;
        if (at(g, n).cls <= PathClass::p2c) continue;
        at(g, n) = joined(at(g, local), at(local, n), PathClass::p2c);
        at(n, g) = joined(at(n, local), at(local, g), PathClass::p2c);
        turns[g * ends + n] = turns[n * ends + g] = local;
      }
    }
  }

  // Of the peers that reach the NIC without the processor and are joined to the GPU by NVLink: the
  // one with most bandwidth to the NIC, then the better class, then the first.
  size_t peer_for(size_t gpu, size_t nic) const {
    size_t best = no_turn;
    for (size_t p = 0; p < machine.devices(); ++p) {
      if (p == gpu || !is_gpu(machine, p)) continue;
      const Path& to_nic = direct[p * ends + nic];
      if (to_nic.cls > PathClass::p2c || direct[gpu * ends + p].cls != PathClass::nvl) continue;
      if (best != no_turn) {
        const Path& other = direct[best * ends + nic];
        if (std::pair(-to_nic.usable_mbps, to_nic.cls) >= std::pair(-other.usable_mbps, other.cls))
          continue;
      }
      best = p;
    }
    return best;
  }

  void through_peers() {
    for (size_t g = 0; g < machine.devices(); ++g) {
      if (!is_gpu(machine, g)) continue;
      for (size_t n = 0; n < machine.devices(); ++n) {
        if (!is_nic(machine, n)) continue;
        const size_t peer = peer_for(g, n);
        if (peer == no_turn) continue;
        const Path& own = direct[g * ends + n];
        const Path& other = direct[peer * ends + n];
        if (own.cls <= PathClass::pxn && other.usable_mbps <= own.usable_mbps) continue;
        at(g, n) = joined(direct[g * ends + peer], other, PathClass::pxn);
        turns[g * ends + n] = peer;
      }
    }
  }

  const MachineGraph& machine;
  size_t ends;
  std::vector<Path> paths, direct;
  std::vector<size_t> turns;
};

const Path* find_pair(const std::vector<std::pair<uint32_t, Path>>& paths, uint32_t pair) {
  const auto at = std::lower_bound(paths.begin(), paths.end(), pair,
                                   [](const auto& item, uint32_t p) { return item.first < p; });
  return at == paths.end() || at->first != pair ? nullptr : &at->second;
}

void add_path(Hash& hash, const Path& path) {
  hash.add(static_cast<uint64_t>(path.cls) << 16 | static_cast<uint64_t>(path.hops) << 8 |
           static_cast<uint64_t>(path.confidence));
  hash.add(static_cast<uint64_t>(static_cast<uint32_t>(path.usable_mbps)) << 32 |
           static_cast<uint32_t>(path.raw_mbps));
}

}  // namespace

PathTable::PathTable(const MachineGraph& graph, When when) : ends_(graph.ends()) {
  Search search(graph, when);
  Table table(graph, when, search);
  paths_ = std::move(table.paths);
  Hash hash;
  for (uint32_t i = 0; i < paths_.size(); ++i) {
    add_path(hash, paths_[i]);
    if (!(paths_[i] == table.direct[i])) direct_.emplace_back(i, table.direct[i]);
  }
  hash_ = hash.value();
}

const Path& PathTable::direct(size_t from, size_t to) const {
  const Path* other = find_pair(direct_, static_cast<uint32_t>(from * ends_ + to));
  return other != nullptr ? *other : at(from, to);
}

std::shared_ptr<const PathOverlay> PathOverlay::make(const MachineGraph& best,
                                                     const PathTable& table,
                                                     const MachineNow& now) {
  MachineGraph graph = best;
  if (!graph.apply(now)) return nullptr;
  const PathTable then(graph, When::now);
  auto overlay = std::make_shared<PathOverlay>();
  Hash hash;
  for (uint32_t i = 0; i < then.paths_.size(); ++i) {
    if (then.paths_[i] == table.paths_[i]) continue;
    overlay->paths_.emplace_back(i, then.paths_[i]);
    add_path(hash.add(uint64_t{i}), then.paths_[i]);
  }
  for (size_t d = 0; d < graph.devices(); ++d)
    hash.add(overlay->scale_up_.emplace_back(graph.scale_up_mbps(d)));
  overlay->hash_ = hash.value();
  return overlay;
}

const Path& PathOverlay::at(const PathTable& table, size_t from, size_t to) const {
  const Path* other = find_pair(paths_, static_cast<uint32_t>(from * table.ends_ + to));
  return other != nullptr ? *other : table.at(from, to);
}

// The searches and the table are of the graph alone, so that they are made once for all pairs.
struct Routes::State {
  State(const MachineGraph& machine, When when)
      : graph(machine), at(when), search(machine, when), links(machine, when, Links::scale_up) {}

  std::vector<Hop> leg(size_t from, size_t to) {
    return search.route(graph.vertex(from), graph.vertex(to));
  }
  bool lost_to_intel(size_t from, size_t to) {
    if (!graph.is_intel() || !is_gpu(graph, from) || !is_gpu(graph, to)) return false;
    Path path = path_of(search.from(graph.vertex(from))[graph.vertex(to)]);
    return lose_to_intel(path, path_of(links.from(graph.vertex(from))[graph.vertex(to)]));
  }
  size_t turn(size_t from, size_t to) {
    const bool may_turn =
        (is_gpu(graph, from) && is_nic(graph, to)) || (is_nic(graph, from) && is_gpu(graph, to));
    if (!may_turn) return no_turn;
    if (!table) table.emplace(graph, at, search);
    return table->turns[from * table->ends + to];
  }

  const MachineGraph& graph;
  const When at;
  Search search, links;
  std::optional<Table> table;  // made for the first pair that may turn
};

Routes::Routes(const MachineGraph& graph, When when) : state_(new State(graph, when)) {}
Routes::~Routes() = default;

std::vector<Hop> Routes::between(size_t from, size_t to) {
  State& state = *state_;
  if (state.lost_to_intel(from, to))
    return state.links.route(state.graph.vertex(from), state.graph.vertex(to));
  const size_t turn = state.turn(from, to);
  if (turn == no_turn) return state.leg(from, to);
  std::vector<Hop> hops = state.leg(from, turn);
  const auto go_on = [&](size_t a, size_t b) {
    for (const Hop& hop : state.leg(a, b)) hops.push_back(hop);
  };
  const size_t second = state.turn(turn, to);  // a peer may go on through its C2C
  if (second != no_turn && second != from) {
    go_on(turn, second);
    go_on(second, to);
  } else {
    go_on(turn, to);
  }
  return hops;
}

std::vector<Hop> route(const MachineGraph& graph, size_t from, size_t to, When when) {
  return Routes(graph, when).between(from, to);
}

api::Confidence confidence_of(const MachineGraph& graph, const std::vector<Hop>& route) {
  api::Confidence least = api::Confidence::measured;
  bool is_known = !route.empty();
  for (const Hop& hop : route) {
    const api::Confidence here = graph.graph().edges()[hop.edge].confidence;
    least = std::max(least, here);
    is_known = is_known && here != api::Confidence::unknown;
  }
  if (least == api::Confidence::inferred) return least;
  return is_known ? least : api::Confidence::unknown;
}

}  // namespace freehold::fleet
