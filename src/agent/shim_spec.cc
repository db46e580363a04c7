#include "agent/shim_spec.h"

#include "json/value.h"

namespace freehold::agent {
namespace {

json::Value list_of(const std::vector<std::string>& texts) {
  json::Array out;
  for (const std::string& text : texts) out.emplace_back(text);
  return out;
}

int64_t int_at(const json::Value& value, std::string_view name) {
  const json::Value* member = value.at({name});
  return member != nullptr && member->as_int() != nullptr ? *member->as_int() : 0;
}

std::string text_at(const json::Value& value, std::string_view name) {
  return std::string(value.string_at({name}));
}

std::vector<std::string> list_at(const json::Value& value, std::string_view name) {
  std::vector<std::string> out;
  const json::Value* member = value.at({name});
  if (member == nullptr || member->as_array() == nullptr) return out;
  for (const json::Value& item : *member->as_array())
    if (item.as_string() != nullptr) out.push_back(*item.as_string());
  return out;
}

}  // namespace

std::string print_spec(const ShimSpec& spec) {
  json::Object out;
  out["run"] = spec.run;
  out["command"] = list_of(spec.command);
  out["env"] = list_of(spec.env);
  out["directory"] = spec.directory;
  out["home"] = spec.home;
  out["userId"] = spec.user_id;
  out["cpus"] = spec.cpus;
  out["join"] = list_of(spec.join);
  out["shimJoin"] = list_of(spec.shim_join);
  out["killFile"] = spec.kill_file;
  out["procsFile"] = spec.procs_file;
  out["oomFile"] = spec.oom_file;
  out["bootId"] = spec.boot_id;
  return json::print(out);
}

std::string print_run(const ShimRun& run) {
  json::Object out;
  out["run"] = run.run;
  out["pid"] = run.pid;
  out["startTicks"] = run.start_ticks;
  out["shimPid"] = run.shim_pid;
  out["bootId"] = run.boot_id;
  out["startedAtUs"] = run.started_at.us;
  return json::print(out);
}

std::string print_exit(const ShimExit& exit) {
  json::Object out;
  out["run"] = exit.run;
  out["code"] = exit.code;
  out["signal"] = exit.signal;
  out["reason"] = exit.reason;
  out["message"] = exit.message;
  out["atUs"] = exit.at.us;
  return json::print(out);
}

Result<ShimSpec> parse_spec(std::string_view text) {
  const json::Value value = TRY(json::parse(text));
  ShimSpec out;
  out.run = int_at(value, "run");
  out.command = list_at(value, "command");
  out.env = list_at(value, "env");
  out.directory = text_at(value, "directory");
  out.home = text_at(value, "home");
  out.user_id = int_at(value, "userId");
  out.cpus = text_at(value, "cpus");
  out.join = list_at(value, "join");
  out.shim_join = list_at(value, "shimJoin");
  out.kill_file = text_at(value, "killFile");
  out.procs_file = text_at(value, "procsFile");
  out.oom_file = text_at(value, "oomFile");
  out.boot_id = text_at(value, "bootId");
  if (out.command.empty()) return Error{Reason::bad_request, "a launch without a command", {}};
  return out;
}

Result<ShimRun> parse_run(std::string_view text) {
  const json::Value value = TRY(json::parse(text));
  return ShimRun{int_at(value, "run"),        int_at(value, "pid"),
                 int_at(value, "startTicks"), int_at(value, "shimPid"),
                 text_at(value, "bootId"),    Time{int_at(value, "startedAtUs")}};
}

Result<ShimExit> parse_exit(std::string_view text) {
  const json::Value value = TRY(json::parse(text));
  return ShimExit{int_at(value, "run"),     int_at(value, "code"),     int_at(value, "signal"),
                  text_at(value, "reason"), text_at(value, "message"), Time{int_at(value, "atUs")}};
}

}  // namespace freehold::agent
