#include "json/reader.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "base/limits.h"

namespace freehold::json {
namespace {

std::string refusal(std::string_view text) {
  Reader reader(text);
  if (reader.skip() && reader.finish()) return "accepted";
  return reader.error();
}

bool accepts(std::string_view text) { return refusal(text) == "accepted"; }

std::string read_string(std::string_view text) {
  Reader reader(text);
  std::string_view out;
  return reader.read_string(out) && reader.finish() ? std::string(out) : reader.error();
}

TEST(Reader, walks_an_object_member_by_member) {
  Reader reader(R"( { "a" : 1 , "b" : [ true , null ] } )");
  std::vector<std::string> seen;
  std::string_view text;
  bool flag = false;
  for (bool more = reader.enter_object(); more; more = reader.next_member()) {
    ASSERT_TRUE(reader.read_key(text));
    seen.emplace_back(text);
    if (reader.peek() == Type::number) {
      ASSERT_TRUE(reader.read_number(text));
      seen.emplace_back(text);
      continue;
    }
    for (bool next = reader.enter_array(); next; next = reader.next_element()) {
      if (reader.peek() == Type::boolean)
        EXPECT_TRUE(reader.read_bool(flag));
      else
        EXPECT_TRUE(reader.read_null());
    }
  }
  EXPECT_TRUE(reader.finish()) << reader.error();
  EXPECT_TRUE(flag);
  EXPECT_EQ(seen, (std::vector<std::string>{"a", "1", "b"}));
}

TEST(Reader, empty_collections_have_nothing_to_enter) {
  Reader reader("[{ },[ ]]");
  EXPECT_TRUE(reader.enter_array());
  EXPECT_FALSE(reader.enter_object());
  EXPECT_TRUE(reader.next_element());
  EXPECT_FALSE(reader.enter_array());
  EXPECT_FALSE(reader.next_element());
  EXPECT_TRUE(reader.finish());
}

TEST(Reader, numbers_follow_the_grammar) {
  for (const char* good : {"0", "-0", "10", "1.5", "-0.5", "1e5", "1E+5", "1.25e-10"})
    EXPECT_TRUE(accepts(good)) << good;
  for (const char* bad : {"", "-", "+1", "01", "-01", "1.", ".5", "1e", "1e+", "0x1", "1_0", "1.e5",
                          "Infinity", "NaN", "--1", "1-"})
    EXPECT_FALSE(accepts(bad)) << bad;
}

TEST(Reader, strings_give_what_their_escapes_mean) {
  EXPECT_EQ(read_string(R"("plain, longer than eight bytes")"), "plain, longer than eight bytes");
  EXPECT_EQ(read_string(R"("a\"\\\/\b\f\n\r\tz")"), "a\"\\/\b\f\n\r\tz");
  EXPECT_EQ(read_string(R"("\u0041\u00e4\u20AC\ud83d\uDE00")"),
            "A\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80");
  EXPECT_EQ(read_string(R"("\u0000")"), std::string(1, '\0'));
  EXPECT_EQ(read_string("\"\xC3\xA4 \xF0\x9F\x98\x80 \x7F\""), "\xC3\xA4 \xF0\x9F\x98\x80 \x7F");
}

TEST(Reader, strings_that_are_malformed_are_refused_where_they_are) {
  EXPECT_EQ(refusal(R"("abc)"), "malformed JSON at byte 4: unexpected end");
  EXPECT_EQ(refusal(R"("ab\x")"), "malformed JSON at byte 4: unknown escape");
  EXPECT_EQ(refusal(R"("\u00g0")"), "malformed JSON at byte 5: expected a hexadecimal digit");
  EXPECT_EQ(refusal(R"("\ud83d")"), "malformed JSON at byte 1: surrogate without its pair");
  EXPECT_EQ(refusal(R"("\ud83d\u0041")"), "malformed JSON at byte 1: surrogate without its pair");
  EXPECT_EQ(refusal(R"("\ude00")"), "malformed JSON at byte 1: surrogate without its pair");
  EXPECT_EQ(refusal("\"12345678\n\""), "malformed JSON at byte 9: control character in a string");
  EXPECT_EQ(refusal("\"\xC0\x80\""), "malformed JSON at byte 1: not UTF-8");
  EXPECT_EQ(refusal("\"\xED\xA0\x80\""), "malformed JSON at byte 1: not UTF-8");
  EXPECT_EQ(refusal("\"\xE2\x82\""), "malformed JSON at byte 1: not UTF-8");
}

// The fast path looks at eight bytes at once: each byte that ends it must be found in each place.
TEST(Reader, finds_what_ends_a_string_at_every_place_of_a_word) {
  for (size_t place = 0; place < 20; ++place) {
    for (const char* stop : {"\"", "\\n\"", "\xC3\xA4\""}) {
      std::string text = '"' + std::string(place, 'x') + stop;
      EXPECT_TRUE(accepts(text)) << text;
    }
    for (const char bad : {'\0', '\x1F', '\n', '\x80', '\xFF'}) {
      const std::string text = '"' + std::string(place, 'x') + bad + std::string(12, 'y') + '"';
      EXPECT_FALSE(accepts(text)) << place;
    }
    for (const char good : {' ', '!', '#', '[', ']', '\x7F'})
      EXPECT_TRUE(accepts('"' + std::string(place, 'x') + good + std::string(12, 'y') + '"'));
  }
}

TEST(Reader, commas_and_colons_must_be_where_they_belong) {
  EXPECT_EQ(refusal("[1,]"), "malformed JSON at byte 3: expected a value");
  EXPECT_EQ(refusal("[,1]"), "malformed JSON at byte 1: expected a value");
  EXPECT_EQ(refusal("[1 2]"), "malformed JSON at byte 3: expected ',' or ']'");
  EXPECT_EQ(refusal(R"({"a" 1})"), "malformed JSON at byte 5: expected ':'");
  EXPECT_EQ(refusal(R"({"a":1,})"), "malformed JSON at byte 7: expected a name in quotes");
  EXPECT_EQ(refusal("{a:1}"), "malformed JSON at byte 1: expected a name in quotes");
  EXPECT_EQ(refusal(R"({"a":1])"), "malformed JSON at byte 6: expected ',' or '}'");
  EXPECT_EQ(refusal("[1"), "malformed JSON at byte 2: unexpected end");
  EXPECT_EQ(refusal(""), "malformed JSON at byte 0: unexpected end");
  EXPECT_EQ(refusal("1 2"), "malformed JSON at byte 2: expected the end of the document");
  EXPECT_EQ(refusal("tru"), "malformed JSON at byte 0: expected a value");
  EXPECT_EQ(refusal("\xEF\xBB\xBF{}"), "malformed JSON at byte 0: expected a value");
}

TEST(Reader, depth_is_bounded) {
  const auto nested = [](size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_TRUE(accepts(nested(limits::json_depth)));
  EXPECT_EQ(refusal(nested(limits::json_depth + 1)),
            "malformed JSON at byte 64: nested too deeply");
  EXPECT_FALSE(accepts(std::string(1'000'000, '[')));
}

TEST(Reader, skipping_finds_names_that_appear_twice) {
  EXPECT_EQ(refusal(R"({"a":1,"b":{"a":2}, "a":3})"), "malformed JSON at byte 20: duplicate name");
  EXPECT_EQ(refusal(R"({"a":1,"\u0061":3})"), "malformed JSON at byte 7: duplicate name");
  EXPECT_EQ(refusal(R"([{"b":1,"b":2}])"), "malformed JSON at byte 8: duplicate name");
  EXPECT_TRUE(accepts(R"([{"a":{"a":{"b":1}}},{"a":1,"":2}])"));
}

TEST(Reader, the_first_error_stays_and_nothing_can_be_read_after_it) {
  Reader reader(R"([x, {"a": 1}])");
  ASSERT_TRUE(reader.enter_array());
  EXPECT_EQ(reader.peek(), Type::malformed);
  const std::string error = reader.error();
  std::string_view text;
  EXPECT_FALSE(reader.next_element());
  EXPECT_FALSE(reader.enter_object());
  EXPECT_FALSE(reader.read_string(text));
  EXPECT_FALSE(reader.skip());
  EXPECT_FALSE(reader.finish());
  EXPECT_TRUE(reader.malformed());
  EXPECT_EQ(reader.offset(), 1u);
  EXPECT_EQ(reader.error(), error);
}

TEST(Reader, a_value_of_another_type_is_malformed) {
  bool flag = false;
  std::string_view text;
  EXPECT_FALSE(Reader("1").read_bool(flag));
  EXPECT_FALSE(Reader("1").read_string(text));
  EXPECT_FALSE(Reader("true").read_number(text));
  EXPECT_FALSE(Reader("0").read_null());
  EXPECT_FALSE(Reader("[]").enter_object());
}

TEST(ToDouble, takes_the_nearest_and_knows_large_from_small) {
  EXPECT_EQ(to_double("0.1"), 0.1);
  EXPECT_EQ(to_double("1.7976931348623157e308"), 1.7976931348623157e308);
  EXPECT_EQ(to_double("1e309"), std::nullopt);
  EXPECT_EQ(to_double("-1e309"), std::nullopt);
  EXPECT_EQ(to_double("1" + std::string(400, '0')), std::nullopt);
  EXPECT_EQ(to_double("1e99999999999999999999"), std::nullopt);
  EXPECT_EQ(to_double("5e-324"), 5e-324);
  EXPECT_EQ(to_double("1e-400"), 0.0);
  EXPECT_EQ(to_double("0.0000001e-99999999999999999999"), 0.0);
  EXPECT_EQ(to_double("0e999"), 0.0);
  EXPECT_TRUE(std::signbit(*to_double("-1e-400")));
}

}  // namespace
}  // namespace freehold::json
