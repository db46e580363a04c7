#include "place/power_limits.h"

#include <algorithm>
#include <set>

namespace freehold::place {
namespace {

// Cases of one domain that are looked at one by one. A domain near the grid of a large and full
// site has one per rack; those beyond are taken together, which never promises too much.
constexpr size_t most_cases = 64;

// Of all members together on one domain in any case. Watts are rounded up wherever they part, by
// less than this per member.
int64_t most_asked_mw(const Ask& ask) {
  constexpr int64_t rounding_mw = 1'000, most = INT64_MAX / 4;
  int64_t sum = 0;
  for (const RoleAsk& role : ask.roles) {
    const int64_t count = std::max<int64_t>(role.count(), 0);
    if (role.power_mw <= 0 || count == 0) continue;
    if (role.power_mw > most / count - rounding_mw) return most;
    sum = std::min(most, sum + count * (role.power_mw + rounding_mw));
  }
  return sum;
}

}  // namespace

PowerLimits::PowerLimits(const fleet::PowerGrid& loads, const Ask& ask,
                         const std::vector<std::vector<fleet::PowerFlow>>& flows) {
  std::map<uint32_t, std::set<uint32_t>> cases;
  for (const auto& roles : flows)
    for (const fleet::PowerFlow& flow : roles)
      for (const fleet::PowerDraw& draw : flow.draws) {
        if (loads.capacity_mw(draw.domain) < 0) continue;
        std::set<uint32_t>& of_domain = cases[draw.domain];
        for (const auto& [failed, mw] : draw.cases) of_domain.insert(failed);
      }
  const int64_t most_asked = most_asked_mw(ask);
  for (const auto& [domain, failed] : cases)
    limit_domain(loads, domain, {failed.begin(), failed.end()},
                 loads.most_arriving_mw(domain, most_asked));
  for (const auto& roles : flows) {
    auto& of_feed = draws_.emplace_back();
    for (const fleet::PowerFlow& flow : roles) {
      std::vector<Draw>& of_role = of_feed.emplace_back();
      for (const fleet::PowerDraw& draw : flow.draws) {
        const auto limits = limits_.find(draw.domain);
        if (limits == limits_.end()) continue;
        for (const Limit& limit : limits->second) {
          int64_t most = 0;
          for (const uint32_t failed : limit.failed) most = std::max(most, draw.while_down(failed));
          if (most > 0) of_role.push_back({limit.index, most});
        }
      }
    }
  }
}

void PowerLimits::limit_domain(const fleet::PowerGrid& loads, uint32_t domain,
                               const std::vector<uint32_t>& cases, int64_t most_asked) {
  const int64_t capacity = loads.capacity_mw(domain);
  std::vector<std::pair<int64_t, uint32_t>> binding;  // what is left, and the case
  const auto add = [&](int64_t left, uint32_t failed) {
    if (left < most_asked) binding.emplace_back(left, failed);
  };
  // A failure that is none of these changes what others draw, not what is asked for: the worst of
  // them stands for all, and for none at all.
  int64_t worst = 0;
  for (const auto& [failed, change] : loads.changes(domain))
    if (!std::binary_search(cases.begin(), cases.end(), failed)) worst = std::max(worst, change);
  add(capacity - loads.load_mw(domain) - worst, fleet::facility::none);
  for (const uint32_t failed : cases)
    if (failed != domain) add(capacity - loads.load_mw(domain, failed), failed);
  if (binding.empty()) return;
  std::sort(binding.begin(), binding.end());
  std::vector<Limit>& limits = limits_[domain];
  for (size_t i = 0; i < binding.size(); ++i) {
    if (i < most_cases) {
      limits.push_back({headroom_mw_.size(), {}});
      headroom_mw_.push_back(binding[i].first);
    }
    limits.back().failed.push_back(binding[i].second);
  }
}

}  // namespace freehold::place
