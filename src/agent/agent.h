// Agent: keeps the instances of one node as the control plane wants them, and tells it what is.
// Built on Runtime, Transport and Host alone, so that simulation runs the same code. Owned by
// run.h; everything runs on the loop thread; destroying it leaves the workloads running.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "agent/host.h"
#include "base/result.h"
#include "discover/machine.h"
#include "http/client.h"
#include "runtime/runtime.h"

namespace freehold::agent {

// Opens a transport to a workload's own endpoint on this machine: "http://127.0.0.1:8080".
using Connector = std::function<Result<std::unique_ptr<http::Transport>>(const std::string& url)>;

struct AgentConfig {
  std::string node_name, site, address, endpoint, version;
  std::string cluster;  // names the control plane (digest of its CA): absence counts only there
  discover::Machine machine;         // as found at the start
  Duration discovery = seconds(30);  // between looks at the hardware
  discover::Reserve reserve;
  Duration heartbeat = seconds(5);
  Duration forget_after = seconds(60);  // absent from fresh lists for so long: no longer wanted
  Duration keep_logs = hours(1);        // of an instance that has ended
  // Told now and then while the control plane does not take our certificate; may be null.
  std::function<void()> refused{};
};

class Agent {
 public:
  // References must outlive the Agent.
  Agent(Runtime& runtime, Host& host, http::Transport& api, Connector connect, AgentConfig config);
  ~Agent();
  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;

  bool connected() const;
  // The id of an instance by its name, for the log server; empty when it is not known here.
  std::string id_of(std::string_view ns, std::string_view name,
                    std::string_view contract = {}) const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace freehold::agent
