#include "base/large_pages.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

namespace freehold {
namespace {

TEST(LargePages, a_table_keeps_what_it_holds_while_it_grows_over_a_large_page) {
  LargeTable<uint32_t> table;
  constexpr uint32_t most = (4u << 20) / sizeof(uint32_t);
  for (uint32_t i = 0; i < most; ++i) table.push_back(i);
  const LargeTable<uint32_t> copy = table;
  table.clear();
  table.shrink_to_fit();
  for (uint32_t i = 0; i < most; ++i) ASSERT_EQ(copy[i], i);
}

TEST(LargePages, a_table_of_that_size_begins_on_one) {
  const LargeTable<char> table(size_t{2} << 20);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(table.data()) % (size_t{2} << 20), 0U);
}

TEST(LargePages, what_is_pooled_is_whole_aligned_and_may_end_on_any_thread) {
  struct alignas(64) Thing {
    uint64_t value = 0;
    char rest[400] = {};
  };
  constexpr size_t many = 20'000;
  std::vector<std::shared_ptr<Thing>> things;
  for (uint64_t i = 0; i < many; ++i) {
    things.push_back(make_pooled<Thing>(Thing{i}));
    ASSERT_EQ(reinterpret_cast<uintptr_t>(things[i].get()) % alignof(Thing), 0U);
  }
  std::vector<std::shared_ptr<Thing>> half(things.begin(), things.begin() + many / 2);
  things.erase(things.begin(), things.begin() + many / 2);
  std::thread([half = std::move(half)]() mutable {
    for (size_t i = 0; i < half.size(); ++i) ASSERT_EQ(half[i]->value, i);
    half.clear();
  }).join();
  for (uint64_t i = 0; i < many / 2; ++i) things.push_back(make_pooled<Thing>(Thing{i}));
  for (size_t i = 0; i < many; ++i) ASSERT_EQ(things[i]->value, (i + many / 2) % many);
}

}  // namespace
}  // namespace freehold
