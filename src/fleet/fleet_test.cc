#include "fleet/fleet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tuple>

#include "base/random.h"
#include "fleet/testing/fleet_of.h"

namespace freehold::fleet {
namespace {

using testing::allocation_of;
using ::testing::ElementsAre;
using testing::fleet_of;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr int64_t gib = int64_t{1} << 30;

std::string fault(const Result<void>& result) {
  return result.ok() ? ""
                     : std::string(reason_name(result.error().reason)) + " " +
                           result.error().causes.at(0).field;
}

TEST(Fleet, an_allocation_fits_an_empty_node_and_then_no_longer) {
  Fleet fleet = fleet_of("1 node: 2 numa x 4 cpus, 8Gi each, 2 gpu");
  const auto spec = allocation_of("n1 cpus 0-3, memory 0=6Gi, devices gpu0");
  EXPECT_TRUE(fleet.check(spec).ok());
  fleet.occupy("a", spec);
  const Result<void> again = fleet.check(spec);
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().reason, Reason::conflict);
  ASSERT_EQ(again.error().causes.size(), 3u);
  EXPECT_EQ(again.error().causes[0].field, "spec.members[0].cpus");
  EXPECT_EQ(again.error().causes[0].message, "cpu 0-3 of node n1 is taken");
  EXPECT_EQ(again.error().causes[1].field, "spec.members[0].memory[0].bytes");
  EXPECT_EQ(again.error().causes[1].message,
            "memory node 0 of node n1 has 2Gi left, 6Gi are asked for");
  EXPECT_EQ(again.error().causes[2].field, "spec.members[0].devices[0]");
  EXPECT_THAT(fleet.holders(spec), ElementsAre("a"));
  EXPECT_TRUE(fleet.check(spec, "a").ok()) << "it may replace itself";
  EXPECT_THAT(fleet.holders(spec, "a"), IsEmpty());
  fleet.release("a");
  EXPECT_TRUE(fleet.check(spec).ok());
}

TEST(Fleet, what_can_never_be_is_invalid_with_the_path_of_the_field) {
  const Fleet fleet = fleet_of("1 node: 1 numa x 4 cpus, 8Gi each, 1 gpu, 500W");
  EXPECT_EQ(fault(fleet.check(allocation_of("n9 cpus 0"))), "Invalid spec.members[0].node");
  EXPECT_EQ(fault(fleet.check(allocation_of("n1 cpus 0-4"))), "Invalid spec.members[0].cpus");
  EXPECT_EQ(fault(fleet.check(allocation_of("n1 cpus x"))), "Invalid spec.members[0].cpus");
  EXPECT_EQ(fault(fleet.check(allocation_of("n1 cpus 0; n1 cpus 0"))),
            "Invalid spec.members[1].cpus");
  EXPECT_EQ(fault(fleet.check(allocation_of("n1 memory 0=9Gi"))),
            "Invalid spec.members[0].memory[0].bytes");
  EXPECT_EQ(fault(fleet.check(allocation_of("n1 memory 0=5Gi; n1 memory 0=5Gi"))),
            "Invalid spec.members[1].memory[0].bytes");
  EXPECT_EQ(fault(fleet.check(allocation_of("n1 memory 1=1Gi"))),
            "Invalid spec.members[0].memory[0].node");
  EXPECT_EQ(fault(fleet.check(allocation_of("n1 devices gpu1"))),
            "Invalid spec.members[0].devices[0]");
  EXPECT_EQ(fault(fleet.check(allocation_of("n1 devices gpu0 gpu0"))),
            "Invalid spec.members[0].devices[1]");
  EXPECT_EQ(fault(fleet.check(allocation_of("n1 power 501W"))), "Invalid spec.members[0].power");
}

TEST(Fleet, messages_name_no_other_holder) {
  Fleet fleet = fleet_of("1 node: 1 numa x 4 cpus, 8Gi each, 500W");
  fleet.occupy("secret-project", allocation_of("n1 cpus 0-1, memory 0=8Gi, power 400W"));
  const auto spec = allocation_of("n1 cpus 1-2, memory 0=1Gi, power 200W");
  const Result<void> result = fleet.check(spec);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().causes.size(), 3u);
  EXPECT_THAT(result.error().to_string(), Not(HasSubstr("secret")));
  EXPECT_THAT(result.error().message, HasSubstr("(and 2 more)"));
  EXPECT_THAT(fleet.holders(spec), ElementsAre("secret-project"));
}

int64_t load(const Fleet& fleet, std::string_view domain, std::string_view failed = {}) {
  const PowerGrid& power = fleet.power();
  return power.load_mw(power.find(domain), power.find(failed));
}

TEST(Fleet, watts_are_checked_on_the_node_and_on_every_domain_behind_it) {
  Fleet fleet = fleet_of("2 nodes: 1 numa x 4 cpus, 3kW, feed pdu1");
  api::PowerDomain pdu, ups;
  pdu.metadata.name = "pdu1";
  pdu.spec.capacity = *Quantity::parse("10kW", Dimension::power);
  pdu.spec.supplied_by = {1, {"ups1", "ups2"}};
  ups.metadata.name = "ups1";
  ups.spec.capacity = *Quantity::parse("4kW", Dimension::power);
  fleet.put(pdu);
  fleet.occupy("a", allocation_of("n1 power 2kW"));
  fleet.put(ups);  // known late: what is drawn already counts
  EXPECT_EQ(load(fleet, "pdu1"), 2'000'000);
  EXPECT_EQ(load(fleet, "ups1"), 1'000'000);
  EXPECT_EQ(load(fleet, "ups1", "ups2"), 2'000'000) << "each of 1 of 2 must carry it all";
  EXPECT_TRUE(fleet.check(allocation_of("n2 power 2kW")).ok());
  const Result<void> result = fleet.check(allocation_of("n2 power 2001W"));
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().reason, Reason::conflict);
  EXPECT_EQ(result.error().causes[0].message,
            "power domain ups1 has too little left once ups2 has failed");
  EXPECT_TRUE(fleet.check(allocation_of("n2 power 3kW"), "a").ok());
  fleet.release("a");
  EXPECT_EQ(load(fleet, "ups1"), 0);
}

TEST(Fleet, a_node_that_does_not_say_what_it_may_draw_promises_no_watts) {
  const Fleet fleet = fleet_of("1 node: 1 numa x 1 cpus");
  const Result<void> result = fleet.check(allocation_of("n1 power 1W"));
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().reason, Reason::invalid);
  EXPECT_THAT(result.error().message, HasSubstr("not known"));
}

TEST(Fleet, a_rack_feeds_nodes_that_name_no_feeds_of_their_own) {
  Fleet fleet = fleet_of("1 node: 1 numa x 1 cpus, rack r1, 1kW");
  fleet.occupy("a", allocation_of("n1 power 100W"));
  api::Rack rack;
  rack.metadata.name = "r1";
  rack.spec.site = "fra1";
  rack.spec.feeds = {"a", "b"};
  fleet.put(rack);
  EXPECT_EQ(load(fleet, "a"), 50'000);
  EXPECT_EQ(load(fleet, "b"), 50'000);
  EXPECT_EQ(fleet.site_of(*fleet.find("n1")), "fra1");
  fleet.remove_rack("r1");
  EXPECT_EQ(load(fleet, "a"), 0);
  EXPECT_EQ(fleet.site_of(*fleet.find("n1")), "");
}

TEST(Fleet, a_circle_of_power_domains_is_survived) {
  Fleet fleet = fleet_of("1 node: 1 numa x 1 cpus, 1kW, feed a");
  api::PowerDomain a, b;
  a.metadata.name = "a";
  a.spec.supplied_by = {1, {"b"}};
  b.metadata.name = "b";
  b.spec.supplied_by = {1, {"a"}};
  fleet.put(a);
  fleet.put(b);
  fleet.occupy("x", allocation_of("n1 power 10W"));
  EXPECT_EQ(load(fleet, "a"), 10'000);
  EXPECT_EQ(load(fleet, "b"), 10'000);
}

TEST(Fleet, a_node_may_shrink_below_what_is_allocated_on_it) {
  Fleet fleet = fleet_of("1 node: 1 numa x 4 cpus, 8Gi each, 2 gpu");
  fleet.occupy("a", allocation_of("n1 cpus 2-3, memory 0=6Gi, devices gpu1"));
  EXPECT_THAT(fleet.over_occupied(), IsEmpty());
  auto smaller =
      testing::node_of(testing::machines("1 node: 1 numa x 4 cpus, 8Gi each, 2 gpu")[0], "n1");
  smaller.status.allocatable.cpus = "0-2";
  smaller.status.allocatable.memory[0].bytes = 4 * gib;
  smaller.status.allocatable.devices = {"gpu0"};
  fleet.put(smaller);
  EXPECT_THAT(fleet.over_occupied(), ElementsAre("n1"));
  const NodeState& node = *fleet.find("n1");
  EXPECT_EQ(node.free_cpus().to_list(), "0-1");
  EXPECT_EQ(node.free_memory()[0], 0);
  EXPECT_EQ(node.free_devices().count(), 1u);
  fleet.release("a");
  EXPECT_THAT(fleet.over_occupied(), IsEmpty());
  EXPECT_EQ(fleet.find("n1")->free_memory()[0], 4 * gib);
}

TEST(Fleet, what_two_allocations_claim_stays_taken_when_one_goes) {
  Fleet fleet = fleet_of("1 node: 1 numa x 4 cpus");
  fleet.occupy("a", allocation_of("n1 cpus 0-1"));
  fleet.occupy("b", allocation_of("n1 cpus 1-2"));
  EXPECT_THAT(fleet.over_occupied(), ElementsAre("n1"));
  fleet.release("a");
  EXPECT_EQ(fleet.find("n1")->free_cpus().to_list(), "0,3");
  EXPECT_THAT(fleet.over_occupied(), IsEmpty());
}

TEST(Fleet, occupancy_survives_a_node_that_leaves_and_returns) {
  const auto machine = testing::machines("1 node: 1 numa x 4 cpus, 8Gi each")[0];
  Fleet fleet;
  fleet.occupy("a", allocation_of("n1 cpus 0, memory 0=1Gi"));
  EXPECT_EQ(fleet.find("n1"), nullptr);
  EXPECT_EQ(fleet.size(), 0u);
  fleet.put(testing::node_of(machine, "n1"));
  EXPECT_EQ(fleet.find("n1")->readiness({}), Readiness::no_profile);
  fleet.put(testing::profile_of(machine));
  EXPECT_EQ(fleet.find("n1")->readiness({}), Readiness::ready);
  EXPECT_EQ(fleet.find("n1")->free_cpus().to_list(), "1-3");
  EXPECT_EQ(fleet.find("n1")->free_memory()[0], 7 * gib);
  fleet.remove_node("n1");
  EXPECT_EQ(fleet.size(), 0u);
  fleet.put(testing::node_of(machine, "n1"));
  EXPECT_EQ(fleet.find("n1")->free_cpus().to_list(), "1-3");
  fleet.remove_node("n1");
  fleet.release("a");
  fleet.put(testing::node_of(machine, "n2"));  // takes the place that n1 left
  EXPECT_EQ(fleet.find("n2")->free_cpus().to_list(), "0-3");
  EXPECT_EQ(fleet.find("n1"), nullptr);
}

TEST(Fleet, a_node_says_why_it_takes_no_work) {
  const auto machine = testing::machines("1 node: 1 numa x 4 cpus")[0];
  Fleet fleet = fleet_of("1 node: 1 numa x 4 cpus");
  auto readiness = [&](const std::function<void(api::Node&)>& change, Time now = Time{1000}) {
    api::Node node = testing::node_of(machine, "n1");
    change(node);
    fleet.put(node);
    return fleet.find("n1")->readiness(now);
  };
  EXPECT_EQ(readiness([](api::Node&) {}), Readiness::ready);
  EXPECT_EQ(readiness([](api::Node& n) { n.spec.schedulable = false; }), Readiness::unschedulable);
  EXPECT_EQ(readiness([](api::Node& n) { n.status.conditions.clear(); }), Readiness::not_ready);
  EXPECT_EQ(readiness([](api::Node& n) { n.spec.lifecycle = api::Lifecycle::ordered; }),
            Readiness::not_in_service);
  EXPECT_EQ(readiness([](api::Node& n) { n.spec.available_from = Time{2000}; }),
            Readiness::not_yet);
  EXPECT_EQ(readiness([](api::Node& n) { n.spec.available_from = Time{1000}; }), Readiness::ready);
}

TEST(Fleet, forks_do_not_see_each_other) {
  Fleet fleet = fleet_of("70 nodes: 1 numa x 4 cpus");
  fleet.occupy("a", allocation_of("n1 cpus 0"));
  Fleet fork = fleet.fork();
  fork.occupy("b", allocation_of("n1 cpus 1; n70 cpus 0"));
  fleet.release("a");
  EXPECT_EQ(fleet.find("n1")->free_cpus().to_list(), "0-3");
  EXPECT_EQ(fleet.find("n70")->free_cpus().to_list(), "0-3");
  EXPECT_EQ(fork.find("n1")->free_cpus().to_list(), "2-3");
  EXPECT_EQ(fork.find("n70")->free_cpus().to_list(), "1-3");
  EXPECT_THAT(fork.allocations(), ElementsAre("a", "b"));
  EXPECT_THAT(fleet.allocations(), IsEmpty());
}

TEST(Fleet, nodes_stand_in_the_order_of_their_names) {
  const Fleet fleet = fleet_of("12 nodes: 1 numa x 1 cpus");
  std::vector<std::string> names;
  for (size_t i = 0; i < fleet.size(); ++i) names.push_back(fleet.node(i).name());
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
  EXPECT_EQ(names.size(), 12u);
}

TEST(Fleet, device_models_say_what_a_device_may_call_itself) {
  Fleet fleet;
  api::DeviceModel model;
  model.metadata.name = "h100-sxm";
  model.spec.model = "H100-SXM";
  model.spec.matches = {"10de:2330", "NVIDIA H100 80GB HBM3"};
  fleet.put(model);
  EXPECT_THAT(fleet.model_names("h100-sxm"),
              ElementsAre("h100-sxm", "10de:2330", "nvidia h100 80gb hbm3"));
  EXPECT_THAT(fleet.model_names("A100"), ElementsAre("a100"));
}

// ---- properties

struct Action {
  std::function<void(Fleet&)> run;
};

// Everything that a small fleet is made of, each as one action.
std::vector<Action> building_blocks() {
  std::vector<Action> actions;
  const auto machines = testing::machines(
      "2 nodes: 2 numa x 2 cpus, 4Gi each, 2 gpu, 2kW, rack r1, feed pdu1;"
      "1 node: 1 numa x 4 cpus, 2Gi each, rack r2");
  int number = 0;
  for (const auto& m : machines) {
    actions.push_back({[m](Fleet& f) { f.put(testing::profile_of(m)); }});
    for (int i = 0; i < m.nodes; ++i)
      actions.push_back({[m, name = "n" + std::to_string(++number)](Fleet& f) {
        f.put(testing::node_of(m, name));
      }});
  }
  for (const char* text : {"r1", "r2"})
    actions.push_back({[text](Fleet& f) {
      api::Rack rack;
      rack.metadata.name = text;
      rack.spec.site = "s";
      rack.spec.feeds = {"pdu1", "pdu2"};
      f.put(rack);
    }});
  for (const char* text : {"pdu1", "pdu2"})
    actions.push_back({[text](Fleet& f) {
      api::PowerDomain domain;
      domain.metadata.name = text;
      domain.spec.capacity = Quantity::of(3'000'000, Dimension::power);
      domain.spec.supplied_by = {1, {"ups"}};
      f.put(domain);
    }});
  for (const auto& [text, type, suppliers] :
       {std::tuple("ups", api::PowerDomainType::ups, std::vector<std::string>{"grid"}),
        std::tuple("grid", api::PowerDomainType::utility, std::vector<std::string>{})})
    actions.push_back({[name = std::string(text), kind = type, from = suppliers](Fleet& f) {
      api::PowerDomain domain;
      domain.metadata.name = name;
      domain.spec.type = kind;
      domain.spec.site = "s";
      domain.spec.capacity = Quantity::of(3'000'000, Dimension::power);
      domain.spec.supplied_by.domains = from;
      f.put(domain);
    }});
  actions.push_back({[](Fleet& f) {
    api::Site site;
    site.metadata.name = "s";
    site.spec.pue = 1.5;
    site.spec.jurisdiction = {"DE", "", {"EU"}};
    f.put(site);
  }});
  actions.push_back({[](Fleet& f) {
    f.occupy("a", allocation_of("n1 cpus 0, memory 0=1Gi, devices gpu1, power 300W; n2 cpus 3"));
  }});
  actions.push_back({[](Fleet& f) { f.occupy("b", allocation_of("n3 cpus 1-2, power 70W")); }});
  return actions;
}

TEST(Fleet, is_the_same_in_whatever_order_it_was_built) {
  uint64_t expected = 0;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    Random random(seed);
    std::vector<Action> actions = building_blocks();
    for (size_t i = actions.size(); i > 1; --i)
      std::swap(actions[i - 1],
                actions[static_cast<size_t>(random.in(0, static_cast<int64_t>(i) - 1))]);
    Fleet fleet;
    for (const Action& action : actions) {
      action.run(fleet);
      if (random.percent(20)) action.run(fleet);  // twice is once
    }
    if (seed == 0) expected = fleet.hash();
    ASSERT_EQ(fleet.hash(), expected) << "seed " << seed;
    ASSERT_EQ(load(fleet, "ups"), 300'000 + 70'000) << "seed " << seed;
    ASSERT_EQ(load(fleet, "grid"), 450'000 + 105'000) << "seed " << seed;
    ASSERT_EQ(fleet.find("n1")->free_cpus().to_list(), "1-3");
    ASSERT_EQ(fleet.find("n3")->free_cpus().to_list(), "0,3");
  }
}

TEST(Fleet, what_was_taken_and_given_back_leaves_no_trace) {
  Fleet fleet = fleet_of("3 nodes: 1 numa x 4 cpus, 8Gi each, 1kW, feed p");
  const uint64_t before = fleet.hash();
  fleet.occupy("a", allocation_of("n1 cpus 0, power 10W; n9 cpus 1"));
  EXPECT_NE(fleet.hash(), before);
  fleet.release("a");
  EXPECT_EQ(fleet.hash(), before);
  fleet.put(testing::node_of(testing::Machine{}, "n9"));
  fleet.remove_node("n9");
  EXPECT_EQ(fleet.hash(), before);
}

// Whoever asks `check` first never books anything twice, through forks, releases and replacements.
TEST(Fleet, checked_allocations_never_book_twice) {
  for (uint64_t seed = 0; seed < 60; ++seed) {
    Random random(seed);
    Fleet fleet = fleet_of("3 nodes: 2 numa x 4 cpus, 4Gi each, 3 gpu, 1kW");
    for (int step = 0; step < 150; ++step) {
      const std::string key = "k" + std::to_string(random.in(0, 9));
      if (random.percent(30)) {
        fleet.release(key);
        continue;
      }
      api::AllocationSpec spec;
      for (int64_t m = random.in(1, 3); m > 0; --m) {
        api::AllocatedMember& member = spec.members.emplace_back();
        member.node = "n" + std::to_string(random.in(1, 3));
        Bits cpus;
        for (int64_t n = random.in(0, 3); n > 0; --n)
          cpus.add(static_cast<size_t>(random.in(0, 7)));
        member.cpus = cpus.to_list();
        member.memory = {{random.in(0, 1), random.in(0, 2 * gib)}};
        if (random.percent(50)) member.devices = {"gpu" + std::to_string(random.in(0, 2))};
        member.power = Quantity::of(random.in(0, 300'000), Dimension::power);
      }
      const bool fits = fleet.check(spec, key).ok();
      Fleet fork = fleet.fork();
      fork.occupy(key, spec);
      ASSERT_EQ(fork.over_occupied().empty(), fits) << "seed " << seed << " step " << step;
      if (fits) fleet = std::move(fork);
    }
    fleet.release_all();
    EXPECT_EQ(fleet.hash(), fleet_of("3 nodes: 2 numa x 4 cpus, 4Gi each, 3 gpu, 1kW").hash());
  }
}

}  // namespace
}  // namespace freehold::fleet
