// Budget, on one core of a 2-core virtual machine, for API objects of about 2 kB: the reader walks
// at 600 MB/s or more, so that reading typed objects on top of it stays above 300 MB/s; skipping,
// which also finds duplicate names, at 350 MB/s; untyped documents parse at 100 MB/s and print at
// 300 MB/s.
#include "json/reader.h"

#include <benchmark/benchmark.h>

#include <string>

#include "json/value.h"

namespace freehold::json {
namespace {

std::string group(const std::string& name) {
  return R"({"name":")" + name +
         R"(","image":"registry.example.org/train/llm:2026.11","replicas":64,"command":["torchrun",)"
         R"("--nnodes=64","--nproc-per-node=8","train.py","--config=/etc/llm/70b.yaml"],"env":{)"
         R"("NCCL_DEBUG":"WARN","NCCL_IB_HCA":"mlx5","OMP_NUM_THREADS":"8"},"resources":{"gpus":8,)"
         R"("cpu":"96","memory":"1024Gi"},"packWithin":"NvlinkDomain"})";
}

std::string condition(const std::string& type) {
  return R"({"type":")" + type +
         R"(","status":"True","reason":"GangPlaced","message":"all workers of the gang were placed )"
         R"(within one NVLink domain","lastTransitionTime":"2026-11-23T15:40:00Z",)"
         R"("observedGeneration":3})";
}

// A workload as controllers see it: nested, short names, mostly strings, one escape.
std::string sample() {
  return R"({"apiVersion":"example.org/v1","kind":"Workload","metadata":{"name":"train-7",)"
         R"("uid":"6f9619ff-8b86-d011-b42d-00c04fc964ff","resourceVersion":"100007","generation":3,)"
         R"("creationTimestamp":"2026-11-23T15:39:13Z","labels":{"team":"nlp","project":"llm-70b",)"
         R"("example.org/stage":"pretrain"},"annotations":{"example.org/owner":"someone@example.org",)"
         R"("note":"restart after \"maintenance\"\nwindow"},"finalizers":["example.org/gang"]},)"
         R"("spec":{"queue":"research","priority":7,"suspended":false,"groups":[)" +
         group("trainer") + ',' + group("evaluator") +
         R"(]},"status":{"ready":64,"nodes":["gpu-node-56","gpu-node-57","gpu-node-58",)"
         R"("gpu-node-59","gpu-node-60","gpu-node-61","gpu-node-62","gpu-node-63"],"conditions":[)" +
         condition("Queued") + ',' + condition("Admitted") + ',' + condition("Running") + "]}}";
}

// Visits every token as a typed reader does, and keeps nothing.
size_t walk(Reader& reader) {
  size_t sum = 0;
  bool flag = false;
  std::string_view text;
  switch (reader.peek()) {
    case Type::null:
      reader.read_null();
      break;
    case Type::boolean:
      reader.read_bool(flag);
      break;
    case Type::number:
      reader.read_number(text);
      sum += text.size();
      break;
    case Type::string:
      reader.read_string(text);
      sum += text.size();
      break;
    case Type::array:
      for (bool more = reader.enter_array(); more; more = reader.next_element())
        sum += walk(reader);
      break;
    case Type::object:
      for (bool more = reader.enter_object(); more; more = reader.next_member()) {
        reader.read_key(text);
        sum += text.size() + walk(reader);
      }
      break;
    case Type::malformed:
      break;
  }
  return sum;
}

void count_bytes(benchmark::State& state, const std::string& text) {
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * text.size()));
}

void walk_object(benchmark::State& state) {
  const std::string text = sample();
  for (auto _ : state) {
    Reader reader(text);
    benchmark::DoNotOptimize(walk(reader));
    if (!reader.finish()) state.SkipWithError("malformed");
  }
  count_bytes(state, text);
}
BENCHMARK(walk_object);

void skip_object(benchmark::State& state) {
  const std::string text = sample();
  for (auto _ : state) {
    Reader reader(text);
    if (!reader.skip() || !reader.finish()) state.SkipWithError("malformed");
  }
  count_bytes(state, text);
}
BENCHMARK(skip_object);

void parse_object(benchmark::State& state) {
  const std::string text = sample();
  for (auto _ : state) benchmark::DoNotOptimize(parse(text));
  count_bytes(state, text);
}
BENCHMARK(parse_object);

void print_object(benchmark::State& state) {
  const std::string text = sample();
  const Value value = parse(text).value();
  for (auto _ : state) benchmark::DoNotOptimize(print(value));
  count_bytes(state, text);
}
BENCHMARK(print_object);

// Text outside ASCII takes the slow path for each character.
void walk_chinese(benchmark::State& state) {
  std::string text = "\"";
  for (int i = 0; i < 500; ++i) text += "数据";
  text += '"';
  for (auto _ : state) {
    Reader reader(text);
    benchmark::DoNotOptimize(walk(reader));
  }
  count_bytes(state, text);
}
BENCHMARK(walk_chinese);

}  // namespace
}  // namespace freehold::json
