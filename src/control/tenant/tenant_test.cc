// Tenants and the user ids of their work: canonical, unique, given out once, and never root's.
#include <gtest/gtest.h>

#include "api/user_id.h"
#include "control/tenant/user_id.h"
#include "control/testing/world.h"

namespace freehold::control {
namespace {

using api::ContractPhase;
using testing::World;

struct TenantTest : ::testing::Test {
  TenantTest() {
    api::Namespace system;
    system.metadata.name = system_namespace;
    world.create(std::move(system));
    world.machines("2 nodes: 1 numa x 4 cpus, 8Gi each");
    world.tenant("a");
    world.tenant("b");
    world.pass(seconds(2));
    world.watch_over = [this] {
      for (const api::Instance* i : world.ledger->view().all<api::Instance>())
        EXPECT_TRUE(api::is_tenant_user_id(i->spec.user_id))
            << i->metadata.name << " would run as " << i->spec.user_id;
    };
  }
  std::string id_of(std::string_view tenant) {
    return world.get<api::Tenant>({}, tenant)
        ->metadata.annotations.at(std::string(user_id_annotation));
  }
  void annotate(std::string_view tenant, std::string_view id) {
    world.edit<api::Tenant>({}, tenant, [&](api::Tenant& t) {
      t.metadata.annotations[std::string(user_id_annotation)] = id;
    });
  }
  template <class T>
  void remove(std::string_view ns, std::string_view name) {
    const T* object = world.get<T>(ns, name);
    ASSERT_TRUE(world
                    .submit({ledger::OpType::remove,
                             api::Object::of(*object),
                             revision_of(object->metadata),
                             {}})
                    .ok());
  }
  std::string condition(std::string_view contract, std::string_view type) {
    const auto* c = world.get<api::Contract>("a", contract);
    const auto* found = api::find_condition(c->status.conditions, type);
    return found == nullptr ? "" : found->reason;
  }
  void offered() {
    api::Contract c = World::contract("a", "c", "2");
    c.spec.accept.mode = api::AcceptMode::manual;
    world.create(std::move(c));
    world.create(World::workload("a", "c"));
    world.pass(seconds(3));
    ASSERT_EQ(world.phase("a", "c"), ContractPhase::offered);
  }
  void accept() {
    world.edit<api::Contract>("a", "c", [](api::Contract& x) { x.spec.accept.offer = "c-1"; });
  }
  World world;
};

TEST_F(TenantTest, an_offer_is_not_accepted_once_its_tenant_is_gone) {
  offered();
  remove<api::Tenant>({}, "a");
  accept();
  world.pass(seconds(10));
  EXPECT_EQ(world.phase("a", "c"), ContractPhase::pending);
  EXPECT_EQ(condition("c", "Admitted"), "NoTenant");
  EXPECT_FALSE(world.holds_capacity("c-1"));
  EXPECT_TRUE(world.ledger->view().all<api::Instance>().empty());
}

TEST_F(TenantTest, what_is_reserved_for_a_tenant_that_is_gone_is_given_back) {
  offered();
  accept();
  // Gone in the moment between the reservation and its members.
  world.runtime.run_until([&] { return world.phase("a", "c") == ContractPhase::reserved; });
  remove<api::Tenant>({}, "a");
  for (const auto* i : world.ledger->view().all<api::Instance>()) {
    api::Instance gone = *i;
    gone.metadata.finalizers.clear();
    gone.metadata.deletion_timestamp = world.runtime.now();
    (void)world.submit({ledger::OpType::update, api::Object::of(gone), 0, {}});
  }
  world.pass(seconds(10));
  EXPECT_EQ(world.phase("a", "c"), ContractPhase::pending);
  EXPECT_EQ(condition("c", "Reserved"), "NoTenant");
  EXPECT_FALSE(world.holds_capacity("c-1"));
}

TEST_F(TenantTest, an_annotation_that_is_no_user_id_of_tenants_is_replaced) {
  const std::string other = id_of("a");
  for (const std::string& bad :
       {std::string("0"), std::string("nobody"), std::string("-1"), std::string("65534"),
        "0" + other, other, "+" + other, std::string("4294967296"), std::string()}) {
    annotate("b", bad);
    world.create(World::contract("b", "c", "1"));
    world.create(World::workload("b", "c"));
    world.pass(seconds(5));
    EXPECT_TRUE(api::parse_tenant_user_id(id_of("b"))) << bad;
    EXPECT_NE(id_of("b"), other) << bad;
    ASSERT_EQ(world.phase("b", "c"), ContractPhase::active) << bad;
    world.mark_deleted<api::Contract>("b", "c");
    world.mark_deleted<api::Workload>("b", "c", "x.io/none");
    world.edit<api::Workload>("b", "c", [](api::Workload& w) { w.metadata.finalizers.clear(); });
    world.pass(seconds(10));
  }
  EXPECT_EQ(id_of("a"), other);
}

TEST_F(TenantTest, the_id_that_work_runs_as_is_found_again) {
  world.create(World::contract("b", "c", "1"));
  world.create(World::workload("b", "c"));
  world.pass(seconds(5));
  const std::string had = id_of("b");
  annotate("b", "0");
  world.pass(seconds(5));
  EXPECT_EQ(id_of("b"), had);
}

TEST_F(TenantTest, parents_in_a_circle_are_told_and_contracts_go_on) {
  const auto put_below = [&](std::string_view tenant, std::string_view parent) {
    world.edit<api::Tenant>({}, tenant, [&](api::Tenant& t) {
      t.spec.parent = parent;
      t.spec.quota["cpu"] = Quantity::of(3'000, Dimension::number);
    });
  };
  const auto told = [&](std::string_view tenant) {
    const auto* found =
        api::find_condition(world.get<api::Tenant>({}, tenant)->status.conditions, "InTree");
    return found == nullptr ? "" : found->message;
  };
  put_below("b", "a");
  world.pass(seconds(2));
  EXPECT_EQ(told("a") + told("b"), "");
  put_below("a", "b");
  world.pass(seconds(2));
  EXPECT_EQ(told("a"),
            "spec.parent leads in a circle: a, b, a; give one of them another parent, or none");
  EXPECT_NE(told("b").find("circle: b, a, b;"), std::string::npos) << told("b");
  world.create(World::contract("a", "c", "2"));
  world.create(World::workload("a", "c"));
  world.pass(seconds(5));
  EXPECT_EQ(world.phase("a", "c"), ContractPhase::active);
  EXPECT_EQ(world.get<api::Tenant>({}, "b")->status.used.at("cpu").text(), "2");
  world.create(World::contract("b", "d", "2"));
  world.pass(seconds(5));
  const auto* d = world.get<api::Contract>("b", "d");
  EXPECT_EQ(api::find_condition(d->status.conditions, "Admitted")->reason, "QuotaExceeded");
  put_below("a", "");
  world.pass(seconds(2));
  EXPECT_EQ(told("a") + told("b"), "");
}

TEST_F(TenantTest, a_tenant_that_has_something_goes_after_it_and_its_id_is_given_to_nobody) {
  world.create(World::contract("a", "c", "1"));
  world.create(World::workload("a", "c"));
  world.pass(seconds(5));
  const std::string had = id_of("b");
  world.mark_deleted<api::Tenant>({}, "b", tenant_finalizer);
  world.pass(minutes(1));
  const auto* dying = world.get<api::Tenant>({}, "b");
  ASSERT_NE(dying, nullptr);
  const auto* ready = api::find_condition(dying->status.conditions, "Ready");
  EXPECT_EQ(ready->reason, "Ending");
  EXPECT_NE(ready->message.find("namespace b"), std::string::npos) << ready->message;
  remove<api::Namespace>({}, "b");
  world.pass(seconds(5));
  EXPECT_EQ(world.get<api::Tenant>({}, "b"), nullptr);
  world.tenant("d");
  world.pass(seconds(5));
  EXPECT_NE(id_of("d"), had) << "what it left behind may run as it still";
  EXPECT_NE(id_of("d"), id_of("a"));
}

}  // namespace
}  // namespace freehold::control
