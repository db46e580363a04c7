// Comparing two values of one type: equality, immutability, and what differs.
#include <algorithm>

#include "schema/scalar.h"
#include "schema/walk.h"

namespace freehold::schema {
namespace {

struct Item {
  std::string_view key;
  const void* value;
};

std::vector<Item> items_of(const TypeInfo& container, const void* value) {
  std::vector<Item> items;
  items.reserve(container.size(value));
  container.each(value, &items, [](void* context, std::string_view key, const void* item) {
    static_cast<std::vector<Item>*>(context)->push_back({key, item});
    return true;
  });
  return items;
}

// A Time is printed in whole seconds; what went to a client or to the disk comes back without the
// rest.
bool is_same_second(Time a, Time b) {
  return a == b || (a.is_set() && b.is_set() && format_rfc3339(a) == format_rfc3339(b));
}

bool equal_items(const TypeInfo& container, const void* a, const void* b) {
  const size_t size = container.size(a);
  if (size != container.size(b)) return false;
  if (size == 0) return true;
  const std::vector<Item> left = items_of(container, a), right = items_of(container, b);
  return std::ranges::equal(left, right, [&](const Item& x, const Item& y) {
    return x.key == y.key && equal(*container.element, x.value, y.value);
  });
}

std::string json_text(const TypeInfo& type, const void* value) {
  std::string out;
  print(type, value, out);
  return out;
}

// The text of the field that tells the items of a keyed list apart.
std::string key_text(const TypeInfo& item, std::string_view list_key, const void* value) {
  std::string out;
  for (const FieldInfo& f : item.fields)
    if (f.name == list_key) append_text(*f.type, f.at(value), out);
  return out;
}

// A pair of items that stand for the same thing before and after; either may be absent.
struct Pair {
  std::string step;  // "[name=chat]", "[3]", "[key]"
  std::string_view key;
  const void *before = nullptr, *after = nullptr;
  size_t index = 0;  // in `after`
};

// Finds `step` in pairs, or adds it. Lists are bounded by their rules, keys by their being sorted.
std::vector<Pair> pair_items(const TypeInfo& container, const Rules& rules, const void* before,
                             const void* after) {
  std::vector<Pair> pairs;
  Map<size_t> found;
  const auto take = [&](const std::vector<Item>& items, bool is_after) {
    for (size_t i = 0; i < items.size(); ++i) {
      std::string step;
      if (container.kind == Kind::map)
        step = '[' + std::string(items[i].key) + ']';
      else if (!rules.list_key.empty())
        step = '[' + std::string(rules.list_key) + '=' +
               key_text(*container.element, rules.list_key, items[i].value) + ']';
      else
        step = '[' + std::to_string(i) + ']';
      const auto [at, fresh] = found.try_emplace(step, pairs.size());
      if (fresh) pairs.push_back({std::move(step), items[i].key, nullptr, nullptr, 0});
      Pair& pair = pairs[at->second];
      (is_after ? pair.after : pair.before) = items[i].value;
      if (is_after) pair.index = i;
    }
  };
  take(items_of(container, before), false);
  take(items_of(container, after), true);
  return pairs;
}

class Differ {
 public:
  explicit Differ(std::vector<Difference>& out) : out_(out) {}

  void value(const TypeInfo& type, const Rules& rules, const void* before, const void* after,
             const std::string& at) {
    if (equal(type, before, after)) return;
    switch (type.kind) {
      case Kind::object:
        for (const FieldInfo& f : type.fields)
          value(*f.type, f.rules, f.at(before), f.at(after),
                at.empty() ? std::string(f.name) : at + '.' + std::string(f.name));
        return;
      case Kind::list:
        if (is_scalar(type.element->kind)) return leaf(type, rules, before, after, at);
        [[fallthrough]];
      case Kind::map:
        for (const Pair& pair : pair_items(type, rules, before, after))
          item(*type.element, element_rules(type, rules), pair, at + pair.step);
        return;
      case Kind::optional: {
        const std::vector<Item> a = items_of(type, before), b = items_of(type, after);
        const Pair pair{
            {}, {}, a.empty() ? nullptr : a[0].value, b.empty() ? nullptr : b[0].value, 0};
        return item(*type.element, element_rules(type, rules), pair, at);
      }
      default:
        return leaf(type, rules, before, after, at);
    }
  }

 private:
  void item(const TypeInfo& type, const Rules& rules, const Pair& pair, const std::string& at) {
    if (pair.before != nullptr && pair.after != nullptr)
      return value(type, rules, pair.before, pair.after, at);
    leaf(type, rules, pair.before, pair.after, at);
  }
  void leaf(const TypeInfo& type, const Rules& rules, const void* before, const void* after,
            const std::string& at) {
    out_.push_back({at, text(type, rules, before), text(type, rules, after)});
  }
  static std::string text(const TypeInfo& type, const Rules& rules, const void* value) {
    if (value == nullptr || is_missing(type, value)) return {};
    if (rules.secret) return "(secret)";
    std::string out;
    if (is_scalar(type.kind))
      append_text(type, value, out);
    else
      out = json_text(type, value);
    return out;
  }

  std::vector<Difference>& out_;
};

std::string immutable_detail(const FieldInfo& field, const void* before) {
  std::string detail = "may not change after creation";
  if (is_scalar(field.type->kind) && !field.rules.secret) {
    std::string text;
    append_text(*field.type, before, text);
    detail += text.empty() ? "; it was not set" : "; it was " + quoted(text);
  }
  return detail;
}

void update_items(const TypeInfo& type, const Rules& rules, const void* before, const void* after,
                  const Path& at, Errors& errors);

void update_value(const TypeInfo& type, const Rules& rules, const void* before, const void* after,
                  const Path& at, Errors& errors) {
  if (type.kind == Kind::object)
    validate_update(type, before, after, at, errors);
  else if (type.each != nullptr &&
           (type.element->kind == Kind::object || type.element->each != nullptr))
    update_items(type, rules, before, after, at, errors);
}

void update_items(const TypeInfo& type, const Rules& rules, const void* before, const void* after,
                  const Path& at, Errors& errors) {
  const Rules inside = element_rules(type, rules);
  for (const Pair& pair : pair_items(type, rules, before, after)) {
    if (pair.before == nullptr || pair.after == nullptr) continue;  // coming and going is allowed
    const Path here = type.kind == Kind::optional ? at
                      : type.kind == Kind::map    ? at.key(pair.key)
                                                  : at[pair.index];
    update_value(*type.element, inside, pair.before, pair.after, here, errors);
  }
}

}  // namespace

bool equal(const TypeInfo& type, const void* a, const void* b) {
  switch (type.kind) {
    case Kind::boolean:
      return *static_cast<const bool*>(a) == *static_cast<const bool*>(b);
    case Kind::integer:
      return *static_cast<const int64_t*>(a) == *static_cast<const int64_t*>(b);
    case Kind::number:
      return *static_cast<const double*>(a) == *static_cast<const double*>(b);
    case Kind::string:
      return *static_cast<const std::string*>(a) == *static_cast<const std::string*>(b);
    case Kind::bytes:
      return *static_cast<const Bytes*>(a) == *static_cast<const Bytes*>(b);
    case Kind::quantity:
      return static_cast<const Quantity*>(a)->text() == static_cast<const Quantity*>(b)->text();
    case Kind::time:
      return is_same_second(*static_cast<const Time*>(a), *static_cast<const Time*>(b));
    case Kind::micro_time:
      return *static_cast<const MicroTime*>(a) == *static_cast<const MicroTime*>(b);
    case Kind::duration:
      return *static_cast<const Duration*>(a) == *static_cast<const Duration*>(b);
    case Kind::any:
      return *static_cast<const json::Value*>(a) == *static_cast<const json::Value*>(b);
    case Kind::enumeration:
      return type.get_enum(a) == type.get_enum(b);
    case Kind::object:
      return std::ranges::all_of(
          type.fields, [&](const FieldInfo& f) { return equal(*f.type, f.at(a), f.at(b)); });
    case Kind::list:
    case Kind::map:
    case Kind::optional:
      return equal_items(type, a, b);
  }
  return false;
}

std::vector<Difference> diff(const TypeInfo& type, const void* before, const void* after) {
  std::vector<Difference> out;
  Differ(out).value(type, Rules{}, before, after, "");
  return out;
}

void validate_update(const TypeInfo& type, const void* before, const void* after, const Path& at,
                     Errors& errors) {
  if (type.kind != Kind::object) return;
  for (const FieldInfo& f : type.fields) {
    if (f.rules.output) continue;
    const void *a = f.at(before), *b = f.at(after);
    const Path here = at / f.name;
    if (!f.rules.immutable)
      update_value(*f.type, f.rules, a, b, here, errors);
    else if (!equal(*f.type, a, b))
      errors.add(Fault::immutable, here, immutable_detail(f, a));
  }
}

}  // namespace freehold::schema
