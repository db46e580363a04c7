// OpenAPI v2 and v3 definitions, kubectl's `explain` text and the Markdown reference, all from the
// tables. What the paths of the API are is told by the caller (server/), since this module knows
// types only.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "json/value.h"
#include "schema/schema.h"

namespace freehold::schema {

// JSON Schema of each type that `roots` reach, sorted by definition name (`prefix` + type name),
// with descriptions, required, enum, format, default, x-kubernetes-list-type and -map-keys.
// `reference_prefix` is
// "#/definitions/" (v2: a reference stands beside its description) or "#/components/schemas/" (v3:
// inside `allOf`). The caller adds x-kubernetes-group-version-kind to the roots.
json::Object definitions(std::span<const TypeInfo* const> roots, std::string_view prefix,
                         std::string_view reference_prefix);

// As `kubectl explain`: KIND, FIELD, DESCRIPTION, FIELDS of the type at a dotted path. Empty when
// the path is not there.
std::string explain(const TypeInfo& root, std::string_view dotted_path);

// Markdown tables of one kind and the types that it reaches.
std::string reference(const TypeInfo& root);

}  // namespace freehold::schema
