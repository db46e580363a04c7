#include "base/printable.h"

#include <gtest/gtest.h>

namespace freehold {
namespace {

TEST(Printable, what_could_steer_a_terminal_or_turn_a_line_around_is_replaced) {
  EXPECT_EQ(printable("a\033[2Jb\n"), "a?[2Jb?");
  EXPECT_EQ(printable("\xC2\x9B"
                      "2J\x7F"),
            "?2J?");
  for (const char* turning : {"\u061C", "\u200E", "\u200F", "\u202A", "\u202B", "\u202C", "\u202D",
                              "\u202E", "\u2066", "\u2067", "\u2068", "\u2069"})
    EXPECT_EQ(printable(std::string("a") + turning + "b"), "a?b");
}

TEST(Printable, what_xml_forbids_is_replaced) {
  EXPECT_EQ(printable("\xEF\xBF\xBE\xEF\xBF\xBF"), "??");
  EXPECT_EQ(printable("\xFF\xE2\x82"), "???");
}

TEST(Printable, other_texts_stay_as_they_are) {
  for (const char* text : {"für 1 €\tok", "日本", "😀", "\u200B\u2010 \u202F \u206A", "\uFFFD"})
    EXPECT_EQ(printable(text), text);
  EXPECT_EQ(printable_sequence("€"), 3u);
  EXPECT_EQ(printable_sequence(""), 0u);
  EXPECT_EQ(printable_sequence("\t"), 0u);
}

}  // namespace
}  // namespace freehold
