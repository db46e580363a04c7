#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "schema/testing/widget.h"
#include "schema/walk.h"

namespace freehold::schema {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::Widget;

std::vector<std::string> differences(const Widget& before, const Widget& after) {
  std::vector<std::string> out;
  for (const Difference& d : diff(type_of<Widget>, &before, &after))
    out.push_back(d.path + ": " + d.before + " -> " + d.after);
  return out;
}

TEST(Compare, EqualLooksAtEveryField) {
  const Widget a = testing::sample_widget();
  Widget b = a;
  EXPECT_TRUE(equal(type_of<Widget>, &a, &b));
  b.status.conditions[2].message += '.';
  EXPECT_FALSE(equal(type_of<Widget>, &a, &b));
  b = a;
  b.metadata.labels.erase("team");
  b.metadata.labels["tean"] = "nlp";
  EXPECT_FALSE(equal(type_of<Widget>, &a, &b));
}

TEST(Compare, DiffNamesWhatChangedAndNothingElse) {
  const Widget before = testing::sample_widget();
  EXPECT_THAT(differences(before, before), IsEmpty());
  Widget after = before;
  after.spec.priority = 9;
  after.spec.token = "x";
  after.spec.strict = true;
  after.metadata.labels.erase("team");
  after.metadata.labels["new"] = "x";
  after.spec.ports = {80};
  EXPECT_THAT(differences(before, after),
              ElementsAre("metadata.labels[team]: nlp -> ", "metadata.labels[new]:  -> x",
                          "spec.priority: 7 -> 9", "spec.strict:  -> true", "spec.ports:  -> [80]",
                          "spec.token:  -> (secret)"));
}

TEST(Compare, DiffFollowsItemsOfKeyedListsWhereverTheyStand) {
  const Widget before = testing::sample_widget();
  Widget after = before;
  std::swap(after.spec.roles[0], after.spec.roles[1]);
  after.spec.roles[0].count = 3;  // evaluator
  after.spec.roles.emplace_back().name = "extra";
  EXPECT_THAT(differences(before, after),
              ElementsAre("spec.roles[name=evaluator].count: 64 -> 3",
                          "spec.roles[name=extra]:  -> {\"name\":\"extra\",\"count\":1}"));
}

TEST(Locate, TextAtFollowsAPath) {
  const Widget w = testing::sample_widget();
  const auto text = [&](std::string_view path) { return text_at(type_of<Widget>, &w, path); };
  EXPECT_EQ(text("metadata.name"), "train-7");
  EXPECT_EQ(text("metadata.labels.team"), "nlp");
  EXPECT_EQ(text("metadata.annotations.example.io/owner"), "someone@example.io");
  EXPECT_EQ(text("spec.priority"), "7");
  EXPECT_EQ(text("spec.suspended"), "false");
  EXPECT_EQ(text("spec.window"), "1m");
  EXPECT_EQ(text("spec.color"), "Red");
  EXPECT_EQ(text("spec.strict"), "");
  EXPECT_EQ(text("spec.ceiling.memory"), "");
  EXPECT_EQ(text("spec.roles"), "");
  EXPECT_EQ(text("spec.roles.name"), "");
  EXPECT_EQ(text("spec.nothing"), "");
  EXPECT_EQ(text("metadata.name.x"), "");
  EXPECT_EQ(text(""), "");
}

TEST(Locate, FieldAtEntersListsAndMapsSilently) {
  const auto name = [](std::string_view path) {
    const FieldInfo* field = field_at(type_of<Widget>, path);
    return field == nullptr ? std::string() : std::string(field->name);
  };
  EXPECT_EQ(name("spec.roles"), "roles");
  EXPECT_EQ(name("spec.roles.each.memory"), "memory");
  EXPECT_EQ(name("spec.roles[2].each.memory"), "memory");
  EXPECT_EQ(name("spec.ceiling.cpu"), "cpu");
  EXPECT_EQ(name("metadata.labels[a.b/c]"), "labels");
  EXPECT_EQ(name("spec.nothing"), "");
  EXPECT_EQ(name("spec.queue.x"), "");
  EXPECT_EQ(name(""), "");
}

TEST(Locate, TypesHaveNamesForPeople) {
  const auto label = [](std::string_view path) {
    const FieldInfo* field = field_at(type_of<Widget>, path);
    return type_label(*field->type, field->rules);
  };
  EXPECT_EQ(label("metadata.name"), "string");
  EXPECT_EQ(label("metadata.labels"), "map[string]string");
  EXPECT_EQ(label("spec.roles"), "[]Role");
  EXPECT_EQ(label("spec.groups"), "map[string][]string");
  EXPECT_EQ(label("spec.ceiling"), "Limits");
  EXPECT_EQ(label("spec.ceiling.memory"), "Quantity (bytes, e.g. 80Gi)");
  EXPECT_EQ(label("spec.colors"), "[]Color");
}

TEST(Compare, TimesAreEqualWhenTheyPrintTheSame) {
  Widget a, b;
  a.metadata.created = Time{1'700'000'000'000'000};
  b.metadata.created = Time{1'700'000'000'999'999};
  EXPECT_TRUE(equal(type_of<Widget>, &a, &b));
  EXPECT_TRUE(diff(type_of<Widget>, &a, &b).empty());
  b.metadata.created = Time{1'700'000'001'000'000};
  EXPECT_FALSE(equal(type_of<Widget>, &a, &b));
  b.metadata.created = Time{};
  EXPECT_FALSE(equal(type_of<Widget>, &a, &b));
}

}  // namespace
}  // namespace freehold::schema
