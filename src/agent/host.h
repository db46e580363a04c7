// Host: the agent's door to one machine: control groups, processes under shims, small durable
// files, probes. Plain data goes in and out; every decision is the agent's. Production is
// host_linux.h, simulation has its own. Everything runs on the loop thread, callbacks too, and no
// callback runs inside the call that asked for it. An instance is known by its id, the uid of its
// API object: unique for ever, and safe as a file name.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/workload.h"
#include "base/result.h"
#include "base/time.h"
#include "discover/machine.h"

namespace freehold::agent {

// What does not change while the agent runs.
struct HostFacts {
  std::string boot_id;           // changes with every boot
  std::string address;           // at which others may reach this machine; a guess
  api::Enforcement enforcement;  // which limits bind here
  bool switches_users = false;   // whether an instance may run as its tenant's user id
};

struct LimitsWanted {
  std::string cpus{}, memory_nodes{};                      // lists; empty: all
  int64_t cpu_milli = 0, memory_bytes = 0, processes = 0;  // 0: none
  bool operator==(const LimitsWanted&) const = default;
};

struct Launch {
  int64_t run = 0;  // rises with each start of the instance; comes back in ProcessSeen
  std::vector<std::string> command;  // program and arguments
  std::vector<std::string> env;      // "NAME=value", complete; HOME is added by the host
  std::string directory{};           // empty: the private one
  int64_t user_id = 0;               // a tenant's; an agent that is not root ignores it
};

enum class ProcessState : uint8_t { none, starting, running, exited };

// The latest run of an instance, as its shim left it on disk and the kernel confirms it.
struct ProcessSeen {
  ProcessState state = ProcessState::none;
  int64_t run = 0;
  int64_t pid = 0;
  Duration started_uptime{};  // on the clock of Runtime::uptime
  Time started_at{};
  api::Exit exit{};       // of an exited one
  std::string message{};  // for people: why it could not start
};

enum class Signal : uint8_t {
  terminate,
  kill
};  // to the main process; to all of the control group

struct ExecRequest {
  std::vector<std::string> command, env;
  int64_t user_id = 0;
  Duration timeout = seconds(1);  // then it is killed
  std::string directory{};        // empty: the private one
};
struct ExecOutcome {
  int64_t code = 0;    // -1: killed by a signal, or timed out
  std::string output;  // the beginning of stdout
};

struct ProbeRequest {
  std::string test;
  Duration duration;
  std::string cpus;  // affinity; empty: all that the group has
  int64_t memory_bytes = 0, user_id = 0;
};

enum class LogRun : uint8_t { current, previous };
// Reads forward, across rotation, lines as the shim wrote them: `<RFC 3339> stdout F text`.
class LogReader {
 public:
  virtual ~LogReader() = default;
  // Up to about `most` bytes of whole lines; empty when there is nothing more now.
  virtual Result<std::string> next(size_t most) = 0;
};

class Host {
 public:
  virtual ~Host() = default;
  virtual const HostFacts& facts() const = 0;

  // Makes the instance's directory and control group, or finds them; sets the limits, and says what
  // the kernel says afterwards. A limit that cannot be set is named there, not an error.
  virtual Result<api::LimitsRead> prepare(const std::string& id, const LimitsWanted& limits) = 0;
  // Starts a shim with the process. That it runs, or that it could not, shows in look(), after
  // `changed`. `forbidden`: the agent is root, and the user id is no tenant's (api/user_id.h).
  virtual Result<void> launch(const std::string& id, const Launch& launch) = 0;
  virtual ProcessSeen look(const std::string& id) = 0;
  virtual void signal(const std::string& id, Signal signal) = 0;
  // Since the control group was made. Errors: `not_found` without a group.
  virtual Result<api::Usage> usage(const std::string& id) = 0;
  // Kills what is left and removes the control group; the directory with its logs stays.
  virtual void release(const std::string& id) = 0;
  virtual void forget(const std::string& id) = 0;    // removes the directory too
  virtual std::vector<std::string> instances() = 0;  // that have a directory here, sorted
  // Looks at the hardware again, elsewhere than on the loop thread. `unavailable` while an earlier
  // look has not come back.
  virtual void discover(std::function<void(Result<discover::Machine>)> done) = 0;

  // Told when a process started or ended, with the id.
  virtual void on_change(std::function<void(const std::string& id)> changed) = 0;

  // In the instance's control group, and with the HOME of its process. The request dies with the
  // Host.
  virtual void exec(const std::string& id, const ExecRequest& request,
                    std::function<void(Result<ExecOutcome>)> done) = 0;
  // The platform's own probe program ("cpu", "memory-bandwidth"; probe.h says what it prints). An
  // empty id: outside of any group, as the agent. `memory_bytes` is what it may use; 0: what it
  // likes.
  virtual void probe(const std::string& id, const ProbeRequest& request,
                     std::function<void(Result<ExecOutcome>)> done) = 0;
  // Whether a TCP connection to this port of the machine opens in time; nothing when none could be
  // tried, as without a file descriptor to spare.
  virtual void knock(int64_t port, Duration timeout,
                     std::function<void(std::optional<bool>)> done) = 0;
  virtual Result<int64_t> free_port() = 0;
  virtual Result<std::unique_ptr<LogReader>> open_log(const std::string& id, LogRun run,
                                                      int64_t last_lines) = 0;  // -1: all

  // Small files of the agent's own, by plain name. Saving replaces the file as a whole, soon, in
  // order; loading sees what was saved. Errors: `not_found`.
  virtual void save(const std::string& name, std::string content) = 0;
  virtual Result<std::string> load(const std::string& name) = 0;
  virtual void erase(const std::string& name) = 0;
};

}  // namespace freehold::agent
