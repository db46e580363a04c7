// What `why` says of windows that were judged.
#include "cli/reasons.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/contract.h"

namespace freehold::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

api::AssessedWindow window(std::string metric, std::string verdict, std::string reason,
                           int64_t second) {
  const Quantity value = verdict == "notDetermined" ? Quantity() : Quantity::parse_any("7").value();
  return {std::move(metric),
          std::move(verdict),
          std::move(reason),
          Time{} + seconds(1'800'000'000 + second),
          seconds(1),
          value,
          1};
}

std::string why(std::vector<api::AssessedWindow> windows) {
  api::Contract c;
  c.metadata.name = "c";
  c.status.guarantees.resize(1);
  c.status.windows = std::move(windows);
  return reasons_text(api::Object::of(std::move(c)), {}, Time{} + seconds(1'800'000'100), {});
}

TEST(Reasons, name_what_kept_the_last_window_of_each_promise_from_being_judged) {
  const std::string said =
      why({window("latency", "notDetermined", "member 0 said nothing", 1),
           window("latency", "notDetermined", "only 3 requests came", 2),
           window("latency", "fulfilled", "", 3), window("rate", "violated", "", 3)});
  EXPECT_THAT(said,
              HasSubstr("? last not determined at 2027-01-15T08:00:02Z: only 3 requests came\n"));
  EXPECT_THAT(said, Not(HasSubstr("member 0 said nothing")));
  EXPECT_THAT(said, HasSubstr("last violated at 2027-01-15T08:00:03Z: 7"));
}

TEST(Reasons, say_nothing_of_windows_that_were_all_judged) {
  EXPECT_THAT(why({window("latency", "fulfilled", "", 1)}), Not(HasSubstr("not determined at")));
}

}  // namespace
}  // namespace freehold::cli
