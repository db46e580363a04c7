// A type is described once, beside its struct; everything that must know its shape (reading,
// printing, validation, immutability, defaults, diff, OpenAPI, `explain`, reference docs) walks
// that one table. The tables are constexpr and type-erased, so the walkers (walk.h) are ordinary
// functions compiled once, not templates instantiated per API type: builds stay fast and the binary
// small.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

#include "base/quantity.h"
#include "base/time.h"
#include "json/value.h"

namespace freehold::schema {

enum class Kind : uint8_t {
  boolean,
  integer,
  number,
  string,
  bytes,
  quantity,
  time,
  micro_time,
  duration,
  any,
  enumeration,
  object,
  list,
  map,
  optional
};

// Octets, base64 in JSON.
struct Bytes {
  std::string data;
  bool operator==(const Bytes&) const = default;
};
// A point in time with microseconds (metav1.MicroTime); plain Time prints seconds (metav1.Time).
struct MicroTime {
  Time time;
  bool operator==(const MicroTime&) const = default;
};
template <class T>
using Map = std::map<std::string, T, std::less<>>;
using StringMap = Map<std::string>;

struct TypeInfo;
struct Path;
class Errors;

// What a string must look like: a name for people and OpenAPI, the test, a good and some bad
// samples (the generator of wrong documents uses them).
struct Format {
  std::string_view name;  // "dns-label"
  bool (*accepts)(std::string_view);
  std::string_view good, bad;
};

struct Rules {
  bool required = false;   // absent is an error
  bool immutable = false;  // may not change after creation
  bool output = false;     // written by the system, ignored from clients (metadata.uid …)
  int64_t min = std::numeric_limits<int64_t>::min();  // integers; quantities in the unit of their
                                                      // dimension; durations in microseconds
  int64_t max = std::numeric_limits<int64_t>::max();
  uint32_t min_size = 0, max_size = 1u << 16;  // length of string, list or map: never unbounded
  const Format* format = nullptr;              // of a string, or of the strings of a list
  const Format* key_format = nullptr;          // of the keys of a map
  Dimension dimension = Dimension::number;     // of a quantity
  bool any_dimension = false;                  // a quantity whose unit says what it is
  std::string_view list_key{};  // merge key: items are objects, unique by this field (listType=map)
  bool set = false;             // items are unique strings (listType=set)
  // Part of the design but not honoured yet: refused by name wherever it is set, never ignored.
  std::string_view later{};
  bool secret = false;         // never printed to logs or describe
  uint16_t proto = 0;          // field number in Kubernetes' protobuf, core kinds only
  bool proto_pointer = false;  // upstream's Go field is a pointer: a zero that is present is kept
};

struct FieldInfo {
  std::string_view name, doc;  // doc: one or two plain sentences
  const TypeInfo* type;
  void* (*get)(void*);
  Rules rules;
  const void* at(const void* object) const { return get(const_cast<void*>(object)); }
};

struct EnumInfo {
  int64_t value;
  std::string_view name, doc;
};

using Visit = bool (*)(void* context, std::string_view key, const void* value);

struct TypeInfo {
  Kind kind;
  std::string_view name{}, doc{};
  std::span<const FieldInfo> fields{};
  std::span<const EnumInfo> values{};
  const TypeInfo* element = nullptr;
  int64_t (*get_enum)(const void*) = nullptr;
  void (*set_enum)(void*, int64_t) = nullptr;
  size_t (*size)(const void*) = nullptr;  // list, map, optional
  void (*clear)(void*) = nullptr;         // back to the default value; every kind
  void* (*grow)(void*, std::string_view key) =
      nullptr;  // append; insert, null when the key is there; emplace
  bool (*each)(const void*, void* context, Visit) = nullptr;   // false when the visitor stopped it
  void (*check)(const void*, const Path&, Errors&) = nullptr;  // rules across fields
  const void* prototype = nullptr;                             // of an object: its default values
  void* (*create)() = nullptr;                                 // objects only
  void (*destroy)(void*) = nullptr;
  void (*copy)(void* to, const void* from) = nullptr;
};

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

// Specialised beside each described type.
template <class T>
inline constexpr auto table = nullptr;

// Holds the table of T. A type must be described before those that hold it; none may hold itself,
// not even in a list (its table would be needed to build its table): such a field is a json::Value.
template <class T>
struct Described {
  static const TypeInfo info;
};
template <class T>
inline constexpr const TypeInfo& type_of = Described<T>::info;

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
