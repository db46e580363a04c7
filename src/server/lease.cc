// Node leases: renewed every few seconds by every agent, so they stay in memory. What is kept of
// them is when they came.
#include "api/core.h"
#include "server/api_server.h"

namespace freehold::server {

bool ApiServer::is_node_lease(const Route& route) const {
  return route.kind == &api::kind_of<api::Lease>() && route.ns == auth::node_lease_namespace;
}

void ApiServer::node_lease(const ExchangePtr& x) {
  const std::string& verb = x->route.verb;
  const auto answer = [&](const api::Object& lease, int status) {
    x->respond(respond_json(status, lease.print()));
  };
  const auto absent = [&] {
    x->fail({Reason::not_found, "leases.coordination.k8s.io \"" + x->route.name + "\" not found"});
  };
  const auto it = node_leases_.find(x->route.name);
  if (verb == "get") return it == node_leases_.end() ? absent() : answer(it->second, 200);
  if (verb == "list") {
    json::Array items;
    for (const auto& [name, lease] : node_leases_) items.push_back(api::to_json(lease));
    json::Object metadata, list;
    metadata["resourceVersion"] = std::to_string(ledger_.view().rev());
    list["kind"] = "LeaseList";
    list["apiVersion"] = x->route.kind->api_version();
    list["metadata"] = std::move(metadata);
    list["items"] = std::move(items);
    return x->respond(respond_value(200, list));
  }
  if (verb == "delete") {
    if (it == node_leases_.end()) return absent();
    node_leases_.erase(it);
    return x->respond(respond_value(200, success(x->about())));
  }
  if (verb != "create" && verb != "update")
    return x->fail({Reason::method_not_allowed, "node leases are created and updated only"});
  if (verb == "update" && it == node_leases_.end()) return absent();
  auto lease = read_body(*x);
  if (!lease) return x->fail(lease.error());
  api::ObjectMeta& meta = lease->meta();
  if (meta.name.empty()) meta.name = x->route.name;
  meta.ns = x->route.ns;
  if (verb == "update" && meta.name != x->route.name)
    return x->fail(
        {Reason::bad_request, "the name of the object does not match the name on the URL"});
  schema::Errors errors;
  api::validate(*lease, errors);
  if (!errors.empty()) return x->fail(errors.to_error(x->route.kind->name, meta.name));
  if (auto r = auth::check_write(x->user, nullptr, *lease, ""); !r) return x->fail(r.error());
  // Only nodes that there are may renew, which bounds what is kept.
  if (ledger_.view().get<api::Node>({}, meta.name) == nullptr)
    return x->fail({Reason::not_found, "nodes.freehold.dev \"" + meta.name + "\" not found"});
  meta.resource_version = std::to_string(ledger_.view().rev());
  const Time said = lease->as<api::Lease>()->spec.renew_time.time;
  heartbeats_.renewed(meta.name, runtime_.uptime(),
                      said.is_set() ? runtime_.now() - said : Duration{});
  node_leases_.insert_or_assign(meta.name, *lease);
  answer(*lease, verb == "create" ? 201 : 200);
}

}  // namespace freehold::server
