#include "control/power/power.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/testing/world.h"
#include "fleet/testing/grid_of.h"

namespace freehold::control {
namespace {

using ::testing::HasSubstr;
using testing::World;

struct Power : ::testing::Test {
  void build(std::string_view grid) {
    for (const api::Object& object : fleet::testing::grid_of(grid).objects) {
      if (const auto* domain = object.as<api::PowerDomain>()) world.create(*domain);
      if (const auto* rack = object.as<api::Rack>()) world.create(*rack);
      if (const auto* node = object.as<api::Node>()) world.create(*node);
    }
    world.pass(seconds(1));
  }
  const api::PowerDomain& domain(std::string_view name) {
    return *world.get<api::PowerDomain>({}, name);
  }
  const api::Condition& condition(std::string_view name) {
    const auto* found = api::find_condition(domain(name).status.conditions, "WithinCapacity");
    CHECK(found != nullptr, name);
    return *found;
  }
  void draw(std::string_view node, std::string_view watts) {
    world.edit<api::Node>({}, node, [&](api::Node& n) {
      n.status.power.measured = Quantity::parse(watts, Dimension::power).value();
    });
  }
  World world;
};

TEST_F(Power, a_domain_says_what_it_carries_and_what_is_left_with_a_failure) {
  build("pdu a 10kW; pdu b 10kW; rack r on a b; node n in r draws 6kW");
  EXPECT_EQ(domain("a").status.load.text(), "3kW");
  EXPECT_EQ(domain("a").status.headroom.text(), "4kW");
  EXPECT_EQ(domain("a").status.basis, api::PowerBasis::measured);
  EXPECT_EQ(condition("a").status, api::ConditionStatus::true_);
  EXPECT_EQ(condition("a").message, "carries at most 6kW of 10kW if b fails");
}

TEST_F(Power, a_failure_that_would_overload_a_domain_is_told_with_its_remedy) {
  build("pdu a 5kW; pdu b 5kW; rack r on a b; node n in r draws 6kW");
  EXPECT_EQ(condition("a").status, api::ConditionStatus::false_);
  EXPECT_EQ(condition("a").reason, "FailureOverloads");
  EXPECT_THAT(condition("a").message, HasSubstr("if b failed; move or cap machines"));
  draw("n", "11kW");
  world.pass(seconds(40));
  EXPECT_EQ(condition("a").reason, "Overloaded");
}

TEST_F(Power, small_changes_and_frequent_ones_leave_the_object_alone) {
  build("pdu a 100kW; node n draws 50kW on a");
  const std::string before = domain("a").metadata.resource_version;
  draw("n", "51kW");
  world.pass(seconds(120));
  EXPECT_EQ(domain("a").metadata.resource_version, before) << "one percent of the capacity";
  draw("n", "60kW");
  world.pass(seconds(5));
  EXPECT_EQ(domain("a").metadata.resource_version, before) << "within the interval";
  world.pass(seconds(35));
  EXPECT_EQ(domain("a").status.load.text(), "60kW");
}

TEST_F(Power, what_rounding_adds_to_the_parts_of_a_load_is_no_overload) {
  build(
      "ups u 10kW; pdu a 20kW from u; pdu b 20kW from u; pdu c 20kW from u; rack r on a b c;"
      "node n in r draws 10kW");
  EXPECT_GT(domain("u").status.load.value(), 10'000'000);
  EXPECT_EQ(condition("u").status, api::ConditionStatus::true_) << condition("u").message;
}

TEST_F(Power, what_is_built_counts_at_once) {
  build("pdu a 10kW; pdu b 10kW; rack r on a; node n in r draws 6kW");
  world.edit<api::Rack>({}, "r", [](api::Rack& rack) { rack.spec.feeds = {"b"}; });
  world.pass(seconds(1));
  EXPECT_EQ(domain("a").status.load.value(), 0);
  EXPECT_EQ(domain("b").status.load.text(), "6kW");
}

TEST_F(Power, a_meter_that_shows_more_than_the_machines_counts) {
  build("ups u 90kW; pdu a 20kW from u; pdu b 20kW from u; node n draws 2kW on a");
  const auto meter = [&](std::string_view name, std::string_view watts) {
    world.edit<api::PowerDomain>({}, name, [&](api::PowerDomain& d) {
      d.status.meter = {Quantity::parse(watts, Dimension::power).value(), "redfish", {}};
    });
  };
  meter("a", "1kW");
  meter("b", "6438W");
  world.pass(seconds(40));
  EXPECT_EQ(domain("a").status.load.text(), "2kW") << "the larger of the two";
  EXPECT_EQ(domain("b").status.load.value(), 6'438'000);
  EXPECT_EQ(domain("b").status.basis, api::PowerBasis::measured);
  EXPECT_EQ(domain("b").status.meter.measured.text(), "6438W");
  EXPECT_EQ(condition("b").status, api::ConditionStatus::unknown);
  EXPECT_THAT(condition("b").message, HasSubstr("no machine is known to hang on it"));
  EXPECT_EQ(domain("u").status.load.value(), 8'438'000) << "what is behind it carries it, too";
  meter("b", "21kW");
  world.pass(seconds(40));
  EXPECT_EQ(condition("b").reason, "Overloaded");
}

TEST_F(Power, what_a_meter_said_long_ago_does_not_count_as_now) {
  build("ups u 90kW; pdu a 20kW from u; pdu b 20kW from u; node n draws 2kW on a");
  const auto read = [&](Time at) {
    world.edit<api::PowerDomain>({}, "a", [&](api::PowerDomain& d) {
      d.status.meter = {Quantity::parse("6kW", Dimension::power).value(), "redfish", at};
    });
  };
  read(world.runtime.now());
  world.pass(minutes(14));
  EXPECT_EQ(domain("a").status.load.text(), "6kW");
  EXPECT_EQ(condition("a").status, api::ConditionStatus::true_);
  world.pass(minutes(2));
  EXPECT_EQ(domain("a").status.load.text(), "2kW") << "what is known without the meter";
  EXPECT_EQ(condition("a").reason, "MeterTooOld");
  EXPECT_EQ(condition("a").status, api::ConditionStatus::unknown);
  EXPECT_THAT(condition("u").message, HasSubstr("what the meter of a said at "));
  EXPECT_EQ(domain("a").status.meter.measured.text(), "6kW") << "it stays what it said";
  read(world.runtime.now());
  world.pass(seconds(40));
  EXPECT_EQ(domain("a").status.load.text(), "6kW");
  EXPECT_EQ(condition("u").status, api::ConditionStatus::true_);
}

TEST_F(Power, a_domain_that_nothing_is_known_to_hang_on_is_unknown) {
  build("pdu a 10kW");
  EXPECT_EQ(condition("a").status, api::ConditionStatus::unknown);
  EXPECT_EQ(domain("a").status.basis, api::PowerBasis::unknown);
  EXPECT_FALSE(domain("a").status.load.is_set());
  const std::string before = domain("a").metadata.resource_version;
  world.pass(seconds(120));
  EXPECT_EQ(domain("a").metadata.resource_version, before);
}

TEST_F(Power, machines_of_which_no_watts_are_known_make_the_verdict_unknown) {
  build("pdu a 10kW; node n on a; node m draws 2kW on a");
  EXPECT_EQ(condition("a").status, api::ConditionStatus::unknown);
  EXPECT_EQ(condition("a").reason, "WattsUnknown");
  EXPECT_EQ(domain("a").status.basis, api::PowerBasis::unknown);
}

TEST_F(Power, contracts_count_where_there_is_no_meter) {
  build("pdu a 10kW; node n plate 9kW on a");
  EXPECT_EQ(domain("a").status.basis, api::PowerBasis::nameplate);
  api::Namespace ns;
  ns.metadata.name = "a";
  world.create(std::move(ns));
  api::Allocation allocation;
  allocation.metadata.ns = "a";
  allocation.metadata.name = "outside";
  allocation.spec = fleet::testing::allocation_of("n power 4kW");
  allocation.spec.owner = "external";
  world.create(std::move(allocation));
  world.pass(seconds(40));
  EXPECT_EQ(domain("a").status.basis, api::PowerBasis::model);
  EXPECT_EQ(domain("a").status.load.text(), "4kW");
}

}  // namespace
}  // namespace freehold::control
