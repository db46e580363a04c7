// Template: a recipe. Workload: what should run, bound to a Contract. Instance: one running member
// on one node, with everything its agent must know. Endpoint: how traffic reaches a workload.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/contract.h"
#include "api/meta.h"

namespace freehold::api {

// ---- what to run (shared by Workload and Instance)

struct EnvVar {
  std::string name, value;
};
struct Port {
  std::string name;
  int64_t port = 0;               // 0: the agent picks one; the process finds it in PORT_<NAME>
  std::string protocol = "http";  // http, https, tcp, udp
};
struct HttpGet {
  std::string path = "/", port;  // port name
};
struct Probe {
  std::optional<HttpGet> http_get;
  std::string tcp_port;              // port name
  std::vector<std::string> command;  // exit status 0 is success
  Duration period = seconds(5), timeout = seconds(1), initial_delay = seconds(0);
  int64_t failure_threshold = 3, success_threshold = 1;
};
struct MetricsEndpoint {
  std::string port, path = "/metrics";
  Duration period = seconds(5);
  // metric of the contract → Prometheus name, e.g. latency → http_request_duration_seconds
  schema::StringMap aliases;
};
enum class RestartPolicy : uint8_t { always, on_failure, never };
struct ProcessSpec {
  std::string image;
  std::vector<std::string> command;  // program and arguments; absolute path, or found in PATH
  std::string directory;             // working directory; empty: a private one
  std::vector<EnvVar> env;
  std::vector<Port> ports;
  std::optional<Probe> liveness, readiness;
  std::optional<MetricsEndpoint> metrics;
  RestartPolicy restart = RestartPolicy::always;
  Duration stop_grace = seconds(10);
};

// ---- Template

enum class ParameterType : uint8_t { string, integer, number, boolean, quantity };
struct Parameter {
  std::string name, title, doc;
  ParameterType type = ParameterType::string;
  json::Value default_value;
  bool required = false;
  std::vector<std::string> values;  // allowed ones; empty: any
};
struct TemplateSpec {
  std::string title, docs, release;  // release: version of the recipe
  std::vector<Parameter> parameters;
  json::Value contract, workload;  // specs with ${parameter}; typed substitution
};
struct Template {
  ObjectMeta metadata;
  TemplateSpec spec;
};

// ---- Workload

struct WorkloadRole {
  std::string name;  // of the contract's role
  ProcessSpec run;
};
struct WorkloadSpec {
  std::string template_name;
  schema::Map<json::Value> parameters;
  std::string contract;  // bound to; empty: one of the same name is made from the template
  std::vector<WorkloadRole> roles;
};
enum class WorkloadPhase : uint8_t {
  pending,
  waiting,
  starting,
  running,
  degraded,
  succeeded,
  failed,
  stopping
};
struct WorkloadStatus {
  WorkloadPhase phase = WorkloadPhase::pending;
  std::string contract;
  int64_t desired = 0, running = 0, ready = 0, restarts = 0;
  Conditions conditions;
};
struct Workload {
  ObjectMeta metadata;
  WorkloadSpec spec;
  WorkloadStatus status;
};

// ---- Instance

struct Limits {
  int64_t cpu_milli = 0;  // quota; 0: bound by the CPU set alone
  int64_t memory_bytes = 0;
  int64_t processes = 0;
};
// A window that the agent must close: metric `guarantee` of the contract.
struct Measure {
  std::string metric;
  double quantile = 0;
  Duration window;
  MeasuredBy by = MeasuredBy::agent;
  Time assessed_until;  // acknowledged: closed windows up to here need not be handed in again
};
struct InstanceSpec {
  std::string workload, workload_uid, contract, offer, allocation, role, tenant, node;
  int64_t member = 0, generation = 0;
  std::string cpus;  // exclusive logical CPUs
  std::vector<MemoryShare> memory;
  std::vector<std::string> devices;
  Limits limits;
  int64_t user_id = 0;
  ProcessSpec run;
  bool gate_open = false;     // prepared instances start when it opens
  bool stop = false;          // wind down, keep the record
  int64_t restart_epoch = 0;  // a higher number restarts the process once
  Acceptance acceptance;
  std::vector<Measure> measures;
};
enum class InstancePhase : uint8_t {
  pending,
  preparing,
  prepared,
  running,
  backing_off,
  stopping,
  succeeded,
  failed,
  stopped,
  lost
};
struct Exit {
  int64_t code = 0, signal = 0;
  std::string reason;  // Completed, Error, OutOfMemory, Killed …
  Time at;
};
struct PortBinding {
  std::string name;
  int64_t port = 0;
};
// What the kernel says after the limits were set.
struct LimitsRead {
  std::string cpus, memory_nodes;
  int64_t cpu_milli = 0, memory_bytes = 0, processes = 0;
  std::vector<std::string> not_enforced;
};
struct Usage {
  int64_t cpu_us = 0, throttled_us = 0, throttled_periods = 0, memory_bytes = 0,
          memory_peak_bytes = 0;
  int64_t processes = 0, oom_kills = 0;
  double cpu_pressure = 0, memory_pressure = 0;  // PSI some avg10, percent; -1: not known
  int64_t energy_joules = -1;                    // -1: not known
  bool is_energy_in_part = false;                // its processors or a GPU have no meter
  Time at;
};
// A closed window, as measured; the verdict is the contract controller's.
struct Window {
  std::string metric;
  Time start;
  Duration length;
  Quantity value;
  int64_t samples = 0;            // requests or scrapes behind it; 0: blind
  Quantity offered;               // load offered, where known
  schema::Map<Quantity> context;  // facts of window_facts.h
};
struct AcceptanceResult {
  std::string test;
  Quantity value;
  bool done = false, passed = false;
  std::string message;
  Time at;
};
struct InstanceStatus {
  InstancePhase phase = InstancePhase::pending;
  bool ready = false;
  std::string reason, message, boot_id, address;
  int64_t pid = 0, restarts = 0, generation = 0;
  int64_t restart_epoch = 0;
  Time started_at;
  std::optional<Exit> last_exit;
  std::vector<PortBinding> ports;
  LimitsRead limits;
  Usage usage;
  AcceptanceResult acceptance;
  std::vector<Window> windows;
  Conditions conditions;
};
struct Instance {
  ObjectMeta metadata;
  InstanceSpec spec;
  InstanceStatus status;
};

// ---- Endpoint

struct EndpointSpec {
  std::string workload, role, port;
  std::string protocol;  // empty: as the port says
  json::Value load_balancing, callers, tls;
};
struct EndpointAddress {
  std::string instance, node, address;
  int64_t port = 0;
  bool ready = false;
};
struct EndpointStatus {
  std::vector<EndpointAddress> addresses;
  Conditions conditions;
};
struct Endpoint {
  ObjectMeta metadata;
  EndpointSpec spec;
  EndpointStatus status;
};

}  // namespace freehold::api
