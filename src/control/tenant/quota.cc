#include "control/tenant/quota.h"

#include <set>

#include "api/core.h"

namespace freehold::control {

namespace {

constexpr int deepest_tenant = 16;

std::string_view class_name(api::DeviceClass cls) {
  for (const auto& v : schema::type_of<api::DeviceClass>.values)
    if (v.value == static_cast<int64_t>(cls)) return v.name;
  return "other";
}

void add(Usage& sum, std::string_view key, const Quantity& amount, int64_t times) {
  if (!amount.is_set() || times == 0) return;
  Quantity& at = sum[std::string(key)];
  const int64_t before = at.is_set() ? at.value() : 0;
  at = Quantity::of(before + amount.value() * times, amount.dimension(), amount.currency());
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
    add(sum, "cpu", role.each.cpu, role.count);
    add(sum, "memory", role.each.memory, role.count);
    add(sum, "power", role.each.power, role.count);
    for (const api::DeviceRequest& d : role.each.devices)
      add(sum, class_name(d.cls), Quantity::of(d.count * 1000, Dimension::number), role.count);
  }
  return sum;
}

void add_usage(Usage& sum, const Usage& more) {
  for (const auto& [key, amount] : more) add(sum, key, amount, 1);
}

Usage usage_of(const ledger::View& view, std::string_view tenant) {
  Usage sum;
  std::map<std::string, bool, std::less<>> ours;  // namespaces seen so far
  for (const api::Contract* c : view.all<api::Contract>()) {
    if (!holds_capacity(*c)) continue;
    auto [it, fresh] = ours.try_emplace(c->metadata.ns, false);
    if (fresh) {
      const auto* ns = view.get<api::Namespace>({}, c->metadata.ns);
      const auto label =
          ns ? ns->metadata.labels.find(api::tenant_label) : decltype(ns->metadata.labels.end()){};
      it->second =
          ns && label != ns->metadata.labels.end() && is_within(view, label->second, tenant);
    }
    if (it->second) add_usage(sum, request_of(c->spec));
  }
  return sum;
}

std::vector<const api::Tenant*> quota_chain(const ledger::View& view, const api::Tenant& tenant) {
  std::vector<const api::Tenant*> chain;
  const api::Tenant* at = &tenant;
  for (int depth = 0; at != nullptr && depth < deepest_tenant; ++depth) {
    if (!at->spec.quota.empty()) chain.push_back(at);
    at = at->spec.parent.empty() ? nullptr : view.get<api::Tenant>({}, at->spec.parent);
  }
  return chain;
}

std::string quota_exceeded(const ledger::View& view, const api::Tenant& tenant,
                           const api::Contract& contract) {
  const Usage wanted = request_of(contract.spec);
  for (const api::Tenant* at : quota_chain(view, tenant)) {
    const Usage used = usage_of(view, at->metadata.name);
    for (const auto& [key, limit] : at->spec.quota) {
      const auto want = wanted.find(key);
      if (want == wanted.end() || want->second.dimension() != limit.dimension()) continue;
      const auto have = used.find(key);
      const int64_t held = have == used.end() ? 0 : have->second.value();
      if (held + want->second.value() <= limit.value()) continue;
      return "tenant \"" + at->metadata.name + "\" may use " + limit.text() + " " + key +
             ", holds " + humanize(held, limit.dimension(), limit.currency()) +
             " and this contract asks for " +
             humanize(want->second.value(), limit.dimension(), limit.currency()) +
             "; ask for less, end another contract or raise spec.quota." + key;
    }
  }
  return {};
}

}  // namespace freehold::control
