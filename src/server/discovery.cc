// Discovery: which groups, versions and resources there are, in the old form and aggregated.
#include <algorithm>
#include <map>
#include <set>

#include "base/strings.h"
#include "server/api_server.h"

namespace freehold::server {

namespace {

// What is served beside kinds: resources without storage.
struct Extra {
  std::string_view group, version, plural, kind;
  bool namespaced;
  std::string_view verb = "create", short_name{};
};
constexpr Extra extras[] = {
    {"authorization.k8s.io", "v1", "selfsubjectaccessreviews", "SelfSubjectAccessReview", false},
    {"authorization.k8s.io", "v1", "selfsubjectrulesreviews", "SelfSubjectRulesReview", false},
    {"authentication.k8s.io", "v1", "selfsubjectreviews", "SelfSubjectReview", false},
    {"freehold.dev", "v1alpha1", "plans", "Plan", false},
    {"freehold.dev", "v1alpha1", "changes", "Change", false},
    // There are none; `kubectl cluster-info` lists them before it says where the server is.
    {"", "v1", "services", "Service", true, "list", "svc"},
};

json::Array strings(const std::vector<std::string_view>& list) {
  json::Array out;
  for (std::string_view s : list) out.emplace_back(s);
  return out;
}

std::vector<std::pair<std::string, std::string>> group_versions() {
  std::set<std::pair<std::string, std::string>> all;
  for (const api::Kind* k : api::kinds()) all.emplace(k->group, k->version);
  for (const Extra& e : extras) all.emplace(e.group, e.version);
  return {all.begin(), all.end()};
}

json::Value resource(std::string_view name, std::string_view singular, std::string_view kind,
                     bool namespaced, const std::vector<std::string_view>& verbs) {
  json::Object r;
  r["name"] = name;
  r["singularName"] = singular;
  r["namespaced"] = namespaced;
  r["kind"] = kind;
  r["verbs"] = strings(verbs);
  return r;
}

json::Value resource_list(std::string_view group, std::string_view version) {
  json::Array resources;
  for (const api::Kind* k : api::kinds()) {
    if (k->group != group || k->version != version) continue;
    json::Value r = resource(k->plural, k->singular, k->name, k->namespaced, k->verbs);
    if (!k->short_names.empty()) (*r.as_object())["shortNames"] = strings(k->short_names);
    if (!k->categories.empty()) (*r.as_object())["categories"] = strings(k->categories);
    resources.push_back(std::move(r));
    if (k->has_status)
      resources.push_back(resource(std::string(k->plural) + "/status", "", k->name, k->namespaced,
                                   {"get", "patch", "update"}));
    if (k->plural == "instances")
      resources.push_back(resource("instances/log", "", k->name, true, {"get"}));
  }
  for (const Extra& e : extras) {
    if (e.group != group || e.version != version) continue;
    json::Value r = resource(e.plural, "", e.kind, e.namespaced, {e.verb});
    if (!e.short_name.empty()) (*r.as_object())["shortNames"] = strings({e.short_name});
    resources.push_back(std::move(r));
  }
  json::Object list;
  list["kind"] = "APIResourceList";
  list["apiVersion"] = "v1";
  list["groupVersion"] =
      group.empty() ? std::string(version) : std::string(group) + "/" + std::string(version);
  list["resources"] = std::move(resources);
  return list;
}

json::Object group_entry(const std::string& group, const std::string& version) {
  json::Object gv;
  gv["groupVersion"] = group + "/" + version;
  gv["version"] = version;
  json::Object g;
  g["name"] = group;
  g["versions"] = json::Array{json::Value(gv)};
  g["preferredVersion"] = gv;
  return g;
}

json::Value aggregated_resource(std::string_view group, std::string_view version,
                                std::string_view plural, std::string_view kind, bool namespaced,
                                const std::vector<std::string_view>& verbs, const api::Kind* k) {
  json::Object response_kind;
  response_kind["group"] = group;
  response_kind["version"] = version;
  response_kind["kind"] = kind;
  json::Object r;
  r["resource"] = plural;
  r["responseKind"] = response_kind;
  r["scope"] = namespaced ? "Namespaced" : "Cluster";
  r["singularResource"] = k ? k->singular : std::string_view();
  r["verbs"] = strings(verbs);
  if (k && !k->short_names.empty()) r["shortNames"] = strings(k->short_names);
  if (k && !k->categories.empty()) r["categories"] = strings(k->categories);
  if (k && k->has_status) {
    json::Object status;
    status["subresource"] = "status";
    status["responseKind"] = response_kind;
    status["verbs"] = strings({"get", "patch", "update"});
    r["subresources"] = json::Array{json::Value(std::move(status))};
  }
  return r;
}

// One APIGroupDiscoveryList; `core`: only the group without name, else all others.
json::Value aggregated(bool core, std::string_view api_version) {
  json::Array groups;
  for (const auto& [group, version] : group_versions()) {
    if (group.empty() != core) continue;
    json::Array resources;
    for (const api::Kind* k : api::kinds())
      if (k->group == group && k->version == version)
        resources.push_back(
            aggregated_resource(group, version, k->plural, k->name, k->namespaced, k->verbs, k));
    for (const Extra& e : extras) {
      if (e.group != group || e.version != version) continue;
      json::Value r =
          aggregated_resource(group, version, e.plural, e.kind, e.namespaced, {e.verb}, nullptr);
      if (!e.short_name.empty()) (*r.as_object())["shortNames"] = strings({e.short_name});
      resources.push_back(std::move(r));
    }
    json::Object v;
    v["version"] = version;
    v["resources"] = std::move(resources);
    v["freshness"] = "Current";
    json::Object metadata, g;
    if (!group.empty()) metadata["name"] = group;
    g["metadata"] = std::move(metadata);
    g["versions"] = json::Array{json::Value(std::move(v))};
    groups.emplace_back(std::move(g));
  }
  json::Object list;
  list["kind"] = "APIGroupDiscoveryList";
  list["apiVersion"] = "apidiscovery.k8s.io/" + std::string(api_version);
  list["metadata"] = json::Object();
  list["items"] = std::move(groups);
  return list;
}

// v2 or v2beta1 when the client asks for aggregated discovery, else empty.
std::string_view wants_aggregated(std::string_view accept) {
  for (std::string_view item : split(accept, ',')) {
    if (item.find("as=APIGroupDiscoveryList") == std::string_view::npos) continue;
    if (item.find("v=v2beta1") != std::string_view::npos) return "v2beta1";
    if (item.find("v=v2") != std::string_view::npos) return "v2";
  }
  return {};
}

http::Response with_etag(const http::Request& request, http::Response response) {
  const std::string tag = "\"" + to_hex(http::sha256(*response.body)).substr(0, 32) + "\"";
  response.headers["etag"] = tag;
  response.headers["vary"] = "Accept";
  if (request.header("if-none-match") == tag) {
    response.status = 304;
    response.body = nullptr;
  }
  return response;
}

json::Value legacy_root(bool core) {
  json::Object root;
  if (core) {
    root["kind"] = "APIVersions";
    root["versions"] = json::Array{json::Value("v1")};
    root["serverAddressByClientCIDRs"] = json::Array{};
    return root;
  }
  json::Array groups;
  for (const auto& [group, version] : group_versions())
    if (!group.empty()) groups.emplace_back(group_entry(group, version));
  root["kind"] = "APIGroupList";
  root["apiVersion"] = "v1";
  root["groups"] = std::move(groups);
  return root;
}

}  // namespace

std::optional<http::Response> discovery(const http::Request& request) {
  if (request.method != "GET" && request.method != "HEAD") return std::nullopt;
  std::string_view path = request.path;
  if (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  if (path == "/api" || path == "/apis") {
    const bool core = path == "/api";
    const std::string_view version = wants_aggregated(request.header("accept"));
    if (version.empty()) return with_etag(request, respond_value(200, legacy_root(core)));
    http::Response response = respond_value(200, aggregated(core, version));
    response.headers["content-type"] =
        "application/json;g=apidiscovery.k8s.io;v=" + std::string(version) +
        ";as=APIGroupDiscoveryList";
    return with_etag(request, std::move(response));
  }
  for (const auto& [group, version] : group_versions()) {
    if (group.empty() ? path == "/api/" + version : path == "/apis/" + group + "/" + version)
      return with_etag(request, respond_value(200, resource_list(group, version)));
    if (!group.empty() && path == "/apis/" + group) {
      json::Object g = group_entry(group, version);
      json::Object out;
      out["kind"] = "APIGroup";
      out["apiVersion"] = "v1";
      for (const auto& [k, v] : g) out[k] = v;
      return with_etag(request, respond_value(200, out));
    }
  }
  return std::nullopt;
}

}  // namespace freehold::server
