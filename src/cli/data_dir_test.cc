#include "cli/data_dir.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

namespace freehold::cli {
namespace {

struct DataDirTest : ::testing::Test {
  ~DataDirTest() override { std::filesystem::remove_all(path); }
  const std::string path = ::testing::TempDir() + "data_dir_test." + std::to_string(getpid());
  const std::vector<std::string> hosts{"127.0.0.1"};
  const Time now = parse_rfc3339("2026-11-26T12:00:00Z").value();
};

TEST_F(DataDirTest, certificates_are_made_anew_before_they_end_and_the_authority_stays) {
  const DataDir dir = open_data_dir(path).value();
  ServerKeys keys = open_keys(dir, hosts, now).value();
  const ServerKeys first = keys;
  EXPECT_FALSE(renew_keys(dir, hosts, now + hours(24 * 200), keys).value());
  EXPECT_EQ(keys.server.certificate_pem, first.server.certificate_pem);
  const Time later = now + hours(24 * 300);
  EXPECT_TRUE(renew_keys(dir, hosts, later, keys).value());
  EXPECT_EQ(keys.authority.certificate_pem, first.authority.certificate_pem);
  for (const auto& [old, made] :
       {std::pair{&first.server, &keys.server}, std::pair{&first.caller, &keys.caller},
        std::pair{&first.admin, &keys.admin}}) {
    EXPECT_NE(made->certificate_pem, old->certificate_pem);
    EXPECT_GT(http::certificate_validity(made->certificate_pem)->until, later + hours(24 * 300));
  }
  // As a server that is started then finds them.
  EXPECT_EQ(open_keys(dir, hosts, later)->server.certificate_pem, keys.server.certificate_pem);
}

}  // namespace
}  // namespace freehold::cli
