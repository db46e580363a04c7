// Exact: the thorough half of Gang. Goes from node to node and tries every load that the node could
// carry, best first; states that failed are remembered. Without `apart` beyond nodes and without
// power only loads that cannot grow are tried, because a fuller node never harms; otherwise smaller
// ones too. It ends with an assignment, with a proof that there is none, or with its budget.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "place/gang.h"

namespace freehold::place {

class Exact {
 public:
  explicit Exact(Gang& gang);
  std::optional<Assignment> run();

 private:
  // Where the search stands. Spots of a group are alike, so their loads are tried in one order
  // only: `load` never falls within a group.
  struct State {
    size_t group = 0, spot = 0, load = 0;
  };

  const std::vector<Counts>& loads_of(const Gang::Group& group);
  void extend(const Gang::Group& group, size_t at, Counts& counts, std::vector<Counts>& out);
  bool is_exact(size_t role) const {
    return exact_ >> role & 1;
  }  // counts of the role are not cut to what remains
  bool search(State at);
  bool walk(State at);
  bool try_loads(State at, bool& used_any);
  bool put(const Gang::Group& group, const Counts& counts);
  void take_back(const Gang::Group& group, const Counts& counts);
  bool is_hopeless(const State& at) const;
  std::string key(const State& at) const;
  void note_last_groups();

  Gang& g_;
  std::vector<size_t> order_;  // groups; those of one rack and site stand side by side
  std::vector<size_t> roles_;  // exact ones first
  uint32_t exact_ = 0;
  std::map<std::pair<uint32_t, uint32_t>, std::vector<Counts>>
      loads_;                                    // by packing and roles allowed
  std::vector<std::vector<int64_t>> room_from_;  // [place in order_][role], an upper bound

  std::map<int64_t, size_t> last_of_rack_, last_of_site_;  // place in order_

  Counts remaining_;
  std::vector<int64_t> headroom_mw_;
  std::vector<std::vector<int64_t>> apart_used_;  // per role: domains in use, a stack
  Assignment placed_;
  std::unordered_set<std::string> failed_;
};

}  // namespace freehold::place
