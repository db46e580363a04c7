// The contract controller: takes a contract through its life, one step at a time: admitted,
// offered, reserved, tested, active, assessed window by window, breached and remedied, settled.
// Each step is one commit; what a step needs is read from the objects themselves, so it can stop
// anywhere and go on.
#pragma once

#include <string>
#include <vector>

#include "control/controller.h"

namespace freehold::control {

class ContractController final : public Controller {
 public:
  std::string_view name() const override { return "contract"; }
  std::vector<std::string> keys_for(const ledger::Record& record, bool gone,
                                    const ledger::View& view) const override;
  Plan plan(std::string_view key, const Input& input) const override;
  // The value of its PriorityClass: who goes first when room comes.
  int64_t urgency(std::string_view key, const ledger::View& view) const override;
};

}  // namespace freehold::control
