// json::Value: an untyped JSON document as a plain value, for what has no schema: patches, Status
// details, raw bodies. Objects keep the order in which members were added; numbers keep integer or
// double. API objects do not go through it: they are read straight into structs by schema/.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

namespace freehold::json {

class Value;
using Array = std::vector<Value>;
using Member = std::pair<std::string, Value>;

// Members in order; names are unique. Lookup is linear: documents here are small.
class Object {
 public:
  Object() = default;
  Object(std::initializer_list<Member> members);
  const Value* find(std::string_view name) const;
  Value* find(std::string_view name);
  Value& operator[](std::string_view name);  // adds null when absent
  bool erase(std::string_view name);
  size_t size() const;
  bool empty() const;
  std::vector<Member>::const_iterator begin() const;
  std::vector<Member>::const_iterator end() const;
  std::vector<Member>::iterator begin();
  std::vector<Member>::iterator end();
  bool operator==(const Object& other) const;  // order does not matter
  // Appends without looking for a member of that name; the reader has checked.
  // Returns the value in its place, until the next change of the object.
  Value& append(std::string name, Value value);

 private:
  std::vector<Member> members_;
};

class Value {
 public:
  Value() = default;                                    // null
  Value(std::nullptr_t) {}                              // NOLINT
  Value(bool b) : data_(b) {}                           // NOLINT
  Value(int n) : data_(static_cast<int64_t>(n)) {}      // NOLINT
  Value(int64_t n) : data_(n) {}                        // NOLINT
  Value(double n) : data_(n) {}                         // NOLINT
  Value(const char* s) : data_(std::string(s)) {}       // NOLINT
  Value(std::string_view s) : data_(std::string(s)) {}  // NOLINT
  Value(std::string s) : data_(std::move(s)) {}         // NOLINT
  Value(Array a) : data_(std::move(a)) {}               // NOLINT
  Value(Object o) : data_(std::move(o)) {}              // NOLINT

  bool is_null() const { return data_.index() == 0; }
  const bool* as_bool() const { return std::get_if<bool>(&data_); }
  const int64_t* as_int() const { return std::get_if<int64_t>(&data_); }
  const double* as_double() const { return std::get_if<double>(&data_); }
  bool is_number() const { return as_int() != nullptr || as_double() != nullptr; }
  double number() const;  // integer or double; 0 otherwise
  const std::string* as_string() const { return std::get_if<std::string>(&data_); }
  std::string* as_string() { return std::get_if<std::string>(&data_); }
  const Array* as_array() const { return std::get_if<Array>(&data_); }
  Array* as_array() { return std::get_if<Array>(&data_); }
  const Object* as_object() const { return std::get_if<Object>(&data_); }
  Object* as_object() { return std::get_if<Object>(&data_); }

  // Member by path, e.g. at({"metadata", "name"}); null pointer when any step is absent.
  const Value* at(std::initializer_list<std::string_view> path) const;
  // The string at `path`, or empty.
  std::string_view string_at(std::initializer_list<std::string_view> path) const;

  bool operator==(const Value&) const = default;  // 1 and 1.0 differ

 private:
  std::variant<std::monostate, bool, int64_t, double, std::string, Array, Object> data_;
};

// Here, because they need Value to be complete.
inline size_t Object::size() const { return members_.size(); }
inline bool Object::empty() const { return members_.empty(); }
inline std::vector<Member>::const_iterator Object::begin() const { return members_.begin(); }
inline std::vector<Member>::const_iterator Object::end() const { return members_.end(); }
inline std::vector<Member>::iterator Object::begin() { return members_.begin(); }
inline std::vector<Member>::iterator Object::end() { return members_.end(); }

// Strict RFC 8259: UTF-8 in shortest form, no duplicate names, nothing after the document, depth at
// most limits::json_depth, at most limits::list_items in one array or object. Integers that fit
// int64 stay integers, other numbers become the nearest double and must be finite. Errors name the
// byte: `bad_request`.
Result<Value> parse(std::string_view text);
std::string print(const Value& value);         // compact
std::string print_pretty(const Value& value);  // two spaces, ends without newline
// RFC 8785 (JCS). Integers keep all their digits, beyond 2^53 too, where the RFC advises against
// numbers: so no two documents share a canonical form.
std::string canonical(const Value& value);
// What is not UTF-8 is replaced by U+FFFD.
void append_quoted(std::string_view text, std::string& out);  // a JSON string with its quotes

}  // namespace freehold::json
