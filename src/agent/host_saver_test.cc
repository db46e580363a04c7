// What is saved reaches the disk, also one that refused it for a while.
#include "agent/host_saver.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <stdlib.h>

#include <filesystem>
#include <optional>

#include "agent/host_files.h"
#include "base/log.h"

namespace freehold::agent {
namespace {

struct SaverTest : testing::Test {
  SaverTest() {
    set_log_sink([](const LogRecord&) {});
    char path[] = "/tmp/freehold-saver-XXXXXX";
    parent = ::mkdtemp(path);
  }
  ~SaverTest() override {
    saver.reset();
    set_log_sink(nullptr);
    std::filesystem::remove_all(parent);
  }
  std::string on_disk(const std::string& name) const {
    return read_file(directory() + "/" + name).value_or("");
  }
  std::string directory() const { return parent + "/state"; }
  // As a disk that is full: nothing can be written where the directory is not.
  void heal() const { std::filesystem::create_directory(directory()); }
  std::string parent;
  std::optional<Saver> saver;
};

TEST_F(SaverTest, WhatADiskRefusedIsWrittenOnceItTakesIt) {
  saver.emplace(directory(), std::chrono::milliseconds(1));
  saver->save("credentials", "one");
  saver->save("request", "two");
  saver->erase("request");
  EXPECT_EQ(*saver->load("credentials"), "one");
  heal();
  while (on_disk("credentials") != "one") ::sched_yield();
}

TEST_F(SaverTest, TheNewestWinsOverWhatWasRefused) {
  saver.emplace(directory(), std::chrono::milliseconds(1));
  saver->save("a", "old");
  saver->save("a", "new");
  heal();
  saver.reset();
  EXPECT_EQ(on_disk("a"), "new");
}

TEST_F(SaverTest, AnEndDoesNotWaitForADiskThatRefuses) {
  saver.emplace(directory(), std::chrono::hours(1));
  saver->save("a", "lost");
  saver.reset();
  EXPECT_EQ(on_disk("a"), "");
}

}  // namespace
}  // namespace freehold::agent
