#include "base/random.h"

#include <gtest/gtest.h>

#include <set>

namespace freehold {
namespace {

// The first outputs of Sebastiano Vigna's splitmix64.c for seed 1234567.
TEST(Random, gives_the_published_sequence) {
  Random random(1234567);
  EXPECT_EQ(random.next(), 6457827717110365317u);
  EXPECT_EQ(random.next(), 3203168211198807973u);
  EXPECT_EQ(random.next(), 9817491932198370423u);
}

TEST(Random, one_seed_gives_one_sequence) {
  Random a(42), b(42);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(a.next(), b.next());
}

TEST(Random, a_range_includes_both_ends) {
  Random random(1);
  std::set<int64_t> seen;
  for (int i = 0; i < 200; ++i) seen.insert(random.in(-1, 2));
  EXPECT_EQ(seen, (std::set<int64_t>{-1, 0, 1, 2}));
  EXPECT_EQ(random.in(5, 5), 5);
}

TEST(Random, a_range_may_be_all_of_int64) {
  Random random(1);
  bool negative = false, positive = false;
  for (int i = 0; i < 100; ++i) {
    const int64_t n = random.in(INT64_MIN, INT64_MAX);
    negative |= n < 0;
    positive |= n > 0;
  }
  EXPECT_TRUE(negative && positive);
}

TEST(Random, percent_never_happens_at_0_and_always_at_100) {
  Random random(7);
  for (int i = 0; i < 1000; ++i) {
    EXPECT_FALSE(random.percent(0));
    EXPECT_TRUE(random.percent(100));
  }
}

}  // namespace
}  // namespace freehold
