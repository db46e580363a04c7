// Load: people and programs that use the API of a simulated control plane, each with its own taste:
// customers who ask for contracts, change their minds and delete; an operator who takes nodes out
// of service, and out of the fleet; an outsider who enters the work of others from what he read
// some time ago. They see the network's faults and try again as real clients do.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "http/client.h"
#include "json/value.h"
#include "sim/network.h"
#include "sim/world.h"
#include "store/store.h"

namespace freehold::sim {

// One client of the API. Requests are tried again until somebody answers.
class Person {
 public:
  using Answer = std::function<void(int status, const json::Value& body)>;
  Person(World& world, Network& network, const std::string& name,
         std::function<void(store::Rev)> acknowledged);
  virtual ~Person() = default;
  // Acts now and then until it is told to rest.
  void begin();
  void rest() { resting_ = true; }
  const std::string& peer() const { return peer_; }

 protected:
  virtual void act() = 0;
  virtual Duration pause() = 0;
  void ask(const std::string& method, const std::string& path, const std::string& body,
           Answer answer = {}, int tries = 0);
  Random& chance() { return world_.random(); }
  bool resting() const { return resting_; }

 private:
  World& world_;
  Process process_;
  const std::string peer_;
  std::unique_ptr<http::Transport> transport_;
  const std::function<void(store::Rev)> acknowledged_;
  bool resting_ = false;
};

struct LoadOptions {
  int customers = 2;
  size_t nodes = 2;
  std::function<void(store::Rev)> acknowledged;
};
std::vector<std::unique_ptr<Person>> make_load(World& world, Network& network,
                                               const LoadOptions& options);

}  // namespace freehold::sim
