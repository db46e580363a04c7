#include "discover/import/xml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "discover/limits.h"

namespace freehold::discover {
namespace {

using ::testing::HasSubstr;

const ImportOptions options{"a.xml", "a", ""};

std::string refusal(const std::string& text) {
  const auto parsed = parse_xml(text, options);
  return parsed.ok() ? "" : parsed.error().message;
}

TEST(Xml, ElementsKnowTheirLinesAttributesAndText) {
  const auto root = parse_xml(
      "<?xml version=\"1.0\"?>\n<!-- c -->\n<a x=\"1\">\n 1<b y='&lt;'/>2</a>\n", options);
  ASSERT_TRUE(root.ok()) << root.error().message;
  EXPECT_EQ(root->name, "a");
  EXPECT_EQ(root->line, 3u);
  EXPECT_EQ(root->get("x"), "1");
  ASSERT_EQ(root->children.size(), 1u);
  EXPECT_EQ(root->children[0].line, 4u);
  EXPECT_EQ(root->children[0].get("y"), "<");
  EXPECT_FALSE(root->children[0].has("x"));
  EXPECT_EQ(root->text, "\n 12");
}

TEST(Xml, ADocumentTypeMayBeNamedButNotWrittenOut) {
  EXPECT_TRUE(parse_xml("<!DOCTYPE topology SYSTEM \"hwloc2.dtd\"><topology/>", options).ok());
  EXPECT_THAT(refusal("<!DOCTYPE a [<!ENTITY b SYSTEM \"/etc/passwd\">]><a>&b;</a>"),
              HasSubstr("document type"));
  // Without one, a name that is not XML's own stays as it is written.
  EXPECT_EQ(parse_xml("<a x=\"&b;\"/>", options)->get("x"), "&b;");
}

TEST(Xml, WhatIsNotWellFormedIsRefusedWithItsLine) {
  EXPECT_THAT(refusal("<a>\n<b>\n</a>"), HasSubstr("a.xml: line 3: "));
  EXPECT_NE(refusal(""), "");
  EXPECT_NE(refusal("no element"), "");
  EXPECT_THAT(refusal("<a/><b/>"), HasSubstr("two root elements"));
  EXPECT_THAT(refusal("<a/>\n\njunk"), HasSubstr("has text beside its root element"));
  EXPECT_THAT(refusal("junk <a/>"), HasSubstr("has text beside its root element"));
  EXPECT_THAT(refusal("<a x='1' x='2'/>"), HasSubstr("twice"));
  EXPECT_NE(refusal(std::string("<a>\0</a>", 8)), "");
  EXPECT_NE(refusal("<a>\xff</a>"), "");
}

TEST(Xml, DepthElementsAttributesAndSizeAreBounded) {
  std::string deep;
  for (size_t i = 0; i < limits::xml_depth + 1; ++i) deep += "<a>";
  for (size_t i = 0; i < limits::xml_depth + 1; ++i) deep += "</a>";
  EXPECT_THAT(refusal(deep), HasSubstr("too deeply"));
  std::string wide = "<a";
  for (size_t i = 0; i < limits::xml_attributes_each + 1; ++i)
    wide += " b" + std::to_string(i) + "=''";
  EXPECT_THAT(refusal(wide + "/>"), HasSubstr("too many attributes"));
  std::string many = "<a>";
  for (size_t i = 0; i < 2 * limits::xml_elements; ++i) many += "<b/>";
  EXPECT_THAT(refusal(many + "</a>"), HasSubstr("elements"));
  EXPECT_THAT(refusal(std::string(limits::xml_bytes + 1, ' ')), HasSubstr("16 MiB"));
}

TEST(Xml, NumbersAreReadWithinTheirBounds) {
  const auto root = parse_xml("<a x='7' y='' z='x'/>", options);
  EXPECT_EQ(*read_number(*root, "x", {0, 10, -1}, options), 7);
  EXPECT_EQ(*read_number(*root, "y", {0, 10, -1}, options), -1);
  EXPECT_EQ(*read_number(*root, "none", {0, 10, -1}, options), -1);
  EXPECT_FALSE(read_number(*root, "x", {0, 6, -1}, options).ok());
  EXPECT_FALSE(read_number(*root, "z", {0, 10, -1}, options).ok());
  EXPECT_FALSE(need_number(*root, "none", {0, 10, -1}, options).ok());
}

}  // namespace
}  // namespace freehold::discover
