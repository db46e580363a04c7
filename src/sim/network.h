// Network: between clients and the one server. It carries requests, responses and streams as
// values, and delays, loses and cuts them as the seed says. What is on the way survives the crash
// of its sender. A Transport of it is what an agent or a client program holds.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

#include "http/client.h"
#include "http/server.h"
#include "sim/world.h"

namespace freehold::sim {

struct NetworkFaults {
  int lost_percent = 0;  // of requests, and of responses
  int late_percent = 0;
  Duration latest = seconds(8);
  int broken_streams_percent = 0;  // that break within a minute
};

class Network {
 public:
  explicit Network(World& world) : world_(world) {}
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  void set_faults(NetworkFaults faults) { faults_ = faults; }
  void serve(http::Handler& handler) { handler_ = &handler; }
  // The server is gone: clients learn of it sooner or later.
  void server_down();
  void cut_off(const std::string& peer);
  void heal(const std::string& peer) { away_.erase(peer); }

  // `peer`: as the server will see it; its name is also the place that can be cut off.
  std::unique_ptr<http::Transport> connect(http::Peer peer);

 private:
  struct Exchange;
  struct Wire;
  class Door;
  class Call;
  class Responder;
  class Stream;

  Duration hop();
  bool reaches(const std::string& peer) const {
    return handler_ != nullptr && !away_.contains(peer);
  }
  void send(const std::shared_ptr<Exchange>& exchange, http::Request request);
  void finish(const std::shared_ptr<Exchange>& exchange, Result<http::Response> result);
  void respond(const std::shared_ptr<Exchange>& exchange, http::Response response);
  void open(const std::shared_ptr<Wire>& wire, http::Request request);
  void cut(const std::shared_ptr<Wire>& wire);
  void deliver(const std::shared_ptr<Wire>& wire, std::function<void(Wire&)> what);

  World& world_;
  NetworkFaults faults_;
  http::Handler* handler_ = nullptr;
  uint64_t server_life_ = 0, next_id_ = 1;
  std::set<std::string> away_;
  std::map<uint64_t, std::weak_ptr<Exchange>> exchanges_;  // at the server
  std::map<uint64_t, std::weak_ptr<Wire>> wires_;
};

}  // namespace freehold::sim
