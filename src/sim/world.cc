#include "sim/world.h"

#include <algorithm>
#include <utility>

namespace freehold::sim {

namespace {

constexpr Time epoch{1'800'000'000'000'000};
// No program needs so many turns without time passing: it goes round in circles.
constexpr uint64_t most_steps_of_instant = 200'000;

}  // namespace

World::World(uint64_t seed) : random_(seed * 0x9E3779B97F4A7C15 + 1) {}

void World::mix(uint64_t number) { fingerprint_ = (fingerprint_ ^ number) * 1099511628211u; }

void World::mix(std::string_view bytes) {
  for (const char c : bytes) mix(static_cast<uint64_t>(static_cast<unsigned char>(c)));
}

void World::after(Duration delay, Task task) {
  events_.push_back({now_ + std::max(delay, Duration{}), random_.next(), std::move(task)});
  std::push_heap(events_.begin(), events_.end(), Later{});
}

void World::run_until(Duration end) {
  while (!violation_ && !events_.empty() && events_.front().at <= end) {
    std::pop_heap(events_.begin(), events_.end(), Later{});
    const Event event = std::move(events_.back());
    events_.pop_back();
    steps_of_instant_ = event.at == now_ ? steps_of_instant_ + 1 : 0;
    now_ = event.at;
    ++steps_;
    mix(static_cast<uint64_t>(event.at.us));
    mix(event.order);
    if (steps_of_instant_ > most_steps_of_instant)
      return violate("progress", "the world turns without time passing");
    event.run();
  }
  if (!violation_) now_ = std::max(now_, end);
}

void World::violate(std::string rule, std::string what) {
  trace("world", rule + " VIOLATED: " + what);
  if (!violation_) violation_ = {std::move(rule), std::move(what)};
}

void World::trace(std::string_view who, std::string_view what) {
  if (!traced_) return;
  std::string time = std::to_string(now_.us / 1000);
  time.insert(0, time.size() < 9 ? 9 - time.size() : 0, ' ');
  traced_(time + " ms  " + std::string(who) + ": " + std::string(what));
}

Process::Process(World& world, std::string name)
    : world_(world), name_(std::move(name)), random_(world.random().next()) {}

// A machine was up for a while before we look.
Time Process::now() const { return epoch + world_.elapsed() + wall_offset_; }

std::string Process::random_token(size_t bytes) {
  static constexpr std::string_view digits = "0123456789abcdef";
  std::string token;
  for (size_t i = 0; i < bytes * 2; ++i) token += digits[static_cast<size_t>(random_.in(0, 15))];
  return token;
}

void Process::after(Duration delay, Task task) {
  const uint64_t id = next_task_++;
  tasks_.emplace(id, std::move(task));
  world_.after(delay, [this, id] {
    const auto found = tasks_.find(id);
    if (found == tasks_.end()) return;
    const Task run = std::move(found->second);
    tasks_.erase(found);
    run();
  });
}

void Process::crash() {
  // Taken out first: what the tasks own may schedule in its destructor.
  while (!tasks_.empty()) const auto dropped = std::exchange(tasks_, {});
}

void Process::boot() {
  crash();
  booted_at_ = world_.elapsed();
}

}  // namespace freehold::sim
