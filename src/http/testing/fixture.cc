#include "http/testing/fixture.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <future>

#include "base/check.h"

namespace freehold::http::testing {

const Certificates& certificates() {
  static const Certificates made = [] {
    const Time now = Loop().now();
    const Validity day{now - hours(12), now + hours(12)};
    Certificates all;
    all.authority = make_authority("test authority", day).value();
    all.server = issue_server(all.authority, {"127.0.0.1", "localhost", "::1"}, day).value();
    all.client = issue_client(all.authority, {"alice", {"team-a", "team-b"}}, day).value();
    all.stranger_authority = make_authority("stranger", day).value();
    all.stranger_client = issue_client(all.stranger_authority, {"mallory", {}}, day).value();
    return all;
  }();
  return made;
}

void echo(Request request, std::unique_ptr<Responder> responder) {
  Response response;
  response.headers["content-type"] = "text/plain";
  response.body = bytes(fmt::format("{} {} {}", request.method, request.path,
                                    request.body ? *request.body : std::string()));
  responder->respond(std::move(response));
}

TestServer::TestServer(HandlerOf::Function function, ServerOptions options)
    : handler_(std::move(function)) {
  const Certificates& all = certificates();
  options.tls = {all.server.certificate_pem, all.server.key_pem, all.authority.certificate_pem};
  auto started = Server::start(loop_, std::move(options), handler_);
  CHECK(started.ok(), started.ok() ? "" : started.error().message);
  server_ = std::move(*started);
  thread_ = std::jthread([this] { loop_.run(); });
}

TestServer::~TestServer() {
  loop_.stop();
  thread_.join();
  server_.reset();
}

std::string TestServer::url() const { return fmt::format("https://127.0.0.1:{}", port()); }

void TestServer::on_loop(const Task& task) {
  std::promise<void> done;
  loop_.post([&] {
    task();
    done.set_value();
  });
  done.get_future().wait();
}

size_t TestServer::connections() {
  size_t count = 0;
  on_loop([&] { count = server_->connections(); });
  return count;
}

void Streams::operator()(Request, std::unique_ptr<Responder> responder) {
  open.push_back(responder->stream({.status = 200, .body = bytes("begin;")}));
  open.back()->on_closed([this] { ++closed; });
}

ClientOptions TestServer::client_options() const {
  ClientOptions options;
  options.url = url();
  options.ca_pem = certificates().authority.certificate_pem;
  return options;
}

RawClient::RawClient(uint16_t port, const KeyPair& certificate) {
  socket_ = ::socket(AF_INET, SOCK_STREAM, 0);
  const timeval limit{.tv_sec = 10, .tv_usec = 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CHECK(::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0,
        "cannot connect");
  auto context = TlsContext::for_client({.host = "127.0.0.1",
                                         .ca_pem = certificates().authority.certificate_pem,
                                         .ca_sha256 = {},
                                         .certificate_pem = certificate.certificate_pem,
                                         .key_pem = certificate.key_pem});
  CHECK(context.ok(), "a client needs no more than this");
  channel_ = Channel::client(socket_, *context);
}

RawClient::~RawClient() { ::close(socket_); }

bool RawClient::handshake() { return channel_.handshake() == Io::done; }

bool RawClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const Progress progress = channel_.write(bytes);
    if (progress.state != Io::done) return false;
    bytes.remove_prefix(progress.bytes);
  }
  return true;
}

bool RawClient::send_plain(std::string_view bytes) {
  return ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL) > 0;
}

std::string RawClient::read_until(std::string_view text) {
  std::string all;
  std::array<char, 4096> buffer{};
  while (text.empty() || all.find(text) == std::string::npos) {
    const Progress progress = channel_.read(buffer.data(), buffer.size());
    if (progress.state != Io::done) {
      EXPECT_NE(progress.state, Io::want_read) << "nothing more came; so far: " << all;
      is_end_announced_ = progress.state == Io::closed;
      break;
    }
    all.append(buffer.data(), progress.bytes);
  }
  return all;
}

std::string RawClient::read_to_end() { return read_until({}); }

std::string RawClient::read_plain() {
  std::string all;
  std::array<char, 4096> buffer{};
  for (ssize_t count; (count = ::recv(socket_, buffer.data(), buffer.size(), 0)) > 0;) {
    all.append(buffer.data(), static_cast<size_t>(count));
  }
  return all;
}

void RawClient::shrink_receive_buffer() {
  const int bytes = 4096;
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
}

void run_until(Loop& loop, const std::function<bool()>& holds) {
  const Duration limit = loop.uptime() + seconds(10);
  std::function<void()> look = [&] {
    if (holds() || loop.uptime() > limit) return loop.stop();
    loop.after(microseconds(200), look);
  };
  loop.post(look);
  loop.run();
  EXPECT_TRUE(holds()) << "not within ten seconds";
}

bool wait_until(const std::function<bool()>& holds) {
  Loop loop;
  run_until(loop, holds);
  return holds();
}

Result<Response> call(Loop& loop, Transport& transport, Request request, Duration timeout) {
  std::optional<Result<Response>> outcome;
  transport.request(std::move(request), timeout, [&](Result<Response> result) {
    outcome = std::move(result);
    loop.stop();
  });
  if (!outcome) loop.run();
  if (!outcome) return Error{Reason::internal, "the callback never came"};
  return std::move(*outcome);
}

}  // namespace freehold::http::testing
