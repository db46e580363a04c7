// Fetches from agents on behalf of the API server: the log of an instance, as the agent sends it.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "http/client.h"
#include "http/pki.h"
#include "http/server.h"
#include "runtime/loop.h"
#include "server/api_server.h"

namespace freehold::cli {

class AgentProxy {
 public:
  AgentProxy(Loop& loop, std::string ca_pem, http::KeyPair caller);
  ~AgentProxy();
  // For calls to come; what is under way ends as it began.
  void replace_caller(http::KeyPair caller);
  void fetch(const server::AgentAddress& agent, const std::string& path, const http::Query& query,
             std::unique_ptr<http::Responder> responder);

 private:
  struct Relay;
  Loop& loop_;
  std::string ca_pem_;
  http::KeyPair caller_;
  // By endpoint and node.
  using Transports =
      std::map<std::pair<std::string, std::string>, std::unique_ptr<http::Transport>>;
  Transports transports_, before_;  // those of the caller before
  std::map<uint64_t, std::shared_ptr<Relay>> relays_;
  uint64_t next_ = 1;
};

}  // namespace freehold::cli
