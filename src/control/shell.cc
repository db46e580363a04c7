#include "control/shell.h"

#include <algorithm>

#include "api/core.h"
#include "api/registry.h"
#include "audit/merkle.h"
#include "base/log.h"
#include "base/strings.h"

namespace freehold::control {

ledger::Rev revision_of(const api::ObjectMeta& meta) {
  return parse_uint(meta.resource_version).value_or(0);
}

namespace {

schema::Errors faults_in(const api::Object& object) {
  schema::Errors errors;
  api::validate(object, errors);
  return errors;
}

// What a controller makes or changes is held to the rules that hold for all: once it is there, what
// breaks them could be neither written nor removed. What broke them before goes its way: its
// controller did not do it, and would be stopped for good. This walks what the ledger copies and
// prints anyway; what was there is looked at only when something is wrong.
Result<void> judge(const Plan& plan, const ledger::View& view) {
  for (const ledger::Op& op : plan.ops) {
    if (op.type == ledger::OpType::remove) continue;
    const schema::Errors errors = faults_in(op.object);
    if (errors.empty()) continue;
    const auto before = op.type == ledger::OpType::update ? view.find(op.object.key()) : nullptr;
    if (before && !faults_in(before->object).empty()) continue;
    return errors.to_error(op.object.kind().name, op.object.meta().name);
  }
  return {};
}

}  // namespace

// One controller with its queue.
struct Shell::Runner {
  std::unique_ptr<Controller> controller;
  std::set<std::string> dirty, busy;
  std::set<std::pair<int64_t, std::string>> queue;  // what is dirty, the most urgent first
  std::map<std::string, int> failures;
  std::map<std::string, Timer> timers;  // one pending look per key
  ControllerStats stats;
};

struct Shell::State : std::enable_shared_from_this<State> {
  State(Runtime& r, ledger::Ledger& l, Heartbeats& h) : runtime(r), ledger(l), heartbeats(h) {}

  void add(Runner& runner, const std::string& key);
  void wake();
  void drain();
  void run(Runner& runner, const std::string& key);
  void finished(Runner& runner, const std::string& key, const Plan& plan, bool landed);
  void look_again(Runner& runner, const std::string& key, Duration in);
  void note(const Note& note, std::string_view controller);
  void changed(const ledger::Record& record, bool gone);

  Runtime& runtime;
  ledger::Ledger& ledger;
  Heartbeats& heartbeats;
  std::vector<std::unique_ptr<Runner>> runners;
  bool awake = false, stopped = false;
};

Shell::Shell(Runtime& runtime, ledger::Ledger& ledger, Heartbeats& heartbeats,
             std::vector<std::unique_ptr<Controller>> controllers)
    : state_(std::make_shared<State>(runtime, ledger, heartbeats)) {
  for (auto& controller : controllers) {
    auto runner = std::make_unique<Runner>();
    runner->stats.name = controller->name();
    runner->controller = std::move(controller);
    state_->runners.push_back(std::move(runner));
  }
}

Shell::~Shell() {
  state_->stopped = true;
  for (auto& runner : state_->runners) runner->timers.clear();
}

void Shell::start() {
  state_->ledger.view().each("/", [this](const ledger::RecordPtr& record) {
    state_->changed(*record, false);
    return true;
  });
  // What a removed object was is in the commit itself; a weak hold, because the ledger outlives
  // this shell's state in tests.
  state_->ledger.on_commit([weak = std::weak_ptr(state_)](const store::CommitPtr& commit) {
    const auto state = weak.lock();
    if (!state || state->stopped) return;
    for (const store::Change& change : commit->changes) {
      const api::KeyParts parts = api::parse_key(change.key);
      if (parts.kind == nullptr) continue;
      if (const auto record = state->ledger.view().find(change.key)) {
        state->changed(*record, false);
      } else if (change.previous) {
        if (auto gone = api::decode(*parts.kind, *change.previous))
          state->changed({std::move(gone).value(), change.previous, change.rev, 0}, true);
      }
    }
  });
}

void Shell::State::changed(const ledger::Record& record, bool gone) {
  for (auto& runner : runners)
    for (const std::string& key : runner->controller->keys_for(record, gone, ledger.view()))
      add(*runner, key);
}

void Shell::State::add(Runner& runner, const std::string& key) {
  if (runner.dirty.insert(key).second)
    runner.queue.emplace(-runner.controller->urgency(key, ledger.view()), key);
  wake();
}

void Shell::State::wake() {
  if (awake || stopped) return;
  awake = true;
  runtime.after(microseconds(0), [weak = weak_from_this()] {
    if (const auto state = weak.lock(); state && !state->stopped) {
      state->awake = false;
      state->drain();
    }
  });
}

void Shell::State::drain() {
  // A slice per turn, so that requests are answered between plans.
  int budget = 64;
  for (auto& runner : runners) {
    for (auto it = runner->queue.begin(); it != runner->queue.end();) {
      const std::string key = it->second;
      const bool waits = runner->controller->is_serial() && !runner->busy.empty();
      if (waits || runner->busy.contains(key)) {
        ++it;
        continue;
      }
      if (budget-- == 0) return wake();
      it = runner->queue.erase(it);
      runner->dirty.erase(key);
      run(*runner, key);
    }
  }
}

void Shell::State::run(Runner& runner, const std::string& key) {
  ++runner.stats.plans;
  const Input input{ledger.view(), ledger.fleet(), ledger,
                    heartbeats,    runtime.now(),  runtime.uptime()};
  auto plan = std::make_shared<Plan>(runner.controller->plan(key, input));
  if (plan->ops.empty()) return finished(runner, key, *plan, true);
  if (const auto fault = judge(*plan, ledger.view()); !fault) {
    log(LogLevel::error, "control", "a plan would make or leave an invalid object",
        {{"controller", runner.stats.name}, {"key", key}, {"error", fault.error().to_string()}});
    return finished(runner, key, *plan, false);
  }
  runner.busy.insert(key);
  ledger::Change change;
  change.ops = std::move(plan->ops);
  change.actor.user = "system:controller:" + std::string(runner.controller->name());
  change.decision_digest = plan->decision_digest;
  ledger.submit(std::move(change), [weak = weak_from_this(), &runner, key,
                                    plan](const Result<ledger::Committed>& result) {
    const auto state = weak.lock();
    if (!state || state->stopped) return;
    runner.busy.erase(key);
    ++runner.stats.commits;
    if (!result && result.error().reason != Reason::conflict)
      log(LogLevel::warning, "control", "commit refused",
          {{"controller", runner.stats.name}, {"key", key}, {"error", result.error().to_string()}});
    state->finished(runner, key, *plan, result.ok());
  });
}

void Shell::State::finished(Runner& runner, const std::string& key, const Plan& plan, bool landed) {
  if (landed) {
    runner.failures.erase(key);
    for (const Note& n : plan.notes) note(n, runner.stats.name);
    if (plan.again_in)
      look_again(runner, key, *plan.again_in);
    else
      runner.timers.erase(key);
    if (runner.dirty.contains(key) || runner.controller->is_serial()) wake();
    return;
  }
  ++runner.stats.failures;
  const int n = std::min(runner.failures[key]++, 8);
  look_again(runner, key, std::min(milliseconds(50) * (int64_t{1} << n), seconds(10)));
  if (runner.controller->is_serial()) wake();
}

void Shell::State::look_again(Runner& runner, const std::string& key, Duration in) {
  runner.timers[key] = runtime.timer(in, [weak = weak_from_this(), &runner, key] {
    if (const auto state = weak.lock(); state && !state->stopped) state->add(runner, key);
  });
}

// Events are bookkeeping for people: written on their own, after the fact, and counted when they
// repeat.
void Shell::State::note(const Note& n, std::string_view controller) {
  const api::ObjectMeta& about = n.about.meta();
  const std::string digest =
      audit::to_hex(audit::sha256(about.uid + n.reason + n.message + n.type)).substr(0, 10);
  api::Event event;
  event.metadata.ns = about.ns.empty() ? "default" : about.ns;
  event.metadata.name = about.name.substr(0, 200) + "." + digest;
  const auto before =
      ledger.view().find(api::kind_of<api::Event>(), event.metadata.ns, event.metadata.name);
  if (before) event = *before->object.as<api::Event>();
  event.involved_object = {std::string(n.about.kind().name),
                           about.ns,
                           about.name,
                           about.uid,
                           n.about.kind().api_version(),
                           about.resource_version,
                           ""};
  event.reason = n.reason;
  event.message = beginning_of(n.message, 1000);
  event.type = n.type;
  event.source.component = controller;
  event.reporting_component = "freehold.dev/" + std::string(controller);
  if (!event.first_timestamp.is_set()) event.first_timestamp = runtime.now();
  event.last_timestamp = runtime.now();
  ++event.count;
  ledger::Change change;
  change.ops.push_back({before ? ledger::OpType::update : ledger::OpType::create,
                        api::Object::of(std::move(event)),
                        before ? before->rev : 0,
                        {}});
  ledger.submit(std::move(change), [](const Result<ledger::Committed>&) {});
}

std::vector<ControllerStats> Shell::stats() const {
  std::vector<ControllerStats> all;
  for (const auto& runner : state_->runners) {
    all.push_back(runner->stats);
    all.back().waiting = runner->dirty.size() + runner->busy.size();
  }
  return all;
}

bool Shell::idle() const {
  return std::all_of(state_->runners.begin(), state_->runners.end(),
                     [](const auto& r) { return r->dirty.empty() && r->busy.empty(); });
}

}  // namespace freehold::control
