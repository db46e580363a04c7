// The walkers over schema tables: read, print, validate, compare. One definition each, whatever the
// type. All are pure. Paths in errors read like `spec.roles[2].each.memory` and
// `metadata.labels[app]`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "json/value.h"
#include "schema/schema.h"

namespace freehold::schema {

// Where a value sits in a document. Lives on the stack of the walker and is rendered only when an
// error is reported, so a valid document pays nothing for it. Each step points to the one before
// it: `at / "a" / "b"` may be passed on, but to keep it, keep `at / "a"` in a variable too.
struct Path {
  static constexpr int64_t member = -1, map_key = -2;

  const Path* parent = nullptr;
  std::string_view name{};
  int64_t index = member;  // of a list item, or one of the marks above
  std::string to_string() const;
  Path operator/(std::string_view child) const { return {this, child}; }
  Path operator[](size_t i) const { return {this, {}, static_cast<int64_t>(i)}; }
  Path key(std::string_view k) const { return {this, k, map_key}; }
};

enum class Fault : uint8_t {
  required,
  invalid,
  unknown,
  duplicate,
  immutable,
  type,
  not_supported
};

struct FieldError {
  Fault fault;
  std::string path, detail;
};

// Collects at most limits::field_errors.
class Errors {
 public:
  void add(Fault fault, const Path& at, std::string detail);
  void add(Fault fault, std::string path, std::string detail);
  bool empty() const { return all_.empty(); }
  const std::vector<FieldError>& all() const { return all_; }
  // One `invalid` Error, e.g. `Contract "a" is invalid: spec.x: required`; several faults stand in
  // brackets. Causes are typed as metav1.CauseType.
  Error to_error(std::string_view kind, std::string_view name) const;

 private:
  std::vector<FieldError> all_;
};

// What a client may ask for with `fieldValidation`.
enum class Unknown : uint8_t { reject, ignore };

// Fields that the document had but the type has not, and fields that it gave twice (the first one
// counts). At most limits::field_errors of each.
struct ReadOutcome {
  std::vector<std::string> unknown, duplicate;  // paths
  std::vector<std::string> nearest;  // for each of `unknown`: the name that was meant, or empty
  bool empty() const { return unknown.empty() && duplicate.empty(); }
  // One line each, as kube-apiserver words them: `unknown field "spec.rolez", did you mean
  // "roles"?`.
  std::vector<std::string> messages() const;
};

// What a whole API document says of its own type. Such documents carry `apiVersion` and `kind`
// beside the fields of the table, in any order; both are empty when they were absent.
struct Header {
  std::string api_version, kind;
};

// Fills `out`, which holds defaults, from JSON; null counts as absent. `bad_request` when the text
// is not JSON; wrong types, enum values, quantities and times go to `errors` with their path.
// Formats and limits are for validate(). With `header`, `apiVersion` and `kind` of the document go
// there instead of being unknown fields.
Result<ReadOutcome> read(const TypeInfo&, void* out, std::string_view json, Errors& errors,
                         Header* header = nullptr);
// As read(), from an untyped document.
ReadOutcome from_json(const TypeInfo&, void* out, const json::Value& document, Errors& errors,
                      Header* header = nullptr);

// Canonical compact JSON: fields in the table's order, maps sorted. Left out is what is empty or
// zero and would be read back so; a default that is not zero is printed. read(print(x)) equals x,
// except that what is unset (optional, quantity, time) takes its default, and that a Time has whole
// seconds.
void print(const TypeInfo&, const void* value, std::string& out);
json::Value to_json(const TypeInfo&, const void* value);

// All rules of the tables and their cross-field checks. `at` is where the value sits. A nested
// object that was not given is not looked into, unless it is required; fields marked `output` never
// are.
void validate(const TypeInfo&, const void* value, const Path& at, Errors& errors);
// That nothing immutable changed. List items are compared by their key, or else by position.
void validate_update(const TypeInfo&, const void* before, const void* after, const Path& at,
                     Errors& errors);
// As printed: `1000m` and `1` differ.
bool equal(const TypeInfo&, const void* a, const void* b);

// One line of what differs between two values.
struct Difference {
  std::string path, before, after;  // empty when absent
};
// Items of keyed lists are told by key, `spec.roles[name=chat].count`; other lists of objects by
// position, lists of scalars as a whole. Secret fields show no value.
std::vector<Difference> diff(const TypeInfo&, const void* before, const void* after);

// The value at a dotted path as text, e.g. "spec.node" or "metadata.labels.app"; empty when absent
// or not a scalar. For field selectors.
std::string text_at(const TypeInfo&, const void* value, std::string_view dotted_path);
// The field at a dotted path; null when there is none. Lists and maps are entered silently, and an
// index or key in brackets is passed over, so paths of errors may be given too.
const FieldInfo* field_at(const TypeInfo&, std::string_view dotted_path);

// A type's name for people: "string", "[]Role", "map[string]string", "Quantity (bytes, e.g. 80Gi)".
std::string type_label(const TypeInfo&, const Rules& rules = {});

template <class T>
std::string print(const T& value) {
  std::string out;
  print(type_of<T>, &value, out);
  return out;
}
// Strict: unknown and duplicate fields are errors too. For tests, files and agents' replies.
Result<void> read_strict(const TypeInfo&, void* out, std::string_view json);
template <class T>
Result<T> read(std::string_view json) {
  T value{};
  TRY(read_strict(type_of<T>, &value, json));
  return value;
}

}  // namespace freehold::schema
