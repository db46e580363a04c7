// Lists in pages.
#include <gtest/gtest.h>

#include "server/testing/desk.h"

namespace freehold::server {
namespace {

using testing::Answer;
using testing::Desk;

struct ListTest : ::testing::Test {
  void map(const std::string& name) {
    const Answer made = desk.send("POST", maps, R"({"metadata":{"name":")" + name + "\"}}");
    EXPECT_EQ(made.status, 201) << made.text();
  }
  static std::string next_of(const Answer& answer) {
    return std::string(answer.body.string_at({"metadata", "continue"}));
  }
  static std::string names_in(const Answer& answer) {
    std::string names;
    for (const json::Value& item : *answer.body.at({"items"})->as_array())
      names += std::string(item.string_at({"metadata", "name"})) + " ";
    return names;
  }
  Answer page(const std::string& token) {
    return desk.send("GET", maps + "?limit=2" + (token.empty() ? "" : "&continue=" + token));
  }
  const std::string maps = "/api/v1/namespaces/default/configmaps";
  Desk desk;
};

TEST_F(ListTest, all_pages_are_of_one_moment) {
  for (const char* name : {"a", "b", "c", "d"}) map(name);
  const Answer first = page("");
  map("bb");
  ASSERT_EQ(desk.send("DELETE", maps + "/d").status, 200);
  EXPECT_EQ(names_in(first), "a b ");
  const Answer second = page(next_of(first));
  EXPECT_EQ(names_in(second), "c d ");
  EXPECT_EQ(next_of(second), "");
  EXPECT_EQ(second.body.string_at({"metadata", "resourceVersion"}),
            first.body.string_at({"metadata", "resourceVersion"}));
}

TEST_F(ListTest, who_comes_back_too_late_may_go_on_in_what_is_there_now) {
  for (const char* name : {"a", "b", "c", "d", "e"}) map(name);
  const std::string late = next_of(page(""));
  map("aa");
  map("cc");
  ASSERT_EQ(desk.send("DELETE", maps + "/e").status, 200);
  desk.pass(seconds(10));
  desk.store->compact(desk.runtime.now());
  const Answer gone = page(late);
  EXPECT_EQ(gone.status, 410) << gone.text();
  EXPECT_EQ(gone.body.string_at({"reason"}), "Expired");
  EXPECT_EQ(gone.body.string_at({"kind"}), "Status");
  ASSERT_NE(next_of(gone), "");
  const Answer rest = page(next_of(gone));
  EXPECT_EQ(rest.status, 200) << rest.text();
  EXPECT_EQ(names_in(rest), "c cc ");
  map("f");  // from here on all pages are of one moment again
  const Answer last = page(next_of(rest));
  EXPECT_EQ(names_in(last), "d ");
  EXPECT_EQ(next_of(last), "");
}

TEST_F(ListTest, a_moment_that_was_asked_for_and_is_gone_has_no_token) {
  for (const char* name : {"a", "b", "c"}) map(name);
  desk.pass(seconds(10));
  desk.store->compact(desk.runtime.now());
  const Answer gone =
      desk.send("GET", maps + "?resourceVersion=2&resourceVersionMatch=Exact&limit=1");
  EXPECT_EQ(gone.status, 410) << gone.text();
  EXPECT_EQ(next_of(gone), "");
}

}  // namespace
}  // namespace freehold::server
