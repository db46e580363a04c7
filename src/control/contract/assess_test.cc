#include "control/contract/assess.h"

#include <gtest/gtest.h>

namespace freehold::control {
namespace {

Quantity q(const char* text) { return Quantity::parse_any(text).value(); }

api::Guarantee rate(const char* floor) {
  api::Guarantee g;
  g.metric = "requests_per_second";
  g.at_least = q(floor);
  g.window = seconds(10);
  g.target = 0.9;
  return g;
}

api::Window window(const api::Guarantee& g, int64_t start_s, const char* value) {
  api::Window w;
  w.metric = g.metric;
  w.start = {start_s * 1'000'000};
  w.length = g.window;
  if (*value != '\0') {
    w.value = q(value);
    w.samples = 5;
  }
  return w;
}

TEST(Judging, ARateAtItsFloorIsFulfilledAndOneBelowIsViolated) {
  const api::Guarantee g = rate("20/s");
  const api::Window at = window(g, 0, "20/s"), below = window(g, 0, "19.9/s");
  EXPECT_EQ(judge(g, {&at}).verdict, Verdict::fulfilled);
  EXPECT_EQ(judge(g, {&below}).verdict, Verdict::violated);
}

TEST(Judging, APlainNumberPerSecondIsARate) {
  const api::Guarantee g = rate("20/s");
  const api::Window plain = window(g, 0, "21");
  EXPECT_EQ(judge(g, {&plain}).verdict, Verdict::fulfilled);
}

TEST(Judging, RatesOfMembersAddUpAndLatenciesCountByTheWorst) {
  const api::Guarantee g = rate("20/s");
  const api::Window a = window(g, 0, "12/s"), b = window(g, 0, "9/s");
  EXPECT_EQ(judge(g, {&a, &b}).verdict, Verdict::fulfilled);
  api::Guarantee latency;
  latency.metric = "latency";
  latency.at_most = q("50ms");
  latency.quantile = 0.95;
  const api::Window fast = window(latency, 0, "10ms"), slow = window(latency, 0, "51ms");
  EXPECT_EQ(judge(latency, {&fast, &slow}).verdict, Verdict::violated);
  EXPECT_EQ(judge(latency, {&fast, &slow}).value, q("51ms"));
}

TEST(Judging, AnIdleUserIsNoBreach) {
  api::Guarantee g = rate("20/s");
  g.of = api::JudgedAgainst::offered;
  api::Window idle = window(g, 0, "3/s");
  idle.offered = q("3/s");
  EXPECT_EQ(judge(g, {&idle}).verdict, Verdict::fulfilled);
  api::Window dropped = window(g, 0, "3/s");
  dropped.offered = q("15/s");
  EXPECT_EQ(judge(g, {&dropped}).verdict, Verdict::violated);
}

TEST(Judging, WhatWasNotMeasuredOrLiesOutsideTheConditionsIsNotDetermined) {
  api::Guarantee g = rate("20/s");
  const api::Window blind = window(g, 0, "");
  EXPECT_EQ(judge(g, {&blind}).verdict, Verdict::not_determined);
  EXPECT_EQ(judge(g, {}).verdict, Verdict::not_determined);
  g.when["request_rate"] = "<=12/s";
  api::Window outside = window(g, 0, "5/s");
  EXPECT_EQ(judge(g, {&outside}).verdict, Verdict::not_determined);
  outside.context["request_rate"] = q("13/s");
  EXPECT_EQ(judge(g, {&outside}).verdict, Verdict::not_determined);
  outside.context["request_rate"] = q("12/s");
  EXPECT_EQ(judge(g, {&outside}).verdict, Verdict::violated);
}

TEST(Judging, AnotherDimensionIsNotDeterminedRatherThanAWrongVerdict) {
  const api::Guarantee g = rate("20/s");
  const api::Window w = window(g, 0, "20ms");
  EXPECT_EQ(judge(g, {&w}).verdict, Verdict::not_determined);
}

class Assessing : public testing::Test {
 protected:
  Assessing() {
    spec.guarantees.push_back(rate("20/s"));
    instance.status.started_at = {1};
    instance.status.phase = api::InstancePhase::running;
  }
  void hand_in(int64_t start_s, const char* value) {
    instance.status.windows.push_back(window(spec.guarantees[0], start_s, value));
  }
  bool run(int64_t now_s, bool heard = true) {
    return assess(spec, status, {{&instance, heard, {1}}}, {now_s * 1'000'000});
  }
  const api::Verdicts& counts() { return status.guarantees[0].windows; }
  api::ContractSpec spec;
  api::ContractStatus status;
  api::Instance instance;
};

TEST_F(Assessing, EveryWindowIsCountedOnceHoweverOftenItIsHandedIn) {
  hand_in(0, "25/s");
  hand_in(10, "15/s");
  EXPECT_TRUE(run(20));
  EXPECT_FALSE(run(21));
  hand_in(20, "");
  EXPECT_TRUE(run(31));
  EXPECT_EQ(counts().fulfilled, 1);
  EXPECT_EQ(counts().violated, 1);
  EXPECT_EQ(counts().not_determined, 1);
  EXPECT_EQ(status.guarantees[0].assessed_until.us, 30'000'000);
  EXPECT_EQ(status.windows.size(), 3u);
}

TEST_F(Assessing, AWindowWaitsForAMemberThatMayStillHandItIn) {
  api::Instance other = instance;
  hand_in(0, "25/s");
  const auto both = [&](int64_t now_s, bool heard) {
    return assess(spec, status, {{&instance, true, {1}}, {&other, heard, {1}}},
                  {now_s * 1'000'000});
  };
  both(11, true);
  EXPECT_EQ(counts().fulfilled, 0);
  both(1000, false);  // its node is silent: what it measured may come back with it
  EXPECT_EQ(counts().fulfilled, 0);
  both(31, true);
  EXPECT_EQ(counts().fulfilled, 1);
}

TEST_F(Assessing, AWishBecomesAGuaranteeOnceItWasKeptOnTheAssignedHardware) {
  hand_in(0, "15/s");
  run(10);
  EXPECT_EQ(status.guarantees[0].basis, api::Basis::trial);
  hand_in(10, "25/s");
  hand_in(20, "15/s");
  run(30);
  EXPECT_EQ(status.guarantees[0].basis, api::Basis::accepted);
  EXPECT_EQ(counts().violated, 1) << "what was missed before was no promise";
  EXPECT_EQ(counts().not_determined, 1);
}

TEST(ErrorBudget, IsSpentByMoreViolatedWindowsThanTheTargetAllows) {
  api::Guarantee g = rate("20/s");
  api::Verdicts v;
  EXPECT_EQ(budget_left(g, v, seconds(100)), 1);
  v.violated = 1;  // of ten windows at 0.9 one may be missed
  EXPECT_NEAR(budget_left(g, v, seconds(100)), 0, 1e-9);
  v.violated = 2;
  EXPECT_LT(budget_left(g, v, seconds(100)), 0);
}

}  // namespace
}  // namespace freehold::control
