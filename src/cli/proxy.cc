#include "cli/proxy.h"

#include "auth/auth.h"
#include "server/answer.h"

namespace freehold::cli {

// One fetch: the agent's answer on its way to whoever asked.
struct AgentProxy::Relay {
  std::unique_ptr<http::Responder> responder;
  std::shared_ptr<http::Stream> stream;
  std::unique_ptr<http::Call> call;
  bool over = false;
};

AgentProxy::AgentProxy(Loop& loop, std::string ca_pem, http::KeyPair caller)
    : loop_(loop), ca_pem_(std::move(ca_pem)), caller_(std::move(caller)) {}

AgentProxy::~AgentProxy() = default;

void AgentProxy::replace_caller(http::KeyPair caller) {
  caller_ = std::move(caller);
  before_ = std::exchange(transports_, {});
}

void AgentProxy::fetch(const server::AgentAddress& agent, const std::string& path,
                       const http::Query& query, std::unique_ptr<http::Responder> responder) {
  auto& transport = transports_[{agent.endpoint, agent.node}];
  if (!transport) {
    http::ClientOptions options;
    options.url = "https://" + agent.endpoint;
    options.ca_pem = ca_pem_;
    options.common_name = std::string(auth::node_prefix) + agent.node;
    options.certificate_pem = caller_.certificate_pem;
    options.key_pem = caller_.key_pem;
    auto made = http::connect(loop_, std::move(options));
    if (!made) return responder->respond(server::respond_error(made.error()));
    transport = std::move(*made);
  }
  const uint64_t id = next_++;
  auto relay = std::make_shared<Relay>();
  relay->responder = std::move(responder);
  relays_[id] = relay;
  // The call is destroyed from the loop, never from inside its own callbacks.
  const auto forget = [this, id] { loop_.post([this, id] { relays_.erase(id); }); };
  http::StreamEvents events;
  events.on_head = [relay, forget](const http::Response& head) {
    relay->stream = std::exchange(relay->responder, nullptr)->stream(head);
    relay->stream->on_closed([relay, forget] {
      if (!std::exchange(relay->over, true)) forget();
    });
  };
  events.on_data = [relay](std::string_view chunk) {
    if (relay->stream) relay->stream->send(http::bytes(std::string(chunk)));
  };
  events.on_end = [relay, forget](const Result<void>& end) {
    if (std::exchange(relay->over, true)) return;
    if (relay->stream)
      relay->stream->finish();
    else if (relay->responder && !end)
      std::exchange(relay->responder, nullptr)->respond(server::respond_error(end.error()));
    forget();
  };
  http::Request request;
  request.path = path;
  request.query = query;
  relay->call = transport->stream(std::move(request), std::move(events));
}

}  // namespace freehold::cli
