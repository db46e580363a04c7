// Transport: the door to the network for whoever calls an API. Production is HTTPS with keep-alive
// connections (connect()); the simulation's network delays, loses and cuts. Callbacks run on the
// loop thread.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "http/message.h"
#include "runtime/loop.h"

namespace freehold::http {

// A response body as it comes. Destroying the Call cuts it; no callback runs afterwards.
class Call {
 public:
  virtual ~Call() = default;
  // For who cannot take more now: the body is not read further until resume(), so that a server
  // which looks at what it has queued is held back, too. Of what was read before, at most 16 KiB
  // may still come, with the head. Nobody notices meanwhile that the server has ended. Both may be
  // called at any time and any number of times; a transport that holds nothing back ignores them.
  virtual void pause() {}
  virtual void resume() {}
};

struct StreamEvents {
  std::function<void(const Response& head)> on_head{};  // body empty
  std::function<void(std::string_view chunk)> on_data{};
  std::function<void(Result<void> end)> on_end{};  // last; error when cut
};

// Of an error: this machine could not even try, for want of a file descriptor or of a port. It says
// nothing of the peer.
bool is_own_fault(const Error& error);

class Transport {
 public:
  // Open requests and streams end without a callback.
  virtual ~Transport() = default;
  // Errors: `unavailable` when nothing was sent (not connected, not trusted, refused), `timeout`
  // when the outcome is unknown, `too_large` for a body above limits::scrape_bytes * 4. Any HTTP
  // status is a Response, not an error. `done` is never called from inside.
  virtual void request(Request request, Duration timeout,
                       std::function<void(Result<Response>)> done) = 0;
  // For watches: no overall time limit, but the head must come within limits::body_timeout_s.
  // Destroying the result stops it.
  virtual std::unique_ptr<Call> stream(Request request, StreamEvents events) = 0;
};

struct ClientOptions {
  std::string
      url;  // https://127.0.0.1:6443 ; http:// is accepted for scraping workloads on loopback
  std::string ca_pem{};  // empty, and ca_sha256 too: the system's authorities
  // When set, the server's CA is not known yet and its certificate chain must hold a certificate
  // with this SHA-256 (hex), as a join token carries it. Then ca_pem is not looked at.
  std::string ca_sha256{};
  // When set, the server's own certificate must have this SHA-256 (hex), and nothing else of it is
  // judged, neither host nor times: for devices that make their own. ca_pem is not looked at.
  std::string certificate_sha256{};
  // When set, the server's certificate must have this common name, and hosts in it do not count:
  // for agents, which stand where they say themselves. Needs ca_pem.
  std::string common_name{};
  // Any certificate will do, so that whoever sits in between can read and change everything.
  bool is_unverified = false;
  std::string certificate_pem{}, key_pem{};  // client certificate, optional
  std::string bearer_token{};                // optional
  int connections = 4;                       // at once, kept alive; streams have their own
  size_t waiting = 10'000;  // requests without a connection yet; more are `unavailable`
};

// Errors: `invalid` for a bad URL or PEM. Connects lazily and again after a loss.
Result<std::unique_ptr<Transport>> connect(Loop& loop, ClientOptions options);

// Splits a byte stream into lines, for watches; a line longer than limits::object_bytes * 2 is an
// error.
class LineSplitter {
 public:
  // Errors: `too_large`; nothing that comes later makes sense then.
  // Calls `line` for each whole line in order, without its newline.
  Result<void> feed(std::string_view chunk, const std::function<void(std::string_view)>& line);

 private:
  std::string rest_;
};

}  // namespace freehold::http
