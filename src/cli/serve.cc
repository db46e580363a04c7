#include "cli/serve.h"

#include <unistd.h>

#include <csignal>
#include <cstdio>

#include "agent/run.h"
#include "base/log.h"
#include "base/strings.h"
#include "cli/data_dir.h"
#include "cli/proxy.h"
#include "http/server.h"
#include "server/control_plane.h"
#include "server/enrol.h"
#include "store/sqlite.h"

namespace freehold::cli {

namespace {

constexpr Duration stop_grace = seconds(5);
constexpr Duration renew_check = hours(24);  // of certificates that last for a year

int complain(const Error& error) {
  std::fprintf(stderr, "freehold: %s\n", error.message.c_str());
  return failed;
}

void log_with_time(Loop& loop) {
  set_log_sink([&loop](const LogRecord& record) {
    const std::string line = format_log_line(record, format_rfc3339_micro(loop.now())) + "\n";
    [[maybe_unused]] const auto n = write(2, line.data(), line.size());
  });
}

std::string host_of(std::string_view listen) {
  const size_t colon = listen.rfind(':');
  std::string host(listen.substr(0, colon == std::string_view::npos ? listen.size() : colon));
  if (host.size() > 2 && host.front() == '[') host = host.substr(1, host.size() - 2);
  return host;
}

std::vector<std::string> hosts_for(const ServeOptions& options) {
  std::vector<std::string> hosts{"127.0.0.1", "localhost"};
  const std::string own = host_of(options.listen);
  if (!own.empty() && own != "0.0.0.0" && own != "::" && own != "127.0.0.1" && own != "localhost")
    hosts.insert(hosts.begin(), own);
  char name[256] = {};
  if (gethostname(name, sizeof name - 1) == 0 && is_dns_subdomain(to_lower(name)) &&
      to_lower(name) != "localhost")
    hosts.push_back(to_lower(name));
  hosts.insert(hosts.end(), options.hosts.begin(), options.hosts.end());
  return hosts;
}

// Stands where the API will: the socket is bound before there is a store, because a store keeps the
// names of its first start, and one that could not listen must not have fixed them. Nothing is
// asked before the loop runs.
class ApiToBe final : public http::Handler {
 public:
  void become(http::Handler& api) { api_ = &api; }
  void handle(http::Request request, std::unique_ptr<http::Responder> responder) override {
    if (api_ != nullptr) api_->handle(std::move(request), std::move(responder));
  }

 private:
  http::Handler* api_ = nullptr;
};

Result<void> check_identity(const ServeOptions& options, const ledger::Identity& is) {
  const auto check = [](const char* flag, const std::string& given,
                        const std::string& kept) -> Result<void> {
    if (given.empty() || given == kept) return {};
    return Error{Reason::conflict, std::string(flag) + " is \"" + kept +
                                       "\" since the first start on this store, not \"" + given +
                                       "\"; leave it out, or use another --data-dir"};
  };
  TRY(check("--organization", options.organization, is.organization));
  return check("--site", options.site, is.site);
}

// Everything of a running control plane, in the order in which it must go.
struct Running {
  DataDir dir;
  ServerKeys keys;
  std::unique_ptr<store::Store> store;
  std::unique_ptr<AgentProxy> proxy;
  std::unique_ptr<server::ControlPlane> plane;
  ApiToBe api;
  std::unique_ptr<http::Server> server;
  std::string url;
  Timer renewal;
};

http::TlsFiles tls_of(const ServerKeys& keys) {
  return {keys.server.certificate_pem, keys.server.key_pem, keys.authority.certificate_pem};
}

Result<void> renew(Loop& loop, const ServeOptions& options, Running& r) {
  ServerKeys next = r.keys;
  if (!TRY(renew_keys(r.dir, hosts_for(options), loop.now(), next))) return {};
  TRY(r.server->replace_tls(tls_of(next)));
  r.proxy->replace_caller(next.caller);
  TRY(write_kubeconfig(r.dir, next, r.url));
  r.keys = std::move(next);  // what failed before is tried again
  return {};
}

void keep_renewing(Loop& loop, const ServeOptions& options, Running& r) {
  r.renewal = loop.timer(renew_check, [&loop, &options, &r] {
    if (auto renewed = renew(loop, options, r); !renewed)
      log(LogLevel::warning, "server", "cannot renew the certificates",
          {{"error", renewed.error().to_string()}});
    keep_renewing(loop, options, r);
  });
}

Result<void> start(Loop& loop, const Program& program, const ServeOptions& options, Running& r) {
  r.dir = TRY(open_data_dir(options.data_dir));
  r.keys = TRY(open_keys(r.dir, hosts_for(options), loop.now()));
  http::ServerOptions listen;
  listen.listen = options.listen;
  listen.tls = tls_of(r.keys);
  r.server = TRY(http::Server::start(loop, std::move(listen), r.api));
  r.store = TRY(store::open_sqlite(loop, {r.dir.store()}));
  r.proxy = std::make_unique<AgentProxy>(loop, r.keys.authority.certificate_pem, r.keys.caller);
  server::ApiOptions api;
  api.version = program.version;
  api.authority = r.keys.authority;
  api.fetch_from_agent = [proxy = r.proxy.get()](const server::AgentAddress& agent,
                                                 const std::string& path, const http::Query& query,
                                                 std::unique_ptr<http::Responder> responder) {
    proxy->fetch(agent, path, query, std::move(responder));
  };
  ledger::Identity identity;
  if (!options.organization.empty()) identity.organization = options.organization;
  if (!options.site.empty()) identity.site = options.site;
  r.plane = TRY(server::ControlPlane::start(loop, *r.store, identity, std::move(api)));
  TRY(check_identity(options, r.plane->ledger().identity()));
  r.api.become(r.plane->api());
  std::string host = host_of(options.listen);
  if (host.empty() || host == "0.0.0.0" || host == "::") host = "127.0.0.1";
  if (host.find(':') != std::string::npos) host = "[" + host + "]";
  r.url = "https://" + host + ":" + std::to_string(r.server->port());
  keep_renewing(loop, options, r);
  return write_kubeconfig(r.dir, r.keys, r.url);
}

void stop_on_signal(Loop& loop, Running& r) {
  loop.on_signal({SIGINT, SIGTERM}, [&loop, &r] {
    r.plane->api().drain();
    r.server->stop(stop_grace, [&loop] { loop.stop(); });
  });
}

void announce(const ServeOptions& options, const Running& r) {
  if (options.quiet) return;
  std::printf("freehold: serving at %s\n", r.url.c_str());
  std::printf("freehold: administrator's kubeconfig at %s\n", r.dir.kubeconfig().c_str());
  std::fflush(stdout);
}

Result<agent::AgentOptions> agent_options(const Program& program, const AgentCommand& c) {
  agent::AgentOptions o;
  o.data_dir = c.data_dir;
  o.server_url = c.server;
  o.token = c.token;
  o.site = c.site;
  o.address = c.address;
  o.listen = c.listen;
  o.root = c.root;
  o.version = program.version;
  o.executable = program.executable;
  o.node_name = c.node;
  if (o.node_name.empty()) {
    char name[256] = {};
    gethostname(name, sizeof name - 1);
    o.node_name = to_lower(name);
  }
  if (!is_dns_subdomain(o.node_name)) o.node_name = "node";
  o.discovery = seconds(c.discovery_seconds);
  o.forget_missing = c.forget_missing;
  if (c.reserve_cpus >= 0) o.reserve.cpus = c.reserve_cpus;
  if (!c.reserve_memory.empty())
    o.reserve.memory_bytes = TRY(Quantity::parse(c.reserve_memory, Dimension::bytes)).value();
  return o;
}

// The agent of a control plane's own process. Its certificate is made anew with each start.
Result<std::unique_ptr<agent::RunningAgent>> start_beside(Loop& loop, agent::AgentOptions options,
                                                          Result<std::string> certificate) {
  options.certificate_pem = TRY(std::move(certificate));
  return agent::start_agent(loop, std::move(options));
}

}  // namespace

int serve(const Program& program, const ServeOptions& options) {
  http::raise_file_limit();
  Loop loop;
  log_with_time(loop);
  Running running;
  if (auto r = start(loop, program, options, running); !r) return complain(r.error());
  announce(options, running);
  stop_on_signal(loop, running);
  loop.run();
  running.server.reset();
  return done;
}

int run_agent(const Program& program, const AgentCommand& command) {
  http::raise_file_limit();
  Loop loop;
  log_with_time(loop);
  auto options = agent_options(program, command);
  if (!options) return complain(options.error());
  if (auto dir = open_data_dir(command.data_dir); !dir) return complain(dir.error());
  int status = done;
  options->refused = [&](const Error& error) {
    status = complain(error);
    loop.stop();
  };
  auto agent = agent::start_agent(loop, std::move(*options));
  if (!agent) return complain(agent.error());
  loop.on_signal({SIGINT, SIGTERM}, [&loop] { loop.stop(); });
  loop.run();
  agent->reset();
  return status;
}

int serve_with_agent(const Program& program, const ServeOptions& options, AgentCommand command) {
  http::raise_file_limit();
  Loop loop;
  log_with_time(loop);
  Running running;
  if (auto r = start(loop, program, options, running); !r) return complain(r.error());
  command.data_dir = options.data_dir;
  command.server = running.url;
  command.site = running.plane->ledger().identity().site;
  auto with = agent_options(program, command);
  if (!with) return complain(with.error());
  auto request = http::make_request();
  if (!request) return complain(request.error());
  with->ca_pem = running.keys.authority.certificate_pem;
  with->key_pem = request->key_pem;
  if (with->address.empty()) with->address = "127.0.0.1";
  if (with->listen == ":0") with->listen = "127.0.0.1:0";
  // Where its Node is deleted, too: nobody needs a token for the machine that gives them out.
  const server::Enrolment enrolment{with->node_name, with->site, request->certificate_pem, {}};
  with->certify = [&](std::function<void(Result<std::string>)> then) {
    server::enrol(loop, running.plane->ledger(), running.keys.authority, enrolment,
                  std::move(then));
  };
  int status = done;
  std::unique_ptr<agent::RunningAgent> agent;
  with->certify([&](Result<std::string> certificate) {
    auto started = start_beside(loop, *with, std::move(certificate));
    if (started) {
      agent = std::move(*started);
      return announce(options, running);
    }
    status = complain(started.error());
    loop.stop();
  });
  stop_on_signal(loop, running);
  loop.run();
  agent.reset();
  running.server.reset();
  return status;
}

}  // namespace freehold::cli
