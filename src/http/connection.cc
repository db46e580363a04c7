#include "http/connection.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <boost/asio/post.hpp>

#include "base/check.h"
#include "base/log.h"

namespace freehold::http {
namespace {

namespace asio = boost::asio;
using ErrorCode = boost::system::error_code;

// One client is served so much before the others get their turn.
constexpr int reads_per_turn = 4;
constexpr int writes_per_turn = 16;
// A stream that queues more than this does not wait for the next turn.
constexpr size_t burst_bytes = writes_per_turn * record_bytes;
// A refused upload is read and thrown away up to here, so that its sender gets to read the refusal.
constexpr size_t linger_bytes = 16u << 20;

class ResponderOfConnection final : public Responder {
 public:
  explicit ResponderOfConnection(std::shared_ptr<Connection> connection)
      : connection_(std::move(connection)) {}
  ~ResponderOfConnection() override {
    if (connection_) connection_->respond(refusal_response(500, "the request was not answered"));
  }
  void respond(Response response) override {
    const auto connection = std::move(connection_);
    if (BUG_IF(!connection, "a request was answered twice")) return;
    connection->respond(std::move(response));
  }
  std::shared_ptr<Stream> stream(Response head) override {
    const auto connection = std::move(connection_);
    if (BUG_IF(!connection, "a request was answered twice")) {
      return std::make_shared<StreamOfConnection>(nullptr);
    }
    return connection->stream(std::move(head));
  }

 private:
  std::shared_ptr<Connection> connection_;  // null once answered
};

std::string address_of(const Connection::Socket& socket) {
  ErrorCode error;
  const auto endpoint = socket.remote_endpoint(error);
  if (error) return {};
  const std::string host = endpoint.address().to_string();
  return endpoint.address().is_v6() ? fmt::format("[{}]:{}", host, endpoint.port())
                                    : fmt::format("{}:{}", host, endpoint.port());
}

}  // namespace

// ---- the stream

void StreamOfConnection::end(StreamEnd end) {
  finished_ = true;
  // Destroyed last: what they hold may own this stream.
  const auto closed_handler = std::exchange(on_closed_, nullptr);
  const auto drained_handler = std::exchange(on_drained_, nullptr);
  if (const auto connection = std::exchange(connection_, nullptr)) connection->finish(end);
}

void StreamOfConnection::on_closed(std::function<void()> handler) {
  if (finished_) return;
  BUG_IF(told_, "a handler for the end of a stream came after the end was told");
  on_closed_ = std::move(handler);
}

void StreamOfConnection::on_drained(std::function<void()> handler) {
  if (!connection_) return;
  on_drained_ = std::move(handler);
  if (connection_->queued_bytes() == 0) connection_->tell_drained_soon();
}

void StreamOfConnection::tell_drained() {
  if (!connection_) return;
  if (const auto handler = std::exchange(on_drained_, nullptr)) handler();
}

void StreamOfConnection::tell() {
  told_ = true;
  const auto drained_handler = std::exchange(on_drained_, nullptr);
  // Moved out first: the handler may drop this stream, and what it holds may own it.
  if (const auto handler = std::exchange(on_closed_, nullptr)) handler();
}

// ---- the connection

Connection::Connection(std::shared_ptr<ServerCore> core, Socket socket)
    : core_(std::move(core)), socket_(std::move(socket)), pause_(core_->options.body_timeout) {}

Duration Connection::from_now(Duration timeout) const { return core_->loop.uptime() + timeout; }

void Connection::start() {
  channel_ = Channel::server(socket_.native_handle(), core_->tls);
  peer_.address = address_of(socket_);
  deadline_ = from_now(core_->options.handshake_timeout);
  wait_readable();
}

void Connection::handshake() {
  switch (channel_.handshake()) {
    case Io::want_read:
      return wait_readable();
    case Io::want_write:
      return wait_writable();
    case Io::done:
      break;
    default:
      if (channel_.is_plain_http()) {
        channel_.write_plain(
            "HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n"
            "this is an HTTPS server: use https://\n");
      }
      log(LogLevel::debug, "http", "a TLS handshake failed",
          {{"peer", peer_.address}, {"why", channel_.problem()}});
      // The peer still has to read the alert that says why.
      return linger();
  }
  Peer certified = channel_.peer();
  certified.address = std::move(peer_.address);
  peer_ = std::move(certified);
  if (peer_.certificate_common_name.empty()) {
    if (core_->strangers >= core_->options.strangers) return linger();
    is_stranger_ = true;
    ++core_->strangers;
  }
  state_ = State::waiting;
  deadline_ = from_now(core_->options.header_timeout);
  receive();
}

// ---- reading

void Connection::wait_readable() {
  if (read_wait_ || state_ == State::closed) return;
  read_wait_ = true;
  socket_.async_wait(Socket::wait_read, [self = shared_from_this()](ErrorCode error) {
    self->read_wait_ = false;
    if (!error) self->readable();
  });
}

void Connection::readable() {
  switch (state_) {
    case State::handshaking:
      return handshake();
    case State::waiting:
    case State::receiving:
      return receive();
    case State::streaming:
      return watch_peer();
    case State::lingering:
      return discard();
    case State::handling:
    case State::writing:  // left over from a stream; the next request waits again
    case State::closed:
      return;
  }
}

void Connection::receive() {
  for (int i = 0; i < reads_per_turn; ++i) {
    Scratch& buffer = core_->incoming;
    const Progress progress = channel_.read(buffer.data(), buffer.size());
    switch (progress.state) {
      case Io::done:
        break;
      case Io::want_read:
        return wait_readable();
      case Io::want_write:
        return wait_writable();
      case Io::closed:
      case Io::failed:
        return cut();
    }
    if (take({buffer.data(), progress.bytes}) == Next::stop) return;
    if (!channel_.has_buffered()) return wait_readable();
  }
  receive_soon();
}

void Connection::receive_soon() {
  asio::post(socket_.get_executor(), [self = shared_from_this()] {
    const bool wanted = self->state_ == State::waiting || self->state_ == State::receiving;
    if (!wanted) return;
    if (self->input_.empty()) return self->receive();
    const std::string kept = std::exchange(self->input_, {});
    if (self->take(kept) == Next::go_on) self->receive();
  });
}

// `bytes` may lie in the shared buffer: they are kept or used up before the handler runs.
Connection::Next Connection::take(std::string_view bytes) {
  if (!reader_) {
    reader_ = std::make_unique<RequestReader>(
        ReaderLimits{core_->options.header_bytes, core_->options.body_bytes});
    state_ = State::receiving;
    continue_sent_ = false;
    deadline_ = from_now(core_->options.header_timeout);
  }
  const bool had_head = reader_->state() == ReaderState::body;
  if (input_.empty()) {
    input_ = bytes.substr(reader_->feed(bytes));
  } else {
    input_ += bytes;
    input_.erase(0, reader_->feed(input_));
  }
  switch (reader_->state()) {
    case ReaderState::head:
      return Next::go_on;
    case ReaderState::body:
      if (!had_head) deadline_ = from_now(core_->options.body_timeout);
      if (reader_->expects_continue() && !continue_sent_) {
        continue_sent_ = true;
        outbox_.push("HTTP/1.1 100 Continue\r\n\r\n");
        flush();
      }
      return state_ == State::closed ? Next::stop : Next::go_on;
    case ReaderState::complete:
      dispatch();
      return Next::stop;
    case ReaderState::broken:
      refuse();
      return Next::stop;
  }
  return Next::stop;
}

void Connection::dispatch() {
  is_http_1_0_ = reader_->is_http_1_0();
  keeps_alive_ = reader_->keeps_alive() && !is_http_1_0_ && !core_->stopping();
  Request request = reader_->take();
  reader_.reset();
  is_head_ = request.method == "HEAD";
  request.peer = peer_;
  state_ = State::handling;
  deadline_ = never;
  pause_ = core_->options.body_timeout;
  core_->handler.handle(std::move(request),
                        std::make_unique<ResponderOfConnection>(shared_from_this()));
}

void Connection::refuse() {
  keeps_alive_ = is_head_ = is_http_1_0_ = false;
  state_ = State::handling;
  deadline_ = never;
  Response refusal = refusal_response(reader_->refusal(), reader_->problem());
  reader_.reset();
  respond(std::move(refusal));
}

// While a stream runs, reading serves to notice that the peer went.
void Connection::watch_peer() {
  for (int i = 0; i < reads_per_turn; ++i) {
    Scratch& buffer = core_->incoming;
    const Progress progress = channel_.read(buffer.data(), buffer.size());
    if (progress.state == Io::want_read) break;
    const bool fits = input_.size() + progress.bytes <= core_->options.header_bytes;
    if (progress.state != Io::done || !fits) return cut();
    input_.append(buffer.data(), progress.bytes);
  }
  wait_readable();
}

// ---- answering

void Connection::respond(Response response) {
  if (state_ != State::handling) return;  // cut meanwhile
  keeps_alive_ = keeps_alive_ && !core_->stopping();
  outbox_.push(write_head(
      response, {.framing = Framing::sized, .keep_alive = keeps_alive_, .date = core_->date()}));
  if (!is_head_ && response.status != 204 && response.status != 304) {
    outbox_.push(std::move(response.body));
  }
  state_ = State::writing;
  flush();
}

std::shared_ptr<Stream> Connection::stream(Response head) {
  auto stream = std::make_shared<StreamOfConnection>(state_ == State::handling ? shared_from_this()
                                                                               : nullptr);
  if (state_ != State::handling) {
    // Told once the caller had time to say whom.
    asio::post(socket_.get_executor(), [stream] { stream->tell(); });
    return stream;
  }
  is_chunked_ = !is_http_1_0_;
  keeps_alive_ = keeps_alive_ && is_chunked_ && !core_->stopping();
  outbox_.push(write_head(head, {.framing = is_chunked_ ? Framing::chunked : Framing::until_close,
                                 .keep_alive = keeps_alive_,
                                 .date = core_->date()}));
  state_ = State::streaming;
  stream_ = stream;
  push_chunk(std::move(head.body));
  flush();
  if (core_->stopping()) {
    drain();
  } else {
    wait_readable();
  }
  return stream;
}

void Connection::push_chunk(Bytes chunk) {
  if (is_head_ || !chunk || chunk->empty()) return;
  if (is_chunked_) outbox_.push(chunk_prefix(chunk->size()));
  outbox_.push(std::move(chunk));
  if (is_chunked_) outbox_.push(std::string(chunk_suffix));
}

void Connection::send(Bytes chunk) {
  if (state_ != State::streaming) return;
  push_chunk(std::move(chunk));
  if (outbox_.size() < burst_bytes) return flush_soon();
  // Much in one turn of the loop: the peer may take it while more is made.
  write_out();
  if (state_ == State::streaming && outbox_.size() > core_->options.stream_queue_bytes) {
    log(LogLevel::info, "http", "a stream was cut: its reader is too slow",
        {{"peer", peer_.address}, {"queued_bytes", static_cast<uint64_t>(outbox_.size())}});
    cut();
  }
}

void Connection::finish(StreamEnd end) {
  if (state_ != State::streaming) return;
  if (end == StreamEnd::cut_short) {
    is_cut_short_ = true;
    keeps_alive_ = false;
  } else if (is_chunked_ && !is_head_) {
    outbox_.push(std::string(last_chunk));
  }
  state_ = State::writing;
  stream_.reset();
  flush_soon();
}

// ---- writing

void Connection::wait_writable() {
  if (write_wait_ || state_ == State::closed) return;
  write_wait_ = true;
  socket_.async_wait(Socket::wait_write, [self = shared_from_this()](ErrorCode error) {
    self->write_wait_ = false;
    if (error) return;
    // Else TLS itself had something to write.
    if (self->outbox_.empty() && self->state_ != State::writing) return self->readable();
    self->flush();
  });
}

void Connection::flush_soon() {
  if (flush_posted_ || write_wait_) return;
  flush_posted_ = true;
  asio::post(socket_.get_executor(), [self = shared_from_this()] {
    self->flush_posted_ = false;
    self->flush();
  });
}

void Connection::flush() {
  if (!write_wait_) write_out();
}

void Connection::write_out() {
  if (state_ == State::closed) return;
  for (int i = 0; !outbox_.empty(); ++i) {
    if (i == writes_per_turn) return flush_soon();
    const Progress progress = channel_.write(outbox_.gather(core_->outgoing));
    switch (progress.state) {
      case Io::done:
        outbox_.consume(progress.bytes);
        if (deadline_ != never && state_ != State::receiving) {
          deadline_ = from_now(pause_);
        }
        break;
      case Io::want_write:
        if (deadline_ == never) deadline_ = from_now(pause_);
        return wait_writable();
      default:
        return cut();
    }
  }
  flushed();
}

void Connection::flushed() {
  if (state_ == State::writing) return end_response();
  if (state_ != State::streaming) return;
  deadline_ = never;
  tell_drained_soon();
}

void Connection::tell_drained_soon() {
  const auto stream = stream_.lock();
  if (!stream || !stream->waits_for_drain()) return;
  asio::post(socket_.get_executor(), [stream] { stream->tell_drained(); });
}

void Connection::end_response() {
  if (!keeps_alive_ || core_->stopping()) return linger();
  state_ = State::waiting;
  const ServerOptions& times = core_->options;
  deadline_ = from_now(is_stranger_ ? std::min(times.stranger_idle_timeout, times.idle_timeout)
                                    : times.idle_timeout);
  // Posted, not called: a client that sends many requests at once must not deepen the stack.
  if (!input_.empty() || channel_.has_buffered()) return receive_soon();
  input_.shrink_to_fit();
  wait_readable();
}

// ---- the end

void Connection::linger() {
  // A body that ends with its connection is whole where that end is announced.
  if (!is_cut_short_) channel_.close_notify();
  ::shutdown(socket_.native_handle(), SHUT_WR);
  state_ = State::lingering;
  deadline_ = from_now(core_->options.linger_timeout);
  wait_readable();
}

void Connection::discard() {
  for (int i = 0; i < reads_per_turn; ++i) {
    Scratch& buffer = core_->incoming;
    const Progress progress = channel_.discard(buffer.data(), buffer.size());
    if (progress.state == Io::want_read) break;
    lingered_bytes_ += progress.bytes;
    if (progress.state != Io::done || lingered_bytes_ > linger_bytes) return cut();
  }
  wait_readable();
}

void Connection::cut() {
  if (state_ == State::closed) return;
  const auto self = shared_from_this();  // the list may hold the last reference
  if (state_ == State::waiting) channel_.close_notify();
  state_ = State::closed;
  if (std::exchange(is_stranger_, false)) --core_->strangers;
  deadline_ = never;
  ErrorCode ignored;
  socket_.close(ignored);
  channel_ = Channel();
  reader_.reset();
  outbox_.clear();
  input_ = {};
  tell_stream();
  core_->remove(*this);
}

void Connection::tell_stream() {
  const auto stream = stream_.lock();
  stream_.reset();
  if (!stream) return;
  stream->close();
  asio::post(socket_.get_executor(), [stream] { stream->tell(); });
}

void Connection::drain() {
  switch (state_) {
    case State::handshaking:
    case State::waiting:
      return cut();
    case State::streaming: {
      const auto self = shared_from_this();  // the stream may hold the last reference
      const auto stream = std::exchange(stream_, {});
      const auto running = stream.lock();
      finish(running ? running->end_when_dropped() : StreamEnd::whole);
      stream_ = stream;
      return tell_stream();
    }
    default:
      return;  // ends by itself: responses look whether the server stops
  }
}

void Connection::expire() {
  if (state_ == State::streaming && peer_.has_expired(core_->loop.now())) {
    log(LogLevel::info, "http", "a stream was cut: the certificate of its reader has ended",
        {{"peer", peer_.address}});
    return cut();
  }
  if (core_->loop.uptime() < deadline_) return;
  if (state_ == State::streaming) {
    log(LogLevel::info, "http", "a stream was cut: its reader takes nothing",
        {{"peer", peer_.address}, {"queued_bytes", static_cast<uint64_t>(outbox_.size())}});
  }
  cut();
}

}  // namespace freehold::http
