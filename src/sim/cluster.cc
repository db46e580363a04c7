#include "sim/cluster.h"

#include <algorithm>
#include <utility>

#include "api/node.h"
#include "auth/auth.h"
#include "sim/half_store.h"

namespace freehold::sim {

// A transport under an agent that can be given another certificate. What is under way ends on the
// one before.
class Cluster::Certified final : public http::Transport {
 public:
  explicit Certified(std::unique_ptr<http::Transport> first) { replace(std::move(first)); }
  void replace(std::unique_ptr<http::Transport> next) { all_.push_back(std::move(next)); }
  void request(http::Request request, Duration timeout,
               std::function<void(Result<http::Response>)> done) override {
    all_.back()->request(std::move(request), timeout, std::move(done));
  }
  std::unique_ptr<http::Call> stream(http::Request request, http::StreamEvents events) override {
    return all_.back()->stream(std::move(request), std::move(events));
  }

 private:
  std::vector<std::unique_ptr<http::Transport>> all_;
};

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
    host.uid = "uid-" + host.machine->name();
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
  join_at_first();
}

namespace {

ledger::Op make_node(const std::string& name, const std::string& uid) {
  api::Node node;
  node.metadata.name = name;
  node.metadata.uid = uid;
  node.spec.site = "hall";
  return {ledger::OpType::create, api::Object::of(std::move(node)), 0, {}};
}

}  // namespace

// Before anybody else does anything.
void Cluster::join_at_first() {
  ledger::Change change;
  for (Host& host : hosts_) {
    if (view().get<api::Node>({}, host.machine->name()) != nullptr) host.joins = 1;
    if (host.joins == 0) change.ops.push_back(make_node(host.machine->name(), host.uid));
  }
  if (change.ops.empty()) return;
  plane_->ledger().submit(std::move(change), [this](const Result<ledger::Committed>& joined) {
    if (!joined) return server_.after(seconds(1), [this] { join_at_first(); });
    for (Host& host : hosts_) host.joins = std::max(host.joins, 1);
  });
}

bool Cluster::has_joined(size_t index) const {
  if (!server_up()) return false;
  const Host& host = hosts_[index];
  const auto* node = view().get<api::Node>({}, host.machine->name());
  return node != nullptr && node->metadata.uid == host.uid;
}

void Cluster::join(size_t index) {
  Host& host = hosts_[index];
  // The first time is that of join_at_first().
  if (!server_up() || host.joins == 0 || has_joined(index)) return;
  const std::string& name = host.machine->name();
  // A server that crashed before it answered: the token is used up, the next one finds the Node.
  if (const auto* node = view().get<api::Node>({}, name)) return certify(index, node->metadata.uid);
  const std::string uid = "uid-" + name + "-" + std::to_string(++host.joins);
  world_.trace(name, "joins anew as " + uid);
  ledger::Change change;
  change.ops.push_back(make_node(name, uid));
  plane_->ledger().submit(std::move(change),
                          [this, index, uid](const Result<ledger::Committed>& joined) {
                            if (joined) certify(index, uid);
                          });
}

void Cluster::certify(size_t index, const std::string& uid) {
  world_.after(milliseconds(world_.random().in(1, 10'000)), [this, index, uid] {
    Host& host = hosts_[index];
    world_.trace(host.machine->name(), "has a certificate for " + uid);
    host.uid = uid;
    if (host.transport) host.transport->replace(connect(index));
  });
}

std::unique_ptr<http::Transport> Cluster::connect(size_t index) {
  const Host& host = hosts_[index];
  const std::string& name = host.machine->name();
  http::Subject subject = auth::subject_of_node(name, host.uid);
  return network_.connect({name, std::move(subject.common_name), std::move(subject.organizations)});
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
  host.transport = std::make_unique<Certified>(connect(index));
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
