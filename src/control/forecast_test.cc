// What a forecast says is what the controllers do afterwards.
#include "control/forecast.h"

#include <gtest/gtest.h>

#include "api/catalog.h"
#include "api/core.h"
#include "api/tenancy.h"
#include "control/testing/life.h"

namespace freehold::control {
namespace {

struct Forecasting : ContractLife {
  Forecasting() { world.pass(seconds(1)); }  // the tenant has its user id

  // The phases that the contracts of a set would come to, in the order given.
  std::vector<api::ContractPhase> phases(const std::vector<api::Object>& set) {
    std::vector<const api::Object*> objects;
    for (const api::Object& object : set) objects.push_back(&object);
    const Input now{world.ledger->view(), world.ledger->fleet(), *world.ledger,
                    world.heartbeats,     world.runtime.now(),   world.runtime.uptime()};
    const Forecast forecast(now, objects);
    std::vector<api::ContractPhase> out;
    for (const api::Object& object : set)
      if (const auto* c = object.as<api::Contract>())
        out.push_back(
            forecast.view().get<api::Contract>(c->metadata.ns, c->metadata.name)->status.phase);
    return out;
  }
};

using enum api::ContractPhase;
using Phases = std::vector<api::ContractPhase>;

TEST_F(Forecasting, contracts_of_one_set_take_from_one_another) {
  std::vector<api::Contract> contracts;
  for (const char* name : {"c1", "c2", "c3"}) contracts.push_back(World::contract("a", name, "4"));
  std::vector<api::Object> set;
  for (const api::Contract& c : contracts) set.push_back(api::Object::of(c));
  EXPECT_EQ(phases(set), (Phases{reserved, reserved, refused}));
  EXPECT_EQ(world.ledger->view().all<api::Contract>().size(), 0u) << "nothing is written";
  for (const api::Contract& c : contracts) world.create(c);
  world.pass(seconds(5));
  EXPECT_EQ(world.phase("a", "c1"), active);
  EXPECT_EQ(world.phase("a", "c2"), active);
  EXPECT_EQ(world.phase("a", "c3"), refused);
}

TEST_F(Forecasting, what_a_changed_contract_holds_is_its_own) {
  api::Contract c = World::contract("a", "c", "4", 2);
  c.spec.accept.mode = api::AcceptMode::manual;
  world.create(c);
  world.pass(seconds(5));
  ASSERT_EQ(world.phase("a", "c"), offered);
  api::Contract changed = *world.get<api::Contract>("a", "c");
  changed.spec.roles[0].each.memory = Quantity::parse_any("2Gi").value();
  EXPECT_EQ(phases({api::Object::of(changed)}), Phases{offered});
}

TEST_F(Forecasting, tenants_and_namespaces_come_with_the_set) {
  api::Tenant tenant;
  tenant.metadata.name = "new";
  tenant.spec.quota["cpu"] = Quantity::of(3000, Dimension::number);
  api::Namespace space;
  space.metadata.name = "b";
  space.metadata.labels[std::string(api::tenant_label)] = "new";
  std::vector<api::Object> set = {api::Object::of(World::contract("b", "c1", "2")),
                                  api::Object::of(World::contract("b", "c2", "2"))};
  EXPECT_EQ(phases(set), (Phases{pending, pending})) << "no tenant";
  set.push_back(api::Object::of(tenant));
  set.push_back(api::Object::of(space));
  EXPECT_EQ(phases(set), (Phases{reserved, pending})) << "the quota is used by the first";
}

TEST_F(Forecasting, a_price_above_the_limit_is_offered_and_not_taken) {
  const api::PriceBook book = prices("10EUR/h");
  api::Contract c = World::contract("a", "c", "2");
  c.spec.accept.max_price = Quantity::parse_any("1EUR/h").value();
  EXPECT_EQ(phases({api::Object::of(c), api::Object::of(book)}), Phases{offered});
  c.spec.accept.max_price = Quantity::parse_any("20EUR/h").value();
  EXPECT_EQ(phases({api::Object::of(c), api::Object::of(book)}), Phases{reserved});
}

}  // namespace
}  // namespace freehold::control
