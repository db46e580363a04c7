#include "sim/cluster.h"

#include <utility>

#include "api/node.h"
#include "auth/auth.h"
#include "sim/half_store.h"

namespace freehold::sim {

Cluster::Cluster(World& world, Plant plant, const std::vector<MachineShape>& machines)
    : world_(world),
      plant_(plant),
      network_(world),
      server_(world, "server"),
      disk_(store::make_disk()),
      checker_(world) {
  for (size_t i = 0; i < machines.size(); ++i) {
    Host host;
    host.machine = std::make_unique<Machine>(world, "n" + std::to_string(i), machines[i]);
    checker_.add_machine(*host.machine);
    hosts_.push_back(std::move(host));
  }
}

Cluster::~Cluster() {
  for (size_t i = 0; i < hosts_.size(); ++i)
    if (agent_up(i)) crash_agent(i);
  if (server_up()) crash_server();
}

void Cluster::start_server() {
  world_.trace("server", "starts");
  store_ = store::open_memory(server_, disk_);
  store::Store* store = store_.get();
  if (plant_ == Plant::half_commits) {
    halves_ = deliver_in_halves(server_, *store_);
    store = halves_.get();
  }
  ledger::Identity identity;
  identity.organization = "sim";
  identity.site = "sim";
  server::ApiOptions options;
  options.version = "0.0.0";
  auto plane =
      server::ControlPlane::start(server_, *store, std::move(identity), std::move(options));
  if (!plane) return world_.violate("start", "the server: " + plane.error().to_string());
  plane_ = *std::move(plane);
  if (plant_ == Plant::no_capacity_check) plane_->ledger().plant_overbooking();
  checker_.attach(*store, plane_->ledger().view());
  network_.serve(plane_->api());
  join_machines();
}

namespace {

std::string uid_of(const Machine& machine) { return "uid-" + machine.name(); }

}  // namespace

// As their tokens did it: the Node of a machine is there before its agent has a certificate.
void Cluster::join_machines() {
  ledger::Change change;
  for (const Host& host : hosts_) {
    api::Node node;
    node.metadata.name = host.machine->name();
    node.metadata.uid = uid_of(*host.machine);
    node.spec.site = "hall";
    if (view().get<api::Node>({}, node.metadata.name) == nullptr)
      change.ops.push_back({ledger::OpType::create, api::Object::of(std::move(node)), 0, {}});
  }
  if (change.ops.empty()) return;
  plane_->ledger().submit(std::move(change), [this](const Result<ledger::Committed>& joined) {
    if (!joined) server_.after(seconds(1), [this] { join_machines(); });
  });
}

void Cluster::crash_server() {
  world_.trace("server", "crashes");
  network_.server_down();
  checker_.detach();
  plane_.reset();
  halves_.reset();
  store_.reset();
  store::crash(*disk_, world_.random());
  server_.crash();
}

void Cluster::set_disk(store::DiskFaults faults) {
  disk_full_ = faults.full;
  store::set_faults(*disk_, faults);
}

std::string Cluster::peer_of(const Machine& machine) {
  return std::string(auth::node_prefix) + machine.name();
}

void Cluster::start_agent(size_t index) {
  Host& host = hosts_[index];
  Machine& machine = *host.machine;
  world_.trace(machine.name(), "agent starts");
  host.door = machine.open();
  http::Subject subject = auth::subject_of_node(machine.name(), uid_of(machine));
  host.transport = network_.connect(
      {machine.name(), std::move(subject.common_name), std::move(subject.organizations)});
  agent::AgentConfig config;
  config.node_name = machine.name();
  config.site = "hall";
  config.address = machine.name();
  config.endpoint = machine.name() + ":1";
  config.version = "0.0.0";
  config.cluster = "sim";
  config.machine = machine.facts();
  auto connector = [](const std::string&) -> Result<std::unique_ptr<http::Transport>> {
    return Error{Reason::unavailable, "workloads have no endpoints here"};
  };
  host.agent = std::make_unique<agent::Agent>(machine.process(), *host.door, *host.transport,
                                              std::move(connector), std::move(config));
}

void Cluster::crash_agent(size_t index) {
  Host& host = hosts_[index];
  world_.trace(host.machine->name(), "agent crashes");
  host.agent.reset();
  host.transport.reset();
  host.door.reset();
  host.machine->agent_crashed();
}

void Cluster::reboot(size_t index) {
  world_.trace(hosts_[index].machine->name(), "reboots");
  if (agent_up(index)) crash_agent(index);
  hosts_[index].machine->reboot();
}

void Cluster::set_calm() {
  world_.trace("world", "faults end");
  set_disk({});
  network_.set_faults({});
  for (size_t i = 0; i < hosts_.size(); ++i) {
    machine(i).set_calm(true);
    network_.heal(peer_of(machine(i)));
    if (!agent_up(i)) start_agent(i);
  }
  if (!server_up()) start_server();
}

}  // namespace freehold::sim
