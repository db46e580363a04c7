// What a request asks for: the path and query of the resource API taken apart. Pure; nothing is
// looked up but the kind.
#pragma once

#include <string>
#include <string_view>

#include "api/registry.h"
#include "base/result.h"
#include "http/message.h"

namespace freehold::server {

// A request for a resource. `kind` is null when the path is no resource's, e.g. /metrics.
struct Route {
  const api::Kind* kind = nullptr;
  std::string verb;  // get, list, watch, create, update, patch, delete, deletecollection
  std::string ns, name, subresource;
};

// /api/v1/… and /apis/GROUP/VERSION/…, with or without namespaces/NS, with NAME and SUBRESOURCE.
// Errors: `not_found` for a resource that does not exist, `method_not_allowed` for a method that it
// does not have.
Result<Route> route(const http::Request& request);

// Booleans as Go reads them: 1 t T true TRUE True and their opposites; anything else is
// `bad_request`.
Result<bool> flag(const http::Request& request, std::string_view name);

}  // namespace freehold::server
