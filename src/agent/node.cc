#include "agent/node.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "api/core.h"
#include "base/log.h"
#include "base/strings.h"
#include "schema/walk.h"

namespace freehold::agent {
namespace {

constexpr Duration look_again = seconds(60);
constexpr Duration first_retry = milliseconds(500);
constexpr Duration longest_retry = seconds(30);
constexpr int64_t lease_seconds = 40;  // eight heartbeats, as kubelet's node leases
constexpr size_t message_characters = 1'000;

std::string list_of(const std::vector<std::string>& texts) {
  std::string out = join(texts, "; ");
  if (out.size() > message_characters) out = out.substr(0, message_characters) + " …";
  return out;
}

void set_conditions(api::NodeStatus& status, const AgentConfig& config, const HostFacts& facts,
                    Time now) {
  using enum api::ConditionStatus;
  const auto& notes = config.machine.notes;
  set_condition(status.conditions, "Discovered", true_, "Discovered",
                notes.empty() ? "the machine was read" : list_of(notes), 0, now);
  const auto& missing = facts.enforcement.missing;
  if (missing.empty())
    set_condition(status.conditions, "LimitsEnforced", true_, "Enforced",
                  "control groups " + facts.enforcement.cgroup, 0, now);
  else
    set_condition(status.conditions, "LimitsEnforced", false_, "NotEnforced", list_of(missing), 0,
                  now);
  std::vector<std::string> links;
  for (const api::DegradedLink& link : config.machine.degraded)
    links.push_back(link.at + " runs at " + link.seen + ", expected " + link.expected);
  if (links.empty())
    set_condition(status.conditions, "LinksHealthy", true_, "Healthy",
                  "no link runs below what both ends can do", 0, now);
  else
    set_condition(status.conditions, "LinksHealthy", false_, "Degraded", list_of(links), 0, now);
}

}  // namespace

api::NodeStatus node_status(const api::NodeStatus& before, const AgentConfig& config,
                            const HostFacts& facts, std::optional<double> core_rate, Time now) {
  const discover::Machine& machine = config.machine;
  api::NodeStatus status = before;
  status.profile = discover::profile_name(machine.profile);
  status.boot_id = machine.boot_id;
  status.agent_version = config.version;
  status.kernel = machine.kernel;
  status.address = config.address;
  status.agent_endpoint = config.endpoint;
  status.allocatable = discover::allocatable(machine, config.reserve);
  status.devices = machine.devices;
  status.degraded_links = machine.degraded;
  status.enforcement = facts.enforcement;
  if (core_rate && *core_rate > 0) {
    const Quantity rate = Quantity::of(std::llround(*core_rate * 1000), Dimension::rate);
    auto at = std::find_if(status.measured.begin(), status.measured.end(),
                           [](const api::Capability& c) { return c.metric == "cpu_rate"; });
    if (at == status.measured.end())
      at =
          status.measured.insert(at, {.metric = "cpu_rate", .value = {}, .by = "agent", .at = now});
    if (at->value.text() != rate.text()) *at = {"cpu_rate", rate, "agent", now};
  }
  set_conditions(status, config, facts, now);
  return status;
}

struct NodePublisher::State : std::enable_shared_from_this<State> {
  State(Runtime& r, Host& h, client::Remote& rem, const AgentConfig& c,
        std::function<std::optional<double>()> rate)
      : runtime(r), host(h), remote(rem), config(c), core_rate(std::move(rate)) {}

  // Wraps a callback so that it runs only while we live.
  template <class F>
  auto mine(F then) {
    return [weak = weak_from_this(), then](Result<api::Object> result) {
      if (const auto self = weak.lock()) then(*self, std::move(result));
    };
  }

  client::Target node_target() const { return {&api::kind_of<api::Node>(), "", config.node_name}; }

  void publish() {
    if (std::exchange(busy, true)) {
      again = true;
      return;
    }
    again = false;
    api::HardwareProfile profile;
    profile.metadata.name = discover::profile_name(config.machine.profile);
    profile.spec = config.machine.profile;
    if (has_profile) return get_node();
    remote.create(api::Object::of(std::move(profile)), mine([](State& self, auto result) {
                    if (!result.ok() && result.error().reason != Reason::already_exists)
                      return self.fail("HardwareProfile", result.error());
                    self.has_profile = true;
                    self.get_node();
                  }));
  }

  void get_node() {
    remote.get(node_target(), mine([](State& self, auto result) {
                 if (result.ok()) return self.check_spec(*std::move(result));
                 if (result.error().reason != Reason::not_found)
                   return self.fail("Node", result.error());
                 self.create_node();
               }));
  }

  void create_node() {
    api::Node node;
    node.metadata.name = config.node_name;
    node.spec.site = config.site;
    remote.create(api::Object::of(std::move(node)), mine([](State& self, auto result) {
                    if (!result.ok()) return self.fail("Node", result.error());
                    self.write_status(*std::move(result));
                  }));
  }

  void check_spec(api::Object object) {
    api::Node* node = object.as<api::Node>();
    if (config.site.empty() || node->spec.site == config.site)
      return write_status(std::move(object));
    node->spec.site = config.site;
    remote.update(object, "", mine([](State& self, auto result) {
                    if (!result.ok()) return self.fail("Node", result.error());
                    self.write_status(*std::move(result));
                  }));
  }

  void write_status(const api::Object& seen) {
    api::Object object = seen.clone();
    api::Node* node = object.as<api::Node>();
    const api::NodeStatus before = node->status;
    node->status = node_status(before, config, host.facts(), core_rate(), runtime.now());
    if (schema::equal(schema::type_of<api::NodeStatus>, &before, &node->status)) return done();
    remote.update(object, "status", mine([](State& self, auto result) {
                    if (!result.ok()) return self.fail("Node status", result.error());
                    self.done();
                  }));
  }

  void done() {
    busy = false;
    retry = first_retry;
    if (again) return publish();
    later(look_again);
  }

  void fail(std::string_view what, const Error& error) {
    busy = false;
    has_profile = false;
    if (error.reason != Reason::conflict)
      log(LogLevel::warning, "agent", "cannot publish the machine",
          {{"what", what}, {"error", error.to_string()}});
    later(retry);
    retry = std::min(retry * 2, longest_retry);
  }

  void later(Duration pause) {
    timer = runtime.timer(pause, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->publish();
    });
  }

  void beat() {
    heartbeat = runtime.timer(config.heartbeat, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->beat();
    });
    api::Lease lease;
    lease.metadata.name = config.node_name;
    lease.metadata.ns = lease_namespace;
    lease.spec.holder_identity = config.node_name;
    lease.spec.lease_duration_seconds = lease_seconds;
    lease.spec.renew_time.time = runtime.now();
    const api::Object object = api::Object::of(std::move(lease));
    remote.update(object, "", mine([object](State& self, auto result) {
                    if (!result.ok() && result.error().reason == Reason::not_found)
                      self.remote.create(object, [](Result<api::Object>) {});
                  }));
  }

  Runtime& runtime;
  Host& host;
  client::Remote& remote;
  const AgentConfig& config;
  const std::function<std::optional<double>()> core_rate;
  Timer timer, heartbeat;
  Duration retry = first_retry;
  bool busy = false, again = false, has_profile = false;
};

NodePublisher::NodePublisher(Runtime& runtime, Host& host, client::Remote& remote,
                             const AgentConfig& config,
                             std::function<std::optional<double>()> core_rate)
    : state_(std::make_shared<State>(runtime, host, remote, config, std::move(core_rate))) {
  state_->publish();
  state_->beat();
}
NodePublisher::~NodePublisher() = default;
void NodePublisher::publish() { state_->publish(); }

}  // namespace freehold::agent
