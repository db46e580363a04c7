#include "schema/protobuf.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/limits.h"
#include "base/strings.h"
#include "schema/protobuf_wire.h"
#include "schema/scalar.h"

namespace freehold::schema {
namespace {

constexpr std::string_view magic("k8s\0", 4);

Error malformed(const Path& at) {
  const std::string path = at.to_string();
  return {Reason::bad_request, "malformed protobuf" + (path.empty() ? "" : " in " + path), {}};
}

// Whether a field says nothing: zero, empty, or a message all of whose fields say nothing.
bool is_zero(const WireField& field, int depth = 8) {
  if (field.type != WireType::bytes) return field.value == 0;
  if (field.bytes.empty()) return true;
  if (depth == 0) return false;
  WireReader reader(field.bytes);
  while (const auto inner = reader.next())
    if (!is_zero(*inner, depth - 1)) return false;
  return !reader.malformed();
}

// Fields 1 to 3 of a message, which is all that the special messages have.
struct Small {
  uint64_t number[4] = {};
  std::string_view bytes[4];
  bool has_number[4] = {};
  bool ok = true;
  explicit Small(std::string_view message) {
    WireReader reader(message);
    while (const auto field = reader.next()) {
      if (field->number >= std::size(number)) continue;
      if (field->type == WireType::bytes) {
        bytes[field->number] = field->bytes;
      } else {
        number[field->number] = field->value;
        has_number[field->number] = true;
      }
    }
    ok = !reader.malformed();
  }
};

class Decoder {
 public:
  Decoder(ReadOutcome& outcome, Errors& errors) : outcome_(outcome), errors_(errors) {}

  // Each is false when the bytes are not what the table says; where() tells the place.
  bool object(const TypeInfo& type, void* out, std::string_view message, const Path& at);
  const std::string& where() const { return where_; }

 private:
  bool field(const FieldInfo& field, void* out, const WireField& wire, const Path& at, bool first);
  bool value(const TypeInfo& type, const Rules& rules, void* out, const WireField& wire,
             const Path& at);
  bool varint(const TypeInfo& type, void* out, const WireField& wire, const Path& at);
  bool message(const TypeInfo& type, const Rules& rules, void* out, std::string_view bytes,
               const Path& at);
  bool list(const TypeInfo& type, const Rules& rules, void* out, const WireField& wire,
            const Path& at);
  bool packed(const TypeInfo& type, void* out, std::string_view bytes, const Path& at);
  bool map(const TypeInfo& type, const Rules& rules, void* out, std::string_view entry,
           const Path& at);
  bool time(const TypeInfo& type, void* out, const Small& small, const Path& at);
  bool any(json::Value& out, const Small& small, const Path& at);
  void enumeration(const TypeInfo& type, void* out, std::string_view name, const Path& at);
  void string(std::string& out, std::string_view bytes, const Path& at);
  void unknown(const WireField& wire, const Path& at);
  bool is_full(size_t items, const Path& at);
  bool fail(const Path& at) {
    if (where_.empty()) where_ = malformed(at).message;
    return false;
  }

  ReadOutcome& outcome_;
  Errors& errors_;
  std::string where_;
};

bool Decoder::object(const TypeInfo& type, void* out, std::string_view message, const Path& at) {
  uint64_t seen = 0;
  WireReader reader(message);
  while (const auto wire = reader.next()) {
    const auto found = std::ranges::find(type.fields, wire->number, [](const FieldInfo& f) {
      return static_cast<uint32_t>(f.rules.proto);
    });
    if (found == type.fields.end()) {
      unknown(*wire, at);
      continue;
    }
    const uint64_t bit = uint64_t{1} << (found - type.fields.begin());
    if (!field(*found, found->get(out), *wire, at / found->name, (seen & bit) == 0)) return false;
    seen |= bit;
  }
  return !reader.malformed() || fail(at);
}

bool Decoder::field(const FieldInfo& field, void* out, const WireField& wire, const Path& at,
                    bool first) {
  const Kind kind = field.type->kind;
  const bool repeated = kind == Kind::list || kind == Kind::map;
  if (!repeated && !field.rules.proto_pointer && is_zero(wire)) return true;
  if (repeated && first) field.type->clear(out);  // what is given replaces a default
  return value(*field.type, field.rules, out, wire, at);
}

bool Decoder::value(const TypeInfo& type, const Rules& rules, void* out, const WireField& wire,
                    const Path& at) {
  const bool is_bytes = wire.type == WireType::bytes;
  switch (type.kind) {
    case Kind::boolean:
    case Kind::integer:
    case Kind::number:
      return is_bytes ? fail(at) : varint(type, out, wire, at);
    case Kind::list:
      return list(type, rules, out, wire, at);
    case Kind::optional: {
      // Given again, a message is merged into what is there, as protobuf wants.
      void* inside = nullptr;
      type.each(out, &inside, [](void* context, std::string_view, const void* item) {
        *static_cast<void**>(context) = const_cast<void*>(item);
        return false;
      });
      return value(*type.element, rules, inside != nullptr ? inside : type.grow(out, {}), wire, at);
    }
    default:
      return is_bytes ? message(type, rules, out, wire.bytes, at) : fail(at);
  }
}

bool Decoder::varint(const TypeInfo& type, void* out, const WireField& wire, const Path& at) {
  if (type.kind == Kind::number) {
    double number = 0;
    if (wire.type == WireType::fixed32)
      number = std::bit_cast<float>(static_cast<uint32_t>(wire.value));
    else if (wire.type == WireType::fixed64)
      number = std::bit_cast<double>(wire.value);
    else
      return fail(at);
    if (std::isfinite(number))
      *static_cast<double*>(out) = number;
    else
      errors_.add(Fault::invalid, at, "must be a finite number");
    return true;
  }
  if (wire.type != WireType::varint) return fail(at);
  if (type.kind == Kind::boolean)
    *static_cast<bool*>(out) = wire.value != 0;
  else
    *static_cast<int64_t*>(out) = static_cast<int64_t>(wire.value);
  return true;
}

bool Decoder::message(const TypeInfo& type, const Rules& rules, void* out, std::string_view bytes,
                      const Path& at) {
  switch (type.kind) {
    case Kind::string:
      string(*static_cast<std::string*>(out), bytes, at);
      return true;
    case Kind::bytes:
      static_cast<Bytes*>(out)->data = bytes;
      return true;
    case Kind::enumeration:
      enumeration(type, out, bytes, at);
      return true;
    case Kind::object:
      return object(type, out, bytes, at);
    case Kind::map:
      return map(type, rules, out, bytes, at);
    default:
      break;
  }
  const Small small(bytes);
  if (!small.ok) return fail(at);
  if (type.kind == Kind::time || type.kind == Kind::micro_time) return time(type, out, small, at);
  if (type.kind == Kind::any) return any(*static_cast<json::Value*>(out), small, at);
  if (type.kind == Kind::duration) {
    const int64_t us = static_cast<int64_t>(small.number[1]) / 1000;
    if (us < 0)
      errors_.add(Fault::invalid, at, "must not be negative");
    else
      *static_cast<Duration*>(out) = Duration{us};
    return true;
  }
  Result<Quantity> quantity = rules.any_dimension
                                  ? Quantity::parse_any(small.bytes[1])
                                  : Quantity::parse(small.bytes[1], rules.dimension);
  if (quantity.ok())
    *static_cast<Quantity*>(out) = std::move(*quantity);
  else
    errors_.add(Fault::invalid, at, std::move(quantity.error().message));
  return true;
}

bool Decoder::list(const TypeInfo& type, const Rules& rules, void* out, const WireField& wire,
                   const Path& at) {
  const Kind element = type.element->kind;
  if (wire.type == WireType::bytes && (element == Kind::integer || element == Kind::boolean))
    return packed(type, out, wire.bytes, at);
  const size_t i = type.size(out);
  if (is_full(i, at)) return true;
  return value(*type.element, rules, type.grow(out, {}), wire, at[i]);
}

bool Decoder::packed(const TypeInfo& type, void* out, std::string_view bytes, const Path& at) {
  WireReader reader(bytes);
  while (const auto n = reader.next_packed()) {
    if (is_full(type.size(out), at)) return true;
    varint(*type.element, type.grow(out, {}), WireField{0, WireType::varint, *n, {}}, at);
  }
  return !reader.malformed() || fail(at);
}

bool Decoder::map(const TypeInfo& type, const Rules& rules, void* out, std::string_view entry,
                  const Path& at) {
  WireReader reader(entry);
  std::string key;
  std::optional<WireField> given;
  while (const auto wire = reader.next()) {
    if (wire->number == 1 && wire->type == WireType::bytes) string(key, wire->bytes, at);
    if (wire->number == 2) given = wire;
  }
  if (reader.malformed()) return fail(at);
  if (is_full(type.size(out), at)) return true;
  const Path here = at.key(key);
  void* slot = type.grow(out, key);
  if (slot == nullptr) {
    if (outcome_.duplicate.size() < limits::field_errors)
      outcome_.duplicate.push_back(here.to_string());
    return true;
  }
  if (!given) return true;
  if (type.element->kind != Kind::list) return value(*type.element, rules, slot, *given, here);
  // A list as a value comes wrapped in a message, as {items 1}.
  WireReader items(given->bytes);
  while (const auto item = items.next())
    if (item->number == 1 && !list(*type.element, rules, slot, *item, here)) return false;
  return !items.malformed() || fail(here);
}

bool Decoder::time(const TypeInfo& type, void* out, const Small& small, const Path& at) {
  // RFC 3339 ends with the year 9999.
  constexpr int64_t first = -62135596800, last = 253402300799;
  const auto seconds = static_cast<int64_t>(small.number[1]);
  const auto nanos = static_cast<int64_t>(small.number[2]);
  if (seconds < first || seconds > last || nanos < 0 || nanos > 999'999'999) {
    errors_.add(Fault::invalid, at, "is not a time between the years 1 and 9999");
    return true;
  }
  if (seconds == first) return true;      // Go's zero time
  Time& time = *static_cast<Time*>(out);  // MicroTime holds nothing else
  time.us = seconds * 1'000'000 + (type.kind == Kind::micro_time ? nanos / 1000 : 0);
  return true;
}

bool Decoder::any(json::Value& out, const Small& small, const Path& at) {
  if (small.has_number[1]) {  // IntOrString
    if (small.number[1] == 0) {
      out = static_cast<int64_t>(static_cast<int32_t>(small.number[2]));
    } else {
      std::string text;
      string(text, small.bytes[3], at);
      out = std::move(text);
    }
    return true;
  }
  if (small.bytes[1].empty()) return true;
  Result<json::Value> parsed = json::parse(small.bytes[1]);
  if (parsed.ok())
    out = std::move(*parsed);
  else
    errors_.add(Fault::invalid, at, std::move(parsed.error().message));
  return true;
}

void Decoder::enumeration(const TypeInfo& type, void* out, std::string_view name, const Path& at) {
  for (const EnumInfo& info : type.values)
    if (info.name == name) return type.set_enum(out, info.value);
  if (!is_utf8(name)) return errors_.add(Fault::invalid, at, "is not UTF-8");
  errors_.add(Fault::not_supported, at, unsupported_value(type, name));
}

void Decoder::string(std::string& out, std::string_view bytes, const Path& at) {
  if (is_utf8(bytes))
    out = bytes;
  else
    errors_.add(Fault::invalid, at, "is not UTF-8");
}

void Decoder::unknown(const WireField& wire, const Path& at) {
  if (is_zero(wire) || outcome_.unknown.size() >= limits::field_errors) return;
  std::string path = at.to_string();
  if (!path.empty()) path += '.';
  path += '#' + std::to_string(wire.number);
  if (std::ranges::find(outcome_.unknown, path) != outcome_.unknown.end()) return;  // repeated
  outcome_.unknown.push_back(std::move(path));
  outcome_.nearest.emplace_back();
}

bool Decoder::is_full(size_t items, const Path& at) {
  if (items < limits::list_items) return false;
  errors_.add(Fault::invalid, at,
              "holds more than " + std::to_string(limits::list_items) + " items");
  return true;
}

}  // namespace

Result<ProtobufEnvelope> open_protobuf(std::string_view body) {
  if (!body.starts_with(magic))
    return Error{
        Reason::bad_request, "malformed protobuf: the body does not begin with k8s\\0", {}};
  const Small unknown(body.substr(magic.size()));
  const Small type(unknown.bytes[1]);
  if (!unknown.ok || !type.ok || !is_utf8(type.bytes[1]) || !is_utf8(type.bytes[2]))
    return malformed(Path{});
  // contentEncoding (3) is never set by clients; contentType (4) lies beyond what Small keeps, and
  // repeats what the request's header says.
  if (!unknown.bytes[3].empty())
    return Error{
        Reason::unsupported_media_type, "the protobuf body is compressed; send it plain", {}};
  return ProtobufEnvelope{std::string(type.bytes[1]), std::string(type.bytes[2]), unknown.bytes[2]};
}

Result<ReadOutcome> read_protobuf(const TypeInfo& type, void* out, std::string_view message,
                                  Errors& errors) {
  ReadOutcome outcome;
  Decoder decoder(outcome, errors);
  if (!decoder.object(type, out, message, Path{}))
    return Error{Reason::bad_request, decoder.where(), {}};
  return outcome;
}

}  // namespace freehold::schema
