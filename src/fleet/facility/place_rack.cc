#include "fleet/facility/place_rack.h"

#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <tuple>

#include "base/strings.h"
#include "fleet/facility/cooling.h"
#include "fleet/facility/limits.h"
#include "fleet/facility/uncounted.h"

namespace freehold::fleet::facility {
namespace {

constexpr std::string_view own_mark = "+new";  // no name of an object has a plus sign

std::string watts(int64_t mw) { return humanize(mw, Dimension::power); }

std::vector<std::string> sorted_feeds(const RackView& rack) {
  std::vector<std::string> feeds;
  if (rack.rack != nullptr) feeds = rack.rack->spec.feeds;
  std::sort(feeds.begin(), feeds.end());
  return feeds;
}

// Distribution units that serve one rack alone and have something behind them: a new rack would
// bring its own.
std::set<std::string> feeds_of_one(const Facility& facility) {
  std::map<std::string, int> racks;
  for (const RackView& rack : facility.racks)
    for (const std::string& feed : sorted_feeds(rack)) ++racks[feed];
  std::set<std::string> out;
  for (const auto& [feed, count] : racks) {
    const uint32_t d = facility.supply->find(feed);
    if (count != 1 || d == none || facility.supply->domains()[d].suppliers.empty()) continue;
    // What has something behind it is known. A busway or more is there to be shared.
    const api::PowerDomainType type = facility.domains[d].domain->spec.type;
    if (type == api::PowerDomainType::pdu || type == api::PowerDomainType::rack ||
        type == api::PowerDomainType::shelf)
      out.insert(feed);
  }
  return out;
}

RackPlace place_at(const RackView& rack, std::string position) {
  RackPlace place;
  place.site = rack.site;
  place.room = rack.room;
  place.row = rack.row;
  place.position = std::move(position);
  place.feeds = sorted_feeds(rack);
  return place;
}

// "7", "A3", "R-012": a place that is numbered.
struct PlaceNumber {
  std::string_view before;
  int64_t number = 0;
  size_t digits = 0;
};
std::optional<PlaceNumber> place_number(std::string_view position) {
  size_t at = position.size();
  while (at > 0 && position[at - 1] >= '0' && position[at - 1] <= '9') --at;
  const auto number = parse_int(position.substr(at));
  if (!number || *number >= 1'000'000) return std::nullopt;
  return PlaceNumber{position.substr(0, at), *number, position.size() - at};
}
// As its neighbour is numbered.
std::string numbered_like(const PlaceNumber& neighbour, int64_t number) {
  std::string text = std::to_string(number);
  if (text.size() < neighbour.digits) text.insert(0, neighbour.digits - text.size(), '0');
  return std::string(neighbour.before) + text;
}

bool is_better(const RackPlace& a, const RackPlace& b) {
  return std::tuple(a.fits, a.is_known, a.margin_mw) > std::tuple(b.fits, b.is_known, b.margin_mw);
}

class Places {
 public:
  Places(const Estate& estate, const RackAsk& ask, Footing footing)
      : ask_(ask), estate_(estate), before_(survey(estate, footing)) {
    own_ = feeds_of_one(before_);
    // A new rack's own units carry nothing yet, and hang where the neighbour's do.
    for (const std::string& feed : own_) {
      api::PowerDomain unit = *estate.domains.at(feed);
      unit.metadata.name += own_mark;
      unit.status.meter = {};
      units_.push_back(std::move(unit));
      estate_.put(units_.back());
    }
    facility_ = survey(estate_, footing);
    std::vector<Finding> ignored;
    cooling_.emplace(estate_, facility_.racks, ignored);
    uncounted_ = uncounted_below(facility_);
    find_uncounted_heat();
  }

  RackPlaces run() {
    std::map<std::tuple<std::string, std::string, std::string>, std::vector<const RackView*>> rows;
    for (const RackView& rack : facility_.racks) {
      if (rack.rack == nullptr || (!ask_.site.empty() && rack.site != ask_.site)) continue;
      if (rack.machines.empty())
        add_empty(rack);
      else if (ask_.units > 0 && ask_.units <= rack.free_units)
        add_started(rack);
      rows[{rack.site, rack.room, rack.row}].push_back(&rack);
    }
    for (const auto& [where, racks] : rows) add_row(racks);
    keep_best();
    return std::move(out_);
  }

 private:
  void add_empty(const RackView& rack) {
    RackPlace place = place_at(rack, rack.position);
    place.rack = rack.name;
    std::vector<std::string> against;
    if (ask_.units > rack.free_units)
      against.push_back("it has " + std::to_string(rack.free_units) + " units");
    judge(std::move(place), rack, place_feeds(rack, false), cooling_->room(rack),
          std::move(against));
  }

  // A rack with machines, beside which there is room.
  void add_started(const RackView& rack) {
    RackPlace place = place_at(rack, rack.position);
    place.rack = rack.name;
    place.machines = rack.machines.size();
    const std::string free = std::to_string(rack.free_units) + " of its " +
                             std::to_string(rack.units) + " units are free";
    std::vector<std::string> said{free}, against;
    std::vector<std::string_view> without_height, without_unit;
    for (const uint32_t m : rack.machines) {
      const Machine& machine = facility_.machines[m];
      if (machine.height == 0)
        without_height.push_back(machine.node->metadata.name);
      else if (machine.node->spec.unit == 0)
        without_unit.push_back(machine.node->metadata.name);
    }
    if (ask_.units > rack.largest_gap) {
      against.push_back(free + ", of which " + std::to_string(rack.largest_gap) +
                        " are in one piece");
    } else if (ask_.units > rack.certain_gap && !without_unit.empty()) {
      place.is_known = false;
      said.push_back("nobody says at which unit " + listed(std::move(without_unit)) + " stands");
    }
    if (!without_height.empty()) {
      place.is_known = false;
      said.push_back("nobody says the height of " + listed(std::move(without_height)));
    }
    place.reason = join(said, "; ");
    judge(std::move(place), rack, place_feeds(rack, false), cooling_->room(rack),
          std::move(against));
  }

  // "a, b, c and 3 more"
  static std::string listed(std::vector<std::string_view> names) {
    constexpr size_t most_names = 3;
    std::sort(names.begin(), names.end());
    std::string out;
    for (size_t i = 0; i < std::min(names.size(), most_names); ++i)
      out += (i > 0 ? ", " : "") + std::string(names[i]);
    if (names.size() > most_names)
      out += " and " + std::to_string(names.size() - most_names) + " more";
    return out;
  }

  using ByNumber = std::map<int64_t, const RackView*>;

  // By what stands before the number: "A1" is no place of a row of "B1" and "B2".
  void add_row(const std::vector<const RackView*>& racks) {
    std::map<std::string_view, ByNumber> rows;
    for (const RackView* rack : racks)
      if (const auto place = place_number(rack->position))
        rows[place->before].emplace(place->number, rack);
    for (const auto& [before, at] : rows) add_numbered(at);
  }

  // Gaps between numbered places, the place before the first and the one after the last.
  void add_numbered(const ByNumber& at) {
    int64_t places = 0;
    const int64_t first = at.begin()->first, last = at.rbegin()->first;
    for (int64_t p = std::max<int64_t>(1, first - 1); p <= last + 1 && places < most_row_places;
         ++p) {
      if (at.contains(p)) continue;
      ++places;
      const auto next = at.lower_bound(p);
      const RackView& neighbour = next == at.begin() ? *next->second : *std::prev(next)->second;
      RackPlace place = place_at(neighbour, numbered_like(*place_number(neighbour.position), p));
      place.like = neighbour.name;
      if (p < first) place.reason = "the start of the row, if there is floor";
      if (p > last) place.reason = "the end of the row, if there is floor";
      place.with_own_feeds =
          std::ranges::any_of(place.feeds, [&](const auto& feed) { return own_.contains(feed); });
      judge(std::move(place), neighbour, place_feeds(neighbour, true), cooling_beside(neighbour),
            {});
    }
  }

  // Of a rack that would be cooled as its neighbour is: with a limit like its own, and all of it.
  CoolingRoom cooling_beside(const RackView& neighbour) const {
    const CoolingRoom room = cooling_->room(neighbour.site, neighbour.rack->spec.cooling.unit);
    const int64_t limit = neighbour.cooling_limit_mw;
    if (limit < 0 || (room.mw >= 0 && room.mw <= limit)) return room;
    return {limit, "a limit like that of " + neighbour.name};
  }

  void judge_weight(RackPlace& place, const RackView& like, std::vector<std::string>& said,
                    std::vector<std::string>& against) const {
    if (ask_.weight_kg == 0) return;
    const int64_t limit = like.rack->spec.weight_limit_kg;
    if (place.machines > 0 && limit > 0) {
      if (ask_.weight_kg > like.weight_room_kg) {
        against.push_back("it carries " + std::to_string(like.weight_room_kg) + " kg more");
      } else if (like.without_weight > 0) {
        place.is_known = false;
        said.push_back("of " + std::to_string(like.without_weight) +
                       " of its machines no weight is known");
      }
      return;
    }
    const std::string which = place.rack.empty() ? "a rack like " + like.name : "it";
    if (limit == 0)
      said.push_back("nobody says what weight " + which + " carries");
    else if (ask_.weight_kg > limit)
      against.push_back(which + " carries " + std::to_string(limit) + " kg");
  }

  std::vector<api::Feed> place_feeds(const RackView& rack, bool is_new) const {
    std::vector<api::Feed> feeds;
    for (const std::string& feed : sorted_feeds(rack))
      feeds.push_back({is_new && own_.contains(feed) ? feed + std::string(own_mark) : feed, 1,
                       api::FeedFailure::shift});
    return feeds;
  }

  void find_uncounted_heat() {
    chains_.emplace(facility_);
    uncounted_heat_.resize(facility_.cooling.size());
    for (const RackView& rack : facility_.racks)
      if (const Uncounted own = uncounted_in(rack); own.any())
        for (const uint32_t unit : chains_->of(rack))
          if (facility_.cooling[unit].capacity_mw >= 0) uncounted_heat_[unit].add(own);
  }

  Uncounted uncounted_in(const RackView& rack) const {
    Uncounted out;
    for (const uint32_t m : rack.machines)
      if (is_uncounted(facility_.machines[m])) out.add({m, m});
    return out;
  }

  struct PowerRoom {
    Room room;
    Uncounted uncounted;  // below what limits it
  };
  // Racks of one row often share their feeds.
  const PowerRoom& power_room(const std::vector<api::Feed>& feeds) {
    std::vector<std::string> names;
    for (const api::Feed& feed : feeds) names.push_back(feed.domain);
    const auto [at, is_new] = power_rooms_.try_emplace(std::move(names));
    if (!is_new || feeds.empty()) return at->second;
    at->second.room = facility_.cases->room(feeds);
    for (const auto& [domain, weight] : at->second.room.weights)
      if (weight > 0) at->second.uncounted.add(uncounted_[domain]);
    return at->second;
  }

  void judge_what_is_drawn(RackPlace& place, const RackView& like, Uncounted uncounted,
                           std::vector<std::string>& said) const {
    for (const uint32_t unit : chains_->of(like)) uncounted.add(uncounted_heat_[unit]);
    if (place.machines > 0 && like.cooling_limit_mw >= 0) uncounted.add(uncounted_in(like));
    if (!uncounted.any()) return;
    place.is_known = false;
    const std::string& first = facility_.machines[uncounted.first].node->metadata.name;
    said.push_back("nobody says what " + first +
                   (uncounted.first == uncounted.last ? " draws" : " and others draw"));
  }

  void keep(RackPlace place) {
    out_.fitting += place.fits && place.is_known ? 1 : 0;
    out_.unknown += place.fits && !place.is_known ? 1 : 0;
    out_.best.push_back(std::move(place));
    if (out_.best.size() >= 2 * most_candidates) keep_best();
  }
  void keep_best() {
    std::stable_sort(out_.best.begin(), out_.best.end(), is_better);
    if (out_.best.size() > most_candidates) out_.best.resize(most_candidates);
  }

  void judge(RackPlace place, const RackView& like, const std::vector<api::Feed>& feeds,
             const CoolingRoom& cooling, std::vector<std::string> against) {
    if (out_.tried == most_places_tried) {
      out_.is_cut = true;
      return;
    }
    ++out_.tried;
    std::vector<std::string> said;
    if (!place.reason.empty()) said.push_back(place.reason);
    judge_weight(place, like, said, against);
    const PowerRoom& behind = power_room(feeds);
    const Room& power = behind.room;
    judge_what_is_drawn(place, like, behind.uncounted, said);
    place.margin_mw = power.mw - ask_.power_mw;
    if (power.mw < 0) {
      place.margin_mw = -ask_.power_mw;
      against.push_back(feeds.empty() ? "it has no feeds" : "no capacity of its feeds is known");
    } else {
      const auto& domains = facility_.supply->domains();
      std::string limit = watts(power.mw) + " may be added";
      if (power.domain != none) limit += ", limited by " + plain(domains[power.domain].name);
      if (power.failed != none) limit += " if " + plain(domains[power.failed].name) + " fails";
      (power.mw < ask_.power_mw ? against : said).push_back(limit);
    }
    if (ask_.cooling && like.rack->spec.cooling.type != *ask_.cooling) {
      against.push_back("it is cooled by " + api::enum_text(like.rack->spec.cooling.type));
    } else if (cooling.mw >= 0) {
      place.margin_mw = std::min(place.margin_mw, cooling.mw - ask_.power_mw);
      (cooling.mw < ask_.power_mw ? against : said)
          .push_back("cooling has room for " + watts(cooling.mw) + " (" + cooling.by + ")");
    } else {
      said.emplace_back("room of the cooling is not known");
    }
    place.fits = against.empty();
    place.reason = join(place.fits ? said : against, "; ");
    keep(std::move(place));
  }

  static std::string plain(const std::string& name) {
    return name.ends_with(own_mark)
               ? "a new unit like " + name.substr(0, name.size() - own_mark.size())
               : name;
  }

  const RackAsk& ask_;
  Estate estate_;
  Facility before_, facility_;
  std::set<std::string> own_;
  std::deque<api::PowerDomain> units_;  // stay where they are: the estate points to them
  std::optional<Cooling> cooling_;
  std::vector<Uncounted> uncounted_;  // by domain
  std::optional<CoolingChains> chains_;
  std::vector<Uncounted> uncounted_heat_;  // by cooling unit, of those with a limit
  std::map<std::vector<std::string>, PowerRoom> power_rooms_;
  RackPlaces out_;
};

}  // namespace

RackPlaces place_rack(const Estate& estate, const RackAsk& ask, Footing footing) {
  return Places(estate, ask, footing).run();
}

}  // namespace freehold::fleet::facility
