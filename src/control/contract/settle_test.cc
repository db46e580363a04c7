// The final statement: what is added up, and what earns money back.
#include <gtest/gtest.h>

#include "control/contract/work.h"

namespace freehold::control {
namespace {

Quantity q(const char* text) { return Quantity::parse_any(text).value(); }

// An hour at 10 EUR, of which ten windows of a minute were missed.
struct Statement : testing::Test {
  Statement() {
    contract.metadata.name = "c";
    contract.status.active_at = {1'000'000};
    api::Guarantee& guarantee = contract.spec.guarantees.emplace_back();
    guarantee.metric = "available_capacity";
    guarantee.at_least = q("1");
    guarantee.window = minutes(1);
    contract.spec.remedies.push_back({api::RemedyAction::credit, q("60%")});
    api::GuaranteeStatus& status = contract.status.guarantees.emplace_back();
    status.metric = guarantee.metric;
    status.basis = api::Basis::accepted;
    status.windows = {50, 10, 0};
    offer.spec.price_per_hour = q("10EUR/h");
  }
  api::Statement make() {
    return make_statement(contract, &offer, {}, q("0.36EUR/kWh"), 1.5,
                          contract.status.active_at + hours(1));
  }
  api::Contract contract;
  api::Offer offer;
};

TEST_F(Statement, DueIsPriceAndEnergyLessCreditsExactly) {
  offer.spec.power = q("2kW");
  const api::Statement s = make();
  EXPECT_EQ(s.price.text(), "10EUR");
  EXPECT_EQ(s.credits.text(), "0.999999EUR");  // the price of ten minutes is rounded down
  EXPECT_EQ(s.energy_basis, "nameplate");
  EXPECT_EQ(s.energy_cost.text(), "1.08EUR");
  EXPECT_EQ(s.due.value(), s.price.value() - s.credits.value() + s.energy_cost.value());
}

TEST_F(Statement, AWishThatWasNeverKeptEarnsNoCredit) {
  contract.status.guarantees[0].basis = api::Basis::trial;
  EXPECT_EQ(make().credits.value(), 0);
}

TEST_F(Statement, WindowsThatTheWorkloadAloneMeasuredEarnNone) {
  contract.spec.guarantees[0].measured_by = api::MeasuredBy::workload;
  EXPECT_EQ(make().credits.value(), 0);
}

TEST_F(Statement, WhereNothingIsKnownOfPowerItSaysSo) {
  const api::Statement s = make();
  EXPECT_FALSE(s.energy.is_set());
  EXPECT_NE(s.text.find("Energy is not known"), std::string::npos);
}

}  // namespace
}  // namespace freehold::control
