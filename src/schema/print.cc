// Printing. `base` goes along: the defaults that reading would find in place, which decide whether
// a zero may be left out. Inside a nested object they are its parent's defaults for it, not those
// of its own type.
#include <charconv>
#include <cmath>

#include "base/check.h"
#include "base/strings.h"
#include "schema/scalar.h"
#include "schema/walk.h"

namespace freehold::schema {
namespace {

void print_value(const TypeInfo& type, const void* value, const void* base, std::string& out);

struct Items {
  const TypeInfo* element;
  std::string* out;
  bool first = true;
};

void print_object(const TypeInfo& type, const void* object, const void* base, std::string& out) {
  out += '{';
  bool first = true;
  for (const FieldInfo& field : type.fields) {
    const void* value = field.at(object);
    const void* field_base = field.at(base);
    const bool nested = field.type->kind == Kind::object;
    if (!nested && is_left_out(*field.type, value, field_base)) continue;
    const size_t before = out.size();
    if (!first) out += ',';
    out += '"';
    out += field.name;
    out += "\":";
    print_value(*field.type, value, field_base, out);
    // Cheaper than looking first: most objects have something to say.
    if (nested && !field.rules.required && out.ends_with("{}"))
      out.resize(before);
    else
      first = false;
  }
  out += '}';
}

void print_list(const TypeInfo& type, const void* list, std::string& out) {
  out += '[';
  Items items{type.element, &out};
  type.each(list, &items, [](void* context, std::string_view, const void* item) {
    auto& x = *static_cast<Items*>(context);
    if (!x.first) *x.out += ',';
    x.first = false;
    print_value(*x.element, item, x.element->prototype, *x.out);
    return true;
  });
  out += ']';
}

void print_map(const TypeInfo& type, const void* map, std::string& out) {
  out += '{';
  Items items{type.element, &out};
  type.each(map, &items, [](void* context, std::string_view key, const void* item) {
    auto& x = *static_cast<Items*>(context);
    if (!x.first) *x.out += ',';
    x.first = false;
    json::append_quoted(key, *x.out);
    *x.out += ':';
    print_value(*x.element, item, x.element->prototype, *x.out);
    return true;
  });
  out += '}';
}

void print_optional(const TypeInfo& type, const void* optional, std::string& out) {
  Items items{type.element, &out};
  type.each(optional, &items, [](void* context, std::string_view, const void* item) {
    auto& x = *static_cast<Items*>(context);
    print_value(*x.element, item, x.element->prototype, *x.out);
    x.first = false;
    return true;
  });
  if (items.first) out += "null";  // only as an item of a list or map
}

void print_number(double number, std::string& out) {
  if (BUG_IF(!std::isfinite(number), "JSON has no such number")) number = 0;
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, number);
  out.append(buffer, end.ptr);
}

void print_value(const TypeInfo& type, const void* value, const void* base, std::string& out) {
  switch (type.kind) {
    case Kind::boolean:
    case Kind::integer:
      return append_text(type, value, out);
    case Kind::number:
      return print_number(*static_cast<const double*>(value), out);
    case Kind::string:
      return json::append_quoted(*static_cast<const std::string*>(value), out);
    case Kind::quantity: {
      const Quantity& quantity = *static_cast<const Quantity*>(value);
      if (quantity.is_set()) return json::append_quoted(quantity.text(), out);
      out += "null";  // only as the value of a map
      return;
    }
    case Kind::enumeration:
      return json::append_quoted(enum_name(type, value), out);
    case Kind::time:
      // An unset time gets here as an item only, where leaving it out would lose the item.
      out += '"' + format_rfc3339(*static_cast<const Time*>(value)) + '"';
      return;
    case Kind::micro_time:
      out += '"' + format_rfc3339_micro(static_cast<const MicroTime*>(value)->time) + '"';
      return;
    case Kind::bytes:
    case Kind::duration:  // neither needs escapes
      out += '"';
      append_text(type, value, out);
      out += '"';
      return;
    case Kind::any:
      out += json::print(*static_cast<const json::Value*>(value));
      return;
    case Kind::object:
      return print_object(type, value, base, out);
    case Kind::list:
      return print_list(type, value, out);
    case Kind::map:
      return print_map(type, value, out);
    case Kind::optional:
      return print_optional(type, value, out);
  }
}

}  // namespace

void print(const TypeInfo& type, const void* value, std::string& out) {
  print_value(type, value, type.prototype, out);
}

json::Value to_json(const TypeInfo& type, const void* value) {
  std::string text;
  print(type, value, text);
  Result<json::Value> parsed = json::parse(text);
  if (BUG_IF(!parsed.ok(), "what was printed does not parse")) return {};
  return std::move(*parsed);
}

}  // namespace freehold::schema
