// Several objects at once. POST …/changes commits a set whole or not at all; POST …/plans says what
// that would do: each difference, and for contracts what would be offered. Both are made by the
// same code. Body: {"spec": {"objects": [...], "prune": …}}.
#include <algorithm>
#include <optional>

#include "api/contract.h"
#include "api/core.h"
#include "api/node.h"
#include "base/limits.h"
#include "base/strings.h"
#include "control/contract/price.h"
#include "json/patch.h"
#include "json/yaml.h"
#include "place/place.h"
#include "server/api_server.h"

namespace freehold::server {

namespace {

constexpr std::string_view base_path = "/apis/freehold.dev/v1alpha1/";

struct Item {
  ledger::Op op;
  std::string action;  // create, update, unchanged
  std::vector<schema::Difference> differences;
};

struct Set {
  const ledger::Ledger& ledger;
  const auth::User& user;
  std::vector<Item> items;
};

Error at_item(size_t i, Error error) {
  const std::string path = "spec.objects[" + std::to_string(i) + "]";
  for (Cause& c : error.causes) c.field = path + "." + c.field;
  return std::move(error).within(path);
}

Result<void> check_namespace(const Set& set, const api::ObjectMeta& meta) {
  const std::string key = api::kind_of<api::Namespace>().key({}, meta.ns);
  const auto made_here = [&](const Item& i) { return i.op.object.key() == key; };
  if (set.ledger.view().find(key) || std::any_of(set.items.begin(), set.items.end(), made_here))
    return {};
  return Error{Reason::not_found, "namespaces \"" + meta.ns + "\" not found"};
}

auth::Request request_for(const Set& set, const api::Object& object, std::string_view verb) {
  auth::Request request;
  request.user = set.user;
  request.verb = verb;
  request.group = object.kind().group;
  request.resource = object.kind().plural;
  request.ns = object.meta().ns;
  request.name = verb == "create" ? "" : object.meta().name;
  return request;
}

Result<void> may(const Set& set, const api::Object& object, std::string_view verb) {
  const auth::Request request = request_for(set, object, verb);
  const auth::Verdict verdict = auth::authorize(set.ledger, request);
  if (!verdict.allowed) return auth::forbidden(request, verdict);
  return auth::check_escalation(set.ledger, set.user, object);
}

bool may_write_status(const Set& set, const api::Object& object) {
  auth::Request request = request_for(set, object, "update");
  request.subresource = "status";
  return auth::authorize(set.ledger, request).allowed;
}

// What is seen is not what is wanted, so a set does not write it. One exception (decision 0010):
// the hardware of a machine whose agent never reported is told by importers. `object` holds what
// was given; `before` is null on create.
void settle_status(const Set& set, const api::Object* before, api::Object& object) {
  const api::Kind& kind = object.kind();
  std::optional<api::NodeStatus> given;
  if (const auto* node = object.as<api::Node>()) given = node->status;
  const api::Object empty(kind);
  const api::Object& kept = before != nullptr ? *before : empty;
  for (const schema::FieldInfo& f : kind.type->fields)
    if (f.name == "status" && f.type->copy != nullptr)
      f.type->copy(f.get(object.data()), f.at(kept.data()));
  auto* node = object.as<api::Node>();
  if (node == nullptr || !node->status.agent_version.empty() || !may_write_status(set, object))
    return;
  node->status.profile = std::move(given->profile);
  node->status.devices = std::move(given->devices);
  node->status.degraded_links = std::move(given->degraded_links);
  node->status.scale_up_domain = std::move(given->scale_up_domain);
  node->status.power = std::move(given->power);
  node->status.provenance = std::move(given->provenance);
  node->status.conflicts = std::move(given->conflicts);
}

// What is given is laid over what is there: fields that are not named stay.
Result<Item> apply_one(const Set& set, const json::Value& document) {
  const auto version = document.string_at({"apiVersion"});
  const size_t slash = version.find('/');
  const api::Kind* kind = slash == std::string_view::npos
                              ? api::find_kind("", version, document.string_at({"kind"}))
                              : api::find_kind(version.substr(0, slash), version.substr(slash + 1),
                                               document.string_at({"kind"}));
  if (kind == nullptr)
    return Error{Reason::bad_request, "no kind \"" + std::string(document.string_at({"kind"})) +
                                          "\" in version \"" + std::string(version) + "\""};
  json::Value laid = document;
  std::string ns(document.string_at({"metadata", "namespace"}));
  if (kind->namespaced && ns.empty()) ns = "default";
  const auto before = set.ledger.view().find(*kind, ns, document.string_at({"metadata", "name"}));
  if (before) laid = json::merge_patch(api::to_json(before->object), document);
  api::Object object(*kind);
  schema::Errors errors;
  const auto outcome = TRY(api::read_object(object, laid, errors));
  for (const std::string& path : outcome.unknown)
    errors.add(schema::Fault::unknown, path, "unknown field");
  api::ObjectMeta& meta = object.meta();
  if (kind->namespaced) meta.ns = ns;
  if (meta.name.empty()) errors.add(schema::Fault::required, "metadata.name", "required");
  if (kind->admit != nullptr) kind->admit(object.data());
  api::validate(object, errors);
  if (before) api::validate_update(before->object, object, errors);
  if (!errors.empty()) return errors.to_error(kind->name, meta.name);
  if (kind->namespaced) TRY(check_namespace(set, meta));
  TRY(may(set, object, before ? "update" : "create"));
  // A revision that the document names is a condition; else what is there is what was meant.
  const auto expected = before ? parse_uint(meta.resource_version) : std::optional<uint64_t>(0);
  if (!expected) return Error{Reason::bad_request, "metadata.resourceVersion is not a number"};
  Item item;
  const api::Object empty(*kind);
  settle_status(set, before ? &before->object : nullptr, object);
  if (before) {
    item.differences = schema::diff(*kind->type, before->object.data(), object.data());
  } else {
    item.differences = schema::diff(*kind->type, empty.data(), object.data());
  }
  item.action = !before ? "create" : item.differences.empty() ? "unchanged" : "update";
  item.op = {
      before ? ledger::OpType::update : ledger::OpType::create, std::move(object), *expected, {}};
  return item;
}

Result<Set> read_set(const ledger::Ledger& ledger, const auth::User& user,
                     const http::Request& request) {
  Set set{ledger, user, {}};
  if (!request.body) return Error{Reason::bad_request, "the request has no body"};
  const Encoding encoding = TRY(encoding_of(request.header("content-type")));
  if (encoding != Encoding::json && encoding != Encoding::yaml)
    return Error{Reason::unsupported_media_type, "a set of objects is read as JSON or YAML"};
  const json::Value body = TRY(json::parse_yaml_or_json(*request.body));
  const json::Value* objects = body.at({"spec", "objects"});
  if (objects == nullptr || objects->as_array() == nullptr || objects->as_array()->empty())
    return Error{Reason::invalid,
                 "spec.objects: a list of objects is required",
                 {{"FieldValueRequired", "spec.objects", "required"}}};
  if (objects->as_array()->size() > limits::commit_writes)
    return Error{Reason::too_large,
                 "spec.objects: at most " + std::to_string(limits::commit_writes) + " objects"};
  for (size_t i = 0; i < objects->as_array()->size(); ++i) {
    auto item = apply_one(set, (*objects->as_array())[i]);
    if (!item) return at_item(i, std::move(item).error());
    set.items.push_back(std::move(*item));
  }
  return set;
}

// What would be offered, if the contract were asked for now.
json::Value predict(const ledger::Ledger& ledger, const api::Contract& contract, Time now) {
  place::Request request;
  request.contract_key =
      api::kind_of<api::Contract>().key(contract.metadata.ns, contract.metadata.name);
  request.tenant = ledger.tenant_of(contract.metadata.ns);
  request.spec = contract.spec;
  place::Options options;
  options.now = now;
  const place::Decision decision = place::decide(ledger.fleet(), request, options);
  json::Object out;
  if (!decision.placement) {
    out["refusal"] = schema::to_json(schema::type_of<api::Refusal>, &decision.refusal);
    return out;
  }
  json::Array placement;
  for (const api::AllocatedMember& m : decision.placement->members) {
    if (placement.size() == limits::allocation_members) break;
    placement.push_back(schema::to_json(schema::type_of<api::AllocatedMember>, &m));
  }
  out["members"] = static_cast<int64_t>(decision.placement->members.size());
  out["placement"] = std::move(placement);
  const control::PriceQuote quote =
      control::price_of(ledger.view(), ledger.fleet(), decision.placement->members, now);
  if (quote.per_hour.is_set()) out["pricePerHour"] = quote.per_hour.text();
  json::Array missing;
  for (const std::string& m : quote.missing) missing.emplace_back(m);
  if (!missing.empty()) out["notPriced"] = std::move(missing);
  out["decision"] = decision.digest;
  return out;
}

json::Value describe(const ledger::Ledger& ledger, const Item& item, bool plan, Time now) {
  const api::Object& o = item.op.object;
  json::Object out;
  out["apiVersion"] = o.kind().api_version();
  out["kind"] = o.kind().name;
  if (!o.meta().ns.empty()) out["namespace"] = o.meta().ns;
  out["name"] = o.meta().name;
  out["action"] = item.action;
  if (!plan) return out;
  json::Array differences;
  for (const schema::Difference& d : item.differences) {
    json::Object difference;
    difference["path"] = d.path;
    if (!d.before.empty()) difference["before"] = d.before;
    if (!d.after.empty()) difference["after"] = d.after;
    differences.emplace_back(std::move(difference));
  }
  out["differences"] = std::move(differences);
  if (const auto* contract = o.as<api::Contract>(); contract && item.action != "unchanged")
    out["prediction"] = predict(ledger, *contract, now);
  return out;
}

}  // namespace

bool ApiServer::change(const ExchangePtr& x) {
  const std::string_view path = x->request.path;
  const bool plan = path == std::string(base_path) + "plans";
  if (!plan && path != std::string(base_path) + "changes") return false;
  if (x->request.method != "POST")
    x->fail({Reason::method_not_allowed, "use POST"});
  else
    change_set(x, plan, 0);
  return true;
}

void ApiServer::change_set(const ExchangePtr& x, bool plan, int attempt) {
  auto dry = is_dry_run(*x);
  if (!dry) return x->fail(dry.error());
  auto set = read_set(ledger_, x->user, x->request);
  if (!set) return x->fail(set.error());
  json::Array results;
  for (const Item& item : set->items)
    results.push_back(describe(ledger_, item, plan, runtime_.now()));
  json::Object out;
  out["apiVersion"] = "freehold.dev/v1alpha1";
  out["kind"] = plan ? "Plan" : "Change";
  json::Object status;
  status["objects"] = std::move(results);
  out["status"] = std::move(status);
  ledger::Change change;
  change.actor.user = x->user.name;
  change.dry_run = plan || *dry;
  for (Item& item : set->items) change.ops.push_back(std::move(item.op));
  const auto done = [this, x, plan, attempt, out = json::Value(std::move(out))](
                        const Result<ledger::Committed>& committed) {
    if (committed) return x->respond(respond_value(201, out));
    // Somebody wrote in between: the set is laid over what is there then.
    const Reason reason = committed.error().reason;
    const bool moved = reason == Reason::conflict || reason == Reason::already_exists ||
                       reason == Reason::not_found;
    if (!moved || attempt + 1 >= write_attempts) return x->fail(committed.error());
    when_settled(x, [this, x, plan, attempt] { change_set(x, plan, attempt + 1); });
  };
  ledger_.submit(std::move(change), done);
}

}  // namespace freehold::server
