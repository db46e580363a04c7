// Forecast: what a set of objects would lead to if it were committed now. A copy of what is known
// takes the set, and then what the controllers of tenants, workloads and contracts plan, until each
// waits for somebody else. Nothing is written. So a plan and a quote say what the controllers would
// do, because it is they who say it. Loop thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "api/contract.h"
#include "control/controller.h"

namespace freehold::control {

class Forecast {
 public:
  // The objects that `set` would create or change, and contracts as they are that are looked at
  // again; what `now` refers to must outlive this.
  Forecast(const Input& now, const std::vector<const api::Object*>& set);

  const ledger::View& view() const { return view_; }
  // With what the set takes.
  const fleet::Fleet& fleet() const { return fleet_; }

 private:
  Input input() const;
  void put(api::Object object);
  void remove(const api::Object& object);
  void run(const Controller& controller, const std::string& key);

  const Input& now_;
  ledger::View view_;
  fleet::Fleet fleet_;
  uint64_t made_ = 0;  // objects that were given a uid
};

}  // namespace freehold::control
