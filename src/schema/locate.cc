// Finding fields by dotted paths, and naming types for people.
#include <algorithm>

#include "schema/describe.h"
#include "schema/scalar.h"
#include "schema/walk.h"

namespace freehold::schema {
namespace {

const FieldInfo* find_field(const TypeInfo& type, std::string_view name) {
  const auto at = std::ranges::find(type.fields, name, &FieldInfo::name);
  return at == type.fields.end() ? nullptr : &*at;
}

// Takes the first step off `path`. Keys in brackets may hold dots: `labels[a.b/c].x`.
std::string_view take_step(std::string_view& path) {
  size_t end = 0;
  for (int depth = 0; end < path.size() && (path[end] != '.' || depth > 0); ++end)
    depth += path[end] == '[' ? 1 : path[end] == ']' && depth > 0 ? -1 : 0;
  const std::string_view step = path.substr(0, end);
  path.remove_prefix(std::min(end + 1, path.size()));
  return step;
}

const void* map_value(const TypeInfo& map, const void* value, std::string_view key) {
  struct Search {
    std::string_view key;
    const void* found = nullptr;
  } search{key};
  map.each(value, &search, [](void* context, std::string_view k, const void* item) {
    auto& s = *static_cast<Search*>(context);
    if (k == s.key) s.found = item;
    return s.found == nullptr;
  });
  return search.found;
}

std::string quantity_label(const Rules& rules) {
  if (rules.any_dimension) return "Quantity";
  std::string label = "Quantity (";
  label.append(dimension_name(rules.dimension)).append(", e.g. ");
  return label.append(dimension_example(rules.dimension)).append(")");
}

}  // namespace

std::string text_at(const TypeInfo& root, const void* value, std::string_view path) {
  const TypeInfo* type = &root;
  while (value != nullptr) {
    if (type->kind == Kind::optional) {
      const void* inside = nullptr;
      type->each(value, &inside, [](void* context, std::string_view, const void* item) {
        *static_cast<const void**>(context) = item;
        return false;
      });
      value = inside;
      type = type->element;
      continue;
    }
    if (path.empty()) break;
    if (type->kind == Kind::map) {
      // Keys may hold dots, so a map of scalars takes all that is left.
      const bool last = is_scalar(type->element->kind) || type->element->kind == Kind::any;
      value = map_value(*type, value, last ? std::exchange(path, {}) : take_step(path));
      type = type->element;
      continue;
    }
    const FieldInfo* field = find_field(*type, take_step(path));
    if (field == nullptr) return {};
    value = field->at(value);
    type = field->type;
  }
  std::string out;
  if (value != nullptr) append_text(*type, value, out);
  return out;
}

const FieldInfo* field_at(const TypeInfo& root, std::string_view path) {
  const TypeInfo* type = &root;
  const FieldInfo* field = nullptr;
  while (!path.empty()) {
    std::string_view step = take_step(path);
    step = step.substr(0, step.find('['));
    field = find_field(innermost(*type), step);
    if (field == nullptr) return nullptr;
    type = field->type;
  }
  return field;
}

std::string type_label(const TypeInfo& type, const Rules& rules) {
  switch (type.kind) {
    case Kind::boolean:
      return "boolean";
    case Kind::integer:
      return "integer";
    case Kind::number:
      return "number";
    case Kind::string:
      return "string";
    case Kind::bytes:
      return "bytes";
    case Kind::quantity:
      return quantity_label(rules);
    case Kind::time:
    case Kind::micro_time:
      return "Time";
    case Kind::duration:
      return "Duration";
    case Kind::any:
      return "any";
    case Kind::enumeration:
    case Kind::object:
      return std::string(type.name);
    case Kind::list:
      return "[]" + type_label(*type.element, rules);
    case Kind::map:
      return "map[string]" + type_label(*type.element, rules);
    case Kind::optional:
      return type_label(*type.element, rules);
  }
  return {};
}

}  // namespace freehold::schema
