#include "schema/openapi.h"

#include <algorithm>

#include "base/check.h"
#include "base/limits.h"
#include "schema/describe.h"
#include "schema/scalar.h"
#include "schema/walk.h"

namespace freehold::schema {
namespace {

class Writer {
 public:
  Writer(std::string_view prefix, std::string_view reference_prefix)
      : prefix_(prefix), reference_prefix_(reference_prefix) {}

  std::string name(const TypeInfo& type) const { return prefix_ + std::string(type.name); }
  json::Value object(const TypeInfo& type) const;

 private:
  json::Object property(const TypeInfo& owner, const FieldInfo& field) const;
  // Adds the schema of a value to `out`, which may hold a description already.
  void value(const TypeInfo& type, const Rules& rules, json::Object& out) const;
  void reference(const TypeInfo& type, json::Object& out) const;
  static void enumeration(const TypeInfo& type, json::Object& out);
  void list(const TypeInfo& type, const Rules& rules, json::Object& out) const;
  void map(const TypeInfo& type, const Rules& rules, json::Object& out) const;

  std::string prefix_, reference_prefix_;
};

void add_type(std::string_view type, std::string_view format, json::Object& out) {
  out["type"] = type;
  if (!format.empty()) out["format"] = format;
}

void add_sizes(const Rules& rules, std::string_view least, std::string_view most,
               json::Object& out) {
  const Rules none;
  if (rules.min_size != none.min_size) out[least] = static_cast<int64_t>(rules.min_size);
  // Bounds that hold everywhere are no rule of this field.
  if (rules.max_size != none.max_size && rules.max_size != limits::object_bytes)
    out[most] = static_cast<int64_t>(rules.max_size);
}

void add_range(const Rules& rules, json::Object& out) {
  const Rules none;
  if (rules.min != none.min) out["minimum"] = rules.min;
  if (rules.max != none.max) out["maximum"] = rules.max;
}

json::Value Writer::object(const TypeInfo& type) const {
  json::Object out;
  out["description"] = type.doc;
  out["type"] = "object";
  json::Array required;
  json::Object properties;
  for (const FieldInfo& f : type.fields) {
    properties.append(std::string(f.name), property(type, f));
    if (f.rules.required && !f.rules.output) required.emplace_back(f.name);
  }
  if (!required.empty()) out["required"] = std::move(required);
  if (!properties.empty()) out["properties"] = std::move(properties);
  return out;
}

json::Object Writer::property(const TypeInfo& owner, const FieldInfo& field) const {
  json::Object out;
  out["description"] = full_doc(field);
  value(*field.type, field.rules, out);
  if (!default_text(owner, field).empty())
    out["default"] = to_json(*field.type, field.at(owner.prototype));
  if (field.rules.output) out["readOnly"] = true;
  if (field.rules.immutable) out["x-freehold-immutable"] = true;
  if (field.rules.secret) out["x-freehold-secret"] = true;
  return out;
}

void Writer::value(const TypeInfo& type, const Rules& rules, json::Object& out) const {
  switch (type.kind) {
    case Kind::boolean:
      return add_type("boolean", {}, out);
    case Kind::integer:
      add_type("integer", "int64", out);
      return add_range(rules, out);
    case Kind::number:
      add_type("number", "double", out);
      return add_range(rules, out);
    case Kind::string:
      add_type("string", rules.format != nullptr ? rules.format->name : "", out);
      return add_sizes(rules, "minLength", "maxLength", out);
    case Kind::bytes:
      return add_type("string", "byte", out);
    case Kind::quantity:
      add_type("string", "quantity", out);
      if (!rules.any_dimension) out["x-freehold-dimension"] = dimension_name(rules.dimension);
      return;
    case Kind::time:
    case Kind::micro_time:
      return add_type("string", "date-time", out);
    case Kind::duration:
      return add_type("string", "duration", out);
    case Kind::any:
      out["x-kubernetes-preserve-unknown-fields"] = true;  // any JSON: no type
      return;
    case Kind::enumeration:
      return enumeration(type, out);
    case Kind::object:
      return reference(type, out);
    case Kind::list:
      return list(type, rules, out);
    case Kind::map:
      return map(type, rules, out);
    case Kind::optional:
      return value(*type.element, element_rules(type, rules), out);
  }
}

void Writer::reference(const TypeInfo& type, json::Object& out) const {
  std::string target = reference_prefix_ + name(type);
  // In OpenAPI v3 whatever stands beside a reference is ignored, so it is wrapped, as upstream
  // does.
  if (reference_prefix_.starts_with("#/components/") && !out.empty())
    out["allOf"] = json::Array{json::Object{{"$ref", std::move(target)}}};
  else
    out["$ref"] = std::move(target);
}

void Writer::enumeration(const TypeInfo& type, json::Object& out) {
  json::Array names;
  std::string doc;
  if (const json::Value* own = out.find("description")) doc = *own->as_string() + "\n\n";
  doc += "Possible values:";
  for (const EnumInfo& info : type.values) {
    if (info.name.empty()) continue;
    names.emplace_back(info.name);
    doc.append("\n - `").append(quoted(info.name)).append("` ").append(info.doc);
  }
  out["description"] = std::move(doc);
  out["type"] = "string";
  out["enum"] = std::move(names);
}

void Writer::list(const TypeInfo& type, const Rules& rules, json::Object& out) const {
  out["type"] = "array";
  json::Object items;
  value(*type.element, element_rules(type, rules), items);
  out["items"] = std::move(items);
  add_sizes(rules, "minItems", "maxItems", out);
  out["x-kubernetes-list-type"] = !rules.list_key.empty() ? "map" : rules.set ? "set" : "atomic";
  if (!rules.list_key.empty()) out["x-kubernetes-list-map-keys"] = json::Array{rules.list_key};
}

void Writer::map(const TypeInfo& type, const Rules& rules, json::Object& out) const {
  out["type"] = "object";
  json::Object values;
  value(*type.element, element_rules(type, rules), values);
  out["additionalProperties"] = std::move(values);
  add_sizes(rules, "minProperties", "maxProperties", out);
}

}  // namespace

json::Object definitions(std::span<const TypeInfo* const> roots, std::string_view prefix,
                         std::string_view reference_prefix) {
  const Writer writer(prefix, reference_prefix);
  std::vector<const TypeInfo*> types = reachable(roots);
  std::erase_if(types, [](const TypeInfo* t) { return t->kind != Kind::object; });
  std::ranges::sort(types, {}, [](const TypeInfo* t) { return t->name; });
  json::Object out;
  for (size_t i = 0; i < types.size(); ++i) {
    if (BUG_IF(i > 0 && types[i - 1]->name == types[i]->name, "two types share a name")) continue;
    out.append(writer.name(*types[i]), writer.object(*types[i]));
  }
  return out;
}

}  // namespace freehold::schema
