#include "control/gc/gc.h"

#include <algorithm>

#include "api/core.h"
#include "api/registry.h"

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

bool owner_lives(const ledger::View& view, const api::ObjectMeta& meta,
                 const api::OwnerReference& owner) {
  const size_t slash = owner.api_version.find('/');
  const bool core = slash == std::string::npos;
  const api::Kind* kind =
      api::find_kind(core ? "" : owner.api_version.substr(0, slash),
                     core ? owner.api_version : owner.api_version.substr(slash + 1), owner.kind);
  if (kind == nullptr) return true;  // not ours to judge
  const auto record = view.find(*kind, meta.ns, owner.name);
  return record && record->object.meta().uid == owner.uid;
}

Plan sweep_namespace(std::string_view name, const Input& in) {
  Plan plan;
  const auto* ns = in.view.get<api::Namespace>({}, name);
  if (ns == nullptr || !ns->metadata.deletion_timestamp.is_set()) return plan;
  size_t left = 0;
  for (const api::Kind* kind : api::kinds()) {
    if (!kind->namespaced) continue;
    in.view.each(kind->key_prefix() + std::string(name) + "/", [&](const ledger::RecordPtr& r) {
      ++left;
      if (plan.ops.size() < sweep) erase(plan, *r, in.now);
      return true;
    });
  }
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

}  // namespace

std::vector<std::string> GarbageController::keys_for(const ledger::Record& record, bool gone,
                                                     const ledger::View& view) const {
  const api::ObjectMeta& meta = record.object.meta();
  std::vector<std::string> keys;
  if (gone)
    keys = view.owned_by(meta.uid);
  else if (!meta.owner_references.empty() || record.object.as<api::Event>())
    keys.push_back(record.object.key());
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
  if (const auto* event = record->object.as<api::Event>()) {
    const Time end = api::last_seen(*event) + event_life;
    if (in.now >= end)
      erase(plan, *record, in.now);
    else
      plan.look_again(end - in.now);
    return plan;
  }
  const api::ObjectMeta& meta = record->object.meta();
  const bool orphan = !meta.owner_references.empty() &&
                      std::none_of(meta.owner_references.begin(), meta.owner_references.end(),
                                   [&](const auto& o) { return owner_lives(in.view, meta, o); });
  if (orphan) erase(plan, *record, in.now);
  return plan;
}

}  // namespace freehold::control
