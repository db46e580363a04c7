#include "fleet/power.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fleet/fleet.h"
#include "fleet/testing/fleet_of.h"
#include "fleet/testing/power_oracle.h"
#include "fleet/testing/read_yaml.h"
#include "json/yaml.h"

namespace freehold::fleet {
namespace {

using testing::allocation_of;
using ::testing::HasSubstr;
using testing::kw;

// Domains by name, then what feeds each node; every node may draw 1 MW.
Fleet powered(std::string_view yaml) {
  Fleet fleet;
  const json::Value document = json::parse_yaml_or_json(yaml).value();
  for (const auto& [name, spec] : *document.at({"domains"})->as_object()) {
    auto domain = testing::read_yaml<api::PowerDomain>("spec: " + json::print(spec));
    domain.metadata.name = name;
    fleet.put(domain);
  }
  for (const auto& [name, spec] : *document.at({"nodes"})->as_object()) {
    auto node = testing::read_yaml<api::Node>("status: {allocatable: {power: 1MW}}\nspec: " +
                                              json::print(spec));
    node.metadata.name = name;
    fleet.put(node);
  }
  return fleet;
}

std::string verdict(const Fleet& fleet, std::string_view allocation) {
  const Result<void> result = fleet.check(allocation_of(allocation));
  return result.ok() ? "fits" : result.error().message;
}

constexpr std::string_view two_feeds = R"(
domains:
  a: {type: pdu, site: s, capacity: 10kW}
  b: {type: pdu, site: s, capacity: 10kW}
nodes:
  n1: {feeds: [{domain: a, sharePercent: 50}, {domain: b, sharePercent: 50}]}
  n2: {feeds: [{domain: a, sharePercent: 50}, {domain: b, sharePercent: 50}]}
)";

TEST(Power, what_only_a_failure_overloads_is_refused) {
  Fleet fleet = powered(two_feeds);
  fleet.occupy("x", allocation_of("n1 power 6kW"));
  EXPECT_EQ(verdict(fleet, "n2 power 4kW"), "fits");
  EXPECT_EQ(verdict(fleet, "n2 power 5kW"),
            "spec.members[0].power: power domain a has too little left once b has failed (and 1 "
            "more)");
  EXPECT_THAT(verdict(fleet, "n1 power 2kW; n2 power 3kW"), HasSubstr("members[1].power"))
      << "the first member fits, both do not";
  EXPECT_TRUE(fleet.check(allocation_of("n2 power 10kW"), "x").ok()) << "instead of x";
  EXPECT_EQ(fleet.check(allocation_of("n2 power 11kW")).error().reason, Reason::invalid);
  EXPECT_THAT(verdict(fleet, "n2 power 11kW"),
              HasSubstr("a can deliver 10kW in all, and is to carry 11kW once b has failed"));
}

TEST(Power, what_happens_to_a_load_is_what_its_feeds_say) {
  Fleet fleet = powered(R"(
domains:
  a: {type: pdu, site: s, capacity: 4kW}
  b: {type: pdu, site: s, capacity: 4kW}
nodes:
  shift: {feeds: [{domain: a, sharePercent: 50}, {domain: b, sharePercent: 50}]}
  cap: {feeds: [{domain: a, sharePercent: 50, onFailure: cap},
                {domain: b, sharePercent: 50, onFailure: cap}]}
  off: {feeds: [{domain: a, sharePercent: 50, onFailure: off},
                {domain: b, sharePercent: 50, onFailure: off}]}
)");
  EXPECT_THAT(verdict(fleet, "shift power 5kW"), HasSubstr("once b has failed"));
  EXPECT_EQ(verdict(fleet, "cap power 8kW"), "fits");
  EXPECT_EQ(verdict(fleet, "off power 8kW"), "fits");
  EXPECT_THAT(verdict(fleet, "off power 9kW"), HasSubstr("a can deliver 4kW in all"));
  fleet.occupy("x", allocation_of("off power 6kW"));
  EXPECT_EQ(verdict(fleet, "shift power 2kW"), "fits") << "the one that goes off makes room";
}

TEST(Power, a_reserve_of_three_carries_more_than_half) {
  // Each pair of three supplies feeds one row, so that a failure moves half of two rows.
  Fleet fleet = powered(R"(
domains:
  u1: {type: ups, site: s, capacity: 90kW}
  u2: {type: ups, site: s, capacity: 90kW}
  u3: {type: ups, site: s, capacity: 90kW}
nodes:
  n12: {feeds: [{domain: u1, sharePercent: 50}, {domain: u2, sharePercent: 50}]}
  n23: {feeds: [{domain: u2, sharePercent: 50}, {domain: u3, sharePercent: 50}]}
  n31: {feeds: [{domain: u3, sharePercent: 50}, {domain: u1, sharePercent: 50}]}
)");
  EXPECT_EQ(verdict(fleet, "n12 power 60kW; n23 power 60kW; n31 power 60kW"), "fits");
  EXPECT_THAT(verdict(fleet, "n12 power 60kW; n23 power 60kW; n31 power 61kW"),
              HasSubstr("has too little left once"));
}

TEST(Power, a_feed_that_nobody_tells_of_may_fail_too) {
  const Fleet fleet = powered(R"(
domains:
  a: {type: pdu, site: s, capacity: 4kW}
nodes:
  n1: {feeds: [{domain: a, sharePercent: 50}, {domain: unknown, sharePercent: 50}]}
)");
  EXPECT_EQ(verdict(fleet, "n1 power 4kW"), "fits");
  EXPECT_THAT(verdict(fleet, "n1 power 5kW"), HasSubstr("once unknown has failed"));
}

TEST(Power, what_feeds_the_site_feeds_nodes_without_feeds) {
  Fleet fleet = powered(R"(
domains:
  grid: {type: utility, site: s, capacity: 4kW}
nodes:
  n1: {site: s}
)");
  EXPECT_EQ(verdict(fleet, "n1 power 5kW"), "fits");
  auto site = testing::read_yaml<api::Site>("spec: {powerDomain: grid}");
  site.metadata.name = "s";
  fleet.put(site);
  EXPECT_THAT(verdict(fleet, "n1 power 5kW"), HasSubstr("grid can deliver 4kW in all"));
  fleet.remove_site("s");
  EXPECT_EQ(verdict(fleet, "n1 power 5kW"), "fits");
}

TEST(Power, more_domains_than_any_building_has_are_refused) {
  Fleet fleet = powered("domains: {}\nnodes: {n1: {feeds: [{domain: d0}]}}");
  for (int i = 0; i < 300; ++i) {
    api::PowerDomain domain;
    domain.metadata.name = "d" + std::to_string(i);
    domain.spec.capacity = Quantity::of(kw, Dimension::power);
    domain.spec.supplied_by.domains = {"d" + std::to_string(i + 1)};
    fleet.put(domain);
  }
  EXPECT_THAT(verdict(fleet, "n1 power 1W"), HasSubstr("more power domains than"));
}

// ---- against the oracle

struct Playground {
  Fleet fleet;
  testing::RandomGrid grid;                          // its consumers are what is allocated
  std::vector<std::vector<api::Feed>> feeds;         // by node
  std::map<std::string, api::AllocationSpec> taken;  // by key

  explicit Playground(Random& random) : grid(testing::random_grid(random)) {
    for (const auto& [name, domain] : grid.grid.estate.domains) fleet.put(*domain);
    for (int64_t i = random.in(1, 4); i > 0; --i) {
      feeds.push_back(testing::random_feeds(random, grid.names));
      api::Node node;
      node.metadata.name = "n" + std::to_string(feeds.size() - 1);
      node.spec.feeds = feeds.back();
      node.status.allocatable.power = Quantity::of(1'000 * kw, Dimension::power);
      fleet.put(node);
    }
    tell();
  }
  api::AllocationSpec random_allocation(Random& random) const {
    api::AllocationSpec spec;
    for (int64_t i = random.in(1, 3); i > 0; --i) {
      api::AllocatedMember& member = spec.members.emplace_back();
      member.node = "n" + std::to_string(random.in(0, static_cast<int64_t>(feeds.size()) - 1));
      member.power = Quantity::of(random.in(1, 12) * kw, Dimension::power);
    }
    return spec;
  }
  // The grid with all that is taken, and `more`.
  void tell(const api::AllocationSpec& more = {}) {
    grid.consumers.clear();
    const auto add = [&](const api::AllocationSpec& spec) {
      for (const api::AllocatedMember& member : spec.members)
        grid.consumers.push_back({feeds[static_cast<size_t>(*parse_int(member.node.substr(1)))],
                                  member.power.value(), 1});
    };
    for (const auto& [key, spec] : taken) add(spec);
    add(more);
  }
};

void expect_loads(const Playground& at, int round) {
  std::vector<std::string> failures = at.grid.names;
  failures.emplace_back();
  const PowerGrid& power = at.fleet.power();
  for (const std::string& failed : failures) {
    const testing::PowerOracle oracle(at.grid.grid, at.grid.consumers, failed);
    for (const std::string& name : at.grid.names) {
      const auto found = oracle.loads.find(name);
      const int64_t is = power.load_mw(power.find(name), power.find(failed));
      ASSERT_NEAR(static_cast<double>(is), found == oracle.loads.end() ? 0 : found->second, 500)
          << "round " << round << ": " << name << " with \"" << failed << "\" failed";
    }
  }
}

TEST(PowerOracle, what_fits_is_what_stays_within_every_domain_in_every_case) {
  Random random(31);
  int fits = 0, refused = 0;
  for (int round = 0; round < 400; ++round) {
    Playground at(random);
    for (int step = 0; step < 8; ++step) {
      const std::string key = "k" + std::to_string(random.in(0, 4));
      if (random.percent(30)) {
        at.fleet.release(key);
        at.taken.erase(key);
      }
      const api::AllocationSpec spec = at.random_allocation(random);
      at.tell();
      const testing::RandomGrid before = at.grid;
      at.tell(spec);
      // Copies of a grid point to the first one's objects, which stay.
      const double margin = testing::margin(before, at.grid);
      const bool is_ok = at.fleet.check(spec).ok();
      // Where watts part they are rounded up, so what fits to the milliwatt may be refused.
      if (std::abs(margin) > 500) {
        ASSERT_EQ(is_ok, margin > 0) << "round " << round << " step " << step;
        ++(is_ok ? fits : refused);
      }
      if (is_ok || random.percent(10)) {
        at.fleet.occupy(key, spec);
        at.taken[key] = spec;
      }
      at.tell();
      expect_loads(at, round);
    }
  }
  EXPECT_GT(fits, 500);
  EXPECT_GT(refused, 500);
}

}  // namespace
}  // namespace freehold::fleet
