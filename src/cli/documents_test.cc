// What people hand in, and what of it one request holds.
#include "cli/documents.h"

#include <gtest/gtest.h>

#include "base/limits.h"

namespace freehold::cli {
namespace {

std::vector<Document> config_maps(size_t count, size_t bytes) {
  std::string text;
  for (size_t i = 0; i < count; ++i)
    text += "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c" + std::to_string(i) +
            "}\ndata: {text: \"" + std::string(bytes, 'x') + "\"}\n";
  return parse_documents(text, "default").value();
}

constexpr size_t quarter = limits::body_bytes / 4;

TEST(Documents, go_in_as_many_sets_as_requests_hold_them) {
  const auto sets = sets_of(config_maps(7, quarter));
  ASSERT_EQ(sets.size(), 3u);
  EXPECT_EQ(sets[0].size() + sets[1].size() + sets[2].size(), 7u);
  for (const json::Array& set : sets)
    EXPECT_LT(json::print(json::Value(set)).size(), limits::body_bytes);
}

TEST(Documents, that_have_to_be_seen_together_are_refused_beyond_one_request) {
  const auto fits = one_set(config_maps(3, quarter), "a quote");
  ASSERT_TRUE(fits.ok());
  EXPECT_EQ(fits->size(), 3u);
  for (const auto& [count, bytes] : {std::pair(5, quarter), std::pair(1, limits::body_bytes)}) {
    const auto refused = one_set(config_maps(static_cast<size_t>(count), bytes), "a quote");
    ASSERT_FALSE(refused.ok()) << count;
    EXPECT_EQ(refused.error().reason, Reason::too_large);
    EXPECT_EQ(refused.error().message, "a quote holds at most 3 MiB; give fewer files at once");
  }
}

}  // namespace
}  // namespace freehold::cli
