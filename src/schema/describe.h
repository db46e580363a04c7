// What explain, the reference and OpenAPI say about fields in the same words. Internal to this
// module.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "schema/schema.h"

namespace freehold::schema {

// The type that matters to a reader: the element of lists, maps and optionals, however nested.
const TypeInfo& innermost(const TypeInfo& type);

// Objects and enums that `roots` reach, the roots first, each once.
std::vector<const TypeInfo*> reachable(std::span<const TypeInfo* const> roots);

// The field's default as text, empty when it is zero, empty or unset.
std::string default_text(const TypeInfo& owner, const FieldInfo& field);

// Its rules in words, e.g. {"required", "at least 1", "dns-label such as chat"}.
std::vector<std::string> rule_words(const TypeInfo& owner, const FieldInfo& field);

// The description with what is not honoured yet said first.
std::string full_doc(const FieldInfo& field);

}  // namespace freehold::schema
