// NodePublisher: tells the control plane of the machine (HardwareProfile, and status of the Node
// that joining made), and that its agent lives (Lease). Looks at the hardware again and again, and
// at the control plane now and then, so that what others changed comes back. Loop thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "agent/agent.h"
#include "agent/host.h"
#include "client/remote.h"
#include "runtime/runtime.h"

namespace freehold::agent {

inline constexpr std::string_view lease_namespace = "freehold-node-lease";

// The HardwareProfile as last seen, in the agent's own directory: devices keep their ids, and one
// that is gone is missed, across lives of the agent.
inline constexpr std::string_view hardware_file = "hardware.json";
Result<api::HardwareProfileSpec> parse_hardware(std::string_view text);

// What only the agent knows, asked for with each look.
struct NodeFacts {
  std::function<std::optional<double>()> core_rate;  // operations per second, once it is known
  // A sentence about what may still run here and was not asked for by whoever made the Node of this
  // uid; empty when there is none. Until then a new Node is told of no hardware: what is not
  // offered is not placed on.
  std::function<std::string(const std::string& uid)> former_work;
};

class NodePublisher {
 public:
  // References must outlive it.
  NodePublisher(Runtime& runtime, Host& host, client::Remote& remote, const AgentConfig& config,
                NodeFacts facts);
  ~NodePublisher();
  void publish();                            // something changed
  const discover::Machine& machine() const;  // as last seen

 private:
  struct State;
  std::shared_ptr<State> state_;
};

// The status as the agent sees it; `before` is what the control plane has, of which others'
// conditions stay.
api::NodeStatus node_status(const api::NodeStatus& before, const AgentConfig& config,
                            const discover::Machine& machine, const HostFacts& facts,
                            std::optional<double> core_rate, Time now);

}  // namespace freehold::agent
