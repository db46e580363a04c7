#include "http/client.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "http/link.h"

namespace freehold::http {

bool is_own_fault(const Error& error) {
  return error.causes.size() == 1 && error.causes[0].type == own_fault;
}

// ---- what the links of one client share

ClientCore::ClientCore(Loop& loop_, Url url_, std::shared_ptr<TlsContext> tls_,
                       ClientOptions options_)
    : loop(loop_), url(std::move(url_)), tls(std::move(tls_)), options(std::move(options_)) {
  if (!options.bearer_token.empty()) authorization = "Bearer " + options.bearer_token;
}

void ClientCore::submit(std::shared_ptr<Exchange> exchange) {
  arm(exchange->deadline);
  if (exchange->is_stream) {
    dedicated_.push_back(std::make_shared<Link>(shared_from_this()));
    const auto link = dedicated_.back();
    return link->begin(std::move(exchange));
  }
  if (waiting_.size() >= options.waiting) {
    return loop.post([exchange = std::move(exchange), host = options.url] {
      exchange->fail({Reason::unavailable, host + ": too many requests wait for a connection"});
    });
  }
  waiting_.push_back(std::move(exchange));
  pump();
}

void ClientCore::pump() {
  const auto most = static_cast<size_t>(std::max(options.connections, 1));
  while (!waiting_.empty() && !closed_) {
    auto link = idle_link();
    if (!link && links_.size() >= most) return;
    if (!link) link = links_.emplace_back(std::make_shared<Link>(shared_from_this()));
    auto exchange = std::move(waiting_.front());
    waiting_.pop_front();
    link->begin(std::move(exchange));
  }
}

// The one last made: with little to do the others grow old, and the server may close them.
std::shared_ptr<Link> ClientCore::idle_link() {
  for (size_t i = links_.size(); i-- > 0;) {
    const auto link = links_[i];
    if (!link->is_idle()) continue;
    if (link->is_alive()) return link;
    link->cut();  // the server has closed its end: met here, before a request is lost on it
  }
  return nullptr;
}

void ClientCore::repeat(std::shared_ptr<Exchange> exchange) {
  exchange->is_repeated = true;
  // What closed this connection, most likely a restart, has closed the idle ones too.
  for (size_t i = links_.size(); i-- > 0;) {
    if (links_[i]->is_idle()) links_[i]->cut();
  }
  waiting_.push_front(std::move(exchange));
  pump();
}

void ClientCore::remove(const Link& link) {
  const auto is_it = [&](const auto& other) { return other.get() == &link; };
  std::erase_if(links_, is_it);
  std::erase_if(dedicated_, is_it);
}

// One timer for all exchanges, for the earliest deadline. It is not taken back when its exchange
// ends in time: it fires, finds the next deadline, and so costs one timer per time limit instead of
// one per request.
void ClientCore::arm(Duration deadline) {
  if (deadline >= alarm_at_) return;
  alarm_at_ = deadline;
  alarm_ = loop.timer(deadline - loop.uptime(), [this] { expire(); });
}

void ClientCore::expire() {
  const auto self = shared_from_this();  // a callback may destroy the Transport
  alarm_at_ = never;
  const Duration now = loop.uptime();
  std::vector<std::shared_ptr<Exchange>> late;
  Duration next = never;
  std::erase_if(waiting_, [&](const auto& exchange) {
    next = exchange->deadline > now ? std::min(next, exchange->deadline) : next;
    if (exchange->deadline > now) return false;
    late.push_back(exchange);
    return true;
  });
  std::vector<std::shared_ptr<Link>> stuck;
  for (const auto* list : {&links_, &dedicated_}) {
    for (const auto& link : *list) {
      if (!link->exchange()) continue;
      const Duration deadline = link->exchange()->deadline;
      if (deadline > now) {
        next = std::min(next, deadline);
      } else {
        stuck.push_back(link);
      }
    }
  }
  arm(next);
  for (const auto& link : stuck) link->expire();
  for (const auto& exchange : late) {
    if (closed_) return;
    exchange->fail({Reason::unavailable, options.url + ": no connection was free in time"});
  }
}

void ClientCore::close() {
  closed_ = true;
  alarm_.cancel();
  waiting_.clear();
  while (!links_.empty()) links_.back()->cut();
  while (!dedicated_.empty()) dedicated_.back()->cut();
}

// ---- the transport

namespace {

class CallOnLink final : public Call {
 public:
  explicit CallOnLink(std::shared_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}
  ~CallOnLink() override { exchange_->cancel(); }
  void pause() override { exchange_->is_paused = true; }
  void resume() override { exchange_->resume(); }

 private:
  const std::shared_ptr<Exchange> exchange_;
};

class TransportOnLoop final : public Transport {
 public:
  explicit TransportOnLoop(std::shared_ptr<ClientCore> core) : core_(std::move(core)) {}
  ~TransportOnLoop() override { core_->close(); }

  void request(Request request, Duration timeout,
               std::function<void(Result<Response>)> done) override {
    auto exchange = make_exchange(std::move(request), timeout);
    exchange->done = std::move(done);
    core_->submit(std::move(exchange));
  }

  std::unique_ptr<Call> stream(Request request, StreamEvents events) override {
    auto exchange = make_exchange(std::move(request), seconds(limits::body_timeout_s));
    exchange->is_stream = true;
    exchange->events = std::move(events);
    core_->submit(exchange);
    return std::make_unique<CallOnLink>(std::move(exchange));
  }

 private:
  std::shared_ptr<Exchange> make_exchange(Request request, Duration timeout) {
    auto exchange = std::make_shared<Exchange>();
    exchange->head = write_head(request, core_->url.authority, core_->authorization);
    exchange->method = std::move(request.method);
    exchange->body = std::move(request.body);
    exchange->deadline = core_->loop.uptime() + timeout;
    return exchange;
  }

  const std::shared_ptr<ClientCore> core_;
};

}  // namespace

Result<std::unique_ptr<Transport>> connect(Loop& loop, ClientOptions options) {
  Url url = TRY(parse_url(options.url));
  std::shared_ptr<TlsContext> tls;
  if (url.scheme == Scheme::https) {
    tls = TRY(TlsContext::for_client({.host = url.address.host,
                                      .ca_pem = options.ca_pem,
                                      .ca_sha256 = options.ca_sha256,
                                      .certificate_sha256 = options.certificate_sha256,
                                      .common_name = options.common_name,
                                      .is_unverified = options.is_unverified,
                                      .certificate_pem = options.certificate_pem,
                                      .key_pem = options.key_pem}));
  } else if (!options.bearer_token.empty() || !options.key_pem.empty()) {
    return Error{Reason::invalid,
                 fmt::format("url \"{}\": credentials are sent over https only", options.url)};
  }
  return std::unique_ptr<Transport>(std::make_unique<TransportOnLoop>(
      std::make_shared<ClientCore>(loop, std::move(url), std::move(tls), std::move(options))));
}

Result<void> LineSplitter::feed(std::string_view chunk,
                                const std::function<void(std::string_view)>& line) {
  static constexpr size_t longest = limits::object_bytes * 2;
  const auto too_long = [] {
    return Error{Reason::too_large, fmt::format("a line is longer than {} bytes", longest)};
  };
  for (size_t end; (end = chunk.find('\n')) != std::string_view::npos;) {
    std::string_view whole = chunk.substr(0, end);
    chunk.remove_prefix(end + 1);
    if (rest_.size() + whole.size() > longest) return too_long();
    if (rest_.empty()) {
      line(whole);
      continue;
    }
    const std::string joined = std::exchange(rest_, {}).append(whole);
    line(joined);
  }
  if (rest_.size() + chunk.size() > longest) return too_long();
  rest_ += chunk;
  return {};
}

}  // namespace freehold::http
