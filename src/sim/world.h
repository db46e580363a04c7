// World: virtual time, and the one seed that decides everything in it. Events of one instant run in
// an order that the seed chooses, so that nothing leans on the order of insertion. Process: the
// Runtime of one program in the world; what it scheduled dies with it, so that a crash needs no
// clean-up code anywhere. One thread; a world and its processes are used together and freed
// together.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <queue>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/random.h"
#include "base/time.h"
#include "runtime/runtime.h"

namespace freehold::sim {

// What must never be so, and was.
struct Violation {
  std::string rule;  // "capacity", "gang" …
  std::string what;  // with names of objects
};

class World {
 public:
  explicit World(uint64_t seed);
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  Random& random() { return random_; }
  Duration elapsed() const { return now_; }
  uint64_t steps() const { return steps_; }
  // Equal for equal runs: of every event's time and order, and of what was mixed in.
  uint64_t fingerprint() const { return fingerprint_; }
  void mix(std::string_view bytes);

  // An event of the world itself: it survives every crash.
  void after(Duration delay, Task task);
  // Until `end` has elapsed or something was violated.
  void run_until(Duration end);

  // The first one ends the run.
  void violate(std::string rule, std::string what);
  const std::optional<Violation>& violation() const { return violation_; }

  // What happens, a line each, for people; costs nothing unless somebody wants to know.
  using Trace = std::function<void(const std::string& line)>;
  void set_trace(Trace told) { traced_ = std::move(told); }
  bool traces() const { return traced_ != nullptr; }
  void trace(std::string_view who, std::string_view what);

 private:
  struct Event {
    Duration at;
    uint64_t order;
    Task run;
  };
  struct Later {
    bool operator()(const Event& a, const Event& b) const {
      return a.at != b.at ? a.at > b.at : a.order > b.order;
    }
  };
  void mix(uint64_t number);

  Random random_;
  std::vector<Event> events_;  // a heap
  Duration now_;
  uint64_t steps_ = 0, steps_of_instant_ = 0, fingerprint_ = 14695981039346656037u;
  std::optional<Violation> violation_;
  Trace traced_;
};

class Process final : public Runtime {
 public:
  Process(World& world, std::string name);

  Time now() const override;
  Duration uptime() const override { return world_.elapsed() - booted_at_; }
  Random& random() override { return random_; }
  std::string random_token(size_t bytes) override;
  void after(Duration delay, Task task) override;
  void post(Task task) override { after(Duration{}, std::move(task)); }

  const std::string& name() const { return name_; }
  void crash();  // drops what was scheduled
  void boot();   // as crash; the boot-time clock starts anew
  void set_wall_offset(Duration offset) { wall_offset_ = offset; }

 private:
  World& world_;
  const std::string name_;
  Random random_;
  Duration booted_at_, wall_offset_;
  uint64_t next_task_ = 1;
  std::map<uint64_t, Task> tasks_;
};

}  // namespace freehold::sim
