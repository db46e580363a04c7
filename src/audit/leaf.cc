#include "audit/leaf.h"

#include <algorithm>
#include <charconv>

#include "audit/merkle.h"
#include "base/check.h"
#include "base/limits.h"
#include "base/strings.h"

namespace freehold::audit {

namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";

bool is_plain(char c) { return static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\'; }

void append_escaped(char c, std::string& out) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\t':
      out += "\\t";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\f':
      out += "\\f";
      return;
    case '\r':
      out += "\\r";
      return;
    default:
      out += "\\u00";
      out += hex_digits[static_cast<unsigned char>(c) >> 4];
      out += hex_digits[static_cast<unsigned char>(c) & 15];
  }
}

// RFC 8785, 3.2.2.2: the two-letter escapes, lower-case \u00xx for other controls, all else as it
// is.
void append_string(std::string_view text, std::string& out) {
  while (!text.empty()) {
    const auto stop = std::find_if_not(text.begin(), text.end(), is_plain);
    const auto plain = static_cast<size_t>(stop - text.begin());
    out += text.substr(0, plain);
    if (stop == text.end()) return;
    append_escaped(*stop, out);
    text.remove_prefix(plain + 1);
  }
}

void append_number(uint64_t number, std::string& out) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  out.append(digits, end);
}

// `begin` ends within the opening quote of the value.
void append_member(std::string_view begin, std::string_view value, std::string& out) {
  out += begin;
  append_string(value, out);
  out += '"';
}

// A UUID of version 8 (RFC 9562): 122 bits of a digest over what makes the event unique.
std::string audit_id(const LeafFields& fields) {
  std::string text = "freehold audit id";
  for (const std::string* part : {&fields.key, &fields.uid}) {
    text += '\0';
    text += *part;
  }
  text += '\0';
  append_number(fields.revision, text);
  Hash hash = sha256(text);
  hash[6] = static_cast<uint8_t>((hash[6] & 0x0f) | 0x80);
  hash[8] = static_cast<uint8_t>((hash[8] & 0x3f) | 0x80);
  std::string id;
  id.reserve(36);
  for (size_t i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) id += '-';
    id += hex_digits[hash[i] >> 4];
    id += hex_digits[hash[i] & 15];
  }
  return id;
}

std::string_view response_code(std::string_view verb) { return verb == "create" ? "201" : "200"; }

// One table for both directions keeps them each other's inverse: the optional members of an object,
// in canonical order.
struct Optional {
  std::string_view begin;
  std::string LeafFields::* field;
};
constexpr Optional annotations_before_key[] = {
    {"\"freehold.dev/decisionDigest\":\"", &LeafFields::decision_digest},
    {"\"freehold.dev/factSetDigest\":\"", &LeafFields::fact_set_digest},
};
constexpr std::string_view key_begin = "\"freehold.dev/key\":\"";
constexpr Optional annotations_after_key[] = {
    {",\"freehold.dev/newDigest\":\"", &LeafFields::new_digest},
    {",\"freehold.dev/payloadCommitment\":\"", &LeafFields::payload_commitment},
    {",\"freehold.dev/policySetDigest\":\"", &LeafFields::policy_set_digest},
    {",\"freehold.dev/prevDigest\":\"", &LeafFields::prev_digest},
};
constexpr Optional reference_before_revision[] = {
    {"\"apiGroup\":\"", &LeafFields::group},    {"\"apiVersion\":\"", &LeafFields::version},
    {"\"name\":\"", &LeafFields::name},         {"\"namespace\":\"", &LeafFields::ns},
    {"\"resource\":\"", &LeafFields::resource},
};
constexpr Optional reference_after_revision[] = {{",\"uid\":\"", &LeafFields::uid}};

std::string write_leaf(const LeafFields& fields) {
  std::string out;
  out.reserve(1024);
  std::string revision;
  append_number(fields.revision, revision);
  const std::string time = format_rfc3339_micro(fields.time);

  out += "{\"annotations\":{";
  for (const auto& [begin, field] : annotations_before_key) {
    if ((fields.*field).empty()) continue;
    append_member(begin, fields.*field, out);
    out += ',';
  }
  append_member(key_begin, fields.key, out);
  for (const auto& [begin, field] : annotations_after_key)
    if (!(fields.*field).empty()) append_member(begin, fields.*field, out);
  append_member(",\"freehold.dev/revision\":\"", revision, out);
  append_member("},\"apiVersion\":\"audit.k8s.io/v1\",\"auditID\":\"", audit_id(fields), out);
  out += ",\"kind\":\"Event\",\"level\":\"Metadata\",\"objectRef\":{";
  for (const auto& [begin, field] : reference_before_revision) {
    if ((fields.*field).empty()) continue;
    append_member(begin, fields.*field, out);
    out += ',';
  }
  append_member("\"resourceVersion\":\"", revision, out);
  for (const auto& [begin, field] : reference_after_revision)
    if (!(fields.*field).empty()) append_member(begin, fields.*field, out);
  append_member("},\"requestReceivedTimestamp\":\"", time, out);
  out += ",\"responseStatus\":{\"code\":";
  out += response_code(fields.verb);
  append_member("},\"stage\":\"ResponseComplete\",\"stageTimestamp\":\"", time, out);
  append_member(",\"user\":{\"username\":\"", fields.principal, out);
  append_member("},\"verb\":\"", fields.verb, out);
  out += '}';
  return out;
}

// Walks the leaf as encode_leaf writes it. What it accepts may still differ in bytes (another
// escape of the same letter): the caller compares with the encoding.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  bool take(std::string_view literal) {
    if (!text_.substr(at_).starts_with(literal)) return false;
    at_ += literal.size();
    return true;
  }
  Result<void> expect(std::string_view literal) {
    if (take(literal)) return {};
    return invalid("expected " + std::string(literal));
  }
  // The rest of a string whose opening quote was taken, with its closing quote.
  Result<std::string> string() {
    std::string value;
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == '"') return value;
      if (static_cast<unsigned char>(c) < 0x20) return invalid("a bare control character");
      value += c == '\\' ? TRY(escape()) : c;
    }
    return invalid("a string without end");
  }
  Result<std::string> string_after(std::string_view begin) {
    TRY(expect(begin));
    return string();
  }
  bool at_end() const { return at_ == text_.size(); }
  Error invalid(const std::string& what) const {
    return {Reason::invalid, "no leaf of the record: byte " + std::to_string(at_) + ": " + what};
  }

 private:
  Result<char> escape() {
    constexpr std::string_view names = "\"\\bfnrt", meanings = "\"\\\b\f\n\r\t";
    if (at_ == text_.size()) return invalid("a string without end");
    const char name = text_[at_++];
    if (const size_t which = names.find(name); which != names.npos) return meanings[which];
    if (name != 'u' || !take("00")) return invalid("an escape that canonical JSON does not use");
    const auto byte = from_hex(text_.substr(at_, std::min<size_t>(2, text_.size() - at_)));
    if (!byte || byte->size() != 1) return invalid("an escape that canonical JSON does not use");
    at_ += 2;
    return byte->front();
  }

  std::string_view text_;
  size_t at_ = 0;
};

Result<void> scan_annotations(Scanner& scan, LeafFields& fields) {
  TRY(scan.expect("{\"annotations\":{"));
  for (const auto& [begin, field] : annotations_before_key) {
    if (!scan.take(begin)) continue;
    fields.*field = TRY(scan.string());
    TRY(scan.expect(","));
  }
  fields.key = TRY(scan.string_after(key_begin));
  for (const auto& [begin, field] : annotations_after_key)
    if (scan.take(begin)) fields.*field = TRY(scan.string());
  const std::string revision = TRY(scan.string_after(",\"freehold.dev/revision\":\""));
  const auto number = parse_uint(revision);
  if (!number) return scan.invalid("expected a revision before it");
  fields.revision = *number;
  return {};
}

Result<void> scan_reference(Scanner& scan, LeafFields& fields) {
  for (const auto& [begin, field] : reference_before_revision) {
    if (!scan.take(begin)) continue;
    fields.*field = TRY(scan.string());
    TRY(scan.expect(","));
  }
  TRY(scan.string_after("\"resourceVersion\":\""));
  for (const auto& [begin, field] : reference_after_revision)
    if (scan.take(begin)) fields.*field = TRY(scan.string());
  return {};
}

Result<LeafFields> scan_leaf(std::string_view leaf) {
  Scanner scan(leaf);
  LeafFields fields;
  TRY(scan_annotations(scan, fields));
  TRY(scan.string_after("},\"apiVersion\":\"audit.k8s.io/v1\",\"auditID\":\""));
  TRY(scan.expect(",\"kind\":\"Event\",\"level\":\"Metadata\",\"objectRef\":{"));
  TRY(scan_reference(scan, fields));
  const std::string time = TRY(scan.string_after("},\"requestReceivedTimestamp\":\""));
  const auto parsed = parse_rfc3339(time);
  if (!parsed) return scan.invalid("expected a time before it");
  fields.time = *parsed;
  TRY(scan.expect(",\"responseStatus\":{\"code\":20"));
  if (!scan.take("0")) TRY(scan.expect("1"));
  TRY(scan.string_after("},\"stage\":\"ResponseComplete\",\"stageTimestamp\":\""));
  fields.principal = TRY(scan.string_after(",\"user\":{\"username\":\""));
  fields.verb = TRY(scan.string_after("},\"verb\":\""));
  TRY(scan.expect("}"));
  if (!scan.at_end()) return scan.invalid("expected the end");
  return fields;
}

}  // namespace

std::string encode_leaf(const LeafFields& fields) {
  std::string leaf = write_leaf(fields);
  BUG_IF(leaf.size() > limits::leaf_bytes, "a leaf is larger than an entry bundle can hold");
  return leaf;
}

Result<LeafFields> decode_leaf(std::string_view leaf) {
  if (leaf.size() > limits::leaf_bytes)
    return Error{Reason::invalid, "no leaf of the record: " + std::to_string(leaf.size()) +
                                      " bytes; at most " + std::to_string(limits::leaf_bytes)};
  if (!is_utf8(leaf)) return Error{Reason::invalid, "no leaf of the record: not UTF-8"};
  LeafFields fields = TRY(scan_leaf(leaf));
  const std::string canonical = write_leaf(fields);
  if (canonical == leaf) return fields;
  const auto differs =
      std::mismatch(leaf.begin(), leaf.end(), canonical.begin(), canonical.end()).first;
  return Error{Reason::invalid, "no leaf of the record: byte " +
                                    std::to_string(differs - leaf.begin()) +
                                    " is not as the fields before and after it demand"};
}

std::string log_origin(std::string_view site, std::string_view organization,
                       std::string_view tenant) {
  std::string origin = "audit.";
  origin += site;
  origin += '.';
  origin += organization;
  origin += '/';
  origin += tenant;
  return origin;
}

}  // namespace freehold::audit
