#include "metrics/labels.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace freehold::metrics {
namespace {

TEST(Labels, AreSortedAndUnique) {
  const Labels labels = sorted({{"b", "1"}, {"a", "2"}, {"b", "3"}});
  EXPECT_EQ(labels, (Labels{{"a", "2"}, {"b", "1"}}));
  EXPECT_EQ(*find_label(labels, "b"), "1");
  EXPECT_EQ(find_label(labels, "c"), nullptr);
  EXPECT_TRUE(has_labels(labels, {{"a", "2"}}));
  EXPECT_TRUE(has_labels(labels, {}));
  EXPECT_FALSE(has_labels(labels, {{"a", "3"}}));
}

TEST(Labels, ValuesAreEscaped) {
  EXPECT_EQ(format_labels({{"a", "x\"y\\z\n"}, {"b", ""}}), "{a=\"x\\\"y\\\\z\\n\",b=\"\"}");
  EXPECT_EQ(format_labels({}), "");
}

TEST(Labels, NumbersReadBack) {
  for (const double value : {0.0, 1.0, -2.5, 1e-300, 1e300, 0.1, 123456789.0, 3.141592653589793}) {
    EXPECT_EQ(parse_value(format_value(value)), value);
  }
  EXPECT_EQ(format_value(1), "1");
  EXPECT_EQ(format_value(std::numeric_limits<double>::infinity()), "+Inf");
  EXPECT_TRUE(std::isnan(*parse_value("NaN")));
  EXPECT_EQ(parse_value("+Inf"), std::numeric_limits<double>::infinity());
  EXPECT_EQ(parse_value("-inf"), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(parse_value("+1.5e3"), 1500);
  EXPECT_EQ(parse_value("1e999"), std::numeric_limits<double>::infinity());
  EXPECT_EQ(parse_value("1e-999"), 0);
  for (const char* text : {"", "+", "-", "1x", "0x10", "1 ", "--1", "infinit", "e5", "nano"})
    EXPECT_EQ(parse_value(text), std::nullopt) << text;
}

TEST(Labels, NamesFollowPrometheus) {
  EXPECT_TRUE(is_metric_name("vllm:num_requests_running"));
  EXPECT_FALSE(is_metric_name("1x"));
  EXPECT_FALSE(is_metric_name(""));
  EXPECT_FALSE(is_label_name("a:b"));
}

}  // namespace
}  // namespace freehold::metrics
