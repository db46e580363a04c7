// Facility: racks with power, cooling, space and GPUs; power domains now and with any one other
// failed; what is stranded, and by what; and what a person should look at. A pure function of an
// Estate. Watts are counted on one footing for all: what machines draw now, or the most they may
// draw.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fleet/facility/cases.h"
#include "fleet/facility/estate.h"
#include "fleet/facility/finding.h"
#include "fleet/facility/supply.h"
#include "fleet/facility/watts.h"

namespace freehold::fleet::facility {

enum class Footing : uint8_t { now, most };

// What makes power or space useless where it is.
enum class Strander : uint8_t { space, power, cooling, weight, balance, network, gpus };
std::string_view strander_text(Strander strander);  // "space"

struct Machine {
  const api::Node* node = nullptr;
  const api::DeviceModel* type = nullptr;  // of type node; null when nobody says
  uint32_t rack = none;                    // index into racks
  MachineWatts watts;
  Watts counted;       // on the footing of the report
  int64_t height = 0;  // rack units; 0: unknown
  int64_t gpus = 0, free_gpus = 0;
};

struct RackView {
  std::string name, site, room, row, position;
  const api::Rack* rack = nullptr;  // null: only named by machines
  std::vector<uint32_t> machines;   // by unit, lowest first
  // Power. `capacity`: what those of its feeds that are known carry, with the largest of several
  // gone; -1: none is known.
  int64_t load_mw = 0, capacity_mw = -1;
  api::PowerBasis basis = api::PowerBasis::unknown;  // the weakest of its machines
  int64_t without_watts = 0;                         // machines of which no watts are known
  Room power;  // what may be added while any one failure holds
  // Cooling: along the units behind it; -1: unknown.
  int64_t cooling_limit_mw = -1, cooling_room_mw = -1;
  std::string cooling_by;  // what limits it: "its own limit" or the name of a cooling unit
  // Space.
  int64_t units = 0, taken_units = 0, free_units = 0, largest_gap = 0;
  int64_t certain_gap = 0;  // one so high is there wherever the machines without a unit stand
  int64_t weight_kg = 0, weight_room_kg = -1;  // -1: unknown
  int64_t without_weight = 0;                  // machines of which no weight is known
  int64_t gpus = 0, free_gpus = 0;
  bool is_networked = true;  // false: there are switches at its site, and none reaches it
  // Stranding: of power.mw, what cannot be used; of free_units, what cannot be fed or cooled.
  int64_t usable_mw = 0, stranded_mw = 0, stranded_units = 0;
  std::vector<Strander> why;  // of watts first
};

struct DomainView {
  std::string name;
  const api::PowerDomain* domain = nullptr;  // null: only named
  api::PowerBasis basis = api::PowerBasis::unknown;
  int64_t load_mw = 0;  // never below what its meter says; means nothing where no basis is known
  int64_t pue_milli = 1'000;  // with which it counts what comes to it: overhead.h
  int64_t meter_mw = -1;      // -1: it has none
  Worst worst;
  int64_t headroom_mw = 0;  // only for known domains
  int64_t stranded_mw = 0;  // headroom that nothing below it can take
  std::vector<Strander> why;
  bool is_used = false;  // whether a machine hangs on it, directly or not
};

struct CoolingView {
  std::string site, name, supplied_by;
  api::CoolingType type = api::CoolingType::air;
  int64_t capacity_mw = -1, heat_mw = 0;
};

struct Facility {
  Footing footing = Footing::now;
  std::vector<Machine> machines;     // ascending by name
  std::vector<RackView> racks;       // by site, room, row, position, name
  std::vector<DomainView> domains;   // as in supply->domains()
  std::vector<CoolingView> cooling;  // by site and name
  std::vector<Finding> findings;     // all, most severe first; who shows them bounds them
  std::shared_ptr<const Supply> supply;
  std::shared_ptr<const Cases> cases;

  const RackView* rack(std::string_view name) const;  // null when there is none
};

Facility survey(const Estate& estate, Footing footing);
// Of an estate that is `before` with a change, on its footing. Meters show what was before, so what
// they show beyond what is known stays, and the change comes on top.
Facility survey_change(const Estate& estate, const Facility& before);
// Machines and domains alone, for those who look often: no rooms, space, cooling or findings.
Facility survey_power(const Estate& estate, Footing footing);

}  // namespace freehold::fleet::facility
