#include "http/server.h"

#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "http/address.h"
#include "http/connection.h"

namespace freehold::http {

namespace asio = boost::asio;
using ErrorCode = boost::system::error_code;
using tcp = asio::ip::tcp;

// ---- what connections share

ServerCore::ServerCore(Loop& loop_, ServerOptions options_, Handler& handler_)
    : loop(loop_), options(std::move(options_)), handler(handler_) {
  const Duration shortest =
      std::min({options.handshake_timeout, options.header_timeout, options.body_timeout,
                options.idle_timeout, options.linger_timeout});
  // Times are kept to within a quarter: one walk over all connections replaces a timer in each.
  sweep_interval_ = std::clamp(shortest / 4, milliseconds(5), seconds(1));
}

void ServerCore::add(std::shared_ptr<Connection> connection) {
  connection->index = connections_.size();
  connections_.push_back(std::move(connection));
  arm_sweep();
}

void ServerCore::remove(Connection& connection) {
  const size_t index = connection.index;
  CHECK(index < connections_.size() && connections_[index].get() == &connection,
        "a connection stands where it says");
  if (index + 1 < connections_.size()) {
    std::swap(connections_[index], connections_.back());
    connections_[index]->index = index;
  }
  connections_.pop_back();
  if (connections_.empty() && on_empty_) loop.post(std::exchange(on_empty_, nullptr));
}

const std::string& ServerCore::date() {
  const int64_t second = loop.now().us / 1'000'000;
  if (second != date_second_) {
    date_ = format_http_date(second);
    date_second_ = second;
  }
  return date_;
}

void ServerCore::arm_sweep() {
  if (sweep_timer_.pending() || connections_.empty()) return;
  sweep_timer_ = loop.timer(sweep_interval_, [this] {
    sweep();
    arm_sweep();
  });
}

void ServerCore::sweep() {
  // Backwards: one that is cut swaps places with the last, which had its turn.
  for (size_t i = connections_.size(); i-- > 0;) connections_[i]->expire();
}

void ServerCore::stop(Task done) {
  stopping_ = true;
  for (size_t i = connections_.size(); i-- > 0;) connections_[i]->drain();
  if (connections_.empty()) return loop.post(std::move(done));
  on_empty_ = std::move(done);
}

void ServerCore::cut_all() {
  while (!connections_.empty()) connections_.back()->cut();
}

// ---- the server

namespace {

void set_option(int socket, int level, int name, int value) {
  ::setsockopt(socket, level, name, &value, sizeof value);
}

// Small writes leave at once, and a peer that vanished without a word is noticed within two
// minutes.
void tune(int socket) {
  set_option(socket, IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(socket, IPPROTO_TCP, TCP_KEEPIDLE, 60);
  set_option(socket, IPPROTO_TCP, TCP_KEEPINTVL, 15);
  set_option(socket, IPPROTO_TCP, TCP_KEEPCNT, 4);
}

class ServerOnLoop final : public Server {
 public:
  ServerOnLoop(Loop& loop, ServerOptions options, Handler& handler)
      : core_(std::make_shared<ServerCore>(loop, std::move(options), handler)),
        acceptor_(loop.context()) {}

  ~ServerOnLoop() override {
    *alive_ = false;
    ErrorCode ignored;
    acceptor_.close(ignored);
    // Handlers of streams learn it here, for the loop may never run again.
    const auto streams = core_->streams();
    core_->forget_done();
    core_->cut_all();
    for (const auto& stream : streams) stream->tell();
  }

  Result<void> open() {
    TRY(replace_tls(core_->options.tls));
    const HostPort address = TRY(parse_host_port(core_->options.listen));
    const auto endpoint = TRY(resolve(address));
    ErrorCode error;
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error && endpoint.address().is_v6()) {
      acceptor_.set_option(asio::ip::v6_only(!address.host.empty()), error);
    }
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(4096, error);
    if (!error) acceptor_.non_blocking(true, error);
    if (error) {
      return Error{Reason::unavailable,
                   fmt::format("cannot listen on {}: {}", core_->options.listen, error.message())};
    }
    accept();
    return {};
  }

  uint16_t port() const override {
    ErrorCode error;
    const auto endpoint = acceptor_.local_endpoint(error);
    return error ? port_ : endpoint.port();
  }
  size_t connections() const override { return core_->connections(); }

  Result<void> replace_tls(const TlsFiles& files) override {
    core_->tls = TRY(TlsContext::for_server(files));
    return {};
  }

  void stop(Duration grace, Task done) override {
    if (BUG_IF(core_->stopping(), "a server was stopped twice")) return;
    port_ = port();
    ErrorCode ignored;
    acceptor_.close(ignored);
    core_->stop(std::move(done));
    grace_timer_ = core_->loop.timer(grace, [core = core_] { core->cut_all(); });
  }

 private:
  Result<tcp::endpoint> resolve(const HostPort& address) {
    ErrorCode error;
    if (address.host.empty()) {
      tcp::acceptor probe(core_->loop.context());
      probe.open(tcp::v6(), error);
      return tcp::endpoint(error ? tcp::v4() : tcp::v6(), address.port);
    }
    const auto literal = asio::ip::make_address(address.host, error);
    if (!error) return tcp::endpoint(literal, address.port);
    tcp::resolver resolver(core_->loop.context());
    const auto found = resolver.resolve(address.host, std::to_string(address.port), error);
    if (!error && !found.empty()) return found.begin()->endpoint();
    return Error{Reason::unavailable,
                 fmt::format("cannot listen on {}: {}", core_->options.listen, error.message())};
  }

  void accept() {
    acceptor_.async_accept([this, alive = alive_](ErrorCode error, tcp::socket socket) {
      if (!*alive || !acceptor_.is_open()) return;
      if (error) {
        log(LogLevel::warning, "http", "a connection could not be accepted",
            {{"why", error.message()}});
        // Most likely out of file descriptors: trying again at once would only spin.
        accept_timer_ = core_->loop.timer(milliseconds(100), [this] { accept(); });
        return;
      }
      greet(std::move(socket));
      accept();
    });
  }

  void greet(tcp::socket socket) {
    ErrorCode error;
    if (core_->connections() >= core_->options.connections) return;  // closed by its destructor
    socket.non_blocking(true, error);
    if (error) return;
    tune(socket.native_handle());
    auto connection = std::make_shared<Connection>(core_, std::move(socket));
    core_->add(connection);
    connection->start();
  }

  const std::shared_ptr<ServerCore> core_;
  tcp::acceptor acceptor_;
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  Timer grace_timer_;
  Timer accept_timer_;
  uint16_t port_ = 0;  // kept when it listens no more
};

}  // namespace

std::vector<std::shared_ptr<StreamOfConnection>> ServerCore::streams() const {
  std::vector<std::shared_ptr<StreamOfConnection>> found;
  for (const auto& connection : connections_) {
    if (auto stream = connection->stream_now()) found.push_back(std::move(stream));
  }
  return found;
}

void raise_file_limit() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == files.rlim_max) return;
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
}

Result<std::unique_ptr<Server>> Server::start(Loop& loop, ServerOptions options, Handler& handler) {
  // The store, agents and what runs beside need the rest.
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) == 0) {
    options.connections = std::min<size_t>(options.connections, files.rlim_cur / 2);
    options.strangers = std::min<size_t>(options.strangers, files.rlim_cur / 8);
  }
  auto server = std::make_unique<ServerOnLoop>(loop, std::move(options), handler);
  TRY(server->open());
  return std::unique_ptr<Server>(std::move(server));
}

}  // namespace freehold::http
