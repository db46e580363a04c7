// Machine: one simulated computer. Its processes outlive agents and end with a reboot; its files
// are durable as the agent's door promises: replaced whole, soon, in order, and a crash loses what
// was not written yet. Host is what one life of the agent sees of it.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/host.h"
#include "discover/machine.h"
#include "sim/world.h"

namespace freehold::sim {

struct MachineShape {
  int cores = 4;  // of two threads each
  int packages = 1;
  int64_t memory_gib = 16;  // of each package
  int gpus = 0;
};
discover::Machine machine_of(const MachineShape& shape, const std::string& boot_id);

class Machine {
 public:
  // What runs, or was asked to run, for one instance.
  struct Item {
    bool has_group = false;
    agent::LimitsWanted limits;
    agent::Launch launch;
    agent::ProcessSeen seen;
    Duration cpu_since;
  };

  Machine(World& world, std::string name, MachineShape shape);
  const std::string& name() const { return name_; }
  discover::Machine facts() const { return machine_of(shape_, boot_id()); }
  std::string boot_id() const { return "boot-" + name_ + "-" + std::to_string(boots_); }
  Process& process() { return process_; }  // that the agent runs in

  // Chance ends processes now and then, and makes some ignore signals.
  void set_calm(bool calm) { calm_ = calm; }
  // Told of each process that runs from now on, and of each that has ended.
  void on_process(std::function<void(const std::string& id)> told) { told_ = std::move(told); }
  const std::map<std::string, Item>& items() const { return items_; }
  static bool runs(const Item& item) {
    return item.seen.state == agent::ProcessState::running ||
           item.seen.state == agent::ProcessState::starting;
  }

  // The door for one life of the agent; the one before must be gone.
  std::unique_ptr<agent::Host> open();
  void agent_crashed();  // what it saved last may be lost
  void reboot();         // the agent must be gone

 private:
  class Door;
  void launch(const std::string& id, const agent::Launch& launch);
  void started(const std::string& id, int64_t run);
  void signal(const std::string& id, agent::Signal signal);
  void end(const std::string& id, int64_t run, api::Exit exit);
  void end_later(const std::string& id, Duration in, api::Exit exit);
  void tell(const std::string& id);
  void save(const std::string& name, std::optional<std::string> content);

  World& world_;
  const std::string name_;
  const MachineShape shape_;
  Process process_;
  int boots_ = 1;
  int64_t pids_ = 100, ports_ = 30'000;
  bool calm_ = false;
  std::map<std::string, Item> items_;  // that have a directory here
  std::map<std::string, std::string> files_;
  std::deque<std::pair<std::string, std::optional<std::string>>> unsaved_;
  std::function<void(const std::string&)> told_;
  Door* door_ = nullptr;
};

}  // namespace freehold::sim
