// How the rows of the registry are written: one specialisation of row<T>() per kind, in the file of
// its types, and an explicit instantiation of kind_of<T>(). Only the .cc files of this module
// include it.
#pragma once

#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/object.h"

namespace freehold::api {

template <class T>
Kind row();

template <class T>
const Kind& kind_of() {
  static const Kind kind = row<T>();
  return kind;
}

enum class Scope : uint8_t { cluster, namespaced };

struct Names {
  std::string_view plural, singular, list_name;
  std::vector<std::string_view> short_names{};
};

template <class T>
Kind plain_kind(Names names, Scope scope) {
  Kind kind;
  kind.group = group;
  kind.version = version;
  kind.name = schema::type_of<T>.name;
  kind.plural = names.plural;
  kind.singular = names.singular;
  kind.list_name = names.list_name;
  kind.short_names = std::move(names.short_names);
  kind.categories = {"freehold"};
  kind.namespaced = scope == Scope::namespaced;
  kind.has_status = requires(T t) { t.status; };
  kind.type = &schema::type_of<T>;
  kind.meta = [](void* object) -> ObjectMeta& { return static_cast<T*>(object)->metadata; };
  return kind;
}

// A column whose cell is made by a function over the kind's own type.
template <class T, auto Text>
Column column(std::string_view name, std::string_view type, std::string_view doc,
              int priority = 0) {
  return {name, type, {}, doc, priority, [](const void* object, Time now) -> std::string {
            return Text(*static_cast<const T*>(object), now);
          }};
}

// What kubectl shows where there is nothing to show.
inline std::string or_none(std::string_view text) {
  return std::string(text.empty() ? "<none>" : text);
}

// The sum of two numbers that are not negative, or the largest number: cells are made of objects
// that nobody has checked for sense.
inline int64_t sum_within(int64_t a, int64_t b) {
  return a > std::numeric_limits<int64_t>::max() - b ? std::numeric_limits<int64_t>::max() : a + b;
}

inline std::string condition_text(const Conditions& conditions, std::string_view type) {
  const Condition* found = find_condition(conditions, type);
  return found == nullptr ? "<none>" : enum_text(found->status);
}

}  // namespace freehold::api
