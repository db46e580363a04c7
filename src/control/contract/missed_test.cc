// Missed time, against a list with one entry for each second and promise.
#include "control/contract/missed.h"

#include <gtest/gtest.h>

#include <bitset>
#include <map>

#include "base/random.h"

namespace freehold::control {
namespace {

Time at(int64_t s) { return {s * 1'000'000}; }

// Promises with windows of different lengths, which are judged at different times.
struct World {
  explicit World(const std::vector<int64_t>& lengths) {
    for (const int64_t s : lengths) {
      api::Guarantee& g = spec.guarantees.emplace_back();
      g.metric = "available_capacity";
      g.at_least = Quantity::parse_any("1").value();
      g.window = seconds(s);
      status.guarantees.emplace_back();
    }
  }
  void judge(size_t promise, bool is_missed) {
    api::GuaranteeStatus& gs = status.guarantees[promise];
    const Duration window = spec.guarantees[promise].window;
    const Time start = gs.assessed_until;
    gs.assessed_until = start + window;
    if (is_missed) {
      add_missed(status.missed, promise, start, window);
      for (int64_t s = start.us / 1'000'000; at(s) < gs.assessed_until; ++s)
        by_second[s].set(promise);
    }
    sum_missed(spec, status);
  }
  Duration counted(unsigned long set) const {
    return time_missed(status.missed, [&](size_t p) { return (set >> p & 1) != 0; });
  }
  Duration expected(unsigned long set) const {
    int64_t n = 0;
    for (const auto& [s, promises] : by_second) n += (promises.to_ulong() & set) != 0 ? 1 : 0;
    return seconds(n);
  }
  api::ContractSpec spec;
  api::ContractStatus status;
  std::map<int64_t, std::bitset<16>> by_second;
};

TEST(MissedTime, CountsEachSecondOnceWhicheverPromisesEarnACredit) {
  World w({2, 2});
  for (int i = 0; i < 10; ++i) w.judge(0, true);  // 0 to 20 s
  for (int i = 0; i < 9; ++i) w.judge(1, false);
  for (int i = 0; i < 12; ++i) w.judge(1, true);  // 18 to 42 s
  EXPECT_EQ(w.counted(1), seconds(20));
  EXPECT_EQ(w.counted(2), seconds(24));
  EXPECT_EQ(w.counted(3), seconds(42));
  EXPECT_EQ(w.counted(0), seconds(0));
}

TEST(MissedTime, IsWhatAListOfAllSecondsSays) {
  Random random(7);
  for (int round = 0; round < 200; ++round) {
    const std::vector<int64_t> lengths{1, 5, 2, 7};
    World w(lengths);
    const int share = static_cast<int>(random.in(0, 99));
    for (int64_t now = 0; now < 300; now += random.in(1, 5))
      for (size_t p = 0; p < lengths.size(); ++p) {
        const Time behind = at(now - random.in(0, 9));
        while (w.status.guarantees[p].assessed_until + w.spec.guarantees[p].window <= behind)
          w.judge(p, random.percent(share));
      }
    for (unsigned long set = 0; set < 16; ++set)
      ASSERT_EQ(w.counted(set), w.expected(set)) << "round " << round << ", promises " << set;
    ASSERT_LE(w.status.missed.sums.size(), 15u);
  }
}

// One promise is not judged for a long time: what is kept of the others stays bounded, and of the
// late one less may count, never more.
TEST(MissedTime, StaysBoundedWhereOnePromiseIsJudgedLate) {
  World w({1, 1});
  for (int i = 0; i < 2000; ++i) {
    w.judge(0, i % 2 == 0);
    ASSERT_LE(w.status.missed.spans.size(), 256u);
  }
  for (int i = 0; i < 2000; ++i) w.judge(1, i % 3 == 0);
  EXPECT_EQ(w.counted(1), w.expected(1));
  EXPECT_LT(w.counted(3), w.expected(3));
  EXPECT_GE(w.counted(3), w.expected(1));
}

TEST(MissedTime, StaysBoundedHoweverManySetsOfPromisesAreMissedTogether) {
  World w(std::vector<int64_t>(16, 1));
  Random random(8);
  for (int i = 0; i < 3000; ++i)
    for (size_t p = 0; p < 16; ++p) w.judge(p, random.percent(50));
  EXPECT_LE(w.status.missed.sums.size(), 64u);
  EXPECT_EQ(w.counted(0xFFFF), w.expected(0xFFFF));
  for (size_t p = 0; p < 16; ++p) EXPECT_LE(w.counted(1ul << p), w.expected(1ul << p));
}

TEST(MissedTime, WhatTheWorkloadSaysEarnsNone) {
  api::Guarantee g;
  g.metric = "cpu_cores";
  g.at_least = Quantity::of(1000, Dimension::number);
  EXPECT_FALSE(may_earn_credit(g)) << "it may idle";
  g.of = api::JudgedAgainst::offered;
  EXPECT_TRUE(may_earn_credit(g));
  g.when["available_capacity"] = ">=1";
  EXPECT_TRUE(may_earn_credit(g));
  g.when["its_own_word"] = ">=1";
  EXPECT_FALSE(may_earn_credit(g));
  g.when.clear();
  g.measured_by = api::MeasuredBy::workload;
  EXPECT_FALSE(may_earn_credit(g));
  g.measured_by = api::MeasuredBy::agent;
  g.metric = "readiness";
  EXPECT_FALSE(may_earn_credit(g)) << "what it answers to a probe";
  g.metric = "its_own_word";
  EXPECT_FALSE(may_earn_credit(g));
  g.metric = "memory_bytes";
  EXPECT_FALSE(may_earn_credit(g)) << "what it takes of its memory";
}

}  // namespace
}  // namespace freehold::control
