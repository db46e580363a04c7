#include "metrics/parse.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace freehold::metrics {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

Scrape parsed(std::string_view text) {
  auto scrape = parse_exposition(text);
  EXPECT_TRUE(scrape.ok()) << scrape.error().to_string();
  return scrape.ok() ? *scrape : Scrape{};
}

// From the format's documentation (prometheus.io, "Exposition formats", the example of the text
// format).
constexpr std::string_view documented =
    R"(# HELP http_requests_total The total number of HTTP requests.
# TYPE http_requests_total counter
http_requests_total{method="post",code="200"} 1027 1395066363000
http_requests_total{method="post",code="400"}    3 1395066363000

# Escaping in label values:
msdos_file_access_time_seconds{path="C:\\DIR\\FILE.TXT",error="Cannot find file:\n\"FILE.TXT\""} 1.458255915e9

# Minimalistic line:
metric_without_timestamp_and_labels 12.47

# A weird metric from before the epoch:
something_weird{problem="division by zero"} +Inf -3982045

# A histogram, which has a pretty complex representation in the text format:
# HELP http_request_duration_seconds A histogram of the request duration.
# TYPE http_request_duration_seconds histogram
http_request_duration_seconds_bucket{le="0.05"} 24054
http_request_duration_seconds_bucket{le="+Inf"} 144320
http_request_duration_seconds_sum 53423
http_request_duration_seconds_count 144320

# Finally a summary, which has a complex representation, too:
# HELP rpc_duration_seconds A summary of the RPC duration in seconds.
# TYPE rpc_duration_seconds summary
rpc_duration_seconds{quantile="0.01"} 3102
rpc_duration_seconds_sum 1.7560473e+07
rpc_duration_seconds_count 2693
)";

TEST(Exposition, DocumentedExampleIsRead) {
  const Scrape scrape = parsed(documented);
  EXPECT_EQ(scrape.bad_lines, 0u) << scrape.first_fault;
  EXPECT_THAT(scrape.samples, SizeIs(12));
  EXPECT_EQ(find_sample(scrape, "http_requests_total", {{"code", "400"}})->value, 3);
  EXPECT_EQ(find_sample(scrape, "http_requests_total")->timestamp_ms, 1395066363000);
  EXPECT_EQ(sum_samples(scrape, "http_requests_total", {{"method", "post"}}), 1030);
  EXPECT_EQ(sum_samples(scrape, "nothing"), std::nullopt);
  const Sample* file = find_sample(scrape, "msdos_file_access_time_seconds");
  ASSERT_NE(file, nullptr);
  EXPECT_EQ(*find_label(file->labels, "path"), "C:\\DIR\\FILE.TXT");
  EXPECT_EQ(*find_label(file->labels, "error"), "Cannot find file:\n\"FILE.TXT\"");
  EXPECT_TRUE(std::isinf(find_sample(scrape, "something_weird")->value));
  EXPECT_EQ(scrape.types.at("rpc_duration_seconds"), MetricType::summary);
}

TEST(Exposition, OpenMetricsIsReadAsFarAsItIsTheSame) {
  const Scrape scrape = parsed(
      "# TYPE foo counter\n# UNIT foo seconds\n"
      "foo_total{a=\"b\"} 17.0 1520879607.789 # {trace_id=\"x\"} 0.5 1.0\n"
      "foo_bucket{le=\"1.0\"} 2 # {id=\"y\"} 0.67\n"
      "foo_created{a=\"b\"} 1520430000.123\n# EOF\n");
  EXPECT_EQ(scrape.bad_lines, 0u) << scrape.first_fault;
  EXPECT_EQ(find_sample(scrape, "foo_total")->value, 17);
  EXPECT_EQ(find_sample(scrape, "foo_total")->timestamp_ms, 1520879607789);
  EXPECT_EQ(find_sample(scrape, "foo_bucket")->value, 2);
}

TEST(Exposition, BadLinesAreLeftOutAndCounted) {
  const Scrape scrape = parsed(
      "good 1\nbad\nbad{a=\"b\" 1\nbad{a=b} 1\nbad x\n1bad 2\nalso_good{} 2\nbad{a=\"1\",a=\"2\"} "
      "3\n");
  EXPECT_THAT(scrape.samples, SizeIs(2));
  EXPECT_EQ(scrape.bad_lines, 6u);
  EXPECT_EQ(scrape.first_fault, "line 2: value is not a number");
}

TEST(Exposition, AnotherFormatIsAnError) {
  const auto html = parse_exposition("<html>\n<body>not found</body>\n</html>\n");
  ASSERT_FALSE(html.ok());
  EXPECT_EQ(html.error().reason, Reason::bad_request);
  EXPECT_THAT(html.error().message, HasSubstr("line 1"));
  EXPECT_TRUE(parse_exposition("").ok()) << "nothing to say is no error";
}

TEST(Exposition, SizeIsBounded) {
  EXPECT_EQ(parse_exposition(std::string(100, 'x'), {.bytes = 99}).error().reason,
            Reason::too_large);
  EXPECT_EQ(parse_exposition("a 1\nb 2\nc 3\n", {.samples = 2}).error().reason, Reason::too_large);
  const Scrape scrape =
      *parse_exposition("a{b=\"" + std::string(50, 'x') + "\"} 1\nc 1\n", {.label_bytes = 40});
  EXPECT_EQ(scrape.bad_lines, 1u);
}

TEST(Exposition, WindowsLineEndsAndBlanksAreFine) {
  const Scrape scrape = parsed("  a { x = \"1\" , } 5 \r\n\r\n\tb\t6\r\n");
  EXPECT_EQ(scrape.bad_lines, 0u) << scrape.first_fault;
  EXPECT_EQ(find_sample(scrape, "a", {{"x", "1"}})->value, 5);
  EXPECT_EQ(find_sample(scrape, "b")->value, 6);
}

TEST(Exposition, QuotedNamesOfPrometheus3AreRead) {
  const Scrape scrape = parsed("{\"my_metric\",a=\"b\"} 1\n");
  EXPECT_EQ(scrape.bad_lines, 0u) << scrape.first_fault;
  EXPECT_NE(find_sample(scrape, "my_metric", {{"a", "b"}}), nullptr);
}

TEST(Exposition, LastLineMayBeCutOff) {
  const Scrape scrape = parsed("a 1\nb{x=\"un");
  EXPECT_THAT(scrape.samples, SizeIs(1));
  EXPECT_EQ(scrape.bad_lines, 1u);
}

}  // namespace
}  // namespace freehold::metrics
