#include "api/registry.h"

#include <algorithm>
#include <array>

#include "api/catalog.h"
#include "api/contract.h"
#include "api/core.h"
#include "api/node.h"
#include "api/site.h"
#include "api/storage.h"
#include "api/tenancy.h"
#include "api/workload.h"
#include "base/strings.h"

namespace freehold::api {
namespace {

bool is_called(const Kind& kind, std::string_view lower) {
  return lower == kind.plural || lower == kind.singular || lower == to_lower(kind.name) ||
         std::ranges::find(kind.short_names, lower) != kind.short_names.end() ||
         (lower.size() > kind.plural.size() && lower.starts_with(kind.plural) &&
          lower == kind.resource());
}

template <class Match>
const Kind* find(Match match) {
  for (const Kind* kind : kinds())
    if (match(*kind)) return kind;
  return nullptr;
}

// Takes the text up to the next slash, and the slash.
std::string_view take_part(std::string_view& text) {
  const size_t slash = std::min(text.find('/'), text.size());
  const std::string_view part = text.substr(0, slash);
  text.remove_prefix(std::min(slash + 1, text.size()));
  return part;
}

}  // namespace

std::span<const Kind* const> kinds() {
  static const std::array<const Kind*, 26> all{
      &kind_of<Tenant>(),         &kind_of<Namespace>(),
      &kind_of<Role>(),           &kind_of<RoleBinding>(),
      &kind_of<ServiceAccount>(), &kind_of<ConfigMap>(),
      &kind_of<Secret>(),         &kind_of<Site>(),
      &kind_of<PowerDomain>(),    &kind_of<Rack>(),
      &kind_of<Fabric>(),         &kind_of<StoragePool>(),
      &kind_of<DeviceModel>(),    &kind_of<PriceBook>(),
      &kind_of<PriorityClass>(),  &kind_of<HardwareProfile>(),
      &kind_of<Node>(),           &kind_of<Template>(),
      &kind_of<Contract>(),       &kind_of<Workload>(),
      &kind_of<Offer>(),          &kind_of<Allocation>(),
      &kind_of<Instance>(),       &kind_of<Endpoint>(),
      &kind_of<Lease>(),          &kind_of<Event>(),
  };
  return all;
}

const Kind* find_kind(std::string_view of_group, std::string_view of_version,
                      std::string_view kind_name) {
  return find([&](const Kind& kind) {
    return kind.name == kind_name && kind.group == of_group && kind.version == of_version;
  });
}

const Kind* find_resource(std::string_view of_group, std::string_view of_version,
                          std::string_view plural) {
  return find([&](const Kind& kind) {
    return kind.plural == plural && kind.group == of_group && kind.version == of_version;
  });
}

const Kind* find_document(std::string_view api_version, std::string_view kind_name) {
  const size_t slash = api_version.find('/');
  if (slash == api_version.npos) return find_kind("", api_version, kind_name);
  if (slash == 0) return nullptr;
  return find_kind(api_version.substr(0, slash), api_version.substr(slash + 1), kind_name);
}

const Kind* find_by_any_name(std::string_view name) {
  const std::string lower = to_lower(name);
  return find([&](const Kind& kind) { return is_called(kind, lower); });
}

KeyParts parse_key(std::string_view key) {
  if (!key.starts_with('/')) return {};
  key.remove_prefix(1);
  std::string_view group_name = take_part(key);
  if (group_name.empty()) return {};
  if (group_name == "core") group_name = "";
  const std::string_view plural = take_part(key);
  KeyParts parts;
  const Kind* kind =
      find([&](const Kind& k) { return k.plural == plural && k.group == group_name; });
  if (kind == nullptr) return {};
  if (kind->namespaced) {
    parts.ns = take_part(key);
    if (parts.ns.empty()) return {};
  }
  if (key.empty() || key.find('/') != key.npos) return {};
  parts.name = key;
  parts.kind = kind;
  return parts;
}

}  // namespace freehold::api
