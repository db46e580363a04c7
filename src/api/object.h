// Object: any API object, held by its kind. The registry (registry.h) lists the kinds; `Kind` below
// is what the rest of the house may know of one without knowing its struct. Objects are values that
// share: a copy sees what the other writes, so clone() before changing what others may hold.
#pragma once

#include <concepts>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/meta.h"
#include "base/check.h"
#include "base/result.h"
#include "schema/schema.h"
#include "schema/walk.h"

namespace freehold::api {

inline constexpr std::string_view group = "freehold.dev";
inline constexpr std::string_view version = "v1alpha1";

// architecture.md: recorded objects leave a leaf in the log of their site and tenant; volatile ones
// stay in memory.
enum class Persistence : uint8_t { recorded, durable, volatile_ };

struct Column {
  std::string_view name, type, format, doc;  // type: string, integer, date; format: "name" or empty
  int priority = 0;                          // 1: wide only
  std::string (*cell)(const void* object, Time now);
};

struct Kind {
  std::string_view group, version, name, plural, singular, list_name;
  std::vector<std::string_view> short_names, categories;
  bool namespaced = true;
  bool has_status = true;
  Persistence persistence = Persistence::recorded;
  const schema::TypeInfo* type = nullptr;
  ObjectMeta& (*meta)(void*) = nullptr;
  std::vector<Column> columns;               // after Name, before Age
  std::vector<std::string_view> selectable;  // field selectors besides metadata.name and .namespace
  void (*admit)(void* object) = nullptr;     // fills derived defaults, on every write; may be null
  // Rules of an update beyond the tables; may be null.
  void (*check_update)(const void* before, const void* after, schema::Errors&) = nullptr;
  std::vector<std::string_view> verbs{"create", "delete", "deletecollection", "get",
                                      "list",   "patch",  "update",           "watch"};

  std::string api_version() const;  // "freehold.dev/v1alpha1" or "v1"
  std::string resource() const;     // "contracts.freehold.dev" or "configmaps"
  std::string key_prefix() const;   // "/freehold.dev/contracts/"
  // Of the store: "/freehold.dev/contracts/acme-prod/chat"; cluster-scoped kinds leave the
  // namespace out.
  std::string key(std::string_view ns, std::string_view name) const;
  // Whether paths have such a part below an object: "status", "log"; "" is the object itself.
  bool has_part(std::string_view part) const;
};

// The kind of a C++ type: Kind of Contract is kind_of<Contract>().
template <class T>
const Kind& kind_of();

class Object {
 public:
  Object() = default;
  explicit Object(const Kind& kind)
      : kind_(&kind), data_(kind.type->create(), kind.type->destroy) {}
  template <class T>
  static Object of(T value) {
    Object o;
    o.kind_ = &kind_of<T>();
    o.data_ = std::make_shared<T>(std::move(value));
    return o;
  }
  explicit operator bool() const { return kind_ != nullptr; }
  const Kind& kind() const { return *kind_; }
  void* data() { return data_.get(); }
  const void* data() const { return data_.get(); }
  ObjectMeta& meta() { return kind_->meta(data_.get()); }
  const ObjectMeta& meta() const { return kind_->meta(data_.get()); }
  std::string key() const { return kind_->key(meta().ns, meta().name); }
  template <class T>
  const T* as() const {
    return kind_ == &kind_of<T>() ? static_cast<const T*>(data_.get()) : nullptr;
  }
  template <class T>
  T* as() {
    return kind_ == &kind_of<T>() ? static_cast<T*>(data_.get()) : nullptr;
  }
  template <class T>
  std::shared_ptr<const T> share() const {
    CHECK(kind_ == &kind_of<T>(), "object is of another kind");
    return std::static_pointer_cast<const T>(std::shared_ptr<const void>(data_));
  }
  Object clone() const;       // copies are shallow, clones deep
  std::string print() const;  // canonical JSON

 private:
  const Kind* kind_ = nullptr;
  std::shared_ptr<void> data_;
};

// Fills `object`, which is fresh, from what a client sent. `apiVersion` and `kind` may be absent,
// since the path of a request says them too; when present and not those of the kind: `bad_request`.
// Otherwise as schema::read: nothing is validated.
Result<schema::ReadOutcome> read_object(Object& object, std::string_view json,
                                        schema::Errors& errors);
Result<schema::ReadOutcome> from_json(Object& object, const json::Value& document,
                                      schema::Errors& errors);
// For documents that are known to be one; a template, so that no text is taken for a Value.
template <std::same_as<json::Value> Document>
Result<schema::ReadOutcome> read_object(Object& object, const Document& document,
                                        schema::Errors& errors) {
  return from_json(object, document, errors);
}
// Reads stored bytes of a known kind. `internal` when they do not fit: the store is damaged or
// newer. Fields that this version does not know are left out.
Result<Object> decode(const Kind& kind, std::string_view json);
// The object as an untyped document, `apiVersion` and `kind` first.
json::Value to_json(const Object& object);

// All rules of the object's kind. Paths begin at the object: `spec.site`.
void validate(const Object& object, schema::Errors& errors);
// That nothing immutable changes. Both are of one kind.
void validate_update(const Object& before, const Object& after, schema::Errors& errors);

}  // namespace freehold::api
