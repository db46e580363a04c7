// Paths inside a machine: how any two of its devices and memory nodes reach each other, in the
// classes that NCCL uses, with the bandwidth of the narrowest link. A table is made once per
// HardwareProfile and shared; a machine that deviates has a small overlay of its own. Asking costs
// one look-up. The rules, with their sources, are in docs/formats/paths.md.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "fleet/machine_graph.h"

namespace freehold::fleet {

// Nearest first. `unknown`: connected, nobody knows how; no worse than SYS, perhaps better.
enum class PathClass : uint8_t {
  loc,   // the same part
  nvl,   // NVLink or xGMI, directly or through their switches
  nvb,   // the same, through one peer device
  c2c,   // NVLink-C2C between processor and accelerator
  pix,   // at most one PCI switch
  pxb,   // several PCI switches, no processor
  p2c,   // to a NIC: C2C to the processor, then its PCI
  pxn,   // to a NIC: NVLink to a peer GPU, then its PCI
  phb,   // through a root complex
  node,  // through two root complexes of one memory node
  sys,   // between memory nodes
  unknown,
  net,  // through a network
  dis   // not connected
};
std::string_view path_word(PathClass cls);  // "PHB", "NODE"; "?" when unknown
std::string_view nccl_word(PathClass cls);  // the same, but PHB for NODE

struct Path {
  PathClass cls = PathClass::dis;
  uint8_t hops = 0;
  api::Confidence confidence = api::Confidence::unknown;
  // Of the narrowest link, Mbit/s in one direction; -1 when any link's is unknown.
  int32_t usable_mbps = -1, raw_mbps = -1;
  bool operator==(const Path&) const = default;
};

// Whether a NIC reads and writes the memory of a GPU without the processor: GPUDirect RDMA as NCCL
// turns it on by default, up to PXB, and P2C where the processor is joined by C2C.
inline bool is_direct_rdma(PathClass cls) { return cls <= PathClass::p2c; }

// Which rates count.
enum class When : uint8_t { at_best, now };

struct Hop {
  uint32_t edge = 0;    // of MachineGraph::graph()
  uint32_t vertex = 0;  // that it leads to
};

class PathTable {
 public:
  PathTable(const MachineGraph& graph, When when);

  // By ends of the MachineGraph. From a GPU to a NIC it may be PXN; the way back never is, since
  // what arrives is received locally.
  const Path& at(size_t from, size_t to) const { return paths_[from * ends_ + to]; }
  // Without the help of a peer GPU: what `nvidia-smi topo -m` shows.
  const Path& direct(size_t from, size_t to) const;
  size_t ends() const { return ends_; }
  uint64_t hash() const { return hash_; }

 private:
  friend class PathOverlay;
  size_t ends_ = 0;
  std::vector<Path> paths_;
  std::vector<std::pair<uint32_t, Path>> direct_;  // where it differs, sorted by pair
  uint64_t hash_ = 0;
};

// Where a machine differs from its profile now.
class PathOverlay {
 public:
  // Null when nothing differs.
  static std::shared_ptr<const PathOverlay> make(const MachineGraph& best, const PathTable& table,
                                                 const MachineNow& now);
  const Path& at(const PathTable& table, size_t from, size_t to) const;
  // As MachineGraph::scale_up_mbps, now.
  int64_t scale_up_mbps(size_t device) const { return scale_up_[device]; }
  uint64_t hash() const { return hash_; }

 private:
  std::vector<std::pair<uint32_t, Path>> paths_;  // sorted by pair
  std::vector<int64_t> scale_up_;                 // by device
  uint64_t hash_ = 0;
};

// How paths run. The table is made once, for the first pair that needs it; beyond it a pair costs a
// few searches. One thread at a time; the graph must stay.
class Routes {
 public:
  Routes(const MachineGraph& graph, When when);
  ~Routes();
  Routes(const Routes&) = delete;
  Routes& operator=(const Routes&) = delete;

  // How PathTable::at(from, to) runs; empty when the ends are one, or not connected.
  std::vector<Hop> between(size_t from, size_t to);

 private:
  struct State;
  std::unique_ptr<State> state_;
};
// Of one pair.
std::vector<Hop> route(const MachineGraph& graph, size_t from, size_t to, When when);

// The least firm of its links. `inferred` when any of them is a guess, `unknown` when of any nobody
// says who looked: see MachineGraph::attribute.
api::Confidence confidence_of(const MachineGraph& graph, const std::vector<Hop>& route);

}  // namespace freehold::fleet
