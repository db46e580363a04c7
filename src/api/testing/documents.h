// One valid document per kind, for tests of this module and of those above. The tables give most of
// it; what rules across fields ask for is filled in by hand here.
#pragma once

#include "api/object.h"
#include "json/value.h"

namespace freehold::api::testing {

// Fields as the tables know them, without apiVersion and kind. metadata.name is "sample", and
// metadata.namespace "default" where the kind has one.
json::Value good_fields(const Kind& kind);
// The same as a whole document.
json::Value good_document(const Kind& kind);
// One document of YAML in any style; fails the test when it is none.
json::Value from_yaml(std::string_view yaml);
json::Value with_header(const Kind& kind, const json::Value& fields);

}  // namespace freehold::api::testing
