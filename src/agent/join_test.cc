// What a machine keeps of its joining.
#include "agent/join.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>

namespace freehold::agent {
namespace {

class Joining : public testing::Test {
 protected:
  Joining() {
    char path[] = "/tmp/freehold-join-XXXXXX";
    directory_ = ::mkdtemp(path);
  }
  ~Joining() override { std::filesystem::remove_all(directory_); }
  std::string directory_;
};

TEST_F(Joining, TheKeyIsOnDiskBeforeItIsUsedAndStaysTheSame) {
  const std::string path = directory_ + "/join-request.json";
  const auto first = keep_request(path);
  ASSERT_TRUE(first.ok()) << first.error().to_string();
  struct stat facts{};
  ASSERT_EQ(::stat(path.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0600u);
  const auto again = keep_request(path);
  ASSERT_TRUE(again.ok()) << again.error().to_string();
  EXPECT_EQ(again->key_pem, first->key_pem);
  EXPECT_EQ(again->certificate_pem, first->certificate_pem);
  EXPECT_EQ(http::request_key_sha256(again->certificate_pem).value(),
            http::request_key_sha256(first->certificate_pem).value());
}

TEST_F(Joining, NobodyJoinsWithAKeyThatCannotBeKept) {
  const auto refused = keep_request(directory_ + "/gone/join-request.json");
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("/gone/"), std::string::npos) << refused.error().message;
}

}  // namespace
}  // namespace freehold::agent
