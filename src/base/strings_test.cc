#include "base/strings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.h"

namespace freehold {
namespace {

using testing::ElementsAre;
using Numbers = std::vector<uint32_t>;

TEST(Strings, split_keeps_empty_parts_and_join_puts_them_together) {
  EXPECT_THAT(split("", ','), ElementsAre(""));
  EXPECT_THAT(split("a,,b,", ','), ElementsAre("a", "", "b", ""));
  EXPECT_EQ(join({"a", "", "b"}, ", "), "a, , b");
  EXPECT_EQ(join({}, ","), "");
}

TEST(Strings, trim_takes_white_space_from_both_ends_only) {
  EXPECT_EQ(trim(" \t a b\r\n"), "a b");
  EXPECT_EQ(trim(" \n "), "");
}

TEST(Strings, numbers_must_be_the_whole_text) {
  EXPECT_EQ(parse_int("-9223372036854775808"), INT64_MIN);
  EXPECT_EQ(parse_int("9223372036854775808"), std::nullopt);
  EXPECT_EQ(parse_int(""), std::nullopt);
  EXPECT_EQ(parse_int("+1"), std::nullopt);
  EXPECT_EQ(parse_int("1 "), std::nullopt);
  EXPECT_EQ(parse_uint("18446744073709551615"), UINT64_MAX);
  EXPECT_EQ(parse_uint("-1"), std::nullopt);
  EXPECT_EQ(parse_double("1.5e3"), 1500);
  EXPECT_EQ(parse_double("inf"), std::nullopt);
  EXPECT_EQ(parse_double("nan"), std::nullopt);
  EXPECT_EQ(parse_double("1e999"), std::nullopt);
}

TEST(Strings, hex_reads_both_cases_and_writes_the_lower) {
  EXPECT_EQ(to_hex(std::string_view("\x00\xAB", 2)), "00ab");
  EXPECT_EQ(from_hex("00aB"), std::string("\x00\xAB", 2));
  EXPECT_EQ(from_hex("0"), std::nullopt);
  EXPECT_EQ(from_hex("0g"), std::nullopt);
}

// RFC 4648 section 10.
TEST(Strings, base64_gives_the_vectors_of_the_rfc) {
  EXPECT_EQ(base64_encode(""), "");
  EXPECT_EQ(base64_encode("f"), "Zg==");
  EXPECT_EQ(base64_encode("fo"), "Zm8=");
  EXPECT_EQ(base64_encode("foo"), "Zm9v");
  EXPECT_EQ(base64_encode("foob"), "Zm9vYg==");
  EXPECT_EQ(base64_encode("fooba"), "Zm9vYmE=");
  EXPECT_EQ(base64_encode("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64url_encode("\xFB\xFF"), "-_8");
  EXPECT_EQ(base64url_decode("-_8"), "\xFB\xFF");
}

TEST(Strings, base64_accepts_one_spelling_only) {
  EXPECT_EQ(base64_decode("Zg=="), "f");
  EXPECT_EQ(base64_decode("Zg="), std::nullopt);
  EXPECT_EQ(base64_decode("Zg"), std::nullopt);
  EXPECT_EQ(base64_decode("Zh=="), std::nullopt);  // bits that no byte uses
  EXPECT_EQ(base64_decode("Z==="), std::nullopt);
  EXPECT_EQ(base64_decode("===="), std::nullopt);
  EXPECT_EQ(base64_decode("Zm9v\n"), std::nullopt);
  EXPECT_EQ(base64_decode("-_8="), std::nullopt);
  EXPECT_EQ(base64url_decode("Zg=="), std::nullopt);
}

TEST(Strings, base64_round_trips_all_bytes) {
  Random random(3);
  for (size_t length = 0; length < 40; ++length) {
    std::string bytes;
    for (size_t i = 0; i < length; ++i) bytes += static_cast<char>(random.next());
    EXPECT_EQ(base64_decode(base64_encode(bytes)), bytes);
    EXPECT_EQ(base64url_decode(base64url_encode(bytes)), bytes);
    EXPECT_EQ(from_hex(to_hex(bytes)), bytes);
  }
}

// Markus Kuhn's decoder test names these classes.
TEST(Strings, beginnings_end_between_characters) {
  EXPECT_EQ(beginning_of("abc", 3), "abc");
  EXPECT_EQ(beginning_of("abc", 2), "ab");
  for (size_t most = 0; most <= 6; ++most)
    EXPECT_EQ(beginning_of("\xE2\x82\xAC\xE2\x82\xAC", most).size(), most / 3 * 3) << most;
  EXPECT_EQ(beginning_of("\x80\x80\x80", 2), "") << "no character begins there";
}

TEST(Strings, utf8_must_be_shortest_and_without_surrogates) {
  EXPECT_TRUE(is_utf8("a long enough ASCII text with a tail: \xC3\xA4"));
  EXPECT_TRUE(is_utf8("\xEF\xBF\xBF\xF4\x8F\xBF\xBF\xED\x9F\xBF\xEE\x80\x80"));
  for (const char* bad : {"\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80",
                          "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF",
                          "\xC3", "\xE2\x82", "\xF0\x9F\x98", "\xC3z"})
    EXPECT_FALSE(is_utf8(bad)) << to_hex(bad);
}

TEST(Strings, dns_names_follow_rfc_1123) {
  EXPECT_TRUE(is_dns_label("a-1"));
  EXPECT_TRUE(is_dns_label("1"));
  for (const char* bad : {"", "-a", "a-", "A", "a.b", "a_b"})
    EXPECT_FALSE(is_dns_label(bad)) << bad;
  EXPECT_TRUE(is_dns_label(std::string(63, 'a')));
  EXPECT_FALSE(is_dns_label(std::string(64, 'a')));
  EXPECT_TRUE(is_dns_subdomain("a.b-c.1"));
  for (const char* bad : {"", ".a", "a.", "a..b", "a.-b", "a.B"})
    EXPECT_FALSE(is_dns_subdomain(bad)) << bad;
  EXPECT_FALSE(is_dns_subdomain(std::string(254, 'a')));
}

TEST(Strings, labels_follow_kubernetes) {
  for (const char* good : {"a", "A_b.c-1", "example.org/stage", "1/x"})
    EXPECT_TRUE(is_label_key(good)) << good;
  for (const char* bad : {"", "/a", "a/", "a/b/c", "Example.org/a", "_a", "a_"})
    EXPECT_FALSE(is_label_key(bad)) << bad;
  EXPECT_TRUE(is_label_value(""));
  EXPECT_TRUE(is_label_value("A.b_c-1"));
  EXPECT_FALSE(is_label_value("a b"));
  EXPECT_FALSE(is_label_value(std::string(64, 'a')));
}

TEST(Strings, cpu_lists_read_as_linux_writes_them) {
  EXPECT_EQ(parse_cpu_list("0-3,8,10-11\n"), (Numbers{0, 1, 2, 3, 8, 10, 11}));
  EXPECT_EQ(parse_cpu_list("\n"), Numbers{});
  EXPECT_EQ(parse_cpu_list("5,1-2,2"), (Numbers{1, 2, 5}));
  EXPECT_EQ(format_cpu_list({0, 1, 2, 3, 8, 10, 11}), "0-3,8,10-11");
  EXPECT_EQ(format_cpu_list({}), "");
}

TEST(Strings, cpu_lists_that_are_malformed_or_huge_are_refused) {
  for (const char* bad : {",", "1,", ",1", "a", "3-1", "1-", "-1", "1--2", "1 2", "4294967296"})
    EXPECT_EQ(parse_cpu_list(bad), std::nullopt) << bad;
  EXPECT_EQ(parse_cpu_list("0-4294967295"), std::nullopt);
  EXPECT_EQ(parse_cpu_list("0-65535")->size(), 65'536u);
  EXPECT_EQ(parse_cpu_list("0-65535,70000"), std::nullopt);
}

size_t full_distance(std::string_view a, std::string_view b) {
  if (a.empty() || b.empty()) return a.size() + b.size();
  const size_t changed = full_distance(a.substr(1), b.substr(1)) + (a[0] == b[0] ? 0 : 1);
  return std::min({changed, full_distance(a.substr(1), b) + 1, full_distance(a, b.substr(1)) + 1});
}

TEST(Strings, edit_distance_counts_changes) {
  EXPECT_EQ(edit_distance("kitten", "sitting", 5), 3u);
  EXPECT_EQ(edit_distance("replicas", "replicas", 2), 0u);
  EXPECT_EQ(edit_distance("", "ab", 2), 2u);
  EXPECT_EQ(edit_distance("abc", "", 2), 3u);
}

TEST(Strings, edit_distance_within_its_bound_is_the_full_distance) {
  Random random(11);
  const auto word = [&random] {
    std::string text;
    for (int64_t i = random.in(0, 5); i > 0; --i) text += static_cast<char>('a' + random.in(0, 2));
    return text;
  };
  for (int i = 0; i < 300; ++i) {
    const std::string a = word(), b = word();
    const size_t full = full_distance(a, b);
    for (size_t most = 0; most < 6; ++most)
      EXPECT_EQ(edit_distance(a, b, most), std::min(full, most + 1))
          << a << ' ' << b << ' ' << most;
  }
}

}  // namespace
}  // namespace freehold
