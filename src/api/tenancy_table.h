// The schema tables of tenancy.h.
#pragma once

#include "api/contract_table.h"
#include "api/meta_table.h"
#include "api/tenancy.h"
#include "schema/table.h"

namespace freehold::schema {

template <>
inline constexpr auto table<api::TenantSpec> =
    checked_object<api::TenantSpec, api::check_tenant_spec>(
        "TenantSpec", "What a tenant may use.",
        field<&api::TenantSpec::parent>("parent", "Tenant above; its quota holds for both.",
                                        {.max_size = 63, .format = &api::dns_label}),
        field<&api::TenantSpec::isolation>("isolation",
                                           "Least isolation of its work; L0 and L1 are honoured."),
        field<&api::TenantSpec::quota>(
            "quota",
            "Most that it may hold at a time: cpu, memory, power, money per hour, and devices by "
            "class, such as gpu. What is not named is not limited.",
            {.min = 0, .max_size = 32, .key_format = &api::quota_resource, .any_dimension = true}),
        field<&api::TenantSpec::borrow>("borrow", "Most that it may borrow from others.",
                                        {.min = 0,
                                         .max_size = 32,
                                         .key_format = &api::quota_resource,
                                         .any_dimension = true,
                                         .later = "quota is not lent yet"}),
        field<&api::TenantSpec::weight>(
            "weight", "Share of what is free, against its siblings.",
            {.min = 0, .max = 1000000, .later = "fair shares are not honoured yet"}));
template <>
inline constexpr auto table<api::TenantStatus> = object<api::TenantStatus>(
    "TenantStatus", "What a tenant uses.",
    field<&api::TenantStatus::used>(
        "used", "What its contracts hold, by the names of `quota`.",
        {.max_size = 32, .key_format = &api::quota_resource, .any_dimension = true}),
    field<&api::TenantStatus::conditions>("conditions", "Observed facts.",
                                          {.max_size = 32, .list_key = "type"}));
template <>
inline constexpr auto table<api::Tenant> = checked_object<api::Tenant, api::check_tenant>(
    "Tenant", "Somebody who shares the fleet; tenants form a tree.",
    field<&api::Tenant::metadata>("metadata", "Identity."),
    field<&api::Tenant::spec>("spec", "What it may use."),
    field<&api::Tenant::status>("status", "What it uses."));

template <>
inline constexpr auto table<api::RoleRule> = checked_object<api::RoleRule, api::check_rule>(
    "RoleRule", "Verbs on kinds. A request is allowed when one rule has all of what it needs.",
    field<&api::RoleRule::verbs>(
        "verbs", "get, list, watch, create, update, patch, delete, deletecollection, or *.",
        {.required = true, .min_size = 1, .max_size = 16, .format = &api::verb, .set = true}),
    field<&api::RoleRule::groups>(
        "groups", "API groups; the core group is the empty text.",
        {.min_size = 1, .max_size = 16, .format = &api::api_group, .set = true}),
    field<&api::RoleRule::resources>("resources",
                                     "Plural names, such as contracts or contracts/status, or *.",
                                     {.required = true,
                                      .min_size = 1,
                                      .max_size = 64,
                                      .format = &api::resource_name,
                                      .set = true}),
    field<&api::RoleRule::names>("names", "Names of objects; none means every object.",
                                 {.max_size = 256, .format = &api::dns_subdomain, .set = true}));
template <>
inline constexpr auto table<api::RoleSpec> = object<api::RoleSpec>(
    "RoleSpec", "What a role allows.",
    field<&api::RoleSpec::rules>("rules", "What is allowed; rules add up and nothing denies.",
                                 {.max_size = 128}));
template <>
inline constexpr auto table<api::Role> =
    object<api::Role>("Role", "A named set of rights; a RoleBinding says who has them and where.",
                      field<&api::Role::metadata>("metadata", "Identity."),
                      field<&api::Role::spec>("spec", "What it allows."));

template <>
inline constexpr auto table<api::SubjectKind> = enumeration<api::SubjectKind>(
    "SubjectKind", "What a subject is.",
    value(api::SubjectKind::user, "User",
          "A person or program, by the name it authenticated with."),
    value(api::SubjectKind::user_group, "Group", "All members of a group."),
    value(api::SubjectKind::service_account, "ServiceAccount",
          "A ServiceAccount of a namespace; not honoured yet."));
template <>
inline constexpr auto table<api::Subject> = checked_object<api::Subject, api::check_subject>(
    "Subject", "Somebody who is given rights.", field<&api::Subject::kind>("kind", "What it is."),
    field<&api::Subject::name>("name", "Its name.",
                               {.required = true, .min_size = 1, .max_size = 253}),
    field<&api::Subject::ns>("namespace", "Of a ServiceAccount only.",
                             {.max_size = 63, .format = &api::dns_label}));
template <>
inline constexpr auto table<api::BindingScope> =
    checked_object<api::BindingScope, api::check_scope>(
        "BindingScope", "Where rights hold: exactly one of fleet, tenant or namespace.",
        field<&api::BindingScope::fleet>("fleet",
                                         "Everywhere, and on objects outside of namespaces."),
        field<&api::BindingScope::tenant>("tenant",
                                          "In all namespaces of this tenant and of those below it.",
                                          {.max_size = 63, .format = &api::dns_label}),
        field<&api::BindingScope::ns>("namespace", "In this namespace.",
                                      {.max_size = 63, .format = &api::dns_label}));
template <>
inline constexpr auto table<api::RoleBindingSpec> = object<api::RoleBindingSpec>(
    "RoleBindingSpec", "Who has a role, and where.",
    field<&api::RoleBindingSpec::role>(
        "role", "Role that is given.",
        {.required = true, .max_size = 253, .format = &api::dns_subdomain}),
    field<&api::RoleBindingSpec::subjects>("subjects", "Who has it.",
                                           {.required = true, .min_size = 1, .max_size = 256}),
    field<&api::RoleBindingSpec::scope>("scope", "Where it holds.", {.required = true}));
template <>
inline constexpr auto table<api::RoleBinding> = object<api::RoleBinding>(
    "RoleBinding", "Gives a role to somebody, in the fleet, a tenant or a namespace.",
    field<&api::RoleBinding::metadata>("metadata", "Identity."),
    field<&api::RoleBinding::spec>("spec", "Who has which role, and where.", {.required = true}));

}  // namespace freehold::schema
