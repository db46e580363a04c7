// Which user id the work of a tenant runs as, and which is free. Pure: the Tenants' annotations and
// what runs by now say it all; nobody is taken for root because an annotation cannot be read.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "api/tenancy.h"
#include "ledger/view.h"

namespace freehold::control {

inline constexpr std::string_view user_id_annotation = "freehold.dev/user-id";
// On the Namespace `freehold-system`: no id below it is given out. An id is given out once, because
// what a tenant left behind on a machine that is out of reach may still run as it.
inline constexpr std::string_view next_user_id_annotation = "freehold.dev/next-user-id";
// A Tenant that has namespaces or instances is not gone once it is deleted.
inline constexpr std::string_view tenant_finalizer = "freehold.dev/tenant";
inline constexpr std::string_view system_namespace = "freehold-system";

// Empty: there is no such tenant, its annotation is none of the tenants' user ids, or the id is
// that of an older tenant.
std::optional<int64_t> user_id_of(const ledger::View& view, std::string_view tenant);

// Whether Instances of another tenant run as it.
bool is_in_use(const ledger::View& view, const api::Tenant& tenant, int64_t id);

// For `tenant`, whose annotation is not valid: the one that its Instances run as, or a new one.
int64_t free_user_id(const ledger::View& view, const api::Tenant& tenant);

}  // namespace freehold::control
