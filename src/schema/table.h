// How tables are written, and what makes a TypeInfo of one. Beside a header of types stands one of
// their tables, `<types>_table.h`, which the .cc file of the types includes, and few others:
// whoever reads, prints or walks objects needs schema.h alone, and compiles in a fraction of the
// time.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

#include "schema/schema.h"

namespace freehold::schema {

template <class T, size_t N>
struct ObjectSchema {
  std::string_view name, doc;
  FieldInfo fields[N];
  void (*check)(const void*, const Path&, Errors&) = nullptr;
};
template <class T, size_t N>
struct EnumSchema {
  std::string_view name, doc;
  EnumInfo values[N];
};

// Specialised for each described type. A type must be described before those that hold it; none may
// hold itself, not even in a list (its table would be needed to build its table): such a field is a
// json::Value.
template <class T>
inline constexpr auto table = nullptr;

template <auto Member>
struct member;
template <class C, class M, M C::* P>
struct member<P> {
  using owner = C;
  using type = M;
};

template <auto Member>
constexpr FieldInfo field(std::string_view name, std::string_view doc, Rules rules = {}) {
  using m = member<Member>;
  return {name, doc, &Described<typename m::type>::info,
          [](void* o) -> void* { return &(static_cast<typename m::owner*>(o)->*Member); }, rules};
}
template <class T, class... F>
constexpr auto object(std::string_view name, std::string_view doc, F... f) {
  static_assert(sizeof...(F) <= 64, "the reader keeps one bit per field");
  return ObjectSchema<T, sizeof...(F)>{name, doc, {f...}};
}
// The same, with a rule that spans fields: void check(const T&, const Path&, Errors&).
template <class T, auto Check, class... F>
constexpr auto checked_object(std::string_view name, std::string_view doc, F... f) {
  static_assert(sizeof...(F) <= 64, "the reader keeps one bit per field");
  return ObjectSchema<T, sizeof...(F)>{
      name, doc, {f...}, [](const void* o, const Path& p, Errors& e) {
        Check(*static_cast<const T*>(o), p, e);
      }};
}
template <class E>
constexpr EnumInfo value(E e, std::string_view name, std::string_view doc) {
  return {static_cast<int64_t>(e), name, doc};
}
template <class E, class... V>
constexpr auto enumeration(std::string_view name, std::string_view doc, V... v) {
  return EnumSchema<E, sizeof...(V)>{name, doc, {v...}};
}

template <class T>
inline const T prototype_of{};

template <class T>
struct describe {
  static constexpr void clear(void* p) { *static_cast<T*>(p) = T{}; }
  static constexpr TypeInfo scalar(Kind kind) { return {.kind = kind, .clear = clear}; }
  static constexpr TypeInfo make() {
    if constexpr (std::is_same_v<T, bool>)
      return scalar(Kind::boolean);
    else if constexpr (std::is_same_v<T, int64_t>)
      return scalar(Kind::integer);
    else if constexpr (std::is_same_v<T, double>)
      return scalar(Kind::number);
    else if constexpr (std::is_same_v<T, std::string>)
      return scalar(Kind::string);
    else if constexpr (std::is_same_v<T, Bytes>)
      return scalar(Kind::bytes);
    else if constexpr (std::is_same_v<T, Quantity>)
      return scalar(Kind::quantity);
    else if constexpr (std::is_same_v<T, Time>)
      return scalar(Kind::time);
    else if constexpr (std::is_same_v<T, MicroTime>)
      return scalar(Kind::micro_time);
    else if constexpr (std::is_same_v<T, Duration>)
      return scalar(Kind::duration);
    else if constexpr (std::is_same_v<T, json::Value>)
      return scalar(Kind::any);
    else if constexpr (std::is_enum_v<T>) {
      return {
          .kind = Kind::enumeration,
          .name = table<T>.name,
          .doc = table<T>.doc,
          .values = table<T>.values,
          .get_enum = [](const void* p) { return static_cast<int64_t>(*static_cast<const T*>(p)); },
          .set_enum = [](void* p, int64_t v) { *static_cast<T*>(p) = static_cast<T>(v); },
          .clear = clear};
    } else {
      return {
          .kind = Kind::object,
          .name = table<T>.name,
          .doc = table<T>.doc,
          .fields = table<T>.fields,
          .clear = clear,
          .check = table<T>.check,
          .prototype = &prototype_of<T>,
          .create = []() -> void* { return new T{}; },
          .destroy = [](void* p) { delete static_cast<T*>(p); },
          .copy = [](void* to,
                     const void* from) { *static_cast<T*>(to) = *static_cast<const T*>(from); }};
    }
  }
};
template <class E>
struct describe<std::vector<E>> {
  using T = std::vector<E>;
  static constexpr TypeInfo make() {
    return {.kind = Kind::list,
            .element = &Described<E>::info,
            .size = [](const void* p) { return static_cast<const T*>(p)->size(); },
            .clear = [](void* p) { static_cast<T*>(p)->clear(); },
            .grow = [](void* p, std::string_view) -> void* {
              return &static_cast<T*>(p)->emplace_back();
            },
            .each =
                [](const void* p, void* c, Visit f) {
                  for (const E& e : *static_cast<const T*>(p))
                    if (!f(c, {}, &e)) return false;
                  return true;
                }};
  }
};
template <class E>
struct describe<Map<E>> {
  using T = Map<E>;
  static constexpr TypeInfo make() {
    return {.kind = Kind::map,
            .element = &Described<E>::info,
            .size = [](const void* p) { return static_cast<const T*>(p)->size(); },
            .clear = [](void* p) { static_cast<T*>(p)->clear(); },
            .grow = [](void* p, std::string_view k) -> void* {
              auto [it, fresh] = static_cast<T*>(p)->try_emplace(std::string(k));
              return fresh ? &it->second : nullptr;
            },
            .each =
                [](const void* p, void* c, Visit f) {
                  for (const auto& [k, e] : *static_cast<const T*>(p))
                    if (!f(c, k, &e)) return false;
                  return true;
                }};
  }
};
template <class E>
struct describe<std::optional<E>> {
  using T = std::optional<E>;
  static constexpr TypeInfo make() {
    return {
        .kind = Kind::optional,
        .element = &Described<E>::info,
        .size = [](const void* p) -> size_t { return static_cast<const T*>(p)->has_value(); },
        .clear = [](void* p) { static_cast<T*>(p)->reset(); },
        .grow = [](void* p, std::string_view) -> void* { return &static_cast<T*>(p)->emplace(); },
        .each =
            [](const void* p, void* c, Visit f) {
              auto& o = *static_cast<const T*>(p);
              return !o || f(c, {}, &*o);
            }};
  }
};
template <class T>
constinit const TypeInfo Described<T>::info = describe<T>::make();

}  // namespace freehold::schema
