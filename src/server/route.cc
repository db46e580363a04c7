#include "server/route.h"

#include <algorithm>
#include <vector>

#include "base/strings.h"

namespace freehold::server {

namespace {

Error no_such_path(const http::Request& r) {
  return {Reason::not_found, "the server could not find the requested resource: " + r.path};
}

Result<std::string> verb_of(const http::Request& r, const Route& route) {
  const bool one = !route.name.empty();
  if (r.method == "GET" || r.method == "HEAD") {
    if (one) return std::string("get");
    return std::string(TRY(flag(r, "watch")) ? "watch" : "list");
  }
  if (r.method == "POST" && (!one || !route.subresource.empty())) return std::string("create");
  if (r.method == "PUT" && one) return std::string("update");
  if (r.method == "PATCH" && one) return std::string("patch");
  if (r.method == "DELETE") return std::string(one ? "delete" : "deletecollection");
  return Error{Reason::method_not_allowed,
               "the server does not allow " + r.method + " on " + r.path};
}

// A part of an object is neither made nor deleted on its own.
bool may_do(std::string_view verb, std::string_view sub) {
  if (sub.empty()) return true;
  if (sub == "log") return verb == "get";
  return verb == "get" || verb == "update" || verb == "patch";
}

}  // namespace

Result<bool> flag(const http::Request& request, std::string_view name) {
  const auto value = request.parameter(name);
  if (!value || value->empty()) return value.has_value();
  for (std::string_view yes : {"1", "t", "T", "true", "TRUE", "True"})
    if (*value == yes) return true;
  for (std::string_view no : {"0", "f", "F", "false", "FALSE", "False"})
    if (*value == no) return false;
  return Error{Reason::bad_request,
               "query parameter " + std::string(name) + " must be true or false"};
}

Result<Route> route(const http::Request& r) {
  std::vector<std::string_view> parts = split(r.path, '/');
  if (!parts.empty() && parts.front().empty()) parts.erase(parts.begin());
  std::string_view group, version;
  size_t at = 0;
  if (parts.size() >= 3 && parts[0] == "api") {
    version = parts[1];
    at = 2;
  } else if (parts.size() >= 4 && parts[0] == "apis") {
    group = parts[1];
    version = parts[2];
    at = 3;
  } else {
    return Route{};
  }
  if (std::any_of(parts.begin(), parts.end(), [](auto p) { return p.empty(); }))
    return no_such_path(r);
  Route route;
  // namespaces/NS/PLURAL is a path within a namespace; namespaces/NS and namespaces/NS/status are
  // the namespace itself.
  const bool within = parts[at] == "namespaces" && parts.size() - at >= 3 &&
                      parts[at + 2] != "status" && parts[at + 2] != "finalize";
  if (within) {
    route.ns = parts[at + 1];
    at += 2;
  }
  route.kind = api::find_resource(group, version, parts[at]);
  if (route.kind == nullptr || parts.size() - at > 3) return no_such_path(r);
  if (parts.size() - at > 1) route.name = parts[at + 1];
  if (parts.size() - at > 2) route.subresource = parts[at + 2];
  if (within && !route.kind->namespaced) return no_such_path(r);
  if (route.kind->namespaced && route.ns.empty() && !route.name.empty()) return no_such_path(r);
  if (!route.kind->has_part(route.subresource)) return no_such_path(r);
  route.verb = TRY(verb_of(r, route));
  const auto& verbs = route.kind->verbs;
  if (std::find(verbs.begin(), verbs.end(), route.verb) == verbs.end() ||
      !may_do(route.verb, route.subresource) ||
      (route.verb == "create" && route.kind->namespaced && route.ns.empty()))
    return Error{Reason::method_not_allowed,
                 "the server does not allow this method on the requested resource"};
  return route;
}

}  // namespace freehold::server
