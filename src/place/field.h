// Field: the nodes that one decision may use, sorted into classes of equal rooms. Built under a
// premise: as things are, or as they would be if all others ended, or if every node were whole and
// ready besides; the last two prove refusals.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fleet/fleet.h"
#include "place/ask.h"
#include "place/packing.h"
#include "place/power_limits.h"

namespace freehold::place {

enum class Premise : uint8_t {
  now,    // what is free
  empty,  // everything allocatable on ready nodes is free, but for members that stay
  ideal,  // and every known node is in service, ready, and all of its devices are healthy
};

// One node that may be used.
struct Spot {
  const fleet::NodeState* node = nullptr;
  uint32_t packing = 0;          // index into Field::packings
  int32_t rack = -1, site = -1;  // -1: unknown; only where the ask looks at that level
  int32_t feed = 0;              // nodes with equal feeds are alike to power
  bool has_power = true;         // something says what it may draw
};

// Instead of the number of a domain.
inline constexpr int64_t no_domain = -2;      // no spot stands in it
inline constexpr int64_t unknown_apart = -1;  // all whose rack or site is not known share this one

// Why a node may not be used whatever is free on it.
enum class Ruled : uint8_t { no, readiness, site, labels, jurisdiction, avoided };

class Field {
 public:
  Field(const fleet::Fleet& fleet, const Ask& ask, Premise premise, Time now);
  Field(const Field&) = delete;
  Field& operator=(const Field&) = delete;

  const fleet::Fleet& fleet() const { return fleet_; }
  const Ask& ask() const { return ask_; }
  const std::vector<Spot>& spots() const { return spots_; }  // by node name
  Packing& packing(uint32_t index) { return packings_[index]; }
  size_t packings() const { return packings_.size(); }
  bool is_complete() const { return is_complete_; }  // false: some option was left out

  // Of the power domains that the ask's nodes hang on: what each limit leaves.
  const std::vector<int64_t>& headroom_mw() const { return power_->headroom_mw(); }
  using Draw = PowerLimits::Draw;
  // What one member of a role takes of each limit from a spot with this feed.
  const std::vector<Draw>& draws(int32_t feed, size_t role) const {
    return power_->draws()[static_cast<size_t>(feed)][role];
  }

  // The number of a domain of some level that a spot stands in. Two spots of unknown rack are never
  // together, and never surely apart.
  int64_t together_domain(size_t spot, Level level) const;
  int64_t apart_domain(size_t spot, Level level) const;
  // The same for the node of a member that stays.
  int64_t together_domain_of(std::string_view node, Level level) const;
  int64_t apart_domain_of(std::string_view node, Level level) const;
  std::string domain_name(size_t spot, Level level) const;

 private:
  bool looks_at(Level level) const;
  void add(const fleet::NodeState& node, Premise premise);
  fleet::Room supposed_room(const fleet::NodeState& node, Premise premise) const;
  uint32_t packing_for(const std::shared_ptr<const fleet::Interior>& interior,
                       const fleet::Room& room);
  const Choices& choices_for(const std::shared_ptr<const fleet::Interior>& interior);
  int32_t feed_for(const fleet::NodeState& node);
  void limit_power(Premise premise);
  int32_t number(std::map<std::string, int32_t, std::less<>>& names, const std::string& name) const;

  const fleet::Fleet& fleet_;
  const Ask& ask_;
  std::vector<Spot> spots_;
  std::vector<Packing> packings_;
  std::deque<fleet::Room> supposed_rooms_;  // of a premise other than `now`; nodes own theirs
  std::vector<uint32_t>
      slots_;  // packings by hash of their room, open addressing; 0: empty, else index + 1
  std::vector<std::unique_ptr<const Choices>> choices_;
  std::map<std::string, int32_t, std::less<>> racks_, sites_, feeds_;
  std::vector<std::vector<fleet::PowerFlow>> flows_;  // [feed][role]
  std::vector<bool> is_fed_;                          // [feed]: some domain of known capacity
  std::unique_ptr<const PowerLimits> power_;
  bool is_complete_ = true, looks_at_rack_ = false, looks_at_site_ = false, asks_power_ = false;
};

// Whether nothing but spec.schedulable keeps new work off the node.
bool is_only_cordoned(const fleet::NodeState& node, Time now);

// Judges one node by all that does not depend on what is free. Remembers sites, so keep one for
// many nodes.
class Gate {
 public:
  Gate(const fleet::Fleet& fleet, const Ask& ask, Premise premise, Time now)
      : fleet_(fleet), ask_(ask), premise_(premise), now_(now) {}
  Ruled rule(const fleet::NodeState& node);

 private:
  Ruled rule_site(const std::string& site) const;
  const fleet::Fleet& fleet_;
  const Ask& ask_;
  Premise premise_;
  Time now_;
  std::string last_site_;
  Ruled last_ruled_ = Ruled::no;
  bool has_last_ = false;
};

}  // namespace freehold::place
