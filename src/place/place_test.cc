#include "place/place.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fleet/testing/fleet_of.h"
#include "place/testing/request_of.h"

namespace freehold::place {
namespace {

using fleet::testing::allocation_of;
using fleet::testing::fleet_of;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::request_of;
using ::testing::StartsWith;
using testing::text_of;

Decision decide(const fleet::Fleet& fleet, std::string_view request) {
  return place::decide(fleet, request_of(request), {});
}

// What was decided, in one text: the members, or the class of the refusal.
std::string outcome(const fleet::Fleet& fleet, std::string_view request) {
  const Decision decision = decide(fleet, request);
  if (decision.placement) return text_of(*decision.placement);
  switch (decision.refusal.cls) {
    case api::RefusalClass::none:
      return "nothing";
    case api::RefusalClass::never:
      return "never";
    case api::RefusalClass::not_now:
      return "not now";
    case api::RefusalClass::not_found_within_budget:
      return "not found";
  }
  return "";
}

std::string reasons(const fleet::Fleet& fleet, const Request& request) {
  std::string out;
  for (const auto& reason : place::decide(fleet, request, {}).refusal.reasons)
    out += std::to_string(reason.nodes) + " " + reason.message + "\n";
  return out;
}
std::string reasons(const fleet::Fleet& fleet, std::string_view request) {
  return reasons(fleet, request_of(request));
}
std::string change(const fleet::Fleet& fleet, std::string_view request) {
  return decide(fleet, request).refusal.cheapest_change;
}

// ---- inside a node

TEST(Place, one_member_goes_to_one_memory_node) {
  const auto fleet = fleet_of("1 node: 2 numa x 4 cpus, 8Gi each");
  EXPECT_EQ(outcome(fleet, "1 main: 2 cpu, 1Gi"), "main-0 on n1: cpus 0-1, 0=1Gi\n");
}

TEST(Place, a_fraction_of_a_cpu_takes_a_whole_one) {
  const auto fleet = fleet_of("1 node: 1 numa x 4 cpus, 8Gi each");
  EXPECT_EQ(outcome(fleet, "1 main: 1500m cpu, 1Gi"), "main-0 on n1: cpus 0-1, 0=1Gi\n");
}

TEST(Place, cpus_come_from_the_memory_node_of_the_device) {
  const auto fleet = fleet_of("1 node: 2 numa x 4 cpus, 8Gi each, 2 gpu");
  auto taken = fleet.fork();
  taken.occupy("a", allocation_of("n1 devices gpu0"));
  EXPECT_EQ(outcome(taken, "1 main: 2 cpu, 1Gi, 1 gpu"), "main-0 on n1: cpus 4-5, 1=1Gi, gpu1\n");
}

TEST(Place, a_member_without_devices_stays_away_from_them) {
  const auto fleet = fleet_of("1 node: 2 numa x 4 cpus, 8Gi each, 1 gpu");
  EXPECT_EQ(outcome(fleet, "1 main: 2 cpu, 1Gi"), "main-0 on n1: cpus 4-5, 1=1Gi\n");
  const auto two =
      fleet_of("1 node: 1 numa x 4 cpus, 8Gi each, 1 gpu; 1 node: 1 numa x 4 cpus, 8Gi each");
  EXPECT_THAT(outcome(two, "1 main: 2 cpu, 1Gi"), StartsWith("main-0 on n2"));
}

TEST(Place, whole_cores_come_before_parts_of_cores) {
  const auto fleet = fleet_of("1 node: 1 numa x 3 cores x 2 threads, 8Gi each");
  EXPECT_EQ(outcome(fleet, "1 main: 2 cpu, 1Gi"), "main-0 on n1: cpus 0,3, 0=1Gi\n");
  auto taken = fleet.fork();
  taken.occupy("a", allocation_of("n1 cpus 0"));
  EXPECT_EQ(outcome(taken, "1 main: 2 cpu, 1Gi"), "main-0 on n1: cpus 1,4, 0=1Gi\n");
  EXPECT_EQ(outcome(taken, "1 main: 1 cpu, 1Gi"), "main-0 on n1: cpus 3, 0=1Gi\n")
      << "the core that is broken already";
  EXPECT_EQ(outcome(taken, "1 main: 5 cpu, 1Gi"), "main-0 on n1: cpus 1-5, 0=1Gi\n");
}

TEST(Place, memory_may_be_split_unless_it_is_aligned) {
  const auto fleet = fleet_of("1 node: 2 numa x 4 cpus, 8Gi each");
  EXPECT_EQ(outcome(fleet, "1 main: 2 cpu, 10Gi"), "main-0 on n1: cpus 0-1, 0=8Gi, 1=2Gi\n");
  EXPECT_EQ(outcome(fleet, "1 main: 2 cpu, 10Gi, align memory numa-node"), "never");
  EXPECT_EQ(outcome(fleet, "1 main: 5 cpu, 1Gi, align cpu numa-node"), "never");
  EXPECT_EQ(outcome(fleet_of("1 node: 2 numa x 4 cpus, 8Gi each, 1 packages"),
                    "1 main: 5 cpu, 10Gi, align cpu+memory package"),
            "main-0 on n1: cpus 0-4, 0=8Gi, 1=2Gi\n");
}

TEST(Place, devices_are_aligned_with_one_another_and_with_cpus) {
  const auto fleet = fleet_of("1 node: 2 numa x 4 cpus, 8Gi each, 4 gpu, 2 rdma-nic");
  auto taken = fleet.fork();
  taken.occupy("a", allocation_of("n1 devices gpu0"));
  EXPECT_EQ(
      outcome(taken, "1 main: 1 cpu, 1Gi, 2 gpu, 1 rdma-nic, align gpu+rdma-nic+cpu numa-node"),
      "main-0 on n1: cpus 4, 1=1Gi, gpu2, gpu3, rdma-nic1\n");
  EXPECT_EQ(outcome(taken, "1 main: 1 cpu, 1Gi, 3 gpu, align gpu numa-node"), "never");
  EXPECT_EQ(outcome(taken, "1 main: 1 cpu, 1Gi, 2 gpu, align gpu pcie-root"),
            "main-0 on n1: cpus 4, 1=1Gi, gpu2, gpu3\n");
  EXPECT_EQ(outcome(fleet_of("1 node: 1 numa x 4 cpus, 8Gi each, 2 gpu, roots apart"),
                    "1 main: 1 cpu, 1Gi, 2 gpu, align gpu pcie-root"),
            "never");
}

TEST(Place, an_unaligned_member_makes_room_for_an_aligned_one) {
  const auto fleet = fleet_of("1 node: 2 numa x 4 cpus, 8Gi each");
  // Drawn together, `free` would take the memory node that `tight` needs.
  EXPECT_EQ(outcome(fleet, "1 free: 4 cpu, 9Gi; 1 tight: 4 cpu, 7Gi, align cpu+memory numa-node"),
            "free-0 on n1: cpus 4-7, 0=1Gi, 1=8Gi\ntight-0 on n1: cpus 0-3, 0=7Gi\n");
}

TEST(Place, devices_must_be_what_is_asked_for) {
  auto fleet = fleet_of("1 node: 1 numa x 4 cpus, 8Gi each, 1 gpu T4 16GB, 1 gpu H100 80GB");
  fleet.put([] {
    api::DeviceModel model;
    model.metadata.name = "h100-sxm";
    model.spec.model = "H100-SXM";
    model.spec.matches = {"H100"};
    return model;
  }());
  const std::string first = "main-0 on n1: cpus 0, 0=1Gi, gpu0\n";
  EXPECT_EQ(outcome(fleet, "1 main: 1 cpu, 1Gi, 1 gpu"), first) << "the smallest that will do";
  EXPECT_EQ(outcome(fleet, "1 main: 1 cpu, 1Gi, 1 gpu t4"), first);
  EXPECT_EQ(outcome(fleet, "1 main: 1 cpu, 1Gi, 1 gpu >=81GB"), "never");
  EXPECT_EQ(outcome(fleet, "1 main: 1 cpu, 1Gi, 1 gpu A100"), "never");
}

// ---- which nodes

TEST(Place, the_tightest_node_is_taken_and_the_first_by_name_among_equals) {
  const auto fleet =
      fleet_of("2 nodes: 1 numa x 8 cpus, 8Gi each; 2 nodes: 1 numa x 4 cpus, 8Gi each");
  EXPECT_THAT(outcome(fleet, "1 main: 4 cpu, 1Gi"), StartsWith("main-0 on n3"));
  EXPECT_THAT(outcome(fleet, "1 main: 8 cpu, 1Gi"), StartsWith("main-0 on n1"));
}

TEST(Place, nodes_that_take_no_work_are_left_out) {
  const auto fleet = fleet_of(
      "1 node: 1 numa x 4 cpus, 8Gi each, not ready; 1 node: 1 numa x 4 cpus, 8Gi each, cordoned;"
      "1 node: 1 numa x 4 cpus, 8Gi each");
  EXPECT_THAT(outcome(fleet, "1 main: 4 cpu, 1Gi"), StartsWith("main-0 on n3"));
  Request request = request_of("1 main: 4 cpu, 1Gi");
  request.avoid_nodes = {"n3"};
  EXPECT_EQ(
      reasons(fleet, request),
      "1 ready: 1 of 3 nodes must be left out: each is not schedulable\n"
      "1 ready: 1 of 3 nodes must be left out: each is not ready\n"
      "1 avoidNodes: 1 of 3 nodes are to be avoided, because they failed this contract before\n");
  EXPECT_EQ(place::decide(fleet, request, {}).refusal.cls, api::RefusalClass::not_now)
      << "the others may become ready";
}

TEST(Place, labels_and_sites_choose_nodes) {
  const auto fleet = fleet_of(
      "1 node: 1 numa x 4 cpus, 8Gi each, site fra; 1 node: 1 numa x 4 cpus, 8Gi each, site ber, "
      "label a=b");
  Request request = request_of("1 main: 1 cpu, 1Gi");
  request.spec.where.sites = {"ber"};
  EXPECT_EQ(place::decide(fleet, request, {}).placement->members[0].node, "n2");
  request.spec.where.sites = {"fra"};
  EXPECT_EQ(place::decide(fleet, request, {}).placement->members[0].node, "n1");
  request.spec.where.node_labels = {{"a", "b"}};
  EXPECT_THAT(reasons(fleet, request), HasSubstr("where.nodeLabels: 1 of 2 nodes lack a label"));
  request.spec.where.sites = {};
  EXPECT_EQ(place::decide(fleet, request, {}).placement->members[0].node, "n2");
}

TEST(Place, the_law_of_the_site_must_be_asked_for_by_name) {
  auto fleet = fleet_of(
      "1 node: 1 numa x 4 cpus, 8Gi each, site iad; 1 node: 1 numa x 4 cpus, 8Gi each, site fra");
  Request request = request_of("1 main: 1 cpu, 1Gi");
  request.spec.sovereignty.jurisdictions = {"EU"};
  const Decision unknown = place::decide(fleet, request, {});
  EXPECT_EQ(unknown.refusal.cls, api::RefusalClass::never)
      << "an unknown site is under no known law";
  EXPECT_THAT(unknown.refusal.reasons[0].message, HasSubstr("one of the jurisdictions EU"));
  EXPECT_THAT(unknown.refusal.cheapest_change, Not(HasSubstr("urisdiction")));
  api::Site site;
  site.metadata.name = "fra";
  site.spec.jurisdiction = {"DE", "", {"EU", "GDPR"}};
  fleet.put(site);
  site.metadata.name = "iad";
  site.spec.jurisdiction = {"US", "", {}};
  fleet.put(site);
  EXPECT_EQ(place::decide(fleet, request, {}).placement->members[0].node, "n2");
  request.spec.sovereignty.jurisdictions = {"us"};
  EXPECT_EQ(place::decide(fleet, request, {}).placement->members[0].node, "n1");
}

// ---- gangs

TEST(Place, a_gang_is_placed_whole_or_not_at_all) {
  const auto fleet = fleet_of("2 nodes: 1 numa x 4 cpus, 8Gi each");
  EXPECT_EQ(outcome(fleet, "4 main: 2 cpu, 2Gi"),
            "main-0 on n1: cpus 0-1, 0=2Gi\nmain-1 on n1: cpus 2-3, 0=2Gi\n"
            "main-2 on n2: cpus 0-1, 0=2Gi\nmain-3 on n2: cpus 2-3, 0=2Gi\n");
  EXPECT_EQ(outcome(fleet, "5 main: 2 cpu, 2Gi"), "never");
  EXPECT_EQ(outcome(fleet, "2 a: 3 cpu, 1Gi; 2 b: 1 cpu, 7Gi"),
            "a-0 on n1: cpus 0-2, 0=1Gi\na-1 on n2: cpus 0-2, 0=1Gi\n"
            "b-0 on n1: cpus 3, 0=7Gi\nb-1 on n2: cpus 3, 0=7Gi\n");
}

TEST(Place, best_fit_turns_back_when_it_must) {
  // Best fit puts `a` on the node that only just holds it; then `b` finds no room. The other way
  // round works.
  const auto fleet =
      fleet_of("1 node: 1 numa x 6 cpus, 8Gi each; 1 node: 1 numa x 5 cpus, 16Gi each");
  EXPECT_EQ(
      outcome(fleet, "2 a: 3 cpu, 4Gi; 1 b: 5 cpu, 16Gi"),
      "a-0 on n1: cpus 0-2, 0=4Gi\na-1 on n1: cpus 3-5, 0=4Gi\nb-0 on n2: cpus 0-4, 0=16Gi\n");
}

TEST(Place, members_stay_apart) {
  const auto fleet = fleet_of(
      "2 nodes: 1 numa x 4 cpus, 8Gi each, rack r1; 1 node: 1 numa x 4 cpus, 8Gi each, rack r2;"
      "2 nodes: 1 numa x 4 cpus, 8Gi each");
  EXPECT_EQ(
      outcome(fleet, "5 main: 1 cpu, 1Gi, apart node"),
      "main-0 on n1: cpus 0, 0=1Gi\nmain-1 on n2: cpus 0, 0=1Gi\nmain-2 on n3: cpus 0, 0=1Gi\n"
      "main-3 on n4: cpus 0, 0=1Gi\nmain-4 on n5: cpus 0, 0=1Gi\n");
  EXPECT_EQ(outcome(fleet, "6 main: 1 cpu, 1Gi, apart node"), "never");
  EXPECT_EQ(
      outcome(fleet, "3 main: 1 cpu, 1Gi, apart rack"),
      "main-0 on n1: cpus 0, 0=1Gi\nmain-1 on n3: cpus 0, 0=1Gi\nmain-2 on n4: cpus 0, 0=1Gi\n");
  EXPECT_EQ(outcome(fleet, "4 main: 1 cpu, 1Gi, apart rack"), "never")
      << "two nodes of unknown rack may share one";
}

TEST(Place, members_stay_together) {
  const auto fleet = fleet_of(
      "2 nodes: 1 numa x 4 cpus, 8Gi each, rack r1; 3 nodes: 1 numa x 4 cpus, 8Gi each, rack r2");
  EXPECT_EQ(outcome(fleet, "2 main: 4 cpu, 1Gi, together rack"),
            "main-0 on n1: cpus 0-3, 0=1Gi\nmain-1 on n2: cpus 0-3, 0=1Gi\n")
      << "the tightest rack that is wide enough";
  EXPECT_EQ(outcome(fleet, "3 main: 4 cpu, 1Gi, together rack"),
            "main-0 on n3: cpus 0-3, 0=1Gi\nmain-1 on n4: cpus 0-3, 0=1Gi\nmain-2 on n5: cpus 0-3, "
            "0=1Gi\n");
  EXPECT_EQ(outcome(fleet, "4 main: 4 cpu, 1Gi, together rack"), "never");
  EXPECT_EQ(outcome(fleet, "2 main: 3 cpu, 1Gi, together node"), "never");
  EXPECT_EQ(outcome(fleet, "2 main: 2 cpu, 1Gi, together node"),
            "main-0 on n1: cpus 0-1, 0=1Gi\nmain-1 on n1: cpus 2-3, 0=1Gi\n");
}

TEST(Place, wishes_are_kept_where_they_can_be) {
  const auto fleet = fleet_of(
      "2 nodes: 1 numa x 4 cpus, 8Gi each, rack r1; 3 nodes: 1 numa x 4 cpus, 8Gi each, rack r2");
  EXPECT_EQ(outcome(fleet, "3 main: 4 cpu, 1Gi, together rack preferred"),
            outcome(fleet, "3 main: 4 cpu, 1Gi, together rack"));
  EXPECT_EQ(outcome(fleet, "4 main: 4 cpu, 1Gi, together rack preferred"),
            "main-0 on n1: cpus 0-3, 0=1Gi\nmain-1 on n3: cpus 0-3, 0=1Gi\n"
            "main-2 on n4: cpus 0-3, 0=1Gi\nmain-3 on n5: cpus 0-3, 0=1Gi\n")
      << "the roomiest rack in full, then the next";
  EXPECT_EQ(outcome(fleet, "2 main: 1 cpu, 1Gi, apart rack preferred"),
            "main-0 on n1: cpus 0, 0=1Gi\nmain-1 on n3: cpus 0, 0=1Gi\n");
  EXPECT_EQ(outcome(fleet, "3 main: 1 cpu, 1Gi, together node preferred, apart node preferred"),
            outcome(fleet, "3 main: 1 cpu, 1Gi, together node"))
      << "where two wishes exclude each other, the first one counts";
}

TEST(Place, watts_bind_on_nodes_and_domains) {
  auto fleet = fleet_of(
      "2 nodes: 1 numa x 8 cpus, 8Gi each, 1kW, feed a; 1 node: 1 numa x 8 cpus, 8Gi each, 1kW, "
      "feed b");
  api::PowerDomain domain;
  domain.metadata.name = "a";
  domain.spec.capacity = *Quantity::parse("1200W", Dimension::power);
  fleet.put(domain);
  EXPECT_EQ(outcome(fleet, "4 main: 1 cpu, 1Gi, 500W"),
            "main-0 on n1: cpus 0, 0=1Gi\nmain-1 on n1: cpus 1, 0=1Gi\n"
            "main-2 on n3: cpus 0, 0=1Gi\nmain-3 on n3: cpus 1, 0=1Gi\n");
  EXPECT_EQ(outcome(fleet, "5 main: 1 cpu, 1Gi, 500W"), "never");
  EXPECT_THAT(reasons(fleet, "5 main: 1 cpu, 1Gi, 500W"), HasSubstr("power domains behind them"));
  EXPECT_THAT(change(fleet, "5 main: 1 cpu, 1Gi, 500W"),
              HasSubstr("count: 4 instead of 5 members"));
}

TEST(Place, watts_of_a_utility_bind_with_the_overhead_of_its_site) {
  auto fleet = fleet_of("2 nodes: 1 numa x 8 cpus, 8Gi each, 1kW, feed a");
  api::PowerDomain domain;
  domain.metadata.name = "a";
  domain.spec.type = api::PowerDomainType::utility;
  domain.spec.site = "s";
  domain.spec.capacity = *Quantity::parse("1200W", Dimension::power);
  fleet.put(domain);
  EXPECT_THAT(outcome(fleet, "2 main: 1 cpu, 1Gi, 500W"), HasSubstr("main-1"));
  api::Site site;
  site.metadata.name = "s";
  site.spec.pue = 1.5;
  fleet.put(site);
  EXPECT_EQ(outcome(fleet, "2 main: 1 cpu, 1Gi, 500W"), "never") << "1 kW is 1.5 kW there";
  EXPECT_THAT(outcome(fleet, "1 main: 1 cpu, 1Gi, 500W"), HasSubstr("main-0"));
}

TEST(Place, watts_need_somebody_who_promises_them) {
  const auto fleet = fleet_of("1 node: 1 numa x 8 cpus, 8Gi each");
  EXPECT_THAT(reasons(fleet, "1 main: 1 cpu, 1Gi, 1W"),
              HasSubstr("what they may draw is not known"));
}

// ---- members that stay

TEST(Place, members_that_stay_come_back_and_count) {
  auto fleet = fleet_of("3 nodes: 1 numa x 4 cpus, 8Gi each");
  Request request = request_of("3 main: 1 cpu, 1Gi, apart node");
  const Decision first = place::decide(fleet, request, {});
  ASSERT_TRUE(first.placement);
  fleet.occupy("alloc", to_allocations(*first.placement, "c", "o")[0]);
  request.avoid_nodes = {"n2"};
  request.kept = {first.placement->members[0], first.placement->members[2]};
  EXPECT_EQ(place::decide(fleet, request, {}).refusal.cls, api::RefusalClass::never)
      << "n1 and n3 carry a member that stays, and n2 is to be avoided";
  fleet.put(fleet::testing::node_of(
      fleet::testing::machines("1 node: 1 numa x 4 cpus, 8Gi each")[0], "n4"));
  const Decision second = place::decide(fleet, request, {});
  ASSERT_TRUE(second.placement);
  EXPECT_EQ(
      text_of(*second.placement),
      "main-0 on n1: cpus 0, 0=1Gi\nmain-1 on n4: cpus 0, 0=1Gi\nmain-2 on n3: cpus 0, 0=1Gi\n");
  EXPECT_TRUE(fleet.check(to_allocations(*second.placement, "c", "o")[0], "alloc").ok());
}

TEST(Place, together_means_with_those_that_stay) {
  auto fleet = fleet_of(
      "2 nodes: 1 numa x 4 cpus, 8Gi each, rack r1; 2 nodes: 1 numa x 4 cpus, 8Gi each, rack r2");
  Request request = request_of("2 main: 4 cpu, 1Gi, together rack");
  request.kept = {allocation_of("n4 cpus 0-3, memory 0=1Gi").members[0]};
  fleet.occupy("alloc", allocation_of("n4 cpus 0-3, memory 0=1Gi"));
  EXPECT_EQ(text_of(*place::decide(fleet, request, {}).placement),
            "main-0 on n4: cpus 0-3, 0=1Gi\nmain-1 on n3: cpus 0-3, 0=1Gi\n");
}

// ---- refusals

TEST(Place, a_refusal_says_how_firm_it_is) {
  auto fleet = fleet_of("1 node: 1 numa x 8 cpus, 8Gi each");
  EXPECT_EQ(outcome(fleet, "1 main: 9 cpu, 1Gi"), "never");
  fleet.occupy("secret", allocation_of("n1 cpus 0-3"));
  EXPECT_EQ(outcome(fleet, "1 main: 8 cpu, 1Gi"), "not now");
  EXPECT_EQ(outcome(fleet, "1 main: 9 cpu, 1Gi"), "never");
  const Decision decision = decide(fleet, "1 main: 8 cpu, 1Gi");
  EXPECT_EQ(decision.refusal.message,
            "it does not fit now; it would when others end: cpu: 1 of 1 nodes have fewer than 8 "
            "CPUs free;"
            " the most is 4 of 8");
  EXPECT_THAT(decision.refusal.message, Not(HasSubstr("secret")));
  Options options;
  options.budget_steps = 0;
  EXPECT_EQ(place::decide(fleet, request_of("1 main: 8 cpu, 1Gi"), options).refusal.cls,
            api::RefusalClass::not_found_within_budget);
}

TEST(Place, an_unhealthy_device_may_heal) {
  auto fleet = fleet_of("1 node: 1 numa x 8 cpus, 8Gi each, 2 gpu");
  auto node = fleet::testing::node_of(
      fleet::testing::machines("1 node: 1 numa x 8 cpus, 8Gi each, 2 gpu")[0], "n1");
  node.status.allocatable.devices = {"gpu0"};
  fleet.put(node);
  const Decision decision = decide(fleet, "1 main: 1 cpu, 1Gi, 2 gpu");
  EXPECT_EQ(decision.refusal.cls, api::RefusalClass::not_now);
  EXPECT_THAT(decision.refusal.message, HasSubstr("ready and whole"));
}

TEST(Place, reasons_count_the_nodes_that_each_constraint_rules_out) {
  auto fleet = fleet_of(
      "2 nodes: 1 numa x 8 cpus, 8Gi each; 1 node: 1 numa x 32 cpus, 4Gi each, 4 gpu H100 80GB");
  fleet.occupy("a", allocation_of("n3 devices gpu0 gpu1"));
  EXPECT_EQ(reasons(fleet, "1 main: 16 cpu, 8Gi, 4 gpu"),
            "3 gpu: 0 of 3 nodes have 4 gpu free; the most is 2\n"
            "2 cpu: 2 of 3 nodes have fewer than 16 CPUs free; the most is 32 of 32\n"
            "1 memory: 1 of 3 nodes have less than 8Gi free; the most is 8Gi of 8Gi\n");
  EXPECT_EQ(reasons(fleet_of("1 node: 1 numa x 8 cpus, 8Gi each"), "1 main: 1 cpu, 1Gi, 1 gpu"),
            "1 gpu: 0 of 1 nodes have a gpu\n");
  EXPECT_EQ(reasons(fleet::Fleet(), "1 main: 1 cpu, 1Gi"), "0 there are no nodes\n");
}

TEST(Place, reasons_say_what_the_gang_lacks) {
  const auto fleet = fleet_of(
      "2 nodes: 1 numa x 4 cpus, 8Gi each, rack r1; 1 node: 1 numa x 4 cpus, 8Gi each, rack r2");
  EXPECT_EQ(reasons(fleet, "5 main: 3 cpu, 1Gi"), "0 count: there is room for 3 of 5 members\n");
  EXPECT_EQ(reasons(fleet, "3 main: 1 cpu, 1Gi, apart rack"),
            "0 apart: 3 members need as many different racks, and 2 have room for one\n");
  EXPECT_EQ(reasons(fleet, "3 main: 4 cpu, 1Gi, together rack"),
            "0 together: no rack has room for 3 members; the most is 2 in r1\n");
  EXPECT_EQ(reasons(fleet, "2 a: 3 cpu, 1Gi; 3 b: 2 cpu, 1Gi"),
            "0 roles: each role would fit alone, but not all of them together\n");
  EXPECT_EQ(reasons(fleet, "1 a: 1 cpu, 1Gi; 1 b: 5 cpu, 1Gi"),
            "3 cpu: 3 of 3 nodes have fewer than 5 CPUs free for role b; the most is 4 of 4\n");
}

TEST(Place, the_cheapest_change_is_named) {
  auto fleet = fleet_of("1 node: 1 numa x 8 cpus, 8Gi each");
  fleet.occupy("a", allocation_of("n1 cpus 0-1"));
  EXPECT_EQ(change(fleet, "1 decode: 16 cpu, 1Gi"),
            "cpu: 6 instead of 16 per member of role decode would fit now");
  EXPECT_EQ(change(fleet, "1 main: 1 cpu, 10Gi"),
            "memory: 8Gi instead of 10Gi per member would fit now");
  EXPECT_EQ(change(fleet, "4 main: 2 cpu, 1Gi"),
            "count: 3 instead of 4 members of role main would fit now");
  EXPECT_EQ(change(fleet, "2 main: 1 cpu, 1Gi, apart node"),
            "role main with apart across node preferred instead of required would fit now");
  EXPECT_EQ(
      change(fleet, "1 main: 16 cpu, 16Gi"),
      "memory: 8Gi instead of 16Gi per member and cpu: 6 instead of 16 per member would fit now");
}

TEST(Place, an_own_contract_that_ends_may_be_the_cheapest_change) {
  auto fleet = fleet_of("1 node: 1 numa x 8 cpus, 8Gi each");
  fleet.occupy("mine", allocation_of("n1 cpus 0-6"));
  Request request = request_of("1 main: 8 cpu, 1Gi");
  request.own = {{"batch", {"mine"}, Time{1'700'000'000'000'000}}};
  EXPECT_EQ(place::decide(fleet, request, {}).refusal.cheapest_change,
            "it would fit once your contract batch ends, which is at 2023-11-14T22:13:20Z");
}

TEST(Place, what_cannot_be_had_must_be_bought_or_dropped) {
  const auto fleet = fleet_of("1 node: 1 numa x 8 cpus, 8Gi each");
  EXPECT_EQ(change(fleet, "1 main: 2 cpu, 1Gi, 8 gpu H100 >=80GB"),
            "add a node with 8 gpu (H100, >=80GB), 2 CPUs and 1Gi: none of the 1 known nodes is "
            "like that; "
            "or drop devices[gpu]: the rest would fit now on node n1");
  EXPECT_EQ(change(fleet::Fleet(), "1 main: 2 cpu, 1Gi"), "add a node with 2 CPUs and 1Gi");
}

TEST(Place, more_nodes_of_a_known_kind_may_be_what_is_missing) {
  auto fleet = fleet_of("1 node: 1 numa x 8 cpus, 8Gi each, 8 gpu");
  fleet.occupy("a", allocation_of("n1 devices gpu0 gpu1 gpu2 gpu3 gpu4 gpu5 gpu6 gpu7"));
  EXPECT_EQ(change(fleet, "1 main: 1 cpu, 1Gi, 8 gpu"),
            "add 1 node like n1; or drop devices[gpu]: the rest would fit now on node n1");
}

TEST(Place, nodes_that_only_take_no_new_work_may_be_what_is_missing) {
  const auto fleet = fleet_of(
      "3 nodes: 1 numa x 8 cpus, 8Gi each, cordoned; 1 node: 1 numa x 2 cpus, 8Gi each; 1 node: 1 "
      "numa x 8 cpus, 8Gi each, cordoned, not ready");
  EXPECT_THAT(change(fleet, "1 main: 8 cpu, 1Gi"),
              ::testing::MatchesRegex("set spec.schedulable: true on node n.: it would fit now"));
  EXPECT_THAT(
      change(fleet, "2 main: 8 cpu, 1Gi, apart node"),
      ::testing::MatchesRegex("set spec.schedulable: true on nodes n., n.: it would fit now"));
  EXPECT_THAT(change(fleet, "4 main: 8 cpu, 1Gi"), Not(HasSubstr("schedulable")));
  EXPECT_EQ(change(fleet, "1 main: 3 cpu, 1Gi"), "cpu: 2 instead of 3 per member would fit now")
      << "less is asked of others that way";
}

TEST(Place, a_jurisdiction_that_would_do_is_named_beside_what_leaves_the_law_alone) {
  auto fleet = fleet_of(
      "1 node: 1 numa x 2 cpus, 8Gi each, site fra; 1 node: 1 numa x 8 cpus, 8Gi each, site iad");
  api::Site site;
  site.metadata.name = "fra";
  site.spec.jurisdiction = {"DE", "", {"EU"}};
  fleet.put(site);
  site.metadata.name = "iad";
  site.spec.jurisdiction = {"US", "", {}};
  fleet.put(site);
  Request request = request_of("1 main: 1 cpu, 1Gi");
  const auto named = [&] { return place::decide(fleet, request, {}).refusal.cheapest_change; };
  request.spec.sovereignty.jurisdictions = {"FR"};
  EXPECT_THAT(named(), ::testing::EndsWith("; or add jurisdiction DE to "
                                           "spec.sovereignty.jurisdictions: it would fit now on "
                                           "node n1"));
  EXPECT_THAT(named(), StartsWith("add a node with 1 CPU and 1Gi"));
  request = request_of("1 main: 4 cpu, 1Gi");
  request.spec.sovereignty.jurisdictions = {"EU"};
  EXPECT_EQ(named(), "cpu: 2 instead of 4 per member would fit now");
}

// ---- the engine

TEST(Place, what_it_cannot_honour_is_refused_by_name) {
  const auto fleet = fleet_of("1 node: 1 numa x 8 cpus, 8Gi each");
  Request request = request_of("1 main: 1 cpu, 1Gi");
  request.spec.isolation = api::Isolation::l3;
  EXPECT_EQ(place::decide(fleet, request, {}).refusal.message,
            "isolation above L1 is not honoured yet");
  request = request_of("1 main: 1 cpu, 1Gi, together leaf");
  EXPECT_EQ(place::decide(fleet, request, {}).refusal.cls, api::RefusalClass::never);
  request = request_of("1 main: 1 cpu, 1Gi");
  request.spec.roles.clear();
  EXPECT_EQ(place::decide(fleet, request, {}).refusal.message, "no role is asked for");
}

TEST(Place, the_same_input_has_the_same_digest) {
  const auto fleet = fleet_of("2 nodes: 1 numa x 8 cpus, 8Gi each");
  const Decision a = decide(fleet, "1 main: 1 cpu, 1Gi"), b = decide(fleet, "1 main: 1 cpu, 1Gi");
  EXPECT_EQ(a.digest, b.digest);
  EXPECT_EQ(a.digest.size(), 32u);
  EXPECT_NE(a.digest, decide(fleet, "1 main: 2 cpu, 1Gi").digest);
  auto other = fleet.fork();
  other.occupy("a", allocation_of("n2 cpus 0"));
  EXPECT_NE(a.digest, decide(other, "1 main: 1 cpu, 1Gi").digest);
}

TEST(Place, large_gangs_become_several_allocations) {
  const auto fleet = fleet_of("20 nodes: 1 numa x 8 cpus, 8Gi each");
  const Decision decision = decide(fleet, "150 main: 1 cpu, 1Gi");
  ASSERT_TRUE(decision.placement);
  const auto specs = to_allocations(*decision.placement, "c", "o");
  ASSERT_EQ(specs.size(), 3u);
  EXPECT_EQ(specs[0].members.size(), 64u);
  EXPECT_EQ(specs[2].members.size(), 22u);
  EXPECT_EQ(specs[2].contract, "c");
  auto fork = fleet.fork();
  for (size_t i = 0; i < specs.size(); ++i) {
    EXPECT_TRUE(fork.check(specs[i]).ok());
    fork.occupy(std::to_string(i), specs[i]);
  }
}

TEST(Place, a_hostile_request_costs_its_budget_and_no_more) {
  const auto fleet = fleet_of("6 nodes: 4 numa x 8 cpus, 8Gi each, 8 gpu, rack r1");
  Request request = request_of(
      "40 a: 3 cpu, 3Gi, align cpu+memory numa-node; 30 b: 2 cpu, 1Gi, 1 gpu, align gpu+cpu "
      "numa-node");
  for (int i = 0; i < 14; ++i) {
    request.spec.roles.push_back(request.spec.roles[static_cast<size_t>(i % 2)]);
    request.spec.roles.back().name += std::to_string(i);
  }
  Options options;
  options.budget_steps = 2'000;
  const Decision decision = place::decide(fleet, request, options);
  EXPECT_FALSE(decision.placement);
  EXPECT_LT(decision.steps, 4 * options.budget_steps);
  request.spec.roles.resize(1);
  request.spec.roles[0].each.memory = Quantity::of(INT64_MAX, Dimension::bytes);
  EXPECT_EQ(place::decide(fleet, request, options).refusal.cls, api::RefusalClass::never);
}

}  // namespace
}  // namespace freehold::place
