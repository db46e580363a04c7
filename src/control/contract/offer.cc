// From requirement to reservation: admission, placement, offer, acceptance.
#include <algorithm>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "api/catalog.h"
#include "api/site.h"
#include "api/tenancy.h"
#include "base/strings.h"
#include "control/contract/admission.h"
#include "control/contract/price.h"
#include "control/contract/work.h"
#include "control/tenant/quota.h"
#include "control/tenant/user_id.h"
#include "place/place.h"

namespace freehold::control {

using api::ConditionStatus;
using api::ContractPhase;

Admission no_tenant(const Work& w) {
  Admission admission = tenant_admission(w.in.view, w.ns());
  if (!admission.ok()) return admission;
  if (!user_id_of(w.in.view, admission.tenant))
    return {"NoUserId",
            "tenant \"" + admission.tenant + "\" has no valid user id yet: see its annotation " +
                std::string(user_id_annotation),
            admission.tenant};
  return admission;
}

namespace {

constexpr Duration look_for_capacity = seconds(30);
constexpr Duration rest_after_attempts = minutes(5);
constexpr Duration longest_wait = hours(1);  // the wall clock may be set meanwhile

// False, and Admitted says why, when the contract may not be offered anything.
bool admit(Work& w) {
  const Admission admission = admission_of(w.in.view, w.before);
  if (!admission.ok()) {
    w.condition("Admitted", ConditionStatus::false_, admission.reason, admission.message);
    return false;
  }
  if (const Admission problem = no_tenant(w); !problem.ok()) {
    w.condition("Admitted", ConditionStatus::false_, problem.reason, problem.message);
    return false;
  }
  w.condition("Admitted", ConditionStatus::true_, "Checked",
              "tenant " + admission.tenant + ", within its quota");
  return true;
}

std::vector<place::OwnContract> own_contracts(const Work& w) {
  std::vector<place::OwnContract> own;
  for (const api::Contract* c : w.in.view.all<api::Contract>(w.ns())) {
    if (c == &w.before || c->status.offer.empty()) continue;
    place::OwnContract o{c->metadata.name, {}, c->status.ends_at};
    for (const auto* a : w.in.view.owned<api::Allocation>(c->metadata.uid))
      if (a->spec.offer == c->status.offer)
        o.allocation_keys.push_back(
            api::kind_of<api::Allocation>().key(a->metadata.ns, a->metadata.name));
    own.push_back(std::move(o));
  }
  return own;
}

api::Offer describe_offer(const Work& w, const place::Decision& decision, const PriceQuote& quote,
                          const std::string& name) {
  const auto& members = decision.placement->members;
  api::Offer offer;
  offer.metadata = w.owned(name);
  offer.metadata.annotations[std::string(request_annotation)] = request_digest(w.before.spec);
  api::OfferSpec& s = offer.spec;
  s.contract = w.name();
  s.contract_generation = w.before.metadata.generation;
  s.attempt = w.next.status.attempts;
  s.issuer = w.in.ledger.identity().organization + "/" + w.in.ledger.identity().site;
  s.start = w.in.now;
  s.expires = w.in.now + w.before.spec.offer_ttl;
  s.decision = decision.digest;
  const Duration term = w.before.spec.term.duration;
  s.price_per_hour = quote.per_hour;
  s.total = total_of(quote, term);
  Wide milliwatts = 0;
  bool power_known = !members.empty();
  for (const api::AllocatedMember& m : members) {
    power_known &= m.power.is_set();
    milliwatts += m.power.value();
    if (s.placement.size() < 64)
      s.placement.push_back({m.role, m.node, m.cpus, m.index, m.memory, m.devices});
  }
  if (power_known) {
    s.power = Quantity::of(countable(milliwatts), Dimension::power);
    if (term.us > 0)
      s.energy =
          Quantity::of(countable(milliwatts / 1000 * (term.us / 1'000'000)), Dimension::energy);
  }
  for (const api::Guarantee& g : w.before.spec.guarantees)
    s.guarantees.push_back(
        {g.metric, g.at_least, g.at_most, g.quantile, g.target, 0, api::Basis::trial});
  return offer;
}

// Takes from the quotas in the same commit: of two contracts that were admitted from one view, the
// second finds the tenant changed and is looked at again.
void take_quota(Work& w) {
  const auto* tenant = w.in.view.get<api::Tenant>({}, tenant_of(w.in.view, w.ns()));
  if (tenant == nullptr) return;
  Usage taken = request_of(w.before.spec);
  for (const ledger::Op& op : w.plan.ops)
    if (const auto* offer = op.object.as<api::Offer>(); offer != nullptr &&
                                                        offer->metadata.name == w.status().offer &&
                                                        offer->spec.price_per_hour.is_set())
      taken.emplace(money_resource, offer->spec.price_per_hour);
  for (const api::Tenant* at : quota_chain(w.in.view, *tenant)) {
    api::Tenant next = *at;
    next.status.used = usage_of(w.in.view, at->metadata.name);
    add_usage(next.status.used, taken);
    w.plan.update(api::Object::of(std::move(next)), revision_of(at->metadata));
  }
}

// What the offer that the plan makes costs, in money and joules.
std::string costs_text(const Work& w) {
  std::string text;
  for (const ledger::Op& op : w.plan.ops) {
    const auto* offer = op.object.as<api::Offer>();
    if (offer == nullptr || offer->metadata.name != w.next.status.offer) continue;
    const api::OfferSpec& s = offer->spec;
    if (s.price_per_hour.is_set()) text += "; it costs " + s.price_per_hour.text();
    if (s.total.is_set()) text += ", " + s.total.text() + " for the whole term";
    if (s.energy.is_set()) text += "; it takes up to " + s.energy.text();
  }
  return text;
}

void refuse(Work& w, const api::Refusal& refusal) {
  const bool news = schema::print(w.before.status.refusal) != schema::print(refusal);
  w.status().refusal = refusal;
  w.status().phase = ContractPhase::refused;
  std::string message = refusal.message;
  if (!refusal.cheapest_change.empty()) message += "; cheapest change: " + refusal.cheapest_change;
  w.condition("Offered", ConditionStatus::false_, "Refused", message);
  if (news) w.note("Warning", "Refused", message);
  w.plan.look_again(look_for_capacity);
}

// By automatic acceptance.
bool is_taken_at(const Quantity& price, const api::Accept& accept) {
  return !accept.max_price.is_set() ||
         (price.is_set() && price.currency() == accept.max_price.currency() &&
          price <= accept.max_price);
}

// A placement, or why there is none, and what it costs.
struct Choice {
  place::Decision decision;
  PriceQuote quote;
};

Choice choose(const Work& w, const place::Request& request) {
  place::Options options;
  options.now = w.in.now;
  Choice choice{place::decide(w.in.fleet, request, options), {}};
  if (choice.decision.placement)
    choice.quote = price_of(w.in.view, w.in.fleet, choice.decision.placement->members, w.in.now);
  return choice;
}

// Machines of the same hardware at the same site as those of a placement: they cost the same.
void avoid_all_like(const fleet::Fleet& fleet, const place::Placement& placement,
                    std::vector<std::string>& avoid) {
  const auto kind = [&](const fleet::NodeState& node) {
    return std::pair(fleet.site_of(node), &node.interior());
  };
  std::set<std::pair<std::string, const fleet::Interior*>> dear;
  for (const api::AllocatedMember& m : placement.members)
    if (const fleet::NodeState* node = fleet.find(m.node)) dear.insert(kind(*node));
  for (size_t rank = 0; rank < fleet.size(); ++rank)
    if (dear.contains(kind(fleet.node(rank)))) avoid.push_back(fleet.node(rank).name());
}

// Where automatic acceptance pays no more than a most, what is too dear is passed over for what is
// not, a few times. None of those: the first choice, so that it can be told what it costs.
Choice choose_affordable(const Work& w, const place::Request& request) {
  constexpr int most_kinds = 8;
  const api::Accept& accept = w.before.spec.accept;
  Choice first = choose(w, request);
  if (!first.decision.placement || accept.mode != api::AcceptMode::automatic ||
      is_taken_at(first.quote.per_hour, accept))
    return first;
  place::Request other = request;
  avoid_all_like(w.in.fleet, *first.decision.placement, other.avoid_nodes);
  for (int kinds = 1; kinds < most_kinds; ++kinds) {
    Choice choice = choose(w, other);
    if (!choice.decision.placement) break;
    if (is_taken_at(choice.quote.per_hour, accept)) return choice;
    avoid_all_like(w.in.fleet, *choice.decision.placement, other.avoid_nodes);
  }
  return first;
}

place::Request request_of_contract(const Work& w, const std::vector<std::string>& avoid) {
  place::Request request;
  request.contract_key = api::kind_of<api::Contract>().key(w.ns(), w.name());
  request.tenant = tenant_of(w.in.view, w.ns());
  request.spec = w.before.spec;
  request.avoid_nodes = avoid;
  request.own = own_contracts(w);
  return request;
}

}  // namespace

bool make_offer(Work& w, const std::vector<std::string>& avoid, api::OfferPhase phase) {
  const bool is_replacement = phase == api::OfferPhase::accepted && w.offer() != nullptr;
  const bool is_agreed = is_replacement || w.status().active_at.is_set();
  const place::Request request = request_of_contract(w, avoid);
  auto [decision, quote] = is_agreed ? choose(w, request) : choose_affordable(w, request);
  w.plan.decision_digest = decision.digest;
  if (!decision.placement) {
    w.status().refusal = decision.refusal;
    return false;
  }
  // Other hardware under the same contract costs what was agreed, and energy what it did there.
  std::vector<api::EnergyPrice> agreed;
  if (is_agreed) {
    quote.per_hour = w.status().price_per_hour;
    agreed = w.status().energy_prices;
  }
  if (!is_replacement) {
    const Admission admission = admission_at_price(w.in.view, w.before, quote);
    if (!admission.ok()) {
      w.status().refusal = refusal_of(admission);
      return false;
    }
  }
  w.status().refusal = {};
  ++w.status().generation;
  const std::string name = w.name() + "-" + std::to_string(w.status().generation);
  api::Offer offer = describe_offer(w, decision, quote, name);
  offer.spec.energy_prices = energy_prices_of(w.in.view, w.in.fleet, decision.placement->members,
                                              std::move(agreed), w.in.now);
  offer.status.phase = phase;
  if (phase == api::OfferPhase::accepted) {
    offer.status.accepted_at = w.in.now;
    w.status().energy_prices = offer.spec.energy_prices;
  }
  w.plan.create(api::Object::of(std::move(offer)));
  const auto allocations = place::to_allocations(*decision.placement, w.name(), name);
  for (size_t i = 0; i < allocations.size(); ++i) {
    api::Allocation allocation;
    allocation.metadata = w.owned(name + "-" + std::to_string(i));
    allocation.spec = allocations[i];
    w.plan.create(api::Object::of(std::move(allocation)));
  }
  w.status().offer = name;
  return true;
}

namespace {

// After the last attempt: other hardware may be there some time later, not at once.
bool rests_after_attempts(Work& w) {
  const api::Condition* c = api::find_condition(w.before.status.conditions, "Reserved");
  if (c == nullptr || c->reason != "AcceptanceFailed" ||
      c->observed_generation != w.before.metadata.generation)
    return false;
  const Time until = c->last_transition_time + rest_after_attempts;
  if (w.in.now < until) w.plan.look_again(until - w.in.now);
  return w.in.now < until;
}

// The next offer would come to the same.
bool rests_after_invalid(Work& w) {
  const api::Condition* c = api::find_condition(w.before.status.conditions, "Reserved");
  if (!is_known_invalid(w, c)) return false;
  const Time until = c->last_transition_time + invalid_pause;
  if (w.in.now < until) w.plan.look_again(until - w.in.now);
  return w.in.now < until;
}

std::string why_not_taken(const api::Offer& offer, const api::Accept& accept) {
  const Quantity& price = offer.spec.price_per_hour;
  if (!price.is_set()) return "no price book covers this placement, so maxPrice cannot be kept";
  const std::string costs = "offer " + offer.metadata.name + " costs " + price.text();
  const std::string most = "spec.accept.maxPrice " + accept.max_price.text();
  return price.currency() == accept.max_price.currency()
             ? costs + ", more than " + most
             : costs + ", which cannot be compared with " + most + "; state it in " +
                   std::string(price.currency());
}

// An offer that nobody could take would hold capacity again and again, and free of charge.
// Says why it could not be taken; null: it could.
const api::Condition* too_dear(const Work& w) {
  const api::Condition* c = api::find_condition(w.before.status.conditions, "Reserved");
  const bool says_so = w.before.spec.accept.mode == api::AcceptMode::automatic && c != nullptr &&
                       c->reason == "PriceTooHigh" &&
                       c->observed_generation == w.before.metadata.generation;
  return says_so ? c : nullptr;
}

// Held once, not taken: the next offer waits for a sign of life. What would have been taken, had
// there been somebody to do it in time, is offered again.
bool rests_after_expiry(const Work& w) {
  const api::Condition* c = api::find_condition(w.before.status.conditions, "Offered");
  return c != nullptr && c->reason == "Expired" &&
         c->observed_generation == w.before.metadata.generation &&
         (w.before.spec.accept.mode == api::AcceptMode::manual || too_dear(w) != nullptr);
}

// When a price book comes into force or ceases to be; nothing of it is written then.
std::optional<Time> next_price_change(const Work& w) {
  std::optional<Time> next;
  for (const api::PriceBook* book : w.in.view.all<api::PriceBook>())
    for (const Time at : {book->spec.valid_from, book->spec.valid_until})
      if (at > w.in.now && (!next || at < *next)) next = at;
  return next;
}

// Whether what was too dear would be taken now: at other prices, or on other hardware. Nothing is
// held to find out.
bool is_affordable_now(const Work& w) {
  if (too_dear(w) == nullptr) return false;
  const Choice choice = choose_affordable(w, request_of_contract(w, w.before.status.avoid_nodes));
  return choice.decision.placement && is_taken_at(choice.quote.per_hour, w.before.spec.accept);
}

}  // namespace

void step_pending(Work& w) {
  if (rests_after_attempts(w) || rests_after_invalid(w)) return;
  if (!admit(w)) {
    w.status().phase = ContractPhase::pending;
    w.plan.look_again(look_for_capacity);
    return;
  }
  if (rests_after_expiry(w) && !is_affordable_now(w)) {
    if (const auto at = next_price_change(w); at && too_dear(w) != nullptr)
      w.plan.look_again(std::min(*at - w.in.now, longest_wait));
    return;
  }
  if (w.before.spec.term.start != "now") {
    const Time start = parse_rfc3339(w.before.spec.term.start).value_or(Time{});
    if (start > w.in.now) {
      w.condition("Offered", ConditionStatus::unknown, "NotYet",
                  "starts at " + w.before.spec.term.start + "; capacity is looked for then");
      return w.plan.look_again(std::min(start - w.in.now, longest_wait));
    }
  }
  bool offers = make_offer(w, w.before.status.avoid_nodes, api::OfferPhase::held);
  // An attempt that is left is made on the same hardware rather than not at all: what fell below
  // the floor once may have been disturbed.
  if (!offers && w.before.status.attempts > 0 && !w.before.status.avoid_nodes.empty()) {
    offers = make_offer(w, {}, api::OfferPhase::held);
    if (offers) w.status().avoid_nodes.clear();
  }
  if (!offers) return refuse(w, api::Refusal(w.status().refusal));
  take_quota(w);
  w.status().phase = ContractPhase::offered;
  const std::string said = "offer " + w.status().offer + " holds capacity until " +
                           format_rfc3339(w.in.now + w.before.spec.offer_ttl) + costs_text(w);
  w.condition("Offered", ConditionStatus::true_, "Held", said);
  w.note("Normal", "Offered", said);
}

void step_offered(Work& w) {
  const api::Offer* offer = w.offer();
  auto back = [&](std::string_view reason, const std::string& message) {
    w.status().phase = ContractPhase::pending;
    w.status().offer.clear();
    w.condition("Offered", ConditionStatus::false_, reason, message);
    w.plan.look_again(microseconds(0));
  };
  if (offer == nullptr || offer->status.phase != api::OfferPhase::held)
    return back("Gone", "the offer is gone");
  const auto digest = offer->metadata.annotations.find(request_annotation);
  if (digest == offer->metadata.annotations.end() ||
      digest->second != request_digest(w.before.spec)) {
    w.set_offer_phase(*offer, api::OfferPhase::withdrawn);
    return back("Changed", "the contract was changed; asking anew");
  }
  if (w.in.now >= offer->spec.expires) {
    w.set_offer_phase(*offer, api::OfferPhase::expired);
    const api::Condition* dear = too_dear(w);
    const std::string why = dear != nullptr
                                ? dear->message + "; it was not taken"
                                : "nobody accepted offer " + offer->metadata.name + " in time";
    w.note("Warning", "OfferExpired", why);
    const bool is_manual = w.before.spec.accept.mode == api::AcceptMode::manual;
    return back("Expired", why + (dear != nullptr ? "; it is asked anew once there is some for no "
                                                    "more, or when the contract is changed"
                                  : is_manual     ? "; change the contract to ask anew"
                                                  : ""));
  }
  if (const Admission problem = no_tenant(w); !problem.ok()) {
    w.set_offer_phase(*offer, api::OfferPhase::withdrawn);
    return back(problem.reason, problem.message);
  }
  const api::Accept& accept = w.before.spec.accept;
  const Quantity& price = offer->spec.price_per_hour;
  bool taken = accept.offer == offer->metadata.name;
  if (accept.mode == api::AcceptMode::automatic) {
    taken = is_taken_at(price, accept);
    if (!taken)
      w.condition("Reserved", ConditionStatus::false_, "PriceTooHigh",
                  why_not_taken(*offer, accept));
  }
  if (!taken) return w.plan.look_again(offer->spec.expires - w.in.now);
  w.set_offer_phase(*offer, api::OfferPhase::accepted);
  w.plan.decision_digest = offer->spec.decision;  // the receipt of what is reserved
  w.status().phase = ContractPhase::reserved;
  w.status().reserved_at = w.in.now;
  w.status().price_per_hour = price;
  w.status().energy_prices = offer->spec.energy_prices;
  w.condition("Offered", ConditionStatus::true_, "Accepted",
              "offer " + offer->metadata.name + " was accepted");
  w.condition("Reserved", ConditionStatus::true_, "Accepted",
              "offer " + offer->metadata.name + " accepted; its capacity is committed");
  w.note("Normal", "Reserved", "offer " + offer->metadata.name + " accepted");
}

}  // namespace freehold::control
