// StatusWriter: brings what members say of themselves to the control plane, one write of each at a
// time, and takes the agent's finalizer off what has ended. Windows that are refused do not keep
// back the rest. What an instance uses is no news by itself: it goes along with what is, and alone
// only when it moved noticeably, at first soon and then once a minute; of what has ended it is
// exact. Level-triggered: it compares what is with what the control plane has. Loop thread.
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
    Duration usage_pause;                       // until it may be written alone
    bool is_busy = false;                       // it had moved when it was last written
    std::string windows_sent, windows_refused;  // as they are printed
  };
  static bool is_usage_due(const Entry& entry, const api::InstanceStatus& have,
                           const api::InstanceStatus& status, Duration now);
  void written(const std::string& id, Result<api::Object> result);
  void release(const std::string& id, Entry& entry);

  Runtime& runtime_;
  client::Remote& remote_;
  std::map<std::string, Entry> entries_;
  std::shared_ptr<int> alive_ = std::make_shared<int>();
};

}  // namespace freehold::agent
