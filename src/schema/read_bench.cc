// Budgets, on one core of a 2-core AMD EPYC virtual machine: read at least 300 MB/s and print at
// least 500 MB/s of objects of about 1.9 kB.
#include <benchmark/benchmark.h>

#include "json/value.h"
#include "schema/testing/widget.h"
#include "schema/walk.h"

namespace freehold::schema {
namespace {

using testing::Widget;

void set_bytes(benchmark::State& state, size_t bytes) {
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations()) * static_cast<int64_t>(bytes));
}

void read_object(benchmark::State& state) {
  const std::string text = print(testing::sample_widget());
  for (auto _ : state) {
    Widget w;
    Errors errors;
    benchmark::DoNotOptimize(read(type_of<Widget>, &w, text, errors).ok());
  }
  set_bytes(state, text.size());
}
BENCHMARK(read_object);

void read_and_validate_object(benchmark::State& state) {
  const std::string text = print(testing::sample_widget());
  for (auto _ : state) {
    Widget w;
    Errors errors;
    benchmark::DoNotOptimize(read(type_of<Widget>, &w, text, errors).ok());
    validate(type_of<Widget>, &w, Path{}, errors);
    benchmark::DoNotOptimize(errors.empty());
  }
  set_bytes(state, text.size());
}
BENCHMARK(read_and_validate_object);

void read_object_of_another_order(benchmark::State& state) {
  const std::string text =
      R"({"status":{"ready":3},"spec":{"retry":{"times":1},"window":"30s","roles":[{"count":3,"image":"some-image",)"
      R"("name":"a"}],"queue":"research","priority":4},"metadata":{"labels":{"a":"b"},"name":"some-name"}})";
  for (auto _ : state) {
    Widget w;
    Errors errors;
    benchmark::DoNotOptimize(read(type_of<Widget>, &w, text, errors).ok());
  }
  set_bytes(state, text.size());
}
BENCHMARK(read_object_of_another_order);

void print_object(benchmark::State& state) {
  const Widget w = testing::sample_widget();
  std::string out;
  for (auto _ : state) {
    out.clear();
    print(type_of<Widget>, &w, out);
    benchmark::DoNotOptimize(out.data());
  }
  set_bytes(state, out.size());
}
BENCHMARK(print_object);

void compare_objects(benchmark::State& state) {
  const Widget a = testing::sample_widget(), b = a;
  for (auto _ : state) benchmark::DoNotOptimize(equal(type_of<Widget>, &a, &b));
}
BENCHMARK(compare_objects);

void untyped_and_back(benchmark::State& state) {
  const Widget w = testing::sample_widget();
  const size_t size = print(w).size();
  for (auto _ : state) {
    Widget out;
    Errors errors;
    benchmark::DoNotOptimize(
        from_json(type_of<Widget>, &out, to_json(type_of<Widget>, &w), errors));
  }
  set_bytes(state, size);
}
BENCHMARK(untyped_and_back);

}  // namespace
}  // namespace freehold::schema
