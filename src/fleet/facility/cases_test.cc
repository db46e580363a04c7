#include "fleet/facility/cases.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>

#include "base/random.h"
#include "fleet/testing/grid_of.h"
#include "fleet/testing/power_oracle.h"

namespace freehold::fleet::facility {
namespace {

using ::testing::ElementsAre;
using testing::Grid;
using testing::grid_of;
using testing::kw;
using testing::margin;
using testing::PowerOracle;
using testing::random_feeds;
using testing::random_grid;
using testing::RandomGrid;

struct Built {
  std::shared_ptr<const Supply> supply;
  std::shared_ptr<const Cases> cases;

  explicit Built(const Grid& grid, std::vector<Consumer> extra = {}) {
    std::vector<const api::PowerDomain*> domains;
    for (const auto& [name, domain] : grid.estate.domains) domains.push_back(domain);
    std::vector<Consumer> consumers = std::move(extra);
    for (const auto& [name, node] : grid.estate.nodes)
      consumers.push_back({node->spec.feeds, node->status.power.measured.value(), 1});
    supply = std::make_shared<const Supply>(domains, consumers);
    cases = std::make_shared<const Cases>(supply);
  }
  uint32_t at(std::string_view name) const { return supply->find(name); }
  double kw_at(std::string_view name) const {
    return static_cast<double>(supply->domains()[at(name)].load_mw) / kw;
  }
  double kw_at(std::string_view name, std::string_view failed) const {
    return static_cast<double>(cases->load_mw(at(name), at(failed))) / kw;
  }
};

TEST(Cases, two_feeds_share_a_load_and_each_takes_it_whole_when_the_other_fails) {
  const Built built(grid_of("pdu a 10kW; pdu b 10kW; node n draws 6kW on a 50 b 50"));
  EXPECT_EQ(built.kw_at("a"), 3);
  EXPECT_EQ(built.kw_at("b", "a"), 6);
  EXPECT_EQ(built.kw_at("a", "a"), 0);
  EXPECT_EQ(built.cases->headroom_mw(built.at("a")), 4 * kw);
  EXPECT_EQ(built.cases->worst(built.at("a")).failed, built.at("b"));
}

TEST(Cases, what_happens_to_a_load_is_what_its_feed_says) {
  const Built built(
      grid_of("pdu a 9kW; pdu b 9kW; node cap draws 2kW on a 50 cap b 50 cap;"
              "node off draws 4kW on a 50 off b 50 off; node one draws 1kW on a"));
  EXPECT_EQ(built.kw_at("b", "a"), 1) << "the half of the capped one";
  const Failure& failure = built.cases->failure(built.at("a"));
  EXPECT_EQ(failure.machines_off, 2);
  EXPECT_EQ(failure.machines_capped, 1);
  EXPECT_EQ(built.kw_at("a", "b"), 2) << "half of the capped one, and the one with one feed";
}

TEST(Cases, a_standby_feed_carries_nothing_until_the_other_fails) {
  const Built built(grid_of("pdu a 9kW; pdu b 9kW; node n draws 5kW on a 100 b 0"));
  EXPECT_EQ(built.kw_at("b"), 0);
  EXPECT_EQ(built.kw_at("b", "a"), 5);
}

TEST(Cases, a_generator_stands_by_until_too_few_others_are_up) {
  const Built built(
      grid_of("utility u 90kW; generator g 90kW; ups s 9kW from 1 of u g; node n draws 5kW on s"));
  EXPECT_EQ(built.kw_at("u"), 5);
  EXPECT_EQ(built.kw_at("g"), 0);
  EXPECT_EQ(built.kw_at("g", "u"), 5);
}

TEST(Cases, of_k_of_n_suppliers_the_rest_carries_on_and_too_few_take_the_domain_down) {
  const Built two(
      grid_of("ups a 5kW; ups b 5kW; ups c 5kW; pdu p 9kW from 2 of a b c;"
              "node n draws 6kW on p"));
  EXPECT_EQ(two.kw_at("a"), 2);
  EXPECT_EQ(two.kw_at("b", "a"), 3);
  EXPECT_EQ(two.cases->failure(two.at("a")).machines_off, 0);
  const Built all(grid_of("ups a 5kW; ups b 5kW; pdu p 9kW from 2 of a b; node n draws 6kW on p"));
  EXPECT_EQ(all.cases->failure(all.at("a")).machines_off, 1);
  EXPECT_EQ(all.kw_at("b", "a"), 0);
}

TEST(Cases, a_failure_far_above_is_felt_at_every_feed_below_it) {
  const Built built(
      grid_of("utility u 40kW; utility v 9kW; ups a 20kW from u; ups b 8kW from v;"
              "pdu p 20kW from a; pdu q 20kW from b; node n draws 10kW on p 50 q 50"));
  EXPECT_EQ(built.kw_at("q", "u"), 10);
  EXPECT_THAT(built.cases->failure(built.at("u")).overloaded,
              ElementsAre(built.at("b"), built.at("v")));
  EXPECT_EQ(built.cases->headroom_mw(built.at("b")), -2 * kw);
}

TEST(Cases, a_circle_of_suppliers_is_told_and_opened) {
  const Built built(
      grid_of("ups a 9kW from b; ups b 9kW from a; pdu p 9kW from a; node n draws 2kW on p"));
  EXPECT_EQ(built.supply->circles().size(), 1u);
  EXPECT_EQ(built.kw_at("p"), 2);
  EXPECT_EQ(built.kw_at("a"), 2);
}

TEST(Cases, room_is_what_the_weakest_case_leaves) {
  const Built built(
      grid_of("pdu a 10kW; pdu b 8kW; pdu c 10kW; node n draws 6kW on a 50 b 50;"
              "node m draws 4kW on b 50 c 50"));
  const Room room = built.cases->room({{"a", 50}, {"b", 50}});
  EXPECT_EQ(room.mw, 0) << "b carries 8 kW of 8 once a has failed";
  EXPECT_EQ(room.domain, built.at("b"));
  EXPECT_EQ(room.failed, built.at("a"));
  EXPECT_EQ(built.cases->room({{"a", 50}, {"c", 50}}).mw, 7 * kw)
      << "a carries 3, and all that is added once c has failed";
  EXPECT_EQ(built.cases->room({{"nowhere", 100}}).mw, -1);
}

// Of machines that draw `draws`, the way it is seen when nothing but meters knows.
Built by_meters(const Grid& truth, const std::vector<Consumer>& draws) {
  const Built known(truth, draws);
  static std::deque<Grid> metered;  // the domains that supplies are made of
  Grid& grid = metered.emplace_back();
  for (const auto& [name, domain] : truth.estate.domains) {
    api::PowerDomain& there = grid.add(*domain);
    there.status.meter.measured =
        Quantity::of(known.supply->domains()[known.at(name)].load_mw, Dimension::power);
  }
  std::vector<Consumer> unknown;
  for (const Consumer& consumer : draws) unknown.push_back({consumer.feeds, 0, 1, true});
  return Built(grid, unknown);
}

TEST(Cases, what_only_meters_see_moves_with_the_machines_whose_watts_nobody_knows) {
  const std::vector<api::Feed> both{{"a", 50, {}}, {"b", 50, {}}};
  const Built built =
      by_meters(grid_of("pdu a 30kW; pdu b 30kW"), {{both, 20 * kw, 1}, {both, 20 * kw, 1}});
  EXPECT_EQ(built.kw_at("a"), 20);
  EXPECT_EQ(built.kw_at("b", "a"), 40);
  EXPECT_EQ(built.cases->headroom_mw(built.at("b")), -10 * kw);
}

TEST(Cases, what_a_meter_further_up_sees_moves_over_the_domains_below_it) {
  Grid grid = grid_of(
      "utility u 90kW; generator g 90kW; ups v 90kW from u g; ups w 90kW; pdu p 90kW from v;"
      "pdu q 90kW from w; pdu s 90kW from v w");
  grid.edit<api::PowerDomain>("u").status.meter.measured = Quantity::of(30 * kw, Dimension::power);
  const std::vector<api::Feed> both{{"p", 50, {}}, {"q", 50, {}}}, one{{"s", 100, {}}};
  const Built moving(grid, {{both, 0, 1, true}});
  EXPECT_EQ(moving.kw_at("v"), 30) << "all of it comes through here";
  EXPECT_EQ(moving.kw_at("p"), 30);
  EXPECT_EQ(moving.kw_at("g", "u"), 30);
  EXPECT_EQ(moving.kw_at("q", "v"), 30);
  EXPECT_EQ(moving.kw_at("w", "p"), 30);
  EXPECT_EQ(moving.kw_at("u", "p"), 0);
  const Built switched(grid, {{one, 0, 1, true}});
  EXPECT_EQ(switched.kw_at("w"), 0);
  EXPECT_EQ(switched.kw_at("w", "v"), 30);
  const Built alone(grid, {{both, 0, 1}});
  EXPECT_EQ(alone.kw_at("v"), 0) << "all watts are known, so something else hangs on the meter";
  EXPECT_EQ(alone.kw_at("q", "v"), 0);
}

TEST(Cases, chains_that_no_building_has_are_cut_short_and_told) {
  Grid grid;
  constexpr int length = 6'000;
  for (int i = 0; i < length; ++i) {
    api::PowerDomain domain;
    domain.metadata.name = "d" + std::to_string(100'000 + i);
    if (i > 0) domain.spec.supplied_by.domains = {"d" + std::to_string(100'000 + i - 1)};
    grid.add(std::move(domain));
  }
  const std::string last = "d" + std::to_string(100'000 + length - 1);
  const Built built(grid, {{{{last, 100}}, kw, 1}});
  EXPECT_GT(built.cases->skipped(), 0u);
  EXPECT_EQ(built.kw_at("d100000"), 1);
  EXPECT_EQ(built.cases->room({{last, 100}}).mw, -1) << "too many domains on the way";
}

// ---- against the oracle

TEST(CasesOracle, every_load_in_every_case_is_what_playing_it_through_gives) {
  Random random(11);
  for (int round = 0; round < 2'000; ++round) {
    const RandomGrid g = random_grid(random);
    const Built built(g.grid, g.consumers);
    std::vector<std::string> failures = g.names;
    failures.emplace_back();
    std::map<std::string, double> worst;
    for (const std::string& failed : failures) {
      const PowerOracle oracle(g.grid, g.consumers, failed);
      for (const std::string& name : g.names) {
        const auto at = oracle.loads.find(name);
        const double expected = at == oracle.loads.end() ? 0 : at->second;
        const int64_t is =
            built.cases->load_mw(built.at(name), failed.empty() ? none : built.at(failed));
        ASSERT_NEAR(static_cast<double>(is), expected, 200)
            << "round " << round << ": " << name << " with \"" << failed << "\" failed";
        if (name != failed) worst[name] = std::max(worst[name], expected);
      }
    }
    for (const std::string& name : g.names)
      ASSERT_NEAR(static_cast<double>(built.cases->worst(built.at(name)).load_mw), worst[name], 200)
          << "round " << round << ": " << name;
  }
}

TEST(CasesOracle, one_machine_that_only_meters_see_is_never_less_than_when_it_is_known) {
  Random random(13);
  for (int round = 0; round < 1'000; ++round) {
    RandomGrid g = random_grid(random);
    g.consumers = {{random_feeds(random, g.names), 8 * kw, 1}};
    const Built known(g.grid, g.consumers), seen = by_meters(g.grid, g.consumers);
    // What goes off may not have been what the meter saw, so it counts on.
    const bool may_go_off = std::ranges::any_of(g.consumers[0].feeds, [](const api::Feed& feed) {
      return feed.on_failure == api::FeedFailure::off;
    });
    for (const std::string& name : g.names) {
      const int64_t more =
          seen.cases->worst(seen.at(name)).load_mw - known.cases->worst(known.at(name)).load_mw;
      ASSERT_GE(more, -200) << "round " << round << ": " << name;
      ASSERT_TRUE(may_go_off || more <= 200) << "round " << round << ": " << name;
    }
  }
}

TEST(CasesOracle, room_can_be_used_whole_and_not_a_percent_more) {
  Random random(12);
  int with_room = 0;
  for (int round = 0; round < 1'000; ++round) {
    const RandomGrid g = random_grid(random);
    const std::vector<api::Feed> feeds = random_feeds(random, g.names);
    const Room room = Built(g.grid, g.consumers).cases->room(feeds);
    ASSERT_GE(room.mw, 0);
    RandomGrid filled = g;
    // Copies of a grid would point to the first one's objects, which stay; so the estate is right.
    filled.consumers.push_back({feeds, room.mw, 1});
    ASSERT_GE(margin(g, filled), -500) << "round " << round;
    filled.consumers.back().mw = room.mw + room.mw / 100 + 20'000;
    ASSERT_LT(margin(g, filled), -500) << "round " << round;
    with_room += room.mw > 0 ? 1 : 0;
  }
  EXPECT_GT(with_room, 300);
}

}  // namespace
}  // namespace freehold::fleet::facility
