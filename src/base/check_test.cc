#include "base/check.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/log.h"

namespace freehold {
namespace {

// Bugs are fatal in every test; these look at what production does.
class Bug : public testing::Test {
 protected:
  void SetUp() override {
    set_fatal_bugs(false);
    set_log_sink([this](const LogRecord& record) { lines.push_back(format_log_line(record, {})); });
  }
  void TearDown() override {
    set_fatal_bugs(true);
    set_log_sink({});
  }
  std::vector<std::string> lines;
};

TEST_F(Bug, a_bug_that_is_survived_is_counted_and_logged) {
  const uint64_t before = bugs_found();
  const bool bug = BUG_IF(lines.empty(), "nothing was there");
  EXPECT_TRUE(bug);
  EXPECT_EQ(bugs_found(), before + 1);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_NE(lines[0].find("nothing was there"), std::string::npos);
  EXPECT_NE(lines[0].find("check_test.cc"), std::string::npos);
}

TEST_F(Bug, a_condition_that_does_not_hold_is_no_bug) {
  const uint64_t before = bugs_found();
  EXPECT_FALSE(BUG_IF(!lines.empty(), "never"));
  EXPECT_EQ(bugs_found(), before);
  EXPECT_TRUE(lines.empty());
}

TEST(CheckDeathTest, a_failed_check_says_what_and_where_and_aborts) {
  const int one = 1;
  EXPECT_DEATH(CHECK(one == 2, "numbers are broken"),
               "check_test.cc:.*check failed: one == 2: numbers are broken");
}

TEST(CheckDeathTest, a_bug_is_fatal_where_tests_ask_for_it) {
  EXPECT_DEATH((void)BUG_IF(bugs_found() < 1000, "must not be"), "must not be");
}

}  // namespace
}  // namespace freehold
