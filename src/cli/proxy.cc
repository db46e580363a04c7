#include "cli/proxy.h"

#include <utility>

#include "auth/auth.h"
#include "base/limits.h"
#include "http/client.h"
#include "server/answer.h"

namespace freehold::cli {

// One fetch: the agent's answer on its way to whoever asked. Its connection is its own and ends
// with it, so that nothing stays behind of an agent that is gone.
struct AgentProxy::Relay : std::enable_shared_from_this<Relay> {
  void begin(const http::Response& head) {
    if (!responder) return;
    stream = std::exchange(responder, nullptr)->stream(head);
    stream->must_finish();
    stream->allow_pause(seconds(limits::reader_pause_s));
    stream->on_closed([weak = weak_from_this()] {
      if (const auto relay = weak.lock()) relay->end();
    });
  }

  void pass_on(std::string_view chunk) {
    if (!stream) return;
    stream->send(http::bytes(std::string(chunk)));
    if (is_held || stream->queued_bytes() < limits::relay_bytes) return;
    is_held = true;
    call->pause();
    stream->on_drained([weak = weak_from_this()] {
      const auto relay = weak.lock();
      if (!relay) return;
      relay->is_held = false;
      relay->call->resume();
    });
  }

  void finish(const Result<void>& result) {
    if (stream && result) {
      stream->finish();
    } else if (stream) {  // what broke off looks it, too
      stream->cut();
    } else if (responder && !result) {
      std::exchange(responder, nullptr)->respond(server::respond_error(result.error()));
    }
    end();
  }

  void end() {
    if (const auto tell = std::exchange(forget, nullptr)) tell();
  }

  std::unique_ptr<http::Transport> transport;
  std::unique_ptr<http::Call> call;
  std::unique_ptr<http::Responder> responder;  // until the head has come
  std::shared_ptr<http::Stream> stream;        // from then on
  bool is_held = false;                        // the agent, until what waits here is taken
  std::function<void()> forget;                // null: over
};

AgentProxy::AgentProxy(Loop& loop, std::string ca_pem, http::KeyPair caller)
    : loop_(loop), ca_pem_(std::move(ca_pem)), caller_(std::move(caller)) {}

AgentProxy::~AgentProxy() = default;

void AgentProxy::replace_caller(http::KeyPair caller) { caller_ = std::move(caller); }

void AgentProxy::fetch(const server::AgentAddress& agent, const std::string& path,
                       const http::Query& query, std::unique_ptr<http::Responder> responder) {
  http::ClientOptions options;
  options.url = "https://" + agent.endpoint;
  options.ca_pem = ca_pem_;
  options.common_name = std::string(auth::node_prefix) + agent.node;
  options.certificate_pem = caller_.certificate_pem;
  options.key_pem = caller_.key_pem;
  auto transport = http::connect(loop_, std::move(options));
  if (!transport) return responder->respond(server::respond_error(transport.error()));
  const uint64_t id = next_++;
  const auto relay = relays_.emplace(id, std::make_shared<Relay>()).first->second;
  relay->transport = std::move(*transport);
  relay->responder = std::move(responder);
  // A call is destroyed from the loop, never from inside its own callbacks.
  relay->forget = [this, id] {
    loop_.post([this, id, alive = std::weak_ptr<int>(alive_)] {
      if (!alive.expired()) relays_.erase(id);
    });
  };
  const std::weak_ptr<Relay> weak = relay;
  http::StreamEvents events;
  events.on_head = [weak](const http::Response& head) {
    if (const auto self = weak.lock()) self->begin(head);
  };
  events.on_data = [weak](std::string_view chunk) {
    if (const auto self = weak.lock()) self->pass_on(chunk);
  };
  events.on_end = [weak](const Result<void>& result) {
    if (const auto self = weak.lock()) self->finish(result);
  };
  http::Request request;
  request.path = path;
  request.query = query;
  relay->call = relay->transport->stream(std::move(request), std::move(events));
}

}  // namespace freehold::cli
