// Node leases: renewed every few seconds by every agent, so they stay in memory. What is kept of
// them is when they came.
#include "api/core.h"
#include "server/api_server.h"

namespace freehold::server {

bool ApiServer::is_node_lease(const Route& route) const {
  return route.kind == &api::kind_of<api::Lease>() && route.ns == auth::node_lease_namespace;
}

ledger::RecordPtr ApiServer::find(const Route& route) const {
  if (!is_node_lease(route)) return ledger_.view().find(*route.kind, route.ns, route.name);
  const auto it = node_leases_.find(route.name);
  return it == node_leases_.end() ? nullptr : it->second;
}

void ApiServer::node_lease(const ExchangePtr& x) {
  const std::string& verb = x->route.verb;
  if (verb != "create" && verb != "update")
    return x->fail({Reason::method_not_allowed,
                    "node leases are created, updated and deleted one by one only"});
  if (verb == "update" && find(x->route) == nullptr)
    return x->fail(
        {Reason::not_found, "leases.coordination.k8s.io \"" + x->route.name + "\" not found"});
  const auto dry = is_dry_run(*x);
  if (!dry) return x->fail(dry.error());
  const std::string name = x->route.name;  // of the URL
  auto lease = read_body(*x);
  if (!lease) return x->fail(lease.error());
  api::ObjectMeta& meta = lease->meta();
  if (meta.name.empty()) meta.name = name;
  meta.ns = x->route.ns;
  if (verb == "update" && meta.name != name)
    return x->fail(
        {Reason::bad_request, "the name of the object does not match the name on the URL"});
  schema::Errors errors;
  api::validate(*lease, errors);
  if (!errors.empty()) return x->fail(errors.to_error(x->route.kind->name, meta.name));
  if (auto r = auth::check_write(x->user, nullptr, *lease, ""); !r) return x->fail(r.error());
  // Only nodes that there are may renew, which bounds what is kept.
  if (ledger_.view().get<api::Node>({}, meta.name) == nullptr)
    return x->fail({Reason::not_found, "nodes.freehold.dev \"" + meta.name + "\" not found"});
  const auto before = node_leases_.find(meta.name);
  const store::Rev rev = ledger_.view().rev();
  meta.resource_version = std::to_string(rev);
  meta.creation_timestamp = before == node_leases_.end()
                                ? runtime_.now()
                                : before->second->object.meta().creation_timestamp;
  const store::Bytes bytes = std::make_shared<const std::string>(lease->print());
  const auto record =
      std::make_shared<const ledger::Record>(ledger::Record{std::move(*lease), bytes, rev, rev});
  if (!*dry) {
    const std::string& renewed = record->object.meta().name;
    const Time said = record->object.as<api::Lease>()->spec.renew_time.time;
    heartbeats_.renewed(renewed, runtime_.uptime(),
                        said.is_set() ? runtime_.now() - said : Duration{});
    node_leases_.insert_or_assign(renewed, record);
  }
  x->respond(respond_json(verb == "create" ? 201 : 200, *bytes));
}

}  // namespace freehold::server
