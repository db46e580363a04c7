#include "agent/take_over.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/node.h"
#include "json/yaml.h"
#include "schema/walk.h"

namespace freehold::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

api::NodeStatus status_of(std::string_view yaml) {
  api::NodeStatus status;
  schema::Errors errors;
  const auto read = schema::read(schema::type_of<api::NodeStatus>, &status,
                                 json::print(json::parse_yaml_or_json(yaml).value()), errors);
  EXPECT_TRUE(read.ok()) << read.error().message;
  for (const auto& error : errors.all()) ADD_FAILURE() << error.path << ": " << error.detail;
  return status;
}

// Who said what, in the order in which it stands there.
std::vector<std::string> credits(const api::NodeStatus& status) {
  std::vector<std::string> out;
  for (const api::Provenance& said : status.provenance)
    out.push_back(said.field + " by " + said.source);
  return out;
}
std::vector<std::string> conflicts(const api::NodeStatus& status) {
  std::vector<std::string> out;
  for (const api::Conflict& conflict : status.conflicts) {
    std::string& text = out.emplace_back(conflict.field + ": " + conflict.kept);
    for (const api::Claim& claim : conflict.claims)
      text += ", " + claim.source + " says " + claim.value;
  }
  return out;
}

// What node_status makes of the machine that an agent has found.
api::NodeStatus report(const api::NodeStatus& before, const discover::Machine& machine) {
  AgentConfig config;
  config.version = "1";
  return node_status(before, config, machine, {}, {}, Time{1'000'000});
}

discover::Machine machine_of(std::string domain, std::string identity, std::string nameplate) {
  discover::Machine machine;
  machine.scale_up_domain = std::move(domain);
  api::NodeDevice& device = machine.devices.emplace_back();
  device.id = "gpu0";
  device.identity = std::move(identity);
  if (!nameplate.empty()) machine.power.nameplate = *Quantity::parse(nameplate, Dimension::power);
  machine.provenance.push_back({"devices", "sysfs", api::Confidence::sysfs, {}});
  return machine;
}

constexpr std::string_view imported = R"(
profile: imported
devices: [{id: gpu0, identity: GPU-1}]
scaleUpDomain: rack7
power: {nameplate: 10kW, source: redfish}
provenance:
- {field: "devices", source: nccl, confidence: overlay}
- {field: "devices[gpu0].memoryBytes", source: redfish, confidence: bmc}
- {field: "spec.rack", source: slurm, confidence: overlay}
- {field: "status.devices[gpu0]", source: redfish, confidence: bmc}
- {field: "status.power", source: redfish, confidence: bmc}
- {field: "status.scaleUpDomain", source: topograph, confidence: overlay}
conflicts:
- {field: "devices[gpu0].model", kept: H100, claims: [{source: nccl, value: H200}]}
- {field: "spec.rack", kept: r1, claims: [{source: topograph, value: r2}]}
)";

TEST(TakeOver, what_the_agent_reports_is_credited_to_the_import_no_more) {
  const api::NodeStatus now = report(status_of(imported), machine_of("rack7", "GPU-1", "10kW"));
  EXPECT_THAT(credits(now), ElementsAre("devices by sysfs", "spec.rack by slurm"));
  EXPECT_THAT(conflicts(now), ElementsAre("spec.rack: r1, topograph says r2"))
      << "the profile is the agent's own; what is wanted is not its to judge";
}

TEST(TakeOver, what_the_agent_does_not_know_stays_with_its_source) {
  const api::NodeStatus now = report(status_of(imported), machine_of("", "", ""));
  EXPECT_EQ(now.scale_up_domain, "rack7");
  EXPECT_EQ(now.power.nameplate.text(), "10kW");
  EXPECT_THAT(credits(now), ElementsAre("devices by sysfs", "spec.rack by slurm",
                                        "status.scaleUpDomain by topograph",
                                        "status.power.nameplate by redfish"));
}

TEST(TakeOver, firmware_is_the_agents_to_tell_where_it_can_be_read) {
  api::NodeStatus before = status_of(imported);
  before.firmware = "1.02.13";
  before.provenance.push_back({"status.firmware", "redfish", api::Confidence::bmc, {}});
  discover::Machine machine = machine_of("rack7", "GPU-1", "10kW");
  EXPECT_EQ(report(before, machine).firmware, "1.02.13");
  machine.firmware = "1.02.14";
  EXPECT_THAT(conflicts(report(before, machine)),
              ElementsAre("spec.rack: r1, topograph says r2",
                          "status.firmware: 1.02.14, agent says 1.02.14, redfish says 1.02.13"));
}

TEST(TakeOver, where_the_two_differ_both_are_kept_until_they_agree) {
  const api::NodeStatus first = report(status_of(imported), machine_of("rack8", "GPU-2", "12kW"));
  EXPECT_EQ(first.scale_up_domain, "rack8");
  EXPECT_THAT(conflicts(first),
              ElementsAre("spec.rack: r1, topograph says r2",
                          "status.scaleUpDomain: rack8, agent says rack8, topograph says rack7",
                          "status.power.nameplate: 12kW, agent says 12kW, redfish says 10kW",
                          "status.devices[gpu0].identity: GPU-2, agent says GPU-2, redfish says "
                          "GPU-1"));
  const api::NodeStatus same = report(first, machine_of("rack8", "GPU-2", "12kW"));
  EXPECT_EQ(conflicts(same), conflicts(first)) << "a second look changes nothing";
  EXPECT_EQ(credits(same), credits(first));
  const api::NodeStatus agreed = report(same, machine_of("rack7", "GPU-1", "10kW"));
  EXPECT_THAT(conflicts(agreed), ElementsAre("spec.rack: r1, topograph says r2"));
}

TEST(TakeOver, a_device_that_goes_by_another_number_is_no_conflict) {
  discover::Machine machine = machine_of("rack7", "GPU-2", "10kW");
  api::NodeDevice& other = machine.devices.emplace_back();
  other.id = "gpu1";
  other.identity = "GPU-1";
  EXPECT_THAT(conflicts(report(status_of(imported), machine)),
              ElementsAre("spec.rack: r1, topograph says r2"));
}

TEST(TakeOver, a_machine_that_was_never_imported_has_nothing_to_take_over) {
  const api::NodeStatus now = report({}, machine_of("rack8", "GPU-2", "12kW"));
  EXPECT_THAT(credits(now), ElementsAre("devices by sysfs"));
  EXPECT_THAT(conflicts(now), IsEmpty());
  const api::NodeStatus later = report(now, machine_of("rack9", "GPU-3", "13kW"));
  EXPECT_THAT(conflicts(later), IsEmpty()) << "an agent may correct itself";
}

}  // namespace
}  // namespace freehold::agent
