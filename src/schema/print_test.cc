#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "schema/testing/widget.h"
#include "schema/walk.h"

namespace freehold::schema {
namespace {

using testing::Color;
using testing::Level;
using testing::Widget;

void expect_round_trip(const Widget& w) {
  const std::string text = print(w);
  const Result<Widget> again = read<Widget>(text);
  ASSERT_TRUE(again.ok()) << again.error().to_string() << "\n" << text;
  EXPECT_TRUE(equal(type_of<Widget>, &w, &*again)) << text << "\n" << print(*again);
  EXPECT_EQ(print(*again), text);
}

TEST(Print, DefaultsThatAreNotZeroAreShownAndZerosAreNot) {
  EXPECT_EQ(print(Widget{}),
            R"({"metadata":{"namespace":"default"},"spec":{"adopt":true,"share":0.5,"window":"1m",)"
            R"("colors":["Red"],"color":"Red","retry":{"forever":true}}})");
}

TEST(Print, AZeroIsShownWhereTheDefaultIsAnother) {
  Widget w;
  w.metadata.ns = "";
  w.spec.adopt = false;
  w.spec.share = 0;
  w.spec.window = {};
  w.spec.colors = {};
  w.spec.retry = {0, {}, false};
  EXPECT_EQ(print(w),
            R"({"metadata":{"namespace":""},"spec":{"adopt":false,"share":0,"window":"0s",)"
            R"("colors":[],"color":"Red","retry":{"forever":false}}})");
  expect_round_trip(w);
}

TEST(Print, EmptyValuesInOptionalsAreShown) {
  Widget w;
  w.spec.ceiling.emplace();
  w.spec.strict = false;
  w.spec.budget = 0;
  w.spec.alias = "";
  EXPECT_THAT(print(w), ::testing::HasSubstr(R"("ceiling":{},)"));
  EXPECT_THAT(print(w), ::testing::HasSubstr(R"("strict":false,"budget":0,"alias":"")"));
  expect_round_trip(w);
}

TEST(Print, ARequiredObjectIsShownEvenWhenEmpty) {
  Widget w;
  w.metadata = {"", "", "", 0, {}, {}, {}, {}};
  EXPECT_THAT(print(w), ::testing::StartsWith(R"({"metadata":{"namespace":""})"));
  EXPECT_EQ(print(testing::Status{}), "{}");
}

TEST(Print, EveryKindComesBackAsItWas) {
  Widget w = testing::sample_widget();
  w.spec.parameters = *json::parse(R"({"a":[1,2.5,null,"\u0000\"\\"],"b":{}})");
  w.spec.notes = {{"null", nullptr}, {"deep", *json::parse("[[[]]]")}};
  w.spec.seed.data = std::string("\0\xff\x80", 3);
  w.spec.at.time = {1767323045000006};
  w.spec.until = {1767323045000000};
  w.spec.ports = {std::numeric_limits<int64_t>::min(), 0, std::numeric_limits<int64_t>::max()};
  w.spec.share = -1.0 / 3;
  w.spec.groups = {{"", {}}, {"a\nb", {"", "\x01 ü"}}};
  w.spec.steps = {*Quantity::parse("1Ki", Dimension::bytes)};
  w.spec.roles[0].each.extra = {{"unset", {}}, {"x", *Quantity::parse_any("3.35TBps")}};
  w.spec.level = Level::rack;
  w.spec.color = Color::green;
  w.spec.failover = "later";
  expect_round_trip(w);
}

TEST(Print, ASampleIsOfTheSizeThatBenchmarksClaim) {
  const size_t size = print(testing::sample_widget()).size();
  EXPECT_GT(size, 1700u);
  EXPECT_LT(size, 2100u);
}

TEST(Print, TimesOfConditionsHaveSecondsAndMicroTimesSixDecimals) {
  Widget w;
  w.spec.at.time = {1767323045000006};
  w.spec.until = {1767323045000000};
  EXPECT_THAT(
      print(w),
      ::testing::HasSubstr(R"("at":"2026-01-02T03:04:05.000006Z","until":"2026-01-02T03:04:05Z")"));
}

TEST(Print, ToJsonIsThePrintedDocument) {
  const Widget w = testing::sample_widget();
  EXPECT_EQ(json::print(to_json(type_of<Widget>, &w)), print(w));
}

}  // namespace
}  // namespace freehold::schema
