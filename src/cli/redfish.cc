#include "cli/redfish.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "base/strings.h"
#include "cli/cli.h"
#include "cli/data_dir.h"
#include "cli/redfish_text.h"
#include "discover/redfish/folder.h"
#include "provider/redfish/connect.h"
#include "provider/redfish/control.h"

namespace freehold::cli {

namespace {

namespace live = provider::redfish;
using discover::redfish::PowerLimit;
using discover::redfish::Survey;
using live::System;

constexpr size_t password_bytes = 1'024;

Result<std::string> password_of(const RedfishTarget& target) {
  if (target.password_file.empty())
    return Error{Reason::bad_request,
                 "--user needs --password-file: a file with the password, or - for standard input"};
  std::string text =
      TRY(read_file(target.password_file == "-" ? "/dev/stdin" : target.password_file));
  while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
  if (text.empty() || text.size() > password_bytes)
    return Error{Reason::bad_request, target.password_file + " holds no password"};
  return text;
}

Result<std::unique_ptr<live::Connection>> connect(const RedfishTarget& target) {
  if (!is_url(target.target))
    return Error{
        Reason::bad_request,
        "\"" + target.target + "\" is no https:// URL; a folder can " + "only be looked at"};
  live::Target to{.url = target.target, .timeout = target.timeout};
  if (!target.user.empty()) to.credentials = {target.user, TRY(password_of(target))};
  if (!target.ca_file.empty()) to.ca_pem = TRY(read_file(target.ca_file));
  // As openssl prints it, with colons.
  for (const char c : target.certificate_sha256)
    if (c != ':') to.certificate_sha256 += c;
  to.is_unverified = target.insecure;
  if (target.insecure)
    put("freehold: WARNING: --insecure: the certificate of " + printable(target.target) +
            " is not checked; whoever sits in between can read the password and change "
            "everything\n",
        stderr);
  return live::Connection::open(std::move(to));
}

bool is_document(Output output) { return output == Output::json || output == Output::yaml; }

void put_notes(const std::vector<std::string>& notes) {
  for (const std::string& note : notes) put("note: " + printable(note) + "\n", stderr);
}

// By name, host name or the end of the id; without a name, the only one.
Result<System> find_system(live::Client& client, const std::string& name) {
  const auto systems = TRY(live::systems(client));
  std::vector<std::string> names;
  const System* found = nullptr;
  int fits = 0;
  for (const System& system : systems) {
    names.push_back(last_part(system.id));
    const bool is_it = name.empty() || name == system.id || name == last_part(system.id) ||
                       name == system.host_name;
    if (!is_it) continue;
    found = &system;
    ++fits;
  }
  if (fits == 1) return *found;
  if (systems.empty()) return Error{Reason::not_found, "the controller shows no system"};
  return Error{fits == 0 ? Reason::not_found : Reason::bad_request,
               (fits == 0 ? "there is no system \"" + name + "\"" : "there are several systems") +
                   "; name one with --system: " + join(names, ", ")};
}

Result<PowerLimit> find_limit(const Survey& survey, const std::string& of) {
  std::vector<std::string> names;
  const PowerLimit* found = nullptr;
  int fits = 0;
  for (const PowerLimit& limit : survey.limits) {
    names.push_back(last_part(limit.owner));
    if (!of.empty() && of != limit.of && of != last_part(limit.owner) && of != limit.id) continue;
    found = &limit;
    ++fits;
  }
  if (fits == 1) return *found;
  if (names.empty()) return Error{Reason::not_found, "the controller shows no power limit"};
  return Error{
      fits == 0 ? Reason::not_found : Reason::bad_request,
      (fits == 0 ? "there is no power limit of \"" + of + "\"" : "there are several power limits") +
          "; name one with --of: " + join(names, ", ")};
}

json::Value subset(const json::Value& all, std::initializer_list<std::string_view> names) {
  json::Object out;
  for (const std::string_view name : names)
    if (const json::Value* one = all.at({name})) out[name] = *one;
  return out;
}

int told(const RedfishOptions& options, json::Object document_of, const std::string& text,
         bool is_done) {
  document_of["inForce"] = is_done;
  put(is_document(options.output) ? document(document_of, options.output) : text + "\n",
      is_done || is_document(options.output) ? stdout : stderr);
  return is_done ? done : failed;
}

}  // namespace

bool is_url(const std::string& target) { return target.find("://") != std::string::npos; }

Result<Survey> survey_target(const RedfishTarget& target) {
  if (!is_url(target.target))
    return discover::redfish::survey_folder(discover::Root(target.target));
  const auto connection = TRY(connect(target));
  return live::survey(connection->client());
}

int redfish_show(const RedfishOptions& options) {
  const auto survey = survey_target(options.target);
  if (!survey) return complain(survey.error());
  if (is_document(options.output)) {
    put(document(discover::redfish::to_json(*survey), options.output));
    return done;
  }
  put(survey_text(*survey, terminal(stdout)));
  put_notes(survey->notes);
  return done;
}

int redfish_power(const RedfishOptions& options) {
  const auto survey = survey_target(options.target);
  if (!survey) return complain(survey.error());
  if (is_document(options.output)) {
    put(document(subset(discover::redfish::to_json(*survey),
                        {"powerSupplies", "powerLimits", "powerDistributions", "coolingUnits",
                         "temperatures", "fans", "notes"}),
                 options.output));
    return done;
  }
  put(power_text(*survey, terminal(stdout)));
  put_notes(survey->notes);
  return done;
}

namespace {

std::optional<double> watts_of(std::string_view text) {
  if (text.ends_with('W')) text.remove_suffix(1);
  return parse_double(text);
}

Result<int> set_limit(const RedfishOptions& options, double watts) {
  const auto connection = TRY(connect(options.target));
  live::Client& client = connection->client();
  const Survey survey = TRY(live::survey(client));
  const PowerLimit limit = TRY(find_limit(survey, options.of));
  const auto change = TRY(live::set_limit(client, limit, watts));
  json::Object out;
  out["of"] = last_part(limit.owner);
  out["before"] = discover::redfish::to_json(change.before);
  out["after"] = discover::redfish::to_json(change.after);
  const std::string name = last_part(limit.owner) + ": ";
  return told(options, std::move(out),
              change.is_in_force
                  ? fmt::format("{}{}, was {}; in force", name, watts_text(change.after.set_point),
                                watts_text(change.before.set_point))
                  : fmt::format("freehold: {}{} was asked for, but {} is in force", name,
                                watts_text(watts), watts_text(change.after.set_point)),
              change.is_in_force);
}

std::string change_text(const System& system, const live::PowerChange& change, Duration settle) {
  const std::string name = last_part(system.id);
  if (change.is_settled)
    return fmt::format("{}: {}; was {}, is {}", name, change.type, change.before, change.after);
  if (change.after == live::state_after(change.type))
    return fmt::format(
        "freehold: {}: {} was sent, not verified: it is {}, and nothing has shown a restart "
        "within {}",
        name, change.type, change.after, format_duration(settle));
  return fmt::format("freehold: {}: {} was sent, but it is still {} after {}", name, change.type,
                     change.after, format_duration(settle));
}

using Choose = Result<std::string> (*)(const System& system, const RedfishOptions& options);

Result<int> change_power(const RedfishOptions& options, Choose choose) {
  const auto connection = TRY(connect(options.target));
  live::Client& client = connection->client();
  const System system = TRY(find_system(client, options.system));
  const std::string type = TRY(choose(system, options));
  json::Object out;
  out["system"] = last_part(system.id);
  out["before"] = system.power_state;
  // Asked for a state that it has: nothing to do. A restart is always one.
  const bool is_state =
      type == "On" || type == "ForceOn" || type == "ForceOff" || type == "GracefulShutdown";
  if (is_state && system.power_state == live::state_after(type)) {
    out["after"] = system.power_state;
    return told(options, std::move(out), last_part(system.id) + ": is " + system.power_state, true);
  }
  const auto change = TRY(live::reset(client, system, type, options.settle));
  out["type"] = change.type;
  out["after"] = change.after;
  return told(options, std::move(out), change_text(system, change, options.settle),
              change.is_settled);
}

json::Value boot_json(const live::Boot& boot) {
  json::Object out;
  out["target"] = boot.target;
  out["enabled"] = boot.enabled;
  json::Array order;
  for (const std::string& one : boot.order) order.emplace_back(one);
  out["order"] = std::move(order);
  return out;
}

std::string boot_text(const live::Boot& boot) {
  std::string text = boot.target.empty() ? "no override" : boot.target;
  if (!boot.enabled.empty()) text += " (" + boot.enabled + ")";
  if (!boot.order.empty()) text += ", order " + join(boot.order, ", ");
  return text;
}

Result<int> change_boot(const RedfishOptions& options) {
  const auto connection = TRY(connect(options.target));
  live::Client& client = connection->client();
  const System system = TRY(find_system(client, options.system));
  json::Object out;
  out["system"] = last_part(system.id);
  live::BootWish wish{options.boot_target, options.boot_enabled, options.boot_order};
  if (wish.target.empty() && wish.enabled.empty() && wish.order.empty()) {
    out["boot"] = boot_json(system.boot);
    std::string text = printable(last_part(system.id) + ": " + boot_text(system.boot)) + "\n";
    if (!system.boot.targets.empty())
      text += printable("targets: " + join(system.boot.targets, ", ")) + "\n";
    put(is_document(options.output) ? document(out, options.output) : text);
    return static_cast<int>(done);
  }
  // A target is for one boot unless more is asked for: nobody wants to install a machine twice.
  if (!wish.target.empty() && wish.enabled.empty())
    wish.enabled = wish.target == "None" ? "Disabled" : "Once";
  const auto change = TRY(live::set_boot(client, system, wish));
  out["before"] = boot_json(change.before);
  out["after"] = boot_json(change.after);
  return told(options, std::move(out),
              (change.is_in_force ? "" : "freehold: not taken: ") + last_part(system.id) + ": " +
                  boot_text(change.after) + "; was " + boot_text(change.before),
              change.is_in_force);
}

int finished(Result<int> result) { return result ? *result : complain(result.error()); }

}  // namespace

int redfish_limit(const RedfishOptions& options) {
  if (!options.watts.empty()) {
    const auto watts = watts_of(options.watts);
    if (!watts)
      return complain_usage(
          {Reason::bad_request, "\"" + options.watts + "\": use watts such as 450"});
    return finished(set_limit(options, *watts));
  }
  const auto survey = survey_target(options.target);
  if (!survey) return complain(survey.error());
  if (is_document(options.output)) {
    put(document(subset(discover::redfish::to_json(*survey), {"powerLimits"}), options.output));
    return done;
  }
  const std::string text = limits_text(survey->limits, terminal(stdout));
  put(text.empty() ? "there is no power limit\n" : text);
  put_notes(survey->notes);
  return done;
}

int redfish_on(const RedfishOptions& options) {
  return finished(change_power(options, [](const System& system, const RedfishOptions&) {
    return live::type_for_on(system);
  }));
}

int redfish_off(const RedfishOptions& options) {
  return finished(change_power(options, [](const System& system, const RedfishOptions& o) {
    return live::type_for_off(system, o.force ? live::Force::yes : live::Force::no);
  }));
}

int redfish_reset(const RedfishOptions& options) {
  return finished(change_power(
      options, [](const System& system, const RedfishOptions& o) -> Result<std::string> {
        if (o.type.empty())
          return live::type_for_restart(system, o.force ? live::Force::yes : live::Force::no);
        TRY(live::check_reset(system, o.type));
        return o.type;
      }));
}

int redfish_boot(const RedfishOptions& options) { return finished(change_boot(options)); }

}  // namespace freehold::cli
