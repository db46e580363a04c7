// Channel: one connected socket, with TLS or without, that never blocks and knows no event loop;
// its owner waits for the socket and calls again. OpenSSL works on the socket itself, so that there
// is one system call per record, and an idle connection holds no buffers: with Asio's own stream
// each held some 70 KiB. TlsContext: certificates, authorities and sessions shared by many
// channels.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/message.h"

struct ssl_st;
struct ssl_ctx_st;

namespace freehold::http {

struct TlsFiles;

struct ClientTls {
  std::string host;  // checked against the certificate: a DNS name or an IP address
  // As in ClientOptions, and so below.
  std::string ca_pem, ca_sha256{}, certificate_sha256{}, common_name{};
  bool is_unverified = false;
  std::string certificate_pem{}, key_pem{};
};

class TlsContext {
 public:
  // Errors: `invalid` for a PEM that cannot be read, and for a key that does not fit its
  // certificate.
  static Result<std::shared_ptr<TlsContext>> for_server(const TlsFiles& files);
  static Result<std::shared_ptr<TlsContext>> for_client(ClientTls options);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  class Impl;
  Impl& impl() { return *impl_; }

 private:
  explicit TlsContext(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

enum class Io : uint8_t { done, want_read, want_write, closed, failed };
struct Progress {
  Io state;
  size_t bytes = 0;
};

class Channel {
 public:
  // The socket stays the caller's, must not block, and must outlive this. Null context: no TLS.
  static Channel server(int socket, std::shared_ptr<TlsContext> context);
  static Channel client(int socket, std::shared_ptr<TlsContext> context);
  Channel() = default;
  ~Channel();
  Channel(Channel&&) noexcept;
  Channel& operator=(Channel&&) noexcept;

  Io handshake();
  // `closed` is an end that the peer announced; `failed` any other.
  Progress read(char* into, size_t room);
  // Takes a part, at most one record. After want_*, call again with at least the same bytes.
  Progress write(std::string_view bytes);
  bool has_buffered() const;  // what a read would give without waiting for the socket
  void close_notify();        // tells the peer that no more comes; best effort
  Progress discard(char* into, size_t room);  // reads and throws away, below TLS
  bool write_plain(std::string_view bytes);   // below TLS; only before a handshake is done

  bool is_resumed() const;
  Peer peer() const;  // what the verified certificate says; no address
  // The last failure was the peer's fatal alert: it refused us (certificate, protocol).
  bool is_refused() const { return refused_; }
  // The peer spoke plain HTTP to a TLS server.
  bool is_plain_http() const { return plain_http_; }
  const std::string& problem() const { return problem_; }

 private:
  Progress outcome(int returned, size_t bytes);
  void note_errors();

  int socket_ = -1;
  ssl_st* ssl_ = nullptr;
  std::shared_ptr<TlsContext> context_;
  bool refused_ = false;
  bool plain_http_ = false;
  bool failed_ = false;
  std::string problem_;
};

}  // namespace freehold::http
