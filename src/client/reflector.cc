#include <algorithm>
#include <optional>
#include <utility>

#include "client/remote.h"

namespace freehold::client {
namespace {

constexpr Duration first_pause = milliseconds(200);
constexpr Duration longest_pause = seconds(15);

std::string name_of(const api::Object& object) {
  return object.meta().ns + "/" + object.meta().name;
}

}  // namespace

struct Reflector::State : std::enable_shared_from_this<State> {
  State(Runtime& run, Remote& rem, Target what, ListOptions opts, std::function<void()> tell)
      : runtime(run),
        remote(rem),
        target(std::move(what)),
        options(std::move(opts)),
        changed(std::move(tell)) {}

  void list() {
    options.resource_version.clear();
    remote.list(target, options, [weak = weak_from_this()](Result<Listed> listed) {
      if (const auto self = weak.lock(); self && !self->over) self->take(std::move(listed));
    });
  }

  void take(Result<Listed> listed) {
    if (!listed.ok()) {
      error = std::move(listed).error();
      retry(&State::list);
      return changed();
    }
    error.reset();
    items.clear();
    for (api::Object& object : listed->items) {
      std::string name = name_of(object);
      items.insert_or_assign(std::move(name), std::move(object));
    }
    options.resource_version = std::move(listed->resource_version);
    synced = true;
    watch();
    changed();
  }

  void watch() {
    const std::weak_ptr<State> weak = weak_from_this();
    connected = true;
    WatchEvents events;
    events.on_event = [weak](EventType type, api::Object object) {
      if (const auto self = weak.lock(); self && !self->over) self->apply(type, std::move(object));
    };
    events.on_end = [weak](Result<void> end) {
      if (const auto self = weak.lock(); self && !self->over) self->ended(std::move(end));
    };
    call = remote.watch(target, options, std::move(events));
  }

  void apply(EventType type, api::Object object) {
    pause = first_pause;
    options.resource_version = object.meta().resource_version;
    if (type == EventType::bookmark) return;
    std::string name = name_of(object);
    if (type == EventType::deleted)
      items.erase(name);
    else
      items.insert_or_assign(std::move(name), std::move(object));
    changed();
  }

  // A proper end is the server's time limit: the watch goes on where it stood. After an error what
  // we have may be anything, so that the list is taken again.
  void ended(Result<void> end) {
    connected = false;
    if (!end.ok()) error = end.error();
    retry(end.ok() && !options.resource_version.empty() ? &State::watch : &State::list);
    changed();
  }

  void retry(void (State::*next)()) {
    // Half to all of the pause: a thousand agents do not come back in step.
    const Duration wait{runtime.random().in(pause.us / 2, pause.us)};
    pause = std::min(pause * 2, longest_pause);
    timer = runtime.timer(wait, [weak = weak_from_this(), next] {
      if (const auto self = weak.lock(); self && !self->over) {
        self->call.reset();
        ((*self).*next)();
      }
    });
  }

  Runtime& runtime;
  Remote& remote;
  const Target target;
  ListOptions options;
  const std::function<void()> changed;
  Items items;
  std::unique_ptr<http::Call> call;
  Timer timer;
  Duration pause = first_pause;
  std::optional<Error> error;
  bool synced = false, connected = false, over = false;
};

Reflector::Reflector(Runtime& runtime, Remote& remote, Target target, ListOptions options,
                     std::function<void()> changed)
    : state_(std::make_shared<State>(runtime, remote, std::move(target), std::move(options),
                                     std::move(changed))) {
  state_->list();
}

Reflector::~Reflector() {
  state_->over = true;
  state_->call.reset();
}

const Reflector::Items& Reflector::items() const { return state_->items; }
bool Reflector::synced() const { return state_->synced; }
bool Reflector::connected() const { return state_->connected; }
const Error* Reflector::error() const { return state_->error ? &*state_->error : nullptr; }

}  // namespace freehold::client
