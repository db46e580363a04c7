#include "cli/facility.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fleet/testing/fleet_of.h"
#include "fleet/testing/grid_of.h"

namespace freehold::cli {
namespace {

using fleet::facility::Facility;
using fleet::facility::Footing;
using fleet::testing::Grid;
using fleet::testing::grid_of;
using ::testing::HasSubstr;
using ::testing::Not;

Grid two_racks() {
  return grid_of(
      "pdu a 30kW; pdu b 20kW; rack r1 row A place 1 on a b; rack r3 row A place 3 units 8 on a b;"
      "node n in r1 at 1 high 8 draws 6kW; node m in r3 at 1 high 8 draws 4kW");
}

TEST(FacilityText, the_first_table_answers_the_first_question) {
  const Grid grid = two_racks();
  const Facility facility = survey(grid.estate, Footing::now);
  const std::string text = facility_text(grid.estate, facility, {}, {});
  EXPECT_THAT(text, HasSubstr("0 sites, 2 racks, 2 machines, 0 GPUs (0 free); "
                              "they draw 10kW (measured).\nStranded: 21 rack units.\n"))
      << "what the full rack cannot use, its neighbour can";
  EXPECT_THAT(text, HasSubstr("RACK  ROW  POWER"));
  EXPECT_THAT(text, HasSubstr("6kW/20kW"));
  EXPECT_THAT(text, Not(HasSubstr("\033"))) << "colour is for terminals";
  EXPECT_THAT(text, HasSubstr("a             pdu"));
  EXPECT_THAT(text, HasSubstr("10kW      balance"));
}

TEST(FacilityText, one_rack_comes_with_its_machines) {
  const Grid grid = two_racks();
  const Facility facility = survey(grid.estate, Footing::now);
  const std::string text = facility_text(grid.estate, facility, {{}, "r1", false}, {});
  EXPECT_THAT(text, HasSubstr("One more watt is limited by b if a fails."));
  EXPECT_THAT(text, HasSubstr("nobody says"));
  EXPECT_THAT(text, Not(HasSubstr("r3")));
}

TEST(FacilityText, one_rack_tells_the_watts_of_devices_and_alike_ones_once) {
  Grid grid = grid_of("pdu a 30kW; rack r1 on a");
  const auto machine =
      fleet::testing::machines("1 node: 1 numa x 4 cpus, 8Gi each, 4 gpu gpu-700")[0];
  grid.add(fleet::testing::profile_of(machine));
  api::Node node = fleet::testing::node_of(machine, "n");
  node.spec.rack = "r1";
  node.status.devices.emplace_back().id = "gpu3";
  node.status.devices.back().power.measured = fleet::testing::quantity_of("312W", Dimension::power);
  grid.add(std::move(node));
  api::DeviceModel model;
  model.metadata.name = "gpu-700";
  model.spec.type = api::ModelType::gpu;
  model.spec.power.maximum = fleet::testing::quantity_of("700W", Dimension::power);
  grid.add(std::move(model));
  const Facility facility = survey(grid.estate, Footing::now);
  const std::string text = facility_text(grid.estate, facility, {{}, "r1", false}, {});
  const size_t at = text.find("Devices, watts of each");
  ASSERT_NE(at, text.npos) << text;
  EXPECT_THAT(text.substr(at),
              ::testing::MatchesRegex("Devices, watts of each\n"
                                      "NODE +DEVICES +FROM +TO +MODEL +MEASURED +LIMIT +NAMEPLATE\n"
                                      "n +3 +gpu0 +gpu2 +gpu-700 +- +- +700W\n"
                                      "n +1 +gpu3 +gpu3 +gpu-700 +312W +- +700W\n"
                                      "(.|\n)*"));
}

TEST(FacilityText, what_counts_with_the_pue_of_its_site_is_named) {
  Grid grid = grid_of("utility u 100kW; ups a 90kW from u; rack r on a; node n in r draws 60kW");
  api::Site site;
  site.metadata.name = "s";
  site.spec.pue = 1.25;
  grid.add(std::move(site));
  const Facility facility = survey(grid.estate, Footing::now);
  EXPECT_THAT(facility_text(grid.estate, facility, {}, {}),
              HasSubstr("Counted: u with the PUE 1.25 of its site.\n"));
  const json::Value document = facility_json(grid.estate, facility, {});
  EXPECT_EQ((*document.at({"powerDomains"})->as_array())[1].at({"pue"})->number(), 1.25);
  EXPECT_EQ((*document.at({"powerDomains"})->as_array())[1].at({"watts"})->number(), 75'000);
}

TEST(FacilityText, bars_are_as_long_as_what_is_used) {
  EXPECT_EQ(bar(0, 10), "··········");
  EXPECT_EQ(bar(10, 10), "██████████");
  EXPECT_EQ(bar(55, 100), "█████▌····");
  EXPECT_EQ(bar(20, 10), "██████████");
  EXPECT_EQ(bar(0, 0), "··········");
}

TEST(FacilityJson, watts_are_numbers_and_unknown_ones_are_null) {
  const Grid grid = two_racks();
  const Facility facility = survey(grid.estate, Footing::now);
  const json::Value document = facility_json(grid.estate, facility, {});
  const auto& racks = *document.at({"racks"})->as_array();
  ASSERT_EQ(racks.size(), 2u);
  EXPECT_EQ(racks[0].at({"power", "watts"})->number(), 6000);
  EXPECT_EQ(racks[0].string_at({"power", "ifFails"}), "a");
  EXPECT_TRUE(racks[0].at({"cooling", "limitWatts"})->is_null());
  EXPECT_EQ(document.at({"holds"})->as_bool() != nullptr && *document.at({"holds"})->as_bool(),
            true);
}

TEST(FacilityPlan, racks_stand_where_their_numbers_say_and_names_are_escaped) {
  Grid grid = two_racks();
  grid.edit<api::Rack>("r1").spec.room = "<hall> & \"b\"";
  grid.edit<api::Rack>("r3").spec.room = "<hall> & \"b\"";
  const Facility facility = survey(grid.estate, Footing::now);
  const std::string plan = facility_plan(facility, {});
  EXPECT_THAT(plan, HasSubstr("&lt;hall&gt; &amp; &quot;b&quot;"));
  grid.edit<api::Rack>("r1").spec.row = "\xEF\xBF\xBE";
  EXPECT_THAT(facility_plan(survey(grid.estate, Footing::now), {}), Not(HasSubstr("\xEF\xBF\xBE")))
      << "U+FFFE is no character of XML";
  EXPECT_THAT(plan, HasSubstr("stroke-dasharray")) << "position 2 is free";
  EXPECT_THAT(plan, ::testing::StartsWith("<svg xmlns"));
  EXPECT_THAT(plan, ::testing::EndsWith("</svg>\n"));
}

TEST(FacilityDifference, says_whether_it_holds_and_what_changes) {
  const Grid before = two_racks(),
             after = grid_of(
                 "pdu a 30kW; pdu b 20kW; rack r1 row A place 1 on a b; rack r3 row A place 3 "
                 "units 8 on a b;"
                 "node n in r1 at 1 high 8 draws 18kW; node m in r3 at 1 high 8 draws 4kW");
  const std::string text =
      difference_text(survey(before.estate, Footing::now), survey(after.estate, Footing::now), {});
  EXPECT_THAT(text, HasSubstr("It does not hold"));
  EXPECT_THAT(text, HasSubstr("powerdomain/b: would carry 22kW of 20kW if a failed"));
}

TEST(FacilityDifference, old_errors_are_told_apart_from_new_ones) {
  const Grid grid = grid_of("pdu a 30kW; rack r on gone; node n in r draws 1kW");
  const Facility facility = survey(grid.estate, Footing::now);
  EXPECT_THAT(difference_text(facility, facility, {}),
              HasSubstr("It holds: no error is new; 1 stays as it was.\n"));
}

TEST(FacilityDifference, what_is_not_known_does_not_hold) {
  const std::string grid = "pdu a 30kW; rack r on a; node n in r at 1 high 1 draws 1kW;";
  const Grid then = grid_of(grid), now = grid_of(grid + "node m in r high 2");
  const Facility before = survey(then.estate, Footing::most),
                 after = survey(now.estate, Footing::most);
  EXPECT_THAT(difference_text(before, after, {}),
              HasSubstr("It is not known whether it holds: nobody says what m draws; set "
                        "spec.nameplate.\n"));
  const json::Value document = difference_json(before, after);
  EXPECT_TRUE(document.at({"holds"})->is_null());
  EXPECT_EQ(document.at({"withoutWatts"})->as_array()->size(), 1u);
  EXPECT_THAT(difference_text(before, before, {}), HasSubstr("It holds"));
}

TEST(FacilityDifference, a_weight_or_height_that_nobody_says_where_it_is_limited_does_not_hold) {
  const std::string grid =
      "pdu a 30kW; rack r carries 900 on a; node n in r at 1 high 1 draws 1kW;";
  const Grid then = grid_of(grid), one = grid_of(grid + "node m in r high 2 plate 1kW"),
             two = grid_of(grid + "node m in r plate 1kW; node o in r high 2 plate 1kW");
  const Facility before = survey(then.estate, Footing::most);
  const Facility after = survey(one.estate, Footing::most);
  EXPECT_THAT(difference_text(before, after, {}),
              HasSubstr("It is not known whether it holds: nobody says what 2 machines weigh; set "
                        "spec.expectedModel, and weightKg of the DeviceModel.\n"));
  const json::Value document = difference_json(before, after);
  EXPECT_TRUE(document.at({"holds"})->is_null());
  EXPECT_EQ(document.at({"withoutWeight"})->as_array()->size(), 2u);
  EXPECT_THAT(difference_text(before, survey(two.estate, Footing::most), {}),
              HasSubstr("nobody says how high m is; set spec.height; nor what 3 machines weigh; "));
}

TEST(FacilityDifference, what_nothing_feeds_is_told_with_its_remedy) {
  const Grid then = grid_of("pdu a 30kW"), now = grid_of("pdu a 30kW; node m plate 1kW");
  const Facility before = survey(then.estate, Footing::most),
                 after = survey(now.estate, Footing::most);
  EXPECT_THAT(difference_text(before, after, {}),
              HasSubstr("nobody says what feeds m; set spec.feeds of the node or of its rack.\n"));
  EXPECT_EQ(difference_json(before, after).at({"withoutFeeds"})->as_array()->size(), 1u);
}

TEST(FacilityDifference, an_error_that_shrinks_is_told_as_less) {
  const std::string grid = "ups u 100kW; rack r on u; node n in r plate ";
  const std::string text =
      difference_text(survey(grid_of(grid + "122kW").estate, Footing::most),
                      survey(grid_of(grid + "110kW").estate, Footing::most), {});
  EXPECT_THAT(text, HasSubstr("It holds: no error is new; 1 is less than it was.\n"));
  EXPECT_THAT(text, HasSubstr("Less than before\nerror  powerdomain/u: carries 110kW of 100kW"));
}

TEST(FacilityText, findings_beyond_what_a_person_reads_are_counted) {
  std::string many;
  for (int i = 0; i < 600; ++i)
    many += "node n" + std::to_string(i) + " draws 1W on gone" + std::to_string(i) + ";";
  const Grid grid = grid_of(many);
  const Facility facility = survey(grid.estate, Footing::now);
  const size_t more = facility.findings.size() - most_findings;
  ASSERT_GE(facility.findings.size(), 600u) << "all are there to be compared";
  EXPECT_THAT(facility_text(grid.estate, facility, {{}, {}, true}, {}),
              HasSubstr("… and " + std::to_string(more) + " more that are not listed\n"));
  const json::Value document = facility_json(grid.estate, facility, {});
  EXPECT_EQ(document.at({"findings"})->as_array()->size(), most_findings);
  EXPECT_EQ(document.at({"moreFindings"})->number(), static_cast<double>(more));
}

TEST(FacilityText, machines_that_are_ordered_are_told_apart) {
  const Grid grid =
      grid_of("pdu a 30kW; rack r on a; node n in r draws 4kW; node m in r plate 2kW life ordered");
  const auto text_of = [&](Footing footing) {
    return facility_text(grid.estate, survey(grid.estate, footing), {}, {});
  };
  EXPECT_THAT(text_of(Footing::now),
              HasSubstr("they draw 4kW (measured); 1 is ordered and draws nothing yet."));
  EXPECT_THAT(text_of(Footing::most),
              HasSubstr("they may draw 6kW (nameplate), of it 2kW once 1 machine that is ordered "
                        "is there."));
}

TEST(FacilityText, what_only_meters_of_devices_show_is_told_as_the_least) {
  Grid grid = grid_of("node n");
  api::NodeDevice& device = grid.edit<api::Node>("n").status.devices.emplace_back();
  device.id = "gpu0";
  device.power.measured = fleet::testing::quantity_of("698W", Dimension::power);
  EXPECT_THAT(facility_text(grid.estate, survey(grid.estate, Footing::now), {}, {}),
              HasSubstr("they draw at least 698W (unknown)."));
}

TEST(FacilityText, one_rack_tells_of_the_overloads_of_what_feeds_it) {
  const Grid grid = grid_of(
      "utility grid 5kW; ups u 20kW from grid; ups v 1kW; rack r on u; rack q on v;"
      "node n in r draws 6kW; node m in q draws 2kW");
  const std::string text =
      facility_text(grid.estate, survey(grid.estate, Footing::now), {{}, "r", false}, {});
  EXPECT_THAT(text, HasSubstr("error  powerdomain/grid: carries 6kW of 5kW"));
  EXPECT_THAT(text, Not(HasSubstr("powerdomain/v: carries")));
}

TEST(FacilityText, one_site_tells_of_what_is_wrong_there_and_of_nothing_else) {
  Grid grid = grid_of(
      "pdu near 30kW; pdu far 5kW; pdu shared 1kW; rack good on near; rack bad on far;"
      "node n in good plate 4kW; node m in bad plate 10kW; node loose plate 2kW on shared");
  for (const char* name : {"s", "t"}) {
    api::Site site;
    site.metadata.name = name;
    grid.add(std::move(site));
  }
  grid.edit<api::Rack>("bad").spec.site = grid.edit<api::PowerDomain>("far").spec.site = "t";
  grid.edit<api::Node>("loose").spec.site = "t";
  const Facility facility = survey(grid.estate, Footing::most);
  const auto text_of = [&](std::string site, std::string rack) {
    return facility_text(grid.estate, facility, {std::move(site), std::move(rack), false}, {});
  };
  const auto holds_at = [&](std::string site, std::string rack) {
    const json::Value document =
        facility_json(grid.estate, facility, {std::move(site), std::move(rack), false});
    return *document.at({"holds"})->as_bool();
  };
  EXPECT_THAT(text_of("t", {}), HasSubstr("error  powerdomain/far: carries 10kW of 5kW"));
  EXPECT_THAT(text_of("t", {}), HasSubstr("error  powerdomain/shared: carries 2kW of 1kW"))
      << "a machine of this site hangs on it";
  EXPECT_THAT(text_of("s", {}), Not(HasSubstr("powerdomain/far")));
  EXPECT_FALSE(holds_at("t", {}));
  EXPECT_FALSE(holds_at("s", {})) << "the shared unit is there";
  EXPECT_TRUE(holds_at({}, "good"));
  EXPECT_FALSE(holds_at({}, "bad"));
  EXPECT_FALSE(holds_at({}, {}));
}

TEST(FacilityPlaces, where_it_is_not_known_whether_it_fits_it_is_no_place_that_fits) {
  const Grid grid = grid_of("pdu a 30kW; rack r on a; node n in r draws 1kW");
  fleet::facility::RackAsk ask;
  ask.power_mw = 8'000'000;
  ask.units = 10;
  const auto places = place_rack(grid.estate, ask, Footing::now);
  const std::string text = places_text(places, false, {});
  EXPECT_THAT(text, HasSubstr("0 places fit of 1 that were tried; of 1 it is not known.\n"));
  EXPECT_THAT(text, HasSubstr("in rack r"));
  EXPECT_THAT(text, HasSubstr("Unknown"));
  const json::Value document = places_json(places);
  const json::Array& rows = *document.at({"places"})->as_array();
  EXPECT_TRUE(rows[0].at({"fits"})->is_null());
  EXPECT_EQ(rows[0].string_at({"rack"}), "r");
}

TEST(FacilityPlaces, it_is_told_how_many_were_tried_and_that_not_all_were) {
  fleet::facility::RackPlaces places;
  places.best.resize(12);
  places.tried = 4000;
  places.fitting = 3;
  places.unknown = 2;
  EXPECT_THAT(places_text(places, false, {}),
              HasSubstr("3 places fit of 4000 that were tried; of 2 it is not known; the best 12 "
                        "are kept.\n\n"));
  EXPECT_THAT(places_text(places, false, {}),
              HasSubstr("… and 2 more; -o wide shows those that are kept\n"));
  EXPECT_EQ(places_json(places).at({"tried"})->number(), 4000);
  places.is_cut = true;
  EXPECT_THAT(places_text(places, false, {}),
              HasSubstr("are kept.\nThere are more places, which were not tried; ask for one "
                        "--site.\n"));
}

TEST(FacilityPlaces, each_place_has_its_reason) {
  const Grid grid = two_racks();
  fleet::facility::RackAsk ask;
  ask.power_mw = 8'000'000;
  const std::string text = places_text(place_rack(grid.estate, ask, Footing::now), false, {});
  EXPECT_THAT(text, HasSubstr("2 places fit of 2 that were tried."));
  EXPECT_THAT(text, HasSubstr("10kW may be added, limited by b if a fails"));
}

}  // namespace
}  // namespace freehold::cli
