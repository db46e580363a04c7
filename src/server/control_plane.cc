#include "server/control_plane.h"

#include "auth/auth.h"
#include "base/limits.h"
#include "base/log.h"

namespace freehold::server {

Result<std::unique_ptr<ControlPlane>> ControlPlane::start(Runtime& runtime, store::Store& store,
                                                          ledger::Identity fresh,
                                                          ApiOptions options) {
  std::unique_ptr<ControlPlane> plane(new ControlPlane());
  plane->runtime_ = &runtime;
  plane->store_ = &store;
  plane->ledger_ = TRY(ledger::Ledger::open(runtime, store, std::move(fresh)));
  ledger::Change first;
  first.ops = auth::bootstrap(plane->ledger_->view());
  if (!first.ops.empty())
    plane->ledger_->submit(std::move(first), [](const Result<ledger::Committed>& done) {
      if (!done)
        log(LogLevel::error, "server", "first objects not stored",
            {{"error", done.error().to_string()}});
    });
  plane->shell_ = std::make_unique<control::Shell>(runtime, *plane->ledger_, plane->heartbeats_,
                                                   control::all_controllers());
  plane->api_ = std::make_unique<ApiServer>(runtime, *plane->ledger_, plane->heartbeats_,
                                            plane->shell_.get(), std::move(options));
  plane->shell_->start();
  plane->forget_history();
  return plane;
}

void ControlPlane::forget_history() {
  store_->compact(runtime_->now() - seconds(limits::history_s));
  compaction_ = runtime_->timer(seconds(limits::history_s) / 5, [this] { forget_history(); });
}

}  // namespace freehold::server
