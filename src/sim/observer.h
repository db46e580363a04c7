// Observer: a client that lists and follows one kind of object over the network, as portals and
// agents do. What it shows must come to what is stored, whatever was lost on the way.
#pragma once

#include <memory>
#include <string>

#include "client/remote.h"
#include "ledger/view.h"
#include "sim/network.h"
#include "sim/world.h"

namespace freehold::sim {

class Observer {
 public:
  Observer(World& world, Network& network, const std::string& name, const api::Kind& kind);
  // How it differs from the view; empty: it does not.
  std::string differs(const ledger::View& view) const;
  const std::string& peer() const { return process_.name(); }

 private:
  Process process_;
  const api::Kind& kind_;
  std::unique_ptr<http::Transport> transport_;
  client::Remote remote_;
  client::Reflector reflector_;
};

}  // namespace freehold::sim
