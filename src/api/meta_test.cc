#include "api/meta.h"

#include <gtest/gtest.h>

#include "schema/walk.h"

namespace freehold::api {
namespace {

constexpr Time t1{1'000'000}, t2{2'000'000};

TEST(Conditions, ArriveWithTheTimeOfTheirFirstSight) {
  Conditions conditions;
  EXPECT_TRUE(set_condition(conditions, "Ready", ConditionStatus::true_, "Ok", "all well", 3, t1));
  ASSERT_EQ(conditions.size(), 1u);
  EXPECT_EQ(conditions[0].last_transition_time, t1);
  EXPECT_EQ(conditions[0].observed_generation, 3);
  EXPECT_TRUE(is_true(conditions, "Ready"));
  EXPECT_FALSE(is_true(conditions, "Other"));
  EXPECT_EQ(find_condition(conditions, "Other"), nullptr);
}

TEST(Conditions, SayingTheSameAgainChangesNothing) {
  Conditions conditions;
  set_condition(conditions, "Ready", ConditionStatus::true_, "Ok", "all well", 3, t1);
  EXPECT_FALSE(set_condition(conditions, "Ready", ConditionStatus::true_, "Ok", "all well", 3, t2));
  EXPECT_EQ(conditions[0].last_transition_time, t1);
}

TEST(Conditions, ANewMessageDoesNotMoveTheTime) {
  Conditions conditions;
  set_condition(conditions, "Ready", ConditionStatus::true_, "Ok", "all well", 3, t1);
  EXPECT_TRUE(set_condition(conditions, "Ready", ConditionStatus::true_, "Ok", "still", 4, t2));
  EXPECT_EQ(conditions[0].last_transition_time, t1);
  EXPECT_EQ(conditions[0].message, "still");
  EXPECT_EQ(conditions[0].observed_generation, 4);
}

TEST(Conditions, ANewStatusDoes) {
  Conditions conditions;
  set_condition(conditions, "Ready", ConditionStatus::true_, "Ok", "", 3, t1);
  EXPECT_TRUE(set_condition(conditions, "Ready", ConditionStatus::false_, "Gone", "", 3, t2));
  EXPECT_EQ(conditions[0].last_transition_time, t2);
  EXPECT_EQ(conditions.size(), 1u);
}

TEST(Conditions, MessagesAreCutBetweenCharactersToWhatTheSchemaTakes) {
  Conditions conditions;
  std::string message = "x";
  for (int i = 0; i < 6000; ++i) message += "é";
  set_condition(conditions, "Ready", ConditionStatus::false_, "Invalid", message, 3, t1);
  EXPECT_EQ(conditions[0].message, message.substr(0, 3999));
  EXPECT_FALSE(
      set_condition(conditions, "Ready", ConditionStatus::false_, "Invalid", message, 3, t2));
  schema::Errors errors;
  schema::validate(schema::type_of<Condition>, conditions.data(), schema::Path{}, errors);
  EXPECT_TRUE(errors.empty());
}

TEST(Meta, OwnersAreToldByUid) {
  ObjectMeta meta;
  EXPECT_FALSE(is_owned_by(meta, "u1"));
  meta.owner_references.push_back({"v1", "ConfigMap", "a", "u1"});
  EXPECT_TRUE(is_owned_by(meta, "u1"));
  EXPECT_FALSE(is_owned_by(meta, "u2"));
}

TEST(Meta, EnumsHaveTheNamesOfDocuments) {
  EXPECT_EQ(enum_text(ConditionStatus::true_), "True");
  EXPECT_EQ(enum_text(static_cast<ConditionStatus>(77)), "");
}

TEST(Meta, NamesWithDotsAreRefusedWhereALabelIsNeeded) {
  const auto faults = [](std::string_view name) {
    ObjectMeta meta;
    meta.name = name;
    schema::Errors errors;
    check_label_name(meta, {}, errors);
    return errors.all();
  };
  EXPECT_TRUE(faults("fra1").empty());
  EXPECT_TRUE(faults("").empty());     // generateName, perhaps
  EXPECT_TRUE(faults("A_b").empty());  // the table says so already
  ASSERT_EQ(faults("fra1.example").size(), 1u);
  EXPECT_EQ(faults("fra1.example")[0].path, "metadata.name");
}

}  // namespace
}  // namespace freehold::api
