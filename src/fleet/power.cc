#include "fleet/power.h"

#include <algorithm>
#include <limits>

#include "base/check.h"
#include "fleet/facility/limits.h"
#include "fleet/facility/reach.h"
#include "fleet/hash.h"

namespace freehold::fleet {
namespace {

uint64_t load_hash(std::string_view domain, int64_t mw) {
  return mw == 0 ? 0 : Hash().add(domain).add(mw).value();
}

uint64_t pue_hash(std::string_view site, int64_t pue_milli) {
  return pue_milli == 1'000 ? 0 : Hash().add("pue").add(site).add(pue_milli).value();
}

// Without leaving the range of numbers that are safe to add: hostile specs may ask for all the
// watts there are.
int64_t add_within(int64_t a, int64_t b) {
  constexpr int64_t most = std::numeric_limits<int64_t>::max() / 4;
  return std::clamp(a + std::clamp(b, -most, most), -most, most);
}

auto find_case(auto& cases, uint32_t failed) {
  return std::lower_bound(cases.begin(), cases.end(), failed,
                          [](const PowerCase& c, uint32_t f) { return c.first < f; });
}

}  // namespace

int64_t PowerDraw::while_down(uint32_t failed) const {
  const auto at = find_case(cases, failed);
  return at != cases.end() && at->first == failed ? at->second : mw;
}

// ---- what there is

bool PowerGrid::put(const api::PowerDomain& domain) {
  Domain d;
  d.capacity_mw = domain.spec.capacity.value();
  d.type = domain.spec.type;
  d.site = domain.spec.site;
  d.required = domain.spec.supplied_by.required;
  d.suppliers = domain.spec.supplied_by.domains;
  d.said = api::said_of(domain.metadata);
  std::sort(d.suppliers.begin(), d.suppliers.end());
  Hash h;
  h.add(domain.metadata.name).add(d.site).add(d.capacity_mw).add(d.required);
  h.add(static_cast<uint64_t>(d.type));
  for (const std::string& supplier : d.suppliers) h.add(supplier);
  d.hash = h.value();
  const Domain* known = domains_.find(domain.metadata.name);
  if (known != nullptr && known->hash == d.hash) {
    if (known->said != d.said) domains_.write(domain.metadata.name).said = std::move(d.said);
    return false;
  }
  if (known != nullptr) hash_ -= known->hash;
  hash_ += d.hash;
  domains_.write(domain.metadata.name) = std::move(d);
  return true;
}

bool PowerGrid::remove(std::string_view name) {
  const Domain* domain = domains_.find(name);
  if (domain == nullptr) return false;
  hash_ -= domain->hash;
  names_.write(name) = 1;  // feeds may go on naming it
  return domains_.erase(name);
}

bool PowerGrid::put_pue(std::string_view site, int64_t pue_milli) {
  const int64_t was = pue_milli_of_site(site);
  if (was == pue_milli) return false;
  hash_ += pue_hash(site, pue_milli) - pue_hash(site, was);
  if (pue_milli == 1'000) return pue_.erase(site);
  pue_.write(site) = pue_milli;
  return true;
}

int64_t PowerGrid::pue_milli_of_site(std::string_view site) const {
  const int64_t* told = pue_.find(site);
  return told == nullptr ? 1'000 : *told;
}

bool PowerGrid::put_names(const std::vector<api::Feed>& feeds) {
  bool is_new = false;
  for (const api::Feed& feed : feeds) {
    if (is_known(feed.domain) || names_.find(feed.domain) != nullptr) continue;
    names_.write(feed.domain) = 1;
    is_new = true;
  }
  return is_new;
}

void PowerGrid::settle() {
  clear_loads();
  const std::vector<std::string> keys = domains_.keys();
  std::vector<api::PowerDomain> all(keys.size());
  std::vector<const api::PowerDomain*> domains;
  std::vector<int64_t> pue;
  for (size_t i = 0; i < keys.size(); ++i) {
    const Domain& domain = *domains_.find(keys[i]);
    all[i].metadata.name = keys[i];
    all[i].spec.type = domain.type;
    all[i].spec.capacity = Quantity::of(domain.capacity_mw, Dimension::power);
    all[i].spec.supplied_by = {domain.required, domain.suppliers};
    domains.push_back(&all[i]);
    pue.push_back(pue_milli_of_site(domain.site));
  }
  std::vector<facility::Consumer> named(1);
  for (std::string& name : names_.keys()) named[0].feeds.push_back({std::move(name), 0, {}});
  supply_ = std::make_shared<const facility::Supply>(domains, named, nullptr, pue);
  loads_ = {};
  most_pue_milli_ = 1'000;
  for (const facility::Supply::Domain& domain : supply_->domains()) {
    loads_.push_back({});
    most_pue_milli_ = std::max(most_pue_milli_, domain.pue_milli);
  }
}

int64_t PowerGrid::capacity_mw(std::string_view domain) const {
  const Domain* known = domains_.find(domain);
  return known == nullptr ? -1 : known->capacity_mw;
}

const std::vector<std::string>& PowerGrid::suppliers_of(std::string_view domain) const {
  static const std::vector<std::string> none;
  const Domain* known = domains_.find(domain);
  return known == nullptr ? none : known->suppliers;
}

api::Said PowerGrid::said_of(std::string_view domain) const {
  const Domain* known = domains_.find(domain);
  return known == nullptr ? api::Said() : known->said;
}

// ---- loads

PowerFlow PowerGrid::flow(const std::vector<api::Feed>& feeds, int64_t power_mw) const {
  PowerFlow out;
  if (power_mw <= 0 || feeds.empty()) return out;
  CHECK(supply_ != nullptr, "the power grid is not settled");
  const facility::Reach reach(*supply_, feeds);
  out.is_too_wide = reach.is_too_wide();
  if (out.is_too_wide) return out;
  const int64_t mw = std::min(power_mw, facility::most_capacity_mw);
  const std::vector<uint32_t>& domains = reach.domains();
  // In range also with overhead; below 0 is what is down.
  const auto in_range = [](int64_t load) {
    return std::clamp<int64_t>(load, 0, facility::most_capacity_mw);
  };
  const std::vector<int64_t> usual = reach.loads(mw, facility::none);
  for (size_t i = 0; i < domains.size(); ++i)
    out.draws.push_back({domains[i], in_range(usual[i]), {}});
  for (const uint32_t failed : domains) {
    const std::vector<int64_t> loads = reach.loads(mw, failed);
    for (size_t i = 0; i < domains.size(); ++i)
      if (const int64_t then = in_range(loads[i]); then != out.draws[i].mw)
        out.draws[i].cases.emplace_back(failed, then);
  }
  for (PowerDraw& draw : out.draws) std::sort(draw.cases.begin(), draw.cases.end());
  std::sort(out.draws.begin(), out.draws.end(),
            [](const PowerDraw& a, const PowerDraw& b) { return a.domain < b.domain; });
  return out;
}

void PowerGrid::change(const PowerFlow& flow, int64_t sign) {
  for (const PowerDraw& draw : flow.draws) {
    Load& load = loads_.write(draw.domain);
    const std::string& domain = name(draw.domain);
    hash_ -= load_hash(domain, load.mw);
    load.mw = add_within(load.mw, sign * draw.mw);
    hash_ += load_hash(domain, load.mw);
    for (const auto& [failed, mw] : draw.cases) {
      auto at = find_case(load.changes, failed);
      if (at == load.changes.end() || at->first != failed)
        at = load.changes.insert(at, {failed, 0});
      at->second = add_within(at->second, sign * (mw - draw.mw));
      if (at->second == 0) load.changes.erase(at);
    }
  }
}

void PowerGrid::clear_loads() {
  for (uint32_t d = 0; d < loads_.size(); ++d) {
    if (loads_[d].mw == 0 && loads_[d].changes.empty()) continue;
    hash_ -= load_hash(name(d), loads_[d].mw);
    loads_.write(d) = {};
  }
}

uint32_t PowerGrid::find(std::string_view domain) const {
  return supply_ == nullptr ? facility::none : supply_->find(domain);
}
const std::string& PowerGrid::name(uint32_t domain) const {
  return supply_->domains()[domain].name;
}
int64_t PowerGrid::capacity_mw(uint32_t domain) const {
  return supply_->domains()[domain].capacity_mw;
}
int64_t PowerGrid::pue_milli(uint32_t domain) const { return supply_->domains()[domain].pue_milli; }

int64_t PowerGrid::most_arriving_mw(uint32_t domain, int64_t mw) const {
  if (!supply_->domains()[domain].has_overhead) return mw;
  constexpr int64_t most = std::numeric_limits<int64_t>::max() / 16;  // times the largest overhead
  return facility::part_of(std::min(mw, most), most_pue_milli_, 1'000);
}

int64_t PowerGrid::load_mw(uint32_t domain, uint32_t failed) const {
  const Load& load = loads_[domain];
  const auto at = find_case(load.changes, failed);
  return load.mw + (at != load.changes.end() && at->first == failed ? at->second : 0);
}

}  // namespace freehold::fleet
