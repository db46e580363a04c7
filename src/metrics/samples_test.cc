#include "metrics/samples.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/random.h"

namespace freehold::metrics {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Time at(int64_t s) { return Time{} + seconds(1'700'000'000 + s); }
const Series cpu{"cpu", {{"node", "n1"}}, Source::agent};

TEST(Samples, AreKeptInOrder) {
  SampleStore store;
  EXPECT_TRUE(store.append(cpu, at(0), 1));
  EXPECT_TRUE(store.append(cpu, at(10), 2.5));
  EXPECT_TRUE(store.append(cpu, at(25), -1));
  EXPECT_THAT(store.range(cpu, at(0), at(25)), ElementsAre(Point{at(0), 1}, Point{at(10), 2.5}));
  EXPECT_EQ(*store.latest(cpu), (Point{at(25), -1}));
  EXPECT_THAT(store.range(cpu, at(26), at(99)), IsEmpty());
}

TEST(Samples, WhatIsNotNewerOrNoNumberIsDropped) {
  SampleStore store;
  EXPECT_TRUE(store.append(cpu, at(10), 1));
  EXPECT_FALSE(store.append(cpu, at(10), 2));
  EXPECT_FALSE(store.append(cpu, at(5), 2));
  EXPECT_FALSE(store.append(cpu, at(20), std::nan("")));
  EXPECT_FALSE(store.append(cpu, Time{-1}, 1));
  EXPECT_FALSE(
      store.append({"x", {}, Source::agent}, Time{std::numeric_limits<int64_t>::max()}, 1));
  EXPECT_EQ(store.dropped(), 5u);
}

TEST(Samples, SourcesAreNeverMixed) {
  SampleStore store;
  const Series own{"rate", {}, Source::workload}, ours{"rate", {}, Source::agent};
  store.append(own, at(1), 100);
  store.append(ours, at(1), 50);
  EXPECT_EQ(store.latest(own)->value, 100);
  EXPECT_EQ(store.latest(ours)->value, 50);
  EXPECT_THAT(store.find("rate"), SizeIs(2));
  EXPECT_THAT(store.find("rate", {}, Source::agent), ElementsAre(ours));
  EXPECT_EQ(source_name(Source::gateway), "gateway");
}

TEST(Samples, AnyValueReadsBackExactly) {
  Random random(3);
  SampleStore store({.series = 4, .bytes = 1 << 20, .keep = hours(100'000)});
  std::vector<Point> expected;
  Time time = at(0);
  const double odd[] = {0,      -0.0, 1e-308, std::numeric_limits<double>::infinity(),
                        -1e300, 0.1,  4096};
  for (int i = 0; i < 5'000; ++i) {
    time = time + microseconds(random.percent(80) ? 5'000'000 : random.in(1, 1'000'000'000));
    const double value =
        random.percent(30) ? odd[random.in(0, 6)] : static_cast<double>(random.in(-1000, 1000)) / 3;
    ASSERT_TRUE(store.append(cpu, time, value));
    expected.push_back({time, value});
  }
  EXPECT_EQ(store.range(cpu, at(0), time + microseconds(1)), expected);
  EXPECT_THAT(store.range(cpu, expected[1000].at, expected[1500].at), SizeIs(500));
}

TEST(Samples, RegularCountersAreSmall) {
  SampleStore store;
  for (int i = 0; i < 1'000; ++i) store.append(cpu, at(i * 5), 1e6 + i * 37);
  EXPECT_LT(store.bytes(), 1'000u * 7);
  SampleStore gauge;
  for (int i = 0; i < 1'000; ++i) gauge.append(cpu, at(i * 5), 1);
  EXPECT_LT(gauge.bytes(), 1'000u * 5 / 2);
}

TEST(Samples, MemoryIsBoundedAndTheOldestGoFirst) {
  SampleStore store({.series = 100, .bytes = 10'000, .keep = hours(100'000)});
  Random random(1);
  const Series quiet{"quiet", {}, Source::agent};
  store.append(quiet, at(0), 1);
  for (int i = 1; i <= 20'000; ++i) store.append(cpu, at(i), static_cast<double>(random.next()));
  EXPECT_LE(store.bytes(), 10'000u);
  EXPECT_FALSE(store.latest(quiet).has_value()) << "the oldest of all";
  EXPECT_EQ(store.latest(cpu)->at, at(20'000));
  const auto left = store.range(cpu, at(0), at(30'000));
  EXPECT_GT(left.size(), 500u);
  EXPECT_EQ(left.back().at, at(20'000));
}

TEST(Samples, NumberOfSeriesIsBounded) {
  SampleStore store({.series = 2});
  EXPECT_TRUE(store.append({"a", {}, Source::agent}, at(1), 1));
  EXPECT_TRUE(store.append({"b", {}, Source::agent}, at(1), 1));
  EXPECT_FALSE(store.append({"c", {}, Source::agent}, at(1), 1));
  EXPECT_TRUE(store.append({"a", {}, Source::agent}, at(2), 1));
  EXPECT_EQ(store.series(), 2u);
}

TEST(Samples, OldOnesGoWithTime) {
  SampleStore store({.keep = seconds(100)});
  for (int i = 0; i < 1'000; ++i) store.append(cpu, at(i), 1);
  const auto left = store.range(cpu, at(0), at(2'000));
  EXPECT_GE(left.size(), 100u);
  EXPECT_LE(left.size(), 340u) << "whole chunks go";
  store.trim(at(5'000));
  EXPECT_EQ(store.series(), 0u);
  EXPECT_EQ(store.bytes(), 0u);
}

TEST(Samples, ForgettingANodeLeavesTheOthers) {
  SampleStore store;
  store.append(cpu, at(1), 1);
  store.append({"cpu", {{"node", "n2"}}, Source::agent}, at(1), 1);
  store.append({"memory", {{"node", "n1"}}, Source::agent}, at(1), 1);
  store.forget({{"node", "n1"}});
  EXPECT_THAT(store.find(""), ElementsAre(Series{"cpu", {{"node", "n2"}}, Source::agent}));
  store.forget({});
  EXPECT_EQ(store.bytes(), 0u);
}

}  // namespace
}  // namespace freehold::metrics
