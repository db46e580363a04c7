// Cluster: a whole Freehold in the world: a control plane over a disk, machines with agents, and
// the network between them. It starts, crashes and starts again each of its parts; who does what
// when is the scenario's. Decisions are those of the production code; only the doors are simulated.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "agent/agent.h"
#include "server/control_plane.h"
#include "sim/checker.h"
#include "sim/machine.h"
#include "sim/network.h"
#include "sim/world.h"
#include "store/memory.h"

namespace freehold::sim {

// A fault planted on purpose, to see that it is found.
enum class Plant : uint8_t { none, no_capacity_check, half_commits };

class Cluster {
 public:
  Cluster(World& world, Plant plant, const std::vector<MachineShape>& machines);
  ~Cluster();
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  void start_server();
  void crash_server();
  bool server_up() const { return plane_ != nullptr; }
  void start_agent(size_t machine);
  void crash_agent(size_t machine);
  void reboot(size_t machine);
  bool agent_up(size_t machine) const { return hosts_[machine].agent != nullptr; }
  // As a person with a token does it, for a machine whose Node is not there: it is made, and the
  // agent has its certificate a little later. Nothing happens while the server is down.
  void join(size_t machine);
  // Whether a machine has a Node that takes its agent. False while the server is down.
  bool has_joined(size_t machine) const;
  static std::string peer_of(const Machine& machine);

  size_t size() const { return hosts_.size(); }
  Machine& machine(size_t index) { return *hosts_[index].machine; }
  Network& network() { return network_; }
  Process& server_process() { return server_; }
  // Only while the server is up.
  const ledger::View& view() const { return plane_->ledger().view(); }
  server::ControlPlane& plane() { return *plane_; }
  const store::Store& store() const { return *store_; }
  Checker& checker() { return checker_; }
  void set_disk(store::DiskFaults faults);
  bool disk_full() const { return disk_full_; }
  void set_calm();  // no fault from now on, of disk, network and machines; what is down comes back

 private:
  void join_at_first();
  void certify(size_t machine, const std::string& uid);
  std::unique_ptr<http::Transport> connect(size_t machine);

  class Certified;
  struct Host {
    std::unique_ptr<Machine> machine;
    std::string uid;  // of the Node that the agent's certificate is for; kept on its disk
    int joins = 0;
    std::unique_ptr<agent::Host> door;
    std::unique_ptr<Certified> transport;
    std::unique_ptr<agent::Agent> agent;
  };

  World& world_;
  const Plant plant_;
  Network network_;
  Process server_;
  std::shared_ptr<store::MemoryDisk> disk_;
  bool disk_full_ = false;
  std::vector<Host> hosts_;
  Checker checker_;
  std::unique_ptr<store::Store> store_, halves_;
  std::unique_ptr<server::ControlPlane> plane_;
};

}  // namespace freehold::sim
