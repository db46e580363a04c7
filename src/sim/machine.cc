#include "sim/machine.h"

#include <algorithm>
#include <utility>

#include "base/strings.h"

namespace freehold::sim {

using agent::ProcessState;

namespace {

constexpr int64_t gibibyte = int64_t{1} << 30;

std::string span(int first, int count) {
  return std::to_string(first) + "-" + std::to_string(first + count - 1);
}

}  // namespace

discover::Machine machine_of(const MachineShape& shape, const std::string& boot_id) {
  discover::Machine machine;
  api::HardwareProfileSpec& profile = machine.profile;
  const int threads = shape.cores * 2;
  profile.product = "simulated";
  profile.architecture = "x86_64";
  profile.cpus = span(0, threads * shape.packages);
  for (int core = 0; core < shape.cores * shape.packages; ++core)
    profile.cores.push_back(span(core * 2, 2));
  for (int package = 0; package < shape.packages; ++package) {
    profile.packages.push_back({package, "simulated"});
    api::NumaNode numa;
    numa.id = numa.package = package;
    numa.cpus = span(package * threads, threads);
    numa.memory_bytes = shape.memory_gib * gibibyte;
    for (int other = 0; other < shape.packages; ++other)
      numa.distances.push_back(other == package ? 10 : 21);
    profile.numa.push_back(std::move(numa));
    machine.memory.push_back({package, shape.memory_gib * gibibyte});
  }
  for (int gpu = 0; gpu < shape.gpus; ++gpu) {
    const std::string id = "gpu" + std::to_string(gpu);
    api::Device device;
    device.id = id;
    device.cls = api::DeviceClass::gpu;
    device.model = "simulated";
    device.numa = gpu % shape.packages;
    device.memory_bytes = 80 * gibibyte;
    profile.devices.push_back(std::move(device));
    api::NodeDevice seen;
    seen.id = id;
    seen.identity = "serial-" + id;
    seen.health = api::Health::healthy;
    machine.devices.push_back(std::move(seen));
    machine.access.push_back({id, {}, {}, {}});
  }
  machine.online_cpus = machine.allowed_cpus = profile.cpus;
  machine.boot_id = boot_id;
  machine.kernel = "simulated";
  return machine;
}

class Machine::Door final : public agent::Host {
 public:
  explicit Door(Machine& machine) : machine_(machine) {
    facts_.boot_id = machine.boot_id();
    facts_.address = machine.name();
    facts_.enforcement = {"v2", {"cpu", "cpuset", "memory", "pids"}, {}};
    facts_.switches_users = true;
  }
  ~Door() override { machine_.door_ = nullptr; }

  const agent::HostFacts& facts() const override { return facts_; }
  Result<api::LimitsRead> prepare(const std::string& id,
                                  const agent::LimitsWanted& limits) override {
    Item& item = machine_.items_[id];
    if (!item.has_group) item.cpu_since = now();
    item.has_group = true;
    item.limits = limits;
    return api::LimitsRead{limits.cpus,         limits.memory_nodes, limits.cpu_milli,
                           limits.memory_bytes, limits.processes,    {}};
  }
  Result<void> launch(const std::string& id, const agent::Launch& launch) override {
    const auto found = machine_.items_.find(id);
    if (found == machine_.items_.end()) return Error{Reason::not_found, "no directory of " + id};
    if (runs(found->second)) return Error{Reason::conflict, "a shim of " + id + " is alive"};
    machine_.launch(id, launch);
    return {};
  }
  agent::ProcessSeen look(const std::string& id) override {
    const auto found = machine_.items_.find(id);
    return found == machine_.items_.end() ? agent::ProcessSeen{} : found->second.seen;
  }
  void signal(const std::string& id, agent::Signal signal) override { machine_.signal(id, signal); }
  Result<api::Usage> usage(const std::string& id) override {
    const auto found = machine_.items_.find(id);
    if (found == machine_.items_.end() || !found->second.has_group)
      return Error{Reason::not_found, "no control group of " + id};
    api::Usage usage;
    if (found->second.seen.state == ProcessState::running)
      usage.cpu_us = (now() - found->second.seen.started_uptime).us;
    usage.memory_bytes = usage.memory_peak_bytes = 100 << 20;
    usage.processes = 1;
    usage.cpu_pressure = usage.memory_pressure = 0;
    usage.at = machine_.process_.now();
    return usage;
  }
  void release(const std::string& id) override {
    const auto found = machine_.items_.find(id);
    if (found == machine_.items_.end()) return;
    found->second.has_group = false;
    machine_.end_later(id, milliseconds(5), {137, 9, "Killed", {}});
  }
  void forget(const std::string& id) override {
    const auto found = machine_.items_.find(id);
    if (found == machine_.items_.end()) return;
    machine_.items_.erase(found);
    if (machine_.told_) machine_.told_(id);
  }
  std::vector<std::string> instances() override {
    std::vector<std::string> ids;
    ids.reserve(machine_.items_.size());
    for (const auto& [id, item] : machine_.items_) ids.push_back(id);
    return ids;
  }
  void on_change(std::function<void(const std::string&)> changed) override {
    changed_ = std::move(changed);
  }
  void discover(std::function<void(Result<discover::Machine>)> done) override {
    later(milliseconds(20), [this, done = std::move(done)] { done(machine_.facts()); });
  }
  void exec(const std::string&, const agent::ExecRequest&,
            std::function<void(Result<agent::ExecOutcome>)> done) override {
    const bool well = machine_.calm_ || !machine_.world_.random().percent(10);
    later(milliseconds(20),
          [done = std::move(done), well] { done(agent::ExecOutcome{well ? 0 : 1, ""}); });
  }
  void probe(const std::string& id, const agent::ProbeRequest& request,
             std::function<void(Result<agent::ExecOutcome>)> done) override {
    const std::string& cpus = id.empty() ? request.cpus : machine_.items_[id].limits.cpus;
    const auto list = parse_cpu_list(cpus).value_or(std::vector<uint32_t>{});
    // Now and then a machine is slower than it should be.
    const bool slow = !machine_.calm_ && machine_.world_.random().percent(15);
    const size_t rate = std::max<size_t>(list.size(), 1) * (slow && !id.empty() ? 1'000 : 9'000);
    later(request.duration, [done = std::move(done), rate] {
      done(agent::ExecOutcome{0, R"({"test":"cpu","value":)" + std::to_string(rate) + "}"});
    });
  }
  void knock(int64_t, Duration, std::function<void(std::optional<bool>)> done) override {
    const bool well = machine_.calm_ || !machine_.world_.random().percent(10);
    later(milliseconds(2), [done = std::move(done), well] { done(well); });
  }
  Result<int64_t> free_port() override { return ++machine_.ports_; }
  Result<std::unique_ptr<agent::LogReader>> open_log(const std::string&, agent::LogRun,
                                                     int64_t) override {
    return Error{Reason::not_found, "logs are not simulated"};
  }
  void save(const std::string& name, std::string content) override {
    machine_.save(name, std::move(content));
  }
  Result<std::string> load(const std::string& name) override {
    const auto& queue = machine_.unsaved_;
    const auto newest = std::find_if(queue.rbegin(), queue.rend(),
                                     [&](const auto& entry) { return entry.first == name; });
    if (newest != queue.rend() && newest->second) return *newest->second;
    const auto found = machine_.files_.find(name);
    if (newest != queue.rend() || found == machine_.files_.end())
      return Error{Reason::not_found, name + " is not there"};
    return found->second;
  }
  void erase(const std::string& name) override { machine_.save(name, std::nullopt); }

  void changed(const std::string& id) {
    later(microseconds(200), [this, id] {
      if (changed_) changed_(id);
    });
  }

 private:
  Duration now() const { return machine_.process_.uptime(); }
  // Dies with the agent.
  void later(Duration in, Task task) { machine_.process_.after(in, std::move(task)); }

  Machine& machine_;
  agent::HostFacts facts_;
  std::function<void(const std::string&)> changed_;
};

Machine::Machine(World& world, std::string name, MachineShape shape)
    : world_(world), name_(std::move(name)), shape_(shape), process_(world, name_) {}

std::unique_ptr<agent::Host> Machine::open() {
  auto door = std::make_unique<Door>(*this);
  door_ = door.get();
  return door;
}

void Machine::tell(const std::string& id) {
  if (door_ != nullptr) door_->changed(id);
  if (told_) told_(id);
}

void Machine::launch(const std::string& id, const agent::Launch& launch) {
  Item& item = items_[id];
  item.launch = launch;
  item.seen = {.state = ProcessState::starting, .run = launch.run};
  world_.trace(name_, "starts " + id + " run " + std::to_string(launch.run));
  world_.after(milliseconds(world_.random().in(1, 200)),
               [this, id, run = launch.run] { started(id, run); });
}

void Machine::started(const std::string& id, int64_t run) {
  const auto found = items_.find(id);
  if (found == items_.end()) return;
  agent::ProcessSeen& seen = found->second.seen;
  if (seen.state != ProcessState::starting || seen.run != run) return;
  seen.state = ProcessState::running;
  seen.pid = ++pids_;
  seen.started_uptime = process_.uptime();
  seen.started_at = process_.now();
  tell(id);
  Random& random = world_.random();
  if (calm_ || !random.percent(20)) return;
  const bool good = random.percent(30);
  world_.after(milliseconds(random.in(1, 60'000)), [this, id, run, good] {
    if (!calm_) end(id, run, {good ? 0 : 1, 0, good ? "Completed" : "Error", {}});
  });
}

void Machine::signal(const std::string& id, agent::Signal signal) {
  Random& random = world_.random();
  if (signal == agent::Signal::kill)
    return end_later(id, milliseconds(random.in(1, 50)), {137, 9, "Killed", {}});
  // Most obey, some take their time, some do not listen.
  if (random.percent(15)) return;
  end_later(id, milliseconds(random.in(1, random.percent(50) ? 100 : 5'000)),
            {143, 15, "Terminated", {}});
}

void Machine::end_later(const std::string& id, Duration in, api::Exit exit) {
  const auto found = items_.find(id);
  if (found == items_.end() || !runs(found->second)) return;
  world_.after(in, [this, id, run = found->second.seen.run, exit] { end(id, run, exit); });
}

void Machine::end(const std::string& id, int64_t run, api::Exit exit) {
  const auto found = items_.find(id);
  if (found == items_.end() || found->second.seen.run != run || !runs(found->second)) return;
  agent::ProcessSeen& seen = found->second.seen;
  exit.at = process_.now();
  seen.state = ProcessState::exited;
  seen.exit = std::move(exit);
  world_.trace(name_, id + " ended: " + seen.exit.reason);
  tell(id);
}

void Machine::save(const std::string& name, std::optional<std::string> content) {
  unsaved_.emplace_back(name, std::move(content));
  if (unsaved_.size() > 1) return;
  // Whatever waits by then is written in one go.
  world_.after(milliseconds(world_.random().in(1, 20)), [this] {
    for (auto& [file, text] : std::exchange(unsaved_, {}))
      text ? void(files_[file] = std::move(*text)) : void(files_.erase(file));
  });
}

void Machine::agent_crashed() {
  process_.crash();
  if (unsaved_.empty()) return;
  const auto kept = world_.random().in(0, static_cast<int64_t>(unsaved_.size()));
  unsaved_.resize(static_cast<size_t>(kept));
}

void Machine::reboot() {
  ++boots_;
  process_.boot();
  for (auto& [id, item] : items_) {
    item.has_group = false;
    if (!runs(item)) continue;
    item.seen.state = ProcessState::exited;
    item.seen.exit = {-1, 0, "NodeRebooted", process_.now()};
  }
  if (told_) told_({});
}

}  // namespace freehold::sim
