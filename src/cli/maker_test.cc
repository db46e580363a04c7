#include "cli/maker.h"

#include <gtest/gtest.h>

#include "api/contract.h"
#include "api/workload.h"

namespace freehold::cli {
namespace {

api::ObjectMeta owned_by(const char* version, const char* kind, bool is_controller) {
  api::ObjectMeta meta;
  meta.name = "x";
  meta.ns = "a";
  api::OwnerReference& owner = meta.owner_references.emplace_back();
  owner.api_version = version;
  owner.kind = kind;
  owner.name = "x";
  owner.uid = "u1";
  owner.controller = is_controller;
  return meta;
}

constexpr const char* own_version = "freehold.dev/v1alpha1";

TEST(Maker, IsTheWorkloadOrContractThatManagesTheObject) {
  EXPECT_NE(maker_of(owned_by(own_version, "Workload", true)), nullptr);
  EXPECT_NE(maker_of(owned_by(own_version, "Contract", true)), nullptr);
  EXPECT_EQ(maker_of(owned_by(own_version, "Workload", false)), nullptr);
  EXPECT_EQ(maker_of(owned_by(own_version, "Site", true)), nullptr);
  EXPECT_EQ(maker_of(owned_by("apps/v1", "Workload", true)), nullptr);
  EXPECT_EQ(maker_of({}), nullptr);
}

TEST(Maker, IsNamedWithWhatItMakesAgain) {
  const api::ObjectMeta meta = owned_by(own_version, "Workload", true);
  const client::Target contract{&api::kind_of<api::Contract>(), "a", "x"};
  EXPECT_EQ(note_of(*maker_of(meta), contract),
            "note: workload/x owns contract/x and makes it again; delete workload/x to end it\n");
}

TEST(Maker, ThatIsGoneOrGoesAlongMakesNothingAgain) {
  const api::ObjectMeta meta = owned_by(own_version, "Workload", true);
  const api::OwnerReference& maker = *maker_of(meta);
  const client::Target at = target_of(maker, meta.ns);
  EXPECT_EQ(at.kind, &api::kind_of<api::Workload>());
  EXPECT_EQ(at.ns, "a");
  EXPECT_EQ(at.name, "x");
  api::ObjectMeta found;
  found.name = "x";
  found.ns = "a";
  found.uid = "u1";
  const client::Target contract{&api::kind_of<api::Contract>(), "a", "x"};
  EXPECT_TRUE(is_living(maker, found, {contract}));
  EXPECT_FALSE(is_living(maker, found, {contract, at})) << "it is deleted by the same command";
  api::ObjectMeta other = found;
  other.uid = "u2";
  EXPECT_FALSE(is_living(maker, other, {contract})) << "another of that name";
  found.deletion_timestamp = Time{1};
  EXPECT_FALSE(is_living(maker, found, {contract})) << "it is being deleted";
}

}  // namespace
}  // namespace freehold::cli
