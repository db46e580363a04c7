// Gang: finds nodes for all members, or proves that there are none, once it is settled which spots
// each role may use. First by best fit, which is fast and packs well; where that fails, by an exact
// search over what each node could carry, which ends with a proof or with its budget.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "place/field.h"
#include "place/meter.h"
#include "place/packing.h"

namespace freehold::place {

// What is settled before a Gang runs.
struct Terms {
  std::vector<uint32_t> allowed;            // per spot: bit r when role r may use it
  std::vector<std::optional<Level>> apart;  // per role: must not share one of these
  std::vector<std::vector<int64_t>>
      rank;  // per role: order of spots that best fit prefers first; may be empty
};

struct Laden {  // members on one spot
  size_t spot = 0;
  Counts counts;
};
using Assignment = std::vector<Laden>;

class Gang {
 public:
  Gang(Field& field, const Terms& terms, Meter& meter);
  Gang(const Gang&) = delete;
  Gang& operator=(const Gang&) = delete;
  // Null when there is none; a proof unless the meter is spent or the field is incomplete.
  std::optional<Assignment> solve();

 private:
  // Spots that are alike in all that matters here.
  struct Group {
    std::span<const size_t> spots;  // by node name
    uint32_t packing = 0, allowed = 0;
    int32_t rack = -1, site = -1, feed = 0;
  };
  friend class BestFit;
  friend class Exact;

  void make_groups();
  bool is_alike(size_t a, size_t b) const;
  bool is_alone_per(size_t role, Level level) const { return terms_.apart[role] == level; }
  // The domain that a member of the role would use up in a group; nothing when `apart` does not
  // look beyond nodes.
  std::optional<int64_t> apart_domain(size_t role, const Group& group) const;
  int64_t room_for(size_t role, const Group& group);  // members in one node of the group
  bool is_hopeless();

  Field& field_;
  const std::vector<RoleAsk>& roles_;
  const Terms& terms_;
  Meter& meter_;
  bool by_rack_ = false, by_site_ = false;  // whether `apart` looks at that level
  std::vector<Group> groups_;
  std::vector<size_t> spots_;  // of all groups, one after the other
};

}  // namespace freehold::place
