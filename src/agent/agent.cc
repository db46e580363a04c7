#include "agent/agent.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "agent/member.h"
#include "agent/node.h"
#include "agent/patient.h"
#include "agent/status_writer.h"
#include "base/log.h"
#include "base/strings.h"
#include "client/remote.h"
#include "json/value.h"

namespace freehold::agent {
namespace {

constexpr Duration sample_period = seconds(1);
constexpr Duration settle = milliseconds(20);  // changes that come together are looked at together
constexpr Duration core_rate_run = milliseconds(300);
constexpr size_t named_work = 8;  // of one message; more make nobody wiser
constexpr std::string_view rate_file = "core-rate.json", cluster_file = "cluster";

}  // namespace

struct Agent::State : std::enable_shared_from_this<State> {
  State(Runtime& r, Host& h, http::Transport& api, Connector connect, AgentConfig c)
      : runtime(r),
        host(h),
        config(std::move(c)),
        patient(r, api, config.refused),
        remote(patient),
        shell{r,
              h,
              std::move(connect),
              config.address,
              [this]() -> const discover::Machine& {
                return publisher ? publisher->machine() : config.machine;
              },
              std::nullopt,
              {},
              {},
              [this](const Member& asking) { return held(asking); }},
        writer(r, remote) {}

  void start() {
    // What another control plane gave us is not ours to end only because this one does not list it.
    is_same_cluster =
        host.load(std::string(cluster_file)).value_or(config.cluster) == config.cluster;
    if (is_same_cluster || host.instances().empty())
      host.save(std::string(cluster_file), config.cluster);
    else
      log(LogLevel::warning, "agent", "has work of another control plane; it goes on");
    find_core_rate();
    host.on_change([weak = weak_from_this()](const std::string& id) {
      const auto self = weak.lock();
      if (!self) return;
      const auto found = self->members.find(id);
      if (found != self->members.end()) found->second->look();
    });
    load();
    follow();
    NodeFacts facts;
    facts.core_rate = [this] { return shell.core_rate; };
    facts.former_work = [this](const std::string& uid) { return former_work(uid); };
    publisher.emplace(runtime, host, remote, config, std::move(facts));
    tick();
  }

  // From a list that is taken now.
  void follow() {
    client::ListOptions options;
    options.field_selector = "spec.node=" + config.node_name;
    reflector.emplace(runtime, remote, client::Target{&api::kind_of<api::Instance>(), "", ""},
                      options, [weak = weak_from_this()] {
                        if (const auto self = weak.lock()) self->soon();
                      });
  }

  // What runs here for a Node that was deleted may be placed elsewhere by now. Only a list that is
  // taken after the new Node was seen says what is still wanted, and only of what is not on its way
  // out: from then on the control plane waits for us before it takes anything as gone.
  std::string former_work(const std::string& node_uid) {
    const bool is_free =
        strangers.empty() && std::all_of(members.begin(), members.end(),
                                         [](const auto& m) { return m.second->is_over(); });
    if (is_free) return {};
    if (std::exchange(asked_for, node_uid) != node_uid) follow();
    std::vector<std::string> left(strangers.begin(), strangers.end());
    for (const auto& [id, member] : members)
      if (!member->is_over() && !is_wanted(id, member->instance().metadata))
        left.push_back(member->instance().metadata.ns + "/" + member->instance().metadata.name);
    if (left.empty()) return {};
    std::string out = is_same_cluster
                          ? "still here, of a Node that was deleted; what is no longer "
                            "wanted is ended: "
                          : "still here, of another control plane, which is not ended: ";
    for (size_t i = 0; i < std::min(left.size(), named_work); ++i)
      out += (i == 0 ? "" : ", ") + left[i];
    return out + (left.size() > named_work ? " …" : "");
  }

  bool is_wanted(const std::string& id, const api::ObjectMeta& meta) const {
    const auto found = reflector->items().find(meta.ns + "/" + meta.name);
    if (found == reflector->items().end()) return false;
    const api::ObjectMeta& now = found->second.meta();
    return now.uid == id && !now.deletion_timestamp.is_set();
  }

  // The work goes on from what we knew, whether or not the control plane can be reached.
  void load() {
    for (const std::string& id : host.instances()) {
      const auto text = host.load("instance-" + id + ".json");
      auto remembered = text.ok() ? parse_remembered(*text) : Result<Remembered>(text.error());
      if (!remembered.ok() || remembered->instance.metadata.uid != id) {
        strangers.insert(id);
        continue;
      }
      add(*std::move(remembered));
    }
    for (auto& [id, member] : members) member->look();  // once all know of each other
  }

  // Two never run on one CPU or device, whatever the control plane takes as gone: when a Node was
  // deleted, it could not ask us. Its tenant reads this, and learns nothing of others.
  std::string held(const Member& asking) {
    for (const auto& [id, other] : members) {
      if (other.get() == &asking) continue;
      const api::Instance &ours = asking.instance(), &theirs = other->instance();
      const std::string part = shared_part(ours.spec, theirs.spec);
      if (part.empty() || !other->holds()) continue;
      const bool is_own = ours.spec.tenant == theirs.spec.tenant;
      return part + " still held by " +
             (is_own ? theirs.metadata.ns + "/" + theirs.metadata.name + " (uid " + id + ")"
                     : std::string("another instance on this machine")) +
             ", which has to end first";
    }
    if (asking.memory().run > 0 || asking.memory().phase == api::InstancePhase::prepared) return {};
    for (const std::string& id : strangers)
      if (host.look(id).state == ProcessState::running)
        return "work that no instance explains still runs here";
    return {};
  }

  Member& add(Remembered remembered) {
    const std::string id = remembered.instance.metadata.uid;
    strangers.erase(id);
    auto& member = members[id];
    member = std::make_unique<Member>(shell, std::move(remembered), [this, id] { changed(id); });
    return *member;
  }

  void changed(const std::string& id) {
    dirty.insert(id);
    soon();
  }

  void soon() {
    if (soon_timer.pending()) return;
    soon_timer = runtime.timer(settle, [this] { reconcile(); });
  }

  void reconcile() {
    const Duration now = runtime.uptime();
    std::set<std::string> listed;
    for (const auto& [name, object] : reflector->items()) {
      const api::Instance* instance = object.as<api::Instance>();
      if (instance == nullptr || instance->spec.node != config.node_name) continue;
      const std::string& id = instance->metadata.uid;
      if (id.empty() || id.find('/') != std::string::npos || id[0] == '.') continue;
      listed.insert(id);
      take(id, object, *instance);
    }
    miss(listed, now);
    for (const std::string& id : std::exchange(dirty, {}))
      if (const auto found = members.find(id); found != members.end()) writer.check(*found->second);
  }

  void take(const std::string& id, const api::Object& object, const api::Instance& instance) {
    writer.seen(id, object);
    absent_since.erase(id);
    std::string& version = versions[id];
    if (version == instance.metadata.resource_version) return;
    version = instance.metadata.resource_version;
    const auto found = members.find(id);
    if (found != members.end()) {
      found->second->update(instance);
      found->second->look();
    } else {
      Remembered fresh;
      fresh.instance = instance;
      // What an earlier life of ours, or of this disk, said of it.
      fresh.memory.restarts = instance.status.restarts;
      fresh.memory.restart_epoch = instance.status.restart_epoch;
      fresh.memory.acceptance = instance.status.acceptance;
      fresh.memory.ports = instance.status.ports;
      fresh.memory.energy = reported(instance.status.usage);
      if (instance.status.boot_id == host.facts().boot_id)
        fresh.memory.earlier = less(instance.status.usage, host.usage(id).value_or(api::Usage{}));
      add(std::move(fresh)).look();
    }
    dirty.insert(id);
  }

  // Absence counts only while a list of the same control plane is fresh, and only when it lasts,
  // but for what was being deleted, or whose name is another's now.
  void miss(const std::set<std::string>& listed, Duration now) {
    const bool fresh = reflector->synced() && reflector->connected() && is_same_cluster;
    if (!fresh) absent_since.clear();
    std::vector<std::string> over;
    for (auto& [id, member] : members) {
      if (listed.contains(id)) continue;
      if (reflector->synced()) {
        writer.gone(id);
        versions.erase(id);
      }
      if (!fresh) continue;
      const Duration since = absent_since.try_emplace(id, now).first->second;
      const api::ObjectMeta& meta = member->instance().metadata;
      const bool is_gone = meta.deletion_timestamp.is_set() ||
                           reflector->items().contains(meta.ns + "/" + meta.name);
      if (!is_gone && now - since < config.forget_after) continue;
      member->drop();
      member->look();
      if (member->is_over() && now - since >= config.keep_logs) over.push_back(id);
    }
    for (const std::string& id : over) forget(id);
    if (!fresh || strangers.empty()) return;
    // Directories that nobody can explain: left by an agent whose memory was lost.
    const Duration since = absent_since.try_emplace("", now).first->second;
    if (now - since < config.forget_after) return;
    for (const std::string& id : std::exchange(strangers, {})) {
      log(LogLevel::warning, "agent", "removes what no instance explains", {{"id", id}});
      host.signal(id, Signal::kill);
      host.release(id);
      host.forget(id);
    }
  }

  void forget(const std::string& id) {
    const auto found = members.find(id);
    found->second->erase();
    members.erase(found);
    absent_since.erase(id);
    dirty.erase(id);
    host.forget(id);
  }

  void tick() {
    ticker = runtime.timer(sample_period, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->tick();
    });
    const Time now = shell.measured_now();
    if (shell.clock.take_jump()) {
      log(LogLevel::warning, "agent", "the clock was set; windows that it tears are given up");
      for (auto& [id, member] : members) member->give_up_windows();
    }
    for (auto& [id, member] : members) {
      member->sample(now);
      dirty.insert(id);
    }
    reconcile();
  }

  // Once for a machine: later the CPUs may be busy, and the share of a promise would rise with the
  // noise.
  void find_core_rate() {
    const std::string profile = discover::profile_name(config.machine.profile);
    if (const auto text = host.load(std::string(rate_file)); text.ok())
      if (const auto value = json::parse(*text);
          value.ok() && value->string_at({"profile"}) == profile)
        if (const json::Value* rate = value->at({"operationsPerSecond"});
            rate && rate->is_number()) {
          shell.core_rate = rate->number();
          return;
        }
    const auto cpus = parse_cpu_list(config.machine.allowed_cpus);
    const std::string first = cpus && !cpus->empty() ? std::to_string(cpus->front()) : "";
    host.probe("", {"cpu", core_rate_run, first, 0, 0},
               [weak = weak_from_this(), profile](Result<ExecOutcome> outcome) {
                 if (const auto self = weak.lock()) self->take_core_rate(profile, outcome);
               });
  }

  void take_core_rate(const std::string& profile, const Result<ExecOutcome>& outcome) {
    shell.core_rate = 0;
    const auto value =
        outcome.ok() ? json::parse(outcome->output) : Result<json::Value>(outcome.error());
    // Per CPU second: what else the machine does just now must not make its CPUs look slow for
    // ever.
    const json::Value* rate = value.ok() ? value->at({"perCpuSecond"}) : nullptr;
    if (rate == nullptr || !rate->is_number() || rate->number() <= 0) {
      log(LogLevel::warning, "agent", "cannot measure the rate of a CPU");
      return;
    }
    shell.core_rate = rate->number();
    json::Object saved;
    saved["profile"] = profile;
    saved["operationsPerSecond"] = rate->number();
    host.save(std::string(rate_file), json::print(saved));
    publisher->publish();
  }

  Runtime& runtime;
  Host& host;
  const AgentConfig config;
  PatientTransport patient;
  client::Remote remote;
  Shell shell;
  StatusWriter writer;
  std::map<std::string, std::unique_ptr<Member>> members;  // by id
  std::map<std::string, std::string> versions;             // as last taken
  std::map<std::string, Duration> absent_since;
  std::set<std::string> strangers, dirty;
  std::string asked_for;  // uid of the Node for which the list was taken anew
  std::optional<NodePublisher> publisher;
  std::optional<client::Reflector> reflector;
  Timer soon_timer, ticker;
  bool is_same_cluster = true;
};

Agent::Agent(Runtime& runtime, Host& host, http::Transport& api, Connector connect,
             AgentConfig config)
    : state_(std::make_shared<State>(runtime, host, api, std::move(connect), std::move(config))) {
  state_->start();
}

Agent::~Agent() {
  state_->host.on_change(nullptr);
  state_->ticker.cancel();
  state_->soon_timer.cancel();
}

bool Agent::connected() const { return state_->reflector->connected(); }

std::string Agent::id_of(std::string_view ns, std::string_view name,
                         std::string_view contract) const {
  const auto is_of = [contract](const api::OwnerReference& o) { return o.uid == contract; };
  const Member* best = nullptr;
  for (const auto& [id, member] : state_->members) {
    const api::ObjectMeta& meta = member->instance().metadata;
    if (meta.ns != ns || meta.name != name) continue;
    if (!contract.empty() && !std::ranges::any_of(meta.owner_references, is_of)) continue;
    if (best == nullptr || best->instance().metadata.creation_timestamp < meta.creation_timestamp)
      best = member.get();
  }
  return best == nullptr ? "" : best->id();
}

}  // namespace freehold::agent
