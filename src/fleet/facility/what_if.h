// What-ifs on a facility: moving a rack, and the difference that a change of the estate makes.
// Pure; the changed objects are put over a copy of the estate by the caller, who keeps them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/object.h"
#include "base/result.h"
#include "fleet/facility/facility.h"

namespace freehold::fleet::facility {

struct RackMove {
  std::string rack;
  // What changes; what is not set stays.
  std::optional<std::string> site, room, row, position, cooling_unit;
  std::optional<std::vector<std::string>> feeds;
};

// The rack, and all that stands in it. Its machines that hang on its feeds by name hang on the new
// feed in the place of the old one; where the number of feeds differs, or they hang on something
// else, on those of the rack, in equal parts. Domains below its feeds that carry machines of this
// rack alone, such as power strips, move along in the same way. Errors:
// `not_found`, for the rack and for a domain, site or cooling unit that it would have;
// `bad_request` for a feed that is given twice.
Result<std::vector<api::Object>> move_rack(const Estate& estate, const RackMove& move);

struct DomainChange {
  std::string domain;
  const DomainView *before = nullptr, *after = nullptr;  // null: not there
};
struct Difference {
  std::vector<DomainChange> domains;  // where load, worst load or capacity differ; by name
  std::vector<std::string> racks;     // whose power, cooling or space differ; by name
  // Of after: what was not so before or is worse, and what is so still but less. Of before: what is
  // no longer so.
  std::vector<Finding> new_findings, eased, solved;
  bool holds_after = true;  // no finding of severity error is new or worse
  // Machines of which nobody knows something that counts now, by name: that came with it to what
  // is limited, or that were there when something else came. Watts, unknown or known only in part,
  // of what hangs on other feeds, or below a domain or cooling unit that has less left; a height,
  // of what stands at another place of a rack, or where something now stands above it; a weight,
  // in a rack that carries no more than so much; feeds, of what had some or was not there.
  std::vector<std::string> without_watts, without_height, without_weight, without_feeds;
  // Whether all that is limited is known. Where it is not, only a new error says something.
  bool is_known() const {
    return without_watts.empty() && without_height.empty() && without_weight.empty() &&
           without_feeds.empty();
  }
  int64_t stranded_before_mw = 0, stranded_after_mw = 0;
};
Difference compare(const Facility& before, const Facility& after);

// Whether no finding is an error.
bool holds(const Facility& facility);

}  // namespace freehold::fleet::facility
