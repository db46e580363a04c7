// The node controller: a node is Ready while its agent is heard from, Unknown when it is not.
// Nothing is taken from a silent node: its work goes on, and what it holds stays held.
#pragma once

#include "control/controller.h"

namespace freehold::control {

// Agents renew every 5 s; four renewals may be lost.
inline constexpr Duration node_silence = seconds(20);

class NodeController final : public Controller {
 public:
  std::string_view name() const override { return "node"; }
  std::vector<std::string> keys_for(const ledger::Record& record, bool gone,
                                    const ledger::View& view) const override;
  Plan plan(std::string_view key, const Input& input) const override;
};

}  // namespace freehold::control
