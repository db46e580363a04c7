#include "json/value.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>

#include "base/check.h"
#include "base/limits.h"
#include "base/random.h"

namespace freehold::json {
namespace {

Value parsed(std::string_view text) {
  auto value = parse(text);
  EXPECT_TRUE(value.ok()) << value.error().message;
  return value.ok() ? std::move(value).value() : Value();
}

std::string refusal(std::string_view text) {
  const auto value = parse(text);
  return value.ok() ? "accepted" : value.error().message;
}

TEST(Parse, keeps_order_and_the_kind_of_numbers) {
  const Value value = parsed(R"({"b":1,"a":[1.0,-2,"x",null,true]})");
  EXPECT_EQ(print(value), R"({"b":1,"a":[1.0,-2,"x",null,true]})");
  EXPECT_EQ(*value.at({"b"})->as_int(), 1);
  const Array& array = *value.at({"a"})->as_array();
  EXPECT_EQ(*array[0].as_double(), 1.0);
  EXPECT_EQ(array[0].as_int(), nullptr);
  EXPECT_EQ(array[1].number(), -2);
}

TEST(Parse, whole_numbers_beyond_int64_become_doubles) {
  EXPECT_EQ(*parsed("9223372036854775807").as_int(), INT64_MAX);
  EXPECT_EQ(*parsed("-9223372036854775808").as_int(), INT64_MIN);
  EXPECT_EQ(*parsed("9223372036854775808").as_double(), 0x1p63);
  EXPECT_EQ(refusal("[1, 1e400]"), "malformed JSON at byte 4: number out of range");
}

TEST(Parse, errors_are_bad_requests_and_name_the_byte) {
  const auto value = parse("{\"a\":tru}");
  ASSERT_FALSE(value.ok());
  EXPECT_EQ(value.error().reason, Reason::bad_request);
  EXPECT_EQ(value.error().message, "malformed JSON at byte 5: expected a value");
  EXPECT_EQ(refusal("{} x"), "malformed JSON at byte 3: expected the end of the document");
}

TEST(Parse, names_that_appear_twice_are_refused_in_small_and_large_objects) {
  EXPECT_EQ(refusal(R"({"a":{"b":1, "b":2}})"), "malformed JSON at byte 13: duplicate name \"b\"");
  std::string large = "{";
  for (int i = 0; i < 100; ++i) large += "\"n" + std::to_string(i) + "\":0,";
  EXPECT_EQ(refusal(large + "\"n7\":{}}"),
            "malformed JSON at byte " + std::to_string(large.size()) + ": duplicate name \"n7\"");
  EXPECT_EQ(refusal(large + "\"x\":0}"), "accepted");
}

TEST(Parse, the_number_of_elements_is_bounded) {
  std::string text = "[";
  for (size_t i = 0; i < limits::list_items; ++i) text += "0,";
  EXPECT_NE(refusal(text + "0]").find("too many elements"), std::string::npos);
  text.back() = ']';
  EXPECT_EQ(refusal(text), "accepted");
}

TEST(Object, finds_adds_replaces_and_erases_by_name) {
  Object object{{"a", 1}, {"b", 2}, {"a", 3}};
  EXPECT_EQ(object.size(), 2u);
  EXPECT_EQ(*object.find("a")->as_int(), 3);
  object["c"] = "x";
  EXPECT_TRUE(object.erase("a"));
  EXPECT_FALSE(object.erase("a"));
  EXPECT_EQ(object.find("a"), nullptr);
  EXPECT_EQ(print(object), R"({"b":2,"c":"x"})");
}

TEST(Object, equality_does_not_look_at_the_order) {
  EXPECT_EQ(parsed(R"({"a":1,"b":{"c":2,"d":3}})"), parsed(R"({"b":{"d":3,"c":2},"a":1})"));
  EXPECT_NE(parsed(R"({"a":1,"b":2})"), parsed(R"({"a":2,"b":1})"));
  EXPECT_NE(parsed(R"({"a":1,"b":2})"), parsed(R"({"a":1,"c":2})"));
  EXPECT_NE(parsed(R"({"a":1})"), parsed(R"({"a":1,"b":2})"));
  EXPECT_NE(parsed("[1,2]"), parsed("[2,1]"));
  EXPECT_NE(parsed("1"), parsed("1.0"));
}

TEST(Value, paths_lead_to_members_and_nowhere_else) {
  const Value value = parsed(R"({"metadata":{"name":"n","n":1}})");
  EXPECT_EQ(value.string_at({"metadata", "name"}), "n");
  EXPECT_EQ(value.string_at({"metadata", "n"}), "");
  EXPECT_EQ(value.at({"metadata", "name", "x"}), nullptr);
  EXPECT_EQ(value.at({"spec"}), nullptr);
  EXPECT_EQ(value.at({}), &value);
}

TEST(Print, pretty_indents_by_two_and_keeps_empty_collections_short) {
  EXPECT_EQ(print_pretty(parsed(R"({"a":[1,{"b":[]}],"c":{}})")), R"({
  "a": [
    1,
    {
      "b": []
    }
  ],
  "c": {}
})");
}

TEST(Print, strings_are_escaped_and_always_utf8) {
  const std::string text("\"\\/\b\f\n\r\t\x01\x7F \xC3\xA4 \xFF");
  EXPECT_EQ(print(Value(text)), "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\x7F \xC3\xA4 \xEF\xBF\xBD\"");
}

TEST(Print, doubles_read_back_as_the_same_doubles) {
  for (const double number : {1.0, -0.0, 0.1, 1e20, 1e21, 5e-324, 1.7976931348623157e308, 1e-7}) {
    const Value again = parsed(print(Value(number)));
    ASSERT_NE(again.as_double(), nullptr) << number;
    EXPECT_EQ(std::bit_cast<uint64_t>(*again.as_double()), std::bit_cast<uint64_t>(number));
  }
}

TEST(Print, what_is_no_number_prints_as_null_and_counts_as_a_bug) {
  set_fatal_bugs(false);
  const uint64_t before = bugs_found();
  EXPECT_EQ(print(Value(std::nan(""))), "null");
  EXPECT_EQ(bugs_found(), before + 1);
  set_fatal_bugs(true);
}

struct CanonicalNumber {
  uint64_t bits;
  const char* text;
};

// RFC 8785 appendix B.
TEST(Canonical, numbers_are_those_of_the_rfc) {
  constexpr CanonicalNumber vectors[] = {
      {0x0000000000000000, "0"},
      {0x8000000000000000, "0"},
      {0x0000000000000001, "5e-324"},
      {0x8000000000000001, "-5e-324"},
      {0x7fefffffffffffff, "1.7976931348623157e+308"},
      {0xffefffffffffffff, "-1.7976931348623157e+308"},
      {0x4340000000000000, "9007199254740992"},
      {0xc340000000000000, "-9007199254740992"},
      {0x4430000000000000, "295147905179352830000"},
      {0x44b52d02c7e14af5, "9.999999999999997e+22"},
      {0x44b52d02c7e14af6, "1e+23"},
      {0x44b52d02c7e14af7, "1.0000000000000001e+23"},
      {0x444b1ae4d6e2ef4e, "999999999999999700000"},
      {0x444b1ae4d6e2ef4f, "999999999999999900000"},
      {0x444b1ae4d6e2ef50, "1e+21"},
      {0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7"},
      {0x3eb0c6f7a0b5ed8d, "0.000001"},
      {0x41b3de4355555553, "333333333.3333332"},
      {0x41b3de4355555554, "333333333.33333325"},
      {0x41b3de4355555555, "333333333.3333333"},
      {0x41b3de4355555556, "333333333.3333334"},
      {0x41b3de4355555557, "333333333.33333343"},
      {0xbecbf647612f3696, "-0.0000033333333333333333"},
      {0x43143ff3c1cb0959, "1424953923781206.2"},
  };
  for (const CanonicalNumber& vector : vectors)
    EXPECT_EQ(canonical(Value(std::bit_cast<double>(vector.bits))), vector.text);
}

// RFC 8785 section 3.2.2.
TEST(Canonical, the_example_of_the_rfc_comes_out) {
  const Value value = parsed(R"({
    "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
    "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
    "literals": [null, true, false]
  })");
  EXPECT_EQ(canonical(value),
            R"({"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],)"
            "\"string\":\"\xE2\x82\xAC$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}");
}

// RFC 8785 section 3.2.3.
TEST(Canonical, names_are_sorted_by_utf16_code_units) {
  const Value value =
      parsed(R"({"\u20ac":5,"\r":1,"\ufb33":7,"1":2,"\ud83d\ude00":6,"\u0080":3,"\u00f6":4})");
  EXPECT_EQ(canonical(value),
            "{\"\\r\":1,\"1\":2,\"\xC2\x80\":3,\"\xC3\xB6\":4,\"\xE2\x82\xAC\":5,"
            "\"\xF0\x9F\x98\x80\":6,\"\xEF\xAC\xB3\":7}");
  EXPECT_EQ(canonical(parsed(R"({"ab":1,"":2,"a":3})")), R"({"":2,"a":3,"ab":1})");
}

TEST(Canonical, large_integers_keep_their_digits) {
  EXPECT_EQ(canonical(parsed("9007199254740993")), "9007199254740993");
}

TEST(Canonical, a_value_has_one_form_however_it_was_written) {
  EXPECT_EQ(canonical(parsed(R"({"b":1.50,"a":[ -0.0 ]})")),
            canonical(parsed(R"({"a":[0],"b":15e-1})")));
}

}  // namespace
}  // namespace freehold::json
