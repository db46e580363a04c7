// When each node was last heard from, by the server's own boot-time clock: leases are judged by
// locally observed renewal, never by the clock of whoever renews. Kept in memory: after a restart a
// node is unknown until it is heard from.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace freehold::control {

class Heartbeats {
 public:
  void renewed(std::string_view node, Duration uptime) { seen_[std::string(node)] = uptime; }
  void forget(std::string_view node) { seen_.erase(std::string(node)); }
  std::optional<Duration> last(std::string_view node) const {
    const auto it = seen_.find(node);
    if (it == seen_.end()) return std::nullopt;
    return it->second;
  }

 private:
  std::map<std::string, Duration, std::less<>> seen_;
};

}  // namespace freehold::control
