// Rules of contracts, workloads, templates and endpoints that span fields.
#include <algorithm>
#include <set>
#include <string_view>
#include <tuple>

#include "api/contract.h"
#include "api/measured.h"
#include "api/workload.h"
#include "base/limits.h"
#include "base/strings.h"
#include "json/value.h"
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

// "12/s" of "<=12/s".
std::string_view bound_of(std::string_view condition) {
  return trim(condition.substr(std::min(condition.find_first_not_of("<>="), condition.size())));
}

// What is measured in another dimension would never be compared.
void check_dimension(bool fits, Dimension dimension, const Path& at, Errors& errors) {
  if (!fits)
    errors.add(Fault::invalid, at,
               "is compared with " + std::string(dimension_name(dimension)) + ", such as " +
                   std::string(dimension_example(dimension)));
}

void check_condition(std::string_view condition, Dimension dimension, const Path& at,
                     Errors& errors) {
  if (!is_condition(condition)) return;  // absent, or the table has said so
  check_dimension(Quantity::parse(bound_of(condition), dimension).ok(), dimension, at, errors);
}

}  // namespace

void check_role(const ContractRole& role, const Path& at, Errors& errors) {
  if (!role.each.cpu.is_set()) errors.add(Fault::required, at / "each" / "cpu", "required");
  if (!role.each.memory.is_set()) errors.add(Fault::required, at / "each" / "memory", "required");
  const Path each = at / "each", requests = each / "devices";
  for (size_t i = 0; i < role.each.devices.size(); ++i) {
    const Path request = requests[i], where = request / "where";
    check_condition(role.each.devices[i].where.memory, Dimension::bytes, where / "memory", errors);
  }
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

namespace {

// Verdicts name the condition and what was measured, in the 256 bytes of a reason.
constexpr size_t longest_when_metric = 100, longest_condition = 64;

void check_when_sizes(const Guarantee& g, const Path& at, Errors& errors) {
  const auto check = [&](std::string_view what, std::string_view text, size_t most,
                         const Path& where) {
    if (text.size() > most)
      errors.add(Fault::invalid, where,
                 std::string(what) + " must have at most " + std::to_string(most) + " bytes, has " +
                     std::to_string(text.size()));
  };
  for (const auto& [metric, condition] : g.when) {
    if (metric.size() > longest_when_metric)
      check("the name of a metric", metric, longest_when_metric, at);
    else
      check("a condition", condition, longest_condition, at.key(metric));
  }
}

void check_guarantee_dimensions(const Guarantee& g, const Path& at, Errors& errors) {
  if (g.measured_by == MeasuredBy::agent && is_measured_by_agent(g.metric)) {
    const Dimension dimension = agent_dimension(g.metric);
    const auto fits = [dimension](const Quantity& bound) {
      return !bound.is_set() || bound.dimension() == dimension;
    };
    check_dimension(fits(g.at_least), dimension, at / "atLeast", errors);
    check_dimension(fits(g.at_most), dimension, at / "atMost", errors);
  }
  const Path when = at / "when";
  for (const auto& [metric, condition] : g.when)
    if (is_measured_by_agent(metric))
      check_condition(condition, agent_dimension(metric), when.key(metric), errors);
}

}  // namespace

void check_guarantee(const Guarantee& g, const Path& at, Errors& errors) {
  if (g.at_least.is_set() == g.at_most.is_set())
    errors.add(Fault::invalid, at / (g.at_least.is_set() ? "atMost" : "atLeast"),
               "state exactly one of atLeast and atMost");
  check_guarantee_dimensions(g, at, errors);
  check_when_sizes(g, at / "when", errors);
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
               "the agent does not measure \"" + std::string(beginning_of(g.metric, 64)) +
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

void check_floor(const Acceptance& acceptance, const Path& at, Errors& errors) {
  const Quantity& floor = acceptance.at_least;
  if (!floor.is_set()) return;
  const Dimension dimension = floor.dimension();
  if (acceptance.test == AcceptanceTest::memory_bandwidth && dimension != Dimension::bandwidth)
    errors.add(Fault::invalid, at, "memory-bandwidth is measured as bandwidth, such as 50GBps");
  if (acceptance.test == AcceptanceTest::cpu && dimension != Dimension::percent &&
      dimension != Dimension::rate && dimension != Dimension::number)
    errors.add(Fault::invalid, at,
               "cpu is measured as operations per second, such as 1000000/s, or as percent of the "
               "node's own rate, such as 90%");
}

// Without a test there is nothing that these could say.
void check_no_test(const Acceptance& acceptance, const Path& at, Errors& errors) {
  constexpr std::string_view why = "nothing is run with test none; remove it, or name a test";
  const Acceptance plain;
  if (acceptance.at_least.is_set()) errors.add(Fault::invalid, at / "atLeast", std::string(why));
  if (acceptance.duration != plain.duration)
    errors.add(Fault::invalid, at / "duration", std::string(why));
  if (acceptance.attempts != plain.attempts)
    errors.add(Fault::invalid, at / "attempts", std::string(why));
}

void check_acceptance(const ContractSpec& spec, const Path& at, Errors& errors) {
  const Acceptance& acceptance = spec.acceptance;
  const Path here = at / "acceptance";
  if (acceptance.test == AcceptanceTest::none) return check_no_test(acceptance, here, errors);
  check_floor(acceptance, here / "atLeast", errors);
  check_span(acceptance.duration, milliseconds(100), minutes(10), here / "duration", errors);
  if (acceptance.test != AcceptanceTest::workload) return;
  if (acceptance.at_least.is_set())
    errors.add(Fault::invalid, here / "atLeast",
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

namespace {

// The most of a metric that the asked-for capacity can come to, in its unit; null: no telling.
std::optional<int64_t> most_of(const ContractSpec& spec, std::string_view metric) {
  if (metric == "available_capacity") return Quantity::of(1'000, Dimension::number).value();
  if (metric != "cpu_cores" && metric != "memory_bytes") return std::nullopt;
  int64_t sum = 0;
  for (const ContractRole& role : spec.roles) {
    const Quantity& each = metric == "cpu_cores" ? role.each.cpu : role.each.memory;
    int64_t all = 0;
    if (!each.is_set() || __builtin_mul_overflow(each.value(), role.count, &all) ||
        __builtin_add_overflow(sum, all, &sum))
      return std::nullopt;
  }
  return sum;
}

// A floor that could never be kept would be missed by whoever asked for it.
void check_floors(const ContractSpec& spec, const Path& at, Errors& errors) {
  for (size_t i = 0; i < spec.guarantees.size(); ++i) {
    const Guarantee& g = spec.guarantees[i];
    const auto most = most_of(spec, g.metric);
    if (g.measured_by == MeasuredBy::agent && most && g.at_least.is_set() &&
        g.at_least.dimension() == agent_dimension(g.metric) && g.at_least.value() > *most)
      errors.add(Fault::invalid, at[i] / "atLeast",
                 "is more than all that `roles` ask for can come to");
  }
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
  check_floors(spec, at / "guarantees", errors);
  check_acceptance(spec, at, errors);
  if (spec.accept.mode == AcceptMode::automatic && !spec.accept.offer.empty())
    errors.add(Fault::invalid, at / "accept" / "offer", "automatic acceptance names no offer");
  if (spec.accept.mode == AcceptMode::manual && spec.accept.offer.empty() &&
      spec.accept.max_price.is_set())
    errors.add(Fault::invalid, at / "accept" / "maxPrice",
               "is what automatic acceptance may cost; who accepts by hand sees the price of each "
               "offer: remove it, or set mode: automatic");
  const Path remedies = at / "remedies";
  for (size_t i = 0; i < spec.remedies.size(); ++i) {
    const Remedy& r = spec.remedies[i];
    if (r.action == RemedyAction::credit && !r.amount.is_set())
      errors.add(Fault::required, remedies[i] / "amount",
                 "a credit needs a percentage such as 10%");
    if (r.action != RemedyAction::credit && r.amount.is_set())
      errors.add(Fault::invalid, remedies[i] / "amount", "only a credit has an amount; remove it");
    if (r.action == RemedyAction::release || r.action == RemedyAction::add_capacity)
      errors.add(Fault::not_supported, remedies[i] / "action",
                 "is not honoured yet; use restart, replace or credit");
  }
}

namespace {

void check_command(const std::vector<std::string>& command, const Path& at, Errors& errors) {
  if (!command.empty() && command.front().empty())
    errors.add(Fault::invalid, at[0], "must name a program");
  for (size_t i = 0; i < command.size(); ++i)
    if (command[i].find('\0') != std::string::npos)
      errors.add(Fault::invalid, at[i], "must not hold a NUL byte");
}

void check_protocol(std::string_view protocol, const Path& at, Errors& errors) {
  check_one_of(protocol, {"http", "https", "tcp", "udp"}, at, errors);
}

// That a port is there, and speaks what is asked over it.
void check_port(const ProcessSpec& process, std::string_view name, std::string_view asked,
                const Path& at, Errors& errors) {
  if (name.empty()) return;
  const auto port = std::ranges::find(process.ports, name, &Port::name);
  const std::string quoted = "\"" + std::string(name) + "\"";
  if (port == process.ports.end())
    return errors.add(Fault::invalid, at, quoted + " is not one of `ports`");
  const bool speaks = asked == "http" ? port->protocol == "http" : port->protocol != "udp";
  if (!speaks)
    errors.add(Fault::invalid, at,
               quoted + " speaks " + port->protocol + ", and is asked over " + std::string(asked));
}

void check_probe_ports(const ProcessSpec& process, const std::optional<Probe>& probe,
                       const Path& at, Errors& errors) {
  if (!probe) return;
  const Path get = at / "httpGet";
  if (probe->http_get) check_port(process, probe->http_get->port, "http", get / "port", errors);
  check_port(process, probe->tcp_port, "tcp", at / "tcpPort", errors);
}

}  // namespace

void check_probe(const Probe& probe, const Path& at, Errors& errors) {
  const int forms =
      int{probe.http_get.has_value()} + int{!probe.tcp_port.empty()} + int{!probe.command.empty()};
  if (forms != 1) errors.add(Fault::invalid, at, "state exactly one of httpGet, tcpPort, command");
  check_span(probe.period, milliseconds(100), hours(1), at / "period", errors);
  check_span(probe.timeout, milliseconds(10), minutes(10), at / "timeout", errors);
  check_command(probe.command, at / "command", errors);
}

void check_process(const ProcessSpec& process, const Path& at, Errors& errors) {
  check_probe_ports(process, process.liveness, at / "liveness", errors);
  check_probe_ports(process, process.readiness, at / "readiness", errors);
  const Path metrics = at / "metrics";
  if (process.metrics) {
    check_port(process, process.metrics->port, "http", metrics / "port", errors);
    check_span(process.metrics->period, milliseconds(500), minutes(10), metrics / "period", errors);
  }
  const Path ports = at / "ports";
  for (size_t i = 0; i < process.ports.size(); ++i)
    check_protocol(process.ports[i].protocol, ports[i] / "protocol", errors);
  check_command(process.command, at / "command", errors);
  check_span(process.stop_grace, seconds(0), hours(1), at / "stopGrace", errors);
}

void check_workload_role(const WorkloadRole& role, const Path& at, Errors& errors) {
  const Path run = at / "run";
  if (role.run.command.empty())
    errors.add(Fault::required, run / "command", "required: a program and its arguments");
}

void check_endpoint_spec(const EndpointSpec& spec, const Path& at, Errors& errors) {
  check_protocol(spec.protocol, at / "protocol", errors);
}

namespace {

// What a body is called is known before its parameters are; what it holds is not.
template <class Spec>
void check_body(const json::Value& body, const Path& at, Errors& errors) {
  if (body.is_null()) return;
  if (body.as_object() == nullptr)
    return errors.add(Fault::type, at, "must be an object, with the fields of a spec");
  Spec scratch;
  Errors of_values;
  const auto outcome = schema::from_json(schema::type_of<Spec>, &scratch, body, of_values);
  for (size_t i = 0; i < outcome.unknown.size(); ++i) {
    std::string detail = "unknown field";
    if (!outcome.nearest[i].empty()) detail += ", did you mean \"" + outcome.nearest[i] + "\"?";
    errors.add(Fault::unknown, at.to_string() + '.' + outcome.unknown[i], std::move(detail));
  }
}

}  // namespace

void check_template_spec(const TemplateSpec& spec, const Path& at, Errors& errors) {
  check_body<ContractSpec>(spec.contract, at / "contract", errors);
  check_body<WorkloadSpec>(spec.workload, at / "workload", errors);
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
  if (!fits) return errors.add(Fault::invalid, at / "default", "is not of the parameter's type");
  const std::string text = value.as_string() != nullptr ? *value.as_string() : json::print(value);
  if (!parameter.values.empty() && std::ranges::count(parameter.values, text) == 0)
    errors.add(Fault::invalid, at / "default", "\"" + text + "\" is not one of `values`");
}

bool counts(OfferPhase phase) { return phase == OfferPhase::held || phase == OfferPhase::accepted; }

}  // namespace freehold::api
