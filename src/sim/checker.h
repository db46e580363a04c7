// Checker: what must hold at every moment, looked at after every commit that watchers see and after
// every start and end of a process. It shares no code with the ledger's own checks: it counts for
// itself what is taken on each node. Violations end the world's run.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "api/contract.h"
#include "ledger/view.h"
#include "sim/machine.h"
#include "sim/world.h"
#include "store/store.h"

namespace freehold::sim {

class Checker {
 public:
  explicit Checker(World& world) : world_(world) {}

  void add_machine(Machine& machine);
  // The server is up; `view` is of the same store, and is told of each commit first.
  void attach(store::Store& store, const ledger::View& view);
  void detach();
  // A client was told that a write landed: from now on nothing may take it back.
  void acknowledged(store::Rev rev) { acknowledged_ = std::max(acknowledged_, rev); }

  // The record against the store. For the end: it reads all of it.
  void check_record(const store::Store& store);
  // Why the world has not settled; empty when it has. For the time after faults.
  std::string unsettled() const;
  // Objects against what watchers were told of. For after a start, and the end.
  void check_objects(const store::Store& store);

  struct Counts {
    uint64_t commits = 0, starts = 0, offers = 0, accepted_by_hand = 0, settled = 0, checks = 0;
  };
  const Counts& counts() const { return counts_; }

 private:
  void take(const store::CommitPtr& commit);
  void check_commit(const store::Commit& commit);
  void check_capacity();
  void check_placed(const api::Allocation& fresh);
  void check_gangs();
  void check_quotas();
  void check_processes();
  void check_user_ids();

  World& world_;
  std::vector<Machine*> machines_;
  const ledger::View* view_ = nullptr;
  std::unique_ptr<store::Watch> watch_;
  store::Rev seen_ = 0, acknowledged_ = 0;
  std::map<std::string, std::pair<store::Rev, store::Bytes>> objects_;  // as watchers were told
  Counts counts_;
};

}  // namespace freehold::sim
