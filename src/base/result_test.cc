#include "base/result.h"

#include <gtest/gtest.h>

#include <memory>

namespace freehold {
namespace {

Result<int> half(int n) {
  if (n % 2 != 0) return Error{Reason::invalid, std::to_string(n) + " is odd"};
  return n / 2;
}

Result<int> quarter(int n) { return TRY(half(TRY(half(n)))); }

Result<void> check_quarter(int n) {
  TRY(quarter(n));
  return {};
}

Result<std::unique_ptr<int>> boxed(int n) { return std::make_unique<int>(TRY(half(n))); }

TEST(Result, try_unwraps_a_value_and_may_be_nested) {
  EXPECT_EQ(quarter(12).value(), 3);
  EXPECT_TRUE(check_quarter(8).ok());
}

TEST(Result, try_returns_the_first_error) {
  EXPECT_EQ(quarter(6).error().message, "3 is odd");
  EXPECT_EQ(check_quarter(5).error().message, "5 is odd");
}

TEST(Result, values_that_only_move_pass_through) {
  auto result = boxed(10);
  ASSERT_TRUE(result.ok());
  const std::unique_ptr<int> inner = std::move(result).value();
  EXPECT_EQ(*inner, 5);
}

TEST(Result, value_or_falls_back_on_an_error) {
  EXPECT_EQ(half(3).value_or(7), 7);
  EXPECT_EQ(half(4).value_or(7), 2);
}

TEST(Error, within_puts_the_context_before_the_message_and_keeps_the_causes) {
  Error error{Reason::not_found, "no file", {{"FieldValueRequired", "spec.x", "required"}}};
  const Error outer = std::move(error).within("store");
  EXPECT_EQ(outer.message, "store: no file");
  EXPECT_EQ(outer.causes.size(), 1u);
  EXPECT_EQ(outer.to_string(), "NotFound: store: no file");
}

TEST(Reason, names_and_codes_are_those_of_kubernetes) {
  EXPECT_EQ(reason_name(Reason::too_large), "RequestEntityTooLarge");
  EXPECT_EQ(reason_http_code(Reason::too_large), 413);
  EXPECT_EQ(reason_http_code(Reason::conflict), 409);
  EXPECT_EQ(reason_name(Reason::internal), "InternalError");
  EXPECT_EQ(reason_name(Reason::unavailable), "ServiceUnavailable");
  EXPECT_EQ(reason_http_code(Reason::timeout), 504);
}

TEST(Reason, every_name_leads_back_to_its_reason) {
  for (int i = 0; i <= static_cast<int>(Reason::timeout); ++i) {
    const auto reason = static_cast<Reason>(i);
    EXPECT_EQ(reason_from_name(reason_name(reason)), reason);
  }
  EXPECT_EQ(reason_from_name("Gone"), Reason::internal);
}

}  // namespace
}  // namespace freehold
