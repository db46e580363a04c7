#include "server/api_server.h"

#include "api/node.h"
#include "base/log.h"
#include "server/watcher.h"

namespace freehold::server {

void Exchange::respond(http::Response response) {
  std::string all;
  for (const std::string& w : warnings) {
    std::string quoted;
    json::append_quoted(w, quoted);
    all += (all.empty() ? "" : ", ") + ("299 - " + quoted);
  }
  if (!all.empty()) response.headers["warning"] = std::move(all);
  if (responder) std::exchange(responder, nullptr)->respond(std::move(response));
}

About Exchange::about() const { return {route.kind, route.name, {}}; }

void Exchange::fail(const Error& error) { respond(respond_error(error, about())); }

ApiServer::ApiServer(Runtime& runtime, ledger::Ledger& ledger, control::Heartbeats& heartbeats,
                     const control::Shell* shell, ApiOptions options)
    : runtime_(runtime),
      ledger_(ledger),
      heartbeats_(heartbeats),
      shell_(shell),
      options_(std::move(options)),
      encoded_(std::make_unique<EncodedEvents>()) {
  ledger_.on_commit([this](const store::CommitPtr& commit) {
    refusing_ = false;
    cut_off(*commit);
  });
  ledger_.store().on_rollback([this] {
    refusing_ = true;
    ++refusals_;
  });
}

ApiServer::~ApiServer() = default;

void ApiServer::handle(http::Request request, std::unique_ptr<http::Responder> responder) {
  auto x = std::make_shared<Exchange>();
  x->request = std::move(request);
  x->responder = std::move(responder);
  auto peer = auth::authenticate(ledger_.view(), x->request.peer, runtime_.now());
  if (!peer) return x->fail(peer.error());
  auto user = auth::act_as(std::move(*peer), x->request);
  if (!user) return x->fail(user.error());
  x->user = std::move(*user);
  dispatch(x);
}

void ApiServer::cut_off(const store::Commit& commit) {
  const std::string prefix = api::kind_of<api::Node>().key_prefix();
  for (const store::Change& change : commit.changes) {
    if (change.value || !std::string_view(change.key).starts_with(prefix)) continue;
    for (const auto& [id, watcher] : watchers_) {
      if (watcher->ended) continue;
      const http::Peer& peer = watcher->x->request.peer;
      if (auto r = auth::authenticate(ledger_.view(), peer, runtime_.now()); !r)
        watcher->fail(r.error());
    }
  }
}

Result<void> ApiServer::check_access(Exchange& x) const {
  auth::Request request;
  request.user = x.user;
  if (x.route.kind == nullptr) {
    request.verb = x.request.method;
    request.path = x.request.path;
  } else {
    request.verb = x.route.verb;
    request.group = x.route.kind->group;
    request.resource = x.route.kind->plural;
    request.subresource = x.route.subresource;
    request.ns = x.route.ns;
    request.name = x.route.name;
    request.field_selector = x.request.parameter("fieldSelector").value_or("");
    // A list of one, as `kubectl get NAME -w` asks for it, is of that name.
    if (request.verb == "list" || request.verb == "watch")
      if (const auto fields = FieldSelector::parse(*x.route.kind, request.field_selector); fields)
        request.name = fields->required("metadata.name");
  }
  const auth::Verdict verdict = auth::authorize(ledger_, request);
  if (!verdict.allowed) return auth::forbidden(request, verdict);
  return {};
}

void ApiServer::dispatch(const ExchangePtr& x) {
  auto routed = route(x->request);
  // What is no kind of ours may still be a review, a plan or a stand-in: decided once it is known
  // who asks.
  const bool unknown = !routed && routed.error().reason == Reason::not_found;
  if (!routed && !unknown) return x->fail(routed.error());
  if (routed) x->route = std::move(*routed);
  if (auto r = check_access(*x); !r) return x->fail(r.error());
  if (x->route.kind == nullptr) {
    if (!other(x))
      x->fail(unknown
                  ? routed.error()
                  : Error{Reason::not_found,
                          "the server could not find the requested resource: " + x->request.path});
    return;
  }
  auto form = negotiate(x->request.header("accept"));
  if (!form) return x->fail(form.error());
  x->form = *form;
  const std::string& verb = x->route.verb;
  ++requests_[verb + " " + std::string(x->route.kind->plural)];
  const bool writes =
      verb == "create" || verb == "update" || verb == "patch" || verb == "deletecollection";
  if (is_node_lease(x->route) && writes) return node_lease(x);
  if (x->route.subresource == "log") return log(x);
  if (verb == "get") return get(x);
  if (verb == "list") return list(x);
  if (verb == "watch") return watch(x);
  if (verb == "create") return create(x);
  if (verb == "update") return update(x);
  if (verb == "patch") return patch(x, 0);
  if (verb == "delete") return remove(x, 0);
  remove_collection(x, 0);
}

}  // namespace freehold::server
