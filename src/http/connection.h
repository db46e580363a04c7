// One client of the server, from its TLS handshake to its end: reads requests one after the other,
// hands them to the handler, writes what the handler answers, and cuts a client that is slow,
// silent or too large. Inside server.cc and connection.cc only. A Connection lives while its
// socket, its Responder or its Stream needs it; everything runs on the loop thread.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/outbox.h"
#include "http/server.h"
#include "http/tls.h"
#include "http/wire.h"

namespace freehold::http {

class Connection;
class StreamOfConnection;

// Of a streamed body: with its end, or so that it is seen to be missing.
enum class StreamEnd : uint8_t { whole, cut_short };

// What all connections of one server share. Outlives the Server while connections do.
class ServerCore {
 public:
  ServerCore(Loop& loop, ServerOptions options, Handler& handler);

  void add(std::shared_ptr<Connection> connection);
  void remove(Connection& connection);  // knows itself by its index
  const std::string& date();            // now, for a Date header
  void stop(Task done);                 // drains all connections; `done` when none is left
  void forget_done() { on_empty_ = nullptr; }
  void cut_all();
  bool stopping() const { return stopping_; }
  size_t connections() const { return connections_.size(); }
  std::vector<std::shared_ptr<StreamOfConnection>> streams() const;  // that run

  Loop& loop;
  const ServerOptions options;
  Handler& handler;
  std::shared_ptr<TlsContext> tls;
  size_t strangers = 0;  // connections that showed no certificate
  // One pair of buffers for all: a connection needs them only while it is being served.
  Scratch incoming;
  Scratch outgoing;

 private:
  void arm_sweep();
  void sweep();

  std::vector<std::shared_ptr<Connection>> connections_;
  Timer sweep_timer_;
  Duration sweep_interval_;
  bool stopping_ = false;
  Task on_empty_;
  std::string date_;
  int64_t date_second_ = 0;
};

class Connection final : public std::enable_shared_from_this<Connection> {
 public:
  using Socket = boost::asio::ip::tcp::socket;
  Connection(std::shared_ptr<ServerCore> core, Socket socket);

  void start();
  void cut();     // closes now; a stream is told later, from the loop
  void drain();   // the server stops: ends after what is in flight
  void expire();  // cuts when its time is over, and a stream with its peer's certificate
  std::shared_ptr<StreamOfConnection> stream_now() const { return stream_.lock(); }

  // For the Responder.
  void respond(Response response);
  std::shared_ptr<Stream> stream(Response head);
  // For the Stream.
  void send(Bytes chunk);
  void finish(StreamEnd end);
  size_t queued_bytes() const { return outbox_.size(); }
  void tell_drained_soon();
  void allow_pause(Duration longest) { pause_ = longest; }

  size_t index = 0;  // in ServerCore's list

 private:
  enum class State : uint8_t {
    handshaking,
    waiting,    // for the first byte of a request
    receiving,  // a request
    handling,   // the handler has it
    writing,    // the end of a response
    streaming,
    lingering,  // all is written; waits for the peer to have read it
    closed,
  };
  enum class Next : uint8_t { go_on, stop };
  static constexpr Duration never{std::numeric_limits<int64_t>::max()};

  void handshake();
  void receive();
  Next take(std::string_view bytes);
  void dispatch();
  void refuse();
  void watch_peer();
  void discard();
  void flush();
  void flush_soon();
  void write_out();
  void flushed();
  void end_response();
  void linger();
  void wait_readable();
  void wait_writable();
  void readable();
  void receive_soon();
  void push_chunk(Bytes chunk);
  void tell_stream();
  Duration from_now(Duration timeout) const;

  const std::shared_ptr<ServerCore> core_;
  Socket socket_;
  Channel channel_;
  std::unique_ptr<RequestReader> reader_;  // while a request comes in
  std::string input_;                      // read but not parsed yet
  Outbox outbox_;
  Peer peer_;
  std::weak_ptr<StreamOfConnection> stream_;
  Duration deadline_ = never;  // in uptime
  Duration pause_{};           // how long the peer may take nothing of what is being answered
  size_t lingered_bytes_ = 0;
  State state_ = State::handshaking;
  bool read_wait_ = false;
  bool write_wait_ = false;
  bool flush_posted_ = false;
  bool continue_sent_ = false;
  bool keeps_alive_ = true;
  bool is_stranger_ = false;  // counted in ServerCore::strangers
  bool is_head_ = false;      // the request being answered: no body
  bool is_http_1_0_ = false;
  bool is_chunked_ = false;
  bool is_cut_short_ = false;  // the body being answered
};

class StreamOfConnection final : public Stream {
 public:
  explicit StreamOfConnection(std::shared_ptr<Connection> connection)
      : connection_(std::move(connection)) {}
  ~StreamOfConnection() override { end(end_when_dropped_); }
  void send(Bytes chunk) override {
    // A copy: sending may close us and drop the connection.
    if (const auto connection = connection_) connection->send(std::move(chunk));
  }
  void finish() override { end(StreamEnd::whole); }
  void cut() override { end(StreamEnd::cut_short); }
  void must_finish() override { end_when_dropped_ = StreamEnd::cut_short; }
  StreamEnd end_when_dropped() const { return end_when_dropped_; }
  bool closed() const override { return connection_ == nullptr; }
  size_t queued_bytes() const override { return connection_ ? connection_->queued_bytes() : 0; }
  void on_drained(std::function<void()> handler) override;
  void allow_pause(Duration longest) override {
    if (connection_) connection_->allow_pause(longest);
  }
  void on_closed(std::function<void()> handler) override;

  void close() { connection_.reset(); }  // from now on nothing is sent
  bool waits_for_drain() const { return on_drained_ != nullptr; }
  void tell_drained();
  void tell();  // calls the handler, once

 private:
  void end(StreamEnd end);

  std::shared_ptr<Connection> connection_;  // null once closed
  std::function<void()> on_closed_, on_drained_;
  StreamEnd end_when_dropped_ = StreamEnd::whole;
  bool finished_ = false;
  bool told_ = false;
};

}  // namespace freehold::http
