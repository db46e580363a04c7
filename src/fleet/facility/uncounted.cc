#include "fleet/facility/uncounted.h"

#include <algorithm>

namespace freehold::fleet::facility {
namespace {

bool may_be_unknown(const Facility& facility, uint32_t domain) {
  const bool is_metered =
      facility.footing == Footing::now && facility.domains[domain].meter_mw >= 0;
  return facility.supply->domains()[domain].capacity_mw >= 0 && !is_metered;
}

}  // namespace

void Uncounted::add(const Uncounted& more) {
  if (!more.any()) return;
  first = any() ? std::min(first, more.first) : more.first;
  last = last == none ? more.last : std::max(last, more.last);
}

bool is_uncounted(const Machine& machine) {
  return !machine.counted.is_known() || machine.counted.is_at_least();
}

std::vector<Uncounted> uncounted_below(const Facility& facility) {
  const Supply& supply = *facility.supply;
  std::vector<Uncounted> of_group(supply.groups().size()), out(supply.domains().size());
  for (uint32_t m = 0; m < facility.machines.size(); ++m)
    if (const uint32_t group = supply.group_of()[m];
        group != none && is_uncounted(facility.machines[m]))
      of_group[group].add({m, m});
  for (const uint32_t d : supply.order()) {
    for (const uint32_t group : supply.domains()[d].groups) out[d].add(of_group[group]);
    for (const uint32_t consumer : supply.domains()[d].consumers) out[d].add(out[consumer]);
  }
  for (uint32_t d = 0; d < out.size(); ++d)
    if (!may_be_unknown(facility, d)) out[d] = {};
  return out;
}

std::vector<uint32_t> uncounted_below(const Facility& facility,
                                      const std::vector<uint32_t>& domains) {
  const Supply& supply = *facility.supply;
  std::vector<uint8_t> is_below(supply.domains().size(), 0), is_group(supply.groups().size(), 0);
  for (const uint32_t d : domains) is_below[d] = may_be_unknown(facility, d) ? 1 : 0;
  // Suppliers before what they supply.
  for (size_t i = supply.order().size(); i-- > 0;) {
    const Supply::Domain& domain = supply.domains()[supply.order()[i]];
    if (is_below[supply.order()[i]] == 0) continue;
    for (const uint32_t consumer : domain.consumers) is_below[consumer] = 1;
    for (const uint32_t group : domain.groups) is_group[group] = 1;
  }
  std::vector<uint32_t> out;
  for (uint32_t m = 0; m < facility.machines.size(); ++m)
    if (const uint32_t group = supply.group_of()[m];
        group != none && is_group[group] != 0 && is_uncounted(facility.machines[m]))
      out.push_back(m);
  return out;
}

}  // namespace freehold::fleet::facility
