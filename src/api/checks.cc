// Rules of contracts and workloads that span fields.
#include <algorithm>
#include <set>
#include <string_view>
#include <tuple>

#include "api/contract.h"
#include "api/measured.h"
#include "api/workload.h"
#include "base/limits.h"
#include "base/strings.h"
#include "schema/walk.h"

namespace freehold::api {

using schema::Errors;
using schema::Fault;
using schema::Path;

namespace {

void check_one_of(std::string_view value, std::initializer_list<std::string_view> allowed,
                  const Path& at, Errors& errors) {
  if (value.empty() || std::find(allowed.begin(), allowed.end(), value) != allowed.end()) return;
  std::string list;
  for (auto a : allowed) list += (list.empty() ? "" : ", ") + std::string(a);
  errors.add(Fault::not_supported, at,
             "\"" + std::string(value) + "\" is not honoured; use " + list);
}

void check_span(Duration span, Duration least, Duration most, const Path& at, Errors& errors) {
  if (span < least || most < span)
    errors.add(Fault::invalid, at,
               "must be between " + format_duration(least) + " and " + format_duration(most));
}

void check_share(double share, const Path& at, Errors& errors) {
  if (!(share >= 0 && share <= 1)) errors.add(Fault::invalid, at, "must be between 0 and 1");
}

}  // namespace

void check_role(const ContractRole& role, const Path& at, Errors& errors) {
  if (!role.each.cpu.is_set()) errors.add(Fault::required, at / "each" / "cpu", "required");
  if (!role.each.memory.is_set()) errors.add(Fault::required, at / "each" / "memory", "required");
  const Path aligns = at / "align";
  for (size_t i = 0; i < role.align.size(); ++i) {
    const Path here = aligns[i];
    check_one_of(role.align[i].within, {"numa-node", "package", "pcie-root"}, here / "within",
                 errors);
    const Path names = here / "devices";
    for (size_t j = 0; j < role.align[i].devices.size(); ++j) {
      const std::string& name = role.align[i].devices[j];
      const auto& devices = role.each.devices;
      const bool known = name == "cpu" || name == "memory" ||
                         std::any_of(devices.begin(), devices.end(),
                                     [&](const DeviceRequest& d) { return d.name == name; });
      if (!known)
        errors.add(Fault::invalid, names[j], "\"" + name + "\" is not a device of this role");
    }
  }
  if (role.together)
    check_one_of(role.together->within, {"node", "rack", "site"}, at / "together" / "within",
                 errors);
  if (role.apart)
    check_one_of(role.apart->across, {"node", "rack", "site"}, at / "apart" / "across", errors);
}

void check_guarantee(const Guarantee& g, const Path& at, Errors& errors) {
  if (g.at_least.is_set() == g.at_most.is_set())
    errors.add(Fault::invalid, at / (g.at_least.is_set() ? "atMost" : "atLeast"),
               "state exactly one of atLeast and atMost");
  check_share(g.quantile, at / "quantile", errors);
  check_share(g.target, at / "target", errors);
  if (g.quantile == 1) errors.add(Fault::invalid, at / "quantile", "must be below 1");
  check_span(g.window, seconds(1), hours(24), at / "window", errors);
  // Times are kept by the second.
  if (g.window.us % seconds(1).us != 0)
    errors.add(Fault::invalid, at / "window", "must be whole seconds");
  if (g.measured_by == MeasuredBy::gateway)
    errors.add(Fault::not_supported, at / "measuredBy",
               "the gateway is not built yet; use workload or agent");
  // A credit rests on what the agent measured: nobody calls the workload's word by that name.
  if (g.measured_by == MeasuredBy::agent && !is_measured_by_agent(g.metric))
    errors.add(Fault::invalid, at / "measuredBy",
               "the agent does not measure \"" + g.metric.substr(0, 64) +
                   "\" itself; use workload, which earns no credit");
  if (g.of == JudgedAgainst::offered && !g.at_least.is_set())
    errors.add(Fault::invalid, at / "of", "`offered` compares a floor; state atLeast");
  if (g.of == JudgedAgainst::offered &&
      (g.metric == "available_capacity" || g.metric == "memory_bytes" || g.metric == "readiness"))
    errors.add(Fault::invalid, at / "of", "nothing is offered of " + g.metric + "; remove it");
}

namespace {

// An acceptance run by the workload itself takes a window of each guarantee, without charge.
constexpr Duration longest_proof = minutes(10);

void check_acceptance(const ContractSpec& spec, const Path& at, Errors& errors) {
  const Acceptance& acceptance = spec.acceptance;
  if (acceptance.test != AcceptanceTest::none)
    check_span(acceptance.duration, milliseconds(100), minutes(10), at / "acceptance" / "duration",
               errors);
  if (acceptance.test != AcceptanceTest::workload) return;
  if (acceptance.at_least.is_set())
    errors.add(Fault::invalid, at / "acceptance" / "atLeast",
               "the workload is judged by its guarantees; remove it");
  const Path guarantees = at / "guarantees";
  for (size_t i = 0; i < spec.guarantees.size(); ++i)
    if (spec.guarantees[i].window > longest_proof)
      errors.add(Fault::invalid, guarantees[i] / "window",
                 "must be at most " + format_duration(longest_proof) +
                     " with acceptance.test workload, which runs for a window before the contract "
                     "is active; shorten it or use another test");
}

}  // namespace

namespace {

// Promises and their conditions, each measurement once.
void check_measures(const std::vector<Guarantee>& guarantees, const Path& at, Errors& errors) {
  std::set<std::tuple<std::string_view, double, int64_t>> measures;
  for (const Guarantee& g : guarantees) {
    measures.emplace(g.metric, g.quantile, g.window.us);
    for (const auto& [metric, condition] : g.when) measures.emplace(metric, 0, g.window.us);
  }
  if (measures.size() > limits::measures)
    errors.add(Fault::invalid, at,
               "promises and their conditions take " + std::to_string(measures.size()) +
                   " measurements, at most " + std::to_string(limits::measures) +
                   "; use fewer metrics or window lengths");
}

}  // namespace

void check_contract_spec(const ContractSpec& spec, const Path& at, Errors& errors) {
  if (spec.isolation > Isolation::l1)
    errors.add(Fault::not_supported, at / "isolation", "is not honoured yet; use L0 or L1");
  int64_t members = 0;
  for (const ContractRole& role : spec.roles)
    members += std::clamp<int64_t>(role.count, 0, 1'000'000'000);
  if (members > 5'000)
    errors.add(Fault::invalid, at / "roles",
               "at most 5000 members, these are " + std::to_string(members));
  check_span(spec.offer_ttl, seconds(1), hours(24), at / "offerTTL", errors);
  check_measures(spec.guarantees, at / "guarantees", errors);
  check_acceptance(spec, at, errors);
  if (spec.accept.mode == AcceptMode::automatic && !spec.accept.offer.empty())
    errors.add(Fault::invalid, at / "accept" / "offer", "automatic acceptance names no offer");
  const Path remedies = at / "remedies";
  for (size_t i = 0; i < spec.remedies.size(); ++i) {
    const Remedy& r = spec.remedies[i];
    if (r.action == RemedyAction::credit && !r.amount.is_set())
      errors.add(Fault::required, remedies[i] / "amount",
                 "a credit needs a percentage such as 10%");
    if (r.action == RemedyAction::release || r.action == RemedyAction::add_capacity)
      errors.add(Fault::not_supported, remedies[i] / "action",
                 "is not honoured yet; use restart, replace or credit");
  }
}

void check_probe(const Probe& probe, const Path& at, Errors& errors) {
  const int forms =
      int{probe.http_get.has_value()} + int{!probe.tcp_port.empty()} + int{!probe.command.empty()};
  if (forms != 1) errors.add(Fault::invalid, at, "state exactly one of httpGet, tcpPort, command");
  check_span(probe.period, milliseconds(100), hours(1), at / "period", errors);
  check_span(probe.timeout, milliseconds(10), minutes(10), at / "timeout", errors);
}

void check_process(const ProcessSpec& process, const Path& at, Errors& errors) {
  auto known = [&](std::string_view name) {
    return std::any_of(process.ports.begin(), process.ports.end(),
                       [&](const Port& p) { return p.name == name; });
  };
  auto check_port = [&](std::string_view name, const Path& where) {
    if (!name.empty() && !known(name))
      errors.add(Fault::invalid, where, "\"" + std::string(name) + "\" is not one of `ports`");
  };
  if (process.liveness && process.liveness->http_get)
    check_port(process.liveness->http_get->port, at / "liveness" / "httpGet" / "port");
  if (process.readiness && process.readiness->http_get)
    check_port(process.readiness->http_get->port, at / "readiness" / "httpGet" / "port");
  if (process.metrics) {
    check_port(process.metrics->port, at / "metrics" / "port");
    check_span(process.metrics->period, milliseconds(500), minutes(10), at / "metrics" / "period",
               errors);
  }
  const Path ports = at / "ports";
  for (size_t i = 0; i < process.ports.size(); ++i)
    check_one_of(process.ports[i].protocol, {"http", "https", "tcp", "udp"}, ports[i] / "protocol",
                 errors);
  const Path commands = at / "command";
  for (size_t i = 0; i < process.command.size(); ++i)
    if (process.command[i].find('\0') != std::string::npos)
      errors.add(Fault::invalid, commands[i], "must not hold a NUL byte");
  check_span(process.stop_grace, seconds(0), hours(1), at / "stopGrace", errors);
}

void check_workload_spec(const WorkloadSpec& spec, const Path& at, Errors& errors) {
  if (spec.template_name.empty() && spec.roles.empty())
    errors.add(Fault::required, at / "roles", "required, unless a template gives them");
  if (spec.template_name.empty() && spec.contract.empty())
    errors.add(Fault::required, at / "contract", "required, unless a template gives it");
  if (spec.template_name.empty() && !spec.parameters.empty())
    errors.add(Fault::invalid, at / "parameters", "parameters belong to a template; name one");
}

void check_parameter(const Parameter& parameter, const Path& at, Errors& errors) {
  const json::Value& value = parameter.default_value;
  if (value.is_null()) return;
  bool fits = false;
  switch (parameter.type) {
    case ParameterType::string:
      fits = value.as_string() != nullptr;
      break;
    case ParameterType::integer:
      fits = value.as_int() != nullptr;
      break;
    case ParameterType::number:
      fits = value.is_number();
      break;
    case ParameterType::boolean:
      fits = value.as_bool() != nullptr;
      break;
    case ParameterType::quantity:
      fits = value.is_number() ||
             (value.as_string() != nullptr && Quantity::parse_any(*value.as_string()).ok());
      break;
  }
  if (!fits) errors.add(Fault::invalid, at / "default", "is not of the parameter's type");
}

bool counts(OfferPhase phase) { return phase == OfferPhase::held || phase == OfferPhase::accepted; }

}  // namespace freehold::api
