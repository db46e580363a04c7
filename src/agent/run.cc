#include "agent/run.h"

#include <utility>
#include <vector>

#include "agent/agent.h"
#include "agent/host_files.h"
#include "agent/host_linux.h"
#include "agent/join.h"
#include "agent/logs.h"
#include "agent/node.h"
#include "base/log.h"
#include "base/strings.h"
#include "http/address.h"
#include "http/client.h"
#include "http/pki.h"
#include "http/server.h"

namespace freehold::agent {
namespace {

constexpr std::string_view credentials_file = "credentials.json",
                           request_file = "join-request.json";
constexpr Duration join_retry = seconds(3);
constexpr Duration renew_check = seconds(60);

// A Transport whose connection can be made anew with other credentials, under those who use it.
class Renewable final : public http::Transport {
 public:
  explicit Renewable(Loop& loop) : loop_(loop) {}
  void replace(std::unique_ptr<http::Transport> next) {
    // Requests under way end on the one before. Streams would never: they break, and are opened
    // anew.
    before_ = std::exchange(now_, std::move(next));
    for (const std::weak_ptr<Open>& weak : std::exchange(open_, {}))
      if (const auto open = weak.lock()) {
        open->call.reset();
        loop_.post([open] {
          if (const auto end = std::exchange(open->on_end, nullptr))
            end(Error{Reason::unavailable, "the credentials were renewed", {}});
        });
      }
  }
  void request(http::Request request, Duration timeout,
               std::function<void(Result<http::Response>)> done) override {
    now_->request(std::move(request), timeout, std::move(done));
  }
  std::unique_ptr<http::Call> stream(http::Request request, http::StreamEvents events) override {
    auto open = std::make_shared<Open>();
    open->on_end = std::move(events.on_end);
    events.on_end = [weak = std::weak_ptr<Open>(open)](Result<void> end) {
      const auto self = weak.lock();
      if (!self) return;
      if (const auto tell = std::exchange(self->on_end, nullptr)) tell(std::move(end));
    };
    open->call = now_->stream(std::move(request), std::move(events));
    std::erase_if(open_, [](const std::weak_ptr<Open>& one) { return one.expired(); });
    open_.push_back(open);
    return std::make_unique<Held>(std::move(open));
  }

 private:
  struct Open {
    std::unique_ptr<http::Call> call;
    std::function<void(Result<void>)> on_end;
  };
  struct Held final : http::Call {
    explicit Held(std::shared_ptr<Open> o) : open(std::move(o)) {}
    ~Held() override {
      open->on_end = nullptr;
      open->call.reset();
    }
    void pause() override {
      if (open->call) open->call->pause();
    }
    void resume() override {
      if (open->call) open->call->resume();
    }
    std::shared_ptr<Open> open;
  };
  Loop& loop_;
  std::unique_ptr<http::Transport> now_, before_;
  std::vector<std::weak_ptr<Open>> open_;
};

// Whether the control plane answered, and would answer the same again.
bool is_final(const Error& error) {
  return error.reason == Reason::unauthorized || error.reason == Reason::forbidden ||
         error.reason == Reason::bad_request || error.reason == Reason::invalid;
}

// What an earlier life of ours saw; empty when there was none, or it is to be forgotten.
api::HardwareProfileSpec known_hardware(const AgentOptions& options, const std::string& directory) {
  if (options.forget_missing) return {};
  const auto text = read_file(directory + "/state/" + std::string(hardware_file));
  if (!text.ok()) return {};
  auto parsed = parse_hardware(*text);
  if (parsed.ok()) return *std::move(parsed);
  log(LogLevel::warning, "agent", "cannot read what hardware was seen before",
      {{"error", parsed.error().to_string()}});
  return {};
}

std::unique_ptr<discover::Discovery> open_discovery(const AgentOptions& options,
                                                    const std::string& directory) {
  // Libraries speak of the machine that they run on, whatever tree is read.
  auto libraries = options.root == "/" ? discover::load_vendor_libraries() : nullptr;
  return std::make_unique<discover::Discovery>(discover::Root(options.root), std::move(libraries),
                                               known_hardware(options, directory));
}

class Running final : public RunningAgent {
 public:
  Running(Loop& loop, AgentOptions options) : loop_(loop), options_(std::move(options)) {}
  ~Running() override { agent_.reset(); }

  Result<void> start();
  bool joined() const override { return agent_ != nullptr; }
  bool connected() const override { return agent_ != nullptr && agent_->connected(); }

 private:
  Result<void> join();
  void ask_to_join(const JoinToken& token, const http::KeyPair& request);
  Result<void> take(Credentials credentials);
  void join_anew();
  void certify_anew();
  Result<void> work(Credentials credentials);
  Result<void> connect();
  void serve_logs();
  void renew();
  http::TlsFiles tls() const {
    return {credentials_.certificate_pem, credentials_.key_pem, credentials_.ca_pem};
  }

  Loop& loop_;
  AgentOptions options_;
  std::unique_ptr<Host> host_;
  discover::Machine machine_;
  Credentials credentials_;
  std::unique_ptr<http::Transport> joining_;
  Renewable transport_{loop_};
  std::unique_ptr<LogHandler> log_handler_;
  std::unique_ptr<http::Server> log_server_;
  std::string endpoint_;
  Timer timer_, join_timer_;
  bool is_joining_ = false, was_refused_ = false;
  std::unique_ptr<Agent> agent_;
};

Result<void> Running::start() {
  if (!is_dns_subdomain(options_.node_name))
    return Error{Reason::invalid, "\"" + options_.node_name + "\" is no node name", {}};
  TRY(http::parse_url(options_.server_url));
  LinuxHostOptions host;
  host.directory = options_.data_dir + "/agent";
  host.cgroup_root = options_.cgroup_root;
  host.executable = options_.executable;
  host.discovery = open_discovery(options_, host.directory);
  machine_ = TRY(host.discovery->look(loop_.uptime()));
  host_ = TRY(open_linux_host(loop_, std::move(host)));

  if (!options_.certificate_pem.empty())
    return work({options_.ca_pem, options_.certificate_pem, options_.key_pem});
  if (const auto saved = host_->load(std::string(credentials_file)); saved.ok())
    return work(TRY(parse_credentials(*saved)));
  if (options_.token.empty())
    return Error{Reason::invalid, "this node has not joined yet: give a join token", {}};
  return join();
}

Result<void> Running::join() {
  const JoinToken token = TRY(parse_join_token(options_.token));
  // Kept until it was answered: the token is good once, for one key.
  const http::KeyPair request =
      TRY(keep_request(options_.data_dir + "/agent/state/" + std::string(request_file)));
  http::ClientOptions client;
  client.url = options_.server_url;
  client.ca_sha256 = token.ca_sha256;
  joining_ = TRY(http::connect(loop_, std::move(client)));
  ask_to_join(token, request);
  return {};
}

// Our Node was deleted. The token that we were started with may be a new one; a used one does no
// harm.
void Running::join_anew() {
  if (options_.certify) return certify_anew();
  if (options_.token.empty() || std::exchange(is_joining_, true)) return;
  // Later: nothing is torn down under who tells of it.
  join_timer_ = loop_.timer(Duration{}, [this] {
    auto begun = join();
    if (begun.ok()) return;
    is_joining_ = false;
    if (!std::exchange(was_refused_, true))
      log(LogLevel::warning, "agent", "cannot join", {{"error", begun.error().to_string()}});
  });
}

void Running::certify_anew() {
  if (std::exchange(is_joining_, true)) return;
  options_.certify([this](Result<std::string> certificate) {
    is_joining_ = false;
    auto taken = certificate.ok()
                     ? take({credentials_.ca_pem, *std::move(certificate), credentials_.key_pem})
                     : Result<void>(certificate.error());
    if (!taken.ok())
      log(LogLevel::warning, "agent", "cannot join anew", {{"error", taken.error().to_string()}});
  });
}

void Running::ask_to_join(const JoinToken& token, const http::KeyPair& request) {
  is_joining_ = true;
  const JoinRequest join_request{token.text, options_.node_name};
  join_control_plane(*joining_, join_request, request, [this, token, request](auto result) {
    is_joining_ = false;
    if (result.ok()) {
      // In this order on the disk, too: it is that of the names.
      host_->save(std::string(credentials_file), print_credentials(*result));
      host_->erase(std::string(request_file));
      was_refused_ = false;
      auto working = agent_ == nullptr ? work(*std::move(result)) : take(*std::move(result));
      if (!working.ok())
        log(LogLevel::error, "agent", "cannot start", {{"error", working.error().to_string()}});
      return;
    }
    if (agent_ == nullptr && is_final(result.error()) && options_.refused)
      return options_.refused(result.error());
    if (agent_ == nullptr || !std::exchange(was_refused_, true))
      log(LogLevel::warning, "agent", "cannot join", {{"error", result.error().to_string()}});
    if (agent_ == nullptr)
      timer_ = loop_.timer(join_retry, [this, token, request] { ask_to_join(token, request); });
  });
}

// New credentials under an agent that works already.
Result<void> Running::take(Credentials credentials) {
  credentials_ = std::move(credentials);
  TRY(connect());
  if (log_server_) TRY(log_server_->replace_tls(tls()));
  return {};
}

Result<void> Running::connect() {
  http::ClientOptions client;
  client.url = options_.server_url;
  client.ca_pem = credentials_.ca_pem;
  client.certificate_pem = credentials_.certificate_pem;
  client.key_pem = credentials_.key_pem;
  transport_.replace(TRY(http::connect(loop_, std::move(client))));
  return {};
}

Result<void> Running::work(Credentials credentials) {
  credentials_ = std::move(credentials);
  TRY(connect());
  serve_logs();
  AgentConfig config;
  config.node_name = options_.node_name;
  config.site = options_.site;
  config.address = options_.address.empty() ? host_->facts().address : options_.address;
  config.endpoint = endpoint_;
  config.version = options_.version;
  config.cluster = TRY(http::certificate_sha256(credentials_.ca_pem));
  config.machine = std::move(machine_);
  config.reserve = options_.reserve;
  config.discovery = options_.discovery;
  config.refused = [this] { join_anew(); };
  auto open = [&loop = loop_](const std::string& url) {
    http::ClientOptions client;
    client.url = url;
    client.connections = 1;
    return http::connect(loop, std::move(client));
  };
  agent_ = std::make_unique<Agent>(loop_, *host_, transport_, open, std::move(config));
  timer_ = loop_.timer(renew_check, [this] { renew(); });
  return {};
}

void Running::serve_logs() {
  log_handler_ = std::make_unique<LogHandler>(
      loop_, *host_, [this](std::string_view ns, std::string_view name, std::string_view contract) {
        return agent_ == nullptr ? std::string() : agent_->id_of(ns, name, contract);
      });
  http::ServerOptions options;
  options.listen = options_.listen;
  options.tls = tls();
  options.connections = 200;  // twice the readers that it serves
  auto server = http::Server::start(loop_, std::move(options), *log_handler_);
  if (!server.ok()) {
    // Work is worth more than its logs.
    log(LogLevel::error, "agent", "cannot serve logs", {{"error", server.error().to_string()}});
    return;
  }
  log_server_ = *std::move(server);
  endpoint_ = log_endpoint(
      {options_.listen, options_.address, host_->facts().address, log_server_->port()});
}

void Running::renew() {
  timer_ = loop_.timer(renew_check, [this] { renew(); });
  // Those of whoever embeds us are theirs to renew.
  if (!options_.certificate_pem.empty() && !options_.certify) return;
  const auto validity = http::certificate_validity(credentials_.certificate_pem);
  if (!validity.ok() || !is_renewal_due(*validity, loop_.now())) return;
  if (options_.certify) return certify_anew();
  renew_credentials(transport_, credentials_, [this](Result<Credentials> result) {
    if (!result.ok()) {
      log(LogLevel::warning, "agent", "cannot renew the certificate",
          {{"error", result.error().to_string()}});
      return;
    }
    host_->save(std::string(credentials_file), print_credentials(*result));
    if (auto taken = take(*std::move(result)); !taken.ok())
      log(LogLevel::error, "agent", "cannot use the new certificate",
          {{"error", taken.error().to_string()}});
  });
}

}  // namespace

std::string log_endpoint(const LogPlace& place) {
  const auto listen = http::parse_host_port(place.listen);
  std::string host(place.address);
  if (host.empty() && listen.ok() && !http::is_any_host(listen->host)) host = listen->host;
  if (host.empty()) host = place.found;
  return http::print_host_port({std::move(host), place.port});
}

Result<std::unique_ptr<RunningAgent>> start_agent(Loop& loop, AgentOptions options) {
  auto running = std::make_unique<Running>(loop, std::move(options));
  TRY(running->start());
  return std::unique_ptr<RunningAgent>(std::move(running));
}

}  // namespace freehold::agent
