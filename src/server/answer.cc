#include "server/answer.h"

#include <algorithm>
#include <vector>

#include "base/strings.h"
#include "json/yaml.h"

namespace freehold::server {

namespace {

struct Range {
  std::string type;
  std::vector<std::pair<std::string, std::string>> parameters;
  double quality = 1;

  std::string_view parameter(std::string_view name) const {
    for (const auto& [k, v] : parameters)
      if (k == name) return v;
    return {};
  }
};

std::vector<Range> parse_accept(std::string_view accept) {
  std::vector<Range> ranges;
  for (std::string_view item : split(accept, ',')) {
    if (ranges.size() == 32) break;
    Range range;
    bool first = true;
    for (std::string_view part : split(item, ';')) {
      part = trim(part);
      if (first) {
        range.type = to_lower(part);
        first = false;
        continue;
      }
      const size_t eq = part.find('=');
      if (eq == std::string_view::npos) continue;
      const std::string key = to_lower(trim(part.substr(0, eq)));
      const std::string_view value = trim(part.substr(eq + 1));
      if (key == "q")
        range.quality = parse_double(value).value_or(0);
      else
        range.parameters.emplace_back(key, std::string(value));
    }
    if (!range.type.empty()) ranges.push_back(std::move(range));
  }
  std::stable_sort(ranges.begin(), ranges.end(),
                   [](const Range& a, const Range& b) { return a.quality > b.quality; });
  return ranges;
}

bool offers(const Range& r, Form& form) {
  if (r.quality <= 0) return false;
  const std::string_view as = r.parameter("as");
  if (r.type == "application/json") {
    if (as.empty()) return form = Form::json, true;
    if (r.parameter("g") != "meta.k8s.io" || r.parameter("v") != "v1") return false;
    if (as == "Table") return form = Form::table, true;
    if (as == "PartialObjectMetadata" || as == "PartialObjectMetadataList")
      return form = Form::partial, true;
    return false;
  }
  if (!as.empty()) return false;
  if (r.type == "application/yaml" || r.type == "text/yaml") return form = Form::yaml, true;
  if (r.type == "*/*" || r.type == "application/*") return form = Form::json, true;
  return false;
}

}  // namespace

Result<Form> negotiate(std::string_view accept) {
  if (trim(accept).empty()) return Form::json;
  Form form = Form::json;
  for (const Range& range : parse_accept(accept))
    if (offers(range, form)) return form;
  return Error{Reason::not_acceptable,
               "only the following media types are accepted: application/json, application/yaml, "
               "application/json;as=Table;v=v1;g=meta.k8s.io, "
               "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"};
}

Result<Encoding> encoding_of(std::string_view content_type) {
  const std::string type = to_lower(trim(split(content_type, ';').front()));
  if (type.empty() || type == "application/json") return Encoding::json;
  if (type == "application/yaml" || type == "text/yaml") return Encoding::yaml;
  if (type == "application/vnd.kubernetes.protobuf") return Encoding::protobuf;
  if (type == "application/merge-patch+json") return Encoding::merge_patch;
  if (type == "application/json-patch+json") return Encoding::json_patch;
  if (type == "application/strategic-merge-patch+json") return Encoding::strategic_patch;
  if (type == "application/apply-patch+yaml") return Encoding::apply_patch;
  return Error{Reason::unsupported_media_type,
               "the body of the request was in an unknown format - accepted media types include: "
               "application/json, application/yaml, application/vnd.kubernetes.protobuf"};
}

namespace {

// kubectl shows the causes of what is invalid and nothing else, so that there is always one.
std::vector<Cause> causes_of(const Error& error) {
  if (error.reason != Reason::invalid || !error.causes.empty()) return error.causes;
  return {{"FieldValueInvalid", "request", error.message}};
}

}  // namespace

json::Value status_of(const Error& error, const About& about) {
  const std::vector<Cause> all_causes = causes_of(error);
  json::Object details;
  if (!about.name.empty()) details["name"] = about.name;
  if (about.kind != nullptr) {
    if (!about.kind->group.empty()) details["group"] = about.kind->group;
    // Clients look for the plural where a thing was not found, for the kind where it was wrong.
    details["kind"] = error.reason == Reason::invalid ? about.kind->name : about.kind->plural;
  }
  if (!about.uid.empty()) details["uid"] = about.uid;
  if (!all_causes.empty()) {
    json::Array causes;
    for (const Cause& c : all_causes) {
      json::Object cause;
      cause["reason"] = c.type;
      cause["message"] = c.message;
      cause["field"] = c.field;
      causes.emplace_back(std::move(cause));
    }
    details["causes"] = std::move(causes);
  }
  if (error.reason == Reason::too_many_requests || error.reason == Reason::timeout)
    details["retryAfterSeconds"] = 1;
  json::Object status;
  status["kind"] = "Status";
  status["apiVersion"] = "v1";
  status["metadata"] = json::Object();
  status["status"] = "Failure";
  status["message"] = error.message;
  status["reason"] = reason_name(error.reason);
  if (!details.empty()) status["details"] = std::move(details);
  status["code"] = reason_http_code(error.reason);
  return status;
}

json::Value success(const About& about) {
  json::Object details;
  details["name"] = about.name;
  if (about.kind != nullptr) {
    if (!about.kind->group.empty()) details["group"] = about.kind->group;
    details["kind"] = about.kind->plural;
  }
  details["uid"] = about.uid;
  json::Object status;
  status["kind"] = "Status";
  status["apiVersion"] = "v1";
  status["metadata"] = json::Object();
  status["status"] = "Success";
  status["details"] = std::move(details);
  return status;
}

http::Response respond_json(int status, std::string body) {
  http::Response response;
  response.status = status;
  response.headers["content-type"] = "application/json";
  response.body = http::bytes(std::move(body));
  return response;
}

http::Response respond_value(int status, const json::Value& value, Form form) {
  if (form != Form::yaml) return respond_json(status, json::print(value));
  http::Response response = respond_json(status, json::print_yaml(value));
  response.headers["content-type"] = "application/yaml";
  return response;
}

http::Response respond_text(int status, std::string body) {
  http::Response response = respond_json(status, std::move(body));
  response.headers["content-type"] = "text/plain; charset=utf-8";
  return response;
}

http::Response respond_error(const Error& error, const About& about) {
  http::Response response = respond_value(reason_http_code(error.reason), status_of(error, about));
  if (error.reason == Reason::too_many_requests || error.reason == Reason::unavailable)
    response.headers["retry-after"] = "1";
  return response;
}

}  // namespace freehold::server
