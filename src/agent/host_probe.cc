#include <sched.h>
#include <time.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <string_view>
#include <thread>
#include <vector>

#include "agent/probe.h"
#include "base/strings.h"

namespace freehold::agent {
namespace {

constexpr int64_t batch = 20'000;           // operations between looks at the clock
constexpr size_t least_bytes = 192u << 20;  // three arrays beyond the cache of a small machine
constexpr size_t bytes_per_thread = 64u << 20;

double seconds_of(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

std::vector<int> allowed_cpus() {
  std::vector<int> out;
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof set, &set) == 0)
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu)
      if (CPU_ISSET(cpu, &set)) out.push_back(cpu);
  if (out.empty()) out.push_back(0);
  return out;
}

void pin(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  ::sched_setaffinity(0, sizeof set, &set);
}

struct Rate {
  double per_second = 0;      // of all threads
  double per_cpu_second = 0;  // what one CPU would give that had nothing else to do
};

// Runs `work` (returns how much it did) on every CPU at once until the time is over. All threads
// get ready first, so that none is timed while others still touch their memory.
Rate rate_on(const std::vector<int>& cpus, double seconds,
             const std::function<std::function<double()>(size_t)>& prepare) {
  std::atomic<size_t> ready{0};
  std::vector<Rate> rates(cpus.size());
  std::vector<std::thread> threads;
  for (size_t i = 0; i < cpus.size(); ++i) {
    threads.emplace_back([&, i] {
      pin(cpus[i]);
      const std::function<double()> work = prepare(i);
      ready.fetch_add(1);
      while (ready.load() < cpus.size()) std::this_thread::yield();
      const double start = seconds_of(CLOCK_MONOTONIC);
      const double cpu_start = seconds_of(CLOCK_THREAD_CPUTIME_ID);
      double done = 0, now = start;
      do {
        done += work();
        now = seconds_of(CLOCK_MONOTONIC);
      } while (now - start < seconds);
      const double used = seconds_of(CLOCK_THREAD_CPUTIME_ID) - cpu_start;
      rates[i] = {done / (now - start), used > 0 ? done / used : 0};
    });
  }
  for (std::thread& thread : threads) thread.join();
  Rate all;
  for (const Rate& rate : rates) {
    all.per_second += rate.per_second;
    all.per_cpu_second += rate.per_cpu_second / static_cast<double>(rates.size());
  }
  return all;
}

double cpu_work() {
  static thread_local uint64_t whole = 88172645463325252ULL;
  static thread_local double real = 1.5;
  uint64_t w = whole;
  double r = real;
  for (int64_t i = 0; i < batch; ++i) {
    w ^= w << 13;
    w ^= w >> 7;
    w ^= w << 17;
    r = r * 0.999999 + static_cast<double>(w >> 52) * 1e-6;
  }
  whole = w;
  real = r;
  return static_cast<double>(batch);
}

struct Triad {
  explicit Triad(size_t count) : a(count, 0.0), b(count, 1.0), c(count, 2.0) {}
  double operator()() {
    constexpr double scale = 3.0;
    const size_t n = a.size();
    double* __restrict to = a.data();
    const double* __restrict first = b.data();
    const double* __restrict second = c.data();
    for (size_t i = 0; i < n; ++i) to[i] = first[i] + scale * second[i];
    return static_cast<double>(n) * 3 * sizeof(double);
  }
  std::vector<double> a, b, c;
};

void print(const char* test, const Rate& rate, const char* unit, size_t threads) {
  std::printf(
      "{\"test\":\"%s\",\"value\":%.0f,\"perCpuSecond\":%.0f,\"unit\":\"%s\",\"threads\":%zu}\n",
      test, rate.per_second, rate.per_cpu_second, unit, threads);
}

int usage() {
  std::fprintf(stderr, "usage: freehold probe cpu|memory-bandwidth [--seconds S] [--bytes N]\n");
  return 2;
}

}  // namespace

int probe_main(int argc, char** argv) {
  double seconds = 2;
  int64_t bytes = 0;
  std::string_view test = argc > 2 ? argv[2] : "";
  for (int i = 3; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    if (name == "--seconds")
      seconds = parse_double(argv[i + 1]).value_or(-1);
    else if (name == "--bytes")
      bytes = parse_int(argv[i + 1]).value_or(-1);
    else
      return usage();
  }
  if (seconds <= 0 || seconds > 3600 || bytes < 0) return usage();
  const std::vector<int> cpus = allowed_cpus();
  if (test == "cpu") {
    print("cpu", rate_on(cpus, seconds, [](size_t) { return cpu_work; }), "operations/s",
          cpus.size());
    return 0;
  }
  if (test != "memory-bandwidth") return usage();
  size_t all = std::max(least_bytes, bytes_per_thread * cpus.size());
  // Half of what is allowed: page tables, stacks and the program want some too.
  if (bytes > 0) all = std::min(all, static_cast<size_t>(bytes) / 2);
  const size_t count = std::max<size_t>(all / cpus.size() / 3 / sizeof(double), 1024);
  // Each thread touches its own arrays first, so that they lie on the memory node of its CPU.
  const Rate rate = rate_on(cpus, seconds, [count](size_t) -> std::function<double()> {
    return [arrays = std::make_shared<Triad>(count)] { return (*arrays)(); };
  });
  print("memory-bandwidth", rate, "bytes/s", cpus.size());
  return 0;
}

}  // namespace freehold::agent
