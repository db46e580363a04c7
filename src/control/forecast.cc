#include "control/forecast.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "api/catalog.h"
#include "api/tenancy.h"
#include "api/workload.h"
#include "control/contract/contract.h"
#include "control/tenant/tenant.h"
#include "control/workload/workload.h"
#include "fleet/objects.h"

namespace freehold::control {

namespace {

// From a contract that holds an offer to one that holds another, in half of these.
constexpr int most_steps = 8;

// Beyond it agents have the word.
bool is_reserved(const api::Object& object) {
  const auto* contract = object.as<api::Contract>();
  return contract != nullptr && contract->status.phase >= api::ContractPhase::reserved;
}

}  // namespace

Forecast::Forecast(const Input& now, const std::vector<const api::Object*>& set)
    : now_(now), view_(now.view), fleet_(now.fleet.fork()) {
  std::vector<std::string> tenants, workloads;
  for (const api::Object* one : set) {
    api::Object object = *one;
    const auto before = view_.find(object.key());
    // Who waits for a change goes on waiting when there is none.
    if (before != nullptr &&
        !schema::equal(*object.kind().type, before->object.data(), object.data()))
      ++object.meta().generation;
    if (object.as<api::Tenant>() != nullptr) tenants.push_back(object.key());
    if (object.as<api::Workload>() != nullptr) workloads.push_back(object.key());
    put(std::move(object));
  }
  for (const std::string& key : tenants) run(TenantController(), key);
  for (const std::string& key : workloads) run(WorkloadController(), key);
  // Those of the set, and those that its workloads made.
  const ContractController controller;
  std::vector<std::pair<int64_t, std::string>> contracts;
  for (const api::Contract* c : view_.all<api::Contract>()) {
    const std::string key = api::kind_of<api::Contract>().key(c->metadata.ns, c->metadata.name);
    const auto before = now.view.find(key);
    if (before == nullptr || before != view_.find(key))
      contracts.emplace_back(-controller.urgency(key, view_), key);
  }
  std::sort(contracts.begin(), contracts.end());
  for (const auto& [urgency, key] : contracts) run(controller, key);
}

Input Forecast::input() const {
  return {view_, fleet_, now_.ledger, now_.heartbeats, now_.now, now_.uptime};
}

void Forecast::run(const Controller& controller, const std::string& key) {
  for (int step = 0; step < most_steps; ++step) {
    const auto record = view_.find(key);
    if (record == nullptr || is_reserved(record->object)) return;
    Plan plan = controller.plan(key, input());
    if (plan.ops.empty()) return;
    for (ledger::Op& op : plan.ops)
      op.type == ledger::OpType::remove ? remove(op.object) : put(std::move(op.object));
  }
}

void Forecast::put(api::Object object) {
  api::ObjectMeta& meta = object.meta();
  const std::string key = object.key();
  if (meta.uid.empty()) meta.uid = "forecast-" + std::to_string(++made_);
  if (!meta.creation_timestamp.is_set()) meta.creation_timestamp = now_.now;
  if (meta.generation == 0) meta.generation = 1;
  if (meta.resource_version.empty()) meta.resource_version = std::to_string(view_.rev());
  auto record = std::make_shared<const ledger::Record>(ledger::Record{std::move(object), {}, 0, 0});
  const api::Object& after = record->object;
  view_.put(key, record);
  if (fleet::is_fleet_kind(after.kind())) fleet::put_object(fleet_, after);
  if (const auto* allocation = after.as<api::Allocation>()) fleet_.occupy(key, allocation->spec);
  if (const auto* offer = after.as<api::Offer>(); offer && !api::counts(offer->status.phase))
    for (const auto* a : view_.all<api::Allocation>(offer->metadata.ns))
      if (a->spec.offer == offer->metadata.name)
        fleet_.release(api::kind_of<api::Allocation>().key(a->metadata.ns, a->metadata.name));
}

void Forecast::remove(const api::Object& object) {
  const std::string key = object.key();
  if (object.as<api::Allocation>() != nullptr) fleet_.release(key);
  view_.erase(key);
}

}  // namespace freehold::control
