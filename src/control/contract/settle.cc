// The end of a contract: instances wind down, the last windows are judged, the statement is made,
// capacity is given back.
#include <algorithm>

#include "api/site.h"
#include "control/contract/assess.h"
#include "control/contract/price.h"
#include "control/contract/work.h"

namespace freehold::control {

using api::ConditionStatus;
using api::ContractPhase;
using api::InstancePhase;

namespace {

constexpr Duration wind_down_margin = seconds(60);

bool has_ended(const api::Instance& i) {
  const InstancePhase p = i.status.phase;
  return p == InstancePhase::stopped || p == InstancePhase::succeeded ||
         p == InstancePhase::failed || p == InstancePhase::lost;
}

// Money back: percent of the price of violated windows, of guarantees that did not rest on the
// workload's own word, and that were promises: a wish that was never kept on the assigned hardware
// earns nothing.
Quantity credits_of(const api::Contract& c, const Quantity& per_hour) {
  int64_t micro = 0;
  for (const api::Remedy& r : c.spec.remedies) {
    if (r.action != api::RemedyAction::credit) continue;
    for (size_t i = 0; i < c.spec.guarantees.size() && i < c.status.guarantees.size(); ++i) {
      const api::Guarantee& g = c.spec.guarantees[i];
      if (g.measured_by == api::MeasuredBy::workload) continue;
      if (c.status.guarantees[i].basis == api::Basis::trial) continue;
      const Duration violated = g.window * c.status.guarantees[i].windows.violated;
      micro += static_cast<int64_t>(static_cast<Wide>(money_for(per_hour, violated).value()) *
                                    r.amount.value() / 100'000);
    }
  }
  return Quantity::of(micro, Dimension::money, per_hour.currency());
}

std::string sentence(const api::Contract& c, const api::Statement& s) {
  std::string text = "Contract " + c.metadata.name + " ran for " +
                     format_duration(seconds((s.until - s.from).us / 1'000'000)) + ". ";
  for (const api::GuaranteeStatus& g : s.guarantees) {
    const int64_t determined = g.windows.fulfilled + g.windows.violated;
    text += g.metric + ": promised " + g.promised.text() + ", kept in " +
            std::to_string(g.windows.fulfilled) + " of " + std::to_string(determined) + " windows";
    if (g.median.is_set()) text += ", median " + humanize(g.median.value(), g.median.dimension());
    text += ". ";
  }
  if (s.due.is_set()) text += "Due " + s.due.text() + ". ";
  text += s.energy.is_set() ? "Energy " + s.energy.text() + " (" + s.energy_basis + ")."
                            : "Energy is not known: nothing on its nodes measures power.";
  return text;
}

}  // namespace

bool wants_end(const Work& w) {
  const api::Contract& c = w.before;
  if (c.metadata.deletion_timestamp.is_set() || c.spec.release) return true;
  return c.status.active_at.is_set() && c.spec.term.duration.us > 0 &&
         w.in.now >= c.status.active_at + c.spec.term.duration;
}

api::Statement make_statement(const api::Contract& c, const api::Offer* offer,
                              const std::vector<const api::Instance*>& instances,
                              const Quantity& energy_price, double pue, Time until) {
  api::Statement s;
  s.from = c.status.active_at.is_set() ? c.status.active_at : until;
  s.until = until;
  s.guarantees = c.status.guarantees;
  int64_t cpu_us = c.status.past_cpu_us, joules = c.status.past_energy_joules;
  bool measured = !instances.empty();
  for (const api::Instance* i : instances) {
    cpu_us += i->status.usage.cpu_us;
    measured &= i->status.usage.energy_joules >= 0;
    joules += std::max<int64_t>(i->status.usage.energy_joules, 0);
  }
  s.cpu_time = Quantity::of(cpu_us * 1000, Dimension::duration);
  const Duration ran = s.until - s.from;
  if (measured) {
    s.energy = Quantity::of(joules, Dimension::energy);
    s.energy_basis = "measured";
  } else if (offer != nullptr && offer->spec.power.is_set()) {
    s.energy = Quantity::of(
        static_cast<int64_t>(static_cast<Wide>(offer->spec.power.value()) * ran.us / 1'000'000'000),
        Dimension::energy);
    s.energy_basis = "nameplate";
  }
  if (offer != nullptr && offer->spec.price_per_hour.is_set()) {
    const Quantity& rate = offer->spec.price_per_hour;
    s.price = money_for(rate, ran);
    s.credits = credits_of(c, rate);
    int64_t due = s.price.value() - s.credits.value();
    if (s.energy.is_set() && energy_price.is_set() && energy_price.currency() == rate.currency()) {
      // Joules to kWh, and the site's overhead in thousandths: integers to the end.
      const Wide micro = static_cast<Wide>(energy_price.value()) * s.energy.value() *
                         static_cast<int64_t>(pue * 1000) / 1000 / 3'600'000;
      s.energy_cost = Quantity::of(static_cast<int64_t>(micro), Dimension::money, rate.currency());
      due += s.energy_cost.value();
    }
    s.due = Quantity::of(due, Dimension::money, rate.currency());
  }
  s.text = sentence(c, s);
  return s;
}

namespace {

// Asks every instance to stop. True when all have, or when their time is up; then `left` names what
// did not.
bool wound_down(Work& w, std::vector<std::string>& left) {
  bool all = true;
  Duration longest = seconds(0);
  for (const api::Instance* i : w.instances()) {
    longest = std::max(longest, i->spec.run.stop_grace);
    if (!i->spec.stop && !has_ended(*i)) {
      api::Instance stopping = *i;
      stopping.spec.stop = true;
      w.plan.update(api::Object::of(std::move(stopping)), revision_of(i->metadata));
    }
    if (has_ended(*i)) continue;
    all = false;
    left.push_back(i->metadata.name + " on " + i->spec.node);
  }
  if (all) return true;
  const Time deadline = w.status().released_at + longest + wind_down_margin;
  if (w.in.now >= deadline) return true;
  w.plan.look_again(deadline - w.in.now);
  return false;
}

void finish(Work& w, const std::vector<std::string>& left) {
  Quantity energy_price;
  double pue = 1;
  std::vector<MemberView> members;
  for (const api::Instance* i : w.instances()) {
    members.push_back({i, true, {}});
    const auto* node = w.in.view.get<api::Node>({}, i->spec.node);
    const auto* site = node ? w.in.view.get<api::Site>({}, node->spec.site) : nullptr;
    if (site == nullptr) continue;
    energy_price = site->spec.energy_price;
    pue = site->spec.pue;
  }
  // Nothing more will come: what has not been handed in by now is a gap.
  assess(w.before.spec, w.status(), members, w.in.now + hours(24));
  if (!w.status().statement)
    w.status().statement =
        make_statement(w.next, w.offer(), w.instances(), energy_price, pue, w.status().released_at);
  for (const api::Instance* i : w.instances()) w.erase(*i);
  w.status().phase = ContractPhase::settled;
  w.condition("Active", ConditionStatus::false_, "Ended", "the contract has ended");
  std::string message = w.status().statement->text;
  for (const std::string& l : left)
    message += " Not known to have stopped: " + l + "; its share is held until it is.";
  w.condition("Settled", ConditionStatus::true_, left.empty() ? "Settled" : "LeftBehind", message);
  w.note("Normal", "Settled", message);
}

}  // namespace

void step_settle(Work& w) {
  if (w.before.status.phase == ContractPhase::settled) {
    if (w.before.metadata.deletion_timestamp.is_set() && w.release_unused({}))
      std::erase(w.next.metadata.finalizers, settle_finalizer);
    return;
  }
  if (!w.status().released_at.is_set()) w.status().released_at = w.in.now;
  w.status().phase = ContractPhase::settling;
  w.condition("Settled", ConditionStatus::false_, "WindingDown", "instances are asked to stop");
  std::vector<std::string> left;
  if (wound_down(w, left)) finish(w, left);
}

}  // namespace freehold::control
