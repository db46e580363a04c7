// The final statement: what is added up, and what earns money back.
#include <gtest/gtest.h>

#include <utility>

#include "control/contract/missed.h"
#include "control/contract/statement.h"

namespace freehold::control {
namespace {

Quantity q(const char* text) { return Quantity::parse_any(text).value(); }

// An hour at 10 EUR, of which ten windows of a minute were missed: more than was allowed.
struct Statement : testing::Test {
  Statement() {
    contract.metadata.name = "c";
    contract.status.active_at = {1'000'000};
    contract.spec.remedies.push_back({api::RemedyAction::credit, q("60%")});
    guarantee("available_capacity");
    contract.status.price_per_hour = q("10EUR/h");
    contract.status.energy_prices = {{"away", q("1EUR/kWh"), 1}, {"here", q("0.36EUR/kWh"), 1.5}};
  }
  api::GuaranteeStatus& guarantee(const char* metric) {
    api::Guarantee& g = contract.spec.guarantees.emplace_back();
    g.metric = metric;
    if (g.metric == "cpu_cores") g.of = api::JudgedAgainst::offered;
    g.at_least = q("1");
    g.window = minutes(1);
    api::GuaranteeStatus& status = contract.status.guarantees.emplace_back();
    status.metric = metric;
    status.basis = api::Basis::accepted;
    status.windows = {50, 10, 0};
    status.budget_left = -1;
    missed(contract.spec.guarantees.size() - 1, {}, minutes(10));
    return status;
  }
  void missed(size_t promise, Duration after, Duration time) {
    add_missed(contract.status.missed, promise, contract.status.active_at + after, time);
  }
  void member(const char* node, const char* power) {
    members.emplace_back().node = node;
    members.back().power = q(power);
  }
  api::Statement make(Duration ran = hours(1)) {
    Settlement of{contract, {}, members, {}, contract.status.active_at + ran, uncharged};
    for (const api::Instance& i : instances) of.instances.push_back(&i);
    of.site_of = [](std::string_view node) { return node == "far" ? "away" : "here"; };
    return make_statement(of);
  }
  api::Contract contract;
  std::vector<api::Instance> instances;
  std::vector<api::AllocatedMember> members;
  Duration uncharged;
};

TEST_F(Statement, DueIsPriceAndEnergyLessCreditsExactly) {
  member("near", "2kW");
  const api::Statement s = make();
  EXPECT_EQ(s.price.text(), "10EUR");
  EXPECT_EQ(s.credits.text(), "0.999999EUR");  // the price of ten minutes is rounded down
  EXPECT_EQ(s.energy_basis, "nameplate");
  EXPECT_EQ(s.energy_cost.text(), "1.08EUR");
  EXPECT_EQ(s.due.value(), s.price.value() - s.credits.value() + s.energy_cost.value());
}

TEST_F(Statement, EveryMemberPaysForEnergyWhereItRan) {
  member("near", "2kW");
  member("far", "2kW");
  EXPECT_EQ(make().energy_cost.text(), "3.08EUR");
  for (const char* node : {"far", "near"}) {
    instances.emplace_back().spec.node = node;
    instances.back().status.usage.energy_joules = 3'600'000;
  }
  const api::Statement s = make();
  EXPECT_EQ(s.energy_basis, "measured");
  EXPECT_EQ(s.energy_cost.text(), "1.54EUR");
  contract.status.past_energy = {{"away", 3'600'000}};
  EXPECT_EQ(make().energy_cost.text(), "2.54EUR") << "what was replaced ran at another site";
}

TEST_F(Statement, AMachineThatHasLeftTheFleetPaysTheOnePriceThatWasAgreed) {
  contract.status.energy_prices = {{"here", q("0.36EUR/kWh"), 1.5}};
  member("away", "2kW");
  const auto cost = [&](const char* site) {
    Settlement of{contract, {}, members, {}, contract.status.active_at + hours(1), {}};
    of.site_of = [site](std::string_view) { return site; };
    return make_statement(of).energy_cost.text();
  };
  EXPECT_EQ(cost(""), "1.08EUR");
  EXPECT_EQ(cost("there"), "") << "nothing was agreed for that site";
}

TEST_F(Statement, WhatHasNoMeterIsToldAndANameplateSaysMore) {
  instances.emplace_back().status.usage.energy_joules = 3'600'000;
  instances.back().status.usage.is_energy_in_part = true;
  EXPECT_EQ(make().energy_basis, "measured in part");
  EXPECT_NE(make().text.find("(measured in part)"), std::string::npos) << make().text;
  contract.status.past_energy = {{"here", -1}};
  EXPECT_FALSE(make().energy.is_set()) << "what was replaced had no meter at all";
  contract.status.past_energy.clear();
  member("near", "2kW");
  EXPECT_EQ(make().energy_basis, "nameplate");
  instances.back().status.usage.is_energy_in_part = false;
  EXPECT_EQ(make().energy_basis, "measured");
}

TEST_F(Statement, EnergyThatIsNotBilledIsSaidToBe) {
  member("near", "2kW");
  EXPECT_EQ(make().text.find("billed"), std::string::npos) << make().text;
  contract.status.price_per_hour = q("10USD/h");
  EXPECT_NE(make().text.find("not billed: nowhere where it ran"), std::string::npos);
  EXPECT_FALSE(make().energy_cost.is_set());
  contract.status.price_per_hour = {};
  EXPECT_NE(make().text.find("not billed: no price was agreed"), std::string::npos);
  EXPECT_FALSE(make().energy_cost.is_set());
}

// Among restart, replace and credit, the credit is no less due because the others ran first.
TEST_F(Statement, ACreditIsDueWhicheverOtherRemediesRan) {
  contract.spec.remedies.insert(contract.spec.remedies.begin(), {api::RemedyAction::restart, {}});
  api::RemedyRun& run = contract.status.remedies.emplace_back();
  run.action = "restart";
  EXPECT_EQ(make().credits.text(), "0.999999EUR");
}

TEST_F(Statement, AWishThatWasNeverKeptEarnsNoCredit) {
  contract.status.guarantees[0].basis = api::Basis::trial;
  EXPECT_EQ(make().credits.value(), 0);
}

TEST_F(Statement, WindowsThatTheWorkloadAloneMeasuredEarnNone) {
  contract.spec.guarantees[0].measured_by = api::MeasuredBy::workload;
  EXPECT_EQ(make().credits.value(), 0);
  contract.spec.guarantees[0].measured_by = api::MeasuredBy::agent;
  contract.spec.guarantees[0].metric = "my_gauge";  // as it calls itself
  EXPECT_EQ(make().credits.value(), 0);
}

TEST_F(Statement, WithinTheErrorBudgetThereIsNoCredit) {
  contract.status.guarantees[0].budget_left = 0.3;
  EXPECT_EQ(make().credits.value(), 0);
}

TEST_F(Statement, NoSecondIsPaidBackTwice) {
  guarantee("cpu_cores");
  guarantee("memory_bytes");
  EXPECT_EQ(make().credits.text(), "0.999999EUR");
  contract.spec.remedies.push_back({api::RemedyAction::credit, q("100%")});
  EXPECT_EQ(make().credits.text(), "1.666666EUR");  // all of the ten minutes, not more
  missed(0, {}, hours(1000));
  EXPECT_EQ(make().credits, make().price);
  EXPECT_EQ(make().due.value(), 0);
}

TEST_F(Statement, SecondsInWhichOneOfSeveralPromisesWasMissedAreAllPaidBack) {
  guarantee("cpu_cores");  // in the same ten minutes as the first
  missed(1, minutes(25), minutes(5));
  contract.spec.remedies.back().amount = q("100%");
  EXPECT_EQ(make().credits.text(), "2.5EUR");
  contract.status.guarantees[1].budget_left = 0.1;
  EXPECT_EQ(make().credits.text(), "1.666666EUR") << "what is within its budget earns none";
  contract.status.guarantees[1].budget_left = -1;
  contract.status.guarantees[0].budget_left = 0.1;
  EXPECT_EQ(make().credits.text(), "2.5EUR") << "though the other was missed then, too";
}

TEST_F(Statement, WhatRanOnAfterTheTermIsNotCharged) {
  contract.status.ends_at = contract.status.active_at + hours(1);
  instances.emplace_back().status.usage.energy_joules = 7'200'000;
  const api::Statement s = make(hours(2));
  EXPECT_EQ(s.until, contract.status.ends_at);
  EXPECT_EQ(s.price.text(), "10EUR");
  EXPECT_EQ(s.energy.value(), 3'600'000);
  EXPECT_NE(s.text.find("after its term"), std::string::npos) << s.text;
}

TEST_F(Statement, TimeInWhichItsMachinesWereNotHeardOfIsNotCharged) {
  uncharged = minutes(30);
  EXPECT_EQ(make().price.text(), "5EUR");
  EXPECT_NE(make().text.find("not heard of"), std::string::npos);
  uncharged = {};
  EXPECT_EQ(make().text.find("not heard of"), std::string::npos) << "0 s of it";
  for (const auto& [silence, told] :
       {std::pair(milliseconds(603), "Not charged: 603ms in which"),
        std::pair(milliseconds(12'250), "charged: 12.25s in which")}) {
    uncharged = silence;
    EXPECT_NE(make().text.find(told), std::string::npos) << make().text;
  }
  uncharged = hours(9);
  EXPECT_EQ(make().price.value(), 0);
  EXPECT_EQ(make().due.value(), 0);
}

TEST_F(Statement, WorkThatIsEndedDuringItsOwnAcceptanceRunPaysSinceItStarted) {
  const Time start = contract.status.active_at;
  contract.spec.acceptance.test = api::AcceptanceTest::workload;
  api::Instance& i = instances.emplace_back();
  i.spec.gate_open = true;
  i.status.started_at = start + minutes(30);
  Settlement of{contract, {&i}, {}, {}, start + hours(1), {}};
  contract.status.active_at = {};
  EXPECT_EQ(make_statement(of).price.text(), "5EUR");
  contract.spec.acceptance.test = api::AcceptanceTest::cpu;
  EXPECT_EQ(make_statement(of).price.value(), 0);
}

TEST_F(Statement, AmountsBeyondWhatCanBeCountedDoNotWrapAround) {
  contract.status.price_per_hour = Quantity::of(INT64_MAX, Dimension::money_per_hour, "EUR");
  member("near", "9000000000kW");
  const api::Statement s = make(hours(24 * 365));
  EXPECT_EQ(s.price.value(), INT64_MAX);
  EXPECT_GE(s.credits.value(), 0);
  EXPECT_GE(s.energy_cost.value(), 0);
  EXPECT_EQ(s.due.value(), INT64_MAX);
}

TEST_F(Statement, WhereNothingIsKnownOfPowerItSaysSo) {
  const api::Statement s = make();
  EXPECT_FALSE(s.energy.is_set());
  EXPECT_NE(s.text.find("Energy is not known"), std::string::npos);
}

TEST_F(Statement, WhatNeverRanTookNoEnergy) {
  const api::Statement s = make(Duration{});
  EXPECT_EQ(s.text.find("Energy is not known"), std::string::npos) << s.text;
  EXPECT_NE(s.text.find("never ran, and took no energy"), std::string::npos) << s.text;
}

}  // namespace
}  // namespace freehold::control
