// Estate: the objects that a facility consists of, by kind and name, as pointers to what others
// keep alive. Copying one is a fork: a what-if puts other objects over a copy. No rules, no sums.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "api/catalog.h"
#include "api/contract.h"
#include "api/node.h"
#include "api/object.h"
#include "api/site.h"
#include "api/storage.h"

namespace freehold::fleet::facility {

template <class T>
using ByName = std::map<std::string_view, const T*>;  // keys live in the objects

struct Estate {
  ByName<api::Site> sites;
  ByName<api::Rack> racks;
  ByName<api::PowerDomain> domains;
  ByName<api::Node> nodes;
  ByName<api::HardwareProfile> profiles;
  ByName<api::DeviceModel> models;
  ByName<api::Fabric> fabrics;
  ByName<api::StoragePool> pools;
  std::vector<const api::AllocationSpec*> allocations;  // those that count

  // Adds or replaces; kinds that say nothing of a facility are passed over. Allocations are not
  // added here: whether one counts is in its offer.
  void put(const api::Object& object);
  void put(const api::PowerDomain& domain);
};

}  // namespace freehold::fleet::facility
