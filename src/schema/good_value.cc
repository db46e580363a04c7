#include "schema/good_value.h"

#include <algorithm>

#include "schema/samples.h"
#include "schema/scalar.h"

namespace freehold::schema {
namespace {

using json::Array;
using json::Object;
using json::Value;

// Within the rules, and as near to `wanted` as they allow.
int64_t within(const Rules& rules, int64_t wanted) {
  return std::clamp(wanted, std::min(rules.min, rules.max), rules.max);
}

std::string good_string(const Rules& rules) {
  if (rules.format != nullptr) return std::string(rules.format->good);
  return std::string(std::max<size_t>(rules.min_size, 1), 'x');
}

std::string good_quantity(const Rules& rules) {
  std::string example(rules.any_dimension ? dimension_example(Dimension::number)
                                          : dimension_example(rules.dimension));
  if (rules.any_dimension) return example;
  const Result<Quantity> parsed = Quantity::parse(example, rules.dimension);
  if (!parsed.ok()) return example;
  const int64_t value = within(rules, parsed->value());
  if (value == parsed->value()) return example;
  return Quantity::of(value, rules.dimension, parsed->currency()).text();
}

std::string good_enum(const TypeInfo& type) {
  for (const EnumInfo& info : type.values)
    if (!info.name.empty()) return std::string(info.name);
  return {};
}

Value good_object(const TypeInfo& type) {
  Object out;
  for (const FieldInfo& f : type.fields)
    if (f.rules.required && !f.rules.output && f.rules.later.empty())
      out.append(std::string(f.name), good_value(*f.type, f.rules));
  return out;
}

Value good_list(const TypeInfo& type, const Rules& rules) {
  Array items;
  const size_t size = std::max<size_t>(rules.min_size, 1);
  while (items.size() < size) items.push_back(good_item(type, rules, items));
  return items;
}

// The n-th string like `text` that its format accepts: "chat-eu", "chat-eu2" …
std::string varied(const std::string& text, const Rules& rules, size_t n) {
  if (n == 0) return text;
  std::string longer = text + std::to_string(n + 1);
  if (rules.format == nullptr || rules.format->accepts(longer)) return longer;
  std::string letters = text + std::string(n, text.empty() ? 'A' : text.back());
  return rules.format->accepts(letters) ? letters : text;
}

}  // namespace

Value good_value(const TypeInfo& type, const Rules& rules) {
  switch (type.kind) {
    case Kind::boolean:
      return true;
    case Kind::integer:
      return within(rules, 1);
    case Kind::number:
      return static_cast<double>(within(rules, 1));
    case Kind::string:
      return good_string(rules);
    case Kind::bytes:
      return "AAEC";
    case Kind::quantity:
      return good_quantity(rules);
    case Kind::time:
      return "2026-11-23T15:39:13Z";
    case Kind::micro_time:
      return "2026-11-23T15:39:13.000001Z";
    case Kind::duration:
      return format_duration(Duration{within(rules, seconds(30).us)});
    case Kind::any:
      return Object{{"a", 1}};
    case Kind::enumeration:
      return good_enum(type);
    case Kind::object:
      return good_object(type);
    case Kind::list:
      return good_list(type, rules);
    case Kind::map:
      return Object{{good_key(rules), good_value(*type.element, element_rules(type, rules))}};
    case Kind::optional:
      return good_value(*type.element, element_rules(type, rules));
  }
  return {};
}

Value good_item(const TypeInfo& list, const Rules& rules, const Array& others) {
  const Rules inside = element_rules(list, rules);
  Value item = good_value(*list.element, inside);
  const size_t n = others.size();
  if (std::string* text = item.as_string()) {
    if (rules.set && list.element->kind == Kind::enumeration)
      *text = list.element->values[n % list.element->values.size()].name;
    else if (rules.set)
      *text = varied(*text, inside, n);
  } else if (Object* object = item.as_object(); object != nullptr && !rules.list_key.empty()) {
    for (const FieldInfo& f : list.element->fields) {
      if (f.name != rules.list_key) continue;
      Value key = good_value(*f.type, f.rules);
      if (std::string* name = key.as_string()) *name = varied(*name, f.rules, n);
      (*object)[f.name] = std::move(key);
    }
  }
  return item;
}

std::string good_key(const Rules& rules) {
  return rules.key_format != nullptr ? std::string(rules.key_format->good) : "key";
}

Value good_document(const TypeInfo& root) { return good_value(root, Rules{}); }

}  // namespace freehold::schema
