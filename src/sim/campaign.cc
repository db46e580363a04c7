#include "sim/campaign.h"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "base/strings.h"

namespace freehold::sim {

namespace {

constexpr size_t most_failures = 10;

// A line for each seed, before and after: "begin <seed>", "end <steps> <commits> <offers
// accepted by hand> <us> <what>".
void work(const Campaign& campaign, uint64_t offset, int out) {
  for (uint64_t i = offset; i < campaign.seeds; i += static_cast<uint64_t>(campaign.jobs)) {
    const uint64_t seed = campaign.first + i;
    dprintf(out, "begin %llu\n", static_cast<unsigned long long>(seed));
    const Outcome outcome = run_scenario({seed, campaign.plant, {}});
    std::string what = outcome.violation ? outcome.violation->rule + ": " + outcome.violation->what
                                         : std::string();
    std::replace(what.begin(), what.end(), '\n', ' ');
    dprintf(out, "end %llu %llu %llu %lld %s\n", static_cast<unsigned long long>(outcome.steps),
            static_cast<unsigned long long>(outcome.counts.commits),
            static_cast<unsigned long long>(outcome.counts.accepted_by_hand),
            static_cast<long long>(outcome.elapsed.us), what.c_str());
  }
}

struct Worker {
  pid_t pid = 0;
  int in = -1;
  uint64_t seed = 0;  // begun and not ended
  std::string text;
};

Worker start_worker(const Campaign& campaign, uint64_t offset) {
  int ends[2] = {-1, -1};
  if (pipe(ends) != 0) std::abort();
  std::fflush(nullptr);
  const pid_t pid = fork();
  if (pid < 0) std::abort();
  if (pid == 0) {
    close(ends[0]);
    work(campaign, offset, ends[1]);
    std::fflush(nullptr);
    _exit(0);
  }
  close(ends[1]);
  return {pid, ends[0], 0, {}};
}

void take_line(Worker& worker, const std::string& line, Sum& sum) {
  unsigned long long a = 0, b = 0, c = 0;
  long long us = 0;
  int at = 0;
  if (std::sscanf(line.c_str(), "begin %llu", &a) == 1) {
    worker.seed = a;
  } else if (std::sscanf(line.c_str(), "end %llu %llu %llu %lld %n", &a, &b, &c, &us, &at) == 4) {
    ++sum.seeds;
    sum.steps += a;
    sum.commits += b;
    sum.accepted_by_hand += c;
    sum.virtual_us += us;
    if (const std::string what = line.substr(static_cast<size_t>(at)); !what.empty())
      sum.failures.push_back({worker.seed, what});
    worker.seed = 0;
  }
}

// False when the worker has ended.
bool read_some(Worker& worker, Sum& sum) {
  char buffer[4096];
  const ssize_t n = read(worker.in, buffer, sizeof buffer);
  if (n <= 0) return false;
  worker.text.append(buffer, static_cast<size_t>(n));
  for (size_t end; (end = worker.text.find('\n')) != std::string::npos;) {
    take_line(worker, worker.text.substr(0, end), sum);
    worker.text.erase(0, end + 1);
  }
  return true;
}

void end_worker(Worker& worker, Sum& sum) {
  close(std::exchange(worker.in, -1));
  int status = 0;
  waitpid(worker.pid, &status, 0);
  if (worker.seed == 0) return;
  ++sum.seeds;
  sum.failures.push_back({worker.seed, WIFSIGNALED(status)
                                           ? "died of signal " + std::to_string(WTERMSIG(status))
                                           : "ended early"});
}

}  // namespace

Sum run_campaign(const Campaign& campaign) {
  Sum sum;
  std::vector<Worker> workers;
  workers.reserve(static_cast<size_t>(campaign.jobs));
  for (int i = 0; i < campaign.jobs; ++i)
    workers.push_back(start_worker(campaign, static_cast<uint64_t>(i)));
  const size_t enough = campaign.plant == Plant::none ? most_failures : 1;
  for (;;) {
    std::vector<pollfd> waits;
    waits.reserve(workers.size());
    for (const Worker& worker : workers) waits.push_back({worker.in, POLLIN, 0});
    if (std::all_of(workers.begin(), workers.end(), [](const Worker& w) { return w.in < 0; }))
      break;
    poll(waits.data(), waits.size(), -1);
    for (size_t i = 0; i < workers.size(); ++i)
      if (waits[i].revents != 0 && !read_some(workers[i], sum)) end_worker(workers[i], sum);
    if (campaign.progress) campaign.progress(sum.seeds);
    if (sum.failures.size() < enough) continue;
    for (Worker& worker : workers) {
      if (worker.in < 0) continue;
      kill(worker.pid, SIGKILL);
      worker.seed = 0;
      end_worker(worker, sum);
    }
  }
  std::sort(sum.failures.begin(), sum.failures.end(),
            [](const Failure& a, const Failure& b) { return a.seed < b.seed; });
  return sum;
}

}  // namespace freehold::sim
