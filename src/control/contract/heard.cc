#include "control/contract/heard.h"

#include <algorithm>

#include "base/strings.h"

namespace freehold::control {

using api::ConditionStatus;

namespace {

constexpr std::string_view unheard_annotation = "freehold.dev/unheard-us";
constexpr std::string_view heard_condition = "Heard";
constexpr Duration look_for_life = seconds(2);

// Since when it is silent; not set when it is heard.
Time silent_since(const api::Contract& c) {
  const api::Condition* heard = api::find_condition(c.status.conditions, heard_condition);
  return heard != nullptr && heard->status == ConditionStatus::false_ ? heard->last_transition_time
                                                                      : Time{};
}

// The first machine of it that nobody hears, or that is only taking over from one that was silent;
// empty when all are heard.
std::string silent_node(const Work& w) {
  for (const api::Instance* i : w.instances()) {
    if (i->spec.offer != w.before.status.offer) continue;
    const auto* node = w.in.view.get<api::Node>({}, i->spec.node);
    if (node == nullptr || !api::is_true(node->status.conditions, "Ready")) return i->spec.node;
    if (silent_since(w.before).is_set() && i->status.phase < api::InstancePhase::prepared)
      return i->spec.node;
  }
  return {};
}

Duration counted(const api::Offer* offer) {
  if (offer == nullptr) return {};
  const auto it = offer->metadata.annotations.find(unheard_annotation);
  return it == offer->metadata.annotations.end() ? Duration{}
                                                 : Duration{parse_int(it->second).value_or(0)};
}

}  // namespace

void note_silence(Work& w) {
  const Time since = silent_since(w.before);
  const std::string node = silent_node(w);
  if (!node.empty()) {
    if (!since.is_set())
      w.condition(heard_condition, ConditionStatus::false_, "NodeSilent",
                  "node " + node + " is not heard of; this time is not charged");
    return w.plan.look_again(look_for_life);
  }
  if (!since.is_set()) return;
  const Duration silence = w.in.now - since;
  if (const api::Offer* offer = w.offer(); offer != nullptr) {
    api::Offer next = *offer;
    next.metadata.annotations[std::string(unheard_annotation)] =
        std::to_string((counted(offer) + silence).us);
    w.plan.update(api::Object::of(std::move(next)), revision_of(offer->metadata));
  }
  w.condition(
      heard_condition, ConditionStatus::true_, "AgentsHeard",
      "its machines are heard of; " + format_duration(silence) + " of silence is not charged");
}

Duration unheard_until(const Work& w, Time until) {
  Duration sum = counted(w.offer());
  const Time since = silent_since(w.next);
  if (since.is_set() && since < until) sum = sum + (until - since);
  return sum;
}

void keep_unheard(const api::Offer& from, api::Offer& to) {
  const auto it = from.metadata.annotations.find(unheard_annotation);
  if (it != from.metadata.annotations.end()) to.metadata.annotations.insert(*it);
}

}  // namespace freehold::control
