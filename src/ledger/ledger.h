// Ledger: the one writer. It checks conditions and capacity, numbers every change, keeps what the
// server owns of an object's metadata, appends a leaf per recorded object to the log of its site
// and tenant, and commits all of it in one transaction. Everything on the loop thread. Writes are
// sequenced at once and answered when durable; reads (`view`) see what is durable.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/contract.h"
#include "api/object.h"
#include "audit/leaf.h"
#include "audit/merkle.h"
#include "base/result.h"
#include "fleet/fleet.h"
#include "ledger/view.h"
#include "runtime/runtime.h"
#include "store/store.h"

namespace freehold::ledger {

enum class OpType : uint8_t { create, update, remove };

struct Op {
  OpType type = OpType::update;
  api::Object object;  // remove: only kind, namespace and name count
  Rev expected = 0;    // update, remove: must be the object's revision; 0: whatever it is
  std::string uid{};   // remove: must be the object's uid; empty: whatever it is
};

// Who asks. The record names principals by opaque id; the name is kept beside it and can be erased.
struct Actor {
  std::string user = "system:freehold";
};

struct Change {
  std::vector<Op> ops;  // all or none; a key appears once
  Actor actor;
  bool dry_run = false;         // checks everything, numbers and writes nothing
  std::string decision_digest;  // hex; of the decision behind it, if any
};

struct Committed {
  Rev rev = 0;                     // the commit's end, or the current head when nothing changed
  std::vector<RecordPtr> records;  // per op: as it is now; null when removed
};
using Done = std::function<void(Result<Committed>)>;

// Fixed at first start.
struct Identity {
  std::string organization = "local", site = "local";
  std::string uid;            // of this control plane
  std::string principal_key;  // hex; turns names into opaque ids
};

struct Stats {
  uint64_t commits = 0, changes = 0, conflicts = 0, refused = 0, leaves = 0;
};

class Ledger {
 public:
  // Reads the store into the view. A store without identity gets `fresh`. `internal` when stored
  // objects cannot be read.
  static Result<std::unique_ptr<Ledger>> open(Runtime& runtime, store::Store& store,
                                              Identity fresh);
  ~Ledger();
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  // `done` runs later, never inside the call. Errors: already_exists, not_found, conflict
  // (revision, capacity), invalid, too_large, too_many_requests, unavailable (the disk refused;
  // nothing happened).
  void submit(Change change, Done done);

  const View& view() const { return view_; }
  // As of what is sequenced: ahead of `view` by the writes that are on their way to the disk.
  const fleet::Fleet& fleet() const { return fleet_; }
  const Identity& identity() const { return identity_; }
  const Stats& stats() const { return stats_; }
  store::Store& store() { return store_; }
  // Plants a fault: from now on capacity is given without asking whether it is there. Only for the
  // simulation, which must find it.
  void plant_overbooking() { overbooks_ = true; }

  // Called after each commit has been applied to the view, before its `done`.
  using Listener = std::function<void(const store::CommitPtr&)>;
  void on_commit(Listener listener) { listeners_.push_back(std::move(listener)); }

  // The opaque id by which the record names a user: "u:" and 16 hex digits.
  std::string principal_id(std::string_view user) const;
  std::string tenant_of(
      std::string_view ns) const;  // by the namespace's label; empty when it has none

 private:
  struct Prepared;
  Ledger(Runtime& runtime, store::Store& store) : runtime_(runtime), store_(store) {}
  Result<void> load(Identity fresh);
  void load_principals();
  // Stores the identity unless it is there or on its way: a full disk at the first start must not
  // leave a control plane whose identity is another one after the next.
  void keep_identity();
  Result<void> load_logs();
  void rebuild_fleet();
  RecordPtr sequenced(std::string_view key) const;
  Result<void> prepare(Op& op, Prepared& out);
  Result<void> prepare_create(api::Object object, Prepared& out);
  Result<void> prepare_update(const RecordPtr& before, api::Object object, Prepared& out);
  Result<void> check_namespace(const api::Object& object) const;
  Result<void> check_tenant_label(const RecordPtr& before, const api::Object& after) const;
  Result<void> prepare_remove(const RecordPtr& before, Prepared& out);
  Result<void> check_removal(const Prepared& p) const;
  static bool same_share(const Prepared& p);
  Result<void> reserve(const std::vector<Prepared>& prepared);
  void feed_fleet(std::string_view key, const Record* before, const Record* after);
  void stamp(std::vector<Prepared>& prepared, const Change& change,
             store::Transaction& transaction);
  void append_leaf(const Prepared& p, const Change& change, store::Transaction& transaction);
  void applied(const store::CommitPtr& commit);
  void rolled_back();

  Runtime& runtime_;
  store::Store& store_;
  Identity identity_;
  View view_;
  fleet::Fleet fleet_;
  // What is sequenced and not durable: null for removed.
  std::map<std::string, std::pair<Rev, RecordPtr>, std::less<>> pending_;
  std::map<std::string, std::set<std::string>, std::less<>>
      allocations_of_offer_;  // keys, by offer key
  std::map<std::string, audit::Frontier, std::less<>> frontiers_;
  std::set<std::string, std::less<>> principals_;
  size_t waiting_writes_ = 0;  // sequenced, not durable
  std::vector<Listener> listeners_;
  std::unique_ptr<store::Watch> watch_;
  Stats stats_;
  bool overbooks_ = false;  // planted
};

}  // namespace freehold::ledger
