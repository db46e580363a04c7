#include "fleet/facility/overhead.h"

#include <algorithm>
#include <cmath>

namespace freehold::fleet::facility {
namespace {

constexpr int64_t least_milli = 1'000, most_milli = 10'000;  // as the rules of a Site

}  // namespace

int64_t pue_milli_of(const api::Site& site) {
  if (!std::isfinite(site.spec.pue)) return least_milli;
  const double pue = std::clamp(site.spec.pue, 1.0, 10.0);
  return std::clamp<int64_t>(std::llround(pue * 1000), least_milli, most_milli);
}

int64_t pue_milli_of(const api::PowerDomain& domain, const Estate& estate) {
  if (domain.spec.type != api::PowerDomainType::utility &&
      domain.spec.type != api::PowerDomainType::generator)
    return least_milli;
  const auto site = estate.sites.find(domain.spec.site);
  return site == estate.sites.end() ? least_milli : pue_milli_of(*site->second);
}

std::string with_pue_text(int64_t pue_milli) {
  if (pue_milli == least_milli) return "";
  std::string digits = std::to_string(pue_milli % 1000 + 1000).substr(1);
  while (!digits.empty() && digits.back() == '0') digits.pop_back();
  return " with the PUE " + std::to_string(pue_milli / 1000) + (digits.empty() ? "" : ".") +
         digits + " of its site";
}

}  // namespace freehold::fleet::facility
