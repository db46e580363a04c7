#include "agent/prober.h"

#include <optional>
#include <utility>

namespace freehold::agent {

int64_t Doors::port(std::string_view name) const {
  for (const api::PortBinding& binding : ports_)
    if (binding.name == name) return binding.port;
  return 0;
}

http::Transport* Doors::http(std::string_view port_name) {
  const int64_t number = port(port_name);
  if (number == 0) return nullptr;
  std::unique_ptr<http::Transport>& transport = transports_[number];
  if (transport == nullptr) {
    auto opened = connect_("http://127.0.0.1:" + std::to_string(number));
    if (!opened.ok()) return nullptr;
    transport = *std::move(opened);
  }
  return transport.get();
}

struct Prober::State : std::enable_shared_from_this<State> {
  State(Runtime& r, Host& h, Doors& d, api::Probe p, ProbeTarget t, std::function<void()> tell)
      : runtime(r),
        host(h),
        doors(d),
        probe(std::move(p)),
        target(std::move(t)),
        answered(std::move(tell)) {}

  void wait(Duration pause) {
    timer = runtime.timer(pause, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->ask();
    });
  }

  void ask() {
    // Each question is answered once, whoever answers late.
    const int64_t number = ++questions;
    auto answer = [weak = weak_from_this(), number](std::optional<bool> good) {
      const auto self = weak.lock();
      if (self && self->questions == number && self->open) self->take(good);
    };
    open = true;
    if (probe.http_get) {
      http::Transport* transport = doors.http(probe.http_get->port);
      if (transport == nullptr) return take(false);
      http::Request request;
      request.path = probe.http_get->path;
      transport->request(std::move(request), probe.timeout, [answer](Result<http::Response> r) {
        if (!r.ok() && http::is_own_fault(r.error())) return answer(std::nullopt);
        answer(r.ok() && r->status >= 200 && r->status < 400);
      });
    } else if (!probe.tcp_port.empty()) {
      host.knock(doors.port(probe.tcp_port), probe.timeout, answer);
    } else {
      host.exec(target.id,
                {probe.command, target.env, target.user_id, probe.timeout, target.directory},
                [answer](Result<ExecOutcome> r) {
                  answer(r.ok() ? std::optional<bool>(r->code == 0) : std::nullopt);
                });
    }
  }

  void take(std::optional<bool> answer) {
    open = false;
    wait(probe.period);
    if (!answer) return;
    const bool good = *answer;
    in_row = asked && good == last ? in_row + 1 : 1;
    asked = true;
    last = good;
    if (in_row >= (good ? probe.success_threshold : probe.failure_threshold))
      verdict = good ? Readiness::good : Readiness::bad;
    answered();
  }

  Runtime& runtime;
  Host& host;
  Doors& doors;
  const api::Probe probe;
  const ProbeTarget target;
  const std::function<void()> answered;
  Timer timer;
  int64_t questions = 0, in_row = 0;
  bool open = false, asked = false, last = false;
  Readiness verdict = Readiness::unknown;
};

Prober::Prober(Runtime& runtime, Host& host, Doors& doors, api::Probe probe, ProbeTarget target,
               std::function<void()> answered)
    : state_(std::make_shared<State>(runtime, host, doors, std::move(probe), std::move(target),
                                     std::move(answered))) {
  state_->wait(state_->probe.initial_delay);
}
Readiness Prober::verdict() const { return state_->verdict; }
bool Prober::last_good() const { return state_->last; }
bool Prober::asked() const { return state_->asked; }

struct Scraper::State : std::enable_shared_from_this<State> {
  State(Runtime& r, Doors& d, api::MetricsEndpoint e, std::function<void(const std::string&)> tell)
      : runtime(r), doors(d), endpoint(std::move(e)), scraped(std::move(tell)) {}

  void wait(Duration pause) {
    timer = runtime.timer(pause, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->ask();
    });
  }

  void ask() {
    wait(endpoint.period);
    http::Transport* transport = doors.http(endpoint.port);
    if (transport == nullptr || open) return;
    open = true;
    http::Request request;
    request.path = endpoint.path;
    request.headers["accept"] = "text/plain;version=0.0.4";
    transport->request(std::move(request), endpoint.period,
                       [weak = weak_from_this()](Result<http::Response> response) {
                         const auto self = weak.lock();
                         if (!self) return;
                         self->open = false;
                         if (response.ok() && response->status == 200 && response->body)
                           self->scraped(*response->body);
                       });
  }

  Runtime& runtime;
  Doors& doors;
  const api::MetricsEndpoint endpoint;
  const std::function<void(const std::string&)> scraped;
  Timer timer;
  bool open = false;
};

Scraper::Scraper(Runtime& runtime, Doors& doors, api::MetricsEndpoint endpoint,
                 std::function<void(const std::string&)> scraped)
    : state_(std::make_shared<State>(runtime, doors, std::move(endpoint), std::move(scraped))) {
  state_->wait(Duration{});
}

}  // namespace freehold::agent
