#include "agent/windows.h"

#include <gtest/gtest.h>

#include "api/window_facts.h"

namespace freehold::agent {
namespace {

constexpr Time start{1'700'000'040'000'000};  // a whole minute

api::Measure measure(std::string metric, Duration window, double quantile = 0) {
  api::Measure out;
  out.metric = std::move(metric);
  out.window = window;
  out.quantile = quantile;
  return out;
}

metrics::Scrape scrape_of(const std::string& text) {
  auto scrape = metrics::parse_exposition(text);
  EXPECT_TRUE(scrape.ok());
  return scrape.ok() ? *scrape : metrics::Scrape{};
}

UsageSample up(bool is_up) {
  UsageSample sample;
  sample.up = is_up;
  return sample;
}

UsageSample usage(int64_t cpu_us, int64_t throttled_us, int64_t memory) {
  UsageSample sample;
  sample.up = sample.has_usage = true;
  sample.usage.cpu_us = cpu_us;
  sample.usage.throttled_us = throttled_us;
  sample.usage.memory_bytes = memory;
  return sample;
}

TEST(Windows, TheFirstPartOfAWindowIsNotJudged) {
  Windows windows;
  windows.want({measure("available_capacity", minutes(1))}, {}, false);
  for (int s = 30; s < 61; ++s) windows.sample(start + seconds(s), up(true));
  EXPECT_FALSE(windows.close(start + seconds(61)));
  for (int s = 61; s < 121; ++s) windows.sample(start + seconds(s), up(s < 91));
  ASSERT_TRUE(windows.close(start + seconds(121)));
  const auto closed = windows.closed(10);
  ASSERT_EQ(closed.size(), 1u);
  EXPECT_EQ(closed[0].start, start + minutes(1));
  EXPECT_EQ(closed[0].samples, 60);
  EXPECT_NEAR(closed[0].value.as_double(), 31.0 / 60, 0.001);
}

TEST(Windows, CpuIsWhatWasDeliveredAndOfferedIsWhatWasWanted) {
  Windows windows;
  windows.want({measure("cpu_cores", seconds(10)), measure("memory_bytes", seconds(10))}, {},
               false);
  for (int s = 0; s <= 21; ++s)
    windows.sample(start + seconds(s), usage(s * 500'000, s * 250'000, s < 15 ? 100 : 300));
  windows.close(start + seconds(21));
  const auto closed = windows.closed(10);
  ASSERT_EQ(closed.size(), 2u);
  EXPECT_NEAR(closed[0].value.as_double(), 0.5, 0.01);
  EXPECT_NEAR(closed[0].offered.as_double(), 0.75, 0.01);
  EXPECT_EQ(closed[1].value.value(), 200);
  EXPECT_EQ(closed[1].value.dimension(), Dimension::bytes);
}

// What a workload says must never make a status that cannot be read.
TEST(Windows, WhatIsNoNumberIsNoSampleAndWhatIsTooLargeIsTheLargest) {
  Windows windows;
  windows.want({measure("depth", seconds(10)), measure("served_total", seconds(10)),
                measure("wait_seconds", seconds(10), 0.9), measure("held_bytes", seconds(10))},
               {{"offered", "seen_total"}}, false);
  for (int s = 0; s <= 20; ++s) {
    const std::string bad = s % 3 == 0 ? "NaN" : s % 3 == 1 ? "+Inf" : "-Inf";
    windows.scrape(
        start + seconds(s), 1,
        scrape_of("depth " + bad + "\nserved_total " + bad + "\nseen_total " + bad +
                  "\nwait_seconds_bucket{le=\"1\"} " + bad + "\nwait_seconds_bucket{le=\"+Inf\"} " +
                  bad + "\nwait_seconds_count " + bad + "\nheld_bytes 1e300\n"));
  }
  windows.close(start + seconds(21));
  const auto closed = windows.closed(10);
  ASSERT_EQ(closed.size(), 4u);
  for (const api::Window& window : closed) {
    const bool is_large = window.metric == "held_bytes";
    EXPECT_EQ(window.samples > 0, is_large) << window.metric;
    EXPECT_EQ(window.value.is_set(), is_large) << window.metric << window.value.text();
    EXPECT_FALSE(window.offered.is_set()) << window.offered.text();
  }
  Windows again;
  again.load(windows.save());
  EXPECT_EQ(again.closed(10).size(), 4u) << "what was written can be read";
}

TEST(Windows, CountersBecomeRatesAndASilentEndpointIsBlind) {
  Windows windows;
  windows.want({measure("requests", seconds(10))},
               {{"requests", "served_total"}, {"offered", "seen_total"}}, false);
  auto feed = [&](int s, int served, int seen) {
    windows.scrape(start + seconds(s), 1,
                   scrape_of("served_total " + std::to_string(served) + "\nseen_total " +
                             std::to_string(seen) + "\n"));
  };
  for (int s = 0; s <= 20; s += 5) feed(s + 1, s * 10, s * 20);
  windows.close(start + seconds(30));
  windows.close(start + seconds(41));
  const auto closed = windows.closed(10);
  ASSERT_GE(closed.size(), 3u);
  EXPECT_EQ(closed[0].value.dimension(), Dimension::rate);
  EXPECT_NEAR(closed[0].value.as_double(), 10, 0.01);
  EXPECT_NEAR(closed[0].offered.as_double(), 20, 0.01);
  EXPECT_EQ(closed.back().samples, 0);
  EXPECT_FALSE(closed.back().value.is_set());
}

TEST(Windows, ARestartOfTheProcessLosesNoCount) {
  Windows windows;
  windows.want({measure("served_total", seconds(10))}, {}, false);
  windows.scrape(start + seconds(1), 1, scrape_of("served_total 1000\n"));
  windows.scrape(start + seconds(9), 1, scrape_of("served_total 1000\n"));
  windows.scrape(start + seconds(11), 1, scrape_of("served_total 1050\n"));
  windows.scrape(start + seconds(15), 2, scrape_of("served_total 2000\n"));
  windows.scrape(start + seconds(19), 2, scrape_of("served_total 2000\n"));
  windows.close(start + seconds(21));
  ASSERT_EQ(windows.closed(1).size(), 1u);
  EXPECT_NEAR(windows.closed(1)[0].value.as_double(), 205, 0.01) << "2050 in 10 s";
}

// A window of 10 s in which 100 requests took longer than the last bound.
std::vector<api::Window> slow_requests(std::vector<api::Measure> measures) {
  Windows windows;
  windows.want(measures, {{"latency", "took_seconds"}}, false, seconds(1));
  for (int s = 0; s <= 20; ++s)
    windows.scrape(
        start + seconds(s), 1,
        scrape_of("took_seconds_bucket{le=\"0.05\"} " + std::to_string(s * 9) +
                  "\ntook_seconds_bucket{le=\"0.1\"} " + std::to_string(s * 9) +
                  "\ntook_seconds_bucket{le=\"+Inf\"} " + std::to_string(s * 10) + "\n"));
  windows.close(start + seconds(21));
  return windows.closed(10);
}

TEST(Windows, ALatencyBeyondTheLastBoundSaysSo) {
  const auto closed = slow_requests({measure("latency", seconds(10), 0.99)});
  ASSERT_EQ(closed.size(), 1u);
  EXPECT_EQ(closed[0].value.text(), "100ms");
  EXPECT_TRUE(api::is_beyond(closed[0]));
  EXPECT_FALSE(api::is_beyond(slow_requests({measure("latency", seconds(10), 0.5)}).at(0)));
}

TEST(Windows, TwoQuantilesOfOneMetricAreTwoMeasurements) {
  const auto closed =
      slow_requests({measure("latency", seconds(10), 0.5), measure("latency", seconds(10), 0.99)});
  ASSERT_EQ(closed.size(), 2u);
  EXPECT_TRUE(api::is_of(closed[0], "latency", 0.5, seconds(10)));
  EXPECT_TRUE(api::is_of(closed[1], "latency", 0.99, seconds(10)));
  EXPECT_LT(closed[0].value, closed[1].value);
}

TEST(Windows, WhatTwoPromisesRestOnStaysUntilBothAreJudged) {
  Windows windows;
  auto one = measure("available_capacity", seconds(10));
  auto two = one;
  windows.want({one, two}, {}, true);
  for (int s = 0; s < 45; ++s) windows.sample(start + seconds(s), up(true));
  ASSERT_EQ(windows.closed(10).size(), 3u);
  one.assessed_until = start + seconds(30);
  windows.want({one, two}, {}, true);
  EXPECT_EQ(windows.closed(10).size(), 3u);
  two.assessed_until = start + seconds(20);
  windows.want({one, two}, {}, true);
  EXPECT_EQ(windows.closed(10).size(), 2u);
}

TEST(Windows, ABlindEndpointIsNoLowRateAndTheNextWindowIsNotDoubled) {
  Windows windows;
  windows.want({measure("served_total", seconds(5))}, {}, false, milliseconds(500));
  // 100 a second; nothing is answered from 6.5 s to 13 s.
  for (int half = 0; half <= 42; ++half)
    if (half < 14 || half > 25)
      windows.scrape(start + milliseconds(500 * half), 1,
                     scrape_of("served_total " + std::to_string(half * 50) + "\n"));
  windows.close(start + seconds(21));
  const auto closed = windows.closed(10);
  ASSERT_EQ(closed.size(), 3u);
  for (const size_t blind : {size_t{0}, size_t{1}}) {
    EXPECT_FALSE(closed[blind].value.is_set()) << closed[blind].value.text();
    EXPECT_TRUE(api::too_little_seen(closed[blind]).has_value());
  }
  EXPECT_NEAR(closed[2].value.as_double(), 100, 0.01);
}

TEST(Windows, AStoppedAgentHasSeenTooLittle) {
  Windows windows;
  windows.want({measure("available_capacity", seconds(5)), measure("cpu_cores", seconds(5))}, {},
               false);
  for (int s = 0; s <= 25; ++s)
    if (s <= 6 || s >= 14) windows.sample(start + seconds(s), usage(s * 500'000, 0, 1));
  windows.close(start + seconds(26));
  int known = 0;
  for (const api::Window& window : windows.closed(20)) {
    if (window.start < start + seconds(15)) {
      EXPECT_FALSE(window.value.is_set()) << window.metric;
      EXPECT_LT(api::too_little_seen(window).value_or(1), api::least_seen);
      continue;
    }
    ++known;
    EXPECT_NEAR(window.value.as_double(), window.metric == "cpu_cores" ? 0.5 : 1, 0.001);
  }
  EXPECT_EQ(known, 4);
}

TEST(Windows, QuantilesAreThoseOfTheWindowAlone) {
  Windows windows;
  windows.want({measure("latency", seconds(10), 0.5)}, {{"latency", "took_seconds"}}, false);
  auto text = [](int fast, int slow) {
    return "took_seconds_bucket{le=\"0.1\"} " + std::to_string(fast) +
           "\ntook_seconds_bucket{le=\"0.2\"} " + std::to_string(fast + slow) +
           "\ntook_seconds_bucket{le=\"+Inf\"} " + std::to_string(fast + slow) +
           "\ntook_seconds_count " + std::to_string(fast + slow) + "\n";
  };
  windows.scrape(start + seconds(9), 1, scrape_of(text(1000, 0)));
  windows.scrape(start + seconds(12), 1, scrape_of(text(1000, 0)));
  windows.scrape(start + seconds(15), 1, scrape_of(text(1000, 5)));
  windows.scrape(start + seconds(18), 1, scrape_of(text(1000, 10)));
  windows.close(start + seconds(20));
  const auto closed = windows.closed(10);
  ASSERT_EQ(closed.size(), 1u);
  EXPECT_EQ(closed[0].samples, 10);
  EXPECT_EQ(closed[0].value.dimension(), Dimension::duration);
  EXPECT_NEAR(closed[0].value.as_double(), 0.15, 1e-6);
}

TEST(Windows, AWindowWithoutRequestsHasNoQuantile) {
  Windows windows;
  windows.want({measure("latency", seconds(10), 0.5)}, {{"latency", "took_seconds"}}, false);
  const auto idle =
      scrape_of("took_seconds_bucket{le=\"1\"} 5\ntook_seconds_bucket{le=\"+Inf\"} 5\n");
  for (int s = 1; s < 22; s += 5) windows.scrape(start + seconds(s), 1, idle);
  windows.close(start + seconds(22));
  ASSERT_FALSE(windows.closed(1).empty());
  EXPECT_EQ(windows.closed(1)[0].samples, 0);
  EXPECT_FALSE(api::too_little_seen(windows.closed(1)[0])) << "idle, and seen to be";
}

TEST(Windows, WhatIsAcknowledgedGoesAndWhatIsNotSurvivesTheDisk) {
  Windows windows;
  auto wanted = measure("available_capacity", seconds(10));
  windows.want({wanted}, {}, true);
  for (int s = 0; s < 45; ++s) windows.sample(start + seconds(s), up(true));
  ASSERT_EQ(windows.closed(10).size(), 3u);
  Windows again;
  again.load(windows.save());
  wanted.assessed_until = start + seconds(30);
  again.want({wanted}, {}, true);
  ASSERT_EQ(again.closed(10).size(), 1u);
  EXPECT_EQ(again.closed(10)[0].start, start + seconds(30));
  EXPECT_EQ(again.closed(10)[0].value.as_double(), 1);
}

TEST(Windows, AfterARestartOfTheAgentNoWindowIsHandedInTwice) {
  Windows windows;
  auto wanted = measure("available_capacity", seconds(10));
  wanted.assessed_until = start + seconds(50);
  windows.want({wanted}, {}, true);
  for (int s = 1; s < 45; ++s) windows.sample(start + seconds(s), up(true));
  EXPECT_TRUE(windows.closed(10).empty());
}

TEST(MeasuringClock, RunsOnWhenTheWallClockIsSet) {
  Clock clock;
  const Time wall = start;
  EXPECT_EQ(clock.at(wall, seconds(100)), wall);
  EXPECT_FALSE(clock.take_jump());
  // A drift of 100 ms is followed slowly.
  const Time later = clock.at(wall + seconds(10) + milliseconds(100), seconds(110));
  EXPECT_EQ(later, wall + seconds(10) + milliseconds(10));
  EXPECT_FALSE(clock.take_jump());
  // An hour is not.
  EXPECT_EQ(clock.at(wall + hours(1), seconds(120)), wall + hours(1));
  EXPECT_TRUE(clock.take_jump());
  EXPECT_FALSE(clock.take_jump());
}

}  // namespace
}  // namespace freehold::agent
