#include "json/value.h"

#include <algorithm>
#include <charconv>

#include "base/limits.h"
#include "json/members.h"
#include "json/reader.h"

namespace freehold::json {
namespace {

Error bad_request(std::string message) { return Error{Reason::bad_request, std::move(message)}; }

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text), reader_(text) {}

  Result<Value> document() {
    Value value;
    read(value);
    if (!message_.empty()) return bad_request(std::move(message_));
    if (!reader_.finish()) return bad_request(reader_.error());
    return value;
  }

 private:
  bool read(Value& out);
  bool read_number(Value& out);
  bool read_array(Value& out);
  bool read_object(Value& out);
  bool names_differ(const Object& object, size_t first_offset);
  bool refuse(size_t offset, std::string what) {
    message_ = "malformed JSON at byte " + std::to_string(offset) + ": " + std::move(what);
    return false;
  }

  std::string_view text_;
  Reader reader_;
  std::vector<size_t> name_offsets_;  // of the objects that are open
  std::string message_;               // of an error that the reader does not know
};

bool Parser::read(Value& out) {
  bool flag = false;
  std::string_view text;
  switch (reader_.peek()) {
    case Type::null:
      return reader_.read_null();
    case Type::boolean:
      if (!reader_.read_bool(flag)) return false;
      out = flag;
      return true;
    case Type::number:
      return read_number(out);
    case Type::string:
      if (!reader_.read_string(text)) return false;
      out = text;
      return true;
    case Type::array:
      return read_array(out);
    case Type::object:
      return read_object(out);
    case Type::malformed:
      break;
  }
  return false;
}

bool Parser::read_number(Value& out) {
  const size_t offset = reader_.offset();
  std::string_view raw;
  if (!reader_.read_number(raw)) return false;
  if (raw.find_first_of(".eE") == std::string_view::npos) {
    int64_t integer = 0;
    if (std::from_chars(raw.data(), raw.data() + raw.size(), integer).ec == std::errc{}) {
      out = integer;
      return true;
    }
  }
  const auto number = to_double(raw);
  if (!number) return refuse(offset, "number out of range");
  out = *number;
  return true;
}

bool Parser::read_array(Value& out) {
  out = Array{};
  Array& array = *out.as_array();
  for (bool more = reader_.enter_array(); more; more = reader_.next_element()) {
    if (array.size() == limits::list_items) return refuse(reader_.offset(), "too many elements");
    if (!read(array.emplace_back())) return false;
  }
  return !reader_.malformed();
}

bool Parser::read_object(Value& out) {
  out = Object{};
  Object& object = *out.as_object();
  const size_t first_offset = name_offsets_.size();
  for (bool more = reader_.enter_object(); more; more = reader_.next_member()) {
    if (object.size() == limits::list_items) return refuse(reader_.offset(), "too many members");
    name_offsets_.push_back(reader_.offset());
    std::string_view name;
    if (!reader_.read_key(name)) return false;
    if (!read(object.append(std::string(name), Value()))) return false;
  }
  if (reader_.malformed() || !names_differ(object, first_offset)) return false;
  name_offsets_.resize(first_offset);
  return true;
}

bool Parser::names_differ(const Object& object, size_t first_offset) {
  const Member* twice = find_duplicate(object);
  if (twice == nullptr) return true;
  const auto index = static_cast<size_t>(twice - &*object.begin());
  const size_t before = name_offsets_[first_offset + index];
  return refuse(text_.find('"', before), "duplicate name \"" + twice->first + '"');
}

}  // namespace

Object::Object(std::initializer_list<Member> members) {
  members_.reserve(members.size());
  for (const Member& member : members) (*this)[member.first] = member.second;
}

const Value* Object::find(std::string_view name) const {
  for (const Member& member : members_)
    if (member.first == name) return &member.second;
  return nullptr;
}

Value* Object::find(std::string_view name) {
  return const_cast<Value*>(std::as_const(*this).find(name));
}

Value& Object::operator[](std::string_view name) {
  if (Value* found = find(name)) return *found;
  return append(std::string(name), Value());
}

bool Object::erase(std::string_view name) {
  const auto found = std::find_if(members_.begin(), members_.end(),
                                  [&](const Member& member) { return member.first == name; });
  if (found == members_.end()) return false;
  members_.erase(found);
  return true;
}

Value& Object::append(std::string name, Value value) {
  return members_.emplace_back(std::move(name), std::move(value)).second;
}

bool Object::operator==(const Object& other) const {
  if (size() != other.size()) return false;
  size_t same = 0;  // how many members at the front agree in place
  while (same < size() && members_[same] == other.members_[same]) ++same;
  if (same == size()) return true;
  if (members_[same].first == other.members_[same].first) return false;
  const auto mine = sorted_members(*this), others = sorted_members(other);
  return std::equal(mine.begin(), mine.end(), others.begin(),
                    [](const Member* a, const Member* b) { return *a == *b; });
}

double Value::number() const {
  if (const int64_t* n = as_int()) return static_cast<double>(*n);
  const double* n = as_double();
  return n == nullptr ? 0 : *n;
}

const Value* Value::at(std::initializer_list<std::string_view> path) const {
  const Value* value = this;
  for (const std::string_view name : path) {
    const Object* object = value->as_object();
    value = object == nullptr ? nullptr : object->find(name);
    if (value == nullptr) return nullptr;
  }
  return value;
}

std::string_view Value::string_at(std::initializer_list<std::string_view> path) const {
  const Value* value = at(path);
  const std::string* text = value == nullptr ? nullptr : value->as_string();
  return text == nullptr ? std::string_view() : std::string_view(*text);
}

Result<Value> parse(std::string_view text) { return Parser(text).document(); }

}  // namespace freehold::json
