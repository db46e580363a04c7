// freehold-sim: runs seeds of the simulated world, or replays one.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <deque>
#include <string>

#include "sim/campaign.h"
#include "sim/scenario.h"

namespace {

using freehold::sim::Campaign;
using freehold::sim::Outcome;
using freehold::sim::Plant;

constexpr size_t shown_lines = 60, shown_columns = 160;

struct Arguments {
  uint64_t seeds = 200, first = 1, seed = 0;
  int jobs = 2;
  bool trace = false;
  std::string plant;
};

Plant plant_of(const std::string& name) {
  if (name == "no-capacity-check") return Plant::no_capacity_check;
  return name == "half-commits" ? Plant::half_commits : Plant::none;
}

std::string plant_argument(const Arguments& arguments) {
  return arguments.plant.empty() ? "" : " --plant " + arguments.plant;
}

int replay(const Arguments& arguments) {
  std::deque<std::string> last;
  const auto trace = [&](const std::string& line) {
    if (arguments.trace) {
      std::printf("%s\n", line.c_str());
      std::fflush(stdout);  // the next event may abort
      return;
    }
    if (last.size() == shown_lines) last.pop_front();
    last.push_back(line.substr(0, shown_columns));
  };
  const Outcome outcome =
      freehold::sim::run_scenario({arguments.seed, plant_of(arguments.plant), trace});
  if (outcome.violation)
    for (const std::string& line : last) std::printf("%s\n", line.c_str());
  std::printf("seed %" PRIu64 ": %" PRIu64 " events, %" PRId64 " s of virtual time, %" PRIu64
              " commits, %" PRIu64
              " process starts, %d server crashes, %d agent crashes, %d "
              "reboots, %d partitions, fingerprint %016" PRIx64 "\n",
              arguments.seed, outcome.steps, outcome.elapsed.us / 1'000'000, outcome.counts.commits,
              outcome.counts.starts, outcome.server_crashes, outcome.agent_crashes, outcome.reboots,
              outcome.partitions, outcome.fingerprint);
  if (!outcome.violation) return 0;
  std::printf("%s: %s\n", outcome.violation->rule.c_str(), outcome.violation->what.c_str());
  return 1;
}

double now_s() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count();
}

int run_many(const Arguments& arguments) {
  const double began = now_s();
  const bool terminal = isatty(STDERR_FILENO) == 1;
  Campaign campaign;
  campaign.first = arguments.first;
  campaign.seeds = arguments.seeds;
  campaign.jobs = arguments.jobs;
  campaign.plant = plant_of(arguments.plant);
  campaign.progress = [&](uint64_t done) {
    if (terminal) std::fprintf(stderr, "\r%" PRIu64 " of %" PRIu64 " seeds", done, arguments.seeds);
  };
  const auto sum = freehold::sim::run_campaign(campaign);
  if (terminal) std::fprintf(stderr, "\r\033[K");
  for (const auto& failure : sum.failures)
    std::printf("seed %" PRIu64 ": %s\n  replay: make sim SEED=%" PRIu64 "%s%s\n", failure.seed,
                failure.what.c_str(), failure.seed,
                arguments.plant.empty() ? "" : ", or freehold-sim --seed with",
                plant_argument(arguments).c_str());
  const bool planted = !arguments.plant.empty();
  const std::string verdict = planted && !sum.failures.empty() ? "found the planted fault"
                              : planted                        ? "did not find the planted fault"
                              : sum.failures.empty()           ? "nothing violated"
                                                               : "violated";
  std::printf("sim: %s; %" PRIu64 " seeds, %" PRIu64 " events, %.1f h of virtual time, %" PRIu64
              " commits, in %.1f s\n",
              verdict.c_str(), sum.seeds, sum.steps, static_cast<double>(sum.virtual_us) / 3.6e9,
              sum.commits, now_s() - began);
  return planted == sum.failures.empty() ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Runs Freehold in a simulated world that fails by seed, and checks what must hold."};
  Arguments arguments;
  app.add_option("--seeds", arguments.seeds, "How many seeds to run");
  app.add_option("--first", arguments.first, "The first seed");
  app.add_option("--seed", arguments.seed, "Replay this one seed");
  app.add_option("--jobs", arguments.jobs, "Seeds at a time")->check(CLI::Range(1, 256));
  app.add_flag("--trace", arguments.trace, "With --seed: print all that happened");
  app.add_option("--plant", arguments.plant, "Plant a fault, which must be found")
      ->check(CLI::IsMember({"no-capacity-check", "half-commits"}));
  CLI11_PARSE(app, argc, argv);
  return arguments.seed != 0 ? replay(arguments) : run_many(arguments);
}
