#include "control/power/power.h"

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <vector>

#include "api/site.h"
#include "fleet/facility/facility.h"
#include "fleet/facility/limits.h"
#include "fleet/facility/overhead.h"

namespace freehold::control {

namespace {

namespace ff = fleet::facility;

constexpr std::string_view all_domains = "power";  // the one key
// Of one commit: far below what a commit may hold; the rest follows at once.
constexpr size_t most_changes = 1'000;
constexpr std::string_view condition = "WithinCapacity";

bool is_too_old(const api::PowerReading& reading, Time now) {
  return reading.measured.is_set() && reading.at.is_set() && reading.at + meter_life < now;
}

// `aged` keeps the domains whose meters do not count any more, as they are without them.
ff::Estate estate_of(const Input& in, std::deque<api::PowerDomain>& aged) {
  ff::Estate estate;
  const auto put = [&]<class T>(ff::ByName<T>& into) {
    for (const T* object : in.view.all<T>()) into.emplace(object->metadata.name, object);
  };
  put(estate.sites);
  put(estate.racks);
  put(estate.domains);
  for (auto& [name, domain] : estate.domains) {
    if (!is_too_old(domain->status.meter, in.now)) continue;
    aged.push_back(*domain);
    aged.back().status.meter = {};
    domain = &aged.back();
  }
  put(estate.nodes);
  put(estate.profiles);
  put(estate.models);
  for (const std::string& key : in.fleet.allocations())
    estate.allocations.push_back(in.fleet.allocation(key));
  return estate;
}

std::string watts(int64_t mw) { return humanize(mw, Dimension::power); }

struct Verdict {
  api::ConditionStatus status = api::ConditionStatus::unknown;
  std::string reason, message;
};

// For each domain: one, itself or behind it, whose meter is too old to say what it carries; none
// where a meter in between has seen that, too.
std::vector<uint32_t> blind_spots(const ff::Facility& facility, const Input& in) {
  const auto& domains = facility.supply->domains();
  std::vector<uint32_t> by(domains.size(), ff::none);
  std::vector<uint32_t> open;
  for (uint32_t d = 0; d < domains.size(); ++d) {
    const auto* domain = in.view.get<api::PowerDomain>({}, domains[d].name);
    if (domain == nullptr || !is_too_old(domain->status.meter, in.now)) continue;
    by[d] = d;
    open.push_back(d);
  }
  while (!open.empty()) {
    const uint32_t d = open.back();
    open.pop_back();
    for (const uint32_t s : domains[d].suppliers) {
      if (by[s] != ff::none || domains[s].meter_mw >= 0) continue;
      by[s] = by[d];
      open.push_back(s);
    }
  }
  return by;
}

std::string blind_text(const api::PowerDomain& domain, const api::PowerDomain& blind) {
  const bool is_own = domain.metadata.name == blind.metadata.name;
  return "what " + (is_own ? "its meter" : "the meter of " + blind.metadata.name) + " said at " +
         format_rfc3339(blind.status.meter.at) +
         " is too old to count as now, and what it carries beyond the machines that are known is "
         "not known; read the meter again";
}

// `blind`: see blind_spots(); null where there is none.
Verdict verdict_of(const ff::DomainView& view, const ff::Supply& supply,
                   const api::PowerDomain* blind) {
  const std::string capacity = view.domain->spec.capacity.text();
  if (ff::is_beyond(view.load_mw, view.domain->spec.capacity.value()))
    return {api::ConditionStatus::false_, "Overloaded",
            "carries " + watts(view.load_mw) + " of " + capacity +
                ff::with_pue_text(view.pue_milli) + "; move or cap machines"};
  if (view.headroom_mw < 0)
    return {api::ConditionStatus::false_, "FailureOverloads",
            "would carry " + watts(view.worst.load_mw) + " of " + capacity +
                ff::with_pue_text(view.pue_milli) + " if " +
                supply.domains()[view.worst.failed].name +
                " failed; move or cap machines, or let feeds say onFailure: cap"};
  if (blind != nullptr)
    return {api::ConditionStatus::unknown, "MeterTooOld", blind_text(*view.domain, *blind)};
  if (!view.is_used)
    return {api::ConditionStatus::unknown, "NothingKnownOnIt",
            "no machine is known to hang on it; name it in spec.feeds of racks or nodes" +
                (view.meter_mw < 0 ? "" : "; its meter says " + watts(view.meter_mw))};
  if (view.basis == api::PowerBasis::unknown)
    return {api::ConditionStatus::unknown, "WattsUnknown",
            "of some machines that hang on it no watts are known; set spec.nameplate or "
            "spec.expectedModel of them"};
  const std::string when = view.worst.failed == ff::none
                               ? ""
                               : " if " + supply.domains()[view.worst.failed].name + " fails";
  return {api::ConditionStatus::true_, "Within",
          "carries at most " + watts(view.worst.load_mw) + " of " + capacity +
              ff::with_pue_text(view.pue_milli) + when};
}

// What is written of a domain; a number of which nothing is known is unset.
struct Written {
  Quantity load, headroom;
};
Written written_of(const ff::DomainView& view) {
  if (!view.is_used && view.meter_mw < 0) return {};
  return {Quantity::of(view.load_mw, Dimension::power),
          Quantity::of(view.headroom_mw, Dimension::power)};
}

// With its meter, whatever that counts for.
const api::PowerDomain* as_stored(const ff::DomainView& view, const Input& in) {
  return in.view.get<api::PowerDomain>({}, view.name);
}

// Whether a number has moved by enough to be worth a write.
bool has_moved(const Quantity& written, const Quantity& now, int64_t capacity) {
  if (written.is_set() != now.is_set()) return true;
  if (written.value() == now.value()) return false;
  const int64_t step = capacity / 100 * power_step_percent;
  return std::abs(written.value() - now.value()) >= std::max<int64_t>(step, 1);
}

bool is_worth_writing(const api::PowerDomain& domain, const ff::DomainView& view,
                      const Verdict& verdict) {
  const api::PowerDomainStatus& status = domain.status;
  const api::Condition* written = api::find_condition(status.conditions, condition);
  const int64_t capacity = domain.spec.capacity.value();
  const Written now = written_of(view);
  return written == nullptr || written->status != verdict.status ||
         written->reason != verdict.reason ||
         written->observed_generation != domain.metadata.generation || status.basis != view.basis ||
         has_moved(status.load, now.load, capacity) ||
         has_moved(status.headroom, now.headroom, capacity);
}

}  // namespace

// A change of what is built is looked at at once; what machines draw, only when the interval is
// over.
std::vector<std::string> PowerController::keys_for(const ledger::Record& record, bool,
                                                   const ledger::View&) const {
  const api::Object& object = record.object;
  if (object.as<api::PowerDomain>() || object.as<api::Rack>() || object.as<api::Site>())
    return {std::string(all_domains)};
  return {};
}

Plan PowerController::plan(std::string_view, const Input& in) const {
  Plan plan;
  std::deque<api::PowerDomain> aged;
  const ff::Estate estate = estate_of(in, aged);
  if (estate.domains.empty()) return plan;  // the first one will be told
  plan.look_again(power_interval);
  const ff::Facility facility = ff::survey_power(estate, ff::Footing::now);
  const std::vector<uint32_t> blind = blind_spots(facility, in);
  for (size_t d = 0; d < facility.domains.size(); ++d) {
    const ff::DomainView& view = facility.domains[d];
    if (view.domain == nullptr || view.domain->metadata.deletion_timestamp.is_set()) continue;
    const auto* at = blind[d] == ff::none ? nullptr : as_stored(facility.domains[blind[d]], in);
    const Verdict verdict = verdict_of(view, *facility.supply, at);
    if (!is_worth_writing(*view.domain, view, verdict)) continue;
    if (plan.ops.size() == most_changes) {
      plan.look_again(milliseconds(1));
      break;
    }
    api::PowerDomain next = *as_stored(view, in);
    const Written now = written_of(view);
    next.status.load = now.load;
    next.status.basis = view.basis;
    next.status.headroom = now.headroom;
    const bool was_true = api::is_true(view.domain->status.conditions, condition);
    api::set_condition(next.status.conditions, condition, verdict.status, verdict.reason,
                       verdict.message, next.metadata.generation, in.now);
    if (was_true != (verdict.status == api::ConditionStatus::true_) &&
        verdict.status != api::ConditionStatus::unknown)
      plan.notes.push_back({api::Object::of(*view.domain),
                            verdict.status == api::ConditionStatus::true_ ? "Normal" : "Warning",
                            verdict.reason, verdict.message});
    plan.update(api::Object::of(std::move(next)), revision_of(view.domain->metadata));
  }
  return plan;
}

}  // namespace freehold::control
