// A value that a field accepts. Internal to this module.
#pragma once

#include "json/value.h"
#include "schema/schema.h"

namespace freehold::schema {

json::Value good_value(const TypeInfo& type, const Rules& rules);
// Another item for a list that has `others` already: differs from them in its key, or, in a set,
// itself.
json::Value good_item(const TypeInfo& list, const Rules& rules, const json::Array& others);
// A key that a map accepts.
std::string good_key(const Rules& rules);

}  // namespace freehold::schema
