// What can be asked of a machine through its management controller: a power limit, a power state,
// what to boot. Each is checked against what the controller says it can do, sent once, and read
// back; what comes back is what is in force, whatever the controller answered. Source: DMTF
// DSP0266, DSP0268.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "provider/redfish/client.h"

namespace freehold::provider::redfish {

using discover::redfish::Boot;
using discover::redfish::PowerLimit;
using discover::redfish::System;

// ---- power limits

// Errors: `invalid` outside of the range that the controller allows, and when it does not control
// the limit now (ControlMode Disabled).
Result<void> check_limit(const PowerLimit& limit, double watts);
json::Value limit_patch(const PowerLimit& limit, double watts);
struct LimitChange {
  PowerLimit before, after;
  bool is_in_force = false;  // what was asked for is what the controller says now
};
// Reads the limit anew first. Errors: as check_limit, and as Client.
Result<LimitChange> set_limit(Client& client, const PowerLimit& limit, double watts);

// ---- power states

enum class Force : uint8_t { no, yes };
// The type that brings about "On", "Off" or a restart, of those that the system takes. `invalid`
// with those it takes when none fits.
Result<std::string> type_for_on(const System& system);
Result<std::string> type_for_off(const System& system, Force force);
Result<std::string> type_for_restart(const System& system, Force force);
Result<void> check_reset(const System& system, std::string_view type);
// The state that a system is in after a reset of that type; empty when it may be any.
std::string_view state_after(std::string_view type);
// Whether a system has gone down, come up or begun to boot between two looks. A restart ends in the
// state in which it began, so that only this tells it from nothing at all.
bool shows_restart(const System& before, const System& now);
// Every system that the controller shows, as `look` reads it.
Result<std::vector<System>> systems(Client& client);
// Reads a system anew, with the reset types that it takes even if it says them elsewhere.
Result<System> look(Client& client, const std::string& id);
struct PowerChange {
  std::string type, before, after{};
  bool is_settled = false;  // the state that was to come about has come, and a restart was seen
};
// Waits until the state has come about, at most `settle`. Errors: `timeout` also when the order was
// not answered and what comes about does not tell whether it was taken.
Result<PowerChange> reset(Client& client, const System& system, std::string_view type,
                          Duration settle = seconds(limits::settle_s));

// ---- boot

struct BootWish {
  std::string target;              // "Pxe"; empty: as it is
  std::string enabled;             // "Once", "Continuous", "Disabled"; empty: as it is
  std::vector<std::string> order;  // what comes first; the rest follows in its old order
};
// Errors: `invalid` for what the system does not offer.
Result<json::Value> boot_patch(const System& system, const BootWish& wish);
struct BootChange {
  Boot before, after;
  bool is_in_force = false;
};
Result<BootChange> set_boot(Client& client, const System& system, const BootWish& wish);

}  // namespace freehold::provider::redfish
