// The data directory from one start of a control plane to the next.
#include "cli/data_dir.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <map>

namespace freehold::cli {
namespace {

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
