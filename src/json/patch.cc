#include "json/patch.h"

#include <cmath>
#include <optional>

#include "base/limits.h"
#include "base/strings.h"
#include "json/members.h"

namespace freehold::json {
namespace {

using Path = std::vector<std::string>;

Error malformed(std::string message) { return Error{Reason::bad_request, std::move(message)}; }
Error refused(std::string message) { return Error{Reason::invalid, std::move(message)}; }

// RFC 6901.
Result<Path> parse_pointer(std::string_view text) {
  Path path;
  if (text.empty()) return path;
  if (text.front() != '/')
    return malformed("path \"" + std::string(text) + "\" must begin with '/'");
  for (const std::string_view part : split(text.substr(1), '/')) {
    if (path.size() > static_cast<size_t>(limits::json_depth))
      return refused("path \"" + std::string(beginning_of(text, 100)) + "…\" is too deep");
    std::string& name = path.emplace_back();
    for (size_t i = 0; i < part.size(); ++i) {
      if (part[i] != '~') {
        name += part[i];
        continue;
      }
      if (++i == part.size() || (part[i] != '0' && part[i] != '1'))
        return malformed("path \"" + std::string(text) + "\": write '~' as ~0 and '/' as ~1");
      name += part[i] == '0' ? '~' : '/';
    }
  }
  return path;
}

// An element's number: no sign, no leading zero.
std::optional<size_t> parse_index(std::string_view text) {
  if (text.size() > 1 && text.front() == '0') return std::nullopt;
  return parse_uint(text);
}

struct Size {
  size_t values = 0;
  size_t bytes = 0;  // about what it takes as JSON text
  int depth = 0;     // 0 for a scalar
};

Size measure(const Value& value) {
  Size size{1, 2, 0};
  const auto add = [&size](const Value& inner) {
    const Size below = measure(inner);
    size.values += below.values;
    size.bytes += below.bytes;
    size.depth = std::max(size.depth, below.depth + 1);
  };
  if (const std::string* text = value.as_string()) size.bytes += text->size();
  if (value.as_array() != nullptr || value.as_object() != nullptr) size.depth = 1;
  if (const Array* array = value.as_array())
    for (const Value& element : *array) add(element);
  if (const Object* object = value.as_object())
    for (const Member& member : *object) {
      size.bytes += member.first.size();
      add(member.second);
    }
  return size;
}

// Numbers by value (RFC 6902 section 4.6): 1 equals 1.0.
bool same_number(const Value& a, const Value& b) {
  const int64_t *m = a.as_int(), *n = b.as_int();
  if (m != nullptr && n != nullptr) return *m == *n;
  if (m == nullptr && n == nullptr) return a.number() == b.number();
  const double real = m == nullptr ? a.number() : b.number();
  // Beyond int64, a conversion would be undefined; 2^63 is exact as a double.
  if (!(real >= -0x1p63 && real < 0x1p63) || real != std::floor(real)) return false;
  return static_cast<int64_t>(real) == (m == nullptr ? *n : *m);
}

bool same(const Value& a, const Value& b) {
  if (a.is_number() && b.is_number()) return same_number(a, b);
  if (const Array *x = a.as_array(), *y = b.as_array(); x != nullptr && y != nullptr)
    return std::equal(x->begin(), x->end(), y->begin(), y->end(), same);
  if (const Object *x = a.as_object(), *y = b.as_object(); x != nullptr && y != nullptr) {
    if (x->size() != y->size()) return false;
    const auto mine = sorted_members(*x), others = sorted_members(*y);
    return std::equal(mine.begin(), mine.end(), others.begin(),
                      [](const Member* m, const Member* n) {
                        return m->first == n->first && same(m->second, n->second);
                      });
  }
  return a == b;
}

// Applies the operations of one JSON patch, one by one, to a document that it owns.
class Patcher {
 public:
  explicit Patcher(Value target) : document_(std::move(target)) {}

  Result<void> apply(const Value& operation);
  Value take() && { return std::move(document_); }

 private:
  Result<void> add(const Path& path, Value value);
  Result<void> replace(const Path& path, const Value& value);
  Result<Value> remove(const Path& path);
  Result<void> move(const Path& from, const Path& path);
  Result<void> copy(const Path& from, const Path& path);
  Result<void> test(const Path& path, const Value& value);

  // The value at the first `steps` names of `path`.
  Result<Value*> find(const Path& path, size_t steps);
  Result<Value*> find(const Path& path) { return find(path, path.size()); }
  // Counts work, so that no patch can keep a thread busy: each operation alone may touch a whole
  // document.
  Result<void> charge(size_t steps);
  // `value`, put at `path`, must not make the document deeper than a reader accepts.
  Result<void> check_depth(const Path& path, const Size& size);

  Value document_;
  size_t steps_ = 0;
  size_t copied_bytes_ = 0;
};

std::string print_path(const Path& path, size_t steps) {
  std::string out = "path \"";
  for (size_t i = 0; i < steps; ++i) {
    out += '/';
    for (const char c : path[i]) {
      if (c == '~' || c == '/') {
        out += c == '~' ? "~0" : "~1";
      } else {
        out += c;
      }
    }
  }
  return out += '"';
}

Error not_found(const Path& path, size_t steps) {
  return refused(print_path(path, steps) + " not found");
}

Result<void> Patcher::charge(size_t steps) {
  steps_ += steps;
  if (steps_ > limits::patch_steps)
    return Error{Reason::too_large, "the patch is too much work: split it, or replace the object"};
  return {};
}

Result<void> Patcher::check_depth(const Path& path, const Size& size) {
  if (static_cast<int>(path.size()) + size.depth > limits::json_depth)
    return refused(print_path(path, path.size()) + ": the result would be nested too deeply");
  return {};
}

Result<Value*> Patcher::find(const Path& path, size_t steps) {
  Value* value = &document_;
  for (size_t i = 0; i < steps; ++i) {
    Value* next = nullptr;
    if (Object* object = value->as_object()) {
      TRY(charge(object->size() + 1));
      next = object->find(path[i]);
    } else if (Array* array = value->as_array()) {
      TRY(charge(1));
      const auto index = parse_index(path[i]);
      if (index && *index < array->size()) next = &(*array)[*index];
    }
    if (next == nullptr) return not_found(path, i + 1);
    value = next;
  }
  return value;
}

Result<void> Patcher::add(const Path& path, Value value) {
  if (path.empty()) {
    document_ = std::move(value);
    return {};
  }
  Value* const parent = TRY(find(path, path.size() - 1));
  const std::string& name = path.back();
  if (Object* object = parent->as_object()) {
    TRY(charge(object->size() + 1));
    (*object)[name] = std::move(value);
    return {};
  }
  Array* const array = parent->as_array();
  if (array == nullptr)
    return refused(print_path(path, path.size() - 1) + " is neither an object nor an array");
  const auto index = name == "-" ? array->size() : parse_index(name);
  if (!index || *index > array->size()) return not_found(path, path.size());
  TRY(charge(array->size() - *index + 1));
  array->insert(array->begin() + static_cast<std::ptrdiff_t>(*index), std::move(value));
  return {};
}

Result<void> Patcher::replace(const Path& path, const Value& value) {
  *TRY(find(path)) = value;
  return {};
}

Result<Value> Patcher::remove(const Path& path) {
  if (path.empty()) return refused("the whole document cannot be removed");
  Value removed = std::move(*TRY(find(path)));
  Value* const parent = TRY(find(path, path.size() - 1));
  if (Object* object = parent->as_object()) {
    TRY(charge(object->size()));
    object->erase(path.back());
  } else if (Array* array = parent->as_array()) {
    const auto index = parse_index(path.back()).value_or(0);
    TRY(charge(array->size() - index));
    array->erase(array->begin() + static_cast<std::ptrdiff_t>(index));
  }
  return removed;
}

Result<void> Patcher::move(const Path& from, const Path& path) {
  if (from == path) {
    TRY(find(from));
    return {};
  }
  if (from.size() < path.size() && std::equal(from.begin(), from.end(), path.begin()))
    return refused("a value cannot be moved into itself");
  Value value = TRY(remove(from));
  const Size size = measure(value);
  TRY(charge(size.values));
  TRY(check_depth(path, size));
  return add(path, std::move(value));
}

Result<void> Patcher::copy(const Path& from, const Path& path) {
  const Value* const source = TRY(find(from));
  const Size size = measure(*source);
  TRY(charge(size.values));
  TRY(check_depth(path, size));
  copied_bytes_ += size.bytes;  // copies of copies would double with each operation
  if (copied_bytes_ > limits::body_bytes)
    return Error{Reason::too_large, "the patch copies too much"};
  return add(path, *source);
}

Result<void> Patcher::test(const Path& path, const Value& value) {
  const Value* const found = TRY(find(path));
  TRY(charge(measure(value).values));  // comparing stops where the sizes differ
  if (!same(*found, value)) return refused(print_path(path, path.size()) + " has another value");
  return {};
}

// A member that must be a string.
Result<std::string_view> text_member(const Value& operation, std::string_view name) {
  const Value* const member = operation.at({name});
  const std::string* const text = member == nullptr ? nullptr : member->as_string();
  if (text == nullptr) return malformed('"' + std::string(name) + "\" must be a string");
  return std::string_view(*text);
}

Result<void> Patcher::apply(const Value& operation) {
  if (operation.as_object() == nullptr) return malformed("must be an object");
  const std::string_view name = TRY(text_member(operation, "op"));
  const Path path = TRY(parse_pointer(TRY(text_member(operation, "path"))));
  if (name == "remove") {
    TRY(remove(path));
    return {};
  }
  if (name == "move" || name == "copy") {
    const Path from = TRY(parse_pointer(TRY(text_member(operation, "from"))));
    return name == "move" ? move(from, path) : copy(from, path);
  }
  if (name != "add" && name != "replace" && name != "test")
    return malformed("unknown op \"" + std::string(beginning_of(name, 100)) +
                     "\": use add, remove, replace, move, copy or test");
  const Value* const value = operation.at({"value"});
  if (value == nullptr) return malformed("\"value\" is missing");
  if (name == "test") return test(path, *value);
  TRY(check_depth(path, measure(*value)));
  return name == "add" ? add(path, *value) : replace(path, *value);
}

Value diff_objects(const Object& before, const Object& after) {
  Object patch;
  const auto old_members = sorted_members(before), new_members = sorted_members(after);
  for (const Member& member : before)
    if (find_sorted(new_members, member.first) == nullptr) patch.append(member.first, nullptr);
  for (const Member& member : after) {
    const Member* const old = find_sorted(old_members, member.first);
    if (old == nullptr) {
      patch.append(member.first, member.second);
    } else if (old->second != member.second) {
      patch.append(member.first, diff(old->second, member.second));
    }
  }
  return patch;
}

}  // namespace

// The algorithm of RFC 7396 section 2. The members that the target has keep their places.
Value merge_patch(Value target, const Value& patch) {
  const Object* const changes = patch.as_object();
  if (changes == nullptr) return patch;
  Object result;
  const auto by_name = sorted_members(*changes);
  Object none;
  Object& old = target.as_object() == nullptr ? none : *target.as_object();
  std::vector<const Member*> used;  // changes to members that the target has
  for (Member& member : old) {
    const Member* const change = find_sorted(by_name, member.first);
    if (change == nullptr) {
      result.append(std::move(member.first), std::move(member.second));
      continue;
    }
    used.push_back(change);
    if (change->second.is_null()) continue;
    result.append(std::move(member.first), merge_patch(std::move(member.second), change->second));
  }
  std::sort(used.begin(), used.end());
  for (const Member& change : *changes)
    if (!change.second.is_null() && !std::binary_search(used.begin(), used.end(), &change))
      result.append(change.first, merge_patch(Value(), change.second));
  return result;
}

Result<Value> json_patch(Value target, const Value& patch) {
  const Array* const operations = patch.as_array();
  if (operations == nullptr) return malformed("a JSON patch must be an array of operations");
  if (operations->size() > limits::patch_operations)
    return Error{Reason::too_large, "the patch has more than " +
                                        std::to_string(limits::patch_operations) + " operations"};
  Patcher patcher(std::move(target));
  for (size_t i = 0; i < operations->size(); ++i) {
    auto applied = patcher.apply((*operations)[i]);
    if (!applied.ok())
      return std::move(applied).error().within("patch operation " + std::to_string(i + 1));
  }
  return std::move(patcher).take();
}

Value diff(const Value& before, const Value& after) {
  if (before == after) return Object{};
  const Object *old_object = before.as_object(), *new_object = after.as_object();
  if (old_object == nullptr || new_object == nullptr) return after;
  return diff_objects(*old_object, *new_object);
}

}  // namespace freehold::json
