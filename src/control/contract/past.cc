#include "control/contract/past.h"

#include <algorithm>

#include "control/contract/price.h"

namespace freehold::control {

void add_past(Work& w, const api::Instance& gone) {
  api::ContractStatus& status = w.status();
  const api::Usage& usage = gone.status.usage;
  status.past_cpu_us += usage.cpu_us;
  const bool has_ended = gone.status.phase >= api::InstancePhase::succeeded;
  status.is_past_energy_in_part |= usage.is_energy_in_part || !has_ended;
  // What is held and never ran may have a meter, too; that it has none is then no gap.
  if (!gone.status.started_at.is_set() && usage.energy_joules <= 0) return;
  const std::string site = site_of(w.in.fleet, gone.spec.node);
  auto past = std::find_if(status.past_energy.begin(), status.past_energy.end(),
                           [&](const api::PastEnergy& p) { return p.site == site; });
  bool is_known = usage.energy_joules >= 0;
  if (past == status.past_energy.end() && status.past_energy.size() < most_energy_sites) {
    past = status.past_energy.insert(past, {site, 0});
  } else if (past == status.past_energy.end()) {
    --past;  // it is not known any more where how much was taken
    is_known = false;
  }
  past->joules = is_known && past->joules >= 0 ? past->joules + usage.energy_joules : -1;
}

bool add_deleted(Work& w) {
  bool is_any = false;
  for (const api::Instance* i : w.instances()) {
    if (!i->metadata.deletion_timestamp.is_set() || is_counted(*i)) continue;
    add_past(w, *i);
    retire(w, *i);
    is_any = true;
  }
  return is_any;
}

void retire(Work& w, const api::Instance& old) {
  api::Instance counted = old;
  // What the plan changes of it already goes along.
  std::erase_if(w.plan.ops, [&](const ledger::Op& op) {
    const auto* same = op.object.as<api::Instance>();
    if (same == nullptr || same->metadata.uid != old.metadata.uid) return false;
    counted = *same;
    return true;
  });
  counted.metadata.annotations[std::string(counted_annotation)] = "true";
  if (!old.metadata.deletion_timestamp.is_set()) return w.erase(counted);
  w.plan.update(api::Object::of(std::move(counted)), revision_of(old.metadata));
}

}  // namespace freehold::control
