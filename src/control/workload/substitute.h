// Typed substitution of a template's parameters: a string that is exactly `${name}` becomes the
// value with its own type; within a longer string the value's text is put in. Pure.
#pragma once

#include "api/workload.h"
#include "base/result.h"
#include "json/value.h"

namespace freehold::control {

// Checks parameters against the template: required ones, types, allowed values, unknown names.
// Errors are `invalid` and name spec.parameters.<name>. The result holds every parameter, defaults
// filled in.
Result<schema::Map<json::Value>> bind_parameters(const api::TemplateSpec& spec,
                                                 const schema::Map<json::Value>& given);
// An unknown ${name} is `invalid`. `$${` stands for `${`.
Result<json::Value> substitute(const json::Value& body, const schema::Map<json::Value>& values);

}  // namespace freehold::control
