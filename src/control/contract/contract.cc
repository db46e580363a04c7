#include "control/contract/contract.h"

#include <algorithm>

#include "api/catalog.h"
#include "api/core.h"
#include "api/site.h"
#include "api/tenancy.h"
#include "audit/merkle.h"
#include "control/contract/heard.h"
#include "control/contract/instances.h"
#include "control/contract/work.h"

namespace freehold::control {

void Work::condition(std::string_view type, api::ConditionStatus value, std::string_view reason,
                     std::string_view message) {
  api::set_condition(next.status.conditions, type, value, reason, message,
                     before.metadata.generation, in.now);
}

void Work::note(std::string_view type, std::string_view reason, std::string message) {
  plan.notes.push_back(
      {api::Object::of(before), std::string(type), std::string(reason), std::move(message)});
}

api::ObjectMeta Work::owned(std::string object_name) const {
  api::ObjectMeta meta;
  meta.name = std::move(object_name);
  meta.ns = before.metadata.ns;
  meta.owner_references.push_back({api::kind_of<api::Contract>().api_version(), "Contract",
                                   before.metadata.name, before.metadata.uid, true, true});
  return meta;
}

const api::Offer* Work::offer() const {
  return next.status.offer.empty() ? nullptr : in.view.get<api::Offer>(ns(), next.status.offer);
}

std::vector<const api::Instance*> Work::instances() const {
  return in.view.owned<api::Instance>(before.metadata.uid);
}

std::vector<const api::Allocation*> Work::allocations() const {
  auto all = in.view.owned<api::Allocation>(before.metadata.uid);
  std::erase_if(all, [&](const auto* a) { return a->spec.offer != next.status.offer; });
  return all;
}

void Work::set_offer_phase(const api::Offer& offer, api::OfferPhase phase) {
  api::Offer changed = offer;
  changed.status.phase = phase;
  if (phase == api::OfferPhase::accepted) {
    changed.status.accepted_at = in.now;
    changed.status.accepted_by = before.spec.accept.mode == api::AcceptMode::automatic
                                     ? "automatic acceptance"
                                     : "the contract's owner";
  }
  plan.update(api::Object::of(std::move(changed)), revision_of(offer.metadata));
}

bool Work::release_unused(std::string_view kept) {
  bool all_released = true;
  for (const api::Offer* offer : in.view.owned<api::Offer>(before.metadata.uid)) {
    if (offer->metadata.name == kept || !api::counts(offer->status.phase)) continue;
    all_released = false;
    const auto all = instances();
    const bool used = std::any_of(all.begin(), all.end(), [&](const api::Instance* i) {
      return i->spec.offer == offer->metadata.name;
    });
    const std::string key = api::Object::of(*offer).key();
    const bool planned = std::any_of(plan.ops.begin(), plan.ops.end(),
                                     [&](const auto& op) { return op.object.key() == key; });
    if (!used && !planned) set_offer_phase(*offer, api::OfferPhase::released);
  }
  return all_released;
}

void Work::forget_let_go() {
  constexpr size_t most = 16;  // at a time
  auto let_go = in.view.owned<api::Offer>(before.metadata.uid);
  std::erase_if(let_go, [&](const auto* o) {
    return api::counts(o->status.phase) || o->metadata.name == next.status.offer;
  });
  std::sort(let_go.begin(), let_go.end(), [](const auto* a, const auto* b) {
    return revision_of(a->metadata) < revision_of(b->metadata);
  });
  if (!let_go.empty()) let_go.pop_back();
  if (let_go.size() > most) let_go.resize(most);
  for (const api::Offer* offer : let_go) {
    for (const auto* a : in.view.owned<api::Allocation>(before.metadata.uid))
      if (a->spec.offer == offer->metadata.name) erase(*a);
    erase(*offer);
  }
}

std::string request_digest(const api::ContractSpec& spec) {
  api::ContractSpec request = spec;
  request.accept = {};
  request.release = false;
  return audit::to_hex(audit::sha256(schema::print(request))).substr(0, 32);
}

namespace {

// What an attempt rests on beside the contract: how the message about one that failed begins.
std::string tried_with(const Work& work) {
  const api::Workload* workload = bound_workload(work.in.view, work.before);
  if (workload == nullptr) return "without a workload: ";
  return "with workload \"" + workload->metadata.name + "\" of generation " +
         std::to_string(workload->metadata.generation) + ": ";
}

}  // namespace

bool is_known_invalid(const Work& work, const api::Condition* said) {
  return said != nullptr && said->reason == "Invalid" &&
         said->observed_generation == work.before.metadata.generation &&
         said->message.starts_with(tried_with(work));
}

namespace {

std::string fault_in(const api::Object& object) {
  schema::Errors errors;
  api::validate(object, errors);
  if (errors.empty()) return {};
  return errors.to_error(object.kind().name, object.meta().name).message;
}

// What is wrong with what would be made or changed; empty: nothing. Once it is there, no later
// write of it would be taken, and what it holds would be held for good. What is there already and
// as wrong goes its way.
std::string fault_in(const Plan& plan, const ledger::View& view) {
  for (const ledger::Op& op : plan.ops) {
    if (op.type == ledger::OpType::remove) continue;
    std::string fault = fault_in(op.object);
    if (fault.empty()) continue;
    const auto before = view.find(op.object.key());
    if (!before || fault_in(before->object).empty()) return fault;
  }
  return {};
}

// Nothing of the plan is done but to say why, and to give back what nothing runs on.
void give_up_plan(Work& work, const std::string& fault) {
  work.plan = {};
  work.next = work.before;
  work.plan.look_again(invalid_pause);
  // What is there goes on, and says so itself once nothing is wrong any more.
  const bool has_members = !work.instances().empty();
  const std::string_view type = has_members ? "Active" : "Reserved";
  const std::string message = tried_with(work) + fault;
  if (!is_known_invalid(work, api::find_condition(work.before.status.conditions, type)))
    work.note("Warning", "Invalid", message);
  work.condition(type, api::ConditionStatus::false_, "Invalid", message);
  if (has_members) return;
  if (!work.status().offer.empty())
    work.condition("Offered", api::ConditionStatus::false_, "GivenBack",
                   "its hardware was given back");
  work.status().phase = api::ContractPhase::pending;
  work.status().offer.clear();
}

}  // namespace

std::vector<std::string> ContractController::keys_for(const ledger::Record& record, bool gone,
                                                      const ledger::View& view) const {
  const api::Object& o = record.object;
  const auto& kind = api::kind_of<api::Contract>();
  const std::string& ns = o.meta().ns;
  if (o.as<api::Contract>()) return {o.key()};
  if (const auto* instance = o.as<api::Instance>()) return {kind.key(ns, instance->spec.contract)};
  if (const auto* w = o.as<api::Workload>())
    return {kind.key(ns, w->spec.contract.empty() ? w->metadata.name : w->spec.contract)};
  // What may let a waiting contract find its place, its tenant or its price.
  const bool matters = o.as<api::Node>() || o.as<api::Allocation>() || o.as<api::PriceBook>() ||
                       o.as<api::Site>() || o.as<api::Tenant>() || o.as<api::Namespace>() ||
                       o.as<api::HardwareProfile>() || o.as<api::PowerDomain>() ||
                       o.as<api::PriorityClass>();
  std::vector<std::string> keys;
  const auto* offer = o.as<api::Offer>();
  if (offer != nullptr) keys.push_back(kind.key(ns, offer->spec.contract));
  // A machine that is gone or silent.
  const auto* node = o.as<api::Node>();
  if (node != nullptr && (gone || !api::is_true(node->status.conditions, "Ready")))
    for (const api::Instance* i : view.all<api::Instance>())
      if (i->spec.node == o.meta().name) keys.push_back(kind.key(i->metadata.ns, i->spec.contract));
  const bool frees = offer != nullptr && (gone || !api::counts(offer->status.phase));
  if (!matters && !frees) return keys;
  for (const api::Contract* c : view.all<api::Contract>())
    if (c->status.phase == api::ContractPhase::pending ||
        c->status.phase == api::ContractPhase::refused)
      keys.push_back(kind.key(c->metadata.ns, c->metadata.name));
  return keys;
}

int64_t ContractController::urgency(std::string_view key, const ledger::View& view) const {
  const auto* contract = find<api::Contract>(view, key);
  if (contract == nullptr || contract->spec.priority.empty()) return 0;
  const auto* priority = view.get<api::PriorityClass>({}, contract->spec.priority);
  return priority == nullptr ? 0 : priority->spec.value;
}

Plan ContractController::plan(std::string_view key, const Input& input) const {
  const auto* contract = find<api::Contract>(input.view, key);
  if (contract == nullptr) return {};
  Work work(input, *contract);
  auto& finalizers = work.next.metadata.finalizers;
  const bool dying = contract->metadata.deletion_timestamp.is_set();
  if (!dying &&
      std::find(finalizers.begin(), finalizers.end(), settle_finalizer) == finalizers.end())
    finalizers.emplace_back(settle_finalizer);
  if (wants_end(work)) {
    step_settle(work);
  } else {
    note_uncharged(work);
    switch (contract->status.phase) {
      case api::ContractPhase::pending:
      case api::ContractPhase::refused:
        step_pending(work);
        break;
      case api::ContractPhase::offered:
        step_offered(work);
        break;
      case api::ContractPhase::active:
      case api::ContractPhase::breached:
        step_reserved(work);
        break;
      case api::ContractPhase::reserved:
      case api::ContractPhase::testing:
        step_reserved(work);
        break;
      case api::ContractPhase::settling:
      case api::ContractPhase::settled:
        step_settle(work);
        break;
    }
  }
  if (const std::string fault = fault_in(work.plan, input.view); !fault.empty())
    give_up_plan(work, fault);
  const bool has_settled = work.next.status.phase == api::ContractPhase::settled;
  work.release_unused(has_settled ? std::string_view() : work.next.status.offer);
  if (!dying) work.forget_let_go();
  if (schema::print(work.next) != schema::print(*contract))
    work.plan.update(api::Object::of(work.next), revision_of(contract->metadata));
  return std::move(work.plan);
}

}  // namespace freehold::control
