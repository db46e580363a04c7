// Controller: decides what should change about one object, as a pure function over what is known.
// It is never told what happened and is always free to look again. The shell (shell.h) does the
// rest for all of them: informing, queueing, back-off, commits.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "control/heartbeats.h"
#include "fleet/fleet.h"
#include "ledger/ledger.h"

namespace freehold::control {

// All that a decision may rest on.
struct Input {
  const ledger::View& view;
  const fleet::Fleet& fleet;  // as of what is sequenced
  const ledger::Ledger& ledger;
  const Heartbeats& heartbeats;
  Time now;
  Duration uptime;
};

// What people see under `kubectl describe`. Equal notes about one object are counted, not repeated.
struct Note {
  api::Object about;
  std::string type = "Normal";  // or Warning
  std::string reason, message;
};

struct Plan {
  std::vector<ledger::Op> ops;  // one commit; empty: nothing to do
  std::string decision_digest;
  std::optional<Duration> again_in;  // look again then, whatever happens
  std::vector<Note> notes;           // after the commit has landed

  void update(api::Object object, ledger::Rev expected) {
    ops.push_back({ledger::OpType::update, std::move(object), expected, {}});
  }
  void create(api::Object object) {
    ops.push_back({ledger::OpType::create, std::move(object), 0, {}});
  }
  void remove(api::Object object, ledger::Rev expected) {
    ops.push_back({ledger::OpType::remove, std::move(object), expected, {}});
  }
  void look_again(Duration in) {
    if (!again_in || in < *again_in) again_in = in;
  }
};

class Controller {
 public:
  virtual ~Controller() = default;
  virtual std::string_view name() const = 0;
  // One key at a time: each plan sees what the one before it decided. For numbers given out once.
  virtual bool is_serial() const { return false; }
  // Keys that a changed object makes worth a look. `record` is the object now, or as it was when it
  // is gone.
  virtual std::vector<std::string> keys_for(const ledger::Record& record, bool gone,
                                            const ledger::View& view) const = 0;
  virtual Plan plan(std::string_view key, const Input& input) const = 0;
  // Of the keys that wait, those of a higher number are looked at first; equal ones by name.
  virtual int64_t urgency(std::string_view key, const ledger::View& view) const {
    (void)key, (void)view;
    return 0;
  }
};

// The object of type T with this store key, or null.
template <class T>
const T* find(const ledger::View& view, std::string_view key) {
  const auto record = view.find(key);
  return record ? record->object.as<T>() : nullptr;
}
// A changed copy of a record's object, to be given to Plan::update.
template <class T>
api::Object edited(const ledger::View& view, const T& before, T after) {
  (void)view;
  after.metadata = before.metadata;
  return api::Object::of(std::move(after));
}
ledger::Rev revision_of(const api::ObjectMeta& meta);

}  // namespace freehold::control
