// Answers: which form a client asked for, and a Status for every error. Pure.
#pragma once

#include <string>
#include <string_view>

#include "api/object.h"
#include "base/result.h"
#include "http/message.h"
#include "json/value.h"

namespace freehold::server {

// What `Accept` asks for, of what this server can answer with for objects and lists.
enum class Form : uint8_t { json, yaml, table, partial };
// Honours q values and parameters. `not_acceptable` when nothing fits. Without Accept: json.
Result<Form> negotiate(std::string_view accept);

// How a body is encoded.
enum class Encoding : uint8_t {
  json,
  yaml,
  protobuf,
  merge_patch,
  json_patch,
  strategic_patch,
  apply_patch
};
Result<Encoding> encoding_of(std::string_view content_type);

// metav1.Status. `about` may be empty; its kind gives details.group and .kind.
struct About {
  const api::Kind* kind = nullptr;
  std::string name{}, uid{};
};
json::Value status_of(const Error& error, const About& about);
json::Value success(const About& about);
http::Response respond_error(const Error& error, const About& about = {});
http::Response respond_json(int status, std::string body);
http::Response respond_value(int status, const json::Value& value, Form form = Form::json);
http::Response respond_text(int status, std::string body);

}  // namespace freehold::server
