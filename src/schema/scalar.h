// What the walkers share: the text of scalars, whether a value counts as absent, and words for
// people. Internal to this module.
#pragma once

#include <string>
#include <string_view>

#include "schema/schema.h"

namespace freehold::schema {

bool is_scalar(Kind kind);

// The plain text of a scalar, without quotes: what a field selector compares. Empty when unset.
void append_text(const TypeInfo& type, const void* value, std::string& out);

// The name of an enum value; a value that the table does not hold is a bug and has none.
std::string_view enum_name(const TypeInfo& type, const void* value);

// Nothing was given: empty, unset or null. Numbers, booleans and durations are always something.
bool is_missing(const TypeInfo& type, const void* value);

// Whether print() leaves the field out: it is zero or empty, and so is its default. `base` is the
// default value, which is what reading nothing leaves there.
bool is_left_out(const TypeInfo& type, const void* value, const void* base);

// An object that prints as {}, given its defaults.
bool is_blank(const TypeInfo& type, const void* object, const void* base);

// Rules of a list, map or optional as they hold for what is inside.
Rules element_rules(const TypeInfo& container, const Rules& rules);

// Text from a document, cut to a length fit for a message or a path; in double quotes.
std::string shortened(std::string_view text);
std::string quoted(std::string_view text);

// What to say to a name that an enum does not have.
std::string unsupported_value(const TypeInfo& enumeration, std::string_view name);

}  // namespace freehold::schema
