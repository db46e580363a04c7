#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/limits.h"
#include "http/client.h"

namespace freehold::http {
namespace {

using ::testing::ElementsAre;

TEST(LineSplitter, splits_lines_over_any_pieces) {
  const std::string text = "one\n\ntwo\nthree\nrest";
  for (size_t size = 1; size <= text.size(); ++size) {
    LineSplitter splitter;
    std::vector<std::string> lines;
    for (size_t at = 0; at < text.size(); at += size) {
      ASSERT_TRUE(splitter
                      .feed(std::string_view(text).substr(at, size),
                            [&](std::string_view line) { lines.emplace_back(line); })
                      .ok());
    }
    EXPECT_THAT(lines, ElementsAre("one", "", "two", "three"));
  }
}

TEST(LineSplitter, refuses_a_line_without_end) {
  LineSplitter splitter;
  const auto ignore = [](std::string_view) {};
  const std::string half(limits::object_bytes, 'x');
  EXPECT_TRUE(splitter.feed(half, ignore).ok());
  EXPECT_TRUE(splitter.feed(half, ignore).ok());
  EXPECT_EQ(splitter.feed("x", ignore).error().reason, Reason::too_large);
  LineSplitter whole;
  EXPECT_FALSE(whole.feed(half + half + "x\nshort", ignore).ok());
}

}  // namespace
}  // namespace freehold::http
