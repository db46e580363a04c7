#include "schema/samples.h"

#include <algorithm>
#include <memory>
#include <set>

#include "base/random.h"
#include "schema/good_value.h"
#include "schema/scalar.h"
#include "schema/walk.h"

namespace freehold::schema {
namespace {

using json::Array;
using json::Object;
using json::Value;

// One step down a document, and what to put there when nothing is.
struct Step {
  std::string member;
  size_t index = 0;
  bool is_item = false;
  Value fill;
};

// Where a value sits: the steps to it, and the same as an error spells it.
struct Place {
  std::vector<Step> steps;
  std::string path;

  Place member(std::string_view name, Value fill) const {
    Place p = *this;
    p.steps.push_back({std::string(name), 0, false, std::move(fill)});
    p.path += (p.path.empty() ? "" : ".") + std::string(name);
    return p;
  }
  Place key(std::string_view name, Value fill) const {
    Place p = *this;
    p.steps.push_back({std::string(name), 0, false, std::move(fill)});
    p.path += '[' + std::string(name) + ']';
    return p;
  }
  Place item(size_t i, Value fill) const {
    Place p = *this;
    p.steps.push_back({{}, i, true, std::move(fill)});
    p.path += '[' + std::to_string(i) + ']';
    return p;
  }
};

Value* step_into(Value& value, const Step& step) {
  if (step.is_item) {
    Array* array = value.as_array();
    if (array == nullptr) value = Array{};
    array = value.as_array();
    while (array->size() <= step.index) array->push_back(step.fill);
    return &(*array)[step.index];
  }
  if (value.as_object() == nullptr) value = Object{};
  Object& object = *value.as_object();
  Value* found = object.find(step.member);
  if (found == nullptr || found->is_null()) {
    object[step.member] = step.fill;
    found = object.find(step.member);
  }
  return found;
}

const Value* find(const Value& document, const Place& place) {
  const Value* at = &document;
  for (const Step& step : place.steps) {
    if (step.is_item) {
      const Array* array = at->as_array();
      at = array != nullptr && step.index < array->size() ? &(*array)[step.index] : nullptr;
    } else {
      const Object* object = at->as_object();
      at = object != nullptr ? object->find(step.member) : nullptr;
    }
    if (at == nullptr) return nullptr;
  }
  return at;
}

// Walks the table beside the good document and makes every change that must be refused. Each round
// draws other values, so that more rounds give more documents.
class Spoiler {
 public:
  Spoiler(const Value& good, Random& random, std::vector<WrongDocument>& out)
      : good_(good), random_(random), out_(out) {}

  void object(const TypeInfo& type, const Place& at);

 private:
  void value(const TypeInfo& type, const Rules& rules, const Place& at);
  void wrong_types(const Place& at, std::initializer_list<Value> values);
  void unknown_fields(const TypeInfo& type, const Place& at);
  void integer(const Rules& rules, const Place& at);
  void number(const Rules& rules, const Place& at);
  void string(const Rules& rules, const Place& at);
  void quantity(const Rules& rules, const Place& at);
  void enumeration(const TypeInfo& type, const Place& at);
  void list(const TypeInfo& type, const Rules& rules, const Place& at);
  void repeated_item(const TypeInfo& type, const Rules& rules, const Array& items, const Place& at);
  void map(const TypeInfo& type, const Rules& rules, const Place& at);

  void put(const Place& at, Value value, std::string_view reason);
  void put(const Place& at, Value value, std::string field, std::string_view reason);
  void remove(const Place& at, std::string_view reason);
  std::string word();

  const Value& good_;
  Random& random_;
  std::vector<WrongDocument>& out_;
};

std::string Spoiler::word() {
  std::string out = "Z";  // no name of a table begins so
  for (int64_t i = random_.in(3, 8); i > 0; --i) out += static_cast<char>('a' + random_.in(0, 25));
  return out;
}

void Spoiler::put(const Place& at, Value value, std::string_view reason) {
  put(at, std::move(value), at.path, reason);
}

void Spoiler::put(const Place& at, Value value, std::string field, std::string_view reason) {
  WrongDocument wrong{good_, std::move(field), std::string(reason)};
  Value* target = &wrong.document;
  for (const Step& step : at.steps) target = step_into(*target, step);
  *target = std::move(value);
  out_.push_back(std::move(wrong));
}

void Spoiler::remove(const Place& at, std::string_view reason) {
  WrongDocument wrong{good_, at.path, std::string(reason)};
  Value* parent = &wrong.document;
  for (size_t i = 0; i + 1 < at.steps.size(); ++i) parent = step_into(*parent, at.steps[i]);
  // An object that is empty without it counts as not given; is_refused() sorts that out.
  parent->as_object()->erase(at.steps.back().member);
  out_.push_back(std::move(wrong));
}

void Spoiler::object(const TypeInfo& type, const Place& at) {
  unknown_fields(type, at);
  for (const FieldInfo& f : type.fields) {
    if (f.rules.output) continue;
    const Place place = at.member(f.name, good_value(*f.type, f.rules));
    if (!f.rules.later.empty()) {
      put(place, good_value(*f.type, f.rules), "not honoured yet");
      continue;
    }
    if (f.rules.required) {
      remove(place, "a required field is missing");
      put(place, nullptr, "a required field is null");
    }
    value(*f.type, f.rules, place);
  }
}

void Spoiler::unknown_fields(const TypeInfo& type, const Place& at) {
  const std::string name = word();
  put(at.member(name, {}), random_.in(0, 9), "an unknown field");
  put(at.member(name + "List", {}), Array{Object{{"deep", word()}}},
      "an unknown field that holds others");
  if (type.fields.empty()) return;
  const auto which = static_cast<size_t>(random_.in(0, std::ssize(type.fields) - 1));
  put(at.member(std::string(type.fields[which].name) + "s_", {}), word(), "a misspelt field");
}

void Spoiler::wrong_types(const Place& at, std::initializer_list<Value> values) {
  for (const Value& wrong : values) put(at, wrong, "a value of the wrong type");
}

void Spoiler::value(const TypeInfo& type, const Rules& rules, const Place& at) {
  const int64_t n = random_.in(2, 99);
  switch (type.kind) {
    case Kind::boolean:
      return wrong_types(at, {n, word(), "true", Array{true}, Object{}});
    case Kind::integer:
      return integer(rules, at);
    case Kind::number:
      return number(rules, at);
    case Kind::string:
      return string(rules, at);
    case Kind::quantity:
      return quantity(rules, at);
    case Kind::enumeration:
      return enumeration(type, at);
    case Kind::list:
      return list(type, rules, at);
    case Kind::map:
      return map(type, rules, at);
    case Kind::optional:
      return value(*type.element, element_rules(type, rules), at);
    case Kind::any:
      return;
    case Kind::object:
      wrong_types(at, {n, word(), false, Array{}, Array{Object{}}});
      return object(type, at);
    case Kind::bytes:
      wrong_types(at, {n, true, Array{}, Object{}});
      return put(at, "?" + word(), "not base64");
    case Kind::time:
    case Kind::micro_time:
      wrong_types(at, {n, true, Array{}, Object{}});
      put(at, "2026-13-01T00:00:00Z", "a month that is none");
      put(at, "2026-01-01", "a time without its hour");
      return put(at, word(), "not a time");
    case Kind::duration:
      wrong_types(at, {n, true, Array{}, Object{}});
      put(at, std::to_string(n), "a duration without a unit");
      return put(at, word(), "not a duration");
  }
}

void Spoiler::integer(const Rules& rules, const Place& at) {
  const Rules none;
  const int64_t n = random_.in(1, 50);
  wrong_types(at, {std::to_string(n), true, Array{n}, Object{}});
  put(at, static_cast<double>(n) + 0.5, "a number that is not whole");
  put(at, 1e300, "a number beyond 64 bits");
  if (rules.min > none.min + 50) put(at, rules.min - n, "below the least allowed");
  if (rules.max < none.max - 50) put(at, rules.max + n, "above the most allowed");
}

void Spoiler::number(const Rules& rules, const Place& at) {
  const Rules none;
  const auto n = static_cast<double>(random_.in(1, 50));
  wrong_types(at, {word(), true, Array{n}, Object{}});
  if (rules.min != none.min) put(at, static_cast<double>(rules.min) - n, "below the least allowed");
  if (rules.max != none.max) put(at, static_cast<double>(rules.max) + n, "above the most allowed");
}

void Spoiler::string(const Rules& rules, const Place& at) {
  constexpr size_t largest = 4096;  // keeps documents small
  wrong_types(at, {random_.in(0, 99), true, Array{word()}, Object{{"a", word()}}});
  if (rules.format != nullptr) {
    put(at, rules.format->bad, "not of its format");
    const std::string strange = "\t" + word() + "\n";
    if (!rules.format->accepts(strange)) put(at, strange, "not of its format");
  }
  if (rules.max_size <= largest) put(at, std::string(rules.max_size + 1, 'x'), "too long");
  if (rules.min_size > 1) put(at, std::string(rules.min_size - 1, 'x'), "too short");
}

void Spoiler::quantity(const Rules& rules, const Place& at) {
  const Rules none;
  const int64_t n = random_.in(1, 99);
  wrong_types(at, {true, Array{}, Object{}});
  put(at, word(), "not a quantity");
  put(at, std::to_string(n) + "parsecs", "a unit that is none");
  put(at, "--" + std::to_string(n), "not a number");
  if (rules.any_dimension) return;
  const auto other = static_cast<Dimension>(random_.in(0, static_cast<int64_t>(Dimension::flops)));
  const std::string_view example = dimension_example(other);
  if (!Quantity::parse(example, rules.dimension).ok()) put(at, example, "of another dimension");
  const Result<Quantity> usual =
      Quantity::parse(dimension_example(rules.dimension), rules.dimension);
  const std::string currency = usual.ok() ? usual->currency() : "";
  if (rules.min > none.min) {
    if (rules.min > 0 || Quantity::parse("-1", rules.dimension).ok())
      put(at, Quantity::of(rules.min - 1, rules.dimension, currency).text(),
          "below the least allowed");
  }
  if (rules.max < none.max)
    put(at, Quantity::of(rules.max + n, rules.dimension, currency).text(),
        "above the most allowed");
}

void Spoiler::enumeration(const TypeInfo& type, const Place& at) {
  wrong_types(at, {random_.in(0, 9), false, Array{}, Object{}});
  put(at, word(), "not one of the values");
  const EnumInfo& info =
      type.values[static_cast<size_t>(random_.in(0, std::ssize(type.values) - 1))];
  put(at, std::string(info.name) + "_", "nearly one of the values");
}

void Spoiler::list(const TypeInfo& type, const Rules& rules, const Place& at) {
  constexpr size_t items_tried = 3, largest = 512;
  wrong_types(at, {random_.in(0, 9), word(), true, Object{{word(), 1}}});
  const Value* present = find(good_, at);
  Value filled =
      present != nullptr && present->as_array() != nullptr && !present->as_array()->empty()
          ? *present
          : good_value(type, rules);
  const Array& items = *filled.as_array();
  put(at.item(0, {}), nullptr, "a list item that is null");
  const Rules inside = element_rules(type, rules);
  for (size_t i = 0; i < std::min(items.size(), items_tried); ++i)
    value(*type.element, inside, at.item(i, items[i]));
  if (rules.min_size > 1)
    put(at, Array(items.begin(), items.begin() + 1), "fewer items than allowed");
  if (rules.max_size < largest) {
    Array many = items;
    while (many.size() <= rules.max_size) many.push_back(good_item(type, rules, many));
    put(at, std::move(many), "more items than allowed");
  }
  if (rules.set || !rules.list_key.empty()) repeated_item(type, rules, items, at);
}

void Spoiler::repeated_item(const TypeInfo& type, const Rules& rules, const Array& items,
                            const Place& at) {
  Array twice = items;
  twice.push_back(items[static_cast<size_t>(random_.in(0, std::ssize(items) - 1))]);
  std::string field = at.path + '[' + std::to_string(items.size()) + ']';
  if (type.element->kind == Kind::object) field += '.' + std::string(rules.list_key);
  put(at, std::move(twice), std::move(field), "an item that is there already");
}

void Spoiler::map(const TypeInfo& type, const Rules& rules, const Place& at) {
  constexpr size_t largest = 512;
  wrong_types(at, {random_.in(0, 9), word(), true, Array{word()}});
  const Rules inside = element_rules(type, rules);
  const Value fine = good_value(*type.element, inside);
  if (const Format* format = rules.key_format; format != nullptr)
    put(at.key(format->bad, fine), fine, "a key that is not of its format");
  value(*type.element, inside, at.key(good_key(rules), fine));
  if (rules.max_size < largest) {
    Object many;
    for (size_t i = 0; i <= rules.max_size; ++i)
      many.append(good_key(rules) + std::to_string(i), fine);
    put(at, std::move(many), "more keys than allowed");
  }
}

// Whether the tables refuse the document and name the field.
bool is_refused(const TypeInfo& root, const WrongDocument& wrong) {
  const std::unique_ptr<void, void (*)(void*)> object(root.create(), root.destroy);
  Errors errors;
  const ReadOutcome outcome = from_json(root, object.get(), wrong.document, errors);
  validate(root, object.get(), Path{}, errors);
  return std::ranges::count(outcome.unknown, wrong.field) > 0 ||
         std::ranges::count(errors.all(), wrong.field, &FieldError::path) > 0;
}

}  // namespace

std::vector<WrongDocument> wrong_documents(const TypeInfo& root, const Value& good, size_t count,
                                           uint64_t seed) {
  constexpr int rounds = 32;
  Random random(seed);
  std::vector<WrongDocument> out;
  std::set<std::string> seen;
  for (int round = 0; round < rounds && out.size() < count; ++round) {
    std::vector<WrongDocument> fresh;
    Spoiler(good, random, fresh).object(root, Place{});
    // Shuffled, so that the first few touch all parts of the kind.
    for (size_t i = fresh.size(); i > 1; --i)
      std::swap(fresh[i - 1],
                fresh[static_cast<size_t>(random.in(0, static_cast<int64_t>(i) - 1))]);
    for (WrongDocument& wrong : fresh) {
      if (out.size() == count) break;
      if (is_refused(root, wrong) && seen.insert(json::print(wrong.document)).second)
        out.push_back(std::move(wrong));
    }
  }
  return out;
}

}  // namespace freehold::schema
