// Reading: one object, a list at a snapshot, the log of an instance.
#include <algorithm>

#include "api/core.h"
#include "api/instance_name.h"
#include "api/workload.h"
#include "base/limits.h"
#include "base/strings.h"
#include "json/yaml.h"
#include "server/api_server.h"

namespace freehold::server {

namespace {

constexpr Duration catch_up = seconds(3);
constexpr Duration first_look = milliseconds(2), longest_look = milliseconds(50);

std::string prefix_of(const Route& route) {
  std::string prefix = route.kind->key_prefix();
  if (!route.ns.empty()) prefix += route.ns + "/";
  return prefix;
}

// Where a paged list goes on: the snapshot and the last key of the page before. Opaque to clients.
struct Continue {
  store::Rev rev = 0;
  std::string after;
};

std::string encode_continue(const Continue& c) {
  return base64url_encode("1\n" + std::to_string(c.rev) + "\n" + c.after);
}

Result<Continue> decode_continue(std::string_view token, std::string_view prefix) {
  const auto text = base64url_decode(token);
  const auto parts = text ? split(*text, '\n') : std::vector<std::string_view>{};
  if (parts.size() != 3 || parts[0] != "1" || !parse_uint(parts[1]) ||
      !parts[2].starts_with(prefix))
    return Error{Reason::bad_request, "continue key is not valid"};
  return Continue{*parse_uint(parts[1]), std::string(parts[2])};
}

struct Selected {
  std::vector<ledger::RecordPtr> records;
  store::Rev rev = 0;
  std::string next;  // continue token
  std::optional<size_t> remaining;
};

struct Query {
  std::string prefix;
  LabelSelector labels;
  FieldSelector fields;
  size_t limit = 0;
  store::Rev exact = 0;  // 0: latest, also behind `after`
  std::string after;
  bool selective() const { return !labels.empty() || !fields.empty(); }
};

Result<Query> read_query(const Exchange& x) {
  Query q;
  const http::Request& r = x.request;
  q.prefix = prefix_of(x.route);
  q.labels = TRY(LabelSelector::parse(r.parameter("labelSelector").value_or("")));
  q.fields = TRY(FieldSelector::parse(*x.route.kind, r.parameter("fieldSelector").value_or("")));
  if (const auto limit = r.parameter("limit"); limit && !limit->empty()) {
    const auto n = parse_uint(*limit);
    if (!n) return Error{Reason::bad_request, "limit must be a number"};
    q.limit = *n;
  }
  const std::string_view version = r.parameter("resourceVersion").value_or("");
  const std::string_view match = r.parameter("resourceVersionMatch").value_or("");
  if (!version.empty() && !parse_uint(version))
    return Error{Reason::bad_request,
                 "resourceVersion \"" + std::string(version) + "\" is not a number"};
  if (!match.empty() && match != "Exact" && match != "NotOlderThan")
    return Error{Reason::bad_request, "resourceVersionMatch must be Exact or NotOlderThan"};
  if (!match.empty() && version.empty())
    return Error{Reason::bad_request,
                 "resourceVersionMatch is forbidden unless resourceVersion is provided"};
  if (match == "Exact") q.exact = parse_uint(version).value_or(0);
  if (const auto token = r.parameter("continue"); token && !token->empty()) {
    const Continue c = TRY(decode_continue(*token, q.prefix));
    q.exact = c.rev;
    q.after = c.after;
  }
  return q;
}

// The latest state, straight from the view.
void select_latest(const ledger::Ledger& ledger, const Query& q, Selected& out) {
  out.rev = ledger.view().rev();
  size_t beyond = 0;
  ledger.view().each(q.prefix, [&](const ledger::RecordPtr& r) {
    if (!q.labels.matches(r->object.meta().labels) || !q.fields.matches(r->object)) return true;
    if (q.limit > 0 && out.records.size() == q.limit) {
      ++beyond;
      return !q.selective();  // with selectors the rest is not counted
    }
    out.records.push_back(r);
    return true;
  });
  if (beyond == 0) return;
  out.next = encode_continue({out.rev, out.records.back()->object.key()});
  if (!q.selective()) out.remaining = beyond;
}

// A snapshot of the past, or the rest of a list, from the store.
Result<void> select_past(store::Store& store, const api::Kind& kind, const Query& q,
                         Selected& out) {
  std::string after = q.after;
  for (;;) {
    const store::Page page = TRY(store.list(
        {q.prefix, after, q.limit == 0 ? 0 : std::max(q.limit, limits::list_page), q.exact}));
    out.rev = page.rev;
    for (size_t i = 0; i < page.entries.size(); ++i) {
      const store::Entry& e = page.entries[i];
      after = e.key;
      auto object = TRY(api::decode(kind, *e.value));
      if (!q.labels.matches(object.meta().labels) || !q.fields.matches(object)) continue;
      out.records.push_back(std::make_shared<const ledger::Record>(
          ledger::Record{std::move(object), e.value, e.rev, e.created}));
      if (q.limit == 0 || out.records.size() < q.limit) continue;
      const size_t rest = page.entries.size() - i - 1 + page.remaining;
      if (rest > 0) out.next = encode_continue({out.rev, after});
      if (rest > 0 && !q.selective()) out.remaining = rest;
      return {};
    }
    if (!page.more) return {};
  }
}

// Node leases, where they belong to what is listed.
void select_from(const std::map<std::string, ledger::RecordPtr, std::less<>>& node_leases,
                 const Exchange& x, const Query& q, Selected& out) {
  const bool here = x.route.ns.empty() || x.route.ns == auth::node_lease_namespace;
  if (x.route.kind != &api::kind_of<api::Lease>() || !here) return;
  for (const auto& [name, lease] : node_leases)
    if (q.labels.matches(lease->object.meta().labels) && q.fields.matches(lease->object))
      out.records.push_back(lease);
}

// The token of this answer goes on behind the last page, in what is there now.
http::Response respond_too_late(const Query& q, const About& about) {
  json::Value status = status_of(
      {Reason::expired,
       "the continue token is too old to go on with the list as it was; list anew without it, or "
       "go on with the token of this answer: what was made, changed or deleted between the pages "
       "then shows"},
      about);
  json::Object metadata;
  metadata["continue"] = encode_continue({0, q.after});
  (*status.as_object())["metadata"] = std::move(metadata);
  return respond_value(reason_http_code(Reason::expired), status);
}

json::Object list_metadata(const Selected& s) {
  json::Object metadata;
  metadata["resourceVersion"] = std::to_string(s.rev);
  if (!s.next.empty()) metadata["continue"] = s.next;
  if (s.remaining) metadata["remainingItemCount"] = static_cast<int64_t>(*s.remaining);
  return metadata;
}

// Stored bytes go out as they are: nothing is decoded or printed again.
http::Response json_list(const api::Kind& kind, const Selected& s) {
  std::string body = "{\"kind\":\"" + std::string(kind.list_name) + "\",\"apiVersion\":\"" +
                     kind.api_version() + "\",\"metadata\":" + json::print(list_metadata(s)) +
                     ",\"items\":[";
  size_t size = body.size() + 2;
  for (const auto& r : s.records) size += r->bytes->size() + 1;
  body.reserve(size);
  for (size_t i = 0; i < s.records.size(); ++i) {
    if (i > 0) body += ',';
    body += *s.records[i]->bytes;
  }
  body += "]}";
  return respond_json(200, std::move(body));
}

Result<http::Response> respond_list(const Exchange& x, const Selected& s, Time now) {
  const api::Kind& kind = *x.route.kind;
  switch (x.form) {
    case Form::json:
      return json_list(kind, s);
    case Form::yaml: {
      const http::Response plain = json_list(kind, s);
      return respond_value(200, TRY(json::parse(*plain.body)), Form::yaml);
    }
    case Form::table: {
      const TableOptions options = TRY(table_options(x.request));
      std::vector<const api::Object*> rows;
      for (const auto& r : s.records) rows.push_back(&r->object);
      return respond_value(200, table_of(kind, rows, now, options, list_metadata(s)));
    }
    case Form::partial: {
      json::Array items;
      for (const auto& r : s.records) items.push_back(partial_of(r->object));
      json::Object list;
      list["kind"] = "PartialObjectMetadataList";
      list["apiVersion"] = "meta.k8s.io/v1";
      list["metadata"] = list_metadata(s);
      list["items"] = std::move(items);
      return respond_value(200, list);
    }
  }
  return Error{Reason::internal, "unknown form"};
}

}  // namespace

void ApiServer::when_reached(const ExchangePtr& x, store::Rev rev, std::function<void()> then) {
  if (ledger_.view().rev() >= rev) return then();
  look_for(x, rev, std::move(then), runtime_.uptime(), first_look);
}

void ApiServer::look_for(const ExchangePtr& x, store::Rev rev, std::function<void()> then,
                         Duration since, Duration pause) {
  runtime_.after(pause, [this, x, rev, then = std::move(then), since] {
    const Duration waited = runtime_.uptime() - since;
    if (ledger_.view().rev() >= rev) return then();
    if (waited >= catch_up)
      return x->fail({Reason::timeout,
                      "Too large resource version: " + std::to_string(rev) +
                          ", current: " + std::to_string(ledger_.view().rev()),
                      {{"ResourceVersionTooLarge", "", "Too large resource version"}}});
    // As long again as it has waited: soon when it is quick, seldom when it is not.
    look_for(x, rev, then, since, std::clamp(waited, first_look, longest_look));
  });
}

void ApiServer::when_settled(const ExchangePtr& x, std::function<void()> then) {
  when_reached(x, ledger_.store().sequenced_head(), std::move(then));
}

void ApiServer::get(const ExchangePtr& x) {
  const ledger::RecordPtr record = find(x->route);
  if (!record)
    return x->fail(
        {Reason::not_found, x->route.kind->resource() + " \"" + x->route.name + "\" not found"});
  if (auto r = auth::check_read(x->user, record->object); !r) return x->fail(r.error());
  switch (x->form) {
    case Form::json: {
      http::Response response;
      response.headers["content-type"] = "application/json";
      response.body = record->bytes;
      return x->respond(std::move(response));
    }
    case Form::yaml:
      return x->respond(respond_value(200, api::to_json(record->object), Form::yaml));
    case Form::partial:
      return x->respond(respond_value(200, partial_of(record->object)));
    case Form::table: {
      auto options = table_options(x->request);
      if (!options) return x->fail(options.error());
      json::Object metadata;
      metadata["resourceVersion"] = std::to_string(record->rev);
      return x->respond(respond_value(
          200, table_of(*x->route.kind, {&record->object}, runtime_.now(), *options, metadata)));
    }
  }
}

void ApiServer::list(const ExchangePtr& x) {
  auto query = read_query(*x);
  if (!query) return x->fail(query.error());
  const auto version = parse_uint(x->request.parameter("resourceVersion").value_or("")).value_or(0);
  const auto wanted = query->after.empty() ? version : 0;
  when_reached(x, wanted, [this, x, q = std::move(*query)] {
    Selected selected;
    if (q.after.empty() && (q.exact == 0 || q.exact == ledger_.view().rev())) {
      select_latest(ledger_, q, selected);
    } else if (auto r = select_past(ledger_.store(), *x->route.kind, q, selected); !r) {
      const bool is_late = r.error().reason == Reason::expired && !q.after.empty();
      return is_late ? x->respond(respond_too_late(q, x->about())) : x->fail(r.error());
    }
    // Kept beside the store, and always on the last page: they are as many as there are nodes.
    if (selected.next.empty()) select_from(node_leases_, *x, q, selected);
    auto response = respond_list(*x, selected, runtime_.now());
    response ? x->respond(std::move(*response)) : x->fail(response.error());
  });
}

namespace {

// Where an instance runs, or ran, and under which contract.
struct Whereabouts {
  std::string node, contract_uid;
};

std::string contract_of(const api::ObjectMeta& meta) {
  for (const api::OwnerReference& owner : meta.owner_references)
    if (owner.kind == api::kind_of<api::Contract>().name) return owner.uid;
  return {};
}

// An Allocation stays for as long as its contract does. Empty when there never was an instance of
// that name, as far as is known.
Whereabouts find_instance(const ledger::View& view, const std::string& ns,
                          const std::string& name) {
  if (const auto* instance = view.get<api::Instance>(ns, name))
    return {instance->spec.node, contract_of(instance->metadata)};
  for (const api::Allocation* a : view.all<api::Allocation>(ns)) {
    const std::string contract = contract_of(a->metadata);
    if (contract.empty() || !name.starts_with(a->spec.offer)) continue;
    for (const api::AllocatedMember& member : a->spec.members)
      if (api::instance_name(a->spec.offer, member) == name) return {member.node, contract};
  }
  return {};
}

}  // namespace

// Also of an instance that is gone: its agent keeps the log for a while, and says when it has not.
// The agent is told the contract, since the namespace may be another's by now, and the name, too.
void ApiServer::log(const ExchangePtr& x) {
  const auto [name, contract] = find_instance(ledger_.view(), x->route.ns, x->route.name);
  if (name.empty())
    return x->fail(
        {Reason::not_found, "instances.freehold.dev \"" + x->route.name + "\" not found"});
  const auto* node = ledger_.view().get<api::Node>({}, name);
  if (node == nullptr || node->status.agent_endpoint.empty() || !options_.fetch_from_agent)
    return x->fail({Reason::unavailable, "node \"" + name + "\" serves no logs now"});
  http::Query query = x->request.query;
  std::erase_if(query, [](const auto& parameter) { return parameter.first == "contract"; });
  if (!contract.empty()) query.emplace_back("contract", contract);
  options_.fetch_from_agent({name, node->status.agent_endpoint},
                            "/logs/" + x->route.ns + "/" + x->route.name, query,
                            std::move(x->responder));
}

}  // namespace freehold::server
