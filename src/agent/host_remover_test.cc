// Trees of all shapes go, nothing outside of them does, and the caller waits for none of it.
#include "agent/host_remover.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>

#include "base/log.h"

namespace freehold::agent {
namespace {

namespace fs = std::filesystem;

struct RemoverTest : testing::Test {
  RemoverTest() {
    set_log_sink([](const LogRecord&) {});
    char path[] = "/tmp/freehold-remover-XXXXXX";
    parent = ::mkdtemp(path);
  }
  ~RemoverTest() override {
    remover.reset();
    set_log_sink(nullptr);
    fs::remove_all(parent);
  }
  void open() { remover.emplace(trash()); }
  std::string trash() const { return parent + "/removed"; }
  std::string path(const std::string& name) const { return parent + "/" + name; }
  static void write(const std::string& file) { std::ofstream(file) << "x"; }
  // A test that waits for ever is ended by its time limit.
  void wait_until_empty() const {
    while (!list_directory(trash()).empty()) ::sched_yield();
  }
  std::string parent;
  std::optional<Remover> remover;
};

TEST_F(RemoverTest, ATreeIsOutOfSightAtOnceAndThenGone) {
  open();
  for (int i = 0; i < 50; ++i) {
    const std::string inner = path("one/home/" + std::to_string(i) + "/inner");
    fs::create_directories(inner);
    for (int file = 0; file < 10; ++file) write(inner + "/" + std::to_string(file));
  }
  write(path("one/exit.json"));
  remover->take(path("one"));
  EXPECT_FALSE(exists(path("one")));
  wait_until_empty();
}

TEST_F(RemoverTest, ATreeDeeperThanAPathIsLongGoes) {
  open();
  fs::create_directory(path("one"));
  Fd at(::open(path("one").c_str(), O_RDONLY | O_DIRECTORY));
  const std::string name(200, 'd');
  for (int depth = 0; depth < 100; ++depth) {
    ASSERT_EQ(::mkdirat(at.get(), name.c_str(), 0700), 0);
    at = Fd(::openat(at.get(), name.c_str(), O_RDONLY | O_DIRECTORY));
    ASSERT_TRUE(at);
  }
  at.close();
  remover->take(path("one"));
  wait_until_empty();
}

TEST_F(RemoverTest, LinksAreRemovedAndNotFollowed) {
  open();
  fs::create_directories(path("kept/inner"));
  write(path("kept/file"));
  fs::create_directory(path("one"));
  fs::create_directory_symlink(path("kept"), path("one/link"));
  fs::create_directory_symlink(path("kept"), path("two"));
  fs::create_symlink("/nowhere", path("one/dangling"));
  remover->take(path("one"));
  remover->take(path("two"));
  wait_until_empty();
  EXPECT_TRUE(exists(path("kept/file")));
  EXPECT_TRUE(exists(path("kept/inner")));
}

TEST_F(RemoverTest, DirectoriesThatTheirOwnerClosedGo) {
  open();
  fs::create_directories(path("one/closed/inner"));
  fs::create_directories(path("one/read/inner"));
  write(path("one/read/inner/file"));
  fs::permissions(path("one/closed"), fs::perms::none);
  fs::permissions(path("one/read/inner"), fs::perms::owner_read | fs::perms::owner_exec);
  fs::permissions(path("one/read"), fs::perms::owner_read | fs::perms::owner_exec);
  remover->take(path("one"));
  wait_until_empty();
}

TEST_F(RemoverTest, WhatAnEarlierLifeLeftGoesToo) {
  fs::create_directories(trash() + "/0/inner/more");
  fs::create_directories(trash() + "/1");
  write(trash() + "/1/file");
  write(trash() + "/2");
  open();
  fs::create_directories(path("one/inner"));
  remover->take(path("one"));
  wait_until_empty();
  EXPECT_FALSE(exists(path("one")));
}

TEST_F(RemoverTest, WhatIsNotThereIsGone) {
  open();
  remover->take(path("nothing"));
  wait_until_empty();
}

TEST_F(RemoverTest, WithoutATrashThingsGoAllTheSame) {
  write(trash());  // in its place
  open();
  fs::create_directories(path("one/inner"));
  write(path("one/inner/file"));
  remover->take(path("one"));
  EXPECT_FALSE(exists(path("one")));
}

TEST_F(RemoverTest, NothingOfItIsLeftAtTheEnd) {
  open();
  fs::create_directories(path("one/inner/more"));
  remover->take(path("one"));
  remover.reset();
  EXPECT_FALSE(exists(path("one")));
  EXPECT_FALSE(exists(trash()));
}

}  // namespace
}  // namespace freehold::agent
