// Starts processes of our own program, and tells of pipes and ends on the loop. For host* only;
// loop thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/host_files.h"
#include "base/result.h"
#include "runtime/loop.h"

namespace freehold::agent {

struct SpawnFds {
  int out = -1;     // becomes 1; -1: /dev/null
  int fourth = -1;  // becomes 3
};
// In a session of its own, with an empty environment and signals as they are by default. The pid.
Result<int> spawn(const std::string& program, const std::vector<std::string>& arguments,
                  SpawnFds fds);

struct Pipe {
  Fd read, write;
};
Result<Pipe> make_pipe();
Result<Fd> open_process(int pid);  // a pidfd

// Calls `ready` once when the descriptor can be read, unless destroyed before.
class Readable {
 public:
  Readable(Loop& loop, Fd fd, std::function<void()> ready);
  ~Readable();
  Readable(const Readable&) = delete;
  Readable& operator=(const Readable&) = delete;
  int fd() const;
  void again();  // waits once more

 private:
  struct State;
  std::shared_ptr<State> state_;
};

// Collects a zombie, if it is our child.
void reap(int pid);

// Whether a TCP connection to this port of the machine opens in time; `done` runs once.
void knock_port(Loop& loop, int64_t port, Duration timeout,
                std::function<void(std::optional<bool>)> done);
Result<int64_t> find_free_port();
// The first address that is not a loopback's; "127.0.0.1" without one.
std::string guess_address();

}  // namespace freehold::agent
