// StatusWriter: brings what members say of themselves to the control plane, one write of each at a
// time, and takes the agent's finalizer off what has ended. Windows that are refused do not keep
// back the rest. Level-triggered: it compares what is with what the control plane has. Loop thread.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>

#include "agent/member.h"
#include "client/remote.h"
#include "runtime/runtime.h"

namespace freehold::agent {

inline constexpr std::string_view agent_finalizer = "freehold.dev/agent";

class StatusWriter {
 public:
  StatusWriter(Runtime& runtime, client::Remote& remote);
  ~StatusWriter();
  // What the control plane has, by a list or a watch; a member that it does not have is forgotten.
  void seen(const std::string& id, const api::Object& object);
  void gone(const std::string& id);
  // Writes when there is something new.
  void check(const Member& member);

 private:
  struct Entry {
    api::Object latest;
    bool in_flight = false, again = false;
    Duration not_before;  // after a failure
    Duration pause;
    Duration usage_at;                          // when the usage was last written
    std::string windows_sent, windows_refused;  // as they are printed
  };
  void written(const std::string& id, Result<api::Object> result);
  void release(const std::string& id, Entry& entry);

  Runtime& runtime_;
  client::Remote& remote_;
  std::map<std::string, Entry> entries_;
  std::shared_ptr<int> alive_ = std::make_shared<int>();
};

}  // namespace freehold::agent
