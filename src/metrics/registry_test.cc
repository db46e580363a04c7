#include "metrics/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "metrics/parse.h"
#include "metrics/window.h"

namespace freehold::metrics {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Registry, ExposesSortedPrometheusText) {
  Registry registry;
  registry.gauge("freehold_nodes", "Nodes by state.", {{"state", "ready"}}).set(3);
  registry.counter("freehold_commits_total", "Commits.", {{"kind", "b"}}).add();
  registry.counter("freehold_commits_total", "Commits.", {{"kind", "a"}}).add(2);
  EXPECT_EQ(registry.expose(),
            "# HELP freehold_commits_total Commits.\n"
            "# TYPE freehold_commits_total counter\n"
            "freehold_commits_total{kind=\"a\"} 2\n"
            "freehold_commits_total{kind=\"b\"} 1\n"
            "# HELP freehold_nodes Nodes by state.\n"
            "# TYPE freehold_nodes gauge\n"
            "freehold_nodes{state=\"ready\"} 3\n");
}

TEST(Registry, SameNameAndLabelsAreOneSeries) {
  Registry registry;
  Counter& first = registry.counter("a_total", "A.", {{"x", "1"}, {"y", "2"}});
  Counter& second = registry.counter("a_total", "A.", {{"y", "2"}, {"x", "1"}});
  EXPECT_EQ(&first, &second);
}

TEST(Registry, HistogramsAreCumulative) {
  Registry registry;
  Histogram& histogram = registry.histogram("a_seconds", "A.", {{"verb", "get"}}, {0.1, 1});
  for (const double value : {0.05, 0.1, 0.5, 5.0, std::nan("")}) histogram.observe(value);
  EXPECT_EQ(registry.expose(),
            "# HELP a_seconds A.\n"
            "# TYPE a_seconds histogram\n"
            "a_seconds_bucket{verb=\"get\",le=\"0.1\"} 2\n"
            "a_seconds_bucket{verb=\"get\",le=\"1\"} 3\n"
            "a_seconds_bucket{verb=\"get\",le=\"+Inf\"} 4\n"
            "a_seconds_sum{verb=\"get\"} 5.65\n"
            "a_seconds_count{verb=\"get\"} 4\n");
}

TEST(Registry, WhatIsExposedIsReadBack) {
  Registry registry;
  registry.gauge("odd", "Line\nend and \\.", {{"path", "a\"b\\c\nd"}}).set(-0.1);
  for (int i = 0; i < 100; ++i) registry.histogram("b_seconds", "B.").observe(i * 0.001);
  const auto scrape = parse_exposition(registry.expose());
  ASSERT_TRUE(scrape.ok());
  EXPECT_EQ(scrape->bad_lines, 0u);
  EXPECT_EQ(find_sample(*scrape, "odd", {{"path", "a\"b\\c\nd"}})->value, -0.1);
  EXPECT_EQ(scrape->types.at("b_seconds"), MetricType::histogram);
  const auto histogram = find_histogram(*scrape, "b_seconds");
  ASSERT_TRUE(histogram.has_value());
  EXPECT_EQ(histogram->count, 100);
  EXPECT_NEAR(quantile(*histogram, 0.5)->value, 0.05, 0.002);
}

TEST(Registry, RemovedSeriesAreGone) {
  Registry registry;
  registry.gauge("a", "A.", {{"node", "n1"}, {"x", "1"}}).set(1);
  registry.gauge("a", "A.", {{"node", "n2"}, {"x", "1"}}).set(1);
  registry.remove("a", {{"node", "n1"}});
  EXPECT_THAT(registry.expose(), Not(HasSubstr("n1")));
  EXPECT_THAT(registry.expose(), HasSubstr("n2"));
  registry.remove("a", {});
  EXPECT_EQ(registry.expose(), "");
}

TEST(Registry, SeriesBeyondTheLimitShareOne) {
  Registry registry(2);
  for (int i = 0; i < 10; ++i) registry.counter("a_total", "A.", {{"id", std::to_string(i)}}).add();
  EXPECT_THAT(registry.expose(), HasSubstr("a_total{overflow=\"true\"} 8\n"));
}

TEST(Registry, CollectorsRunBeforeExposition) {
  Registry registry;
  Gauge& gauge = registry.gauge("a", "A.");
  registry.before_expose([&] { gauge.set(7); });
  EXPECT_THAT(registry.expose(), HasSubstr("a 7\n"));
}

TEST(RegistryDeathTest, NamesAndTypesMustBeRight) {
  Registry registry;
  registry.counter("a_total", "A.");
  EXPECT_DEATH(registry.gauge("a_total", "A."), "another type");
  EXPECT_DEATH(registry.counter("a b", "A."), "bad metric name");
  EXPECT_DEATH(registry.counter("b_total", "B.", {{"a-b", ""}}), "bad label name");
}

}  // namespace
}  // namespace freehold::metrics
