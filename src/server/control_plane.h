// ControlPlane: ledger, controllers and API over a store. What runs in production behind HTTPS and
// in the simulation behind a simulated network. Owns no clock, socket or file.
#pragma once

#include <memory>

#include "control/heartbeats.h"
#include "control/shell.h"
#include "ledger/ledger.h"
#include "runtime/runtime.h"
#include "server/api_server.h"
#include "store/store.h"

namespace freehold::server {

class ControlPlane {
 public:
  // `internal` or `invalid` when the store cannot be read.
  static Result<std::unique_ptr<ControlPlane>> start(Runtime& runtime, store::Store& store,
                                                     ledger::Identity fresh, ApiOptions options);
  ApiServer& api() { return *api_; }
  ledger::Ledger& ledger() { return *ledger_; }
  control::Shell& shell() { return *shell_; }
  control::Heartbeats& heartbeats() { return heartbeats_; }

 private:
  ControlPlane() = default;
  void forget_history();

  Runtime* runtime_ = nullptr;
  store::Store* store_ = nullptr;
  control::Heartbeats heartbeats_;
  std::unique_ptr<ledger::Ledger> ledger_;
  std::unique_ptr<control::Shell> shell_;
  std::unique_ptr<ApiServer> api_;
  Timer compaction_;
};

}  // namespace freehold::server
