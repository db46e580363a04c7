// One connection of the client, and the exchange (a request and its response) that it carries.
// Inside client.cc and link.cc only. Everything runs on the loop thread.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/address.h"
#include "http/client.h"
#include "http/outbox.h"
#include "http/tls.h"
#include "http/wire.h"

namespace freehold::http {

class Link;

// Of an error that is this machine's own (is_own_fault).
inline constexpr std::string_view own_fault = "NotTried";

inline constexpr Duration never{std::numeric_limits<int64_t>::max()};

struct Exchange {
  std::string method, head;
  Bytes body;
  Duration deadline = never;  // in uptime
  std::function<void(Result<Response>)> done;
  bool is_stream = false;
  StreamEvents events;
  std::weak_ptr<Link> link;   // that carries it
  bool is_repeated = false;   // on its second connection
  bool is_cancelled = false;  // nobody wants the outcome
  bool is_in_callback = false;
  bool is_paused = false;  // its body is not wanted now

  // A GET may be sent twice without harm.
  bool is_safe() const { return method == "GET" || method == "HEAD"; }
  void fail(Error error);
  // Calls one of the events unless cancelled, and frees them all if that cancelled it.
  template <class Event>
  void tell(Event&& event);
  void cancel();
  void resume();
};

// What all links of one client share. Outlives the Transport while links do.
class ClientCore : public std::enable_shared_from_this<ClientCore> {
 public:
  ClientCore(Loop& loop_, Url url_, std::shared_ptr<TlsContext> tls_, ClientOptions options);

  void submit(std::shared_ptr<Exchange> exchange);
  void remove(const Link& link);
  void repeat(std::shared_ptr<Exchange> exchange);  // its connection had gone; on a new one
  void pump();                                      // gives waiting exchanges to links
  void close();                                     // ends everything without a callback
  bool closed() const { return closed_; }

  Loop& loop;
  const Url url;
  const std::shared_ptr<TlsContext> tls;  // null for http
  const ClientOptions options;
  std::string authorization;
  Scratch incoming;
  Scratch outgoing;

 private:
  void arm(Duration deadline);
  void expire();
  std::shared_ptr<Link> idle_link();

  std::vector<std::shared_ptr<Link>> links_;      // the pool
  std::vector<std::shared_ptr<Link>> dedicated_;  // one per stream
  std::deque<std::shared_ptr<Exchange>> waiting_;
  Timer alarm_;
  Duration alarm_at_ = never;
  bool closed_ = false;
};

class Link final : public std::enable_shared_from_this<Link> {
 public:
  using Socket = boost::asio::ip::tcp::socket;
  using Endpoint = boost::asio::ip::tcp::endpoint;
  explicit Link(std::shared_ptr<ClientCore> core);

  void begin(std::shared_ptr<Exchange> exchange);  // connects first when it must
  bool is_idle() const { return state_ == State::idle; }
  bool is_alive();  // an idle one: whether the server still holds its end
  const std::shared_ptr<Exchange>& exchange() const { return exchange_; }
  void expire();
  void read_on();  // what its exchange had paused
  void cut();      // closes; the exchange ends without a callback

 private:
  enum class State : uint8_t { fresh, connecting, handshaking, idle, exchanging, closed };

  void resolve();
  void connect_next(std::string problem);
  void handshake();
  void send();
  void flush();
  void flush_soon();
  void readable();
  void read_response();
  void read_soon();
  bool take(std::string_view bytes);
  bool is_paused() const { return exchange_ && exchange_->is_paused && head_told_; }
  void tell_stream();
  void ended(const Progress& progress);
  void complete();
  void fail(std::string problem, std::vector<Cause> causes = {});
  void fail_soon(std::string problem);
  void wait_readable();
  void wait_writable();

  const std::shared_ptr<ClientCore> core_;
  Socket socket_;
  boost::asio::ip::tcp::resolver resolver_;
  std::vector<Endpoint> endpoints_;
  size_t next_endpoint_ = 0;
  Channel channel_;
  std::shared_ptr<Exchange> exchange_;
  std::unique_ptr<ResponseReader> reader_;
  std::string input_;
  Outbox outbox_;
  State state_ = State::fresh;
  bool read_wait_ = false;
  bool read_posted_ = false;
  bool write_wait_ = false;
  bool sent_any_ = false;      // of this exchange
  bool head_told_ = false;     // of this stream
  bool was_used_ = false;      // an exchange ended well on it
  bool write_failed_ = false;  // the response may still be there to read
};

template <class Event>
void Exchange::tell(Event&& event) {
  if (is_cancelled) return;
  is_in_callback = true;
  event();
  is_in_callback = false;
  if (is_cancelled) events = {};
}

}  // namespace freehold::http
