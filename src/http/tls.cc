#include "http/tls.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "base/strings.h"
#include "http/openssl.h"
#include "http/server.h"

namespace freehold::http {
namespace {

// ---- a BIO on a socket that raises no SIGPIPE, unlike OpenSSL's own

int socket_of(BIO* bio) { return static_cast<int>(reinterpret_cast<intptr_t>(BIO_get_data(bio))); }

int bio_result(BIO* bio, ssize_t count, size_t* done, int retry_flag) {
  BIO_clear_retry_flags(bio);
  *done = count > 0 ? static_cast<size_t>(count) : 0;
  if (count > 0) return 1;
  if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
    BIO_set_flags(bio, retry_flag | BIO_FLAGS_SHOULD_RETRY);
  }
  if (count == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
  return 0;
}

int bio_write(BIO* bio, const char* from, size_t size, size_t* done) {
  const ssize_t count = ::send(socket_of(bio), from, size, MSG_NOSIGNAL);
  return bio_result(bio, count, done, BIO_FLAGS_WRITE);
}

int bio_read(BIO* bio, char* into, size_t room, size_t* done) {
  BIO_clear_flags(bio, BIO_FLAGS_IN_EOF);
  const ssize_t count = ::recv(socket_of(bio), into, room, 0);
  return bio_result(bio, count, done, BIO_FLAGS_READ);
}

long bio_control(BIO* bio, int command, long, void*) {
  switch (command) {
    case BIO_CTRL_FLUSH:
      return 1;
    case BIO_CTRL_EOF:
      return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
    default:
      return 0;
  }
}

BIO_METHOD* socket_method() {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made =
        BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK | BIO_TYPE_DESCRIPTOR, "socket");
    CHECK(made != nullptr, "out of memory");
    BIO_meth_set_write_ex(made, bio_write);
    BIO_meth_set_read_ex(made, bio_read);
    BIO_meth_set_ctrl(made, bio_control);
    return made;
  }();
  return method;
}

constexpr unsigned char alpn_http_1_1[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

int select_protocol(SSL*, const unsigned char** out, unsigned char* out_size,
                    const unsigned char* offered, unsigned int offered_size, void*) {
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, alpn_http_1_1, sizeof alpn_http_1_1, offered,
                            offered_size) != OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_NOACK;  // the client may still speak it without having said so
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

Error no_context() {
  return Error{Reason::internal, "TLS cannot be set up: " + take_openssl_errors()};
}

Result<SslCtx> make_context(const SSL_METHOD* method) {
  SslCtx made(SSL_CTX_new(method));
  SSL_CTX* ctx = made.get();
  if (ctx == nullptr || SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1 ||
      SSL_CTX_set_ciphersuites(
          ctx, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256") != 1 ||
      SSL_CTX_set_cipher_list(ctx, "ECDHE+AESGCM:ECDHE+CHACHA20") != 1 ||
      SSL_CTX_set1_groups_list(ctx, "X25519:P-256:P-384") != 1) {
    return no_context();
  }
  SSL_CTX_set_options(ctx, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                               SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                            SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_read_ahead(ctx, 1);  // a record's head and body in one system call
  return made;
}

// A leaf and the certificates between it and its authority.
Result<void> use_certificate(SSL_CTX* ctx, std::string_view certificate_pem,
                             std::string_view key_pem) {
  auto chain = TRY(read_certificates(certificate_pem));
  const EvpPkey key = TRY(read_key(key_pem));
  if (SSL_CTX_use_certificate(ctx, chain[0].get()) != 1) {
    return Error{Reason::invalid, "the certificate cannot be used: " + take_openssl_errors()};
  }
  if (SSL_CTX_use_PrivateKey(ctx, key.get()) != 1 || SSL_CTX_check_private_key(ctx) != 1) {
    take_openssl_errors();
    return Error{Reason::invalid, "the key does not belong to the certificate"};
  }
  for (size_t i = 1; i < chain.size(); ++i) {
    if (SSL_CTX_add1_chain_cert(ctx, chain[i].get()) != 1) return no_context();
  }
  return {};
}

Result<void> trust(SSL_CTX* ctx, const std::vector<X509Ptr>& authorities) {
  X509_STORE* store = SSL_CTX_get_cert_store(ctx);
  for (const X509Ptr& authority : authorities) {
    if (X509_STORE_add_cert(store, authority.get()) != 1) return no_context();
  }
  return {};
}

}  // namespace

// ---- contexts

class TlsContext::Impl {
 public:
  SslCtx ctx;
  ClientTls client;
  std::string pinned;     // SHA-256 of a certificate, 32 bytes, or empty
  std::string leaf;       // the same, of the server's own
  SslSessionPtr session;  // the client's last one, to resume

  static int keep_session(SSL* ssl, SSL_SESSION* session) {
    auto* self = static_cast<Impl*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
    self->session.reset(session);
    return 1;  // we own it
  }

  static std::string digest_of(const X509* certificate) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int size = 0;
    if (X509_digest(certificate, EVP_sha256(), digest.data(), &size) != 1) return {};
    return std::string(reinterpret_cast<char*>(digest.data()), size);
  }

  static int verify_leaf(X509_STORE_CTX* judged, void* argument) {
    const auto* self = static_cast<const Impl*>(argument);
    const X509* sent = X509_STORE_CTX_get0_cert(judged);
    const bool is_it = sent != nullptr && digest_of(sent) == self->leaf;
    X509_STORE_CTX_set_error(judged, is_it ? X509_V_OK : X509_V_ERR_APPLICATION_VERIFICATION);
    return is_it ? 1 : 0;
  }

  static int verify_nothing(X509_STORE_CTX* judged, void*) {
    X509_STORE_CTX_set_error(judged, X509_V_OK);
    return 1;
  }

  // The host of the URL is not asked for then (see Channel::client).
  static int verify_named(X509_STORE_CTX* judged, void* argument) {
    const auto* self = static_cast<const Impl*>(argument);
    if (X509_verify_cert(judged) != 1) return 0;
    const X509* leaf = X509_STORE_CTX_get0_cert(judged);
    const auto names = subject_texts(X509_get_subject_name(leaf), NID_commonName);
    if (names.size() == 1 && names[0] == self->client.common_name) return 1;
    X509_STORE_CTX_set_error(judged, X509_V_ERR_HOSTNAME_MISMATCH);
    return 0;
  }

  // Trusts whatever certificate of the peer's chain has the pinned hash; all else (signatures,
  // times, host, purpose) is judged as ever.
  static int verify_pinned(X509_STORE_CTX* judged, void* argument) {
    const auto* self = static_cast<const Impl*>(argument);
    STACK_OF(X509)* sent = X509_STORE_CTX_get0_untrusted(judged);
    for (int i = 0; i < sk_X509_num(sent); ++i) {
      X509* certificate = sk_X509_value(sent, i);
      if (digest_of(certificate) != self->pinned) continue;
      const X509Stack trusted(sk_X509_new_null());
      if (!trusted || sk_X509_push(trusted.get(), certificate) == 0) return 0;
      X509_STORE_CTX_set0_trusted_stack(judged, trusted.get());
      X509_VERIFY_PARAM_set_flags(X509_STORE_CTX_get0_param(judged), X509_V_FLAG_PARTIAL_CHAIN);
      const int verdict = X509_verify_cert(judged);
      X509_STORE_CTX_set0_trusted_stack(judged, nullptr);
      return verdict;
    }
    X509_STORE_CTX_set_error(judged, X509_V_ERR_APPLICATION_VERIFICATION);
    return 0;
  }
};

TlsContext::TlsContext(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TlsContext::~TlsContext() = default;

Result<std::shared_ptr<TlsContext>> TlsContext::for_server(const TlsFiles& files) {
  auto impl = std::make_unique<Impl>();
  impl->ctx = TRY(make_context(TLS_server_method()));
  SSL_CTX* ctx = impl->ctx.get();
  if (auto used = use_certificate(ctx, files.certificate_pem, files.key_pem); !used.ok()) {
    return std::move(used).error().within("server certificate");
  }
  if (!files.client_ca_pem.empty()) {
    auto authorities = read_certificates(files.client_ca_pem);
    if (!authorities.ok()) return std::move(authorities).error().within("client authority");
    TRY(trust(ctx, *authorities));
    for (const X509Ptr& authority : *authorities) {
      if (SSL_CTX_add_client_CA(ctx, authority.get()) != 1) return no_context();
    }
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, nullptr);
  }
  SSL_CTX_set_alpn_select_cb(ctx, select_protocol, nullptr);
  // No session is resumed: who comes again with a certificate that has ended is judged again.
  SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
  SSL_CTX_set_num_tickets(ctx, 0);
  return std::shared_ptr<TlsContext>(new TlsContext(std::move(impl)));
}

Result<std::shared_ptr<TlsContext>> TlsContext::for_client(ClientTls options) {
  auto impl = std::make_unique<Impl>();
  impl->ctx = TRY(make_context(TLS_client_method()));
  SSL_CTX* ctx = impl->ctx.get();
  SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, nullptr);
  if (options.is_unverified) {
    SSL_CTX_set_cert_verify_callback(ctx, Impl::verify_nothing, nullptr);
  } else if (!options.certificate_sha256.empty()) {
    const auto leaf = from_hex(options.certificate_sha256);
    if (!leaf || leaf->size() != 32) {
      return Error{Reason::invalid, "the hash of the certificate must be 64 hex digits"};
    }
    impl->leaf = *leaf;
    SSL_CTX_set_cert_verify_callback(ctx, Impl::verify_leaf, impl.get());
  } else if (!options.ca_sha256.empty()) {
    const auto pinned = from_hex(options.ca_sha256);
    if (!pinned || pinned->size() != 32) {
      return Error{Reason::invalid, "the hash of the authority must be 64 hex digits"};
    }
    impl->pinned = *pinned;
    SSL_CTX_set_cert_verify_callback(ctx, Impl::verify_pinned, impl.get());
  } else if (!options.ca_pem.empty()) {
    auto authorities = read_certificates(options.ca_pem);
    if (!authorities.ok()) return std::move(authorities).error().within("authority");
    TRY(trust(ctx, *authorities));
    if (!options.common_name.empty())
      SSL_CTX_set_cert_verify_callback(ctx, Impl::verify_named, impl.get());
  } else if (SSL_CTX_set_default_verify_paths(ctx) != 1) {
    return no_context();
  }
  if (!options.certificate_pem.empty() || !options.key_pem.empty()) {
    if (auto used = use_certificate(ctx, options.certificate_pem, options.key_pem); !used.ok()) {
      return std::move(used).error().within("client certificate");
    }
  }
  if (SSL_CTX_set_alpn_protos(ctx, alpn_http_1_1, sizeof alpn_http_1_1) != 0) return no_context();
  SSL_CTX_set_app_data(ctx, impl.get());
  SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(ctx, Impl::keep_session);
  impl->client = std::move(options);
  return std::shared_ptr<TlsContext>(new TlsContext(std::move(impl)));
}

// ---- channels

namespace {

SSL* make_ssl(int socket, SSL_CTX* ctx) {
  SSL* ssl = SSL_new(ctx);
  BIO* bio = BIO_new(socket_method());
  CHECK(ssl != nullptr && bio != nullptr, "out of memory");
  BIO_set_data(bio, reinterpret_cast<void*>(static_cast<intptr_t>(socket)));
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl, bio, bio);
  return ssl;
}

bool is_address(const std::string& host) {
  std::array<unsigned char, 16> ignored{};
  return inet_pton(AF_INET, host.c_str(), ignored.data()) == 1 ||
         inet_pton(AF_INET6, host.c_str(), ignored.data()) == 1;
}

}  // namespace

Channel Channel::server(int socket, std::shared_ptr<TlsContext> context) {
  Channel channel;
  channel.socket_ = socket;
  channel.context_ = std::move(context);
  if (!channel.context_) return channel;
  channel.ssl_ = make_ssl(socket, channel.context_->impl().ctx.get());
  SSL_set_accept_state(channel.ssl_);
  return channel;
}

Channel Channel::client(int socket, std::shared_ptr<TlsContext> context) {
  Channel channel;
  channel.socket_ = socket;
  channel.context_ = std::move(context);
  if (!channel.context_) return channel;
  TlsContext::Impl& impl = channel.context_->impl();
  channel.ssl_ = make_ssl(socket, impl.ctx.get());
  X509_VERIFY_PARAM* rules = SSL_get0_param(channel.ssl_);
  const std::string& host = impl.client.host;
  if (!impl.client.common_name.empty()) {
    // verify_named() judges.
  } else if (is_address(host)) {
    CHECK(X509_VERIFY_PARAM_set1_ip_asc(rules, host.c_str()) == 1, "out of memory");
  } else {
    CHECK(X509_VERIFY_PARAM_set1_host(rules, host.data(), host.size()) == 1, "out of memory");
    SSL_set_tlsext_host_name(channel.ssl_, host.c_str());
  }
  if (impl.session) SSL_set_session(channel.ssl_, impl.session.get());
  SSL_set_connect_state(channel.ssl_);
  return channel;
}

Channel::~Channel() {
  if (ssl_ == nullptr) return;
  // OpenSSL forbids to resume a session whose connection ended without a farewell, which a cut is.
  SSL_set_shutdown(ssl_, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  SSL_free(ssl_);
}

Channel::Channel(Channel&& other) noexcept { *this = std::move(other); }

Channel& Channel::operator=(Channel&& other) noexcept {
  std::swap(socket_, other.socket_);
  std::swap(ssl_, other.ssl_);
  std::swap(context_, other.context_);
  std::swap(refused_, other.refused_);
  std::swap(plain_http_, other.plain_http_);
  std::swap(failed_, other.failed_);
  std::swap(problem_, other.problem_);
  return *this;
}

void Channel::note_errors() {
  const int system_error = errno;
  if (std::exchange(failed_, true)) return;  // the first says why
  const unsigned long code = ERR_peek_error();
  const int reason = ERR_GET_REASON(code);
  if (code == 0) {
    problem_ = system_error != 0 ? std::strerror(system_error) : "the connection was cut";
    return;
  }
  refused_ = ERR_GET_LIB(code) == ERR_LIB_SSL && reason > SSL_AD_REASON_OFFSET;
  plain_http_ = ERR_GET_LIB(code) == ERR_LIB_SSL && reason == SSL_R_HTTP_REQUEST;
  const long verdict = SSL_get_verify_result(ssl_);
  problem_ = take_openssl_errors();
  if (verdict == X509_V_ERR_APPLICATION_VERIFICATION) {
    problem_ = "no certificate that the server sent has the hash that was asked for";
  } else if (verdict != X509_V_OK) {
    problem_ =
        fmt::format("the certificate is not trusted: {}", X509_verify_cert_error_string(verdict));
  }
}

Progress Channel::outcome(int returned, size_t bytes) {
  if (returned > 0) return {Io::done, bytes};
  switch (SSL_get_error(ssl_, returned)) {
    case SSL_ERROR_WANT_READ:
      return {Io::want_read};
    case SSL_ERROR_WANT_WRITE:
      return {Io::want_write};
    case SSL_ERROR_ZERO_RETURN:
      return {Io::closed};
    default:
      note_errors();
      return {Io::failed};
  }
}

Io Channel::handshake() {
  if (ssl_ == nullptr) return Io::done;
  ERR_clear_error();
  errno = 0;
  return outcome(SSL_do_handshake(ssl_), 0).state;
}

Progress Channel::read(char* into, size_t room) {
  if (ssl_ == nullptr) return discard(into, room);
  ERR_clear_error();
  errno = 0;
  size_t count = 0;
  const int returned = SSL_read_ex(ssl_, into, room, &count);
  return outcome(returned, count);
}

Progress Channel::write(std::string_view bytes) {
  if (ssl_ != nullptr) {
    ERR_clear_error();
    errno = 0;
    size_t count = 0;
    const int returned = SSL_write_ex(ssl_, bytes.data(), bytes.size(), &count);
    return outcome(returned, count);
  }
  const ssize_t count = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (count >= 0) return {Io::done, static_cast<size_t>(count)};
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return {Io::want_write};
  problem_ = std::strerror(errno);
  return {Io::failed};
}

bool Channel::has_buffered() const { return ssl_ != nullptr && SSL_has_pending(ssl_) == 1; }

void Channel::close_notify() {
  if (ssl_ == nullptr || failed_ || SSL_in_init(ssl_) != 0) return;
  ERR_clear_error();
  SSL_shutdown(ssl_);
  ERR_clear_error();
}

Progress Channel::discard(char* into, size_t room) {
  const ssize_t count = ::recv(socket_, into, room, 0);
  if (count > 0) return {Io::done, static_cast<size_t>(count)};
  if (count == 0) return {Io::closed};
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return {Io::want_read};
  problem_ = std::strerror(errno);
  return {Io::failed};
}

bool Channel::write_plain(std::string_view bytes) {
  return ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
         static_cast<ssize_t>(bytes.size());
}

bool Channel::is_resumed() const { return ssl_ != nullptr && SSL_session_reused(ssl_) == 1; }

Peer Channel::peer() const {
  Peer peer;
  if (ssl_ == nullptr || SSL_get_verify_result(ssl_) != X509_V_OK) return peer;
  const X509* certificate = SSL_get0_peer_certificate(ssl_);
  if (certificate == nullptr) return peer;
  const auto until = time_of(X509_get0_notAfter(certificate));
  if (!until.ok()) return peer;
  peer.certificate_until = *until;
  const X509_NAME* subject = X509_get_subject_name(certificate);
  auto names = subject_texts(subject, NID_commonName);
  // Two names would let two readers see two different users.
  if (names.size() == 1) peer.certificate_common_name = std::move(names[0]);
  for (std::string& name : subject_texts(subject, NID_organizationName)) {
    if (!name.empty()) peer.certificate_organizations.push_back(std::move(name));
  }
  return peer;
}

}  // namespace freehold::http
