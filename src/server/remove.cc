// Deleting: one object or a collection; preconditions, finalizers, propagation.
#include <algorithm>

#include "api/core.h"
#include "api/registry.h"
#include "base/limits.h"
#include "base/strings.h"
#include "control/tenant/user_id.h"
#include "json/yaml.h"
#include "schema/protobuf.h"
#include "schema/table.h"
#include "server/api_server.h"

namespace freehold::server {

namespace {

struct Preconditions {
  std::string uid, resource_version;
};
struct DeleteOptions {
  Preconditions preconditions;
  std::string propagation_policy;
  std::vector<std::string> dry_run;
};

}  // namespace
}  // namespace freehold::server

// Upstream's messages; only what is read has a row.
namespace freehold::schema {
template <>
inline constexpr auto table<server::Preconditions> = object<server::Preconditions>(
    "Preconditions", "What must hold before a deletion.",
    field<&server::Preconditions::uid>("uid", "Uid.", {.max_size = 64, .proto = 1}),
    field<&server::Preconditions::resource_version>("resourceVersion", "Revision.",
                                                    {.max_size = 20, .proto = 2}));
template <>
inline constexpr auto table<server::DeleteOptions> = object<server::DeleteOptions>(
    "DeleteOptions", "How to delete.",
    field<&server::DeleteOptions::preconditions>("preconditions", "What must hold.", {.proto = 2}),
    field<&server::DeleteOptions::propagation_policy>(
        "propagationPolicy", "What becomes of dependents.", {.max_size = 63, .proto = 4}),
    field<&server::DeleteOptions::dry_run>("dryRun", "All: change nothing.",
                                           {.max_size = 8, .proto = 5}));
}  // namespace freehold::schema

namespace freehold::server {

namespace {

constexpr size_t collection_page = 500;

struct Options {
  std::string uid, propagation;
  store::Rev rev = 0;
  bool dry_run = false;
};

// The query goes before the body, as in kube-apiserver: kubectl says everything in the body, other
// clients in the query.
Result<Options> read_options(const http::Request& r) {
  DeleteOptions body;
  if (r.body && !r.body->empty()) {
    schema::Errors errors;
    if (TRY(encoding_of(r.header("content-type"))) == Encoding::protobuf) {
      const auto envelope = TRY(schema::open_protobuf(*r.body));
      TRY(schema::read_protobuf(schema::type_of<DeleteOptions>, &body, envelope.message, errors));
    } else {
      schema::from_json(schema::type_of<DeleteOptions>, &body,
                        TRY(json::parse_yaml_or_json(*r.body)), errors);
    }
    if (!errors.empty()) return errors.to_error("DeleteOptions", "");
  }
  Options o;
  o.uid = body.preconditions.uid;
  if (const std::string& v = body.preconditions.resource_version; !v.empty()) {
    const auto rev = parse_uint(v);
    if (!rev) return Error{Reason::bad_request, "preconditions.resourceVersion is not a number"};
    o.rev = *rev;
  }
  o.propagation = r.parameter("propagationPolicy").value_or("");
  if (o.propagation.empty()) o.propagation = body.propagation_policy;
  if (const auto dry = r.parameter("dryRun"); dry && !dry->empty())
    body.dry_run = {std::string(*dry)};
  for (const std::string& stage : body.dry_run)
    if (stage != "All") return Error{Reason::bad_request, "dryRun must be All"};
  o.dry_run = !body.dry_run.empty();
  for (std::string_view known : {"", "Background", "Foreground", "Orphan"})
    if (o.propagation == known) return o;
  return Error{Reason::bad_request, "propagationPolicy must be Background, Foreground or Orphan"};
}

// Made at the first start and needed all the time: tokens and leases live in the namespaces, and
// the namespace `default`, which stays, belongs to the tenant.
bool is_needed(const api::Object& object) {
  const std::string& name = object.meta().name;
  if (object.as<api::Tenant>()) return name == "default";
  if (object.as<api::Namespace>() == nullptr) return false;
  return name == "default" || name == "freehold-system" || name == auth::node_lease_namespace;
}

// What deleting `record` means: its removal, or a mark and those who must let go.
ledger::Op deletion_of(const ledger::RecordPtr& record, const Options& o, Time now) {
  api::Object dying = record->object.clone();
  api::ObjectMeta& meta = dying.meta();
  if (auto* ns = dying.as<api::Namespace>()) {
    ns->status.phase = api::NamespacePhase::terminating;
    if (std::find(meta.finalizers.begin(), meta.finalizers.end(), "freehold.dev/namespace") ==
        meta.finalizers.end())
      meta.finalizers.emplace_back("freehold.dev/namespace");
  }
  // Its user id is not another's while its work runs.
  if (dying.as<api::Tenant>() && !meta.deletion_timestamp.is_set() &&
      std::find(meta.finalizers.begin(), meta.finalizers.end(), control::tenant_finalizer) ==
          meta.finalizers.end())
    meta.finalizers.emplace_back(control::tenant_finalizer);
  if (!meta.deletion_timestamp.is_set()) {
    if (o.propagation == "Foreground") meta.finalizers.emplace_back(api::foreground_finalizer);
    if (o.propagation == "Orphan") meta.finalizers.emplace_back(api::orphan_finalizer);
  }
  // Of what was looked at: somebody may be about to ask to be waited for.
  const store::Rev rev = o.rev != 0 ? o.rev : record->rev;
  if (meta.finalizers.empty()) return {ledger::OpType::remove, record->object, rev, o.uid};
  if (!meta.deletion_timestamp.is_set()) meta.deletion_timestamp = now;
  return {ledger::OpType::update, std::move(dying), rev, {}};
}

}  // namespace

void ApiServer::remove(const ExchangePtr& x, int attempt) {
  const ledger::RecordPtr record = find(x->route);
  if (!record)
    return x->fail(
        {Reason::not_found, x->route.kind->resource() + " \"" + x->route.name + "\" not found"});
  auto options = read_options(x->request);
  if (!options) return x->fail(options.error());
  if (is_needed(record->object))
    return x->fail(
        {Reason::forbidden, x->route.kind->resource() + " \"" + x->route.name +
                                "\" is forbidden: it is needed, and may not be deleted"});
  const std::string uid = record->object.meta().uid;
  if (!options->uid.empty() && options->uid != uid)
    return x->fail({Reason::conflict, "Precondition failed: UID in precondition: " + options->uid +
                                          ", UID in object meta: " + uid});
  if (is_node_lease(x->route)) {
    if (options->rev != 0 && options->rev != record->rev)
      return x->fail({Reason::conflict, "the lease was renewed since that resourceVersion"});
    if (!options->dry_run) node_leases_.erase(x->route.name);
    return x->respond(respond_value(200, success({x->route.kind, x->route.name, uid})));
  }
  ledger::Change change;
  change.ops.push_back(deletion_of(record, *options, runtime_.now()));
  change.actor.user = x->user.actor();
  change.dry_run = options->dry_run;
  const bool pinned = options->rev != 0;
  const auto then = [this, x, uid, pinned, attempt](Result<ledger::Committed> done) {
    if (!done) {
      // Someone wrote in between: nobody asked for that revision, so look again. What may not be
      // removed at all is a conflict too, and stays one.
      if (done.error().reason == Reason::conflict && !pinned && attempt + 1 < write_attempts)
        return when_settled(x, [this, x, attempt] { remove(x, attempt + 1); });
      return x->fail(done.error());
    }
    const ledger::RecordPtr& left = done->records.front();
    if (!left) return x->respond(respond_value(200, success({x->route.kind, x->route.name, uid})));
    http::Response response;
    response.headers["content-type"] = "application/json";
    response.body = left->bytes;
    x->respond(std::move(response));
  };
  ledger_.submit(std::move(change), then);
}

void ApiServer::remove_collection(const ExchangePtr& x, int attempt) {
  auto options = read_options(x->request);
  if (!options) return x->fail(options.error());
  auto labels = LabelSelector::parse(x->request.parameter("labelSelector").value_or(""));
  if (!labels) return x->fail(labels.error());
  auto fields =
      FieldSelector::parse(*x->route.kind, x->request.parameter("fieldSelector").value_or(""));
  if (!fields) return x->fail(fields.error());
  std::string prefix = x->route.kind->key_prefix();
  if (!x->route.ns.empty()) prefix += x->route.ns + "/";
  ledger::Change change;
  change.actor.user = x->user.actor();
  change.dry_run = options->dry_run;
  size_t left = 0;
  ledger_.view().each(prefix, [&](const ledger::RecordPtr& r) {
    if (!labels->matches(r->object.meta().labels) || !fields->matches(r->object)) return true;
    if (r->object.meta().deletion_timestamp.is_set() || is_needed(r->object)) return true;
    if (change.ops.size() == collection_page)
      ++left;
    else
      change.ops.push_back(deletion_of(r, *options, runtime_.now()));
    return true;
  });
  if (change.ops.empty()) return x->respond(respond_value(200, success(x->about())));
  const bool dry_run = options->dry_run;
  ledger_.submit(
      std::move(change), [this, x, left, attempt, dry_run](Result<ledger::Committed> done) {
        if (!done && (done.error().reason != Reason::conflict || attempt + 1 >= write_attempts))
          return x->fail(done.error());
        // Page by page. A dry run removes nothing, so the second page would be the first again.
        if (!done || (left > 0 && !dry_run))
          return when_settled(
              x, [this, x, next = done ? 0 : attempt + 1] { remove_collection(x, next); });
        x->respond(respond_value(200, success(x->about())));
      });
}

}  // namespace freehold::server
