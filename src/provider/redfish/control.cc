#include "provider/redfish/control.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/strings.h"
#include "discover/redfish/crawl.h"

namespace freehold::provider::redfish {

namespace {

using discover::redfish::LimitForm;

Error invalid(std::string message) { return {Reason::invalid, std::move(message)}; }

std::string shown(double watts) {
  return watts == std::floor(watts) ? fmt::format("{:.0f} W", watts) : fmt::format("{} W", watts);
}

json::Value number_of(double watts) {
  if (watts == std::floor(watts)) return static_cast<int64_t>(watts);
  return watts;
}

std::string name_of(const System& system) {
  return system.host_name.empty() ? system.id : system.host_name;
}

// Runs the loop for a while: the machine has its own pace.
void pause(Loop& loop, Duration span) {
  const Timer timer = loop.timer(span, [&] { loop.stop(); });
  loop.run();
}

// The same limit in what was read now.
Result<PowerLimit> find(const json::Value& body, const PowerLimit& limit) {
  for (PowerLimit& one : discover::redfish::read_limits(limit.id, body)) {
    if (one.form != limit.form || one.index != limit.index) continue;
    one.owner = limit.owner;
    one.of = limit.of;
    return std::move(one);
  }
  return Error{Reason::not_found, limit.id + ": has no power limit any more"};
}

// An outcome that is not known is found out by looking.
Result<void> sent(const Result<Answer>& answer) {
  if (answer.ok() || answer.error().reason == Reason::timeout) return {};
  return answer.error();
}

}  // namespace

// ---- power limits

Result<void> check_limit(const PowerLimit& limit, double watts) {
  const std::string of = limit.of.empty() ? limit.id : limit.of;
  if (!(watts > 0)) return invalid(of + ": a power limit is more than 0 W");
  if (limit.mode == "Disabled")
    return invalid(of +
                   ": ControlMode is Disabled, so that the controller would not hold a limit; "
                   "enable it in the firmware's settings first");
  if (limit.minimum && watts < *limit.minimum)
    return invalid(fmt::format("{}: {} is below AllowableMin, which is {}", of, shown(watts),
                               shown(*limit.minimum)));
  if (limit.maximum && *limit.maximum > 0 && watts > *limit.maximum)
    return invalid(
        fmt::format("{}: {} is above {}, which is {}", of, shown(watts),
                    limit.form == LimitForm::power_control ? "PowerCapacityWatts" : "AllowableMax",
                    shown(*limit.maximum)));
  return {};
}

json::Value limit_patch(const PowerLimit& limit, double watts) {
  json::Object inner, outer;
  if (limit.form == LimitForm::environment_metrics) {
    inner["SetPoint"] = number_of(watts);
    outer["PowerLimitWatts"] = std::move(inner);
    return outer;
  }
  // An empty object leaves its element of a list as it is.
  json::Array controls(static_cast<size_t>(limit.index), json::Object());
  inner["LimitInWatts"] = number_of(watts);
  json::Object control;
  control["PowerLimit"] = std::move(inner);
  controls.emplace_back(std::move(control));
  outer["PowerControl"] = std::move(controls);
  return outer;
}

Result<LimitChange> set_limit(Client& client, const PowerLimit& limit, double watts) {
  const Answer before = TRY(client.get(limit.id));
  LimitChange change;
  change.before = TRY(find(before.body, limit));
  TRY(check_limit(change.before, watts));
  TRY(sent(client.patch(limit.id, limit_patch(limit, watts), before.etag)));
  // Some controllers answer before they are done.
  for (int look = 0; look <= limits::limit_looks; ++look) {
    if (look > 0) pause(client.loop(), milliseconds(limits::look_again_ms));
    const Answer after = TRY(client.get(limit.id));
    change.after = TRY(find(after.body, limit));
    change.is_in_force = change.after.set_point && std::abs(*change.after.set_point - watts) < 0.5;
    if (change.is_in_force) break;
  }
  return change;
}

// ---- power states

Result<void> check_reset(const System& system, std::string_view type) {
  if (system.reset.target.empty())
    return invalid(name_of(system) + ": the controller offers no ComputerSystem.Reset");
  const auto& types = system.reset.types;
  if (types.empty())
    return invalid(name_of(system) + ": the controller does not say which reset types it takes");
  if (std::ranges::find(types, type) == types.end())
    return invalid(fmt::format("{}: reset type \"{}\" is none of {}", name_of(system), type,
                               join(types, ", ")));
  return {};
}

namespace {

Result<std::string> first_of(const System& system, std::initializer_list<const char*> types) {
  for (const char* type : types)
    if (check_reset(system, type)) return std::string(type);
  return check_reset(system, *types.begin()).error();
}

}  // namespace

Result<std::string> type_for_on(const System& system) {
  return first_of(system, {"On", "ForceOn"});
}
Result<std::string> type_for_off(const System& system, Force force) {
  return first_of(system, {force == Force::yes ? "ForceOff" : "GracefulShutdown"});
}
Result<std::string> type_for_restart(const System& system, Force force) {
  return first_of(system, {force == Force::yes ? "ForceRestart" : "GracefulRestart"});
}

std::string_view state_after(std::string_view type) {
  if (type == "On" || type == "ForceOn" || type == "GracefulRestart" || type == "ForceRestart" ||
      type == "PowerCycle" || type == "FullPowerCycle")
    return "On";
  if (type == "ForceOff" || type == "GracefulShutdown") return "Off";
  return {};
}

namespace {

bool is_restart(std::string_view type) {
  return type == "GracefulRestart" || type == "ForceRestart" || type == "PowerCycle" ||
         type == "FullPowerCycle";
}

// How far a boot has come, in coarse steps: not all firmware takes the finer ones in one order.
std::optional<int> boot_step(std::string_view state) {
  if (state == "OSRunning") return 3;
  if (state == "OSBootStarted") return 2;
  if (state == "SetupEntered") return 1;
  if (state == "None" || state.ends_with("Started") || state.ends_with("Complete")) return 0;
  return std::nullopt;
}

}  // namespace

bool shows_restart(const System& before, const System& now) {
  if (before.power_state == "Off" || now.power_state == "Off") return true;
  if (now.power_state == "PoweringOn" &&
      (before.power_state == "On" || before.power_state == "PoweringOff"))
    return true;
  if (!before.last_reset.empty() && !now.last_reset.empty() && before.last_reset != now.last_reset)
    return true;
  const auto from = boot_step(before.boot_state), to = boot_step(now.boot_state);
  return from && to && *to < *from;
}

Result<System> look(Client& client, const std::string& id) {
  System system = discover::redfish::read_system(id, TRY(client.get(id)).body);
  if (system.reset.types.empty() && !system.reset.info.empty())
    if (const auto info = client.get(system.reset.info))
      system.reset.types = discover::redfish::allowable_values(info->body, "ResetType");
  return system;
}

Result<std::vector<System>> systems(Client& client) {
  namespace redfish = discover::redfish;
  std::vector<System> out;
  const Answer root = TRY(client.get(std::string(redfish::root_id)));
  const auto link = redfish::references(redfish::property(root.body, "Systems"));
  std::string page =
      link.empty() ? std::string() : redfish::local_id(link[0]->string_at({"@odata.id"}));
  std::set<std::string> pages;
  while (!page.empty() && pages.insert(page).second) {
    const Answer collection = TRY(client.get(page));
    for (const json::Value* member :
         redfish::references(redfish::property(collection.body, "Members")))
      if (const std::string id = redfish::local_id(member->string_at({"@odata.id"})); !id.empty())
        out.push_back(TRY(look(client, id)));
    page = redfish::local_id(collection.body.string_at({"Members@odata.nextLink"}));
  }
  return out;
}

Result<PowerChange> reset(Client& client, const System& system, std::string_view type,
                          Duration settle) {
  TRY(check_reset(system, type));
  PowerChange change{.type = std::string(type), .before = system.power_state};
  json::Object body;
  body["ResetType"] = type;
  const auto answer = client.post(system.reset.target, std::move(body));
  const std::string_view wanted = state_after(type);
  // What brings about no certain state is known by the answer alone.
  if (!answer && wanted.empty()) return answer.error();
  TRY(sent(answer));
  bool is_seen = !is_restart(type);
  const Duration end = client.loop().uptime() + settle;
  for (System last = system;;) {
    System now = TRY(look(client, system.id));
    is_seen = is_seen || shows_restart(last, now);
    change.after = now.power_state;
    change.is_settled = is_seen && (wanted.empty() || now.power_state == wanted);
    if (change.is_settled) return change;
    if (client.loop().uptime() >= end) break;
    last = std::move(now);
    pause(client.loop(), milliseconds(limits::look_again_ms));
  }
  if (!answer && !is_seen)
    return Error(answer.error()).within(change.type + " was sent, not verified");
  return change;
}

// ---- boot

Result<json::Value> boot_patch(const System& system, const BootWish& wish) {
  json::Object boot;
  const auto& targets = system.boot.targets;
  if (!wish.target.empty()) {
    if (std::ranges::find(targets, wish.target) == targets.end())
      return invalid(fmt::format("{}: boot target \"{}\" is none of {}", name_of(system),
                                 wish.target, targets.empty() ? "none" : join(targets, ", ")));
    if (wish.target == "UefiTarget" || wish.target == "UefiBootNext" || wish.target == "UefiHttp" ||
        wish.target == "RemoteDrive")
      return invalid(wish.target + ": needs the path of a device, which cannot be given here yet");
    boot["BootSourceOverrideTarget"] = wish.target;
  }
  if (!wish.enabled.empty()) {
    if (wish.enabled != "Once" && wish.enabled != "Continuous" && wish.enabled != "Disabled")
      return invalid("\"" + wish.enabled + "\" is none of Once, Continuous, Disabled");
    boot["BootSourceOverrideEnabled"] = wish.enabled;
  }
  if (!wish.order.empty()) {
    const auto& now = system.boot.order;
    if (now.empty()) return invalid(name_of(system) + ": the controller shows no boot order");
    std::set<std::string> seen;
    json::Array order;
    for (const std::string& first : wish.order) {
      if (std::ranges::find(now, first) == now.end())
        return invalid(fmt::format("{}: \"{}\" is none of the boot order, which is {}",
                                   name_of(system), first, join(now, ", ")));
      if (!seen.insert(first).second) return invalid("\"" + first + "\" is named twice");
      order.emplace_back(first);
    }
    for (const std::string& rest : now)
      if (seen.insert(rest).second) order.emplace_back(rest);
    boot["BootOrder"] = std::move(order);
  }
  if (boot.empty()) return invalid("nothing was asked for: name a target or an order");
  json::Object outer;
  outer["Boot"] = std::move(boot);
  return json::Value(std::move(outer));
}

namespace {

bool is_as_wished(const Boot& boot, const json::Value& patch, const BootWish& wish) {
  std::vector<std::string> order;
  if (const json::Value* list = patch.at({"Boot", "BootOrder"}))
    for (const json::Value& one : *list->as_array()) order.push_back(*one.as_string());
  return (wish.target.empty() || boot.target == wish.target) &&
         (wish.enabled.empty() || boot.enabled == wish.enabled) &&
         (order.empty() || boot.order == order);
}

}  // namespace

Result<BootChange> set_boot(Client& client, const System& system, const BootWish& wish) {
  const Answer before = TRY(client.get(system.id));
  const System now = discover::redfish::read_system(system.id, before.body);
  const json::Value patch = TRY(boot_patch(now, wish));
  TRY(sent(client.patch(system.id, patch, before.etag)));
  const System after = TRY(look(client, system.id));
  return BootChange{.before = now.boot,
                    .after = after.boot,
                    .is_in_force = is_as_wished(after.boot, patch, wish)};
}

}  // namespace freehold::provider::redfish
