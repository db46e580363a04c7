// Reviews: what may I do, who am I. Create-only; the body comes back with its status.
#include "json/yaml.h"
#include "schema/protobuf.h"
#include "schema/table.h"
#include "server/api_server.h"

namespace freehold::server {

namespace {

struct ResourceAttributes {
  std::string ns, verb, group, version, resource, subresource, name;
};
struct NonResourceAttributes {
  std::string path, verb;
};
struct AccessReviewSpec {
  std::optional<ResourceAttributes> resource;
  std::optional<NonResourceAttributes> path;
  std::string ns;  // of a rules review
};
struct ReviewMeta {
  std::string name;
};
struct Review {
  ReviewMeta metadata;
  AccessReviewSpec spec;
};
struct RulesReviewSpec {
  std::string ns;
};
struct RulesReview {
  ReviewMeta metadata;
  RulesReviewSpec spec;
};

}  // namespace
}  // namespace freehold::server

// Upstream's messages; only what is read has a row.
namespace freehold::schema {
template <>
inline constexpr auto table<server::ResourceAttributes> = object<server::ResourceAttributes>(
    "ResourceAttributes", "A request for a resource.",
    field<&server::ResourceAttributes::ns>("namespace", "Namespace.", {.proto = 1}),
    field<&server::ResourceAttributes::verb>("verb", "Verb.", {.proto = 2}),
    field<&server::ResourceAttributes::group>("group", "Group.", {.proto = 3}),
    field<&server::ResourceAttributes::version>("version", "Version.", {.proto = 4}),
    field<&server::ResourceAttributes::resource>("resource", "Plural.", {.proto = 5}),
    field<&server::ResourceAttributes::subresource>("subresource", "Subresource.", {.proto = 6}),
    field<&server::ResourceAttributes::name>("name", "Name.", {.proto = 7}));
template <>
inline constexpr auto table<server::NonResourceAttributes> = object<server::NonResourceAttributes>(
    "NonResourceAttributes", "A request for a path.",
    field<&server::NonResourceAttributes::path>("path", "Path.", {.proto = 1}),
    field<&server::NonResourceAttributes::verb>("verb", "Verb.", {.proto = 2}));
template <>
inline constexpr auto table<server::AccessReviewSpec> = object<server::AccessReviewSpec>(
    "SelfSubjectAccessReviewSpec", "What is asked about.",
    field<&server::AccessReviewSpec::resource>("resourceAttributes", "A resource.", {.proto = 1}),
    field<&server::AccessReviewSpec::path>("nonResourceAttributes", "A path.", {.proto = 2}));
template <>
inline constexpr auto table<server::RulesReviewSpec> = object<server::RulesReviewSpec>(
    "SelfSubjectRulesReviewSpec", "Where.",
    field<&server::RulesReviewSpec::ns>("namespace", "Namespace.", {.proto = 1}));
template <>
inline constexpr auto table<server::ReviewMeta> = object<server::ReviewMeta>(
    "ObjectMeta", "Identity.", field<&server::ReviewMeta::name>("name", "Name.", {.proto = 1}));
template <>
inline constexpr auto table<server::Review> = object<server::Review>(
    "SelfSubjectAccessReview", "May I do this?",
    field<&server::Review::metadata>("metadata", "Identity.", {.proto = 1}),
    field<&server::Review::spec>("spec", "What is asked about.", {.proto = 2}));
template <>
inline constexpr auto table<server::RulesReview> = object<server::RulesReview>(
    "SelfSubjectRulesReview", "What may I do?",
    field<&server::RulesReview::metadata>("metadata", "Identity.", {.proto = 1}),
    field<&server::RulesReview::spec>("spec", "Where.", {.proto = 2}));
}  // namespace freehold::schema

namespace freehold::server {

namespace {

template <class T>
Result<T> read_review(const http::Request& request) {
  T review;
  schema::Errors errors;
  if (!request.body) return Error{Reason::bad_request, "the request has no body"};
  if (TRY(encoding_of(request.header("content-type"))) == Encoding::protobuf) {
    const auto envelope = TRY(schema::open_protobuf(*request.body));
    TRY(schema::read_protobuf(schema::type_of<T>, &review, envelope.message, errors));
  } else {
    schema::from_json(schema::type_of<T>, &review, TRY(json::parse_yaml_or_json(*request.body)),
                      errors);
  }
  if (!errors.empty()) return errors.to_error("Review", "");
  return review;
}

json::Object answer(std::string_view kind, std::string_view group, json::Value spec,
                    json::Value status) {
  json::Object out;
  out["kind"] = kind;
  out["apiVersion"] = std::string(group) + "/v1";
  json::Object metadata;
  metadata["creationTimestamp"] = nullptr;
  out["metadata"] = std::move(metadata);
  if (!spec.is_null()) out["spec"] = std::move(spec);
  out["status"] = std::move(status);
  return out;
}

json::Array strings(const std::vector<std::string>& list) {
  json::Array out;
  for (const auto& s : list) out.emplace_back(s);
  return out;
}

Result<http::Response> access(const ledger::Ledger& ledger, const auth::User& user,
                              const http::Request& request) {
  const Review review = TRY(read_review<Review>(request));
  auth::Request asked;
  asked.user = user;
  if (review.spec.resource) {
    const ResourceAttributes& a = *review.spec.resource;
    asked.verb = a.verb;
    asked.group = a.group;
    asked.resource = a.resource;
    asked.subresource = a.subresource;
    asked.ns = a.ns;
    asked.name = a.name;
  } else if (review.spec.path) {
    asked.verb = review.spec.path->verb;
    asked.path = review.spec.path->path;
  } else {
    return Error{Reason::invalid,
                 "spec: state resourceAttributes or nonResourceAttributes",
                 {{"FieldValueRequired", "spec.resourceAttributes", "required"}}};
  }
  const auth::Verdict verdict = auth::authorize(ledger, asked);
  json::Object status;
  status["allowed"] = verdict.allowed;
  status["reason"] = verdict.reason;
  return respond_value(
      201, answer("SelfSubjectAccessReview", "authorization.k8s.io",
                  schema::to_json(schema::type_of<AccessReviewSpec>, &review.spec), status));
}

Result<http::Response> rules(const ledger::Ledger& ledger, const auth::User& user,
                             const http::Request& request) {
  const RulesReview review = TRY(read_review<RulesReview>(request));
  json::Array all;
  for (const auth::GrantedRule& r : auth::rules_for(ledger, user, review.spec.ns)) {
    json::Object rule;
    rule["verbs"] = strings(r.verbs);
    rule["apiGroups"] = strings(r.groups);
    rule["resources"] = strings(r.resources);
    if (!r.names.empty()) rule["resourceNames"] = strings(r.names);
    all.emplace_back(std::move(rule));
  }
  json::Object paths, status;
  paths["verbs"] = json::Array{json::Value("get")};
  paths["nonResourceURLs"] = strings({"/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez",
                                      "/openapi/*", "/readyz", "/version"});
  status["resourceRules"] = std::move(all);
  status["nonResourceRules"] = json::Array{json::Value(std::move(paths))};
  status["incomplete"] = false;
  return respond_value(
      201, answer("SelfSubjectRulesReview", "authorization.k8s.io",
                  schema::to_json(schema::type_of<RulesReviewSpec>, &review.spec), status));
}

http::Response who_am_i(const auth::User& user) {
  json::Object info, status;
  info["username"] = user.name;
  info["groups"] = strings(user.groups);
  status["userInfo"] = std::move(info);
  return respond_value(201, answer("SelfSubjectReview", "authentication.k8s.io", nullptr, status));
}

}  // namespace

std::optional<http::Response> review(const ledger::Ledger& ledger, const auth::User& user,
                                     const http::Request& request) {
  if (request.method != "POST") return std::nullopt;
  const std::string_view path = request.path;
  Result<http::Response> response = Error{Reason::not_found, ""};
  if (path == "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews")
    response = access(ledger, user, request);
  else if (path == "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews")
    response = rules(ledger, user, request);
  else if (path == "/apis/authentication.k8s.io/v1/selfsubjectreviews")
    return who_am_i(user);
  else
    return std::nullopt;
  return response ? std::move(*response) : respond_error(response.error());
}

}  // namespace freehold::server
