// The agent as a whole, as the program runs it: host, transport, join, log server, agent. Owned by
// the CLI; lives on the loop thread and stops when it is destroyed, leaving the workloads running.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "discover/machine.h"
#include "runtime/loop.h"

namespace freehold::agent {

struct AgentOptions {
  std::string data_dir;    // the agent keeps its files in <data_dir>/agent
  std::string server_url;  // https://host:port
  // Either a join token, for the first start, or credentials from whoever embeds the agent.
  // Credentials that a join gave are kept on disk and renewed.
  std::string token;
  std::string ca_pem, certificate_pem, key_pem;
  // With such credentials: makes the certificate anew for the same key, where the Node was deleted.
  // Answers later, on the loop thread, and never once the agent is gone.
  std::function<void(std::function<void(Result<std::string>)> done)> certify{};
  // Told on the loop thread where the control plane refuses the token of an agent that has never
  // joined: trying again would not help. May be null.
  std::function<void(const Error&)> refused{};
  std::string node_name;
  std::string site;
  std::string address;        // at which workloads and logs are reached; empty: found out
  std::string listen = ":0";  // of the log server; see log_endpoint
  std::string root = "/";     // prefix of /sys and /proc that discovery reads
  std::string cgroup_root = "/sys/fs/cgroup";
  std::string version;  // of the program
  discover::Reserve reserve;
  Duration discovery = seconds(30);           // between looks at the hardware
  bool forget_missing = false;                // devices that were there and are gone
  std::string executable = "/proc/self/exe";  // that understands `shim` and `probe`
};

// Where others reach the log server, with the port that it was given: at `address` where that is
// said, else at the host that it listens on, else, where it listens on all, at the address that was
// found. What cannot be read of `listen` is as if it were not there.
struct LogPlace {
  std::string_view listen, address, found;
  uint16_t port = 0;
};
std::string log_endpoint(const LogPlace& place);

class RunningAgent {
 public:
  virtual ~RunningAgent() = default;
  virtual bool joined() const = 0;     // has credentials
  virtual bool connected() const = 0;  // its watch of the control plane is running
};

// Errors: `invalid` for bad options, `unavailable` when the machine cannot be read or the log
// server cannot listen. An absent control plane is none: the agent works from its disk and tries
// on.
Result<std::unique_ptr<RunningAgent>> start_agent(Loop& loop, AgentOptions options);

}  // namespace freehold::agent
