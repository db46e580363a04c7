#include "control/tenant/quota.h"

#include <algorithm>

#include "api/core.h"

namespace freehold::control {

namespace {

constexpr int deepest_tenant = 16;

std::string_view class_name(api::DeviceClass cls) {
  for (const auto& v : schema::type_of<api::DeviceClass>.values)
    if (v.value == static_cast<int64_t>(cls)) return v.name;
  return "other";
}

// More than can be counted counts as the most that can: a sum that wraps around would be within any
// quota.
int64_t times_bounded(int64_t amount, int64_t times) {
  int64_t product = 0;
  return __builtin_mul_overflow(amount, times, &product) ? INT64_MAX : product;
}

int64_t plus_bounded(int64_t a, int64_t b) {
  int64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

void add(Usage& sum, std::string_view key, const Quantity& amount, int64_t times) {
  if (!amount.is_set() || times == 0) return;
  Quantity& at = sum[std::string(key)];
  // Prices in different currencies do not add; a quota of money names one.
  if (at.is_set() && at.currency() != amount.currency()) return;
  at = Quantity::of(plus_bounded(at.value(), times_bounded(amount.value(), times)),
                    amount.dimension(), amount.currency());
}

// CPUs are given whole: a part of one takes it from everyone else.
Quantity cpus_taken(const Quantity& cpu) {
  if (!cpu.is_set()) return cpu;
  const int64_t milli = std::max<int64_t>(cpu.value(), 0);
  const int64_t whole = milli / 1000 + (milli % 1000 != 0 ? 1 : 0);
  return Quantity::of(times_bounded(whole, 1000), Dimension::number);
}

bool is_within(const ledger::View& view, std::string_view tenant, std::string_view ancestor) {
  std::string at(tenant);
  for (int depth = 0; depth < deepest_tenant && !at.empty(); ++depth) {
    if (at == ancestor) return true;
    const auto* t = view.get<api::Tenant>({}, at);
    at = t ? t->spec.parent : "";
  }
  return false;
}

bool holds_capacity(const api::Contract& c) {
  switch (c.status.phase) {
    case api::ContractPhase::pending:
    case api::ContractPhase::refused:
    case api::ContractPhase::settled:
      return false;
    default:
      return true;
  }
}

}  // namespace

Usage request_of(const api::ContractSpec& spec) {
  Usage sum;
  for (const api::ContractRole& role : spec.roles) {
    add(sum, "cpu", cpus_taken(role.each.cpu), role.count);
    add(sum, "memory", role.each.memory, role.count);
    add(sum, "power", role.each.power, role.count);
    for (const api::DeviceRequest& d : role.each.devices)
      add(sum, class_name(d.cls), Quantity::of(times_bounded(d.count, 1000), Dimension::number),
          role.count);
  }
  return sum;
}

void add_usage(Usage& sum, const Usage& more) {
  for (const auto& [key, amount] : more) add(sum, key, amount, 1);
}

namespace {

// Contracts of the tenant, and of those below it, that hold capacity.
std::vector<const api::Contract*> holders(const ledger::View& view, std::string_view tenant,
                                          const api::Contract* but) {
  std::vector<const api::Contract*> found;
  std::map<std::string, bool, std::less<>> ours;  // namespaces seen so far
  for (const api::Contract* c : view.all<api::Contract>()) {
    if (!holds_capacity(*c)) continue;
    if (but != nullptr && c->metadata.ns == but->metadata.ns &&
        c->metadata.name == but->metadata.name)
      continue;
    auto [it, fresh] = ours.try_emplace(c->metadata.ns, false);
    if (fresh) {
      const auto* ns = view.get<api::Namespace>({}, c->metadata.ns);
      const auto label =
          ns ? ns->metadata.labels.find(api::tenant_label) : decltype(ns->metadata.labels.end()){};
      it->second =
          ns && label != ns->metadata.labels.end() && is_within(view, label->second, tenant);
    }
    if (it->second) found.push_back(c);
  }
  return found;
}

// Per hour, of the offer that the contract stands on; unset without a price.
Quantity price_of_contract(const ledger::View& view, const api::Contract& c) {
  const auto* offer = view.get<api::Offer>(c.metadata.ns, c.status.offer);
  return offer == nullptr ? Quantity() : offer->spec.price_per_hour;
}

Usage usage_but(const ledger::View& view, std::string_view tenant, const api::Contract* but) {
  Usage sum;
  for (const api::Contract* c : holders(view, tenant, but)) {
    add_usage(sum, request_of(c->spec));
    add(sum, money_resource, price_of_contract(view, *c), 1);
  }
  return sum;
}

std::string exceeded(const api::Tenant& tenant, std::string_view key, const Quantity& limit,
                     int64_t held, int64_t wanted) {
  const auto text = [&](int64_t value) {
    return humanize(value, limit.dimension(), limit.currency());
  };
  return "tenant \"" + tenant.metadata.name + "\" may use " + limit.text() + " " +
         std::string(key) + ", holds " + text(held) + " and this contract asks for " +
         text(wanted) + "; ask for less, end another contract or raise spec.quota." +
         std::string(key);
}

}  // namespace

Usage usage_of(const ledger::View& view, std::string_view tenant) {
  return usage_but(view, tenant, nullptr);
}

std::vector<const api::Tenant*> lineage_of(const ledger::View& view, const api::Tenant& tenant) {
  std::vector<const api::Tenant*> lineage;
  const auto is_there = [&](const std::string& name) {
    return std::ranges::any_of(lineage, [&](auto* t) { return t->metadata.name == name; });
  };
  const api::Tenant* at = &tenant;
  for (int depth = 0; at != nullptr && depth < deepest_tenant; ++depth) {
    lineage.push_back(at);
    const std::string& parent = at->spec.parent;
    at = parent.empty() || is_there(parent) ? nullptr : view.get<api::Tenant>({}, parent);
  }
  return lineage;
}

std::vector<const api::Tenant*> quota_chain(const ledger::View& view, const api::Tenant& tenant) {
  auto chain = lineage_of(view, tenant);
  std::erase_if(chain, [](const api::Tenant* t) { return t->spec.quota.empty(); });
  return chain;
}

std::string quota_exceeded(const ledger::View& view, const api::Tenant& tenant,
                           const api::Contract& contract) {
  const Usage wanted = request_of(contract.spec);
  for (const api::Tenant* at : quota_chain(view, tenant)) {
    const Usage used = usage_but(view, at->metadata.name, &contract);
    for (const auto& [key, limit] : at->spec.quota) {
      const auto want = wanted.find(key);
      if (want == wanted.end() || want->second.dimension() != limit.dimension()) continue;
      const auto have = used.find(key);
      const int64_t held = have == used.end() ? 0 : have->second.value();
      if (plus_bounded(held, want->second.value()) <= limit.value()) continue;
      return exceeded(*at, key, limit, held, want->second.value());
    }
  }
  return {};
}

std::string money_exceeded(const ledger::View& view, const api::Tenant& tenant,
                           const api::Contract& contract, const Quantity& per_hour) {
  for (const api::Tenant* at : quota_chain(view, tenant)) {
    const auto limit = at->spec.quota.find(money_resource);
    if (limit == at->spec.quota.end() || limit->second.dimension() != Dimension::money_per_hour)
      continue;
    if (!per_hour.is_set()) continue;  // no price book covers it, and so nothing is charged
    if (per_hour.currency() != limit->second.currency())
      return "tenant \"" + at->metadata.name + "\" may use " + limit->second.text() +
             " money, and this contract costs " + per_hour.text() +
             "; state spec.quota.money in the currency of the price book";
    int64_t held = 0;
    for (const api::Contract* c : holders(view, at->metadata.name, &contract)) {
      const Quantity price = price_of_contract(view, *c);
      if (price.is_set() && price.currency() == per_hour.currency())
        held = plus_bounded(held, price.value());
    }
    if (plus_bounded(held, per_hour.value()) > limit->second.value())
      return exceeded(*at, money_resource, limit->second, held, per_hour.value());
  }
  return {};
}

}  // namespace freehold::control
