#include "agent/patient.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "client/remote.h"

namespace freehold::agent {
namespace {

constexpr int unauthorized = 401;
constexpr Duration first_pause = seconds(1);
constexpr Duration longest_pause = seconds(60);

struct Ended final : http::Call {
  explicit Ended(std::function<void(Result<void>)> end)
      : on_end(std::make_shared<std::function<void(Result<void>)>>(std::move(end))) {}
  std::shared_ptr<std::function<void(Result<void>)>> on_end;
};

}  // namespace

struct PatientTransport::State {
  State(Runtime& r, http::Transport& i, std::function<void()> told)
      : runtime(r), inner(i), refused(std::move(told)) {}

  void hear(const Result<http::Response>& response) {
    if (!response.ok()) return;  // who cannot be reached says nothing
    if (response->status != unauthorized) return welcome();
    const Error error = client::error_of(*response);
    if (answer == nullptr)
      log(LogLevel::warning, "agent",
          "the control plane does not take this agent; the work goes on",
          {{"error", error.message}});
    answer = std::make_unique<Error>(error);
    pause = std::clamp(pause * 2, first_pause, longest_pause);
    quiet_until = runtime.uptime() + pause;
    if (refused) refused();
  }

  void welcome() {
    if (std::exchange(answer, nullptr) != nullptr)
      log(LogLevel::info, "agent", "the control plane takes this agent again");
    pause = quiet_until = Duration{};
  }

  bool is_quiet() const { return answer != nullptr && runtime.uptime() < quiet_until; }

  Runtime& runtime;
  http::Transport& inner;
  const std::function<void()> refused;
  std::unique_ptr<Error> answer;  // the last 401; null: known, as far as one can tell
  Duration pause, quiet_until;
};

PatientTransport::PatientTransport(Runtime& runtime, http::Transport& inner,
                                   std::function<void()> refused)
    : state_(std::make_shared<State>(runtime, inner, std::move(refused))) {}
PatientTransport::~PatientTransport() = default;

void PatientTransport::request(http::Request request, Duration timeout,
                               std::function<void(Result<http::Response>)> done) {
  const std::weak_ptr<State> weak = state_;
  if (state_->is_quiet())
    return state_->runtime.post([weak, done = std::move(done), error = *state_->answer] {
      if (!weak.expired()) done(error);
    });
  state_->inner.request(std::move(request), timeout,
                        [weak, done = std::move(done)](Result<http::Response> response) {
                          const auto self = weak.lock();
                          if (!self) return;
                          self->hear(response);
                          done(std::move(response));
                        });
}

// Whoever follows a stream asks for a list before and after: what refuses it is heard there.
std::unique_ptr<http::Call> PatientTransport::stream(http::Request request,
                                                     http::StreamEvents events) {
  if (!state_->is_quiet()) return state_->inner.stream(std::move(request), std::move(events));
  auto ended = std::make_unique<Ended>(std::move(events.on_end));
  state_->runtime.post([weak = std::weak_ptr(ended->on_end), error = *state_->answer] {
    if (const auto end = weak.lock(); end && *end) (*end)(error);
  });
  return ended;
}

}  // namespace freehold::agent
