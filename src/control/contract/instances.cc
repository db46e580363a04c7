#include "control/contract/instances.h"

#include <algorithm>

#include "api/instance_name.h"
#include "api/measured.h"
#include "api/tenancy.h"
#include "api/user_id.h"
#include "audit/merkle.h"
#include "base/strings.h"
#include "control/tenant/user_id.h"

namespace freehold::control {

namespace {

constexpr int64_t default_processes = 1024;

const api::ContractRole* role_of(const api::ContractSpec& spec, std::string_view name) {
  for (const api::ContractRole& r : spec.roles)
    if (r.name == name) return &r;
  return nullptr;
}

// `plain`, unless that is too long or is taken by a member of another contract: "a" with role "1-b"
// and "a-1" with role "b" come to the same. Then a digest of whose it is makes it unique; it stays
// what it is once it is there.
std::string member_name(const Work& work, const std::string& plain) {
  constexpr size_t digest_size = 10;
  const std::string& uid = work.before.metadata.uid;
  const auto owner_of = [&](const std::string& name) -> const api::OwnerReference* {
    const auto* i = work.in.view.get<api::Instance>(work.ns(), name);
    return i == nullptr || i->metadata.owner_references.empty()
               ? nullptr
               : &i->metadata.owner_references.front();
  };
  const bool fits = plain.size() <= longest_name;
  const auto* owner = fits ? owner_of(plain) : nullptr;
  if (owner != nullptr && owner->uid == uid) return plain;
  std::string own = plain.substr(0, longest_name - digest_size - 1);
  while (own.ends_with('-') || own.ends_with('.')) own.pop_back();
  own += "-" + audit::to_hex(audit::sha256(uid + "/" + plain)).substr(0, digest_size);
  const auto* of_own = owner_of(own);
  if (!fits || (of_own != nullptr && of_own->uid == uid)) return own;
  // One of an earlier contract of this name is on its way out.
  const bool is_free =
      owner == nullptr && work.in.view.get<api::Instance>(work.ns(), plain) == nullptr;
  return is_free || (owner != nullptr && owner->name == work.name()) ? plain : own;
}

// As much of a name as a label's value takes: longer names are cut, and it does not end in what
// joins the parts of a name.
std::string label_of(const std::string& name) {
  constexpr size_t longest_label = 63;
  std::string label = name.substr(0, longest_label);
  while (label.ends_with('-') || label.ends_with('.')) label.pop_back();
  return label;
}

api::Limits limits_for(const api::ContractRole& role, const api::AllocatedMember& member) {
  api::Limits limits;
  // Whole CPUs are bound by the CPU set; a fraction of one needs a quota as well.
  if (role.each.cpu.value() % 1000 != 0) limits.cpu_milli = role.each.cpu.value();
  for (const api::MemoryShare& share : member.memory) limits.memory_bytes += share.bytes;
  limits.processes = role.each.processes > 0 ? role.each.processes : default_processes;
  return limits;
}

}  // namespace

std::vector<api::Measure> measures_for(const api::Contract& contract) {
  std::vector<api::Measure> measures;
  const auto want = [&](const api::Measure& wanted) {
    for (api::Measure& m : measures)
      if (m.metric == wanted.metric && m.quantile == wanted.quantile && m.window == wanted.window) {
        m.assessed_until = std::min(m.assessed_until, wanted.assessed_until);
        return;
      }
    measures.push_back(wanted);
  };
  for (size_t i = 0; i < contract.spec.guarantees.size(); ++i) {
    const api::Guarantee& g = contract.spec.guarantees[i];
    Time until;
    if (i < contract.status.guarantees.size()) until = contract.status.guarantees[i].assessed_until;
    want({g.metric, g.quantile, g.window, g.measured_by, until});
    for (const auto& [metric, condition] : g.when)
      want({metric, 0, g.window,
            api::is_measured_by_agent(metric) ? api::MeasuredBy::agent : api::MeasuredBy::workload,
            until});
  }
  return measures;
}

const api::Workload* bound_workload(const ledger::View& view, const api::Contract& contract) {
  const api::Workload* oldest = nullptr;
  for (const api::Workload* w : view.all<api::Workload>(contract.metadata.ns)) {
    const std::string& names = w->spec.contract.empty() ? w->metadata.name : w->spec.contract;
    if (names != contract.metadata.name || w->metadata.deletion_timestamp.is_set()) continue;
    if (w->spec.roles.empty()) continue;  // its template has not been filled in yet
    if (oldest == nullptr || w->metadata.creation_timestamp < oldest->metadata.creation_timestamp)
      oldest = w;
  }
  return oldest;
}

std::map<std::string, api::Instance> wanted_instances(const Work& work) {
  std::map<std::string, api::Instance> wanted;
  const api::Contract& c = work.next;
  const api::Workload* workload = bound_workload(work.in.view, c);
  const std::string tenant = tenant_of(work.in.view, work.ns());
  const int64_t user_id = user_id_of(work.in.view, tenant).value_or(0);
  for (const api::Allocation* a : work.allocations()) {
    for (const api::AllocatedMember& m : a->spec.members) {
      const api::ContractRole* role = role_of(c.spec, m.role);
      if (role == nullptr) continue;
      api::Instance i;
      i.metadata = work.owned(member_name(work, api::instance_name(c.status.offer, m)));
      i.metadata.finalizers.emplace_back(agent_finalizer);
      i.spec.contract = c.metadata.name;
      i.spec.offer = c.status.offer;
      i.spec.allocation = a->metadata.name;
      i.spec.role = m.role;
      i.spec.tenant = tenant;
      i.spec.node = m.node;
      i.spec.member = m.index;
      i.spec.generation = c.status.generation;
      i.spec.cpus = m.cpus;
      i.spec.memory = m.memory;
      i.spec.devices = m.devices;
      i.spec.limits = limits_for(*role, m);
      i.spec.user_id = user_id;
      i.spec.acceptance = c.spec.acceptance;
      i.spec.measures = measures_for(c);
      if (workload != nullptr) {
        i.spec.workload = workload->metadata.name;
        i.spec.workload_uid = workload->metadata.uid;
        i.metadata.labels["freehold.dev/workload"] = label_of(workload->metadata.name);
        for (const api::WorkloadRole& r : workload->spec.roles)
          if (r.name == m.role) i.spec.run = r.run;
      }
      wanted.emplace(i.metadata.name, std::move(i));
    }
  }
  return wanted;
}

bool keep_instances(Work& work, const std::map<std::string, api::Instance>& wanted) {
  bool whole = true;
  for (const auto& [name, want] : wanted) {
    const auto* have = work.in.view.get<api::Instance>(work.ns(), name);
    if (have == nullptr) {
      whole = false;
      // Whatever led here: work without a user of its tenant's would be root's.
      if (!api::is_tenant_user_id(want.spec.user_id)) continue;
      work.plan.create(api::Object::of(want));
      continue;
    }
    if (have->metadata.owner_references.empty() ||
        have->metadata.owner_references.front().uid != work.before.metadata.uid) {
      whole = false;  // of a contract of this name that is on its way out
      continue;
    }
    api::Instance next = *have;
    // The first command of a reservation starts by itself; any other one replaces what runs.
    const bool had_command = !have->spec.run.command.empty();
    const bool runs_anew = schema::print(have->spec.run) != schema::print(want.spec.run);
    next.spec.workload = want.spec.workload;
    next.spec.workload_uid = want.spec.workload_uid;
    next.spec.run = want.spec.run;
    next.spec.measures = want.spec.measures;
    next.metadata.labels = want.metadata.labels;
    // The gate opened for an empty reservation: the work that comes to it starts together, too.
    if (!had_command && !want.spec.run.command.empty()) next.spec.gate_open = false;
    if (runs_anew && had_command) ++next.spec.restart_epoch;
    if (schema::print(next.spec) != schema::print(have->spec))
      work.plan.update(api::Object::of(std::move(next)), revision_of(have->metadata));
  }
  return whole;
}

}  // namespace freehold::control
