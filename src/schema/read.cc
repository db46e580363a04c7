// Reading: one pass from bytes into the struct. A value of the wrong kind is reported and stepped
// over, so that all faults of a document come at once; only what is not JSON stops the walk.
#include <charconv>

#include "base/check.h"
#include "base/limits.h"
#include "base/strings.h"
#include "json/reader.h"
#include "schema/scalar.h"
#include "schema/walk.h"

namespace freehold::schema {
namespace {

using json::Type;

std::string_view type_word(Type type) {
  switch (type) {
    case Type::null:
      return "null";
    case Type::boolean:
      return "a boolean";
    case Type::number:
      return "a number";
    case Type::string:
      return "a string";
    case Type::array:
      return "a list";
    case Type::object:
      return "an object";
    case Type::malformed:
      break;
  }
  return "something else";
}

std::string_view nearest_name(const TypeInfo& type, std::string_view name) {
  constexpr size_t longest = 64, most = 3;
  if (name.size() > longest) return {};
  const std::string lower = to_lower(name);
  std::string_view best;
  size_t best_distance = std::min(most, name.size() / 2) + 1;
  for (const FieldInfo& f : type.fields) {
    const size_t distance = edit_distance(lower, to_lower(f.name), most);
    if (distance < best_distance) {
      best_distance = distance;
      best = f.name;
    }
  }
  return best;
}

// Most names of a table differ in length or first letter: no call to compare those.
bool is_called(const FieldInfo& field, std::string_view key) {
  const std::string_view name = field.name;
  return name.size() == key.size() && !key.empty() && name.front() == key.front() && name == key;
}

class Walk {
 public:
  Walk(std::string_view text, ReadOutcome& outcome, Errors& errors, Header* header)
      : text_(text), reader_(text), outcome_(outcome), errors_(errors), header_(header) {}

  void root(const TypeInfo& type, void* out) {
    const Rules rules;
    value(type, rules, out, Path{});
    if (!reader_.malformed()) reader_.finish();
  }
  const json::Reader& reader() const { return reader_; }

 private:
  void value(const TypeInfo& type, const Rules& rules, void* out, const Path& at);
  void object(const TypeInfo& type, void* out, const Path& at);
  void list(const TypeInfo& type, const Rules& rules, void* out, const Path& at);
  void map(const TypeInfo& type, const Rules& rules, void* out, const Path& at);
  void integer(int64_t& out, const Path& at);
  void number(double& out, const Path& at);
  void enumeration(const TypeInfo& type, void* out, const Path& at);
  void bytes(const Rules& rules, Bytes& out, const Path& at);
  void quantity(const Rules& rules, Quantity& out, const Path& at);
  void any(json::Value& out, const Path& at);

  // A string for `what`; false when there is none (reported, or malformed).
  bool string(std::string_view& out, const Path& at, std::string_view what);
  template <class Out, class Parse>
  void parsed_string(const Rules& rules, Out& out, const Path& at, std::string_view what,
                     Parse parse);
  void mismatch(const Path& at, std::string_view what, std::string_view remedy = {});
  void unknown_field(const TypeInfo& type, const Path& at);
  bool is_header(const Path& at);
  bool is_full(const Path& at, size_t items);
  std::string_view kept(std::string_view key, std::string& copy) const;

  std::string_view text_;
  json::Reader reader_;
  ReadOutcome& outcome_;
  Errors& errors_;
  Header* header_;
};

void Walk::value(const TypeInfo& type, const Rules& rules, void* out, const Path& at) {
  switch (type.kind) {
    case Kind::boolean:
      if (reader_.peek() != Type::boolean) return mismatch(at, "true or false");
      reader_.read_bool(*static_cast<bool*>(out));
      return;
    case Kind::integer:
      return integer(*static_cast<int64_t*>(out), at);
    case Kind::number:
      return number(*static_cast<double*>(out), at);
    case Kind::string: {
      std::string_view text;
      if (string(text, at, "a string")) static_cast<std::string*>(out)->assign(text);
      return;
    }
    case Kind::bytes:
      return bytes(rules, *static_cast<Bytes*>(out), at);
    case Kind::quantity:
      return quantity(rules, *static_cast<Quantity*>(out), at);
    case Kind::time:
    case Kind::micro_time:
      return parsed_string(rules, *static_cast<Time*>(out), at,
                           "a time such as 2026-11-23T15:39:13Z", [&type](std::string_view text) {
                             std::optional<Time> time = parse_rfc3339(text);
                             // Kept as it will be printed, so that a value and its document never
                             // differ.
                             if (time && type.kind == Kind::time)
                               time->us -= (time->us % 1000000 + 1000000) % 1000000;
                             return time;
                           });
    case Kind::duration:
      return parsed_string(rules, *static_cast<Duration*>(out), at,
                           "a duration such as 30s or 1h30m", parse_duration);
    case Kind::any:
      return any(*static_cast<json::Value*>(out), at);
    case Kind::enumeration:
      return enumeration(type, out, at);
    case Kind::optional:
      return value(*type.element, rules, type.grow(out, {}), at);
    case Kind::list:
      return list(type, rules, out, at);
    case Kind::map:
      return map(type, rules, out, at);
    case Kind::object:
      return object(type, out, at);
  }
}

void Walk::object(const TypeInfo& type, void* out, const Path& at) {
  if (reader_.peek() != Type::object) return mismatch(at, "an object");
  const auto fields = type.fields;
  uint64_t seen = 0;
  size_t guess = 0;  // documents usually have their fields in the order of the table
  for (bool more = reader_.enter_object(); more; more = reader_.next_member()) {
    std::string_view key;
    if (!reader_.read_key(key)) return;
    size_t i = guess, tried = 0;
    for (; tried < fields.size(); ++tried, i = i + 1 < fields.size() ? i + 1 : 0)
      if (is_called(fields[i], key)) break;
    if (tried == fields.size()) {
      if (header_ != nullptr && at.parent == nullptr && is_header(at / key)) {
        if (reader_.malformed()) return;
        continue;
      }
      unknown_field(type, at / key);
      if (!reader_.skip()) return;
      continue;
    }
    guess = i + 1 < fields.size() ? i + 1 : 0;
    const FieldInfo& field = fields[i];
    const Path here = at / field.name;
    if ((seen >> i & 1) != 0) {
      if (outcome_.duplicate.size() < limits::field_errors)
        outcome_.duplicate.push_back(here.to_string());
      if (!reader_.skip()) return;
      continue;
    }
    seen |= uint64_t{1} << i;
    if (reader_.peek() == Type::null) {
      if (!reader_.read_null()) return;
      continue;
    }
    value(*field.type, field.rules, field.get(out), here);
    if (reader_.malformed()) return;
  }
}

void Walk::list(const TypeInfo& type, const Rules& rules, void* out, const Path& at) {
  if (reader_.peek() != Type::array) return mismatch(at, "a list", "begin its items with '-'");
  type.clear(out);  // what is given replaces a default, it does not add to it
  size_t i = 0;
  for (bool more = reader_.enter_array(); more; more = reader_.next_element(), ++i) {
    if (is_full(at, i)) {
      if (!reader_.skip()) return;
      continue;
    }
    value(*type.element, rules, type.grow(out, {}), at[i]);
    if (reader_.malformed()) return;
  }
}

void Walk::map(const TypeInfo& type, const Rules& rules, void* out, const Path& at) {
  if (reader_.peek() != Type::object) return mismatch(at, "an object of names and values");
  type.clear(out);
  std::string copy;
  size_t i = 0;
  for (bool more = reader_.enter_object(); more; more = reader_.next_member(), ++i) {
    std::string_view key;
    if (!reader_.read_key(key)) return;
    if (is_full(at, i)) {
      if (!reader_.skip()) return;
      continue;
    }
    void* slot = type.grow(out, key);
    const Path here = at.key(kept(key, copy));
    if (slot == nullptr) {
      if (outcome_.duplicate.size() < limits::field_errors)
        outcome_.duplicate.push_back(here.to_string());
      if (!reader_.skip()) return;
    } else if (reader_.peek() == Type::null && type.element->kind != Kind::any) {
      // As Go does: `labels: {app: }` in YAML is an empty value, not a missing label.
      if (!reader_.read_null()) return;
    } else {
      value(*type.element, rules, slot, here);
    }
    if (reader_.malformed()) return;
  }
}

void Walk::integer(int64_t& out, const Path& at) {
  if (reader_.peek() != Type::number)
    return mismatch(at, "a whole number", "write it without quotes");
  std::string_view raw;
  if (!reader_.read_number(raw)) return;
  int64_t n = 0;
  const auto [end, failure] = std::from_chars(raw.data(), raw.data() + raw.size(), n);
  if (failure == std::errc{} && end == raw.data() + raw.size()) {
    out = n;
  } else if (failure == std::errc::result_out_of_range) {
    errors_.add(Fault::invalid, at, shortened(raw) + " does not fit 64 bits");
  } else {
    errors_.add(Fault::type, at, "expected a whole number, got " + shortened(raw));
  }
}

void Walk::number(double& out, const Path& at) {
  if (reader_.peek() != Type::number) return mismatch(at, "a number", "write it without quotes");
  std::string_view raw;
  if (!reader_.read_number(raw)) return;
  if (const std::optional<double> n = json::to_double(raw))
    out = *n;
  else
    errors_.add(Fault::invalid, at, shortened(raw) + " does not fit a 64-bit number");
}

void Walk::enumeration(const TypeInfo& type, void* out, const Path& at) {
  std::string_view name;
  if (!string(name, at, "a string")) return;
  for (const EnumInfo& info : type.values)
    if (info.name == name) return type.set_enum(out, info.value);
  errors_.add(Fault::not_supported, at, unsupported_value(type, name));
}

void Walk::bytes(const Rules& rules, Bytes& out, const Path& at) {
  parsed_string(rules, out, at, "base64 text", [](std::string_view text) -> std::optional<Bytes> {
    std::optional<std::string> data = base64_decode(text);
    if (!data && text.find_first_of("\r\n") != text.npos) {
      // `base64` and YAML blocks wrap lines; Go's decoder ignores the breaks too.
      std::string joined;
      for (const char c : text)
        if (c != '\r' && c != '\n') joined += c;
      data = base64_decode(joined);
    }
    if (!data) return std::nullopt;
    return Bytes{std::move(*data)};
  });
}

void Walk::quantity(const Rules& rules, Quantity& out, const Path& at) {
  std::string_view text;
  switch (reader_.peek()) {
    case Type::number:
      if (!reader_.read_number(text)) return;
      break;
    case Type::string:
      if (!reader_.read_string(text)) return;
      break;
    default:
      return mismatch(at, "a quantity such as " + std::string(dimension_example(rules.dimension)));
  }
  Result<Quantity> parsed =
      rules.any_dimension ? Quantity::parse_any(text) : Quantity::parse(text, rules.dimension);
  if (parsed.ok())
    out = std::move(*parsed);
  else
    errors_.add(Fault::invalid, at, std::move(parsed.error().message));
}

// The reader has checked the syntax once it is passed; numbers that no double holds and lists
// beyond their limit are found by the parser alone.
void Walk::any(json::Value& out, const Path& at) {
  reader_.peek();
  const size_t from = reader_.offset();
  if (!reader_.skip()) return;
  Result<json::Value> parsed = json::parse(text_.substr(from, reader_.offset() - from));
  if (parsed.ok()) {
    out = std::move(*parsed);
    return;
  }
  const std::string& message = parsed.error().message;
  const size_t what = message.find(": ");  // after the byte, which would count from here
  errors_.add(Fault::invalid, at, message.substr(what == message.npos ? 0 : what + 2));
}

bool Walk::string(std::string_view& out, const Path& at, std::string_view what) {
  const Type type = reader_.peek();
  if (type == Type::string) return reader_.read_string(out);
  const bool bare = type == Type::number || type == Type::boolean;
  mismatch(at, what, bare ? "put it in quotes" : "");
  return false;
}

template <class Out, class Parse>
void Walk::parsed_string(const Rules& rules, Out& out, const Path& at, std::string_view what,
                         Parse parse) {
  std::string_view text;
  if (!string(text, at, what)) return;
  if (auto parsed = parse(text))
    out = std::move(*parsed);
  else
    errors_.add(Fault::invalid, at,
                (rules.secret ? "is" : quoted(text) + " is") + (" not " + std::string(what)));
}

void Walk::mismatch(const Path& at, std::string_view what, std::string_view remedy) {
  const Type found = reader_.peek();
  if (found != Type::malformed) {
    std::string detail = "expected ";
    detail.append(what).append(", got ").append(type_word(found));
    if (!remedy.empty()) detail.append("; ").append(remedy);
    errors_.add(Fault::type, at, std::move(detail));
  }
  reader_.skip();
}

void Walk::unknown_field(const TypeInfo& type, const Path& at) {
  if (outcome_.unknown.size() >= limits::field_errors) return;
  outcome_.unknown.push_back(at.to_string());
  outcome_.nearest.emplace_back(nearest_name(type, at.name));
}

// Takes `apiVersion` and `kind` of a whole document; false, with nothing consumed, for any other
// field.
bool Walk::is_header(const Path& at) {
  if (at.name != "apiVersion" && at.name != "kind") return false;
  const bool is_kind = at.name == "kind";  // the name may stand in the scratch of the reader
  const Path here{nullptr, is_kind ? "kind" : "apiVersion"};
  std::string& slot = is_kind ? header_->kind : header_->api_version;
  std::string_view text;
  if (!slot.empty() && reader_.peek() == Type::string) {
    if (outcome_.duplicate.size() < limits::field_errors)
      outcome_.duplicate.push_back(here.to_string());
    reader_.skip();
  } else if (reader_.peek() == Type::null) {
    reader_.read_null();
  } else if (string(text, here, "a string")) {
    slot.assign(text);
  }
  return true;
}

bool Walk::is_full(const Path& at, size_t items) {
  if (items < limits::list_items) return false;
  if (items == limits::list_items)
    errors_.add(Fault::invalid, at,
                "holds more than " + std::to_string(limits::list_items) + " items");
  return true;
}

// A key with escapes stands in the reader's scratch, which its value may overwrite.
std::string_view Walk::kept(std::string_view key, std::string& copy) const {
  const std::less_equal<const char*> before;
  if (before(text_.data(), key.data()) && before(key.data(), text_.data() + text_.size()))
    return key;
  copy = key;
  return copy;
}

}  // namespace

Result<ReadOutcome> read(const TypeInfo& type, void* out, std::string_view json, Errors& errors,
                         Header* header) {
  ReadOutcome outcome;
  Walk walk(json, outcome, errors, header);
  walk.root(type, out);
  if (walk.reader().malformed()) return Error{Reason::bad_request, walk.reader().error(), {}};
  return outcome;
}

ReadOutcome from_json(const TypeInfo& type, void* out, const json::Value& document, Errors& errors,
                      Header* header) {
  Result<ReadOutcome> outcome = read(type, out, json::print(document), errors, header);
  if (outcome.ok()) return std::move(*outcome);
  errors.add(Fault::invalid, Path{}, std::move(outcome.error().message));  // nested too deeply
  return {};
}

Result<void> read_strict(const TypeInfo& type, void* out, std::string_view json) {
  Errors errors;
  const ReadOutcome outcome = TRY(read(type, out, json, errors));
  for (size_t i = 0; i < outcome.unknown.size(); ++i) {
    const std::string& nearest = outcome.nearest[i];
    errors.add(
        Fault::unknown, outcome.unknown[i],
        nearest.empty() ? "unknown field" : "unknown field, did you mean " + quoted(nearest) + '?');
  }
  for (const std::string& path : outcome.duplicate)
    errors.add(Fault::duplicate, path, "given more than once");
  if (!errors.empty()) return errors.to_error(type.name, "");
  return {};
}

}  // namespace freehold::schema
