#include "agent/instance.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <string_view>
#include <utility>

#include "base/strings.h"
#include "json/value.h"

namespace freehold::agent {
namespace {

using api::InstancePhase;

constexpr Duration prepare_pause = seconds(5);  // before limits are tried again
constexpr int64_t most_doublings = 6;

class Stepper {
 public:
  Stepper(const Wanted& wanted, Memory memory, const Observed& seen, const Moment& moment)
      : spec_(wanted.spec),
        stop_(wanted.stop || wanted.spec.stop),
        seen_(seen),
        moment_(moment),
        step_{.memory = std::move(memory)} {}

  Step run() {
    adopt();
    settle_exit();
    if (stop_)
      stop();
    else if (is_terminal(m().phase) && !restart_asked())
      finish();
    else
      go();
    step_.ready = m().phase == InstancePhase::running && seen_.readiness == Readiness::good;
    return std::move(step_);
  }

 private:
  Memory& m() { return step_.memory; }
  bool runs() const {
    return seen_.process.state == ProcessState::running ||
           seen_.process.state == ProcessState::starting;
  }
  bool restart_asked() { return spec_.restart_epoch > m().restart_epoch; }
  void act(Action action) { step_.actions.push_back(action); }
  void look_again(Duration at) {
    const Duration wait = std::max(at - moment_.uptime, milliseconds(1));
    if (step_.again_in.us == 0 || wait < step_.again_in) step_.again_in = wait;
  }
  void say(InstancePhase phase, std::string reason, std::string message) {
    m().phase = phase;
    m().reason = std::move(reason);
    m().message = std::move(message);
  }

  // Times of another boot mean nothing, and its limits are gone.
  void adopt() {
    // A process that the machine knows of and we do not: our memory was lost.
    m().run = std::max(m().run, seen_.process.run);
    if (m().boot_id == moment_.boot_id) return;
    if (!m().boot_id.empty()) {
      m().next_start = m().term_at = m().kill_at = Duration{};
      if (m().phase == InstancePhase::stopping) m().ending = Ending::stop;
    }
    m().boot_id = moment_.boot_id;
  }

  // Deals once with the end of each run.
  void settle_exit() {
    const ProcessSeen& process = seen_.process;
    if (process.state != ProcessState::none && process.started_at.is_set())
      m().started_at = process.started_at;
    if (process.state != ProcessState::exited || process.run <= m().settled) return;
    m().settled = process.run;
    m().is_kill_own = false;
    m().run = std::max(m().run, process.run);
    const Ending ending = std::exchange(m().ending, Ending::none);
    m().term_at = m().kill_at = Duration{};
    api::Exit exit = process.exit;
    if (ending == Ending::unhealthy) exit.reason = "Unhealthy";
    m().last_exit = exit;
    if (stop_ || ending == Ending::stop) return;
    if (ending == Ending::restart) {
      m().restart_epoch = std::max(m().restart_epoch, spec_.restart_epoch);
      m().crashes = 0;
      m().next_start = moment_.uptime;
      return say(InstancePhase::backing_off, "Restarting", "ended to be started again");
    }
    decide(exit, process.message);
  }

  void decide(const api::Exit& exit, const std::string& message) {
    const bool good = exit.code == 0 && exit.signal == 0;
    const bool rebooted = exit.reason == "NodeRebooted";
    if (spec_.run.restart == api::RestartPolicy::never ||
        (spec_.run.restart == api::RestartPolicy::on_failure && good))
      return say(good ? InstancePhase::succeeded : InstancePhase::failed, exit.reason, message);
    const Time started = seen_.process.started_at;
    const bool ran_long = started.is_set() && exit.at - started >= backoff_reset;
    if (ran_long || rebooted) m().crashes = 0;
    if (exit.reason == "Killed") m().is_kill_own = std::exchange(m().was_killed, true) && !ran_long;
    const int64_t doublings = std::min(m().crashes, most_doublings);
    const Duration pause = std::min(first_backoff * (int64_t{1} << doublings), longest_backoff);
    m().next_start = moment_.uptime + (rebooted ? Duration{} : pause);
    ++m().crashes;
    say(InstancePhase::backing_off, exit.reason, message);
  }

  // Asks the process to end, insists after the grace.
  void end_process(Ending ending) {
    if (m().ending != Ending::stop) m().ending = ending;
    if (seen_.process.state == ProcessState::starting)
      return look_again(moment_.uptime + milliseconds(50));
    if (m().term_at.us == 0) {
      m().term_at = std::max(moment_.uptime, microseconds(1));
      act(Action::terminate);
    }
    const Duration due = m().term_at + spec_.run.stop_grace;
    if (moment_.uptime < due) return look_again(due);
    if (m().kill_at.us == 0 || moment_.uptime - m().kill_at >= seconds(1)) {
      m().kill_at = moment_.uptime;
      act(Action::kill);
    }
    look_again(m().kill_at + seconds(1));
  }

  void stop() {
    if (runs()) {
      say(InstancePhase::stopping, "Stopping", "");
      return end_process(Ending::stop);
    }
    if (m().phase != InstancePhase::succeeded && m().phase != InstancePhase::failed)
      say(InstancePhase::stopped, "Stopped", "");
    finish();
  }

  void finish() {
    if (!std::exchange(m().released, true)) act(Action::release);
  }

  void go() {
    m().released = false;
    if (is_terminal(m().phase)) {  // started once more
      say(InstancePhase::backing_off, "Restarting", "");
      m().next_start = moment_.uptime;
      m().restart_epoch = spec_.restart_epoch;
    }
    if (!runs() && !seen_.held.empty()) return wait();
    // Also when it runs: limits may have changed.
    if (!seen_.limits_set) return prepare();
    if (runs()) return running();
    if (wants_acceptance(spec_) && !m().acceptance.done && m().run == 0) {
      say(InstancePhase::preparing, "AcceptanceTest", "the acceptance probe runs");
      if (!seen_.accepting) act(Action::accept);
      return;
    }
    if (is_bare(spec_)) return say(InstancePhase::prepared, "Reserved", "limits are held");
    if (m().phase == InstancePhase::backing_off && m().run > 0) return back_off();
    if (!spec_.gate_open && m().run == 0)
      return say(InstancePhase::prepared, "WaitingForGate", "limits are set; the gate is closed");
    start();
  }

  void wait() {
    say(m().run == 0 ? InstancePhase::preparing : m().phase, "StillHeld", seen_.held);
    look_again(moment_.uptime + seconds(1));
  }

  void prepare() {
    if (!runs()) say(m().run == 0 ? InstancePhase::preparing : m().phase, "Preparing", "");
    if (!seen_.limits_failed) return act(Action::prepare);
    m().reason = seen_.limits_reason;
    m().message = seen_.limits_message;
    act(Action::prepare);
    look_again(moment_.uptime + prepare_pause);
  }

  void running() {
    if (m().phase != InstancePhase::running ||
        (m().reason == "Starting" && seen_.process.state == ProcessState::running))
      say(InstancePhase::running, "Running", "");
    if (m().ending != Ending::none) return end_process(m().ending);
    // Without a command there is nothing to start again: the workload was taken away.
    if (restart_asked() || is_bare(spec_)) return end_process(Ending::restart);
    if (!seen_.live) return end_process(Ending::unhealthy);
    const Duration good_at = seen_.process.started_uptime + backoff_reset;
    if (m().crashes == 0 || seen_.process.state != ProcessState::running) return;
    if (moment_.uptime >= good_at)
      m().crashes = 0;
    else
      look_again(good_at);
  }

  void back_off() {
    if (restart_asked()) {
      m().restart_epoch = spec_.restart_epoch;
      m().crashes = 0;
      m().next_start = moment_.uptime;
    }
    if (moment_.uptime < m().next_start) return look_again(m().next_start);
    start();
  }

  void start() {
    if (m().run > 0) ++m().restarts;
    m().run = std::max(m().run, seen_.process.run) + 1;
    m().restart_epoch = std::max(m().restart_epoch, spec_.restart_epoch);
    m().ending = Ending::none;
    m().term_at = m().kill_at = Duration{};
    say(InstancePhase::running, "Starting", "");
    act(Action::launch);
  }

  const api::InstanceSpec& spec_;
  const bool stop_;
  const Observed& seen_;
  const Moment& moment_;
  Step step_;
};

Quantity value_of(const Quantity& floor, std::string_view test, double rate, double share_percent) {
  if (test == "memory-bandwidth") return Quantity::of(std::llround(rate * 8), Dimension::bandwidth);
  if (floor.is_set() && floor.dimension() == Dimension::percent)
    return Quantity::of(std::llround(share_percent * 1000), Dimension::percent);
  const Dimension dimension = floor.is_set() && floor.dimension() == Dimension::number
                                  ? Dimension::number
                                  : Dimension::rate;
  return Quantity::of(std::llround(rate * 1000), dimension);
}

}  // namespace

Step step(const Wanted& wanted, Memory memory, const Observed& seen, const Moment& moment) {
  return Stepper(wanted, std::move(memory), seen, moment).run();
}

bool is_terminal(InstancePhase phase) {
  return phase == InstancePhase::succeeded || phase == InstancePhase::failed ||
         phase == InstancePhase::stopped;
}

bool is_bare(const api::InstanceSpec& spec) { return spec.run.command.empty(); }

bool is_down_by_itself(const Memory& memory, const ProcessSeen& process, Duration uptime) {
  // As the shim says it, and `Unhealthy` as settle_exit does.
  static constexpr std::array<std::string_view, 6> own{"Completed",   "Error",         "Crashed",
                                                       "OutOfMemory", "CommandFailed", "Unhealthy"};
  if (!memory.last_exit) return false;
  if (!memory.is_kill_own &&
      std::find(own.begin(), own.end(), memory.last_exit->reason) == own.end())
    return false;
  if (process.state == ProcessState::exited)
    return process.run == memory.settled && memory.run == memory.settled;
  return process.state == ProcessState::starting && memory.run == memory.settled + 1 &&
         uptime - memory.next_start < start_grace;
}

bool wants_acceptance(const api::InstanceSpec& spec) {
  return spec.acceptance.test == api::AcceptanceTest::cpu ||
         spec.acceptance.test == api::AcceptanceTest::memory_bandwidth;
}

std::string shared_part(const api::InstanceSpec& one, const api::InstanceSpec& other) {
  const auto mine = parse_cpu_list(one.cpus).value_or(std::vector<uint32_t>{});
  const auto theirs = parse_cpu_list(other.cpus).value_or(std::vector<uint32_t>{});
  std::vector<uint32_t> both;
  std::ranges::set_intersection(mine, theirs, std::back_inserter(both));
  if (both.size() == 1) return "CPU " + format_cpu_list(both) + " is";
  if (!both.empty()) return "CPUs " + format_cpu_list(both) + " are";
  for (const std::string& device : one.devices)
    if (std::ranges::find(other.devices, device) != other.devices.end())
      return "device " + device + " is";
  return {};
}

LimitsWanted limits_of(const api::InstanceSpec& spec) {
  std::vector<uint32_t> nodes;
  for (const api::MemoryShare& share : spec.memory)
    if (share.bytes > 0) nodes.push_back(static_cast<uint32_t>(share.node));
  std::sort(nodes.begin(), nodes.end());
  nodes.erase(std::unique(nodes.begin(), nodes.end()), nodes.end());
  return {spec.cpus, nodes.empty() ? std::string() : format_cpu_list(nodes), spec.limits.cpu_milli,
          spec.limits.memory_bytes, spec.limits.processes};
}

namespace {

// CUDA numbers only the GPUs that this variable names; without it a process takes the first of the
// machine, whosever that is. Nothing where the machine has none, or one of its own has no UUID yet.
std::optional<std::string> visible_to_cuda(const std::vector<std::string>& devices,
                                           const discover::Machine& machine) {
  const api::HardwareProfileSpec& profile = machine.profile;
  const auto is_nvidia = [&](const api::Device& device) {
    const auto at = std::ranges::find(profile.pci, device.address, &api::PciFunction::address);
    return device.cls == api::DeviceClass::gpu && at != profile.pci.end() && at->vendor == "10de";
  };
  if (std::ranges::none_of(profile.devices, is_nvidia)) return std::nullopt;
  std::vector<std::string> own;
  for (const std::string& id : devices) {
    const auto device = std::ranges::find(profile.devices, id, &api::Device::id);
    if (device == profile.devices.end() || !is_nvidia(*device)) continue;
    const auto seen = std::ranges::find(machine.devices, id, &api::NodeDevice::id);
    if (seen == machine.devices.end() || seen->identity.empty()) return std::nullopt;
    own.push_back(seen->identity);
  }
  return join(own, ",");
}

}  // namespace

std::vector<std::string> environment_of(const api::Instance& instance,
                                        const std::vector<api::PortBinding>& ports,
                                        const discover::Machine& machine) {
  const api::InstanceSpec& spec = instance.spec;
  std::vector<std::string> out{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                               "LANG=C.UTF-8",
                               "FREEHOLD_INSTANCE=" + instance.metadata.name,
                               "FREEHOLD_NAMESPACE=" + instance.metadata.ns,
                               "FREEHOLD_CONTRACT=" + spec.contract,
                               "FREEHOLD_NODE=" + spec.node,
                               "FREEHOLD_MEMBER=" + std::to_string(spec.member),
                               "FREEHOLD_DEVICES=" + join(spec.devices, ",")};
  if (const auto visible = visible_to_cuda(spec.devices, machine))
    out.push_back("CUDA_VISIBLE_DEVICES=" + *visible);
  for (const api::PortBinding& port : ports) {
    std::string name = "PORT_";
    for (const char c : port.name)
      name += c == '-' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    out.push_back(name + "=" + std::to_string(port.port));
  }
  // Last wins: the user may replace PATH or LANG.
  for (const api::EnvVar& variable : spec.run.env) {
    const std::string start = variable.name + "=";
    std::erase_if(out, [&](const std::string& one) { return one.starts_with(start); });
    out.push_back(start + variable.value);
  }
  return out;
}

api::AcceptanceResult judge_acceptance(const api::InstanceSpec& spec,
                                       const Result<ExecOutcome>& outcome, double core_rate,
                                       Time now) {
  api::AcceptanceResult result;
  result.test = spec.acceptance.test == api::AcceptanceTest::cpu ? "cpu" : "memory-bandwidth";
  result.done = true;
  result.at = now;
  if (!outcome.ok() || outcome->code != 0) {
    result.message = outcome.ok() ? "the probe ended with status " + std::to_string(outcome->code)
                                  : outcome.error().message;
    return result;
  }
  const auto printed = json::parse(outcome->output);
  const json::Value* value = printed.ok() ? printed->at({"value"}) : nullptr;
  if (value == nullptr || !value->is_number() || value->number() <= 0) {
    result.message = "the probe printed no value";
    return result;
  }
  const auto cpus = parse_cpu_list(spec.cpus);
  double cores = cpus && !cpus->empty() ? static_cast<double>(cpus->size()) : 1;
  if (spec.limits.cpu_milli > 0) cores = static_cast<double>(spec.limits.cpu_milli) / 1000;
  const double share = core_rate > 0 ? 100 * value->number() / (core_rate * cores) : 0;
  const Quantity& floor = spec.acceptance.at_least;
  result.value = value_of(floor, result.test, value->number(), share);
  if (floor.is_set() && floor.dimension() != result.value.dimension()) {
    result.message =
        "the floor " + floor.text() + " cannot be compared with " + result.value.text();
    return result;
  }
  result.passed = !floor.is_set() || result.value >= floor;
  const std::string shown = humanize(result.value.value(), result.value.dimension());
  result.message = !floor.is_set() ? "measured " + shown
                   : result.passed ? "measured " + shown + ", at least " + floor.text()
                                   : "measured " + shown + ", below " + floor.text();
  return result;
}

}  // namespace freehold::agent
