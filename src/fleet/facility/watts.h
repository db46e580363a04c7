// Watts of machines and devices, each with where it comes from: a meter, the contracts that were
// given power, a limit in force, or plates (the machine's own, its model's, or the sum of its
// parts). Pure; `Models` finds the DeviceModel that a text means.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "fleet/facility/estate.h"

namespace freehold::fleet::facility {

// DeviceModels by name, by what contracts call them, and by what machines report.
class Models {
 public:
  explicit Models(const ByName<api::DeviceModel>& models);
  const api::DeviceModel* find(std::string_view text) const;   // null when there is none
  const api::DeviceModel* named(std::string_view name) const;  // by metadata.name alone

 private:
  const ByName<api::DeviceModel>& by_name_;
  std::map<std::string, const api::DeviceModel*, std::less<>> by_text_;  // lower case
};

enum class Origin : uint8_t {
  unknown,
  spec,        // Node.spec.nameplate
  plates,      // Node.status.power.nameplate: what its management controller says
  type,        // power.maximum of the DeviceModel of type node
  parts,       // the sum of the parts that the DeviceModel of type node lists
  some_parts,  // the sum of those of them whose watts are known, which is less than the machine
  devices,     // the sum of the devices of its HardwareProfile, which is less than the machine
  device,      // power.maximum of the DeviceModel of a device
  meter,       // Node.status.power.measured
  contracts,   // power of Allocations that count
  limit,       // a limit in force
  meters,      // the sum of what meters of its devices show, which is less than the machine
  absent,      // Node.spec.lifecycle: ordered, so nothing is there that draws
};
std::string_view origin_text(Origin origin);  // "its DeviceModel"

struct Watts {
  int64_t mw = -1;  // -1: unknown
  Origin origin = Origin::unknown;

  bool is_known() const { return mw >= 0; }
  // The machine draws more: only a part of it is counted.
  bool is_at_least() const {
    return origin == Origin::devices || origin == Origin::some_parts || origin == Origin::meters;
  }
  // Not all that it draws is known: a contract is given less than the machine.
  bool may_be_more() const { return !is_known() || is_at_least() || origin == Origin::contracts; }
  // The strongest for what is absent, so that it makes no sum weaker.
  api::PowerBasis basis() const;
};

struct MachineWatts {
  Watts measured, model, nameplate, limit;
  Watts metered_parts;      // where no meter shows the whole
  bool is_ordered = false;  // bought, not there yet
  // Nothing of it draws: it is ordered, and no meter says otherwise.
  bool is_absent() const { return is_ordered && !measured.is_known(); }
  // What it draws: measured, else nothing while it is absent, else what contracts were given, else
  // its limit, else its plate, else what is metered of it.
  Watts now() const;
  // What it may draw: its limit, else its plate, else the most that is known of it. Never less than
  // what it draws: a limit may not be kept, and a plate may be wrong.
  Watts most() const;
};

struct DeviceWatts {
  std::string id, model;
  Watts nameplate, limit, measured;
};

// The DeviceModel of type node that a machine is: spec.expectedModel, else what its profile's
// product says. Null when nobody says.
const api::DeviceModel* type_of(const api::Node& node, const Estate& estate, const Models& models);

// Sum of power.maximum over the parts; unknown when a part that draws most is.
Watts watts_of_parts(const api::DeviceModel& type, const Models& models);
// The same over the parts whose power.maximum is known; unknown when there is none.
Watts watts_of_known_parts(const api::DeviceModel& type, const Models& models);

// `contracts_mw`: what Allocations that count give this machine; 0 for none.
MachineWatts watts_of(const api::Node& node, const api::DeviceModel* type, int64_t contracts_mw,
                      const Estate& estate, const Models& models);
std::vector<DeviceWatts> device_watts(const api::Node& node, const Estate& estate,
                                      const Models& models);

}  // namespace freehold::fleet::facility
