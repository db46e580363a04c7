#include "fleet/power.h"

#include <algorithm>
#include <limits>

#include "api/site.h"
#include "fleet/hash.h"

namespace freehold::fleet {
namespace {

// Real chains are some six deep (shelf, rack, busway, UPS, generator, utility); the bounds keep a
// hostile graph of suppliers, which may have exponentially many paths, from costing more than a
// look.
constexpr size_t deepest = 16;
constexpr int most_steps = 1'024;

uint64_t load_hash(std::string_view domain, int64_t mw) {
  return mw == 0 ? 0 : Hash().add(domain).add(mw).value();
}

int64_t divide_up(int64_t a, int64_t b) { return a / b + (a % b != 0 ? 1 : 0); }

// Without leaving the range of numbers that are safe to add: a hostile spec may ask for all the
// watts there are.
int64_t add_within(int64_t a, int64_t b) {
  constexpr int64_t most = std::numeric_limits<int64_t>::max() / 4;
  return std::clamp(a + std::clamp(b, -most, most), -most, most);
}

}  // namespace

bool PowerGrid::put(const api::PowerDomain& domain) {
  Domain d;
  d.capacity_mw = domain.spec.capacity.value();
  d.suppliers = domain.spec.supplied_by.domains;
  std::sort(d.suppliers.begin(), d.suppliers.end());
  const auto n = static_cast<int64_t>(d.suppliers.size());
  d.required = std::clamp<int64_t>(domain.spec.supplied_by.required, 1, std::max<int64_t>(n, 1));
  Hash h;
  h.add(domain.metadata.name).add(d.capacity_mw).add(d.required);
  for (const std::string& supplier : d.suppliers) h.add(supplier);
  d.hash = h.value();
  const Domain* known = domains_.find(domain.metadata.name);
  if (known != nullptr && known->hash == d.hash) return false;
  if (known != nullptr) hash_ -= known->hash;
  hash_ += d.hash;
  domains_.write(domain.metadata.name) = std::move(d);
  return true;
}

bool PowerGrid::remove(std::string_view name) {
  const Domain* domain = domains_.find(name);
  if (domain == nullptr) return false;
  hash_ -= domain->hash;
  return domains_.erase(name);
}

PowerFlow PowerGrid::flow(const std::vector<api::Feed>& feeds, int64_t power_mw) const {
  PowerFlow all;
  if (power_mw <= 0) return all;
  int steps = 0;
  std::vector<std::string_view> path;
  for (const api::Feed& feed : feeds) {
    const int64_t share = std::clamp<int64_t>(feed.share_percent, 0, 100);
    // In two parts, so that the product stays in range.
    const int64_t mw = power_mw / 100 * share + divide_up(power_mw % 100 * share, 100);
    spread(feed.domain, mw, path, steps, all);
  }
  std::sort(all.begin(), all.end());
  PowerFlow sums;
  for (auto& [domain, mw] : all) {
    if (!sums.empty() && sums.back().first == domain)
      sums.back().second = add_within(sums.back().second, mw);
    else
      sums.emplace_back(std::move(domain), mw);
  }
  return sums;
}

void PowerGrid::spread(const std::string& domain, int64_t power_mw,
                       std::vector<std::string_view>& path, int& steps, PowerFlow& out) const {
  if (power_mw == 0 || path.size() >= deepest || ++steps > most_steps) return;
  // A circle of suppliers is an error of whoever wrote it; it must not become an endless loop here.
  if (std::find(path.begin(), path.end(), domain) != path.end()) return;
  out.emplace_back(domain, power_mw);
  const Domain* known = domains_.find(domain);
  if (known == nullptr) return;
  path.push_back(domain);
  const int64_t each = divide_up(power_mw, known->required);
  for (const std::string& supplier : known->suppliers) spread(supplier, each, path, steps, out);
  path.pop_back();
}

void PowerGrid::change(const PowerFlow& flow, int64_t sign) {
  for (const auto& [domain, mw] : flow) {
    Load& load = loads_.write(domain);
    hash_ -= load_hash(domain, load.mw);
    load.mw = add_within(load.mw, sign * mw);
    hash_ += load_hash(domain, load.mw);
    if (load.mw == 0) loads_.erase(domain);
  }
}

void PowerGrid::add(const PowerFlow& flow) { change(flow, 1); }
void PowerGrid::subtract(const PowerFlow& flow) { change(flow, -1); }

void PowerGrid::clear_loads() {
  for (const std::string& domain : loads_.keys())
    hash_ -= load_hash(domain, loads_.find(domain)->mw);
  loads_ = {};
}

bool PowerGrid::is_known(std::string_view domain) const { return domains_.find(domain) != nullptr; }

int64_t PowerGrid::capacity_mw(std::string_view domain) const {
  const Domain* known = domains_.find(domain);
  return known == nullptr ? -1 : known->capacity_mw;
}

const std::vector<std::string>& PowerGrid::suppliers_of(std::string_view domain) const {
  static const std::vector<std::string> none;
  const Domain* known = domains_.find(domain);
  return known == nullptr ? none : known->suppliers;
}

int64_t PowerGrid::load_mw(std::string_view domain) const {
  const Load* load = loads_.find(domain);
  return load == nullptr ? 0 : load->mw;
}

int64_t PowerGrid::headroom_mw(std::string_view domain) const {
  const Domain* known = domains_.find(domain);
  if (known == nullptr) return std::numeric_limits<int64_t>::max();
  return known->capacity_mw - load_mw(domain);
}

}  // namespace freehold::fleet
