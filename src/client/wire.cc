#include "client/wire.h"

#include <algorithm>
#include <utility>

#include "json/reader.h"
#include "json/value.h"

namespace freehold::client {
namespace {

constexpr size_t shown_bytes = 200;  // of a body that is no Status

Error nonsense(std::string_view what) {
  return Error{Reason::internal, "the server's answer cannot be read: " + std::string(what), {}};
}

// The text of the value that comes next, checked. It is read again, into its type.
std::string_view take_value(json::Reader& reader, std::string_view text) {
  reader.peek();  // over white space
  const size_t start = reader.offset();
  if (!reader.skip()) return {};
  return text.substr(start, reader.offset() - start);
}

Reason reason_of_code(int code) {
  for (int i = 0; i <= static_cast<int>(Reason::timeout); ++i)
    if (const auto reason = static_cast<Reason>(i);
        reason != Reason::already_exists && reason_http_code(reason) == code)
      return reason;
  return code >= 500 ? Reason::unavailable : Reason::bad_request;
}

struct ListMeta {
  std::string resource_version, next;
};

ListMeta read_list_meta(std::string_view text) {
  const auto value = json::parse(text);
  if (!value.ok()) return {};
  return {std::string(value->string_at({"resourceVersion"})),
          std::string(value->string_at({"continue"}))};
}

}  // namespace

Result<Page> read_list(const api::Kind& kind, std::string_view body) {
  Page page;
  json::Reader reader(body);
  for (bool more = reader.enter_object(); more; more = reader.next_member()) {
    std::string_view key;
    if (!reader.read_key(key)) break;
    if (key == "metadata") {
      ListMeta meta = read_list_meta(take_value(reader, body));
      page.listed.resource_version = std::move(meta.resource_version);
      page.next = std::move(meta.next);
    } else if (key == "items" && reader.peek() == json::Type::array) {
      for (bool item = reader.enter_array(); item; item = reader.next_element()) {
        const std::string_view text = take_value(reader, body);
        if (text.empty()) break;
        page.listed.items.push_back(TRY(api::decode(kind, text)));
      }
    } else {
      reader.skip();
    }
  }
  if (reader.malformed() || !reader.finish()) return nonsense(reader.error());
  return page;
}

Result<WatchLine> read_watch_line(const api::Kind& kind, std::string_view line) {
  std::string type;
  std::string_view object;
  json::Reader reader(line);
  for (bool more = reader.enter_object(); more; more = reader.next_member()) {
    std::string_view key;
    if (!reader.read_key(key)) break;
    if (key == "type") {
      std::string_view text;
      if (reader.read_string(text)) type = text;
    } else if (key == "object") {
      object = take_value(reader, line);
    } else {
      reader.skip();
    }
  }
  if (reader.malformed() || !reader.finish()) return nonsense(reader.error());
  if (type == "ERROR") return read_status(object, 500);
  WatchLine out;
  if (type == "ADDED")
    out.type = EventType::added;
  else if (type == "MODIFIED")
    out.type = EventType::modified;
  else if (type == "DELETED")
    out.type = EventType::deleted;
  else if (type != "BOOKMARK")
    return nonsense("an event of type \"" + type + "\"");
  out.object = TRY(api::decode(kind, object));
  return out;
}

Error read_status(std::string_view body, int code) {
  Error error{reason_of_code(code), "", {}};
  const auto status = json::parse(body);
  if (!status.ok() || status->string_at({"kind"}) != "Status") {
    error.message = "the server answered " + std::to_string(code);
    if (!body.empty()) error.message.append(": ").append(body.substr(0, shown_bytes));
    return error;
  }
  error.message = status->string_at({"message"});
  if (const json::Value* said = status->at({"code"}); said != nullptr && said->as_int() != nullptr)
    error.reason = reason_of_code(static_cast<int>(*said->as_int()));
  const std::string_view name = status->string_at({"reason"});
  if (const Reason reason = reason_from_name(name); reason_name(reason) == name)
    error.reason = reason;
  const json::Value* causes = status->at({"details", "causes"});
  if (causes == nullptr || causes->as_array() == nullptr) return error;
  for (const json::Value& cause : *causes->as_array())
    error.causes.push_back({std::string(cause.string_at({"reason"})),
                            std::string(cause.string_at({"field"})),
                            std::string(cause.string_at({"message"}))});
  return error;
}

}  // namespace freehold::client
