// Shell: runs controllers. One key of one controller is planned at a time and its commit awaited
// before it is planned again; changes meanwhile mark it dirty. A conflict or an unknown outcome
// means: look again. Failures back off from 50 ms to 10 s.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "control/controller.h"
#include "runtime/runtime.h"

namespace freehold::control {

struct ControllerStats {
  std::string name;
  uint64_t plans = 0, commits = 0, failures = 0;
  size_t waiting = 0;
};

class Shell {
 public:
  Shell(Runtime& runtime, ledger::Ledger& ledger, Heartbeats& heartbeats,
        std::vector<std::unique_ptr<Controller>> controllers);
  ~Shell();
  void start();  // queues everything that exists, then follows changes
  std::vector<ControllerStats> stats() const;
  bool idle() const;  // nothing is queued or in flight; timers do not count

 private:
  struct Runner;
  struct State;
  std::shared_ptr<State> state_;
};

// All controllers of a control plane.
std::vector<std::unique_ptr<Controller>> all_controllers();

}  // namespace freehold::control
