#include "fleet/cow.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "base/random.h"

namespace freehold::fleet {
namespace {

TEST(Cow, a_copy_does_not_see_what_the_other_writes) {
  Cow<std::string> a(std::string("one"));
  Cow<std::string> b = a;
  b.write() = "two";
  EXPECT_EQ(*a, "one");
  EXPECT_EQ(*b, "two");
  Cow<std::string> empty;
  EXPECT_EQ(*empty, "");
}

TEST(Cow, is_written_in_place_when_nobody_shares_it) {
  Cow<std::string> a(std::string("one"));
  const std::string* at = &*a;
  a.write() += "!";
  EXPECT_EQ(&*a, at);
}

TEST(CowVector, forks_keep_their_own_items) {
  CowVector<int> a;
  for (int i = 0; i < 200; ++i) a.push_back(i);
  CowVector<int> b = a;
  b.write(130) = -1;
  b.push_back(200);
  EXPECT_EQ(a.size(), 200u);
  EXPECT_EQ(b.size(), 201u);
  for (int i = 0; i < 200; ++i) {
    EXPECT_EQ(a[static_cast<size_t>(i)], i);
    EXPECT_EQ(b[static_cast<size_t>(i)], i == 130 ? -1 : i);
  }
}

TEST(CowMap, agrees_with_a_map_through_random_changes_and_forks) {
  struct Pair {
    CowMap<int> cow;
    std::map<std::string, int> map;
  };
  for (uint64_t seed = 0; seed < 20; ++seed) {
    Random random(seed);
    std::vector<Pair> forks(1);
    for (int i = 0; i < 600; ++i) {
      if (random.percent(2) && forks.size() < 8) forks.push_back(forks.back());
      Pair& p = forks[static_cast<size_t>(random.in(0, static_cast<int64_t>(forks.size()) - 1))];
      const std::string key = "k" + std::to_string(random.in(0, 80));
      if (random.percent(60)) {
        p.cow.write(key) = i;
        p.map[key] = i;
      } else {
        EXPECT_EQ(p.cow.erase(key), p.map.erase(key) == 1);
      }
    }
    for (const Pair& p : forks) {
      std::vector<std::string> keys;
      for (const auto& [key, value] : p.map) {
        keys.push_back(key);
        ASSERT_NE(p.cow.find(key), nullptr);
        EXPECT_EQ(*p.cow.find(key), value);
      }
      EXPECT_EQ(p.cow.keys(), keys);
      EXPECT_EQ(p.cow.size(), p.map.size());
    }
  }
}

}  // namespace
}  // namespace freehold::fleet
