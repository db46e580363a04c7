// What the host tells a shim, and what a shim leaves behind: small JSON files in the instance's
// directory. Plain data and its two directions; no I/O.
//
//   lock           held as long as the shim lives: who can take it knows that there is none
//   launch.json    ShimSpec
//   run.json       ShimRun, once the process runs
//   exit.json      ShimExit, once it has ended and everything it left is gone
//   home/          the private directory of the process
//   log/current    its output, then log/1, log/2 … the older the higher; log.previous/ of the run
//   before
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace freehold::agent {

struct ShimSpec {
  int64_t run = 0;
  std::vector<std::string> command, env;
  std::string directory, home;
  int64_t user_id = -1;                // -1: stay who we are
  std::string cpus;                    // affinity, where no cpuset binds
  std::vector<std::string> join;       // cgroup.procs files for the process
  std::vector<std::string> shim_join;  // and for the shim
  std::string kill_file, procs_file, oom_file;
  std::string boot_id;
};
struct ShimRun {
  int64_t run = 0, pid = 0, start_ticks = 0, shim_pid = 0;
  std::string boot_id;
  Time started_at;
};
struct ShimExit {
  int64_t run = 0, code = 0, signal = 0;
  std::string reason{}, message{};
  Time at{};
};

std::string print_spec(const ShimSpec& spec);
std::string print_run(const ShimRun& run);
std::string print_exit(const ShimExit& exit);
// Errors: `bad_request`.
Result<ShimSpec> parse_spec(std::string_view text);
Result<ShimRun> parse_run(std::string_view text);
Result<ShimExit> parse_exit(std::string_view text);

}  // namespace freehold::agent
