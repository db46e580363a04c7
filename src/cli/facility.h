// The command `facility`, and how a facility is shown: as tables, as a document, and as a floor
// plan. What shows is pure functions from what the survey found to text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/connect.h"
#include "cli/render.h"
#include "fleet/facility/facility.h"
#include "fleet/facility/place_rack.h"
#include "fleet/facility/what_if.h"
#include "json/value.h"

namespace freehold::cli {

struct FacilityOptions {
  std::vector<std::string> files;    // instead of a server
  std::vector<std::string> what_if;  // objects that are put over what is there
  std::string site, rack;            // only these
  std::string move_rack, to;
  std::string place_rack;
  std::string basis;  // now or most; empty: now, and for what-ifs the most
  Output output = Output::table;
  bool is_plan = false;  // an SVG of the floor
};
int facility(const ClientOptions& client, const FacilityOptions& options);

// Of findings in one list: what a person reads; the rest is counted.
inline constexpr size_t most_findings = 500;

struct FacilityView {
  std::string site, rack;  // only these; empty: all
  bool whole = false;      // every row of every table
};

// Of the findings, those that concern what is shown.
std::vector<const fleet::facility::Finding*> findings_in(const fleet::facility::Estate& estate,
                                                         const fleet::facility::Facility& facility,
                                                         const FacilityView& view);

std::string facility_text(const fleet::facility::Estate& estate,
                          const fleet::facility::Facility& facility, const FacilityView& view,
                          const Terminal& terminal);
json::Value facility_json(const fleet::facility::Estate& estate,
                          const fleet::facility::Facility& facility, const FacilityView& view);
// A page of SVG 1.1 without scripts: rooms, rows and racks as boxes, coloured by what their feeds
// can still give while any one failure holds.
std::string facility_plan(const fleet::facility::Facility& facility, const FacilityView& view);

std::string difference_text(const fleet::facility::Facility& before,
                            const fleet::facility::Facility& after, const Terminal& terminal);
json::Value difference_json(const fleet::facility::Facility& before,
                            const fleet::facility::Facility& after);
std::string places_text(const fleet::facility::RackPlaces& places, bool whole,
                        const Terminal& terminal);
json::Value places_json(const fleet::facility::RackPlaces& places);

// Milliwatts for people; "-" when below 0.
std::string watts_text(int64_t mw);
// "space, gpus"
std::string why_text(const std::vector<fleet::facility::Strander>& why);
// Ten characters, filled by used of all: "████▌     ".
std::string bar(int64_t used, int64_t all);

}  // namespace freehold::cli
