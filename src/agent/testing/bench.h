// AgentTest: an agent over a machine and a control plane in memory, in virtual time. FakeHost is
// the machine: it outlives agents and tells of all that was done to it.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "agent/agent.h"
#include "agent/status_writer.h"
#include "api/node.h"
#include "api/workload.h"
#include "client/testing/fake_api.h"

namespace freehold::agent::testing {

using client::testing::FakeApi;
using client::testing::VirtualRuntime;

// Outlives agents, as a machine does.
class FakeHost final : public Host {
 public:
  struct Machine {
    LimitsWanted limits;
    bool has_group = false;
    ProcessSeen process;
    Launch launch;
    int64_t launches = 0;
    std::vector<Signal> signals;
    api::Usage usage;
  };
  explicit FakeHost(VirtualRuntime& runtime) : runtime_(runtime) {
    facts_.boot_id = "boot-1";
    facts_.address = "10.0.0.1";
    facts_.enforcement.cgroup = "v2";
    facts_.enforcement.limits = {"cpu", "cpuset", "memory", "pids"};
    facts_.switches_users = true;
  }
  const HostFacts& facts() const override { return facts_; }
  Result<api::LimitsRead> prepare(const std::string& id, const LimitsWanted& limits) override {
    Machine& m = machines[id];
    if (!m.has_group) m.usage = {};
    m.limits = limits;
    m.has_group = true;
    api::LimitsRead read;
    read.cpus = limits.cpus;
    read.memory_bytes = limits.memory_bytes;
    return read;
  }
  Result<void> launch(const std::string& id, const Launch& launch) override {
    Machine& m = machines[id];
    EXPECT_NE(m.process.state, ProcessState::running) << "a second copy";
    ++m.launches;
    m.launch = launch;
    m.process = {.state = ProcessState::starting, .run = launch.run};
    later([this, id] {
      ProcessSeen& process = machines[id].process;
      process.state = ProcessState::running;
      process.pid = ++pids_;
      process.started_uptime = runtime_.uptime();
      process.started_at = runtime_.now();
      tell(id);
    });
    return {};
  }
  ProcessSeen look(const std::string& id) override { return machines[id].process; }
  void signal(const std::string& id, Signal signal) override {
    machines[id].signals.push_back(signal);
    if (signal == Signal::kill || obeys) exit(id, signal == Signal::kill ? 137 : 143, "Killed");
  }
  void exit(const std::string& id, int64_t code, std::string reason = "Error") {
    later([this, id, code, reason] {
      ProcessSeen& process = machines[id].process;
      if (process.state != ProcessState::running) return;
      process.state = ProcessState::exited;
      process.exit = {code, 0, reason, runtime_.now()};
      tell(id);
    });
  }
  Result<api::Usage> usage(const std::string& id) override {
    const Machine& m = machines[id];
    if (!m.has_group) return Error{Reason::not_found, "no group", {}};
    return m.usage;
  }
  void release(const std::string& id) override { machines[id].has_group = false; }
  void forget(const std::string& id) override { machines.erase(id); }
  std::vector<std::string> instances() override {
    std::vector<std::string> out;
    for (const auto& [id, m] : machines) out.push_back(id);
    return out;
  }
  void on_change(std::function<void(const std::string&)> changed) override {
    changed_ = std::move(changed);
  }
  void discover(std::function<void(Result<discover::Machine>)> done) override {
    later([this, done = std::move(done)] { done(hardware); });
  }
  void exec(const std::string&, const ExecRequest& request,
            std::function<void(Result<ExecOutcome>)> done) override {
    last_exec = request;
    later([this, done = std::move(done)] {
      if (!can_ask) return done(Error{Reason::internal, "too many open files", {}});
      done(ExecOutcome{well ? 0 : 1, ""});
    });
  }
  void probe(const std::string& id, const ProbeRequest& request,
             std::function<void(Result<ExecOutcome>)> done) override {
    probes.push_back(id + ":" + request.test);
    runtime_.after(request.duration, [done = std::move(done)] {
      done(ExecOutcome{0, R"({"test":"cpu","value":1000000,"perCpuSecond":1000000})"});
    });
  }
  void knock(int64_t, Duration, std::function<void(std::optional<bool>)> done) override {
    later([this, done = std::move(done)] {
      done(can_ask ? std::optional<bool>(well) : std::nullopt);
    });
  }
  Result<int64_t> free_port() override { return ++ports_; }
  Result<std::unique_ptr<LogReader>> open_log(const std::string&, LogRun, int64_t) override {
    if (log) return log();
    return Error{Reason::not_found, "no log", {}};
  }
  void save(const std::string& name, std::string content) override {
    files[name] = std::move(content);
  }
  Result<std::string> load(const std::string& name) override {
    const auto found = files.find(name);
    if (found == files.end()) return Error{Reason::not_found, name, {}};
    return found->second;
  }
  void erase(const std::string& name) override { files.erase(name); }

  std::map<std::string, Machine> machines;
  std::map<std::string, std::string> files;
  std::vector<std::string> probes;
  ExecRequest last_exec;
  std::function<std::unique_ptr<LogReader>()> log;
  bool obeys = true, well = true;
  bool can_ask = true;  // there is a file descriptor for a probe
  Result<discover::Machine> hardware = Error{Reason::unavailable, "nobody looks", {}};

 private:
  void later(Task task) { runtime_.after(milliseconds(5), std::move(task)); }
  void tell(const std::string& id) {
    if (changed_) changed_(id);
  }
  VirtualRuntime& runtime_;
  HostFacts facts_;
  std::function<void(const std::string&)> changed_;
  int64_t pids_ = 100, ports_ = 30'000;
};

class AgentTest : public ::testing::Test {
 protected:
  AgentTest() {
    join();
    start();
  }
  void join(const std::string& uid = "uid-n1") {
    api::Node node;
    node.metadata.name = "n1";
    node.metadata.uid = uid;
    api_.put(std::move(node));
  }
  void start() {
    AgentConfig config;
    config.node_name = "n1";
    config.site = "lab";
    config.address = "10.0.0.1";
    config.endpoint = "10.0.0.1:1";
    config.cluster = "one";
    config.version = "1.0";
    config.machine.profile.cpus = "0-3";
    config.machine.profile.architecture = "x86_64";
    config.machine.profile.cores = {"0-1", "2-3"};
    config.machine.online_cpus = config.machine.allowed_cpus = "0-3";
    config.machine.boot_id = "boot-1";
    host_.hardware = config.machine;
    auto connect = [](const std::string&) -> Result<std::unique_ptr<http::Transport>> {
      return Error{Reason::unavailable, "no endpoint", {}};
    };
    agent_ = std::make_unique<Agent>(runtime_, host_, api_, connect, config);
  }
  api::Instance wanted(const std::string& name) {
    api::Instance out;
    out.metadata.name = name;
    out.metadata.ns = "a";
    out.metadata.finalizers = {std::string(agent_finalizer)};
    out.spec.node = "n1";
    out.spec.contract = "c";
    out.spec.run.command = {"/bin/server"};
    out.spec.gate_open = true;
    out.spec.user_id = 2'000'001;
    out.spec.limits.memory_bytes = 1 << 30;
    return out;
  }
  void put(api::Instance instance) {
    api_.put(std::move(instance));
    runtime_.pass(seconds(2));
  }
  const api::Instance& at(const std::string& name) {
    static const api::Instance none;
    const auto* found = api_.find<api::Instance>("a", name);
    EXPECT_NE(found, nullptr);
    return found == nullptr ? none : *found;
  }
  template <class F>
  void change(const std::string& name, F edit) {
    api::Instance copy = at(name);
    edit(copy);
    put(std::move(copy));
  }
  FakeHost::Machine& machine(const std::string& name) { return host_.machines["uid-" + name]; }

  VirtualRuntime runtime_;
  FakeApi api_{runtime_};
  FakeHost host_{runtime_};
  std::unique_ptr<Agent> agent_;
};

}  // namespace freehold::agent::testing
