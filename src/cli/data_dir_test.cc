// The data directory from one start of a control plane to the next.
#include "cli/data_dir.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <map>

namespace freehold::cli {
namespace {

struct CertificatesTest : ::testing::Test {
  ~CertificatesTest() override { std::filesystem::remove_all(path); }
  const std::string path = ::testing::TempDir() + "data_dir_test." + std::to_string(getpid());
  const std::vector<std::string> hosts{"127.0.0.1"};
  const Time now = parse_rfc3339("2026-11-26T12:00:00Z").value();
};

TEST_F(CertificatesTest, certificates_are_made_anew_before_they_end_and_the_authority_stays) {
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

// A file that is written anew is another file.
std::map<std::string, ino_t> files_in(const std::string& path) {
  std::map<std::string, ino_t> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(path)) {
    struct stat is{};
    if (entry.is_regular_file() && stat(entry.path().c_str(), &is) == 0)
      files[entry.path().string()] = is.st_ino;
  }
  return files;
}

struct DataDirTest : ::testing::Test {
  DataDirTest() {
    std::string name = ::testing::TempDir() + "data_dir_XXXXXX";
    path = mkdtemp(name.data());
  }
  ~DataDirTest() override { std::filesystem::remove_all(path); }
  void start(const std::string& url) const {
    const auto dir = open_data_dir(path);
    ASSERT_TRUE(dir.ok());
    const auto keys = open_keys(*dir, {"localhost"}, Time{1'700'000'000'000'000});
    ASSERT_TRUE(keys.ok());
    ASSERT_TRUE(write_kubeconfig(*dir, *keys, url).ok());
  }
  std::string path;
};

// So that it starts on a disk that is full.
TEST_F(DataDirTest, a_second_start_writes_nothing_that_is_there) {
  start("https://localhost:1");
  const auto first = files_in(path);
  ASSERT_GE(first.size(), 6u);
  start("https://localhost:1");
  EXPECT_EQ(files_in(path), first);
  start("https://localhost:2");
  EXPECT_NE(files_in(path), first) << "another address is written down";
}

}  // namespace
}  // namespace freehold::cli
