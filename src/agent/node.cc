#include "agent/node.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <utility>

#include "agent/take_over.h"
#include "api/core.h"
#include "base/log.h"
#include "base/strings.h"
#include "schema/walk.h"

namespace freehold::agent {
namespace {

constexpr Duration look_again = seconds(60);
constexpr Duration former_look = seconds(1);  // at this machine alone
constexpr Duration first_retry = milliseconds(500);
constexpr Duration longest_retry = seconds(30);
constexpr int64_t lease_seconds = 40;  // eight heartbeats, as kubelet's node leases
constexpr size_t message_bytes = 1'000;

std::string list_of(const std::vector<std::string>& texts) {
  const std::string out = join(texts, "; ");
  if (out.size() <= message_bytes) return out;
  return std::string(beginning_of(out, message_bytes)) + " …";
}

void set_conditions(api::NodeStatus& status, const discover::Machine& machine,
                    const HostFacts& facts, Time now) {
  using enum api::ConditionStatus;
  const auto& notes = machine.notes;
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
  for (const api::DegradedLink& link : machine.degraded)
    links.push_back(link.at + " runs at " + link.seen + ", expected " + link.expected);
  if (links.empty())
    set_condition(status.conditions, "LinksHealthy", true_, "Healthy",
                  "no link runs below what both ends can do", 0, now);
  else
    set_condition(status.conditions, "LinksHealthy", false_, "Degraded", list_of(links), 0, now);
}

// A meter moves with every look; what moved by less than a tenth stays as it was told, so that
// objects are quiet.
bool has_moved(int64_t was, int64_t is) { return std::abs(is - was) > was / 10; }

api::NodePower power_now(const api::NodePower& before, api::NodePower found, Time now) {
  if (!found.measured.is_set()) {
    found.source.clear();
    return found;
  }
  const bool moved =
      !before.measured.is_set() || before.source != found.source ||
      has_moved(before.measured.value(), found.measured.value()) ||
      before.limit.text() != found.limit.text() ||
      (found.nameplate.is_set() && before.nameplate.text() != found.nameplate.text());
  if (!moved) return before;
  found.at = now;
  return found;
}

// The same for the meters and clocks of devices.
std::vector<api::NodeDevice> devices_now(const std::vector<api::NodeDevice>& before,
                                         std::vector<api::NodeDevice> found, Time now) {
  for (api::NodeDevice& device : found) {
    const auto same = std::ranges::find(before, device.id, &api::NodeDevice::id);
    const api::PowerReading was = same == before.end() ? api::PowerReading() : same->power;
    if (!device.power.measured.is_set())
      device.power = {};
    else if (was.measured.is_set() && was.source == device.power.source &&
             !has_moved(was.measured.value(), device.power.measured.value()))
      device.power = was;
    else
      device.power.at = now;
    if (same == before.end()) continue;
    for (int64_t api::DeviceClocks::* clock :
         {&api::DeviceClocks::core_mhz, &api::DeviceClocks::core_max_mhz,
          &api::DeviceClocks::memory_mhz, &api::DeviceClocks::memory_max_mhz})
      if (device.clocks.*clock > 0 && !has_moved(same->clocks.*clock, device.clocks.*clock))
        device.clocks.*clock = same->clocks.*clock;
  }
  return found;
}

// Who said what, since when.
std::vector<api::Provenance> provenance_now(const std::vector<api::Provenance>& before,
                                            std::vector<api::Provenance> found, Time now) {
  for (api::Provenance& said : found) {
    const auto same = std::find_if(before.begin(), before.end(), [&](const auto& other) {
      return other.field == said.field && other.source == said.source;
    });
    said.at = same == before.end() ? now : same->at;
  }
  return found;
}

}  // namespace

Result<api::HardwareProfileSpec> parse_hardware(std::string_view text) {
  api::HardwareProfileSpec spec;
  schema::Errors errors;
  TRY(schema::read(schema::type_of<api::HardwareProfileSpec>, &spec, text, errors));
  schema::validate(schema::type_of<api::HardwareProfileSpec>, &spec, {}, errors);
  if (!errors.all().empty())
    return Error{Reason::invalid, errors.all()[0].path + ": " + errors.all()[0].detail, {}};
  return spec;
}

api::NodeStatus node_status(const api::NodeStatus& before, const AgentConfig& config,
                            const discover::Machine& machine, const HostFacts& facts,
                            std::optional<double> core_rate, Time now) {
  api::NodeStatus status = before;
  status.profile = discover::profile_name(machine.profile);
  status.boot_id = machine.boot_id;
  status.agent_version = config.version;
  status.kernel = machine.kernel;
  status.firmware = machine.firmware;
  status.address = config.address;
  status.agent_endpoint = config.endpoint;
  status.allocatable = discover::allocatable(machine, config.reserve);
  status.degraded_links = machine.degraded;
  status.enforcement = facts.enforcement;
  status.scale_up_domain = machine.scale_up_domain;
  // What was imported was measured by others, at another time.
  const bool is_first = before.agent_version.empty();
  status.devices =
      devices_now(is_first ? std::vector<api::NodeDevice>() : before.devices, machine.devices, now);
  const bool is_others = is_imported(before, "status.power.measured");
  status.power = power_now(is_others ? api::NodePower() : before.power, machine.power, now);
  status.provenance = provenance_now(before.provenance, machine.provenance, now);
  take_over(before, status);
  if (core_rate && *core_rate > 0) {
    const Quantity rate = Quantity::of(std::llround(*core_rate * 1000), Dimension::rate);
    auto at = std::find_if(status.measured.begin(), status.measured.end(),
                           [](const api::Capability& c) { return c.metric == "cpu_rate"; });
    if (at == status.measured.end())
      at =
          status.measured.insert(at, {.metric = "cpu_rate", .value = {}, .by = "agent", .at = now});
    if (at->value.text() != rate.text()) *at = {"cpu_rate", rate, "agent", now};
  }
  std::erase_if(status.conditions, [](const auto& c) { return c.type == api::former_work_ended; });
  set_conditions(status, machine, facts, now);
  return status;
}

struct NodePublisher::State : std::enable_shared_from_this<State> {
  State(Runtime& r, Host& h, client::Remote& rem, const AgentConfig& c, NodeFacts f)
      : runtime(r), host(h), remote(rem), config(c), facts(std::move(f)), machine(c.machine) {}

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
    profile.metadata.name = discover::profile_name(machine.profile);
    profile.spec = machine.profile;
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
                 if (!result.ok()) return self.fail("Node", result.error());
                 self.check_spec(*std::move(result));
               }));
  }

  // Where the machine stands is ours to say only where nobody has.
  void check_spec(api::Object object) {
    api::Node* node = object.as<api::Node>();
    if (config.site.empty() || !node->spec.site.empty()) {
      if (!config.site.empty() && node->spec.site != config.site &&
          std::exchange(other_site, node->spec.site) != node->spec.site)
        log(LogLevel::warning, "agent", "the Node names another site, which stands",
            {{"site", node->spec.site}, {"here", config.site}});
      return write_status(object);
    }
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
    // A Node that was told of its hardware has no former work on it, whatever runs here.
    const std::string& uid = node->metadata.uid;
    held_back = before.agent_version.empty() ? facts.former_work(uid) : std::string();
    held_for = uid;
    if (held_back.empty())
      node->status = status_after(before);
    else
      set_condition(node->status.conditions, api::former_work_ended, api::ConditionStatus::false_,
                    "StillRuns", held_back, 0, runtime.now());
    said = node->status;
    if (schema::equal(schema::type_of<api::NodeStatus>, &before, &node->status)) return done();
    remote.update(object, "status", mine([](State& self, auto result) {
                    if (!result.ok()) return self.fail("Node status", result.error());
                    self.done();
                  }));
  }

  api::NodeStatus status_after(const api::NodeStatus& before) const {
    return node_status(before, config, machine, host.facts(), facts.core_rate(), runtime.now());
  }

  void done() {
    busy = false;
    retry = first_retry;
    if (again) return publish();
    if (held_back.empty()) return later(look_again);
    look_at_former_work(runtime.uptime() + look_again);
  }

  void look_at_former_work(Duration most) {
    timer = runtime.timer(former_look, [weak = weak_from_this(), most] {
      const auto self = weak.lock();
      if (!self) return;
      const bool is_same = self->facts.former_work(self->held_for) == self->held_back;
      if (is_same && self->runtime.uptime() < most) return self->look_at_former_work(most);
      self->publish();
    });
  }

  void fail(std::string_view what, const Error& error) {
    busy = false;
    has_profile = false;
    if (error.reason != Reason::conflict && error.reason != Reason::unauthorized)
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

  // The next look comes after this one has: one that hangs is said once, and waited for.
  void look_later() {
    looking = runtime.timer(config.discovery, [weak = weak_from_this()] {
      const auto self = weak.lock();
      if (!self) return;
      self->host.discover([weak](Result<discover::Machine> found) {
        if (const auto still = weak.lock()) still->take(std::move(found));
      });
    });
  }

  void take(Result<discover::Machine> found) {
    look_later();
    if (!found.ok()) {
      log(LogLevel::warning, "agent", "cannot look at the hardware",
          {{"error", found.error().to_string()}});
      return;
    }
    const bool is_other = !schema::equal(schema::type_of<api::HardwareProfileSpec>,
                                         &machine.profile, &found->profile);
    machine = *std::move(found);
    if (is_other) {
      has_profile = false;
      host.save(std::string(hardware_file), schema::print(machine.profile));
    }
    const api::NodeStatus next = status_after(said);
    if (!schema::equal(schema::type_of<api::NodeStatus>, &said, &next)) publish();
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
  const NodeFacts facts;
  discover::Machine machine;  // as last seen
  api::NodeStatus said;       // as last written, or tried to
  std::string other_site;     // of the Node, as last complained of
  std::string held_back;      // why the Node of uid `held_for` is not told of the hardware
  std::string held_for;
  Timer timer, heartbeat, looking;
  Duration retry = first_retry;
  bool busy = false, again = false, has_profile = false;
};

NodePublisher::NodePublisher(Runtime& runtime, Host& host, client::Remote& remote,
                             const AgentConfig& config, NodeFacts facts)
    : state_(std::make_shared<State>(runtime, host, remote, config, std::move(facts))) {
  host.save(std::string(hardware_file), schema::print(config.machine.profile));
  state_->publish();
  state_->beat();
  state_->look_later();
}
NodePublisher::~NodePublisher() = default;

const discover::Machine& NodePublisher::machine() const { return state_->machine; }
void NodePublisher::publish() { state_->publish(); }

}  // namespace freehold::agent
