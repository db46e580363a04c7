#include "api/object.h"

namespace freehold::api {
namespace {

// Kubernetes' words, since people look for them.
Result<void> check_header(const Kind& kind, const schema::Header& header) {
  if (!header.api_version.empty() && header.api_version != kind.api_version())
    return Error{Reason::bad_request,
                 "the apiVersion in the data (" + header.api_version +
                     ") does not match the expected one (" + kind.api_version() + ")",
                 {}};
  if (!header.kind.empty() && header.kind != kind.name)
    return Error{Reason::bad_request,
                 "the kind in the data (" + header.kind + ") does not match the expected one (" +
                     std::string(kind.name) + ")",
                 {}};
  return {};
}

Error damaged(const Kind& kind, std::string_view why) {
  return Error{Reason::internal,
               "a stored " + std::string(kind.name) + " cannot be read: " + std::string(why),
               {}};
}

}  // namespace

std::string Kind::api_version() const {
  std::string out(group);
  if (!out.empty()) out += '/';
  return out.append(version);
}

std::string Kind::resource() const {
  std::string out(plural);
  if (!group.empty()) out.append(".").append(group);
  return out;
}

std::string Kind::key_prefix() const {
  std::string out = "/";
  out.append(group.empty() ? "core" : group).append("/").append(plural);
  return out += '/';
}

std::string Kind::key(std::string_view ns, std::string_view object_name) const {
  std::string out = key_prefix();
  if (namespaced) out.append(ns).append("/");
  return out.append(object_name);
}

bool Kind::has_part(std::string_view part) const {
  if (part == "status") return has_status;
  if (part == "log") return plural == "instances";
  if (part == "finalize") return plural == "namespaces";
  return part.empty();
}

Object Object::clone() const {
  if (kind_ == nullptr) return {};
  Object copy(*kind_);
  kind_->type->copy(copy.data(), data());
  return copy;
}

std::string Object::print() const {
  std::string out = R"({"apiVersion":")";
  if (!kind_->group.empty()) out.append(kind_->group).append("/");
  out.append(kind_->version).append(R"(","kind":")").append(kind_->name).append("\"");
  const size_t body = out.size();
  schema::print(*kind_->type, data(), out);
  out[body] = out[body + 1] == '}' ? '}' : ',';
  if (out[body] == '}') out.pop_back();
  return out;
}

Result<schema::ReadOutcome> read_object(Object& object, std::string_view json,
                                        schema::Errors& errors) {
  schema::Header header;
  schema::ReadOutcome outcome =
      TRY(schema::read(*object.kind().type, object.data(), json, errors, &header));
  TRY(check_header(object.kind(), header));
  return outcome;
}

Result<schema::ReadOutcome> from_json(Object& object, const json::Value& document,
                                      schema::Errors& errors) {
  schema::Header header;
  schema::ReadOutcome outcome =
      schema::from_json(*object.kind().type, object.data(), document, errors, &header);
  TRY(check_header(object.kind(), header));
  return outcome;
}

Result<Object> decode(const Kind& kind, std::string_view json) {
  Object object(kind);
  schema::Errors errors;
  schema::Header header;
  const Result<schema::ReadOutcome> outcome =
      schema::read(*kind.type, object.data(), json, errors, &header);
  if (!outcome.ok()) return damaged(kind, outcome.error().message);
  if (!errors.empty())
    return damaged(kind, errors.all().front().path + ": " + errors.all().front().detail);
  if (!outcome->duplicate.empty())
    return damaged(kind, outcome->duplicate.front() + ": given more than once");
  if (header.api_version != kind.api_version() || header.kind != kind.name)
    return damaged(kind,
                   "it says that it is a \"" + header.kind + "\" of \"" + header.api_version + '"');
  return object;
}

json::Value to_json(const Object& object) {
  json::Object out{{"apiVersion", json::Value(object.kind().api_version())},
                   {"kind", json::Value(object.kind().name)}};
  json::Value fields = schema::to_json(*object.kind().type, object.data());
  if (json::Object* members = fields.as_object())
    for (auto& [name, value] : *members) out.append(std::move(name), std::move(value));
  return out;
}

void validate(const Object& object, schema::Errors& errors) {
  schema::validate(*object.kind().type, object.data(), schema::Path{}, errors);
}

void validate_update(const Object& before, const Object& after, schema::Errors& errors) {
  CHECK(&before.kind() == &after.kind(), "an update keeps the kind");
  const Kind& kind = before.kind();
  schema::validate_update(*kind.type, before.data(), after.data(), schema::Path{}, errors);
  if (kind.check_update != nullptr) kind.check_update(before.data(), after.data(), errors);
}

}  // namespace freehold::api
