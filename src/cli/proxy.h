// Fetches from agents on behalf of the API server: the log of an instance, as the agent sends it.
// An agent sends no faster than who asked takes it, and what waits here stays small. Loop thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

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
  size_t under_way() const { return relays_.size(); }

 private:
  struct Relay;
  Loop& loop_;
  const std::string ca_pem_;
  http::KeyPair caller_;
  std::map<uint64_t, std::shared_ptr<Relay>> relays_;
  uint64_t next_ = 1;
  std::shared_ptr<int> alive_ = std::make_shared<int>();
};

}  // namespace freehold::cli
