#include "base/time.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace freehold {
namespace {

constexpr int64_t second = 1'000'000;

TEST(Time, prints_as_metav1_time_and_micro_time) {
  const Time time{1795448353 * second + 42};
  EXPECT_EQ(format_rfc3339(time), "2026-11-23T15:39:13Z");
  EXPECT_EQ(format_rfc3339_micro(time), "2026-11-23T15:39:13.000042Z");
  EXPECT_EQ(format_rfc3339(Time{-1}), "1969-12-31T23:59:59Z");
}

TEST(Time, a_year_beyond_four_digits_prints_as_the_nearest) {
  EXPECT_EQ(format_rfc3339(Time{INT64_MAX}), "9999-12-31T23:59:59Z");
  EXPECT_EQ(format_rfc3339(Time{INT64_MIN}), "0000-01-01T00:00:00Z");
}

TEST(Time, reads_any_offset_and_fraction) {
  const Time expected{1795448353 * second};
  EXPECT_EQ(parse_rfc3339("2026-11-23T15:39:13Z"), expected);
  EXPECT_EQ(parse_rfc3339("2026-11-23t15:39:13z"), expected);
  EXPECT_EQ(parse_rfc3339("2026-11-23T17:09:13+01:30"), expected);
  EXPECT_EQ(parse_rfc3339("2026-11-22T23:39:13-16:00"), expected);
  EXPECT_EQ(parse_rfc3339("2026-11-23T15:39:13.5Z"), expected + milliseconds(500));
  EXPECT_EQ(parse_rfc3339("2026-11-23T15:39:13.0000019Z"), expected + microseconds(1));
  EXPECT_EQ(parse_rfc3339("2024-02-29T00:00:00Z")->us, 1709164800 * second);
}

TEST(Time, refuses_what_is_no_time) {
  for (const char* bad :
       {"", "2026-11-23", "2026-11-23T15:39Z", "2026-11-23 15:39:13Z", "2026-11-23T15:39:13",
        "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-02-29T00:00:00Z",
        "2026-11-31T00:00:00Z", "2026-11-23T24:00:00Z", "2026-11-23T15:60:00Z",
        "2026-11-23T15:39:60Z", "2026-11-23T15:39:13.Z", "2026-11-23T15:39:13+0100",
        "2026-11-23T15:39:13+24:00", "2026-11-23T15:39:13Zx", "26-11-23T15:39:13Z",
        "2026-11-23T15:39:13,5Z", "+026-11-23T15:39:13Z"})
    EXPECT_EQ(parse_rfc3339(bad), std::nullopt) << bad;
}

TEST(Time, every_time_reads_back_as_printed) {
  Random random(5);
  for (int i = 0; i < 2000; ++i) {
    const Time time{random.in(-62'167'219'200 * second, 253'402'300'799 * second)};
    EXPECT_EQ(parse_rfc3339(format_rfc3339_micro(time)), time);
  }
}

TEST(Duration, reads_as_go_does_and_days_too) {
  EXPECT_EQ(parse_duration("1h30m"), minutes(90));
  EXPECT_EQ(parse_duration("250us"), microseconds(250));
  EXPECT_EQ(parse_duration("250\u00B5s"), microseconds(250));
  EXPECT_EQ(parse_duration("250\u03BCs"), microseconds(250));
  EXPECT_EQ(parse_duration("1.5s"), milliseconds(1500));
  EXPECT_EQ(parse_duration(".5s"), milliseconds(500));
  EXPECT_EQ(parse_duration("5.s"), seconds(5));
  EXPECT_EQ(parse_duration("0"), Duration{});
  EXPECT_EQ(parse_duration("2d12h"), hours(60));
  EXPECT_EQ(parse_duration("1h1h"), hours(2));
}

TEST(Duration, a_positive_one_never_becomes_zero) {
  EXPECT_EQ(parse_duration("1ns"), microseconds(1));
  EXPECT_EQ(parse_duration("1001ns"), microseconds(2));
  EXPECT_EQ(parse_duration("1000ns"), microseconds(1));
}

TEST(Duration, refuses_what_is_none) {
  for (const char* bad : {"", "5", "s", "-1s", "+1s", "1 s", "1x", ".s", "1h-1m", "1e3s", "00",
                          "300y", "9223372036854775808ns", "200000d", "1s1"})
    EXPECT_EQ(parse_duration(bad), std::nullopt) << bad;
}

TEST(Duration, prints_without_empty_parts) {
  EXPECT_EQ(format_duration({}), "0s");
  EXPECT_EQ(format_duration(minutes(90)), "1h30m");
  EXPECT_EQ(format_duration(microseconds(250)), "250us");
  EXPECT_EQ(format_duration(microseconds(1500)), "1.5ms");
  EXPECT_EQ(format_duration(milliseconds(61'250)), "1m1.25s");
  EXPECT_EQ(format_duration(hours(48)), "48h");
  EXPECT_EQ(format_duration(seconds(-5)), "-5s");
  EXPECT_EQ(format_duration({INT64_MAX}), "9223372036854s");
  EXPECT_EQ(format_duration_ns(INT64_MIN), "-2562047h47m16.854775808s");
}

TEST(Duration, every_one_reads_back_as_printed) {
  Random random(6);
  for (int i = 0; i < 2000; ++i) {
    const Duration duration{random.in(0, int64_t{1} << random.in(1, 53))};
    EXPECT_EQ(parse_duration(format_duration(duration)), duration);
  }
}

// As k8s.io/apimachinery/pkg/util/duration tests HumanDuration.
TEST(Duration, ages_read_as_in_kubectl) {
  EXPECT_EQ(format_age(seconds(-2)), "<invalid>");
  EXPECT_EQ(format_age(seconds(-1)), "0s");
  EXPECT_EQ(format_age(milliseconds(999)), "0s");
  EXPECT_EQ(format_age(seconds(5)), "5s");
  EXPECT_EQ(format_age(seconds(119)), "119s");
  EXPECT_EQ(format_age(seconds(120)), "2m");
  EXPECT_EQ(format_age(seconds(200)), "3m20s");
  EXPECT_EQ(format_age(minutes(10)), "10m");
  EXPECT_EQ(format_age(minutes(179)), "179m");
  EXPECT_EQ(format_age(hours(3)), "3h");
  EXPECT_EQ(format_age(minutes(7 * 60 + 59)), "7h59m");
  EXPECT_EQ(format_age(hours(8)), "8h");
  EXPECT_EQ(format_age(hours(47)), "47h");
  EXPECT_EQ(format_age(hours(48)), "2d");
  EXPECT_EQ(format_age(hours(49)), "2d1h");
  EXPECT_EQ(format_age(hours(24 * 8)), "8d");
  EXPECT_EQ(format_age(hours(24 * 729)), "729d");
  EXPECT_EQ(format_age(hours(24 * 730)), "2y");
  EXPECT_EQ(format_age(hours(24 * 731)), "2y1d");
  EXPECT_EQ(format_age(hours(24 * 365 * 8)), "8y");
}

}  // namespace
}  // namespace freehold
