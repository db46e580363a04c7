#include "http/link.h"

#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/post.hpp>

#include "base/check.h"

namespace freehold::http {
namespace {

namespace asio = boost::asio;
using ErrorCode = boost::system::error_code;

constexpr int reads_per_turn = 4;
constexpr int writes_per_turn = 16;

void set_option(int socket, int level, int name, int value) {
  ::setsockopt(socket, level, name, &value, sizeof value);
}

// Small writes leave at once, and a server that vanished without a word ends a watch within a
// minute.
void tune(int socket) {
  set_option(socket, IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(socket, IPPROTO_TCP, TCP_KEEPIDLE, 30);
  set_option(socket, IPPROTO_TCP, TCP_KEEPINTVL, 10);
  set_option(socket, IPPROTO_TCP, TCP_KEEPCNT, 3);
}

}  // namespace

// ---- the exchange

void Exchange::fail(Error error) {
  if (is_stream) {
    tell([&] {
      if (events.on_end) events.on_end(std::move(error));
    });
    events = {};
    return;
  }
  if (const auto callback = std::exchange(done, nullptr)) callback(std::move(error));
}

void Exchange::cancel() {
  is_cancelled = true;
  if (!is_in_callback) events = {};
  if (const auto carrier = link.lock()) carrier->cut();
}

void Exchange::resume() {
  if (!std::exchange(is_paused, false)) return;
  if (const auto carrier = link.lock()) carrier->read_on();
}

// ---- connecting

Link::Link(std::shared_ptr<ClientCore> core)
    : core_(std::move(core)), socket_(core_->loop.context()), resolver_(core_->loop.context()) {}

void Link::begin(std::shared_ptr<Exchange> exchange) {
  exchange->link = weak_from_this();
  exchange_ = std::move(exchange);
  sent_any_ = head_told_ = write_failed_ = false;
  if (state_ == State::idle) return send();
  CHECK(state_ == State::fresh, "a link carries one exchange at a time");
  state_ = State::connecting;
  resolve();
}

void Link::resolve() {
  const HostPort& address = core_->url.address;
  ErrorCode error;
  const auto literal = asio::ip::make_address(address.host, error);
  if (!error) {
    endpoints_ = {Endpoint(literal, address.port)};
    // Not from inside begin(): a failure must not call back before the caller has returned.
    asio::post(socket_.get_executor(), [self = shared_from_this()] { self->connect_next({}); });
    return;
  }
  resolver_.async_resolve(address.host, std::to_string(address.port),
                          [self = shared_from_this()](ErrorCode failure, const auto& found) {
                            if (failure) return self->fail(failure.message());
                            for (const auto& entry : found)
                              self->endpoints_.push_back(entry.endpoint());
                            self->connect_next("the name has no address");
                          });
}

// Tries one address after the other; `problem` is why the one before failed.
void Link::connect_next(std::string problem) {
  if (state_ != State::connecting) return;
  if (next_endpoint_ == endpoints_.size()) return fail(std::move(problem));
  const Endpoint endpoint = endpoints_[next_endpoint_++];
  ErrorCode error;
  socket_.close(error);
  socket_.open(endpoint.protocol(), error);
  if (!error) socket_.non_blocking(true, error);
  if (error) return fail(error.message(), {{std::string(own_fault), "", "nothing was sent"}});
  tune(socket_.native_handle());
  socket_.async_connect(endpoint, [self = shared_from_this()](ErrorCode failure) {
    if (self->state_ != State::connecting) return;
    if (failure == boost::system::errc::address_not_available)
      return self->fail(failure.message(), {{std::string(own_fault), "", "nothing was sent"}});
    if (failure) return self->connect_next(failure.message());
    self->channel_ = Channel::client(self->socket_.native_handle(), self->core_->tls);
    self->state_ = State::handshaking;
    self->handshake();
  });
}

void Link::handshake() {
  switch (channel_.handshake()) {
    case Io::want_read:
      return wait_readable();
    case Io::want_write:
      return wait_writable();
    case Io::done:
      return send();
    default:
      return fail(channel_.problem());
  }
}

// ---- sending

void Link::send() {
  state_ = State::exchanging;
  ReaderLimits limits{limits::header_bytes, limits::scrape_bytes * 4};
  if (exchange_->is_stream) limits.body_bytes = std::numeric_limits<size_t>::max();
  reader_ = std::make_unique<ResponseReader>(exchange_->method, limits);
  outbox_.push(exchange_->head);
  outbox_.push(exchange_->body);
  flush();
  // Also while sending: a server may refuse an upload before its end.
  wait_readable();
}

void Link::flush() {
  if (write_wait_ || write_failed_ || state_ != State::exchanging) return;
  for (int i = 0; !outbox_.empty(); ++i) {
    if (i == writes_per_turn) return flush_soon();
    const Progress progress = channel_.write(outbox_.gather(core_->outgoing));
    switch (progress.state) {
      case Io::done:
        sent_any_ = true;
        outbox_.consume(progress.bytes);
        break;
      case Io::want_write:
        sent_any_ = true;
        return wait_writable();
      default:
        // The reason may lie in what the server sent before it closed: reading goes on.
        write_failed_ = true;
        if (!sent_any_) fail_soon(channel_.problem());
        return;
    }
  }
}

void Link::flush_soon() {
  asio::post(socket_.get_executor(), [self = shared_from_this()] { self->flush(); });
}

void Link::wait_writable() {
  if (write_wait_) return;
  write_wait_ = true;
  socket_.async_wait(Socket::wait_write, [self = shared_from_this()](ErrorCode error) {
    self->write_wait_ = false;
    if (error) return;
    if (self->state_ == State::handshaking) return self->handshake();
    self->flush();
  });
}

// ---- receiving

void Link::wait_readable() {
  if (read_wait_ || state_ == State::closed || is_paused()) return;
  read_wait_ = true;
  socket_.async_wait(Socket::wait_read, [self = shared_from_this()](ErrorCode error) {
    self->read_wait_ = false;
    if (!error) self->readable();
  });
}

void Link::readable() {
  switch (state_) {
    case State::handshaking:
      return handshake();
    case State::exchanging:
      return read_response();
    case State::idle:
      if (!is_alive()) return cut();
      return wait_readable();
    case State::fresh:
    case State::connecting:
    case State::closed:
      return;
  }
}

bool Link::is_alive() {
  // Only a session ticket may come now, which the channel keeps to itself.
  return channel_.read(core_->incoming.data(), core_->incoming.size()).state == Io::want_read;
}

void Link::read_response() {
  for (int i = 0; i < reads_per_turn; ++i) {
    if (is_paused()) return;
    Scratch& buffer = core_->incoming;
    const Progress progress = channel_.read(buffer.data(), buffer.size());
    switch (progress.state) {
      case Io::done:
        break;
      case Io::want_read:
      case Io::want_write:
        return wait_readable();
      case Io::closed:
      case Io::failed:
        return ended(progress);
    }
    if (!take({buffer.data(), progress.bytes})) return;
    if (!channel_.has_buffered()) return wait_readable();
  }
  read_soon();
}

// Not from inside: who resumes is not called back before it has returned. The channel may hold
// what the socket no longer has to show.
void Link::read_on() {
  if (state_ == State::exchanging) read_soon();
}

void Link::read_soon() {
  if (std::exchange(read_posted_, true)) return;
  asio::post(socket_.get_executor(), [self = shared_from_this()] {
    self->read_posted_ = false;
    if (self->state_ == State::exchanging) self->read_response();
  });
}

// Whether to go on reading. `bytes` may lie in the shared buffer: used up before a callback runs.
bool Link::take(std::string_view bytes) {
  if (input_.empty()) {
    input_ = bytes.substr(reader_->feed(bytes));
  } else {
    input_ += bytes;
    input_.erase(0, reader_->feed(input_));
  }
  if (exchange_->is_stream) tell_stream();
  if (state_ != State::exchanging) return false;  // a callback cancelled
  switch (reader_->state()) {
    case ReaderState::head:
    case ReaderState::body:
      return true;
    case ReaderState::complete:
      complete();
      return false;
    case ReaderState::broken:
      fail(reader_->problem());
      return false;
  }
  return false;
}

void Link::tell_stream() {
  const auto exchange = exchange_;  // a callback may cancel, which lets go of it
  const bool has_head =
      reader_->state() == ReaderState::body || reader_->state() == ReaderState::complete;
  if (!head_told_ && has_head) {
    head_told_ = true;
    exchange->deadline = never;
    const Response head = reader_->head();
    exchange->tell([&] {
      if (exchange->events.on_head) exchange->events.on_head(head);
    });
  }
  if (!head_told_ || state_ != State::exchanging) return;
  const std::string data = reader_->take_body();
  if (data.empty()) return;
  exchange->tell([&] {
    if (exchange->events.on_data) exchange->events.on_data(data);
  });
}

void Link::ended(const Progress& progress) {
  // Only an end that was announced may complete a body that ends with its connection.
  if (progress.state == Io::closed && reader_->received_any()) {
    reader_->feed_end();
    if (reader_->state() == ReaderState::complete) {
      if (exchange_->is_stream) tell_stream();
      if (state_ == State::exchanging) complete();
      return;
    }
  }
  fail(progress.state == Io::closed ? "the server closed the connection" : channel_.problem());
}

// ---- the end of an exchange

void Link::complete() {
  const auto self = shared_from_this();
  const auto exchange = std::exchange(exchange_, nullptr);
  const bool reusable = reader_->keeps_alive() && outbox_.empty() && input_.empty() &&
                        !write_failed_ && !exchange->is_stream && !core_->closed();
  Response response = reader_->take();
  reader_.reset();
  exchange->link.reset();
  was_used_ = true;
  if (reusable) {
    state_ = State::idle;
    wait_readable();
  } else {
    cut();
  }
  core_->pump();  // before the callback, which may take long
  if (exchange->is_stream) {
    exchange->tell([&] {
      if (exchange->events.on_end) exchange->events.on_end({});
    });
    exchange->events = {};
  } else if (const auto done = std::exchange(exchange->done, nullptr)) {
    done(std::move(response));
  }
}

void Link::fail(std::string problem, std::vector<Cause> causes) {
  if (state_ == State::closed) return;
  const auto self = shared_from_this();
  const auto exchange = std::exchange(exchange_, nullptr);
  const bool received_any = reader_ && reader_->received_any();
  const bool too_large = reader_ && reader_->is_too_large();
  const bool refused = channel_.is_refused() && !received_any && !was_used_;
  const bool stale =
      was_used_ && !received_any && !exchange->is_repeated && (exchange->is_safe() || !sent_any_);
  exchange->link.reset();
  cut();
  if (stale) return core_->repeat(exchange);
  core_->pump();
  if (too_large) {
    return exchange->fail({Reason::too_large, fmt::format("{}: {}", core_->options.url, problem)});
  }
  const bool unknown = sent_any_ && !refused && !exchange->is_stream;
  const std::string_view doubt =
      unknown && !exchange->is_safe() ? "; whether the request took effect is unknown" : "";
  exchange->fail({unknown ? Reason::timeout : Reason::unavailable,
                  fmt::format("{}: {}{}", core_->options.url, problem, doubt), std::move(causes)});
}

void Link::fail_soon(std::string problem) {
  asio::post(socket_.get_executor(), [self = shared_from_this(), problem = std::move(problem)] {
    if (self->state_ == State::exchanging) self->fail(problem);
  });
}

void Link::expire() {
  switch (state_) {
    case State::connecting:
      return fail("no connection in time");
    case State::handshaking:
      return fail("no TLS handshake in time");
    default:
      was_used_ = false;
      return fail("no answer in time");  // not a stale connection
  }
}

void Link::cut() {
  if (state_ == State::closed) return;
  const auto self = shared_from_this();
  channel_.close_notify();
  state_ = State::closed;
  ErrorCode ignored;
  resolver_.cancel();
  socket_.close(ignored);
  channel_ = Channel();
  exchange_.reset();
  outbox_.clear();
  input_ = {};
  core_->remove(*this);
}

}  // namespace freehold::http
