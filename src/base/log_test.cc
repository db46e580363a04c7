#include "base/log.h"

#include <gtest/gtest.h>

#include <vector>

namespace freehold {
namespace {

class Log : public testing::Test {
 protected:
  void SetUp() override {
    set_log_sink([this](const LogRecord& record) {
      lines.push_back(format_log_line(record, "2026-11-23T15:39:13Z"));
    });
  }
  void TearDown() override {
    set_log_sink({});
    set_log_level(LogLevel::info);
  }
  std::vector<std::string> lines;
};

TEST_F(Log, a_record_is_one_json_object_with_its_fields) {
  log(LogLevel::warning, "store", "slow commit", {{"rev", int64_t{7}}, {"path", "a b"}});
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0], R"({"time":"2026-11-23T15:39:13Z","level":"warning","component":"store",)"
                      R"("message":"slow commit","rev":7,"path":"a b"})");
}

TEST_F(Log, what_json_cannot_hold_is_escaped) {
  log(LogLevel::error, "x", "a\"b\\c\nd\x01", {{"bytes", std::string("\xFF\xC3\xA4", 3)}});
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_NE(lines[0].find(R"("a\"b\\c\nd\u0001")"), std::string::npos);
  EXPECT_NE(lines[0].find("\"\\ufffd\xC3\xA4\""), std::string::npos);
}

TEST_F(Log, records_below_the_level_are_dropped) {
  log(LogLevel::debug, "x", "quiet");
  EXPECT_TRUE(lines.empty());
  set_log_level(LogLevel::debug);
  log(LogLevel::debug, "x", "loud");
  EXPECT_EQ(lines.size(), 1u);
}

TEST(LogDefault, without_a_sink_a_line_without_time_goes_to_stderr) {
  testing::internal::CaptureStderr();
  log(LogLevel::info, "main", "ready", {{"port", 8443}});
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "{\"level\":\"info\",\"component\":\"main\",\"message\":\"ready\",\"port\":8443}\n");
}

}  // namespace
}  // namespace freehold
