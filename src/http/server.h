// The HTTPS server: HTTP/1.1 over TLS on the Runtime's loop, client certificates verified when
// offered, slow, silent and oversized clients cut (base/limits.h). It knows bytes and headers, no
// resources. Everything, handlers included, runs on the loop thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/limits.h"
#include "base/result.h"
#include "http/message.h"
#include "runtime/loop.h"

namespace freehold::http {

// A response that goes on: chunks are queued and sent as the peer takes them. Owned by the handler
// as long as it likes; dropping it ends the response. When the queue passes
// limits::watch_queue_bytes, the peer takes nothing for the body time limit, or the certificate of
// the peer ends, the connection is cut and `closed()` turns true.
class Stream {
 public:
  virtual ~Stream() = default;
  virtual void send(Bytes chunk) = 0;  // what is sent in one turn of the loop leaves together
  virtual void finish() = 0;           // ends the body properly
  // Ends it so that its reader sees that something is missing: what is queued is still sent, but
  // not the end of the body, and the connection closes.
  virtual void cut() = 0;
  virtual bool closed() const = 0;  // nothing that is sent now arrives
  virtual size_t queued_bytes() const = 0;
  // For who has much to send, such as the initial events of a watch: send some, and the rest from
  // here. Called once, from the loop, when nothing is queued; never after the stream closed.
  virtual void on_drained(std::function<void()> handler) = 0;
  // For a body that has an end, as that of a log, and of a watch has not: where it is dropped, or
  // the server stops, before finish(), it is cut, not ended.
  virtual void must_finish() {}
  // For who sends no more than the peer takes, and lets it rest: how long it may take nothing,
  // instead of the body time limit.
  virtual void allow_pause(Duration) {}
  // Called once, from the loop and never from inside send(): the peer went, was cut, or the server
  // stops. Not called after finish() or cut(). The handler may drop the Stream.
  virtual void on_closed(std::function<void()> handler) = 0;
};

// The two ways to answer; exactly one call.
class Responder {
 public:
  virtual ~Responder() = default;
  virtual void respond(Response response) = 0;
  virtual std::shared_ptr<Stream> stream(Response head) = 0;  // head.body is sent first when set
};

class Handler {
 public:
  virtual ~Handler() = default;
  // May answer now or later. A Responder dropped without an answer gives 500.
  virtual void handle(Request request, std::unique_ptr<Responder> responder) = 0;
};

struct TlsFiles {
  std::string certificate_pem, key_pem, client_ca_pem;  // contents, not paths
};

struct ServerOptions {
  std::string listen = "127.0.0.1:0";  // host:port; port 0 picks one; no host: every address
  TlsFiles tls;

  // The time that a client has; tests shorten it.
  Duration handshake_timeout = seconds(10);
  Duration header_timeout = seconds(limits::header_timeout_s);  // from its first byte
  // For a whole request body, and for taking some part of a response.
  Duration body_timeout = seconds(limits::body_timeout_s);
  Duration idle_timeout = seconds(limits::idle_timeout_s);
  // The same for clients without a certificate, who are served little.
  Duration stranger_idle_timeout = seconds(limits::header_timeout_s);
  // After the last response: the client has read it by then, else closing would take it away.
  Duration linger_timeout = seconds(2);

  // Further ones are closed at once. Whatever is said here, no more than half of the files that
  // the process may open.
  size_t connections = limits::connections;
  // Of them, clients without a certificate: they never take the place of those with one. No more
  // than an eighth of the files.
  size_t strangers = limits::connections / 4;
  size_t header_bytes = limits::header_bytes;
  size_t body_bytes = limits::body_bytes;
  size_t stream_queue_bytes = limits::watch_queue_bytes;
};

// Lets this process open as many files as it may at all; before the first server starts. What it
// starts inherits that.
void raise_file_limit();

class Server {
 public:
  // Errors: `unavailable` when the address cannot be bound, `invalid` for bad PEM.
  static Result<std::unique_ptr<Server>> start(Loop& loop, ServerOptions options, Handler& handler);
  virtual ~Server() = default;  // cuts what is open; on_closed handlers run inside
  virtual uint16_t port() const = 0;
  virtual size_t connections() const = 0;
  // For connections to come; open ones keep what they have. Errors: `invalid`, and nothing changes.
  virtual Result<void> replace_tls(const TlsFiles& files) = 0;
  // Takes no new connection, lets requests in flight end for `grace`, ends streams, then calls
  // `done`. Once.
  virtual void stop(Duration grace, Task done) = 0;
};

}  // namespace freehold::http
