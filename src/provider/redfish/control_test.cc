#include "provider/redfish/control.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "json/yaml.h"

namespace freehold::provider::redfish {
namespace {

using discover::redfish::LimitForm;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

json::Value yaml(std::string_view text) { return json::parse_yaml_or_json(text).value(); }

PowerLimit gpu() {
  PowerLimit limit;
  limit.id = "/m";
  limit.of = "GPU 0";
  limit.set_point = 700;
  limit.minimum = 200;
  limit.maximum = 700;
  limit.mode = "Automatic";
  return limit;
}

System system_of(std::string_view text) {
  return discover::redfish::read_system("/s/1", yaml(text));
}

System machine() {
  return system_of(R"(
HostName: web
PowerState: "On"
Boot:
  BootSourceOverrideTarget: None
  BootSourceOverrideEnabled: Disabled
  BootSourceOverrideTarget@Redfish.AllowableValues: [None, Pxe, UefiTarget]
  BootOrder: [B1, B2, B3]
Actions:
  "#ComputerSystem.Reset":
    target: /s/1/reset
    ResetType@Redfish.AllowableValues: [ForceOn, ForceOff, GracefulShutdown, ForceRestart]
)");
}

TEST(PowerLimit, outside_of_its_range_is_refused_by_name) {
  EXPECT_TRUE(check_limit(gpu(), 200).ok());
  EXPECT_TRUE(check_limit(gpu(), 700).ok());
  EXPECT_EQ(check_limit(gpu(), 199).error().message,
            "GPU 0: 199 W is below AllowableMin, which is 200 W");
  EXPECT_EQ(check_limit(gpu(), 700.5).error().message,
            "GPU 0: 700.5 W is above AllowableMax, which is 700 W");
  EXPECT_FALSE(check_limit(gpu(), 0).ok());
  EXPECT_FALSE(check_limit(gpu(), -5).ok());
  EXPECT_FALSE(check_limit(gpu(), std::nan("")).ok());
}

TEST(PowerLimit, that_the_controller_does_not_hold_is_refused) {
  PowerLimit limit = gpu();
  limit.mode = "Disabled";
  EXPECT_THAT(check_limit(limit, 300).error().message, HasSubstr("ControlMode is Disabled"));
}

TEST(PowerLimit, is_written_in_the_form_that_the_document_has) {
  EXPECT_EQ(limit_patch(gpu(), 450), yaml("PowerLimitWatts: {SetPoint: 450}"));
  PowerLimit older = gpu();
  older.form = LimitForm::power_control;
  older.index = 1;
  EXPECT_EQ(limit_patch(older, 450.5),
            yaml("PowerControl: [{}, {PowerLimit: {LimitInWatts: 450.5}}]"));
}

TEST(Reset, takes_only_what_the_system_says_it_takes) {
  EXPECT_EQ(*type_for_on(machine()), "ForceOn");
  EXPECT_EQ(*type_for_off(machine(), Force::no), "GracefulShutdown");
  EXPECT_EQ(*type_for_off(machine(), Force::yes), "ForceOff");
  EXPECT_EQ(*type_for_restart(machine(), Force::yes), "ForceRestart");
  EXPECT_EQ(type_for_restart(machine(), Force::no).error().message,
            "web: reset type \"GracefulRestart\" is none of ForceOn, ForceOff, GracefulShutdown, "
            "ForceRestart");
  EXPECT_THAT(check_reset(system_of("HostName: web"), "On").error().message,
              HasSubstr("offers no ComputerSystem.Reset"));
  const System silent = system_of("Actions: {\"#ComputerSystem.Reset\": {target: /r}}");
  EXPECT_THAT(check_reset(silent, "On").error().message, HasSubstr("does not say which"));
}

TEST(Reset, knows_the_state_that_follows) {
  EXPECT_EQ(state_after("ForceOff"), "Off");
  EXPECT_EQ(state_after("GracefulRestart"), "On");
  EXPECT_EQ(state_after("Nmi"), "");
}

TEST(Reset, a_restart_shows_by_power_by_its_time_or_by_a_boot_that_begins_anew) {
  const auto is_shown = [](std::string_view before, std::string_view now) {
    return shows_restart(system_of(before), system_of(now));
  };
  EXPECT_TRUE(is_shown("PowerState: 'On'", "PowerState: 'Off'"));
  EXPECT_TRUE(is_shown("PowerState: 'Off'", "PowerState: 'On'"));
  EXPECT_TRUE(is_shown("PowerState: 'On'", "PowerState: PoweringOn"));
  EXPECT_TRUE(is_shown("LastResetTime: a", "LastResetTime: b"));
  EXPECT_TRUE(is_shown("BootProgress: {LastState: OSRunning}",
                       "BootProgress: {LastState: MemoryInitializationStarted}"));
  for (const char* same :
       {"PowerState: 'On'", "PowerState: PoweringOn", "PowerState: 'On'\nLastResetTime: a",
        "PowerState: 'On'\nBootProgress: {LastState: OSRunning}"})
    EXPECT_FALSE(is_shown(same, same)) << same;
  EXPECT_FALSE(is_shown("PowerState: PoweringOn", "PowerState: 'On'")) << "it was on its way";
  EXPECT_FALSE(is_shown("PowerState: 'On'", "PowerState: 'On'\nLastResetTime: a"));
  EXPECT_FALSE(
      is_shown("BootProgress: {LastState: OSBootStarted}", "BootProgress: {LastState: OSRunning}"));
  EXPECT_FALSE(is_shown("BootProgress: {LastState: OSRunning}", "BootProgress: {LastState: OEM}"));
  EXPECT_FALSE(is_shown("BootProgress: {LastState: MemoryInitializationStarted}",
                        "BootProgress: {LastState: BusInitializationStarted}"))
      << "firmware takes these in any order";
}

TEST(Boot, is_one_of_the_targets_that_the_system_offers) {
  EXPECT_EQ(*boot_patch(machine(), {.target = "Pxe", .enabled = "Once", .order = {}}),
            yaml("Boot: {BootSourceOverrideTarget: Pxe, BootSourceOverrideEnabled: Once}"));
  EXPECT_THAT(boot_patch(machine(), {.target = "Cd", .enabled = {}, .order = {}}).error().message,
              HasSubstr("boot target \"Cd\" is none of None, Pxe, UefiTarget"));
  EXPECT_THAT(
      boot_patch(machine(), {.target = "UefiTarget", .enabled = {}, .order = {}}).error().message,
      HasSubstr("path of a device"));
  EXPECT_THAT(
      boot_patch(machine(), {.target = {}, .enabled = "Always", .order = {}}).error().message,
      HasSubstr("none of Once, Continuous, Disabled"));
  EXPECT_FALSE(boot_patch(machine(), {}).ok());
}

TEST(Boot, what_is_not_named_follows_in_its_old_order) {
  EXPECT_EQ(*boot_patch(machine(), {.target = {}, .enabled = {}, .order = {"B3"}}),
            yaml("Boot: {BootOrder: [B3, B1, B2]}"));
  EXPECT_THAT(boot_patch(machine(), {.target = {}, .enabled = {}, .order = {"B4"}}).error().message,
              HasSubstr("\"B4\" is none of the boot order, which is B1, B2, B3"));
  EXPECT_THAT(
      boot_patch(machine(), {.target = {}, .enabled = {}, .order = {"B1", "B1"}}).error().message,
      HasSubstr("named twice"));
}

}  // namespace
}  // namespace freehold::provider::redfish
