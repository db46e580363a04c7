#include "base/limits.h"

#include <gtest/gtest.h>

#include "server/testing/desk.h"

namespace freehold::server {
namespace {

using testing::Answer;
using testing::Desk;
using testing::Watched;

const std::string maps = "/api/v1/namespaces/default/configmaps";

struct WatchTest : ::testing::Test {
  void map(const std::string& name, size_t size = 1) {
    const Answer made = desk.send("POST", maps,
                                  R"({"metadata":{"name":")" + name + R"("},"data":{"k":")" +
                                      std::string(size, 'x') + R"("}})");
    EXPECT_EQ(made.status, 201) << made.text();
  }
  uint64_t watches() {
    const std::string text = desk.send("GET", "/metrics").body.as_string() != nullptr
                                 ? *desk.send("GET", "/metrics").body.as_string()
                                 : std::string();
    const std::string name = "\nfreehold_watches ";
    const size_t at = text.find(name);
    if (at == std::string::npos) return 999;
    return std::stoull(text.substr(at + name.size()));
  }
  static std::string type(const json::Value& event) {
    return std::string(event.string_at({"type"}));
  }
  static std::string name(const json::Value& event) {
    return std::string(event.string_at({"object", "metadata", "name"}));
  }
  Desk desk;
};

TEST_F(WatchTest, a_collection_larger_than_the_queue_arrives_whole_and_in_order) {
  constexpr size_t each = 200'000;
  const size_t count = 2 * limits::watch_queue_bytes / each;
  for (size_t i = 0; i < count; ++i) map("m" + std::to_string(100 + i), each);
  const auto watched = desk.watch(Desk::admin(), maps +
                                                     "?watch=1&allowWatchBookmarks=1"
                                                     "&sendInitialEvents=1"
                                                     "&resourceVersionMatch=NotOlderThan");
  map("meanwhile");
  while (watched->drained) {
    watched->queued = 0;
    std::exchange(watched->drained, nullptr)();
  }
  EXPECT_LT(watched->most_queued, limits::watch_queue_bytes);
  ASSERT_EQ(watched->events.size(), count + 2);
  for (size_t i = 0; i < count; ++i)
    EXPECT_EQ(name(watched->events[i]), "m" + std::to_string(100 + i));
  const json::Value& mark = watched->events[count];
  EXPECT_EQ(type(mark), "BOOKMARK");
  EXPECT_EQ(mark.string_at({"object", "metadata", "annotations", "k8s.io/initial-events-end"}),
            "true");
  EXPECT_EQ(name(watched->events.back()), "meanwhile");
}

TEST_F(WatchTest, a_watch_from_the_future_is_refused_and_leaves_nothing_behind) {
  const auto watched = desk.watch(Desk::admin(), maps + "?watch=1&resourceVersion=999999");
  desk.pass(seconds(5));
  EXPECT_EQ(watched->status, 504);
  EXPECT_EQ(watches(), 0u);
}

TEST_F(WatchTest, a_watch_ends_in_time_with_a_bookmark) {
  const auto watched =
      desk.watch(Desk::admin(), maps + "?watch=1&timeoutSeconds=2&allowWatchBookmarks=1");
  EXPECT_EQ(watches(), 1u);
  desk.pass(seconds(3));
  EXPECT_TRUE(watched->finished);
  ASSERT_FALSE(watched->events.empty());
  EXPECT_EQ(type(watched->events.back()), "BOOKMARK");
  EXPECT_EQ(watches(), 0u);
}

TEST_F(WatchTest, what_leaves_the_selector_is_told_as_deleted) {
  const auto watched = desk.watch(Desk::admin(), maps + "?watch=1&labelSelector=a%3Db");
  map("m");
  const std::string path = maps + "/m";
  desk.send("PATCH", path, R"({"metadata":{"labels":{"a":"b"}}})");
  desk.send("PATCH", path, R"({"data":{"k":"y"}})");
  desk.send("PATCH", path, R"({"metadata":{"labels":{"a":"c"}}})");
  ASSERT_EQ(watched->events.size(), 3u);
  EXPECT_EQ(type(watched->events[0]), "ADDED");
  EXPECT_EQ(type(watched->events[1]), "MODIFIED");
  EXPECT_EQ(type(watched->events[2]), "DELETED");
  EXPECT_EQ(watched->events[2].string_at({"object", "metadata", "labels", "a"}), "b");
}

TEST_F(WatchTest, what_is_older_than_history_is_gone) {
  for (int i = 0; i < 5; ++i) map("m" + std::to_string(i));
  desk.pass(seconds(10));
  desk.store->compact(desk.runtime.now());
  const auto watched = desk.watch(Desk::admin(), maps + "?watch=1&resourceVersion=2");
  ASSERT_EQ(watched->events.size(), 1u);
  EXPECT_EQ(type(watched->events[0]), "ERROR");
  EXPECT_EQ(watched->events[0].string_at({"object", "reason"}), "Expired");
  EXPECT_TRUE(watched->finished);
}

}  // namespace
}  // namespace freehold::server
