#include "cli/render.h"

#include <gtest/gtest.h>

#include <limits>

#include "cli/cli.h"
#include "cli/log_lines.h"
#include "cli/offer_text.h"

namespace freehold::cli {
namespace {

TEST(Render, ColumnsAreAlignedByCodePointsNotBytes) {
  Table table({"NAME", "PHASE"});
  table.add({"größe", "active"});
  table.add({"a", "pending"});
  EXPECT_EQ(table.text({}), "NAME   PHASE\ngröße  active\na      pending\n");
}

TEST(Render, RowsOfAWatchStayUnderTheirHeaders) {
  std::vector<size_t> widths;
  Table first({"NAME", "PHASE"});
  first.add({"a-long-name", "active"});
  first.text({}, Table::Headers::shown, &widths);
  Table later({"NAME", "PHASE"});
  later.add({"a", "active"});
  EXPECT_EQ(later.text({}, Table::Headers::hidden, &widths), "a            active\n");
}

TEST(Render, ColoursMeanSomethingAndOnlyOnATerminal) {
  Terminal colour{true, true, 80};
  EXPECT_EQ(paint("active", colour_of("active"), colour), "\033[32mactive\033[0m");
  EXPECT_EQ(paint("pending", colour_of("Pending"), colour), "\033[33mpending\033[0m");
  EXPECT_EQ(paint("failed", colour_of("failed"), colour), "\033[31mfailed\033[0m");
  EXPECT_EQ(paint("active", colour_of("active"), {}), "active");
}

TEST(Render, WhatCouldSteerATerminalIsReplaced) {
  EXPECT_EQ(printable("a\033[2Jb"), "a?[2Jb");
  EXPECT_EQ(printable("\xC2\x9B"
                      "2J"),
            "?2J");
  EXPECT_EQ(printable("für 1 €\tok"), "für 1 €\tok");
  EXPECT_EQ(printable("\xFF"), "?");
  EXPECT_EQ(printable("a\u202Eb"), "a?b");
}

TEST(Render, AnErrorOfOneCauseIsOneLineAndOfSeveralOneLineEach) {
  EXPECT_EQ(error_text({Reason::not_found, "no such thing"}), "freehold: no such thing\n");
  const Error error{
      Reason::invalid,
      "Contract \"a\" is invalid: [spec.x: required, spec.y: too large]",
      {{"FieldValueRequired", "spec.x", "required"}, {"FieldValueInvalid", "spec.y", "too large"}}};
  EXPECT_EQ(error_text(error),
            "freehold: Contract \"a\" is invalid\n  spec.x: required\n  spec.y: too large\n");
}

TEST(Render, ExitCodesTellAbsentAndTimedOutApart) {
  EXPECT_EQ(exit_code({Reason::not_found, ""}), absent);
  EXPECT_EQ(exit_code({Reason::timeout, ""}), timed_out);
  EXPECT_EQ(exit_code({Reason::conflict, ""}), failed);
}

TEST(Render, ASparklineShowsUnknownWindowsAsDots) {
  EXPECT_EQ(sparkline({0, 1, std::numeric_limits<double>::quiet_NaN()}), "▁█·");
}

TEST(Render, AShareIsNeverRoundedUpToAll) {
  EXPECT_EQ(percent(0.99999), "99.99%");
  EXPECT_EQ(percent(1), "100%");
  EXPECT_EQ(percent(0.985), "98.5%");
}

TEST(LogLines, ARuntimesLineIsTakenApartAndAnyOtherLeftAsItIs) {
  const LogLine l = parse_log_line("2026-11-23T15:39:13.5Z stderr P half");
  EXPECT_EQ(l.text, "half");
  EXPECT_EQ(l.time, "2026-11-23T15:39:13.5Z");
  EXPECT_TRUE(l.is_error);
  EXPECT_FALSE(l.whole);
  for (const char* plain : {"hello world", "", "2026-11-23T15:39:13Z hello", "x stdout F y"})
    EXPECT_EQ(parse_log_line(plain).text, plain);
}

}  // namespace
}  // namespace freehold::cli
