#include "agent/memory.h"

#include <algorithm>
#include <utility>

#include "api/object.h"
#include "base/strings.h"
#include "schema/walk.h"

namespace freehold::agent {
namespace {

constexpr size_t message_bytes = 1'000;  // the schema takes a little more

constexpr int64_t api::Usage::* counters[] = {&api::Usage::cpu_us, &api::Usage::throttled_us,
                                              &api::Usage::throttled_periods,
                                              &api::Usage::oom_kills};

int64_t int_at(const json::Value& value, std::string_view name) {
  const json::Value* member = value.at({name});
  return member != nullptr && member->as_int() != nullptr ? *member->as_int() : 0;
}

bool bool_at(const json::Value& value, std::string_view name) {
  const json::Value* member = value.at({name});
  return member != nullptr && member->as_bool() != nullptr && *member->as_bool();
}

json::Object print_energy(const Energy& energy) {
  json::Object out;
  out["untilUs"] = energy.until.us;
  out["microjoules"] = energy.microjoules;
  out["known"] = energy.is_known;
  out["inPart"] = energy.is_in_part;
  out["lost"] = energy.is_lost;
  return out;
}

Energy parse_energy(const json::Value& value) {
  return {{int_at(value, "untilUs")},
          std::max<int64_t>(int_at(value, "microjoules"), 0),
          bool_at(value, "known"),
          bool_at(value, "inPart"),
          bool_at(value, "lost")};
}

}  // namespace

api::Usage plus(api::Usage now, const api::Usage& earlier) {
  for (const auto counter : counters) now.*counter += earlier.*counter;
  now.memory_peak_bytes = std::max(now.memory_peak_bytes, earlier.memory_peak_bytes);
  return now;
}

api::Usage less(api::Usage all, const api::Usage& part) {
  for (const auto counter : counters)
    all.*counter = std::max<int64_t>(all.*counter - part.*counter, 0);
  return all;
}

api::Usage larger(api::Usage a, const api::Usage& b) {
  for (const auto counter : counters) a.*counter = std::max(a.*counter, b.*counter);
  a.memory_peak_bytes = std::max(a.memory_peak_bytes, b.memory_peak_bytes);
  return a;
}

void fill_status(const Memory& memory, api::InstanceStatus& status) {
  status.phase = memory.phase;
  status.reason = memory.reason;
  status.message = beginning_of(memory.message, message_bytes);
  status.boot_id = memory.boot_id;
  status.restarts = memory.restarts;
  status.restart_epoch = memory.restart_epoch;
  status.started_at = memory.started_at;
  status.last_exit = memory.last_exit;
  status.ports = memory.ports;
  status.acceptance = memory.acceptance;
}

std::string print_remembered(const Remembered& remembered) {
  api::InstanceStatus status;
  fill_status(remembered.memory, status);
  const Memory& memory = remembered.memory;
  json::Object out;
  out["instance"] = schema::to_json(schema::type_of<api::Instance>, &remembered.instance);
  out["status"] = schema::to_json(schema::type_of<api::InstanceStatus>, &status);
  out["run"] = memory.run;
  out["settled"] = memory.settled;
  out["crashes"] = memory.crashes;
  out["nextStartUs"] = memory.next_start.us;
  out["ending"] = static_cast<int64_t>(memory.ending);
  out["termAtUs"] = memory.term_at.us;
  out["killAtUs"] = memory.kill_at.us;
  out["released"] = memory.released;
  out["takenUp"] = memory.is_taken_up;
  out["wasKilled"] = memory.was_killed;
  out["killIsOwn"] = memory.is_kill_own;
  out["energy"] = print_energy(memory.energy);
  if (memory.usage) out["usage"] = schema::to_json(schema::type_of<api::Usage>, &*memory.usage);
  out["earlier"] = schema::to_json(schema::type_of<api::Usage>, &memory.earlier);
  return json::print(out);
}

Result<Remembered> parse_remembered(std::string_view text) {
  const json::Value value = TRY(json::parse(text));
  Remembered out;
  api::InstanceStatus status;
  schema::Errors errors;
  const json::Value *instance = value.at({"instance"}), *said = value.at({"status"});
  if (instance == nullptr || said == nullptr)
    return Error{Reason::internal, "what was remembered of an instance is damaged", {}};
  schema::from_json(schema::type_of<api::Instance>, &out.instance, *instance, errors);
  schema::from_json(schema::type_of<api::InstanceStatus>, &status, *said, errors);
  if (!errors.empty()) return errors.to_error("Instance", out.instance.metadata.name);
  Memory& memory = out.memory;
  memory.phase = status.phase;
  memory.reason = std::move(status.reason);
  memory.message = std::move(status.message);
  memory.boot_id = std::move(status.boot_id);
  memory.restarts = status.restarts;
  memory.restart_epoch = status.restart_epoch;
  memory.started_at = status.started_at;
  memory.last_exit = std::move(status.last_exit);
  memory.ports = std::move(status.ports);
  memory.acceptance = std::move(status.acceptance);
  memory.run = int_at(value, "run");
  memory.settled = int_at(value, "settled");
  memory.crashes = int_at(value, "crashes");
  memory.next_start.us = int_at(value, "nextStartUs");
  memory.ending = static_cast<Ending>(int_at(value, "ending") & 3);
  memory.term_at.us = int_at(value, "termAtUs");
  memory.kill_at.us = int_at(value, "killAtUs");
  memory.released = bool_at(value, "released");
  memory.is_taken_up = bool_at(value, "takenUp");
  memory.was_killed = bool_at(value, "wasKilled");
  memory.is_kill_own = bool_at(value, "killIsOwn");
  if (const json::Value* energy = value.at({"energy"})) memory.energy = parse_energy(*energy);
  if (const json::Value* usage = value.at({"usage"}))
    schema::from_json(schema::type_of<api::Usage>, &memory.usage.emplace(), *usage, errors);
  if (const json::Value* earlier = value.at({"earlier"}))
    schema::from_json(schema::type_of<api::Usage>, &memory.earlier, *earlier, errors);
  if (!errors.empty()) return errors.to_error("Instance", out.instance.metadata.name);
  return out;
}

}  // namespace freehold::agent
