// When each node was last heard from, by the server's own boot-time clock: leases are judged by
// locally observed renewal, never by the clock of whoever renews. How far that clock is behind is
// noted, because windows are told by it. Kept in memory: after a restart a node is unknown until it
// is heard from.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace freehold::control {

class Heartbeats {
 public:
  // `behind`: what the node's wall clock misses to the server's, the way of the message included;
  // negative when it is ahead.
  void renewed(std::string_view node, Duration uptime, Duration behind = {}) {
    seen_[std::string(node)] = {uptime, behind};
  }
  void forget(std::string_view node) { seen_.erase(std::string(node)); }
  std::optional<Duration> last(std::string_view node) const {
    const auto it = seen_.find(node);
    if (it == seen_.end()) return std::nullopt;
    return it->second.at;
  }
  Duration behind(std::string_view node) const {
    const auto it = seen_.find(node);
    return it == seen_.end() ? Duration{} : it->second.behind;
  }

 private:
  struct Seen {
    Duration at, behind;
  };
  std::map<std::string, Seen, std::less<>> seen_;
};

}  // namespace freehold::control
