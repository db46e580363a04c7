#include "fleet/facility/facility.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "fleet/facility/concern.h"
#include "fleet/facility/what_if.h"
#include "fleet/testing/fleet_of.h"
#include "fleet/testing/grid_of.h"

namespace freehold::fleet::facility {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using testing::Grid;
using testing::grid_of;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::quantity_of;

constexpr int64_t kw = 1'000'000;

std::vector<std::string> errors_of(const Facility& facility) {
  std::vector<std::string> out;
  for (const Finding& finding : facility.findings)
    if (finding.severity == Severity::error) out.push_back(finding.about + ": " + finding.text);
  return out;
}

std::vector<std::string> texts_of(const Facility& facility, FindingKind kind) {
  static constexpr std::array words{"note", "warning", "error"};
  std::vector<std::string> out;
  for (const Finding& finding : facility.findings)
    if (std::ranges::count(finding.measures, kind, &Measure::kind) > 0)
      out.push_back(std::string(words[static_cast<size_t>(finding.severity)]) + " " +
                    finding.about + ": " + finding.text);
  return out;
}

const RackView& rack_of(const Facility& facility, std::string_view name) {
  const RackView* rack = facility.rack(name);
  CHECK(rack != nullptr, name);
  return *rack;
}

const DomainView& domain_of(const Facility& facility, std::string_view name) {
  return facility.domains[facility.supply->find(name)];
}

void add_model(Grid& grid, std::string name, api::ModelType type, std::string_view maximum,
               std::vector<api::ModelPart> parts = {}) {
  api::DeviceModel model;
  model.metadata.name = name;
  model.spec.model = std::move(name);
  model.spec.type = type;
  if (!maximum.empty()) model.spec.power.maximum = quantity_of(maximum, Dimension::power);
  model.spec.parts = std::move(parts);
  grid.add(std::move(model));
}

TEST(Watts, a_nameplate_comes_from_the_machine_then_its_model_then_its_parts) {
  Grid grid = grid_of("node own plate 9kW is dgx; node model is dgx; node parts is hgx; node dark");
  add_model(grid, "dgx", api::ModelType::node, "10kW");
  add_model(grid, "gpu-700", api::ModelType::gpu, "700W");
  add_model(grid, "hgx", api::ModelType::node, "", {{"gpu", "gpu-700", 8}});
  add_model(grid, "half", api::ModelType::node, "", {{"gpu", "gpu-700", 8}, {"cpu", "", 2}});
  const Facility f = survey(grid.estate, Footing::most);
  ASSERT_EQ(f.machines.size(), 4u);
  EXPECT_FALSE(f.machines[0].watts.nameplate.is_known());
  EXPECT_EQ(f.machines[1].watts.nameplate.mw, 10 * kw);
  EXPECT_EQ(f.machines[1].watts.nameplate.origin, Origin::type);
  EXPECT_EQ(f.machines[2].watts.nameplate.mw, 9 * kw);
  EXPECT_EQ(f.machines[2].watts.nameplate.origin, Origin::spec);
  EXPECT_EQ(f.machines[3].watts.nameplate.mw, 5'600'000);
  EXPECT_EQ(f.machines[3].watts.nameplate.origin, Origin::parts);
  EXPECT_FALSE(
      watts_of_parts(*grid.estate.models.at("half"), Models(grid.estate.models)).is_known())
      << "a sum without the processors would be too low";
}

TEST(Facility, what_rounding_adds_to_the_parts_of_a_load_is_no_overload) {
  const std::string feeds =
      "pdu a 20kW from u; pdu b 20kW from u; pdu c 20kW from u; rack r on a b c;";
  const Facility even =
      survey(grid_of("ups u 10kW;" + feeds + "node n in r plate 10kW").estate, Footing::most);
  EXPECT_GT(domain_of(even, "u").load_mw, 10 * kw) << "three parts, each rounded up";
  EXPECT_EQ(domain_of(even, "u").headroom_mw, 0);
  EXPECT_THAT(errors_of(even), ::testing::IsEmpty());
  const Facility over =
      survey(grid_of("ups u 10kW;" + feeds + "node n in r plate 10001W").estate, Footing::most);
  EXPECT_THAT(errors_of(over), ElementsAre(HasSubstr("powerdomain/u: carries")));
}

TEST(Facility, a_rack_has_what_the_feeds_that_are_known_carry) {
  const Facility f = survey(grid_of("pdu a 50kW; pdu b 20kW; rack one on a gone; rack two on a b;"
                                    "rack three on a b gone; rack none on gone")
                                .estate,
                            Footing::most);
  EXPECT_EQ(rack_of(f, "one").capacity_mw, 50 * kw);
  EXPECT_EQ(rack_of(f, "two").capacity_mw, 20 * kw) << "with the larger of them gone";
  EXPECT_EQ(rack_of(f, "three").capacity_mw, 20 * kw);
  EXPECT_EQ(rack_of(f, "none").capacity_mw, -1);
}

TEST(Watts, the_known_parts_of_a_model_are_the_least_that_it_draws) {
  Grid grid = grid_of("pdu a 5kW; node half is half on a; node full is full on a");
  add_model(grid, "gpu-700", api::ModelType::gpu, "700W");
  add_model(grid, "half", api::ModelType::node, "", {{"gpu", "gpu-700", 8}, {"cpu", "", 2}});
  add_model(grid, "full", api::ModelType::node, "", {{"gpu", "gpu-700", 1}});
  const Facility f = survey(grid.estate, Footing::most);
  EXPECT_EQ(f.machines[1].counted.mw, 5'600'000);
  EXPECT_EQ(f.machines[1].counted.origin, Origin::some_parts);
  EXPECT_THAT(texts_of(f, FindingKind::watts_in_part),
              ElementsAre(HasSubstr("note node/half: only the parts whose watts are known")));
  EXPECT_THAT(errors_of(f), ElementsAre(HasSubstr("powerdomain/a: carries 6.3kW of 5kW")));
  grid.edit<api::Node>("half").status.power.measured = quantity_of("7kW", Dimension::power);
  EXPECT_EQ(survey(grid.estate, Footing::most).machines[1].counted.mw, 7 * kw);
}

TEST(Watts, now_is_the_best_number_and_most_is_the_largest_that_may_be) {
  Grid grid =
      grid_of("node m plate 9kW draws 4kW; node p plate 9kW; node limited plate 9kW draws 4kW");
  grid.edit<api::Node>("limited").status.power.limit = quantity_of("6kW", Dimension::power);
  const api::AllocationSpec given = testing::allocation_of("p power 2kW");
  grid.estate.allocations.push_back(&given);
  const Facility now = survey(grid.estate, Footing::now), most = survey(grid.estate, Footing::most);
  EXPECT_EQ(now.machines[0].counted.mw, 4 * kw);
  EXPECT_EQ(most.machines[0].counted.mw, 6 * kw);
  EXPECT_EQ(most.machines[0].counted.basis(), api::PowerBasis::capped);
  EXPECT_EQ(now.machines[1].counted.basis(), api::PowerBasis::measured);
  EXPECT_EQ(now.machines[2].counted.mw, 2 * kw);
  EXPECT_EQ(now.machines[2].counted.basis(), api::PowerBasis::model);
  EXPECT_EQ(most.machines[2].counted.mw, 9 * kw);
}

TEST(Watts, what_a_machine_may_draw_is_never_less_than_what_it_draws) {
  const Facility f = survey(
      grid_of("node limited plate 6kW limit 3kW draws 9kW; node plated plate 2kW draws 9kW").estate,
      Footing::most);
  EXPECT_EQ(f.machines[0].counted.mw, 9 * kw);
  EXPECT_EQ(f.machines[0].counted.basis(), api::PowerBasis::measured);
  EXPECT_EQ(f.machines[1].counted.mw, 9 * kw);
}

TEST(Watts, a_limit_that_is_not_kept_and_a_plate_that_is_exceeded_are_warnings) {
  const Facility f = survey(grid_of("node limited plate 10kW limit 3kW draws 9kW;"
                                    "node plated plate 2kW draws 9kW; node good plate 9kW draws "
                                    "9kW")
                                .estate,
                            Footing::now);
  EXPECT_THAT(texts_of(f, FindingKind::limit_not_kept),
              ElementsAre(HasSubstr(
                  "warning node/limited: draws 9kW, more than the 3kW of a limit in force")));
  EXPECT_THAT(texts_of(f, FindingKind::plate_exceeded),
              ElementsAre(HasSubstr(
                  "warning node/plated: draws 9kW, more than the 2kW of its nameplate;")));
}

TEST(Watts, a_machine_that_is_ordered_draws_nothing_yet) {
  const Grid grid = grid_of(
      "pdu a 9kW; rack r on a; node n in r plate 4kW; node later in r plate 2kW life ordered");
  const Facility now = survey(grid.estate, Footing::now), most = survey(grid.estate, Footing::most);
  EXPECT_EQ(domain_of(now, "a").load_mw, 4 * kw);
  EXPECT_EQ(domain_of(now, "a").basis, api::PowerBasis::nameplate);
  EXPECT_EQ(domain_of(most, "a").load_mw, 6 * kw);
  const Facility metered =
      survey(grid_of("node n plate 4kW draws 3kW life ordered").estate, Footing::now);
  EXPECT_EQ(metered.machines[0].counted.mw, 3 * kw) << "a meter knows better";
  EXPECT_THAT(texts_of(metered, FindingKind::ordered_and_metered),
              ElementsAre(HasSubstr("node/n: is ordered, and a meter")));
}

TEST(Watts, devices_have_a_plate_of_their_model_and_the_limit_in_force) {
  Grid grid;
  const auto machine = testing::machines("1 node: 1 numa x 4 cpus, 8Gi each, 2 gpu gpu-700")[0];
  grid.add(testing::profile_of(machine));
  api::Node node = testing::node_of(machine, "n");
  node.status.devices.emplace_back().id = "gpu1";
  node.status.devices.back().power_limit = quantity_of("500W", Dimension::power);
  node.status.devices.back().power.measured = quantity_of("312W", Dimension::power);
  const api::Node& there = grid.add(std::move(node));
  add_model(grid, "gpu-700", api::ModelType::gpu, "700W");
  const auto devices = device_watts(there, grid.estate, Models(grid.estate.models));
  ASSERT_EQ(devices.size(), 2u);
  EXPECT_EQ(devices[0].nameplate.mw, 700'000);
  EXPECT_FALSE(devices[0].limit.is_known());
  EXPECT_EQ(devices[1].limit.mw, 500'000);
  EXPECT_EQ(devices[1].measured.mw, 312'000);
  EXPECT_FALSE(devices[0].measured.is_known());
  const Facility f = survey(grid.estate, Footing::now);
  EXPECT_EQ(f.machines[0].watts.nameplate.mw, 1'400'000);
  EXPECT_EQ(f.machines[0].watts.nameplate.origin, Origin::devices);
  EXPECT_EQ(f.machines[0].gpus, 2);
  EXPECT_EQ(f.machines[0].free_gpus, 2);
}

TEST(Gpus, are_those_of_the_profile_and_of_the_model_only_where_there_is_none) {
  Grid grid = grid_of("node all is hgx; node gone is hgx; node unseen is hgx");
  add_model(grid, "hgx", api::ModelType::node, "", {{"gpu", "gpu-700", 8}});
  const auto add_profile = [&](const std::string& name, int64_t gpus) {
    api::HardwareProfile profile;
    profile.metadata.name = name;
    for (int64_t i = 0; i < gpus; ++i) {
      api::Device& device = profile.spec.devices.emplace_back();
      device.id = "gpu" + std::to_string(i);
      device.cls = api::DeviceClass::gpu;
    }
    grid.add(std::move(profile));
  };
  add_profile("hp-one", 1);
  add_profile("hp-none", 0);
  grid.edit<api::Node>("all").status.profile = "hp-one";
  grid.edit<api::Node>("all").status.allocatable.devices = {"gpu0"};
  grid.edit<api::Node>("gone").status.profile = "hp-none";
  grid.edit<api::Node>("gone").status.allocatable.cpus = "1-3";
  const Facility f = survey(grid.estate, Footing::now);
  std::vector<std::string> counts;
  for (const Machine& m : f.machines)
    counts.push_back(m.node->metadata.name + " " + std::to_string(m.free_gpus) + "/" +
                     std::to_string(m.gpus));
  EXPECT_THAT(counts, ElementsAre("all 1/1", "gone 0/0", "unseen 8/8"));
}

TEST(Watts, what_meters_of_devices_show_is_the_least_that_a_machine_draws) {
  Grid grid = grid_of("pdu a 9kW; node n on a; node whole draws 2kW");
  for (const char* name : {"n", "whole"})
    for (const char* id : {"gpu0", "gpu1"}) {
      api::NodeDevice& device = grid.edit<api::Node>(name).status.devices.emplace_back();
      device.id = id;
      device.power.measured = quantity_of("349W", Dimension::power);
    }
  for (const Footing footing : {Footing::now, Footing::most}) {
    const Facility f = survey(grid.estate, footing);
    EXPECT_EQ(f.machines[0].counted.mw, 698'000);
    EXPECT_TRUE(f.machines[0].counted.is_at_least());
    EXPECT_EQ(domain_of(f, "a").basis, api::PowerBasis::unknown) << "of the rest nobody knows";
    EXPECT_EQ(f.machines[1].counted.mw, 2 * kw);
  }
}

TEST(Facility, a_rack_says_what_is_used_what_is_left_and_what_limits_it) {
  const Grid grid = grid_of(
      "ups u 100kW; pdu a 10kW from u; pdu b 8kW from u; rack r on a b;"
      "node n in r at 1 high 8 draws 6kW");
  const Facility f = survey(grid.estate, Footing::now);
  const RackView& rack = rack_of(f, "r");
  EXPECT_EQ(rack.load_mw, 6 * kw);
  EXPECT_EQ(rack.capacity_mw, 8 * kw);
  EXPECT_EQ(rack.power.mw, 2 * kw);
  EXPECT_EQ(f.supply->domains()[rack.power.domain].name, "b");
  EXPECT_EQ(f.supply->domains()[rack.power.failed].name, "a");
  EXPECT_EQ(rack.free_units, 34);
  EXPECT_EQ(domain_of(f, "u").load_mw, 6 * kw);
  EXPECT_EQ(domain_of(f, "u").basis, api::PowerBasis::measured);
}

TEST(Facility, machines_without_feeds_hang_on_those_of_their_rack_and_then_of_their_site) {
  Grid grid = grid_of(
      "utility u 100kW; pdu a 9kW from u; rack r on a; rack bare;"
      "node n in r draws 1kW; node m in bare draws 2kW");
  api::Site site;
  site.metadata.name = "s";
  site.spec.power_domain = "u";
  grid.add(std::move(site));
  const Facility f = survey(grid.estate, Footing::now);
  EXPECT_EQ(domain_of(f, "a").load_mw, 1 * kw);
  EXPECT_EQ(domain_of(f, "u").load_mw, 3 * kw);
}

TEST(Facility, a_domain_that_a_failure_would_overload_is_an_error_with_the_failure) {
  const Facility f = survey(
      grid_of("pdu a 5kW; pdu b 5kW; rack r on a b; node n in r draws 6kW").estate, Footing::now);
  EXPECT_THAT(errors_of(f),
              Contains(HasSubstr("powerdomain/a: would carry 6kW of 5kW if b failed")));
  EXPECT_FALSE(holds(f));
}

TEST(Facility, what_nobody_says_is_a_finding_and_not_a_guess) {
  const Grid grid = grid_of("pdu a 5kW; rack r on a gone; node n in r");
  const Facility f = survey(grid.estate, Footing::now);
  std::vector<std::string> texts;
  for (const Finding& finding : f.findings) texts.push_back(finding.text);
  EXPECT_THAT(texts, Contains(HasSubstr("no watts are known")));
  EXPECT_THAT(errors_of(f), Contains(HasSubstr("powerdomain/gone: feeds or suppliers name it")));
  EXPECT_THAT(texts, Contains(HasSubstr("the height is not known")));
  EXPECT_EQ(domain_of(f, "a").basis, api::PowerBasis::unknown);
}

TEST(Space, machines_that_overlap_or_stand_above_the_rack_are_errors) {
  const Facility f = survey(
      grid_of(
          "rack r units 10; node a in r at 1 high 4 draws 1kW; node b in r at 4 high 2 draws 1kW;"
          "node c in r at 9 high 4 draws 1kW; node d in r high 1 draws 1kW")
          .estate,
      Footing::now);
  EXPECT_THAT(
      errors_of(f),
      ::testing::AllOf(Contains("rack/r: nodes a and b both take unit 4; correct spec.unit or "
                                "spec.height of one"),
                       Contains(HasSubstr("node c takes units 9-12 of 10"))));
  const RackView& rack = rack_of(f, "r");
  EXPECT_EQ(rack.taken_units, 7 + 1) << "6 of a, c and the part of b; d stands somewhere";
  EXPECT_EQ(rack.free_units, 2);
  EXPECT_EQ(rack.largest_gap, 2);
}

TEST(Space, a_machine_without_a_unit_that_is_higher_than_the_largest_gap_is_an_error) {
  const auto errors = [](const std::string& height) {
    return errors_of(
        survey(grid_of("rack r units 20; node a in r at 5 high 4 draws 1kW; node b in r at 13 high "
                       "4 draws 1kW; node c in r high " +
                       height + " draws 1kW")
                   .estate,
               Footing::now));
  };
  EXPECT_THAT(errors("5"), ElementsAre("rack/r: node c is 5 units high, and no more than 4 free "
                                       "ones are in one piece; move machines together"));
  EXPECT_THAT(errors("4"), ::testing::IsEmpty());
  EXPECT_THAT(errors("13"), ElementsAre(HasSubstr("its machines are 21 units high together")));
}

TEST(Space, of_a_rack_that_is_not_known_nothing_is_said_but_that) {
  const std::string nodes = "node a in q draws 1kW on p; node b in q at 3 high 2 draws 1kW on p;";
  const Facility f = survey(grid_of("pdu p 9kW; rack r;" + nodes).estate, Footing::now);
  EXPECT_THAT(errors_of(f), ElementsAre("rack/q: no such rack is known, and a, b say that they "
                                        "stand in it; create it, or correct spec.rack"));
  EXPECT_THAT(texts_of(f, FindingKind::without_height), ::testing::IsEmpty());
  const Facility without = survey(grid_of("pdu p 9kW;" + nodes).estate, Footing::now);
  EXPECT_THAT(errors_of(without), ::testing::IsEmpty()) << "nobody tells of any rack";
  EXPECT_THAT(texts_of(without, FindingKind::unknown_rack), ::testing::SizeIs(1));
}

TEST(Space, a_weight_that_nobody_says_is_not_nothing) {
  const auto findings = [](const char* rack) {
    const std::string nodes = "node a in r at 1 high 4 draws 1kW; node b in r at 5 draws 1kW;";
    const Facility f = survey(grid_of(rack + nodes).estate, Footing::now);
    EXPECT_EQ(rack_of(f, "r").without_weight, 2);
    return texts_of(f, FindingKind::without_weight);
  };
  EXPECT_THAT(findings("rack r carries 100;"),
              Contains(HasSubstr("of 2 of its machines no weight is known")));
  EXPECT_THAT(findings("rack r;"), ::testing::IsEmpty()) << "nobody asks for it";
}

TEST(Cooling, heat_adds_up_along_the_units_and_the_tightest_one_limits) {
  Grid grid = grid_of(
      "pdu a 90kW; rack r on a; rack q on a; node n in r draws 10kW; node m in q draws 5kW");
  api::Site site;
  site.metadata.name = "s";
  const auto unit = [](std::string name, std::string_view capacity, std::string behind) {
    api::CoolingUnit out;
    out.name = std::move(name);
    out.capacity = quantity_of(capacity, Dimension::power);
    out.supplied_by = std::move(behind);
    return out;
  };
  site.spec.cooling = {unit("crac", "30kW", "chiller"), unit("chiller", "18kW", "crac")};
  grid.add(std::move(site));
  for (const char* name : {"r", "q"}) grid.edit<api::Rack>(name).spec.cooling.unit = "crac";
  grid.edit<api::Rack>("q").spec.cooling.type = api::CoolingType::liquid;
  const Facility f = survey(grid.estate, Footing::now);
  ASSERT_EQ(f.cooling.size(), 2u);
  EXPECT_EQ(f.cooling[1].heat_mw, 15 * kw) << "and the circle is no endless walk";
  EXPECT_EQ(rack_of(f, "r").cooling_room_mw, 3 * kw);
  EXPECT_EQ(rack_of(f, "r").cooling_by, "chiller");
  std::vector<std::string> texts;
  for (const Finding& finding : f.findings) texts.push_back(finding.text);
  EXPECT_THAT(texts, Contains(HasSubstr("is cooled by liquid, but its cooling unit crac by air")));
}

TEST(Cooling, units_that_supply_each_other_are_an_error_told_once) {
  Grid grid;
  api::Site site;
  site.metadata.name = "s";
  for (const auto& [name, behind] :
       {std::pair("in", "d"), {"d", "b"}, {"c", "d"}, {"b", "c"}, {"apart", ""}}) {
    api::CoolingUnit& unit = site.spec.cooling.emplace_back();
    unit.name = name;
    unit.supplied_by = behind;
  }
  grid.add(std::move(site));
  const Facility f = survey(grid.estate, Footing::now);
  EXPECT_THAT(texts_of(f, FindingKind::cooling_circle),
              ElementsAre(HasSubstr("error site/s: cooling units supply each other: d, b, c;")));
}

TEST(Facility, a_machine_that_says_another_site_than_its_rack_is_an_error) {
  const Facility f =
      survey(grid_of("rack r; node n in r site t draws 1kW; node m in r site s draws 1kW").estate,
             Footing::now);
  EXPECT_THAT(texts_of(f, FindingKind::rack_of_other_site),
              ElementsAre(HasSubstr("error node/n: says that it is at t, and stands in rack r, "
                                    "which is at s")));
}

TEST(Links, what_both_ends_tell_differently_is_told_once) {
  Grid grid;
  const auto add = [&](const char* name, const char* to, const char* bandwidth,
                       const char* latency) {
    api::Site site;
    site.metadata.name = name;
    api::SiteLink& link = site.spec.links.emplace_back();
    link.site = to;
    link.bandwidth = quantity_of(bandwidth, Dimension::bandwidth);
    link.latency = quantity_of(latency, Dimension::duration);
    grid.add(std::move(site));
  };
  add("a", "b", "100Gbps", "10ms");
  add("b", "a", "1Gbps", "90ms");
  add("c", "d", "100Gbps", "10ms");
  add("d", "c", "10Gbps", "10ms");
  const Facility f = survey(grid.estate, Footing::now);
  EXPECT_THAT(texts_of(f, FindingKind::link_told_differently),
              ElementsAre(HasSubstr("warning site/a: has a link to b, of which both ends tell "
                                    "different things: latency 10ms and 90ms, bandwidth 100Gbps "
                                    "and 1Gbps"),
                          HasSubstr("note site/c: has a link to d")))
      << "a line may be slower one way; its round trip is one";
}

TEST(Concern, a_rack_is_concerned_by_what_feeds_it_up_to_the_grid) {
  const Grid grid = grid_of(
      "utility grid 5kW; ups u 20kW from grid; ups v 1kW; rack r on u; rack q on v;"
      "node n in r draws 6kW; node m in q draws 2kW");
  const Facility f = survey(grid.estate, Footing::now);
  std::vector<std::string> texts;
  for (const Finding* finding : findings_of(f, rack_of(f, "r")))
    texts.push_back(finding->about + ": " + finding->text);
  EXPECT_THAT(texts, Contains(HasSubstr("powerdomain/grid: carries 6kW of 5kW")));
  EXPECT_THAT(texts, Not(Contains(HasSubstr("powerdomain/v: carries"))));
}

TEST(Stranded, power_that_a_full_rack_cannot_use_is_stranded_by_space) {
  const Facility f = survey(
      grid_of("pdu a 30kW; rack full units 8 on a; node n in full at 1 high 8 draws 10kW").estate,
      Footing::now);
  const RackView& rack = rack_of(f, "full");
  EXPECT_EQ(rack.power.mw, 20 * kw);
  EXPECT_EQ(rack.stranded_mw, 20 * kw);
  EXPECT_THAT(rack.why, ElementsAre(Strander::space));
  EXPECT_EQ(domain_of(f, "a").stranded_mw, 20 * kw);
  EXPECT_THAT(domain_of(f, "a").why, ElementsAre(Strander::space));
}

TEST(Stranded, a_free_unit_is_worth_what_units_take_where_it_is) {
  const Facility f =
      survey(grid_of("pdu a 30kW; rack r units 12 on a; node n in r at 1 high 8 draws 8kW").estate,
             Footing::now);
  EXPECT_EQ(rack_of(f, "r").usable_mw, 4 * kw) << "four units at 1 kW";
  EXPECT_EQ(rack_of(f, "r").stranded_mw, 18 * kw);
}

TEST(Stranded, space_that_cannot_be_fed_or_cooled_is_stranded_and_so_is_power_without_cooling) {
  const Facility f = survey(
      grid_of("pdu a 10kW; pdu b 90kW; rack fed units 16 on a; node n in fed at 1 high 8 draws 8kW;"
              "rack cooled units 16 cools 8kW on b; node m in cooled at 1 high 8 draws 8kW")
          .estate,
      Footing::now);
  EXPECT_EQ(rack_of(f, "fed").stranded_units, 6);
  EXPECT_THAT(rack_of(f, "fed").why, ElementsAre(Strander::power));
  EXPECT_EQ(rack_of(f, "cooled").stranded_mw, 82 * kw);
  EXPECT_THAT(rack_of(f, "cooled").why, ElementsAre(Strander::cooling));
}

TEST(Stranded, what_one_feed_has_more_than_the_other_is_stranded_by_balance) {
  const Facility f = survey(
      grid_of("pdu a 30kW; pdu b 20kW; rack r on a b; node n in r at 1 high 2 draws 10kW").estate,
      Footing::now);
  EXPECT_EQ(domain_of(f, "a").stranded_mw, 10 * kw);
  EXPECT_THAT(domain_of(f, "a").why, ElementsAre(Strander::balance));
  EXPECT_EQ(domain_of(f, "b").stranded_mw, 0);
}

TEST(Stranded, mirrored_sides_have_the_same_reason) {
  const Facility f =
      survey(grid_of("utility u 90kW; utility v 90kW; ups ua 50kW from u; ups ub 50kW from v;"
                     "pdu a 20kW from ua; pdu b 20kW from ub; rack r units 48 on a b;"
                     "node n in r at 1 high 8 draws 10kW")
                 .estate,
             Footing::now);
  for (const char* name : {"u", "v", "ua", "ub"})
    EXPECT_THAT(domain_of(f, name).why, ElementsAre(Strander::power)) << name;
}

TEST(Stranded, machines_without_a_rack_leave_a_reason_too) {
  const Facility f =
      survey(grid_of("utility u 90kW; generator g 10kW; ups a 40kW from u g; pdu p 90kW;"
                     "node n plate 10kW on a; node m plate 10kW on p")
                 .estate,
             Footing::now);
  EXPECT_EQ(domain_of(f, "a").stranded_mw, 30 * kw);
  EXPECT_THAT(domain_of(f, "a").why, ElementsAre(Strander::power)) << "the generator has no more";
  EXPECT_THAT(domain_of(f, "u").why, ElementsAre(Strander::power));
  EXPECT_THAT(domain_of(f, "p").why, ElementsAre(Strander::space));
}

TEST(Stranded, taken_gpus_are_named_where_only_they_could_use_the_power) {
  Grid grid = grid_of("pdu a 30kW; rack r units 1 on a");
  const auto machine =
      testing::machines("1 node: 1 numa x 4 cpus, 8Gi each, 2 gpu gpu-700, rack r")[0];
  grid.add(testing::profile_of(machine));
  api::Node node = testing::node_of(machine, "n");
  node.spec.height = node.spec.unit = 1;
  node.spec.nameplate = quantity_of("2kW", Dimension::power);
  grid.add(std::move(node));
  const auto gpus = testing::allocation_of("n devices gpu0 gpu1, power 2kW");
  grid.estate.allocations.push_back(&gpus);
  const Facility f = survey(grid.estate, Footing::now);
  EXPECT_EQ(rack_of(f, "r").free_gpus, 0);
  EXPECT_THAT(rack_of(f, "r").why, ElementsAre(Strander::space, Strander::gpus));
}

TEST(Stranded, a_rack_that_no_switch_of_its_site_reaches_strands_its_power) {
  Grid grid = grid_of(
      "pdu a 30kW; pdu b 30kW; rack r on a; rack q on b; node n in r at 1 high 1 draws 1kW;"
      "node m in q at 1 high 1 draws 1kW");
  api::Fabric fabric;
  fabric.metadata.name = "rdma";
  fabric.spec.site = "s";
  fabric.spec.kind = api::FabricKind::rdma;
  fabric.spec.switches.emplace_back().name = "leaf";
  fabric.spec.switches.back().nodes = {"n"};
  grid.add(std::move(fabric));
  const Facility f = survey(grid.estate, Footing::now);
  EXPECT_EQ(rack_of(f, "r").stranded_mw, 0);
  EXPECT_EQ(rack_of(f, "q").stranded_mw, 29 * kw);
  EXPECT_THAT(rack_of(f, "q").why, ElementsAre(Strander::network));
}

TEST(Stranded, watts_that_a_neighbour_can_use_are_not_stranded_and_none_are_counted_twice) {
  const Facility shared =
      survey(grid_of("busway a 30kW; rack full units 8 on a; rack free units 40 on a;"
                     "node n in full at 1 high 8 draws 8kW; node m in free at 1 high 8 draws 8kW")
                 .estate,
             Footing::now);
  EXPECT_EQ(rack_of(shared, "full").stranded_mw, 0);
  EXPECT_EQ(rack_of(shared, "free").stranded_units, 32 - 14);
  const Facility full =
      survey(grid_of("busway a 36kW; pdu p 30kW from a; pdu q 30kW from a; rack r units 8 on p;"
                     "rack s units 8 on q; node n in r at 1 high 8 draws 8kW; node m in s at 1 "
                     "high 8 draws 8kW")
                 .estate,
             Footing::now);
  const int64_t sum = rack_of(full, "r").stranded_mw + rack_of(full, "s").stranded_mw;
  EXPECT_NEAR(static_cast<double>(sum), 20.0 * kw, 1e3) << "the busway has no more than that left";
}

TEST(Stranded, cooling_that_blocks_most_units_is_named_before_power_that_neighbours_want) {
  const Facility f =
      survey(grid_of("busway a 24kW; rack warm units 48 cools 12kW on a; rack cold units 48 on a;"
                     "node n in warm at 1 high 8 draws 8kW; node m in cold at 1 high 8 draws 8kW")
                 .estate,
             Footing::now);
  EXPECT_GT(rack_of(f, "warm").stranded_units, 36);
  EXPECT_THAT(rack_of(f, "warm").why, ElementsAre(Strander::cooling, Strander::power));
}

TEST(Storage, a_pool_names_what_is_there) {
  Grid grid = grid_of("node n draws 1kW");
  api::StoragePool pool;
  pool.metadata.name = "fast";
  pool.spec.site = "nowhere";
  pool.spec.fabric = "none";
  pool.spec.nodes = {"n", "m", "o"};
  grid.add(std::move(pool));
  std::vector<std::string> texts;
  for (const Finding& finding : survey(grid.estate, Footing::now).findings)
    if (finding.about == "storagepool/fast") texts.push_back(finding.text);
  EXPECT_THAT(texts, ElementsAre("names site nowhere, which is not known here",
                                 "names fabric none, which is not known here",
                                 "names nodes m, o, which are not known here"));
}

}  // namespace
}  // namespace freehold::fleet::facility
