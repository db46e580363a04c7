#include "base/quantity.h"

#include <gtest/gtest.h>

#include <array>

#include "base/random.h"

namespace freehold {
namespace {

using enum Dimension;

int64_t value_of(std::string_view text, Dimension dimension) {
  const auto quantity = Quantity::parse(text, dimension);
  EXPECT_TRUE(quantity.ok()) << text << ": " << (quantity.ok() ? "" : quantity.error().message);
  return quantity.ok() ? quantity->value() : -1;
}

std::string refusal(std::string_view text, Dimension dimension) {
  const auto quantity = Quantity::parse(text, dimension);
  return quantity.ok() ? "accepted " + std::string(text) : quantity.error().message;
}

TEST(Quantity, each_dimension_counts_in_its_own_unit) {
  EXPECT_EQ(value_of("16", number), 16'000);
  EXPECT_EQ(value_of("500m", number), 500);
  EXPECT_EQ(value_of("80Gi", bytes), int64_t{80} << 30);
  EXPECT_EQ(value_of("80GiB", bytes), int64_t{80} << 30);
  EXPECT_EQ(value_of("80GB", bytes), 80'000'000'000);
  EXPECT_EQ(value_of("400Gbps", bandwidth), 400'000'000'000);
  EXPECT_EQ(value_of("3.35TBps", bandwidth), 26'800'000'000'000);
  EXPECT_EQ(value_of("1GiBps", bandwidth), int64_t{8} << 30);
  EXPECT_EQ(value_of("1.5GB/s", bandwidth), 12'000'000'000);
  EXPECT_EQ(value_of("10.2kW", power), 10'200'000);
  EXPECT_EQ(value_of("3kWh", energy), 10'800'000);
  EXPECT_EQ(value_of("5MJ", energy), 5'000'000);
  EXPECT_EQ(value_of("250us", duration), 250'000);
  EXPECT_EQ(value_of("1h30m", duration), 5'400'000'000'000);
  EXPECT_EQ(value_of("12/s", rate), 12'000);
  EXPECT_EQ(value_of("90/m", rate), 1'500);
  EXPECT_EQ(value_of("7.2k/h", rate), 2'000);
  EXPECT_EQ(value_of("12.5%", percent), 12'500);
  EXPECT_EQ(value_of("40EUR", money), 40'000'000);
  EXPECT_EQ(value_of("40EUR/h", money_per_hour), 40'000'000);
  EXPECT_EQ(value_of("24USD/d", money_per_hour), 1'000'000);
  EXPECT_EQ(value_of("0.12EUR/kWh", money_per_energy), 120'000);
  EXPECT_EQ(value_of("120EUR/MWh", money_per_energy), 120'000);
  EXPECT_EQ(value_of("0.05EUR/GB", money_per_bytes), 50'000);
  EXPECT_EQ(value_of("50EUR/TB", money_per_bytes), 50'000);
  EXPECT_EQ(value_of("1.073741824EUR/GiB", money_per_bytes), 1'000'000);
  EXPECT_EQ(value_of("989TFLOPS", flops), 989'000'000);
}

TEST(Quantity, remembers_its_text_and_its_currency) {
  const Quantity quantity = Quantity::parse("0.120EUR/kWh", money_per_energy).value();
  EXPECT_EQ(quantity.text(), "0.120EUR/kWh");
  EXPECT_EQ(quantity.currency(), "EUR");
  EXPECT_EQ(quantity.dimension(), money_per_energy);
  EXPECT_TRUE(quantity.is_set());
  EXPECT_FALSE(Quantity().is_set());
}

TEST(Quantity, compares_by_value_whatever_the_spelling) {
  EXPECT_EQ(Quantity::parse("1024Mi", bytes).value(), Quantity::parse("1Gi", bytes).value());
  EXPECT_LT(Quantity::parse("1G", bytes).value(), Quantity::parse("1Gi", bytes).value());
  EXPECT_LT(Quantity(), Quantity::parse("1W", power).value());
}

TEST(QuantityDeathTest, two_dimensions_or_currencies_do_not_compare) {
  const Quantity watts = Quantity::of(1, power), euros = Quantity::of(1, money, "EUR");
  EXPECT_DEATH((void)(watts == euros), "different dimension");
  EXPECT_DEATH((void)(euros == Quantity::of(1, money, "USD")), "different currency");
}

TEST(Quantity, what_is_finer_than_the_unit_is_rounded_up) {
  EXPECT_EQ(value_of("0.0001", number), 1);
  EXPECT_EQ(value_of("1n", number), 1);
  EXPECT_EQ(value_of("1.5", bytes), 2);
  EXPECT_EQ(value_of("-1.5", bytes), -2);
  EXPECT_EQ(value_of("1/h", rate), 1);
  EXPECT_EQ(value_of("0.0", bytes), 0);
  EXPECT_EQ(value_of("1EUR/d", money_per_hour), 41'667);
}

TEST(Quantity, reads_the_exponents_of_kubernetes) {
  EXPECT_EQ(value_of("1e3", number), 1'000'000);
  EXPECT_EQ(value_of("12E-2", number), 120);
  EXPECT_EQ(value_of("1E", bytes), 1'000'000'000'000'000'000);
  EXPECT_EQ(value_of("1e6", bytes), 1'000'000);
  EXPECT_EQ(value_of("1EUR", money), 1'000'000);
}

TEST(Quantity, nineteen_digits_are_exact) {
  EXPECT_EQ(value_of("9223372036854775807", bytes), INT64_MAX);
  EXPECT_EQ(value_of("-9223372036854775807", bytes), -INT64_MAX);
  EXPECT_EQ(value_of("7.999999999999999999Ei", bytes), INT64_MAX);
  EXPECT_EQ(refusal("9223372036854775808", bytes),
            "\"9223372036854775808\" is out of range: use bytes such as 80Gi");
  EXPECT_EQ(refusal("8Ei", bytes), "\"8Ei\" is out of range: use bytes such as 80Gi");
}

TEST(Quantity, an_error_says_what_it_is_and_what_to_write) {
  EXPECT_EQ(refusal("5W", bytes), "\"5W\" is power: use bytes such as 80Gi");
  EXPECT_EQ(refusal("16", power), "\"16\" has no unit: use power such as 10.2kW");
  EXPECT_EQ(refusal("80 Gi", bytes), "\"80 Gi\" is not a quantity: use bytes such as 80Gi");
  EXPECT_EQ(refusal("5ERU/h", money_per_hour),
            "\"5ERU/h\" is not a quantity: use money per hour such as 40EUR/h");
  EXPECT_EQ(Quantity::parse("", bytes).error().reason, Reason::invalid);
}

TEST(Quantity, refuses_what_is_none) {
  for (const char* bad :
       {"",   "-",   "+",   ".",     "Gi",   "1Gi ", " 1",  "1,5", "1KB",  "1kiB", "0x10",
        "1e", "1e+", "--1", "1.2.3", "80gi", "inf",  "nan", "1mB", "500m", "1e100"})
    EXPECT_FALSE(Quantity::parse(bad, bytes).ok()) << bad;
  EXPECT_FALSE(Quantity::parse(std::string(65, '0'), bytes).ok());
  EXPECT_FALSE(Quantity::parse("5%%", percent).ok());
  EXPECT_FALSE(Quantity::parse("5Wh", power).ok());
  EXPECT_FALSE(Quantity::parse("1s5", duration).ok());
}

TEST(Quantity, the_unit_tells_the_dimension) {
  const auto dimension = [](std::string_view text) {
    return Quantity::parse_any(text).value().dimension();
  };
  EXPECT_EQ(dimension("16"), number);
  EXPECT_EQ(dimension("500m"), number);
  EXPECT_EQ(dimension("16k"), number);
  EXPECT_EQ(dimension("80Gi"), bytes);
  EXPECT_EQ(dimension("80GB"), bytes);
  EXPECT_EQ(dimension("5h"), duration);
  EXPECT_EQ(dimension("5/h"), rate);
  EXPECT_EQ(dimension("1Gbps"), bandwidth);
  EXPECT_EQ(dimension("5W"), power);
  EXPECT_EQ(dimension("5Wh"), energy);
  EXPECT_EQ(dimension("5EUR/GB"), money_per_bytes);
  EXPECT_FALSE(Quantity::parse_any("five").ok());
}

TEST(Quantity, every_dimension_accepts_its_own_example) {
  for (int i = 0; i <= static_cast<int>(flops); ++i) {
    const auto dimension = static_cast<Dimension>(i);
    EXPECT_TRUE(Quantity::parse(dimension_example(dimension), dimension).ok());
    EXPECT_FALSE(dimension_name(dimension).empty());
  }
}

TEST(Quantity, of_writes_what_a_person_would) {
  const auto text = [](int64_t value, Dimension dimension, std::string_view currency = {}) {
    return Quantity::of(value, dimension, currency).text();
  };
  EXPECT_EQ(text(16'000, number), "16");
  EXPECT_EQ(text(500, number), "500m");
  EXPECT_EQ(text(1'500, number), "1.5");
  EXPECT_EQ(text(int64_t{80} << 30, bytes), "80Gi");
  EXPECT_EQ(text(80'000'000'000, bytes), "80GB");
  EXPECT_EQ(text(51'200'123'000, bytes), "51200123kB");
  EXPECT_EQ(text(1'025, bytes), "1025B");
  EXPECT_EQ(text(0, bytes), "0B");
  EXPECT_EQ(text(400'000'000'000, bandwidth), "400Gbps");
  EXPECT_EQ(text(10'200'000, power), "10.2kW");
  EXPECT_EQ(text(5'400'000'000'000, duration), "1h30m");
  EXPECT_EQ(text(300'000'000'000, duration), "5m0s");
  EXPECT_EQ(text(-120'000, money_per_energy, "EUR"), "-0.12EUR/kWh");
  EXPECT_EQ(text(989'000'000, flops), "989TFLOPS");
}

void expect_reads_back(int64_t value, Dimension dimension, std::string_view currency) {
  const bool is_money = dimension >= money && dimension <= money_per_bytes;
  const Quantity quantity = Quantity::of(value, dimension, is_money ? currency : "");
  const auto again = Quantity::parse(quantity.text(), dimension);
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_EQ(again->value(), value) << quantity.text();
  EXPECT_EQ(again->currency(), quantity.currency()) << quantity.text();
  const auto any = Quantity::parse_any(quantity.text());
  ASSERT_TRUE(any.ok()) << any.error().message;
  ASSERT_EQ(any->dimension(), dimension) << quantity.text();
  EXPECT_EQ(any->value(), value) << quantity.text();
  EXPECT_EQ(any->currency(), quantity.currency()) << quantity.text();
}

// In any field: where the dimension is known, and where the unit tells it.
TEST(Quantity, every_value_reads_back_as_of_writes_it) {
  // Some begin or end as a prefix, a unit or an exponent does.
  constexpr std::array<std::string_view, 11> codes{"EUR", "USD", "ETB", "EGP", "THB", "KRW",
                                                   "MGA", "GBP", "PAB", "TND", "MWK"};
  constexpr std::array<int64_t, 7> round{1'000,     1'024,   60,           3'600,
                                         1'000'000, 1 << 20, 1'000'000'000};
  Random random(9);
  for (int i = 0; i < 50'000; ++i) {
    const auto dimension = static_cast<Dimension>(random.in(0, static_cast<int>(flops)));
    int64_t value = random.in(0, INT64_MAX) >> random.in(0, 62);
    for (int n = 0; n < 3 && random.percent(50); ++n)
      if (const int64_t step = round[static_cast<size_t>(random.in(0, 6))];
          value < INT64_MAX / step)
        value *= step;
    if (dimension != duration && random.percent(20)) value = -value;
    expect_reads_back(value, dimension, codes[static_cast<size_t>(random.in(0, 10))]);
  }
}

TEST(Quantity, the_least_and_the_most_read_back) {
  for (int d = 0; d <= static_cast<int>(flops); ++d)
    for (const int64_t value :
         {int64_t{0}, int64_t{1}, int64_t{-1}, int64_t{999}, int64_t{60'000'000'000},
          int64_t{-60'000'000'000}, INT64_MAX - 1, INT64_MAX, -INT64_MAX})
      expect_reads_back(value, static_cast<Dimension>(d), "EUR");
  EXPECT_EQ(Quantity::of(INT64_MIN, bytes).value(), -INT64_MAX);
}

TEST(Quantity, as_double_is_in_whole_units) {
  EXPECT_DOUBLE_EQ(Quantity::parse("500m", number)->as_double(), 0.5);
  EXPECT_DOUBLE_EQ(Quantity::parse("10.2kW", power)->as_double(), 10'200);
  EXPECT_DOUBLE_EQ(Quantity::parse("250us", duration)->as_double(), 250e-6);
  EXPECT_DOUBLE_EQ(Quantity::parse("10%", percent)->as_double(), 10);
  EXPECT_DOUBLE_EQ(Quantity::parse("989TFLOPS", flops)->as_double(), 989e12);
  EXPECT_DOUBLE_EQ(Quantity::parse("0.12EUR/kWh", money_per_energy)->as_double(), 0.12);
}

TEST(Humanize, shows_at_most_three_significant_digits) {
  EXPECT_EQ(humanize(int64_t{80} << 30, bytes), "80Gi");
  EXPECT_EQ(humanize(int64_t{1000} << 20, bytes), "0.977Gi");
  EXPECT_EQ(humanize(12'000'000'000, bandwidth), "1.5GB/s");
  EXPECT_EQ(humanize(10'200'000, power), "10.2kW");
  EXPECT_EQ(humanize(999'499, power), "999W");
  EXPECT_EQ(humanize(999'500, power), "1kW");
  EXPECT_EQ(humanize(12'345'678, duration), "12.3ms");
  EXPECT_EQ(humanize(59'990'000'000, duration), "59s");
  EXPECT_EQ(humanize(200'000'000'000, duration), "3m20s");
  EXPECT_EQ(humanize(500, number), "0.5");
  EXPECT_EQ(humanize(1'234'567'000, number), "1.23M");
  EXPECT_EQ(humanize(3'600'000, energy), "1kWh");
  EXPECT_EQ(humanize(12'500, percent), "12.5%");
  EXPECT_EQ(humanize(0, bytes), "0");
  EXPECT_EQ(humanize(-1'500, rate), "-1.5/s");
}

TEST(Humanize, does_not_round_a_bill_to_three_digits) {
  EXPECT_EQ(humanize(1'234'567'890, money, "EUR"), "1235EUR");
  EXPECT_EQ(humanize(40'000'000, money_per_hour, "EUR"), "40EUR/h");
  EXPECT_EQ(humanize(120'000, money_per_energy, "EUR"), "0.12EUR/kWh");
}

}  // namespace
}  // namespace freehold
