#include "control/workload/substitute.h"

#include <algorithm>

#include "base/limits.h"

namespace freehold::control {

namespace {

bool fits(api::ParameterType type, const json::Value& v) {
  switch (type) {
    case api::ParameterType::string:
      return v.as_string() != nullptr;
    case api::ParameterType::integer:
      return v.as_int() != nullptr;
    case api::ParameterType::number:
      return v.is_number();
    case api::ParameterType::boolean:
      return v.as_bool() != nullptr;
    case api::ParameterType::quantity:
      return v.is_number() ||
             (v.as_string() != nullptr && Quantity::parse_any(*v.as_string()).ok());
  }
  return false;
}

std::string text_of(const json::Value& v) {
  return v.as_string() != nullptr ? *v.as_string() : json::print(v);
}

Error invalid(const std::string& field, const std::string& message) {
  return {Reason::invalid, field + ": " + message, {{"FieldValueInvalid", field, message}}};
}

Result<json::Value> substitute_text(const std::string& text,
                                    const schema::Map<json::Value>& values) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    if (text.compare(at, 3, "$${") == 0) {
      out += "${";
      at += 3;
      continue;
    }
    if (text.compare(at, 2, "${") != 0) {
      out += text[at++];
      continue;
    }
    const size_t end = text.find('}', at);
    if (end == std::string::npos)
      return Error{Reason::invalid, "\"" + text + "\" has no closing brace"};
    const std::string name = text.substr(at + 2, end - at - 2);
    const auto it = values.find(name);
    if (it == values.end())
      return Error{Reason::invalid, "${" + name + "} is no parameter of the template"};
    if (at == 0 && end + 1 == text.size()) return it->second;
    out += text_of(it->second);
    if (out.size() > limits::object_bytes)
      return Error{Reason::too_large, "substituted text is too long"};
    at = end + 1;
  }
  return json::Value(std::move(out));
}

}  // namespace

Result<schema::Map<json::Value>> bind_parameters(const api::TemplateSpec& spec,
                                                 const schema::Map<json::Value>& given) {
  schema::Map<json::Value> values;
  for (const api::Parameter& p : spec.parameters) {
    const std::string field = "spec.parameters." + p.name;
    const auto it = given.find(p.name);
    if (it == given.end()) {
      if (p.required && p.default_value.is_null()) return invalid(field, "required");
      values[p.name] = p.default_value;
      continue;
    }
    if (!fits(p.type, it->second)) return invalid(field, "is not of the parameter's type");
    if (!p.values.empty() &&
        std::find(p.values.begin(), p.values.end(), text_of(it->second)) == p.values.end())
      return invalid(field, "\"" + text_of(it->second) + "\" is not one of the allowed values");
    values[p.name] = it->second;
  }
  for (const auto& [name, value] : given)
    if (!values.contains(name))
      return invalid("spec.parameters." + name, "is no parameter of the template");
  return values;
}

Result<json::Value> substitute(const json::Value& body, const schema::Map<json::Value>& values) {
  if (const std::string* text = body.as_string()) return substitute_text(*text, values);
  if (const json::Array* array = body.as_array()) {
    json::Array out;
    for (const json::Value& v : *array) out.push_back(TRY(substitute(v, values)));
    return json::Value(std::move(out));
  }
  if (const json::Object* object = body.as_object()) {
    json::Object out;
    for (const auto& [name, v] : *object) out.append(name, TRY(substitute(v, values)));
    return json::Value(std::move(out));
  }
  return body;
}

}  // namespace freehold::control
