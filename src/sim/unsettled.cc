// What the world must come to once nothing fails any more.
#include <algorithm>

#include "api/contract.h"
#include "api/core.h"
#include "api/workload.h"
#include "control/contract/work.h"
#include "sim/checker.h"
#include "sim/taken.h"

namespace freehold::sim {

namespace {

using api::ContractPhase;
using api::InstancePhase;

std::string named(std::string_view kind, const api::ObjectMeta& meta) {
  return std::string(kind) + " " + (meta.ns.empty() ? "" : meta.ns + "/") + meta.name;
}

bool has_ended(const api::Instance& i) {
  return i.status.phase == InstancePhase::succeeded || i.status.phase == InstancePhase::failed ||
         i.status.phase == InstancePhase::stopped;
}

// Steady: it stays so until somebody wants something else, or until time or capacity allow more.
std::string unsettled_contract(const ledger::View& view, const api::Contract& c) {
  const std::string who = named("contract", c.metadata);
  switch (c.status.phase) {
    case ContractPhase::reserved:
      if (const auto* proven = api::find_condition(c.status.conditions, "Proven");
          proven != nullptr && proven->reason == control::waiting_for_workload)
        return {};
      return who + " is still reserved";
    case ContractPhase::testing:
    case ContractPhase::settling:
      return who + " is still " + api::enum_text(c.status.phase);
    case ContractPhase::offered:
      if (c.spec.accept.mode == api::AcceptMode::automatic && !c.spec.accept.max_price.is_set())
        return who + " is still offered";
      return {};
    case ContractPhase::active:
    case ContractPhase::breached:
      break;
    default:
      return {};
  }
  size_t members = 0;
  for (const auto* i : view.owned<api::Instance>(c.metadata.uid)) {
    if (i->spec.generation != c.status.generation) {
      // Old members leave once the new ones run.
      return who + " still has " + i->metadata.name + " of an older placement";
    }
    ++members;
    const bool runs = i->spec.run.command.empty() ? i->status.phase == InstancePhase::prepared
                                                  : i->status.phase == InstancePhase::running;
    if (!runs && !has_ended(*i))
      return who + ": instance " + i->metadata.name + " is " + api::enum_text(i->status.phase);
  }
  const auto* offer = view.get<api::Offer>(c.metadata.ns, c.status.offer);
  if (offer != nullptr && members != offer->spec.placement.size())
    return who + " has " + std::to_string(members) + " of " +
           std::to_string(offer->spec.placement.size()) + " members";
  return {};
}

// Capacity that nobody will give back.
std::string leaked(const ledger::View& view, const api::Offer& offer) {
  if (!api::counts(offer.status.phase)) return {};
  const auto* c = view.get<api::Contract>(offer.metadata.ns, offer.spec.contract);
  if (c != nullptr && c->status.offer == offer.metadata.name &&
      c->status.phase != ContractPhase::settled)
    return {};
  return named("offer", offer.metadata) + " is " + api::enum_text(offer.status.phase) +
         " and no contract stands on it";
}

}  // namespace

std::string Checker::unsettled() const {
  if (view_ == nullptr) return "the server is down";
  std::string dying;
  view_->each("/", [&](const ledger::RecordPtr& record) {
    const api::ObjectMeta& meta = record->object.meta();
    if (meta.deletion_timestamp.is_set()) dying = named(record->object.kind().name, meta);
    return dying.empty();
  });
  if (!dying.empty()) return dying + " was deleted and is still there";
  for (const Machine* machine : machines_)
    if (view_->get<api::Node>({}, machine->name()) == nullptr)
      return machine->name() + " has no node";
  for (const auto* node : view_->all<api::Node>())
    if (!api::is_true(node->status.conditions, "Ready"))
      return named("node", node->metadata) + " is not ready";
  for (const auto* c : view_->all<api::Contract>())
    if (std::string why = unsettled_contract(*view_, *c); !why.empty()) return why;
  for (const auto* offer : view_->all<api::Offer>())
    if (std::string why = leaked(*view_, *offer); !why.empty()) return why;
  for (const auto* a : view_->all<api::Allocation>())
    if (a->spec.owner == "freehold" &&
        view_->get<api::Contract>(a->metadata.ns, a->spec.contract) == nullptr)
      return named("allocation", a->metadata) + " has outlived its contract";
  const auto instances = by_uid(*view_);
  for (const auto& [id, i] : instances) {
    if (i->status.phase != InstancePhase::running) continue;
    const auto at = std::find_if(machines_.begin(), machines_.end(),
                                 [&](const Machine* m) { return m->name() == i->spec.node; });
    if (at == machines_.end()) continue;
    const auto item = (*at)->items().find(id);
    if (item == (*at)->items().end() || !Machine::runs(item->second))
      return named("instance", i->metadata) + " is said to run on " + i->spec.node +
             ", where it does not";
  }
  for (const Machine* machine : machines_)
    for (const auto& [id, item] : machine->items())
      if (const auto found = instances.find(id);
          Machine::runs(item) && (found == instances.end() || found->second->spec.stop))
        return machine->name() + " still runs " + id + ", which nobody wants";
  return {};
}

}  // namespace freehold::sim
