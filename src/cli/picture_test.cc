#include "cli/picture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "discover/import/xml.h"

namespace freehold::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Two spines over three leaves, one of which is weak, with names that differ at their ends.
Picture fabric() {
  Picture picture;
  picture.title = "ib <1>";
  picture.subtitle = "rdma & \"more\"";
  for (const char* name : {"A10-P1-IBSPINE-01", "A10-P1-IBSPINE-02"})
    picture.boxes.push_back({name, "", 0, Look::fabric_switch, -1});
  for (int i = 0; i < 3; ++i) {
    picture.boxes.push_back({"a-leaf-with-a-name-that-is-far-too-long-" + std::to_string(i), "r1",
                             1, Look::fabric_switch, -1});
    picture.boxes.push_back(
        {"8 machines", "3.2Tbps", 2, Look::machine, static_cast<int>(picture.boxes.size()) - 1});
    picture.lines.push_back({0, picture.boxes.size() - 2, "400Gbps", false, i == 2, 1});
  }
  return picture;
}

// The x of the box with this title.
int x_of(const std::string& svg, const std::string& title) {
  const size_t at = svg.find("<rect x=\"", svg.find("<title>" + title));
  return std::stoi(svg.substr(at + 9));
}

TEST(Picture, svg_is_well_formed_whatever_names_say) {
  const std::string svg = svg_of(fabric());
  const auto document = discover::parse_xml(svg, {});
  ASSERT_TRUE(document.ok()) << document.error().to_string();
}

TEST(Picture, characters_that_steer_a_terminal_or_that_xml_forbids_are_replaced) {
  Picture picture;
  picture.title = picture.subtitle = "a\033b\u202Ec\xEF\xBF\xBE\xFF";
  picture.boxes.push_back({picture.title, picture.title, 0, Look::gpu, -1});
  for (const std::string& text : {svg_of(picture), dot_of(picture)}) {
    EXPECT_THAT(text, HasSubstr("a?b?c??"));
    for (const char* bad : {"\033", "\u202E", "\xEF\xBF\xBE", "\xFF"})
      EXPECT_THAT(text, Not(HasSubstr(bad)));
  }
}

TEST(Picture, long_names_keep_the_ends_that_tell_them_apart) {
  const std::string svg = svg_of(fabric());
  EXPECT_THAT(svg, HasSubstr(">A10-P1-IBSPINE-01<"));
  EXPECT_THAT(svg, HasSubstr("a-leaf-wit…-far-too-long-2<")) << "of 26 characters";
}

TEST(Picture, what_belongs_to_no_tree_stands_in_the_middle) {
  const std::string svg = svg_of(fabric());
  const int middle = (x_of(svg, "A10-P1-IBSPINE-01") + x_of(svg, "A10-P1-IBSPINE-02")) / 2;
  EXPECT_NEAR(middle, x_of(svg, "a-leaf-with-a-name-that-is-far-too-long-1"), 2);
}

TEST(Picture, colours_that_are_used_are_named) {
  const std::string svg = svg_of(fabric());
  EXPECT_THAT(svg, HasSubstr(">switch</text>"));
  EXPECT_THAT(svg, HasSubstr(">below its best</text>"));
  EXPECT_THAT(svg, Not(HasSubstr(">memory node</text>")));
}

TEST(Picture, dot_breaks_lines_and_escapes_quotes) {
  const std::string dot = dot_of(fabric());
  EXPECT_THAT(dot, HasSubstr(R"(label="ib <1>\nrdma & \"more\"")"));
  EXPECT_THAT(dot, HasSubstr(R"([label="8 machines\n3.2Tbps")"));
  EXPECT_THAT(dot, Not(HasSubstr("?")));
}

}  // namespace
}  // namespace freehold::cli
