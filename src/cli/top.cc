// top: what is taken and what is free on nodes, and what the instances of contracts use.
#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "api/contract.h"
#include "api/node.h"
#include "api/workload.h"
#include "base/strings.h"
#include "cli/cli.h"
#include "cli/commands.h"

namespace freehold::cli {

namespace {

constexpr Duration refresh = seconds(2);

struct Taken {
  int64_t cpus = 0, memory = 0, devices = 0;
};

int64_t count_cpus(const std::string& list) {
  const auto cpus = parse_cpu_list(list);
  return cpus ? static_cast<int64_t>(cpus->size()) : 0;
}

int64_t total(const std::vector<api::MemoryShare>& memory) {
  int64_t bytes = 0;
  for (const api::MemoryShare& m : memory) bytes += m.bytes;
  return bytes;
}

client::Target everywhere(const api::Kind& kind) { return {&kind, {}, {}}; }

// Allocations count while their offer does; those of others always.
Result<std::map<std::string, Taken>> taken_by_node(Session& session) {
  std::set<std::string> counting;
  for (const api::Object& o : TRY(session.list(everywhere(api::kind_of<api::Offer>()))))
    if (api::counts(o.as<api::Offer>()->status.phase))
      counting.insert(o.meta().ns + "/" + o.meta().name);
  std::map<std::string, Taken> taken;
  for (const api::Object& o : TRY(session.list(everywhere(api::kind_of<api::Allocation>())))) {
    const auto& spec = o.as<api::Allocation>()->spec;
    if (spec.owner == "freehold" && !counting.contains(o.meta().ns + "/" + spec.offer)) continue;
    for (const api::AllocatedMember& m : spec.members) {
      Taken& t = taken[m.node];
      t.cpus += count_cpus(m.cpus);
      t.memory += total(m.memory);
      t.devices += static_cast<int64_t>(m.devices.size());
    }
  }
  return taken;
}

std::string of(int64_t used, int64_t all) {
  return std::to_string(used) + "/" + std::to_string(all);
}

json::Value share(int64_t used, int64_t all) {
  json::Object out;
  out["taken"] = used;
  out["allocatable"] = all;
  return out;
}

// A row for people, and the same for programs, in whole units.
struct Shown {
  explicit Shown(std::vector<std::string> headers) : table(std::move(headers)) {}
  Table table;
  json::Array items;

  std::string text(Output output, const Terminal& t, const char* none) const {
    if (output == Output::table) return table.empty() ? std::string(none) : table.text(t);
    json::Object list;
    list["items"] = items;
    return document(json::Value(std::move(list)), output);
  }
};

Result<std::string> nodes_text(Session& session, Output output, const Terminal& t) {
  const auto nodes = TRY(session.list(everywhere(api::kind_of<api::Node>())));
  const auto taken = TRY(taken_by_node(session));
  Shown shown({"NODE", "READY", "CPUS", "MEMORY", "DEVICES", "FREE CPUS", "FREE MEMORY"});
  for (const api::Object& object : nodes) {
    const auto& node = *object.as<api::Node>();
    const api::Allocatable& has = node.status.allocatable;
    const auto it = taken.find(node.metadata.name);
    const Taken used = it == taken.end() ? Taken{} : it->second;
    const int64_t cpus = count_cpus(has.cpus), memory = total(has.memory);
    const auto* ready = api::find_condition(node.status.conditions, "Ready");
    json::Object item;
    item["node"] = node.metadata.name;
    item["ready"] = ready != nullptr ? api::enum_text(ready->status) : "Unknown";
    item["cpus"] = share(used.cpus, cpus);
    item["memoryBytes"] = share(used.memory, memory);
    item["devices"] = share(used.devices, static_cast<int64_t>(has.devices.size()));
    shown.items.emplace_back(std::move(item));
    shown.table.add(
        {node.metadata.name, ready != nullptr ? api::enum_text(ready->status) : "Unknown",
         of(used.cpus, cpus),
         humanize(used.memory, Dimension::bytes) + "/" + humanize(memory, Dimension::bytes),
         of(used.devices, static_cast<int64_t>(has.devices.size())),
         std::to_string(std::max<int64_t>(cpus - used.cpus, 0)),
         humanize(std::max<int64_t>(memory - used.memory, 0), Dimension::bytes)});
  }
  return shown.text(output, t, "No nodes found.\n");
}

std::string one_decimal(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", value);
  return text;
}

std::string pressure(double percent) { return percent < 0 ? "-" : one_decimal(percent) + "%"; }

// The last usage of each instance, so that a rate needs two of them; the first is since the start.
// A rate stands until there is a newer usage.
struct Seen {
  api::Usage usage;
  std::optional<double> rate;
};
using Before = std::map<std::string, Seen>;

std::optional<double> cpu_rate(const api::InstanceStatus& status, const api::Usage* before) {
  const api::Usage& now = status.usage;
  const bool again = before != nullptr && before->at < now.at && before->cpu_us <= now.cpu_us;
  const int64_t spent = again ? now.cpu_us - before->cpu_us : now.cpu_us;
  const Duration span = now.at - (again ? before->at : status.started_at);
  if (!now.at.is_set() || !status.started_at.is_set() || span <= seconds(0)) return std::nullopt;
  return static_cast<double>(spent) / static_cast<double>(span.us);
}

json::Value usage_document(const api::Instance& i, std::optional<double> rate) {
  const api::Usage& u = i.status.usage;
  json::Object out;
  out["contract"] = i.spec.contract;
  out["namespace"] = i.metadata.ns;
  out["instance"] = i.metadata.name;
  out["node"] = i.spec.node;
  out["phase"] = api::enum_text(i.status.phase);
  out["cpus"] = count_cpus(i.spec.cpus);
  if (rate) out["cpusUsed"] = *rate;
  out["throttledMicroseconds"] = u.throttled_us;
  out["memoryBytes"] = u.memory_bytes;
  out["memoryPeakBytes"] = u.memory_peak_bytes;
  out["memoryLimitBytes"] = i.spec.limits.memory_bytes;
  if (u.cpu_pressure >= 0) out["cpuWaitPercent"] = u.cpu_pressure;
  if (u.memory_pressure >= 0) out["memoryWaitPercent"] = u.memory_pressure;
  return out;
}

Result<std::string> contracts_text(Session& session, const TopOptions& o, Output output,
                                   const Terminal& t, Before& before) {
  client::Target target = session.target(api::kind_of<api::Instance>());
  if (o.all_namespaces) target.ns.clear();
  auto instances = TRY(session.list(target));
  std::stable_sort(instances.begin(), instances.end(), [](const auto& a, const auto& b) {
    return a.template as<api::Instance>()->spec.contract <
           b.template as<api::Instance>()->spec.contract;
  });
  Shown shown({"CONTRACT", "INSTANCE", "NODE", "PHASE", "CPU", "OF", "THROTTLED", "MEMORY", "PEAK",
               "OF", "CPU WAIT", "MEMORY WAIT"});
  for (const api::Object& object : instances) {
    const auto& i = *object.as<api::Instance>();
    const api::Usage& u = i.status.usage;
    const std::string key = i.metadata.ns + "/" + i.metadata.name;
    const auto last = before.find(key);
    const bool known = last != before.end();
    const auto rate = known && last->second.usage.at == u.at
                          ? last->second.rate
                          : cpu_rate(i.status, known ? &last->second.usage : nullptr);
    shown.items.push_back(usage_document(i, rate));
    shown.table.add({i.spec.contract, i.metadata.name, i.spec.node, api::enum_text(i.status.phase),
                     rate ? one_decimal(*rate) : "-", std::to_string(count_cpus(i.spec.cpus)),
                     humanize(u.throttled_us * 1000, Dimension::duration),
                     humanize(u.memory_bytes, Dimension::bytes),
                     humanize(u.memory_peak_bytes, Dimension::bytes),
                     humanize(i.spec.limits.memory_bytes, Dimension::bytes),
                     pressure(u.cpu_pressure), pressure(u.memory_pressure)});
    before[key] = {u, rate};
  }
  return shown.text(output, t, "No instances found.\n");
}

}  // namespace

int top(const ClientOptions& client, const TopOptions& options) {
  auto session = Session::open(client);
  if (!session) return complain(session.error());
  const Terminal t = terminal(stdout);
  Before before;
  for (;;) {
    const auto text = options.what == "nodes"
                          ? nodes_text(**session, client.output, t)
                          : contracts_text(**session, options, client.output, t, before);
    if (!text) return complain(text.error());
    if (options.watch && t.is_terminal && client.output == Output::table) put("\033[H\033[2J");
    put((options.watch && client.output == Output::yaml ? "---\n" : "") + *text);
    if (!options.watch) return done;
    const auto pause = (*session)->await<void>(
        [&](auto done) { (*session)->loop().after(refresh, [done] { done({}); }); });
    if (!pause) return complain(pause.error());
  }
}

}  // namespace freehold::cli
