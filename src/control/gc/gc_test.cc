// What goes with its owner, and when.
#include "control/gc/gc.h"

#include <gtest/gtest.h>

#include "control/testing/life.h"

namespace freehold::control {
namespace {

api::ConfigMap config_map(std::string name) {
  api::ConfigMap c;
  c.metadata.ns = "a";
  c.metadata.name = std::move(name);
  return c;
}

// An owner that is deleted in the foreground, and a dependent that somebody has yet to let go of.
struct Foreground : ContractLife {
  void delete_owner_with(bool block_owner_deletion) {
    world.create(config_map("owner"));
    api::ConfigMap dependent = config_map("dependent");
    dependent.metadata.finalizers = {"example.org/hold"};
    dependent.metadata.owner_references.push_back(
        {"v1", "ConfigMap", "owner", world.get<api::ConfigMap>("a", "owner")->metadata.uid, true,
         block_owner_deletion});
    world.create(dependent);
    world.pass(seconds(2));
    world.mark_deleted<api::ConfigMap>("a", "owner", api::foreground_finalizer);
    world.pass(seconds(5));
  }
  const api::ConfigMap* there(std::string_view name) const {
    return world.get<api::ConfigMap>("a", name);
  }
};

TEST_F(Foreground, an_owner_waits_for_what_blocks_its_deletion) {
  delete_owner_with(true);
  ASSERT_NE(there("owner"), nullptr);
  ASSERT_NE(there("dependent"), nullptr);
  EXPECT_TRUE(there("dependent")->metadata.deletion_timestamp.is_set());
  world.edit<api::ConfigMap>("a", "dependent",
                             [](api::ConfigMap& c) { c.metadata.finalizers.clear(); });
  world.pass(seconds(5));
  EXPECT_EQ(there("dependent"), nullptr);
  EXPECT_EQ(there("owner"), nullptr);
}

TEST_F(Foreground, an_owner_does_not_wait_for_what_does_not_block) {
  delete_owner_with(false);
  EXPECT_EQ(there("owner"), nullptr);
  ASSERT_NE(there("dependent"), nullptr);
  EXPECT_TRUE(there("dependent")->metadata.deletion_timestamp.is_set());
}

}  // namespace
}  // namespace freehold::control
