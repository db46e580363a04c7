// Garbage collection: removes what belongs to an owner that is gone, empties namespaces that are
// being deleted, and forgets old events.
#pragma once

#include "control/controller.h"

namespace freehold::control {

class GarbageController final : public Controller {
 public:
  std::string_view name() const override { return "gc"; }
  // A key that ends in '/' is a namespace's sweep; any other is an object's.
  std::vector<std::string> keys_for(const ledger::Record& record, bool gone,
                                    const ledger::View& view) const override;
  Plan plan(std::string_view key, const Input& input) const override;
};

}  // namespace freehold::control
