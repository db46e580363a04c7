// Runtime: the door to time and chance. Whatever decides gets `now` as an argument; whatever waits
// asks a Runtime. Production is an Asio loop (loop.h), simulation is virtual time (sim/world.h).
// Everything that is scheduled runs on the loop thread, one task at a time; `post` alone may be
// called from any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "base/random.h"
#include "base/time.h"

namespace freehold {

using Task = std::function<void()>;

// Cancels its task when it is destroyed or reset, and frees what the task holds. Movable; empty by
// default.
class Timer {
 public:
  Timer() = default;
  explicit Timer(std::shared_ptr<Task> task) : task_(std::move(task)) {}
  Timer(Timer&&) = default;
  Timer& operator=(Timer&& other) noexcept {
    // Taken first: freeing our own task may destroy `other`'s owner.
    auto next = std::move(other.task_);
    cancel();
    task_ = std::move(next);
    return *this;
  }
  ~Timer() { cancel(); }
  void cancel() {
    // Moved out first: what the task holds may own this Timer.
    if (auto task = std::move(task_)) Task dropped = std::exchange(*task, nullptr);
  }
  bool pending() const { return task_ && *task_; }

 private:
  std::shared_ptr<Task> task_;  // empty inside once it ran
};

class Runtime {
 public:
  virtual ~Runtime() = default;
  virtual Time now() const = 0;         // wall clock, UTC; may step
  virtual Duration uptime() const = 0;  // boot-time clock: never steps, counts sleep
  virtual Random& random() = 0;
  virtual std::string random_token(size_t bytes) = 0;  // for secrets and uids; hex

  // Runs on the loop thread, not before `delay` has passed. Tasks of one instant have no promised
  // order.
  virtual void after(Duration delay, Task task) = 0;
  // Thread safe: hands a task to the loop thread.
  virtual void post(Task task) = 0;

  // As `after`, but dies with the Timer that it returns.
  [[nodiscard]] Timer timer(Duration delay, Task task) {
    auto shared = std::make_shared<Task>(std::move(task));
    after(delay, [shared] {
      // Moved out first: the task may reset or replace its own Timer.
      if (Task run = std::exchange(*shared, nullptr)) run();
    });
    return Timer(shared);
  }
};

}  // namespace freehold
