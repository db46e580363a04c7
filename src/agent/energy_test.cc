// Energy: shares of what meters tell, and what becomes of gaps.
#include "agent/energy.h"

#include <gtest/gtest.h>

namespace freehold::agent {
namespace {

Time at(int64_t s) { return {s * 1'000'000}; }

struct Metered : testing::Test {
  Metered() {
    machine.online_cpus = "0-7";
    machine.drawn = {{"gpu0", 300'000}, {"nvme0", 5'000}, {"", 80'000}};
    for (const char* id : {"gpu0", "gpu1"}) {
      machine.profile.devices.emplace_back().id = id;
      machine.profile.devices.back().cls = api::DeviceClass::gpu;
    }
    spec.cpus = "2-3";
  }
  discover::Machine machine;
  api::InstanceSpec spec;
};

TEST_F(Metered, AnInstanceDrawsWhatItsDevicesDoAndItsShareOfTheProcessors) {
  spec.devices = {"gpu0", "nvme0", "nic0"};
  EXPECT_EQ(draw_of(spec, machine).milliwatts, 300'000 + 5'000 + 20'000);
  EXPECT_FALSE(draw_of(spec, machine).is_in_part) << "a network card hardly ever has a meter";
  spec.devices = {"gpu1"};
  EXPECT_EQ(draw_of(spec, machine).milliwatts, 20'000);
  EXPECT_TRUE(draw_of(spec, machine).is_in_part);
}

TEST_F(Metered, WithoutCpusOfItsOwnItsQuotaCounts) {
  spec.cpus.clear();
  spec.limits.cpu_milli = 500;
  EXPECT_EQ(draw_of(spec, machine).milliwatts, 5'000);
  spec.limits.cpu_milli = 99'000;
  EXPECT_EQ(draw_of(spec, machine).milliwatts, 80'000) << "no more than there is";
}

TEST_F(Metered, WhereTheProcessorsHaveNoMeterItIsKnownInPartOrNotAtAll) {
  machine.drawn.pop_back();
  EXPECT_FALSE(draw_of(spec, machine).milliwatts.has_value());
  spec.devices = {"gpu0"};
  EXPECT_EQ(draw_of(spec, machine).milliwatts, 300'000);
  EXPECT_TRUE(draw_of(spec, machine).is_in_part);
}

TEST(EnergyTaken, IsTheDrawOverTheTimeSinceItWasCountedLast) {
  Energy energy;
  count(energy, {100'000, false}, at(10));
  EXPECT_EQ(joules(energy), -1) << "it has begun";
  count(energy, {100'000, false}, at(40));
  EXPECT_EQ(joules(energy), 3'000);
  count(energy, {100'000, false}, at(40));
  count(energy, {100'000, false}, at(20));
  EXPECT_EQ(joules(energy), 3'000) << "nothing counts twice";
  count(energy, {}, at(60));
  count(energy, {200'000, true}, at(70));
  EXPECT_EQ(joules(energy), 9'000) << "a look without a meter is made up for";
  EXPECT_TRUE(energy.is_in_part);
}

TEST(EnergyTaken, WhatWasNotMeteredForLongIsNotKnown) {
  Energy energy;
  count(energy, {}, at(10));
  count(energy, {100'000, false}, at(40));
  count(energy, {100'000, false}, at(40 + 601));
  EXPECT_EQ(joules(energy), -1);
  count(energy, {100'000, false}, at(700));
  EXPECT_EQ(joules(energy), -1) << "nor is it later";
}

TEST(EnergyTaken, GoesOnFromWhatWasReported) {
  api::Usage usage;
  EXPECT_EQ(joules(reported(usage)), -1);
  EXPECT_FALSE(reported(usage).until.is_set());
  usage.energy_joules = 50;
  usage.at = at(10);
  Energy energy = reported(usage);
  count(energy, {10'000, false}, at(20));
  EXPECT_EQ(joules(energy), 150);
}

}  // namespace
}  // namespace freehold::agent
