#include "control/contract/heard.h"

#include <algorithm>
#include <string>

#include "control/contract/missed.h"

namespace freehold::control {

using api::ConditionStatus;

namespace {

constexpr Duration look_for_life = seconds(2);
constexpr size_t most_spans = 32;

// The first machine of it that nobody hears, or that is only taking over from one that was silent;
// empty when all are heard.
std::string silent_node(const Work& w) {
  for (const api::Instance* i : w.instances()) {
    if (i->spec.offer != w.before.status.offer) continue;
    const auto* node = w.in.view.get<api::Node>({}, i->spec.node);
    if (node == nullptr || !api::is_true(node->status.conditions, "Ready")) return i->spec.node;
    if (uncharged_since(w.before.status).is_set() && i->status.phase < api::InstancePhase::prepared)
      return i->spec.node;
  }
  return {};
}

bool holds_hardware(api::ContractPhase phase) {
  return phase == api::ContractPhase::active || phase == api::ContractPhase::breached;
}

}  // namespace

MemberView member_view(const Work& w, const api::Instance& i) {
  const auto* node = w.in.view.get<api::Node>({}, i.spec.node);
  const api::Condition* ready =
      node ? api::find_condition(node->status.conditions, "Ready") : nullptr;
  const bool heard = ready != nullptr && ready->status == ConditionStatus::true_;
  Time since = ready != nullptr ? ready->last_transition_time : Time{};
  if (const auto* active = api::find_condition(w.before.status.conditions, "Active");
      node == nullptr && active != nullptr && active->reason == "NodeGone")
    since = active->last_transition_time;
  return {&i, heard, heard ? since : Time{}, heard ? Time{} : since,
          w.in.heartbeats.behind(i.spec.node)};
}

void note_uncharged(Work& w) {
  if (!w.before.status.active_at.is_set()) return;
  const Time since = uncharged_since(w.before.status);
  const bool has_none = !holds_hardware(w.before.status.phase);
  const std::string node = has_none ? std::string() : silent_node(w);
  if (has_none || !node.empty()) {
    if (!since.is_set())
      w.condition(heard_condition, ConditionStatus::false_, has_none ? "NoHardware" : "NodeSilent",
                  (has_none ? "it holds no hardware" : "node " + node + " is not heard of") +
                      "; this time is not charged");
    if (!has_none) w.plan.look_again(look_for_life);
    return;
  }
  if (!since.is_set()) return;
  const Duration time = std::max(w.in.now - since, Duration{});  // clocks are put back
  api::Uncharged& uncharged = w.status().uncharged;
  if (time.us > 0) uncharged.spans.push_back({since, w.in.now});
  if (uncharged.spans.size() > most_spans) uncharged.spans.erase(uncharged.spans.begin());
  uncharged.total = uncharged.total + time;
  w.condition(heard_condition, ConditionStatus::true_, "AgentsHeard",
              "its machines are heard of; " + format_duration(time) + " is not charged");
}

Duration uncharged_until(const api::ContractStatus& status, Time until) {
  Duration sum = status.uncharged.total;
  for (const api::Span& span : status.uncharged.spans)
    if (span.until > until) sum = sum - (span.until - std::max(span.from, until));
  const Time since = uncharged_since(status);
  if (since.is_set() && since < until) sum = sum + (until - since);
  return sum;
}

}  // namespace freehold::control
