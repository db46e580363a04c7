#include "control/gc/gc.h"

#include <algorithm>

#include "api/contract.h"
#include "api/core.h"
#include "api/node.h"
#include "api/registry.h"
#include "api/workload.h"
#include "base/strings.h"
#include "control/contract/work.h"

namespace freehold::control {

namespace {

constexpr Duration event_life = hours(1);
constexpr std::string_view namespace_finalizer = "kubernetes";
constexpr size_t sweep = 500;  // objects of one commit

// Deletes now, or asks those who must let go.
void erase(Plan& plan, const ledger::Record& record, Time now) {
  const api::ObjectMeta& meta = record.object.meta();
  if (meta.finalizers.empty()) return plan.remove(record.object, record.rev);
  if (meta.deletion_timestamp.is_set()) return;
  api::Object dying = record.object.clone();
  dying.meta().deletion_timestamp = now;
  plan.update(std::move(dying), record.rev);
}

const api::Kind* kind_of_owner(const api::OwnerReference& owner) {
  const size_t slash = owner.api_version.find('/');
  const bool core = slash == std::string::npos;
  return api::find_kind(core ? "" : owner.api_version.substr(0, slash),
                        core ? owner.api_version : owner.api_version.substr(slash + 1), owner.kind);
}

// Null when it is gone. An owner of a kind that is not ours is not ours to judge either.
ledger::RecordPtr owner_of(const ledger::View& view, const api::ObjectMeta& meta,
                           const api::OwnerReference& owner) {
  const api::Kind* kind = kind_of_owner(owner);
  if (kind == nullptr) return nullptr;
  auto record = view.find(*kind, meta.ns, owner.name);
  return record && record->object.meta().uid == owner.uid ? record : nullptr;
}

bool owner_lives(const ledger::View& view, const api::ObjectMeta& meta,
                 const api::OwnerReference& owner) {
  return kind_of_owner(owner) == nullptr || owner_of(view, meta, owner) != nullptr;
}

bool has_living_owner(const ledger::View& view, const api::ObjectMeta& meta) {
  return std::any_of(meta.owner_references.begin(), meta.owner_references.end(),
                     [&](const auto& owner) { return owner_lives(view, meta, owner); });
}

bool has_finalizer(const api::ObjectMeta& meta, std::string_view name) {
  return std::find(meta.finalizers.begin(), meta.finalizers.end(), name) != meta.finalizers.end();
}

void drop_finalizer(Plan& plan, const ledger::Record& record, std::string_view name) {
  api::Object next = record.object.clone();
  std::erase(next.meta().finalizers, name);
  plan.update(std::move(next), record.rev);
}

// What holds a contract's capacity, or runs on it, goes with the contract in any case: left behind,
// it would hold names and hardware for which nobody answers.
bool can_be_orphaned(const api::Object& dependent) {
  return !dependent.as<api::Offer>() && !dependent.as<api::Allocation>() &&
         !dependent.as<api::Instance>();
}

// Whether an owner that is deleted in the foreground waits for this object.
bool blocks(const api::ObjectMeta& dependent, std::string_view owner_uid) {
  return std::ranges::any_of(dependent.owner_references, [&](const api::OwnerReference& o) {
    return o.uid == owner_uid && o.block_owner_deletion;
  });
}

// Deleted in the foreground: dependents are deleted first, and those that block are waited for.
// Orphaned: they stay, without an owner. Either way after every other finalizer has let go: a
// contract winds down before its offer and its instances are taken from it.
void propagate(Plan& plan, const ledger::Record& owner, std::string_view how, const Input& in) {
  const api::ObjectMeta& meta = owner.object.meta();
  if (meta.finalizers.size() > 1) return;
  size_t left = 0, seen = 0;
  for (const std::string& key : in.view.owned_by(meta.uid)) {
    const auto dependent = in.view.find(key);
    const bool is_foreground = how == api::foreground_finalizer;
    if (!dependent || (!is_foreground && !can_be_orphaned(dependent->object))) continue;
    if (!is_foreground || blocks(dependent->object.meta(), meta.uid)) ++left;
    if (++seen > sweep) continue;
    if (is_foreground) {
      erase(plan, *dependent, in.now);
      continue;
    }
    api::Object freed = dependent->object.clone();
    std::erase_if(freed.meta().owner_references, [&](const auto& o) { return o.uid == meta.uid; });
    plan.update(std::move(freed), dependent->rev);
  }
  if (left == 0) return drop_finalizer(plan, owner, how);
  plan.look_again(seconds(1));
}

Plan sweep_namespace(std::string_view name, const Input& in) {
  Plan plan;
  const auto* ns = in.view.get<api::Namespace>({}, name);
  if (ns == nullptr || !ns->metadata.deletion_timestamp.is_set()) return plan;
  size_t left = 0;
  bool any_dying = false;
  std::vector<ledger::RecordPtr> owned;
  for (const api::Kind* kind : api::kinds()) {
    if (!kind->namespaced) continue;
    in.view.each(kind->key_prefix() + std::string(name) + "/", [&](const ledger::RecordPtr& r) {
      ++left;
      const api::ObjectMeta& meta = r->object.meta();
      any_dying |= meta.deletion_timestamp.is_set();
      // What belongs to something goes after it: an offer holds capacity until its contract has
      // wound down.
      if (has_living_owner(in.view, meta)) {
        if (owned.size() < sweep) owned.push_back(r);
      } else if (plan.ops.size() < sweep) {
        erase(plan, *r, in.now);
      }
      return true;
    });
  }
  // Nothing goes, and nothing is on its way: they own each other, or belong to what is not ours.
  const bool is_stuck = plan.ops.empty() && !any_dying;
  for (const ledger::RecordPtr& r : owned)
    if (is_stuck && can_be_orphaned(r->object)) erase(plan, *r, in.now);
  if (is_stuck && plan.ops.empty())
    for (const ledger::RecordPtr& r : owned) erase(plan, *r, in.now);
  if (left > 0) {
    plan.look_again(seconds(1));
    return plan;
  }
  api::Namespace next = *ns;
  std::erase(next.spec.finalizers, namespace_finalizer);
  std::erase(next.metadata.finalizers, "freehold.dev/namespace");
  if (next.spec.finalizers.empty())
    plan.update(api::Object::of(std::move(next)), revision_of(ns->metadata));
  return plan;
}

// Tokens with which machines join: when this one ends; unset: it is none.
Time end_of_token(const api::Object& object) {
  const auto* secret = object.as<api::Secret>();
  if (secret == nullptr || secret->type != "freehold.dev/join-token") return {};
  const auto expires = secret->data.find("expires");
  if (expires == secret->data.end()) return {};
  return parse_rfc3339(expires->second.data).value_or(Time{});
}

// Gone once `end` has come.
Plan until(Time end, const ledger::Record& record, const Input& in) {
  Plan plan;
  if (in.now >= end)
    erase(plan, record, in.now);
  else
    plan.look_again(end - in.now);
  return plan;
}

}  // namespace

std::vector<std::string> GarbageController::keys_for(const ledger::Record& record, bool gone,
                                                     const ledger::View& view) const {
  const api::ObjectMeta& meta = record.object.meta();
  std::vector<std::string> keys;
  if (gone)
    keys = view.owned_by(meta.uid);
  else if (!meta.owner_references.empty() || record.object.as<api::Event>() ||
           end_of_token(record.object).is_set() || meta.deletion_timestamp.is_set())
    keys.push_back(record.object.key());
  // An owner that waits for its dependents.
  for (const api::OwnerReference& owner : meta.owner_references)
    if (const auto waiting = owner_of(view, meta, owner);
        waiting && waiting->object.meta().deletion_timestamp.is_set())
      keys.push_back(waiting->object.key());
  if (gone && record.object.as<api::Node>())
    for (const api::Instance* i : view.all<api::Instance>())
      if (i->spec.node == meta.name)
        keys.push_back(api::kind_of<api::Instance>().key(i->metadata.ns, i->metadata.name));
  if (record.object.as<api::Namespace>()) keys.push_back(record.object.key() + "/");
  return keys;
}

Plan GarbageController::plan(std::string_view key, const Input& in) const {
  if (key.ends_with('/')) {
    const api::KeyParts parts = api::parse_key(key.substr(0, key.size() - 1));
    return sweep_namespace(parts.name, in);
  }
  Plan plan;
  const auto record = in.view.find(key);
  if (!record) return plan;
  if (const auto* event = record->object.as<api::Event>())
    return until(api::last_seen(*event) + event_life, *record, in);
  if (const Time end = end_of_token(record->object); end.is_set()) return until(end, *record, in);
  const api::ObjectMeta& meta = record->object.meta();
  if (!meta.owner_references.empty() && !has_living_owner(in.view, meta)) {
    erase(plan, *record, in.now);
    if (!plan.ops.empty()) return plan;
  }
  if (!meta.deletion_timestamp.is_set()) return plan;
  // The operator took the machine out of the fleet: there is no agent to let go of what was there.
  const auto* instance = record->object.as<api::Instance>();
  if (instance != nullptr && has_finalizer(meta, agent_finalizer) &&
      in.view.get<api::Node>({}, instance->spec.node) == nullptr) {
    const Time due = meta.deletion_timestamp + node_gone_grace;
    if (in.now < due) {
      plan.look_again(due - in.now);
      return plan;
    }
    drop_finalizer(plan, *record, agent_finalizer);
    return plan;
  }
  for (const std::string_view how : {api::foreground_finalizer, api::orphan_finalizer})
    if (plan.ops.empty() && has_finalizer(meta, how)) propagate(plan, *record, how, in);
  return plan;
}

}  // namespace freehold::control
