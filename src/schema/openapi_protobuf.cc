// Each function below writes the body of one gnostic message; the comment above it names the
// message, and the numbers are its fields.
#include "schema/openapi_protobuf.h"

#include "schema/protobuf_wire.h"

namespace freehold::schema {
namespace {

using json::Array;
using json::Object;
using json::Value;
using Write = void (*)(const Value&, std::string&);

void add_string(uint32_t field, const Value& object, std::string_view name, std::string& out) {
  const Value* value = object.at({name});
  if (value == nullptr) return;
  if (const std::string* text = value->as_string()) append_bytes(field, *text, out);
}

void add_strings(uint32_t field, const Value& object, std::string_view name, std::string& out) {
  const Value* value = object.at({name});
  const Array* array = value == nullptr ? nullptr : value->as_array();
  if (array == nullptr) return;
  for (const Value& item : *array)
    if (const std::string* text = item.as_string()) append_bytes(field, *text, out);
}

void add_bool(uint32_t field, const Value& object, std::string_view name, std::string& out) {
  const Value* value = object.at({name});
  const bool* is = value == nullptr ? nullptr : value->as_bool();
  if (is == nullptr || !*is) return;
  append_tag(field, WireType::varint, out);
  append_varint(1, out);
}

void add_message(uint32_t field, const Value& value, Write write, std::string& out) {
  std::string body;
  write(value, body);
  append_bytes(field, body, out);
}

void add_message(uint32_t field, const Value& object, std::string_view name, Write write,
                 std::string& out) {
  if (const Value* value = object.at({name})) add_message(field, *value, write, out);
}

// Named*: name 1, value 2.
void add_named(uint32_t field, std::string_view name, const Value& value, Write write,
               std::string& out) {
  std::string body;
  append_bytes(1, name, body);
  add_message(2, value, write, body);
  append_bytes(field, body, out);
}

void add_all_named(uint32_t field, const Value& map, Write write, std::string& out) {
  const Object* members = map.as_object();
  if (members == nullptr) return;
  for (const auto& [name, value] : *members) add_named(field, name, value, write, out);
}

// Any
void write_any(const Value& value, std::string& out) { append_bytes(2, json::print(value), out); }

void add_extensions(uint32_t field, const Value& object, std::string& out) {
  const Object* members = object.as_object();
  if (members == nullptr) return;
  for (const auto& [name, value] : *members)
    if (name.starts_with("x-")) add_named(field, name, value, write_any, out);
}

void write_schema(const Value& schema, std::string& out);

// Properties, Definitions
void write_properties(const Value& map, std::string& out) {
  add_all_named(1, map, write_schema, out);
}

// AdditionalPropertiesItem
void write_additional_properties(const Value& value, std::string& out) {
  if (const bool* allowed = value.as_bool()) {
    append_tag(2, WireType::varint, out);
    append_varint(*allowed ? 1 : 0, out);
  } else {
    add_message(1, value, write_schema, out);
  }
}

// TypeItem
void write_type(const Value& value, std::string& out) {
  if (const std::string* one = value.as_string()) return append_bytes(1, *one, out);
  if (const Array* several = value.as_array())
    for (const Value& item : *several)
      if (const std::string* text = item.as_string()) append_bytes(1, *text, out);
}

// ItemsItem
void write_items(const Value& value, std::string& out) { add_message(1, value, write_schema, out); }

// Schema
void write_schema(const Value& schema, std::string& out) {
  add_string(1, schema, "$ref", out);
  add_string(2, schema, "format", out);
  add_string(3, schema, "title", out);
  add_string(4, schema, "description", out);
  add_message(5, schema, "default", write_any, out);
  add_strings(19, schema, "required", out);
  if (const Value* values = schema.at({"enum"}); values != nullptr && values->as_array() != nullptr)
    for (const Value& value : *values->as_array()) add_message(20, value, write_any, out);
  add_message(21, schema, "additionalProperties", write_additional_properties, out);
  add_message(22, schema, "type", write_type, out);
  add_message(23, schema, "items", write_items, out);
  add_message(25, schema, "properties", write_properties, out);
  add_bool(27, schema, "readOnly", out);
  add_extensions(31, schema, out);
}

// QueryParameterSubSchema and PathParameterSubSchema, which differ in what follows `name`.
void write_value_parameter(const Value& parameter, std::string& out) {
  const bool is_query = parameter.string_at({"in"}) == "query";
  add_bool(1, parameter, "required", out);
  add_string(2, parameter, "in", out);
  add_string(3, parameter, "description", out);
  add_string(4, parameter, "name", out);
  add_string(is_query ? 6 : 5, parameter, "type", out);
  add_string(is_query ? 7 : 6, parameter, "format", out);
}

// BodyParameter
void write_body_parameter(const Value& parameter, std::string& out) {
  add_string(1, parameter, "description", out);
  add_string(2, parameter, "name", out);
  add_string(3, parameter, "in", out);
  add_bool(4, parameter, "required", out);
  add_message(5, parameter, "schema", write_schema, out);
}

// NonBodyParameter
void write_non_body(const Value& parameter, std::string& out) {
  add_message(parameter.string_at({"in"}) == "query" ? 3 : 4, parameter, write_value_parameter,
              out);
}

// Parameter
void write_parameter(const Value& parameter, std::string& out) {
  if (parameter.string_at({"in"}) == "body")
    add_message(1, parameter, write_body_parameter, out);
  else
    add_message(2, parameter, write_non_body, out);
}

// ParametersItem; JsonReference
void write_parameters_item(const Value& item, std::string& out) {
  if (item.at({"$ref"}) != nullptr)
    add_message(2, item, [](const Value& v, std::string& o) { add_string(1, v, "$ref", o); }, out);
  else
    add_message(1, item, write_parameter, out);
}

void add_parameters(uint32_t field, const Value& object, std::string& out) {
  const Value* parameters = object.at({"parameters"});
  if (parameters == nullptr || parameters->as_array() == nullptr) return;
  for (const Value& item : *parameters->as_array())
    add_message(field, item, write_parameters_item, out);
}

// Response
void write_response(const Value& response, std::string& out) {
  add_string(1, response, "description", out);
  add_message(
      2, response, "schema",
      [](const Value& schema, std::string& o) { add_message(1, schema, write_schema, o); }, out);
}

// ResponseValue
void write_response_value(const Value& response, std::string& out) {
  add_message(1, response, write_response, out);
}

// Responses
void write_responses(const Value& map, std::string& out) {
  add_all_named(1, map, write_response_value, out);
}

// Operation
void write_operation(const Value& operation, std::string& out) {
  add_string(3, operation, "description", out);
  add_string(5, operation, "operationId", out);
  add_strings(6, operation, "produces", out);
  add_strings(7, operation, "consumes", out);
  add_parameters(8, operation, out);
  add_message(9, operation, "responses", write_responses, out);
  add_extensions(13, operation, out);
}

// PathItem
void write_path_item(const Value& item, std::string& out) {
  add_message(2, item, "get", write_operation, out);
  add_message(3, item, "put", write_operation, out);
  add_message(4, item, "post", write_operation, out);
  add_message(5, item, "delete", write_operation, out);
  add_message(8, item, "patch", write_operation, out);
  add_parameters(9, item, out);
}

// Paths
void write_paths(const Value& map, std::string& out) {
  add_all_named(2, map, write_path_item, out);
}

// Info
void write_info(const Value& info, std::string& out) {
  add_string(1, info, "title", out);
  add_string(2, info, "version", out);
}

}  // namespace

// Document
std::string openapi_v2_protobuf(const Value& document) {
  std::string out;
  add_string(1, document, "swagger", out);
  add_message(2, document, "info", write_info, out);
  add_message(8, document, "paths", write_paths, out);
  add_message(9, document, "definitions", write_properties, out);
  return out;
}

}  // namespace freehold::schema
