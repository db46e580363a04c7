// The schema tables of workload.h.
#pragma once

#include "api/contract_table.h"
#include "api/meta_table.h"
#include "api/workload.h"
#include "base/limits.h"
#include "schema/table.h"

namespace freehold::api {
void check_probe(const Probe& probe, const schema::Path& at, schema::Errors& errors);
void check_process(const ProcessSpec& process, const schema::Path& at, schema::Errors& errors);
void check_template_spec(const TemplateSpec& spec, const schema::Path& at, schema::Errors& errors);
void check_workload_role(const WorkloadRole& role, const schema::Path& at, schema::Errors& errors);
void check_workload_spec(const WorkloadSpec& spec, const schema::Path& at, schema::Errors& errors);
void check_parameter(const Parameter& parameter, const schema::Path& at, schema::Errors& errors);
void check_endpoint_spec(const EndpointSpec& spec, const schema::Path& at, schema::Errors& errors);
}  // namespace freehold::api

namespace freehold::schema {

template <>
inline constexpr auto table<api::EnvVar> = object<api::EnvVar>(
    "EnvVar", "One variable of a process's environment.",
    field<&api::EnvVar::name>("name", "Name.",
                              {.required = true, .max_size = 128, .format = &api::env_name}),
    field<&api::EnvVar::value>("value", "Value.", {.max_size = 32768}));
template <>
inline constexpr auto table<api::Port> = object<api::Port>(
    "Port", "A port that the process listens on.",
    field<&api::Port::name>("name", "Name; the process finds the number in PORT_<NAME>.",
                            {.required = true, .max_size = 15, .format = &api::dns_label}),
    field<&api::Port::port>("port", "Number; 0: the agent picks one.", {.min = 0, .max = 65535}),
    field<&api::Port::protocol>(
        "protocol", "http, https, tcp or udp; httpGet and metrics need http.", {.max_size = 8}));
template <>
inline constexpr auto table<api::HttpGet> = object<api::HttpGet>(
    "HttpGet", "A request that must be answered with 2xx or 3xx.",
    field<&api::HttpGet::path>("path", "Path.", {.max_size = 1024, .format = &api::uri_path}),
    field<&api::HttpGet::port>("port", "Name of the port.",
                               {.required = true, .max_size = 15, .format = &api::dns_label}));
template <>
inline constexpr auto table<api::Probe> = checked_object<api::Probe, api::check_probe>(
    "Probe", "How a process shows that it is well: exactly one of httpGet, tcpPort, command.",
    field<&api::Probe::http_get>("httpGet", "A request."),
    field<&api::Probe::tcp_port>("tcpPort", "Name of a port that must accept connections.",
                                 {.max_size = 15, .format = &api::dns_label}),
    field<&api::Probe::command>("command",
                                "A program in the instance's limits; exit status 0 is success.",
                                {.max_size = 64}),
    field<&api::Probe::period>("period", "Between probes, 100ms or more."),
    field<&api::Probe::timeout>("timeout", "A probe that takes longer has failed."),
    field<&api::Probe::initial_delay>("initialDelay", "Before the first probe."),
    field<&api::Probe::failure_threshold>("failureThreshold", "Failures in a row that count.",
                                          {.min = 1, .max = 100}),
    field<&api::Probe::success_threshold>("successThreshold", "Successes in a row that count.",
                                          {.min = 1, .max = 100}));
template <>
inline constexpr auto table<api::MetricsEndpoint> = object<api::MetricsEndpoint>(
    "MetricsEndpoint", "The workload's Prometheus endpoint.",
    field<&api::MetricsEndpoint::port>(
        "port", "Name of the port.", {.required = true, .max_size = 15, .format = &api::dns_label}),
    field<&api::MetricsEndpoint::path>("path", "Path.",
                                       {.max_size = 1024, .format = &api::uri_path}),
    field<&api::MetricsEndpoint::period>("period", "Between scrapes, 500ms or more."),
    field<&api::MetricsEndpoint::aliases>(
        "aliases",
        "Metric of the contract → name at the endpoint. `offered` names the counter of requests "
        "that came in.",
        {.max_size = 64, .format = &api::metric_name, .key_format = &api::metric_name}));
template <>
inline constexpr auto table<api::RestartPolicy> = enumeration<api::RestartPolicy>(
    "RestartPolicy", "Whether a process that ends is started again, with growing pauses.",
    value(api::RestartPolicy::always, "always", "Whatever its exit status."),
    value(api::RestartPolicy::on_failure, "onFailure", "Unless it ended with status 0."),
    value(api::RestartPolicy::never, "never", "Never."));
template <>
inline constexpr auto table<api::ProcessSpec> =
    checked_object<api::ProcessSpec, api::check_process>(
        "ProcessSpec", "What is run, and how it is watched.",
        field<&api::ProcessSpec::image>(
            "image", "OCI image.",
            {.max_size = 512, .later = "images need an OCI runtime; use `command`"}),
        field<&api::ProcessSpec::command>("command", "Program and arguments.", {.max_size = 256}),
        field<&api::ProcessSpec::directory>(
            "directory", "Working directory; absent: a private one.", {.max_size = 1024}),
        field<&api::ProcessSpec::env>("env", "Environment.", {.max_size = 256, .list_key = "name"}),
        field<&api::ProcessSpec::ports>("ports", "Ports.", {.max_size = 16, .list_key = "name"}),
        field<&api::ProcessSpec::liveness>("liveness", "When it fails, the process is restarted."),
        field<&api::ProcessSpec::readiness>("readiness", "While it fails, no traffic is sent."),
        field<&api::ProcessSpec::metrics>("metrics", "Prometheus endpoint."),
        field<&api::ProcessSpec::restart>("restart", "Whether it is started again."),
        field<&api::ProcessSpec::stop_grace>("stopGrace", "Between SIGTERM and SIGKILL."));

template <>
inline constexpr auto table<api::ParameterType> = enumeration<api::ParameterType>(
    "ParameterType", "Type of a parameter.", value(api::ParameterType::string, "string", "Text."),
    value(api::ParameterType::integer, "integer", "Whole number."),
    value(api::ParameterType::number, "number", "Number."),
    value(api::ParameterType::boolean, "boolean", "true or false."),
    value(api::ParameterType::quantity, "quantity", "Number with a unit."));
template <>
inline constexpr auto table<api::Parameter> = checked_object<api::Parameter, api::check_parameter>(
    "Parameter", "What a user may choose.",
    field<&api::Parameter::name>("name", "Used as ${name}.",
                                 {.required = true, .max_size = 63, .format = &api::env_name}),
    field<&api::Parameter::title>("title", "For people.", {.max_size = 128}),
    field<&api::Parameter::doc>("doc", "For people.", {.max_size = 1024}),
    field<&api::Parameter::type>("type", "Type."),
    field<&api::Parameter::default_value>("default", "When it is not given."),
    field<&api::Parameter::required>("required", "Whether it must be given."),
    field<&api::Parameter::values>("values", "Allowed values.", {.max_size = 64, .set = true}));
template <>
inline constexpr auto table<api::TemplateSpec> =
    checked_object<api::TemplateSpec, api::check_template_spec>(
        "TemplateSpec", "A recipe.",
        field<&api::TemplateSpec::title>("title", "One line.", {.max_size = 128}),
        field<&api::TemplateSpec::docs>("docs", "Markdown.", {.max_size = 65536}),
        field<&api::TemplateSpec::release>("release", "Version of the recipe.", {.max_size = 63}),
        field<&api::TemplateSpec::parameters>("parameters", "What a user may choose.",
                                              {.max_size = 64, .list_key = "name"}),
        field<&api::TemplateSpec::contract>("contract", "Spec of a Contract, with ${parameters}."),
        field<&api::TemplateSpec::workload>("workload", "Spec of a Workload, with ${parameters}.",
                                            {.required = true}));
template <>
inline constexpr auto table<api::Template> = object<api::Template>(
    "Template", "An immutable, versioned recipe for a contract and its workload.",
    field<&api::Template::metadata>("metadata", "Identity."),
    field<&api::Template::spec>("spec", "The recipe.", {.required = true, .immutable = true}));

template <>
inline constexpr auto table<api::WorkloadRole> =
    checked_object<api::WorkloadRole, api::check_workload_role>(
        "WorkloadRole", "What the members of a role run.",
        field<&api::WorkloadRole::name>(
            "name", "Role of the contract.",
            {.required = true, .max_size = 63, .format = &api::dns_label}),
        field<&api::WorkloadRole::run>("run", "The process; it needs a command."));
template <>
inline constexpr auto table<api::WorkloadSpec> =
    checked_object<api::WorkloadSpec, api::check_workload_spec>(
        "WorkloadSpec", "What should run.",
        field<&api::WorkloadSpec::template_name>(
            "template", "Template that it is made from.",
            {.immutable = true, .max_size = 253, .format = &api::dns_subdomain}),
        field<&api::WorkloadSpec::parameters>("parameters", "Values for the template.",
                                              {.max_size = 64, .key_format = &api::env_name}),
        field<&api::WorkloadSpec::contract>(
            "contract",
            "Contract that it is bound to; absent: one of the same name, made from the template.",
            {.immutable = true, .max_size = 253, .format = &api::dns_subdomain}),
        field<&api::WorkloadSpec::roles>("roles", "What each role runs; filled from the template.",
                                         {.max_size = 16, .list_key = "name"}));
template <>
inline constexpr auto table<api::WorkloadPhase> = enumeration<api::WorkloadPhase>(
    "WorkloadPhase", "What a workload does.",
    value(api::WorkloadPhase::pending, "Pending", "Not looked at yet."),
    value(api::WorkloadPhase::waiting, "Waiting", "Its contract is not reserved yet."),
    value(api::WorkloadPhase::starting, "Starting", "Instances are being prepared or started."),
    value(api::WorkloadPhase::running, "Running", "All members run and are ready."),
    value(api::WorkloadPhase::degraded, "Degraded", "Some members do not run or are not ready."),
    value(api::WorkloadPhase::succeeded, "Succeeded", "All members ended with status 0."),
    value(api::WorkloadPhase::failed, "Failed", "A member failed for good."),
    value(api::WorkloadPhase::stopping, "Stopping", "Members wind down."));
template <>
inline constexpr auto table<api::WorkloadStatus> = object<api::WorkloadStatus>(
    "WorkloadStatus", "What runs.", field<&api::WorkloadStatus::phase>("phase", "What it does."),
    field<&api::WorkloadStatus::contract>("contract", "Its contract.", {.max_size = 253}),
    field<&api::WorkloadStatus::desired>("desired", "Members wanted.", {.min = 0}),
    field<&api::WorkloadStatus::running>("running", "Members that run.", {.min = 0}),
    field<&api::WorkloadStatus::ready>("ready", "Members that are ready.", {.min = 0}),
    field<&api::WorkloadStatus::restarts>("restarts", "Restarts of all members.", {.min = 0}),
    field<&api::WorkloadStatus::conditions>("conditions", "Observed facts.",
                                            {.max_size = 32, .list_key = "type"}));
template <>
inline constexpr auto table<api::Workload> = object<api::Workload>(
    "Workload", "What runs: an instance of a template, bound to a contract.",
    field<&api::Workload::metadata>("metadata", "Identity."),
    field<&api::Workload::spec>("spec", "What should run.", {.required = true}),
    field<&api::Workload::status>("status", "What runs."));

template <>
inline constexpr auto table<api::Limits> = object<api::Limits>(
    "Limits", "What an instance is held to.",
    field<&api::Limits::cpu_milli>("cpuMilli", "Thousandths of a CPU; 0: the CPU set alone binds.",
                                   {.min = 0}),
    field<&api::Limits::memory_bytes>("memoryBytes", "Memory.", {.min = 0}),
    field<&api::Limits::processes>("processes", "Processes and threads.", {.min = 0}));
template <>
inline constexpr auto table<api::Measure> = object<api::Measure>(
    "Measure", "A window that the agent closes.",
    field<&api::Measure::metric>("metric", "What is measured.",
                                 {.required = true, .max_size = 128}),
    field<&api::Measure::quantile>("quantile",
                                   "Over the requests of a window; 0: the value itself."),
    field<&api::Measure::window>("window", "Length."),
    field<&api::Measure::by>("by", "Who measures."),
    field<&api::Measure::assessed_until>("assessedUntil", "Windows up to here are judged."));
template <>
inline constexpr auto table<api::InstanceSpec> = object<api::InstanceSpec>(
    "InstanceSpec", "Everything that the agent must know.",
    field<&api::InstanceSpec::workload>("workload", "Workload; empty: a bare reservation.",
                                        {.max_size = 253}),
    field<&api::InstanceSpec::workload_uid>("workloadUid", "Uid of the workload.",
                                            {.max_size = 64}),
    field<&api::InstanceSpec::contract>("contract", "Contract.",
                                        {.required = true, .max_size = 253}),
    field<&api::InstanceSpec::offer>("offer", "Offer.", {.max_size = 253}),
    field<&api::InstanceSpec::allocation>("allocation", "Allocation.", {.max_size = 253}),
    field<&api::InstanceSpec::role>("role", "Role.", {.max_size = 63}),
    field<&api::InstanceSpec::tenant>("tenant", "Tenant.", {.max_size = 63}),
    field<&api::InstanceSpec::node>(
        "node", "Node that runs it.",
        {.required = true, .immutable = true, .max_size = 253, .format = &api::dns_subdomain}),
    field<&api::InstanceSpec::member>("member", "Number within the role.", {.min = 0}),
    field<&api::InstanceSpec::generation>("generation", "Placement generation of the contract.",
                                          {.min = 0}),
    field<&api::InstanceSpec::cpus>("cpus", "Exclusive logical CPUs.", {.format = &api::cpu_list}),
    field<&api::InstanceSpec::memory>("memory", "Memory per memory node.", {.max_size = 1024}),
    field<&api::InstanceSpec::devices>("devices", "Device ids.", {.max_size = 256, .set = true}),
    field<&api::InstanceSpec::limits>("limits", "Limits."),
    field<&api::InstanceSpec::user_id>("userId",
                                       "Unprivileged user id of the tenant; 0: the agent's own.",
                                       {.min = 0, .max = 4'294'967'294}),
    field<&api::InstanceSpec::run>("run", "What is run."),
    field<&api::InstanceSpec::gate_open>("gateOpen", "A prepared instance starts when it opens."),
    field<&api::InstanceSpec::stop>("stop", "Wind down."),
    field<&api::InstanceSpec::restart_epoch>(
        "restartEpoch", "A higher number restarts the process once.", {.min = 0}),
    field<&api::InstanceSpec::acceptance>("acceptance", "Run before the gate."),
    field<&api::InstanceSpec::measures>("measures", "Windows to close.",
                                        {.max_size = limits::measures}));
template <>
inline constexpr auto table<api::InstancePhase> = enumeration<api::InstancePhase>(
    "InstancePhase", "What an instance does.",
    value(api::InstancePhase::pending, "Pending", "Its agent has not seen it yet."),
    value(api::InstancePhase::preparing, "Preparing", "Limits are being set."),
    value(api::InstancePhase::prepared, "Prepared",
          "Limits are set and read back; waits at the gate."),
    value(api::InstancePhase::running, "Running", "The process runs."),
    value(api::InstancePhase::backing_off, "BackingOff", "Ended; waits before it starts again."),
    value(api::InstancePhase::stopping, "Stopping", "Asked to end."),
    value(api::InstancePhase::succeeded, "Succeeded", "Ended with status 0, for good."),
    value(api::InstancePhase::failed, "Failed", "Ended otherwise, for good."),
    value(api::InstancePhase::stopped, "Stopped", "Ended because it was asked to."),
    value(api::InstancePhase::lost, "Lost", "The node forgot it, for instance by a reboot."));
template <>
inline constexpr auto table<api::Exit> = object<api::Exit>(
    "Exit", "How a process ended.", field<&api::Exit::code>("code", "Exit status."),
    field<&api::Exit::signal>("signal", "Signal; 0: none.", {.min = 0}),
    field<&api::Exit::reason>(
        "reason",
        "By itself: Completed, Error, Crashed, OutOfMemory, CommandFailed, Unhealthy. Otherwise: "
        "Killed, StartFailed, MachineOutOfMemory, NodeRebooted, Lost.",
        {.max_size = 64}),
    field<&api::Exit::at>("at", "When."));
template <>
inline constexpr auto table<api::PortBinding> = object<api::PortBinding>(
    "PortBinding", "A port as bound.",
    field<&api::PortBinding::name>("name", "Name.", {.max_size = 63}),
    field<&api::PortBinding::port>("port", "Number.", {.min = 0, .max = 65535}));
template <>
inline constexpr auto table<api::LimitsRead> = object<api::LimitsRead>(
    "LimitsRead", "What the kernel says after the limits were set.",
    field<&api::LimitsRead::cpus>("cpus", "CPU set.", {.max_size = 4096}),
    field<&api::LimitsRead::memory_nodes>("memoryNodes", "Memory nodes.", {.max_size = 4096}),
    field<&api::LimitsRead::cpu_milli>("cpuMilli", "CPU quota; 0: none.", {.min = 0}),
    field<&api::LimitsRead::memory_bytes>("memoryBytes", "Memory limit; 0: none.", {.min = 0}),
    field<&api::LimitsRead::processes>("processes", "Process limit; 0: none.", {.min = 0}),
    field<&api::LimitsRead::not_enforced>("notEnforced", "Limits that do not bind, and why.",
                                          {.max_size = 16}));
template <>
inline constexpr auto table<api::Usage> = object<api::Usage>(
    "Usage", "What the agent measured last.",
    field<&api::Usage::cpu_us>("cpuMicroseconds", "CPU time delivered.", {.min = 0}),
    field<&api::Usage::throttled_us>("throttledMicroseconds", "Time held back by the quota.",
                                     {.min = 0}),
    field<&api::Usage::throttled_periods>("throttledPeriods", "Periods held back.", {.min = 0}),
    field<&api::Usage::memory_bytes>("memoryBytes", "In use.", {.min = 0}),
    field<&api::Usage::memory_peak_bytes>("memoryPeakBytes", "Most in use.", {.min = 0}),
    field<&api::Usage::processes>("processes", "Processes and threads.", {.min = 0}),
    field<&api::Usage::oom_kills>("oomKills", "Kills for want of memory.", {.min = 0}),
    field<&api::Usage::cpu_pressure>("cpuPressure",
                                     "Percent of time some task waited for CPU; -1 unknown."),
    field<&api::Usage::memory_pressure>("memoryPressure",
                                        "Percent of time some task waited for memory; -1 unknown."),
    field<&api::Usage::energy_joules>("energyJoules",
                                      "Energy of its devices that have a meter, and of the "
                                      "processors' the share of its CPUs, since "
                                      "it was prepared; -1 unknown.",
                                      {.min = -1}),
    field<&api::Usage::is_energy_in_part>("energyInPart",
                                          "Its processors or one of its GPUs have no meter."),
    field<&api::Usage::at>("at", "When."));
template <>
inline constexpr auto table<api::Window> = object<api::Window>(
    "Window", "A closed window, as measured; the contract's controller judges it.",
    field<&api::Window::metric>("metric", "What was measured.",
                                {.required = true, .max_size = 128}),
    field<&api::Window::start>("start", "When it began; windows are aligned to their length."),
    field<&api::Window::length>("length", "How long it was."),
    field<&api::Window::value>("value", "What was measured; absent: nothing.",
                               {.any_dimension = true}),
    field<&api::Window::samples>("samples", "Requests or scrapes behind it; 0: blind.", {.min = 0}),
    field<&api::Window::offered>("offered", "Load offered; absent: not known.",
                                 {.any_dimension = true}),
    field<&api::Window::context>("context", "What it says of itself beside its value.",
                                 {
                                     .max_size = 16,
                                     .any_dimension = true,
                                 }));
template <>
inline constexpr auto table<api::AcceptanceResult> = object<api::AcceptanceResult>(
    "AcceptanceResult", "What the run on the assigned hardware gave.",
    field<&api::AcceptanceResult::test>("test", "Which.", {.max_size = 32}),
    field<&api::AcceptanceResult::value>("value", "What was measured.", {.any_dimension = true}),
    field<&api::AcceptanceResult::done>("done", "Whether it has ended."),
    field<&api::AcceptanceResult::passed>("passed", "Whether it reached the floor."),
    field<&api::AcceptanceResult::message>("message", "Sentence, for people.", {.max_size = 512}),
    field<&api::AcceptanceResult::at>("at", "When."));
template <>
inline constexpr auto table<api::InstanceStatus> = object<api::InstanceStatus>(
    "InstanceStatus", "What the agent saw.",
    field<&api::InstanceStatus::phase>("phase", "What it does."),
    field<&api::InstanceStatus::ready>("ready", "Whether traffic may be sent."),
    field<&api::InstanceStatus::reason>("reason", "Cause, for programs.", {.max_size = 128}),
    field<&api::InstanceStatus::message>("message", "Sentence, for people.", {.max_size = 1024}),
    field<&api::InstanceStatus::boot_id>("bootId", "Boot that the process belongs to.",
                                         {.max_size = 64}),
    field<&api::InstanceStatus::address>("address", "Where it is reached.", {.max_size = 253}),
    field<&api::InstanceStatus::pid>("pid", "Process id.", {.min = 0}),
    field<&api::InstanceStatus::restarts>("restarts", "How often it was started again.",
                                          {.min = 0}),
    field<&api::InstanceStatus::generation>("generation", "Generation that this speaks of.",
                                            {.min = 0}),
    field<&api::InstanceStatus::restart_epoch>(
        "restartEpoch", "The last restart that was carried out.", {.min = 0}),
    field<&api::InstanceStatus::started_at>("startedAt", "When the process last started."),
    field<&api::InstanceStatus::last_exit>("lastExit", "How it last ended."),
    field<&api::InstanceStatus::ports>("ports", "Ports as bound.",
                                       {.max_size = 16, .list_key = "name"}),
    field<&api::InstanceStatus::limits>("limits", "Limits as the kernel has them."),
    field<&api::InstanceStatus::usage>("usage", "What it used."),
    field<&api::InstanceStatus::acceptance>("acceptance", "The run before the gate."),
    field<&api::InstanceStatus::windows>("windows", "Closed windows, oldest first.",
                                         {.max_size = 64}),
    field<&api::InstanceStatus::conditions>("conditions", "Observed facts.",
                                            {.max_size = 32, .list_key = "type"}));
template <>
inline constexpr auto table<api::Instance> = object<api::Instance>(
    "Instance", "One running member of a workload on one node.",
    field<&api::Instance::metadata>("metadata", "Identity."),
    field<&api::Instance::spec>("spec", "What its agent must know.", {.required = true}),
    field<&api::Instance::status>("status", "What its agent saw."));

template <>
inline constexpr auto table<api::EndpointSpec> = checked_object<api::EndpointSpec,
                                                                api::check_endpoint_spec>(
    "EndpointSpec", "How traffic reaches a workload.",
    field<&api::EndpointSpec::workload>(
        "workload", "Workload.",
        {.required = true, .max_size = 253, .format = &api::dns_subdomain}),
    field<&api::EndpointSpec::role>("role", "Role; empty: all.", {.max_size = 63}),
    field<&api::EndpointSpec::port>("port", "Name of the port.",
                                    {.required = true, .max_size = 15, .format = &api::dns_label}),
    field<&api::EndpointSpec::protocol>(
        "protocol",
        "http, https, tcp or udp; absent: as the port says. A port that says otherwise is told in "
        "condition Ready.",
        {.max_size = 8}),
    field<&api::EndpointSpec::load_balancing>(
        "loadBalancing", "How requests are spread.",
        {.later = "needs the gateway; use the addresses in status"}),
    field<&api::EndpointSpec::callers>("callers", "Who may call.", {.later = "needs the gateway"}),
    field<&api::EndpointSpec::tls>("tls", "TLS.", {.later = "needs the gateway"}));
template <>
inline constexpr auto table<api::EndpointAddress> = object<api::EndpointAddress>(
    "EndpointAddress", "One instance behind an endpoint.",
    field<&api::EndpointAddress::instance>("instance", "Instance.", {.max_size = 253}),
    field<&api::EndpointAddress::node>("node", "Node.", {.max_size = 253}),
    field<&api::EndpointAddress::address>("address", "Host name or address.", {.max_size = 253}),
    field<&api::EndpointAddress::port>("port", "Port.", {.min = 0, .max = 65535}),
    field<&api::EndpointAddress::ready>("ready", "Whether traffic may be sent."));
template <>
inline constexpr auto table<api::EndpointStatus> = object<api::EndpointStatus>(
    "EndpointStatus", "Where traffic goes.",
    field<&api::EndpointStatus::addresses>("addresses", "Instances.", {.max_size = 5000}),
    field<&api::EndpointStatus::conditions>("conditions", "Observed facts.",
                                            {.max_size = 32, .list_key = "type"}));
template <>
inline constexpr auto table<api::Endpoint> =
    object<api::Endpoint>("Endpoint", "How traffic reaches a workload.",
                          field<&api::Endpoint::metadata>("metadata", "Identity."),
                          field<&api::Endpoint::spec>("spec", "What traffic.", {.required = true}),
                          field<&api::Endpoint::status>("status", "Where it goes."));

}  // namespace freehold::schema
