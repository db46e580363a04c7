#include "fleet/facility/estate.h"

namespace freehold::fleet::facility {
namespace {

template <class T>
bool put_as(const api::Object& object, ByName<T>& into) {
  const T* value = object.as<T>();
  if (value == nullptr) return false;
  // The key is a view of the name, and must be one of the object that stays.
  into.erase(value->metadata.name);
  into.emplace(value->metadata.name, value);
  return true;
}

}  // namespace

void Estate::put(const api::Object& object) {
  (void)(put_as(object, nodes) || put_as(object, racks) || put_as(object, domains) ||
         put_as(object, sites) || put_as(object, profiles) || put_as(object, models) ||
         put_as(object, fabrics) || put_as(object, pools));
}

void Estate::put(const api::PowerDomain& domain) {
  domains.erase(domain.metadata.name);
  domains.emplace(domain.metadata.name, &domain);
}

}  // namespace freehold::fleet::facility
