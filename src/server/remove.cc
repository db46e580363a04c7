// Deleting: one object or a collection; preconditions, finalizers, propagation.
#include <algorithm>

#include "api/core.h"
#include "api/registry.h"
#include "base/limits.h"
#include "base/strings.h"
#include "json/yaml.h"
#include "schema/protobuf.h"
#include "server/api_server.h"

namespace freehold::server {

namespace {

constexpr size_t collection_page = 500;

struct DeleteOptions {
  std::string uid, propagation;
  store::Rev rev = 0;
  bool dry_run = false;
};

Result<DeleteOptions> read_options(const http::Request& r) {
  DeleteOptions o;
  o.propagation = r.parameter("propagationPolicy").value_or("");
  const auto dry = r.parameter("dryRun").value_or("");
  json::Value body;
  const auto encoding = TRY(encoding_of(r.header("content-type")));
  // Typed clients send DeleteOptions as protobuf; what they set beyond the defaults also stands in
  // the query.
  if (r.body && !r.body->empty() && encoding != Encoding::protobuf)
    body = TRY(json::parse_yaml_or_json(*r.body));
  o.uid = body.string_at({"preconditions", "uid"});
  if (const auto v = body.string_at({"preconditions", "resourceVersion"}); !v.empty()) {
    const auto rev = parse_uint(v);
    if (!rev) return Error{Reason::bad_request, "preconditions.resourceVersion is not a number"};
    o.rev = *rev;
  }
  if (o.propagation.empty()) o.propagation = body.string_at({"propagationPolicy"});
  const json::Value* list = body.at({"dryRun"});
  const bool listed = list && list->as_array() && !list->as_array()->empty();
  o.dry_run = dry == "All" || listed;
  if (!dry.empty() && dry != "All") return Error{Reason::bad_request, "dryRun must be All"};
  for (std::string_view known : {"", "Background", "Foreground", "Orphan"})
    if (o.propagation == known) return o;
  return Error{Reason::bad_request, "propagationPolicy must be Background, Foreground or Orphan"};
}

// What deleting `record` means: its removal, or a mark and those who must let go.
ledger::Op deletion_of(const ledger::RecordPtr& record, const DeleteOptions& o, Time now) {
  api::Object dying = record->object.clone();
  api::ObjectMeta& meta = dying.meta();
  if (auto* ns = dying.as<api::Namespace>()) {
    ns->status.phase = api::NamespacePhase::terminating;
    if (std::find(meta.finalizers.begin(), meta.finalizers.end(), "freehold.dev/namespace") ==
        meta.finalizers.end())
      meta.finalizers.emplace_back("freehold.dev/namespace");
  }
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

void ApiServer::remove(const ExchangePtr& x) {
  const ledger::RecordPtr record = ledger_.view().find(*x->route.kind, x->route.ns, x->route.name);
  if (!record)
    return x->fail(
        {Reason::not_found, x->route.kind->resource() + " \"" + x->route.name + "\" not found"});
  auto options = read_options(x->request);
  if (!options) return x->fail(options.error());
  const std::string uid = record->object.meta().uid;
  if (!options->uid.empty() && options->uid != uid)
    return x->fail({Reason::conflict, "Precondition failed: UID in precondition: " + options->uid +
                                          ", UID in object meta: " + uid});
  ledger::Change change;
  change.ops.push_back(deletion_of(record, *options, runtime_.now()));
  change.actor.user = x->user.name;
  change.dry_run = options->dry_run;
  const bool pinned = options->rev != 0;
  ledger_.submit(std::move(change), [this, x, uid, pinned](Result<ledger::Committed> done) {
    if (!done) {
      // Someone wrote in between: nobody asked for that revision, so look again.
      if (done.error().reason == Reason::conflict && !pinned)
        return when_settled(x, [this, x] { remove(x); });
      return x->fail(done.error());
    }
    const ledger::RecordPtr& left = done->records.front();
    if (!left) return x->respond(respond_value(200, success({x->route.kind, x->route.name, uid})));
    http::Response response;
    response.headers["content-type"] = "application/json";
    response.body = left->bytes;
    x->respond(std::move(response));
  });
}

void ApiServer::remove_collection(const ExchangePtr& x) {
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
  change.actor.user = x->user.name;
  change.dry_run = options->dry_run;
  size_t left = 0;
  ledger_.view().each(prefix, [&](const ledger::RecordPtr& r) {
    if (!labels->matches(r->object.meta().labels) || !fields->matches(r->object)) return true;
    if (r->object.meta().deletion_timestamp.is_set()) return true;
    if (change.ops.size() == collection_page)
      ++left;
    else
      change.ops.push_back(deletion_of(r, *options, runtime_.now()));
    return true;
  });
  if (change.ops.empty()) return x->respond(respond_value(200, success(x->about())));
  ledger_.submit(std::move(change), [this, x, left](Result<ledger::Committed> done) {
    if (!done && done.error().reason != Reason::conflict) return x->fail(done.error());
    if (!done || left > 0) return when_settled(x, [this, x] { remove_collection(x); });
    x->respond(respond_value(200, success(x->about())));
  });
}

}  // namespace freehold::server
