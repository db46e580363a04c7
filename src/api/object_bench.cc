// Budget: an object of about 2 kB is read at 300 MB/s and more, and printed at the same rate.
#include <benchmark/benchmark.h>

#include "api/core.h"
#include "api/node.h"
#include "api/registry.h"
#include "api/workload.h"

namespace freehold::api {
namespace {

ObjectMeta some_meta() {
  ObjectMeta meta;
  meta.name = "chat-eu-decode-17";
  meta.ns = "acme-prod";
  meta.uid = "5d2c1f9e-6a0b-4c57-9f0a-2f6f7d1f4a11";
  meta.resource_version = "184467440";
  meta.generation = 3;
  meta.creation_timestamp = Time{1'800'000'000'000'000};
  meta.labels = {{"freehold.dev/tenant", "acme"}, {"freehold.dev/workload", "chat-eu"}};
  meta.owner_references.push_back(
      {"freehold.dev/v1alpha1", "Workload", "chat-eu", "5d2c1f9e-6a0b-4c57-9f0a-2f6f7d1f4a10"});
  meta.finalizers = {"freehold.dev/agent"};
  return meta;
}

Instance some_instance() {
  Instance instance;
  instance.metadata = some_meta();
  InstanceSpec& spec = instance.spec;
  spec.workload = spec.contract = "chat-eu";
  spec.node = "fra1-r01-u12";
  spec.tenant = "acme";
  spec.role = "decode";
  spec.cpus = "0-15,64-79";
  spec.memory = {{0, 137438953472}};
  for (int i = 0; i < 8; ++i) spec.devices.push_back("gpu" + std::to_string(i));
  spec.run.command = {"/usr/bin/serve", "--model", "/models/llama", "--port", "8000"};
  for (int i = 0; i < 8; ++i)
    spec.run.env.push_back({"VARIABLE_" + std::to_string(i), "some value of it"});
  spec.run.ports.push_back({"http", 8000, "http"});
  spec.run.readiness.emplace().http_get.emplace().port = "http";
  InstanceStatus& status = instance.status;
  status.phase = InstancePhase::running;
  status.started_at = Time{1'800'000'000'000'000};
  for (const char* type : {"Prepared", "Running", "Ready", "WithinLimits"})
    set_condition(status.conditions, type, ConditionStatus::true_, "Measured",
                  "limits were set and read back", 3, Time{1'800'000'000'000'000});
  return instance;
}

void read_instance(benchmark::State& state) {
  const std::string json = Object::of(some_instance()).print();
  for (auto _ : state) {
    const Result<Object> object = decode(kind_of<Instance>(), json);
    benchmark::DoNotOptimize(object.ok());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(json.size()));
  state.counters["bytes"] = static_cast<double>(json.size());
}
BENCHMARK(read_instance);

// As kubectl and many clients send it: names in alphabetical order, apiVersion and kind apart.
void read_instance_sorted(benchmark::State& state) {
  json::Value document = to_json(Object::of(some_instance()));
  const std::string json = json::canonical(document);
  for (auto _ : state) {
    const Result<Object> object = decode(kind_of<Instance>(), json);
    benchmark::DoNotOptimize(object.ok());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(json.size()));
}
BENCHMARK(read_instance_sorted);

void print_instance(benchmark::State& state) {
  const Object object = Object::of(some_instance());
  int64_t bytes = 0;
  for (auto _ : state) bytes += static_cast<int64_t>(object.print().size());
  state.SetBytesProcessed(bytes);
}
BENCHMARK(print_instance);

void validate_instance(benchmark::State& state) {
  const Object object = Object::of(some_instance());
  for (auto _ : state) {
    schema::Errors errors;
    validate(object, errors);
    benchmark::DoNotOptimize(errors.empty());
  }
}
BENCHMARK(validate_instance);

void clone_instance(benchmark::State& state) {
  const Object object = Object::of(some_instance());
  for (auto _ : state) benchmark::DoNotOptimize(object.clone());
}
BENCHMARK(clone_instance);

void parse_a_key(benchmark::State& state) {
  const std::string key = kind_of<Event>().key("acme-prod", "chat-eu.17f2");
  for (auto _ : state) benchmark::DoNotOptimize(parse_key(key));
}
BENCHMARK(parse_a_key);

}  // namespace
}  // namespace freehold::api
