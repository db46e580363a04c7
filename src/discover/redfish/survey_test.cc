#include "discover/redfish/survey.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "discover/testing/redfish.h"

namespace freehold::discover::redfish {
namespace {

using testing::crawl_of;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Survey read(std::string_view yaml) { return survey(crawl_of(yaml)); }

TEST(Survey, finds_the_parts_of_a_machine_wherever_they_hang) {
  const Survey s = read(testing::gpu_machine());
  EXPECT_THAT(s.notes, IsEmpty());
  EXPECT_THAT(s.systems, SizeIs(2));
  EXPECT_THAT(s.chassis, SizeIs(3));
  ASSERT_THAT(s.processors, SizeIs(5));  // a socket that is empty too
  EXPECT_EQ(s.processors[0].owner, "/redfish/v1/Systems/Board");
  EXPECT_EQ(s.processors[0].memory_bytes, int64_t{80} << 30);
  EXPECT_EQ(s.processors[1].memory_bytes, int64_t{80} << 30) << "without the cache";
  EXPECT_TRUE(s.processors[4].is_absent());
  ASSERT_THAT(s.adapters, SizeIs(3));
  ASSERT_THAT(s.drives, SizeIs(1));
  EXPECT_EQ(s.drives[0].protocol, "NVMe");
  ASSERT_THAT(s.power_supplies, SizeIs(2));
  EXPECT_EQ(s.power_supplies[1].name, "the other");
  EXPECT_EQ(s.power_supplies[0].owner, "/redfish/v1/Chassis/Case");
}

TEST(Survey, reads_what_can_be_asked_of_a_system) {
  const Survey s = read(testing::gpu_machine());
  const System& host = s.systems[1];
  EXPECT_EQ(host.reset.target, "/redfish/v1/Systems/Host/Actions/ComputerSystem.Reset");
  EXPECT_THAT(host.reset.types, ElementsAre("On", "ForceOff", "GracefulShutdown", "ForceRestart"));
  EXPECT_THAT(host.boot.targets, ElementsAre("None", "Pxe", "Hdd", "UefiTarget"));
  EXPECT_THAT(host.boot.order, ElementsAre("Boot0001", "Boot0002", "Boot0003"));
}

TEST(Survey, reads_power_limits_with_their_range) {
  const Survey s = read(testing::gpu_machine());
  ASSERT_THAT(s.limits, SizeIs(1));
  const PowerLimit& limit = s.limits[0];
  EXPECT_EQ(limit.of, "GPU 0");
  EXPECT_EQ(limit.set_point, 700);
  EXPECT_EQ(limit.minimum, 200);
  EXPECT_EQ(limit.maximum, 700);
  EXPECT_EQ(limit.standard, 700);
  EXPECT_EQ(limit.reading, 312.5);
}

TEST(Survey, reads_the_older_document_of_power_where_there_is_no_newer) {
  const Survey s = read(R"(
/redfish/v1: {Chassis: {"@odata.id": /c}}
/c: {Members: [{"@odata.id": /c/1}]}
/c/1: {Name: case, Power: {"@odata.id": /c/1/Power}}
/c/1/Power:
  PowerControl:
  - {Name: input, PowerConsumedWatts: 344, PowerCapacityWatts: 800, PowerLimit: {LimitInWatts: 500}}
  - {PowerLimit: null}
  PowerSupplies: [{Name: a, PowerCapacityWatts: 800}, null, {Name: b, Status: {State: Absent}}]
  Redundancy: [{MinNumNeeded: 1}]
)");
  EXPECT_EQ(s.chassis[0].consumed_watts, 344);
  EXPECT_EQ(s.chassis[0].capacity_watts, 800);
  EXPECT_EQ(s.chassis[0].supplies_needed, 1);
  EXPECT_THAT(s.power_supplies, SizeIs(2));
  ASSERT_THAT(s.limits, SizeIs(1));
  EXPECT_EQ(s.limits[0].form, LimitForm::power_control);
  EXPECT_EQ(s.limits[0].set_point, 500);
  EXPECT_EQ(s.limits[0].of, "input");
}

TEST(Survey, the_older_document_does_not_double_what_the_newer_says) {
  const Survey s = read(R"(
/redfish/v1: {Chassis: {"@odata.id": /c}}
/c: {Members: [{"@odata.id": /c/1}]}
/c/1: {Power: {"@odata.id": /c/1/Power}, PowerSubsystem: {"@odata.id": /c/1/PowerSubsystem}}
/c/1/Power: {PowerSupplies: [{Name: a}], PowerControl: [{PowerLimit: {LimitInWatts: 500}}]}
/c/1/PowerSubsystem: {PowerSupplies: {"@odata.id": /c/1/s}}
/c/1/s: {Members: [{"@odata.id": /c/1/s/0}]}
/c/1/s/0: {Name: a}
)");
  EXPECT_THAT(s.power_supplies, SizeIs(1));
  EXPECT_THAT(s.limits, SizeIs(1)) << "which it alone has";
}

TEST(Survey, values_of_the_wrong_type_or_size_are_unknown) {
  const Survey s = read(R"(
/redfish/v1: {Systems: {"@odata.id": /s}}
/s: {Members: [{"@odata.id": /s/1}]}
/s/1:
  HostName: [a]
  MemorySummary: {TotalSystemMemoryGiB: -1}
  Processors: {"@odata.id": /s/1/p}
  Actions: {"#ComputerSystem.Reset": {target: "https://elsewhere/reset", ResetType@Redfish.AllowableValues: "On"}}
  Boot: {BootOrder: Boot0001}
/s/1/p: {Members: [{"@odata.id": /s/1/p/0}]}
/s/1/p/0: {ProcessorType: 7, TotalCores: 1e300, MemorySummary: {TotalMemorySizeMiB: 1e200}, ProcessorMemory: 3}
)");
  ASSERT_THAT(s.systems, SizeIs(1));
  EXPECT_EQ(s.systems[0].host_name, "");
  EXPECT_FALSE(s.systems[0].memory_gib);
  EXPECT_EQ(s.systems[0].reset.target, "");
  EXPECT_THAT(s.systems[0].reset.types, IsEmpty());
  EXPECT_THAT(s.systems[0].boot.order, IsEmpty());
  EXPECT_EQ(s.processors[0].cores, 0);
  EXPECT_EQ(s.processors[0].memory_bytes, 0);
}

TEST(Survey, what_cannot_be_right_is_told) {
  const Survey s = read(R"(
/redfish/v1: {Systems: {"@odata.id": /s}, Chassis: {"@odata.id": /c}}
/s: {Members: [{"@odata.id": /s/1}], Members@odata.count: 3, Members@odata.nextLink: /s/more}
/s/more: {Members: [{"@odata.id": /s/2}], Members@odata.count: 3}
/s/1: {MemorySummary: {TotalSystemMemoryGiB: 1e18}}
/s/2: {}
/c: {Members: [{"@odata.id": /c/1}], Members@odata.count: 1}
/c/1: {EnvironmentMetrics: {"@odata.id": /c/1/em}, PowerSubsystem: {"@odata.id": /c/1/ps}}
/c/1/em: {PowerWatts: {Reading: -5}, PowerLimitWatts: {SetPoint: 1e300, AllowableMax: 700}}
/c/1/ps: {CapacityWatts: "3000"}
)");
  EXPECT_THAT(s.notes,
              ::testing::ElementsAre(
                  ::testing::HasSubstr("/c/1/em: PowerWatts.Reading is -5, which cannot be"),
                  ::testing::StartsWith("/c/1/em: PowerLimitWatts.SetPoint is "),
                  ::testing::HasSubstr("/c/1/ps: CapacityWatts is the text \"3000\""),
                  ::testing::HasSubstr("/s: says that it has 3 members, and names 2"),
                  ::testing::StartsWith("/s/1: MemorySummary.TotalSystemMemoryGiB is ")));
}

TEST(Survey, many_chassis_that_share_a_collection_do_not_multiply_it) {
  std::map<std::string, std::string> documents;
  std::string chassis, memory;
  for (int i = 0; i < 4'000; ++i) {
    const std::string n = std::to_string(i);
    chassis += (i == 0 ? "" : ",") + (R"({"@odata.id":"/c/)" + n + R"("})");
    memory += (i == 0 ? "" : ",") + (R"({"Name":")" + n + R"("})");
    documents["/c/" + n] = R"({"Memory":{"@odata.id":"/m"}})";
  }
  documents["/redfish/v1"] = R"({"Chassis":{"@odata.id":"/c"}})";
  documents["/c"] = "{\"Members\":[" + chassis + "]}";
  documents["/m"] = "{\"Members\":[" + memory + "]}";
  const Survey s = survey(crawl_of(documents));
  EXPECT_THAT(s.chassis, SizeIs(4'000));
  EXPECT_THAT(s.memory, SizeIs(4'000));
  EXPECT_THAT(s.notes, ::testing::Contains(::testing::HasSubstr("some parts are left out")));
}

TEST(Survey, an_action_info_says_what_a_parameter_may_be) {
  const auto info = json::parse(
      R"({"Parameters":[{"Name":"Other"},{"Name":"ResetType","AllowableValues":["On",7,"ForceOff"]}]})");
  EXPECT_THAT(allowable_values(*info, "ResetType"), ElementsAre("On", "ForceOff"));
  EXPECT_THAT(allowable_values(*info, "Missing"), IsEmpty());
}

}  // namespace
}  // namespace freehold::discover::redfish
