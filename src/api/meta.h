// What all kinds share: metadata, owner references, conditions. Names and meaning are those of
// Kubernetes' metav1, so that its clients work; proto numbers are upstream's.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/formats.h"
#include "schema/schema.h"

namespace freehold::api {

struct OwnerReference {
  std::string api_version, kind, name, uid;
  bool controller = false, block_owner_deletion = false;
};

// Room for server-side apply; carried and printed, written by a later release.
struct ManagedFields {
  std::string manager, operation, api_version, fields_type, subresource;
  Time time;
  json::Value fields_v1;
};

struct ObjectMeta {
  std::string name, generate_name, ns, uid, resource_version;
  int64_t generation = 0;
  Time creation_timestamp, deletion_timestamp;
  int64_t deletion_grace_period_seconds = 0;
  schema::StringMap labels, annotations;
  std::vector<OwnerReference> owner_references;
  std::vector<std::string> finalizers;
  std::vector<ManagedFields> managed_fields;
};

// Of kubectl's --cascade: dependents go before, or stay without an owner.
inline constexpr std::string_view foreground_finalizer = "foregroundDeletion";
inline constexpr std::string_view orphan_finalizer = "orphan";

enum class ConditionStatus : uint8_t { unknown, true_, false_ };

struct Condition {
  std::string type;
  ConditionStatus status = ConditionStatus::unknown;
  std::string reason, message;
  int64_t observed_generation = 0;
  Time last_transition_time;
};
using Conditions = std::vector<Condition>;

const Condition* find_condition(const Conditions& conditions, std::string_view type);
bool is_true(const Conditions& conditions, std::string_view type);
// Sets or adds; lastTransitionTime moves only when the status does. True when anything changed.
bool set_condition(Conditions& conditions, std::string_view type, ConditionStatus status,
                   std::string_view reason, std::string_view message, int64_t generation, Time now);

// The name of an enum value as documents have it.
template <class E>
std::string enum_text(E value) {
  for (const schema::EnumInfo& info : schema::type_of<E>.values)
    if (info.value == static_cast<int64_t>(value)) return std::string(info.name);
  return {};
}

// Whether `owner_references` names this uid.
bool is_owned_by(const ObjectMeta& meta, std::string_view uid);

// For kinds that others name in label values and short references: the name may have no dots.
// `at` is the object's own path.
void check_label_name(const ObjectMeta& meta, const schema::Path& at, schema::Errors& errors);

}  // namespace freehold::api
