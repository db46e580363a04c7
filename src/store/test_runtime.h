// TestRuntime: a Runtime for tests, whose time moves by itself: a microsecond whenever it is read,
// and to the next timer when nothing else is left to do. Tasks run inside run_until() on the thread
// that calls it. It waits in real time only for other threads to post.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "runtime/runtime.h"

namespace freehold {

class TestRuntime final : public Runtime {
 public:
  explicit TestRuntime(uint64_t seed = 1) : random_(seed) {}

  Time now() const override { return start_ + uptime(); }
  Duration uptime() const override { return elapsed_ = elapsed_ + microseconds(1); }
  Random& random() override { return random_; }
  std::string random_token(size_t bytes) override {
    std::string token;
    while (token.size() < 2 * bytes) token += "0123456789abcdef"[random_.next() % 16];
    return token;
  }
  void after(Duration delay, Task task) override {
    timers_.emplace(elapsed_ + delay, std::move(task));
  }
  void post(Task task) override {
    {
      const std::lock_guard lock(mutex_);
      tasks_.push_back(std::move(task));
    }
    posted_.notify_one();
  }

  void advance(Duration duration) { elapsed_ = elapsed_ + duration; }

  // Runs one task: a posted one first, else the next timer. False: there is none.
  bool step() {
    Task task = take();
    if (!task && !timers_.empty()) {
      auto next = timers_.extract(timers_.begin());
      elapsed_ = std::max(elapsed_, next.key());
      task = std::move(next.mapped());
    }
    if (!task) return false;
    task();
    return true;
  }
  // False: nothing came for ten real seconds, or the virtual hour that a test may take is over.
  template <class Condition>
  bool run_until(Condition condition) {
    const Duration end = elapsed_ + hours(1);
    while (!condition()) {
      if (elapsed_ > end) return false;
      if (step()) continue;
      std::unique_lock lock(mutex_);
      const auto is_posted = [this] { return !tasks_.empty(); };
      if (!posted_.wait_for(lock, std::chrono::seconds(10), is_posted)) return false;
    }
    return true;
  }
  // Runs what is there; does not wait for other threads.
  void run() {
    while (step()) {
    }
  }

 private:
  Task take() {
    const std::lock_guard lock(mutex_);
    if (tasks_.empty()) return {};
    Task task = std::move(tasks_.front());
    tasks_.pop_front();
    return task;
  }

  const Time start_{1'790'000'000'000'000};  // 2026-09-21
  mutable Duration elapsed_;
  Random random_;
  std::multimap<Duration, Task> timers_;
  std::mutex mutex_;
  std::condition_variable posted_;
  std::deque<Task> tasks_;
};

}  // namespace freehold
