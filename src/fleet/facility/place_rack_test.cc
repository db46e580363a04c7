#include "fleet/facility/place_rack.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "fleet/facility/limits.h"
#include "fleet/testing/grid_of.h"

namespace freehold::fleet::facility {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using testing::Grid;
using testing::grid_of;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr int64_t kw = 1'000'000;

TEST(PlaceRack, gaps_ends_and_empty_racks_are_ranked_by_what_would_be_left) {
  const Grid grid = grid_of(
      "ups u 60kW; ups v 60kW; ups w 25kW; busway b1 60kW from u; busway b2 60kW from v;"
      "pdu pa 30kW from b1; pdu pb 30kW from b2; pdu low 25kW from w;"
      "rack r1 row A place 1 on pa pb; rack r3 row A place 3 on low; rack spare row B place 1 on "
      "b1 b2;"
      "node n in r1 at 1 high 8 draws 10kW; node m in r3 at 1 high 8 draws 10kW");
  RackAsk ask;
  ask.power_mw = 20 * kw;
  const auto places = place_rack(grid.estate, ask, Footing::now).best;
  ASSERT_EQ(places.size(), 4u);
  EXPECT_EQ(places[0].rack, "spare");
  EXPECT_EQ(places[0].margin_mw, 30 * kw)
      << "60 of a busway less the 10 of r1 and 20 that are asked";
  EXPECT_EQ(places[1].row, "B") << "the end of the row, on the same busways";
  EXPECT_FALSE(places[1].with_own_feeds);
  EXPECT_EQ(places[2].row + places[2].position, "A2");
  EXPECT_TRUE(places[2].fits);
  EXPECT_TRUE(places[2].with_own_feeds);
  EXPECT_EQ(places[2].margin_mw, 10 * kw) << "a new unit like that of the neighbour gives 30 kW";
  EXPECT_FALSE(places[3].fits);
  EXPECT_THAT(places[3].reason, HasSubstr("may be added, limited by"));
}

TEST(PlaceRack, a_new_rack_carries_and_is_cooled_as_its_neighbour) {
  const Grid grid = grid_of(
      "busway a 90kW; rack r row A place 1 cools 10kW carries 900 on a;"
      "node n in r at 1 high 2 draws 8kW");
  const auto reason_for = [&](int64_t power_mw, int64_t weight_kg) {
    RackAsk ask;
    ask.power_mw = power_mw;
    ask.weight_kg = weight_kg;
    const auto places = place_rack(grid.estate, ask, Footing::now).best;
    if (places.size() != 1) return std::string("more than one place");
    return (places[0].fits ? "fits: " : "") + places[0].reason;
  };
  EXPECT_THAT(reason_for(9 * kw, 900), ::testing::StartsWith("fits: "));
  EXPECT_EQ(reason_for(11 * kw, 0), "cooling has room for 10kW (a limit like that of r)");
  EXPECT_EQ(reason_for(9 * kw, 901), "a rack like r carries 900 kg");
  RackAsk ask;
  ask.power_mw = kw;
  ask.weight_kg = 1;
  EXPECT_THAT(place_rack(grid_of("busway a 9kW; rack r row A place 1 on a; node n in r").estate,
                         ask, Footing::now)
                  .best[0]
                  .reason,
              HasSubstr("nobody says what weight a rack like r carries"));
}

TEST(PlaceRack, a_new_unit_like_that_of_the_neighbour_carries_nothing_whatever_its_meter_shows) {
  Grid grid = grid_of(
      "ups u 90kW; pdu a 30kW from u; rack r row A place 1 on a; node n in r at 1 high 2 draws "
      "1kW");
  grid.edit<api::PowerDomain>("a").status.meter.measured =
      testing::quantity_of("25kW", Dimension::power);
  RackAsk ask;
  ask.power_mw = 20 * kw;
  const auto places = place_rack(grid.estate, ask, Footing::now).best;
  ASSERT_EQ(places.size(), 1u);
  EXPECT_TRUE(places[0].fits) << places[0].reason;
  EXPECT_EQ(places[0].margin_mw, 10 * kw);
}

TEST(PlaceRack, a_row_has_places_before_its_first_rack_and_numbers_after_letters) {
  const auto positions = [](std::string_view racks) {
    RackAsk ask;
    ask.power_mw = kw;
    std::vector<std::string> out;
    for (const RackPlace& place :
         place_rack(grid_of("busway a 90kW;" + std::string(racks)).estate, ask, Footing::now).best)
      if (place.rack.empty()) out.push_back(place.position);
    std::sort(out.begin(), out.end());
    return out;
  };
  EXPECT_THAT(positions("rack q row A place 3 on a; rack r row A place 5 on a"),
              ElementsAre("2", "4", "6"));
  EXPECT_THAT(positions("rack q row A place 1 on a"), ElementsAre("2")) << "no place is 0";
  EXPECT_THAT(positions("rack q row A place A1 on a; rack r row A place A3 on a"),
              ElementsAre("A2", "A4"));
  EXPECT_THAT(positions("rack q row A place A2 on a; rack r row A place B2 on a"),
              ElementsAre("A1", "A3", "B1", "B3"));
  EXPECT_THAT(positions("rack q row A place R-09 on a"), ElementsAre("R-08", "R-10"));
  EXPECT_THAT(positions("rack q row A place left on a"), IsEmpty());
}

std::vector<std::string> told(const Grid& grid, int64_t units, int64_t weight_kg) {
  RackAsk ask;
  ask.power_mw = 5 * kw;
  ask.units = units;
  ask.weight_kg = weight_kg;
  std::vector<std::string> out;
  for (const RackPlace& place : place_rack(grid.estate, ask, Footing::now).best)
    if (place.machines > 0)
      out.push_back(place.rack + (place.fits ? place.is_known ? " fits: " : " unknown: " : ": ") +
                    place.reason);
  return out;
}

TEST(PlaceRack, a_rack_with_machines_is_a_place_when_so_many_of_its_units_are_free) {
  const Grid grid = grid_of(
      "pdu a 90kW; rack q units 20 on a; rack r units 20 on a; node n in q at 1 high 8 draws 1kW;"
      "node m in r at 1 high 4 draws 1kW");
  EXPECT_THAT(told(grid, 12, 0),
              ElementsAre(HasSubstr("q fits: 12 of its 20 units are free; 88kW may be added"),
                          HasSubstr("r fits: 16 of its 20 units are free")));
  EXPECT_THAT(told(grid, 13, 0), ElementsAre(HasSubstr("r fits: 16 of its 20")));
  EXPECT_THAT(told(grid, 17, 0), IsEmpty());
  EXPECT_THAT(told(grid, 0, 0), IsEmpty()) << "a rack of any height is a whole one";
}

TEST(PlaceRack, free_units_in_pieces_are_no_place_for_what_is_higher_than_the_largest) {
  const std::string base =
      "pdu a 90kW; rack q units 20 on a; node n in q at 5 high 4 draws 1kW;"
      "node m in q at 13 high 4 draws 1kW;";
  EXPECT_THAT(told(grid_of(base), 4, 0), ElementsAre(HasSubstr("q fits: 12 of its 20 units are")));
  EXPECT_THAT(told(grid_of(base), 5, 0),
              ElementsAre("q: 12 of its 20 units are free, of which 4 are in one piece"));
  const std::string one = "pdu a 90kW; rack q units 20 on a; node n in q high 4 draws 1kW;";
  EXPECT_THAT(told(grid_of(one), 8, 0), ElementsAre(HasSubstr("q fits: 16 of its 20")))
      << "wherever it stands";
  EXPECT_THAT(told(grid_of(one), 9, 0),
              ElementsAre(HasSubstr("q unknown: 16 of its 20 units are free; nobody says at which "
                                    "unit n stands; ")));
}

TEST(PlaceRack, machines_of_unknown_height_or_weight_leave_it_unknown_and_are_named) {
  Grid grid = grid_of(
      "pdu a 90kW; rack q units 20 carries 900 on a; node n in q at 1 high 8 draws 1kW;"
      "node m4 in q draws 1kW; node m1 in q draws 1kW; node m3 in q draws 1kW;"
      "node m2 in q draws 1kW");
  EXPECT_THAT(
      told(grid, 12, 0),
      ElementsAre(HasSubstr("q unknown: 12 of its 20 units are free; nobody says the height "
                            "of m1, m2, m3 and 1 more;")));
  grid = grid_of(
      "pdu a 90kW; rack q units 20 carries 900 on a; node n in q at 1 high 8 draws 1kW is dgx");
  EXPECT_THAT(told(grid, 12, 900),
              ElementsAre(HasSubstr("q unknown: 12 of its 20 units are free; of 1 of its machines "
                                    "no weight is known")));
  api::DeviceModel model;
  model.metadata.name = model.spec.model = "dgx";
  model.spec.type = api::ModelType::node;
  model.spec.weight_kg = 300;
  grid.add(std::move(model));
  EXPECT_THAT(told(grid, 12, 600), ElementsAre(HasSubstr("q fits: ")));
  EXPECT_THAT(told(grid, 12, 601), ElementsAre("q: it carries 600 kg more"));
}

TEST(PlaceRack, machines_of_unknown_watts_below_what_limits_a_place_leave_it_unknown) {
  const auto found = [](std::string_view text, Footing footing) {
    const Grid grid = grid_of(text);
    RackAsk ask;
    ask.power_mw = 5 * kw;
    const RackPlaces places = place_rack(grid.estate, ask, footing);
    if (places.best.size() != 1) return std::string("more than one place");
    const RackPlace& place = places.best[0];
    return (place.fits && !place.is_known ? "unknown: " : "") + place.reason;
  };
  const std::string base = "ups u 90kW; pdu a 90kW from u; pdu b 90kW from u; rack e on a;";
  EXPECT_THAT(found(base + "node n on b", Footing::now),
              ::testing::AllOf(HasSubstr("unknown: "), HasSubstr("nobody says what n draws")));
  EXPECT_THAT(found(base + "node n on b; node m on a; node o plate 1kW on a", Footing::now),
              HasSubstr("nobody says what m and others draw"));
  EXPECT_THAT(found(base + "pdu c 9kW; node n on c", Footing::now), Not(HasSubstr("nobody says")))
      << "it draws from something else";
  EXPECT_THAT(found("pdu a 90kW from u; pdu b 9kW from u; rack e on a; node n on b", Footing::now),
              Not(HasSubstr("nobody says")))
      << "what is not limited limits nothing";
  Grid metered = grid_of(base + "node n on b");
  metered.edit<api::PowerDomain>("u").status.meter.measured =
      testing::quantity_of("25kW", Dimension::power);
  RackAsk ask;
  ask.power_mw = 5 * kw;
  EXPECT_TRUE(place_rack(metered.estate, ask, Footing::now).best[0].is_known);
  EXPECT_FALSE(place_rack(metered.estate, ask, Footing::most).best[0].is_known)
      << "a meter says nothing of the most that it may draw";
}

TEST(PlaceRack, heat_of_machines_of_unknown_watts_leaves_it_unknown_where_heat_is_limited) {
  Grid grid = grid_of("pdu a 90kW; rack e on a; rack r; node n in r");
  api::Site site;
  site.metadata.name = "s";
  site.spec.cooling.emplace_back().name = "row";
  site.spec.cooling[0].capacity = testing::quantity_of("50kW", Dimension::power);
  grid.add(std::move(site));
  for (const char* rack : {"e", "r"}) grid.edit<api::Rack>(rack).spec.cooling.unit = "row";
  RackAsk ask;
  ask.power_mw = 5 * kw;
  const RackPlaces places = place_rack(grid.estate, ask, Footing::now);
  ASSERT_EQ(places.best.size(), 1u);
  EXPECT_EQ(places.unknown, 1u);
  EXPECT_THAT(places.best[0].reason, HasSubstr("nobody says what n draws"));
}

TEST(PlaceRack, the_best_places_are_found_however_many_others_are_tried_before) {
  std::string text = "busway full 90kW; busway roomy 90kW; node n plate 90kW on full;";
  const size_t rows = 4 * most_candidates / most_row_places + 1;
  for (size_t i = 10; i < 10 + rows; ++i) {
    const std::string name = "A" + std::to_string(i);
    text += "rack " + name + "first row " + name + " place 1 on full; rack " + name + "last row " +
            name + " place 300 on full;";
  }
  text += "rack z row Z place 1 on roomy; node m in z at 1 high 42 plate 1kW";
  const Grid grid = grid_of(text);
  RackAsk ask;
  ask.power_mw = 20 * kw;
  const RackPlaces places = place_rack(grid.estate, ask, Footing::now);
  EXPECT_EQ(places.tried, rows * (2 + most_row_places) + 1);
  EXPECT_EQ(places.fitting, 1u);
  EXPECT_FALSE(places.is_cut);
  ASSERT_EQ(places.best.size(), most_candidates);
  EXPECT_EQ(places.best[0].like, "z") << "the end of its row";
}

TEST(PlaceRack, cooling_units_and_height_count) {
  Grid grid = grid_of(
      "pdu a 90kW; rack air row A place 1 units 20 on a; node n in air at 1 high 2 draws 1kW;"
      "rack low row A place 2 units 20 on a");
  RackAsk ask;
  ask.power_mw = 5 * kw;
  ask.units = 42;
  ask.cooling = api::CoolingType::liquid;
  const auto places = place_rack(grid.estate, ask, Footing::now).best;
  ASSERT_EQ(places.size(), 2u);
  std::vector<std::string> reasons{places[0].reason, places[1].reason};
  EXPECT_THAT(reasons, Contains("it has 20 units; it is cooled by air"));
  EXPECT_THAT(reasons, Not(IsEmpty()));
  EXPECT_FALSE(places[0].fits);
}

}  // namespace
}  // namespace freehold::fleet::facility
