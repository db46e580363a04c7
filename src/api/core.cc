#include "api/core.h"

#include <algorithm>

#include "api/core_table.h"
#include "api/kind_rows.h"
#include "base/strings.h"

namespace freehold::api {
namespace {

using schema::Errors;
using schema::Fault;
using schema::Path;

constexpr std::string_view name_label = "kubernetes.io/metadata.name";

template <class T>
Kind core_kind(Names names, Scope scope) {
  Kind kind = plain_kind<T>(std::move(names), scope);
  kind.group = "";
  kind.version = "v1";
  kind.categories.clear();
  return kind;
}

void admit_namespace(void* object) {
  auto& ns = *static_cast<Namespace*>(object);
  if (!ns.metadata.name.empty()) ns.metadata.labels[std::string(name_label)] = ns.metadata.name;
}

void admit_secret(void* object) {
  auto& secret = *static_cast<Secret*>(object);
  for (auto& [key, text] : secret.string_data) secret.data[key].data = std::move(text);
  secret.string_data.clear();
  if (secret.type.empty()) secret.type = "Opaque";
}

// Both kinds say so in the same way.
template <class T>
bool is_frozen(const T& object) {
  return object.immutable.value_or(false);
}
template <class T>
bool thaws(const T& before, const T& after, Errors& errors) {
  if (!is_frozen(before)) return false;
  if (!is_frozen(after))
    errors.add(Fault::immutable, Path{} / "immutable", "may not be unset once it is true");
  return true;
}

void check_config_map_update(const void* before, const void* after, Errors& errors) {
  const auto& a = *static_cast<const ConfigMap*>(before);
  const auto& b = *static_cast<const ConfigMap*>(after);
  if (!thaws(a, b, errors)) return;
  if (a.data != b.data)
    errors.add(Fault::immutable, Path{} / "data", "may not change while `immutable` is true");
  if (a.binary_data != b.binary_data)
    errors.add(Fault::immutable, Path{} / "binaryData", "may not change while `immutable` is true");
}

void check_secret_update(const void* before, const void* after, Errors& errors) {
  const auto& a = *static_cast<const Secret*>(before);
  const auto& b = *static_cast<const Secret*>(after);
  if (thaws(a, b, errors) && a.data != b.data)
    errors.add(Fault::immutable, Path{} / "data", "may not change while `immutable` is true");
}

std::string object_text(const Event& event) {
  const ObjectReference& object = event.involved_object;
  return object.kind.empty() ? or_none(object.name) : to_lower(object.kind) + '/' + object.name;
}

std::string last_seen_text(const Event& event, Time now) {
  const Time seen = last_seen(event);
  return seen.is_set() ? format_age(now - seen) : "<unknown>";
}

}  // namespace

void check_namespace(const Namespace& ns, const Path& at, Errors& errors) {
  check_label_name(ns.metadata, at, errors);
}

void check_config_map(const ConfigMap& config, const Path& at, Errors& errors) {
  const Path binary = at / "binaryData";
  for (const auto& [key, value] : config.binary_data)
    if (config.data.contains(key))
      errors.add(Fault::duplicate, binary.key(key), "is in `data` already");
}

Time last_seen(const Event& event) {
  Time seen = event.last_timestamp;
  if (event.series) seen = std::max(seen, event.series->last_observed_time.time);
  if (!seen.is_set()) seen = std::max(event.event_time.time, event.first_timestamp);
  return seen.is_set() ? seen : event.metadata.creation_timestamp;
}

template <>
Kind row<Namespace>() {
  using T = Namespace;
  Kind kind = core_kind<T>({"namespaces", "namespace", "NamespaceList", {"ns"}}, Scope::cluster);
  kind.columns = {
      column<T, [](const T& n, Time) { return enum_text(n.status.phase); }>(
          "Status", "string", "Where in its life it is."),
      column<T,
             [](const T& n, Time) {
               const auto tenant = n.metadata.labels.find("freehold.dev/tenant");
               return or_none(tenant == n.metadata.labels.end() ? "" : tenant->second);
             }>("Tenant", "string", "Tenant that it belongs to."),
  };
  kind.selectable = {"status.phase"};
  kind.admit = admit_namespace;
  return kind;
}
template const Kind& kind_of<Namespace>();

template <>
Kind row<ConfigMap>() {
  using T = ConfigMap;
  Kind kind = core_kind<T>({"configmaps", "configmap", "ConfigMapList", {"cm"}}, Scope::namespaced);
  kind.columns = {column<T, [](const T& c, Time) {
    return std::to_string(c.data.size() + c.binary_data.size());
  }>("Data", "integer", "How many values it has.")};
  kind.check_update = check_config_map_update;
  return kind;
}
template const Kind& kind_of<ConfigMap>();

template <>
Kind row<Secret>() {
  using T = Secret;
  Kind kind = core_kind<T>({"secrets", "secret", "SecretList"}, Scope::namespaced);
  kind.columns = {
      column<T, [](const T& s, Time) { return or_none(s.type); }>("Type", "string",
                                                                  "What the values are for."),
      column<T, [](const T& s, Time) { return std::to_string(s.data.size()); }>(
          "Data", "integer", "How many values it has."),
  };
  kind.selectable = {"type"};
  kind.admit = admit_secret;
  kind.check_update = check_secret_update;
  return kind;
}
template const Kind& kind_of<Secret>();

template <>
Kind row<Event>() {
  using T = Event;
  Kind kind = core_kind<T>({"events", "event", "EventList", {"ev"}}, Scope::namespaced);
  kind.persistence = Persistence::durable;
  kind.columns = {
      column<T, [](const T& e, Time now) { return last_seen_text(e, now); }>("Last Seen", "string",
                                                                             "When last."),
      column<T, [](const T& e, Time) { return or_none(e.type); }>("Type", "string",
                                                                  "Normal or Warning."),
      column<T, [](const T& e, Time) { return or_none(e.reason); }>("Reason", "string", "Cause."),
      column<T, [](const T& e, Time) { return object_text(e); }>("Object", "string",
                                                                 "What it happened to."),
      column<T, [](const T& e, Time) { return e.message; }>("Message", "string", "For people."),
      column<T, [](const T& e, Time) { return or_none(e.source.component); }>("Source", "string",
                                                                              "Who reported.", 1),
      column<T, [](const T& e, Time) { return std::to_string(std::max<int64_t>(e.count, 1)); }>(
          "Count", "integer", "How often.", 1),
  };
  kind.selectable = {"involvedObject.kind",
                     "involvedObject.name",
                     "involvedObject.namespace",
                     "involvedObject.uid",
                     "involvedObject.apiVersion",
                     "involvedObject.fieldPath",
                     "reason",
                     "type",
                     "source.component",
                     "reportingComponent"};
  return kind;
}
template const Kind& kind_of<Event>();

template <>
Kind row<Lease>() {
  using T = Lease;
  Kind kind = core_kind<T>({"leases", "lease", "LeaseList"}, Scope::namespaced);
  kind.group = "coordination.k8s.io";
  kind.persistence = Persistence::durable;
  kind.columns = {
      column<T, [](const T& l, Time) { return or_none(l.spec.holder_identity.value_or("")); }>(
          "Holder", "string", "Who holds it.")};
  return kind;
}
template const Kind& kind_of<Lease>();

template <>
Kind row<ServiceAccount>() {
  using T = ServiceAccount;
  Kind kind = core_kind<T>({"serviceaccounts", "serviceaccount", "ServiceAccountList", {"sa"}},
                           Scope::namespaced);
  kind.columns = {column<T, [](const T& s, Time) { return std::to_string(s.secrets.size()); }>(
      "Secrets", "integer", "How many secrets it may use.")};
  return kind;
}
template const Kind& kind_of<ServiceAccount>();

}  // namespace freehold::api
