#include "schema/describe.h"

#include <unordered_set>

#include "schema/scalar.h"
#include "schema/walk.h"

namespace freehold::schema {
namespace {

// Zero as the value of a type, for telling whether a default says anything.
bool says_nothing(const TypeInfo& type, const void* value) {
  return type.kind == Kind::object || is_left_out(type, value, value);
}

std::string bound(const FieldInfo& field, int64_t n) {
  const TypeInfo& type = innermost(*field.type);
  const bool is_bytes = type.kind == Kind::quantity && field.rules.dimension == Dimension::bytes;
  if (is_bytes && n == 0) return "0";  // no bytes need no unit
  if (type.kind == Kind::quantity) return Quantity::of(n, field.rules.dimension).text();
  if (type.kind == Kind::duration) return format_duration(Duration{n});
  return std::to_string(n);
}

void add_bounds(const FieldInfo& field, std::vector<std::string>& words) {
  const Rules none, &rules = field.rules;
  if (rules.min != none.min) words.push_back("at least " + bound(field, rules.min));
  if (rules.max != none.max) words.push_back("at most " + bound(field, rules.max));
  const TypeInfo& type = field.type->kind == Kind::optional ? *field.type->element : *field.type;
  const auto sized = [&](std::string_view bound_word, uint32_t size) {
    std::string text(bound_word);
    text += std::to_string(size);
    text += type.kind == Kind::list ? " item" : type.kind == Kind::map ? " key" : " byte";
    words.push_back(size == 1 ? text : text + 's');
  };
  if (rules.min_size != none.min_size) sized("at least ", rules.min_size);
  if (rules.max_size != none.max_size) sized("at most ", rules.max_size);
}

}  // namespace

const TypeInfo& innermost(const TypeInfo& type) {
  const TypeInfo* t = &type;
  while (t->element != nullptr) t = t->element;
  return *t;
}

std::vector<const TypeInfo*> reachable(std::span<const TypeInfo* const> roots) {
  std::vector<const TypeInfo*> types;
  std::unordered_set<const TypeInfo*> seen;  // only asked, never walked
  const auto add = [&](const TypeInfo& type) {
    if (type.kind != Kind::object && type.kind != Kind::enumeration) return;
    if (seen.insert(&type).second) types.push_back(&type);
  };
  for (const TypeInfo* root : roots) add(innermost(*root));
  for (size_t i = 0; i < types.size(); ++i)
    for (const FieldInfo& f : types[i]->fields) add(innermost(*f.type));
  return types;
}

std::string default_text(const TypeInfo& owner, const FieldInfo& field) {
  const void* value = field.at(owner.prototype);
  if (says_nothing(*field.type, value)) return {};
  std::string out;
  if (is_scalar(field.type->kind))
    append_text(*field.type, value, out);
  else
    print(*field.type, value, out);
  return out;
}

std::vector<std::string> rule_words(const TypeInfo& owner, const FieldInfo& field) {
  const Rules& rules = field.rules;
  std::vector<std::string> words;
  if (rules.required) words.emplace_back("required");
  if (rules.output) words.emplace_back("set by the system");
  if (rules.immutable) words.emplace_back("may not change after creation");
  if (rules.secret) words.emplace_back("secret");
  if (std::string text = default_text(owner, field); !text.empty())
    words.push_back("default " + std::move(text));
  add_bounds(field, words);
  const auto form = [&](std::string_view what, const Format& format) {
    words.push_back(std::string(what) + std::string(format.name) + " such as " +
                    std::string(format.good));
  };
  if (rules.format != nullptr) form("", *rules.format);
  if (rules.key_format != nullptr) form("keys: ", *rules.key_format);
  if (!rules.list_key.empty()) words.push_back("unique by " + std::string(rules.list_key));
  if (rules.set) words.emplace_back("unique items");
  return words;
}

std::string full_doc(const FieldInfo& field) {
  std::string doc;
  if (!field.rules.later.empty()) {
    doc = "Not honoured yet: " + std::string(field.rules.later);
    doc += doc.ends_with('.') ? " " : ". ";
  }
  return doc.append(field.doc);
}

}  // namespace freehold::schema
