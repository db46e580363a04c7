// The life of one instance as a pure function: from what is wanted, what was remembered and what is
// seen now follow the new memory, the actions, and when to look again. It knows no host, no clock
// and no network, is told nothing about what changed, and may be asked at any time.
//
//   preparing ─▶ (acceptance run) ─▶ prepared ─gate─▶ running ─▶ exit ─▶ backing off ─▶ running …
//        any ─stop─▶ stopping ─▶ stopped            └▶ succeeded, failed
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/energy.h"
#include "agent/host.h"
#include "api/workload.h"
#include "base/time.h"

namespace freehold::agent {

inline constexpr Duration first_backoff = seconds(1);
inline constexpr Duration longest_backoff = seconds(60);
inline constexpr Duration backoff_reset = seconds(60);  // of running: the next crash is a first one
// A process that is on its way for longer is held up by the machine.
inline constexpr Duration start_grace = seconds(2);

// Why the agent ends a process that runs.
enum class Ending : uint8_t { none, stop, restart, unhealthy };

// What survives the agent. Times on the clock of one boot; see `boot_id`.
struct Memory {
  api::InstancePhase phase = api::InstancePhase::pending;
  std::string reason, message;
  std::string boot_id;
  int64_t run = 0;      // of the latest launch
  int64_t settled = 0;  // of the latest run whose end was dealt with
  int64_t restarts = 0, restart_epoch = 0;
  int64_t crashes = 0;  // in a row
  Duration next_start;  // backing off until
  Ending ending = Ending::none;
  Duration term_at, kill_at;  // zero: not sent
  std::vector<api::PortBinding> ports;
  api::AcceptanceResult acceptance;
  std::optional<api::Exit> last_exit;
  bool was_killed = false;   // a run, by a signal that nobody here sent
  bool is_kill_own = false;  // that of the latest run is taken for the workload's own doing
  Time started_at;
  Energy energy;
  std::optional<api::Usage> usage;  // in all, as read when the latest run ended
  api::Usage earlier;               // of control groups that are gone; counters alone
  bool released = false;            // the control group is gone
  bool is_taken_up = false;         // started again since, and no group is known to be a new one
};

enum class Readiness : uint8_t { unknown, good, bad };

struct Observed {
  bool limits_set = false;     // as wanted now, in this boot, by this agent
  bool limits_failed = false;  // the last try ended in an error: `limits_message`
  std::string limits_reason = "LimitsFailed", limits_message;
  ProcessSeen process;
  std::string held;        // who still holds CPUs or devices of it, a sentence; empty: nobody
  bool accepting = false;  // the acceptance run is on
  bool live = true;        // false: the liveness probe has failed often enough
  Readiness readiness = Readiness::unknown;
};

struct Wanted {
  const api::InstanceSpec& spec;
  bool stop = false;  // deleted, or no longer the control plane's: as spec.stop
};

struct Moment {
  Time now;
  Duration uptime;
  std::string boot_id;
};

enum class Action : uint8_t { prepare, accept, launch, terminate, kill, release };

struct Step {
  Memory memory;
  std::vector<Action> actions{};
  bool ready = false;
  Duration again_in{};  // zero: when something changes
};

Step step(const Wanted& wanted, Memory memory, const Observed& seen, const Moment& moment);

bool is_terminal(api::InstancePhase phase);   // succeeded, failed, stopped
bool is_bare(const api::InstanceSpec& spec);  // a reservation without a process
// Whether the process is down by the workload's own doing: its latest run ended by itself, or could
// not start for what its command names, and waits to be started again, or is on its way. What ended
// by a signal from outside, with its shim or with the machine, and what the machine could not
// start, is not. A process that its own liveness probe gave up is: that is its own word.
// Who sent a signal cannot be told, and a workload may send it to itself. So the first kill is
// taken for the platform's, and each of a run that lasted backoff_reset, after which the pause is
// short again; others are the workload's own doing, or it could be down, and paid for it, at will.
bool is_down_by_itself(const Memory& memory, const ProcessSeen& process, Duration uptime);
// Whether the acceptance run is the agent's to make.
bool wants_acceptance(const api::InstanceSpec& spec);
// What both are to have for themselves: "CPUs 2-3 are", "device gpu0 is"; empty: nothing.
std::string shared_part(const api::InstanceSpec& one, const api::InstanceSpec& other);
LimitsWanted limits_of(const api::InstanceSpec& spec);
// The whole environment of the process: what the agent says, then what the spec says.
std::vector<std::string> environment_of(const api::Instance& instance,
                                        const std::vector<api::PortBinding>& ports,
                                        const discover::Machine& machine);
// The verdict on what the probe program printed.
api::AcceptanceResult judge_acceptance(const api::InstanceSpec& spec,
                                       const Result<ExecOutcome>& outcome, double core_rate,
                                       Time now);

}  // namespace freehold::agent
