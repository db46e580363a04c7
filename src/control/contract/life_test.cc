// Contracts from their creation to their end, with every controller at work.
#include <gtest/gtest.h>

#include "api/catalog.h"
#include "control/tenant/user_id.h"
#include "control/testing/life.h"

namespace freehold::control {
namespace {

using api::ContractPhase;

TEST_F(ContractLife, from_asking_to_the_statement) {
  world.create(World::contract("a", "c", "2"));
  world.create(World::workload("a", "c"));
  world.pass(seconds(10));
  ASSERT_EQ(world.phase("a", "c"), ContractPhase::active);
  EXPECT_EQ(world.get<api::Instance>("a", "c-1-main-0")->status.phase, api::InstancePhase::running);
  EXPECT_TRUE(world.holds_capacity("c-1"));
  world.edit<api::Contract>("a", "c", [](api::Contract& c) { c.spec.release = true; });
  world.pass(seconds(10));
  ASSERT_EQ(world.phase("a", "c"), ContractPhase::settled);
  EXPECT_TRUE(world.get<api::Contract>("a", "c")->status.statement.has_value());
  EXPECT_FALSE(world.holds_capacity("c-1"));
  EXPECT_FALSE(api::is_true(world.get<api::Contract>("a", "c")->status.conditions, "Offered"));
  EXPECT_EQ(world.get<api::Instance>("a", "c-1-main-0"), nullptr);
}

TEST_F(ContractLife, what_does_not_fit_is_refused_and_placed_when_room_comes) {
  world.create(World::contract("a", "large", "4", 2));
  world.pass(seconds(5));
  ASSERT_EQ(world.phase("a", "large"), ContractPhase::active);
  world.create(World::contract("a", "late", "1"));
  world.pass(seconds(5));
  ASSERT_EQ(world.phase("a", "late"), ContractPhase::refused);
  EXPECT_FALSE(world.get<api::Contract>("a", "late")->status.refusal.message.empty());
  world.edit<api::Contract>("a", "large", [](api::Contract& c) { c.spec.release = true; });
  world.pass(seconds(10));
  EXPECT_EQ(world.phase("a", "late"), ContractPhase::active);
}

TEST_F(ContractLife, a_manual_offer_waits_and_expires) {
  api::Contract c = World::contract("a", "c", "2");
  c.spec.accept.mode = api::AcceptMode::manual;
  c.spec.offer_ttl = seconds(30);
  world.create(std::move(c));
  world.pass(seconds(10));
  ASSERT_EQ(world.phase("a", "c"), ContractPhase::offered);
  EXPECT_TRUE(world.holds_capacity("c-1"));
  world.pass(seconds(60));
  EXPECT_EQ(world.get<api::Offer>("a", "c-1")->status.phase, api::OfferPhase::expired);
  EXPECT_EQ(world.phase("a", "c"), ContractPhase::pending);
  EXPECT_EQ(world.get<api::Offer>("a", "c-2"), nullptr) << "the next one waits for a sign of life";
}

TEST_F(ContractLife, a_manual_offer_is_accepted_by_name) {
  api::Contract c = World::contract("a", "c", "2");
  c.spec.accept.mode = api::AcceptMode::manual;
  world.create(std::move(c));
  world.pass(seconds(3));
  world.edit<api::Contract>("a", "c", [](api::Contract& x) { x.spec.accept.offer = "c-1"; });
  world.pass(seconds(5));
  EXPECT_EQ(world.phase("a", "c"), ContractPhase::active);
}

TEST_F(ContractLife, a_price_above_the_most_is_not_taken) {
  world.create(prices("1EUR/h"));
  api::Contract c = World::contract("a", "c", "2");
  c.spec.accept.max_price = Quantity::parse_any("1.99EUR/h").value();
  world.create(std::move(c));
  world.pass(seconds(5));
  ASSERT_EQ(world.phase("a", "c"), ContractPhase::offered);
  EXPECT_EQ(world.get<api::Offer>("a", "c-1")->spec.price_per_hour.text(), "2EUR/h");
  const auto said = [&]() -> const std::string& {
    return api::find_condition(world.get<api::Contract>("a", "c")->status.conditions, "Reserved")
        ->message;
  };
  const auto& conditions = world.get<api::Contract>("a", "c")->status.conditions;
  const std::string& offered = api::find_condition(conditions, "Offered")->message;
  EXPECT_NE(offered.find("it costs 2EUR/h"), std::string::npos) << offered;
  EXPECT_EQ(said(), "offer c-1 costs 2EUR/h, more than spec.accept.maxPrice 1.99EUR/h");
  world.edit<api::Contract>("a", "c", [](api::Contract& x) {
    x.spec.accept.max_price = Quantity::parse_any("5USD/h").value();
  });
  world.pass(seconds(5));
  EXPECT_NE(said().find("cannot be compared"), std::string::npos) << said();
  world.edit<api::Contract>("a", "c", [](api::Contract& x) {
    x.spec.accept.max_price = Quantity::parse_any("2EUR/h").value();
  });
  world.pass(seconds(5));
  EXPECT_EQ(world.phase("a", "c"), ContractPhase::active);
}

TEST_F(ContractLife, what_costs_too_much_is_offered_once_until_the_contract_changes) {
  world.create(prices("1EUR/h"));
  api::Contract c = World::contract("a", "c", "2");
  c.spec.accept.max_price = Quantity::parse_any("0EUR/h").value();
  c.spec.offer_ttl = seconds(2);
  world.create(std::move(c));
  world.pass(seconds(30));
  EXPECT_EQ(world.phase("a", "c"), ContractPhase::pending);
  EXPECT_EQ(world.get<api::Contract>("a", "c")->status.generation, 1);
  for (int cents = 1; cents <= 3; ++cents) {
    world.edit<api::Contract>("a", "c", [&](api::Contract& x) {
      x.spec.accept.max_price = Quantity::of(cents * 10'000, Dimension::money_per_hour, "EUR");
    });
    world.pass(seconds(10));
  }
  EXPECT_EQ(world.get<api::Contract>("a", "c")->status.generation, 4);
  EXPECT_EQ(world.ledger->view().all<api::Offer>("a").size(), 1u) << "the latest, for people";
  EXPECT_EQ(world.ledger->view().all<api::Allocation>("a").size(), 1u);
  world.edit<api::Contract>("a", "c", [](api::Contract& x) { x.spec.accept.max_price = {}; });
  world.pass(seconds(5));
  EXPECT_EQ(world.phase("a", "c"), ContractPhase::active);
}

// A contract that pays at most 2EUR/h for what costs 6EUR/h, and whose offer has expired.
struct TooDear : ContractLife {
  TooDear() {
    world.create(prices("3EUR/h"));
    api::Contract c = World::contract("a", "c", "2");
    c.spec.accept.max_price = Quantity::parse_any("2EUR/h").value();
    c.spec.offer_ttl = seconds(2);
    world.create(std::move(c));
    world.pass(seconds(10));
    CHECK(world.phase("a", "c") == ContractPhase::pending && asked() == 1, "it rests");
  }
  int64_t asked() { return world.get<api::Contract>("a", "c")->status.generation; }
  void change_prices(const char* per_cpu) {
    world.edit<api::PriceBook>(
        {}, "all", [&](api::PriceBook& b) { b.spec.prices = prices(per_cpu).spec.prices; });
    world.pass(seconds(10));
  }
};

TEST_F(TooDear, is_asked_anew_once_prices_have_fallen_far_enough) {
  change_prices("2EUR/h");
  EXPECT_EQ(world.phase("a", "c"), ContractPhase::pending);
  EXPECT_EQ(asked(), 1) << "still too dear, and nothing was held to find out";
  change_prices("1EUR/h");
  EXPECT_EQ(world.phase("a", "c"), ContractPhase::active);
  EXPECT_EQ(world.get<api::Contract>("a", "c")->status.price_per_hour.text(), "2EUR/h");
}

TEST_F(TooDear, is_asked_anew_when_a_cheaper_price_book_comes_into_force) {
  api::PriceBook cheaper = prices("1EUR/h");
  cheaper.metadata.name = "after";
  cheaper.spec.valid_from = world.runtime.now() + minutes(3);
  world.create(cheaper);
  world.edit<api::PriceBook>(
      {}, "all", [&](api::PriceBook& b) { b.spec.valid_until = cheaper.spec.valid_from; });
  world.pass(minutes(2));
  EXPECT_EQ(world.phase("a", "c"), ContractPhase::pending);
  EXPECT_EQ(asked(), 1);
  world.pass(minutes(2));
  EXPECT_EQ(world.phase("a", "c"), ContractPhase::active);
}

// Of two machines, the one that would be taken first is too dear.
struct TwoPrices : ContractLife {
  void SetUp() override {
    for (const char* node : {"n1", "n2"})
      world.edit<api::Node>({}, node, [&](api::Node& n) {
        n.spec.site = n.metadata.name == "n1" ? "dear" : "cheap";
      });
    world.create(prices("5EUR/h"));
    price_at_cheap("1EUR/h");
  }
  void price_at_cheap(const char* per_cpu) {
    api::PriceBook book = prices(per_cpu);
    book.metadata.name = "cheap-" + std::to_string(++books);
    book.spec.site = "cheap";
    if (books > 1)
      world.edit<api::PriceBook>({}, "cheap-1", [&](api::PriceBook& b) { b.spec = book.spec; });
    else
      world.create(std::move(book));
  }
  void ask(const char* most) {
    api::Contract c = World::contract("a", "c", "2");
    c.spec.accept.max_price = Quantity::parse_any(most).value();
    c.spec.offer_ttl = seconds(2);
    world.create(std::move(c));
    world.pass(seconds(10));
  }
  const api::ContractStatus& status() { return world.get<api::Contract>("a", "c")->status; }
  int books = 0;
};

TEST_F(TwoPrices, what_is_not_too_dear_is_taken_wherever_it_is) {
  ask("2EUR/h");
  EXPECT_EQ(status().phase, ContractPhase::active);
  EXPECT_EQ(status().price_per_hour.text(), "2EUR/h");
  EXPECT_EQ(status().generation, 1) << "nothing else was held";
}

TEST_F(TwoPrices, what_is_too_dear_everywhere_waits_for_either) {
  ask("1EUR/h");
  ASSERT_EQ(status().phase, ContractPhase::pending);
  EXPECT_EQ(status().generation, 1);
  price_at_cheap("0.5EUR/h");
  world.pass(seconds(10));
  EXPECT_EQ(status().phase, ContractPhase::active);
  EXPECT_EQ(status().price_per_hour.text(), "1EUR/h");
}

// Without anybody to take it in time, as while the control plane was away.
TEST_F(ContractLife, what_would_have_been_taken_is_offered_again_when_it_expires) {
  api::Contract c = World::contract("a", "c", "2");
  api::set_condition(c.status.conditions, "Offered", api::ConditionStatus::false_, "Expired",
                     "nobody accepted offer c-0 in time", 1, world.runtime.now());
  world.create(std::move(c));
  world.pass(seconds(5));
  EXPECT_EQ(world.phase("a", "c"), ContractPhase::active);
}

TEST_F(ContractLife, a_term_ends_by_itself) {
  api::Contract c = World::contract("a", "c", "2");
  c.spec.term.duration = seconds(60);
  world.create(std::move(c));
  world.pass(seconds(30));
  EXPECT_EQ(world.phase("a", "c"), ContractPhase::active);
  world.pass(seconds(60));
  EXPECT_EQ(world.phase("a", "c"), ContractPhase::settled);
}

TEST_F(ContractLife, below_the_floor_other_hardware_is_tried) {
  world.report = [](api::InstanceStatus& status, const api::Instance& i) {
    if (i.spec.node == "n1") status.acceptance.passed = false;
  };
  api::Contract c = World::contract("a", "c", "2");
  c.spec.acceptance.test = api::AcceptanceTest::cpu;
  world.create(std::move(c));
  world.pass(seconds(20));
  ASSERT_EQ(world.phase("a", "c"), ContractPhase::active);
  EXPECT_EQ(world.get<api::Offer>("a", "c-2")->spec.placement[0].node, "n2");
  EXPECT_FALSE(world.holds_capacity("c-1"));
}

TEST_F(ContractLife, a_silent_machine_keeps_its_share_until_the_work_is_known_to_have_stopped) {
  world.create(World::contract("a", "c", "4"));
  world.create(World::workload("a", "c"));
  world.pass(seconds(10));
  const std::string node = world.get<api::Instance>("a", "c-1-main-0")->spec.node;
  world.silent = {node};
  world.edit<api::Contract>("a", "c", [](api::Contract& c) { c.spec.release = true; });
  world.pass(minutes(5));
  ASSERT_EQ(world.phase("a", "c"), ContractPhase::settled) << "the bill does not wait";
  EXPECT_TRUE(world.holds_capacity("c-1"));
  world.silent.clear();
  world.pass(seconds(10));
  EXPECT_FALSE(world.holds_capacity("c-1"));
  EXPECT_EQ(world.get<api::Instance>("a", "c-1-main-0"), nullptr);
}

TEST_F(ContractLife, a_machine_taken_out_of_the_fleet_gives_its_share_back) {
  world.create(World::contract("a", "c", "4"));
  world.create(World::workload("a", "c"));
  world.pass(seconds(10));
  const std::string node = world.get<api::Instance>("a", "c-1-main-0")->spec.node;
  world.silent = {node};
  world.mark_deleted<api::Contract>("a", "c");
  world.pass(minutes(3));
  ASSERT_NE(world.get<api::Contract>("a", "c"), nullptr) << "it still holds its share";
  api::Node gone;
  gone.metadata.name = node;
  ASSERT_TRUE(world.submit({ledger::OpType::remove, api::Object::of(gone), 0, {}}).ok());
  world.pass(minutes(4));  // longer than an agent that lives takes to register it again
  EXPECT_EQ(world.get<api::Contract>("a", "c"), nullptr);
  EXPECT_EQ(world.get<api::Offer>("a", "c-1"), nullptr);
}

TEST_F(ContractLife, deleting_in_the_foreground_winds_down_first) {
  world.create(World::contract("a", "c", "2"));
  world.create(World::workload("a", "c"));
  world.pass(seconds(10));
  world.mark_deleted<api::Contract>("a", "c", api::foreground_finalizer);
  world.pass(seconds(15));
  EXPECT_EQ(world.get<api::Contract>("a", "c"), nullptr);
  EXPECT_EQ(world.get<api::Offer>("a", "c-1"), nullptr);
  EXPECT_EQ(world.get<api::Allocation>("a", "c-1-0"), nullptr);
}

TEST_F(ContractLife, orphans_stay) {
  api::ConfigMap owner, dependent;
  owner.metadata.name = "owner";
  owner.metadata.ns = dependent.metadata.ns = "a";
  world.create(owner);
  dependent.metadata.name = "dependent";
  dependent.metadata.owner_references.push_back(
      {"v1", "ConfigMap", "owner", world.get<api::ConfigMap>("a", "owner")->metadata.uid, true,
       true});
  world.create(dependent);
  world.pass(seconds(2));
  world.mark_deleted<api::ConfigMap>("a", "owner", api::orphan_finalizer);
  world.pass(seconds(5));
  EXPECT_EQ(world.get<api::ConfigMap>("a", "owner"), nullptr);
  ASSERT_NE(world.get<api::ConfigMap>("a", "dependent"), nullptr);
  EXPECT_TRUE(world.get<api::ConfigMap>("a", "dependent")->metadata.owner_references.empty());
}

TEST_F(ContractLife, a_namespace_goes_after_its_contracts_have_wound_down) {
  world.create(World::contract("a", "c", "2"));
  world.create(World::workload("a", "c"));
  world.pass(seconds(10));
  world.mark_deleted<api::Namespace>({}, "a", "freehold.dev/namespace");
  world.pass(seconds(30));
  EXPECT_EQ(world.get<api::Namespace>({}, "a"), nullptr);
  EXPECT_EQ(world.get<api::Contract>("a", "c"), nullptr);
  EXPECT_EQ(world.get<api::Offer>("a", "c-1"), nullptr);
}

TEST_F(ContractLife, quota_is_given_once_even_to_those_who_ask_in_one_instant) {
  world.tenant("q", "3");
  world.pass(seconds(1));
  store::set_faults(*world.disk, {.full = false, .sync_time = milliseconds(20)});
  for (const char* name : {"one", "two", "three"})
    world.ledger->submit(
        {{{ledger::OpType::create, api::Object::of(World::contract("q", name, "2")), 0, {}}},
         {},
         false,
         {}},
        [](const auto&) {});
  world.pass(seconds(20));
  int active = 0;
  for (const char* name : {"one", "two", "three"})
    active += world.phase("q", name) == ContractPhase::active;
  EXPECT_EQ(active, 1);
  EXPECT_EQ(world.get<api::Tenant>({}, "q")->status.used.at("cpu").text(), "2");
}

TEST_F(ContractLife, tenants_made_in_one_instant_get_user_ids_of_their_own) {
  store::set_faults(*world.disk, {.full = false, .sync_time = milliseconds(20)});
  for (int n = 0; n < 5; ++n) {
    api::Tenant t;
    t.metadata.name = "t" + std::to_string(n);
    world.ledger->submit({{{ledger::OpType::create, api::Object::of(t), 0, {}}}, {}, false, {}},
                         [](const auto&) {});
  }
  std::map<std::string, std::set<std::string>> seen;  // by tenant
  world.watch_over = [&] {
    for (const api::Tenant* t : world.ledger->view().all<api::Tenant>())
      if (const auto it = t->metadata.annotations.find(user_id_annotation);
          it != t->metadata.annotations.end())
        seen[t->metadata.name].insert(it->second);
  };
  world.pass(seconds(5));
  std::set<std::string> ids;
  for (const auto& [tenant, given] : seen) {
    EXPECT_EQ(given.size(), 1u) << tenant << " had more than one";
    ids.insert(given.begin(), given.end());
  }
  EXPECT_EQ(ids.size(), seen.size());
  EXPECT_EQ(seen.size(), 6u);
}

TEST_F(ContractLife, members_of_two_contracts_whose_names_come_to_the_same_are_both_there) {
  const auto asked = [](std::string name, std::string role) {
    api::Contract c = World::contract("a", std::move(name), "1");
    c.spec.roles[0].name = std::move(role);
    return c;
  };
  world.create(asked("cc", "1-s"));
  world.pass(seconds(5));
  world.create(asked("cc-1", "s"));
  world.pass(seconds(10));
  EXPECT_EQ(world.phase("a", "cc"), ContractPhase::active);
  EXPECT_EQ(world.phase("a", "cc-1"), ContractPhase::active);
  EXPECT_EQ(world.ledger->view().all<api::Instance>("a").size(), 2u);
  // The plain name is free again, and the other keeps its own.
  world.edit<api::Contract>("a", "cc", [](api::Contract& c) { c.spec.release = true; });
  world.pass(seconds(30));
  EXPECT_EQ(world.get<api::Instance>("a", "cc-1-1-s-0"), nullptr);
  EXPECT_EQ(world.ledger->view().all<api::Instance>("a").size(), 1u);
  EXPECT_EQ(world.phase("a", "cc-1"), ContractPhase::active);
}

TEST_F(ContractLife, names_that_would_be_too_long_are_cut_and_what_cannot_be_made_is_said) {
  api::Contract fits = World::contract("a", std::string(200, 'x'), "1", 2);
  fits.spec.roles[0].name = std::string(63, 'r');
  const std::string name = fits.metadata.name;
  world.create(std::move(fits));
  world.pass(seconds(10));
  EXPECT_EQ(world.phase("a", name), ContractPhase::active);
  for (const auto* i : world.ledger->view().all<api::Instance>("a"))
    EXPECT_LE(i->metadata.name.size(), 253u);
  EXPECT_EQ(world.ledger->view().all<api::Instance>("a").size(), 2u);
  // Kept by an earlier release, which took it.
  const std::string longest(252, 'y');
  world.create(World::contract("a", longest, "1"));
  world.pass(seconds(10));
  const auto* c = world.get<api::Contract>("a", longest);
  EXPECT_EQ(c->status.phase, ContractPhase::pending);
  const auto* said = api::find_condition(c->status.conditions, "Reserved");
  ASSERT_NE(said, nullptr);
  EXPECT_EQ(said->reason, "Invalid");
  EXPECT_NE(said->message.find("metadata.name"), std::string::npos) << said->message;
}

TEST_F(ContractLife, a_restart_of_the_control_plane_changes_nothing) {
  world.create(World::contract("a", "c", "2"));
  world.create(World::workload("a", "c"));
  world.pass(seconds(10));
  const std::string uid = world.get<api::Instance>("a", "c-1-main-0")->metadata.uid;
  world.start();
  world.pass(seconds(10));
  EXPECT_EQ(world.phase("a", "c"), ContractPhase::active);
  EXPECT_EQ(world.get<api::Instance>("a", "c-1-main-0")->metadata.uid, uid);
  EXPECT_EQ(world.get<api::Offer>("a", "c-2"), nullptr);
}

TEST_F(ContractLife, a_member_that_is_made_anew_joins_those_that_run) {
  world.create(World::contract("a", "c", "2", 2));
  world.create(World::workload("a", "c"));
  world.pass(seconds(10));
  // The other one has done its work meanwhile, and will not wait at a gate again.
  world.report = [](api::InstanceStatus& status, const api::Instance& i) {
    if (i.metadata.name == "c-1-main-1") status.phase = api::InstancePhase::succeeded;
  };
  world.pass(seconds(2));
  const std::string uid = world.get<api::Instance>("a", "c-1-main-0")->metadata.uid;
  world.mark_deleted<api::Instance>("a", "c-1-main-0");
  world.pass(seconds(10));
  ASSERT_NE(world.get<api::Instance>("a", "c-1-main-0"), nullptr);
  EXPECT_NE(world.get<api::Instance>("a", "c-1-main-0")->metadata.uid, uid);
  EXPECT_EQ(world.get<api::Instance>("a", "c-1-main-0")->status.phase, api::InstancePhase::running);
  EXPECT_EQ(world.phase("a", "c"), ContractPhase::active);
}

TEST_F(ContractLife, windows_that_nobody_measured_before_the_end_are_told_in_the_statement) {
  const Time begin = world.runtime.now();
  world.report = [&](api::InstanceStatus& status, const api::Instance&) {
    if (status.phase != api::InstancePhase::running) return;
    const Time now = world.runtime.now();
    if (!status.started_at.is_set()) status.started_at = now;
    if (now - begin > seconds(30)) return;
    status.windows.clear();
    api::Window& w = status.windows.emplace_back();
    w.metric = "available_capacity";
    w.length = seconds(1);
    w.start = {(now.us / 1'000'000 - 1) * 1'000'000};
    w.samples = 1;
    w.value = Quantity::of(1000, Dimension::number);
  };
  api::Contract c = World::contract("a", "c", "2");
  c.spec.term.duration = minutes(1);
  api::Guarantee& g = c.spec.guarantees.emplace_back();
  g.metric = "available_capacity";
  g.at_least = Quantity::of(900, Dimension::number);
  g.window = seconds(1);
  world.create(std::move(c));
  world.create(World::workload("a", "c"));
  world.pass(minutes(2));
  ASSERT_EQ(world.phase("a", "c"), ContractPhase::settled);
  const api::Statement& s = *world.get<api::Contract>("a", "c")->status.statement;
  const api::GuaranteeStatus& told = s.guarantees.at(0);
  EXPECT_GT(told.windows.fulfilled, 20);
  EXPECT_GT(told.windows.not_determined, 25);
  EXPECT_LE(s.until - told.assessed_until, seconds(1));
  EXPECT_LE(told.assessed_until, s.until);
  EXPECT_NE(s.text.find("not determined"), std::string::npos) << s.text;
}

TEST_F(ContractLife, another_workload_replaces_what_runs) {
  world.create(World::contract("a", "c", "2"));
  world.create(World::workload("a", "c"));
  world.pass(seconds(10));
  world.edit<api::Workload>("a", "c", [](api::Workload& w) { w.spec.contract = "other"; });
  api::Workload next = World::workload("a", "next");
  next.spec.contract = "c";
  next.spec.roles[0].run.command = {"something", "else"};
  world.create(std::move(next));
  world.pass(seconds(5));
  const auto* i = world.get<api::Instance>("a", "c-1-main-0");
  EXPECT_EQ(i->spec.run.command[0], "something");
  EXPECT_EQ(i->spec.restart_epoch, 1);
}

TEST_F(ContractLife, work_that_ends_before_it_has_proven_anything_fails_the_acceptance_run) {
  world.report = [](api::InstanceStatus& status, const api::Instance& i) {
    if (i.spec.gate_open) status.phase = api::InstancePhase::failed;
  };
  api::Contract c = World::contract("a", "c", "2");
  c.spec.acceptance.test = api::AcceptanceTest::workload;
  c.spec.acceptance.attempts = 1;
  api::Guarantee& guarantee = c.spec.guarantees.emplace_back();
  guarantee.metric = "available_capacity";
  guarantee.at_least = Quantity::of(900, Dimension::number);
  world.create(std::move(c));
  world.create(World::workload("a", "c"));
  world.pass(seconds(20));
  EXPECT_EQ(world.phase("a", "c"), ContractPhase::refused);
  // And is not asked for again at once.
  EXPECT_EQ(world.get<api::Contract>("a", "c")->status.generation, 1);
  world.pass(minutes(6));
  EXPECT_EQ(world.get<api::Contract>("a", "c")->status.generation, 2);
}

// A contract that is proven by its work, and misses its guarantee on the offers named.
struct Proven : ContractLife {
  // With a term, the work comes later.
  void ask(std::set<std::string> missed, std::string_view cpu = "4", Duration term = {}) {
    world.report = [this, missed](api::InstanceStatus& status, const api::Instance& i) {
      if (i.spec.contract != "c" || status.phase != api::InstancePhase::running) return;
      api::Window window;
      window.metric = "available_capacity";
      window.length = seconds(5);
      const Time now = world.runtime.now();
      window.start = Time{now.us - now.us % window.length.us - window.length.us};
      window.value = Quantity::of(missed.contains(i.spec.offer) ? 0 : 1000, Dimension::number);
      window.samples = 5;
      if (status.windows.empty() || status.windows.back().start < window.start)
        status.windows.push_back(window);
    };
    api::Contract c = World::contract("a", "c", cpu);
    c.spec.acceptance.test = api::AcceptanceTest::workload;
    c.spec.acceptance.attempts = 3;
    api::Guarantee& guarantee = c.spec.guarantees.emplace_back();
    guarantee.metric = "available_capacity";
    guarantee.at_least = Quantity::of(900, Dimension::number);
    guarantee.window = seconds(5);
    c.spec.term.duration = term;
    world.create(std::move(c));
    if (term.us == 0) world.create(World::workload("a", "c"));
  }
  const api::ContractStatus& status() { return world.get<api::Contract>("a", "c")->status; }
  std::string node_of(std::string_view offer) {
    return world.get<api::Offer>("a", offer)->spec.placement.at(0).node;
  }
};

TEST_F(Proven, it_waits_for_the_work_that_has_to_prove_it) {
  ask({"c-1"}, "4", seconds(60));
  world.pass(seconds(30));
  ASSERT_EQ(status().phase, ContractPhase::reserved);
  EXPECT_EQ(api::find_condition(status().conditions, "Proven")->reason, "NoWorkload");
  EXPECT_FALSE(status().active_at.is_set());
  world.create(World::workload("a", "c"));
  world.pass(minutes(1));
  ASSERT_EQ(status().phase, ContractPhase::active) << "its term begins with the work";
  EXPECT_EQ(status().offer, "c-2") << "what the work missed on the first was no promise";
  EXPECT_EQ(api::find_condition(status().conditions, "Proven")->status,
            api::ConditionStatus::true_);
}

TEST_F(Proven, without_work_it_ends_with_its_term_and_costs_nothing) {
  ask({}, "4", seconds(60));
  world.pass(seconds(90));
  ASSERT_EQ(status().phase, ContractPhase::settled);
  EXPECT_EQ(status().statement->until, status().statement->from);
}

TEST_F(Proven, each_attempt_is_measured_by_itself) {
  ask({"c-1"});
  world.pass(minutes(1));
  ASSERT_EQ(status().phase, ContractPhase::active);
  EXPECT_EQ(status().offer, "c-2");
  EXPECT_NE(node_of("c-2"), node_of("c-1"));
  EXPECT_EQ(status().guarantees[0].windows.violated, 0) << "not of this hardware";
  EXPECT_EQ(status().guarantees[0].budget_left, 1);
  EXPECT_EQ(api::find_condition(status().conditions, "Proven")->status,
            api::ConditionStatus::true_);
}

TEST_F(Proven, the_attempts_that_are_left_are_made_where_there_is_no_other_hardware) {
  world.create(World::contract("a", "other", "4"));
  world.pass(seconds(5));
  ask({"c-1", "c-2"});
  world.pass(seconds(3));
  const std::string first_node = node_of("c-1");
  world.pass(minutes(3));
  ASSERT_EQ(status().phase, ContractPhase::active);
  EXPECT_EQ(status().offer, "c-3");
  EXPECT_EQ(node_of("c-3"), first_node);
}

TEST_F(Proven, after_the_last_attempt_it_is_refused) {
  ask({"c-1", "c-2", "c-3"});
  world.pass(minutes(3));
  EXPECT_EQ(status().phase, ContractPhase::refused);
  EXPECT_EQ(status().generation, 3);
  const auto* reserved = api::find_condition(status().conditions, "Reserved");
  EXPECT_EQ(reserved->reason, "AcceptanceFailed");
  EXPECT_EQ(reserved->message.substr(0, 24), "3 acceptance runs failed");
  EXPECT_FALSE(api::is_true(status().conditions, "Offered"));
}

}  // namespace
}  // namespace freehold::control
