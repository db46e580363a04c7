#include "agent/status_writer.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "base/log.h"
#include "base/strings.h"
#include "schema/walk.h"

namespace freehold::agent {
namespace {

constexpr Duration first_usage_pause = seconds(5);  // of an instance that has just changed
constexpr Duration usage_period = seconds(60);
constexpr Duration first_pause = milliseconds(500);
constexpr Duration longest_pause = seconds(15);

uint64_t version_of(const api::Object& object) {
  return object ? parse_uint(object.meta().resource_version).value_or(0) : 0;
}

// Whether they differ in more than usage, as they are written: the control plane keeps times by the
// second.
bool differ(const api::InstanceStatus& a, api::InstanceStatus b) {
  b.usage = a.usage;
  return schema::print(a) != schema::print(b);
}

std::string print_windows(const std::vector<api::Window>& windows) {
  std::string out;
  for (const api::Window& window : windows) out += schema::print(window);
  return out;
}

bool usage_differs(api::Usage a, const api::Usage& b) {
  a.at = b.at;
  return schema::print(a) != schema::print(b);
}

// By more than a hundredth, and more than the noise of an idle process.
bool moved(int64_t a, int64_t b, int64_t noise) {
  const int64_t by = std::abs(a - b);
  return by > noise && by > std::abs(a) / 100;
}

// Whether it is worth a write, which is a leaf in the record.
bool usage_moved(const api::Usage& a, const api::Usage& b) {
  constexpr int64_t second_us = 1'000'000, memory_noise = 1 << 20, joules_noise = 100;
  return std::abs(a.cpu_us - b.cpu_us) >= second_us ||
         std::abs(a.throttled_us - b.throttled_us) >= second_us ||
         moved(a.memory_bytes, b.memory_bytes, memory_noise) ||
         moved(a.memory_peak_bytes, b.memory_peak_bytes, memory_noise) ||
         a.processes != b.processes || a.oom_kills != b.oom_kills ||
         std::abs(a.cpu_pressure - b.cpu_pressure) >= 1 ||
         std::abs(a.memory_pressure - b.memory_pressure) >= 1 ||
         (a.energy_joules < 0) != (b.energy_joules < 0) ||
         moved(a.energy_joules, b.energy_joules, joules_noise) ||
         a.is_energy_in_part != b.is_energy_in_part;
}

bool runs_anew(const api::InstanceStatus& a, const api::InstanceStatus& b) {
  return a.phase != b.phase || a.restarts != b.restarts;
}

}  // namespace

StatusWriter::StatusWriter(Runtime& runtime, client::Remote& remote)
    : runtime_(runtime), remote_(remote) {}
StatusWriter::~StatusWriter() = default;

void StatusWriter::seen(const std::string& id, const api::Object& object) {
  Entry& entry = entries_[id];
  // A watch may be behind what our own write came back with.
  if (version_of(object) >= version_of(entry.latest)) entry.latest = object;
}

void StatusWriter::gone(const std::string& id) { entries_.erase(id); }

bool StatusWriter::is_usage_due(const Entry& entry, const api::InstanceStatus& have,
                                const api::InstanceStatus& status, Duration now) {
  if (entry.usage_at.us == 0 || is_terminal(status.phase))
    return usage_differs(have.usage, status.usage);
  if (now - entry.usage_at < entry.usage_pause) return false;
  return entry.is_busy || usage_moved(have.usage, status.usage);
}

void StatusWriter::check(const Member& member) {
  const auto found = entries_.find(member.id());
  if (found == entries_.end() || !found->second.latest) return;
  Entry& entry = found->second;
  const Duration now = runtime_.uptime();
  if (entry.in_flight) {
    entry.again = true;
    return;
  }
  if (now < entry.not_before) return;
  const api::Instance& have = *entry.latest.as<api::Instance>();
  api::InstanceStatus status = member.status(have.status);
  std::string windows = print_windows(status.windows);
  if (!windows.empty() && windows == entry.windows_refused) {
    status.windows = have.status.windows;
    windows.clear();
  }
  const bool news = differ(have.status, status);
  if (!news && !is_usage_due(entry, have.status, status, now)) {
    if (have.metadata.deletion_timestamp.is_set() && member.is_over()) release(member.id(), entry);
    return;
  }
  // That it has come to rest is told, too: else it would be taken for as busy as it was.
  entry.is_busy = usage_moved(have.status.usage, status.usage);
  entry.usage_pause = runs_anew(have.status, status)
                          ? first_usage_pause
                          : std::clamp(news ? entry.usage_pause : entry.usage_pause * 2,
                                       first_usage_pause, usage_period);
  api::Object object = entry.latest.clone();
  object.as<api::Instance>()->status = std::move(status);
  entry.windows_sent = std::move(windows);
  entry.in_flight = true;
  entry.usage_at = std::max(now, microseconds(1));
  remote_.update(
      object, "status",
      [this, id = member.id(), weak = std::weak_ptr<int>(alive_)](Result<api::Object> result) {
        if (!weak.expired()) written(id, std::move(result));
      });
}

void StatusWriter::written(const std::string& id, Result<api::Object> result) {
  const auto found = entries_.find(id);
  if (found == entries_.end()) return;
  Entry& entry = found->second;
  entry.in_flight = false;
  if (result.ok()) {
    entry.pause = Duration{};
    if (version_of(*result) >= version_of(entry.latest)) entry.latest = *std::move(result);
    return;
  }
  // On a conflict the watch brings what we have not seen; a look again follows by itself.
  entry.usage_at = Duration{};
  entry.pause = std::clamp(entry.pause * 2, first_pause, longest_pause);
  entry.not_before = runtime_.uptime() + entry.pause;
  const Reason reason = result.error().reason;
  // What concerns all of the agent is said once, and not of each instance.
  const bool is_said = reason == Reason::unavailable || reason == Reason::unauthorized;
  if (reason != Reason::conflict && reason != Reason::not_found && !is_said)
    log(LogLevel::warning, "agent", "cannot write a status",
        {{"instance", id}, {"error", result.error().to_string()}});
  // That it has stopped, above all, must be known whatever was measured: next without these
  // windows.
  if (reason == Reason::invalid || reason == Reason::bad_request || reason == Reason::too_large)
    entry.windows_refused = std::exchange(entry.windows_sent, {});
}

void StatusWriter::release(const std::string& id, Entry& entry) {
  const api::ObjectMeta& meta = entry.latest.meta();
  json::Array left;
  for (const std::string& finalizer : meta.finalizers)
    if (finalizer != agent_finalizer) left.emplace_back(finalizer);
  if (left.size() == meta.finalizers.size()) return;
  json::Object metadata;
  metadata["finalizers"] = std::move(left);
  metadata["resourceVersion"] = meta.resource_version;
  json::Object patch;
  patch["metadata"] = std::move(metadata);
  entry.in_flight = true;
  remote_.merge_patch({&entry.latest.kind(), meta.ns, meta.name}, json::Value(std::move(patch)),
                      [this, id, weak = std::weak_ptr<int>(alive_)](Result<api::Object> result) {
                        if (!weak.expired()) written(id, std::move(result));
                      });
}

}  // namespace freehold::agent
