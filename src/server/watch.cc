// Watches: events of a collection from a revision on, in the order of the commits.
#include <algorithm>

#include "base/limits.h"
#include "base/strings.h"
#include "server/watcher.h"

namespace freehold::server {

namespace {

constexpr Duration bookmark_every = seconds(60);
constexpr size_t initial_burst = limits::watch_queue_bytes / 4;

// {"type":"ADDED","object":…} and a newline.
http::Bytes event_line(std::string_view type, std::string_view object) {
  std::string line;
  line.reserve(object.size() + 40);
  line += "{\"type\":\"";
  line += type;
  line += "\",\"object\":";
  line += object;
  line += "}\n";
  return http::bytes(std::move(line));
}

}  // namespace

Result<void> Watcher::prepare() {
  const http::Request& r = x->request;
  labels = TRY(LabelSelector::parse(r.parameter("labelSelector").value_or("")));
  fields = TRY(FieldSelector::parse(*x->route.kind, r.parameter("fieldSelector").value_or("")));
  bookmarks = TRY(flag(r, "allowWatchBookmarks"));
  if (x->form == Form::table) table = TRY(table_options(r));
  if (x->form == Form::yaml) return Error{Reason::not_acceptable, "a watch is answered as JSON"};
  prefix = x->route.kind->key_prefix();
  if (!x->route.ns.empty()) prefix += x->route.ns + "/";
  return {};
}

bool Watcher::wants(const api::Object& object) const {
  return labels.matches(object.meta().labels) && fields.matches(object);
}

void Watcher::send(std::string_view type, const api::Object& object, const store::Bytes& bytes) {
  switch (x->form) {
    case Form::json:
    case Form::yaml: {
      if (!bytes) return stream->send(event_line(type, object.print()));
      const auto rev = parse_uint(object.meta().resource_version).value_or(0);
      if (rev == 0) return stream->send(event_line(type, *bytes));
      if (encoded.rev != rev) encoded = {rev, {}};
      http::Bytes& line = encoded.by_type[std::string(type)];
      if (!line) line = event_line(type, *bytes);
      return stream->send(line);
    }
    case Form::partial:
      return stream->send(event_line(type, json::print(partial_of(object))));
    case Form::table: {
      TableOptions options = table;
      options.definitions = !std::exchange(table_sent, true);
      json::Object metadata;
      metadata["resourceVersion"] = object.meta().resource_version;
      return stream->send(event_line(
          type,
          json::print(table_of(*x->route.kind, {&object}, runtime.now(), options, metadata))));
    }
  }
}

void Watcher::bookmark(bool initial_end) {
  const std::string rev = std::to_string(watch ? std::max(sent, ledger.view().rev()) : sent);
  if (x->form == Form::table) {
    TableOptions options = table;
    options.definitions = !std::exchange(table_sent, true);
    json::Object metadata;
    metadata["resourceVersion"] = rev;
    return stream->send(event_line(
        "BOOKMARK", json::print(table_of(*x->route.kind, {}, runtime.now(), options, metadata))));
  }
  json::Object metadata;
  metadata["resourceVersion"] = rev;
  if (initial_end) {
    json::Object annotations;
    annotations["k8s.io/initial-events-end"] = "true";
    metadata["annotations"] = std::move(annotations);
  }
  json::Object object;
  object["kind"] = x->route.kind->name;
  object["apiVersion"] = x->route.kind->api_version();
  object["metadata"] = std::move(metadata);
  stream->send(event_line("BOOKMARK", json::print(object)));
}

void Watcher::schedule_bookmark() {
  next_bookmark = runtime.timer(bookmark_every, [this] {
    if (ended) return;
    bookmark(false);
    schedule_bookmark();
  });
}

void Watcher::fail(const Error& error) {
  stream->send(event_line("ERROR", json::print(status_of(error, {}))));
  end();
}

void Watcher::end() {
  if (std::exchange(ended, true)) return;
  watch.reset();
  timeout.cancel();
  next_bookmark.cancel();
  if (stream) stream->finish();
  // Whoever called is still on this object.
  runtime.post([self = shared_from_this()] {
    if (self->on_end) self->on_end();
  });
}

void Watcher::deliver(const store::CommitPtr& commit) {
  for (const store::Change& change : commit->changes) {
    if (ended || change.rev <= sent) continue;
    sent = change.rev;
    if (!std::string_view(change.key).starts_with(prefix)) continue;
    ledger::RecordPtr now = change.value ? ledger.view().find(change.key) : nullptr;
    if (change.value && (!now || now->rev != change.rev)) {
      auto object = api::decode(*x->route.kind, *change.value);
      if (BUG_IF(!object, "a committed object cannot be read")) continue;
      now = std::make_shared<const ledger::Record>(
          ledger::Record{std::move(object).value(), change.value, change.rev, change.created});
    }
    const bool selective = !labels.empty() || !fields.empty();
    api::Object before;
    if (change.previous && (selective || !change.value)) {
      auto object = api::decode(*x->route.kind, *change.previous);
      if (BUG_IF(!object, "a stored object cannot be read")) continue;
      before = std::move(object).value();
    }
    const bool is_in = now && wants(now->object);
    const bool was_in =
        change.previous && (!selective && change.value ? true : before && wants(before));
    if (is_in) {
      send(was_in ? "MODIFIED" : "ADDED", now->object, now->bytes);
    } else if (was_in) {
      before.meta().resource_version = std::to_string(change.rev);
      send("DELETED", before, nullptr);
    }
  }
  if (stream->closed()) end();
}

void Watcher::start(store::Rev after, bool initial_events, bool mark_end) {
  http::Response head;
  head.headers["content-type"] = "application/json";
  head.headers["cache-control"] = "no-cache, private";
  stream = std::exchange(x->responder, nullptr)->stream(std::move(head));
  stream->on_closed([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->end();
  });
  sent = after;
  if (!initial_events) return follow();
  sent = ledger.view().rev();
  ledger.view().each(prefix, [&](const ledger::RecordPtr& r) {
    if (wants(r->object)) initial.push_back(r);
    return true;
  });
  marks_end = mark_end;
  send_initial();
}

// A collection may be larger than what a stream queues: the rest goes when the client has taken
// what was sent. What changes meanwhile is in the store's history.
void Watcher::send_initial() {
  for (size_t bytes = 0; !initial.empty() && bytes < initial_burst; initial.pop_front()) {
    send("ADDED", initial.front()->object, initial.front()->bytes);
    bytes += initial.front()->bytes->size();
  }
  if (initial.empty()) {
    if (marks_end) bookmark(true);
    return follow();
  }
  stream->on_drained([weak = weak_from_this()] {
    if (const auto self = weak.lock(); self && !self->ended) self->send_initial();
  });
}

void Watcher::follow() {
  auto begun = ledger.store().watch(sent, [this](const store::CommitPtr& c) { deliver(c); });
  if (!begun) return fail(begun.error());
  if (ended) return;
  watch = std::move(*begun);
  if (bookmarks) schedule_bookmark();
}

void ApiServer::watch(const ExchangePtr& x) {
  auto watcher = std::make_shared<Watcher>(runtime_, ledger_, *encoded_, x);
  if (auto r = watcher->prepare(); !r) return x->fail(r.error());
  const std::string_view version = x->request.parameter("resourceVersion").value_or("");
  const auto rev = version.empty() ? std::optional<uint64_t>(0) : parse_uint(version);
  if (!rev)
    return x->fail(
        {Reason::bad_request, "resourceVersion \"" + std::string(version) + "\" is not a number"});
  auto send_initial = flag(x->request, "sendInitialEvents");
  if (!send_initial) return x->fail(send_initial.error());
  if (*send_initial &&
      (!watcher->bookmarks ||
       x->request.parameter("resourceVersionMatch").value_or("") != "NotOlderThan"))
    return x->fail(
        {Reason::invalid,
         "sendInitialEvents needs allowWatchBookmarks=true and resourceVersionMatch=NotOlderThan",
         {{"FieldValueForbidden", "sendInitialEvents",
           "needs allowWatchBookmarks and resourceVersionMatch"}}});
  // A random end keeps thousands of watches from coming back at once.
  Duration limit = seconds(runtime_.random().in(1800, 3600));
  if (const auto t = x->request.parameter("timeoutSeconds"); t && !t->empty()) {
    const auto n = parse_uint(*t);
    if (!n) return x->fail({Reason::bad_request, "timeoutSeconds must be a number"});
    if (*n > 0) limit = seconds(static_cast<int64_t>(std::min<uint64_t>(*n, 86'400)));
  }
  when_reached(x, *rev, [this, x, watcher, limit, rev = *rev, initial = *send_initial] {
    if (auto r = auth::authenticate(ledger_.view(), x->request.peer, runtime_.now()); !r)
      return x->fail(r.error());
    const uint64_t id = next_watcher_++;
    watchers_[id] = watcher;
    watcher->on_end = [this, id] { watchers_.erase(id); };
    watcher->timeout = runtime_.timer(limit, [watcher = watcher.get()] {
      // Not before all initial events are sent: whoever has a revision asks for nothing older.
      if (watcher->bookmarks && watcher->watch) watcher->bookmark(false);
      watcher->end();
    });
    watcher->start(rev, rev == 0 || initial, initial);
  });
}

}  // namespace freehold::server
