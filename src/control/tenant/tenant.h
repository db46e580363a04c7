// The tenant controller: gives each tenant its own unprivileged user id, and says what its
// contracts hold.
#pragma once

#include "control/controller.h"

namespace freehold::control {

class TenantController final : public Controller {
 public:
  std::string_view name() const override { return "tenant"; }
  bool is_serial() const override { return true; }  // user ids
  std::vector<std::string> keys_for(const ledger::Record& record, bool gone,
                                    const ledger::View& view) const override;
  Plan plan(std::string_view key, const Input& input) const override;
};

}  // namespace freehold::control
