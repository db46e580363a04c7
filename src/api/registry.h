// The list of all kinds, in an order that suits applying them: what others refer to comes first.
// Fixed when the program starts; any thread may ask.
#pragma once

#include <span>
#include <string_view>

#include "api/object.h"

namespace freehold::api {

std::span<const Kind* const> kinds();
// Exact matches; null when there is none. The core group is "".
const Kind* find_kind(std::string_view of_group, std::string_view of_version,
                      std::string_view kind_name);
const Kind* find_resource(std::string_view of_group, std::string_view of_version,
                          std::string_view plural);
// By what a document says of itself: "freehold.dev/v1alpha1" or "v1", and the kind's name.
const Kind* find_document(std::string_view api_version, std::string_view kind_name);
// By what a person types, in any case: plural, singular, kind, short name, or "plural.group".
const Kind* find_by_any_name(std::string_view name);
// The kind and the object's name within a store key; null kind when it is no object's key.
struct KeyParts {
  const Kind* kind = nullptr;
  std::string_view ns, name;
};
KeyParts parse_key(std::string_view key);

}  // namespace freehold::api
