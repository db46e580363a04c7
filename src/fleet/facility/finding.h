// Finding: something that a person should look at, in words for people and in measures for
// programs. Two surveys are compared by the measures alone: words round, and change their wording.
// A value; it refers to nothing.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace freehold::fleet::facility {

enum class Severity : uint8_t { note, warning, error };

enum class FindingKind : uint8_t {
  // Power.
  supply_circle,
  unknown_domain,
  overloaded,
  overloaded_if_one_fails,
  takes_machines_down,
  unused_domain,
  failures_not_looked_at,
  limit_not_kept,
  plate_exceeded,
  metered_and_unseen,
  // Space.
  beyond_the_rack,
  unit_taken_twice,
  place_taken_twice,
  too_high,
  higher_than_gaps,
  unknown_rack,
  too_heavy,
  // Cooling.
  rack_too_hot,
  cooling_overloaded,
  cooling_circle,
  unknown_cooling_unit,
  other_cooling,
  // Sites, networks, storage.
  feed_of_other_site,
  rack_of_other_site,
  unknown_link,
  link_one_way,
  link_told_differently,
  unknown_to_pool,
  promised_too_much,
  // What nobody says, or not well.
  without_watts,
  watts_in_part,
  without_feeds,
  without_height,
  without_weight,
  without_site,
  odd_shares,
  ordered_and_metered,
};

// One thing that is so, and how much.
struct Measure {
  FindingKind kind = FindingKind::overloaded;
  std::string subject;  // "powerdomain/a"; where it takes two, both
  int64_t amount =
      0;  // beyond what may be: milliwatts, units, kg …; 0 where there is no more or less
};

struct Finding {
  Severity severity = Severity::note;
  std::string about;              // "rack/r01"
  std::string text;               // what, and what to do
  std::vector<Measure> measures;  // at least one; many where one line stands for many things
};

}  // namespace freehold::fleet::facility
