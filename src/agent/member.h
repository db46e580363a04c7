// Member: the shell around one instance. Gathers what is seen, asks instance.h what to do, does it,
// probes, measures, and remembers. Owned by the Agent; loop thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "agent/agent.h"
#include "agent/host.h"
#include "agent/instance.h"
#include "agent/memory.h"
#include "agent/prober.h"
#include "agent/windows.h"
#include "api/workload.h"
#include "runtime/runtime.h"

namespace freehold::agent {

class Member;

// What members share.
struct Shell {
  Runtime& runtime;
  Host& host;
  Connector connect;
  std::string address;
  std::function<const discover::Machine&()> machine;  // as last seen
  // Operations per second of one idle CPU; nothing while it is being measured, 0: unknown.
  std::optional<double> core_rate;
  Clock clock{};
  // Ports that instances ask for by number, and who has them: from its first start until the
  // machine holds nothing of it any more. Of two that listen on one port, each would be measured by
  // the other's answers.
  std::map<int64_t, std::string> fixed_ports{};
  // What another instance still holds of what this one is to have, a sentence; empty: nothing.
  std::function<std::string(const Member&)> held{};
  Time measured_now() { return clock.at(runtime.now(), runtime.uptime()); }
};

class Member {
 public:
  // `changed`: the status is worth writing.
  Member(Shell& shell, Remembered remembered, std::function<void()> changed);
  ~Member();
  Member(const Member&) = delete;
  Member& operator=(const Member&) = delete;

  const std::string& id() const { return now_.instance.metadata.uid; }
  const api::Instance& instance() const { return now_.instance; }
  const Memory& memory() const { return now_.memory; }
  void update(const api::Instance& instance);  // as the control plane says now
  void drop();                                 // it is no longer wanted
  void look();                                 // something may have changed
  void sample(Time now);                       // about once a second
  void give_up_windows() { windows_.give_up(); }
  bool is_over() const;  // ended, and the machine holds nothing of it but its logs
  bool holds() const;    // its limits are set, or its process runs
  // For the control plane. `carry`: what it has; conditions of others are kept.
  api::InstanceStatus status(const api::InstanceStatus& carry) const;
  void erase();  // what was remembered

 private:
  Observed observe();
  void act(Action action);
  std::string user_problem() const;
  void prepare();
  void accept();
  void launch();
  void could_not_launch(std::string reason, std::string message);
  std::string take_ports();  // a sentence about the first that another has; empty when it has all
  void give_ports();
  void attend(const ProcessSeen& process);  // probes and scrapes of the run that is on
  void save();
  void save_windows();
  bool is_measured() const;
  void count_energy(Time now);
  // Of its control group as it is now, and so `usage_`; nothing: nothing is there to read.
  std::optional<api::Usage> read_usage();
  bool may_start() const;

  Shell& shell_;
  Remembered now_;
  const std::function<void()> changed_;
  bool dropped_ = false;
  std::optional<LimitsWanted> limits_set_;
  std::string limits_reason_, limits_problem_;
  api::LimitsRead limits_;
  bool accepting_ = false, ready_ = false, is_looking_ = false;
  ProcessSeen process_;
  int64_t attended_ = 0;  // run that probes and scrapes belong to
  std::unique_ptr<Doors> doors_;
  std::unique_ptr<Prober> liveness_, readiness_;
  std::unique_ptr<Scraper> scraper_;
  Windows windows_;
  std::optional<api::Usage> usage_;  // in all, as last read
  Timer again_;
  std::string saved_;
  std::shared_ptr<int> alive_ = std::make_shared<int>();
};

}  // namespace freehold::agent
