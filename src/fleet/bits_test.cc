#include "fleet/bits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/random.h"

namespace freehold::fleet {
namespace {

using ::testing::ElementsAre;

TEST(Bits, sets_with_the_same_numbers_are_equal_however_they_grew) {
  Bits a = Bits::of({1, 200});
  a.remove(200);
  EXPECT_EQ(a, Bits::of({1}));
  EXPECT_EQ(a.hash(), Bits::of({1}).hash());
  a.remove(1);
  EXPECT_TRUE(a.empty());
  EXPECT_EQ(a, Bits());
}

TEST(Bits, read_and_print_lists_of_cpus) {
  EXPECT_THAT(Bits::of_list("0-2,65").numbers(), ElementsAre(0, 1, 2, 65));
  EXPECT_EQ(Bits::of({0, 1, 2, 65}).to_list(), "0-2,65");
  EXPECT_TRUE(Bits::of_list("3-1").empty());
}

TEST(Bits, agree_with_a_set_of_numbers) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    Random random(seed);
    std::set<uint32_t> sa, sb;
    Bits a, b;
    for (int i = 0; i < 40; ++i) {
      const auto n = static_cast<uint32_t>(random.in(0, seed % 2 == 0 ? 60 : 300));
      if (random.percent(50)) sa.insert(n), a.add(n);
      if (random.percent(50)) sb.insert(n), b.add(n);
      if (random.percent(20)) sa.erase(n), a.remove(n);
    }
    std::vector<uint32_t> both, either, only;
    std::set_intersection(sa.begin(), sa.end(), sb.begin(), sb.end(), std::back_inserter(both));
    std::set_union(sa.begin(), sa.end(), sb.begin(), sb.end(), std::back_inserter(either));
    std::set_difference(sa.begin(), sa.end(), sb.begin(), sb.end(), std::back_inserter(only));
    EXPECT_EQ((a & b).numbers(), both);
    EXPECT_EQ((a | b).numbers(), either);
    EXPECT_EQ((a - b).numbers(), only);
    EXPECT_EQ(a.count(), sa.size());
    EXPECT_EQ(a.count_common(b), both.size());
    EXPECT_EQ(a.overlaps(b), !both.empty());
    EXPECT_EQ(a.contains(b), std::includes(sa.begin(), sa.end(), sb.begin(), sb.end()));
    if (!sa.empty()) {
      EXPECT_EQ(a.first(), *sa.begin());
    }
  }
}

}  // namespace
}  // namespace freehold::fleet
