#include "fleet/facility/overhead.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "fleet/facility/facility.h"
#include "fleet/facility/what_if.h"
#include "fleet/testing/grid_of.h"

namespace freehold::fleet::facility {
namespace {

using testing::Grid;
using testing::grid_of;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::quantity_of;

constexpr int64_t kw = 1'000'000;

Grid grid_with_pue(std::string_view text, double pue) {
  Grid grid = grid_of(text);
  api::Site site;
  site.metadata.name = "s";
  site.spec.pue = pue;
  grid.add(std::move(site));
  return grid;
}

const DomainView& domain_of(const Facility& facility, std::string_view name) {
  return facility.domains[facility.supply->find(name)];
}

std::string errors_of(const Facility& facility) {
  std::string out;
  for (const Finding& finding : facility.findings)
    if (finding.severity == Severity::error) out += finding.about + ": " + finding.text + "\n";
  return out;
}

constexpr std::string_view hall =
    "utility u 100kW; ups a 70kW from u; rack r on a; node n in r draws 60kW";

TEST(Overhead, a_utility_carries_the_watts_of_machines_times_the_pue_of_its_site) {
  const Facility f = survey(grid_with_pue(hall, 1.25).estate, Footing::now);
  EXPECT_EQ(domain_of(f, "a").load_mw, 60 * kw);
  EXPECT_EQ(domain_of(f, "a").headroom_mw, 10 * kw);
  EXPECT_EQ(domain_of(f, "u").load_mw, 75 * kw);
  EXPECT_EQ(domain_of(f, "u").headroom_mw, 25 * kw);
  EXPECT_EQ(domain_of(f, "u").pue_milli, 1250);
  EXPECT_EQ(domain_of(f, "u").basis, api::PowerBasis::model) << "no meter says it";
  EXPECT_EQ(domain_of(f, "a").basis, api::PowerBasis::measured);
}

TEST(Overhead, what_may_be_added_to_a_rack_brings_its_overhead_along) {
  const Facility f = survey(grid_with_pue("utility u 100kW; ups a 95kW from u; rack r on a;"
                                          "node n in r draws 60kW",
                                          1.25)
                                .estate,
                            Footing::now);
  EXPECT_EQ(f.rack("r")->power.mw, 20 * kw) << "25 kW of the utility less overhead";
  EXPECT_EQ(f.supply->domains()[f.rack("r")->power.domain].name, "u");
}

TEST(Overhead, a_generator_that_takes_over_carries_the_cooling_too) {
  const Facility f =
      survey(grid_with_pue("utility u 100kW; generator g 70kW; ups a 70kW from 1 of u g;"
                           "rack r on a; node n in r draws 60kW",
                           1.25)
                 .estate,
             Footing::now);
  EXPECT_THAT(errors_of(f), HasSubstr("powerdomain/g: would carry 75kW of 70kW with the PUE 1.25 "
                                      "of its site if u failed"));
}

TEST(Overhead, it_counts_once_however_many_utilities_stand_behind_each_other) {
  const Facility f =
      survey(grid_with_pue("utility campus 100kW; utility u 100kW from campus; ups a 70kW from u;"
                           "node n draws 40kW on a; node m draws 20kW on u",
                           1.25)
                 .estate,
             Footing::now);
  EXPECT_EQ(domain_of(f, "u").load_mw, 75 * kw);
  EXPECT_EQ(domain_of(f, "campus").load_mw, 75 * kw);
}

TEST(Overhead, it_counts_once_where_a_busway_stands_between_two_utilities) {
  const std::string chain =
      "utility mv 100kW; busway gear 100kW from mv; utility lv 100kW from gear;"
      "ups a 100kW from lv; node n draws 40kW on a";
  const Facility f = survey(grid_with_pue(chain, 1.5).estate, Footing::now);
  EXPECT_EQ(domain_of(f, "a").load_mw, 40 * kw);
  for (const char* name : {"lv", "gear", "mv"}) {
    EXPECT_EQ(domain_of(f, name).load_mw, 60 * kw) << name;
    EXPECT_EQ(domain_of(f, name).headroom_mw, 40 * kw) << name;
  }
  const Facility more =
      survey(grid_with_pue(chain + "; pdu p 30kW from gear; node m draws 20kW on p", 1.5).estate,
             Footing::now);
  EXPECT_EQ(domain_of(more, "p").load_mw, 20 * kw);
  EXPECT_EQ(domain_of(more, "lv").load_mw, 60 * kw);
  EXPECT_EQ(domain_of(more, "gear").load_mw, 90 * kw) << "what comes past lv counts here";
  EXPECT_EQ(domain_of(more, "mv").load_mw, 90 * kw);
}

TEST(Overhead, what_a_meter_has_seen_has_the_overhead_in_it_once_also_when_it_moves) {
  Grid grid = grid_with_pue(
      "utility ga 120kW; utility gb 120kW; generator g 120kW;"
      "ups ua 120kW from 1 of ga g; ups ub 120kW from gb; rack r on ua, ub;"
      "node n in r",
      1.5);
  for (const char* name : {"ga", "gb"})
    grid.edit<api::PowerDomain>(name).status.meter.measured = quantity_of("50kW", Dimension::power);
  const Facility f = survey(grid.estate, Footing::now);
  const auto load = [&](std::string_view domain, std::string_view failed) {
    return static_cast<double>(f.cases->load_mw(f.supply->find(domain), f.supply->find(failed)));
  };
  EXPECT_NEAR(load("ua", ""), 50. * kw / 1.5, 10);
  EXPECT_NEAR(load("ua", "gb"), 100. * kw / 1.5, 10);
  EXPECT_NEAR(load("ga", "gb"), 100. * kw, 10) << "no more than both meters show";
  EXPECT_NEAR(load("g", "ga"), 50. * kw, 10) << "what the UPS drew from ga";
  EXPECT_THAT(errors_of(f), IsEmpty());
}

TEST(Overhead, what_a_meter_has_seen_moves_from_utility_to_utility_undivided) {
  Grid grid = grid_with_pue(
      "utility ga 120kW; utility gb 120kW; utility la 120kW from 1 of ga gb;"
      "rack r on la; node n in r",
      1.5);
  grid.edit<api::PowerDomain>("ga").status.meter.measured = quantity_of("45kW", Dimension::power);
  const Facility f = survey(grid.estate, Footing::now);
  EXPECT_EQ(domain_of(f, "la").load_mw, 45 * kw);
  EXPECT_EQ(f.cases->load_mw(f.supply->find("gb"), f.supply->find("ga")), 45 * kw);
}

TEST(Overhead, a_meter_is_more_only_by_what_it_shows_beyond_the_overhead) {
  Grid grid = grid_with_pue(hall, 1.25);
  grid.edit<api::PowerDomain>("u").status.meter.measured = quantity_of("72kW", Dimension::power);
  EXPECT_EQ(domain_of(survey(grid.estate, Footing::now), "u").load_mw, 75 * kw);
  grid.edit<api::PowerDomain>("u").status.meter.measured = quantity_of("80kW", Dimension::power);
  const Facility f = survey(grid.estate, Footing::now);
  EXPECT_EQ(domain_of(f, "u").load_mw, 80 * kw);
  EXPECT_EQ(domain_of(f, "u").basis, api::PowerBasis::measured);
}

TEST(Overhead, a_what_if_tells_an_overload_that_only_the_overhead_makes) {
  const Grid then = grid_with_pue("utility u 100kW; rack r on u; node n in r plate 60kW", 1.25),
             now = grid_with_pue(
                 "utility u 100kW; rack r on u; node n in r plate 60kW; node m in r plate 30kW",
                 1.25);
  const Facility before = survey(then.estate, Footing::most);
  EXPECT_THAT(errors_of(before), IsEmpty());
  EXPECT_FALSE(compare(before, survey_change(now.estate, before)).holds_after)
      << "90 kW times 1.25 are more than 100 kW";
}

TEST(Overhead, the_meter_of_a_chiller_does_not_take_it_away) {
  Grid grid = grid_with_pue(std::string(hall) + "; pdu chiller 30kW; pdu pumps 30kW from u", 1.25);
  for (const char* name : {"chiller", "pumps"}) {
    grid.edit<api::Site>("s").spec.cooling.push_back({name, api::CoolingType::air, {}, {}});
    grid.edit<api::PowerDomain>(name).status.meter.measured = quantity_of("4kW", Dimension::power);
  }
  const Facility f = survey(grid.estate, Footing::now);
  EXPECT_EQ(domain_of(f, "u").pue_milli, 1250);
  EXPECT_EQ(domain_of(f, "u").load_mw, 80 * kw) << "and what the pumps draw counts on top";
  EXPECT_EQ(f.rack("r")->power.mw, 10 * kw) << "the UPS; the utility has 20 kW less overhead";
}

TEST(Overhead, its_text_has_no_digits_that_say_nothing) {
  EXPECT_EQ(with_pue_text(1000), "");
  EXPECT_EQ(with_pue_text(1250), " with the PUE 1.25 of its site");
  EXPECT_EQ(with_pue_text(1005), " with the PUE 1.005 of its site");
  EXPECT_EQ(with_pue_text(2000), " with the PUE 2 of its site");
}

}  // namespace
}  // namespace freehold::fleet::facility
