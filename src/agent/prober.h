// Prober: asks a process again and again whether it is well, and counts answers in a row. A
// question that could not be put, for a fault of this machine, is no answer and changes no verdict.
// Scraper: fetches its metrics. Both for one run of one instance; destroying them stops them. Loop
// thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "agent/agent.h"
#include "agent/host.h"
#include "agent/instance.h"
#include "api/workload.h"
#include "runtime/runtime.h"

namespace freehold::agent {

// Ways to the ports of one instance, opened when they are first needed.
class Doors {
 public:
  Doors(Connector connect, std::vector<api::PortBinding> ports)
      : connect_(std::move(connect)), ports_(std::move(ports)) {}
  int64_t port(std::string_view name) const;  // 0: there is none
  http::Transport* http(std::string_view port_name);

 private:
  Connector connect_;
  std::vector<api::PortBinding> ports_;
  std::map<int64_t, std::unique_ptr<http::Transport>> transports_;
};

struct ProbeTarget {
  std::string id;
  std::vector<std::string> env;
  int64_t user_id = 0;
  std::string directory{};  // that of the process
};

class Prober {
 public:
  // `answered` after each answer.
  Prober(Runtime& runtime, Host& host, Doors& doors, api::Probe probe, ProbeTarget target,
         std::function<void()> answered);
  // After enough answers of one kind in a row; before: unknown.
  Readiness verdict() const;
  bool last_good() const;
  bool asked() const;  // there was an answer

 private:
  struct State;
  std::shared_ptr<State> state_;
};

class Scraper {
 public:
  Scraper(Runtime& runtime, Doors& doors, api::MetricsEndpoint endpoint,
          std::function<void(const std::string& body)> scraped);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace freehold::agent
