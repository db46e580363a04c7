// The schema tables of core.h.
#pragma once

#include "api/core.h"
#include "api/meta_table.h"
#include "schema/table.h"

namespace freehold::schema {

template <>
inline constexpr auto table<api::ObjectReference> = object<api::ObjectReference>(
    "ObjectReference", "Names an object, or a part of one.",
    field<&api::ObjectReference::kind>("kind", "Kind.", {.max_size = 253, .proto = 1}),
    field<&api::ObjectReference::ns>("namespace", "Namespace.", {.max_size = 253, .proto = 2}),
    field<&api::ObjectReference::name>("name", "Name.", {.max_size = 253, .proto = 3}),
    field<&api::ObjectReference::uid>("uid", "Uid.", {.max_size = 64, .proto = 4}),
    field<&api::ObjectReference::api_version>("apiVersion", "Group and version.",
                                              {.max_size = 253, .proto = 5}),
    field<&api::ObjectReference::resource_version>("resourceVersion", "Revision that is meant.",
                                                   {.max_size = 64, .proto = 6}),
    field<&api::ObjectReference::field_path>("fieldPath", "Part of the object that is meant.",
                                             {.max_size = 1024, .proto = 7}));
template <>
inline constexpr auto table<api::LocalObjectReference> = object<api::LocalObjectReference>(
    "LocalObjectReference", "Names an object of the same namespace.",
    field<&api::LocalObjectReference::name>("name", "Name.", {.max_size = 253, .proto = 1}));

template <>
inline constexpr auto table<api::NamespacePhase> = enumeration<api::NamespacePhase>(
    "NamespacePhase", "Where in its life a namespace is.",
    value(api::NamespacePhase::active, "Active", "Objects may be created in it."),
    value(api::NamespacePhase::terminating, "Terminating", "It is being emptied and removed."));
template <>
inline constexpr auto table<api::NamespaceCondition> = object<api::NamespaceCondition>(
    "NamespaceCondition", "One observed fact about a namespace.",
    field<&api::NamespaceCondition::type>("type", "The fact's name.",
                                          {.required = true, .max_size = 63, .proto = 1}),
    field<&api::NamespaceCondition::status>("status", "True, False or Unknown.",
                                            {.required = true, .proto = 2}),
    field<&api::NamespaceCondition::last_transition_time>(
        "lastTransitionTime", "When `status` last changed.", {.proto = 4}),
    field<&api::NamespaceCondition::reason>("reason", "Cause in CamelCase, for programs.",
                                            {.max_size = 128, .proto = 5}),
    field<&api::NamespaceCondition::message>("message", "Sentence, for people.",
                                             {.max_size = 4096, .proto = 6}));
template <>
inline constexpr auto table<api::NamespaceSpec> = object<api::NamespaceSpec>(
    "NamespaceSpec", "Who must let go of a namespace.",
    field<&api::NamespaceSpec::finalizers>(
        "finalizers", "Who must let go before it is removed; changed through /finalize.",
        {.max_size = 16, .format = &api::label_key, .set = true, .proto = 1}));
template <>
inline constexpr auto table<api::NamespaceStatus> = object<api::NamespaceStatus>(
    "NamespaceStatus", "Where in its life a namespace is.",
    field<&api::NamespaceStatus::phase>("phase", "Active or Terminating.", {.proto = 1}),
    field<&api::NamespaceStatus::conditions>("conditions", "What holds up its removal.",
                                             {.max_size = 32, .list_key = "type", .proto = 2}));
template <>
inline constexpr auto table<api::Namespace> = checked_object<api::Namespace, api::check_namespace>(
    "Namespace", "A project of one tenant: the boundary of names and rights.",
    field<&api::Namespace::metadata>(
        "metadata", "Identity; the label freehold.dev/tenant names the tenant.", {.proto = 1}),
    field<&api::Namespace::spec>("spec", "Who must let go of it.", {.proto = 2}),
    field<&api::Namespace::status>("status", "Where in its life it is.", {.proto = 3}));

template <>
inline constexpr auto table<api::ConfigMap> = checked_object<api::ConfigMap, api::check_config_map>(
    "ConfigMap", "Configuration as keys and values.",
    field<&api::ConfigMap::metadata>("metadata", "Identity.", {.proto = 1}),
    field<&api::ConfigMap::data>("data", "Values that are text.",
                                 {.max_size = 4096, .key_format = &api::config_key, .proto = 2}),
    field<&api::ConfigMap::binary_data>(
        "binaryData", "Values that are not; base64. A key stands here or in `data`.",
        {.max_size = 4096, .key_format = &api::config_key, .proto = 3}),
    field<&api::ConfigMap::immutable>("immutable",
                                      "When true, values may not change; cannot be unset.",
                                      {.proto = 4, .proto_pointer = true}));
template <>
inline constexpr auto table<api::Secret> = object<api::Secret>(
    "Secret", "Values that are not for every eye.",
    field<&api::Secret::metadata>("metadata", "Identity.", {.proto = 1}),
    field<&api::Secret::data>(
        "data", "Values, base64.",
        {.max_size = 4096, .key_format = &api::config_key, .secret = true, .proto = 2}),
    field<&api::Secret::string_data>(
        "stringData", "Values as text, for writing: they are moved into `data`.",
        {.max_size = 4096, .key_format = &api::config_key, .secret = true, .proto = 4}),
    field<&api::Secret::type>("type", "What the values are for.",
                              {.immutable = true, .max_size = 253, .proto = 3}),
    field<&api::Secret::immutable>("immutable",
                                   "When true, values may not change; cannot be unset.",
                                   {.proto = 5, .proto_pointer = true}));

template <>
inline constexpr auto table<api::EventSource> = object<api::EventSource>(
    "EventSource", "Who reported.",
    field<&api::EventSource::component>("component", "Program.", {.max_size = 253, .proto = 1}),
    field<&api::EventSource::host>("host", "Machine.", {.max_size = 253, .proto = 2}));
template <>
inline constexpr auto table<api::EventSeries> = object<api::EventSeries>(
    "EventSeries", "Events of one kind that came again and again.",
    field<&api::EventSeries::count>("count", "How often.", {.min = 0, .proto = 1}),
    field<&api::EventSeries::last_observed_time>("lastObservedTime", "When last.", {.proto = 2}));
template <>
inline constexpr auto table<api::Event> = object<api::Event>(
    "Event", "Something that happened to an object, for people.",
    field<&api::Event::metadata>("metadata", "Identity.", {.proto = 1}),
    field<&api::Event::involved_object>("involvedObject", "What it happened to.", {.proto = 2}),
    field<&api::Event::reason>("reason", "Cause in CamelCase.", {.max_size = 128, .proto = 3}),
    field<&api::Event::message>("message", "Sentence, for people.",
                                {.max_size = 16384, .proto = 4}),
    field<&api::Event::source>("source", "Who reported.", {.proto = 5}),
    field<&api::Event::first_timestamp>("firstTimestamp", "When first.", {.proto = 6}),
    field<&api::Event::last_timestamp>("lastTimestamp", "When last.", {.proto = 7}),
    field<&api::Event::count>("count", "How often.", {.min = 0, .proto = 8}),
    field<&api::Event::type>("type", "Normal or Warning.", {.max_size = 63, .proto = 9}),
    field<&api::Event::event_time>("eventTime", "When, for reporters of newer style.",
                                   {.proto = 10}),
    field<&api::Event::series>("series", "That it came again and again.",
                               {.proto = 11, .proto_pointer = true}),
    field<&api::Event::action>("action", "What was done or failed.",
                               {.max_size = 128, .proto = 12}),
    field<&api::Event::related>("related", "Another object that had a part in it.",
                                {.proto = 13, .proto_pointer = true}),
    field<&api::Event::reporting_component>("reportingComponent", "Controller that reported.",
                                            {.max_size = 253, .proto = 14}),
    field<&api::Event::reporting_instance>("reportingInstance", "Which copy of the controller.",
                                           {.max_size = 253, .proto = 15}));

template <>
inline constexpr auto table<api::LeaseSpec> = object<api::LeaseSpec>(
    "LeaseSpec", "Who holds a lease, and since when.",
    field<&api::LeaseSpec::holder_identity>("holderIdentity", "Who holds it.",
                                            {.max_size = 1024, .proto = 1, .proto_pointer = true}),
    field<&api::LeaseSpec::lease_duration_seconds>(
        "leaseDurationSeconds", "How long after a renewal nobody else may take it.",
        {.min = 1, .max = 2147483647, .proto = 2, .proto_pointer = true}),
    field<&api::LeaseSpec::acquire_time>("acquireTime", "When the holder took it.",
                                         {.proto = 3, .proto_pointer = true}),
    field<&api::LeaseSpec::renew_time>("renewTime", "When the holder last renewed it.",
                                       {.proto = 4, .proto_pointer = true}),
    field<&api::LeaseSpec::lease_transitions>(
        "leaseTransitions", "How often it changed hands.",
        {.min = 0, .max = 2147483647, .proto = 5, .proto_pointer = true}),
    field<&api::LeaseSpec::strategy>("strategy", "How the next holder is chosen.",
                                     {.max_size = 253, .proto = 6, .proto_pointer = true}),
    field<&api::LeaseSpec::preferred_holder>(
        "preferredHolder", "Who should get it next.",
        {.max_size = 1024, .proto = 7, .proto_pointer = true}));
template <>
inline constexpr auto table<api::Lease> =
    object<api::Lease>("Lease", "Something that one holder has at a time, as long as it renews it.",
                       field<&api::Lease::metadata>("metadata", "Identity.", {.proto = 1}),
                       field<&api::Lease::spec>("spec", "Who holds it.", {.proto = 2}));

template <>
inline constexpr auto table<api::ServiceAccount> = object<api::ServiceAccount>(
    "ServiceAccount", "An identity for programs of a namespace.",
    field<&api::ServiceAccount::metadata>("metadata", "Identity.", {.proto = 1}),
    field<&api::ServiceAccount::secrets>("secrets", "Secrets that it may use.",
                                         {.max_size = 64, .list_key = "name", .proto = 2}),
    field<&api::ServiceAccount::image_pull_secrets>(
        "imagePullSecrets", "Secrets for pulling images.", {.max_size = 64, .proto = 3}),
    field<&api::ServiceAccount::automount_service_account_token>(
        "automountServiceAccountToken", "Whether pods of other engines mount its token.",
        {.proto = 4, .proto_pointer = true}));

}  // namespace freehold::schema
