#include "metrics/window.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/random.h"

namespace freehold::metrics {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

Time at(int64_t s) { return Time{} + seconds(s); }

std::vector<Point> points(std::initializer_list<std::pair<int, double>> list) {
  std::vector<Point> out;
  for (const auto& [s, value] : list) out.push_back({at(s), value});
  return out;
}

HistogramPoint histogram(std::vector<Bucket> buckets, double sum = 0) {
  HistogramPoint out;
  out.count = buckets.empty() ? 0 : buckets.back().count;
  out.sum = sum;
  out.buckets = std::move(buckets);
  return out;
}

TEST(Window, CounterThatFellWasRestarted) {
  EXPECT_EQ(counter_increase(10, 15), 5);
  EXPECT_EQ(counter_increase(10, 3), 3);
  EXPECT_EQ(counter_increase(10, 10), 0);
  EXPECT_EQ(counter_increase(std::nan(""), 3), 0);
  EXPECT_EQ(counter_increase(0, infinity), 0);
}

TEST(Window, IncreaseAndRateSpanRestarts) {
  const auto seen = points({{10, 100}, {20, 120}, {30, 5}, {40, 25}});
  EXPECT_EQ(increase(seen), 20 + 5 + 20);
  EXPECT_EQ(rate(seen), 45.0 / 30);
}

TEST(Window, TooLittleIsBlindNotZero) {
  EXPECT_EQ(increase({}), std::nullopt);
  EXPECT_EQ(rate(points({{1, 5}})), std::nullopt);
  EXPECT_EQ(rate(points({{1, 5}, {1, 6}})), std::nullopt);
  EXPECT_EQ(average({}), std::nullopt);
  EXPECT_EQ(minimum({}), std::nullopt);
  EXPECT_EQ(maximum({}), std::nullopt);
  EXPECT_EQ(coverage({}, at(0), at(10)), 0);
}

TEST(Window, PointsWithinAreHalfOpen) {
  const auto seen = points({{10, 1}, {20, 2}, {30, 3}});
  EXPECT_EQ(within(seen, at(10), at(30)).size(), 2u);
  EXPECT_EQ(within(seen, at(30), at(10)).size(), 0u);
  EXPECT_EQ(average(within(seen, at(10), at(31))), 2);
  EXPECT_EQ(minimum(seen), 1);
  EXPECT_EQ(maximum(seen), 3);
  EXPECT_DOUBLE_EQ(coverage(seen, at(0), at(40)), 0.5);
}

// Expected values are those of Prometheus' own tests (promql/promqltest/testdata/histograms.test,
// testhistogram).
TEST(Quantile, AgreesWithPrometheus) {
  const auto positive = histogram({{.1, 5}, {.2, 7}, {1e9, 7}, {infinity, 12}});
  // load: start="positive": 0+5x10 at .1, 0+7x10 at .2, 0+7x10 at 1e0, 0+12x10 at +Inf
  const auto documented = histogram({{.1, 5}, {.2, 7}, {1, 7}, {infinity, 12}});
  EXPECT_DOUBLE_EQ(quantile(documented, 0)->value, 0);
  EXPECT_DOUBLE_EQ(quantile(documented, 1)->value, 1);
  EXPECT_TRUE(quantile(documented, 1)->beyond);
  EXPECT_DOUBLE_EQ(quantile(documented, .2)->value, 0.048);
  EXPECT_DOUBLE_EQ(quantile(documented, .5)->value, 0.15);
  EXPECT_DOUBLE_EQ(quantile(documented, .8)->value, 1);
  EXPECT_TRUE(quantile(documented, .8)->beyond);
  const auto negative = histogram({{-.2, 1}, {-.1, 2}, {.3, 2}, {infinity, 3}});
  EXPECT_DOUBLE_EQ(quantile(negative, 0)->value, -.2);
  EXPECT_DOUBLE_EQ(quantile(negative, .5)->value, -.15);
  EXPECT_DOUBLE_EQ(quantile(negative, .8)->value, .3);
  EXPECT_FALSE(quantile(positive, .5)->beyond);
}

TEST(Quantile, NothingObservedIsBlind) {
  EXPECT_FALSE(quantile(histogram({{1, 0}, {infinity, 0}}), .5).has_value());
  EXPECT_FALSE(quantile(histogram({}), .5).has_value());
  EXPECT_FALSE(quantile(histogram({{infinity, 5}}), .5).has_value()) << "no bound";
  EXPECT_FALSE(quantile(histogram({{1, 5}, {2, 6}}), .5).has_value()) << "no +Inf";
  EXPECT_FALSE(quantile(histogram({{1, 5}, {infinity, 6}}), 1.5).has_value());
  EXPECT_FALSE(mean(histogram({{1, 0}, {infinity, 0}})).has_value());
  EXPECT_FALSE(share_at_most(histogram({{1, 0}, {infinity, 0}}), 1).has_value());
}

TEST(Quantile, BucketsThatFallAreMended) {
  const auto racy = histogram({{1, 5}, {2, 4}, {3, 10}, {infinity, 10}});
  EXPECT_DOUBLE_EQ(quantile(racy, .5)->value, 1);
}

TEST(Share, IsExactAtBounds) {
  const auto seen = histogram({{.05, 90}, {.1, 99}, {infinity, 100}});
  EXPECT_DOUBLE_EQ(*share_at_most(seen, .05), .9);
  EXPECT_DOUBLE_EQ(*share_at_most(seen, .1), .99);
  EXPECT_DOUBLE_EQ(*share_at_most(seen, .075), .945);
  EXPECT_DOUBLE_EQ(*share_at_most(seen, 10), .99) << "nothing is known beyond the last bound";
  EXPECT_DOUBLE_EQ(*share_at_most(seen, infinity), 1);
  EXPECT_DOUBLE_EQ(*share_at_most(seen, -1), 0);
}

TEST(Share, IsTheInverseOfTheQuantile) {
  Random random(7);
  for (int round = 0; round < 200; ++round) {
    std::vector<Bucket> buckets;
    double count = 0;
    for (int i = 1; i <= 6; ++i)
      buckets.push_back({i * .1, count += static_cast<double>(random.in(1, 50))});
    buckets.push_back({infinity, count + static_cast<double>(random.in(0, 5))});
    const auto seen = histogram(buckets);
    const double q = static_cast<double>(random.in(1, 99)) / 100;
    const auto at_q = quantile(seen, q);
    ASSERT_TRUE(at_q.has_value());
    if (!at_q->beyond) {
      EXPECT_NEAR(*share_at_most(seen, at_q->value), q, 1e-9);
    }
  }
}

TEST(Histogram, DifferenceIsWhatHappenedBetween) {
  const auto before = histogram({{1, 5}, {infinity, 10}}, 30);
  const auto after = histogram({{1, 8}, {infinity, 20}}, 50);
  const auto between = difference(before, after);
  ASSERT_TRUE(between.has_value());
  EXPECT_EQ(between->buckets, (std::vector<Bucket>{{1, 3}, {infinity, 10}}));
  EXPECT_EQ(mean(*between), 2);
}

TEST(Histogram, RestartCountsFromZero) {
  const auto before = histogram({{1, 5}, {infinity, 10}});
  const auto after = histogram({{1, 2}, {infinity, 3}});
  EXPECT_EQ(difference(before, after)->buckets, after.buckets);
  // Others may have caught up; one bucket that fell is enough.
  const auto caught_up = histogram({{1, 4}, {infinity, 12}});
  EXPECT_EQ(difference(before, caught_up)->buckets, caught_up.buckets);
}

TEST(Histogram, OtherBoundsAreBlind) {
  const auto before = histogram({{1, 5}, {infinity, 10}});
  EXPECT_FALSE(difference(before, histogram({{2, 6}, {infinity, 12}})).has_value());
  EXPECT_FALSE(merged(before, histogram({{2, 6}, {infinity, 12}})).has_value());
  EXPECT_EQ(merged(before, before)->buckets, (std::vector<Bucket>{{1, 10}, {infinity, 20}}));
}

TEST(Histogram, IsFoundInAScrapeAndSummedOverOtherLabels) {
  const auto scrape = parse_exposition(
      "t_bucket{m=\"a\",le=\"1\",i=\"0\"} 1\nt_bucket{m=\"a\",le=\"+Inf\",i=\"0\"} 2\n"
      "t_bucket{m=\"a\",le=\"1.0\",i=\"1\"} 3\nt_bucket{m=\"a\",le=\"+Inf\",i=\"1\"} 4\n"
      "t_bucket{m=\"b\",le=\"1\"} 100\nt_sum{m=\"a\",i=\"0\"} 1.5\nt_sum{m=\"a\",i=\"1\"} 2\n");
  ASSERT_TRUE(scrape.ok());
  const auto found = find_histogram(*scrape, "t", {{"m", "a"}});
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->buckets, (std::vector<Bucket>{{1, 4}, {infinity, 6}}));
  EXPECT_EQ(found->count, 6);
  EXPECT_EQ(found->sum, 3.5);
  EXPECT_FALSE(find_histogram(*scrape, "t", {{"m", "b"}}).has_value()) << "without +Inf";
  EXPECT_FALSE(find_histogram(*scrape, "u").has_value());
}

}  // namespace
}  // namespace freehold::metrics
