// The kinds of API objects that a Fleet is built from, apart from Allocations. Pure.
#pragma once

#include <span>

#include "api/object.h"
#include "fleet/fleet.h"

namespace freehold::fleet {

// In an order in which what others refer to comes first, though any will do.
std::span<const api::Kind* const> fleet_kinds();
bool is_fleet_kind(const api::Kind& kind);
// Adds or replaces, or removes, by kind and name; an object of another kind changes nothing.
void put_object(Fleet& fleet, const api::Object& object);
void remove_object(Fleet& fleet, const api::Object& object);

}  // namespace freehold::fleet
