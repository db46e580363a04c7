// OpenAPI v2 as protobuf: kubectl 1.20 takes nothing else, and newer ones accept it. The format is
// gnostic's OpenAPIv2.proto (github.com/google/gnostic); free-form values are `Any` messages whose
// `yaml` holds JSON.
#pragma once

#include <string>

#include "json/value.h"

namespace freehold::schema {

// Encodes a document as served at /openapi/v2 in JSON. Parts that clients of Kubernetes do not read
// (tags, responses' schemas, limits of values …) are left out.
std::string openapi_v2_protobuf(const json::Value& document);

}  // namespace freehold::schema
