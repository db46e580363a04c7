#include "fleet/facility/what_if.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

const DomainView& domain_of(const Facility& facility, std::string_view name) {
  return facility.domains[facility.supply->find(name)];
}

Difference between(std::string_view before, std::string_view after) {
  const Grid then = grid_of(before), now = grid_of(after);
  return compare(survey(then.estate, Footing::most), survey(now.estate, Footing::most));
}

TEST(WhatIf, holds_where_no_error_is_new) {
  const std::string base =
      "pdu a 30kW; rack r row A place 1 on a; node n in r at 1 high 8 draws 5kW;";
  EXPECT_TRUE(between(base, base + "node m in r at 9 high 8 draws 5kW").holds_after);
  EXPECT_FALSE(between(base, base + "node m in r at 8 high 8 draws 5kW").holds_after) << "one unit";
  EXPECT_FALSE(between(base, base + "rack q cools 1kW on a; node m in q draws 20kW").holds_after);
  EXPECT_FALSE(between(base, base + "rack q on gone; node m in q draws 2kW").holds_after);
  EXPECT_FALSE(between(base, base + "rack q row A place 1 on a").holds_after) << "taken";
  const std::string broken = base + "rack q on gone;";
  EXPECT_TRUE(between(broken, broken + "node m in r at 9 high 8 draws 5kW").holds_after)
      << "what was wrong before is not the doing of the change";
}

TEST(WhatIf, nobody_knows_whether_it_holds_with_a_machine_of_unknown_watts) {
  const std::string base = "pdu a 30kW; rack r on a; node n in r draws 5kW; node old in r;";
  EXPECT_THAT(between(base, base + "node m in r").without_watts, ElementsAre("m"))
      << "what was not known before is not the doing of the change";
  const std::string two = "pdu a 30kW; pdu b 30kW; rack q row A place 1 on ";
  EXPECT_THAT(between(two + "a; node old in q", two + "b; node old in q").without_watts,
              ElementsAre("old"))
      << "what it draws moves to other feeds";
}

TEST(WhatIf, nobody_knows_whether_it_holds_with_a_machine_of_unknown_height) {
  const std::string base = "pdu a 30kW; rack r on a; node old in r at 1 plate 1kW;";
  EXPECT_THAT(between(base, base + "node m in r at 9 plate 1kW").without_height,
              ElementsAre("m", "old"));
  EXPECT_TRUE(between(base, base + "node m plate 1kW on a").is_known()) << "it stands in no rack";
  EXPECT_TRUE(between(base, base).is_known()) << "what was not known before stays so";
  EXPECT_THAT(between(base, "pdu a 30kW; rack r on a; node old in r at 2 plate 1kW").without_height,
              ElementsAre("old"));
}

TEST(WhatIf, nobody_knows_whether_it_holds_with_a_machine_of_unknown_weight_where_one_is_limited) {
  const std::string base = "pdu a 30kW; rack r carries 900 on a; node old in r high 1 plate 1kW;",
                    more = "node m in r high 2 plate 1kW";
  EXPECT_THAT(between(base, base + more).without_weight, ElementsAre("m", "old"))
      << "who weighs so much that there is no more room?";
  EXPECT_TRUE(between(base, base + more).holds_after) << "as far as anybody knows";
  const std::string free = "pdu a 30kW; rack r on a;";
  EXPECT_TRUE(between(free, free + more).is_known()) << "nobody says that its weight is limited";
  EXPECT_THAT(between(free + more, "pdu a 30kW; rack r carries 900 on a;" + more).without_weight,
              ElementsAre("m"))
      << "now it is";
  EXPECT_TRUE(between(base, base).is_known()) << "what was not known before stays so";
}

TEST(WhatIf, what_was_there_with_unknown_watts_counts_where_something_comes) {
  const std::string base =
      "ups u 90kW; ups v 90kW; pdu a 30kW from u; pdu b 30kW from u; pdu c 30kW from v;"
      "rack r on a; node old in r at 1 high 1;";
  EXPECT_THAT(between(base, base + "node p plate 1kW on a").without_watts, ElementsAre("old"));
  EXPECT_THAT(between(base, base + "node p plate 1kW on b").without_watts, ElementsAre("old"))
      << "both draw from u";
  EXPECT_THAT(between(base, base + "node p plate 1kW on c").without_watts, IsEmpty());
  EXPECT_THAT(between(base + "node p plate 1kW on a", base).without_watts, IsEmpty())
      << "something goes";
  EXPECT_THAT(between(base, "ups u 80kW;" + base.substr(base.find("ups v"))).without_watts,
              ElementsAre("old"))
      << "less is left";
}

TEST(WhatIf, what_was_there_with_unknown_watts_counts_where_more_heat_comes) {
  const auto with_cooling = [](const std::string& more, const char* unit_of_q) {
    Grid grid = grid_of("pdu a 90kW; pdu b 90kW; rack r on a; rack q on b; node old in r;" + more);
    api::Site site;
    site.metadata.name = "s";
    for (const char* name : {"one", "two"}) {
      site.spec.cooling.emplace_back().name = name;
      site.spec.cooling.back().capacity = testing::quantity_of("50kW", Dimension::power);
    }
    grid.add(std::move(site));
    grid.edit<api::Rack>("r").spec.cooling.unit = "one";
    grid.edit<api::Rack>("q").spec.cooling.unit = unit_of_q;
    return grid;
  };
  const auto unknown = [&](const char* unit_of_q) {
    const Grid then = with_cooling("", unit_of_q),
               now = with_cooling("node m in q at 1 high 1 plate 1kW", unit_of_q);
    return compare(survey(then.estate, Footing::most), survey(now.estate, Footing::most))
        .without_watts;
  };
  EXPECT_THAT(unknown("one"), ElementsAre("old"));
  EXPECT_THAT(unknown("two"), IsEmpty());
}

TEST(WhatIf, what_was_there_with_an_unknown_height_counts_where_something_comes_above_it) {
  const std::string base =
      "pdu a 90kW; rack r on a; rack q on a; node old in r at 5 plate 1kW;"
      "node up in r at 20 high 2 plate 1kW;";
  const auto unknown = [&](const char* node) {
    return between(base, base + "node m " + node + " plate 1kW").without_height;
  };
  EXPECT_THAT(unknown("in r at 9 high 2"), ElementsAre("old"));
  EXPECT_THAT(unknown("in r high 2"), ElementsAre("old")) << "anywhere";
  EXPECT_THAT(unknown("in r at 1 high 2"), IsEmpty());
  EXPECT_THAT(unknown("in r at 30 high 2"), IsEmpty()) << "it ends below what stood above it";
  EXPECT_THAT(unknown("in q at 9 high 2"), IsEmpty());
  EXPECT_THAT(between("pdu a 9kW; rack r units 20 on a; node old in r at 5 plate 1kW",
                      "pdu a 9kW; rack r units 10 on a; node old in r at 5 plate 1kW")
                  .without_height,
              ElementsAre("old"))
      << "the rack is not so high any more";
}

TEST(WhatIf, a_machine_that_comes_and_that_nothing_feeds_is_not_known_to_hold) {
  const std::string base = "pdu a 30kW; rack r; node old plate 1kW;";
  EXPECT_THAT(between(base, base + "node m in r at 1 high 1 plate 1kW").without_feeds,
              ElementsAre("m"));
  EXPECT_FALSE(between(base, base + "node m plate 1kW").is_known());
  EXPECT_TRUE(between(base, base + "node m plate 1kW on a").is_known());
  EXPECT_TRUE(between(base, base).is_known()) << "what nothing fed before";
  EXPECT_TRUE(between("rack r;", "rack r; node m in r at 1 high 1 plate 1kW").is_known())
      << "no power is described";
  EXPECT_THAT(between(base + "node m plate 1kW on a", base + "node m plate 1kW").without_feeds,
              ElementsAre("m"));
}

TEST(WhatIf, an_error_that_grows_by_less_than_its_text_shows_does_not_hold) {
  const std::string base = "ups u 100kW; rack r on u; node n in r plate 122kW;";
  const Difference added = between(base, base + "node m in r plate 400W");
  EXPECT_FALSE(added.holds_after);
  ASSERT_EQ(added.new_findings.size(), 3u) << "and two notes, of what fails and of heights";
  EXPECT_THAT(added.new_findings[0].text, HasSubstr("carries 122kW of 100kW"));
}

TEST(WhatIf, an_error_that_shrinks_holds_and_is_told_as_less) {
  const Difference relieved = between("ups u 100kW; rack r on u; node n in r plate 122kW",
                                      "ups u 100kW; rack r on u; node n in r plate 110kW");
  EXPECT_TRUE(relieved.holds_after);
  EXPECT_THAT(relieved.new_findings, IsEmpty());
  EXPECT_THAT(relieved.solved, IsEmpty());
  ASSERT_EQ(relieved.eased.size(), 1u);
  EXPECT_THAT(relieved.eased[0].text, HasSubstr("carries 110kW of 100kW"));
}

TEST(WhatIf, an_overload_that_only_a_failure_still_brings_is_less_than_one_that_is_there) {
  const std::string grid = "ups u 10kW; ups v 10kW; rack r on u v; node n in r plate ";
  EXPECT_TRUE(between(grid + "24kW", grid + "14kW").holds_after);
  EXPECT_FALSE(between(grid + "14kW", grid + "24kW").holds_after);
}

TEST(WhatIf, the_same_watts_in_other_parts_are_no_more_watts) {
  const std::string base =
      "ups u 10kW; pdu a 90kW from u; pdu b 90kW from u; rack r on a b; "
      "node n in r plate 12.000001kW on ";
  const Difference split = between(base + "a 100 b 0", base + "a 50 b 50");
  EXPECT_TRUE(split.holds_after) << "each part is rounded up";
}

TEST(WhatIf, a_mistake_that_moves_is_a_new_one) {
  const std::string base =
      "pdu a 90kW; rack q row A place 1 on a; rack t row A place 2 on a; rack r row A place ";
  EXPECT_TRUE(between(base + "1 on a", base + "1 on a").holds_after);
  EXPECT_FALSE(between(base + "1 on a", base + "2 on a").holds_after);
}

TEST(WhatIf, what_is_said_of_many_is_new_only_for_those_it_was_not_said_of) {
  const std::string base = "node a; node b; node c; node d; node e;";
  EXPECT_THAT(between(base, "node a; node b; node c; node d").new_findings, IsEmpty());
  EXPECT_THAT(between(base, base + "node f").new_findings, Not(IsEmpty()));
}

TEST(WhatIf, an_error_counts_however_many_there_were_before) {
  std::string many = "ups u 100kW; rack r on u;";
  for (int i = 0; i < 600; ++i)
    many += "node n" + std::to_string(i) + " draws 1W on gone" + std::to_string(i) + ";";
  EXPECT_FALSE(between(many, many + "node big in r at 1 high 1 plate 500kW").holds_after);
}

// The same, of a domain "a" whose meter shows so much, before and after.
Difference with_meter(Grid& then, Grid& now, std::string_view shows,
                      std::vector<int64_t>& loads_of_a) {
  for (Grid* grid : {&then, &now})
    grid->edit<api::PowerDomain>("a").status.meter.measured =
        testing::quantity_of(shows, Dimension::power);
  const Facility before = survey(then.estate, Footing::most),
                 after = survey_change(now.estate, before);
  loads_of_a = {domain_of(before, "a").load_mw, domain_of(after, "a").load_mw};
  return compare(before, after);
}

TEST(WhatIf, what_a_meter_shows_beyond_what_is_known_stays_and_the_change_comes_on_top) {
  const std::string base =
      "ups u 900kW; pdu a 105kW from u; pdu b 200kW from u; rack r on a; rack q on b;"
      "node n in r plate 40kW;";
  std::vector<int64_t> loads;
  Grid known = grid_of(base + "node m in r plate 40kW");
  Grid added = grid_of(base + "node m in r plate 40kW; node more in r plate 15kW");
  EXPECT_FALSE(with_meter(known, added, "100kW", loads).holds_after) << "115 of 105 kW";
  EXPECT_THAT(loads, ElementsAre(100 * kw, 115 * kw));
  Grid moved = grid_of(base + "node m in q plate 40kW");
  const Difference away = with_meter(known, moved, "100kW", loads);
  EXPECT_TRUE(away.holds_after);
  EXPECT_THAT(loads, ElementsAre(100 * kw, 60 * kw)) << "the 20 kW that nobody knows stay";
  EXPECT_EQ(away.domains.size(), 2u) << "the unit behind both carries what it carried";
  Grid gone = grid_of("ups u 900kW; pdu a 105kW from u; pdu b 200kW from u; rack r on a");
  with_meter(known, gone, "70kW", loads);
  EXPECT_THAT(loads, ElementsAre(80 * kw, 0)) << "a meter that shows less than the plates";
}

TEST(WhatIf, what_only_meters_see_moves_when_a_feed_fails) {
  const std::string base =
      "pdu a 30kW; pdu b 30kW; rack r on a b; node n in r at 1 high 8; node m in r at 9 high 8;";
  Grid then = grid_of(base), now = grid_of(base + "node p in r at 17 high 8 plate 8kW");
  for (Grid* grid : {&then, &now})
    for (const char* name : {"a", "b"})
      grid->edit<api::PowerDomain>(name).status.meter.measured =
          testing::quantity_of("15kW", Dimension::power);
  const Facility before = survey(then.estate, Footing::now);
  EXPECT_EQ(domain_of(before, "b").worst.load_mw, 30 * kw);
  EXPECT_TRUE(holds(before));
  const Facility after = survey_change(now.estate, before);
  EXPECT_EQ(domain_of(after, "b").load_mw, 19 * kw);
  EXPECT_EQ(domain_of(after, "b").worst.load_mw, 38 * kw);
  EXPECT_FALSE(compare(before, after).holds_after);
  EXPECT_THAT(before.findings, Contains(::testing::Field(
                                   &Finding::text, HasSubstr("show more than is known: a (15kW), "
                                                             "b (15kW); machines below"))));
}

TEST(WhatIf, a_meter_that_is_read_anew_by_the_change_counts_as_it_is_read) {
  Grid then = grid_of("pdu a 105kW; node n plate 40kW on a"),
       now = grid_of("pdu a 105kW; node n plate 40kW on a");
  const auto show = [](Grid& grid, std::string_view watts) {
    grid.edit<api::PowerDomain>("a").status.meter.measured =
        testing::quantity_of(watts, Dimension::power);
  };
  show(then, "100kW");
  show(now, "90kW");
  const Facility after = survey_change(now.estate, survey(then.estate, Footing::most));
  EXPECT_EQ(domain_of(after, "a").load_mw, 90 * kw);
}

TEST(WhatIf, a_rack_that_moves_away_from_its_feeds_does_not_hold) {
  Grid grid = grid_of("pdu a 30kW; rack r on a; node n in r draws 5kW");
  for (const char* name : {"s", "t"}) {
    api::Site site;
    site.metadata.name = name;
    grid.add(std::move(site));
  }
  RackMove move;
  move.rack = "r";
  move.site = "t";
  const auto changed = move_rack(grid.estate, move);
  ASSERT_TRUE(changed.ok());
  Estate fork = grid.estate;
  for (const api::Object& object : *changed) fork.put(object);
  const Facility after = survey(fork, Footing::most);
  EXPECT_FALSE(compare(survey(grid.estate, Footing::most), after).holds_after);
  std::vector<std::string> texts;
  for (const Finding& finding : after.findings)
    texts.push_back(finding.about + ": " + finding.text);
  EXPECT_THAT(texts, Contains(HasSubstr("rack/r: stands at t and is fed by a, which is at s")));
}

TEST(MoveRack, its_machines_go_along_to_the_new_feeds_in_their_order) {
  const Grid grid = grid_of(
      "pdu a 9kW; pdu b 9kW; pdu c 9kW; pdu d 9kW; rack r on a b;"
      "node n in r draws 4kW on a 100 b 0; node m in r draws 2kW");
  RackMove move;
  move.rack = "r";
  move.row = "C";
  move.feeds = {"c", "d"};
  const auto changed = move_rack(grid.estate, move);
  ASSERT_TRUE(changed.ok());
  Estate fork = grid.estate;
  for (const api::Object& object : *changed) fork.put(object);
  const Facility before = survey(grid.estate, Footing::now), after = survey(fork, Footing::now);
  EXPECT_EQ(domain_of(after, "c").load_mw, 5 * kw);
  EXPECT_EQ(domain_of(after, "d").load_mw, 1 * kw);
  EXPECT_EQ(domain_of(after, "a").load_mw, 0);
  EXPECT_EQ(after.rack("r")->row, "C");
  const Difference difference = compare(before, after);
  EXPECT_EQ(difference.domains.size(), 4u);
  EXPECT_THAT(difference.racks, ElementsAre("r"));
  EXPECT_TRUE(difference.holds_after);
  EXPECT_EQ(domain_of(before, "a").load_mw, 5 * kw) << "the fork leaves the estate alone";
}

// Rack r on other feeds; the facility refers to the rest.
struct Move {
  Move(const Grid& grid, std::vector<std::string> feeds) : fork(grid.estate) {
    RackMove move;
    move.rack = "r";
    move.feeds = std::move(feeds);
    auto moved = move_rack(grid.estate, move);
    EXPECT_TRUE(moved.ok());
    if (moved.ok()) changed = *std::move(moved);
    for (const api::Object& object : changed) fork.put(object);
    after = survey(fork, Footing::now);
  }
  Estate fork;
  std::vector<api::Object> changed;
  Facility after;
};

TEST(MoveRack, its_power_strips_go_along) {
  const Grid grid = grid_of(
      "pdu a 30kW; pdu small 5kW; pdu other 9kW; rack outer 22kW from a; rack strip 20kW from "
      "outer;"
      "rack shared 20kW from a; rack r on a; node n in r draws 10kW on strip;"
      "node k draws 1kW on shared; rack q on a; node p in q draws 1kW on shared");
  const Move move(grid, {"small"});
  const Facility& after = move.after;
  EXPECT_EQ(domain_of(after, "small").load_mw, 10 * kw);
  EXPECT_EQ(domain_of(after, "strip").load_mw, 10 * kw);
  EXPECT_EQ(domain_of(after, "outer").load_mw, 10 * kw);
  EXPECT_EQ(domain_of(after, "a").load_mw, 2 * kw) << "what others hang on stays";
  EXPECT_FALSE(compare(survey(grid.estate, Footing::now), after).holds_after);
  const Move other(grid, {"small", "other"});
  const Facility& two = other.after;
  EXPECT_EQ(domain_of(two, "strip").load_mw, 10 * kw);
  EXPECT_EQ(domain_of(two, "small").load_mw + domain_of(two, "other").load_mw, 10 * kw);
}

TEST(MoveRack, onto_a_strip_of_its_own_feeds_no_strip_from_itself) {
  const Grid grid = grid_of(
      "pdu a 30kW; rack outer 22kW from a; rack strip 20kW from outer; rack r on a;"
      "node n in r draws 10kW on strip");
  const Move move(grid, {"strip"});
  EXPECT_EQ(domain_of(move.after, "strip").load_mw, 10 * kw);
  EXPECT_EQ(domain_of(move.after, "outer").load_mw, 10 * kw);
  EXPECT_EQ(domain_of(move.after, "a").load_mw, 10 * kw);
}

TEST(MoveRack, a_long_chain_of_strips_goes_along) {
  std::string words = "pdu a 30kW; pdu b 30kW; rack r on a; rack s0 30kW from a";
  constexpr int depth = 3'000;  // the nearest to the root comes first by name, as the estate has it
  for (int i = 1; i < depth; ++i)
    words += "; rack s" + std::to_string(i) + " 30kW from s" + std::to_string(i - 1);
  const Grid grid = grid_of(words + "; node n in r draws 10kW on s" + std::to_string(depth - 1));
  RackMove move;
  move.rack = "r";
  move.feeds = {"b"};
  const auto changed = move_rack(grid.estate, move);
  ASSERT_TRUE(changed.ok());
  EXPECT_THAT(*changed, ::testing::SizeIs(depth + 1)) << "and the rack";
}

TEST(MoveRack, what_hangs_on_something_else_comes_to_the_new_feeds) {
  const Grid grid = grid_of(
      "pdu a 30kW; pdu b 30kW; pdu small 5kW; rack r on a;"
      "node n in r draws 6kW on b; node k in r draws 1kW on a 50 b 50");
  const Move move(grid, {"small"});
  const Facility& after = move.after;
  EXPECT_EQ(domain_of(after, "small").load_mw, 7 * kw);
  EXPECT_EQ(domain_of(after, "b").load_mw, 0);
  EXPECT_FALSE(compare(survey(grid.estate, Footing::now), after).holds_after);
}

TEST(MoveRack, what_is_not_there_is_refused_by_name) {
  const Grid grid = grid_of("pdu a 9kW; rack r on a");
  RackMove move;
  move.rack = "r";
  move.feeds = {"x"};
  EXPECT_THAT(move_rack(grid.estate, move).error().message, HasSubstr("no PowerDomain \"x\""));
  move.feeds = {"a", "a"};
  EXPECT_THAT(move_rack(grid.estate, move).error().message, HasSubstr("names \"a\" twice"));
  move.rack = "q";
  EXPECT_EQ(move_rack(grid.estate, move).error().reason, Reason::not_found);
}

}  // namespace
}  // namespace freehold::fleet::facility
