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
  for (const schema::EnumInfo& info : schema::table<E>.values)
    if (info.value == static_cast<int64_t>(value)) return std::string(info.name);
  return {};
}

// Whether `owner_references` names this uid.
bool is_owned_by(const ObjectMeta& meta, std::string_view uid);

// For kinds that others name in label values and short references: the name may have no dots.
// `at` is the object's own path.
void check_label_name(const ObjectMeta& meta, const schema::Path& at, schema::Errors& errors);

}  // namespace freehold::api

namespace freehold::schema {

template <>
inline constexpr auto table<api::OwnerReference> = object<api::OwnerReference>(
    "OwnerReference", "An object that this one belongs to, and is removed with.",
    field<&api::OwnerReference::api_version>("apiVersion", "Group and version of the owner.",
                                             {.required = true, .max_size = 253, .proto = 5}),
    field<&api::OwnerReference::kind>("kind", "Kind of the owner.",
                                      {.required = true, .max_size = 63, .proto = 1}),
    field<&api::OwnerReference::name>("name", "Name of the owner.",
                                      {.required = true, .max_size = 253, .proto = 3}),
    field<&api::OwnerReference::uid>("uid", "Uid of the owner.",
                                     {.required = true, .max_size = 64, .proto = 4}),
    field<&api::OwnerReference::controller>("controller", "Whether the owner manages this object.",
                                            {.proto = 6, .proto_pointer = true}),
    field<&api::OwnerReference::block_owner_deletion>(
        "blockOwnerDeletion", "Whether foreground deletion of the owner waits for this object.",
        {.proto = 7, .proto_pointer = true}));

template <>
inline constexpr auto table<api::ManagedFields> = object<api::ManagedFields>(
    "ManagedFieldsEntry", "Which fields a manager owns.",
    field<&api::ManagedFields::manager>("manager", "Who applied.", {.max_size = 128, .proto = 1}),
    field<&api::ManagedFields::operation>("operation", "Apply or Update.",
                                          {.max_size = 16, .proto = 2}),
    field<&api::ManagedFields::api_version>("apiVersion", "Version of the fields.",
                                            {.max_size = 253, .proto = 3}),
    field<&api::ManagedFields::time>("time", "When the entry last changed.", {.proto = 4}),
    field<&api::ManagedFields::fields_type>("fieldsType", "Always FieldsV1.",
                                            {.max_size = 16, .proto = 6}),
    field<&api::ManagedFields::fields_v1>("fieldsV1", "The set of fields.", {.proto = 7}),
    field<&api::ManagedFields::subresource>("subresource", "The subresource written.",
                                            {.max_size = 63, .proto = 8}));

template <>
inline constexpr auto table<api::ObjectMeta> = object<api::ObjectMeta>(
    "ObjectMeta", "Identity and bookkeeping common to every object.",
    field<&api::ObjectMeta::name>(
        "name", "Unique within the namespace, or in the fleet.",
        {.immutable = true, .max_size = 253, .format = &api::dns_subdomain, .proto = 1}),
    field<&api::ObjectMeta::generate_name>(
        "generateName", "A prefix to which the server adds five characters when `name` is absent.",
        {.max_size = 248, .proto = 2}),
    field<&api::ObjectMeta::ns>(
        "namespace", "The project that the object belongs to.",
        {.immutable = true, .max_size = 63, .format = &api::dns_label, .proto = 3}),
    field<&api::ObjectMeta::uid>("uid", "Set once by the server; never reused.",
                                 {.output = true, .max_size = 64, .proto = 5}),
    field<&api::ObjectMeta::resource_version>(
        "resourceVersion", "Revision of the last change; send it back to make a write conditional.",
        {.max_size = 20, .proto = 6}),
    field<&api::ObjectMeta::generation>("generation", "Counts changes of `spec`.",
                                        {.output = true, .min = 0, .proto = 7}),
    field<&api::ObjectMeta::creation_timestamp>("creationTimestamp",
                                                "When the server first stored the object.",
                                                {.output = true, .proto = 8}),
    field<&api::ObjectMeta::deletion_timestamp>(
        "deletionTimestamp",
        "When deletion was asked for; the object stays until its finalizers are gone.",
        {.output = true, .proto = 9}),
    field<&api::ObjectMeta::deletion_grace_period_seconds>(
        "deletionGracePeriodSeconds", "Seconds that a graceful stop may take.",
        {.output = true, .min = 0, .proto = 10, .proto_pointer = true}),
    field<&api::ObjectMeta::labels>(
        "labels", "Keys and values that selectors match.",
        {.max_size = 64, .format = &api::label_value, .key_format = &api::label_key, .proto = 11}),
    field<&api::ObjectMeta::annotations>(
        "annotations", "Free-form notes; never selected on.",
        {.max_size = 256, .key_format = &api::label_key, .proto = 12}),
    field<&api::ObjectMeta::owner_references>("ownerReferences",
                                              "Objects that this one belongs to.",
                                              {.max_size = 16, .list_key = "uid", .proto = 13}),
    field<&api::ObjectMeta::finalizers>(
        "finalizers", "Who must let go before the object is removed.",
        {.max_size = 16, .format = &api::label_key, .set = true, .proto = 14}),
    field<&api::ObjectMeta::managed_fields>("managedFields", "Which manager owns which fields.",
                                            {.max_size = 32, .proto = 17}));

template <>
inline constexpr auto table<api::ConditionStatus> = enumeration<api::ConditionStatus>(
    "ConditionStatus", "Whether a condition holds; Unknown until it was measured.",
    value(api::ConditionStatus::unknown, "Unknown", "Not known yet, or no longer."),
    value(api::ConditionStatus::true_, "True", "It holds; the message names what was measured."),
    value(api::ConditionStatus::false_, "False", "It does not hold; the message says why."));

template <>
inline constexpr auto table<api::Condition> = object<api::Condition>(
    "Condition", "One observed fact about the object.",
    field<&api::Condition::type>("type", "The fact's name.", {.required = true, .max_size = 63}),
    field<&api::Condition::status>("status", "True, False or Unknown.", {.required = true}),
    field<&api::Condition::reason>("reason", "Cause in CamelCase, for programs.",
                                   {.max_size = 128}),
    field<&api::Condition::message>("message", "Sentence, for people.", {.max_size = 4096}),
    field<&api::Condition::observed_generation>("observedGeneration", "The spec this speaks of.",
                                                {.min = 0}),
    field<&api::Condition::last_transition_time>("lastTransitionTime",
                                                 "When `status` last changed."));

}  // namespace freehold::schema
