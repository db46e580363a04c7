#include "schema/scalar.h"

#include <charconv>

#include "base/check.h"
#include "base/limits.h"
#include "base/strings.h"
#include "json/value.h"

namespace freehold::schema {
namespace {

template <class T>
const T& as(const void* p) {
  return *static_cast<const T*>(p);
}

template <class N>
void append_number(N n, std::string& out) {
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, n);
  out.append(buffer, end.ptr);
}

}  // namespace

bool is_scalar(Kind kind) {
  switch (kind) {
    case Kind::any:
    case Kind::object:
    case Kind::list:
    case Kind::map:
    case Kind::optional:
      return false;
    default:
      return true;
  }
}

void append_text(const TypeInfo& type, const void* value, std::string& out) {
  switch (type.kind) {
    case Kind::boolean:
      out += as<bool>(value) ? "true" : "false";
      return;
    case Kind::integer:
      return append_number(as<int64_t>(value), out);
    case Kind::number:
      return append_number(as<double>(value), out);
    case Kind::string:
      out += as<std::string>(value);
      return;
    case Kind::bytes:
      out += base64_encode(as<Bytes>(value).data);
      return;
    case Kind::quantity:
      out += as<Quantity>(value).text();
      return;
    case Kind::time:
      if (as<Time>(value).is_set()) out += format_rfc3339(as<Time>(value));
      return;
    case Kind::micro_time:
      if (as<MicroTime>(value).time.is_set())
        out += format_rfc3339_micro(as<MicroTime>(value).time);
      return;
    case Kind::duration:
      out += format_duration(as<Duration>(value));
      return;
    case Kind::enumeration:
      out += enum_name(type, value);
      return;
    case Kind::any:
      if (const std::string* s = as<json::Value>(value).as_string()) out += *s;
      return;
    case Kind::optional: {
      struct Context {
        const TypeInfo* element;
        std::string* out;
      } context{type.element, &out};
      type.each(value, &context, [](void* c, std::string_view, const void* e) {
        append_text(*static_cast<Context*>(c)->element, e, *static_cast<Context*>(c)->out);
        return true;
      });
      return;
    }
    default:
      return;
  }
}

std::string_view enum_name(const TypeInfo& type, const void* value) {
  const int64_t n = type.get_enum(value);
  // Most enums count from zero in the order of their table.
  if (n >= 0 && n < std::ssize(type.values)) {
    const EnumInfo& guess = type.values[static_cast<size_t>(n)];
    if (guess.value == n) return guess.name;
  }
  for (const EnumInfo& info : type.values)
    if (info.value == n) return info.name;
  (void)BUG_IF(true, "enum value is not in its table");
  return {};
}

bool is_missing(const TypeInfo& type, const void* value) {
  switch (type.kind) {
    case Kind::string:
      return as<std::string>(value).empty();
    case Kind::bytes:
      return as<Bytes>(value).data.empty();
    case Kind::quantity:
      return !as<Quantity>(value).is_set();
    case Kind::time:
      return !as<Time>(value).is_set();
    case Kind::micro_time:
      return !as<MicroTime>(value).time.is_set();
    case Kind::any:
      return as<json::Value>(value).is_null();
    case Kind::enumeration:
      return enum_name(type, value).empty();
    case Kind::list:
    case Kind::map:
    case Kind::optional:
      return type.size(value) == 0;
    default:
      return false;
  }
}

bool is_left_out(const TypeInfo& type, const void* value, const void* base) {
  switch (type.kind) {
    case Kind::boolean:
      return !as<bool>(value) && !as<bool>(base);
    case Kind::integer:
      return as<int64_t>(value) == 0 && as<int64_t>(base) == 0;
    case Kind::number: {
      const auto plain_zero = [](double d) { return d == 0 && !__builtin_signbit(d); };
      return plain_zero(as<double>(value)) && plain_zero(as<double>(base));
    }
    case Kind::duration:
      return as<Duration>(value).us == 0 && as<Duration>(base).us == 0;
    case Kind::string:
      return as<std::string>(value).empty() && as<std::string>(base).empty();
    case Kind::bytes:
      return as<Bytes>(value).data.empty() && as<Bytes>(base).data.empty();
    case Kind::enumeration:
      return is_missing(type, value) && is_missing(type, base);
    case Kind::list:
    case Kind::map:
      return type.size(value) == 0 && type.size(base) == 0;
    case Kind::optional: {
      if (type.size(value) == 0) return true;
      // An optional `any` that holds null has no text of its own.
      return type.element->kind == Kind::any &&
             !type.each(value, nullptr, [](void*, std::string_view, const void* e) {
               return !as<json::Value>(e).is_null();
             });
    }
    case Kind::object:
      return is_blank(type, value, base);
    default:
      return is_missing(type, value);
  }
}

bool is_blank(const TypeInfo& type, const void* object, const void* base) {
  for (const FieldInfo& f : type.fields)
    if (!is_left_out(*f.type, f.at(object), f.at(base))) return false;
  return true;
}

Rules element_rules(const TypeInfo& container, const Rules& rules) {
  Rules inside = rules;
  inside.required = inside.set = false;
  inside.list_key = {};
  if (container.kind != Kind::optional) {
    // The sizes were those of the list; its items are bounded by the object that holds them.
    inside.min_size = 0;
    inside.max_size = limits::object_bytes;
    inside.key_format = nullptr;
  }
  return inside;
}

std::string shortened(std::string_view text) {
  constexpr size_t most = 80;
  if (text.size() <= most) return std::string(text);
  return std::string(beginning_of(text, most)) + "…";
}

std::string quoted(std::string_view text) {
  std::string out;
  json::append_quoted(shortened(text), out);
  return out;
}

std::string unsupported_value(const TypeInfo& enumeration, std::string_view name) {
  std::string detail = "unsupported value " + quoted(name) + ": use one of ";
  for (const EnumInfo& info : enumeration.values) {
    if (info.name.empty()) continue;
    if (detail.back() == '"') detail += ", ";
    detail += quoted(info.name);
  }
  return detail;
}

}  // namespace freehold::schema
