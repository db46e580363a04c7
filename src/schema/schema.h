// A type is described once, in a table beside its struct (table.h); everything that must know its
// shape (reading, printing, validation, immutability, defaults, diff, OpenAPI, `explain`, reference
// docs) walks that one table. The tables are constexpr and type-erased, so the walkers (walk.h) are
// ordinary functions compiled once, not templates instantiated per API type: builds stay fast and
// the binary small.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
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

// Made from the table of T (table.h).
template <class T>
struct Described {
  static const TypeInfo info;
};
template <class T>
inline constexpr const TypeInfo& type_of = Described<T>::info;

}  // namespace freehold::schema
