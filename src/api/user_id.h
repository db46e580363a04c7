// The user ids that the work of tenants runs as. One range, agreed on by who gives them out and by
// who starts work under them; no other id, and never root's, is taken for a tenant's. Plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/strings.h"

namespace freehold::api {

// Far above the ids that distributions, people and container engines use, and below what any
// program takes for a negative number.
inline constexpr int64_t first_tenant_user_id = 2'000'000;
inline constexpr int64_t last_tenant_user_id = 1'999'999'999;

inline constexpr bool is_tenant_user_id(int64_t id) {
  return id >= first_tenant_user_id && id <= last_tenant_user_id;
}

// The one way to write such an id: decimal, without sign or leading zeros. Empty: it is none.
inline std::optional<int64_t> parse_tenant_user_id(std::string_view text) {
  const auto id = parse_int(text);
  if (!id || !is_tenant_user_id(*id) || std::to_string(*id) != text) return std::nullopt;
  return *id;
}

}  // namespace freehold::api
