#include "control/workload/workload.h"

#include <algorithm>

#include "api/workload.h"
#include "control/workload/substitute.h"

namespace freehold::control {

using api::ConditionStatus;
using api::InstancePhase;
using api::WorkloadPhase;

namespace {

std::string contract_of(const api::Workload& w) {
  return w.spec.contract.empty() ? w.metadata.name : w.spec.contract;
}

Result<std::vector<api::WorkloadRole>> roles_from(const api::Workload& w, const json::Value& body) {
  api::WorkloadSpec filled;
  schema::Errors errors;
  const auto outcome = schema::from_json(schema::type_of<api::WorkloadSpec>, &filled, body, errors);
  for (const std::string& path : outcome.unknown)
    errors.add(schema::Fault::unknown, "spec." + path, "unknown field");
  api::WorkloadSpec whole = w.spec;
  whole.roles = std::move(filled.roles);
  schema::validate(schema::type_of<api::WorkloadSpec>, &whole, schema::Path{nullptr, "spec"},
                   errors);
  if (!errors.empty()) return errors.to_error("Workload", w.metadata.name);
  return std::move(whole.roles);
}

Result<api::Object> contract_from(const api::Workload& w, const json::Value& body) {
  api::Contract contract;
  contract.metadata.name = w.metadata.name;
  contract.metadata.ns = w.metadata.ns;
  contract.metadata.labels = w.metadata.labels;
  contract.metadata.owner_references.push_back({api::kind_of<api::Workload>().api_version(),
                                                "Workload", w.metadata.name, w.metadata.uid, true,
                                                true});
  schema::Errors errors;
  const auto outcome =
      schema::from_json(schema::type_of<api::ContractSpec>, &contract.spec, body, errors);
  for (const std::string& path : outcome.unknown)
    errors.add(schema::Fault::unknown, "spec." + path, "unknown field");
  api::Object object = api::Object::of(std::move(contract));
  api::validate(object, errors);
  if (!errors.empty()) return errors.to_error("Contract", w.metadata.name);
  return object;
}

// Adds what the template gives to the plan: all of it, or nothing, since what is filled in stays.
// An error is the user's to mend.
Result<void> instantiate(const api::Workload& w, api::Workload& next, const Input& in, Plan& plan) {
  const bool has_contract = !w.spec.contract.empty() ||
                            in.view.get<api::Contract>(w.metadata.ns, contract_of(w)) != nullptr;
  const auto* tpl = in.view.get<api::Template>({}, w.spec.template_name);
  if (tpl == nullptr && has_contract && !w.spec.roles.empty())
    return {};  // nothing is left to fill
  if (tpl == nullptr)
    return Error{Reason::not_found, "template \"" + w.spec.template_name + "\" does not exist"};
  const auto values = TRY(bind_parameters(tpl->spec, w.spec.parameters));
  std::vector<api::WorkloadRole> roles = w.spec.roles;
  if (roles.empty()) roles = TRY(roles_from(w, TRY(substitute(tpl->spec.workload, values))));
  if (!has_contract && !tpl->spec.contract.is_null())
    plan.create(TRY(contract_from(w, TRY(substitute(tpl->spec.contract, values)))));
  next.spec.roles = std::move(roles);
  return {};
}

void count(api::Workload& next, const std::vector<const api::Instance*>& instances) {
  api::WorkloadStatus& s = next.status;
  s.desired = static_cast<int64_t>(instances.size());
  s.running = s.ready = s.restarts = 0;
  int64_t succeeded = 0, failed = 0, stopping = 0;
  for (const auto* i : instances) {
    s.running += i->status.phase == InstancePhase::running;
    s.ready += i->status.ready;
    s.restarts += i->status.restarts;
    succeeded += i->status.phase == InstancePhase::succeeded;
    failed += i->status.phase == InstancePhase::failed;
    stopping += i->spec.stop;
  }
  const auto n = static_cast<int64_t>(instances.size());
  if (n == 0)
    s.phase = WorkloadPhase::waiting;
  else if (stopping == n)
    s.phase = WorkloadPhase::stopping;
  else if (failed > 0)
    s.phase = WorkloadPhase::failed;
  else if (succeeded == n)
    s.phase = WorkloadPhase::succeeded;
  else if (s.running + succeeded == n && s.ready + succeeded == n)
    s.phase = WorkloadPhase::running;
  else if (s.running > 0 || s.restarts > 0)
    s.phase = WorkloadPhase::degraded;
  else
    s.phase = WorkloadPhase::starting;
}

// What of the roles comes to nothing: one that the contract lacks, or one of the contract that is
// given nothing to run. Empty: none.
std::string fault_of_roles(const std::vector<api::WorkloadRole>& roles,
                           const api::Contract& contract) {
  if (roles.empty()) return {};  // the template has not filled them in yet
  std::string fault;
  const auto add = [&](const std::string& text) { fault += (fault.empty() ? "" : "; ") + text; };
  for (const api::WorkloadRole& r : roles)
    if (std::ranges::count(contract.spec.roles, r.name, &api::ContractRole::name) == 0)
      add("contract \"" + contract.metadata.name + "\" has no role \"" + r.name +
          "\": it runs nowhere");
  for (const api::ContractRole& r : contract.spec.roles)
    if (std::ranges::count(roles, r.name, &api::WorkloadRole::name) == 0)
      add("role \"" + r.name + "\" of the contract is given nothing to run");
  return fault;
}

// Why no traffic comes through, whatever the instances do; empty: it can.
std::string fault_of_endpoint(const api::EndpointSpec& spec, const api::Workload* workload) {
  const std::string name = "workload \"" + spec.workload + "\"";
  if (workload == nullptr) return name + " does not exist";
  if (workload->spec.roles.empty()) return {};  // its template has not filled them in yet
  bool has_role = false;
  const api::Port* port = nullptr;
  for (const api::WorkloadRole& r : workload->spec.roles) {
    if (!spec.role.empty() && r.name != spec.role) continue;
    has_role = true;
    const auto found = std::ranges::find(r.run.ports, spec.port, &api::Port::name);
    if (found != r.run.ports.end()) port = &*found;
  }
  if (!has_role) return name + " has no role \"" + spec.role + "\"";
  if (port == nullptr)
    return (spec.role.empty() ? name : "role \"" + spec.role + "\" of " + name) +
           " has no port \"" + spec.port + "\"";
  if (!spec.protocol.empty() && spec.protocol != port->protocol)
    return "port \"" + spec.port + "\" of " + name + " speaks " + port->protocol + ", not " +
           spec.protocol;
  return {};
}

std::vector<const api::Instance*> instances_of(const ledger::View& view, std::string_view ns,
                                               std::string_view workload) {
  auto all = view.all<api::Instance>(ns);
  std::erase_if(all, [&](const auto* i) { return i->spec.workload != workload; });
  return all;
}

}  // namespace

std::vector<std::string> WorkloadController::keys_for(const ledger::Record& record, bool,
                                                      const ledger::View& view) const {
  const api::Object& o = record.object;
  const auto& kind = api::kind_of<api::Workload>();
  if (o.as<api::Workload>()) return {o.key()};
  if (const auto* i = o.as<api::Instance>(); i && !i->spec.workload.empty())
    return {kind.key(o.meta().ns, i->spec.workload)};
  std::vector<std::string> keys;
  if (o.as<api::Contract>())
    for (const auto* w : view.all<api::Workload>(o.meta().ns))
      if (contract_of(*w) == o.meta().name) keys.push_back(kind.key(o.meta().ns, w->metadata.name));
  if (o.as<api::Template>())
    for (const auto* w : view.all<api::Workload>())
      if (w->spec.template_name == o.meta().name)
        keys.push_back(kind.key(w->metadata.ns, w->metadata.name));
  return keys;
}

Plan WorkloadController::plan(std::string_view key, const Input& in) const {
  const auto* w = find<api::Workload>(in.view, key);
  Plan plan;
  if (w == nullptr || w->metadata.deletion_timestamp.is_set()) return plan;
  api::Workload next = *w;
  next.status.contract = contract_of(*w);
  Result<void> made;
  if (!w->spec.template_name.empty()) made = instantiate(*w, next, in, plan);
  const auto* contract = in.view.get<api::Contract>(w->metadata.ns, next.status.contract);
  const std::string stray =
      made && contract != nullptr ? fault_of_roles(next.spec.roles, *contract) : "";
  const bool is_whole = made && stray.empty();
  api::set_condition(next.status.conditions, "Instantiated",
                     is_whole ? ConditionStatus::true_ : ConditionStatus::false_,
                     is_whole ? "Filled"
                     : made   ? "RolesDiffer"
                              : "Invalid",
                     is_whole ? "roles and contract are there"
                     : made   ? stray
                              : made.error().message,
                     w->metadata.generation, in.now);
  const auto instances = instances_of(in.view, w->metadata.ns, w->metadata.name);
  count(next, instances);
  const bool runs =
      next.status.phase == WorkloadPhase::running || next.status.phase == WorkloadPhase::succeeded;
  std::string why = std::to_string(next.status.ready) + " of " +
                    std::to_string(next.status.desired) + " members are ready";
  if (contract == nullptr)
    why = "contract \"" + next.status.contract + "\" does not exist";
  else if (!contract->status.workload.empty() && contract->status.workload != w->metadata.name)
    why = "the work of contract \"" + next.status.contract + "\" is workload \"" +
          contract->status.workload + "\"; delete that one, or name another contract";
  else if (instances.empty())
    why = "contract \"" + next.status.contract + "\" has no instances yet: see freehold why";
  api::set_condition(
      next.status.conditions, "Ready", runs ? ConditionStatus::true_ : ConditionStatus::false_,
      runs ? "MembersReady" : "MembersNotReady", why, w->metadata.generation, in.now);
  if (schema::print(next) != schema::print(*w))
    plan.update(api::Object::of(std::move(next)), revision_of(w->metadata));
  return plan;
}

std::vector<std::string> EndpointController::keys_for(const ledger::Record& record, bool,
                                                      const ledger::View& view) const {
  if (record.object.as<api::Endpoint>()) return {record.object.key()};
  std::vector<std::string> keys;
  const api::ObjectMeta& meta = record.object.meta();
  const auto* instance = record.object.as<api::Instance>();
  if (instance == nullptr && !record.object.as<api::Workload>()) return keys;
  const std::string& workload = instance != nullptr ? instance->spec.workload : meta.name;
  for (const auto* e : view.all<api::Endpoint>(meta.ns)) {
    // An instance may do the work of another by now, and is then taken out.
    const bool is_named =
        instance != nullptr && std::any_of(e->status.addresses.begin(), e->status.addresses.end(),
                                           [&](const auto& a) { return a.instance == meta.name; });
    if (is_named || e->spec.workload == workload)
      keys.push_back(api::kind_of<api::Endpoint>().key(meta.ns, e->metadata.name));
  }
  return keys;
}

Plan EndpointController::plan(std::string_view key, const Input& in) const {
  const auto* e = find<api::Endpoint>(in.view, key);
  Plan plan;
  if (e == nullptr) return plan;
  api::Endpoint next = *e;
  next.status.addresses.clear();
  for (const auto* i : instances_of(in.view, e->metadata.ns, e->spec.workload)) {
    if (!e->spec.role.empty() && i->spec.role != e->spec.role) continue;
    for (const api::PortBinding& port : i->status.ports)
      if (port.name == e->spec.port)
        next.status.addresses.push_back(
            {i->metadata.name, i->spec.node, i->status.address, port.port, i->status.ready});
  }
  const auto ready = std::count_if(next.status.addresses.begin(), next.status.addresses.end(),
                                   [](const auto& a) { return a.ready; });
  const std::string fault =
      fault_of_endpoint(e->spec, in.view.get<api::Workload>(e->metadata.ns, e->spec.workload));
  const bool is_ready = ready > 0 && fault.empty();
  api::set_condition(
      next.status.conditions, "Ready", is_ready ? ConditionStatus::true_ : ConditionStatus::false_,
      is_ready         ? "InstancesReady"
      : !fault.empty() ? "LeadsNowhere"
                       : "NoInstanceReady",
      !fault.empty() ? fault
                     : std::to_string(ready) + " of " +
                           std::to_string(next.status.addresses.size()) + " instances are ready",
      e->metadata.generation, in.now);
  if (schema::print(next) != schema::print(*e))
    plan.update(api::Object::of(std::move(next)), revision_of(e->metadata));
  return plan;
}

}  // namespace freehold::control
