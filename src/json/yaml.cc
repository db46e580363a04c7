#include "json/yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <sstream>

#include "base/limits.h"
#include "base/strings.h"
#include "json/members.h"
#include "json/scalar.h"

namespace freehold::json {
namespace {

constexpr std::string_view core_tag = "tag:yaml.org,2002:";
// What yaml-cpp calls the tag of a scalar without one.
constexpr std::string_view plain_tag = "?", quoted_tag = "!";

Error located(const YAML::Mark& mark, std::string_view what) {
  std::string message = "malformed YAML";
  if (!mark.is_null()) {
    message += " at line " + std::to_string(mark.line + 1);
    message += ", column " + std::to_string(mark.column + 1);
  }
  message += ": ";
  message += what;
  return Error{Reason::bad_request, std::move(message)};
}

// The only way out of yaml-cpp's callbacks; caught in parse_yaml.
struct Refusal {
  Error error;
};

[[noreturn]] void refuse(const YAML::Mark& mark, std::string_view what) {
  throw Refusal{located(mark, what)};
}

// Builds documents from yaml-cpp's events.
class Builder : public YAML::EventHandler {
 public:
  explicit Builder(std::string_view text) : rest_(text) {}
  std::vector<Value> take() && { return std::move(documents_); }

  void OnDocumentStart(const YAML::Mark& mark) override;
  void OnDocumentEnd() override {
    if (!root_.is_null()) documents_.push_back(std::move(root_));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    refuse(mark, "aliases are not supported: write the value out");
  }
  void OnAnchor(const YAML::Mark& mark, const std::string&) override {
    refuse(mark, "anchors are not supported");
  }
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    check_anchor(mark, anchor);
    put(mark, Value());
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    check_anchor(mark, anchor);
    put(mark, scalar(mark, tag, text));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    check_anchor(mark, anchor);
    check_tag(mark, tag, "seq");
    open(mark, Array{});
  }
  void OnSequenceEnd() override { open_.pop_back(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    check_anchor(mark, anchor);
    check_tag(mark, tag, "map");
    open(mark, Object{});
  }
  void OnMapEnd() override;

 private:
  // A collection that has not ended. Values that are being filled do not move: only the last
  // element of the last collection grows.
  struct Open {
    Value* value;
    std::vector<YAML::Mark> names{};  // where each name of an object stands
    bool expects_value = false;       // an object has got a name
  };

  static void check_anchor(const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (anchor != 0) refuse(mark, "anchors are not supported");
  }
  static void check_tag(const YAML::Mark& mark, std::string_view tag, std::string_view expected) {
    if (tag.empty() || tag == plain_tag || tag == quoted_tag) return;
    if (tag.starts_with(core_tag) && tag.substr(core_tag.size()) == expected) return;
    refuse(mark, "tag " + std::string(tag.substr(0, 100)) + " is not supported");
  }
  static Value scalar(const YAML::Mark& mark, std::string_view tag, const std::string& text);
  Value* put(const YAML::Mark& mark, Value value);
  void open(const YAML::Mark& mark, Value empty);

  std::string_view rest_;  // the text from line_ on
  int line_ = 0;
  bool is_first_ = true;
  Value root_;
  std::vector<Open> open_;
  std::vector<Value> documents_;
};

// yaml-cpp takes any text behind a document for another one, and for `[a],b` it finds empty ones
// without end. So every document but the first must begin with its marker.
void Builder::OnDocumentStart(const YAML::Mark& mark) {
  for (; line_ < mark.line; ++line_) rest_.remove_prefix(rest_.find('\n') + 1);
  if (!is_first_ && (mark.column != 0 || !rest_.starts_with("---")))
    refuse(mark, "unexpected text behind the document: begin another with ---");
  is_first_ = false;
  root_ = Value();
}

Value Builder::scalar(const YAML::Mark& mark, std::string_view tag, const std::string& text) {
  // yaml-cpp turns the escapes \N and \_ into bytes of Latin-1.
  if (!is_utf8(text))
    refuse(mark, "the escapes \\N and \\_ are not supported: write \\x85 or \\xA0");
  if (tag == quoted_tag) return text;
  if (tag == plain_tag || tag.empty()) {
    auto value = read_plain_scalar(text);
    if (!value.ok()) refuse(mark, value.error().message);
    return std::move(value).value();
  }
  if (!tag.starts_with(core_tag)) check_tag(mark, tag, "str");
  const std::string_view type = tag.substr(core_tag.size());
  if (type == "str") return text;
  auto value = read_plain_scalar(text);
  if (!value.ok()) refuse(mark, value.error().message);
  const bool fits =
      (type == "null" && value->is_null()) || (type == "bool" && value->as_bool() != nullptr) ||
      (type == "int" && value->as_int() != nullptr) || (type == "float" && value->is_number());
  if (!fits) check_tag(mark, tag, "str");
  return std::move(value).value();
}

// Puts a value where the document goes on; returns its place, or null for a name.
Value* Builder::put(const YAML::Mark& mark, Value value) {
  if (open_.empty()) {
    root_ = std::move(value);
    return &root_;
  }
  Open& top = open_.back();
  if (Array* array = top.value->as_array()) {
    if (array->size() == limits::list_items) refuse(mark, "too many elements");
    return &array->emplace_back(std::move(value));
  }
  Object& object = *top.value->as_object();
  top.expects_value = !top.expects_value;
  if (!top.expects_value) {
    Value& last = std::prev(object.end())->second;
    last = std::move(value);
    return &last;
  }
  if (object.size() == limits::list_items) refuse(mark, "too many members");
  std::string* const name = value.as_string();
  if (name == nullptr) refuse(mark, "a name must be a string: put it in quotes");
  top.names.push_back(mark);
  object.append(std::move(*name), Value());
  return nullptr;
}

void Builder::open(const YAML::Mark& mark, Value empty) {
  if (open_.size() == static_cast<size_t>(limits::json_depth)) refuse(mark, "nested too deeply");
  Value* const place = put(mark, std::move(empty));
  if (place == nullptr) refuse(mark, "a name must be a string");
  open_.push_back(Open{place});
}

void Builder::OnMapEnd() {
  const Object& object = *open_.back().value->as_object();
  if (const Member* const twice = find_duplicate(object)) {
    const auto index = static_cast<size_t>(twice - &*object.begin());
    refuse(open_.back().names[index], "duplicate name \"" + twice->first + '"');
  }
  open_.pop_back();
}

// yaml-cpp takes byte 4 for the end of the text and guesses other encodings, so such bytes never
// reach it.
std::optional<Error> check_characters(std::string_view text) {
  if (!is_utf8(text)) return Error{Reason::bad_request, "malformed YAML: not UTF-8"};
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F)
      return Error{Reason::bad_request,
                   "malformed YAML at byte " + std::to_string(i) + ": control character"};
  }
  return std::nullopt;
}

}  // namespace

Result<std::vector<Value>> parse_yaml(std::string_view text) {
  if (text.size() > limits::yaml_bytes)
    return Error{Reason::too_large,
                 "the YAML has more than " + std::to_string(limits::yaml_bytes) + " bytes"};
  if (auto error = check_characters(text)) return std::move(*error);
  std::istringstream stream{std::string(text)};
  Builder builder(text);
  try {
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (Refusal& refusal) {
    return std::move(refusal.error);
  } catch (const YAML::Exception& exception) {
    return located(exception.mark, exception.msg);
  }
  return std::move(builder).take();
}

Result<Value> parse_yaml_or_json(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r\n");
  if (first != std::string_view::npos && (text[first] == '{' || text[first] == '['))
    return parse(text);
  std::vector<Value> documents = TRY(parse_yaml(text));
  if (documents.size() != 1)
    return Error{Reason::bad_request,
                 "expected one YAML document, found " + std::to_string(documents.size())};
  return std::move(documents.front());
}

}  // namespace freehold::json
