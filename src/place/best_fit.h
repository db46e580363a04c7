// BestFit: the fast half of Gang. Role by role, hardest first, each member goes where the least
// would be left over. Never turns back, so a failure proves nothing.
#pragma once

#include <optional>
#include <set>
#include <tuple>
#include <vector>

#include "place/gang.h"

namespace freehold::place {

class BestFit {
 public:
  explicit BestFit(Gang& gang) : g_(gang), headroom_mw_(gang.field_.headroom_mw()) {}
  std::optional<Assignment> run();

 private:
  struct Used {  // a node that carries members already
    size_t group, spot;
    Counts counts;
  };
  // Somewhere that the next member could go: a node in use, or the next fresh one of a group.
  struct Seat {
    int64_t rank = 0;
    Packing::Leftover leftover;
    size_t spot = 0;  // by name: the last tie
    size_t group = 0;
    int64_t used = -1;  // index into used_, -1: fresh
    bool operator>(const Seat& o) const {
      return std::tie(rank, leftover, spot) > std::tie(o.rank, o.leftover, o.spot);
    }
  };

  bool place_role(size_t role);
  std::optional<Seat> seat_in(size_t role, size_t group, int64_t used);
  bool is_open(size_t role, const Seat& seat) const;
  void take(size_t role, const Seat& seat);

  Gang& g_;
  std::vector<int64_t> headroom_mw_;
  std::vector<Used> used_;
  Counts counts_;                 // scratch
  std::vector<size_t> fresh_;     // per group: how many of its spots are in use
  std::set<int64_t> apart_used_;  // domains, of the role that is being placed
};

}  // namespace freehold::place
