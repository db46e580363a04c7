#include "schema/samples.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "schema/testing/widget.h"
#include "schema/walk.h"

namespace freehold::schema {
namespace {

using testing::Widget;

constexpr size_t plenty = 2'000;

TEST(Samples, TheGoodDocumentIsTheSmallestThatIsValid) {
  const json::Value good = good_document(type_of<Widget>);
  EXPECT_EQ(
      json::print(good),
      R"({"metadata":{"name":"chat-eu"},"spec":{"queue":"x","roles":[{"name":"chat-eu","image":"xx"}]}})");
  Widget w;
  Errors errors;
  EXPECT_TRUE(from_json(type_of<Widget>, &w, good, errors).empty());
  validate(type_of<Widget>, &w, Path{}, errors);
  EXPECT_TRUE(errors.empty()) << errors.to_error("Widget", "").message;
}

TEST(Samples, WrongDocumentsAreManyAndAllDifferent) {
  const json::Value good = good_document(type_of<Widget>);
  const auto wrong = wrong_documents(type_of<Widget>, good, 500, 1);
  EXPECT_EQ(wrong.size(), 500u);
  std::set<std::string> texts;
  for (const WrongDocument& w : wrong) texts.insert(json::print(w.document));
  EXPECT_EQ(texts.size(), wrong.size());
}

TEST(Samples, OneSeedGivesTheSameDocuments) {
  const json::Value good = good_document(type_of<Widget>);
  const auto a = wrong_documents(type_of<Widget>, good, 50, 7),
             b = wrong_documents(type_of<Widget>, good, 50, 7);
  const auto c = wrong_documents(type_of<Widget>, good, 50, 8);
  ASSERT_EQ(a.size(), 50u);
  size_t same = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].document, b[i].document);
    same += a[i].document == c[i].document;
  }
  EXPECT_LT(same, a.size());
}

TEST(Samples, WrongDocumentsHoldEveryClassOfFaultAndEveryPart) {
  const Widget sample = testing::sample_widget();
  const auto wrong = wrong_documents(type_of<Widget>, to_json(type_of<Widget>, &sample), plenty, 3);
  std::set<std::string> reasons, fields;
  for (const WrongDocument& w : wrong) {
    reasons.insert(w.reason);
    fields.insert(w.field);
  }
  for (const char* reason : {"not honoured yet",
                             "a required field is missing",
                             "a required field is null",
                             "an unknown field",
                             "an unknown field that holds others",
                             "a misspelt field",
                             "a value of the wrong type",
                             "not base64",
                             "a month that is none",
                             "not a time",
                             "a duration without a unit",
                             "not a duration",
                             "a number that is not whole",
                             "a number beyond 64 bits",
                             "below the least allowed",
                             "above the most allowed",
                             "not of its format",
                             "too long",
                             "too short",
                             "not a quantity",
                             "a unit that is none",
                             "of another dimension",
                             "not one of the values",
                             "nearly one of the values",
                             "a list item that is null",
                             "more items than allowed",
                             "an item that is there already",
                             "a key that is not of its format",
                             "more keys than allowed"})
    EXPECT_EQ(reasons.count(reason), 1u) << reason;
  for (const char* field :
       {"spec.roles[0].each.memory", "spec.roles[1].each.memory", "spec.ceiling.memory",
        "spec.groups[key][0]", "spec.price.currency", "metadata.labels[Chat_EU]"})
    EXPECT_EQ(fields.count(field), 1u) << field;
}

}  // namespace
}  // namespace freehold::schema
