// A real server on port 0 with certificates of its own, for tests of this module and of those above
// it.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "http/client.h"
#include "http/pki.h"
#include "http/server.h"
#include "http/tls.h"
#include "runtime/loop.h"

namespace freehold::http::testing {

// Made once per process; valid for the day around now.
struct Certificates {
  KeyPair authority, server;
  KeyPair client;  // "alice" of "team-a", "team-b"
  KeyPair stranger_authority, stranger_client;
};
const Certificates& certificates();

class HandlerOf final : public Handler {
 public:
  using Function = std::function<void(Request, std::unique_ptr<Responder>)>;
  explicit HandlerOf(Function function) : function_(std::move(function)) {}
  void handle(Request request, std::unique_ptr<Responder> responder) override {
    function_(std::move(request), std::move(responder));
  }

 private:
  Function function_;
};

// Answers with method, path and body of the request.
void echo(Request request, std::unique_ptr<Responder> responder);

// The server's loop runs on a thread of its own until this is destroyed.
class TestServer {
 public:
  explicit TestServer(HandlerOf::Function function = echo, ServerOptions options = {});
  ~TestServer();
  uint16_t port() const { return server_->port(); }
  std::string url() const;
  Loop& loop() { return loop_; }
  Server& server() { return *server_; }  // use it on the loop thread only
  void on_loop(const Task& task);        // and waits for it
  size_t connections();                  // from any thread
  ClientOptions client_options() const;

 private:
  Loop loop_;
  HandlerOf handler_;
  std::unique_ptr<Server> server_;
  std::jthread thread_;
};

// A handler whose streams the test drives. Use `open` on the loop thread only.
struct Streams {
  std::vector<std::shared_ptr<Stream>> open;
  std::atomic<int> closed = 0;
  void operator()(Request request,
                  std::unique_ptr<Responder> responder);  // the body begins "begin;"
};

inline constexpr std::string_view get = "GET / HTTP/1.1\r\nhost: h\r\n\r\n";

// A client that sends any bytes, over TLS, and blocks.
class RawClient {
 public:
  explicit RawClient(uint16_t port, const KeyPair& certificate = {});
  ~RawClient();
  RawClient(const RawClient&) = delete;
  bool handshake();
  bool send(std::string_view bytes);
  bool send_plain(std::string_view bytes);  // below TLS
  // Until `text` has come, the connection ended, or a time limit passed.
  std::string read_until(std::string_view text);
  std::string read_to_end();  // CHECKs that the end comes
  std::string read_plain();   // to the end, below TLS
  void shrink_receive_buffer();
  bool is_resumed() const { return channel_.is_resumed(); }
  bool is_end_announced() const { return is_end_announced_; }  // that reading came to

 private:
  int socket_ = -1;
  bool is_end_announced_ = false;
  Channel channel_;
};

// Runs `loop` until `done` is set; the value, or a test failure after ten seconds.
Result<Response> call(Loop& loop, Transport& transport, Request request,
                      Duration timeout = seconds(5));
void run_until(Loop& loop, const std::function<bool()>& holds);
// For what another thread does.
bool wait_until(const std::function<bool()>& holds);

}  // namespace freehold::http::testing
