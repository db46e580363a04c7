// Several objects at once. POST …/changes commits a set whole or not at all; POST …/plans says what
// that would do: each difference, and what would become of contracts. Both are made by the same
// code. Body: {"spec": {"objects": [...]}}.
#include <algorithm>
#include <optional>

#include "api/contract.h"
#include "api/core.h"
#include "api/node.h"
#include "api/site.h"
#include "api/workload.h"
#include "base/limits.h"
#include "base/strings.h"
#include "control/contract/price.h"
#include "control/forecast.h"
#include "json/patch.h"
#include "json/yaml.h"
#include "server/api_server.h"

namespace freehold::server {

namespace {

constexpr std::string_view base_path = "/apis/freehold.dev/v1alpha1/";

Error at_item(size_t i, Error error) {
  const std::string path = "spec.objects[" + std::to_string(i) + "]";
  for (Cause& c : error.causes) c.field = path + "." + c.field;
  return std::move(error).within(path);
}

Error invalid_field(std::string_view type, std::string field, const std::string& what) {
  const std::string message = field + ": " + what;
  return {Reason::invalid, message, {{std::string(type), std::move(field), what}}};
}

// The list of objects in a body that says nothing else: what would be ignored is refused.
Result<json::Array> objects_of(const http::Request& request) {
  if (!request.body) return Error{Reason::bad_request, "the request has no body"};
  const Encoding encoding = TRY(encoding_of(request.header("content-type")));
  if (encoding != Encoding::json && encoding != Encoding::yaml)
    return Error{Reason::unsupported_media_type, "a set of objects is read as JSON or YAML"};
  const json::Value body = TRY(json::parse_yaml_or_json(*request.body));
  const json::Object* root = body.as_object();
  const json::Value* spec = body.at({"spec"});
  const json::Value* objects = body.at({"spec", "objects"});
  if (objects == nullptr || objects->as_array() == nullptr || objects->as_array()->empty())
    return invalid_field("FieldValueRequired", "spec.objects", "a list of objects is required");
  for (const auto& [name, value] : *root)
    if (name != "apiVersion" && name != "kind" && name != "metadata" && name != "spec")
      return invalid_field("FieldValueInvalid", name, "unknown field");
  for (const auto& [name, value] : *spec->as_object())
    if (name != "objects")
      return invalid_field("FieldValueInvalid", "spec." + name, "unknown field");
  if (objects->as_array()->size() > limits::commit_writes)
    return Error{Reason::too_large,
                 "spec.objects: at most " + std::to_string(limits::commit_writes) + " objects"};
  return *objects->as_array();
}

std::set<std::string> namespaces_in(const json::Array& documents) {
  std::set<std::string> names;
  for (const json::Value& d : documents)
    if (d.string_at({"kind"}) == "Namespace") names.emplace(d.string_at({"metadata", "name"}));
  return names;
}

// What importers tell of the hardware of a machine (decision 0010).
Result<void> take_hardware(api::Node& node, api::NodeStatus given) {
  api::NodeStatus& status = node.status;
  status.profile = std::move(given.profile);
  status.devices = std::move(given.devices);
  status.degraded_links = std::move(given.degraded_links);
  status.scale_up_domain = std::move(given.scale_up_domain);
  status.power = std::move(given.power);
  status.provenance = std::move(given.provenance);
  status.conflicts = std::move(given.conflicts);
  schema::Errors errors;
  api::validate(api::Object::of(node), errors);
  if (!errors.empty()) return errors.to_error("Node", node.metadata.name);
  return {};
}

Result<void> take_meter(api::PowerDomain& domain, api::PowerReading given) {
  domain.status.meter = std::move(given);
  schema::Errors errors;
  api::validate(api::Object::of(domain), errors);
  if (!errors.empty()) return errors.to_error("PowerDomain", domain.metadata.name);
  return {};
}

}  // namespace

// One object of a set and what it does to what is there.
struct ApiServer::SetItem {
  ledger::Op op;
  std::string action;  // create, update, unchanged
  std::vector<schema::Difference> differences;
};

// What is given is laid over what is there: fields that are not named stay. The rights and the
// checks are those of a request for this object alone.
Result<ApiServer::SetItem> ApiServer::lay_one(const Exchange& x, const json::Value& document,
                                              const std::set<std::string>& brings) {
  const auto version = document.string_at({"apiVersion"}), said = document.string_at({"kind"});
  const api::Kind* kind = api::find_document(version, said);
  if (kind == nullptr)
    return Error{Reason::bad_request, "no kind \"" + std::string(said) + "\" in version \"" +
                                          std::string(version) + "\""};
  const std::string name(document.string_at({"metadata", "name"}));
  std::string ns(document.string_at({"metadata", "namespace"}));
  if (kind->namespaced && ns.empty()) ns = "default";
  Exchange one;
  one.user = x.user;
  one.brings = brings;
  one.route.kind = kind;
  if (kind->namespaced) one.route.ns = ns;
  const auto before = ledger_.view().find(*kind, ns, name);
  // Who may do neither is told the same whether it is there or not.
  one.route.verb = "create";
  const auto may_create = check_access(one);
  one.route.verb = "update";
  one.route.name = name;
  if (const auto may_update = check_access(one); !(before ? may_update : may_create))
    return may_create ? may_update.error() : may_create.error();
  if (!before) one.route.verb = "create";
  if (before) TRY(auth::check_read(x.user, before->object));
  const auto laid = before ? json::merge_patch(api::to_json(before->object), document) : document;
  api::Object object(*kind);
  schema::Errors errors;
  const auto outcome = TRY(api::read_object(object, laid, errors));
  for (const std::string& path : outcome.unknown)
    errors.add(schema::Fault::unknown, path, "unknown field");
  if (name.empty())
    errors.add(schema::Fault::required, "metadata.name",
               "required: what is applied is found by its name");
  if (kind->namespaced && !is_dns_label(ns))
    errors.add(schema::Fault::invalid, "metadata.namespace", "is no valid name of a namespace");
  if (!errors.empty()) {
    add_broken_rules(object, errors);
    return errors.to_error(kind->name, name);
  }
  // What is seen is not what is wanted, so a set does not write it. Two exceptions, which importers
  // tell: the hardware of a machine whose agent never reported, and the meter of a power domain.
  std::optional<api::NodeStatus> given;
  std::optional<api::PowerReading> meter;
  if (const auto* node = object.as<api::Node>()) given = node->status;
  if (const auto* domain = object.as<api::PowerDomain>()) meter = domain->status.meter;
  TRY(before ? check_changed(one, before, object) : check_new(one, object));
  Exchange seen;
  seen.user = x.user;
  seen.route = {kind, "update", one.route.ns, name, "status"};
  if (auto* node = object.as<api::Node>();
      node != nullptr && node->status.agent_version.empty() && check_access(seen))
    TRY(take_hardware(*node, std::move(*given)));
  if (auto* domain = object.as<api::PowerDomain>(); domain != nullptr && check_access(seen))
    TRY(take_meter(*domain, std::move(*meter)));
  // A revision that the document names is a condition; else what is there is what was meant.
  const auto expected =
      before ? parse_uint(object.meta().resource_version) : std::optional<uint64_t>(0);
  if (!expected) return Error{Reason::bad_request, "metadata.resourceVersion is not a number"};
  SetItem item;
  const api::Object empty(*kind);
  item.differences =
      schema::diff(*kind->type, before ? before->object.data() : empty.data(), object.data());
  item.action = !before ? "create" : item.differences.empty() ? "unchanged" : "update";
  item.op = {
      before ? ledger::OpType::update : ledger::OpType::create, std::move(object), *expected, {}};
  return item;
}

Result<std::vector<ApiServer::SetItem>> ApiServer::lay_all(const Exchange& x) {
  const json::Array documents = TRY(objects_of(x.request));
  const std::set<std::string> brings = namespaces_in(documents);
  std::vector<SetItem> items;
  for (size_t i = 0; i < documents.size(); ++i) {
    auto item = lay_one(x, documents[i], brings);
    if (!item) return at_item(i, std::move(item).error());
    items.push_back(std::move(*item));
  }
  return items;
}

namespace {

json::Value refused(const api::Refusal& refusal) {
  json::Object out;
  out["refusal"] = schema::to_json(schema::type_of<api::Refusal>, &refusal);
  return out;
}

json::Value refused(std::string message) {
  api::Refusal refusal;
  refusal.cls = api::RefusalClass::not_now;
  refusal.message = std::move(message);
  return refused(refusal);
}

std::string message_of(const std::vector<api::Condition>& conditions, std::string_view type) {
  const api::Condition* c = api::find_condition(conditions, type);
  return c == nullptr ? std::string() : c->message;
}

// Whether the offer would be taken, and who says so.
std::string acceptance_of(const api::Contract& contract) {
  if (contract.status.phase >= api::ContractPhase::reserved) return "accepted at once";
  if (contract.spec.accept.mode == api::AcceptMode::manual) return "waits for freehold accept";
  return "not accepted: " + message_of(contract.status.conditions, "Reserved");
}

json::Value offered(const control::Forecast& forecast, const api::Contract& contract,
                    const api::Offer& offer, Time now) {
  json::Object out;
  json::Array placement;
  std::vector<api::AllocatedMember> members;
  for (const auto* a : forecast.view().owned<api::Allocation>(contract.metadata.uid))
    if (a->spec.offer == offer.metadata.name)
      members.insert(members.end(), a->spec.members.begin(), a->spec.members.end());
  for (const api::AllocatedMember& m : members) {
    if (placement.size() == limits::allocation_members) break;
    placement.push_back(schema::to_json(schema::type_of<api::AllocatedMember>, &m));
  }
  out["members"] = static_cast<int64_t>(members.size());
  out["placement"] = std::move(placement);
  const std::pair<const char*, const Quantity&> facts[] = {
      {"pricePerHour", offer.spec.price_per_hour},
      {"total", offer.spec.total},
      {"power", offer.spec.power},
      {"energy", offer.spec.energy}};
  for (const auto& [name, value] : facts)
    if (value.is_set()) out[name] = value.text();
  json::Array energy_prices;
  for (const api::EnergyPrice& at : offer.spec.energy_prices)
    energy_prices.push_back(schema::to_json(schema::type_of<api::EnergyPrice>, &at));
  out["energyPrices"] = std::move(energy_prices);
  json::Array missing;
  for (const std::string& m :
       control::price_of(forecast.view(), forecast.fleet(), members, now).missing)
    missing.emplace_back(m);
  if (!missing.empty()) out["notPriced"] = std::move(missing);
  out["acceptance"] = acceptance_of(contract);
  out["decision"] = offer.spec.decision;
  return out;
}

// What has no offer may come to one by what else is in the set, and says why it has none.
bool is_waiting(const api::Object& object) {
  const auto* contract = object.as<api::Contract>();
  return contract != nullptr && contract->status.phase < api::ContractPhase::offered;
}

json::Value refused(const api::ContractStatus& status) {
  const api::Refusal& refusal = status.refusal;
  // One that was given back after it was reserved.
  if (refusal.message.empty() && refusal.reasons.empty())
    return refused(message_of(status.conditions, "Reserved"));
  return refused(refusal);
}

// What would become of a contract, as its controller would have it; null when nothing would.
json::Value predict(const control::Forecast& forecast, const ledger::View& view,
                    const std::string& ns, const std::string& name, Time now) {
  const auto* before = view.get<api::Contract>(ns, name);
  const auto* contract = forecast.view().get<api::Contract>(ns, name);
  if (contract == nullptr) return {};
  // What is held or reserved stays where it is, what has ended stays ended.
  if (contract == before && before->status.phase >= api::ContractPhase::offered) return {};
  if (before != nullptr && before->status.phase >= api::ContractPhase::reserved) return {};
  const api::ContractStatus& status = contract->status;
  const auto* offer = forecast.view().get<api::Offer>(ns, status.offer);
  if (offer != nullptr) return offered(forecast, *contract, *offer, now);
  if (status.phase == api::ContractPhase::refused) return refused(status);
  for (const char* type : {"Admitted", "Offered", "Reserved"})
    if (const auto* c = api::find_condition(status.conditions, type);
        c != nullptr && c->status != api::ConditionStatus::true_)
      return refused(c->message);
  return {};
}

// Of a contract, or of the one that a workload brings with its template.
json::Value predict(const control::Forecast& forecast, const ledger::View& view,
                    const api::Object& object, Time now) {
  const std::string& ns = object.meta().ns;
  if (object.as<api::Contract>() != nullptr)
    return predict(forecast, view, ns, object.meta().name, now);
  const auto* workload = forecast.view().get<api::Workload>(ns, object.meta().name);
  if (object.as<api::Workload>() == nullptr || workload == nullptr ||
      workload->spec.template_name.empty())
    return {};
  if (const auto* c = api::find_condition(workload->status.conditions, "Instantiated");
      c != nullptr && c->status == api::ConditionStatus::false_)
    return refused(c->message);
  return predict(forecast, view, ns, workload->status.contract, now);
}

// `listed` is null for a set that is committed.
json::Value describe(const api::Object& o, const std::string& action,
                     const std::vector<schema::Difference>* listed) {
  json::Object out;
  out["apiVersion"] = o.kind().api_version();
  out["kind"] = o.kind().name;
  if (!o.meta().ns.empty()) out["namespace"] = o.meta().ns;
  out["name"] = o.meta().name;
  out["action"] = action;
  if (listed == nullptr) return out;
  json::Array differences;
  for (const schema::Difference& d : *listed) {
    json::Object difference;
    difference["path"] = d.path;
    if (!d.before.empty()) difference["before"] = d.before;
    if (!d.after.empty()) difference["after"] = d.after;
    differences.emplace_back(std::move(difference));
  }
  out["differences"] = std::move(differences);
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
  auto set = lay_all(*x);
  if (!set) return x->fail(set.error());
  const Time now = runtime_.now();
  const control::Input known{ledger_.view(),   ledger_.fleet(), ledger_, heartbeats_, now,
                             runtime_.uptime()};
  std::optional<control::Forecast> forecast;
  if (plan) {
    std::vector<const api::Object*> changed;
    for (const SetItem& item : *set)
      if (item.action != "unchanged" || is_waiting(item.op.object))
        changed.push_back(&item.op.object);
    forecast.emplace(known, changed);
  }
  json::Array results;
  for (const SetItem& item : *set) {
    json::Value result = describe(item.op.object, item.action, plan ? &item.differences : nullptr);
    if (forecast)
      if (auto prediction = predict(*forecast, ledger_.view(), item.op.object, now);
          !prediction.is_null())
        (*result.as_object())["prediction"] = std::move(prediction);
    results.push_back(std::move(result));
  }
  json::Object out;
  out["apiVersion"] = "freehold.dev/v1alpha1";
  out["kind"] = plan ? "Plan" : "Change";
  json::Object status;
  status["objects"] = std::move(results);
  out["status"] = std::move(status);
  ledger::Change change;
  change.actor.user = x->user.actor();
  change.dry_run = plan || *dry;
  for (SetItem& item : *set) change.ops.push_back(std::move(item.op));
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
