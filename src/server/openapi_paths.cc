// OpenAPI: the documents that kubectl explain, apply and create read. Definitions come from the
// tables, paths from the kinds. Made once.
#include <map>

#include "base/strings.h"
#include "http/pki.h"
#include "schema/openapi.h"
#include "schema/openapi_protobuf.h"
#include "server/api_server.h"
#include "server/strategic.h"

namespace freehold::server {

namespace {

std::string prefix_of(const api::Kind& k) {
  if (k.group.empty()) return "io.k8s.api.core." + std::string(k.version) + ".";
  if (k.group == api::group) return "dev.freehold." + std::string(k.version) + ".";
  return "io.k8s.api." + std::string(split(k.group, '.').front()) + "." + std::string(k.version) +
         ".";
}

json::Object gvk(const api::Kind& k) {
  json::Object out;
  out["group"] = k.group;
  out["version"] = k.version;
  out["kind"] = k.name;
  return out;
}

// From which kubectl knows how to say what is to leave a list: older ones read it here.
void say_how_lists_merge(json::Object& definitions) {
  for (auto& [name, definition] : definitions) {
    json::Value* properties =
        definition.as_object() == nullptr ? nullptr : definition.as_object()->find("properties");
    if (properties == nullptr || properties->as_object() == nullptr) continue;
    const bool is_meta = name.ends_with(".ObjectMeta");
    for (const MergedList& list : merged_lists()) {
      json::Value* property = properties->as_object()->find(list.name);
      if (is_meta == list.parent.empty() || property == nullptr) continue;
      json::Object& said = *property->as_object();
      if (!list.key.empty()) said["x-kubernetes-patch-merge-key"] = list.key;
      said["x-kubernetes-patch-strategy"] = "merge";
    }
  }
}

// The definitions of one group's kinds; the roots also have apiVersion and kind, and their lists.
json::Object group_definitions(std::string_view group, std::string_view version,
                               std::string_view refs) {
  std::vector<const schema::TypeInfo*> roots;
  std::string prefix;
  std::vector<const api::Kind*> kinds;
  for (const api::Kind* k : api::kinds()) {
    if (k->group != group || k->version != version) continue;
    roots.push_back(k->type);
    kinds.push_back(k);
    prefix = prefix_of(*k);
  }
  json::Object all = schema::definitions(roots, prefix, refs);
  if (group != api::group) say_how_lists_merge(all);  // ours are merged as a whole
  for (const api::Kind* k : kinds) {
    const std::string name = prefix + std::string(k->type->name);
    json::Object* root = all[name].as_object();
    if (root == nullptr) continue;
    json::Object text;
    text["type"] = "string";
    json::Value& properties = (*root)["properties"];
    if (properties.as_object() == nullptr) properties = json::Object();
    (*properties.as_object())["apiVersion"] = text;
    (*properties.as_object())["kind"] = text;
    (*root)["x-kubernetes-group-version-kind"] = json::Array{json::Value(gvk(*k))};
    json::Object item, items, list, list_properties, list_kind = gvk(*k);
    item["$ref"] = std::string(refs) + name;
    items["type"] = "array";
    items["items"] = std::move(item);
    list_properties["apiVersion"] = text;
    list_properties["kind"] = text;
    list_properties["items"] = std::move(items);
    list["type"] = "object";
    list["properties"] = std::move(list_properties);
    list_kind["kind"] = k->list_name;
    list["x-kubernetes-group-version-kind"] = json::Array{json::Value(std::move(list_kind))};
    all[prefix + std::string(k->list_name)] = std::move(list);
  }
  return all;
}

json::Value query_parameter(std::string_view name, std::string_view type, bool v3) {
  json::Object p;
  p["name"] = name;
  p["in"] = "query";
  if (v3) {
    json::Object s;
    s["type"] = type;
    p["schema"] = std::move(s);
  } else {
    p["type"] = type;
  }
  return p;
}

json::Value operation(const api::Kind& k, std::string_view action, std::string_view refs, bool v3) {
  json::Object op, ok, responses, schema_ref;
  const std::string name = prefix_of(k) + std::string(k.type->name);
  std::string id = std::string(action) + std::string(k.name);
  op["operationId"] = id;
  op["description"] = std::string(action) + " " + std::string(k.name);
  schema_ref["$ref"] = std::string(refs) + name;
  ok["description"] = "OK";
  if (v3) {
    json::Object content, media;
    media["schema"] = schema_ref;
    content["application/json"] = std::move(media);
    ok["content"] = std::move(content);
  } else {
    ok["schema"] = schema_ref;
  }
  responses["200"] = std::move(ok);
  op["responses"] = std::move(responses);
  json::Array parameters;
  if (action == "post" || action == "put" || action == "patch") {
    parameters.push_back(query_parameter("dryRun", "string", v3));
    parameters.push_back(query_parameter("fieldManager", "string", v3));
    parameters.push_back(query_parameter("fieldValidation", "string", v3));
    if (action == "patch" && !v3)
      op["consumes"] = json::Array{json::Value("application/json-patch+json"),
                                   json::Value("application/merge-patch+json")};
  }
  if (action == "delete") parameters.push_back(query_parameter("dryRun", "string", v3));
  if (!parameters.empty()) op["parameters"] = std::move(parameters);
  op["x-kubernetes-action"] = action;
  op["x-kubernetes-group-version-kind"] = gvk(k);
  return op;
}

void add_paths(json::Object& paths, const api::Kind& k, std::string_view refs, bool v3) {
  const std::string base =
      (k.group.empty() ? "/api/" + std::string(k.version)
                       : "/apis/" + std::string(k.group) + "/" + std::string(k.version)) +
      (k.namespaced ? "/namespaces/{namespace}/" : "/") + std::string(k.plural);
  json::Object many, one;
  many["get"] = operation(k, "list", refs, v3);
  many["post"] = operation(k, "post", refs, v3);
  for (std::string_view verb : {"get", "put", "patch", "delete"})
    one[verb] = operation(k, verb, refs, v3);
  paths[base] = std::move(many);
  paths[base + "/{name}"] = std::move(one);
}

json::Object info(std::string_view version) {
  json::Object i;
  i["title"] = "Freehold";
  i["version"] = version;
  return i;
}

json::Value v2_document(std::string_view version) {
  constexpr std::string_view refs = "#/definitions/";
  json::Object document, paths, definitions;
  std::set<std::pair<std::string, std::string>> groups;
  for (const api::Kind* k : api::kinds()) {
    groups.emplace(k->group, k->version);
    add_paths(paths, *k, refs, false);
  }
  for (const auto& [group, v] : groups)
    for (auto& [name, value] : group_definitions(group, v, refs))
      definitions[name] = std::move(value);
  document["swagger"] = "2.0";
  document["info"] = info(version);
  document["paths"] = std::move(paths);
  document["definitions"] = std::move(definitions);
  return document;
}

json::Value v3_document(std::string_view group, std::string_view v, std::string_view version) {
  constexpr std::string_view refs = "#/components/schemas/";
  json::Object document, paths, components;
  for (const api::Kind* k : api::kinds())
    if (k->group == group && k->version == v) add_paths(paths, *k, refs, true);
  components["schemas"] = group_definitions(group, v, refs);
  document["openapi"] = "3.0.0";
  document["info"] = info(version);
  document["paths"] = std::move(paths);
  document["components"] = std::move(components);
  return document;
}

// Printed on first use and kept: the tables do not change while the process runs.
struct Documents {
  std::string v2_json, v2_protobuf;
  std::map<std::string, std::string> v3;  // by path below /openapi/v3/
};

const Documents& documents(std::string_view version) {
  static const Documents made = [&] {
    Documents d;
    const json::Value v2 = v2_document(version);
    d.v2_json = json::print(v2);
    d.v2_protobuf = schema::openapi_v2_protobuf(v2);
    for (const api::Kind* k : api::kinds()) {
      const std::string path =
          k->group.empty() ? "api/" + std::string(k->version)
                           : "apis/" + std::string(k->group) + "/" + std::string(k->version);
      if (!d.v3.contains(path))
        d.v3[path] = json::print(v3_document(k->group, k->version, version));
    }
    return d;
  }();
  return made;
}

std::string hash_of(std::string_view text) { return to_hex(http::sha256(text)).substr(0, 32); }

http::Response v3_index(const Documents& docs) {
  json::Object paths;
  for (const auto& [path, text] : docs.v3) {
    json::Object entry;
    entry["serverRelativeURL"] = "/openapi/v3/" + path + "?hash=" + hash_of(text);
    paths[path] = std::move(entry);
  }
  json::Object index;
  index["paths"] = std::move(paths);
  return respond_value(200, index);
}

}  // namespace

std::optional<http::Response> openapi(const http::Request& request, std::string_view version) {
  constexpr std::string_view v3_prefix = "/openapi/v3/";
  const std::string_view path = request.path;
  if (!path.starts_with("/openapi/")) return std::nullopt;
  const Documents& docs = documents(version);
  if (path == "/openapi/v2") {
    if (request.header("accept").find("openapi.spec.v2@v1.0+protobuf") == std::string_view::npos &&
        request.header("accept").find("openapi.spec.v2.v1.0+protobuf") == std::string_view::npos)
      return respond_json(200, docs.v2_json);
    http::Response response = respond_json(200, docs.v2_protobuf);
    response.headers["content-type"] = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";
    return response;
  }
  if (path == "/openapi/v3") return v3_index(docs);
  if (!path.starts_with(v3_prefix)) return std::nullopt;
  const auto it = docs.v3.find(std::string(path.substr(v3_prefix.size())));
  if (it == docs.v3.end()) return std::nullopt;
  http::Response response = respond_json(200, it->second);
  response.headers["etag"] = "\"" + hash_of(it->second) + "\"";
  if (request.parameter("hash")) response.headers["cache-control"] = "public, immutable";
  return response;
}

}  // namespace freehold::server
