#include "place/place.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "base/limits.h"
#include "fleet/hash.h"
#include "place/ask.h"
#include "place/change.h"
#include "place/field.h"
#include "place/meter.h"
#include "place/reasons.h"
#include "place/search.h"
#include "place/seat.h"
#include "schema/walk.h"

namespace freehold::place {
namespace {

// Counts up with every change of the search that may decide otherwise on the same input.
constexpr std::string_view engine = "place/1";

std::string digest_of(const fleet::Fleet& fleet, const Request& request, const Options& options) {
  const std::string spec = schema::print(request.spec);
  std::array<uint64_t, 2> halves{};
  for (size_t i = 0; i < halves.size(); ++i) {
    fleet::Hash h(i + 1);
    h.add(engine).add(fleet.hash()).add(request.contract_key).add(request.tenant).add(spec);
    for (const std::string& node : request.avoid_nodes) h.add(node);
    for (const api::AllocatedMember& member : request.kept) h.add(schema::print(member));
    for (const OwnContract& own : request.own) {
      h.add(own.name).add(own.ends.us);
      for (const std::string& key : own.allocation_keys) h.add(key);
    }
    h.add(options.seed).add(options.budget_steps).add(options.now.us);
    halves[i] = h.add(static_cast<uint64_t>(options.explain)).value();
  }
  std::array<char, 33> text{};
  std::snprintf(text.data(), text.size(), "%016llx%016llx",
                static_cast<unsigned long long>(halves[0]),
                static_cast<unsigned long long>(halves[1]));
  return text.data();
}

Placement make_placement(Field& field, const Assignment& assignment) {
  const std::vector<RoleAsk>& roles = field.ask().roles;
  Assignment in_order = assignment;
  std::sort(in_order.begin(), in_order.end(),
            [](const Laden& a, const Laden& b) { return a.spot < b.spot; });
  std::vector<std::vector<api::AllocatedMember>> by_role(roles.size());
  for (const Laden& laden : in_order) {
    const Spot& spot = field.spots()[laden.spot];
    size_t role = 0;
    int32_t left = laden.counts[0];
    for (api::AllocatedMember& member :
         seat_members(*spot.node, field.packing(spot.packing), roles, laden.counts)) {
      while (left == 0) left = laden.counts[++role];
      --left;
      member.index = roles[role].indexes[by_role[role].size()];
      by_role[role].push_back(std::move(member));
    }
  }
  Placement placement;
  for (size_t r = 0; r < roles.size(); ++r) {
    std::vector<api::AllocatedMember>& members = by_role[r];
    for (const api::AllocatedMember& kept : field.ask().kept)
      if (kept.role == roles[r].name) members.push_back(kept);
    std::sort(members.begin(), members.end(),
              [](const auto& a, const auto& b) { return a.index < b.index; });
    std::move(members.begin(), members.end(), std::back_inserter(placement.members));
  }
  return placement;
}

class Refuser {
 public:
  Refuser(const fleet::Fleet& fleet, const Request& request, const Ask& ask, const Options& options)
      : fleet_(fleet), request_(request), ask_(ask), options_(options) {}

  api::Refusal refuse(bool is_proved_now, int64_t& steps) {
    api::Refusal refusal;
    Meter meter(options_.budget_steps);
    const char* why = "";
    refusal.cls = classify(is_proved_now, why, meter);
    if (options_.explain != Explain::nothing)
      refusal.reasons = find_reasons(fleet_, ask_, options_.now, meter);
    steps += meter.steps();
    refusal.message = why;
    if (!refusal.reasons.empty()) refusal.message += ": " + refusal.reasons[0].message;
    if (options_.explain == Explain::change) {
      Meter more(options_.budget_steps);
      refusal.cheapest_change = find_cheapest_change(fleet_, request_, ask_, options_.now, more);
      steps += more.steps();
    }
    constexpr size_t longest = 1'000;  // the schema's 1,024, with room
    if (refusal.message.size() > longest) refusal.message.resize(longest);
    if (refusal.cheapest_change.size() > longest) refusal.cheapest_change.resize(longest);
    return refusal;
  }

 private:
  api::RefusalClass classify(bool is_proved_now, const char*& why, Meter& meter) {
    const Outcome ideal = under(Premise::ideal, meter);
    if (ideal.is_proved) {
      why = "no state of the known nodes would do";
      return api::RefusalClass::never;
    }
    if (!is_proved_now) {
      why =
          "no placement was found within the budget of the search, and none was proved impossible";
      return api::RefusalClass::not_found_within_budget;
    }
    if (under(Premise::empty, meter).assignment) {
      why = "it does not fit now; it would when others end";
      return api::RefusalClass::not_now;
    }
    if (ideal.assignment) {
      why = "it does not fit now; it would if every known node were ready and whole";
      return api::RefusalClass::not_now;
    }
    why =
        "it does not fit now; whether it ever would was not found within the budget of the search";
    return api::RefusalClass::not_found_within_budget;
  }

  Outcome under(Premise premise, Meter& meter) {
    Meter part(meter.left() / 2);
    Field field(fleet_, ask_, premise, options_.now);
    Outcome outcome = search(field, part);
    meter.charge(part.steps());
    return outcome;
  }

  const fleet::Fleet& fleet_;
  const Request& request_;
  const Ask& ask_;
  const Options& options_;
};

}  // namespace

Decision decide(const fleet::Fleet& fleet, const Request& request, const Options& options) {
  Decision decision;
  decision.digest = digest_of(fleet, request, options);
  const Result<Ask> ask = read_request(fleet, request);
  if (!ask.ok()) {
    decision.refusal.cls = api::RefusalClass::never;
    decision.refusal.message = ask.error().message;
    decision.refusal.reasons.push_back({"request", 0, ask.error().message});
    return decision;
  }
  Meter meter(options.budget_steps);
  Field field(fleet, *ask, Premise::now, options.now);
  const Outcome outcome = search(field, meter);
  decision.steps = meter.steps();
  if (outcome.assignment)
    decision.placement = make_placement(field, *outcome.assignment);
  else
    decision.refusal =
        Refuser(fleet, request, *ask, options).refuse(outcome.is_proved, decision.steps);
  return decision;
}

std::vector<api::AllocationSpec> to_allocations(const Placement& placement,
                                                const std::string& contract,
                                                const std::string& offer) {
  std::vector<api::AllocationSpec> specs;
  for (const api::AllocatedMember& member : placement.members) {
    if (specs.empty() || specs.back().members.size() == limits::allocation_members) {
      api::AllocationSpec& spec = specs.emplace_back();
      spec.contract = contract;
      spec.offer = offer;
    }
    specs.back().members.push_back(member);
  }
  return specs;
}

}  // namespace freehold::place
