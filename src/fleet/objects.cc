#include "fleet/objects.h"

#include <algorithm>

#include "api/catalog.h"
#include "api/site.h"
#include "api/storage.h"

namespace freehold::fleet {

std::span<const api::Kind* const> fleet_kinds() {
  static const api::Kind* const kinds[] = {&api::kind_of<api::Site>(),
                                           &api::kind_of<api::PowerDomain>(),
                                           &api::kind_of<api::Rack>(),
                                           &api::kind_of<api::DeviceModel>(),
                                           &api::kind_of<api::Fabric>(),
                                           &api::kind_of<api::StoragePool>(),
                                           &api::kind_of<api::HardwareProfile>(),
                                           &api::kind_of<api::Node>()};
  return kinds;
}

bool is_fleet_kind(const api::Kind& kind) {
  return std::ranges::find(fleet_kinds(), &kind) != fleet_kinds().end();
}

void put_object(Fleet& fleet, const api::Object& object) {
  if (const auto* node = object.as<api::Node>()) fleet.put(*node);
  if (const auto* profile = object.as<api::HardwareProfile>()) fleet.put(*profile);
  if (const auto* site = object.as<api::Site>()) fleet.put(*site);
  if (const auto* rack = object.as<api::Rack>()) fleet.put(*rack);
  if (const auto* domain = object.as<api::PowerDomain>()) fleet.put(*domain);
  if (const auto* model = object.as<api::DeviceModel>()) fleet.put(*model);
  if (const auto* fabric = object.as<api::Fabric>()) fleet.put(*fabric);
  if (const auto* pool = object.as<api::StoragePool>()) fleet.put(*pool);
}

void remove_object(Fleet& fleet, const api::Object& object) {
  const std::string& name = object.meta().name;
  if (object.as<api::Node>() != nullptr) fleet.remove_node(name);
  if (object.as<api::HardwareProfile>() != nullptr) fleet.remove_profile(name);
  if (object.as<api::Site>() != nullptr) fleet.remove_site(name);
  if (object.as<api::Rack>() != nullptr) fleet.remove_rack(name);
  if (object.as<api::PowerDomain>() != nullptr) fleet.remove_power_domain(name);
  if (object.as<api::DeviceModel>() != nullptr) fleet.remove_device_model(name);
  if (object.as<api::Fabric>() != nullptr) fleet.remove_fabric(name);
  if (object.as<api::StoragePool>() != nullptr) fleet.remove_storage_pool(name);
}

}  // namespace freehold::fleet
