// HTTP/1.1 as bytes (RFC 9112): readers that turn what a peer sent into a Request or a Response,
// writers for heads and chunks. Bytes come in any pieces and from any source; no sockets, no clock.
// What the server and the fuzzers read with is this same code. Syntax is Beast's parser, which
// stays inside wire.cc.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/limits.h"
#include "base/result.h"
#include "http/message.h"

namespace freehold::http {

struct ReaderLimits {
  size_t header_bytes = limits::header_bytes;
  size_t body_bytes = limits::body_bytes;
};

enum class ReaderState : uint8_t { head, body, complete, broken };

class RequestReader {
 public:
  explicit RequestReader(ReaderLimits limits);
  ~RequestReader();
  RequestReader(const RequestReader&) = delete;
  RequestReader& operator=(const RequestReader&) = delete;

  // Returns how much it took; the caller hands in the rest again with more behind it. Stops at the
  // end of one message.
  size_t feed(std::string_view bytes);
  ReaderState state() const;

  // From state `body` on:
  bool expects_continue() const;  // the client waits for "100 Continue"
  bool keeps_alive() const;
  bool is_http_1_0() const;
  // When `broken`: the HTTP status to refuse with (400, 413, 431, 501, 505) and why.
  int refusal() const;
  const std::string& problem() const;
  // When `complete`; once.
  Request take();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

class ResponseReader {
 public:
  // `method` is that of the request: HEAD has no body whatever the head says.
  ResponseReader(std::string_view method, ReaderLimits limits);
  ~ResponseReader();
  ResponseReader(const ResponseReader&) = delete;
  ResponseReader& operator=(const ResponseReader&) = delete;

  size_t feed(std::string_view bytes);  // as RequestReader
  void feed_end();  // the peer closed: completes a body that ends so, breaks others
  ReaderState state() const;
  bool received_any() const;
  bool keeps_alive() const;
  bool is_too_large() const;           // when `broken`
  const std::string& problem() const;  // when `broken`
  const Response& head() const;        // from state `body` on; without body
  std::string take_body();             // what came since the last call
  Response take();  // when `complete`; head with the body since the last take_body

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// How the body of a response is delimited.
enum class Framing : uint8_t { sized, chunked, until_close };

struct HeadOptions {
  Framing framing = Framing::sized;
  bool keep_alive = true;
  std::string_view date;  // IMF-fixdate, may be empty
};

// The head of a response with its blank line. Content-Length is that of `response.body`. A header
// that could break the framing is left out: it is a bug of the caller.
std::string write_head(const Response& response, const HeadOptions& options);
std::string write_head(const Request& request, std::string_view host,
                       std::string_view authorization);
std::string chunk_prefix(size_t size);  // "1f4\r\n"
inline constexpr std::string_view chunk_suffix = "\r\n";
inline constexpr std::string_view last_chunk = "0\r\n\r\n";

std::string_view status_text(int status);    // "Not Found"; "Status" when unknown
std::string format_http_date(int64_t unix);  // seconds; RFC 9110 IMF-fixdate
// A refusal by this module, which knows no resources: a minimal metav1 Status.
Response refusal_response(int status, std::string_view message);

}  // namespace freehold::http
