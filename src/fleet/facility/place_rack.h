// Where the next rack goes: places that could take one more rack of some power, height and cooling,
// best first, each with its reason. A place is a rack that stands empty, a gap in a row whose
// places are numbered, or the end of such a row; a new rack is fed, cooled and borne as its nearest
// neighbour is, over distribution units of its own where the neighbour's are its alone. Where the
// height is asked for, a rack with so many free units is a place too, with what its machines leave
// of everything. Whether a place fits is not known where it hangs on what nobody says of machines:
// their height or weight, or what they draw from what limits the place. A pure function.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api/site.h"
#include "fleet/facility/facility.h"

namespace freehold::fleet::facility {

struct RackAsk {
  int64_t power_mw = 0;
  int64_t units = 0;      // 0: any
  int64_t weight_kg = 0;  // 0: nobody says
  std::optional<api::CoolingType> cooling;
  std::string site;  // empty: any
};

struct RackPlace {
  std::string site, room, row, position;
  std::string rack;                // that stands there; empty: a new one
  size_t machines = 0;             // that stand in it
  std::string like;                // the neighbour whose feeds and cooling it would have
  std::vector<std::string> feeds;  // of the empty rack, or of the neighbour
  bool with_own_feeds = false;     // distribution units like those of the neighbour, but new
  bool fits = false;               // by what is known
  bool is_known = true;            // false: whether it fits hangs on what nobody says
  int64_t margin_mw = 0;           // of power or cooling that stays; negative: what is missing
  std::string reason;
};

struct RackPlaces {
  // Those that fit first, known ones before others, by the margin that stays; at most limits.h'
  // most_candidates.
  std::vector<RackPlace> best;
  size_t tried = 0, fitting = 0, unknown = 0;  // of all: `unknown` would fit by what is known
  bool is_cut = false;                         // there are more than limits.h' most_places_tried
};

RackPlaces place_rack(const Estate& estate, const RackAsk& ask, Footing footing);

}  // namespace freehold::fleet::facility
