#include "base/large_pages.h"

#include <gtest/gtest.h>

#include <cstdint>

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

}  // namespace
}  // namespace freehold
