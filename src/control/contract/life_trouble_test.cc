// Contracts in trouble: what is torn down, replaced, outbid or silent.
#include <gtest/gtest.h>

#include "api/catalog.h"
#include "api/window_facts.h"
#include "control/tenant/user_id.h"
#include "control/testing/life.h"

namespace freehold::control {
namespace {

using api::ContractPhase;

TEST_F(ContractLife, a_higher_priority_goes_first_when_room_comes) {
  api::PriorityClass production;
  production.metadata.name = "production";
  production.spec.value = 10;
  world.create(production);
  world.create(World::contract("a", "large", "4", 2));
  world.pass(seconds(5));
  world.create(World::contract("a", "early", "4", 2));
  api::Contract urgent = World::contract("a", "urgent", "4", 2);
  urgent.spec.priority = "production";
  world.create(std::move(urgent));
  world.pass(seconds(5));
  ASSERT_EQ(world.phase("a", "early"), ContractPhase::refused);
  ASSERT_EQ(world.phase("a", "urgent"), ContractPhase::refused);
  world.edit<api::Contract>("a", "large", [](api::Contract& c) { c.spec.release = true; });
  world.pass(seconds(10));
  EXPECT_EQ(world.phase("a", "urgent"), ContractPhase::active);
  EXPECT_EQ(world.phase("a", "early"), ContractPhase::refused);
}

TEST_F(ContractLife, a_priority_class_that_does_not_exist_is_named_and_waited_for) {
  api::Contract c = World::contract("a", "c", "2");
  c.spec.priority = "production";
  world.create(std::move(c));
  world.pass(seconds(2));
  EXPECT_EQ(world.phase("a", "c"), ContractPhase::pending);
  const auto& conditions = world.get<api::Contract>("a", "c")->status.conditions;
  EXPECT_EQ(api::find_condition(conditions, "Admitted")->reason, "NoPriorityClass");
  api::PriorityClass production;
  production.metadata.name = "production";
  world.create(production);
  world.pass(seconds(5));
  EXPECT_EQ(world.phase("a", "c"), ContractPhase::active);
}

// A contract whose guarantee is missed in every window from `miss_from` on, so that it is replaced.
struct Replaced : ContractLife {
  Replaced() {
    api::PriceBook book;
    book.metadata.name = "all";
    book.spec.prices.push_back({"cpu", "", Quantity::parse_any("1EUR/h").value()});
    book.spec.prices.push_back({"memory", "", Quantity::parse_any("0EUR/h").value()});
    world.create(std::move(book));
    world.report = [this](api::InstanceStatus& status, const api::Instance& i) {
      if (i.spec.node == failing) status.acceptance.passed = false;
      if (is_reserved_with_meter) {
        status.usage.energy_joules = 1'000;
        status.started_at = {};
      }
      if (status.phase != api::InstancePhase::running) return;
      const Time now = world.runtime.now();
      api::Window window;
      window.metric = "available_capacity";
      window.length = seconds(5);
      window.start = Time{now.us - now.us % window.length.us - window.length.us};
      const bool missed = misses && i.spec.offer == "c-1";
      window.value = Quantity::of(missed ? 0 : 1000, Dimension::number);
      window.samples = 5;
      if (status.windows.empty() || status.windows.back().start < window.start)
        status.windows.push_back(window);
    };
    const auto energy_costs = [&](const char* price) {
      world.edit<api::PriceBook>({}, "all", [&](api::PriceBook& b) {
        b.spec.energy_price = Quantity::parse_any(price).value();
      });
    };
    energy_costs("0.1EUR/kWh");
    api::Contract c = World::contract("a", "c", "2");
    c.spec.term.duration = minutes(30);
    c.spec.acceptance.test = api::AcceptanceTest::cpu;
    api::Guarantee& guarantee = c.spec.guarantees.emplace_back();
    guarantee.metric = "available_capacity";
    guarantee.at_least = Quantity::of(900, Dimension::number);
    guarantee.window = seconds(5);
    guarantee.target = 0.99;
    c.spec.remedies.push_back({api::RemedyAction::replace, {}});
    world.create(std::move(c));
    world.create(World::workload("a", "c"));
    world.pass(seconds(15));
    CHECK(world.phase("a", "c") == ContractPhase::active, "it runs before it is missed");
    first_node = world.get<api::Instance>("a", "c-1-main-0")->spec.node;
    world.edit<api::PriceBook>({}, "all", [](api::PriceBook& b) {
      b.spec.prices[0].price = Quantity::parse_any("9EUR/h").value();
    });
    energy_costs("0.9EUR/kWh");
    misses = true;
  }
  const api::ContractStatus& status() { return world.get<api::Contract>("a", "c")->status; }
  std::string failing, first_node;
  bool misses = false, is_reserved_with_meter = false;
};

TEST_F(Replaced, the_price_stays_what_was_agreed) {
  world.pass(minutes(2));
  ASSERT_EQ(status().remedies.size(), 1u);
  ASSERT_EQ(status().offer, "c-2");
  EXPECT_EQ(world.get<api::Instance>("a", "c-1-main-0"), nullptr);
  EXPECT_EQ(world.get<api::Offer>("a", "c-2")->spec.price_per_hour.text(), "2EUR/h");
  ASSERT_EQ(status().energy_prices.size(), 1u);
  EXPECT_EQ(status().energy_prices[0].price.text(), "0.1EUR/kWh");
}

TEST_F(Replaced, what_was_held_and_never_ran_has_taken_energy_too) {
  is_reserved_with_meter = true;
  world.pass(minutes(2));
  ASSERT_EQ(status().offer, "c-2");
  ASSERT_EQ(status().past_energy.size(), 1u);
  EXPECT_EQ(status().past_energy[0].joules, 1'000);
}

// As when its machine is gone, or something else still has a use for it.
TEST_F(Replaced, what_it_took_counts_once_while_it_is_still_listed) {
  is_reserved_with_meter = true;
  const auto of_statement = [this] { return status().statement->energy.text(); };
  world.edit<api::Instance>("a", "c-1-main-0", [](api::Instance& i) {
    i.metadata.finalizers.emplace_back("example.org/backup");
  });
  world.pass(minutes(2));
  ASSERT_EQ(status().offer, "c-2");
  ASSERT_NE(world.get<api::Instance>("a", "c-1-main-0"), nullptr);
  ASSERT_EQ(status().past_energy.size(), 1u);
  EXPECT_EQ(status().past_energy[0].joules, 1'000);
  world.edit<api::Contract>("a", "c", [](api::Contract& c) { c.spec.release = true; });
  world.pass(minutes(2));
  ASSERT_EQ(status().phase, ContractPhase::settled);
  EXPECT_EQ(of_statement(), "2kJ") << "that of both, each once";
  EXPECT_EQ(status().statement->energy_basis, "measured");
}

TEST_F(Replaced, what_somebody_deletes_before_it_is_relieved_counts_too) {
  is_reserved_with_meter = true;
  world.edit<api::Instance>("a", "c-1-main-0", [](api::Instance& i) {
    i.metadata.finalizers.emplace_back("example.org/backup");
  });
  while (status().offer == "c-1" || world.get<api::Instance>("a", "c-2-main-0") == nullptr)
    world.pass(milliseconds(100));
  const api::Instance old = *world.get<api::Instance>("a", "c-1-main-0");
  ASSERT_FALSE(old.metadata.deletion_timestamp.is_set());
  world.edit<api::Instance>("a", "c-1-main-0", [&](api::Instance& i) {
    i.metadata.deletion_timestamp = world.runtime.now();
  });
  world.pass(minutes(2));
  ASSERT_EQ(status().past_energy.size(), 1u);
  EXPECT_EQ(status().past_energy[0].joules, 1'000);
  EXPECT_TRUE(status().is_past_energy_in_part);
}

// Its machine is taken away, and on the other one it falls below the floor.
TEST_F(Replaced, without_hardware_the_price_stays_what_was_agreed_and_the_time_is_free) {
  misses = false;
  failing = first_node == "n1" ? "n2" : "n1";
  const api::Node gone = *world.get<api::Node>({}, first_node);
  const Time lost = world.runtime.now();
  ASSERT_TRUE(world.submit({ledger::OpType::remove, api::Object::of(gone), 0, {}}).ok());
  world.pass(minutes(8));
  ASSERT_LT(status().phase, ContractPhase::active);
  EXPECT_EQ(api::find_condition(status().conditions, "Heard")->status,
            api::ConditionStatus::false_);
  const Duration ran = lost - status().active_at;
  failing.clear();
  world.edit<api::Contract>("a", "c", [](api::Contract& c) { c.metadata.labels["again"] = "now"; });
  world.pass(minutes(10));
  if (const auto* offer = world.get<api::Offer>("a", status().offer); offer != nullptr) {
    EXPECT_EQ(offer->spec.price_per_hour.text(), "2EUR/h");
  }
  const Duration again = status().phase == ContractPhase::active ? minutes(10) : Duration{};
  world.edit<api::Contract>("a", "c", [](api::Contract& c) { c.spec.release = true; });
  world.pass(minutes(2));
  ASSERT_EQ(status().phase, ContractPhase::settled);
  const api::Statement& s = *status().statement;
  EXPECT_GE(s.price.value(), 2'000'000 * ran.us / hours(1).us) << s.text;
  EXPECT_LE(s.price.value(), 2'000'000 * (ran + again + seconds(10)).us / hours(1).us) << s.text;
  EXPECT_NE(s.text.find("or it had none"), std::string::npos) << s.text;
}

TEST_F(Replaced, what_is_breached_stays_so_while_its_budget_is_spent) {
  const auto breached = [this] {
    const api::Condition* c = api::find_condition(status().conditions, "Breached");
    return c != nullptr && c->status == api::ConditionStatus::true_;
  };
  EXPECT_FALSE(breached());
  world.pass(minutes(5));
  ASSERT_EQ(status().offer, "c-2");
  ASSERT_EQ(status().windows.back().verdict, "fulfilled") << "the new hardware keeps it";
  ASSERT_LT(status().guarantees[0].budget_left, 0);
  EXPECT_EQ(status().phase, ContractPhase::breached);
  EXPECT_TRUE(breached());
  EXPECT_TRUE(api::is_true(status().conditions, "Active")) << "it runs";
  // Where more may be missed, the budget is not spent.
  world.edit<api::Contract>("a", "c", [](api::Contract& c) { c.spec.guarantees[0].target = 0.5; });
  world.pass(seconds(30));
  EXPECT_EQ(status().phase, ContractPhase::active);
  EXPECT_FALSE(breached());
}

TEST_F(Replaced, by_hardware_below_the_floor_the_old_members_stay_and_the_price_is_due) {
  failing = first_node == "n1" ? "n2" : "n1";
  world.pass(minutes(2));
  ASSERT_EQ(status().remedies.size(), 1u);
  EXPECT_NE(status().remedies[0].outcome.find("given up"), std::string::npos)
      << status().remedies[0].outcome;
  EXPECT_EQ(status().offer, "c-1");
  EXPECT_EQ(status().phase, ContractPhase::breached);
  EXPECT_EQ(world.get<api::Instance>("a", "c-1-main-0")->status.phase, api::InstancePhase::running);
  EXPECT_EQ(world.get<api::Instance>("a", "c-2-main-0"), nullptr);
  EXPECT_FALSE(world.holds_capacity("c-2"));
  // It is judged as before.
  const int64_t judged = status().guarantees[0].windows.violated;
  world.pass(seconds(30));
  EXPECT_GT(status().guarantees[0].windows.violated, judged);
  world.edit<api::Contract>("a", "c", [](api::Contract& c) { c.spec.release = true; });
  world.pass(seconds(20));
  ASSERT_TRUE(status().statement.has_value());
  EXPECT_GT(status().statement->price.value(), 0);
}

TEST_F(ContractLife, one_promise_that_is_missed_is_not_hidden_by_another_that_is_kept) {
  // Both measured alike; `up` is handed in last.
  world.report = [this](api::InstanceStatus& status, const api::Instance&) {
    if (status.phase != api::InstancePhase::running) return;
    const int64_t now = world.runtime.now().us / 1'000'000;
    if (!status.started_at.is_set()) status.started_at = {now * 1'000'000};
    status.windows.clear();
    for (const char* metric : {"cpu_cores", "available_capacity"}) {
      api::Window& w = status.windows.emplace_back();
      w.metric = metric;
      w.length = seconds(5);
      w.start = {(now / 5 - 1) * 5'000'000};
      w.samples = 5;
      w.value = Quantity::of(1000, Dimension::number);
    }
  };
  api::Contract c = World::contract("a", "c", "2");
  for (const char* metric : {"cpu_cores", "available_capacity"}) {
    api::Guarantee& g = c.spec.guarantees.emplace_back();
    g.metric = metric;
    g.at_least = Quantity::of(g.metric == "cpu_cores" ? 2000 : 1000, Dimension::number);
    g.window = seconds(5);
    g.target = 0.5;
  }
  world.create(std::move(c));
  world.create(World::workload("a", "c"));
  world.pass(minutes(1));
  const api::ContractStatus& status = world.get<api::Contract>("a", "c")->status;
  ASSERT_EQ(status.guarantees.size(), 2u);
  EXPECT_GT(status.guarantees[0].windows.violated, 3);
  EXPECT_GT(status.guarantees[1].windows.fulfilled, 3);
  const api::Condition* within = api::find_condition(status.conditions, "WithinGuarantee");
  ASSERT_NE(within, nullptr);
  EXPECT_EQ(within->status, api::ConditionStatus::false_);
  EXPECT_EQ(within->message.substr(0, 9), "cpu_cores");
}

TEST_F(ContractLife, a_floor_that_is_missed_is_not_hidden_by_a_ceiling_of_its_metric) {
  world.report = [this](api::InstanceStatus& status, const api::Instance&) {
    if (status.phase != api::InstancePhase::running) return;
    const int64_t now = world.runtime.now().us / 1'000'000;
    if (!status.started_at.is_set()) status.started_at = {now * 1'000'000};
    status.windows.clear();
    api::Window& w = status.windows.emplace_back();
    w.metric = "cpu_cores";
    w.length = seconds(5);
    w.start = {(now / 5 - 1) * 5'000'000};
    w.samples = 5;
    w.value = Quantity::of(20, Dimension::number);
  };
  api::Contract c = World::contract("a", "c", "2");
  api::Guarantee g;
  g.metric = "cpu_cores";
  g.window = seconds(5);
  g.target = 0.5;
  g.at_least = Quantity::of(150, Dimension::number);
  c.spec.guarantees.push_back(g);
  g.at_most = Quantity::of(5000, Dimension::number);
  g.at_least = {};
  c.spec.guarantees.push_back(g);
  world.create(std::move(c));
  world.create(World::workload("a", "c"));
  world.pass(minutes(1));
  const api::ContractStatus& status = world.get<api::Contract>("a", "c")->status;
  EXPECT_GT(status.guarantees[0].windows.violated, 3);
  EXPECT_GT(status.guarantees[1].windows.fulfilled, 3);
  const api::Condition* within = api::find_condition(status.conditions, "WithinGuarantee");
  ASSERT_NE(within, nullptr);
  EXPECT_EQ(within->status, api::ConditionStatus::false_);
  EXPECT_EQ(within->message.substr(0, 29), "cpu_cores (at least 150m over") << within->message;
}

TEST_F(ContractLife, a_silent_machine_is_told_of_and_what_it_measured_is_not_known) {
  world.report = [this](api::InstanceStatus& status, const api::Instance&) {
    if (status.phase == api::InstancePhase::running && !status.started_at.is_set())
      status.started_at = world.runtime.now();
  };
  api::Contract c = World::contract("a", "c", "2");
  api::Guarantee& guarantee = c.spec.guarantees.emplace_back();
  guarantee.metric = "available_capacity";
  guarantee.at_least = Quantity::of(1000, Dimension::number);
  guarantee.window = seconds(5);
  c.spec.remedies.push_back({api::RemedyAction::restart, {}});
  world.create(std::move(c));
  world.create(World::workload("a", "c"));
  world.create(World::contract("a", "bare", "1"));  // promises nothing, and is told all the same
  world.pass(seconds(10));
  world.silent = {"n1", "n2"};
  world.pass(minutes(2));
  const auto status = [&](const char* name) -> const api::ContractStatus& {
    return world.get<api::Contract>("a", name)->status;
  };
  const auto told = [&](const char* name, const char* type) {
    return *api::find_condition(status(name).conditions, type);
  };
  EXPECT_EQ(told("c", "Active").status, api::ConditionStatus::unknown);
  EXPECT_EQ(told("c", "Active").reason, "NodeSilent");
  EXPECT_EQ(told("c", "WithinGuarantee").status, api::ConditionStatus::unknown);
  EXPECT_EQ(told("bare", "Active").reason, "NodeSilent");
  EXPECT_EQ(status("c").guarantees[0].windows.not_determined, 0) << "they may still come";
  world.pass(minutes(10));
  EXPECT_GT(status("c").guarantees[0].windows.not_determined, 100);
  EXPECT_EQ(status("c").guarantees[0].windows.violated, 0);
  EXPECT_TRUE(status("c").remedies.empty());
  world.silent.clear();
  world.pass(minutes(1));
  EXPECT_EQ(told("c", "Active").status, api::ConditionStatus::true_);
  EXPECT_EQ(told("bare", "Active").status, api::ConditionStatus::true_);
}

TEST_F(ContractLife, what_ran_on_a_machine_that_is_gone_is_placed_anew) {
  world.create(World::contract("a", "c", "4"));
  world.create(World::workload("a", "c"));
  world.pass(seconds(10));
  const std::string node = world.get<api::Instance>("a", "c-1-main-0")->spec.node;
  world.silent = {node};
  api::Node gone;
  gone.metadata.name = node;
  ASSERT_TRUE(world.submit({ledger::OpType::remove, api::Object::of(gone), 0, {}}).ok());
  world.pass(seconds(10));
  // Its agent may come back and register it again.
  EXPECT_EQ(world.get<api::Contract>("a", "c")->status.offer, "c-1");
  const auto& conditions = world.get<api::Contract>("a", "c")->status.conditions;
  EXPECT_EQ(api::find_condition(conditions, "Active")->reason, "NodeGone");
  world.pass(minutes(10));
  EXPECT_EQ(world.phase("a", "c"), ContractPhase::active);
  ASSERT_NE(world.get<api::Instance>("a", "c-2-main-0"), nullptr);
  EXPECT_NE(world.get<api::Instance>("a", "c-2-main-0")->spec.node, node);
  EXPECT_EQ(world.get<api::Instance>("a", "c-1-main-0"), nullptr);
  EXPECT_FALSE(world.holds_capacity("c-1"));
}

TEST_F(ContractLife, a_machine_may_come_back_also_where_a_member_was_down_before) {
  bool is_down = false;
  world.report = [&](api::InstanceStatus& status, const api::Instance&) {
    if (is_down && status.phase == api::InstancePhase::running)
      status.phase = api::InstancePhase::backing_off;
  };
  world.create(World::contract("a", "c", "4"));
  world.create(World::workload("a", "c"));
  world.pass(seconds(10));
  is_down = true;
  world.pass(minutes(10));
  const auto active = [&] {
    return *api::find_condition(world.get<api::Contract>("a", "c")->status.conditions, "Active");
  };
  ASSERT_EQ(active().reason, "Degraded");
  const std::string node = world.get<api::Instance>("a", "c-1-main-0")->spec.node;
  world.silent = {node};
  api::Node gone;
  gone.metadata.name = node;
  ASSERT_TRUE(world.submit({ledger::OpType::remove, api::Object::of(gone), 0, {}}).ok());
  world.pass(minutes(1));
  EXPECT_EQ(active().reason, "NodeGone");
  EXPECT_EQ(world.get<api::Contract>("a", "c")->status.offer, "c-1");
  world.start();  // the control plane forgets when it heard of the machine
  world.pass(minutes(1));
  EXPECT_EQ(world.get<api::Contract>("a", "c")->status.offer, "c-1");
  is_down = false;
  world.pass(minutes(2));
  EXPECT_EQ(world.get<api::Contract>("a", "c")->status.offer, "c-2");
}

TEST_F(ContractLife, an_acceptance_run_that_proves_nothing_ends_with_the_term_and_is_charged) {
  world.create(prices("1EUR/h"));
  world.report = [this](api::InstanceStatus& status, const api::Instance& i) {
    if (i.spec.gate_open && !status.started_at.is_set()) status.started_at = world.runtime.now();
  };
  api::Contract c = World::contract("a", "c", "4");
  c.spec.term.duration = minutes(3);
  c.spec.acceptance.test = api::AcceptanceTest::workload;
  api::Guarantee& guarantee = c.spec.guarantees.emplace_back();
  guarantee.metric = "available_capacity";
  guarantee.at_least = Quantity::of(900, Dimension::number);
  guarantee.window = seconds(10);
  world.create(std::move(c));
  world.create(World::workload("a", "c"));
  world.pass(minutes(2));
  ASSERT_EQ(world.phase("a", "c"), ContractPhase::testing);
  world.pass(minutes(2));
  ASSERT_EQ(world.phase("a", "c"), ContractPhase::settled);
  EXPECT_EQ(world.get<api::Contract>("a", "c")->status.statement->price.text(), "0.2EUR");
}

TEST_F(ContractLife, what_is_offered_is_not_taken_away_and_none_of_no_members_is_charged) {
  api::Contract c = World::contract("a", "c", "2");
  c.spec.accept.mode = api::AcceptMode::manual;
  world.create(std::move(c));
  world.pass(seconds(3));
  const api::Allocation held = *world.get<api::Allocation>("a", "c-1-0");
  EXPECT_FALSE(world.submit({ledger::OpType::remove, api::Object::of(held), 0, {}}).ok());
  // As an earlier release let it come about.
  api::Offer empty;
  empty.metadata.ns = "a";
  empty.metadata.name = "empty";
  empty.metadata.owner_references = held.metadata.owner_references;
  empty.spec.contract = "c";
  empty.status.phase = api::OfferPhase::accepted;
  world.create(std::move(empty));
  world.edit<api::Contract>("a", "c", [](api::Contract& x) {
    x.status.phase = ContractPhase::reserved;
    x.status.offer = "empty";
  });
  world.pass(seconds(5));
  EXPECT_EQ(world.phase("a", "c"), ContractPhase::offered);
  EXPECT_EQ(world.get<api::Contract>("a", "c")->status.offer, "c-2");
  EXPECT_FALSE(world.get<api::Contract>("a", "c")->status.active_at.is_set());
  EXPECT_FALSE(world.holds_capacity("empty"));
}

TEST_F(ContractLife, what_comes_out_invalid_is_tried_again_when_it_changes_or_some_time_later) {
  const auto status = [&]() -> const api::ContractStatus& {
    return world.get<api::Contract>("a", "c")->status;
  };
  // As an earlier release let it come about.
  api::Workload w = World::workload("a", "c");
  w.spec.roles[0].run.env = {{"no name", ""}};
  world.create(std::move(w));
  world.create(World::contract("a", "c", "2"));
  world.pass(minutes(1));
  EXPECT_EQ(status().phase, ContractPhase::pending);
  EXPECT_EQ(status().generation, 1);
  EXPECT_EQ(api::find_condition(status().conditions, "Reserved")->reason, "Invalid");
  EXPECT_FALSE(api::is_true(status().conditions, "Offered"));
  EXPECT_FALSE(world.holds_capacity("c-1"));
  world.pass(minutes(20));
  EXPECT_EQ(status().generation, 5);
  EXPECT_LE(world.ledger->view().all<api::Offer>("a").size(), 2u);
  EXPECT_LE(world.ledger->view().all<api::Allocation>("a").size(), 2u);
  world.edit<api::Contract>("a", "c", [](api::Contract& c) { c.spec.offer_ttl = minutes(1); });
  world.pass(seconds(10));
  EXPECT_EQ(status().generation, 6) << "the contract changed";
  world.edit<api::Workload>("a", "c", [](api::Workload& x) { x.spec.roles[0].run.env.clear(); });
  world.pass(seconds(10));
  EXPECT_EQ(status().phase, ContractPhase::active) << "its work changed";
  EXPECT_EQ(status().generation, 7);
}

// A contract that is active without work, and then gets some.
struct LateWork : ContractLife {
  LateWork() {
    world.create(World::contract("a", "c", "2"));
    world.pass(seconds(10));
    CHECK(world.phase("a", "c") == ContractPhase::active, "it is a reservation");
  }
  const api::Instance& member() const { return *world.get<api::Instance>("a", "c-1-main-0"); }
  void expect_valid_and_gone_when_deleted() {
    schema::Errors errors;
    api::validate(api::Object::of(member()), errors);
    EXPECT_TRUE(errors.empty()) << errors.to_error("Instance", "").message;
    world.mark_deleted<api::Contract>("a", "c");
    world.pass(seconds(20));
    EXPECT_EQ(world.get<api::Contract>("a", "c"), nullptr);
    EXPECT_TRUE(world.ledger->view().all<api::Allocation>("a").empty());
  }
};

TEST_F(LateWork, a_long_name_is_cut_to_a_label) {
  api::Workload w = World::workload("a", std::string(62, 'a') + ".b");
  w.spec.contract = "c";
  world.create(std::move(w));
  world.pass(seconds(10));
  EXPECT_EQ(member().status.phase, api::InstancePhase::running);
  EXPECT_EQ(member().metadata.labels.at("freehold.dev/workload"), std::string(62, 'a'));
  expect_valid_and_gone_when_deleted();
}

TEST_F(LateWork, that_is_invalid_is_not_given_to_the_members) {
  api::Workload w = World::workload("a", "c");
  w.spec.roles[0].run.env = {{"no name", ""}};
  world.create(std::move(w));
  world.pass(seconds(10));
  EXPECT_TRUE(member().spec.run.command.empty());
  const auto active = [&] {
    return *api::find_condition(world.get<api::Contract>("a", "c")->status.conditions, "Active");
  };
  EXPECT_EQ(active().reason, "Invalid");
  EXPECT_NE(active().message.find("spec.run.env[0].name"), std::string::npos) << active().message;
  world.edit<api::Workload>("a", "c", [](api::Workload& x) { x.spec.roles[0].run.env.clear(); });
  world.pass(seconds(10));
  EXPECT_EQ(active().reason, "Running");
  EXPECT_EQ(member().status.phase, api::InstancePhase::running);
  expect_valid_and_gone_when_deleted();
}

TEST_F(LateWork, what_was_made_invalid_before_can_still_end) {
  world.edit<api::Instance>("a", "c-1-main-0", [](api::Instance& i) {
    i.metadata.labels["freehold.dev/workload"] = "ends-in-a-dash-";
  });
  world.mark_deleted<api::Contract>("a", "c");
  world.pass(seconds(20));
  EXPECT_EQ(world.get<api::Contract>("a", "c"), nullptr);
}

TEST_F(ContractLife, time_in_which_its_machine_is_silent_is_not_charged) {
  world.create(prices("1EUR/h"));
  world.create(World::contract("a", "c", "4"));
  world.create(World::workload("a", "c"));
  world.pass(seconds(60));
  world.silent = {world.get<api::Instance>("a", "c-1-main-0")->spec.node};
  world.pass(minutes(20));
  world.silent.clear();
  world.pass(seconds(60));
  world.edit<api::Contract>("a", "c", [](api::Contract& c) { c.spec.release = true; });
  world.pass(seconds(20));
  ASSERT_EQ(world.phase("a", "c"), ContractPhase::settled);
  const api::Statement& s = *world.get<api::Contract>("a", "c")->status.statement;
  // At 4 EUR an hour: two minutes, and what it takes to notice the silence and its end.
  EXPECT_GE(s.price.value(), 4'000'000 * 118 / 3600);
  EXPECT_LE(s.price.value(), 4'000'000 * 150 / 3600);
  EXPECT_NE(s.text.find("not heard of"), std::string::npos) << s.text;
}

TEST_F(ContractLife, a_machine_that_died_is_not_charged_to_the_end) {
  world.create(prices("1EUR/h"));
  api::Contract c = World::contract("a", "c", "4");
  c.spec.term.duration = minutes(10);
  world.create(std::move(c));
  world.create(World::workload("a", "c"));
  world.pass(seconds(60));
  world.silent = {world.get<api::Instance>("a", "c-1-main-0")->spec.node};
  world.pass(minutes(20));
  ASSERT_EQ(world.phase("a", "c"), ContractPhase::settled);
  const api::Statement& s = *world.get<api::Contract>("a", "c")->status.statement;
  EXPECT_EQ(s.until - s.from, minutes(10));
  EXPECT_LE(s.price.value(), 4'000'000 * 90 / 3600);
}

// The control plane is away over the end of the term; the agent shows its oldest windows first.
TEST_F(ContractLife, what_was_measured_until_the_end_is_judged_to_the_last_window) {
  const Duration second = seconds(1);
  world.report = [&](api::InstanceStatus& status, const api::Instance& i) {
    status.windows.clear();
    if (i.spec.measures.empty() || !i.spec.gate_open) return;
    const Time until = i.spec.measures.front().assessed_until;
    int64_t start = until.is_set() ? until.us / second.us : world.runtime.now().us / second.us - 1;
    for (; (start + 1) * second.us <= world.runtime.now().us; ++start) {
      if (status.windows.size() == api::windows_shown) break;
      api::Window& w = status.windows.emplace_back();
      w.metric = "available_capacity";
      w.start = Time{start * second.us};
      w.length = second;
      w.value = Quantity::of(1000, Dimension::number);
      w.samples = 1;
    }
  };
  api::Contract c = World::contract("a", "c", "2");
  c.spec.term.duration = minutes(4);
  api::Guarantee& g = c.spec.guarantees.emplace_back();
  g.metric = "available_capacity";
  g.at_least = Quantity::of(900, Dimension::number);
  g.window = second;
  world.create(std::move(c));
  world.create(World::workload("a", "c"));
  world.pass(seconds(30));
  ASSERT_EQ(world.phase("a", "c"), ContractPhase::active);
  world.shell.reset();
  world.pass(minutes(5));
  world.start();
  world.pass(minutes(1));
  ASSERT_EQ(world.phase("a", "c"), ContractPhase::settled);
  const api::Verdicts& told =
      world.get<api::Contract>("a", "c")->status.statement->guarantees[0].windows;
  EXPECT_GE(told.fulfilled, 230);
  EXPECT_LE(told.fulfilled, 241) << "none of after its term; it became active within one";
  EXPECT_LE(told.not_determined, 4);
}

}  // namespace
}  // namespace freehold::control
