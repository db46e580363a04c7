#include "agent/member.h"

#include <algorithm>
#include <utility>

#include "api/user_id.h"
#include "api/window_facts.h"
#include "base/log.h"
#include "metrics/parse.h"

namespace freehold::agent {
namespace {

constexpr int rounds = 8;  // actions that follow from one look
constexpr Duration rate_pause = milliseconds(200);

std::string file_of(const std::string& id) { return "instance-" + id + ".json"; }
std::string windows_file_of(const std::string& id) { return "windows-" + id + ".json"; }

}  // namespace

Member::Member(Shell& shell, Remembered remembered, std::function<void()> changed)
    : shell_(shell), now_(std::move(remembered)), changed_(std::move(changed)) {
  if (const auto text = shell_.host.load(windows_file_of(id())); text.ok())
    if (const auto value = json::parse(*text); value.ok()) windows_.load(*value);
  update(now_.instance);
  if (now_.memory.run > 0 && !is_terminal(now_.memory.phase)) (void)take_ports();
}

Member::~Member() { give_ports(); }

void Member::update(const api::Instance& instance) {
  // What was told of another boot was counted in a group that is gone.
  const std::string& boot = instance.status.boot_id;
  if (!boot.empty() && boot != shell_.host.facts().boot_id)
    now_.memory.earlier = larger(now_.memory.earlier, instance.status.usage);
  now_.instance = instance;
  now_.instance.status = {};
  dropped_ = false;
  const auto& run = now_.instance.spec.run;
  windows_.want(now_.instance.spec.measures,
                run.metrics ? run.metrics->aliases : schema::StringMap{},
                is_bare(now_.instance.spec),
                run.metrics ? run.metrics->period : api::MetricsEndpoint{}.period);
}

void Member::drop() { dropped_ = true; }

Observed Member::observe() {
  Observed seen;
  process_ = shell_.host.look(id());
  seen.process = process_;
  seen.limits_set = limits_set_ == limits_of(now_.instance.spec);
  if (may_start() && !holds()) seen.held = shell_.held(*this);
  seen.limits_failed = !limits_problem_.empty();
  if (!limits_reason_.empty()) seen.limits_reason = limits_reason_;
  seen.limits_message = limits_problem_;
  seen.accepting = accepting_;
  attend(process_);
  seen.live = liveness_ == nullptr || liveness_->verdict() != Readiness::bad;
  if (process_.state == ProcessState::running)
    seen.readiness = readiness_ ? readiness_->verdict() : Readiness::good;
  return seen;
}

void Member::look() {
  // Actions may tell us of changes while we look; the round that follows sees them.
  if (is_looking_) return;
  is_looking_ = true;
  const Memory before = now_.memory;
  const bool was_ready = ready_;
  for (int round = 0; round < rounds; ++round) {
    const api::Instance& instance = now_.instance;
    const Wanted wanted{instance.spec, dropped_ || instance.metadata.deletion_timestamp.is_set()};
    const Moment moment{shell_.runtime.now(), shell_.runtime.uptime(), shell_.host.facts().boot_id};
    Step next = step(wanted, now_.memory, observe(), moment);
    const bool has_ended = is_terminal(next.memory.phase) && !is_terminal(now_.memory.phase);
    if (has_ended && next.memory.energy.until.is_set())
      count(next.memory.energy, draw_of(instance.spec, shell_.machine()), shell_.measured_now());
    // Nothing runs any more: this is exact, and is kept before the group goes.
    const bool has_settled = next.memory.settled != now_.memory.settled;
    const bool is_let_go = next.memory.released && !now_.memory.released;
    if ((has_settled || is_let_go) && read_usage()) next.memory.usage = usage_;
    // The group goes, or went with its boot: what it counted stays.
    const std::string& boot = now_.memory.boot_id;
    const bool is_gone = is_let_go || (!boot.empty() && next.memory.boot_id != boot);
    if (is_gone && next.memory.usage)
      next.memory.earlier = larger(next.memory.earlier, *next.memory.usage);
    next.memory.is_taken_up |= now_.memory.released && !next.memory.released;
    now_.memory = std::move(next.memory);
    ready_ = next.ready;
    save();
    again_.cancel();
    if (next.again_in.us > 0) again_ = shell_.runtime.timer(next.again_in, [this] { look(); });
    for (const Action action : next.actions) act(action);
    if (next.actions.empty()) break;
    // The answer to these comes later; asking at once would only repeat them.
    const Action last = next.actions.back();
    if (last == Action::terminate || last == Action::kill || last == Action::accept ||
        (last == Action::prepare && !limits_problem_.empty()))
      break;
  }
  is_looking_ = false;
  const Memory& after = now_.memory;
  if (before.phase != after.phase || before.restarts != after.restarts || was_ready != ready_ ||
      before.run != after.run || before.restart_epoch != after.restart_epoch ||
      before.acceptance.done != after.acceptance.done || before.reason != after.reason)
    changed_();
}

void Member::act(Action action) {
  switch (action) {
    case Action::prepare:
      return prepare();
    case Action::accept:
      return accept();
    case Action::launch:
      return launch();
    case Action::terminate:
      return shell_.host.signal(id(), Signal::terminate);
    case Action::kill:
      return shell_.host.signal(id(), Signal::kill);
    case Action::release:
      limits_set_.reset();
      windows_.give_up();
      give_ports();
      return shell_.host.release(id());
  }
}

// Who may become anybody becomes a tenant's user or starts nothing: there is no one else whom a
// tenant's work may be. Empty: well.
std::string Member::user_problem() const {
  const int64_t id = now_.instance.spec.user_id;
  if (!shell_.host.facts().switches_users || api::is_tenant_user_id(id)) return {};
  return "spec.userId: " + std::to_string(id) + " is no tenant's user id (" +
         std::to_string(api::first_tenant_user_id) + " to " +
         std::to_string(api::last_tenant_user_id) + "); nothing is started as it";
}

void Member::prepare() {
  limits_reason_.clear();
  if (limits_problem_ = user_problem(); !limits_problem_.empty()) {
    limits_reason_ = "UserRefused";
    return;
  }
  const LimitsWanted wanted = limits_of(now_.instance.spec);
  auto read = shell_.host.prepare(id(), wanted);
  if (!read.ok()) {
    limits_problem_ = read.error().message;
    return;
  }
  limits_problem_.clear();
  limits_set_ = wanted;
  limits_ = *std::move(read);
  // The group that was let go may still have been there: it has counted already.
  if (std::exchange(now_.memory.is_taken_up, false))
    if (const auto usage = shell_.host.usage(id()); usage.ok())
      now_.memory.earlier = less(now_.memory.earlier, *usage);
  if (now_.instance.spec.user_id != 0 && !shell_.host.facts().switches_users)
    limits_.not_enforced.emplace_back("user: the agent is not root, all run as its own user");
}

void Member::accept() {
  if (!shell_.core_rate) {
    again_ = shell_.runtime.timer(rate_pause, [this] { look(); });
    return;
  }
  const api::InstanceSpec& spec = now_.instance.spec;
  accepting_ = true;
  const ProbeRequest request{
      spec.acceptance.test == api::AcceptanceTest::cpu ? "cpu" : "memory-bandwidth",
      spec.acceptance.duration, "", spec.limits.memory_bytes, spec.user_id};
  shell_.host.probe(
      id(), request, [this, weak = std::weak_ptr<int>(alive_)](Result<ExecOutcome> outcome) {
        if (weak.expired()) return;
        accepting_ = false;
        now_.memory.acceptance = judge_acceptance(
            now_.instance.spec, outcome, shell_.core_rate.value_or(0), shell_.runtime.now());
        changed_();
        look();
      });
}

std::string Member::take_ports() {
  for (const api::Port& port : now_.instance.spec.run.ports)
    if (port.port != 0 && shell_.fixed_ports.try_emplace(port.port, id()).first->second != id())
      return "port " + std::to_string(port.port) +
             " is that of another instance on this machine; leave out its number, and a free one "
             "is given";
  return {};
}

void Member::give_ports() {
  std::erase_if(shell_.fixed_ports, [this](const auto& held) { return held.second == id(); });
}

// Nothing will tell of it: the back-off is all there is.
void Member::could_not_launch(std::string reason, std::string message) {
  Memory& memory = now_.memory;
  memory.phase = api::InstancePhase::backing_off;
  memory.reason = std::move(reason);
  memory.message = std::move(message);
  memory.next_start = shell_.runtime.uptime() + seconds(5);
  log(LogLevel::warning, "agent", "cannot start an instance",
      {{"instance", now_.instance.metadata.name}, {"error", memory.message}});
}

void Member::launch() {
  const api::InstanceSpec& spec = now_.instance.spec;
  Memory& memory = now_.memory;
  if (std::string taken = take_ports(); !taken.empty())
    return could_not_launch("PortTaken", std::move(taken));
  std::vector<api::PortBinding> ports;
  for (const api::Port& port : spec.run.ports) {
    int64_t number = port.port;
    for (const api::PortBinding& old : memory.ports)
      if (number == 0 && old.name == port.name) number = old.port;
    if (number == 0) number = shell_.host.free_port().value_or(0);
    ports.push_back({port.name, number});
  }
  memory.ports = std::move(ports);
  save();
  auto launched =
      shell_.host.launch(id(), {memory.run, spec.run.command,
                                environment_of(now_.instance, memory.ports, shell_.machine()),
                                spec.run.directory, spec.user_id});
  if (!launched.ok()) could_not_launch("LaunchFailed", launched.error().message);
}

void Member::attend(const ProcessSeen& process) {
  const int64_t run = process.state == ProcessState::running ? process.run : 0;
  if (run == attended_) return;
  attended_ = run;
  liveness_.reset();
  readiness_.reset();
  scraper_.reset();
  doors_.reset();
  if (run == 0) return;
  const api::ProcessSpec& spec = now_.instance.spec.run;
  doors_ = std::make_unique<Doors>(shell_.connect, now_.memory.ports);
  const ProbeTarget target{id(), environment_of(now_.instance, now_.memory.ports, shell_.machine()),
                           now_.instance.spec.user_id, spec.directory};
  auto prober = [&](const std::optional<api::Probe>& probe) -> std::unique_ptr<Prober> {
    if (!probe) return nullptr;
    // Later: the answer may end the run, and with it the prober that gives it.
    return std::make_unique<Prober>(shell_.runtime, shell_.host, *doors_, *probe, target, [this] {
      again_ = shell_.runtime.timer(Duration{}, [this] { look(); });
    });
  };
  liveness_ = prober(spec.liveness);
  readiness_ = prober(spec.readiness);
  if (!spec.metrics) return;
  scraper_ = std::make_unique<Scraper>(shell_.runtime, *doors_, *spec.metrics,
                                       [this, run](const std::string& body) {
                                         const auto read = metrics::parse_exposition(body);
                                         if (read.ok() && is_measured())
                                           windows_.scrape(shell_.measured_now(), run, *read);
                                       });
}

bool Member::is_measured() const {
  const Memory& memory = now_.memory;
  if (dropped_ || now_.instance.spec.stop || is_terminal(memory.phase) ||
      memory.ending == Ending::stop || now_.instance.metadata.deletion_timestamp.is_set())
    return false;
  // Limits are held while work that was taken away winds down, too.
  return is_bare(now_.instance.spec) ? memory.phase >= api::InstancePhase::prepared
                                     : memory.run > 0;
}

// From when it is prepared until it has ended: what it holds draws for it, also while it does not
// run. Each look of the meters tells of the time up to then.
void Member::count_energy(Time now) {
  if (!limits_set_ || is_terminal(now_.memory.phase)) return;
  const discover::Machine& machine = shell_.machine();
  const Time seen = now - (shell_.runtime.uptime() - machine.looked_at);
  const int64_t before = now_.memory.energy.microjoules;
  if (!now_.memory.energy.until.is_set())
    count(now_.memory.energy, {}, now);
  else
    count(now_.memory.energy, draw_of(now_.instance.spec, machine), seen);
  if (now_.memory.energy.microjoules != before) save();
}

std::optional<api::Usage> Member::read_usage() {
  auto usage = shell_.host.usage(id());
  if (!usage.ok()) return std::nullopt;
  const Memory& memory = now_.memory;
  usage_ = memory.is_taken_up ? larger(*usage, memory.earlier) : plus(*usage, memory.earlier);
  return *std::move(usage);
}

void Member::sample(Time now) {
  UsageSample sample;
  count_energy(now);
  if (limits_set_)
    if (const auto usage = read_usage()) {
      sample.has_usage = true;
      sample.usage = *usage;
    }
  if (is_measured()) {
    const bool runs = process_.state == ProcessState::running;
    const bool held = limits_set_.has_value();
    const bool own = is_down_by_itself(now_.memory, process_, shell_.runtime.uptime());
    sample.up = is_bare(now_.instance.spec) ? held : runs || (held && own);
    sample.ready = readiness_ ? readiness_->asked() && readiness_->last_good() : runs;
    windows_.sample(now, sample);
  } else {
    windows_.give_up();
    return;
  }
  if (!windows_.close(now)) return;
  save_windows();
  changed_();
}

bool Member::is_over() const {
  return is_terminal(now_.memory.phase) && now_.memory.released &&
         (process_.state == ProcessState::none || process_.state == ProcessState::exited);
}

bool Member::may_start() const {
  const api::InstanceSpec& spec = now_.instance.spec;
  if (dropped_ || spec.stop || now_.instance.metadata.deletion_timestamp.is_set()) return false;
  return !is_terminal(now_.memory.phase) || spec.restart_epoch > now_.memory.restart_epoch;
}

bool Member::holds() const {
  if (limits_set_) return true;
  const ProcessState state = shell_.host.look(id()).state;
  return state == ProcessState::starting || state == ProcessState::running;
}

api::InstanceStatus Member::status(const api::InstanceStatus& carry) const {
  api::InstanceStatus out;
  fill_status(now_.memory, out);
  out.ready = ready_;
  out.pid = process_.state == ProcessState::running ? process_.pid : 0;
  out.address = shell_.address;
  out.generation = now_.instance.metadata.generation;
  out.limits = limits_;
  // An agent that came back knows what it kept of the end of a run, and what was told, even since.
  const std::optional<api::Usage>& kept = now_.memory.usage;
  out.usage = usage_.value_or(kept && kept->at >= carry.usage.at ? *kept : carry.usage);
  out.usage.energy_joules = joules(now_.memory.energy);
  out.usage.is_energy_in_part = now_.memory.energy.is_in_part;
  out.windows = windows_.closed(api::windows_shown);
  out.conditions = carry.conditions;
  return out;
}

void Member::save() {
  std::string text = print_remembered(now_);
  if (text == saved_) return;
  shell_.host.save(file_of(id()), text);
  saved_ = std::move(text);
}

void Member::save_windows() {
  shell_.host.save(windows_file_of(id()), json::print(windows_.save()));
}

void Member::erase() {
  shell_.host.erase(file_of(id()));
  shell_.host.erase(windows_file_of(id()));
}

}  // namespace freehold::agent
