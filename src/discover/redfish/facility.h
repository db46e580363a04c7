// The part of a survey that is about the building: where chassis stand, what feeds them, what cools
// them. Gives the racks and power domains of an Inventory. Internal to this folder.
#pragma once

#include <array>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "discover/import/import.h"
#include "discover/redfish/survey.h"

namespace freehold::discover::redfish {

Quantity watts(std::optional<double> number);  // unset: unknown
// The name, or with a number behind it when it is taken; takes it.
std::string unique(std::string name, std::set<std::string>& taken, size_t most = 63);

class Facility {
 public:
  Facility(const Survey& survey, const ImportOptions& options);

  const Chassis* chassis(std::string_view id) const;  // null: not known
  // Of a chassis, or of what it is contained in.
  Place place(std::string_view chassis_id) const;
  // The name of the rack of a place; empty: not told.
  std::string rack_of(const Place& place) const;
  api::NodePower power(const System& system) const;
  // Adds racks, power domains and notes. Once.
  void write(Inventory& into);
  // After write: the supply lines of a machine.
  void feed(const System* system, HostFacts& host) const;

 private:
  void domain(const Distribution& distribution, Inventory& into);
  void branches(const Distribution& distribution, const std::string& name, const std::string& above,
                Inventory& into);
  std::optional<double> capacity(const Distribution& distribution, const std::string& name,
                                 Inventory& into) const;
  std::optional<double> capacity_told(const Distribution& distribution, const std::string& name,
                                      Inventory& into) const;
  std::optional<double> capacity_of_mains(const Distribution& distribution) const;
  void supply(const Distribution& distribution, Inventory& into) const;
  void lone_shelves(Inventory& into);
  void racks(Inventory& into) const;
  void cooling(Inventory& into);  // notes: a Site lists them, and no file says all of a Site
  Place place_of_equipment(Place own, const std::vector<std::string>& chassis) const;
  std::string name_of(std::string_view type, std::string_view id) const;
  std::string domain_behind(const std::string& source) const;

  const Survey& survey_;
  const ImportOptions& options_;
  std::map<std::string, const Chassis*, std::less<>> chassis_;
  std::map<std::string, const Circuit*, std::less<>> circuits_;
  std::map<std::string, const Distribution*, std::less<>> owner_;  // by circuit or outlet id
  std::map<std::string, const Outlet*, std::less<>> outlets_;
  std::map<std::string, std::string, std::less<>> domains_;  // name by distribution or branch id
  std::set<std::string> domain_names_, cooler_names_;
  std::map<std::array<std::string, 3>, std::string> rack_names_;  // by label, row and room
};

}  // namespace freehold::discover::redfish
