#include "fleet/power.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fleet/facility/facility.h"
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

api::Site site_with_pue(double pue) {
  api::Site site;
  site.metadata.name = "s";
  site.spec.pue = pue;
  return site;
}

int64_t load(const Fleet& fleet, std::string_view domain) {
  return fleet.power().load_mw(fleet.power().find(domain));
}

TEST(Power, a_utility_delivers_its_watts_with_the_pue_of_its_site) {
  Fleet fleet = powered(R"(
domains:
  grid: {type: utility, site: s, capacity: 15kW}
  ups: {type: ups, site: s, capacity: 15kW, suppliedBy: {domains: [grid]}}
nodes:
  n1: {feeds: [{domain: ups}]}
  n2: {feeds: [{domain: ups}]}
)");
  EXPECT_EQ(verdict(fleet, "n1 power 12kW"), "fits");
  fleet.put(site_with_pue(1.5));
  EXPECT_EQ(verdict(fleet, "n1 power 10kW"), "fits");
  EXPECT_EQ(
      verdict(fleet, "n1 power 12kW"),
      "spec.members[0].power: power domain grid can deliver 15kW in all, and is to carry 18kW "
      "with the PUE 1.5 of its site");
  fleet.occupy("x", allocation_of("n1 power 6kW"));
  EXPECT_EQ(load(fleet, "grid"), 9 * kw);
  EXPECT_EQ(load(fleet, "ups"), 6 * kw);
  EXPECT_EQ(verdict(fleet, "n2 power 4kW"), "fits");
  EXPECT_EQ(verdict(fleet, "n2 power 5kW"),
            "spec.members[0].power: power domain grid has too little left with the PUE 1.5 of its "
            "site");
}

TEST(Power, a_pue_counts_however_sites_and_domains_come_change_and_go) {
  uint64_t hashes[2] = {};
  for (const bool is_site_first : {false, true}) {
    Fleet fleet = powered("domains: {}\nnodes: {n1: {feeds: [{domain: grid}]}}");
    fleet.occupy("x", allocation_of("n1 power 4kW"));
    api::PowerDomain grid;
    grid.metadata.name = "grid";
    grid.spec.type = api::PowerDomainType::utility;
    grid.spec.site = "s";
    grid.spec.capacity = Quantity::of(15 * kw, Dimension::power);
    if (!is_site_first) fleet.put(grid);
    EXPECT_EQ(load(fleet, "grid"), 4 * kw);
    fleet.put(site_with_pue(1.5));
    if (is_site_first) fleet.put(grid);
    EXPECT_EQ(load(fleet, "grid"), 6 * kw);
    hashes[is_site_first ? 1 : 0] = fleet.hash();

    Fleet fork = fleet.fork();
    fork.put(site_with_pue(2));
    EXPECT_EQ(load(fork, "grid"), 8 * kw);
    EXPECT_EQ(load(fleet, "grid"), 6 * kw);
    EXPECT_NE(fork.hash(), fleet.hash());
    fork.release("x");
    EXPECT_EQ(load(fork, "grid"), 0);
    fork.put(site_with_pue(1.5));
    fork.occupy("x", allocation_of("n1 power 4kW"));
    EXPECT_EQ(fork.hash(), fleet.hash());

    grid.spec.site = "elsewhere";
    fleet.put(grid);
    EXPECT_EQ(load(fleet, "grid"), 4 * kw);
    grid.spec.site = "s";
    fleet.put(grid);
    EXPECT_EQ(load(fleet, "grid"), 6 * kw);
    fleet.remove_power_domain("grid");
    EXPECT_EQ(load(fleet, "grid"), 4 * kw) << "only a name of feeds";
    fleet.put(grid);
    EXPECT_EQ(load(fleet, "grid"), 6 * kw);
    fleet.remove_site("s");
    EXPECT_EQ(load(fleet, "grid"), 4 * kw);
  }
  EXPECT_EQ(hashes[0], hashes[1]);
}

TEST(Power, the_ledger_and_the_survey_count_alike_in_every_case) {
  testing::Grid grid = testing::grid_of(
      "utility mv 100kW; busway gear 100kW from mv; utility lv 60kW from gear; generator g 60kW;"
      "ups a 50kW from 1 of lv g; ups b 50kW from 1 of lv g; pdu p 20kW from gear;"
      "node n1 draws 20kW on a 50 shift b 50 shift; node n2 draws 10kW on a 50 off b 50 cap;"
      "node n3 draws 6kW on p 60 shift g 40 shift");
  grid.add(site_with_pue(1.5));
  Fleet fleet;
  for (const auto& [name, domain] : grid.estate.domains) fleet.put(*domain);
  for (const auto& [name, site] : grid.estate.sites) fleet.put(*site);
  for (const auto& [name, node] : grid.estate.nodes) fleet.put(*node);
  fleet.occupy("x", allocation_of("n1 power 20kW; n2 power 10kW; n3 power 6kW"));
  const facility::Facility seen = facility::survey(grid.estate, facility::Footing::now);
  const PowerGrid& power = fleet.power();
  const auto& domains = seen.supply->domains();
  ASSERT_EQ(power.size(), domains.size());
  for (uint32_t d = 0; d < domains.size(); ++d) {
    EXPECT_EQ(power.load_mw(d), domains[d].load_mw) << domains[d].name;
    for (uint32_t failed = 0; failed < domains.size(); ++failed) {
      if (failed == d) continue;
      EXPECT_NEAR(static_cast<double>(power.load_mw(d, failed)),
                  static_cast<double>(seen.cases->load_mw(d, failed)), 100)
          << domains[d].name << " once " << domains[failed].name << " has failed";
    }
  }
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
