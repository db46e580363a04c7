#include "control/contract/assess.h"

#include <gtest/gtest.h>

#include <cmath>
#include <utility>

#include "api/window_facts.h"
#include "control/contract/instances.h"

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
  api::mark_quantile(w, g.quantile);
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

TEST(Judging, RatesOfMembersAddUpAndLevelsCountByTheWorst) {
  const api::Guarantee g = rate("20/s");
  const api::Window a = window(g, 0, "12/s"), b = window(g, 0, "9/s");
  EXPECT_EQ(judge(g, {&a, &b}).verdict, Verdict::fulfilled);
  api::Guarantee level = rate("500m");
  level.metric = "readiness";
  const api::Window good = window(level, 0, "1"), bad = window(level, 0, "400m");
  EXPECT_EQ(judge(level, {&good, &bad}).verdict, Verdict::violated);
  EXPECT_EQ(judge(level, {&good, &bad}).value, q("400m"));
}

api::Guarantee latency(const char* most, double quantile = 0.95) {
  api::Guarantee g;
  g.metric = "latency";
  g.at_most = q(most);
  g.quantile = quantile;
  g.window = seconds(10);
  return g;
}

api::Window requests(const api::Guarantee& g, const char* value, int64_t count) {
  api::Window w = window(g, 0, value);
  w.samples = count;
  return w;
}

TEST(Judging, AnIdleMemberHidesNoBrokenOne) {
  const api::Guarantee g = latency("50ms");
  const api::Window idle = requests(g, "", 0), slow = requests(g, "51ms", 100);
  EXPECT_EQ(judge(g, {&idle, &slow}).verdict, Verdict::violated);
  const api::Window fast = requests(g, "10ms", 100);
  EXPECT_EQ(judge(g, {&fast, &idle}).verdict, Verdict::fulfilled);
  EXPECT_EQ(judge(g, {&idle, &idle}).verdict, Verdict::not_determined);
  EXPECT_EQ(judge(g, {&idle, &idle}).reason, "no requests");
  // One that could not be looked at may have had any number.
  api::Window blind = requests(g, "", 0);
  api::mark_seen(blind, 0);
  EXPECT_EQ(judge(g, {&blind, &fast}).verdict, Verdict::not_determined);
}

TEST(Judging, AMemberWithFewRequestsDoesNotOutweighTheOthers) {
  const api::Guarantee g = latency("50ms");
  const api::Window fast = requests(g, "10ms", 95);
  const api::Window few = requests(g, "60ms", 5), more = requests(g, "60ms", 6);
  EXPECT_EQ(judge(g, {&few, &fast}).verdict, Verdict::fulfilled) << "5 of 100 may be slow";
  EXPECT_EQ(judge(g, {&fast, &more}).verdict, Verdict::violated);
  EXPECT_EQ(judge(g, {&fast, &more}).value, q("60ms"));
  EXPECT_EQ(judge(g, {&fast, &more}).samples, 101);
}

TEST(Judging, BeyondTheLastBoundIsMoreThanTheBound) {
  api::Guarantee g = latency("100ms", 0.99);
  api::Window w = window(g, 0, "100ms");
  EXPECT_EQ(judge(g, {&w}).verdict, Verdict::fulfilled);
  api::mark_beyond(w);
  EXPECT_EQ(judge(g, {&w}).verdict, Verdict::violated);
  g.at_most = q("50ms");
  EXPECT_EQ(judge(g, {&w}).verdict, Verdict::violated);
  g.at_most = q("5s");
  EXPECT_EQ(judge(g, {&w}).verdict, Verdict::not_determined);
  EXPECT_NE(judge(g, {&w}).reason.find("last bound"), std::string::npos);
}

TEST(Judging, AWindowOfWhichTooLittleWasSeenDecidesNothing) {
  const api::Guarantee g = rate("20/s");
  api::Window part = window(g, 0, "3/s");
  api::mark_seen(part, 0.3);
  EXPECT_EQ(judge(g, {&part}).verdict, Verdict::not_determined);
  EXPECT_EQ(judge(g, {&part}).reason, "only 30 % of it was seen");
}

TEST(Judging, WithoutTheLoadOfferedNobodyKnowsWhetherTheUserWasIdle) {
  api::Guarantee g = rate("20/s");
  g.of = api::JudgedAgainst::offered;
  const api::Window w = window(g, 0, "0/s");
  EXPECT_EQ(judge(g, {&w}).verdict, Verdict::not_determined);
  EXPECT_NE(judge(g, {&w}).reason.find("offered"), std::string::npos);
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

TEST(Judging, AnotherCurrencyIsNotDeterminedEither) {
  api::Guarantee g = rate("20EUR");
  g.metric = "revenue";
  const api::Window w = window(g, 0, "25USD");
  EXPECT_EQ(judge(g, {&w}).reason, "measured in USD, promised in EUR");
}

Time seconds_at(int64_t s) { return {s * 1'000'000}; }

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

api::Window measured(const char* metric, int64_t start_s, const char* value) {
  api::Guarantee g = rate("1/s");
  g.metric = metric;
  return window(g, start_s, value);
}

TEST_F(Assessing, OutsideItsConditionsAPromiseIsNotJudged) {
  spec.guarantees[0].when = {{"load", "<=12/s"}};
  auto& windows = instance.status.windows;
  hand_in(0, "5/s");
  run(11);
  EXPECT_TRUE(status.windows.empty()) << "the condition may still be handed in";
  windows.push_back(measured("load", 0, "12/s"));
  hand_in(10, "5/s");
  windows.push_back(measured("load", 10, "13/s"));
  hand_in(20, "5/s");
  windows.push_back(measured("load", 20, ""));
  EXPECT_TRUE(run(31));
  EXPECT_EQ(counts().violated, 1);
  EXPECT_EQ(counts().not_determined, 2);
  ASSERT_EQ(status.windows.size(), 3u);
  EXPECT_EQ(status.windows[1].reason, "outside load<=12/s: 13/s");
  EXPECT_EQ(status.windows[2].reason, "condition load was not measured");
}

TEST_F(Assessing, RatesOfAllMembersTogetherAreTheCondition) {
  spec.guarantees[0].when = {{"load", "<=12/s"}, {"prompt_bytes", "<=2Ki"}};
  api::Instance other = instance;
  for (api::Instance* i : {&instance, &other}) {
    i->status.windows = {
        window(spec.guarantees[0], 0, "5/s"), measured("load", 0, "6/s"),
        measured("prompt_bytes", 0, "2Ki"),   window(spec.guarantees[0], 10, "5/s"),
        measured("load", 10, "7/s"),          measured("prompt_bytes", 10, "1Ki")};
  }
  assess(spec, status, {{&instance, true, {1}}, {&other, true, {1}}}, seconds_at(20));
  EXPECT_EQ(counts().violated, 1);
  EXPECT_EQ(counts().not_determined, 1);
  EXPECT_EQ(status.windows.back().reason, "outside load<=12/s: 14/s");
}

TEST(Measures, ConditionsAreMeasuredTooAndEachOnce) {
  api::Contract c;
  c.spec.guarantees = {rate("20/s"), latency("50ms")};
  c.spec.guarantees[0].when = {{"load", "<=12/s"}};
  c.spec.guarantees[1].when = {{"load", "<=9/s"}, {"cpu_cores", "<=2"}};
  c.status.guarantees.resize(2);
  c.status.guarantees[0].assessed_until = seconds_at(20);
  c.status.guarantees[1].assessed_until = seconds_at(10);
  std::string all;
  for (const api::Measure& m : measures_for(c))
    all += m.metric + (m.quantile > 0 ? " quantile" : "") +
           (m.by == api::MeasuredBy::agent ? " agent " : " workload ") +
           std::to_string(m.assessed_until.us / 1'000'000) + "\n";
  EXPECT_EQ(all,
            "requests_per_second agent 20\nload workload 10\nlatency quantile agent 10\n"
            "cpu_cores agent 10\n");
}

TEST_F(Assessing, WindowsAreWaitedForByTheClockThatTellsThem) {
  instance.status.started_at = seconds_at(1);
  spec.guarantees[0].window = seconds(2);
  const Duration behind = seconds(24);
  const auto look = [&](int64_t node_s) {
    return assess(spec, status, {{&instance, true, seconds_at(25), {}, behind}},
                  seconds_at(node_s) + behind);
  };
  for (int64_t s = 4; s < 60; s += 2) {
    hand_in(s, "25/s");
    look(s + 3);
    std::erase_if(instance.status.windows, [&](const api::Window& w) {
      return w.start + w.length <= status.guarantees[0].assessed_until;
    });
  }
  EXPECT_EQ(counts().fulfilled, 28);
  EXPECT_EQ(counts().not_determined, 0);
  // Up to the end of the contract, which the server told: nothing of the node's own future.
  status.released_at = seconds_at(60) + behind;
  look(1'000);
  EXPECT_EQ(counts().not_determined, 0);
  EXPECT_EQ(status.guarantees[0].assessed_until, seconds_at(60));
}

TEST_F(Assessing, WhatFailedForGoodIsNotKeptAndNotForgotten) {
  instance.status.started_at = seconds_at(1);
  hand_in(20, "25/s");
  instance.status.phase = api::InstancePhase::failed;
  run(200);
  EXPECT_EQ(counts().fulfilled, 1);
  EXPECT_GE(counts().not_determined, 14);
  EXPECT_EQ(counts().violated, 0);
}

TEST_F(Assessing, WhatWasStoppedOwesWhatIsMissingUpToTheEndOfTheTerm) {
  instance.status.started_at = seconds_at(1);
  hand_in(20, "25/s");
  hand_in(30, "25/s");
  status.active_at = seconds_at(5);
  status.ends_at = seconds_at(60);
  status.released_at = seconds_at(75);
  for (const auto phase : {api::InstancePhase::stopping, api::InstancePhase::stopped}) {
    for (const char* command : {"serve", ""}) {
      instance.spec.run.command.clear();
      if (*command != '\0') instance.spec.run.command = {command};
      instance.status.phase = phase;
      api::ContractStatus last = status;
      assess(spec, last, {{&instance, true, {}, {}, {}, true}}, seconds_at(75));
      EXPECT_EQ(last.guarantees[0].windows.fulfilled, 2);
      EXPECT_EQ(last.guarantees[0].windows.not_determined, 2) << "from 40 s to 60 s";
      EXPECT_EQ(last.guarantees[0].assessed_until, seconds_at(60));
    }
  }
}

TEST_F(Assessing, WhatWasNotShownByTheEndIsAGap) {
  instance.spec.run.command = {"serve"};
  instance.status.started_at = seconds_at(1);
  for (size_t n = 0; n < api::windows_shown; ++n)
    hand_in(20 + static_cast<int64_t>(n) * 10, "25/s");
  status.ends_at = status.released_at = seconds_at(1000);
  instance.status.phase = api::InstancePhase::stopped;
  run(1000);
  EXPECT_EQ(counts().not_determined, 0) << "more may follow";
  assess(spec, status, {{&instance, true, {}, {}, {}, true}}, seconds_at(1000));
  EXPECT_EQ(counts().fulfilled, 64);
  EXPECT_EQ(counts().not_determined, 34);
}

TEST_F(Assessing, WhatWasMeasuredBeforeARestartIsOwedAllTheSame) {
  status.active_at = seconds_at(10);
  instance.status.started_at = seconds_at(90);
  instance.status.restarts = 1;
  hand_in(100, "25/s");
  run(110);
  EXPECT_EQ(counts().fulfilled, 1);
  EXPECT_EQ(counts().not_determined, 8) << "from 20 s to 100 s";
}

TEST_F(Assessing, OnlyMembersThatHaveAnEndpointAreAskedForMetricsOfTheWorkload) {
  api::Instance worker = instance;
  instance.spec.run.metrics.emplace();
  hand_in(0, "25/s");
  worker.status.windows = {window(spec.guarantees[0], 0, "")};
  assess(spec, status, {{&instance, true, {1}}, {&worker, true, {1}}}, seconds_at(11));
  EXPECT_EQ(counts().fulfilled, 1);
  EXPECT_EQ(counts().not_determined, 0);
}

TEST_F(Assessing, ThePromiseIsTheOneThatIsMadeNow) {
  hand_in(0, "25/s");
  run(10);
  spec.guarantees[0].at_least = q("5/s");
  EXPECT_TRUE(run(11));
  EXPECT_EQ(status.guarantees[0].promised, q("5/s"));
  for (const char* other : {"5Mi", "5", "5EUR", "5USD"}) {
    spec.guarantees[0].at_least = q(other);
    EXPECT_TRUE(run(12)) << other;
    EXPECT_EQ(status.guarantees[0].promised, q(other));
    EXPECT_FALSE(run(13)) << other;
  }
}

TEST_F(Assessing, WhatWasKeptInAnotherUnitIsNotComparedAndGivesWay) {
  hand_in(0, "25/s");
  hand_in(10, "15/s");
  run(20);
  for (const char* kept : {"1200B", "12", "7EUR", "7USD"}) {
    for (Quantity* value : {&status.guarantees[0].worst, &status.windows[0].value})
      *value = q(kept);
    const int64_t start_s = status.guarantees[0].assessed_until.us / 1'000'000;
    hand_in(start_s, "18/s");
    EXPECT_TRUE(run(start_s + 10));
    EXPECT_EQ(status.guarantees[0].worst.text(), "18/s") << kept;
    EXPECT_EQ(status.guarantees[0].median.text(), "18/s") << kept;
  }
  EXPECT_EQ(status.guarantees[0].last.text(), "18/s");
}

TEST_F(Assessing, PromisesInBytesAreJudgedWhateverTheNumber) {
  api::Guarantee& g = spec.guarantees[0];
  g.metric = "memory_bytes";
  g.at_most = q("30Mi");
  g.at_least = {};
  int64_t start_s = 0;
  for (const int64_t bytes : {8'112'401, 51'200'000, 28'360'704, 0}) {
    const Quantity value = Quantity::of(bytes, Dimension::bytes);
    hand_in(start_s, value.text().c_str());
    start_s += 10;
  }
  run(start_s);
  EXPECT_EQ(counts().violated + counts().fulfilled, 4);
  EXPECT_EQ(counts().not_determined, 0);
  // As it is stored and read again.
  for (const api::AssessedWindow& w : status.windows)
    EXPECT_EQ(q(w.value.text().c_str()), w.value) << w.value.text();
  EXPECT_EQ(status.guarantees[0].worst.value(), 51'200'000);
}

TEST_F(Assessing, ConditionsMayHaveABlankAndCountASecondInEitherForm) {
  for (const char* condition : {"<= 12/s", "<=12", "<12.5/s"}) {
    for (const char* load : {"12/s", "12"}) {
      status = {};
      spec.guarantees[0].when = {{"load", condition}};
      instance.status.windows = {window(spec.guarantees[0], 0, "25/s"), measured("load", 0, load)};
      run(11);
      EXPECT_EQ(counts().fulfilled, 1) << condition << " with " << load;
    }
  }
}

TEST(PromiseName, TellsPromisesAboutOneMetricApart) {
  api::Guarantee g = latency("50ms", 0.99);
  EXPECT_EQ(api::promise_name(g), "latency p99");
  g.when = {{"load", "<=12/s"}, {"prompt_tokens", "<=2048"}};
  EXPECT_EQ(api::promise_name(g), "latency p99 when load<=12/s and prompt_tokens<=2048");
  g.quantile = 0;
  EXPECT_EQ(api::promise_name(g), "latency when load<=12/s and prompt_tokens<=2048");
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

TEST_F(Assessing, WhatASilentMachineMeasuredIsWaitedForAndThenWrittenOff) {
  instance.status.started_at = {1'000'000};
  hand_in(20, "25/s");
  hand_in(30, "25/s");
  const auto look = [&](int64_t now_s) {
    return assess(spec, status, {{&instance, false, {}, seconds_at(40)}}, seconds_at(now_s));
  };
  look(60);
  EXPECT_EQ(counts().fulfilled, 2);
  EXPECT_EQ(counts().not_determined, 0);
  EXPECT_FALSE(look(639)) << "it may start anew and bring them";
  EXPECT_TRUE(look(641));
  EXPECT_EQ(counts().fulfilled, 2);
  EXPECT_EQ(counts().violated, 0);
  EXPECT_EQ(counts().not_determined, 58) << "from 40 s to 620 s; the last two may still come";
  EXPECT_EQ(status.windows.back().verdict, "notDetermined");
  EXPECT_NE(status.windows.back().reason.find("not heard from"), std::string::npos);
  // Up to the end of the contract, and no further.
  status.released_at = seconds_at(700);
  assess(spec, status, {{&instance, true, {}}}, seconds_at(100'000));
  EXPECT_EQ(counts().not_determined, 66);
}

TEST_F(Assessing, OfAMemberOnASilentMachineNobodyKnowsWhetherItKeptItsPart) {
  api::Instance other = instance;
  instance.status.started_at = other.status.started_at = {1'000'000};
  hand_in(20, "25/s");
  assess(spec, status, {{&instance, true, {1}}, {&other, false, {}, seconds_at(15)}},
         seconds_at(700));
  ASSERT_FALSE(status.windows.empty());
  EXPECT_EQ(counts().fulfilled, 0);
  EXPECT_EQ(status.windows.front().start, seconds_at(20));
  EXPECT_EQ(status.windows.front().verdict, "notDetermined");
}

TEST_F(Assessing, AWindowThatWasTornIsNotDetermined) {
  instance.status.started_at = {1'000'000};
  hand_in(20, "25/s");
  hand_in(40, "25/s");  // the clock was set meanwhile
  run(51);
  EXPECT_EQ(counts().fulfilled, 2);
  EXPECT_EQ(counts().not_determined, 1);
}

TEST_F(Assessing, TwoQuantilesOfOneMetricAreJudgedByTheirOwnMeasurements) {
  spec.guarantees = {latency("50ms", 0.5), latency("50ms", 0.99)};
  instance.status.windows = {window(spec.guarantees[0], 0, "10ms"),
                             window(spec.guarantees[1], 0, "60ms")};
  run(10);
  EXPECT_EQ(status.guarantees[0].windows.fulfilled, 1);
  EXPECT_EQ(status.guarantees[0].windows.violated, 0);
  EXPECT_EQ(status.guarantees[1].windows.fulfilled, 0);
  EXPECT_EQ(status.guarantees[1].windows.violated, 1);
  EXPECT_EQ(status.guarantees[0].median, q("10ms"));
  EXPECT_EQ(status.guarantees[1].median, q("60ms"));
}

TEST_F(Assessing, PromisesOfOneNameAreToldApart) {
  api::Guarantee least = rate("20/s"), most = rate("20/s"), same = rate("20/s");
  most.at_most = std::exchange(most.at_least, {});
  same.of = api::JudgedAgainst::offered;
  spec.guarantees = {least, most, same};
  spec.guarantees.push_back(rate("20/s"));
  spec.guarantees.back().metric = "tokens_per_second";
  hand_in(0, "15/s");
  instance.status.windows.back().offered = q("15/s");
  run(10);
  ASSERT_EQ(status.windows.size(), 3u);
  EXPECT_EQ(status.windows[0].metric, "requests_per_second (at least 20/s over 10s)");
  EXPECT_EQ(status.windows[0].verdict, "violated");
  EXPECT_EQ(status.windows[1].metric, "requests_per_second (at most 20/s over 10s)");
  EXPECT_EQ(status.windows[1].verdict, "fulfilled");
  EXPECT_EQ(status.windows[2].metric, "requests_per_second (at least 20/s over 10s) #2");
  EXPECT_EQ(status.windows[2].verdict, "fulfilled");
  spec.guarantees[1].metric = "another";
  spec.guarantees[2].metric = "third";
  hand_in(10, "15/s");
  run(20);
  EXPECT_EQ(status.windows.back().metric, "requests_per_second");
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

TEST_F(Assessing, WhatAPromiseMissedIsKeptForTheCredit) {
  spec.guarantees[0] = rate("20");
  spec.guarantees[0].metric = "available_capacity";
  status.active_at = seconds_at(1);
  hand_in(0, "15");  // a wish as yet
  hand_in(10, "25");
  hand_in(20, "15");
  run(30);
  ASSERT_EQ(status.missed.sums.size(), 1u);
  EXPECT_EQ(status.missed.sums[0].time, seconds(10));
  EXPECT_EQ(status.missed.sums[0].promises, std::vector<int64_t>{0});
  EXPECT_TRUE(status.missed.spans.empty());
  EXPECT_FALSE(run(31));
}

TEST_F(Assessing, WindowsBeyondTheTermArePromisedByNobody) {
  status.active_at = seconds_at(1);
  status.ends_at = seconds_at(25);
  hand_in(0, "25/s");
  hand_in(10, "25/s");
  hand_in(20, "15/s");
  hand_in(30, "15/s");
  run(60);
  EXPECT_EQ(counts().fulfilled, 2);
  EXPECT_EQ(counts().violated, 0);
}

TEST_F(Assessing, TimeThatIsNotChargedEarnsNoCredit) {
  spec.guarantees[0] = rate("20");
  spec.guarantees[0].metric = "available_capacity";
  status.active_at = seconds_at(1);
  status.uncharged.spans = {{seconds_at(22), seconds_at(24)}, {seconds_at(28), seconds_at(31)}};
  api::set_condition(status.conditions, "Heard", api::ConditionStatus::false_, "NodeSilent", "", 1,
                     seconds_at(39));
  hand_in(10, "25");
  hand_in(20, "15");
  hand_in(30, "15");
  run(40);
  ASSERT_EQ(status.missed.sums.size(), 1u);
  EXPECT_EQ(status.missed.sums[0].time, seconds(20 - 2 - 3 - 1));
}

TEST(ErrorBudget, IsSpentByMoreViolatedWindowsThanTheTargetAllows) {
  api::Guarantee g = rate("20/s");
  api::Verdicts v;
  EXPECT_EQ(budget_left(g, v, seconds(100)), 1);
  v.violated = 1;  // of ten windows at 0.9 one may be missed
  EXPECT_EQ(budget_left(g, v, seconds(100)), 0) << "spent, and not overspent";
  for (const double target : {0.9, 0.8, 0.7, 0.99, 0.95, 0.999}) {
    g.target = target;
    v.violated = std::llround((1 - target) * 1000);
    EXPECT_EQ(budget_left(g, v, seconds(10'000)), 0) << target;
    ++v.violated;
    EXPECT_LT(budget_left(g, v, seconds(10'000)), 0) << target;
  }
  g.target = 0.9;
  v.violated = 2;
  EXPECT_LT(budget_left(g, v, seconds(100)), 0);
}

}  // namespace
}  // namespace freehold::control
