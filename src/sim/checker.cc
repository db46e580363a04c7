#include "sim/checker.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/contract.h"
#include "api/core.h"
#include "api/node.h"
#include "api/registry.h"
#include "api/tenancy.h"
#include "api/workload.h"
#include "audit/verify.h"
#include "base/strings.h"
#include "sim/taken.h"

namespace freehold::sim {

namespace {

std::string name_of(const api::ObjectMeta& meta) {
  return meta.ns.empty() ? meta.name : meta.ns + "/" + meta.name;
}

std::string tenant_of(const ledger::View& view, const std::string& ns) {
  const auto* space = view.get<api::Namespace>({}, ns);
  if (space == nullptr) return {};
  const auto label = space->metadata.labels.find(api::tenant_label);
  return label == space->metadata.labels.end() ? std::string() : label->second;
}

constexpr std::string_view by_hand = "the contract's owner";  // as an Offer says who accepted it

bool offers(const api::Node& node) { return !node.status.allocatable.cpus.empty(); }

std::string check_offer(const ledger::View& view, const api::Offer& offer) {
  const std::string who = "offer " + name_of(offer.metadata);
  std::set<std::string> members;
  size_t count = 0;
  for (const auto* a : view.all<api::Allocation>(offer.metadata.ns)) {
    if (a->spec.offer != offer.metadata.name) continue;
    for (const api::AllocatedMember& m : a->spec.members) {
      members.insert(m.role + "-" + std::to_string(m.index));
      ++count;
    }
  }
  if (count != offer.spec.placement.size() || members.size() != count)
    return who + " places " + std::to_string(offer.spec.placement.size()) +
           " members, its allocations hold " + std::to_string(count);
  const auto* c = view.get<api::Contract>(offer.metadata.ns, offer.spec.contract);
  if (offer.status.phase == api::OfferPhase::held &&
      (c == nullptr || c->status.offer != offer.metadata.name))
    return who + " is held, and contract " + offer.spec.contract + " does not know of it";
  return {};
}

}  // namespace

void Checker::add_machine(Machine& machine) {
  machines_.push_back(&machine);
  machine.on_process([this](const std::string& id) {
    if (!id.empty()) ++counts_.starts;
    if (view_ != nullptr && !world_.violation()) check_processes();
  });
}

void Checker::attach(store::Store& store, const ledger::View& view) {
  view_ = &view;
  if (store.head() < acknowledged_)
    return world_.violate("durability", "revision " + std::to_string(acknowledged_) +
                                            " was acknowledged, the store ends at " +
                                            std::to_string(store.head()));
  auto watch = store.watch(seen_, [this](const store::CommitPtr& commit) { take(commit); });
  if (!watch) return world_.violate("watch", watch.error().to_string());
  watch_ = *std::move(watch);
  check_objects(store);
}

void Checker::detach() {
  watch_.reset();
  view_ = nullptr;
}

void Checker::take(const store::CommitPtr& commit) {
  if (world_.violation()) return;
  ++counts_.commits;
  if (commit->first != seen_ + 1 || commit->last < commit->first ||
      commit->changes.size() != commit->last - commit->first + 1)
    return world_.violate("order", "a watcher at " + std::to_string(seen_) + " was given " +
                                       std::to_string(commit->first) + " to " +
                                       std::to_string(commit->last));
  for (const store::Change& change : commit->changes) {
    world_.mix(change.key);
    if (change.value) world_.mix(*change.value);
    const auto known = objects_.find(change.key);
    const store::Rev before = known == objects_.end() ? 0 : known->second.first;
    if (before != change.previous_rev)
      return world_.violate("order", change.key + " was at " + std::to_string(before) +
                                         ", its change says " +
                                         std::to_string(change.previous_rev));
    if (world_.traces())
      world_.trace("store", std::to_string(change.rev) + (change.value ? " " : " removes ") +
                                change.key + (change.value ? " " + *change.value : ""));
    if (change.value)
      objects_[change.key] = {change.rev, change.value};
    else
      objects_.erase(change.key);
  }
  seen_ = commit->last;
  // History that is told again at the start is older than the view.
  if (view_->rev() == seen_) check_commit(*commit);
}

void Checker::check_commit(const store::Commit& commit) {
  bool capacity = false, gangs = false, processes = false, tenants = false;
  for (const store::Change& change : commit.changes) {
    const api::KeyParts parts = api::parse_key(change.key);
    if (parts.kind == nullptr) continue;
    const bool takes =
        parts.kind == &api::kind_of<api::Allocation>() || parts.kind == &api::kind_of<api::Offer>();
    capacity |= takes || parts.kind == &api::kind_of<api::Node>();
    gangs |= takes || parts.kind == &api::kind_of<api::Contract>();
    processes |= takes || parts.kind == &api::kind_of<api::Instance>();
    tenants |= parts.kind == &api::kind_of<api::Tenant>();
    if (const auto* fresh = parts.kind == &api::kind_of<api::Allocation>() && !change.previous
                                ? view_->get<api::Allocation>(parts.ns, parts.name)
                                : nullptr)
      check_placed(*fresh);
    if (parts.kind != &api::kind_of<api::Offer>()) continue;
    counts_.offers += !change.previous;
    const auto* offer = view_->get<api::Offer>(parts.ns, parts.name);
    counts_.accepted_by_hand +=
        offer != nullptr && offer->status.phase == api::OfferPhase::accepted &&
        offer->status.accepted_by == by_hand &&
        (!change.previous || change.previous->find(by_hand) == std::string::npos);
  }
  counts_.checks += capacity;
  if (capacity) check_capacity();
  if (gangs) {
    check_gangs();
    check_quotas();
  }
  if (processes) check_processes();
  if (tenants) check_user_ids();
}

// Nothing is given of a machine that offers nothing.
void Checker::check_placed(const api::Allocation& fresh) {
  for (const api::AllocatedMember& m : fresh.spec.members)
    if (const auto* node = view_->get<api::Node>({}, m.node); node == nullptr || !offers(*node))
      return world_.violate("capacity", "allocation " + name_of(fresh.metadata) + " is placed on " +
                                            m.node + ", which offers nothing");
}

void Checker::check_capacity() {
  std::string twice;
  const Taken taken = count_taken(*view_, twice);
  if (!twice.empty()) return world_.violate("capacity", twice);
  for (const auto& [name, on] : taken) {
    // What stood on a Node that was deleted stays where it is; the new one offers nothing at first.
    const auto* node = view_->get<api::Node>({}, name);
    if (node == nullptr || !offers(*node)) continue;
    if (const std::string over = exceeds(on, node->status.allocatable); !over.empty())
      return world_.violate("capacity", fmt::format("node {}: {}", name, over));
  }
}

// All members of what an offer holds, or none; and each contract stands on one that holds them.
void Checker::check_gangs() {
  for (const api::Offer* offer : view_->all<api::Offer>()) {
    if (!api::counts(offer->status.phase)) continue;
    const std::string held = check_offer(*view_, *offer);
    if (!held.empty()) return world_.violate("gang", held);
  }
  for (const api::Contract* c : view_->all<api::Contract>()) {
    const auto phase = c->status.phase;
    if (phase < api::ContractPhase::offered || phase > api::ContractPhase::breached) continue;
    const auto* offer = view_->get<api::Offer>(c->metadata.ns, c->status.offer);
    if (offer == nullptr)
      return world_.violate("gang", "contract " + name_of(c->metadata) + " stands on offer \"" +
                                        c->status.offer + "\", which is not there");
  }
}

// What contracts stand on, against what their tenants may hold. Not what is on its way out: old
// members during a replacement, or those of a contract that has settled, are not the tenant's
// doing. All requests are of whole CPUs here.
void Checker::check_quotas() {
  std::map<std::string, int64_t> milli_cpus;
  for (const api::Allocation* a : view_->all<api::Allocation>()) {
    if (a->spec.owner != "freehold" || !is_live(*view_, *a)) continue;
    const auto* c = view_->get<api::Contract>(a->metadata.ns, a->spec.contract);
    if (c == nullptr || c->status.offer != a->spec.offer ||
        c->status.phase == api::ContractPhase::settled)
      continue;
    for (const api::AllocatedMember& m : a->spec.members)
      milli_cpus[tenant_of(*view_, a->metadata.ns)] +=
          1000 *
          static_cast<int64_t>(parse_cpu_list(m.cpus).value_or(std::vector<uint32_t>{}).size());
  }
  for (const auto& [name, held] : milli_cpus) {
    const auto* tenant = view_->get<api::Tenant>({}, name);
    if (tenant == nullptr) continue;
    const auto most = tenant->spec.quota.find("cpu");
    if (most != tenant->spec.quota.end() && held > most->second.value())
      return world_.violate("quota", "tenant " + name + " may hold " + most->second.text() +
                                         " CPUs and holds " + std::to_string(held / 1000));
  }
}

// What runs, runs on what its own allocation gives it, and alone. A machine without a Node, or with
// one that offers nothing yet, may still run what was given to others elsewhere: also alone.
void Checker::check_processes() {
  const std::map<std::string, const api::Instance*> instances = by_uid(*view_);
  for (const Machine* machine : machines_) {
    const auto* node = view_->get<api::Node>({}, machine->name());
    const bool is_offered = node != nullptr && offers(*node);
    std::map<uint32_t, std::string> cpus;
    for (const auto& [id, item] : machine->items()) {
      if (!Machine::runs(item)) continue;
      const std::string who = machine->name() + " runs " + id;
      for (const uint32_t cpu : parse_cpu_list(item.limits.cpus).value_or(std::vector<uint32_t>{}))
        if (const auto other = cpus.emplace(cpu, id); !other.second)
          return world_.violate(
              "run", who + " on CPU " + std::to_string(cpu) + ", as " + other.first->second);
      if (!is_offered) continue;
      const auto found = instances.find(id);
      if (found == instances.end())
        return world_.violate("run", who + ", of which there is no instance");
      const api::Instance& i = *found->second;
      if (const std::string wrong = not_allocated(*view_, i, machine->name(), item.limits);
          !wrong.empty())
        return world_.violate("run", fmt::format("instance {} on {} {}", name_of(i.metadata),
                                                 machine->name(), wrong));
    }
  }
}

void Checker::check_user_ids() {
  std::map<std::string, std::string> owners;
  for (const api::Tenant* t : view_->all<api::Tenant>()) {
    const auto id = t->metadata.annotations.find("freehold.dev/user-id");
    if (id == t->metadata.annotations.end()) continue;
    const auto [other, fresh] = owners.emplace(id->second, t->metadata.name);
    if (!fresh)
      return world_.violate("user", "tenants " + other->second + " and " + t->metadata.name +
                                        " both run as user id " + id->second);
  }
}

void Checker::check_objects(const store::Store& store) {
  const auto page = store.list({});
  if (!page) return world_.violate("list", page.error().to_string());
  if (page->rev != seen_) return;  // pieces of commits are on their way
  auto known = objects_.begin();
  for (const store::Entry& entry : page->entries) {
    if (known == objects_.end() || known->first != entry.key || known->second.first != entry.rev ||
        *known->second.second != *entry.value)
      return world_.violate("durability", entry.key + " is not what watchers were told");
    ++known;
  }
  if (known != objects_.end())
    world_.violate("durability", known->first + " is gone, and watchers were not told");
}

void Checker::check_record(const store::Store& store) {
  std::vector<audit::LogView> logs;
  for (const std::string& origin : store.logs())
    logs.push_back(
        {origin, store.log_size(origin),
         [&store, origin](uint64_t from, size_t limit) -> Result<std::vector<std::string>> {
           std::vector<std::string> leaves;
           for (const store::Leaf& leaf : TRY(store.read_log(origin, from, limit)))
             leaves.push_back(*leaf.data);
           return leaves;
         },
         store.log_root(origin)});
  const auto each = [&](const std::function<void(const audit::ObjectView&)>& tell) {
    const auto page = store.list({});
    if (!page) return world_.violate("list", page.error().to_string());
    for (const store::Entry& e : page->entries) {
      const api::KeyParts parts = api::parse_key(e.key);
      const bool recorded =
          parts.kind != nullptr && parts.kind->persistence == api::Persistence::recorded;
      tell({e.key, e.rev, *e.value, recorded});
    }
  };
  const audit::Report report = audit::verify(logs, each, nullptr);
  if (!report.findings.empty())
    world_.violate("record", report.findings.front().where + ": " + report.findings.front().what);
}

}  // namespace freehold::sim
