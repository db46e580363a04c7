// The power controller: says of every PowerDomain what it carries, on which basis, what is left
// with any one other domain failed, and whether that is within its capacity. One plan looks at all
// of them, because a load anywhere is felt all the way up. Pure.
#pragma once

#include "control/controller.h"

namespace freehold::control {

// Meters move all the time; objects do not. Loads are looked at this often, and written when they
// differ by this share of the capacity from what the status says, or when the verdict or the basis
// changes.
inline constexpr Duration power_interval = seconds(30);
inline constexpr int64_t power_step_percent = 2;
// What a meter of a domain said longer ago says nothing of now: five readings of a reader that is
// run every three minutes. One that does not say when it looked counts as long as it stands.
inline constexpr Duration meter_life = minutes(15);

class PowerController final : public Controller {
 public:
  std::string_view name() const override { return "power"; }
  std::vector<std::string> keys_for(const ledger::Record& record, bool gone,
                                    const ledger::View& view) const override;
  Plan plan(std::string_view key, const Input& input) const override;
};

}  // namespace freehold::control
