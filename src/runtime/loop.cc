#include "runtime/loop.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/strings.h"

namespace freehold {
namespace {

// The kernel's timers stand still while the machine sleeps, `uptime` does not: a wait is cut into
// pieces, so that a deadline which passed during sleep is noticed soon after it.
constexpr Duration longest_wait = seconds(30);

int64_t read_clock_us(clockid_t clock) {
  timespec at{};
  CHECK(clock_gettime(clock, &at) == 0, "the system has no such clock");
  return int64_t{at.tv_sec} * 1'000'000 + at.tv_nsec / 1000;
}

std::string system_entropy(size_t count) {
  std::string bytes(count, '\0');
  size_t filled = 0;
  while (filled < count) {
    const ssize_t got = getrandom(bytes.data() + filled, count - filled, 0);
    if (got < 0 && errno == EINTR) continue;
    CHECK(got > 0, "the system gives no entropy");
    filled += static_cast<size_t>(got);
  }
  return bytes;
}

uint64_t system_seed() {
  uint64_t seed = 0;
  for (const char byte : system_entropy(sizeof seed)) {
    seed = (seed << 8) | static_cast<unsigned char>(byte);
  }
  return seed;
}

struct Scheduled {
  Duration due;     // in uptime
  uint64_t number;  // tasks of one instant run in the order in which they were given
  Task task;
};

// For a heap whose front is the earliest.
bool later(const Scheduled& a, const Scheduled& b) {
  return a.due != b.due ? a.due > b.due : a.number > b.number;
}

// Tasks that other threads hand to the loop, and the pipe that wakes it for them. Asio's own queue
// wakes the loop while it holds the lock that the loop takes first, so that a lone writer's answer
// often waits for two wakings; and the kernel wakes the reader of a pipe for the CPU that the
// writer is about to leave.
class Letterbox {
 public:
  explicit Letterbox(boost::asio::io_context& context) : context_(context), bell_(context) {
    std::array<int, 2> ends{-1, -1};
    CHECK(::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) == 0, "no pipe for the loop");
    bell_.assign(ends[0]);
    ring_ = ends[1];
    wait();
    context_.restart();  // waiting for letters alone was no work, so it stopped
  }
  ~Letterbox() { ::close(ring_); }
  Letterbox(const Letterbox&) = delete;
  Letterbox& operator=(const Letterbox&) = delete;

  // Any thread. A letter keeps the loop running until it has been read.
  void put(Task task) {
    context_.get_executor().on_work_started();
    bool is_first = false;
    {
      const std::lock_guard lock(mutex_);
      is_first = tasks_.empty();
      tasks_.push_back(std::move(task));
    }
    const char byte = 0;
    while (is_first && ::write(ring_, &byte, 1) < 0 && errno == EINTR) {
    }
  }

 private:
  // Waiting does not keep the loop running.
  void wait() {
    bell_.async_wait(bell_.wait_read, [this](boost::system::error_code error) {
      if (error) return;
      context_.get_executor().on_work_started();
      read();
      wait();
    });
    context_.get_executor().on_work_finished();
  }

  void read() {
    char bytes[64];
    while (::read(bell_.native_handle(), bytes, sizeof bytes) == sizeof bytes) {
    }
    std::vector<Task> tasks;
    {
      const std::lock_guard lock(mutex_);
      tasks.swap(tasks_);
    }
    // Posted, so that sockets get their turn, and what stop() leaves runs with the next run().
    for (Task& task : tasks) {
      boost::asio::post(context_, std::move(task));
      context_.get_executor().on_work_finished();
    }
  }

  boost::asio::io_context& context_;
  boost::asio::posix::stream_descriptor bell_;
  int ring_ = -1;
  std::mutex mutex_;
  std::vector<Task> tasks_;
};

// Looks for events a little longer before the loop lets its CPU sleep: waking a CPU takes longer
// than making many an answer (tens of microseconds in a virtual machine), and who waits for one
// answer after the other waits for it each time. Only while events come that close together, and
// while nobody else wants the CPU for long: how long shows by when a yield comes back. Durable
// creates by one client: 0.54 to 0.64 of bare SQLite with it, 0.45 to 0.50 without; see
// docs/decisions/0013.
class Lookout {
 public:
  // Runs what comes soon after what came last. Returns when nothing does.
  void watch(boost::asio::io_context& context) {
    if (!is_hopeful_ || Clock::now() < resting_until_) return;
    Clock::time_point last = Clock::now();
    while (!context.stopped()) {
      const bool has_come = context.poll() > 0;
      const Clock::time_point before = Clock::now();
      if (has_come) last = before;
      if (before - last > patience) {
        is_hopeful_ = false;
        return;
      }
      ::sched_yield();
      const Clock::time_point after = Clock::now();
      if (after - before > longest_yield) {
        resting_until_ = after + rest;
        return;
      }
    }
  }
  // Around a wait for what comes next.
  void sleep() { asleep_since_ = Clock::now(); }
  void wake() { is_hopeful_ = Clock::now() - asleep_since_ < patience; }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr auto patience = std::chrono::microseconds(300);
  static constexpr auto longest_yield = std::chrono::milliseconds(1);
  static constexpr auto rest = std::chrono::milliseconds(50);
  bool is_hopeful_ = false;
  Clock::time_point asleep_since_, resting_until_;
};

}  // namespace

struct Loop::Impl {
  boost::asio::io_context context{1};  // one thread runs it
  Letterbox letters{context};
  Random random{system_seed()};
  // One kernel timer for all tasks: a request's time limit then costs a heap entry and no system
  // call.
  boost::asio::steady_timer alarm{context};
  std::optional<Duration> alarm_at;  // uptime
  std::vector<Scheduled> heap;
  uint64_t scheduled = 0;
  std::optional<boost::asio::signal_set> signals;
  Task on_first_signal;

  static Duration uptime() { return {read_clock_us(CLOCK_BOOTTIME)}; }

  void arm() {
    if (heap.empty()) return;
    const Duration due = heap.front().due;
    if (alarm_at && *alarm_at <= due) return;
    const Duration wait = std::clamp(due - uptime(), Duration{}, longest_wait);
    alarm_at = due;
    alarm.expires_after(std::chrono::microseconds(wait.us));
    alarm.async_wait([this](boost::system::error_code error) {
      if (error) return;  // replaced by an earlier one
      alarm_at.reset();
      run_due();
      arm();
    });
  }

  void run_due() {
    // What a task schedules for now waits for the next round, so that sockets get their turn.
    const Duration now = uptime();
    const uint64_t last = scheduled;
    while (!heap.empty() && heap.front().due <= now && heap.front().number <= last &&
           !context.stopped()) {
      std::pop_heap(heap.begin(), heap.end(), later);
      Task task = std::move(heap.back().task);
      heap.pop_back();
      task();
    }
  }

  void wait_for_signal() {
    signals->async_wait([this](boost::system::error_code error, int number) {
      if (error) return;
      if (!on_first_signal) {  // the second: the person means it
        std::signal(number, SIG_DFL);
        signals->clear();
        std::raise(number);
        return;
      }
      Task task = std::exchange(on_first_signal, nullptr);
      wait_for_signal();
      task();
    });
  }
};

Loop::Loop() : impl_(std::make_unique<Impl>()) {}
Loop::~Loop() = default;

Time Loop::now() const { return {read_clock_us(CLOCK_REALTIME)}; }
Duration Loop::uptime() const { return Impl::uptime(); }
Random& Loop::random() { return impl_->random; }
std::string Loop::random_token(size_t bytes) { return to_hex(system_entropy(bytes)); }

void Loop::after(Duration delay, Task task) {
  const Duration due = uptime() + std::max(delay, Duration{});
  impl_->heap.push_back({due, ++impl_->scheduled, std::move(task)});
  std::push_heap(impl_->heap.begin(), impl_->heap.end(), later);
  impl_->arm();
}

void Loop::post(Task task) {
  if (impl_->context.get_executor().running_in_this_thread())
    boost::asio::post(impl_->context, std::move(task));
  else
    impl_->letters.put(std::move(task));
}

void Loop::run() {
  Lookout lookout;
  boost::asio::io_context& context = impl_->context;
  for (;;) {
    lookout.sleep();
    if (context.run_one() == 0) break;
    lookout.wake();
    context.poll();
    lookout.watch(context);
  }
  impl_->context.restart();  // so that it can run again
}

void Loop::stop() { impl_->context.stop(); }

void Loop::on_signal(std::initializer_list<int> signals, Task task) {
  impl_->on_first_signal = std::move(task);
  impl_->signals.emplace(impl_->context);
  for (const int number : signals) impl_->signals->add(number);
  impl_->wait_for_signal();
}

boost::asio::io_context& Loop::context() { return impl_->context; }

}  // namespace freehold
