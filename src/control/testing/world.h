// World: a store in memory, a ledger, all controllers, and machines whose agents are played by the
// test's own hand, in virtual time.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "api/core.h"
#include "api/tenancy.h"
#include "api/workload.h"
#include "base/log.h"
#include "control/contract/work.h"
#include "control/shell.h"
#include "fleet/testing/fleet_of.h"
#include "store/memory.h"
#include "store/test_runtime.h"

namespace freehold::control::testing {

class World {
 public:
  World() {
    set_log_sink([](const LogRecord&) {});
    start();
  }
  ~World() { set_log_sink(nullptr); }

  // As after a crash of the control plane: the same store, everything else anew.
  void start() {
    shell.reset();
    ledger.reset();
    store.reset();
    heartbeats = {};
    store = store::open_memory(runtime, disk);
    ledger = ledger::Ledger::open(runtime, *store, {"example", "fra1", "", ""}).value();
    shell = std::make_unique<Shell>(runtime, *ledger, heartbeats, all_controllers());
    shell->start();
  }

  // Time passes; agents act every half second.
  void pass(Duration time) {
    const Duration end = runtime.uptime() + time;
    while (runtime.uptime() < end) {
      act();
      const Duration next = runtime.uptime() + milliseconds(500);
      runtime.after(milliseconds(500), [] {});
      runtime.run_until([&] { return runtime.uptime() >= next; });
      if (watch_over) watch_over();
    }
  }
  std::function<void()> watch_over;  // an invariant, looked at again and again

  Result<ledger::Committed> submit(ledger::Op op) {
    ledger::Change change;
    change.ops.push_back(std::move(op));
    std::optional<Result<ledger::Committed>> outcome;
    ledger->submit(std::move(change), [&](Result<ledger::Committed> r) { outcome = std::move(r); });
    runtime.run_until([&] { return outcome.has_value(); });
    return std::move(*outcome);
  }
  template <class T>
  void create(T object) {
    const auto done = submit({ledger::OpType::create, api::Object::of(std::move(object)), 0, {}});
    CHECK(done.ok(), "the test's object was refused");
  }
  template <class T>
  void edit(std::string_view ns, std::string_view name, const std::function<void(T&)>& how) {
    for (int attempt = 0; attempt < 10; ++attempt) {
      const T* before = get<T>(ns, name);
      CHECK(before != nullptr, "nothing to edit");
      T next = *before;
      how(next);
      if (submit({ledger::OpType::update,
                  api::Object::of(std::move(next)),
                  revision_of(before->metadata),
                  {}})
              .ok())
        return;
    }
    CHECK(false, "the edit was refused");
  }
  template <class T>
  const T* get(std::string_view ns, std::string_view name) const {
    return ledger->view().get<T>(ns, name);
  }
  // As `kubectl delete --cascade=…` marks it.
  template <class T>
  void mark_deleted(std::string_view ns, std::string_view name, std::string_view finalizer = {}) {
    edit<T>(ns, name, [&](T& object) {
      if (!finalizer.empty()) object.metadata.finalizers.emplace_back(finalizer);
      object.metadata.deletion_timestamp = runtime.now();
    });
  }

  void machines(std::string_view text) {
    int64_t number = 0;
    for (const fleet::testing::Machine& machine : fleet::testing::machines(text)) {
      create(fleet::testing::profile_of(machine));
      for (int64_t i = 0; i < machine.nodes; ++i)
        create(fleet::testing::node_of(machine, "n" + std::to_string(++number)));
    }
  }
  void tenant(std::string name, std::string_view cpu_quota = {}) {
    api::Tenant t;
    t.metadata.name = name;
    if (!cpu_quota.empty())
      t.spec.quota["cpu"] = Quantity::parse(cpu_quota, Dimension::number).value();
    create(std::move(t));
    api::Namespace ns;
    ns.metadata.name = name;
    ns.metadata.labels[std::string(api::tenant_label)] = name;
    create(std::move(ns));
  }
  static api::Contract contract(std::string ns, std::string name, std::string_view cpu,
                                int64_t count = 1) {
    api::Contract c;
    c.metadata.ns = std::move(ns);
    c.metadata.name = std::move(name);
    api::ContractRole& role = c.spec.roles.emplace_back();
    role.name = "main";
    role.count = count;
    role.each.cpu = Quantity::parse(cpu, Dimension::number).value();
    role.each.memory = Quantity::parse("1Gi", Dimension::bytes).value();
    return c;
  }
  static api::Workload workload(std::string ns, std::string name) {
    api::Workload w;
    w.metadata.ns = std::move(ns);
    w.metadata.name = std::move(name);
    api::WorkloadRole& role = w.spec.roles.emplace_back();
    role.name = "main";
    role.run.command = {"serve"};
    return w;
  }
  api::ContractPhase phase(std::string_view ns, std::string_view name) const {
    return get<api::Contract>(ns, name)->status.phase;
  }
  bool holds_capacity(std::string_view offer, std::string_view ns = "a") const {
    const auto* o = get<api::Offer>(ns, offer);
    return o != nullptr && api::counts(o->status.phase);
  }

  TestRuntime runtime;
  std::shared_ptr<store::MemoryDisk> disk = store::make_disk();
  std::unique_ptr<store::Store> store;
  std::unique_ptr<ledger::Ledger> ledger;
  Heartbeats heartbeats;
  std::unique_ptr<Shell> shell;
  std::set<std::string> silent;  // nodes whose agents are gone
  std::function<void(api::InstanceStatus&, const api::Instance&)> report;  // beyond the usual

 private:
  void act() {
    for (const api::Node* node : ledger->view().all<api::Node>())
      if (!silent.contains(node->metadata.name))
        heartbeats.renewed(node->metadata.name, runtime.uptime());
    std::vector<api::Instance> all;
    for (const api::Instance* i : ledger->view().all<api::Instance>())
      if (!silent.contains(i->spec.node)) all.push_back(*i);
    for (api::Instance& i : all) act_on(std::move(i));
  }
  void act_on(api::Instance i) {
    const ledger::Rev rev = revision_of(i.metadata);
    const std::string before = schema::print(i);
    const bool dying = i.metadata.deletion_timestamp.is_set();
    const bool has_ended = i.status.phase == api::InstancePhase::stopped;
    if (dying && (has_ended || i.status.phase <= api::InstancePhase::prepared))
      std::erase(i.metadata.finalizers, agent_finalizer);
    else if (dying || i.spec.stop)
      i.status.phase = i.status.phase == api::InstancePhase::stopping
                           ? api::InstancePhase::stopped
                           : api::InstancePhase::stopping;
    else if (i.spec.gate_open && !i.spec.run.command.empty())
      i.status.phase = api::InstancePhase::running;
    else
      i.status.phase = api::InstancePhase::prepared;
    i.status.ready = i.status.phase == api::InstancePhase::running;
    i.status.generation = i.metadata.generation;
    if (i.spec.acceptance.test != api::AcceptanceTest::none)
      i.status.acceptance.done = i.status.acceptance.passed = true;
    if (report) report(i.status, i);
    if (schema::print(i) == before) return;
    // A conflict is looked at again half a second later.
    (void)submit({ledger::OpType::update, api::Object::of(std::move(i)), rev, {}});
  }
};

}  // namespace freehold::control::testing
