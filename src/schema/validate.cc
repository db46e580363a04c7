// Validation: every rule of the tables, on values that read() has filled in.
#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "schema/scalar.h"
#include "schema/walk.h"

namespace freehold::schema {
namespace {

std::string bound_text(int64_t bound, const TypeInfo& type, const Quantity* quantity) {
  if (quantity != nullptr)
    return Quantity::of(bound, quantity->dimension(), quantity->currency()).text();
  if (type.kind == Kind::duration) return format_duration(Duration{bound});
  return std::to_string(bound);
}

class Validator {
 public:
  explicit Validator(Errors& errors) : errors_(errors) {}

  void object(const TypeInfo& type, const void* object, const void* base, const Path& at) {
    for (const FieldInfo& f : type.fields) field(f, f.at(object), f.at(base), at / f.name);
    if (type.check != nullptr) type.check(object, at, errors_);
  }

 private:
  void field(const FieldInfo& field, const void* value, const void* base, const Path& at);
  void value(const TypeInfo& type, const Rules& rules, const void* value, const void* base,
             const Path& at);
  void string(const Rules& rules, std::string_view text, const Path& at);
  void length(const Rules& rules, size_t length, std::string_view unit, const Path& at);
  void range(const TypeInfo& type, const Rules& rules, int64_t number, const Quantity* quantity,
             const Path& at);
  void number(const Rules& rules, double number, const Path& at);
  void items(const TypeInfo& type, const Rules& rules, const void* value, const Path& at);
  void unique(const TypeInfo& type, const Rules& rules, const void* list, const Path& at);

  Errors& errors_;
};

void Validator::field(const FieldInfo& field, const void* value, const void* base, const Path& at) {
  const Rules& rules = field.rules;
  if (rules.output) return;
  if (!rules.later.empty()) {
    if (!equal(*field.type, value, base))
      errors_.add(Fault::not_supported, at,
                  "is not honoured yet: " + std::string(rules.later) + "; remove it");
    return;
  }
  const bool is_object = field.type->kind == Kind::object;
  if (is_object ? is_blank(*field.type, value, base) : is_missing(*field.type, value)) {
    if (rules.required) return errors_.add(Fault::required, at, "required");
    if (is_object || is_missing(*field.type, base)) return;
  }
  // A default is never at fault: zero may mean "not set" below a minimum of one, and what is
  // required inside an object is required once the object is given.
  if (!rules.required && equal(*field.type, value, base)) return;
  this->value(*field.type, rules, value, base, at);
}

void Validator::value(const TypeInfo& type, const Rules& rules, const void* value, const void* base,
                      const Path& at) {
  switch (type.kind) {
    case Kind::boolean:
    case Kind::time:
    case Kind::micro_time:
    case Kind::enumeration:
    case Kind::any:
      return;
    case Kind::integer:
      return range(type, rules, *static_cast<const int64_t*>(value), nullptr, at);
    case Kind::duration:
      return range(type, rules, static_cast<const Duration*>(value)->us, nullptr, at);
    case Kind::number:
      return number(rules, *static_cast<const double*>(value), at);
    case Kind::quantity: {
      const Quantity& quantity = *static_cast<const Quantity*>(value);
      if (quantity.is_set()) range(type, rules, quantity.value(), &quantity, at);
      return;
    }
    case Kind::string:
      return string(rules, *static_cast<const std::string*>(value), at);
    case Kind::bytes:
      return length(rules, static_cast<const Bytes*>(value)->data.size(), "byte", at);
    case Kind::object:
      return object(type, value, base, at);
    case Kind::list:
    case Kind::map:
      return items(type, rules, value, at);
    case Kind::optional: {
      struct Context {
        Validator* self;
        const TypeInfo* element;
        Rules rules;
        const Path* at;
      } context{this, type.element, element_rules(type, rules), &at};
      type.each(value, &context, [](void* c, std::string_view, const void* item) {
        const auto& x = *static_cast<Context*>(c);
        x.self->value(*x.element, x.rules, item, x.element->prototype, *x.at);
        return true;
      });
      return;
    }
  }
}

void Validator::string(const Rules& rules, std::string_view text, const Path& at) {
  length(rules, text.size(), "byte", at);
  if (rules.format == nullptr || rules.format->accepts(text)) return;
  std::string detail = rules.secret ? "is" : quoted(text) + " is";
  detail.append(" not a valid ").append(rules.format->name);
  detail.append("; use for example ").append(quoted(rules.format->good));
  errors_.add(Fault::invalid, at, std::move(detail));
}

void Validator::length(const Rules& rules, size_t length, std::string_view unit, const Path& at) {
  const auto complain = [&](std::string_view what, size_t bound) {
    std::string detail(what);
    detail.append(" ").append(std::to_string(bound)).append(" ").append(unit);
    if (bound != 1) detail += 's';
    errors_.add(Fault::invalid, at, detail + ", has " + std::to_string(length));
  };
  if (length < rules.min_size) complain("must have at least", rules.min_size);
  if (length > rules.max_size) complain("must have at most", rules.max_size);
}

void Validator::range(const TypeInfo& type, const Rules& rules, int64_t number,
                      const Quantity* quantity, const Path& at) {
  if (number >= rules.min && number <= rules.max) return;
  const bool low = number < rules.min;
  std::string detail = low ? "must be at least " : "must be at most ";
  detail += bound_text(low ? rules.min : rules.max, type, quantity);
  detail += ", is " + (quantity != nullptr ? quantity->text() : bound_text(number, type, nullptr));
  errors_.add(Fault::invalid, at, std::move(detail));
}

void Validator::number(const Rules& rules, double number, const Path& at) {
  if (!std::isfinite(number)) return errors_.add(Fault::invalid, at, "must be a finite number");
  if (number < static_cast<double>(rules.min))
    errors_.add(Fault::invalid, at, "must be at least " + std::to_string(rules.min));
  if (number > static_cast<double>(rules.max))
    errors_.add(Fault::invalid, at, "must be at most " + std::to_string(rules.max));
}

void Validator::items(const TypeInfo& type, const Rules& rules, const void* value, const Path& at) {
  length(rules, type.size(value), type.kind == Kind::list ? "item" : "key", at);
  if (rules.set || !rules.list_key.empty()) unique(type, rules, value, at);
  struct Context {
    Validator* self;
    const TypeInfo* type;
    const Rules* rules;
    Rules inside;
    const Path* at;
    size_t i = 0;
  } context{this, &type, &rules, element_rules(type, rules), &at};
  type.each(value, &context, [](void* c, std::string_view key, const void* item) {
    auto& x = *static_cast<Context*>(c);
    const TypeInfo& element = *x.type->element;
    const bool is_map = x.type->kind == Kind::map;
    const Path here = is_map ? x.at->key(key) : (*x.at)[x.i++];
    if (const Format* format = x.rules->key_format;
        is_map && format != nullptr && !format->accepts(key))
      x.self->errors_.add(Fault::invalid, here,
                          "the key " + quoted(key) + " is not a valid " +
                              std::string(format->name) + "; use for example " +
                              quoted(format->good));
    x.self->value(element, x.inside, item, element.prototype, here);
    return true;
  });
}

void Validator::unique(const TypeInfo& type, const Rules& rules, const void* list, const Path& at) {
  const TypeInfo* key_type = type.element;
  const FieldInfo* key_field = nullptr;
  if (!rules.list_key.empty()) {
    const auto found = std::ranges::find(type.element->fields, rules.list_key, &FieldInfo::name);
    if (BUG_IF(found == type.element->fields.end(), "list_key names no field of the items")) return;
    key_field = &*found;
    key_type = key_field->type;
  }
  struct Context {
    const FieldInfo* key_field;
    const TypeInfo* key_type;
    std::vector<std::pair<std::string, size_t>> keys;
  } context{key_field, key_type, {}};
  context.keys.reserve(type.size(list));
  type.each(list, &context, [](void* c, std::string_view, const void* item) {
    auto& x = *static_cast<Context*>(c);
    std::string text;
    append_text(*x.key_type, x.key_field == nullptr ? item : x.key_field->at(item), text);
    x.keys.emplace_back(std::move(text), x.keys.size());
    return true;
  });
  std::ranges::sort(context.keys);
  for (size_t first = 0, i = 1; i < context.keys.size(); ++i) {
    const auto& [text, index] = context.keys[i];
    if (text != context.keys[first].first) {
      first = i;
      continue;
    }
    // An absent key is told by `required`; absent ones do not clash.
    if (key_field != nullptr && text.empty()) continue;
    const Path item = at[index];
    errors_.add(
        Fault::duplicate, key_field == nullptr ? item : item / key_field->name,
        quoted(text) + " is used already, by " + at[context.keys[first].second].to_string());
  }
}

}  // namespace

void validate(const TypeInfo& type, const void* value, const Path& at, Errors& errors) {
  if (type.kind == Kind::object) Validator(errors).object(type, value, type.prototype, at);
}

}  // namespace freehold::schema
