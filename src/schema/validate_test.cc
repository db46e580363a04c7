#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "schema/testing/widget.h"
#include "schema/walk.h"

namespace freehold::schema {
namespace {

using testing::Color;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::Widget;

std::vector<std::string> lines(const Errors& errors) {
  std::vector<std::string> out;
  for (const FieldError& e : errors.all()) out.push_back(e.path + ": " + e.detail);
  return out;
}

// The faults of a good widget once `change` was made to it.
std::vector<std::string> faults(const std::function<void(Widget&)>& change) {
  Widget w = testing::sample_widget();
  change(w);
  Errors errors;
  validate(type_of<Widget>, &w, Path{}, errors);
  return lines(errors);
}

TEST(Validate, AGoodObjectHasNoFault) {
  EXPECT_THAT(faults([](Widget&) {}), IsEmpty());
}

TEST(Validate, WhatIsRequiredMustBeThere) {
  EXPECT_THAT(faults([](Widget& w) { w.metadata.name = ""; }),
              ElementsAre("metadata.name: required"));
  EXPECT_THAT(faults([](Widget& w) { w.spec.roles.clear(); }), ElementsAre("spec.roles: required"));
  EXPECT_THAT(faults([](Widget& w) { w.spec.roles[1].image = ""; }),
              ElementsAre("spec.roles[1].image: required"));
}

TEST(Validate, AnObjectThatWasNotGivenIsNotLookedInto) {
  EXPECT_THAT(faults([](Widget& w) {
                w.spec.price.amount = *Quantity::parse("1EUR/h", Dimension::money_per_hour);
              }),
              ElementsAre("spec.price.currency: required"));
}

TEST(Validate, NumbersStayWithinTheirRange) {
  EXPECT_THAT(faults([](Widget& w) { w.spec.priority = 1001; }),
              ElementsAre("spec.priority: must be at most 1000, is 1001"));
  EXPECT_THAT(faults([](Widget& w) { w.spec.roles[0].count = 0; }),
              ElementsAre("spec.roles[0].count: must be at least 1, is 0"));
  EXPECT_THAT(faults([](Widget& w) { w.spec.budget = -1; }),
              ElementsAre("spec.budget: must be at least 0, is -1"));
  EXPECT_THAT(faults([](Widget& w) { w.spec.ports = {80, 0}; }),
              ElementsAre("spec.ports[1]: must be at least 1, is 0"));
  EXPECT_THAT(faults([](Widget& w) { w.spec.share = 1.5; }),
              ElementsAre("spec.share: must be at most 1"));
  EXPECT_THAT(faults([](Widget& w) { w.spec.window = milliseconds(10); }),
              ElementsAre("spec.window: must be at least 1s, is 10ms"));
}

TEST(Validate, QuantitiesStayWithinTheirRange) {
  EXPECT_THAT(faults([](Widget& w) {
                w.spec.roles[0].each.memory = *Quantity::parse("1Ki", Dimension::bytes);
              }),
              ElementsAre("spec.roles[0].each.memory: must be at least 1Mi, is 1Ki"));
  EXPECT_THAT(faults([](Widget& w) { w.spec.steps = {*Quantity::parse("1", Dimension::bytes)}; }),
              ElementsAre("spec.steps[0]: must be at least 1Ki, is 1"));
}

TEST(Validate, SizesStayWithinTheirBounds) {
  EXPECT_THAT(faults([](Widget& w) { w.spec.roles[0].image = "x"; }),
              ElementsAre("spec.roles[0].image: must have at least 2 bytes, has 1"));
  EXPECT_THAT(faults([](Widget& w) { w.spec.ports.assign(5, 80); }),
              ElementsAre("spec.ports: must have at most 4 items, has 5"));
  EXPECT_THAT(faults([](Widget& w) { w.spec.seed.data.assign(17, 'x'); }),
              ElementsAre("spec.seed: must have at most 16 bytes, has 17"));
  EXPECT_THAT(faults([](Widget& w) {
                w.metadata.labels = {{"a", "b"}, {"c", "d"}, {"e", "f"}, {"g", "h"}, {"i", "j"}};
              }),
              ElementsAre("metadata.labels: must have at most 4 keys, has 5"));
}

TEST(Validate, StringsHaveTheirFormat) {
  EXPECT_THAT(
      faults([](Widget& w) { w.metadata.name = "Bad_Name"; }),
      ElementsAre(
          "metadata.name: \"Bad_Name\" is not a valid dns-label; use for example \"chat-eu\""));
  EXPECT_THAT(
      faults([](Widget& w) { w.spec.alias = ""; }),
      ElementsAre("spec.alias: \"\" is not a valid dns-label; use for example \"chat-eu\""));
  EXPECT_THAT(
      faults([](Widget& w) { w.metadata.finalizers = {"ok", "A"}; }),
      ElementsAre(
          "metadata.finalizers[1]: \"A\" is not a valid dns-label; use for example \"chat-eu\""));
  EXPECT_THAT(
      faults([](Widget& w) { w.spec.groups = {{"g", {"a", ""}}}; }),
      ElementsAre("spec.groups[g][1]: \"\" is not a valid dns-label; use for example \"chat-eu\""));
  EXPECT_THAT(
      faults([](Widget& w) { w.metadata.labels = {{"A", "b"}, {"c", "D"}}; }),
      ElementsAre(
          "metadata.labels[A]: the key \"A\" is not a valid dns-label; use for example \"chat-eu\"",
          "metadata.labels[c]: \"D\" is not a valid dns-label; use for example \"chat-eu\""));
}

TEST(Validate, SecretsAreNotRepeatedInMessages) {
  EXPECT_THAT(faults([](Widget& w) { w.spec.token = "Very_Secret"; }),
              ElementsAre("spec.token: is not a valid dns-label; use for example \"chat-eu\""));
}

TEST(Validate, KeyedListsAndSetsHaveNoItemTwice) {
  EXPECT_THAT(faults([](Widget& w) { w.spec.roles[1].name = "trainer"; }),
              ElementsAre("spec.roles[1].name: \"trainer\" is used already, by spec.roles[0]"));
  EXPECT_THAT(
      faults([](Widget& w) { w.metadata.finalizers = {"a", "b", "a"}; }),
      ElementsAre("metadata.finalizers[2]: \"a\" is used already, by metadata.finalizers[0]"));
  EXPECT_THAT(faults([](Widget& w) { w.spec.colors = {Color::red, Color::red}; }),
              ElementsAre("spec.colors[1]: \"Red\" is used already, by spec.colors[0]"));
}

TEST(Validate, FieldsNotHonouredYetAreRefusedByName) {
  EXPECT_THAT(faults([](Widget& w) { w.spec.failover = "x"; }),
              ElementsAre("spec.failover: is not honoured yet: needs federation; remove it"));
  Errors errors;
  Widget w = testing::sample_widget();
  w.spec.failover = "x";
  validate(type_of<Widget>, &w, Path{}, errors);
  EXPECT_EQ(errors.to_error("Widget", "a").causes[0].type, "FieldValueNotSupported");
}

TEST(Validate, RulesAcrossFieldsAreAsked) {
  EXPECT_THAT(
      faults([](Widget& w) { w.spec.suspended = true; }),
      ElementsAre("spec.priority: a suspended widget has no priority; remove one of the two"));
}

TEST(Validate, OutputIsNotLookedAt) {
  EXPECT_THAT(faults([](Widget& w) {
                w.metadata.generation = -1;
                w.status.conditions.emplace_back();
              }),
              IsEmpty());
}

TEST(Validate, WhatCouldNotBeReadIsNotAlsoMissing) {
  Widget w;
  Errors errors;
  ASSERT_TRUE(read(type_of<Widget>, &w,
                   R"({"metadata":{"name":5},"spec":{"queue":"q","roles":{}}})", errors)
                  .ok());
  validate(type_of<Widget>, &w, Path{}, errors);
  EXPECT_EQ(errors.all().size(), 2u);
}

TEST(Validate, WhatIsImmutableMayNotChange) {
  const Widget before = testing::sample_widget();
  Widget after = before;
  after.metadata.name = "other";
  after.metadata.ns = "x";
  after.metadata.uid = "x";
  after.spec.priority = 1;
  Errors errors;
  validate_update(type_of<Widget>, &before, &after, Path{}, errors);
  EXPECT_THAT(lines(errors),
              ElementsAre("metadata.name: may not change after creation; it was \"train-7\"",
                          "metadata.namespace: may not change after creation; it was \"default\""));
  EXPECT_EQ(errors.to_error("Widget", "a").causes[0].type, "FieldValueForbidden");
}

TEST(Validate, AnUnchangedObjectMayBeWrittenAgain) {
  const Widget w = testing::sample_widget();
  Errors errors;
  validate_update(type_of<Widget>, &w, &w, Path{}, errors);
  EXPECT_TRUE(errors.empty());
}

}  // namespace
}  // namespace freehold::schema
