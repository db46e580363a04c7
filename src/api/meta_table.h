// The schema tables of meta.h.
#pragma once

#include "api/meta.h"
#include "schema/table.h"

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
