#include "control/contract/statement.h"

#include <algorithm>

#include "api/window_facts.h"
#include "base/strings.h"
#include "control/contract/missed.h"

namespace freehold::control {

namespace {

// What of the price is given back, in thousandths of a percent.
int64_t credited_share(const api::Contract& c) {
  int64_t share = 0;
  for (const api::Remedy& r : c.spec.remedies)
    if (r.action == api::RemedyAction::credit) share += r.amount.value();
  return std::min<int64_t>(share, 100'000);
}

// A promise whose error budget is spent, and no wish that was never kept on the assigned hardware.
bool earns_credit(const api::Guarantee& g, const api::GuaranteeStatus& status) {
  return may_earn_credit(g) && status.basis != api::Basis::trial && status.budget_left < 0;
}

// Money back: percent of the price of violated windows, once the error budget is spent: whether
// there was time for other remedies, and what they came to, takes nothing from it. Windows of
// several guarantees lie over the same seconds, and no second is paid back twice.
Quantity credits_of(const api::Contract& c, const Quantity& per_hour, Duration charged) {
  const auto earns = [&](size_t i) {
    return i < c.spec.guarantees.size() && i < c.status.guarantees.size() &&
           earns_credit(c.spec.guarantees[i], c.status.guarantees[i]);
  };
  const Duration missed = time_missed(c.status.missed, earns);
  const Quantity price = money_for(per_hour, std::min(missed, charged));
  const Wide micro = static_cast<Wide>(price.value()) * credited_share(c) / 100'000;
  return Quantity::of(countable(micro), Dimension::money, per_hour.currency());
}

int64_t share_of(int64_t amount, Duration part, Duration whole) {
  if (whole.us <= 0 || part >= whole) return amount;
  return static_cast<int64_t>(static_cast<Wide>(amount) * part.us / whole.us);
}

// What was agreed for a site. A machine that has left the fleet tells no site: one price is its.
const api::EnergyPrice* agreed_at(const api::ContractStatus& status, std::string_view site) {
  for (const api::EnergyPrice& p : status.energy_prices)
    if (p.site == site || (site.empty() && status.energy_prices.size() == 1)) return &p;
  return nullptr;
}

// Energy by the site whose machines took it, each at its own agreed price.
struct EnergySum {
  const Settlement& of;
  std::string_view currency;
  Wide joules = 0;
  Wide cost = 0;
  bool is_priced = false, is_all_priced = true;

  void add(std::string_view site, int64_t taken) {
    joules += taken;
    const api::EnergyPrice* at = agreed_at(of.contract.status, site);
    if (at == nullptr || !at->price.is_set() || at->price.currency() != currency) {
      is_all_priced &= taken == 0;
      return;
    }
    is_priced = true;
    cost += cost_of(*at, taken).value();
  }
};

// Fills in energy and its cost; nothing is known without a measurement or the power of every
// member. Says, for people, what of it is not billed, and why; empty: nothing.
std::string add_energy(const Settlement& of, Duration charged, Duration ran, api::Statement& s) {
  const Quantity& rate = of.contract.status.price_per_hour;
  EnergySum sum{of, rate.currency()};
  const api::ContractStatus& status = of.contract.status;
  const bool is_metered = !(of.instances.empty() && status.past_energy.empty()) &&
                          std::all_of(status.past_energy.begin(), status.past_energy.end(),
                                      [](const auto& past) { return past.joules >= 0; }) &&
                          std::all_of(of.instances.begin(), of.instances.end(),
                                      [](auto* i) { return i->status.usage.energy_joules >= 0; });
  const bool is_in_part = status.is_past_energy_in_part ||
                          std::any_of(of.instances.begin(), of.instances.end(),
                                      [](auto* i) { return i->status.usage.is_energy_in_part; });
  const bool has_power =
      !of.members.empty() && std::all_of(of.members.begin(), of.members.end(),
                                         [](const auto& m) { return m.power.is_set(); });
  // What is metered in part is the least that it took; a nameplate says more.
  const bool is_measured = is_metered && !(is_in_part && has_power);
  if (is_measured) {
    for (const api::Instance* i : of.instances)
      sum.add(of.site_of(i->spec.node),
              share_of(i->status.usage.energy_joules, s.until - s.from, ran));
    for (const api::PastEnergy& past : status.past_energy)
      sum.add(past.site, share_of(past.joules, s.until - s.from, ran));
  } else if (has_power) {
    for (const api::AllocatedMember& m : of.members)
      sum.add(of.site_of(m.node),
              countable(static_cast<Wide>(m.power.value()) * charged.us / 1'000'000'000));
  } else {
    return {};
  }
  s.energy = Quantity::of(countable(sum.joules), Dimension::energy);
  s.energy_basis = !is_measured ? "nameplate" : is_in_part ? "measured in part" : "measured";
  if (!rate.is_set()) return ", not billed: no price was agreed";
  if (sum.is_priced)
    s.energy_cost = Quantity::of(countable(sum.cost), Dimension::money, rate.currency());
  if (sum.is_all_priced) return {};
  return std::string(sum.is_priced ? ", billed in part: not everywhere" : ", not billed: nowhere") +
         " where it ran was a price of energy agreed in " + rate.currency();
}

Duration whole_seconds(Duration span) { return seconds(span.us / 1'000'000); }

std::string sentence(const api::Contract& c, const api::Statement& s, Duration uncharged,
                     Duration after_term, const std::string& unbilled) {
  std::string text = "Contract " + c.metadata.name + " ran for " +
                     format_duration(whole_seconds(s.until - s.from)) + ". ";
  for (size_t i = 0; i < s.guarantees.size(); ++i) {
    const api::GuaranteeStatus& g = s.guarantees[i];
    const int64_t determined = g.windows.fulfilled + g.windows.violated;
    text += (i < c.spec.guarantees.size() ? api::promise_name(c.spec.guarantees[i]) : g.metric) +
            ": promised " + g.promised.text() + ", kept in " + std::to_string(g.windows.fulfilled) +
            " of " + std::to_string(determined) + " windows";
    if (g.windows.not_determined > 0)
      text += " (" + std::to_string(g.windows.not_determined) + " not determined)";
    if (g.median.is_set()) text += ", median " + humanize(g.median.value(), g.median.dimension());
    text += ". ";
  }
  // To the last instant, so that the price can be computed again.
  if (uncharged.us > 0)
    text += "Not charged: " + format_duration(uncharged) +
            " in which its machines were not heard of, or it had none. ";
  if (after_term.us >= 1'000'000)
    text += "Not charged: " + format_duration(whole_seconds(after_term)) + " after its term. ";
  if (s.due.is_set()) text += "Due " + s.due.text() + ". ";
  if (s.energy.is_set())
    return text + "Energy " + s.energy.text() + " (" + s.energy_basis + ")" + unbilled + ".";
  if (s.until <= s.from) return text + "It never ran, and took no energy.";
  return text + "Energy is not known: no meter of its nodes told it for all of its time.";
}

}  // namespace

Time charged_from(const api::Contract& c, const std::vector<const api::Instance*>& instances,
                  Time until) {
  if (c.status.active_at.is_set()) return std::min(c.status.active_at, until);
  Time from = until;
  if (c.spec.acceptance.test != api::AcceptanceTest::workload) return from;
  for (const api::Instance* i : instances)
    if (i->spec.gate_open && i->status.started_at.is_set())
      from = std::min(from, std::max(i->status.started_at, c.status.reserved_at));
  return from;
}

Time charged_until(const api::Contract& c, Time released) {
  return c.status.ends_at.is_set() ? std::min(c.status.ends_at, released) : released;
}

api::Statement make_statement(const Settlement& of) {
  const api::Contract& c = of.contract;
  api::Statement s;
  s.until = charged_until(c, of.released);
  s.from = charged_from(c, of.instances, s.until);
  if (!c.status.ends_at.is_set() && c.spec.term.duration.us > 0)
    s.until = std::min(s.until, s.from + c.spec.term.duration);
  s.guarantees = c.status.guarantees;
  int64_t cpu_us = c.status.past_cpu_us;
  for (const api::Instance* i : of.instances) cpu_us += i->status.usage.cpu_us;
  s.cpu_time = Quantity::of(cpu_us * 1000, Dimension::duration);
  const Duration uncharged = std::clamp(of.uncharged, Duration{}, s.until - s.from);
  const Duration charged = s.until - s.from - uncharged;
  const std::string unbilled = add_energy(of, charged, of.released - s.from, s);
  if (const Quantity& rate = c.status.price_per_hour; rate.is_set()) {
    s.price = money_for(rate, charged);
    s.credits = credits_of(c, rate, charged);
    const Wide due = static_cast<Wide>(s.price.value()) - s.credits.value() + s.energy_cost.value();
    s.due = Quantity::of(countable(due), Dimension::money, rate.currency());
  }
  constexpr size_t longest_text = 4096;  // that the schema takes
  const std::string text = sentence(c, s, uncharged, of.released - s.until, unbilled);
  s.text = beginning_of(text, longest_text);
  return s;
}

}  // namespace freehold::control
