#include "sim/scenario.h"

#include <memory>
#include <utility>

#include "api/contract.h"
#include "base/check.h"
#include "base/log.h"
#include "sim/load.h"
#include "sim/observer.h"

namespace freehold::sim {

namespace {

constexpr Duration settle_most = minutes(18);  // longer than any back-off and any time-out
constexpr Duration settle_look = seconds(5);

std::vector<MachineShape> some_machines(Random& random) {
  std::vector<MachineShape> machines(static_cast<size_t>(random.in(1, 4)));
  for (MachineShape& shape : machines) {
    shape.cores = static_cast<int>(random.in(2, 5));
    shape.packages = static_cast<int>(random.in(1, 2));
    shape.memory_gib = random.in(6, 24);
    shape.gpus = static_cast<int>(random.percent(40) ? random.in(1, 4) : 0);
  }
  return machines;
}

class Scenario {
 public:
  Scenario(World& world, Plant plant, Outcome& outcome)
      : world_(world), outcome_(outcome), cluster_(world, plant, some_machines(world.random())) {}

  void run() {
    cluster_.start_server();
    for (size_t i = 0; i < cluster_.size(); ++i) cluster_.start_agent(i);
    LoadOptions load;
    load.customers = static_cast<int>(chance().in(1, 4));
    load.nodes = cluster_.size();
    load.acknowledged = [this](store::Rev rev) { cluster_.checker().acknowledged(rev); };
    people_ = make_load(world_, cluster_.network(), load);
    observers_.push_back(std::make_unique<Observer>(world_, cluster_.network(), "offer-watcher",
                                                    api::kind_of<api::Offer>()));
    observers_.push_back(std::make_unique<Observer>(world_, cluster_.network(), "contract-watcher",
                                                    api::kind_of<api::Contract>()));
    const bool faulty = chance().percent(85);
    // What hung on a machine that was deleted is let go of after minutes.
    const Duration rough =
        seconds(chance().percent(10) ? chance().in(400, 900) : chance().in(40, 200));
    next_join();
    if (faulty) {
      set_network();
      next_fault();
    }
    world_.run_until(rough);
    if (world_.violation()) return;
    calm_ = true;
    for (const auto& person : people_) person->rest();
    for (const auto& person : people_) cluster_.network().heal(person->peer());
    for (const auto& observer : observers_) cluster_.network().heal(observer->peer());
    cluster_.set_calm();
    settle(rough);
    if (world_.violation() || !cluster_.server_up()) return;
    cluster_.checker().check_objects(cluster_.store());
    cluster_.checker().check_record(cluster_.store());
  }

  Checker::Counts counts() { return cluster_.checker().counts(); }
  bool disk_full() const { return cluster_.disk_full(); }

 private:
  Random& chance() { return world_.random(); }

  void settle(Duration from) {
    std::string why = "not looked";
    for (Duration at = from; at < from + settle_most; at = at + settle_look) {
      world_.run_until(at + settle_look);
      if (world_.violation()) return;
      why = cluster_.checker().unsettled();
      for (const auto& observer : observers_)
        if (why.empty()) why = observer->differs(cluster_.view());
      if (why.empty()) return;
    }
    world_.violate("settling", why);
  }

  void set_network() {
    NetworkFaults faults;
    faults.lost_percent = static_cast<int>(chance().percent(50) ? chance().in(0, 10) : 0);
    faults.late_percent = static_cast<int>(chance().percent(50) ? chance().in(0, 10) : 0);
    faults.broken_streams_percent = static_cast<int>(chance().in(0, 50));
    cluster_.network().set_faults(faults);
  }

  // People with tokens: a machine whose Node was deleted comes back soon, late, or once all is
  // calm.
  void next_join() {
    world_.after(seconds(chance().in(5, 60)), [this] {
      for (size_t i = 0; i < cluster_.size(); ++i)
        if (!cluster_.has_joined(i) && chance().percent(calm_ ? 50 : 20)) cluster_.join(i);
      next_join();
    });
  }

  void next_fault() {
    world_.after(milliseconds(chance().in(500, 20'000)), [this] {
      if (calm_) return;
      fault();
      next_fault();
    });
  }

  void later(int64_t most_ms, Task task) {
    world_.after(milliseconds(chance().in(10, most_ms)), [this, task = std::move(task)] {
      if (!calm_) task();
    });
  }

  void fault() {
    const auto machine =
        static_cast<size_t>(chance().in(0, static_cast<int64_t>(cluster_.size()) - 1));
    switch (chance().in(0, 9)) {
      case 0:
        return server_crash();
      case 1:
      case 2:
        return agent_crash(machine, chance().percent(30));
      case 3:
      case 4:
        return partition(Cluster::peer_of(cluster_.machine(machine)));
      case 5:
        return partition(
            people_[static_cast<size_t>(chance().in(0, static_cast<int64_t>(people_.size()) - 1))]
                ->peer());
      case 6:
        return partition(observers_[static_cast<size_t>(chance().in(0, 1))]->peer());
      case 7:
        // Somebody sets a clock: of the server, or of a machine.
        return (chance().percent(50) ? cluster_.server_process()
                                     : cluster_.machine(machine).process())
            .set_wall_offset(milliseconds(chance().in(-30'000, 30'000)));
      case 8:
        cluster_.set_disk({true, {}});
        world_.trace("disk", "is full");
        return later(10'000, [this] { cluster_.set_disk({}); });
      default:
        cluster_.set_disk({false, milliseconds(chance().in(1, 500))});
        return later(20'000, [this] { cluster_.set_disk({}); });
    }
  }

  void server_crash() {
    if (!cluster_.server_up()) return;
    ++outcome_.server_crashes;
    cluster_.crash_server();
    later(15'000, [this] {
      if (!cluster_.server_up()) cluster_.start_server();
    });
  }

  void agent_crash(size_t machine, bool boots) {
    if (!cluster_.agent_up(machine)) return;
    ++(boots ? outcome_.reboots : outcome_.agent_crashes);
    boots ? cluster_.reboot(machine) : cluster_.crash_agent(machine);
    later(20'000, [this, machine] {
      if (!cluster_.agent_up(machine)) cluster_.start_agent(machine);
    });
  }

  void partition(const std::string& peer) {
    ++outcome_.partitions;
    world_.trace("network", "cuts off " + peer);
    cluster_.network().cut_off(peer);
    later(chance().percent(20) ? 120'000 : 15'000, [this, peer] {
      world_.trace("network", "reaches " + peer + " again");
      cluster_.network().heal(peer);
    });
  }

  World& world_;
  Outcome& outcome_;
  Cluster cluster_;
  std::vector<std::unique_ptr<Person>> people_;
  std::vector<std::unique_ptr<Observer>> observers_;
  bool calm_ = false;
};

}  // namespace

Outcome run_scenario(const ScenarioOptions& options) {
  Outcome outcome;
  World world(options.seed);
  world.set_trace(options.trace);
  set_fatal_bugs(true);
  const LogSink silent = [](const LogRecord&) {};
  set_log_sink(silent);
  {
    Scenario scenario(world, options.plant, outcome);
    set_log_sink([&](const LogRecord& record) {
      const std::string line = format_log_line(record, "");
      world.trace(record.component, line);
      // Errors are for what nobody expected.
      if (record.level == LogLevel::error && !scenario.disk_full()) world.violate("log", line);
    });
    scenario.run();
    outcome.counts = scenario.counts();
    set_log_sink(silent);
  }
  set_log_sink(nullptr);
  outcome.violation = world.violation();
  outcome.fingerprint = world.fingerprint();
  outcome.steps = world.steps();
  outcome.elapsed = world.elapsed();
  return outcome;
}

}  // namespace freehold::sim
