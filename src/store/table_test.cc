#include "store/table.h"

#include <gtest/gtest.h>

#include <map>

#include "base/random.h"

namespace freehold::store {
namespace {

Entry entry(const std::string& key, Rev rev) {
  return {key, rev, rev, std::make_shared<const std::string>(std::to_string(rev))};
}

void expect_same(const Table& table, const std::map<std::string, Rev>& model) {
  ASSERT_EQ(table.size(), model.size());
  Table::Place place{};
  size_t rank = 0, bytes = 0;
  for (const auto& [key, rev] : model) {
    const Entry* found = table.at(place);
    ASSERT_NE(found, nullptr);
    ASSERT_EQ(found->key, key);
    ASSERT_EQ(found->rev, rev);
    ASSERT_EQ(table.rank(place), rank++);
    bytes += key.size() + found->value->size();
    place = table.next(place);
  }
  EXPECT_EQ(place, table.end());
  EXPECT_EQ(table.at(place), nullptr);
  EXPECT_EQ(table.bytes(), bytes);
}

TEST(Table, agrees_with_a_map_while_it_grows_and_shrinks) {
  Random chance(3);
  Table table;
  std::map<std::string, Rev> model;
  for (Rev rev = 1; rev <= 20'000; ++rev) {
    // Mostly additions at first, mostly removals later.
    const std::string key = "k" + std::to_string(chance.in(0, 3'000));
    if (chance.percent(rev < 10'000 ? 30 : 75)) {
      EXPECT_EQ(table.erase(key), model.erase(key) == 1);
    } else {
      table.put(entry(key, rev));
      model[key] = rev;
    }
    const Entry* found = table.find(key);
    ASSERT_EQ(found != nullptr, model.contains(key));
    const std::string probe = "k" + std::to_string(chance.in(0, 3'000));
    const auto rank = static_cast<size_t>(std::distance(model.begin(), model.lower_bound(probe)));
    if (rev % 50 == 0) {
      ASSERT_EQ(table.rank(table.first_not_below(probe)), rank);
      ASSERT_EQ(table.rank(table.first_above(probe)), rank + model.count(probe));
      const auto further = static_cast<size_t>(chance.in(0, 400));
      ASSERT_EQ(table.rank(table.skip(table.first_not_below(probe), further)),
                std::min(rank + further, table.size()));
    }
    if (rev % 1'000 == 0) expect_same(table, model);
  }
}

TEST(Table, takes_keys_in_order) {
  Table table;
  std::map<std::string, Rev> model;
  for (Rev rev = 100'000; rev < 101'000; ++rev) {
    table.put(entry(std::to_string(rev), rev));
    model[std::to_string(rev)] = rev;
  }
  expect_same(table, model);
}

TEST(Table, loads_in_any_order_and_refuses_a_key_twice) {
  Table table;
  std::map<std::string, Rev> model;
  std::vector<Entry> entries;
  for (Rev rev = 1; rev <= 1'000; ++rev) {
    entries.push_back(entry(std::to_string(rev), rev));
    model[std::to_string(rev)] = rev;
  }
  EXPECT_TRUE(table.load(entries));
  expect_same(table, model);
  entries.push_back(entry("500", 1));
  EXPECT_FALSE(table.load(entries));
}

TEST(Table, a_prefix_ends_where_its_last_byte_is_counted_up) {
  EXPECT_EQ(prefix_end("a/"), "a0");
  EXPECT_EQ(prefix_end("a\xff"), "b");
  EXPECT_EQ(prefix_end("\xff"), "");
  EXPECT_EQ(prefix_end(""), "");
}

}  // namespace
}  // namespace freehold::store
