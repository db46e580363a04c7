#include "sim/observer.h"

#include "auth/auth.h"

namespace freehold::sim {

Observer::Observer(World& world, Network& network, const std::string& name, const api::Kind& kind)
    : process_(world, name),
      kind_(kind),
      transport_(network.connect({name, name, {std::string(auth::admins)}})),
      remote_(*transport_),
      reflector_(process_, remote_, {&kind, "", ""}, {}, [] {}) {}

std::string Observer::differs(const ledger::View& view) const {
  const auto& items = reflector_.items();
  std::string difference;
  size_t count = 0;
  view.each(kind_.key_prefix(), [&](const ledger::RecordPtr& record) {
    ++count;
    const api::ObjectMeta& meta = record->object.meta();
    const auto found = items.find(meta.ns + "/" + meta.name);
    if (found == items.end())
      difference = peer() + " does not see " + record->object.key();
    else if (found->second.meta().resource_version != meta.resource_version)
      difference = peer() + " sees " + record->object.key() + " at " +
                   found->second.meta().resource_version + ", it is at " + meta.resource_version;
    return difference.empty();
  });
  if (difference.empty() && items.size() != count)
    difference = peer() + " sees " + std::to_string(items.size()) + " " +
                 std::string(kind_.plural) + ", there are " + std::to_string(count);
  return difference;
}

}  // namespace freehold::sim
