// Quota: what contracts take of it, and what is too much.
#include "control/tenant/quota.h"

#include <gtest/gtest.h>

#include "api/catalog.h"
#include "api/site.h"
#include "control/contract/price.h"
#include "control/testing/world.h"

namespace freehold::control {
namespace {

using api::ContractPhase;
using testing::World;

Quantity q(const char* text) { return Quantity::parse_any(text).value(); }

TEST(Request, counts_the_whole_cpus_that_are_taken) {
  EXPECT_EQ(request_of(World::contract("a", "c", "500m").spec).at("cpu").text(), "1");
  EXPECT_EQ(request_of(World::contract("a", "c", "1500m", 3).spec).at("cpu").text(), "6");
}

TEST(Request, of_more_than_can_be_counted_is_the_most_that_can) {
  api::Contract c = World::contract("a", "c", "1", 4);
  c.spec.roles[0].each.memory = q("4Ei");
  c.spec.roles.push_back(c.spec.roles[0]);
  EXPECT_EQ(request_of(c.spec).at("memory").value(), INT64_MAX);
}

struct Quota : ::testing::Test {
  Quota() {
    world.machines("2 nodes: 1 numa x 4 cpus, 8Gi each");
    world.tenant("a");
    api::PriceBook book;
    book.metadata.name = "all";
    book.spec.prices.push_back({"cpu", "", q("1EUR/h")});
    book.spec.prices.push_back({"memory", "", q("0EUR/h")});
    world.create(std::move(book));
  }
  void limit(const char* key, const char* most) {
    world.edit<api::Tenant>({}, "a", [&](api::Tenant& t) { t.spec.quota[key] = q(most); });
  }
  const api::Contract& contract(const char* name) { return *world.get<api::Contract>("a", name); }
  World world;
};

TEST_F(Quota, of_memory_is_not_evaded_by_asking_for_too_much_to_count) {
  limit("memory", "8Gi");
  api::Contract c = World::contract("a", "c", "1", 4);
  c.spec.roles[0].each.memory = q("4Ei");
  world.create(std::move(c));
  world.pass(seconds(5));
  EXPECT_EQ(api::find_condition(contract("c").status.conditions, "Admitted")->reason,
            "QuotaExceeded");
}

TEST_F(Quota, of_money_bounds_the_price_of_all_contracts_together) {
  limit("money", "3EUR/h");
  world.create(World::contract("a", "one", "2"));
  world.pass(seconds(5));
  ASSERT_EQ(world.phase("a", "one"), ContractPhase::active);
  EXPECT_EQ(world.get<api::Tenant>({}, "a")->status.used.at("money").text(), "2EUR/h");
  world.create(World::contract("a", "two", "2"));
  world.pass(seconds(5));
  EXPECT_EQ(world.phase("a", "two"), ContractPhase::refused);
  EXPECT_NE(contract("two").status.refusal.message.find("spec.quota.money"), std::string::npos)
      << contract("two").status.refusal.message;
  limit("money", "4EUR/h");
  world.pass(seconds(40));
  EXPECT_EQ(world.phase("a", "two"), ContractPhase::active);
}

TEST_F(Quota, of_money_takes_nothing_that_has_no_price) {
  limit("money", "3USD/h");
  world.create(World::contract("a", "c", "2"));
  world.pass(seconds(5));
  EXPECT_EQ(world.phase("a", "c"), ContractPhase::refused);
}

TEST_F(Quota, a_price_beyond_what_can_be_counted_is_not_offered) {
  world.edit<api::PriceBook>(
      {}, "all", [](api::PriceBook& b) { b.spec.prices[0].price = q("9000000000000EUR/h"); });
  world.create(World::contract("a", "c", "2"));
  world.pass(seconds(5));
  ASSERT_EQ(world.phase("a", "c"), ContractPhase::refused);
  EXPECT_NE(contract("c").status.refusal.message.find("price books"), std::string::npos);
}

TEST_F(Quota, a_term_that_costs_more_than_can_be_counted_is_not_offered) {
  world.edit<api::PriceBook>(
      {}, "all", [](api::PriceBook& b) { b.spec.prices[0].price = q("1000000000000EUR/h"); });
  api::Contract c = World::contract("a", "c", "2");
  c.spec.term.duration = hours(10);
  world.create(std::move(c));
  world.pass(seconds(5));
  ASSERT_EQ(world.phase("a", "c"), ContractPhase::refused);
  EXPECT_NE(contract("c").status.refusal.message.find("spec.term.duration"), std::string::npos);
}

TEST_F(Quota, energy_is_priced_by_the_book_for_the_site_then_for_all_then_by_the_site) {
  api::Site site;
  site.metadata.name = "ber1";
  site.spec.energy_price = q("0.1EUR/kWh");
  site.spec.pue = 1.15;
  world.create(std::move(site));
  const auto price = [&](const char* at) {
    return energy_price_at(world.ledger->view(), at, world.runtime.now()).price.text();
  };
  EXPECT_EQ(price("ber1"), "0.1EUR/kWh");
  EXPECT_EQ(energy_price_at(world.ledger->view(), "ber1", world.runtime.now()).pue, 1.15);
  world.edit<api::PriceBook>({}, "all",
                             [](api::PriceBook& b) { b.spec.energy_price = q("0.2EUR/kWh"); });
  api::PriceBook own;
  own.metadata.name = "own";
  own.spec.site = "ber1";
  own.spec.energy_price = q("0.3EUR/kWh");
  world.create(std::move(own));
  EXPECT_EQ(price("ber1"), "0.3EUR/kWh");
  EXPECT_EQ(price("fra1"), "0.2EUR/kWh");
}

}  // namespace
}  // namespace freehold::control
