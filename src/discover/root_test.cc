#include "discover/root.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "discover/testing/tree.h"

namespace freehold::discover {
namespace {

using discover::testing::Tree;
using ::testing::ElementsAre;

TEST(Root, ReadsFilesFoldersAndLinks) {
  Tree tree;
  tree.file("/sys/a/size", "32K\n").file("/sys/b", "x").link("/sys/c", "a");
  const Root root = tree.root();
  EXPECT_EQ(*root.read_file("/sys/a/size"), "32K\n");
  EXPECT_EQ(*root.read_file("sys/c/size"), "32K\n");
  EXPECT_THAT(*root.list_dir("/sys"), ElementsAre("a", "b", "c"));
  EXPECT_EQ(*root.read_link("/sys/c"), "a");
  EXPECT_EQ(*root.resolve("/sys/c/size"), "/sys/a/size");
  EXPECT_TRUE(root.exists("/sys/c/size"));
  EXPECT_FALSE(root.exists("/sys/d"));
  EXPECT_EQ(*root.resolve("/"), "/");
}

TEST(Root, LinksNeverLeadOutside) {
  Tree outside, tree;
  outside.file("/secret", "s");
  tree.file("/etc/own", "mine");
  tree.link("/absolute", outside.path() + "/secret").link("/up", "../../../../../../etc/own");
  tree.link("/root_etc", "/etc").link("/deep/er", "../../../../" + outside.path().substr(1));
  const Root root = tree.root();
  EXPECT_EQ(root.read_file("/absolute").error().reason, Reason::not_found);
  EXPECT_FALSE(root.resolve("/absolute").ok());
  EXPECT_EQ(*root.read_file("/up"), "mine");
  EXPECT_EQ(*root.resolve("/up"), "/etc/own");
  EXPECT_EQ(*root.read_file("/root_etc/own"), "mine");
  EXPECT_EQ(*root.resolve("/root_etc/own"), "/etc/own");
  EXPECT_FALSE(root.exists("/deep/er/secret"));
  EXPECT_EQ(*root.resolve("/../../etc/own"), "/etc/own");
}

TEST(Root, WhatTheSystemWouldFindIsToldOrForbidden) {
  Tree tree;
  tree.file("/a/file", "text").link("/a/same", "file").link("/a/up", "../b/../a/file");
  tree.folder("/b").link("/a/out", "/a/file").link("/a/above", "../../a");
  const Root root = tree.root();
  for (const char* path : {"/a/file", "/a/same", "/a/up"}) {
    const auto entry = root.look_at(path);
    ASSERT_TRUE(entry.ok()) << path;
    EXPECT_EQ(entry->kind, Root::Entry::Kind::file);
    EXPECT_EQ(entry->bytes, 4u);
  }
  EXPECT_EQ(root.look_at("/a")->kind, Root::Entry::Kind::folder);
  for (const char* path : {"/a/out", "/a/above", "/../a"}) {
    const auto entry = root.look_at(path);
    ASSERT_FALSE(entry.ok()) << path;
    EXPECT_EQ(entry.error().reason, Reason::forbidden);
  }
  EXPECT_EQ(root.look_at("/c").error().reason, Reason::not_found);
}

TEST(Root, DanglingAndCircularLinksAreErrors) {
  Tree tree;
  tree.link("/gone", "/nowhere").link("/one", "two").link("/two", "one");
  const Root root = tree.root();
  EXPECT_FALSE(root.exists("/gone"));
  EXPECT_EQ(*root.read_link("/gone"), "/nowhere");
  EXPECT_EQ(root.resolve("/gone").error().reason, Reason::not_found);
  EXPECT_FALSE(root.resolve("/one").ok());
  EXPECT_FALSE(root.read_file("/one").ok());
}

TEST(Root, FilesAreBounded) {
  Tree tree;
  tree.file("/big", std::string(100, 'x'));
  const Root root = tree.root();
  EXPECT_EQ(root.read_file("/big", 99).error().reason, Reason::too_large);
  EXPECT_EQ(root.read_file("/big", 100)->size(), 100u);
  EXPECT_EQ(root.read_start("/big", 10)->size(), 10u);
}

TEST(Root, FoldersAndPipesAreNoFiles) {
  Tree tree;
  tree.folder("/folder");
  ASSERT_EQ(::mkfifo((tree.path() + "/pipe").c_str(), 0600), 0);
  const Root root = tree.root();
  EXPECT_FALSE(root.read_file("/folder").ok());
  EXPECT_FALSE(root.read_file("/pipe").ok());
  EXPECT_FALSE(root.list_dir("/pipe").ok());
}

TEST(Root, ThatIsNotThereSaysSo) {
  const Root root("/no/such/folder");
  EXPECT_THAT(root.read_file("/x").error().message, ::testing::HasSubstr("/no/such/folder"));
  EXPECT_FALSE(root.exists("/"));
}

TEST(Root, PathsWithZeroBytesAreRefused) {
  Tree tree;
  tree.file("/a", "x");
  using namespace std::string_view_literals;
  EXPECT_FALSE(tree.root().read_file("/a\0b"sv).ok());
}

}  // namespace
}  // namespace freehold::discover
