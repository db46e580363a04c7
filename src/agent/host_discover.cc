#include "agent/host_discover.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

namespace freehold::agent {
namespace {

// What a look takes on the largest machines, and some.
constexpr auto patience = std::chrono::seconds(2);

}  // namespace

// Shared with the thread of a look, which may outlive us.
struct Discoverer::State {
  State(Loop& l, std::unique_ptr<discover::Discovery> d) : loop(&l), discovery(std::move(d)) {}
  std::mutex mutex;
  std::condition_variable came_back;
  Loop* loop;  // null: closed
  bool is_looking = false;
  const std::unique_ptr<discover::Discovery> discovery;
};

Discoverer::Discoverer(Loop& loop, std::unique_ptr<discover::Discovery> discovery)
    : state_(std::make_shared<State>(loop, std::move(discovery))) {}

Discoverer::~Discoverer() {
  std::unique_lock lock(state_->mutex);
  state_->loop = nullptr;
  state_->came_back.wait_for(lock, patience, [this] { return !state_->is_looking; });
}

void Discoverer::look(std::function<void(Result<discover::Machine>)> done) {
  const std::lock_guard lock(state_->mutex);
  Loop& loop = *state_->loop;
  if (state_->is_looking || state_->discovery == nullptr) {
    const char* why =
        state_->is_looking
            ? "the look at the hardware before this one has not come back; a driver may hang"
            : "this host does not look at the hardware";
    loop.post([done = std::move(done), why] { done(Error{Reason::unavailable, why, {}}); });
    return;
  }
  state_->is_looking = true;
  // A thread for each look: there is one now and then, and one that hangs cannot be joined.
  std::thread([state = state_, done = std::move(done), uptime = loop.uptime()] {
    auto found = std::make_shared<Result<discover::Machine>>(state->discovery->look(uptime));
    const std::lock_guard mine(state->mutex);
    state->is_looking = false;
    if (state->loop != nullptr) state->loop->post([done, found] { done(std::move(*found)); });
    state->came_back.notify_all();
  }).detach();
}

}  // namespace freehold::agent
