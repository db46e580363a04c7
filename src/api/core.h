// The kinds of Kubernetes that its clients expect of any server: Namespace, ConfigMap, Secret,
// Event, ServiceAccount (core v1) and Lease (coordination.k8s.io/v1). Fields, meaning and proto
// numbers are upstream's; scalars that are pointers there are optional here, so that a zero that
// was given comes back.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/meta.h"

namespace freehold::api {

struct ObjectReference {
  std::string kind, ns, name, uid, api_version, resource_version, field_path;
};
struct LocalObjectReference {
  std::string name;
};

// ---- Namespace: a project of one tenant (tenancy.h, tenant_label)

enum class NamespacePhase : uint8_t { active, terminating };

struct NamespaceCondition {
  std::string type;
  ConditionStatus status = ConditionStatus::unknown;
  Time last_transition_time;
  std::string reason, message;
};
struct NamespaceSpec {
  std::vector<std::string> finalizers;
};
struct NamespaceStatus {
  NamespacePhase phase = NamespacePhase::active;
  std::vector<NamespaceCondition> conditions;
};
struct Namespace {
  ObjectMeta metadata;
  NamespaceSpec spec;
  NamespaceStatus status;
};
void check_namespace(const Namespace& ns, const schema::Path& at, schema::Errors& errors);

// ---- ConfigMap and Secret

struct ConfigMap {
  ObjectMeta metadata;
  schema::StringMap data;
  schema::Map<schema::Bytes> binary_data;
  std::optional<bool> immutable;
};
void check_config_map(const ConfigMap& config, const schema::Path& at, schema::Errors& errors);

struct Secret {
  ObjectMeta metadata;
  schema::Map<schema::Bytes> data;
  schema::StringMap string_data;  // moved into `data` when the object is admitted
  std::string type;               // Opaque when nothing is said
  std::optional<bool> immutable;
};

// ---- Event

struct EventSource {
  std::string component, host;
};
struct EventSeries {
  int64_t count = 0;
  schema::MicroTime last_observed_time;
};
struct Event {
  ObjectMeta metadata;
  ObjectReference involved_object;
  std::string reason, message;
  EventSource source;
  Time first_timestamp, last_timestamp;
  int64_t count = 0;
  std::string type;  // Normal, Warning
  schema::MicroTime event_time;
  std::optional<EventSeries> series;
  std::string action;
  std::optional<ObjectReference> related;
  std::string reporting_component, reporting_instance;
};
// When it was last seen, whichever of its four times says so.
Time last_seen(const Event& event);

// ---- Lease

struct LeaseSpec {
  std::optional<std::string> holder_identity;
  std::optional<int64_t> lease_duration_seconds;
  schema::MicroTime acquire_time, renew_time;
  std::optional<int64_t> lease_transitions;
  std::optional<std::string> strategy, preferred_holder;
};
struct Lease {
  ObjectMeta metadata;
  LeaseSpec spec;
};

// ---- ServiceAccount

struct ServiceAccount {
  ObjectMeta metadata;
  std::vector<ObjectReference> secrets;
  std::vector<LocalObjectReference> image_pull_secrets;
  std::optional<bool> automount_service_account_token;
};

}  // namespace freehold::api
